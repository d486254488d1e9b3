//! A set of ids in bounded memory, to notice those that come twice.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

/// An id as it is kept: itself, or its SHA-256 if it is longer than any sensible one, so that what is
/// kept of an id is bounded.
pub(super) fn key(id: &str) -> Cow<'_, str> {
    const MOST_BYTES: usize = 200;
    if id.len() <= MOST_BYTES {
        return Cow::Borrowed(id);
    }
    let hash = Sha256::digest(id.as_bytes());
    let hex = hash.iter().map(|byte| format!("{byte:02x}"));
    Cow::Owned(format!("sha256:{}", hex.collect::<String>()))
}

/// Most entries that are kept: about 64 MB where ids are no numbers.
const MOST: usize = 1 << 20;

/// Ids seen so far. Whole numbers are kept as ranges, which is one entry for a count that goes up;
/// of others the first 128 bits of their SHA-256, so that two different ids are not taken for one.
#[derive(Debug, Default)]
pub(super) struct IdSet {
    ranges: BTreeMap<u64, u64>,
    others: BTreeSet<u128>,
    full: bool,
}

impl IdSet {
    /// Adds an id; `false` if it has been there before. When the set is full, ids that would need an
    /// entry of their own are no longer noticed.
    pub(super) fn insert(&mut self, id: &str) -> bool {
        match canonical_number(id) {
            Some(number) => self.insert_number(number),
            None => self.insert_other(id),
        }
    }

    /// Whether some ids were not kept.
    pub(super) const fn is_full(&self) -> bool {
        self.full
    }

    fn insert_number(&mut self, number: u64) -> bool {
        let before = self.ranges.range(..=number).next_back();
        let before = before.map(|(&from, &to)| (from, to));
        if before.is_some_and(|(_, to)| to >= number) {
            return false;
        }
        // Numbers are below 10^18, so neither sum leaves u64.
        let after = self.ranges.get(&(number + 1)).copied();
        let joins = before.filter(|(_, to)| to + 1 == number);
        if joins.is_none() && after.is_none() && !self.has_room() {
            return true;
        }
        let to = after.unwrap_or(number);
        if after.is_some() {
            self.ranges.remove(&(number + 1));
        }
        self.ranges
            .insert(joins.map_or(number, |(from, _)| from), to);
        true
    }

    fn insert_other(&mut self, id: &str) -> bool {
        let hash = Sha256::digest(id.as_bytes());
        let first = hash.first_chunk::<16>().copied().unwrap_or_default();
        let key = u128::from_be_bytes(first);
        if self.others.contains(&key) {
            return false;
        }
        if self.has_room() {
            self.others.insert(key);
        }
        true
    }

    fn has_room(&mut self) -> bool {
        let room = self.ranges.len() + self.others.len() < MOST;
        self.full |= !room;
        room
    }
}

/// Numbers without leading zeros and below 10^18; `01` and `1` are two ids.
fn canonical_number(id: &str) -> Option<u64> {
    let digits = !id.is_empty() && id.len() <= 18 && id.bytes().all(|b| b.is_ascii_digit());
    if !digits || (id.len() > 1 && id.starts_with('0')) {
        return None;
    }
    id.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_count_needs_one_entry() {
        let mut set = IdSet::default();
        for number in 1..=1000 {
            assert!(set.insert(&number.to_string()));
        }
        assert_eq!(set.ranges.len(), 1);
        assert!(!set.insert("500"));
        assert!(set.insert("0500"), "another id");
        assert!(!set.insert("0500"));
    }

    proptest! {
        #[test]
        fn it_is_a_set(ids in prop::collection::vec("[0-9]{1,2}|[a-c]{1,2}", 0..200)) {
            let (mut set, mut plain) = (IdSet::default(), BTreeSet::new());
            for id in ids {
                prop_assert_eq!(set.insert(&id), plain.insert(id.clone()), "{}", id);
            }
        }
    }
}
