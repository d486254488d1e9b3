//! What in the counted plays does not look like people listening to music.
//!
//! *In:* the counted plays of a period in order, lengths of recordings, thresholds. *Out:* [`Signals`]: what
//! was seen where, which plays it is about, and how concentrated listening is. *Does not know:* money, the
//! log, whether somebody cheats: a fan loops a song, a hit rises in a day. A signal says where to look.
//!
//! Integers only, one pass over the plays by recording and one by listener; the same plays and thresholds
//! give the same signals. Source: `docs/format.md` section 7.6.

mod figures;
mod listeners;
mod recordings;
mod rules;

pub use figures::Figures;
pub use rules::SignalRules;

use core::fmt;

use super::{Attributor, Play};
use crate::id::{Isrc, ListenerId};
use crate::time::TimeMs;

/// Something seen, and the numbers that it was seen by. The order is that of reports.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Signal {
    /// On a day a recording has many times the plays of the days before.
    Spike {
        /// The recording.
        isrc: Isrc,
        /// Midnight, UTC, at which the day begins.
        day: TimeMs,
        /// Plays on the day.
        plays: u64,
        /// Median of the plays on the days before; 0 where it was hardly played.
        median: u64,
    },
    /// One listener makes up much of a recording's plays.
    OneListener {
        /// The recording.
        isrc: Isrc,
        /// Who.
        listener: ListenerId,
        /// That listener's plays of it.
        plays: u64,
        /// All plays of it.
        of: u64,
    },
    /// A listener plays one recording many times with nothing in between.
    Repeat {
        /// Who.
        listener: ListenerId,
        /// The recording.
        isrc: Isrc,
        /// Plays in such runs.
        plays: u64,
        /// The longest run.
        longest: u64,
    },
    /// Most plays of a recording end soon after they qualify.
    ShortRecording {
        /// The recording.
        isrc: Isrc,
        /// Plays that end so.
        plays: u64,
        /// All plays of it.
        of: u64,
    },
    /// Most plays of a listener end soon after they qualify.
    ShortListener {
        /// Who.
        listener: ListenerId,
        /// Plays that end so.
        plays: u64,
        /// All plays of theirs.
        of: u64,
    },
    /// A listener listens longer on a day than people are awake.
    Hours {
        /// Who.
        listener: ListenerId,
        /// Midnight, UTC, at which the worst day begins.
        day: TimeMs,
        /// Listened time of the plays that started on it, ms.
        listened_ms: u64,
        /// Days that are too long.
        days: u64,
        /// Plays on those.
        plays: u64,
    },
    /// Plays of one listener that run at the same time.
    Overlap {
        /// Who.
        listener: ListenerId,
        /// Plays that start while another one runs.
        plays: u64,
        /// All plays of theirs.
        of: u64,
    },
    /// Several listeners play the same recordings in the same order on a day, and nothing else.
    SameSequence {
        /// Midnight, UTC, at which the day begins.
        day: TimeMs,
        /// The least of their pseudonyms.
        listener: ListenerId,
        /// How many they are.
        listeners: u64,
        /// Plays of all of them on the day.
        plays: u64,
    },
    /// A few recordings have nearly all plays.
    Concentration {
        /// How many.
        recordings: u64,
        /// Their plays.
        plays: u64,
        /// All plays.
        of: u64,
    },
    /// The same few recordings have a much larger share of what listeners were offered than of what
    /// they chose.
    PopularityBias {
        /// How many recordings.
        recordings: u64,
        /// Plays of them that were not chosen.
        plays: u64,
        /// Their share of the plays that were not chosen, ppm.
        offered_ppm: u64,
        /// Their share of the plays that were chosen, ppm.
        chosen_ppm: u64,
    },
}

/// The kinds of signals.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum Code {
    /// [`Signal::Spike`].
    Spike = 0,
    /// [`Signal::OneListener`].
    OneListener = 1,
    /// [`Signal::Repeat`].
    Repeat = 2,
    /// [`Signal::ShortRecording`] and [`Signal::ShortListener`].
    Short = 3,
    /// [`Signal::Hours`].
    Hours = 4,
    /// [`Signal::Overlap`].
    Overlap = 5,
    /// [`Signal::SameSequence`].
    SameSequence = 6,
    /// [`Signal::Concentration`]; about no single play.
    Concentration = 7,
    /// [`Signal::PopularityBias`]; about no single play.
    PopularityBias = 8,
}

impl Code {
    /// All of them, in order.
    pub const ALL: [Self; 9] = [
        Self::Spike,
        Self::OneListener,
        Self::Repeat,
        Self::Short,
        Self::Hours,
        Self::Overlap,
        Self::SameSequence,
        Self::Concentration,
        Self::PopularityBias,
    ];

