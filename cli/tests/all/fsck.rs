//! `fsck`: a whole ledger passes, every kind of damage is named by file and place, and no flipped
//! byte goes unnoticed but where the documentation says so.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

use std::fs;
use std::path::Path;

use crate::common::{ORIGIN, Place, Ran, copy, events, files};
use ledgerline::log::{
    Checkpoint, CosigningKey, Hash, KeyName, SignatureType, SigningKey, TreeHead,
};
use ledgerline_cli::ledger::{Ledger, LedgerWriter};

/// Two sealed segments and an open tail; checkpoints in the middle of each.
const SIZES: [u64; 5] = [1000, 65_536, 70_000, 131_072 + 300, 131_072 + 900];

/// The ledger `whole`, made by the program's `init`.
fn whole(place: &Place) {
    place
        .run(&format!("init whole --origin {ORIGIN} --period 2026-04"))
        .fine();
    let all = events(131_072 + 1000);
    let mut writer = LedgerWriter::open(&place.path("whole")).unwrap();
    let mut done = 0;
    for size in SIZES {
        let size = usize::try_from(size).unwrap();
        writer.append(&all[done..size]).unwrap();
        writer.publish().unwrap();
        done = size;
    }
    // Acknowledged, but under no checkpoint yet.
    writer.append(&all[done..]).unwrap();
    writer.commit().unwrap();
}

/// Copies `whole` and damages the copy.
struct Case<'a> {
    place: &'a Place,
}

impl Case<'_> {
    fn path(&self, file: &str) -> std::path::PathBuf {
        self.place.path("case").join(file)
    }

    fn fresh(&self) {
        copy(&self.place.path("whole"), &self.place.path("case"));
    }

    fn fsck(&self) -> Ran {
        self.place.run("fsck case")
    }

    /// The first damage is at this file, and its line holds these words.
    #[track_caller]
    fn damaged(&self, file: &str, words: &[&str]) {
        let ran = self.fsck();
        assert_eq!(ran.code, 1, "{file}: {}{}", ran.out, ran.err);
        let first = ran.out.lines().nth(1).unwrap();
        let expected = format!("first damage: {file}: ");
        assert!(
            first.starts_with(&expected),
            "expected {expected} in {}",
            ran.out
        );
        for word in words {
            assert!(first.contains(word), "expected {word:?} in {first}");
        }
    }

    /// Flips a bit, and demands this first damage.
    #[track_caller]
    fn flipped(&self, file: &str, byte: usize, first: &str, words: &[&str]) {
        self.fresh();
        flip(&self.path(file), byte, 1);
        self.damaged(first, words);
    }

    /// Another hex digit gives this first damage in the same file.
    #[track_caller]
    fn other_digit(&self, file: &str, byte: usize, words: &[&str]) {
        self.fresh();
        another_digit(&self.path(file), byte);
        self.damaged(file, words);
    }

    /// Nothing is damaged, but these words stand in a warning.
    #[track_caller]
    fn warned(&self, words: &[&str]) {
        let ran = self.fsck();
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        let warnings: Vec<&str> = ran
            .out
            .lines()
            .filter(|l| l.starts_with("warning: "))
            .collect();
        for word in words {
            assert!(
                warnings.iter().any(|w| w.contains(word)),
                "{word:?}: {}",
                ran.out
            );
        }
    }
}

fn flip(path: &Path, byte: usize, bits: u8) {
    let mut bytes = fs::read(path).unwrap();
    bytes[byte] ^= bits;
    fs::write(path, bytes).unwrap();
}

/// Another hex digit in the place of one.
fn another_digit(path: &Path, byte: usize) {
    let mut bytes = fs::read(path).unwrap();
    assert!(bytes[byte].is_ascii_hexdigit());
    bytes[byte] = if bytes[byte] == b'0' { b'1' } else { b'0' };
    fs::write(path, bytes).unwrap();
}

fn place() -> Place {
    let place = Place::new();
    whole(&place);
    place
}

