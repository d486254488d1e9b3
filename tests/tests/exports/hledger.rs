//! hledger itself reads the journal, finds it balanced in every currency, and comes to our balances.
//!
//! Source: hledger, https://hledger.org, Debian package `hledger`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ledgerline_tests::{program, skip};

use crate::world;

/// Micros from an amount as hledger prints it.
fn micros(text: &str) -> i128 {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, places) = digits.split_once('.').unwrap_or((digits, ""));
    assert!(places.len() <= 6, "{text}");
    sign * format!("{whole}{places:0<6}").parse::<i128>().unwrap()
}

type Balances = BTreeMap<(String, String), i128>;

/// Account and currency to balance, as hledger adds them up.
fn balances(hledger: &Path, journal: &Path) -> Balances {
    let dir = journal.parent().unwrap();
    let file = journal.to_str().unwrap();
    let words = [
        "-f",
        file,
        "balance",
        "--flat",
        "--no-total",
        "--layout=bare",
        "-O",
        "csv",
    ];
    let out = program::run_other(hledger, dir, &words).fine();
    let csv = dir.join("balance.csv");
    fs::write(&csv, out).unwrap();
    world::rows(&csv)
        .into_iter()
        .map(|row| ((row[0].clone(), row[1].clone()), micros(&row[2])))
        .collect()
}

fn add(sums: &mut Balances, account: String, currency: &str, amount: i128) {
    *sums.entry((account, currency.to_owned())).or_default() += amount;
}

/// The same from the tables that `--format csv` writes, which know nothing of the journal.
fn expected(tables: &Path, pools: &Path) -> Balances {
    let mut sums = Balances::new();
    for row in world::rows(pools) {
        let [territory, tier, right, currency, amount] = &row[..] else {
            panic!("{row:?}")
        };
        let account = format!("expenses:pool:{territory}:{tier}:{right}");
        add(&mut sums, account, currency, micros(amount));
    }
    for row in world::rows(&tables.join("holders.csv")) {
        let [holder, _, currency, _, earned, _, payable, _] = &row[..] else {
            panic!("{row:?}")
        };
        let (earned, payable) = (micros(earned), micros(payable));
        add(
            &mut sums,
            format!("liabilities:holder:{holder}"),
            currency,
            payable - earned,
        );
        add(
            &mut sums,
            format!("liabilities:payable:{holder}"),
            currency,
            -payable,
        );
    }
    for row in world::rows(&tables.join("suspense.csv")) {
        let account = format!("liabilities:suspense:{}", row[0]);
        add(&mut sums, account, &row[6], -micros(&row[7]));
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

#[test]
fn hledger_balances_the_journal_as_we_do() {
    let hledger = Path::new("/usr/bin/hledger");
    if !hledger.exists() {
        return skip("no /usr/bin/hledger to check the journal with");
    }
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = world::export(dir.path(), "--format hledger");
    let file = journal.to_str().unwrap();
    let check = |extra: &[&str]| {
        let words = [&["-f", file, "check", "--strict"], extra].concat();
        program::run_other(hledger, dir.path(), &words)
    };
    let _ = check(&["ordereddates"]).fine();
    let found = balances(hledger, &journal);

    let tables = tempfile::tempdir().unwrap();
    let (tables, _) = world::export(tables.path(), "--format csv");
    let wanted = expected(&tables, &world::dir().join("data/pools.csv"));
    assert_eq!(found, wanted);

    // In each currency, and there are several: what was spent is owed.
    let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
    for ((_, currency), amount) in &found {
        *sums.entry(currency).or_default() += amount;
    }
    assert!(sums.len() > 2, "{sums:?}");
    assert!(sums.values().all(|sum| *sum == 0), "{sums:?}");
    let kinds: Vec<&str> = found.keys().map(|(account, _)| account.as_str()).collect();
    for kind in ["holder:", "payable:", "suspense:"] {
        let prefix = format!("liabilities:{kind}");
        assert!(
            kinds.iter().any(|account| account.starts_with(&prefix)),
            "no {prefix}"
        );
    }

    // And hledger does look: one micro more, and it refuses.
    let text = fs::read_to_string(&journal).unwrap();
    let line = text
        .lines()
        .find(|line| line.starts_with("    expenses:"))
        .unwrap();
    let spoilt = format!("{}1", &line[..line.len() - 1]);
    let spoilt = if spoilt == line {
        format!("{}2", &line[..line.len() - 1])
    } else {
        spoilt
    };
    fs::write(&journal, text.replacen(line, &spoilt, 1)).unwrap();
    assert_ne!(check(&[]).code, 0);
}
