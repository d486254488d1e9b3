//! What strangers send: files that are empty, cut off, far too large, not text, or claim to hold more
//! than they do. Each reading command ends with exit code 2, names the file, prints no result, writes
//! nothing, and stays within a fixed memory.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use ledgerline_tests::{program, tiny};

/// Address space that is enough for every command; the largest input is ten times as large.
const MEMORY_MB: u64 = 1_500;

/// How a file is spoilt.
#[derive(Clone, Copy, Debug)]
enum Spoil {
    Empty,
    Truncated,
    NotText,
    HugeClaim,
    TooLarge,
}

const ALL: [Spoil; 5] = [
    Spoil::Empty,
    Spoil::Truncated,
    Spoil::NotText,
    Spoil::HugeClaim,
    Spoil::TooLarge,
];

/// Spoils `file` in place.
fn spoil(file: &Path, how: Spoil) {
    let genuine = fs::read(file).unwrap();
    let line = genuine.iter().position(|byte| *byte == b'\n').unwrap_or(0) + 1;
    match how {
        Spoil::Empty => fs::write(file, b"").unwrap(),
        // Within a line, if there are lines.
        Spoil::Truncated => {
            fs::write(file, &genuine[..(line + 3).min(genuine.len() * 9 / 10)]).unwrap()
        }
        Spoil::NotText => fs::write(
            file,
            [&genuine[..line], &[0xff, 0xfe, 0x80, b'\n'][..]].concat(),
        )
        .unwrap(),
        // Every length, count and size in a binary format is one of these somewhere.
        Spoil::HugeClaim => {
            let middle = genuine.len() / 2;
            fs::write(
                file,
                [&genuine[..middle], &[0xff; 64][..], &genuine[middle..]].concat(),
            )
            .unwrap();
        }
        // A sparse file: 10,000 times as long, at least 15 GB, on no disk space.
        Spoil::TooLarge => {
            let length = (genuine.len() as u64 * 10_000).max(15_000_000_000);
            OpenOptions::new()
                .append(true)
                .open(file)
                .unwrap()
                .set_len(length)
                .unwrap();
        }
    }
}

/// All files below `dir` with their sizes and, where they are small, contents.
fn listing(dir: &Path) -> BTreeMap<PathBuf, (u64, Vec<u8>)> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let (path, kind) = entry.map(|e| (e.path(), e.file_type().unwrap())).unwrap();
        if kind.is_dir() {
            all.extend(listing(&path));
            continue;
        }
        // SQLite keeps two of these while a database is open for reading, and whoever might write to a
        // ledger locks an empty file.
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.ends_with("-shm") || name.ends_with("-wal") || name == "lock" {
            continue;
        }
        let size = fs::metadata(&path).unwrap().len();
        let content = if size < 1 << 20 {
            fs::read(&path).unwrap()
        } else {
            Vec::new()
        };
        all.insert(path, (size, content));
    }
    all
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_tree(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// A command, the file of it that is spoilt, and the name that its message must have.
struct Case {
    file: &'static str,
    command: &'static [&'static str],
}

const CASES: [Case; 17] = [
    Case {
        file: "data/events.ndjson",
        command: &["ingest", "open", "data/events.ndjson"],
    },
    Case {
        file: "data/events.csv",
        command: &["ingest", "open", "data/events.csv"],
    },
    Case {
        file: "data/events.parquet",
        command: &["ingest", "open", "data/events.parquet"],
    },
    Case {
        file: "data/recordings.csv",
        command: &["registry", "open", "import", "data"],
    },
    Case {
        file: "data/holders.csv",
        command: &["registry", "open", "import", "data"],
    },
    Case {
        file: "data/shares.csv",
        command: &["registry", "open", "import", "data"],
    },
    Case {
        file: "data/subscriptions.csv",
        command: &["registry", "open", "import", "data"],
    },
    Case {
        file: "data/licences.csv",
        command: &["registry", "open", "import", "data"],
    },
    Case {
        file: "data/rules.toml",
        command: &[
            "statement",
            "ledger",
            "--rules",
            "data/rules.toml",
            "--pools",
            "data/pools.csv",
            "--out",
            "new",
        ],
    },
    Case {
        file: "data/pools.csv",
        command: &[
            "statement",
            "ledger",
            "--rules",
            "data/rules.toml",
            "--pools",
            "data/pools.csv",
            "--out",
            "new",
        ],
    },
    Case {
        file: "bundle.llb",
        command: &["verify", "bundle.llb", "--key", "service.vkey"],
    },
    Case {
        file: "bundle.llb.gz",
        command: &["verify", "bundle.llb.gz", "--key", "service.vkey"],
    },
    Case {
        file: "run.note",
        command: &["verify", "run.note", "--key", "service.vkey"],
    },
    Case {
        file: "checkpoint",
        command: &["verify", "checkpoint", "--key", "service.vkey"],
    },
    Case {
        file: "event.tlog-proof",
        command: &["verify", "event.tlog-proof", "--key", "service.vkey"],
    },
    Case {
        file: "my-policy",
        command: &["verify", "checkpoint", "--policy", "my-policy"],
    },
    Case {
        file: "service.vkey",
        command: &["verify", "run.note", "--key", "service.vkey"],
    },
];