#[test]
fn a_whole_ledger_passes_before_and_after_closing_and_nothing_is_written() {
    let place = place();
    let before = files(&place.path("whole"));
    let ran = place.run("fsck whole");
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.starts_with("whole: WHOLE\n"), "{}", ran.out);
    assert!(!ran.out.contains("warning"), "{}", ran.out);
    for word in [
        "2 segments with 131072 events",
        "1 write-ahead file with 1000 events",
        "5 checkpoints: signature",
    ] {
        assert!(ran.out.contains(word), "{word}: {}", ran.out);
    }
    assert!(ran.err.contains("132072 events in "), "{}", ran.err);
    assert!(ran.err.contains(" events/s"), "{}", ran.err);
    assert!(files(&place.path("whole")) == before);

    // A writer at work is no damage: no lock is taken.
    let writer = LedgerWriter::open(&place.path("whole")).unwrap();
    place.run("fsck whole").fine();
    drop(writer);

    LedgerWriter::open(&place.path("whole"))
        .unwrap()
        .close()
        .unwrap();
    let report = place.run("fsck whole --json --threads 1").fine();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["verdict"], "verified");
    assert_eq!(report["events"], 132_072);
    assert_eq!(report["checkpoint"]["size"], 132_072);
    assert_eq!(report["damage"], serde_json::json!([]));
    assert_eq!(report["warnings"], serde_json::json!([]));
}

