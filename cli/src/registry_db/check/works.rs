//! Works and recordings: links that lead nowhere or to too much, publishing rights without a work,
//! holders who cannot be paid, recordings that stand twice.

use std::collections::{BTreeMap, BTreeSet};

use ledgerline::id::{Isrc, Name, WorkId};
use ledgerline::registry::Recording;

use super::super::doubts::Severity;
use super::super::facts::Facts;
use super::{Checked, Finding, finding, interval_words, recording_words};

pub(super) fn check(facts: &Facts, checked: &Checked, findings: &mut Vec<Finding>) {
    links(facts, findings);
    let publishing = checked.publishing(facts);
    without_work(facts, &publishing, findings);
    works_without_shares(facts, checked, &publishing, findings);
    without_currency(facts, findings);
    duplicates(facts, findings);
}

fn links(facts: &Facts, findings: &mut Vec<Finding>) {
    let recordings: BTreeSet<Isrc> = facts.parts.recordings.iter().map(|r| r.isrc).collect();
    let mut parts: BTreeMap<Isrc, (u64, Vec<String>)> = BTreeMap::new();
    for link in &facts.links {
        let row = format!(
            "recording_works: {}, {}, {} ppm",
            link.isrc,
            link.work,
            link.part.parts()
        );
        let (sum, rows) = parts.entry(link.isrc).or_default();
        *sum += u64::from(link.part.parts());
        rows.push(row);
    }
    for (isrc, (sum, mut rows)) in parts {
        rows.sort_unstable();
        if !recordings.contains(&isrc) {
            findings.push(finding(
                "unknown-recording",
                Severity::Warning,
                isrc.to_string(),
                "a recording that a work is linked to",
                "none with this ISRC".to_owned(),
                rows.clone(),
            ));
        }
        let severity = match sum {
            1_000_000 => continue,
            0..1_000_000 => Severity::Warning,
            _ => Severity::Error,
        };
        findings.push(finding(
            "work-parts",
            severity,
            isrc.to_string(),
            "works that are 1000000 ppm of the recording",
            format!("{sum} ppm"),
            rows,
        ));
    }
}

/// Recordings that a publishing pool cannot pay for: no work, and no own share of the right.
fn without_work(facts: &Facts, publishing: &[Name], findings: &mut Vec<Finding>) {
    let linked: BTreeSet<Isrc> = facts.links.iter().map(|link| link.isrc).collect();
    let own: BTreeSet<(Isrc, &Name)> = facts
        .parts
        .shares
        .iter()
        .map(|s| (s.isrc, &s.right))
        .collect();
    for recording in &facts.parts.recordings {
        if linked.contains(&recording.isrc) {
            continue;
        }
        let missing = publishing.iter();
        let missing: Vec<&str> = missing
            .filter(|right| !own.contains(&(recording.isrc, *right)))
            .map(Name::as_str)
            .collect();
        if !missing.is_empty() {
            findings.push(finding(
                "no-work",
                Severity::Warning,
                recording.isrc.to_string(),
                "a work, or own shares, for each publishing right that is paid",
                format!("none for {}", missing.join(" and ")),
                vec![recording_words(recording)],
            ));
        }
    }
}

/// Works that embody nothing that pays: linked, but without a share of a publishing right.
fn works_without_shares(
    facts: &Facts,
    checked: &Checked,
    publishing: &[Name],
    findings: &mut Vec<Finding>,
) {
    let with: BTreeSet<(&WorkId, &Name)> = facts
        .work_shares
        .iter()
        .map(|s| (&s.work, &s.right))
        .collect();
    let linked: BTreeSet<&WorkId> = facts.links.iter().map(|link| &link.work).collect();
    for work in facts.works.iter().filter(|work| linked.contains(&work.id)) {
        for right in publishing {
            if !with.contains(&(&work.id, right)) {
                findings.push(finding(
                    "no-shares",
                    Severity::Warning,
                    format!(
                        "work {} {right}, everywhere, {}",
                        work.id,
                        interval_words(checked.interval())
                    ),
                    "1000000 ppm",
                    "0 ppm".to_owned(),
                    vec![format!("works: {}, {:?}", work.id, work.title)],
                ));
            }
        }
    }
}

fn without_currency(facts: &Facts, findings: &mut Vec<Finding>) {
    let own = facts.parts.shares.iter().map(|s| s.party);
    let with_shares: BTreeSet<_> = own
        .chain(facts.work_shares.iter().map(|s| s.party))
        .collect();
    for (party, name, currency) in &facts.holders {
        if currency.is_some() {
            continue;
        }
        let (severity, found) = if with_shares.contains(party) {
            let found = "none; its shares are left out and their money is suspended";
            (Severity::Error, found)
        } else {
            (Severity::Warning, "none")
        };
        findings.push(finding(
            "no-currency",
            severity,
            party.to_string(),
            "a currency that the holder is paid in",
            found.to_owned(),
            vec![format!("holders: {party}, {name:?}")],
        ));
    }
}

/// Recordings with the same title, artist and known length, whatever the case and the blanks.
fn duplicates(facts: &Facts, findings: &mut Vec<Finding>) {
    let plain = |text: &str| {
        let words: Vec<&str> = text.split_whitespace().collect();
        words.join(" ").to_lowercase()
    };
    let mut alike: BTreeMap<(u32, String, String), Vec<&Recording>> = BTreeMap::new();
    for recording in &facts.parts.recordings {
        if recording.length_ms == 0 || recording.title.trim().is_empty() {
            continue;
        }
        let key = (
            recording.length_ms,
            plain(&recording.artist),
            plain(&recording.title),
        );
        alike.entry(key).or_default().push(recording);
    }
    for group in alike.values_mut() {
        group.sort_unstable_by_key(|r| r.isrc);
        let [first, _, ..] = group.as_slice() else {
            continue;
        };
        findings.push(finding(
            "duplicate-recording",
            Severity::Warning,
            first.isrc.to_string(),
            "one ISRC for a recording",
            format!("{} of the same title, artist and length", group.len()),
            group.iter().map(|r| recording_words(r)).collect(),
        ));
    }
}
