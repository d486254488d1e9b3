//! Keys: a rotation in which nobody who knows one of the keys is ever left without a signature, and
//! secrets that stay with their owner.

use std::fs;

use crate::common::{Place, events};
use crate::served::Served;
use ledgerline::log::{Checkpoint, Note, VerifierKey};
use ledgerline_cli::ledger::LedgerWriter;

fn note(place: &Place, path: &str) -> Note {
    Note::parse(&fs::read(place.path(path)).unwrap()).unwrap()
}

/// Whether this key's signature is on a note.
fn holds(note: &Note, vkey: &str) -> bool {
    let key = VerifierKey::parse(vkey.trim()).unwrap();
    note.verify(&[key]).is_ok()
}

fn id_of(vkey: &str) -> &str {
    vkey.split('+').nth(1).unwrap()
}

fn append(place: &Place, from: usize, to: usize) {
    let mut writer = LedgerWriter::open(&place.path("april")).unwrap();
    writer.append(&events(to)[from..]).unwrap();
    writer.commit().unwrap();
}

#[test]
fn a_rotation_overlaps_and_retired_keys_sign_no_more() {
    let place = Place::new();
    let old = place.init("april");
    append(&place, 0, 300);
    place.run("checkpoint april").fine();
    let first = note(&place, "april/checkpoint");
    assert!(holds(&first, &old));

    let new = place.run("keys rotate april").fine();
    // The checkpoint that is out gets the new signature too, over the same text.
    place.run("checkpoint april").fine();
    let both = note(&place, "april/checkpoint");
    assert_eq!(both.text(), first.text());
    assert!(holds(&both, &old) && holds(&both, &new));
    assert_eq!(note(&place, "april/checkpoints/300"), both);
    append(&place, 300, 700);
    place.run("checkpoint april").fine();
    let both = note(&place, "april/checkpoint");
    assert!(holds(&both, &old) && holds(&both, &new));

    let shown = place.run("keys show april").fine();
    assert_eq!(shown.matches("signs ").count(), 2, "{shown}");
    assert!(shown.contains(old.trim()) && shown.contains(new.trim()));

    let secret = fs::read_to_string(place.path("april/secret/log.key")).unwrap();
    place
        .run(&format!("keys retire april {}", id_of(&old)))
        .fine();
    let left = fs::read_to_string(place.path("april/secret/log.key")).unwrap();
    assert!(secret.ends_with(&left) && left.lines().count() == 1);
    append(&place, 700, 900);
    place.run("checkpoint april").fine();
    let after = note(&place, "april/checkpoint");
    assert!(!holds(&after, &old) && holds(&after, &new));
    let shown = place.run("keys show april").fine();
    assert_eq!(shown.matches("retired ").count(), 1, "{shown}");
    assert!(!shown.contains("PRIVATE"));

    // What only the old key signed still opens, for the writer and for the list's readers.
    let vkeys = fs::read_to_string(place.path("april/vkeys")).unwrap();
    let keys: Vec<_> = vkeys
        .lines()
        .map(|key| VerifierKey::parse(key).unwrap())
        .collect();
    assert!(Checkpoint::open(&first, crate::common::ORIGIN, &keys).is_ok());
}

#[test]
fn a_key_is_not_retired_before_another_has_signed() {
    let place = Place::new();
    let old = place.init("april");
    let retire = format!("keys retire april {}", id_of(&old));
    place.run(&retire).refused(&["keys rotate"]);
    append(&place, 0, 10);
    place.run("checkpoint april").fine();
    let new = place.run("keys rotate april").fine();
    place.run(&retire).refused(&["`ledgerline checkpoint`"]);
    place.run("checkpoint april").fine();
    place
        .run("keys retire april 00000000")
        .refused(&["00000000"]);
    place
        .run("keys retire april 530d")
        .refused(&["8 hex digits"]);
    place.run(&retire).fine();
    place
        .run(&format!("keys retire april {}", id_of(&new)))
        .refused(&["keys rotate"]);
    for _ in 0..7 {
        place.run("keys rotate april").fine();
    }
    place.run("keys rotate april").refused(&["at most 8 keys"]);
}

