//! Imports in core point one way, as `STYLE` has it: each module may use those listed for it, and no other.
//!
//! Where core deviates from the general order, it is by a stricter or a named rule, with its reason here.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ledgerline_tests::root;

/// Module, and what of ours it may use. The order is the way of the data.
const MAY_USE: [(&str, &[&str]); 16] = [
    ("id", &[]),
    ("money", &[]),
    // Pseudonyms of listeners are salted like everything else that hides.
    ("salt", &["id"]),
    ("time", &[]),
    ("wire", &[]),
    // A listener may be given as a user id, which becomes a pseudonym on the way in.
    ("event", &["id", "salt", "time"]),
    // A record does not know where it is kept: not `log`.
    ("record", &["event", "id", "salt", "time", "wire"]),
    // A general C2SP log, checked against foreign vectors alone: not `event`, `record`, `money`.
    ("log", &["wire"]),
    // Its rows are canonical bytes.
    ("registry", &["id", "money", "time", "wire"]),
    // What was heard, wherever it was kept: not `log`, not `record`.
    ("attribution", &["event", "registry", "id", "time"]),
    // Pure arithmetic without a hash in it, for economists: not `log`, `record`, `wire`. It asks the
    // registry who has which share, which is a matter of law, not of bytes.
    (
        "royalty",
        &["attribution", "registry", "id", "money", "time"],
    ),
    // Another kind of tree, for payouts alone: not `log`.
    ("claims", &["id", "money", "wire"]),
    // Not `record`: it sees plays.
    (
        "statement",
        &[
            "royalty",
            "attribution",
            "registry",
            "log",
            "id",
            "money",
            "salt",
            "time",
            "wire",
        ],
    ),
    (
        "bundle",
        &[
            "statement",
            "royalty",
            "attribution",
            "registry",
            "log",
            "record",
            "event",
            "id",
            "money",
            "salt",
            "time",
            "wire",
        ],
    ),
    // Carried by bundles as bytes; it must not be able to see plays: not `record`, `event`.
    ("zk", &["royalty", "log", "money"]),
    (
        "audit",
        &[
            "bundle",
            "statement",
            "royalty",
            "attribution",
            "registry",
            "log",
            "record",
            "event",
            "id",
            "money",
            "salt",
            "time",
            "wire",
        ],
    ),
];

#[test]
fn imports_in_core_point_one_way() {
    let rules: BTreeMap<&str, &[&str]> = MAY_USE.into_iter().collect();
    let src = root().join("core/src");
    let mut wrong = Vec::new();
    let mut looked_at = 0;
    for file in files(&src) {
        let path = file.strip_prefix(&src).unwrap().display().to_string();
        let module = path.split(['/', '.']).next().unwrap();
        if module == "lib" {
            continue;
        }
        let Some(allowed) = rules.get(module) else {
            wrong.push(format!(
                "{path}: module `{module}` is not in this test's table"
            ));
            continue;
        };
        for (number, used) in used_modules(&fs::read_to_string(&file).unwrap()) {
            looked_at += 1;
            if used != module && !allowed.contains(&used.as_str()) {
                wrong.push(format!("{path}:{number}: `{module}` must not use `{used}`"));
            }
        }
    }
    assert!(
        looked_at > 100,
        "only {looked_at} imports seen; does this test still read them?"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Line and first name of everything that starts with `crate::` outside comments and tests.
fn used_modules(text: &str) -> Vec<(usize, String)> {
    let mut used = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.starts_with("#[cfg(test)]") {
            break;
        }
        let code = line.split("//").next().unwrap();
        for after in code.split("crate::").skip(1) {
            let name: String = after
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            used.push((number, name));
        }
        assert!(
            !code.contains("crate::{"),
            "write one `use crate::module` a line: {line}"
        );
    }
    used
}

/// Source files, tests aside.
fn files(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            found.extend(files(&path));
        } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}
