//! The block that is being read: what it has described so far, and how far it has come.

use std::collections::{BTreeMap, BTreeSet};

use super::super::grammar::State;
use super::super::totals::Subject;

/// Releases and resources of one block that are kept.
pub(super) const MOST_REFERENCES: usize = 200_000;

/// A block.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) id: String,
    /// The line where it began.
    pub(super) line: u64,
    pub(super) state: State,
    /// Whether a record has been out of place: then its end says nothing.
    pub(super) broken: bool,
    pub(super) resources: BTreeMap<String, Subject>,
    pub(super) releases: BTreeSet<String>,
    /// The resource described last.
    pub(super) last: Option<Subject>,
}

impl Block {
    pub(super) fn new(id: &str, line: u64) -> Self {
        Self {
            id: id.to_owned(),
            line,
            state: State::Start,
            broken: false,
            resources: BTreeMap::new(),
            releases: BTreeSet::new(),
            last: None,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.resources.len() + self.releases.len() >= MOST_REFERENCES
    }

    /// What a line is about that names no resource: the block's only one.
    pub(super) fn only(&self) -> Subject {
        match (self.resources.len(), self.last) {
            (0 | 1, Some(subject)) => subject,
            (0, None) => Subject::NoIsrc,
            _ => Subject::Several,
        }
    }
}