#[test]
fn an_auditors_copy_passes_with_a_key_once_the_period_is_closed() {
    let place = place();
    let key = Ledger::open_readonly(&place.path("whole"))
        .unwrap()
        .vkeys()
        .unwrap()
        .remove(0);
    copy(&place.path("whole"), &place.path("copy"));
    fs::remove_dir_all(place.path("copy/secret")).unwrap();
    let ran = place.run(&format!("fsck copy --key {key}"));
    assert_eq!(ran.code, 3, "{}", ran.out);
    assert!(
        ran.out.contains("AS FAR AS COULD BE CHECKED"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("only secret/master.key"), "{}", ran.out);

    LedgerWriter::open(&place.path("whole"))
        .unwrap()
        .close()
        .unwrap();
    copy(&place.path("whole"), &place.path("copy"));
    fs::remove_dir_all(place.path("copy/secret")).unwrap();
    place.run(&format!("fsck copy --key {key}")).fine();
    let ran = place.run("fsck copy");
    assert_eq!(ran.code, 3, "{}", ran.out);
    assert!(ran.out.contains("signatures not checked"), "{}", ran.out);

    let other = SigningKey::from_seed(KeyName::parse(ORIGIN).unwrap(), &[1; 32]);
    let ran = place.run(&format!("fsck copy --key {}", other.verifier()));
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(
        ran.out.contains("first damage: checkpoints/1000: "),
        "{}",
        ran.out
    );
    let ran = place.run(&format!("fsck whole --key {}", other.verifier()));
    assert!(
        ran.out.contains("first damage: secret/log.key: "),
        "{}",
        ran.out
    );

    // Without secrets a wrong salt key shows in the segment's tile.
    another_digit(&place.path("copy/segments/salt-keys"), 70);
    let ran = place.run(&format!("fsck copy --key {key}"));
    assert_eq!(ran.code, 1, "{}", ran.out);
    let expected = "first damage: segments/salt-keys: line 2: ";
    assert!(ran.out.contains(expected), "{}", ran.out);
}

#[test]
fn what_is_no_ledger_or_cannot_be_is_refused() {
    let place = place();
    place
        .run("fsck nowhere")
        .refused(&["nowhere", "no ledger.toml", "ledgerline init"]);
    place.run("fsck whole --key nonsense").refused(&["--key"]);
    let case = Case { place: &place };
    case.fresh();
    fs::remove_file(case.path("ledger.toml")).unwrap();
    case.fsck().refused(&["no ledger.toml"]);
    place.write("file", "no directory");
    place.run("fsck file").refused(&["no ledger.toml"]);
}

#[test]
fn damaged_segments_are_named_by_row_or_byte() {
    let place = place();
    let case = Case { place: &place };
    let sums = "SHA256SUMS, line 2";
    let one = "segments/000001.parquet";
    // In the first pages, in the footer, and in the magic bytes behind it.
    let length = fs::read(place.path(&format!("whole/{one}"))).unwrap().len();
    for byte in [0, 100, length / 2, length - 200, length - 1] {
        case.flipped(one, byte, one, &[sums]);
    }
    // A value that reads well: its rows are named by the tile's hash. Times are plain deltas.
    case.fresh();
    let bytes = fs::read(case.path(one)).unwrap();
    let mut events = ledgerline_cli::ledger::segment::decode(bytes).unwrap();
    events[1000].position_ms ^= 1;
    fs::write(
        case.path(one),
        ledgerline_cli::ledger::segment::encode(&events).unwrap(),
    )
    .unwrap();
    case.damaged(one, &["rows 768 to 1023 (hash 3 of tile/1/001)", sums]);
    let encoded = sha256sum(&case.path(one));
    let listed = fs::read_to_string(case.path("segments/SHA256SUMS")).unwrap();
    let old = listed.lines().nth(1).unwrap()[..64].to_owned();
    fs::write(
        case.path("segments/SHA256SUMS"),
        listed.replace(&old, &encoded),
    )
    .unwrap();
    // With a sum to match, only tile and signed root tell, and nothing else is damaged.
    case.damaged(one, &["rows 768 to 1023 (hash 3 of tile/1/001)", "signed"]);
    let out = case.fsck().out;
    assert!(!out.contains("\ndamage: "), "{out}");

    case.fresh();
    fs::remove_file(case.path(one)).unwrap();
    case.damaged(one, &["no such file"]);
    let out = case.fsck().out;
    assert!(out.contains("[FAIL] segments"), "{out}");

    case.fresh();
    let zero = case.path("segments/000000.parquet");
    fs::rename(&zero, case.path("aside")).unwrap();
    fs::rename(case.path(one), &zero).unwrap();
    fs::rename(case.path("aside"), case.path(one)).unwrap();
    case.damaged(
        "segments/000000.parquet",
        &["rows 0 to 255 (hash 0 of tile/1/000)", "line 1"],
    );
}

fn sha256sum(path: &Path) -> String {
    let sum = ledgerline_cli::ledger::sha256(&fs::read(path).unwrap());
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn segments_of_another_length_are_refused() {
    let place = place();
    let case = Case { place: &place };
    case.fresh();
    let one = "segments/000001.parquet";
    let bytes = fs::read(case.path(one)).unwrap();
    let events = ledgerline_cli::ledger::segment::decode(bytes).unwrap();
    let short = ledgerline_cli::ledger::segment::encode(&events[..65_535]).unwrap();
    fs::write(case.path(one), short).unwrap();
    let listed = fs::read_to_string(case.path("segments/SHA256SUMS")).unwrap();
    let old = listed.lines().nth(1).unwrap()[..64].to_owned();
    let listed = listed.replace(&old, &sha256sum(&case.path(one)));
    fs::write(case.path("segments/SHA256SUMS"), listed).unwrap();
    case.damaged(one, &["65536 rows", "found 65535"]);
}

#[test]
fn damaged_lists_are_named_by_line() {
    let place = place();
    let case = Case { place: &place };
    let sums = "segments/SHA256SUMS";
    // Another digit; another file's name; no line feed.
    case.other_digit(
        sums,
        3,
        &["line 1", "while the segment is as it was sealed"],
    );
    case.other_digit(sums, 90, &["line 2"]);
    case.flipped(sums, 70, sums, &["line 1", "000000.parquet"]);
    case.fresh();
    let text = fs::read_to_string(case.path(sums)).unwrap();
    fs::write(
        case.path(sums),
        text.lines().next().unwrap().to_owned() + "\n",
    )
    .unwrap();
    case.damaged(
        sums,
        &["line 2", "a line for each segment up to 000001.parquet"],
    );

    let keys = "segments/salt-keys";
    case.other_digit(keys, 40, &["line 1", "secret/master.key", "not shown"]);
    case.other_digit(keys, 80, &["line 2", "secret/master.key"]);
    case.flipped(keys, 0, keys, &["line 1"]);
    case.fresh();
    fs::remove_file(case.path(keys)).unwrap();
    case.damaged(keys, &["line 1", "no such line"]);
    let secrets = fs::read_to_string(case.path("secret/master.key")).unwrap();
    let out = case.fsck().out;
    assert!(!out.contains(secrets.trim()), "no secret is shown");
}

#[test]
fn damaged_tiles_are_named_by_hash_and_extra_ones_by_path() {
    let place = place();
    let case = Case { place: &place };
    let stored: Vec<String> = files(&place.path("whole"))
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| name.starts_with("tile/"))
        .collect();
    for tile in [
        "tile/1/000",
        "tile/1/000.p/3",
        "tile/1/001.p/17",
        "tile/1/002.p/1",
        "tile/2/000.p/1",
    ] {
        assert!(
            stored.iter().any(|name| name == tile),
            "{tile} of {stored:?}"
        );
    }
    for tile in &stored {
        let length = fs::read(place.path("whole").join(tile)).unwrap().len();
        for byte in [0, length - 1] {
            let hash = format!("hash {} (byte {})", byte / 32, byte / 32 * 32);
            case.flipped(tile, byte, tile, &[&hash]);
        }
        case.fresh();
        let bytes = fs::read(case.path(tile)).unwrap();
        fs::write(case.path(tile), &bytes[..length - 1]).unwrap();
        case.damaged(tile, &[&format!("found {} bytes", length - 1)]);
        fs::write(case.path(tile), [bytes.as_slice(), &[0; 32]].concat()).unwrap();
        case.damaged(tile, &[&format!("found {} bytes", length + 32)]);

        case.fresh();
        fs::remove_file(case.path(tile)).unwrap();
        let (full, partial) = tile
            .split_once(".p/")
            .map_or((tile.as_str(), false), |(f, _)| (f, true));
        if partial && stored.iter().any(|name| name == full) {
            // A partial tile may go once the full one is there.
            case.fsck().fine();
        } else {
            case.damaged(tile, &["no such file"]);
        }
    }
    for extra in [
        "tile/1/003",
        "tile/1/002.p/200",
        "tile/2/001.p/1",
        "tile/0/000",
        "tile/1/x",
        "tile/entries/000",
    ] {
        case.fresh();
        let path = case.path(extra);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, [0; 32]).unwrap();
        case.damaged(extra, &["expected only tiles of"]);
    }
    // Right, but of no checkpoint's size.
    case.fresh();
    let full = fs::read(case.path("tile/1/000")).unwrap();
    fs::write(case.path("tile/1/000.p/9"), &full[..9 * 32]).unwrap();
    case.warned(&["tile/1/000.p/9: a tile of no stored checkpoint's size"]);
}