#[test]
fn a_key_stays_until_the_served_checkpoint_has_another() {
    let place = Place::new();
    let old = place.init("april");
    let retire = format!("keys retire april {}", id_of(&old));
    append(&place, 0, 10);
    place.run("checkpoint april").fine();
    let new = place.run("keys rotate april").fine();
    append(&place, 10, 20);
    // Both keys sign the next one, which nobody cosigns, so that the served one has the old key only.
    place
        .run("keys new w.example --type cosignature --out w.key")
        .fine();
    let witness = place.run("keys show w.key --json").fine();
    let witness: serde_json::Value = serde_json::from_str(&witness).unwrap();
    let vkey = witness["keys"][0]["vkey"].as_str().unwrap();
    place.write(
        "policy",
        format!("witness w {vkey} http://127.0.0.1:9/\nquorum w\n"),
    );
    assert_eq!(place.run("checkpoint april --policy policy").code, 3);
    let pending = note(&place, "april/checkpoints/20");
    assert!(holds(&pending, &old) && holds(&pending, &new));
    place
        .run(&retire)
        .refused(&["the served checkpoint", "`ledgerline checkpoint`"]);
    place.run("checkpoint april --fail open").fine();
    // The witness cannot be asked whether it knows the new key.
    let ran = place.run(&retire);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("NOT retired"), "{}", ran.err);
    let ran = place.run(&format!("{retire} --force"));
    assert!(
        ran.err.contains("warning: expected the quorum"),
        "{}",
        ran.err
    );
    ran.fine();
    place.run("tiles april --out out").fine();
    assert!(holds(&note(&place, "out/checkpoint"), &new));
}

#[test]
fn a_key_stays_until_the_policy_and_its_witnesses_know_another() {
    let place = Place::new();
    let old = place.init("april");
    let witness = place.run("witness init w --name w.example").fine();
    place.run(&format!("witness add-log w {old}")).fine();
    let served = Served::start(&place, "w", &[]);
    let policy = |log: &str, url: &str| {
        let witness = witness.trim();
        let text = format!("log {log}\nwitness w {witness} {url}\nquorum w\n");
        place.write("policy", text);
    };
    policy(&old, &served.url);
    append(&place, 0, 10);
    place.run("checkpoint april --policy policy").fine();
    let new = place.run("keys rotate april").fine().trim().to_owned();
    append(&place, 10, 20);
    // The witness cosigns by the old line.
    place.run("checkpoint april").fine();
    let secret = || fs::read_to_string(place.path("april/secret/log.key")).unwrap();
    let (before, retire) = (secret(), format!("keys retire april {}", id_of(&old)));

    // Readers by the policy know the old key only.
    place
        .run(&retire)
        .refused(&[&format!("`log {new}`"), "april/policy", "--force"]);
    policy(&new, &served.url);
    place.run("checkpoint april --policy policy").fine();
    // So does the witness.
    let not = |words: &[&str]| {
        let ran = place.run(&retire);
        assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
        for word in [&["NOT retired"], words].concat() {
            assert!(ran.err.contains(word), "expected {word:?} in {}", ran.err);
        }
        assert!(ran.out.is_empty() && secret() == before);
    };
    not(&["403", "witness add-log", &new]);
    drop(served);
    not(&["witness w"]);
    place.run(&format!("witness add-log w {new}")).fine();
    let served = Served::start(&place, "w", &[]);
    policy(&new, &served.url);
    place.run("checkpoint april --policy policy").fine();
    append(&place, 20, 30);
    not(&["`ledgerline checkpoint` first"]);
    place.run("checkpoint april").fine();
    let signed = fs::read_dir(place.path("april/checkpoints"))
        .unwrap()
        .count();
    place.run(&retire).fine();
    assert_eq!(
        fs::read_dir(place.path("april/checkpoints"))
            .unwrap()
            .count(),
        signed
    );

    // The witness goes on with the new key alone.
    append(&place, 30, 40);
    place.run("checkpoint april").fine();
    let note = note(&place, "april/checkpoint");
    assert!(!holds(&note, &old) && holds(&note, &new) && holds(&note, &witness));
}