/// The tiny world, with an open ledger, events in further forms, and single files to verify.
fn world(dir: &Path) {
    tiny::make(dir);
    let run = |arguments: &[&str]| program::run(dir, arguments).fine();
    let _ = run(&[
        "init",
        "open",
        "--origin",
        "open.example/plays/2026-04",
        "--period",
        "2026-04",
    ]);
    fs::copy(
        dir.join("ledger/segments/000000.parquet"),
        dir.join("data/events.parquet"),
    )
    .unwrap();
    let row = "kind,play,user,isrc,territory,time,position_ms\nstart,p,u1,DEAB12600001,DE,2026-04-01T00:00:00Z,0\n";
    fs::write(dir.join("data/events.csv"), row).unwrap();
    let holder = ["--holder", "00000000000000a1"];
    for out in ["bundle.llb", "bundle.llb.gz"] {
        let _ = run(&[
            &["bundle", "run", "--ledger", "ledger", "--out", out][..],
            &holder,
        ]
        .concat());
    }
    let _ = run(&["receipt", "ledger", "0", "--out", "event.tlog-proof"]);
    let vkey = fs::read_to_string(dir.join("service.vkey")).unwrap();
    let policy = format!("log {}\nquorum none\n", vkey.trim());
    fs::write(dir.join("my-policy"), policy).unwrap();
    for name in ["run.note", "checkpoint"] {
        fs::copy(dir.join("run").join(name), dir.join(name)).unwrap();
    }
}

#[test]
fn spoilt_inputs_are_refused_by_name_and_leave_nothing_behind() {
    let base = tempfile::tempdir().unwrap();
    world(base.path());
    let mut wrong = Vec::new();
    for Case { file, command } in CASES {
        for how in ALL {
            let place = tempfile::tempdir().unwrap();
            let dir = place.path();
            copy_tree(base.path(), dir);
            spoil(&dir.join(file), how);
            let before = listing(dir);
            let ran = program::run_within(MEMORY_MB, dir, command);
            let name = Path::new(file).file_name().unwrap().to_str().unwrap();
            if ran.code != 2 || !ran.out.is_empty() || !ran.err.contains(name) {
                wrong.push(format!("{how:?} {file}: {command:?}: {ran}"));
            }
            if listing(dir) != before {
                wrong.push(format!("{how:?} {file}: {command:?} changed files"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        CASES.len() * ALL.len(),
        wrong.join("\n")
    );
}

#[test]
fn a_missing_file_is_named() {
    let dir = tempfile::tempdir().unwrap();
    world(dir.path());
    for command in [
        &["verify", "absent.llb"][..],
        &["audit", "absent"],
        &["ingest", "open", "absent.ndjson"],
        &["registry", "ledger", "import", "absent"],
        &[
            "statement",
            "ledger",
            "--rules",
            "absent.toml",
            "--pools",
            "data/pools.csv",
            "--out",
            "new",
        ],
        &["bundle", "absent", "--all", "--out", "new"],
        &["export", "absent", "--format", "csv", "--out", "new"],
    ] {
        let ran = program::run(dir.path(), command);
        assert_eq!(ran.code, 2, "{command:?}: {ran}");
        assert!(
            ran.err.contains("absent") && ran.out.is_empty(),
            "{command:?}: {ran}"
        );
        assert!(
            !dir.path().join("new").exists(),
            "{command:?} wrote something"
        );
    }
}