#[test]
fn damaged_and_forked_checkpoints_are_named() {
    let place = place();
    let case = Case { place: &place };
    let newest = format!("checkpoints/{}", SIZES[4]);
    for size in SIZES {
        let name = format!("checkpoints/{size}");
        let text = fs::read_to_string(place.path("whole").join(&name)).unwrap();
        let root = text.find('\n').unwrap() + 1 + size.to_string().len() + 5;
        for byte in [3, root, text.len() - 10, text.len() - 1] {
            case.flipped(&name, byte, &name, &[]);
            if name == newest {
                case.flipped("checkpoint", byte, "checkpoint", &[]);
            }
        }

        case.fresh();
        let other = case.path("checkpoints").join((size + 1).to_string());
        fs::rename(case.path(&name), other).unwrap();
        let ran = case.fsck();
        assert_eq!(ran.code, 1);
        let renamed = format!(
            "checkpoints/{}: line 2: expected {}, but found {size}",
            size + 1,
            size + 1
        );
        assert!(ran.out.contains(&renamed), "{}", ran.out);
    }
    case.fresh();
    fs::rename(
        case.path("checkpoints/1000"),
        case.path("checkpoints/01000"),
    )
    .unwrap();
    case.damaged("checkpoints/01000", &["a tree size as the name"]);

    case.fresh();
    fs::remove_file(case.path(&newest)).unwrap();
    case.damaged(
        &newest,
        &["a copy of the newest checkpoint", "no such file"],
    );
    case.fresh();
    fs::remove_file(case.path("checkpoint")).unwrap();
    case.damaged("checkpoint", &[&newest, "no such file"]);
    // The one before is what an interrupted publication leaves, an older one is not.
    fs::copy(case.path("checkpoints/131372"), case.path("checkpoint")).unwrap();
    case.warned(&["checkpoint: not yet the newest"]);
    fs::copy(case.path("checkpoints/70000"), case.path("checkpoint")).unwrap();
    case.damaged(
        "checkpoint",
        &["line 2", &newest, "an older one, of size 70000"],
    );
}

/// A note over this head, signed by the ledger's own key.
fn forged(case: &Case<'_>, origin: &str, head: TreeHead) -> String {
    let keys = Ledger::open_readonly(&case.path(""))
        .unwrap()
        .log_keys()
        .unwrap();
    let checkpoint = Checkpoint::new(origin, head).unwrap();
    keys.sign(&checkpoint.to_string()).unwrap().to_string()
}

