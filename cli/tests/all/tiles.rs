//! `tiles`: the serving form has exactly the tiles of the newest checkpoint, proofs and entries are
//! read from it, it grows in place, and nothing wrong is ever published.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

use std::fs::{self, File};
use std::path::Path;

use crate::common::{ORIGIN, Place, copy, event, events, files};
use ledgerline::log::{
    Checkpoint, EntryBundle, Hash, KeyName, LeafIndex, SigningKey, Tile, TileReadError, TreeHead,
    read_consistency, read_inclusion, read_subtrees, verify_consistency, verify_entries,
    verify_inclusion,
};
use ledgerline::record::{Record, encode_bare};
use ledgerline_cli::ledger::LedgerWriter;
use ledgerline_cli::ledger::served::TileDir;

/// Appends events up to `size` and signs a checkpoint.
fn grow(place: &Place, size: usize) -> TreeHead {
    let mut writer = LedgerWriter::open(&place.path("ledger")).unwrap();
    let from = usize::try_from(writer.size()).unwrap();
    writer.append(&events(size)[from..]).unwrap();
    writer.publish().unwrap().head
}

fn place() -> Place {
    let place = Place::new();
    place.init("ledger");
    place
}

/// Paths of all files, relative to the tree.
fn names(dir: &Path) -> Vec<String> {
    files(dir).into_iter().map(|(name, _)| name).collect()
}

/// The paths that the specification gives for a log with checkpoints of these sizes: the tiles of
/// each, but for partial ones whose full tile is there.
fn expected(sizes: &[u64], entries: bool) -> Vec<String> {
    let mut names = vec!["checkpoint".to_owned()];
    for &size in sizes {
        for level in 0..8 {
            names.extend(Tile::of_tree(level, size).map(|tile| tile.to_string()));
        }
        if entries {
            names.extend(EntryBundle::of_tree(size).map(|bundle| bundle.to_string()));
        }
    }
    names.sort();
    names.dedup();
    let full = |name: &str| names.iter().any(|other| other == name);
    let is_left = |name: &&String| !name.split_once(".p/").is_some_and(|(name, _)| full(name));
    names.iter().filter(is_left).cloned().collect()
}

#[test]
fn the_tree_has_the_tiles_of_the_specification_at_awkward_sizes() {
    let place = place();
    let mut sizes = Vec::new();
    for size in [
        1, 255, 256, 257, 512, 65_535, 65_536, 65_537, 69_990, 70_000, 131_072,
    ] {
        let head = grow(&place, size);
        let out = format!("out-{size}");
        place
            .run(&format!("tiles ledger --out {out} --entries"))
            .fine();
        let dir = place.path(&out);
        let size = size as u64;
        sizes.push(size);
        assert_eq!(names(&dir), expected(&sizes, true), "{size}");
        assert_eq!(
            fs::read(dir.join("checkpoint")).unwrap(),
            fs::read(place.path("ledger/checkpoint")).unwrap()
        );
        // Every tile verifies against the signed root, every entry against its tile.
        let leaves: Vec<(u64, u64)> = (0..size).step_by(256).map(|at| (at, at + 1)).collect();
        let hashes = read_subtrees(head, &leaves, &TileDir::new(&dir)).unwrap();
        for bundle in EntryBundle::of_tree(size) {
            let bytes = fs::read(dir.join(bundle.to_string())).unwrap();
            let entries = bundle.split(&bytes).unwrap();
            verify_entries(&entries, hashes.tile(bundle.tile()).unwrap()).unwrap();
            let record = Record::parse(entries[0]).unwrap();
            let first = usize::try_from(bundle.index() * 256).unwrap();
            assert_eq!(record.as_bytes()[16..], encode_bare(&event(first)));
        }
    }
}

#[test]
fn a_tree_without_events_is_a_checkpoint_alone() {
    let place = place();
    grow(&place, 0);
    place.run("tiles ledger --out out --entries").fine();
    assert_eq!(names(&place.path("out")), ["checkpoint"]);
}

