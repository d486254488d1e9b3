//! Musical works: which recordings embody them, and how their shares become shares of recordings.
//!
//! The snapshot that a run commits to knows recordings only. Shares of works are resolved into it,
//! so that what a holder is paid for stands there, whatever it was derived from.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::{Isrc, Name, PartyId, Territories, WorkId};
use crate::money::Ppm;
use crate::time::Interval;

use super::Share;

/// That a recording embodies a work.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct WorkLink {
    /// The recording.
    pub isrc: Isrc,
    /// The work.
    pub work: WorkId,
    /// Which part of the recording is this work; the whole unless it is a medley.
    pub part: Ppm,
}

/// A share of one right in one work.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct WorkShare {
    /// Of which work.
    pub work: WorkId,
    /// Which right.
    pub right: Name,
    /// Where.
    pub territories: Territories,
    /// Who holds it.
    pub party: PartyId,
    /// How much.
    pub ppm: Ppm,
    /// When.
    pub valid: Interval,
}

/// What the works give to the recordings that embody them, to be added to `own`, the shares
/// that recordings have themselves.
///
/// A recording with an own share row of a right, whenever and wherever it holds, gets nothing of that
/// right from its works: whoever writes down shares of a recording writes down all of them.
///
/// A share of a work that is `part` of a recording becomes share · part / 1,000,000 of it. Rows of
/// one recording, right, territories and interval are apportioned together in the order of work and
/// holder, F_t = floor(Σ share · part / 1,000,000) as pools are, so that works which add up to the
/// whole give the whole and never more than their exact sum. A row that becomes less than 1 ppm
/// gives nothing. Parts that exceed the whole are resolved as they stand and show as over-claimed.
#[must_use]
pub fn resolve(own: &[Share], links: &[WorkLink], shares: &[WorkShare]) -> Vec<Share> {
    let settled: BTreeSet<(Isrc, &Name)> = own.iter().map(|s| (s.isrc, &s.right)).collect();
    let mut sorted: Vec<&WorkShare> = shares.iter().collect();
    sorted.sort_unstable();
    sorted.dedup();
    let mut by_work: BTreeMap<&WorkId, Vec<&WorkShare>> = BTreeMap::new();
    for share in sorted {
        by_work.entry(&share.work).or_default().push(share);
    }
    let mut in_order: Vec<&WorkLink> = links.iter().collect();
    in_order.sort_unstable();
    in_order.dedup();

    let mut resolved = Vec::new();
    for of_recording in in_order.chunk_by(|a, b| a.isrc == b.isrc) {
        // Sum so far of share · part, of each right, place and time; below 2^64 for fewer than
        // 18 million rows, and saturating beyond.
        let mut sums: BTreeMap<(&Name, &Territories, Interval), u64> = BTreeMap::new();
        for link in of_recording {
            for share in by_work.get(&link.work).into_iter().flatten() {
                if settled.contains(&(link.isrc, &share.right)) {
                    continue;
                }
                let place = (&share.right, &share.territories, share.valid);
                let sum = sums.entry(place).or_default();
                let whole = Ppm::WHOLE.get();
                let before = sum.checked_div(whole).unwrap_or_default();
                let product = u64::from(share.ppm.parts()).saturating_mul(link.part.parts().into());
                *sum = sum.saturating_add(product);
                let after = sum.checked_div(whole).unwrap_or_default();
                // share <= 10^6 and part <= 10^6, so the difference is at most 10^6 + 1 - 1.
                let ppm = u32::try_from(after.saturating_sub(before)).ok();
                let Some(ppm) = ppm.and_then(Ppm::new) else {
                    continue;
                };
                resolved.push(Share {
                    party: share.party,
                    isrc: link.isrc,
                    right: share.right.clone(),
                    territories: share.territories.clone(),
                    ppm,
                    valid: share.valid,
                });
            }
        }
    }
    resolved
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn isrc(number: u32) -> Isrc {
        Isrc::parse(&format!("USAAA26{number:05}")).unwrap()
    }

    fn link(number: u32, work: &str, part: u32) -> WorkLink {
        WorkLink {
            isrc: isrc(number),
            work: WorkId::parse(work).unwrap(),
            part: Ppm::new(part).unwrap(),
        }
    }

    fn share(work: &str, right: &str, party: u64, ppm: u32) -> WorkShare {
        WorkShare {
            work: WorkId::parse(work).unwrap(),
            right: Name::parse(right).unwrap(),
            territories: Territories::WORLD,
            party: PartyId(party),
            ppm: Ppm::new(ppm).unwrap(),
            valid: Interval::ALWAYS,
        }
    }

    fn own(number: u32, right: &str) -> Share {
        Share {
            party: PartyId(99),
            isrc: isrc(number),
            right: Name::parse(right).unwrap(),
            territories: Territories::parse("DE").unwrap(),
            ppm: Ppm::new(1).unwrap(),
            valid: Interval::ALWAYS,
        }
    }

    fn found(shares: &[Share]) -> Vec<(u32, &str, u64, u32)> {
        let number = |isrc: Isrc| isrc.to_string()[7..].parse().unwrap();
        shares
            .iter()
            .map(|s| (number(s.isrc), s.right.as_str(), s.party.0, s.ppm.parts()))
            .collect()
    }

    #[test]
    fn a_work_pays_all_its_recordings_unless_they_have_own_rows_of_the_right() {
        let links = [link(1, "A", 1_000_000), link(2, "A", 1_000_000)];
        let shares = [
            share("A", "performance", 7, 500_000),
            share("A", "performance", 8, 500_000),
            share("A", "mechanical", 7, 1_000_000),
            share("B", "mechanical", 9, 1_000_000),
        ];
        let resolved = resolve(&[own(2, "performance"), own(1, "master")], &links, &shares);
        assert_eq!(
            found(&resolved),
            [
                (1, "mechanical", 7, 1_000_000),
                (1, "performance", 7, 500_000),
                (1, "performance", 8, 500_000),
                (2, "mechanical", 7, 1_000_000),
            ]
        );
    }

    #[test]
    fn a_medley_is_divided_by_parts_without_losing_any() {
        let links = [link(1, "A", 333_333), link(1, "B", 666_667)];
        let shares = [
            share("A", "mechanical", 1, 500_000),
            share("A", "mechanical", 2, 500_000),
            share("B", "mechanical", 3, 1_000_000),
        ];
        assert_eq!(
            found(&resolve(&[], &links, &shares)),
            [
                (1, "mechanical", 1, 166_666),
                (1, "mechanical", 2, 166_667),
                (1, "mechanical", 3, 666_667)
            ]
        );
        // Less than a millionth is nothing.
        let tiny = [share("A", "mechanical", 1, 1)];
        assert!(resolve(&[], &links, &tiny).is_empty());
    }

    #[test]
    fn the_order_and_repetition_of_rows_do_not_matter() {
        let links = [link(1, "A", 400_000), link(1, "B", 600_000)];
        let shares = [
            share("A", "mechanical", 1, 333_333),
            share("B", "mechanical", 2, 777_777),
        ];
        let once = resolve(&[], &links, &shares);
        let turned: Vec<WorkLink> = links.iter().rev().chain(&links).cloned().collect();
        let twice: Vec<WorkShare> = shares.iter().rev().chain(&shares).cloned().collect();
        assert_eq!(resolve(&[], &turned, &twice), once);
    }

    proptest! {
        #[test]
        fn complete_works_give_the_whole(
            cuts in prop::collection::vec(1_u32..999_999, 1..5),
            parts in 1_u32..1_000_000,
        ) {
            let mut bounds: Vec<u32> = cuts.into_iter().chain([0, 1_000_000]).collect();
            bounds.sort_unstable();
            bounds.dedup();
            let pieces = bounds.windows(2).map(|pair| pair[1] - pair[0]);
            let shares: Vec<WorkShare> = pieces
                .enumerate()
                .flat_map(|(party, ppm)| {
                    ["A", "B"].map(|work| share(work, "mechanical", party as u64, ppm))
                })
                .collect();
            let links = [link(1, "A", parts), link(1, "B", 1_000_000 - parts)];
            let sum: u32 = resolve(&[], &links, &shares).iter().map(|s| s.ppm.parts()).sum();
            prop_assert_eq!(sum, 1_000_000);
        }
    }
}
