//! The core against `tests/vectors`, which the independent implementation made from `docs/format.md`
//! alone: records, salts, trees, openings, notes, tables, plays, money, samples.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test a panic is the finding"
)]

use ledgerline::attribution::{
    Attributor, CountingRules, Play, PlayFlags, Tally, TierNumbers, hear,
};
use ledgerline::bundle::{Nonce, sample};
use ledgerline::event::{Event, Flags, Kind, play_id_of_text};
use ledgerline::id::{Isrc, ListenerId, Name, PartyId, PlayId, Territories, Territory};
use ledgerline::log::{Checkpoint, Hash, Note, SigningKey, VerifierKey, opening, root_of};
use ledgerline::money::{Currency, Micros, Ppm};
use ledgerline::record::{Record, segment_key};
use ledgerline::registry::{Holder, Licence, Parts, Recording, Share, Snapshot, read_row};
use ledgerline::royalty::{ByAccount, Cell, Opening, Pools, Rules, Settler};
use ledgerline::salt::{ListenerKey, SaltKey};
use ledgerline::statement::{
    RunNote, RunSalts, SaltedRun, Table, TableSalts, encode_play, leaf, row_hash,
};
use ledgerline::time::{Interval, Period, TimeMs};
use ledgerline::wire::Reader;
use ledgerline_tests::{cases, hex, unhex};
use serde_json::Value;

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} in {value}"))
}

fn number(value: &Value, name: &str) -> u64 {
    value[name]
        .as_u64()
        .unwrap_or_else(|| panic!("{name} in {value}"))
}

fn bytes<const N: usize>(hex: &str) -> [u8; N] {
    unhex(hex).unwrap().try_into().unwrap()
}

fn hash(hex: &str) -> Hash {
    Hash::from_bytes(bytes(hex))
}

fn key(hex: &str) -> SaltKey {
    SaltKey::from_bytes(bytes(hex))
}

fn event(value: &Value) -> Event {
    Event {
        listener: ListenerId::parse(text(value, "listener")).unwrap(),
        play: PlayId::parse(text(value, "play")).unwrap(),
        time: TimeMs::new(number(value, "time")).unwrap(),
        position_ms: number(value, "position_ms").try_into().unwrap(),
        kind: Kind::parse(text(value, "kind")).unwrap(),
        isrc: Isrc::parse(text(value, "isrc")).unwrap(),
        territory: Territory::parse(text(value, "territory")).unwrap(),
        flags: Flags::new(
            value["active"].as_bool().unwrap(),
            value["offline"].as_bool().unwrap(),
        ),
    }
}

#[test]
fn records_salts_and_identifiers() {
    let cases = cases("record").unwrap();
    for case in list(&cases["records"]) {
        let record = Record::new(&bytes(text(case, "salt")), &event(case));
        assert_eq!(hex(record.as_bytes()), text(case, "record"));
        assert_eq!(Hash::leaf(record.as_bytes()), hash(text(case, "leaf")));
        assert_eq!(Record::parse(record.as_bytes()), Ok(record));
    }
    for case in list(&cases["refused_records"]) {
        let record = unhex(text(case, "record")).unwrap();
        assert!(Record::parse(&record).is_err(), "{}", text(case, "why"));
    }
    for case in list(&cases["segments"]) {
        let segment = segment_key(
            &key(text(case, "master")),
            text(case, "origin"),
            number(case, "segment"),
        );
        assert_eq!(*segment.to_hex(), text(case, "key"));
        for salt in list(&case["salts"]) {
            assert_eq!(
                hex(&segment.salt(number(salt, "index"))),
                text(salt, "salt")
            );
        }
    }
    for case in list(&cases["listeners"]) {
        let found = ListenerKey(key(text(case, "key"))).pseudonym(text(case, "user"));
        assert_eq!(found.to_string(), text(case, "listener"));
    }
    for case in list(&cases["play_ids"]) {
        let given = text(case, "text");
        let found = PlayId::parse(given).unwrap_or_else(|_| play_id_of_text(given));
        assert_eq!(found.to_string(), text(case, "play"), "{given}");
    }
    for case in list(&cases["isrcs"]) {
        let isrc = Isrc::parse(text(case, "text")).unwrap();
        assert_eq!(isrc.to_string(), text(case, "isrc"));
        assert_eq!(isrc.packed(), number(case, "packed"));
    }
    for case in list(&cases["refused_isrcs"]) {
        assert!(Isrc::parse(case.as_str().unwrap()).is_err(), "{case}");
    }
}

