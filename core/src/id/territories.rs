//! Where a share or a licence holds: sets of ISO 3166-1 territories, and the statements of TIS codes
//! that they are made from.

use core::fmt;

use super::tis::tis_members;
use super::{IdError, Territory, error};

/// Where a share or a licence holds: everywhere but some, or only in some.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Territories {
    everywhere: bool,
    /// Exceptions if `everywhere`, otherwise the territories themselves; ascending, distinct.
    listed: Vec<Territory>,
}

impl Territories {
    /// Reads `*`, or codes separated by blanks, or `*` with excluded codes `-XX`; at most 300.
    ///
    /// # Errors
    ///
    /// [`IdError`] for an empty text, a repeated or malformed code, an exclusion without `*`, or
    /// an inclusion beside `*`.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        const FORM: &str = "`*`, `* -XX -YY`, or codes separated by blanks, each once";
        let refuse = || error("territories", FORM, text);
        let mut everywhere = false;
        let mut listed = Vec::new();
        let mut words = 0_u32;
        for word in text.split_ascii_whitespace() {
            words = words.saturating_add(1);
            if word == "*" && words == 1 {
                everywhere = true;
                continue;
            }
            let code = match (everywhere, word.strip_prefix('-')) {
                (true, Some(code)) => code,
                (false, None) => word,
                _ => return Err(refuse()),
            };
            listed.push(Territory::parse(code).map_err(|_| refuse())?);
        }
        listed.sort_unstable();
        let count = listed.len();
        listed.dedup();
        if words == 0 || count > 300 || listed.len() != count {
            return Err(refuse());
        }
        Ok(Self { everywhere, listed })
    }

    /// No territory at all; where statements begin.
    pub const NONE: Self = Self {
        everywhere: false,
        listed: Vec::new(),
    };

    /// All territories.
    pub const WORLD: Self = Self {
        everywhere: true,
        listed: Vec::new(),
    };

    /// These territories and no others.
    #[must_use]
    pub fn of(territories: impl IntoIterator<Item = Territory>) -> Self {
        let mut listed: Vec<Territory> = territories.into_iter().collect();
        listed.sort_unstable();
        listed.dedup();
        Self {
            everywhere: false,
            listed,
        }
    }

    /// Reads statements that are applied in order, each overriding those before it: `XX` or
    /// `+XX` includes, `-XX` excludes. XX is an ISO 3166-1 alpha-2 code, a TIS code of one to four
    /// digits (`0840`, `2136`), the alphabetic name of a TIS group (`2EU`), or `*` for the world.
    ///
    /// `2136 -2120 0250` is the world without Europe but with France. What [`Territories::parse`]
    /// reads means the same here.
    ///
    /// # Errors
    ///
    /// [`IdError`] for a word that is none of these or an unknown TIS code, for more than 300
    /// words, and if nothing is included in the end.
    pub fn parse_statements(text: &str) -> Result<Self, IdError> {
        const FORM: &str = "ISO 3166-1 or TIS codes in order, such as `2136 -0840` or `DE FR`";
        const NOTHING: &str = "statements that leave at least one territory";
        let mut scope = Self::NONE;
        let mut words = 0_u32;
        for word in text.split_ascii_whitespace() {
            words = words.saturating_add(1);
            let (include, code) = match word.strip_prefix('-') {
                Some(code) => (false, code),
                None => (true, word.strip_prefix('+').unwrap_or(word)),
            };
            let named = Self::named(code)
                .filter(|_| words <= 300)
                .ok_or_else(|| error("territories", FORM, &format!("{word} in {text}")))?;
            scope = if include {
                scope.plus(&named)
            } else {
                scope.minus(&named)
            };
        }
        if scope.is_none() {
            return Err(error("territories", NOTHING, text));
        }
        Ok(scope)
    }

    /// What one code stands for.
    fn named(code: &str) -> Option<Self> {
        if code == "*" {
            return Some(Self::WORLD);
        }
        tis_members(code).or_else(|| Territory::parse(code).ok().map(|one| Self::of([one])))
    }

    /// Whether no territory belongs to them.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }

    /// What belongs to either.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        self.merged(other, |here, there| here || there)
    }

    /// What belongs to these and not to the others.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        self.merged(other, |here, there| here && !there)
    }

    /// Decides for each territory that either names, and for all that neither names.
    fn merged(&self, other: &Self, belongs: impl Fn(bool, bool) -> bool) -> Self {
        let everywhere = belongs(self.everywhere, other.everywhere);
        let named = self.listed.iter().chain(&other.listed).copied();
        let differs = |t: &Territory| belongs(self.contains(*t), other.contains(*t)) != everywhere;
        Self {
            everywhere,
            ..Self::of(named.filter(differs))
        }
    }

    /// The territories that are named, to include or to exclude them; ascending.
    #[must_use]
    pub fn listed(&self) -> &[Territory] {
        &self.listed
    }

    /// Whether `territory` belongs to them.
    #[must_use]
    pub fn contains(&self, territory: Territory) -> bool {
        self.listed.binary_search(&territory).is_ok() != self.everywhere
    }
}

