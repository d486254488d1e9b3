//! How many tests a runner says it ran.

/// Tests by outcome.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Counts {
    /// Adds more tests.
    pub(crate) fn add(&mut self, more: Self) {
        self.passed = self.passed.saturating_add(more.passed);
        self.failed = self.failed.saturating_add(more.failed);
        self.skipped = self.skipped.saturating_add(more.skipped);
    }
}

/// Whose closing lines to read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Runner {
    /// No runner: the command itself is one test.
    Itself,
    /// `test result: ok. 3 passed; 0 failed; 1 ignored; ...`, once for each binary; a test that finds
    /// what it needs absent writes `skipped: why` and passes.
    Cargo,
    /// `# pass 3` or `ℹ pass 3`, and fail, cancelled, skipped.
    Node,
    /// `Ran 3 tests in ...`, then `OK (skipped=1)` or `FAILED (failures=1, errors=1)`.
    Python,
}

/// Reads the counts; a command that failed has at least one failure.
pub(crate) fn read(runner: Runner, text: &str, success: bool) -> Counts {
    let mut counts = match runner {
        Runner::Itself => Counts {
            passed: u64::from(success),
            ..Counts::default()
        },
        Runner::Cargo => cargo(text),
        Runner::Node => node(text),
        Runner::Python => python(text),
    };
    let ran_none = counts == Counts::default();
    if (!success || ran_none) && counts.failed == 0 {
        counts.failed = 1;
    }
    counts
}

fn cargo(text: &str) -> Counts {
    let mut counts = Counts::default();
    let mut said = 0_u64;
    for line in text.lines() {
        if line.contains("skipped: ") {
            said = said.saturating_add(1);
        }
        let Some(at) = line.find("test result: ") else {
            continue;
        };
        let (_, line) = line.split_at(at);
        counts.add(Counts {
            passed: number_before(line, " passed"),
            failed: number_before(line, " failed"),
            skipped: number_before(line, " ignored"),
        });
    }
    counts.passed = counts.passed.saturating_sub(said);
    counts.skipped = counts.skipped.saturating_add(said);
    counts
}

fn node(text: &str) -> Counts {
    let mut counts = Counts::default();
    for line in text.lines() {
        let mut words = line.split(' ');
        if !matches!(words.next(), Some("#" | "ℹ")) {
            continue;
        }
        let (Some(word), Some(Ok(n)), None) = (
            words.next(),
            words.next().map(str::parse::<u64>),
            words.next(),
        ) else {
            continue;
        };
        counts.add(match word {
            "pass" => Counts {
                passed: n,
                ..Counts::default()
            },
            "fail" | "cancelled" => Counts {
                failed: n,
                ..Counts::default()
            },
            "skipped" | "todo" => Counts {
                skipped: n,
                ..Counts::default()
            },
            _ => Counts::default(),
        });
    }
    counts
}

fn python(text: &str) -> Counts {
    let mut counts = Counts::default();
    let mut ran = 0_u64;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("Ran ") {
            ran = ran.saturating_add(number_before(rest, " test"));
        } else if line.starts_with("OK") || line.starts_with("FAILED (") {
            let failed =
                number_after(line, "failures=").saturating_add(number_after(line, "errors="));
            counts.failed = counts.failed.saturating_add(failed);
            counts.skipped = counts
                .skipped
                .saturating_add(number_after(line, "skipped="));
        }
    }
    let others = counts.failed.saturating_add(counts.skipped);
    counts.passed = ran.saturating_sub(others);
    counts
}

fn number_before(text: &str, unit: &str) -> u64 {
    let before = text.split(unit).next().unwrap_or_default();
    let digits = before.rsplit(|c: char| !c.is_ascii_digit()).next();
    if before.len() == text.len() {
        return 0;
    }
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

fn number_after(text: &str, label: &str) -> u64 {
    let rest = text.split_once(label).map_or("", |(_, rest)| rest);
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next();
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    //! Closing lines as the runners print them.
    use super::*;

    fn counts(passed: u64, failed: u64, skipped: u64) -> Counts {
        Counts {
            passed,
            failed,
            skipped,
        }
    }

    #[test]
    fn of_cargo() {
        let text = "test a ... ok\ntest result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n\
                    test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured\n";
        assert_eq!(read(Runner::Cargo, text, false), counts(13, 2, 1));
    }

    #[test]
    fn of_cargo_where_a_test_skips_itself() {
        let text = "\nskipped: it is absent\ntest a ... ok\ntest result: ok. 3 passed; 0 failed; 0 ignored\n";
        assert_eq!(read(Runner::Cargo, text, true), counts(2, 0, 1));
    }

    #[test]
    fn of_node() {
        let tap = "# tests 9\n# suites 2\n# pass 7\n# fail 1\n# cancelled 0\n# skipped 1\n# todo 0\n# duration_ms 5\n";
        assert_eq!(read(Runner::Node, tap, false), counts(7, 1, 1));
        assert_eq!(
            read(Runner::Node, &tap.replace('#', "ℹ"), false),
            counts(7, 1, 1)
        );
    }

    #[test]
    fn of_python() {
        assert_eq!(
            read(
                Runner::Python,
                "Ran 7 tests in 0.1s\n\nOK (skipped=2)\n",
                true
            ),
            counts(5, 0, 2)
        );
        let text = "Ran 7 tests in 0.1s\n\nFAILED (failures=1, errors=2)\n";
        assert_eq!(read(Runner::Python, text, false), counts(4, 3, 0));
    }

    #[test]
    fn a_runner_that_ran_nothing_or_broke_off_has_failed() {
        for runner in [Runner::Cargo, Runner::Node, Runner::Python] {
            assert_eq!(read(runner, "", true), counts(0, 1, 0));
        }
        assert_eq!(read(Runner::Itself, "", true), counts(1, 0, 0));
        assert_eq!(read(Runner::Itself, "", false), counts(0, 1, 0));
        let text = "test result: ok. 3 passed; 0 failed; 0 ignored\nerror: could not compile\n";
        assert_eq!(read(Runner::Cargo, text, false), counts(3, 1, 0));
    }
}