#[test]
fn trees_and_opening_proofs() {
    let leaves: Vec<Hash> = (0..70_001)
        .map(|i: u32| Hash::leaf(i.to_string().as_bytes()))
        .collect();
    for case in list(&cases("tree").unwrap()) {
        let size = number(case, "size") as usize;
        assert_eq!(
            root_of(&leaves[..size]),
            hash(text(case, "root")),
            "{size} leaves"
        );
    }
    let cases = cases("opening").unwrap();
    let read = |case: &Value| {
        let opened: Vec<u64> = list(&case["opened"])
            .iter()
            .map(|p| p.as_u64().unwrap())
            .collect();
        let proof: Vec<Hash> = list(&case["proof"])
            .iter()
            .map(|h| hash(h.as_str().unwrap()))
            .collect();
        (
            number(case, "size"),
            opened,
            proof,
            hash(text(case, "root")),
        )
    };
    let verify = |size: u64, opened: &[u64], proof: &[Hash]| {
        let leaf_at = |p: &u64| (*p, leaves.get(*p as usize).copied().unwrap_or(leaves[0]));
        opening::root(size, opened.iter().map(leaf_at), proof)
    };
    for case in list(&cases["good"]) {
        let (size, mut opened, proof, root) = read(case);
        opened.dedup();
        assert_eq!(
            opening::prove_subtree(&leaves[..size as usize], &opened),
            Ok(proof.clone())
        );
        assert_eq!(verify(size, &opened, &proof), Ok(root));
    }
    for case in list(&cases["refused"]) {
        let (size, opened, proof, root) = read(case);
        assert_ne!(verify(size, &opened, &proof), Ok(root), "{case}");
    }
}

#[test]
fn keys_notes_checkpoints_and_run_notes() {
    let cases = cases("note").unwrap();
    for case in list(&cases["keys"]) {
        let secret = SigningKey::parse(text(case, "secret")).unwrap();
        assert_eq!(secret.verifier().to_string(), text(case, "vkey"));
        assert_eq!(*secret.to_secret_text(), text(case, "secret"));
        assert_eq!(
            format!("{:08x}", secret.verifier().id()),
            text(case, "key_id")
        );
    }
    let secrets: Vec<SigningKey> = list(&cases["keys"])
        .iter()
        .map(|case| SigningKey::parse(text(case, "secret")).unwrap())
        .collect();
    for case in list(&cases["notes"]) {
        let note = Note::parse(text(case, "signed").as_bytes()).unwrap();
        let vkey = VerifierKey::parse(text(case, "vkey")).unwrap();
        assert_eq!(note.text(), text(case, "text"));
        assert_eq!(note.verify(std::slice::from_ref(&vkey)), Ok(vec![&vkey]));
        let signer = secrets.iter().find(|key| *key.verifier() == vkey);
        if let Some(signer) = signer.filter(|_| note.signatures().len() == 1) {
            assert_eq!(Note::sign(note.text(), &[signer]).unwrap(), note);
        }
    }
    for case in list(&cases["refused_signatures"]) {
        let note = Note::parse(text(case, "signed").as_bytes()).unwrap();
        let vkey = VerifierKey::parse(text(case, "vkey")).unwrap();
        assert!(note.verify(&[vkey]).is_err(), "{}", text(case, "why"));
    }
    for case in list(&cases["refused_notes"]) {
        let signed = text(case, "signed").as_bytes();
        assert!(Note::parse(signed).is_err(), "{}", text(case, "why"));
    }
    for case in list(&cases["refused_checkpoints"]) {
        let parsed = Note::parse(text(case, "signed").as_bytes());
        let parsed = parsed
            .ok()
            .and_then(|note| Checkpoint::parse(note.text()).ok());
        assert_eq!(parsed, None, "{}", text(case, "why"));
    }
    for case in list(&cases["run_notes"]) {
        let note = case.as_str().unwrap();
        assert_eq!(
            RunNote::parse(note).map(|run| run.to_string()),
            Ok(note.to_owned())
        );
    }
    for case in list(&cases["refused_run_notes"]) {
        assert!(
            RunNote::parse(text(case, "text")).is_err(),
            "{}",
            text(case, "why")
        );
    }
    for case in list(&cases["refused_vkeys"]) {
        assert!(
            VerifierKey::parse(case.as_str().unwrap()).is_err(),
            "{case}"
        );
    }
}