#[test]
fn checkpoints_that_the_right_key_signed_over_other_events_are_named() {
    let place = place();
    let case = Case { place: &place };
    for size in [0, 1, 255, 256, 1000, 65_536, 131_072, 131_972] {
        case.fresh();
        let root = Hash::of(b"other");
        let note = forged(&case, ORIGIN, TreeHead { size, root });
        let name = format!("checkpoints/{size}");
        fs::write(case.path(&name), &note).unwrap();
        if size == 131_972 {
            fs::write(case.path("checkpoint"), &note).unwrap();
        }
        case.damaged(&name, &["line 3", &root.to_string()]);
    }
    case.fresh();
    let root = Hash::empty_root();
    fs::write(
        case.path("checkpoints/0"),
        forged(&case, ORIGIN, TreeHead { size: 0, root }),
    )
    .unwrap();
    case.fsck().fine();
    // More events than there are.
    let note = forged(
        &case,
        ORIGIN,
        TreeHead {
            size: 200_000,
            root,
        },
    );
    fs::write(case.path("checkpoints/200000"), &note).unwrap();
    fs::write(case.path("checkpoint"), &note).unwrap();
    let out = case.fsck().out;
    let missing =
        "wal/000002.wal: expected the 200000 events of checkpoints/200000, but found 132072";
    assert!(out.contains(missing), "{out}");

    case.fresh();
    let note = forged(&case, "example.com/other", TreeHead { size: 1000, root });
    fs::write(case.path("checkpoints/1000"), note).unwrap();
    case.damaged("checkpoints/1000", &["example.com/other"]);
}

#[test]
fn write_ahead_files_are_checked_as_far_as_a_crash_cannot_explain_them() {
    let place = place();
    let case = Case { place: &place };
    let wal = "wal/000002.wal";
    for byte in [0, 20, 31] {
        case.flipped(wal, byte, wal, &["byte 0", "header of segment 2"]);
    }
    // Entry 5 of the first batch: later batches follow.
    case.flipped(
        wal,
        32 + 5 * 44 + 7,
        wal,
        &["entry 5 (byte 252)", "checksum"],
    );
    // In the last batch, behind every checkpoint: a crash does the same.
    case.fresh();
    flip(&case.path(wal), 32 + 950 * 44, 1);
    case.warned(&["wal/000002.wal: a torn end: 2200 bytes behind entry 950"]);
    case.fresh();
    let bytes = fs::read(case.path(wal)).unwrap();
    fs::write(case.path(wal), &bytes[..bytes.len() - 1]).unwrap();
    case.warned(&["a torn end: 43 bytes behind entry 999"]);
    // Before the newest checkpoint's end it cannot.
    fs::write(case.path(wal), &bytes[..32 + 899 * 44]).unwrap();
    case.damaged(
        wal,
        &["the 131972 events of checkpoints/131972", "131971 events"],
    );
    fs::remove_file(case.path(wal)).unwrap();
    case.damaged(
        wal,
        &["the 131972 events of checkpoints/131972", "131072 events"],
    );
    let out = case.fsck().out;
    assert!(!out.contains("\ndamage: "), "{out}");
}

#[test]
fn damaged_settings_secrets_and_registry_are_named() {
    let place = place();
    let case = Case { place: &place };
    case.flipped("ledger.toml", 9, "ledger.toml", &[]);
    case.fresh();
    let text = fs::read_to_string(case.path("ledger.toml")).unwrap();
    fs::write(case.path("ledger.toml"), text.replace("plays/", "flays/")).unwrap();
    case.damaged("secret/log.key", &["a key named example.com/flays/2026-04"]);
    fs::write(case.path("ledger.toml"), text + "\n# a remark\n").unwrap();
    case.warned(&["ledger.toml: not as this program writes it"]);

    case.flipped("secret/log.key", 60, "secret/log.key", &[]);
    case.other_digit(
        "secret/master.key",
        7,
        &["another secret, which is not shown"],
    );
    case.flipped("secret/listener.key", 64, "secret/listener.key", &[]);
    for name in ["log.key", "master.key", "listener.key"] {
        case.fresh();
        fs::remove_file(case.path("secret").join(name)).unwrap();
        case.damaged(&format!("secret/{name}"), &["no such file"]);
    }
    case.fresh();
    let upper = fs::read_to_string(case.path("secret/master.key"))
        .unwrap()
        .to_uppercase();
    fs::write(case.path("secret/master.key"), upper).unwrap();
    case.warned(&["secret/master.key: not as this program writes it"]);

    case.flipped(
        "registry.sqlite",
        0,
        "registry.sqlite",
        &["a whole registry database"],
    );
    // The root page of the first table.
    case.flipped(
        "registry.sqlite",
        4096,
        "registry.sqlite",
        &["a whole registry database"],
    );
    case.fresh();
    let mut bytes = fs::read(case.path("registry.sqlite")).unwrap();
    bytes.push(0);
    fs::write(case.path("registry.sqlite"), &bytes).unwrap();
    let words = format!("{} bytes instead of the {}", bytes.len(), bytes.len() - 1);
    case.damaged("registry.sqlite", &[&words]);
    case.fresh();
    fs::remove_file(case.path("registry.sqlite")).unwrap();
    case.warned(&["registry.sqlite: not there"]);
}

