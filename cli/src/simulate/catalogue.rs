//! The synthetic market: territories, tiers, pools, holders and recordings with their shares.
//!
//! In: the scale of the data set and a seed. Out: [`Market`], which everything else reads.
//! Does not know: listeners, plays, files.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "positions come from Dice::index of the same list, quantities are bounded by the presets \
              and 10^9 plays; release builds check both"
)]

use std::collections::BTreeSet;
use std::fmt;

use super::Scale;
use super::random::{Dice, Weighted};

/// Milliseconds of a day.
pub(super) const DAY: i64 = 86_400_000;
/// 2020-01-01T00:00:00Z, the earliest start of a share.
const SHARES_FROM: i64 = 1_577_836_800_000;

/// A territory: its pools' currency, its part of the listeners and what one of its plays is worth.
pub(super) struct Territory {
    pub(super) code: &'static str,
    pub(super) currency: &'static str,
    pub(super) minor_digits: u32,
    pub(super) weight: u64,
    /// Micros a premium play brings to the master pool, roughly.
    rate_micros: i64,
}

const fn territory(
    code: &'static str,
    currency: &'static str,
    minor_digits: u32,
    weight: u64,
    rate_micros: i64,
) -> Territory {
    Territory {
        code,
        currency,
        minor_digits,
        weight,
        rate_micros,
    }
}

/// `small` takes the first eight, `viral-day` all. Rates are invented, of the size seen in practice.
pub(super) static TERRITORIES: [Territory; 18] = [
    territory("US", "USD", 2, 30, 4_100),
    territory("GB", "GBP", 2, 14, 3_700),
    territory("DE", "EUR", 2, 16, 3_900),
    territory("FR", "EUR", 2, 12, 3_500),
    territory("SE", "SEK", 2, 8, 46_000),
    territory("JP", "JPY", 0, 9, 620_000),
    territory("ES", "EUR", 2, 7, 2_600),
    territory("BR", "BRL", 2, 4, 6_900),
    territory("MX", "MXN", 2, 8, 24_000),
    territory("CA", "CAD", 2, 7, 4_900),
    territory("AU", "AUD", 2, 6, 5_600),
    territory("IT", "EUR", 2, 7, 3_000),
    territory("NL", "EUR", 2, 5, 4_000),
    territory("PL", "PLN", 2, 5, 9_800),
    territory("NO", "NOK", 2, 3, 49_000),
    territory("DK", "DKK", 2, 3, 30_000),
    territory("CH", "CHF", 2, 3, 5_200),
    territory("KR", "KRW", 0, 6, 4_300_000),
];

/// Has a pool and no listener at all, so that its pool finds no play.
const UNPLAYED: Territory = territory("IS", "EUR", 2, 0, 4_000);

/// Subscription tiers with their part of the subscribers and of a premium play's worth, in percent.
/// `trial` stands in no pools file.
pub(super) const TIERS: [(&str, u64, i64); 5] = [
    ("premium", 54, 100),
    ("family", 21, 70),
    ("student", 10, 55),
    ("free", 14, 18),
    ("trial", 1, 0),
];
const TRIAL: usize = 4;

/// (territory, tier) without a pool of any right.
const WITHOUT_POOL: [(&str, &str); 2] = [("JP", "student"), ("BR", "free")];
/// (territory, tier) with a pool for `master` only.
const MASTER_ONLY: (&str, &str) = ("SE", "free");

/// What is paid for separately.
pub(super) const RIGHTS: [&str; 2] = [MASTER, PUBLISHING];
const MASTER: &str = "master";
const PUBLISHING: &str = "publishing";

