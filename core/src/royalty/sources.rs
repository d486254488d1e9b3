//! `[source]`: where each number of a rules file comes from, and how sure that is.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Where something was found.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The citation.
    pub text: String,
    /// Where to read it.
    #[serde(default)]
    pub url: String,
    /// How sure it is.
    pub certainty: Certainty,
}

/// How sure a citation is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// Read in the cited source itself.
    Read,
    /// Read in a source about it.
    Secondary,
    /// From memory: to be checked before anybody relies on it.
    Memory,
    /// The file does not say.
    Unstated,
}

impl Certainty {
    /// In words, for a sentence.
    #[must_use]
    pub const fn says(self) -> &'static str {
        match self {
            Self::Read => "read in the source",
            Self::Secondary => "read in a secondary source only",
            Self::Memory => "UNVERIFIED: from memory, check it before relying on it",
            Self::Unstated => "certainty not stated",
        }
    }
}

/// An entry: free text, or text with a place and a certainty.
#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Text(String),
    Source(Source),
}

/// All entries by the setting that they are for.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(from = "BTreeMap<String, Entry>")]
pub struct Sources(BTreeMap<String, Source>);

impl From<BTreeMap<String, Entry>> for Sources {
    fn from(entries: BTreeMap<String, Entry>) -> Self {
        let read = |entry| match entry {
            Entry::Source(source) => source,
            Entry::Text(text) => Source {
                text,
                url: String::new(),
                certainty: Certainty::Unstated,
            },
        };
        Self(
            entries
                .into_iter()
                .map(|(key, entry)| (key, read(entry)))
                .collect(),
        )
    }
}

impl Sources {
    /// The source of a setting: of its own name, or of the longest name that it begins with and
    /// that ends before one of its dots.
    #[must_use]
    pub fn of(&self, setting: &str) -> Option<&Source> {
        let mut name = setting;
        loop {
            if let Some(source) = self.0.get(name) {
                return Some(source);
            }
            name = name.rsplit_once('.')?.0;
        }
    }

    /// All, by setting.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Source)> {
        self.0
            .iter()
            .map(|(setting, source)| (setting.as_str(), source))
    }
}