#[test]
fn checkpoints_that_wait_for_witnesses_are_no_damage() {
    let place = Place::new();
    let vkey = place.init("whole");
    let name = KeyName::parse("w.example").unwrap();
    let kind = SignatureType::CosignatureEd25519;
    let witness = CosigningKey::from_seed(name, kind, &[3; 32]).unwrap();
    let mut writer = LedgerWriter::open(&place.path("whole")).unwrap();
    let mut stage = |from, to, cosign: bool, serve: bool| {
        writer.append(&events(to)[from..]).unwrap();
        let staged = writer.stage().unwrap();
        let mut note = staged.published.note;
        if cosign {
            let checkpoint = Checkpoint::parse(note.text()).unwrap();
            note.add(witness.cosign(&checkpoint, 1_800_000_000).unwrap())
                .unwrap();
        }
        writer.store(&note).unwrap();
        if serve {
            writer.serve(&note).unwrap();
        }
    };
    stage(0, 10, true, true);
    stage(10, 20, false, false);
    stage(20, 30, false, false);
    drop(writer);
    let case = Case { place: &place };
    // Without any policy: what was cosigned before is enough to tell.
    let waits = [
        "checkpoint: not yet the newest",
        "checkpoints/20, checkpoints/30, and await cosignatures",
        "`ledgerline checkpoint` serves the newest",
    ];
    case.fresh();
    case.warned(&waits);
    case.warned(&["policy: not there, though checkpoints have been cosigned"]);
    let policy = format!("log {vkey}\nwitness w {}\nquorum w\n", witness.verifier());
    fs::write(case.path("policy"), &policy).unwrap();
    case.warned(&waits);
    // Nothing served: either that was so from the beginning, or somebody removed it.
    fs::remove_file(case.path("checkpoint")).unwrap();
    case.warned(&[
        "checkpoint: ",
        "checkpoints/10 has the quorum",
        "removed or put back",
    ]);
    fs::remove_file(case.path("policy")).unwrap();
    case.warned(&[
        "checkpoint: ",
        "though there are cosignatures",
        "this file was removed",
    ]);
    fs::remove_file(case.path("checkpoints/10")).unwrap();
    fs::write(case.path("policy"), &policy).unwrap();
    case.warned(&["checkpoint: ", "and await cosignatures"]);
    // Those that nothing waits for are damage, as before.
    fs::write(case.path("policy"), "quorum none\n").unwrap();
    case.damaged("checkpoint", &["checkpoints/30", "no such file"]);
    // What the policy waits for is there, and an older one is served.
    case.fresh();
    fs::write(case.path("policy"), &policy).unwrap();
    let mut writer = LedgerWriter::open(&case.path("")).unwrap();
    let mut note = writer.stage().unwrap().published.note;
    let checkpoint = Checkpoint::parse(note.text()).unwrap();
    note.add(witness.cosign(&checkpoint, 1_800_000_000).unwrap())
        .unwrap();
    writer.store(&note).unwrap();
    drop(writer);
    case.warned(&[
        "though checkpoints/30 has the quorum of the policy",
        "put back",
    ]);
    // A policy that is none.
    fs::write(case.path("policy"), "quorum nobody\n").unwrap();
    case.damaged("policy", &["a tlog-policy", "nobody"]);
    fs::write(case.path("policy"), &policy).unwrap();
    fs::write(case.path("contradiction"), "two histories\n").unwrap();
    let ran = case.fsck();
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    for words in ["CONTRADICTED: no damage", "while `contradiction` is here"] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    assert!(!ran.out.contains("`ledgerline checkpoint`"), "{}", ran.out);
    // Both are told.
    fs::write(case.path("policy"), "quorum nobody\n").unwrap();
    let out = case.fsck().out;
    assert!(out.contains("DAMAGED, and a witness"), "{out}");
    case.fresh();
    fs::remove_file(case.path("vkeys")).unwrap();
    case.damaged("vkeys", &["no such file"]);
}

