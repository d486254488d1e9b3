//! The columns of an events file, whatever its format.

use std::fmt;

/// All columns, in the order in which messages name them.
pub const NAMES: [&str; 10] = [
    "kind",
    "play",
    "user",
    "listener",
    "isrc",
    "territory",
    "time",
    "position_ms",
    "active",
    "offline",
];

/// Where each column stands in a file.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Columns {
    /// `kind`
    pub kind: usize,
    /// `play`
    pub play: usize,
    /// `user`
    pub user: Option<usize>,
    /// `listener`
    pub listener: Option<usize>,
    /// `isrc`
    pub isrc: usize,
    /// `territory`
    pub territory: usize,
    /// `time`
    pub time: usize,
    /// `position_ms`
    pub position_ms: usize,
    /// `active`
    pub active: Option<usize>,
    /// `offline`
    pub offline: Option<usize>,
}

/// Why a file's columns are not those of events.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ColumnError {
    /// A column that events do not have.
    Unknown {
        /// Its name, cut to 60 characters.
        found: String,
    },
    /// A column stands twice.
    Twice {
        /// Its name.
        name: &'static str,
    },
    /// A column is not there.
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// Neither `user` nor `listener` is there.
    NoListener,
    /// A column has a type that its values cannot have.
    Type {
        /// Its name.
        name: &'static str,
        /// The types it may have.
        expected: &'static str,
        /// The type it has.
        found: String,
    },
}

impl fmt::Display for ColumnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { found } => write!(
                f,
                "expected only the columns {}, but found {found:?}; leave it out or rename it",
                NAMES.join(", ")
            ),
            Self::Twice { name } => {
                write!(f, "expected the column {name} once, but found it twice")
            }
            Self::Missing { name } => {
                write!(f, "expected a column {name}, but found none")
            }
            Self::NoListener => f.write_str(
                "expected a column user (service user ids) or listener (16 hex digits), but \
                 found neither",
            ),
            Self::Type {
                name,
                expected,
                found,
            } => write!(f, "column {name}: expected {expected}, but found {found}"),
        }
    }
}

impl Columns {
    /// Finds each column by its name.
    ///
    /// # Errors
    ///
    /// [`ColumnError`] for unknown, repeated and missing ones.
    pub fn of_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, ColumnError> {
        let mut places: [Option<usize>; NAMES.len()] = [None; NAMES.len()];
        for (at, name) in names.into_iter().enumerate() {
            let known = NAMES.iter().zip(&mut places).find(|(n, _)| **n == name);
            let Some((name, place)) = known else {
                return Err(ColumnError::Unknown {
                    found: name.chars().take(60).collect(),
                });
            };
            if place.replace(at).is_some() {
                return Err(ColumnError::Twice { name });
            }
        }
        let [
            kind,
            play,
            user,
            listener,
            isrc,
            territory,
            time,
            position_ms,
            active,
            offline,
        ] = places;
        let needed = |place: Option<usize>, name| place.ok_or(ColumnError::Missing { name });
        let columns = Self {
            kind: needed(kind, "kind")?,
            play: needed(play, "play")?,
            user,
            listener,
            isrc: needed(isrc, "isrc")?,
            territory: needed(territory, "territory")?,
            time: needed(time, "time")?,
            position_ms: needed(position_ms, "position_ms")?,
            active,
            offline,
        };
        if user.is_none() && listener.is_none() {
            return Err(ColumnError::NoListener);
        }
        Ok(columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_in_any_order_and_strictly() {
        let all = "time,isrc,territory,play,kind,position_ms,user";
        let read = |text: &str| Columns::of_names(text.split(','));
        assert_eq!(read(all).map(|c| (c.time, c.user)), Ok((0, Some(6))));
        assert_eq!(
            read(&format!("{all},device")),
            Err(ColumnError::Unknown {
                found: "device".into()
            })
        );
        let twice = read(&format!("{all},time"));
        assert_eq!(twice, Err(ColumnError::Twice { name: "time" }));
        let missing = read("isrc,territory,play,kind,position_ms,user");
        assert_eq!(missing, Err(ColumnError::Missing { name: "time" }));
        let nobody = read("time,isrc,territory,play,kind,position_ms");
        assert_eq!(nobody, Err(ColumnError::NoListener));
    }
}
