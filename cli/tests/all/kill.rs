//! The real program, killed at random moments while it takes events and publishes.
//!
//! A feeder writes NDJSON to `ingest --acks` and believes nothing but its acknowledgements; a
//! monitor remembers every checkpoint that stood in the ledger or was printed. After each SIGKILL
//! the ledger must open, hold every acknowledged event at its index, and extend every checkpoint
//! that was seen; a witness is asked to cosign each time. `checkpoint` is killed while it asks a witness
//! that runs as a process of its own, which is killed now and then, too: what that one shows its
//! monitors is always of this log. The feeder goes on where the first line of the next run says, so that in the end
//! every event is there once. The moments are seeded; what the program does at them is not.
//! (A killed process loses nothing that the system has; `crash_points.rs` lets the power fail.)
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::common::disk::Random;
use crate::common::log::{Log, no_litter};
use crate::common::{ORIGIN, Place, copy, event, events, line};
use crate::served::Served;
use ledgerline::event::Event;
use ledgerline::log::{Checkpoint, Note, VerifierKey};
use ledgerline_cli::ledger::{Ledger, LedgerWriter};
use ledgerline_cli::witness::Witness;

const KILLS: usize = 200;
const SIGKILL: i32 = 9;

/// Who remembers all that the log ever showed, and asks a real witness about the newest.
struct Monitor {
    seen: BTreeSet<Vec<u8>>,
    witness: Witness,
    /// Size that the witness knows.
    cosigned: u64,
    /// One that runs as a process of its own, which `checkpoint` asks; its directory and its key.
    served: Option<Served>,
    dir: String,
    key: VerifierKey,
}

impl Monitor {
    /// With a new witness that follows this ledger's log.
    fn new(place: &Place, ledger: &str) -> Self {
        let vkeys = Ledger::open_readonly(&place.path(ledger)).unwrap().vkeys();
        let vkey = &vkeys.unwrap()[0];
        let words = format!("witness init w-{ledger} --name witness.example/{ledger}");
        place.run(&words).fine();
        let words = format!("witness add-log w-{ledger} {vkey}");
        place.run(&words).fine();
        let dir = format!("s-{ledger}");
        let words = format!("witness init {dir} --name served.example/{ledger}");
        let key = place.run(&words).fine();
        place.run(&format!("witness add-log {dir} {vkey}")).fine();
        let mut monitor = Self {
            seen: BTreeSet::new(),
            witness: Witness::open(&place.path(&format!("w-{ledger}"))).unwrap(),
            cosigned: 0,
            served: None,
            dir,
            key: VerifierKey::parse(key.trim()).unwrap(),
        };
        monitor.serve(place);
        monitor
    }

    /// Starts the witness that is asked, and writes the policy that names it.
    fn serve(&mut self, place: &Place) {
        let served = Served::start(place, &self.dir, &[]);
        let policy = format!("witness s {} {}\nquorum s\n", self.key, served.url);
        place.write(&self.policy(), policy);
        self.served = Some(served);
    }

    fn policy(&self) -> String {
        format!("policy-{}", self.dir)
    }

    /// What that witness shows its monitors is a checkpoint of this log; gives its size.
    fn witnessed(&mut self) -> u64 {
        let answer = self.served.as_ref().unwrap().newest(ORIGIN);
        if answer.status == 404 {
            return 0;
        }
        let note = Note::parse(answer.body.as_bytes()).unwrap();
        self.seen.insert(answer.body.into_bytes());
        assert!(note.verify(std::slice::from_ref(&self.key)).is_ok());
        Checkpoint::parse(note.text()).unwrap().head().size
    }

    /// Remembers the checkpoints that lie there now.
    fn look(&mut self, ledger: &Path) {
        self.seen.extend(fs::read(ledger.join("checkpoint")).ok());
        for entry in fs::read_dir(ledger.join("checkpoints")).unwrap() {
            let path = entry.unwrap().path();
            // A temporary file is nobody's checkpoint yet.
            if path.extension().is_none() {
                self.seen.extend(fs::read(path).ok());
            }
        }
    }

    /// All that was seen is of this log, and the witness never saw a fork.
    fn check(&mut self, log: &Log) {
        for note in &self.seen {
            log.extends(log.opened(note));
        }
        let request = log.add_checkpoint(self.cosigned).to_string();
        let answer = self
            .witness
            .add_checkpoint(request.as_bytes(), 1_700_000_000);
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.alarm, None);
        self.cosigned = log.newest.size;
    }
}

