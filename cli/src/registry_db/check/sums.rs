//! Sums of shares: over and under the whole, gaps, overlaps of one holder's own rows.

use std::collections::{BTreeMap, BTreeSet};

use ledgerline::id::{Isrc, Name, PartyId, Territories, Territory, WorkId};
use ledgerline::money::Ppm;
use ledgerline::time::Interval;

use super::super::doubts::Severity;
use super::super::facts::Facts;
use super::{Checked, Finding, finding, interval_words, recording_words};

/// A share of a recording or a work.
struct Claim<'a> {
    party: PartyId,
    territories: &'a Territories,
    ppm: Ppm,
    valid: Interval,
}

/// What shares are of. The order is that of findings.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
enum Subject<'a> {
    Recording(Isrc),
    Work(&'a WorkId),
}

impl Subject<'_> {
    fn words(self) -> String {
        match self {
            Self::Recording(isrc) => isrc.to_string(),
            Self::Work(work) => format!("work {work}"),
        }
    }

    fn row(self, right: &Name, claim: &Claim<'_>) -> String {
        let (table, id) = match self {
            Self::Recording(isrc) => ("shares", isrc.to_string()),
            Self::Work(work) => ("work_shares", work.to_string()),
        };
        format!(
            "{table}: {id}, {right}, {}, {}, {} ppm, {}",
            claim.territories,
            claim.party,
            claim.ppm.parts(),
            interval_words(claim.valid)
        )
    }
}

/// Shares by what they are of, and right.
type Claims<'a> = BTreeMap<(Subject<'a>, &'a Name), Vec<Claim<'a>>>;

pub(super) fn check(facts: &Facts, checked: &Checked, findings: &mut Vec<Finding>) {
    let mut claims: Claims<'_> = BTreeMap::new();
    for s in &facts.parts.shares {
        let claim = Claim {
            party: s.party,
            territories: &s.territories,
            ppm: s.ppm,
            valid: s.valid,
        };
        let key = (Subject::Recording(s.isrc), &s.right);
        claims.entry(key).or_default().push(claim);
    }
    for s in &facts.work_shares {
        let claim = Claim {
            party: s.party,
            territories: &s.territories,
            ppm: s.ppm,
            valid: s.valid,
        };
        let key = (Subject::Work(&s.work), &s.right);
        claims.entry(key).or_default().push(claim);
    }
    let period = checked.interval();
    for ((subject, right), claims) in &mut claims {
        claims.sort_unstable_by(|a, b| {
            (a.party, a.territories, a.valid, a.ppm).cmp(&(b.party, b.territories, b.valid, b.ppm))
        });
        Sums {
            subject: *subject,
            right,
            claims,
            period,
        }
        .check(findings);
    }
    without_any(facts, &claims, period, findings);
}

/// Recordings that nobody has any share of, neither themselves nor through a work.
fn without_any(facts: &Facts, claims: &Claims<'_>, period: Interval, findings: &mut Vec<Finding>) {
    let mut with: BTreeSet<Isrc> = facts.links.iter().map(|link| link.isrc).collect();
    with.extend(claims.keys().filter_map(|(subject, _)| match subject {
        Subject::Recording(isrc) => Some(*isrc),
        Subject::Work(_) => None,
    }));
    for recording in &facts.parts.recordings {
        if !with.contains(&recording.isrc) {
            findings.push(finding(
                "no-shares",
                Severity::Warning,
                format!(
                    "{} any right, everywhere, {}",
                    recording.isrc,
                    interval_words(period)
                ),
                "1000000 ppm",
                "0 ppm".to_owned(),
                vec![recording_words(recording)],
            ));
        }
    }
}

/// The shares of one right in one recording or work.
struct Sums<'a> {
    subject: Subject<'a>,
    right: &'a Name,
    /// Sorted.
    claims: &'a [Claim<'a>],
    period: Interval,
}

/// A sum that goes on unchanged in the same territories.
struct Open {
    from: i64,
    to: i64,
    places: Vec<String>,
    sum: u64,
    code: &'static str,
    claims: BTreeSet<usize>,
}