#[test]
fn rows_leaves_and_table_salts() {
    let cases = cases("tables").unwrap();
    for case in list(&cases["keys"]) {
        let (from, to) = text(case, "period").split_once(' ').unwrap();
        let period = Period::parse(&format!("{from}/{to}")).unwrap();
        let revision = number(case, "revision").try_into().unwrap();
        let master = key(text(case, "master"));
        let salts = RunSalts::derive(
            &master,
            &SaltedRun {
                origin: text(case, "origin"),
                period,
                revision,
                log_root: hash(text(case, "log_root")),
                registry_rows: hash(text(case, "registry_rows")),
                rules: hash(text(case, "rules")),
                pools: hash(text(case, "pools")),
                previous: case["previous"].as_str().map(hash),
            },
        );
        assert_eq!(*salts.run.to_hex(), text(case, "k_run"));
        assert_eq!(*salts.registry.to_hex(), text(case, "k_reg"));
        for (salt, index) in list(&case["registry_salts"]).iter().zip(0..) {
            assert_eq!(hex(&salts.registry.salt(index)), salt.as_str().unwrap());
        }
    }
    for table in Table::ALL {
        let rows = list(&cases["rows"][table.name()]);
        assert!(!rows.is_empty(), "{}", table.name());
        for case in rows {
            let (key, row) = (
                unhex(text(case, "key")).unwrap(),
                unhex(text(case, "bytes")).unwrap(),
            );
            let found = leaf(&key, row_hash(&bytes(text(case, "salt")), &row));
            assert_eq!(found, hash(text(case, "leaf")), "{}", table.name());
            let mut reader = Reader::new(&row);
            table.skip_row(&key, &mut reader).unwrap();
            assert_eq!(reader.finish(), Ok(()), "{}", table.name());
        }
    }
    for case in list(&cases["territories"]["matches"]) {
        let territories = Territories::parse(text(case, "territories")).unwrap();
        let territory = Territory::parse(text(case, "territory")).unwrap();
        assert_eq!(
            territories.contains(territory),
            case["matches"].as_bool().unwrap(),
            "{case}"
        );
    }
    for case in list(&cases["refused_registry_rows"]) {
        let (key, row) = (bytes(text(case, "key")), unhex(text(case, "row")).unwrap());
        let mut reader = Reader::new(&row);
        let read = read_row(&key, &mut reader).and_then(|_| reader.finish());
        assert!(read.is_err(), "{}", text(case, "why"));
    }
    for case in list(&cases["refused_snapshots"]) {
        let parts = list(&case["rows"]).iter().flat_map(list);
        let joined: Vec<u8> = parts
            .flat_map(|part| unhex(part.as_str().unwrap()).unwrap())
            .collect();
        assert!(Snapshot::read(&joined).is_err(), "{}", text(case, "why"));
    }
}