#[test]
fn tiles_and_receipts_of_what_a_retired_key_signed_verify() {
    let place = Place::new();
    let old = place.init("april");
    append(&place, 0, 10);
    place.run("checkpoint april").fine();
    let first = fs::read(place.path("april/checkpoint")).unwrap();
    let new = place.run("keys rotate april").fine();
    place.run("checkpoint april").fine();
    place
        .run(&format!("keys retire april {}", id_of(&old)))
        .fine();
    // As older versions could leave it: served under the retired key alone.
    fs::write(place.path("april/checkpoint"), &first).unwrap();
    let ran = place.run("tiles april --out out");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    place.run("receipt april 3 --out r").fine();
    place.run(&format!("verify r --key {}", old.trim())).fine();
    place
        .run(&format!("tiles april --out new --key {}", new.trim()))
        .refused(&["checkpoint"]);
}

#[test]
fn a_log_signs_with_ml_dsa_too() {
    let place = Place::new();
    let old = place.init("april");
    let new = place.run("keys rotate april --type ml-dsa").fine();
    append(&place, 0, 10);
    place.run("checkpoint april").fine();
    let both = note(&place, "april/checkpoint");
    assert!(holds(&both, &old) && holds(&both, &new));
    // An unchanged log keeps its checkpoint, time included.
    place.run("checkpoint april").fine();
    assert_eq!(note(&place, "april/checkpoint"), both);
    // It cannot be the only key: run notes need type 0x01.
    place
        .run(&format!("keys retire april {}", id_of(&old)))
        .refused(&["type 0x01"]);
    place
        .run(&format!("keys retire april {}", id_of(&new)))
        .fine();
}

#[test]
fn secrets_have_mode_0600_and_are_never_printed() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.init("april");
    place.run("keys rotate april --type ml-dsa").fine();
    for (kind, byte) in [("ed25519", 1), ("cosignature", 4), ("ml-dsa", 6)] {
        let vkey = place
            .run(&format!(
                "keys new name.example --type {kind} --out {kind}.key"
            ))
            .fine();
        let key = VerifierKey::parse(vkey.trim()).unwrap();
        assert_eq!(key.kind().byte(), byte);
        let shown = place.run(&format!("keys show {kind}.key --json")).fine();
        assert!(shown.contains(vkey.trim()) && !shown.contains("PRIVATE"));
        place
            .run(&format!("keys new name.example --out {kind}.key"))
            .refused(&[]);
    }
    let mut paths = vec!["ed25519.key".to_owned(), "ml-dsa.key".to_owned()];
    for entry in fs::read_dir(place.path("april/secret")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        paths.push(format!("april/secret/{name}"));
    }
    assert!(paths.len() >= 5, "{paths:?}");
    for path in &paths {
        let mode = fs::metadata(place.path(path)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{path}");
    }
    let mode = fs::metadata(place.path("april/secret")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o700);

    // A key that others can read is still a key, but its owner is told.
    let exposed = place.path("april/secret/log.key");
    fs::set_permissions(&exposed, fs::Permissions::from_mode(0o644)).unwrap();
    let ran = place.run("keys show april");
    assert!(ran.err.contains("chmod 600"), "{}", ran.err);
}

#[test]
fn a_ledgers_key_file_holds_its_logs_keys_and_nothing_else() {
    let place = Place::new();
    place.init("april");
    let path = place.path("april/secret/log.key");
    let good = fs::read_to_string(&path).unwrap();
    place.run("keys new other.example --out other.key").fine();
    place
        .run(&format!(
            "keys new {} --type cosignature --out w.key",
            crate::common::ORIGIN
        ))
        .fine();
    let read = |name: &str| fs::read_to_string(place.path(name)).unwrap();
    for (text, words) in [
        (String::new(), &["type 0x01", "none"][..]),
        (format!("{good}{}", read("other.key")), &["other.example"]),
        (format!("{good}{}", read("w.key")), &["line 2", "0x04"]),
        (format!("{good}x\n"), &["line 2"]),
    ] {
        fs::write(&path, text).unwrap();
        let ran = place.run("checkpoint april");
        assert!(
            !ran.err.contains(good.trim()),
            "the secret is in the message"
        );
        ran.refused(words);
    }
    fs::write(&path, good).unwrap();
    place.run("checkpoint april").fine();
}
