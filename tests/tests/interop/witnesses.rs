//! Witnesses: theirs cosign our checkpoints, ours cosigns for their clients, and none cosigns a fork.

use std::fs;
use std::path::Path;

use crate::go::{Go, Server, free_port};
use crate::world::World;

/// A running witness of somebody else's.
struct Witness {
    url: String,
    /// The vkey of its cosignatures.
    vkey: String,
    _servers: Vec<Server>,
}

/// filippo.io/torchwood's litewitness, with its key in an ssh-agent, for one log.
fn litewitness(go: &Go, dir: &Path, log: &str) -> Witness {
    let port = free_port();
    let mut agent = go.start("interop", dir, &["agent", "agent.socket"]);
    let fingerprint = format!("SHA256:{}", agent.word_after("SHA256:"));
    let listen = format!("127.0.0.1:{port}");
    let arguments = [
        "-name",
        "litewitness.example",
        "-db",
        "litewitness.db",
        "-ssh-agent",
        "agent.socket",
        "-key",
        &fingerprint,
        "-listen",
        &listen,
    ];
    let mut witness = go.start("litewitness", dir, &arguments);
    witness.listens(port);
    let added = go.interop(dir, &["litelog", "litewitness.db", log]);
    assert_eq!(added.code, 0, "{added}");
    Witness {
        url: format!("http://{listen}/"),
        vkey: witness.word_after("vkey="),
        _servers: vec![witness, agent],
    }
}

/// transparency-dev/witness's omniwitness for one log, in memory.
fn omniwitness(go: &Go, dir: &Path, log: &str) -> Witness {
    let port = free_port();
    let key = go.interop(dir, &["key", "omniwitness.example"]).fine();
    let key: Vec<&str> = key.lines().collect();
    fs::write(dir.join("omniwitness.key"), key[0]).unwrap();
    let origin = log.split('+').next().unwrap();
    let logs = format!("Logs:\n  - Origin: {origin}\n    PublicKey: {log}\n    URL: http://127.0.0.1/\n");
    fs::write(dir.join("omniwitness.yaml"), logs).unwrap();
    let listen = format!("127.0.0.1:{port}");
    let arguments = [
        "-listen",
        &listen,
        "-metrics_listen",
        "",
        "-private_key_path",
        "omniwitness.key",
        "-additional_logs",
        "omniwitness.yaml",
    ];
    let mut witness = go.start("omniwitness", dir, &arguments);
    witness.listens(port);
    Witness {
        url: format!("http://{listen}/"),
        vkey: key[2].to_owned(),
        _servers: vec![witness],
    }
}

/// A policy that asks for all of these witnesses.
fn policy(world: &World, witnesses: &[&Witness]) -> String {
    let mut text = format!("log {}\n", world.vkey);
    let mut group = "group all-of-them all".to_owned();
    for (number, witness) in (1..).zip(witnesses) {
        text += &format!("witness w{number} {} {}\n", witness.vkey, witness.url);
        group += &format!(" w{number}");
    }
    format!("{text}{group}\nquorum all-of-them\n")
}

/// filippo.io/torchwood's litewitness.
#[test]
fn litewitness_cosigns_our_checkpoints_and_no_fork() {
    let Some(go) = Go::programs() else { return };
    let world = World::new(300);
    let witness = litewitness(go, world.dir(), &world.vkey);
    cosigns(go, world, &witness);
}

/// transparency-dev/witness.
#[test]
fn omniwitness_cosigns_our_checkpoints_and_no_fork() {
    let Some(go) = Go::programs() else { return };
    let world = World::new(300);
    let witness = omniwitness(go, world.dir(), &world.vkey);
    cosigns(go, world, &witness);
}

/// Grows a log before the eyes of a witness, then shows it another history of the same log.
fn cosigns(go: &Go, mut world: World, witness: &Witness) {
    fs::write(world.path("policy"), policy(&world, &[witness])).unwrap();
    let publish = |ledger: &str| ["checkpoint", ledger, "--policy", "policy"].map(str::to_owned);
    let publish = |world: &World, ledger: &str| {
        let arguments = publish(ledger);
        world.run(&arguments.each_ref().map(String::as_str))
    };
    for size in [1, 255, 256, 300] {
        world.grow_to(size);
        // Twice: the second time nothing is new, and the witness cosigns again.
        for _ in 0..2 {
            let ran = publish(&world, "ledger");
            assert_eq!(ran.code, 0, "{ran}");
            let cosigned = ["cosigned", "ledger/checkpoint", &witness.vkey];
            let found = go.interop(world.dir(), &cosigned);
            assert_eq!(found.code, 0, "{found}");
        }
    }
    let verified = world.run(&["verify", "ledger/checkpoint", "--policy", "policy"]);
    assert_eq!(verified.code, 0, "{verified}");

    // The same keys, and other events behind the 300th.
    copy(&world.path("ledger"), &world.path("fork"));
    world.grow_to(400);
    let honest = publish(&world, "ledger");
    assert_eq!(honest.code, 0, "{honest}");
    world.fork();
    let forked = publish(&world, "fork");
    assert_ne!(forked.code, 0, "{forked}");
    let cosigned = ["cosigned", "fork/checkpoint", &witness.vkey];
    assert_eq!(go.interop(world.dir(), &cosigned).code, 1);

    world.grow_to(usize::MAX);
    let honest = publish(&world, "ledger");
    assert_eq!(honest.code, 0, "{honest}");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