/// What happens in one round.
#[derive(Clone, Copy, Debug)]
enum Plan {
    /// Killed so long after the start.
    AfterStart(Duration),
    /// Killed so long after so many acknowledgements.
    AfterAcks(usize, Duration),
}

/// One ledger with its feeder.
struct Feed<'a> {
    place: &'a Place,
    name: &'a str,
    monitor: Monitor,
    acknowledged: u64,
    random: Random,
    /// Lines in one write.
    step: usize,
    /// How many events one run of `ingest` is sent, at most.
    limit: u64,
    /// Longest time from an acknowledgement to the kill, in microseconds.
    patience: usize,
    /// What opening repaired, how often.
    repaired: BTreeMap<String, usize>,
}

/// Event number `n`.
fn nth(n: u64) -> Event {
    static EVENTS: LazyLock<Vec<Event>> = LazyLock::new(|| events(70_000));
    let n = usize::try_from(n).unwrap();
    EVENTS.get(n).copied().unwrap_or_else(|| event(n))
}

fn acknowledged(line: &str) -> Option<u64> {
    let value: serde_json::Value = serde_json::from_str(line).ok()?;
    value.get("acknowledged")?.as_u64()
}

impl<'a> Feed<'a> {
    fn new(place: &'a Place, name: &'a str, step: usize, limit: u64) -> Self {
        Self {
            place,
            name,
            monitor: Monitor::new(place, name),
            acknowledged: 0,
            random: Random(name.bytes().map(u64::from).sum()),
            step,
            limit,
            patience: 8_000,
            repaired: BTreeMap::new(),
        }
    }

    fn plan(&mut self) -> Plan {
        let patience = self.patience;
        let mut below = |bound| self.random.below(bound);
        match below(4) {
            0 => Plan::AfterStart(Duration::from_micros(below(60_000) as u64)),
            1 => Plan::AfterAcks(1, Duration::from_micros(below(3_000) as u64)),
            _ => Plan::AfterAcks(1 + below(6), Duration::from_micros(below(patience) as u64)),
        }
    }

