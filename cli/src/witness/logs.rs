//! Which logs a witness follows: its own list, trust policies, and the lists of witness-network.org.
//!
//! ```text
//! # our own list, DIR/logs           # witness-network.org's list
//! log <vkey> [url]                   logs/v0
//! origin <origin>                    vkey <vkey>
//!                                    origin <origin>|none
//!                                    qpd 86400
//!                                    contact ...
//! ```
//! A line `origin` belongs to the key above it, and stands only where the log's origin is not the
//! key's name. Several keys may have one origin: a signature by one of them is enough.

use std::collections::BTreeMap;
use std::fmt;

use ledgerline::log::{Checkpoint, KeyError, SignatureType, TreeHead, VerifierKey};

use super::error::WitnessError;

/// Largest list.
pub(super) const MAX_LIST_BYTES: u64 = 64 << 20;

/// A log's key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogEntry {
    /// First line of the log's checkpoints.
    pub origin: String,
    /// A key that signs them; of type 0x01 or 0x06.
    pub key: VerifierKey,
    /// Where the log is found; for people.
    pub url: Option<String>,
}

impl LogEntry {
    /// A log's key; its origin is the key's name unless another is given.
    ///
    /// # Errors
    ///
    /// [`WitnessError::Log`] for a key that only cosigns, and an origin that no checkpoint has.
    pub fn new(vkey: &str, origin: Option<&str>, url: Option<&str>) -> Result<Self, WitnessError> {
        let problem = |problem: String| WitnessError::Log { problem };
        let key = VerifierKey::parse(vkey).map_err(|error| problem(error.to_string()))?;
        if key.kind() == SignatureType::CosignatureEd25519 {
            return Err(problem(
                "expected a log's verifier key, of type 0x01 or 0x06, but found one of type 0x04, \
                 which cosigns: is it a witness's?"
                    .to_owned(),
            ));
        }
        let origin = origin.unwrap_or(key.name().as_str()).to_owned();
        Checkpoint::new(&origin, TreeHead::EMPTY).map_err(|error| problem(error.to_string()))?;
        Ok(Self {
            origin,
            key,
            url: url.map(str::to_owned),
        })
    }
}

/// As lines of our own list.
impl fmt::Display for LogEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "log {}", self.key)?;
        if let Some(url) = &self.url {
            write!(f, " {url}")?;
        }
        writeln!(f)?;
        if self.origin != self.key.name().as_str() {
            writeln!(f, "origin {}", self.origin)?;
        }
        Ok(())
    }
}

/// A log of a foreign list that this witness cannot follow.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Skipped {
    /// Its line, from 1.
    pub line: usize,
    /// Why.
    pub why: String,
}

/// Keys of logs, each once, in the order of the list.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LogList(Vec<LogEntry>);

impl LogList {
    /// Reads our own list.
    ///
    /// # Errors
    ///
    /// The line, from 1, and what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, (usize, String)> {
        let mut list = Self::default();
        for (line, words) in lines(text) {
            match words.split_once(char::is_whitespace) {
                Some(("log", rest)) => list.push_log(rest).map_err(|why| (line, why))?,
                Some(("origin", origin)) => {
                    list.rename_last(origin.trim()).map_err(|why| (line, why))?
                }
                _ => {
                    return Err((
                        line,
                        unexpected("`log <vkey> [url]` or `origin <origin>`", words),
                    ));
                }
            }
        }
        Ok(list)
    }

    /// Reads a foreign list: one of witness-network.org, which begins with `logs/v0`; our own; or a
    /// policy, of which the logs are taken and nothing else.
    ///
    /// Of a list of witness-network.org, logs that this witness cannot follow are left out and told;
    /// that is how its readers are meant to treat keys of new types.
    ///
    /// # Errors
    ///
    /// The line, from 1, and what is wrong with it.
    pub fn parse_foreign(text: &str) -> Result<(Self, Vec<Skipped>), (usize, String)> {
        let first = lines(text).next();
        if first.is_some_and(|(_, words)| words == NETWORK_HEADER) {
            return parse_network(text);
        }
        let mut own = String::new();
        for line in text.lines() {
            let keyword = line.split_whitespace().next();
            // Line numbers stay as they are.
            if !matches!(keyword, Some("witness" | "group" | "quorum")) {
                own.push_str(line);
            }
            own.push('\n');
        }
        Ok((Self::parse(&own)?, Vec::new()))
    }

    /// All keys.
    #[must_use]
    pub fn entries(&self) -> &[LogEntry] {
        &self.0
    }

    /// Adds a key; `false` if it is there already.
    pub fn push(&mut self, entry: LogEntry) -> bool {
        let is_same = |other: &LogEntry| (&other.origin, &other.key) == (&entry.origin, &entry.key);
        if self.0.iter().any(is_same) {
            return false;
        }
        self.0.push(entry);
        true
    }

    /// Whether any key has this origin.
    #[must_use]
    pub fn follows(&self, origin: &str) -> bool {
        self.0.iter().any(|entry| entry.origin == origin)
    }

    /// The keys of each origin.
    #[must_use]
    pub fn by_origin(&self) -> BTreeMap<String, Vec<VerifierKey>> {
        let mut keys: BTreeMap<String, Vec<VerifierKey>> = BTreeMap::new();
        for entry in &self.0 {
            let keys = keys.entry(entry.origin.clone()).or_default();
            keys.push(entry.key.clone());
        }
        keys
    }

    fn push_log(&mut self, rest: &str) -> Result<(), String> {
        let mut words = rest.split_whitespace();
        let (vkey, url) = (words.next().unwrap_or_default(), words.next());
        if words.next().is_some() {
            return Err(unexpected("`log <vkey> [url]`", rest));
        }
        let entry = LogEntry::new(vkey, None, url).map_err(|error| error.to_string())?;
        self.push(entry);
        Ok(())
    }

    /// Gives the last key another origin.
    fn rename_last(&mut self, origin: &str) -> Result<(), String> {
        let Some(last) = self.0.pop() else {
            return Err("expected a line `log` above this one, but found none".to_owned());
        };
        let url = last.url.as_deref();
        let entry = LogEntry::new(&last.key.to_string(), Some(origin), url);
        self.push(entry.map_err(|error| error.to_string())?);
        Ok(())
    }
}

