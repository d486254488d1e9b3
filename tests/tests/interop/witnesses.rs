//! Witnesses: theirs cosign our checkpoints, ours cosigns for their clients, and none cosigns a fork.

use std::fs;
use std::path::Path;

use ledgerline_tests::program;
use tempfile::TempDir;

use crate::go::{Go, Server, free_port};
use crate::world::World;

/// A running witness.
struct Witness {
    url: String,
    /// The vkey of its cosignatures.
    vkey: String,
    /// Its own first.
    servers: Vec<Server>,
}

impl Witness {
    /// Everything that it has said.
    fn said(&self) -> String {
        self.servers[0].said()
    }
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
        servers: vec![witness, agent],
    }
}

/// transparency-dev/witness's omniwitness for one log, in memory: with a database it answers 500 to
/// unknown origins.
fn omniwitness(go: &Go, dir: &Path, log: &str) -> Witness {
    let port = free_port();
    let key = go.interop(dir, &["key", "omniwitness.example"]).fine();
    let key: Vec<&str> = key.lines().collect();
    fs::write(dir.join("omniwitness.key"), key[0]).unwrap();
    let origin = log.split('+').next().unwrap();
    let logs =
        format!("Logs:\n  - Origin: {origin}\n    PublicKey: {log}\n    URL: http://127.0.0.1/\n");
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
        servers: vec![witness],
    }
}

/// Ours, for one log.
fn ours(dir: &Path, log: &str) -> Witness {
    let init = ["witness", "init", "witness", "--name", "witness.example/w1"];
    let vkey = program::run(dir, &init).fine();
    let added = program::run(dir, &["witness", "add-log", "witness", log]);
    assert_eq!(added.code, 0, "{added}");
    start_ours(dir, vkey.trim())
}

/// Ours, which is there already.
fn start_ours(dir: &Path, vkey: &str) -> Witness {
    let arguments = ["witness", "witness", "--listen", "127.0.0.1:0"];
    let mut witness = Server::start(program::path(), dir, &arguments);
    Witness {
        url: format!("http://{}/", witness.word_after("http://")),
        vkey: vkey.to_owned(),
        servers: vec![witness],
    }
}

/// A policy for a log that asks for all of these witnesses.
fn policy(log: &str, witnesses: &[&Witness]) -> String {
    let mut text = format!("log {log}\n");
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
    fs::write(world.path("policy"), policy(&world.vkey, &[witness])).unwrap();
    for size in [1, 255, 256, 300] {
        world.grow_to(size);
        assert!(is_served(go, &world, "ledger", size, witness));
    }
    world.done(&["verify", "ledger/checkpoint", "--policy", "policy"]);

    // The same keys, and other events behind the 300th: first shorter than the honest log, then longer.
    copy(&world.path("ledger"), &world.path("fork"));
    world.grow_to(400);
    assert!(is_served(go, &world, "ledger", 400, witness));
    for (more, size) in [(50, 350), (100, 450)] {
        world.ingest_last(more, "fork");
        assert!(!is_served(go, &world, "fork", size, witness));
    }

    world.grow_to(usize::MAX);
    assert!(is_served(go, &world, "ledger", world.size(), witness));
}

/// Asks for a checkpoint of this size under the policy; it must be served, cosigned, or refused.
fn is_served(go: &Go, world: &World, ledger: &str, size: usize, witness: &Witness) -> bool {
    let ran = world.run(&["checkpoint", ledger, "--policy", "policy"]);
    let checkpoint = format!("{ledger}/checkpoint");
    let note = fs::read_to_string(world.path(&checkpoint)).unwrap_or_default();
    let cosigned = ["cosigned", &checkpoint, &witness.vkey];
    let served = note.lines().nth(1) == Some(&size.to_string())
        && go.interop(world.dir(), &cosigned).code == 0;
    assert_eq!(served, ran.code == 0, "{ran}\n{note}");
    served || {
        // A witness that shows its checkpoints to monitors under its URL proves the fork, so that the
        // log is stopped for good. Another one can only refuse.
        let proof = world.path(&format!("{ledger}/contradiction"));
        if proof.exists() {
            assert_eq!(ran.code, 1, "{ran}");
            fs::remove_file(proof).unwrap();
        } else {
            assert_eq!(ran.code, 3, "{ran}");
            let why = "without proof: expected its newest checkpoint at";
            assert!(ran.to_string().contains(why), "{ran}");
        }
        false
    }
}