    /// Starts `ingest`, kills it, and gives whether it was killed rather than done.
    fn ingest(&mut self) -> bool {
        let plan = self.plan();
        let words = format!(
            "ingest {} - --format ndjson --rejects rejected-{} --force --acks",
            self.name, self.name
        );
        let mut child = spawn(self.place.command(&words));
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let limit = self.limit;
        let step = self.step;
        let (first, last, count) = (
            AtomicU64::new(u64::MAX),
            AtomicU64::new(0),
            AtomicU64::new(0),
        );
        let over = AtomicBool::new(false);
        let started = Instant::now();
        let monitor = &mut self.monitor;
        let ledger = self.place.path(self.name);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for line in output.lines() {
                    let Some(size) = line.ok().as_deref().and_then(acknowledged) else {
                        continue;
                    };
                    last.store(size, Ordering::SeqCst);
                    let _ =
                        first.compare_exchange(u64::MAX, size, Ordering::SeqCst, Ordering::SeqCst);
                    count.fetch_add(1, Ordering::SeqCst);
                }
            });
            scope.spawn(|| feed(input, &first, &over, step, limit));
            loop {
                monitor.look(&ledger);
                let wait = match plan {
                    Plan::AfterStart(wait) => wait,
                    Plan::AfterAcks(acks, wait) => {
                        if child.try_wait().unwrap().is_some() {
                            break;
                        }
                        // Lines that were read together are acknowledged together.
                        let fewer = started.elapsed() > Duration::from_millis(400);
                        if count.load(Ordering::SeqCst) < acks as u64 && !fewer {
                            std::thread::sleep(Duration::from_micros(200));
                            continue;
                        }
                        wait
                    }
                };
                std::thread::sleep(wait);
                break;
            }
            child.kill().unwrap();
            over.store(true, Ordering::SeqCst);
        });
        let status = child.wait().unwrap();
        let last = last.into_inner();
        assert!(last == 0 || last >= self.acknowledged, "after {plan:?}");
        self.acknowledged = self.acknowledged.max(last);
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "it hangs: {plan:?}"
        );
        if status.signal() != Some(SIGKILL) {
            let mut said = String::new();
            let _ = std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut said);
            assert!(status.success(), "{status} {said}");
        }
        status.signal() == Some(SIGKILL)
    }

    /// Starts `checkpoint` with its witness, and kills it; now and then the witness as well.
    fn publish(&mut self) -> bool {
        let words = format!(
            "checkpoint {} --policy {}",
            self.name,
            self.monitor.policy()
        );
        let mut child = spawn(self.place.command(&words));
        let wait = Duration::from_micros(self.random.below(120_000) as u64);
        std::thread::sleep(wait);
        if self.random.below(4) == 0 {
            drop(self.monitor.served.take());
        }
        self.monitor.look(&self.place.path(self.name));
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        if !output.stdout.is_empty() {
            // `println` of a note is one write: it is there whole or not at all.
            self.monitor.seen.insert(output.stdout);
        }
        output.status.signal() == Some(SIGKILL)
    }

    /// Opens the ledger again, publishes, and looks at everything.
    fn check(&mut self) {
        let path = self.place.path(self.name);
        let writer = LedgerWriter::open(&path).unwrap();
        assert!(writer.acknowledged() >= self.acknowledged);
        for step in writer.recovery() {
            let words = step.to_string();
            let kind: Vec<&str> = words.split(' ').take(3).collect();
            *self.repaired.entry(kind.join(" ")).or_default() += 1;
        }
        self.acknowledged = writer.acknowledged();
        drop(writer);
        if self.monitor.served.is_none() {
            self.monitor.serve(self.place);
        }
        // What it cosigned before the kill, too.
        let before = self.monitor.witnessed();
        let words = format!(
            "checkpoint {} --policy {}",
            self.name,
            self.monitor.policy()
        );
        self.place.run(&words).fine();
        let log = Log::read(&path);
        assert!(before <= log.newest.size);
        assert_eq!(self.monitor.witnessed(), log.newest.size);
        let note = Note::parse(&fs::read(path.join("checkpoint")).unwrap()).unwrap();
        let key = std::slice::from_ref(&self.monitor.key);
        assert!(note.verify(key).is_ok(), "served with its cosignature");
        assert!(!path.join("contradiction").exists());
        assert_eq!(log.events.len() as u64, self.acknowledged);
        for (index, found) in (0..).zip(&log.events) {
            assert_eq!(*found, nth(index), "event {index}");
        }
        self.monitor.look(&path);
        self.monitor.check(&log);
        no_litter(&path);
    }
}

fn spawn(mut command: Command) -> Child {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits for the first acknowledgement and sends what comes behind it, until the pipe breaks.
fn feed(mut input: ChildStdin, first: &AtomicU64, over: &AtomicBool, step: usize, limit: u64) {
    let mut at = loop {
        match first.load(Ordering::SeqCst) {
            u64::MAX if over.load(Ordering::SeqCst) => return,
            u64::MAX => std::thread::sleep(Duration::from_micros(200)),
            size => break size,
        }
    };
    let end = at + limit;
    while at < end && !over.load(Ordering::SeqCst) {
        let next = (at + step as u64).min(end);
        let lines: String = (at..next).map(|n| line(&nth(n)) + "\n").collect();
        if input.write_all(lines.as_bytes()).is_err() {
            return;
        }
        at = next;
    }
    // The pipe stays open: it is the kill that ends the program.
    while !over.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_micros(200));
    }
}

#[test]
fn no_kill_loses_what_was_acknowledged_or_seen() {
    let started = Instant::now();
    let place = Place::new();
    fill(&place, "full", 63_000);
    place.init("small");
    place.init("wide");
    let mut feeds = vec![
        Feed::new(&place, "small", 3, 40),
        Feed::new(&place, "wide", 200, 3_000),
    ];
    for name in [
        "sealing-0",
        "sealing-1",
        "sealing-2",
        "sealing-3",
        "sealing-4",
        "sealing-5",
    ] {
        copy(&place.path("full"), &place.path(name));
        feeds.push(Feed {
            patience: 150_000,
            ..Feed::new(&place, name, 900, 9_000)
        });
    }
    let mut kills = 0;
    let mut rounds = 0;
    for (at, mut feed) in feeds.into_iter().enumerate() {
        let target = kills + if at < 2 { 70 } else { 10 };
        while kills < target {
            rounds += 1;
            assert!(rounds < 10 * KILLS, "it ends before it is killed");
            let killed = if rounds % 4 == 3 {
                feed.publish()
            } else {
                feed.ingest()
            };
            kills += usize::from(killed);
            feed.check();
        }
        println!(
            "{}: {} events, {} checkpoints seen, repaired {:?}; {:?}",
            feed.name,
            feed.acknowledged,
            feed.monitor.seen.len(),
            feed.repaired,
            started.elapsed()
        );
    }
    assert_eq!(kills, KILLS);
    println!("{kills} kills in {rounds} rounds; {:?}", started.elapsed());
}