impl Sums<'_> {
    fn check(&self, findings: &mut Vec<Finding>) {
        if self.is_plainly_whole() {
            return;
        }
        self.overlaps(findings);
        let mut moments: BTreeSet<i64> =
            [i64::MIN, i64::MAX, self.period.from, self.period.to].into();
        moments.extend(self.claims.iter().flat_map(|c| [c.valid.from, c.valid.to]));
        let named: BTreeSet<Territory> = self
            .claims
            .iter()
            .flat_map(|c| c.territories.listed().iter().copied())
            .collect();
        let elsewhere = elsewhere(&named);
        let places = named.iter().map(|t| (*t, t.to_string()));
        let rest = if named.is_empty() {
            "everywhere"
        } else {
            "elsewhere"
        };
        let places: Vec<(Territory, String, Option<Interval>)> = places
            .chain(elsewhere.map(|t| (t, rest.to_owned())))
            .map(|(t, word)| (t, word, self.claimed(t)))
            .collect();
        let mut open: Vec<Open> = Vec::new();
        for (from, to) in moments.iter().zip(moments.iter().skip(1)) {
            let mut still_open = Vec::new();
            for now in self.sums(*from, *to, &places) {
                let earlier = open.iter().position(|before| {
                    (before.sum, before.code) == (now.sum, now.code) && before.places == now.places
                });
                match earlier.map(|at| open.swap_remove(at)) {
                    Some(mut before) => {
                        before.to = now.to;
                        before.claims.extend(now.claims);
                        still_open.push(before);
                    }
                    None => still_open.push(now),
                }
            }
            findings.extend(open.drain(..).map(|ended| self.finding(&ended)));
            open = still_open;
        }
        findings.extend(open.iter().map(|ended| self.finding(ended)));
    }

    /// The usual case, told quickly: everybody holds everywhere and always, and it is the whole.
    fn is_plainly_whole(&self) -> bool {
        let plain = self
            .claims
            .iter()
            .all(|c| *c.territories == Territories::WORLD && c.valid == Interval::ALWAYS);
        let sum: u64 = self.claims.iter().map(|c| u64::from(c.ppm.parts())).sum();
        let mut pairs = self.claims.iter().zip(self.claims.iter().skip(1));
        plain && sum == Ppm::WHOLE.get() && pairs.all(|(a, b)| a.party != b.party)
    }

    /// From the first to the last moment at which anybody has a share there.
    fn claimed(&self, territory: Territory) -> Option<Interval> {
        let here = self
            .claims
            .iter()
            .filter(|c| c.territories.contains(territory));
        here.map(|c| c.valid).reduce(|a, b| Interval {
            from: a.from.min(b.from),
            to: a.to.max(b.to),
        })
    }

    /// The sums between two moments that are not the whole, each with its territories.
    fn sums(
        &self,
        from: i64,
        to: i64,
        places: &[(Territory, String, Option<Interval>)],
    ) -> Vec<Open> {
        let in_period = self.period.from <= from && to <= self.period.to;
        let mut sums: BTreeMap<(u64, &'static str), Open> = BTreeMap::new();
        for (territory, word, claimed) in places {
            let here: Vec<usize> = (0..)
                .zip(self.claims)
                .filter(|(_, c)| {
                    c.valid.from <= from && to <= c.valid.to && c.territories.contains(*territory)
                })
                .map(|(at, _)| at)
                .collect();
            let parts = here.iter().filter_map(|at| self.claims.get(*at));
            let sum: u64 = parts.map(|c| u64::from(c.ppm.parts())).sum();
            // Between two shares nobody has one: a gap. Before the first and after the last it
            // matters only in the period.
            let between = claimed.is_some_and(|all| all.from < from && to < all.to);
            let code = match sum {
                1_000_000 => continue,
                0 if between => "gap",
                0 if in_period => "no-shares",
                0 => continue,
                1..1_000_000 => "unclaimed",
                _ => "over-claimed",
            };
            let open = sums.entry((sum, code)).or_insert_with(|| Open {
                from,
                to,
                places: Vec::new(),
                sum,
                code,
                claims: BTreeSet::new(),
            });
            open.places.push(word.clone());
            open.claims.extend(here);
        }
        sums.into_values().collect()
    }

    fn finding(&self, open: &Open) -> Finding {
        let severity = match open.code {
            "over-claimed" => Severity::Error,
            _ => Severity::Warning,
        };
        let interval = Interval {
            from: open.from,
            to: open.to,
        };
        let rows = open.claims.iter().filter_map(|at| self.claims.get(*at));
        finding(
            open.code,
            severity,
            format!(
                "{} {}, {}, {}",
                self.subject.words(),
                self.right,
                open.places.join(" "),
                interval_words(interval)
            ),
            "1000000 ppm",
            format!("{} ppm", open.sum),
            rows.map(|claim| self.subject.row(self.right, claim))
                .collect(),
        )
    }

    /// Rows of one holder that hold at one time in one territory: they add up, which is seldom meant.
    fn overlaps(&self, findings: &mut Vec<Finding>) {
        for of_one in self.claims.chunk_by(|a, b| a.party == b.party) {
            for (at, one) in of_one.iter().enumerate() {
                for other in of_one.iter().skip(at + 1) {
                    let interval = Interval {
                        from: one.valid.from.max(other.valid.from),
                        to: one.valid.to.min(other.valid.to),
                    };
                    let only = one.territories.minus(other.territories);
                    let both = one.territories.minus(&only);
                    if interval.from >= interval.to || both.is_none() {
                        continue;
                    }
                    findings.push(finding(
                        "overlap",
                        Severity::Warning,
                        format!(
                            "{} {}, {both}, {}",
                            self.subject.words(),
                            self.right,
                            interval_words(interval)
                        ),
                        "one row of a holder at a time",
                        format!(
                            "two of {}, which add up to {} ppm",
                            one.party,
                            u64::from(one.ppm.parts()) + u64::from(other.ppm.parts())
                        ),
                        [one, other]
                            .map(|claim| self.subject.row(self.right, claim))
                            .into(),
                    ));
                }
            }
        }
    }
}

/// A code that nobody names stands for all of them.
fn elsewhere(named: &BTreeSet<Territory>) -> Option<Territory> {
    let letters = || b'A'..=b'Z';
    letters()
        .flat_map(|a| letters().map(move |b| [a, b]))
        .filter_map(Territory::from_bytes)
        .find(|code| !named.contains(code))
}