    /// The code's name in rules files, findings and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Spike => "signal.spike",
            Self::OneListener => "signal.one-listener",
            Self::Repeat => "signal.repeat",
            Self::Short => "signal.short",
            Self::Hours => "signal.hours",
            Self::Overlap => "signal.overlap",
            Self::SameSequence => "signal.same-sequence",
            Self::Concentration => "signal.concentration",
            Self::PopularityBias => "signal.popularity-bias",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Signal {
    /// Of which kind it is.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Spike { .. } => Code::Spike,
            Self::OneListener { .. } => Code::OneListener,
            Self::Repeat { .. } => Code::Repeat,
            Self::ShortRecording { .. } | Self::ShortListener { .. } => Code::Short,
            Self::Hours { .. } => Code::Hours,
            Self::Overlap { .. } => Code::Overlap,
            Self::SameSequence { .. } => Code::SameSequence,
            Self::Concentration { .. } => Code::Concentration,
            Self::PopularityBias { .. } => Code::PopularityBias,
        }
    }

    /// How many plays it is about.
    #[must_use]
    pub const fn plays(&self) -> u64 {
        match self {
            Self::Spike { plays, .. }
            | Self::OneListener { plays, .. }
            | Self::Repeat { plays, .. }
            | Self::ShortRecording { plays, .. }
            | Self::ShortListener { plays, .. }
            | Self::Hours { plays, .. }
            | Self::Overlap { plays, .. }
            | Self::SameSequence { plays, .. }
            | Self::Concentration { plays, .. }
            | Self::PopularityBias { plays, .. } => *plays,
        }
    }
}

/// Some kinds of signals.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Codes(u16);

impl Codes {
    /// With one more.
    #[must_use]
    pub const fn with(self, code: Code) -> Self {
        Self(self.0 | 1 << code as u8)
    }

    /// Whether it is among them.
    #[must_use]
    pub const fn contains(self, code: Code) -> bool {
        self.0 & 1 << code as u8 != 0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those that are in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

/// Everything seen in the plays of a period.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Signals {
    /// By kind, then as [`Signal`] sorts.
    pub all: Vec<Signal>,
    /// For each play, in order, the kinds of signals it is part of.
    pub marks: Vec<Codes>,
    /// How concentrated listening is.
    pub figures: Figures,
}

impl Signals {
    /// Looks at all counted plays of a period, in the order of the plays table.
    ///
    /// Costs n log n time and, beside the plays, some ten bytes for each.
    ///
    /// # Does not prove
    ///
    /// That marked plays are artificial, or that others are not.
    #[must_use]
    pub fn of(plays: &[Play], attributor: &Attributor<'_>, rules: &SignalRules) -> Self {
        let mut seen = Seen {
            plays,
            attributor,
            rules,
            all: Vec::new(),
            marks: vec![Codes::default(); plays.len()],
        };
        recordings::look(&mut seen);
        listeners::look(&mut seen);
        let figures = Figures::of(plays, rules.top_recordings);
        figures.look(rules, &mut seen.all);
        seen.all.sort_unstable();
        Self {
            all: seen.all,
            marks: seen.marks,
            figures,
        }
    }

    /// Plays that are part of at least one signal.
    #[must_use]
    pub fn marked(&self) -> u64 {
        self.marks.iter().filter(|codes| !codes.is_empty()).count() as u64
    }
}

/// What is looked at, and what was seen in it so far.
struct Seen<'a> {
    plays: &'a [Play],
    attributor: &'a Attributor<'a>,
    rules: &'a SignalRules,
    all: Vec<Signal>,
    marks: Vec<Codes>,
}

impl Seen<'_> {
    fn mark(&mut self, play: usize, code: Code) {
        if let Some(codes) = self.marks.get_mut(play) {
            *codes = codes.with(code);
        }
    }

    /// Whether a play ends soon after it qualified, although the recording goes on.
    fn is_short(&self, play: &Play) -> bool {
        let margin = self.rules.short_margin_ms;
        let recording = self.attributor.registry.recording(play.isrc);
        let qualifies = self.attributor.qualifying_ms(play.isrc);
        let limit = qualifies.saturating_add(margin);
        let length = recording.map_or(0, |recording| recording.length_ms);
        let goes_on = length == 0 || length > limit;
        goes_on && play.listened_ms < limit
    }
}

/// Whether `part` of `whole` is at least a share, without rounding.
fn is_share(part: u64, whole: u64, ppm: u32) -> bool {
    // Below 2^84 each.
    u128::from(part).saturating_mul(1_000_000) >= u128::from(whole).saturating_mul(ppm.into())
}

/// The share of `part` in `whole`, ppm rounded down; 0 of nothing.
fn ppm(part: u64, whole: u64) -> u64 {
    u128::from(part)
        .saturating_mul(1_000_000)
        .checked_div(whole.into())
        .and_then(|ppm| u64::try_from(ppm).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests;
