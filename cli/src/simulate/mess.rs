//! The kinds of disorder that real telemetry and real registries contain, and how often each was made.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "counters of at most a few times 10^9 in u64"
)]

macro_rules! kinds {
    ($($kind:ident $label:literal,)*) => {
        /// One kind of disorder.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub(super) enum Mess { $($kind),* }

        /// All kinds with their names, in the order of the enum.
        const LABELS: &[&str] = &[$($label),*];
    };
}

kinds! {
    Duplicate "events delivered twice",
    OutOfOrder "events arriving after a later one of their play",
    LostStart "lost starts",
    LostHeartbeat "lost heartbeats",
    LostEnd "lost ends",
    Spelling "events with an oddly spelled ISRC",
    OtherTerritory "events that disagree with their play about the territory",
    OtherIsrc "events that disagree with their play about the ISRC",
    Pause "pauses",
    SeekForward "seeks forward",
    SeekBack "seeks back",
    SameTime "seeks reported by two events at one time",
    StartEndOnly "plays whose client reports start and end only",
    Offline "offline plays",
    Late "late plays, counted",
    TooLate "plays older than late_days, not counted",
    AcrossStart "plays across the start of the period",
    UnderQualify "plays that do not qualify",
    ShortQualified "qualified plays under 30 s of recordings under 30 s",
    UnknownLength "plays of a recording of unknown length",
    Travel "plays while travelling",
    UnknownIsrc "counted plays of unknown ISRCs",
    NotLicensed "counted plays of recordings not licensed there and then",
    NoShares "counted plays of recordings without shares in some right",
    Unclaimed "counted plays of recordings with missing shares",
    OverClaimed "counted plays of recordings with excess shares",
    TwoRows "counted plays of recordings with two share rows of one holder",
    ByTerritory "counted plays of recordings whose holder depends on the territory",
    Handover "counted plays after a change of share or licence in the period",
    NoSubscription "counted plays without a subscription",
    TierChanged "counted plays after a change of tier",
    NoPool "counted plays of a tier without a pool in their territory",
    Viral "plays of the viral track",
    UnplayedPool "pools without a play",
}

/// How often each kind was made.
#[derive(Clone, Debug)]
pub(super) struct MessCount(Vec<u64>);

impl MessCount {
    pub(super) fn new() -> Self {
        Self(vec![0; LABELS.len()])
    }

    pub(super) fn add(&mut self, kind: Mess) {
        self.add_many(kind, 1);
    }

    pub(super) fn add_many(&mut self, kind: Mess, count: u64) {
        if let Some(counter) = self.0.get_mut(kind as usize) {
            *counter += count;
        }
    }

    /// Every kind with its count, in a fixed order.
    pub(super) fn rows(&self) -> Vec<(&'static str, u64)> {
        LABELS.iter().copied().zip(self.0.iter().copied()).collect()
    }
}
