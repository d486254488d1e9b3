//! Where shares do not add up: every recording and right, at every moment and in every territory.

use std::collections::{BTreeMap, BTreeSet};

use ledgerline::id::{Isrc, Name, Territory};
use ledgerline::registry::{Share, Snapshot};
use ledgerline::time::{Interval, Period, format_ms};

/// A sum of shares that is not the whole.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Finding {
    /// `over-claimed` (severity error), `unclaimed` or `no-shares` (severity warning).
    pub code: &'static str,
    /// Recording.
    pub isrc: Isrc,
    /// Right; none if the recording has no shares at all.
    pub right: Option<Name>,
    /// When.
    pub from: i64,
    /// Until when.
    pub to: i64,
    /// Where: codes, or `elsewhere` for all that no share of the right names.
    pub territories: Vec<String>,
    /// Sum of the shares, ppm.
    pub sum_ppm: u64,
}

impl Finding {
    /// `error` or `warning`.
    #[must_use]
    pub fn severity(&self) -> &'static str {
        if self.code == "over-claimed" {
            "error"
        } else {
            "warning"
        }
    }

    /// Recording, right, territories and interval.
    #[must_use]
    pub fn place(&self) -> String {
        let right = self.right.as_ref().map_or("any right", Name::as_str);
        let bound = |ms: i64, open: i64, word: &str| {
            if ms == open {
                word.to_owned()
            } else {
                format_ms(ms)
            }
        };
        format!(
            "{} {right}, {}, {} to {}",
            self.isrc,
            self.territories.join(" "),
            bound(self.from, i64::MIN, "ever"),
            bound(self.to, i64::MAX, "ever"),
        )
    }
}

/// All sums that are not 1,000,000 ppm, errors first, then by recording, right and time.
///
/// Wrong sums are found at any moment; that nobody has a share counts only within the period.
#[must_use]
pub fn check(snapshot: &Snapshot, period: Period) -> Vec<Finding> {
    let period = Interval {
        from: period.from().signed(),
        to: period.to().signed(),
    };
    let mut by_right: BTreeMap<(Isrc, &Name), Vec<&Share>> = BTreeMap::new();
    for share in snapshot.shares() {
        let key = (share.isrc, &share.right);
        by_right.entry(key).or_default().push(share);
    }
    let mut findings = Vec::new();
    for ((isrc, right), shares) in &by_right {
        check_right(*isrc, right, shares, period, &mut findings);
    }
    let with_shares: BTreeSet<Isrc> = by_right.keys().map(|(isrc, _)| *isrc).collect();
    for recording in snapshot.recordings() {
        if !with_shares.contains(&recording.isrc) {
            findings.push(Finding {
                code: "no-shares",
                isrc: recording.isrc,
                right: None,
                from: period.from,
                to: period.to,
                territories: vec!["everywhere".to_owned()],
                sum_ppm: 0,
            });
        }
    }
    findings.sort_by(|a, b| {
        let order = |f: &Finding| f.severity() != "error";
        (order(a), a.isrc, &a.right, a).cmp(&(order(b), b.isrc, &b.right, b))
    });
    findings
}

fn check_right(
    isrc: Isrc,
    right: &Name,
    shares: &[&Share],
    period: Interval,
    findings: &mut Vec<Finding>,
) {
    let mut moments: BTreeSet<i64> = [i64::MIN, i64::MAX, period.from, period.to].into();
    moments.extend(shares.iter().flat_map(|s| [s.valid.from, s.valid.to]));
    let named: BTreeSet<Territory> = shares.iter().flat_map(|s| named(s)).collect();
    let elsewhere = elsewhere(&named);
    let places = named.iter().copied().map(Some).chain([None]);
    let places: Vec<Option<Territory>> = places.collect();
    let mut open: BTreeMap<u64, Finding> = BTreeMap::new();
    for (from, to) in moments.iter().zip(moments.iter().skip(1)) {
        let mut sums: BTreeMap<u64, Vec<String>> = BTreeMap::new();
        for place in &places {
            let Some(territory) = place.or(elsewhere) else {
                continue;
            };
            let here = shares.iter().filter(|share| {
                share.valid.from <= *from
                    && *to <= share.valid.to
                    && share.territories.contains(territory)
            });
            let sum = here.map(|share| u64::from(share.ppm.parts())).sum();
            let in_period = period.from <= *from && *to <= period.to;
            if sum != 1_000_000 && (sum > 0 || in_period) {
                let word = match place {
                    Some(territory) => territory.to_string(),
                    None if named.is_empty() => "everywhere".to_owned(),
                    None => "elsewhere".to_owned(),
                };
                sums.entry(sum).or_default().push(word);
            }
        }
        // A finding that goes on unchanged is one finding.
        let mut still_open = BTreeMap::new();
        for (sum_ppm, territories) in sums {
            let finding = match open.remove(&sum_ppm) {
                Some(earlier) if earlier.territories == territories => {
                    Finding { to: *to, ..earlier }
                }
                other => {
                    findings.extend(other);
                    Finding {
                        code: match sum_ppm {
                            0 => "no-shares",
                            1..=1_000_000 => "unclaimed",
                            _ => "over-claimed",
                        },
                        isrc,
                        right: Some(right.clone()),
                        from: *from,
                        to: *to,
                        territories,
                        sum_ppm,
                    }
                }
            };
            still_open.insert(sum_ppm, finding);
        }
        findings.extend(open.into_values());
        open = still_open;
    }
    findings.extend(open.into_values());
}

/// The territories that a share names, to include or to exclude them.
fn named(share: &Share) -> Vec<Territory> {
    let text = share.territories.to_string();
    text.split(' ')
        .filter_map(|word| Territory::parse(word.trim_start_matches('-')).ok())
        .collect()
}

/// A code that nobody names stands for all of them.
fn elsewhere(named: &BTreeSet<Territory>) -> Option<Territory> {
    let letters = || b'A'..=b'Z';
    letters()
        .flat_map(|a| letters().map(move |b| [a, b]))
        .filter_map(Territory::from_bytes)
        .find(|code| !named.contains(code))
}
