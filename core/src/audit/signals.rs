//! Signals in the counted plays, as findings. They contradict nothing, so none is an error.

use std::collections::BTreeMap;

use crate::attribution::signals::{Code, Signal, SignalRules, Signals};

use super::report::{Finding, Severity};

/// At most so many signals of a kind stand in an audit's report, those with the most plays first.
const LISTED: usize = 20;

/// All signals as findings, by severity, then code, then place.
#[must_use]
pub fn signal_findings(signals: &Signals, rules: &SignalRules) -> Vec<Finding> {
    let mut findings: Vec<Finding> = signals.all.iter().map(|s| finding(s, rules)).collect();
    findings.sort_by(|a, b| (a.severity, a.code, &a.place).cmp(&(b.severity, b.code, &b.place)));
    findings
}

/// The gravest of each kind, and how many there are besides.
pub(super) fn listed_findings(signals: &Signals, rules: &SignalRules) -> Vec<Finding> {
    let mut kinds: BTreeMap<Code, Vec<&Signal>> = BTreeMap::new();
    for signal in &signals.all {
        kinds.entry(signal.code()).or_default().push(signal);
    }
    let mut findings = Vec::new();
    for (code, mut of_kind) in kinds {
        of_kind.sort_by_key(|signal| std::cmp::Reverse(signal.plays()));
        let more = of_kind.split_off(of_kind.len().min(LISTED));
        findings.extend(of_kind.into_iter().map(|signal| finding(signal, rules)));
        if !more.is_empty() {
            findings.push(
                Finding::new(code.as_str(), Severity::Info, "other places")
                    .compared("", more.len().to_string())
                    .saying(format!(
                        "{} more of this kind; `ledgerline signals` lists all",
                        more.len()
                    )),
            );
        }
    }
    findings
}

fn finding(signal: &Signal, rules: &SignalRules) -> Finding {
    let (severity, place, expected, found, detail) = words(signal, rules);
    Finding::new(signal.code().as_str(), severity, place)
        .compared(expected, found)
        .saying(detail)
}

type Words = (Severity, String, String, String, &'static str);

fn words(signal: &Signal, rules: &SignalRules) -> Words {
    let warning = Severity::Warning;
    match signal {
        Signal::Spike {
            isrc,
            day,
            plays,
            median,
        } => (
            if *median == 0 {
                Severity::Info
            } else {
                warning
            },
            format!("{isrc} {}", day.date()),
            format!(
                "at most {} times the median of the {} days before, {median} plays",
                rules.spike_factor, rules.spike_days
            ),
            format!("{plays} plays"),
            if *median == 0 {
                "a recording that was hardly played before has many plays on a day: a release, or machines"
            } else {
                "a recording's plays rise far above those of the days before: a hit, a playlist, or machines"
            },
        ),
        Signal::OneListener {
            isrc,
            listener,
            plays,
            of,
        } => (
            warning,
            format!("{isrc} listener {listener}"),
            format!(
                "less than {} ppm of a recording's plays by one listener",
                rules.listener_share_ppm
            ),
            format!("{plays} of {of} plays"),
            "one listener makes up much of a recording's plays: a fan, or a loop",
        ),
        Signal::Repeat {
            listener,
            isrc,
            plays,
            longest,
        } => (
            warning,
            format!("{isrc} listener {listener}"),
            format!("fewer than {} plays in a row", rules.repeat_plays),
            format!("{longest} in a row, {plays} plays in such runs"),
            "a listener plays one recording over and over with nothing in between",
        ),
        Signal::ShortRecording { isrc, plays, of } => (
            warning,
            isrc.to_string(),
            short_expected(rules),
            format!("{plays} of {of} plays"),
            "most plays of a recording end soon after they count, though it goes on",
        ),
        Signal::ShortListener {
            listener,
            plays,
            of,
        } => (
            warning,
            format!("listener {listener}"),
            short_expected(rules),
            format!("{plays} of {of} plays"),
            "most plays of a listener end soon after they count, though the recordings go on",
        ),
        Signal::Hours {
            listener,
            day,
            listened_ms,
            days,
            plays,
        } => (
            warning,
            format!("listener {listener} {}", day.date()),
            format!(
                "less than {} listened on a day",
                hours(rules.day_listened_ms.into())
            ),
            format!(
                "{} on the worst of {days} days, {plays} plays in all",
                hours(*listened_ms)
            ),
            "a listener listens longer on a day than people do: a shop, an account that is shared, or machines",
        ),
        Signal::Overlap {
            listener,
            plays,
            of,
        } => (
            warning,
            format!("listener {listener}"),
            format!(
                "fewer than {} plays that start while another one runs",
                rules.overlap_plays
            ),
            format!("{plays} of {of} plays"),
            "plays of one listener run at the same time: an account that is shared, or many machines",
        ),
        Signal::SameSequence {
            day,
            listener,
            listeners,
            plays,
        } => (
            warning,
            format!("{} listener {listener} and others", day.date()),
            format!(
                "fewer than {} listeners with the same {} plays or more in the same order",
                rules.sequence_listeners, rules.sequence_plays
            ),
            format!("{listeners} listeners, {plays} plays"),
            "listeners play exactly the same in the same order on a day: a playlist played through, or a farm",
        ),
        Signal::Concentration {
            recordings,
            plays,
            of,
        } => (
            Severity::Info,
            "all plays".to_owned(),
            format!(
                "less than {} ppm of the plays by {recordings} recordings",
                rules.top_share_ppm
            ),
            format!("{plays} of {of} plays"),
            "a few recordings have nearly all plays",
        ),
        Signal::PopularityBias {
            recordings,
            plays,
            offered_ppm,
            chosen_ppm,
        } => (
            Severity::Info,
            "all plays".to_owned(),
            format!(
                "the {recordings} most played recordings at most {} ppm above their {chosen_ppm} ppm of chosen plays",
                rules.bias_ppm
            ),
            format!("{offered_ppm} ppm of the others, {plays} plays"),
            "the most played recordings have a much larger share of what listeners are offered than of what they choose",
        ),
    }
}

fn short_expected(rules: &SignalRules) -> String {
    format!(
        "less than {} ppm of plays that end within {} ms after they qualify",
        rules.short_share_ppm, rules.short_margin_ms
    )
}

/// Hours and minutes, rounded down.
fn hours(ms: u64) -> String {
    let minutes = ms / 60_000;
    format!("{} h {:02} min", minutes / 60, minutes % 60)
}