/// A ledger of the first `count` events.
fn fill(place: &Place, name: &str, count: u64) {
    place.init(name);
    let mut writer = LedgerWriter::open(&place.path(name)).unwrap();
    let most: Vec<Event> = (0..count).map(nth).collect();
    writer.append(&most).unwrap();
    writer.publish().unwrap();
}

#[test]
fn a_feeder_learns_what_is_durable_and_a_second_writer_is_refused() {
    let place = Place::new();
    place.init("ledger");
    let mut child = spawn(place.command("ingest ledger - --rejects rejected --acks --json"));
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || output.next().unwrap().unwrap();
    assert_eq!(next(), "{\"acknowledged\":0}", "before any input");
    // One line is enough for an answer.
    for n in 0..3 {
        writeln!(input, "{}", line(&nth(n))).unwrap();
        assert_eq!(next(), format!("{{\"acknowledged\":{}}}", n + 1));
        place
            .run("checkpoint ledger")
            .refused(&["another process writing", "wait until it is done"]);
    }
    // A rejected row is none of the ledger's events.
    writeln!(input, "{{}}\n{}", line(&nth(3))).unwrap();
    assert_eq!(next(), "{\"acknowledged\":4}");
    drop(input);
    let summary = next();
    assert!(
        summary.contains("\"accepted\":4,") && summary.contains("\"rejected\":1,"),
        "{summary}"
    );
    assert!(child.wait().unwrap().success());

    // Without a file for rejects all rows wait for the end.
    let lines: String = (4..20_000).map(|n| line(&nth(n)) + "\n").collect();
    let out = place
        .pipe("ingest ledger - --acks", lines.as_bytes())
        .fine();
    let acks: Vec<u64> = out.lines().filter_map(acknowledged).collect();
    assert_eq!((acks.first(), acks.last()), (Some(&4), Some(&20_000)));
    assert_eq!(Log::read_after(&place, "ledger"), 20_000);
}

impl Log {
    /// Publishes, and gives the size of what is then there.
    fn read_after(place: &Place, name: &str) -> u64 {
        place.run(&format!("checkpoint {name}")).fine();
        Self::read(&place.path(name)).newest.size
    }
}

#[test]
fn a_failed_write_stops_the_program_and_says_so() {
    let place = Place::new();
    place.init("ledger");
    let lines: String = (0..9_000).map(|n| line(&nth(n)) + "\n").collect();
    place.write("events.ndjson", &lines);
    place.write(
        "few.ndjson",
        lines
            .lines()
            .take(1_000)
            .map(|l| format!("{l}\n"))
            .collect::<String>(),
    );
    place.run("ingest ledger few.ndjson").fine();
    // No file may grow beyond 100 kB; the batch that crosses this is written in part.
    let program = env!("CARGO_BIN_EXE_ledgerline");
    let script = format!(
        "trap '' XFSZ; ulimit -f 200; exec {program} ingest ledger events.ndjson --rejects rejected"
    );
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(place.path("."))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(output.stdout.is_empty());
    for words in [
        "cannot write",
        "wal/000000.wal: File too large",
        "the writer stopped",
        "not acknowledged may be lost",
        "run it again, which recovers",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let ran = place.run("checkpoint ledger");
    assert!(ran.err.contains("half-written batch"), "{}", ran.err);
    ran.fine();
    let log = Log::read(&place.path("ledger"));
    // Whole events of the batch may be there: they are no worse for not having been acknowledged.
    let again = log.events.iter().skip(1_000);
    assert!(again.enumerate().all(|(n, found)| *found == nth(n as u64)));
    assert!(
        log.events
            .iter()
            .take(1_000)
            .enumerate()
            .all(|(n, found)| *found == nth(n as u64))
    );
}