/// The client of transparency-dev/witness gets our cosignatures, which torchwood and
/// transparency-dev/formats verify, and understands each of our refusals.
#[test]
fn our_witness_cosigns_for_the_client_of_transparency_dev() {
    let Some(go) = Go::programs() else { return };
    let world = World::with_checkpoints(300, &[1, 2, 255, 256, 257, 512]);
    let witness = ours(world.dir(), &world.vkey);
    let checkpoints = world.checkpoints();
    let mut submit = vec!["submit", &witness.url, &witness.vkey, &world.vkey, "site"];
    submit.extend(checkpoints.iter().map(String::as_str));
    let sizes = go.interop(world.dir(), &submit).fine();
    let size = world.size();
    assert_eq!(
        sizes,
        [1, 2, 255, 256, 257, 512, size]
            .map(|size| format!("{size} cosigned\n"))
            .concat()
    );
    holds_newest(go, &world, &witness);

    // Killed and started again, it knows what it has cosigned.
    let vkey = witness.vkey.clone();
    drop(witness);
    let witness = start_ours(world.dir(), &vkey);
    holds_newest(go, &world, &witness);
    let refusals = ["refusals", &witness.url, "ledger/secret/log.key", "site"];
    let refusals = go.interop(world.dir(), &refusals).fine();
    assert_eq!(
        refusals,
        format!(
            "another origin: unknown log\n\
             another key: no valid signatures\n\
             an old size too large: old size > current\n\
             another old size: old size != current, it holds {size}\n\
             same size, another root: consistency proof invalid\n\
             a fork: consistency proof invalid\n"
        )
    );
    holds_newest(go, &world, &witness);
    assert!(witness.said().contains("evidence"), "{}", witness.said());
}

/// The witness shows monitors the newest checkpoint, cosigned.
fn holds_newest(go: &Go, world: &World, witness: &Witness) {
    let monitor = ["monitor", &witness.url, &witness.vkey, &world.vkey];
    let held = go.interop(world.dir(), &monitor).fine();
    assert_eq!(held.trim_end(), world.head());
}

/// A log of github.com/transparency-dev/tessera publishes only what our witness and litewitness have
/// cosigned; then we verify its checkpoint and torchwood's proof of an entry.
#[test]
fn a_tessera_log_is_cosigned_by_our_witness_and_verified_by_us() {
    let Some(go) = Go::programs() else { return };
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let key = go.interop(dir, &["key", "tessera.example/log"]).fine();
    let key: Vec<&str> = key.lines().collect();
    fs::write(dir.join("key"), key[0]).unwrap();
    let witnesses = [&ours(dir, key[1]), &litewitness(go, dir, key[1])];
    fs::write(dir.join("policy"), policy(key[1], &witnesses)).unwrap();
    for count in ["3", "600"] {
        let grown = go.interop(dir, &["tessera-log", "log", "key", "policy", count]);
        let verified = program::run(dir, &["verify", "log/checkpoint", "--policy", "policy"]);
        assert_eq!((grown.code, verified.code), (0, 0), "{grown}\n{verified}");
    }
    for index in ["0", "2", "255", "602"] {
        let proof = ["prove", key[1], "log", index, "leaf"];
        let proof = go.interop(dir, &proof).fine();
        fs::write(dir.join("entry.tlog-proof"), proof).unwrap();
        let verify = ["verify", "entry.tlog-proof", "--policy", "policy"];
        let with_leaf = [&verify[..], &["--leaf", "leaf"]].concat();
        let verified = program::run(dir, &with_leaf);
        assert_eq!(verified.code, 0, "{verified}");
        fs::write(dir.join("leaf"), "another entry").unwrap();
        let disputed = program::run(dir, &with_leaf);
        assert_eq!(disputed.code, 1, "{disputed}");
    }
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
