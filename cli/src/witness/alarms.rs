//! How often the operator is told the same: anybody can send what alarms, and the lines must not
//! fill a disk, nor hide each other.

/// Seconds between two lines of one kind about one log.
pub const ALARM_SECONDS: u64 = 60;

/// The alarms of one kind about one log. Those that come too soon are counted, and the last of them
/// is told when its time has come.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    told_at: Option<u64>,
    held: u64,
    last: String,
}

impl Alarms {
    /// Gives the line back if it is to be told now.
    pub(super) fn tell(&mut self, now: u64, line: String) -> Option<String> {
        self.held = self.held.saturating_add(1);
        self.last = line;
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
        if self.told_at.replace(now).is_some() && more > 0 {
            line.push_str(&format!("; {more} more like it since the last such line"));
        }
        Some(line)
    }
}

/// Nothing is lost, and little is said.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_at_once_and_the_others_are_counted() {
        let mut alarms = Alarms::default();
        assert_eq!(alarms.overdue(99), None);
        assert_eq!(alarms.tell(100, "a".into()).as_deref(), Some("a"));
        for now in [100, 130, 159] {
            assert_eq!(alarms.tell(now, format!("b{now}")), None);
        }
        assert_eq!(alarms.overdue(159), None);
        let told = "b159; 2 more like it since the last such line";
        assert_eq!(alarms.overdue(160).as_deref(), Some(told));
        assert_eq!(alarms.overdue(500), None);
        assert_eq!(alarms.tell(500, "c".into()).as_deref(), Some("c"));
        assert_eq!(alarms.tell(501, "d".into()), None);
        // The clock was set back.
        assert_eq!(alarms.overdue(10).as_deref(), Some("d"));
    }
}
