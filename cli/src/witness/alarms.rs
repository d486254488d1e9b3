//! How often the operator is told the same: anybody can send what alarms, and the lines must not
//! fill a disk, nor hide each other.

use ledgerline::log::TreeHead;

/// Seconds between two lines of one kind about one log.
pub const ALARM_SECONDS: u64 = 60;

/// Most heads that one line lists; each of the others has a line about its decision.
const MAX_LISTED: usize = 256;

/// The alarms of one kind about one log. Those that come too soon are counted, and when their time has
/// come the last of them is told, with the heads of the others.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    told_at: Option<u64>,
    held: u64,
    last: String,
    /// The heads of those that are held, each once.
    heads: Vec<TreeHead>,
}

impl Alarms {
    /// Gives the line back if it is to be told now.
    pub(super) fn tell(&mut self, now: u64, head: TreeHead, line: String) -> Option<String> {
        self.held = self.held.saturating_add(1);
        self.last = line;
        if self.heads.len() <= MAX_LISTED && !self.heads.contains(&head) {
            self.heads.push(head);
        }
        self.overdue(now)
    }

    /// What was held back and is to be told now. Time is in seconds since the Unix epoch.
    pub(super) fn overdue(&mut self, now: u64) -> Option<String> {
        // A clock that was set back must not silence anything.
        let is_early = self
            .told_at
            .is_some_and(|at| (at..at.saturating_add(ALARM_SECONDS)).contains(&now));
        if self.held == 0 || is_early {
            return None;
        }
        let mut line = std::mem::take(&mut self.last);
        let more = std::mem::take(&mut self.held).saturating_sub(1);
        let heads = std::mem::take(&mut self.heads);
        if self.told_at.replace(now).is_some() && more > 0 {
            line.push_str(&format!("; {more} more like it since the last such line"));
            let named = heads.iter().take(MAX_LISTED);
            let named: Vec<String> = named
                .map(|TreeHead { size, root }| format!("{size} {root}"))
                .collect();
            line.push_str(&format!("; all heads since then: {}", named.join(", ")));
            if heads.len() > MAX_LISTED {
                line.push_str(", ... (see the lines about each decision)");
            }
        }
        Some(line)
    }
}

/// Nothing is lost, and little is said.
#[cfg(test)]
mod tests {
    use super::*;

    fn head(size: u64) -> TreeHead {
        let root = ledgerline::log::Hash::empty_root();
        TreeHead { size, root }
    }

    #[test]
    fn the_first_is_told_at_once_and_the_heads_of_the_others_are_listed() {
        let mut alarms = Alarms::default();
        assert_eq!(alarms.overdue(99), None);
        let told = alarms.tell(100, head(1), "a".into());
        assert_eq!(told.as_deref(), Some("a"));
        for now in [100, 130, 159, 159] {
            assert_eq!(alarms.tell(now, head(now), format!("b{now}")), None);
        }
        assert_eq!(alarms.overdue(159), None);
        let root = head(0).root;
        let told = format!(
            "b159; 3 more like it since the last such line; all heads since then: 100 {root}, \
             130 {root}, 159 {root}"
        );
        assert_eq!(alarms.overdue(160), Some(told));
        assert_eq!(alarms.overdue(500), None);
        let told = alarms.tell(500, head(2), "c".into());
        assert_eq!(told.as_deref(), Some("c"));
        assert_eq!(alarms.tell(501, head(3), "d".into()), None);
        // The clock was set back.
        assert_eq!(alarms.overdue(10).as_deref(), Some("d"));
    }

    #[test]
    fn a_line_is_bounded_and_says_so() {
        let mut alarms = Alarms::default();
        alarms.tell(100, head(0), "a".into());
        for size in 0..1000 {
            assert_eq!(alarms.tell(101, head(size), "b".into()), None);
        }
        let told = alarms.overdue(160).unwrap_or_default();
        assert!(
            told.len() < 16_000 && told.ends_with("each decision)"),
            "{told}"
        );
    }
}