fn recordings(rows: &Value) -> Snapshot {
    let mut bytes = Vec::new();
    for row in list(rows) {
        assert_eq!(text(row, "kind"), "recording");
        let mut parts = Parts::default();
        parts.recordings.push(Recording {
            isrc: Isrc::parse(text(row, "isrc")).unwrap(),
            title: text(row, "title").to_owned(),
            artist: text(row, "artist").to_owned(),
            length_ms: number(row, "length").try_into().unwrap(),
        });
        for (key, row) in Snapshot::new(parts).unwrap().rows() {
            bytes.extend(key.into_iter().chain(row));
        }
    }
    Snapshot::read(&bytes).unwrap()
}

#[test]
fn plays_from_events() {
    let mut checked = 0;
    for case in list(&cases("attribution").unwrap()) {
        let rules = &case["rules"];
        let rules = CountingRules {
            qualify_ms: number(rules, "qualify_ms").try_into().unwrap(),
            heartbeat_ms: number(rules, "heartbeat_ms").try_into().unwrap(),
            tolerance_ms: number(rules, "tolerance_ms").try_into().unwrap(),
            late_days: number(rules, "late_days").try_into().unwrap(),
        };
        // Subscriptions, shares and licences are exercised by the settled worlds and whole runs.
        let only_recordings = |row: &Value| text(row, "kind") == "recording";
        let registry = if list(&case["registry"]).iter().all(only_recordings) {
            recordings(&case["registry"])
        } else {
            Snapshot::default()
        };
        let whole = list(&case["registry"]).iter().all(only_recordings);
        let names = list(&case["tiers"])
            .iter()
            .map(|t| Name::parse(t.as_str().unwrap()).unwrap());
        let tiers = TierNumbers::new(names.collect()).unwrap();
        let time = |name| TimeMs::new(number(case, name)).unwrap();
        let attributor = Attributor {
            registry: &registry,
            rules: &rules,
            period: Period::new(time("from"), time("to")).unwrap(),
            tiers: &tiers,
        };
        let mut events: Vec<Event> = list(&case["events"]).iter().map(event).collect();
        events.sort_unstable();
        events.dedup();
        let heard = hear(&events, &rules).unwrap();
        let expected = &case["play"];
        let name = text(case, "name");
        assert_eq!(
            u64::from(heard.listened_ms),
            number(expected, "listened"),
            "{name}"
        );
        assert_eq!(
            heard.first.isrc.to_string(),
            text(expected, "isrc"),
            "{name}"
        );
        assert_eq!(
            heard.first.territory.to_string(),
            text(expected, "territory"),
            "{name}"
        );
        assert_eq!(heard.first.time.ms(), number(expected, "time"), "{name}");
        assert_eq!(
            heard.first.flags.is_active(),
            expected["active"].as_bool().unwrap(),
            "{name}"
        );
        if whole {
            let counted = attributor.count(&heard, &mut Tally::default());
            assert_eq!(
                counted.is_some(),
                expected["counted"].as_bool().unwrap(),
                "{name}"
            );
            if let Some(play) = counted {
                assert_eq!(
                    play.flags.is_late(),
                    expected["late"].as_bool().unwrap(),
                    "{name}"
                );
                assert_eq!(u64::from(play.tier), number(expected, "tier"), "{name}");
                assert_eq!(
                    u64::from(play.share_version),
                    number(expected, "version"),
                    "{name}"
                );
            }
            checked += 1;
        }
    }
    assert!(checked > 60, "{checked} cases counted in full");
}

fn at(value: &Value, place: usize) -> &str {
    value[place].as_str().unwrap()
}

fn int(value: &Value, place: usize) -> i64 {
    value[place].as_i64().unwrap()
}

fn interval(value: &Value, place: usize) -> Interval {
    Interval {
        from: value[place].as_i64().unwrap_or(i64::MIN),
        to: value[place + 1].as_i64().unwrap_or(i64::MAX),
    }
}

