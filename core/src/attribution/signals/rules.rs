//! The thresholds.

/// From where on something is a signal; from the table `[signals]` of the rules file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SignalRules {
    /// Days before a day whose median its plays are compared with.
    pub spike_days: u32,
    /// Plays of a recording on a day below which there is no spike.
    pub spike_plays: u32,
    /// A spike has more plays than this many times the median.
    pub spike_factor: u32,
    /// Plays of a recording by one listener below which nothing is seen.
    pub listener_plays: u32,
    /// One listener's share of a recording's plays, ppm.
    pub listener_share_ppm: u32,
    /// Plays of one recording in a row.
    pub repeat_plays: u32,
    /// Time after qualifying within which a short play ends, ms.
    pub short_margin_ms: u32,
    /// Short plays of a recording or listener below which nothing is seen.
    pub short_plays: u32,
    /// Share of short plays, ppm.
    pub short_share_ppm: u32,
    /// Listened time on a day, ms.
    pub day_listened_ms: u32,
    /// Time by which plays may overlap, since clocks are set and networks are slow, ms.
    pub overlap_tolerance_ms: u32,
    /// Overlapping plays of a listener.
    pub overlap_plays: u32,
    /// Plays of a day below which sequences are not compared: an album is played in order by many.
    pub sequence_plays: u32,
    /// Listeners with the same sequence.
    pub sequence_listeners: u32,
    /// How many recordings are "a few".
    pub top_recordings: u32,
    /// Their share of all plays, ppm.
    pub top_share_ppm: u32,
    /// Plays, chosen and not chosen, below which these are not compared.
    pub bias_plays: u32,
    /// By how much the share in what was offered exceeds the share in what was chosen, ppm.
    pub bias_ppm: u32,
}

impl Default for SignalRules {
    /// Chosen for this program, not taken from any law or contract; `docs/format.md` has them.
    fn default() -> Self {
        Self {
            spike_days: 7,
            spike_plays: 100,
            spike_factor: 10,
            listener_plays: 50,
            listener_share_ppm: 250_000,
            repeat_plays: 20,
            short_margin_ms: 5_000,
            short_plays: 100,
            short_share_ppm: 500_000,
            day_listened_ms: 72_000_000,
            overlap_tolerance_ms: 5_000,
            overlap_plays: 10,
            sequence_plays: 20,
            sequence_listeners: 5,
            top_recordings: 10,
            top_share_ppm: 800_000,
            bias_plays: 1_000,
            bias_ppm: 200_000,
        }
    }
}

impl SignalRules {
    /// The threshold with a name in rules files, the least and the largest value it may have.
    pub fn threshold(&mut self, key: &str) -> Option<(&mut u32, u32, u32)> {
        const SHARE: u32 = 1_000_000;
        Some(match key {
            "spike_days" => (&mut self.spike_days, 1, 366),
            "spike_plays" => (&mut self.spike_plays, 1, u32::MAX),
            "spike_factor" => (&mut self.spike_factor, 1, u32::MAX),
            "listener_plays" => (&mut self.listener_plays, 1, u32::MAX),
            "listener_share_ppm" => (&mut self.listener_share_ppm, 0, SHARE),
            "repeat_plays" => (&mut self.repeat_plays, 2, u32::MAX),
            "short_margin_ms" => (&mut self.short_margin_ms, 0, u32::MAX),
            "short_plays" => (&mut self.short_plays, 1, u32::MAX),
            "short_share_ppm" => (&mut self.short_share_ppm, 0, SHARE),
            "day_listened_ms" => (&mut self.day_listened_ms, 1, u32::MAX),
            "overlap_tolerance_ms" => (&mut self.overlap_tolerance_ms, 0, u32::MAX),
            "overlap_plays" => (&mut self.overlap_plays, 1, u32::MAX),
            "sequence_plays" => (&mut self.sequence_plays, 2, u32::MAX),
            "sequence_listeners" => (&mut self.sequence_listeners, 2, u32::MAX),
            "top_recordings" => (&mut self.top_recordings, 1, u32::MAX),
            "top_share_ppm" => (&mut self.top_share_ppm, 0, SHARE),
            "bias_plays" => (&mut self.bias_plays, 1, u32::MAX),
            "bias_ppm" => (&mut self.bias_ppm, 0, SHARE),
            _ => return None,
        })
    }
}