#[test]
fn proofs_are_read_from_the_tree_and_wrong_tiles_are_refused() {
    let place = place();
    let old = grow(&place, 66_000);
    let new = grow(&place, 70_000);
    place.run("tiles ledger --out out").fine();
    let source = TileDir::new(&place.path("out"));
    for index in [0, 255, 65_535, 65_536, 69_999] {
        let (leaf, proof) = read_inclusion(LeafIndex(index), new, &source).unwrap();
        verify_inclusion(leaf, LeafIndex(index), &proof, new).unwrap();
    }
    let proof = read_consistency(old.size, new, &source).unwrap();
    verify_consistency(old, new, &proof).unwrap();

    let tile = place.path("out/tile/0/010");
    let mut bytes = fs::read(&tile).unwrap();
    bytes[77] ^= 1;
    fs::write(&tile, &bytes).unwrap();
    let error = read_inclusion(LeafIndex(2560), new, &source).unwrap_err();
    assert!(
        error.to_string().contains("tile/0/010: expected"),
        "{error}"
    );
    fs::remove_file(&tile).unwrap();
    let error = read_inclusion(LeafIndex(2560), new, &source).unwrap_err();
    assert!(matches!(error, TileReadError::Source(_)), "{error}");
}

#[test]
fn the_tree_grows_in_place_and_keeps_what_is_right() {
    let place = place();
    grow(&place, 300);
    let first = place.run("tiles ledger --out out --entries --json").fine();
    let first: serde_json::Value = serde_json::from_str(&first).unwrap();
    assert_eq!(
        (&first["size"], &first["before"]),
        (&300.into(), &serde_json::Value::Null)
    );
    // checkpoint, two tiles of level 0, one of level 1, two bundles.
    assert_eq!((&first["written"], &first["kept"]), (&6.into(), &0.into()));
    let again = place.run("tiles ledger --out out --entries").fine();
    assert!(again.contains("0 files written, 6 kept"), "{again}");

    let head = grow(&place, 66_000);
    let out = place.run("tiles ledger --out out --entries --json").fine();
    let out: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&out["before"], &out["removed"]), (&300.into(), &0.into()));
    let partial = ["tile/0/001.p/44", "tile/entries/001.p/44", "tile/1/000.p/1"];
    let left = |name: &&str| place.path("out").join(name).is_file();
    assert!(partial.iter().all(left));
    // An interrupted run is gone on with; what is gone is written again.
    fs::remove_file(place.path("out/tile/0/100")).unwrap();
    fs::remove_file(place.path("out/tile/entries/101")).unwrap();
    fs::remove_file(place.path("out/tile/1/000")).unwrap();
    fs::write(place.path("out/tile/0/100.tmp"), "half").unwrap();
    let out = place
        .run("tiles ledger --out out --entries --remove-partial")
        .fine();
    assert!(out.contains("3 files written, "), "{out}");
    assert!(out.contains(" 3 removed"), "{out}");
    assert!(!partial.iter().any(left));
    assert_eq!(names(&place.path("out")), expected(&[66_000], true));
    // Old proofs are still read, by the full tiles.
    let proof = read_consistency(300, head, &TileDir::new(&place.path("out"))).unwrap();
    assert!(!proof.is_empty());

    let ran = place.run("tiles ledger --out out");
    assert_eq!(ran.code, 0);
    assert!(ran.err.contains("still holds entry bundles"), "{}", ran.err);
    let ran = place.run("tiles ledger --out public");
    assert!(!ran.err.contains("warning"), "{}", ran.err);
    assert_eq!(names(&place.path("public")), expected(&[66_000], false));
}