/// The territories that a share or licence speaks of, codes ascending.
#[derive(Clone, Debug)]
pub(super) enum Area {
    Everywhere,
    Only(Vec<&'static str>),
    AllBut(Vec<&'static str>),
}

impl Area {
    fn only(codes: &[&'static str]) -> Self {
        Self::Only(ascending(codes))
    }

    fn all_but(codes: &[&'static str]) -> Self {
        Self::AllBut(ascending(codes))
    }

    pub(super) fn holds(&self, code: &str) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Only(codes) => codes.contains(&code),
            Self::AllBut(codes) => !codes.contains(&code),
        }
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everywhere => f.write_str("*"),
            Self::Only(codes) => f.write_str(&codes.join(" ")),
            Self::AllBut(codes) => write!(f, "* -{}", codes.join(" -")),
        }
    }
}

fn ascending(codes: &[&'static str]) -> Vec<&'static str> {
    let mut codes = codes.to_vec();
    codes.sort_unstable();
    codes
}

/// A half-open interval of time; `to` may be open.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Validity {
    pub(super) from: i64,
    pub(super) to: Option<i64>,
}

impl Validity {
    pub(super) fn since(from: i64) -> Self {
        Self { from, to: None }
    }

    pub(super) fn holds(&self, time: i64) -> bool {
        self.from <= time && self.to.is_none_or(|to| time < to)
    }
}

pub(super) struct Share {
    pub(super) right: &'static str,
    pub(super) area: Area,
    pub(super) holder: u64,
    pub(super) ppm: u32,
    pub(super) valid: Validity,
}

impl Share {
    fn of(right: &'static str, holder: u64, ppm: u32, valid: Validity) -> Self {
        Self {
            right,
            area: Area::Everywhere,
            holder,
            ppm,
            valid,
        }
    }
}

pub(super) struct Licence {
    pub(super) area: Area,
    pub(super) valid: Validity,
}

/// What is out of the ordinary about a recording.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Quirk {
    None,
    /// No share at all.
    NoShares,
    /// Shares in `master`, none in `publishing`.
    NoPublishing,
    /// The master shares sum to less than the whole.
    Unclaimed,
    /// The last master share ends in the period without a successor.
    ShareEnds,
    /// The publishing shares sum to more than the whole.
    OverClaimed,
    /// A second claim to the whole of `master` starts in the period.
    ClaimJoins,
    /// The master passes to another holder in the period.
    Handover,
    /// Another holder in some territories.
    ByTerritory,
    /// One holder with two rows of the same right.
    TwoRows,
    /// Shorter than 30 s.
    Short,
    /// Its length is not in the registry.
    UnknownLength,
    /// Not licensed in some territories.
    NotLicensed,
    /// Licensed from or until a moment in the period.
    LicenceMoves,
    /// Not in the registry: no recording, shares or licences.
    UnknownIsrc,
}

/// The quirks of the registry's recordings, dealt out in turn.
const DEALT: [Quirk; 13] = [
    Quirk::Handover,
    Quirk::Unclaimed,
    Quirk::NotLicensed,
    Quirk::Short,
    Quirk::ByTerritory,
    Quirk::NoShares,
    Quirk::OverClaimed,
    Quirk::UnknownLength,
    Quirk::TwoRows,
    Quirk::LicenceMoves,
    Quirk::NoPublishing,
    Quirk::ShareEnds,
    Quirk::ClaimJoins,
];
/// One recording in this many has the next quirk.
const QUIRK_EVERY: usize = 5;

pub(super) struct Track {
    pub(super) isrc: String,
    pub(super) title: String,
    pub(super) artist: String,
    pub(super) length_ms: u32,
    pub(super) quirk: Quirk,
    pub(super) shares: Vec<Share>,
    pub(super) licences: Vec<Licence>,
    /// The distinct bounds of all shares and licences, ascending.
    pub(super) boundaries: Vec<i64>,
}

impl Track {
    /// What the registry says about the length.
    pub(super) fn known_length_ms(&self) -> Option<u32> {
        match self.quirk {
            Quirk::UnknownLength | Quirk::UnknownIsrc => None,
            _ => Some(self.length_ms),
        }
    }

    pub(super) fn is_registered(&self) -> bool {
        self.quirk != Quirk::UnknownIsrc
    }
}

pub(super) struct Holder {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) currency: &'static str,
}

pub(super) struct Pool {
    pub(super) territory: &'static str,
    pub(super) tier: &'static str,
    pub(super) right: &'static str,
    pub(super) currency: &'static str,
    pub(super) micros: i64,
}

/// Everything that is fixed before the first play.
pub(super) struct Market {
    pub(super) territories: &'static [Territory],
    pub(super) holders: Vec<Holder>,
    /// The viral track first, then by falling popularity, then the unknown ISRCs.
    pub(super) tracks: Vec<Track>,
    /// How many of `tracks` are in the registry.
    pub(super) registered: usize,
    pub(super) pools: Vec<Pool>,
}

impl Market {
    pub(super) fn new(scale: &Scale, seed: u64) -> Self {
        let territories = &TERRITORIES[..scale.territories];
        let mut dice = Dice::new(seed, b"market  ");
        let holders = holders(scale, territories, &mut dice);
        let tracks = tracks(scale, territories, &holders, &mut dice);
        let pools = pools(scale, territories, &mut dice);
        Self {
            territories,
            holders,
            tracks,
            registered: scale.recordings,
            pools,
        }
    }
}

