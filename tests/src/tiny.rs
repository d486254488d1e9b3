//! A world of six plays: small enough to change every byte of it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::program;

/// Its files: name and content.
pub const FILES: [(&str, &str); 7] = [
    (
        "data/recordings.csv",
        "isrc,title,artist,duration_ms\nDEAB12600001,Eins,Änne,200000\nFRZ032600003,Deux,Bo,25000\n",
    ),
    (
        "data/holders.csv",
        "holder,name,currency\n00000000000000a1,Label,EUR\n00000000000000b2,Writer,EUR\n",
    ),
    (
        "data/shares.csv",
        "isrc,right,territories,holder,ppm,valid_from,valid_to\n\
         DEAB12600001,master,*,00000000000000a1,600000,,\nDEAB12600001,master,*,00000000000000b2,400000,,2026-04-16\n\
         FRZ032600003,master,* -US,00000000000000b2,1000000,,\n",
    ),
    (
        "data/subscriptions.csv",
        "user,tier,valid_from,valid_to\nu1,premium,,\nu2,premium,2026-04-10,\n",
    ),
    (
        "data/licences.csv",
        "isrc,territories,valid_from,valid_to\nDEAB12600001,*,,\nFRZ032600003,DE FR,,\n",
    ),
    ("data/rules.toml", "version = 1\nmodel = \"pro-rata\"\n"),
    (
        "data/pools.csv",
        "territory,tier,right,currency,amount\nDE,premium,master,EUR,10.000001\nFR,premium,master,EUR,3\n",
    ),
];

/// Origin of its log.
pub const ORIGIN: &str = "tiny.example/plays/2026-04";

/// Events: each play starts, beats once and ends after 45 s.
#[must_use]
pub fn events() -> String {
    let mut text = String::new();
    for play in 0..6_u32 {
        let user = if play % 2 == 0 { "u1" } else { "u2" };
        let isrc = if play % 3 == 0 {
            "FRZ032600003"
        } else {
            "DEAB12600001"
        };
        let territory = if play == 4 { "FR" } else { "DE" };
        for (kind, seconds) in [("start", 0), ("heartbeat", 30), ("end", 45)] {
            let position = u32::saturating_mul(seconds, 1000);
            let day = play.saturating_mul(4).saturating_add(9);
            let _ = writeln!(
                text,
                r#"{{"kind":"{kind}","play":"play {play}","user":"{user}","isrc":"{isrc}","territory":"{territory}","time":"2026-04-{day:02}T12:00:{seconds:02}Z","position_ms":{position}}}"#
            );
        }
    }
    text
}

/// Writes the inputs into `dir`, and makes there `service.vkey`, `ledger` and `run`, audited, and
/// `bundles`.
///
/// # Panics
///
/// If a step fails.
pub fn make(dir: &Path) {
    make_with(dir, |_, content| content.to_owned());
}

/// The same from files that `edit`, given name and content, changes.
///
/// # Panics
///
/// If a step fails.
#[expect(clippy::expect_used, reason = "a test without its world is no test")]
pub fn make_with(dir: &Path, edit: impl Fn(&str, &str) -> String) {
    fs::create_dir_all(dir.join("data")).expect("a folder");
    for (name, content) in FILES {
        fs::write(dir.join(name), edit(name, content)).expect("a file");
    }
    fs::write(dir.join("data/events.ndjson"), events()).expect("a file");
    let step = |arguments: &[&str]| program::run(dir, arguments).fine();
    let vkey = step(&["init", "ledger", "--origin", ORIGIN, "--period", "2026-04"]);
    fs::write(dir.join("service.vkey"), vkey).expect("a file");
    let _ = step(&["registry", "ledger", "import", "data"]);
    let _ = step(&["ingest", "ledger", "data/events.ndjson"]);
    let _ = step(&["checkpoint", "ledger"]);
    let files = [
        "--rules",
        "data/rules.toml",
        "--pools",
        "data/pools.csv",
        "--out",
        "run",
    ];
    let _ = step(&[&["statement", "ledger"][..], &files].concat());
    let _ = step(&[
        "audit",
        "run",
        "--ledger",
        "ledger",
        "--key",
        "service.vkey",
    ]);
    let _ = step(&[
        "bundle", "run", "--ledger", "ledger", "--all", "--out", "bundles",
    ]);
}