#[test]
fn a_larger_or_forked_or_foreign_checkpoint_is_never_replaced() {
    let place = place();
    grow(&place, 300);
    copy(&place.path("ledger"), &place.path("old"));
    grow(&place, 400);
    place.run("tiles ledger --out out").fine();
    let before = files(&place.path("out"));
    for force in ["", " --force"] {
        let run = |words: &str| place.run(&format!("{words}{force}"));
        run("tiles old --out out").refused(&["out/checkpoint", "at most 300", "one of 400"]);

        // The same keys over other events.
        place.init_like("forked", "ledger");
        let mut writer = LedgerWriter::open(&place.path("forked")).unwrap();
        writer.append(&events(500)[100..]).unwrap();
        writer.publish().unwrap();
        drop(writer);
        run("tiles forked --out out").refused(&["out/checkpoint", "a fork"]);
        fs::remove_dir_all(place.path("forked")).unwrap();

        place
            .run("init other --origin example.com/other --period 2026-04")
            .fine();
        place.run("checkpoint other").fine();
        run("tiles other --out out").refused(&["example.com/other", ORIGIN]);
        fs::remove_dir_all(place.path("other")).unwrap();
    }
    assert!(files(&place.path("out")) == before);

    let inside = files(&place.path("ledger"));
    for out in ["ledger", "ledger/served", "."] {
        place
            .run(&format!("tiles ledger --out {out} --force"))
            .refused(&["apart from the ledger"]);
    }
    // What is not there leads nowhere, and nothing is left behind.
    for out in ["none/../ledger", "none/../ledger/served", "none/../new"] {
        place
            .run(&format!("tiles ledger --out {out} --force"))
            .refused(&["`..`", "--out"]);
        assert!(!place.path("none").exists() && !place.path("new").exists());
    }
    // A link leads back into it.
    #[cfg(unix)]
    {
        fs::create_dir(place.path("linked")).unwrap();
        std::os::unix::fs::symlink(place.path("ledger/tile"), place.path("linked/tile")).unwrap();
        place
            .run("tiles ledger --out linked")
            .refused(&["linked/tile", "a symbolic link"]);
        let run = File::open(place.path("out")).unwrap();
        run.lock().unwrap();
        place
            .run("tiles ledger --out out")
            .refused(&["another `ledgerline tiles`", "wait"]);
    }
    assert!(files(&place.path("ledger")) == inside);
    assert!(!place.path("ledger/served").exists());
    fs::create_dir(place.path("full")).unwrap();
    place.write("full/index.html", "x");
    place
        .run("tiles ledger --out full")
        .refused(&["index.html", "--force"]);
    place.run("tiles ledger --out full --force").fine();
    place.write("full/checkpoint", "x");
    place
        .run("tiles ledger --out full --force")
        .refused(&["full/checkpoint", "another text"]);
}