/// Our own list.
impl fmt::Display for LogList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|entry| entry.fmt(f))
    }
}

const NETWORK_HEADER: &str = "logs/v0";

/// Source: transparency-dev/witness-network `docs/log-list-format.md`, 2026-05.
fn parse_network(text: &str) -> Result<(LogList, Vec<Skipped>), (usize, String)> {
    let mut found: Vec<(usize, &str, Option<&str>)> = Vec::new();
    for (line, words) in lines(text).skip(1) {
        let (keyword, value) = words.split_once(' ').unwrap_or((words, ""));
        match (keyword, found.last_mut()) {
            ("vkey", _) => found.push((line, value.trim(), None)),
            (_, None) => return Err((line, unexpected("`vkey <vkey>`", words))),
            ("origin", Some((_, _, origin))) if value != "none" => *origin = Some(value),
            // How to reach the log and its people, and whatever later lists add.
            _ => {}
        }
    }
    let (mut list, mut skipped) = (LogList::default(), Vec::new());
    for (line, vkey, origin) in found {
        match LogEntry::new(vkey, origin, None) {
            Ok(entry) => {
                list.push(entry);
            }
            Err(error) => skipped.push(Skipped {
                line,
                why: error.to_string(),
            }),
        }
    }
    Ok((list, skipped))
}

/// Lines that say something, with their numbers from 1.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = (1..).zip(text.lines().map(str::trim));
    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

fn unexpected(expected: &str, found: &str) -> String {
    let found: String = found.chars().take(80).collect();
    format!("expected {expected}, but found {found:?}")
}

impl From<KeyError> for WitnessError {
    fn from(error: KeyError) -> Self {
        Self::Log {
            problem: error.to_string(),
        }
    }
}

/// Lists are read in every form, and written in one.
#[cfg(test)]
mod tests {
    use ledgerline::log::{KeyName, SigningKey};

    use super::*;

    fn vkey(name: &str, seed: u8) -> String {
        let name = KeyName::parse(name).unwrap();
        SigningKey::from_seed(name, &[seed; 32])
            .verifier()
            .to_string()
    }

    #[test]
    fn our_own_list_is_read_as_it_is_written() {
        let (a, b) = (vkey("a.example", 1), vkey("b.example", 2));
        let text = format!("log {a} https://a.example/\nlog {b}\norigin go.sum database tree\n");
        let list = LogList::parse(&text).unwrap();
        assert_eq!(list.to_string(), text);
        assert_eq!(list.entries()[1].origin, "go.sum database tree");
        assert!(list.follows("a.example") && !list.follows("b.example"));
        // Twice the same is once; a second key of one origin is two keys.
        let again = format!("{text}log {a}\nlog {}\n", vkey("a.example", 3));
        let keys = LogList::parse(&again).unwrap().by_origin();
        assert_eq!(keys.get("a.example").map(Vec::len), Some(2));
    }

    #[test]
    fn what_is_no_list_is_refused_with_its_line() {
        let a = vkey("a.example", 1);
        for (text, line) in [
            ("origin x\n".to_owned(), 1),
            (format!("log {a}\n\nwitness w\n"), 3),
            (format!("log {a} url more\n"), 1),
            (format!("# x\nlog {a}x\n"), 2),
            (format!("log {a}\norigin ledgerline/run/v1\n"), 2),
            (
                "log remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2\n"
                    .to_owned(),
                1,
            ),
        ] {
            assert_eq!(LogList::parse(&text).map_err(|(line, _)| line), Err(line));
        }
    }

    #[test]
    fn foreign_lists_are_taken_over() {
        let (a, b) = (vkey("a.example", 1), vkey("b.example", 2));
        let network = format!(
            "# List\n\nlogs/v0\n\nvkey {a}\norigin none\nqpd 86400\nbastion none\ncontact x y\n\n\
             vkey {b}\norigin other words\nqpd 24\nvkey x+00000000+AA==\nqpd 1\n"
        );
        let (list, skipped) = LogList::parse_foreign(&network).unwrap();
        let origins: Vec<_> = list.entries().iter().map(|e| e.origin.as_str()).collect();
        assert_eq!(origins, ["a.example", "other words"]);
        assert_eq!((skipped.len(), skipped[0].line), (1, 14));
        assert!(LogList::parse_foreign("logs/v0\nqpd 1\n").is_err());

        let policy = format!("log {a}\nwitness w x\ngroup g any w\nquorum g\n");
        let (list, _) = LogList::parse_foreign(&policy).unwrap();
        assert_eq!(list.entries().len(), 1);
    }
}
