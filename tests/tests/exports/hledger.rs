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

/// Account and currency to balance, as hledger adds them up with further words.
fn balances(hledger: &Path, journal: &Path, more: &[&str]) -> Balances {
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
    let out = program::run_other(hledger, dir, &[&words, more].concat()).fine();
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
        let [holder, _, currency, amounts @ ..] = &row[..] else {
            panic!("{row:?}")
        };
        let amounts: Vec<i128> = amounts.iter().map(|amount| micros(amount)).collect();
        let [brought, earned, replaced, payable, _] = amounts[..] else {
            panic!("{row:?}")
        };
        for (account, amount) in [
            (
                format!("liabilities:holder:{holder}"),
                payable + replaced - earned - brought,
            ),
            (format!("liabilities:payable:{holder}"), -payable),
            ("equity:brought-forward".to_owned(), brought),
            ("equity:replaced".to_owned(), -replaced),
        ] {
            add(&mut sums, account, currency, amount);
        }
    }
    for row in world::rows(&tables.join("suspense.csv")) {
        let account = format!("liabilities:suspense:{}", row[0]);
        add(&mut sums, account, &row[6], -micros(&row[7]));
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

fn hledger() -> Option<&'static Path> {
    let hledger = Path::new("/usr/bin/hledger");
    if !hledger.exists() {
        skip("no /usr/bin/hledger to check the journal with");
        return None;
    }
    Some(hledger)
}

#[test]
fn hledger_balances_the_journal_as_we_do() {
    let Some(hledger) = hledger() else { return };
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = world::export(dir.path(), "--format hledger");
    let file = journal.to_str().unwrap();
    let check = |extra: &[&str]| {
        let words = [&["-f", file, "check", "--strict"], extra].concat();
        program::run_other(hledger, dir.path(), &words)
    };
    let _ = check(&["ordereddates"]).fine();
    let found = balances(hledger, &journal, &[]);

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

#[test]
fn hledger_balances_the_journal_of_a_run_that_continues_others() {
    let Some(hledger) = hledger() else { return };
    let world = world::dir();
    let dir = tempfile::tempdir().unwrap();
    let place = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (revised, journal, tables) = (place("revised"), place("b.journal"), place("tables"));
    let statement = "statement ledger --rules data/rules.toml --pools data/pools.csv --revision 1 --previous run --out";
    for words in [
        format!("{statement} {revised}"),
        format!("export {revised} --format hledger --out {journal}"),
        format!("export {revised} --format csv --out {tables}"),
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let _ = program::run(world, &words).fine();
    }
    let _ = program::run_other(hledger, world, &["-f", &journal, "check", "--strict"]).fine();
    let found = balances(hledger, Path::new(&journal), &[]);
    assert_eq!(
        found,
        expected(Path::new(&tables), &world.join("data/pools.csv"))
    );
    for account in ["equity:brought-forward", "equity:replaced"] {
        assert!(found.keys().any(|(name, _)| name == account), "{account}");
    }

    // Beside the first run's journal, without what that one has itself: the holders' last accounts.
    let (first, _) = world::export(dir.path(), "--format hledger");
    let words = [
        "-f",
        &journal,
        "liabilities:holder",
        "not:desc:brought forward",
    ];
    let found = balances(hledger, &first, &words);
    let mut wanted = Balances::new();
    for row in world::rows(&Path::new(&tables).join("holders.csv")) {
        let account = format!("liabilities:holder:{}", row[0]);
        add(&mut wanted, account, &row[2], -micros(&row[7]));
    }
    wanted.retain(|_, sum| *sum != 0);
    assert_eq!(found, wanted);
}