fn holders(scale: &Scale, territories: &[Territory], dice: &mut Dice) -> Vec<Holder> {
    const SUFFIXES: [&str; 4] = ["Records", "Music Publishing", "Recordings & Sons", "Songs"];
    let mut taken = BTreeSet::new();
    let mut holders = Vec::with_capacity(scale.holders);
    while holders.len() < scale.holders {
        let id = dice.next();
        if !taken.insert(id) {
            continue;
        }
        let at = holders.len();
        // A permutation of the pairs, so that no two of up to 725 holders share a name.
        let first = FIRST[at % FIRST.len()];
        let second = SECOND[(at * 7 + at / FIRST.len()) % SECOND.len()];
        holders.push(Holder {
            id,
            name: format!("{first} {second} {}", SUFFIXES[at % SUFFIXES.len()]),
            currency: territories[dice.index(territories.len())].currency,
        });
    }
    holders
}

fn tracks(
    scale: &Scale,
    territories: &[Territory],
    holders: &[Holder],
    dice: &mut Dice,
) -> Vec<Track> {
    let mut taken = BTreeSet::new();
    let popularity = Weighted::zipf(holders.len(), 6);
    let total = scale.recordings + scale.unknown_isrcs;
    (0..total)
        .map(|at| {
            let quirk = if at >= scale.recordings {
                Quirk::UnknownIsrc
            } else if at % QUIRK_EVERY == 3 {
                DEALT[at / QUIRK_EVERY % DEALT.len()]
            } else {
                Quirk::None
            };
            let isrc = loop {
                let isrc = isrc(dice);
                if taken.insert(isrc.clone()) {
                    break isrc;
                }
            };
            let length_ms = match quirk {
                Quirk::Short => dice.between_u32(11_000, 29_000),
                _ if dice.chance(150) => dice.between_u32(480_000, 900_000),
                _ => dice.between_u32(105_000, 330_000),
            };
            let mut track = Track {
                isrc,
                title: title(at, dice),
                artist: artist(dice),
                length_ms,
                quirk,
                shares: Vec::new(),
                licences: Vec::new(),
                boundaries: Vec::new(),
            };
            if track.is_registered() {
                let mut pick = Pick {
                    holders,
                    popularity: &popularity,
                };
                track.shares = shares(scale, territories, quirk, &mut pick, dice);
                track.licences = licences(scale, territories, quirk, dice);
            }
            let bounds = track.shares.iter().map(|share| share.valid);
            let bounds = bounds.chain(track.licences.iter().map(|licence| licence.valid));
            let bounds: BTreeSet<i64> = bounds
                .flat_map(|valid| [Some(valid.from), valid.to])
                .flatten()
                .collect();
            track.boundaries = bounds.into_iter().collect();
            track
        })
        .collect()
}

/// Picks holders, the known ones more often.
struct Pick<'a> {
    holders: &'a [Holder],
    popularity: &'a Weighted,
}

impl Pick<'_> {
    fn distinct(&mut self, count: usize, dice: &mut Dice) -> Vec<u64> {
        let mut ids = Vec::with_capacity(count);
        while ids.len() < count {
            let id = self.holders[self.popularity.draw(dice)].id;
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids
    }
}

fn shares(
    scale: &Scale,
    territories: &[Territory],
    quirk: Quirk,
    pick: &mut Pick<'_>,
    dice: &mut Dice,
) -> Vec<Share> {
    if quirk == Quirk::NoShares {
        return Vec::new();
    }
    let valid = Validity {
        from: SHARES_FROM + DAY * dice.between(0, 2000),
        // An end far ahead is no boundary yet: it must not count as one before it has passed.
        to: dice.chance(800).then_some(SHARES_FROM + DAY * 4000),
    };
    let mut rows = master_shares(scale, territories, quirk, valid, pick, dice);
    rows.extend(publishing_shares(quirk, valid, pick, dice));
    rows
}

