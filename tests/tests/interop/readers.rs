//! Readers of notes, tiles, entry bundles and proofs.

use std::fs;

use ledgerline_tests::program::{self, Ran};
use ledgerline_tests::{hex, tiny};
use tempfile::TempDir;

use crate::go::Go;
use crate::world::{ORIGIN, World};

/// Around one and two full tiles, so that each kind of right edge is a checkpoint's.
const AWKWARD: [usize; 7] = [1, 2, 255, 256, 257, 512, 700];

/// Past 256,000 entries a tile's number has two path elements, and the tree has a third tile level
/// from 65,536 on.
const MANY_PLAYS: u32 = 92_000;

/// golang.org/x/mod/sumdb/note opens checkpoints and run notes, with signatures by others in them.
#[test]
fn sumdb_note_opens_our_notes() {
    let Some(go) = Go::programs() else { return };
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    tiny::make(dir);
    let service = fs::read_to_string(dir.join("service.vkey")).unwrap();
    let open = |vkey: &str, file: &str| go.interop(dir, &["note", vkey.trim(), file]);

    for file in ["ledger/checkpoint", "run/run.note"] {
        let note = fs::read_to_string(dir.join(file)).unwrap();
        let (text, _) = note.split_once("\n\n").unwrap();
        let expected = format!("verified 1 unknown 0\n{text}\n");
        assert_eq!(open(&service, file).fine(), expected);
    }

    let auditor = ["keys", "new", "auditor.example", "--out", "auditor.key"];
    let auditor = program::run(dir, &auditor).fine();
    let audit = [
        "audit",
        "run",
        "--ledger",
        "ledger",
        "--key",
        "service.vkey",
    ];
    let signed = program::run(dir, &[&audit[..], &["--sign", "auditor.key"]].concat());
    assert_eq!(signed.code, 0, "{signed}");
    for vkey in [&service, &auditor] {
        let run = open(vkey, "run/run.note").fine();
        assert!(run.starts_with("verified 1 unknown 1\n"), "{run}");
    }

    let note = fs::read_to_string(dir.join("run/run.note")).unwrap();
    let changed = note.replacen("\nrevision 0\n", "\nrevision 1\n", 1);
    assert_ne!(changed, note);
    fs::write(dir.join("changed.note"), changed).unwrap();
    assert_eq!(open(&service, "changed.note").code, 1);
}

/// golang.org/x/mod/sumdb/tlog recomputes the tree from our tiles, and proves entries and older
/// checkpoints with them.
#[test]
fn sumdb_tlog_checks_our_tiles_and_proofs() {
    let Some(go) = Go::programs() else { return };
    for world in [awkward(), large()] {
        let (size, older) = (world.size(), world.checkpoints().len());
        let tail = format!(" entries {size} records 9 older {older}\n");
        assert_eq!(read(go, &world, "tiles").fine(), world.head() + &tail);
    }
    notices_damage(go, "tiles");
}

/// filippo.io/torchwood's client reads every entry along the tree.
#[test]
fn torchwood_reads_every_entry() {
    let Some(go) = Go::programs() else { return };
    for world in [awkward(), large()] {
        let tail = format!(" entries {}\n", world.size());
        assert_eq!(read(go, &world, "torchwood").fine(), world.head() + &tail);
    }
    notices_damage(go, "torchwood");
}

/// github.com/transparency-dev/tessera's client proves entries and older checkpoints, and its fsck
/// derives all tiles and the root from the entry bundles.
#[test]
fn tesseras_client_and_fsck_find_the_same_root() {
    let Some(go) = Go::programs() else { return };
    for (world, levels) in [(awkward(), 2), (large(), 3)] {
        let older = world.checkpoints().len();
        let tail = format!(" older {older} levels {levels}\n");
        assert_eq!(read(go, &world, "tessera").fine(), world.head() + &tail);
    }
    notices_damage(go, "tessera");
}

fn awkward() -> World {
    World::with_checkpoints(300, &AWKWARD)
}

fn large() -> World {
    let world = World::with_checkpoints(MANY_PLAYS, &[65_536, 200_001]);
    assert!(world.size() > 257_000, "{}", world.size());
    world
}

/// Has one of the readers read the site, and prove the checkpoints where it can.
fn read(go: &Go, world: &World, reader: &str) -> Ran {
    let checkpoints = world.checkpoints();
    let mut arguments = vec![reader, &world.vkey, "site"];
    if reader != "torchwood" {
        arguments.extend(checkpoints.iter().map(String::as_str));
    }
    go.interop(world.dir(), &arguments)
}

/// The reader does check: one flipped bit in any kind of file, and it refuses.
fn notices_damage(go: &Go, reader: &str) {
    let world = awkward();
    let right_edge = |path: &str| format!("{path}.p/{}", world.size() % 256);
    for file in [
        "tile/entries/001".to_owned(),
        "tile/0/001".to_owned(),
        right_edge(&format!("tile/0/{:03}", world.size() / 256)),
        right_edge(&format!("tile/entries/{:03}", world.size() / 256)),
        format!("tile/1/000.p/{}", world.size() / 256),
        "checkpoint".to_owned(),
    ] {
        let path = world.path("site").join(&file);
        let genuine = fs::read(&path).unwrap();
        let mut spoilt = genuine.clone();
        let last = spoilt.len() - 9;
        spoilt[last] ^= 1;
        fs::write(&path, spoilt).unwrap();
        let ran = read(go, &world, reader);
        assert_eq!(ran.code, 1, "{reader} took a spoilt {file}: {ran}");
        fs::write(&path, genuine).unwrap();
    }
    assert_eq!(read(go, &world, reader).code, 0);
}

/// torchwood verifies our receipts under a policy, and transparency-dev/formats reads them.
#[test]
fn torchwood_verifies_our_receipts() {
    let Some(go) = Go::programs() else { return };
    let world = awkward();
    let policy = format!("log {}\nquorum none\n", world.vkey);
    fs::write(world.path("policy"), policy).unwrap();
    let check = |proof: &str| go.interop(world.dir(), &["proof", "policy", proof]);
    for index in [0, 255, 256, 699, world.size() - 1] {
        let receipt = world.run(&["receipt", "ledger", &index.to_string()]).fine();
        fs::write(world.path("play.tlog-proof"), &receipt).unwrap();
        let record = hex(&entry(&world, index));
        let expected = format!("index {index} record {record}\n");
        assert_eq!(check("play.tlog-proof").fine(), expected);

        let moved = receipt.replacen(&format!("\nindex {index}\n"), "\nindex 7\n", 1);
        fs::write(world.path("moved.tlog-proof"), moved).unwrap();
        assert_eq!(check("moved.tlog-proof").code, 1);
    }
    let other = go.interop(world.dir(), &["key", ORIGIN]).fine();
    let policy = format!("log {}\nquorum none\n", other.lines().nth(1).unwrap());
    fs::write(world.path("policy"), policy).unwrap();
    assert_eq!(check("play.tlog-proof").code, 1);
}

/// An entry of the served log: two bytes of length before each of 54.
fn entry(world: &World, index: usize) -> Vec<u8> {
    let (number, width) = (index / 256, (world.size() - index / 256 * 256).min(256));
    let partial = if width < 256 {
        format!(".p/{width}")
    } else {
        String::new()
    };
    let path = format!("site/tile/entries/{number:03}{partial}");
    let bundle = fs::read(world.path(&path)).unwrap();
    let at = index % 256 * 56;
    assert_eq!(bundle[at..at + 2], [0, 54]);
    bundle[at + 2..at + 56].to_vec()
}
