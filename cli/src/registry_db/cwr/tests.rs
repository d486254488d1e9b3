//! What a CWR file's records mean, and which faults are found where. The lines are built here, field by
//! field from the specification; real files are read in the tests of the program.

use ledgerline::id::Territories;

use super::file::read;
use super::work::{self, Collection, Meaning, Work};

/// A line with these fields at these positions (from 1).
fn line(kind: &str, fields: &[(usize, &str)]) -> String {
    let mut line = format!("{kind:<300}");
    for (start, text) in fields {
        line.replace_range(start - 1..start - 1 + text.len(), text);
    }
    line.trim_end().to_owned()
}

/// A file of one group with one transaction, numbered and counted as it must be.
fn file(details: &[String]) -> String {
    let mut lines = vec![
        line("HDRPB000000020TEST", &[(60, "01.10")]),
        "GRHNWR0000102.100000000000".to_owned(),
    ];
    for (number, detail) in details.iter().enumerate() {
        let mut detail = format!("{detail:<19}");
        detail.replace_range(3..19, &format!("{:08}{number:08}", 0));
        lines.push(detail);
    }
    let records = details.len();
    lines.push(format!("GRT0000100000001{:08}", records + 2));
    lines.push(format!("TRL0000100000001{:08}", records + 4));
    lines.join("\r\n")
}

fn head() -> String {
    line("NWR", &[(20, "A WORK"), (82, "MK1"), (96, "T1234567894")])
}

fn spu(chain: &str, number: &str, shares: [&str; 2]) -> String {
    let [performance, mechanical] = shares;
    line(
        "SPU",
        &[
            (20, chain),
            (22, number),
            (31, "A PUBLISHER"),
            (88, "00000000199"),
            (113, "052"),
            (116, performance),
            (124, mechanical),
        ],
    )
}

fn spt(number: &str, shares: [&str; 2], place: &str) -> String {
    let [performance, mechanical] = shares;
    line(
        "SPT",
        &[
            (20, number),
            (35, performance),
            (40, mechanical),
            (50, place),
        ],
    )
}

fn only_work(text: &str) -> Work {
    let found = read(text.as_bytes()).unwrap();
    assert_eq!(found.miscounts, []);
    match work::read(&found.transactions[0]).unwrap() {
        Meaning::Work(work) => work,
        other => panic!("{other:?}"),
    }
}

fn collects(work: &Work, at: usize) -> Vec<(String, [u32; 2])> {
    let of = |c: Collection| (c.territories.to_string(), c.shares);
    work.parties[at]
        .collects(work)
        .into_iter()
        .map(of)
        .collect()
}

#[test]
fn territories_are_included_and_excluded_in_order() {
    let half = ["05000", "10000"];
    let work = only_work(&file(&[
        head(),
        spu("01", "P1", half),
        spt("P1", half, "I2136"),
        spt("P1", ["00000", "00000"], "E0840"),
        spt("P1", ["02500", "05000"], "I0840"),
        spt("P1", ["00000", "00000"], "E2131"),
        spt("P1", half, "I0752"),
    ]));
    assert_eq!(
        (work.number.as_str(), work.iswc.as_str()),
        ("MK1", "T1234567894")
    );
    assert_eq!(
        collects(&work, 0),
        [
            ("* -DK -NO -US".to_owned(), [500_000, 1_000_000]),
            ("US".to_owned(), [250_000, 500_000]),
        ]
    );
    assert_eq!(work.parties[0].ipi, "00000000199");
    assert_eq!(work.parties[0].societies, ["052", ""]);
}

#[test]
fn what_an_administrator_collects_its_publisher_does_not() {
    let half = ["05000", "10000"];
    let work = only_work(&file(&[
        head(),
        spu("01", "P1", half),
        spu("01", "P2", ["00000", "00000"]),
        spt("P2", half, "I2136"),
        spu("02", "P3", half),
    ]));
    assert!(collects(&work, 0).is_empty());
    assert_eq!(collects(&work, 1), [("*".to_owned(), [500_000, 1_000_000])]);
    // Nobody of the chain has a territory: what is owned, everywhere.
    assert_eq!(collects(&work, 2), [("*".to_owned(), [500_000, 1_000_000])]);
    assert_eq!(Territories::WORLD.to_string(), "*");
}