fn master_shares(
    scale: &Scale,
    territories: &[Territory],
    quirk: Quirk,
    valid: Validity,
    pick: &mut Pick<'_>,
    dice: &mut Dice,
) -> Vec<Share> {
    let parts: &[u32] = match (quirk, dice.below(10)) {
        (Quirk::Unclaimed, 0..5) => &[600_000, 150_001],
        (Quirk::Unclaimed, _) => &[333_333],
        (Quirk::Handover | Quirk::ShareEnds | Quirk::ByTerritory | Quirk::ClaimJoins, _) => {
            &[700_000, 300_000]
        }
        (Quirk::TwoRows, _) => &[550_000, 250_000, 200_000],
        (_, 0..5) => &[1_000_000],
        (_, 5..8) => &[800_000, 200_000],
        _ => &[500_000, 333_333, 166_667],
    };
    let mut ids = pick.distinct(parts.len() + 1, dice);
    let successor = ids.pop().unwrap_or(0);
    if quirk == Quirk::TwoRows {
        ids[2] = ids[0];
    }
    let parts = ids.iter().zip(parts);
    let mut rows: Vec<_> = parts
        .map(|(id, ppm)| Share::of(MASTER, *id, *ppm, valid))
        .collect();
    let moment = scale.moment(dice);
    let since = Validity::since(moment);
    match quirk {
        Quirk::Handover => {
            rows[0].valid.to = Some(moment);
            rows.push(Share::of(MASTER, successor, 700_000, since));
        }
        Quirk::ShareEnds => rows[1].valid.to = Some(moment),
        Quirk::ClaimJoins => rows.push(Share::of(MASTER, successor, 1_000_000, since)),
        Quirk::ByTerritory => {
            let first = dice.index(territories.len());
            let second = (first + 1 + dice.index(territories.len() - 1)) % territories.len();
            let codes = [territories[first].code, territories[second].code];
            rows[0].area = Area::all_but(&codes);
            rows.push(Share {
                area: Area::only(&codes),
                ..Share::of(MASTER, successor, 700_000, valid)
            });
        }
        _ => {}
    }
    rows
}

fn publishing_shares(
    quirk: Quirk,
    valid: Validity,
    pick: &mut Pick<'_>,
    dice: &mut Dice,
) -> Vec<Share> {
    let parts: &[u32] = match (quirk, dice.below(10)) {
        (Quirk::NoPublishing, _) => &[],
        (Quirk::OverClaimed, _) => &[500_000, 500_000, 250_000],
        (_, 0..2) => &[1_000_000],
        (_, 2..5) => &[500_000, 500_000],
        (_, 5..7) => &[333_333, 333_333, 333_334],
        (_, 7..9) => &[400_000, 350_000, 250_000],
        _ => &[250_000, 250_000, 250_000, 125_000, 125_000],
    };
    let ids = pick.distinct(parts.len(), dice);
    let parts = ids.iter().zip(parts);
    parts
        .map(|(id, ppm)| Share::of(PUBLISHING, *id, *ppm, valid))
        .collect()
}

fn licences(
    scale: &Scale,
    territories: &[Territory],
    quirk: Quirk,
    dice: &mut Dice,
) -> Vec<Licence> {
    let since = SHARES_FROM - DAY * dice.between(0, 3000);
    let moment = scale.moment(dice);
    let everywhere = |valid| Licence {
        area: Area::Everywhere,
        valid,
    };
    match quirk {
        Quirk::NotLicensed => {
            let one = territories[dice.index(territories.len())].code;
            let area = match dice.below(3) {
                0 => Area::only(&["DE", "FR", "US"]),
                1 => Area::all_but(&["US", one][usize::from(one == "US")..]),
                _ => Area::all_but(&[one]),
            };
            let valid = Validity::since(since);
            vec![Licence { area, valid }]
        }
        Quirk::LicenceMoves if dice.chance(5_000) => vec![everywhere(Validity::since(moment))],
        Quirk::LicenceMoves => vec![everywhere(Validity {
            from: since,
            to: Some(moment),
        })],
        _ => vec![everywhere(Validity::since(since))],
    }
}

/// Twelve characters as registrants print them, without hyphens.
fn isrc(dice: &mut Dice) -> String {
    const COUNTRIES: [&str; 10] = ["US", "QM", "GB", "DE", "FR", "SE", "JP", "ES", "BR", "NL"];
    const ALPHANUMERIC: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut text = COUNTRIES[dice.index(COUNTRIES.len())].to_owned();
    for _ in 0..3 {
        text.push(char::from(ALPHANUMERIC[dice.index(ALPHANUMERIC.len())]));
    }
    let (year, number) = (15 + dice.below(12), dice.below(100_000));
    text.push_str(&format!("{year:02}{number:05}"));
    text
}

fn title(at: usize, dice: &mut Dice) -> String {
    if at == 0 {
        return "Ten Seconds Famous".to_owned();
    }
    let first = FIRST[dice.index(FIRST.len())];
    let second = SECOND[dice.index(SECOND.len())];
    match dice.below(12) {
        0 => format!("The \"{second}\", Part {}", 1 + dice.below(4)),
        1 => format!("Für {first}, für immer"),
        2 => format!("{second}夜"),
        3 => format!("{first} {second} (Live)"),
        4 => second.to_owned(),
        _ => format!("{first} {second}"),
    }
}