#[test]
fn published_tiles_with_other_bytes_are_not_overwritten_without_force() {
    let place = place();
    grow(&place, 600);
    place.run("tiles ledger --out out --entries").fine();
    for name in [
        "tile/0/001",
        "tile/0/002.p/88",
        "tile/1/000.p/2",
        "tile/entries/000",
    ] {
        let path = place.path("out").join(name);
        let bytes = fs::read(&path).unwrap();
        let mut other = bytes.clone();
        other[5] ^= 1;
        fs::write(&path, other).unwrap();
        place
            .run("tiles ledger --out out --entries")
            .refused(&[name, "--force"]);
        place.run("tiles ledger --out out --entries --force").fine();
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}

#[test]
fn nothing_is_written_unless_signature_root_and_events_fit() {
    let place = place();
    place
        .run("tiles nowhere --out out")
        .refused(&["no ledger.toml"]);
    place
        .run("tiles ledger --out out")
        .refused(&["ledgerline checkpoint"]);
    grow(&place, 65_536 + 300);
    let other = SigningKey::from_seed(KeyName::parse(ORIGIN).unwrap(), &[1; 32]);
    let vkey = other.verifier();
    place
        .run(&format!("tiles ledger --out out --key {vkey}"))
        .refused(&["ledger/checkpoint"]);

    let damaged = |name: &str, change: &dyn Fn(&mut Vec<u8>), words: &[&str]| {
        copy(&place.path("ledger"), &place.path("case"));
        let path = place.path("case").join(name);
        let mut bytes = fs::read(&path).unwrap();
        change(&mut bytes);
        fs::write(&path, bytes).unwrap();
        place.run("tiles case --out out").refused(words);
        assert!(!place.path("out/checkpoint").exists(), "{name}");
    };
    let flip = |bytes: &mut Vec<u8>| bytes[40] ^= 1;
    damaged("tile/1/000", &flip, &["case/checkpoint", "fsck"]);
    damaged("segments/000000.parquet", &flip, &["000000.parquet"]);
    // Keys are random, so a flipped bit might not leave a hex digit.
    let digit = |bytes: &mut Vec<u8>| bytes[40] = if bytes[40] == b'0' { b'1' } else { b'0' };
    damaged("segments/salt-keys", &digit, &["000000.parquet", "fsck"]);
    damaged("wal/000001.wal", &flip, &[]);
    damaged("checkpoint", &flip, &["case/checkpoint"]);
    // Signed by the right key, over another root.
    let ledger = ledgerline_cli::ledger::Ledger::open_readonly(&place.path("ledger"));
    let keys = ledger.unwrap().log_keys().unwrap();
    let root = Hash::of(b"other");
    let checkpoint = Checkpoint::new(ORIGIN, TreeHead { size: 65_836, root }).unwrap();
    let note = keys.sign(&checkpoint.to_string()).unwrap().to_string();
    let forge = |bytes: &mut Vec<u8>| *bytes = note.clone().into_bytes();
    damaged(
        "checkpoint",
        &forge,
        &["case/checkpoint: line 3", &root.to_string()],
    );
}

#[test]
fn an_auditors_copy_is_served_once_its_events_are_sealed() {
    let place = place();
    grow(&place, 65_536 + 300);
    let auditors = || {
        copy(&place.path("ledger"), &place.path("copy"));
        fs::remove_dir_all(place.path("copy/secret")).unwrap();
    };
    auditors();
    place
        .run("tiles copy --out out")
        .refused(&["secret/master.key"]);
    LedgerWriter::open(&place.path("ledger"))
        .unwrap()
        .close()
        .unwrap();
    auditors();
    let ran = place.run("tiles copy --out out --entries");
    assert!(
        ran.err.contains("signature was not verified"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("auditors only"), "{}", ran.err);
    ran.fine();
    assert_eq!(names(&place.path("out")), expected(&[65_836], true));
    fs::remove_file(place.path("copy/segments/salt-keys")).unwrap();
    place
        .run("tiles copy --out other")
        .refused(&["segments/salt-keys", "ask the operator"]);
}

#[cfg(unix)]
#[test]
fn entry_bundles_are_for_the_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let place = place();
    grow(&place, 10);
    place.run("tiles ledger --out out --entries").fine();
    let mode = |name: &str| fs::metadata(place.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("out/tile/entries/000.p/10"), 0o600);
    assert_eq!(mode("out/tile/0/000.p/10") & 0o400, 0o400);
}

#[test]
fn the_help_says_what_must_not_be_published() {
    let help = Place::new().run("tiles --help").fine();
    // Wherever its lines break.
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "never LEDGER itself",
        "FOR AUDITORS ONLY",
        "caddy file-server",
    ] {
        assert!(help.contains(words), "{words}: {help}");
    }
}

#[test]
fn nothing_is_published_in_around_or_with_another_ledger() {
    let place = place();
    grow(&place, 300);
    for other in ["site/other", "site/left/secret"] {
        fs::create_dir_all(place.path(other)).unwrap();
    }
    fs::remove_dir(place.path("site/other")).unwrap();
    copy(&place.path("ledger"), &place.path("site/other"));
    place.write("site/left/secret/log.key", "x");
    place.write("bare/secret/x", "x");
    let before = files(&place.path("site"));
    for out in [
        "site/other",
        "site/other/public",
        "site/other/new/public",
        "site",
        "site/left",
        "site/left/public",
        "bare",
    ] {
        for force in ["", " --force"] {
            place
                .run(&format!("tiles ledger --out {out}{force}"))
                .refused(&["apart from every ledger", "--force does not help"]);
        }
    }
    // File servers follow links.
    #[cfg(unix)]
    {
        fs::create_dir(place.path("links")).unwrap();
        std::os::unix::fs::symlink(place.path("site/other"), place.path("links/x")).unwrap();
        place
            .run("tiles ledger --out links --force")
            .refused(&["apart from every ledger"]);
    }
    assert!(files(&place.path("site")) == before);
    // Beside it is apart from it.
    place.run("tiles ledger --out new/public").fine();
}
