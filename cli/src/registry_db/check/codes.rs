//! Check digits, territories, identifiers of several holders, exchange rates.

use std::collections::{BTreeMap, BTreeSet};

use ledgerline::id::{PartyId, Territories};

use super::super::doubts::{Doubt, Severity, rate_doubt, read_id, territory_doubt};
use super::super::facts::{Facts, FxRate, HolderId};
use super::{Finding, finding, interval_words};

pub(super) fn check(facts: &Facts, findings: &mut Vec<Finding>) {
    identifiers(facts, findings);
    territories(facts, findings);
    rates(&facts.fx, findings);
}

fn id_row(id: &HolderId) -> String {
    format!("holder_ids: {}, {}, {}", id.party, id.scheme, id.id)
}

fn identifiers(facts: &Facts, findings: &mut Vec<Finding>) {
    let doubt = |scheme: &str, code: &str| read_id(scheme, code).ok().and_then(|(_, doubt)| doubt);
    let mut parties: BTreeMap<(&str, &str), BTreeSet<PartyId>> = BTreeMap::new();
    for id in &facts.holder_ids {
        if let Some(doubt) = doubt(&id.scheme, &id.id) {
            findings.push(Finding {
                doubt,
                place: id.party.to_string(),
                rows: vec![id_row(id)],
            });
        }
        if !id.scheme.ends_with("-society") {
            let key = (id.scheme.as_str(), id.id.as_str());
            parties.entry(key).or_default().insert(id.party);
        }
    }
    for ((scheme, code), parties) in parties {
        if parties.len() > 1 {
            let row = |party: &PartyId| format!("holder_ids: {party}, {scheme}, {code}");
            findings.push(finding(
                "shared-identifier",
                Severity::Error,
                format!("{scheme} {code}"),
                "one holder with this identifier",
                format!("{}", parties.len()),
                parties.iter().map(row).collect(),
            ));
        }
    }
    let mut works: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for work in &facts.works {
        let Some(iswc) = &work.iswc else { continue };
        let row = format!("works: {}, {iswc}, {:?}", work.id, work.title);
        if let Some(doubt) = doubt("iswc", iswc) {
            findings.push(Finding {
                doubt,
                place: format!("work {}", work.id),
                rows: vec![row.clone()],
            });
        }
        works.entry(iswc).or_default().push(row);
    }
    for (iswc, mut rows) in works {
        if rows.len() > 1 {
            rows.sort_unstable();
            let found = rows.len().to_string();
            let expected = "one work with this ISWC";
            let place = format!("iswc {iswc}");
            findings.push(finding(
                "duplicate-work",
                Severity::Warning,
                place,
                expected,
                found,
                rows,
            ));
        }
    }
}

fn territories(facts: &Facts, findings: &mut Vec<Finding>) {
    let mut seen: BTreeMap<(String, String), (Doubt, Vec<String>)> = BTreeMap::new();
    let mut note = |place: String, territories: &Territories, row: &dyn Fn() -> String| {
        if let Some(doubt) = territory_doubt(territories) {
            let key = (place, doubt.found.clone());
            let (_, rows) = seen.entry(key).or_insert((doubt, Vec::new()));
            rows.push(row());
        }
    };
    for s in &facts.parts.shares {
        note(s.isrc.to_string(), &s.territories, &|| {
            format!(
                "shares: {}, {}, {}, {}, {} ppm, {}",
                s.isrc,
                s.right,
                s.territories,
                s.party,
                s.ppm.parts(),
                interval_words(s.valid)
            )
        });
    }
    for s in &facts.work_shares {
        note(format!("work {}", s.work), &s.territories, &|| {
            format!(
                "work_shares: {}, {}, {}, {}, {} ppm, {}",
                s.work,
                s.right,
                s.territories,
                s.party,
                s.ppm.parts(),
                interval_words(s.valid)
            )
        });
    }
    for l in &facts.parts.licences {
        note(l.isrc.to_string(), &l.territories, &|| {
            let interval = interval_words(l.valid);
            format!("licences: {}, {}, {interval}", l.isrc, l.territories)
        });
    }
    for ((place, _), (doubt, mut rows)) in seen {
        rows.sort_unstable();
        findings.push(Finding { doubt, place, rows });
    }
}

fn rates(fx: &[FxRate], findings: &mut Vec<Finding>) {
    let row = |r: &FxRate| {
        format!(
            "fx_rates: {}/{} {}, {}, {:?}",
            r.from, r.to, r.date, r.rate, r.source
        )
    };
    let known: BTreeMap<_, &FxRate> = fx.iter().map(|r| ((r.from, r.to, &r.date), r)).collect();
    for r in fx {
        let place = format!("{}/{} {}", r.from, r.to, r.date);
        if let Some(doubt) = rate_doubt(r.rate) {
            findings.push(Finding {
                doubt,
                place: place.clone(),
                rows: vec![row(r)],
            });
        }
        let inverse = known.get(&(r.to, r.from, &r.date));
        if let Some(inverse) = inverse.filter(|_| r.from < r.to) {
            findings.push(finding(
                "inverse-rate",
                Severity::Warning,
                place,
                "one rate for a pair of currencies and a day (Regulation (EC) 1103/97, article 4(3))",
                "rates in both directions".to_owned(),
                vec![row(r), row(inverse)],
            ));
        }
    }
}