#[cfg(unix)]
#[test]
fn secrets_that_others_may_read_are_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    let place = place();
    let case = Case { place: &place };
    for (file, mode) in [
        ("secret", 0o755),
        ("secret/log.key", 0o640),
        ("secret/master.key", 0o604),
        ("secret/listener.key", 0o644),
        ("segments/salt-keys", 0o644),
    ] {
        case.fresh();
        // Copies have the modes of the originals, directories have not.
        let set = |name: &str, mode| {
            fs::set_permissions(case.path(name), fs::Permissions::from_mode(mode)).unwrap()
        };
        set("secret", 0o700);
        assert!(!case.fsck().out.contains("warning"));
        set(file, mode);
        case.warned(&[
            &format!("{file}: expected the mode"),
            &format!("found {mode:04o}"),
        ]);
    }
}

#[test]
fn what_a_crash_leaves_is_a_warning() {
    let place = place();
    let case = Case { place: &place };
    case.fresh();
    for name in [
        "ledger.toml.tmp",
        "segments/SHA256SUMS.tmp",
        "checkpoints/5.tmp",
        "wal/000002.wal.tmp",
        "secret/log.key.tmp",
    ] {
        fs::write(case.path(name), "half").unwrap();
    }
    fs::write(case.path("tile/1/002.tmp"), "half").unwrap();
    case.warned(&[
        "ledger.toml.tmp: half-written",
        "secret/log.key.tmp",
        "checkpoints/5.tmp",
        "segments/SHA256SUMS.tmp",
        "wal/000002.wal.tmp",
    ]);

    // Sealed, its write-ahead file still there; sealing not yet finished.
    case.fresh();
    fs::write(case.path("wal/000001.wal"), "anything").unwrap();
    case.warned(&["wal/000001.wal: left over"]);
    case.fresh();
    fs::write(case.path("segments/000002.parquet"), "half").unwrap();
    case.warned(&["segments/000002.parquet: not listed yet"]);
    fs::rename(
        case.path("segments/000002.parquet"),
        case.path("segments/000003.parquet"),
    )
    .unwrap();
    case.damaged("segments/SHA256SUMS", &["line 3", "up to 000003.parquet"]);

    case.fresh();
    for name in ["notes.txt", "segments/x", "wal/1.wal", "secret/old"] {
        fs::write(case.path(name), "x").unwrap();
    }
    case.warned(&[
        "notes.txt: not a part",
        "segments/x: not a part",
        "wal/1.wal: not a part",
        "secret/old: not a part",
    ]);
}

/// xorshift64*, seeded.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap() % limit
    }
}

/// What is covered by nothing: a flip there may give another valid value.
fn is_uncovered(file: &str, text: &[u8], byte: usize) -> bool {
    match file {
        "secret/listener.key" | "registry.sqlite" => true,
        "ledger.toml" => {
            let line = text[..byte].iter().filter(|b| **b == b'\n').count();
            (2..=3).contains(&line)
        }
        _ => false,
    }
}

#[test]
fn two_hundred_random_flips_are_noticed() {
    let place = place();
    let case = Case { place: &place };
    let seed = 0x5eed_f5c4;
    let mut random = Random(seed);
    case.fresh();
    let mut names: Vec<String> = files(&place.path("whole"))
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    names.extend(["secret/log.key", "secret/master.key", "secret/listener.key"].map(str::to_owned));
    let clean = case.fsck().out;
    let mut uncovered = 0;
    for trial in 0..200 {
        let name = &names[random.below(names.len())];
        let bytes = fs::read(case.path(name)).unwrap();
        let byte = random.below(bytes.len());
        let bits = u8::try_from(random.below(255)).unwrap() + 1;
        flip(&case.path(name), byte, bits);
        let ran = case.fsck();
        fs::write(case.path(name), &bytes).unwrap();
        let noticed = ran.code == 1 || ran.out != clean;
        assert!(
            noticed || is_uncovered(name, &bytes, byte),
            "seed {seed:#x}, trial {trial}: {name} byte {byte} ^ {bits:#04x}: {}",
            ran.out
        );
        uncovered += usize::from(!noticed);
    }
    assert!(uncovered < 40, "{uncovered}");
}