fn world_registry(world: &Value) -> Snapshot {
    let isrc = |text: &str| Isrc::parse(text).unwrap();
    let mut parts = Parts::default();
    for row in list(&world["recordings"]) {
        parts.recordings.push(Recording {
            isrc: isrc(at(row, 0)),
            title: String::new(),
            artist: String::new(),
            length_ms: int(row, 1).try_into().unwrap(),
        });
    }
    for row in list(&world["shares"]) {
        let party = PartyId::parse(at(row, 0)).unwrap();
        if parts.holders.iter().all(|holder| holder.party != party) {
            parts.holders.push(Holder {
                party,
                name: String::new(),
                currency: Currency::parse("EUR").unwrap(),
            });
        }
        // A row holds up to the whole; a larger claim stands as two rows of the holder.
        let claim: u32 = int(row, 4).try_into().unwrap();
        let whole = claim.min(1_000_000);
        for ppm in [whole, claim - whole].into_iter().filter_map(Ppm::new) {
            parts.shares.push(Share {
                party,
                isrc: isrc(at(row, 1)),
                right: Name::parse(at(row, 2)).unwrap(),
                territories: Territories::parse(at(row, 3)).unwrap(),
                ppm,
                valid: interval(row, 5),
            });
        }
    }
    for row in list(&world["licences"]) {
        parts.licences.push(Licence {
            isrc: isrc(at(row, 0)),
            territories: Territories::parse(at(row, 1)).unwrap(),
            valid: interval(row, 2),
        });
    }
    Snapshot::new(parts).unwrap()
}

/// `[holder, currency, micros]`, a row each.
fn accounts(rows: &Value) -> ByAccount {
    let account = |row: &Value| {
        let party = PartyId::parse(row[0].as_str().unwrap()).unwrap();
        let currency = Currency::parse(row[1].as_str().unwrap()).unwrap();
        ((party, currency), Micros(row[2].as_i64().unwrap()))
    };
    list(rows).iter().map(account).collect()
}

fn rules_with_minimum(rows: &Value) -> Rules {
    let mut text = "version = 1\nmodel = \"pro-rata\"\n[payment.minimum]\n".to_owned();
    for row in list(rows) {
        let least = Micros(row[1].as_i64().unwrap());
        text += &format!("{} = \"{least}\"\n", row[0].as_str().unwrap());
    }
    Rules::parse(text.as_bytes()).unwrap()
}