fn artist(dice: &mut Dice) -> String {
    let first = FIRST[dice.index(FIRST.len())];
    let second = SECOND[dice.index(SECOND.len())];
    match dice.below(5) {
        0 => format!("The {second}s"),
        1 => format!("{first} & the {second}s"),
        2 => format!("DJ {second}"),
        _ => format!("{first} {second}"),
    }
}

fn pools(scale: &Scale, territories: &'static [Territory], dice: &mut Dice) -> Vec<Pool> {
    let plays = i64::try_from(scale.plays).unwrap_or(i64::MAX);
    let whole: i64 = territories.iter().map(|t| weight(t.weight)).sum();
    let mut pools = Vec::new();
    for territory in territories {
        for (tier, part, worth) in &TIERS[..TRIAL] {
            if WITHOUT_POOL.contains(&(territory.code, tier)) {
                continue;
            }
            // The plays to be expected, never none, so that every pool has something in it.
            let expected = plays * weight(territory.weight) * weight(*part) / (whole * 100) + 50;
            for right in RIGHTS {
                if right == PUBLISHING && (territory.code, *tier) == MASTER_ONLY {
                    continue;
                }
                // Publishing gets about a fifth of what the master gets.
                let rate = territory.rate_micros * worth / 100 * dice.between(85, 115) / 100;
                let micros = match right {
                    MASTER => whole_minor(expected * rate, territory.minor_digits),
                    _ => expected * rate / 5 + dice.between(1, 1000),
                };
                let currency = territory.currency;
                pools.push(Pool {
                    territory: territory.code,
                    tier,
                    right,
                    currency,
                    micros,
                });
                // A second currency for one pool: a grant on top, paid in euros.
                if (territory.code, *tier, right) == ("SE", "premium", MASTER) {
                    pools.push(Pool {
                        territory: territory.code,
                        tier,
                        right,
                        currency: "EUR",
                        micros: expected * 97,
                    });
                }
            }
        }
    }
    pools.push(Pool {
        territory: UNPLAYED.code,
        tier: TIERS[0].0,
        right: MASTER,
        currency: UNPLAYED.currency,
        micros: (plays / 200 + 20) * UNPLAYED.rate_micros,
    });
    pools.sort_by_key(|pool| (pool.territory, pool.tier, pool.right, pool.currency));
    pools
}

fn weight(weight: u64) -> i64 {
    i64::try_from(weight).unwrap_or(0)
}

/// `micros`, rounded down to whole minor units.
fn whole_minor(micros: i64, digits: u32) -> i64 {
    let unit = 10_i64.pow(6 - digits);
    micros / unit * unit
}

const FIRST: [&str; 25] = [
    "Amber", "Blue", "Cobalt", "Crimson", "Dusty", "Electric", "Faded", "Golden", "Hollow", "Iron",
    "Ivory", "Jade", "Lunar", "Midnight", "Neon", "Northern", "Paper", "Quiet", "Rustic", "Silver",
    "Solar", "Tidal", "Velvet", "Wild", "Zoë",
];
const SECOND: [&str; 29] = [
    "Anchor", "Arcade", "Atlas", "Beacon", "Canyon", "Cedar", "Comet", "Delta", "Ember", "Fjord",
    "Fox", "Garden", "Harbor", "Heron", "Island", "Lantern", "Meadow", "Mirror", "Orbit", "Parade",
    "Pilot", "Raven", "River", "Signal", "Sparrow", "Station", "Summit", "Thunder", "Window",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::Preset;

    #[test]
    fn names_and_ids_are_distinct_and_areas_canonical() {
        let market = Market::new(&Scale::of(Preset::ViralDay, None), 1);
        let names: BTreeSet<_> = market.holders.iter().map(|holder| &holder.name).collect();
        assert_eq!(names.len(), market.holders.len());
        assert_eq!(Area::all_but(&["US", "CA"]).to_string(), "* -CA -US");
        assert_eq!(Area::only(&["FR", "DE"]).to_string(), "DE FR");
        assert_eq!(Area::Everywhere.to_string(), "*");
        for track in &market.tracks {
            assert_eq!(track.isrc.len(), 12);
            assert!(!track.isrc.starts_with("ISRC"), "read as a prefix");
        }
    }

    #[test]
    fn every_pool_holds_money_and_a_quirk_is_dealt_thrice() {
        let market = Market::new(&Scale::of(Preset::Small, Some(1)), 1);
        assert!(market.pools.iter().all(|pool| pool.micros > 0));
        for quirk in DEALT {
            let found = market.tracks.iter().filter(|track| track.quirk == quirk);
            assert!(found.count() >= 3, "{quirk:?}");
        }
    }
}