impl fmt::Display for Territories {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.everywhere {
            f.write_str("*")?;
            return self.listed.iter().try_for_each(|t| write!(f, " -{t}"));
        }
        for (place, territory) in self.listed.iter().enumerate() {
            let blank = if place == 0 { "" } else { " " };
            write!(f, "{blank}{territory}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn territories_hold_what_they_say() {
        let t = |code| Territory::parse(code).unwrap();
        let but = Territories::parse("* -US -CA").unwrap();
        assert!(but.contains(t("DE")) && !but.contains(t("US")));
        assert_eq!(but.to_string(), "* -CA -US");
        let some = Territories::parse("FR DE").unwrap();
        assert!(some.contains(t("DE")) && !some.contains(t("US")));
        assert_eq!(some.to_string(), "DE FR");
        for text in ["", "-US", "* DE", "DE -US", "DE DE", "DEU", "DE,FR", "DE *"] {
            assert!(Territories::parse(text).is_err(), "{text}");
        }
    }

    fn read(text: &str) -> String {
        Territories::parse_statements(text).unwrap().to_string()
    }

    #[test]
    fn later_statements_override_earlier_ones() {
        assert_eq!(read("2136 -0840"), "* -US");
        assert_eq!(read("2WL -US US"), "*");
        assert_eq!(read("* -2127 +0578 -0578 SE"), "* -DK -FI -IS -NO");
        assert_eq!(read("2131 -0752"), "DK NO");
        assert_eq!(read("840 0250 FR"), "FR US");
        // Without the world at the start an exclusion only takes away from what was included.
        assert_eq!(read("DE 2136 -2136 FR"), "FR");
        // A state that is no more stands for those that came after it.
        assert_eq!(read("0200"), "CZ SK");
        assert_eq!(read("* -US -CA"), "* -CA -US");
        for text in [
            "", "-US", "2136 -*", "2999", "0999", "DEU", "84O", "12345", "DE,FR", "--US",
        ] {
            assert!(Territories::parse_statements(text).is_err(), "{text}");
        }
        let many = "DE ".repeat(301);
        assert!(Territories::parse_statements(&many).is_err());
    }

    fn any_scope() -> impl Strategy<Value = Territories> {
        let codes = prop::collection::vec("[A-C]{2}", 0..6);
        (any::<bool>(), codes).prop_map(|(everywhere, codes)| Territories {
            everywhere,
            ..Territories::of(codes.iter().map(|code| Territory::parse(code).unwrap()))
        })
    }

    proptest! {
        #[test]
        fn sums_and_differences_decide_each_territory(a in any_scope(), b in any_scope(), code in "[A-D]{2}") {
            let t = Territory::parse(&code).unwrap();
            prop_assert_eq!(a.plus(&b).contains(t), a.contains(t) || b.contains(t));
            prop_assert_eq!(a.minus(&b).contains(t), a.contains(t) && !b.contains(t));
            let text = a.plus(&b).to_string();
            if !text.is_empty() {
                prop_assert_eq!(Territories::parse(&text), Ok(a.plus(&b)));
                prop_assert_eq!(Territories::parse_statements(&text), Ok(a.plus(&b)));
            }
        }
    }
}