#[test]
fn settled_worlds() {
    let cases = cases("settle").unwrap();
    let worlds = list(&cases["worlds"]);
    assert!(worlds.len() >= 200);
    for world in worlds {
        let registry = world_registry(world);
        let mut file = "territory,tier,right,currency,amount\n".to_owned();
        for row in list(&world["pools"]) {
            let amount = Micros(int(row, 4));
            let [territory, tier, right, currency] = [0, 1, 2, 3].map(|place| at(row, place));
            file.push_str(&format!("{territory},{tier},{right},{currency},{amount}\n"));
        }
        let pools = Pools::parse(file.as_bytes()).unwrap();
        let mut settler = Settler::new(&registry, &pools);
        for row in list(&world["plays"]) {
            let play = Play {
                isrc: Isrc::parse(at(row, 0)).unwrap(),
                territory: Territory::parse(at(row, 1)).unwrap(),
                tier: int(row, 2).try_into().unwrap(),
                share_version: int(row, 3).try_into().unwrap(),
                time: TimeMs::new(int(row, 4).try_into().unwrap()).unwrap(),
                listener: ListenerId::parse(at(row, 5)).unwrap(),
                play: PlayId::parse(at(row, 6)).unwrap(),
                listened_ms: int(row, 7).try_into().unwrap(),
                weight: 1000,
                flags: PlayFlags::from_byte(int(row, 8).try_into().unwrap()).unwrap(),
            };
            assert_eq!(encode_play(&play).len(), 37);
            assert_eq!(
                registry.share_version(play.isrc, play.time),
                play.share_version
            );
            settler.push(&play).unwrap();
        }
        let opening = Opening {
            brought_forward: accounts(&world["brought"]),
            replaced: accounts(&world["replaced"]),
        };
        let rules = rules_with_minimum(&world["minimum"]);
        let settlement = settler.finish(&opening, &rules.payment).unwrap();
        let cells: Vec<Value> = settlement.cells.iter().map(cell_row).collect();
        assert_eq!(&cells, list(&world["cells"]));
        let lines: Vec<Value> = settlement
            .lines
            .iter()
            .map(|l| {
                serde_json::json!([
                    l.party.to_string(),
                    l.cell.isrc.to_string(),
                    l.cell.territory.to_string(),
                    l.cell.tier,
                    l.cell.share_version,
                    l.right.as_str(),
                    l.currency.to_string(),
                    l.ppm.parts(),
                    l.ppm_before,
                    l.amount.0
                ])
            })
            .collect();
        assert_eq!(&lines, list(&world["lines"]));
        let holders: Vec<Value> = settlement
            .balances
            .iter()
            .map(|b| {
                serde_json::json!([
                    b.party.to_string(),
                    b.currency.to_string(),
                    b.brought_forward.0,
                    b.earned.0,
                    b.replaced.0,
                    b.payable.0,
                    b.carried_forward.0
                ])
            })
            .collect();
        assert_eq!(&holders, list(&world["holders"]));
        let totals: Vec<Value> = settlement
            .totals
            .iter()
            .map(|(c, t)| serde_json::json!([c.to_string(), t.pool.0, t.paid.0, t.suspense.0]))
            .collect();
        assert_eq!(&totals, list(&world["totals"]));
    }
}

fn cell_row(cell: &Cell) -> Value {
    let amounts: Vec<Value> = cell
        .amounts
        .iter()
        .map(|a| {
            serde_json::json!([
                a.right.as_str(),
                a.currency.to_string(),
                a.amount.0,
                a.suspended.0,
                a.reason as u8
            ])
        })
        .collect();
    serde_json::json!([
        cell.key.isrc.to_string(),
        cell.key.territory.to_string(),
        cell.key.tier,
        cell.key.share_version,
        cell.weight,
        cell.weight_before,
        cell.weight_total,
        cell.first,
        cell.end,
        amounts
    ])
}

#[test]
fn sampled_positions() {
    let cases = cases("sample").unwrap();
    let texts = &cases["texts"];
    let run = Hash::of(text(texts, "run_note").as_bytes());
    let checkpoint = Hash::of(text(texts, "checkpoint").as_bytes());
    assert_eq!(run, hash(text(texts, "run_note_hash")));
    let key = ledgerline::royalty::CellKey {
        isrc: Isrc::parse("AAAAA0000000").unwrap(),
        territory: Territory::parse("DE").unwrap(),
        tier: 0,
        share_version: 0,
    };
    for case in list(&cases["samples"]) {
        let first = number(case, "first");
        let cell = Cell {
            key,
            weight: 0,
            weight_before: 0,
            weight_total: 0,
            first,
            end: first + number(case, "plays"),
            amounts: Vec::new(),
        };
        let nonce = Nonce::new(unhex(text(case, "nonce")).unwrap()).unwrap();
        let found = sample(&run, &checkpoint, number(case, "cell"), &cell, &nonce);
        let expected: Vec<u64> = list(&case["positions"])
            .iter()
            .map(|p| p.as_u64().unwrap())
            .collect();
        assert_eq!(found, expected, "{case}");
    }
    assert_eq!(
        TableSalts::cell_key(&SaltKey::from_bytes([0; 32]), 0)
            .to_hex()
            .len(),
        64
    );
}