#[test]
fn each_fault_has_its_line() {
    let good = [head(), spu("01", "P1", ["05000", "10000"])];
    let text = file(&good);
    assert!(read(text.as_bytes()).is_ok());
    let faults = |text: &str| -> Vec<String> {
        match read(text.as_bytes()) {
            Err(faults) => faults.iter().map(ToString::to_string).collect(),
            Ok(found) => {
                let of_works = found.transactions.iter();
                let of_works = of_works.flat_map(|t| work::read(t).err().unwrap_or_default());
                let all = found.miscounts.into_iter().chain(of_works);
                all.map(|fault| fault.to_string()).collect()
            }
        }
    };
    let cases = [
        ("", "", "1: expected TRL at the end"),
        ("HDRPB", "HDX", "1: expected a CWR file"),
        ("02.10", "03.00", "2: expected CWR version"),
        (
            "GRHNWR00001",
            "GRHNWR00002",
            "2: expected group 1, but found 2",
        ),
        (
            "GRT0000100000001",
            "GRT0000100000002",
            "5: expected 1 transactions in the group, as counted",
        ),
        (
            "GRT000010000000100000004",
            "GRT000010000000100000005",
            "5: expected 4 records in the group",
        ),
        (
            "TRL000010000000100000006",
            "TRL000010000000100000027",
            "6: expected 6 records, as counted, but found TRL says 27",
        ),
        (
            "SPU0000000000000001",
            "SPU0000000000000002",
            "4: expected transaction 0 and record 1",
        ),
        (
            "SPU0000000000000001",
            "SPQ0000000000000001",
            "4: expected a record type",
        ),
        ("10000", "1000X", "4: expected a mechanical share, 5 digits"),
        (
            "10000",
            "10001",
            "4: expected a mechanical share of at most 100.00 %",
        ),
        ("MK1", "   ", "3: expected a submitter work number"),
        ("TRL", "GRH", "6: expected"),
    ];
    for (from, to, words) in cases {
        let text = if from.is_empty() {
            String::new()
        } else {
            text.replace(from, to)
        };
        let found = faults(&text);
        assert!(
            found.iter().any(|f| f.starts_with(words)),
            "{words}: {found:?}"
        );
    }
    for place in ["X2136", "I2999", "I   8", "I"] {
        let wrong = [
            good[0].clone(),
            good[1].clone(),
            spt("P1", ["05000", "10000"], place),
        ];
        let found = faults(&file(&wrong));
        assert!(found[0].starts_with("5: expected"), "{place}: {found:?}");
    }
    // A territory of a party that does not stand before it.
    let wrong = [
        good[0].clone(),
        good[1].clone(),
        spt("P9", ["05000", "10000"], "I2136"),
    ];
    assert!(faults(&file(&wrong))[0].contains("SPU of the party \"P9\""));
}

#[test]
fn no_bytes_make_it_panic() {
    let text = file(&[
        head(),
        spu("01", "P1", ["05000", "10000"]),
        spt("P1", ["05000", "10000"], "I2136"),
    ]);
    for cut in 0..text.len() {
        let _ = read(&text.as_bytes()[..cut]);
    }
    for at in 0..text.len() {
        for byte in [b'\n', 0, 0xff, b'9', b'Z'] {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = byte;
            if let Ok(found) = read(&bytes) {
                for transaction in &found.transactions {
                    if let Ok(Meaning::Work(work)) = work::read(transaction) {
                        work.parties
                            .iter()
                            .for_each(|party| drop(party.collects(&work)));
                    }
                }
            }
        }
    }
}
