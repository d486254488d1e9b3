//! A whole run from its inputs, to show that a browser derives the very same note.

use std::collections::BTreeMap;

use ledgerline::attribution::Attributor;
use ledgerline::event::Event;
use ledgerline::log::{Hash, TreeBuilder};
use ledgerline::record::{RECORD_LENGTH, Record};
use ledgerline::registry::Snapshot;
use ledgerline::royalty::{Pools, Rules};
use ledgerline::salt::SaltKey;
use ledgerline::statement::{RunInputs, RunSalts, Sequential, derive};
use ledgerline::time::{Period, TimeMs};
use serde::Deserialize;

/// What stands in no file of its own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Meta {
    origin: String,
    from: String,
    to: String,
    revision: u32,
    run_salt: String,
    registry_salt: String,
}

/// The note's text, for a run without predecessor.
pub(crate) fn derive_text(
    records: &[u8],
    registry: &[u8],
    rules_file: &[u8],
    pools_file: &[u8],
    meta: &str,
) -> Result<String, String> {
    let meta: Meta = serde_json::from_str(meta).map_err(words)?;
    let time = |text: &str| TimeMs::parse(text).map_err(words);
    let period = Period::new(time(&meta.from)?, time(&meta.to)?)
        .ok_or("expected a period that ends after its start")?;
    let salt = |hex: &str| SaltKey::parse_hex(hex).ok_or("expected a salt key of 64 hex digits");
    let salts = RunSalts {
        run: salt(&meta.run_salt)?,
        registry: salt(&meta.registry_salt)?,
    };
    let registry = Snapshot::read(registry).map_err(words)?;
    let rules = Rules::parse(rules_file).map_err(words)?;
    let pools = Pools::parse(pools_file).map_err(words)?;

    let mut log = TreeBuilder::new();
    let mut events: Vec<Event> = Vec::with_capacity(records.len() / RECORD_LENGTH);
    for bytes in records.chunks(RECORD_LENGTH) {
        let event = Record::parse(bytes).and_then(|record| record.event_checked());
        events.push(event.map_err(|error| format!("record {}: {error}", log.size()))?);
        log.push(Hash::leaf(bytes));
    }
    let attributor = Attributor {
        registry: &registry,
        rules: &rules.counting,
        period,
        tiers: pools.tiers(),
    };
    let mut plays = Vec::new();
    attributor.attribute(&mut events, &mut plays);
    drop(events);
    plays.sort_unstable();
    let inputs = RunInputs {
        origin: &meta.origin,
        period,
        revision: meta.revision,
        log: log.head(),
        registry: &registry,
        rules_file,
        rules: &rules,
        pools_file,
        pools: &pools,
        previous: None,
        opening: &ledgerline::royalty::Opening::default(),
        earlier: &BTreeMap::new(),
        salts: &salts,
    };
    let derived = derive(&inputs, plays, &Sequential).map_err(words)?;
    Ok(derived.note.to_string())
}

fn words(error: impl core::fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    //! A run without a single event, and inputs that are refused with their place.
    use super::*;

    const RULES: &[u8] = b"version = 1\nmodel = \"pro-rata\"\n";
    const POOLS: &[u8] = b"territory,tier,right,currency,amount\nDE,premium,master,EUR,1\n";

    fn meta() -> String {
        let zeros = "0".repeat(64);
        format!(
            r#"{{"origin":"example.com/plays/2026-04","from":"2026-04-01T00:00:00Z","to":"2026-05-01T00:00:00Z","revision":0,"run_salt":"{zeros}","registry_salt":"{zeros}"}}"#
        )
    }

    #[test]
    fn an_empty_log_suspends_the_pool() {
        let text = derive_text(&[], &[], RULES, POOLS, &meta()).unwrap();
        assert!(text.starts_with("ledgerline/run/v1\norigin example.com/plays/2026-04\n"));
        assert!(text.contains("\nplays 0 "));
        assert!(text.contains("\nsuspense EUR 1000000\n"));
    }

    #[test]
    fn what_is_no_input_is_named() {
        let derive = |records: &[u8], registry: &[u8], rules: &[u8], pools: &[u8]| {
            derive_text(records, registry, rules, pools, &meta()).unwrap_err()
        };
        assert!(derive(&[0; 55], &[], RULES, POOLS).starts_with("record 0: "));
        assert!(derive(&[], &[9], RULES, POOLS).contains("registry"));
        assert!(derive(&[], &[], b"version = 2", POOLS).starts_with("rules"));
        assert!(derive(&[], &[], RULES, b"x").starts_with("pools"));
        assert!(derive_text(&[], &[], RULES, POOLS, "{}").is_err());
    }
}
