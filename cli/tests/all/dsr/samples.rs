//! DDEX's own test data: every file is read, or refused with line and reason; one test each.
//!
//! Source: `ddexnet/dsrf`, testdata (Apache-2.0), read from `../shared`.

use super::{ddex, problems, report, usages};
use crate::common::Place;

/// Copies a file of the test data into `place` under its own name.
fn sample(place: &Place, name: &str) -> Option<()> {
    let from = ddex()?.join("testdata").join(name);
    let file = from.file_name()?.to_str()?.to_owned();
    std::fs::copy(from, place.path(&file)).unwrap();
    Some(())
}

#[track_caller]
fn refused(name: &str, words: &[&str]) {
    let place = Place::new();
    if sample(&place, name).is_some() {
        let file = name.rsplit('/').next().unwrap();
        place.run(&format!("dsr check {file}")).refused(words);
    }
}

/// The test data of the parser's own tests: records cut to a few cells, SY03 and RE01 in a profile that
/// has neither, a footer that counts 123 lines of 7.
fn cut_records(time: &str, part: &str, head_cells: usize) {
    let name =
        format!("DSR_PADPIDA2014999999Z_PADPIDA2014111801Y_AdSupport_2015-02_AU_{part}_{time}.tsv");
    let place = Place::new();
    if sample(&place, &name).is_none() {
        return;
    }
    let report = report(&place, &name, 1);
    assert_eq!(
        problems(&report),
        [
            format!("1 cell-count -: {head_cells}").as_str(),
            "4 cell-count -: 6",
            "4 record-not-in-profile RecordType: \"SY03\"",
            "5 cell-count -: 4",
            "5 record-not-in-profile RecordType: \"RE01\"",
            "6 cell-count -: 6",
            "7 cell-count -: 2",
            "7 foot-count NumberOfLinesInFile: 123",
            "6 record-version RecordType: \"AS02\"",
        ]
    );
    assert_eq!(report["problems"][0]["expected"], "16 cells");
    assert_eq!(report["reports"][0]["profile"], "UgcProfile");
}

#[test]
fn ad_support_1of1_of_2014() {
    cut_records("20140617T092522", "1of1", 6);
}

#[test]
fn ad_support_1of1_of_2015() {
    cut_records("20150723T092522", "1of1", 4);
}

#[test]
fn ad_support_1of2() {
    cut_records("20150723T092522", "1of2", 4);
}

#[test]
fn ad_support_2of2() {
    cut_records("20150723T092522", "2of2", 4);
}

const RECORDINGS: [(&str, &str); 3] = [
    ("USRH10903879", "355"),
    ("USSM19803037", "7810"),
    ("USUV71101875", "2045"),
];

/// What both YouTube samples have: one id for four summaries, works with too few cells, dates without
/// hyphens, SalesTransactionIds that start again in each block; `lines` are those of works and sales.
fn you_tube(lines: [u64; 3], sales: [u64; 6]) -> Vec<String> {
    let mut expected: Vec<(u64, String)> = Vec::new();
    for line in [11, 12, 13] {
        expected.push((line, "duplicate-summary SummaryRecordId: \"1\"".to_owned()));
    }
    for (line, cells) in lines.into_iter().zip([8, 6, 8]) {
        expected.push((line, format!("cell-count -: {cells}")));
    }
    let dates = [
        ("20151001", "20151231"),
        ("20151001", "20151231"),
        ("20151001", "20151002"),
        ("20151003", "20151003"),
        ("20151004", "20151203"),
        ("20151204", "20151230"),
    ];
    for (line, (from, to)) in sales.into_iter().zip(dates) {
        expected.push((
            line,
            format!("spreadsheet-date ValidityPeriodStart: \"{from}\""),
        ));
        expected.push((
            line,
            format!("spreadsheet-date ValidityPeriodEnd: \"{to}\""),
        ));
    }
    expected.sort_by_key(|(line, _)| *line);
    expected
        .into_iter()
        .map(|(line, text)| format!("{line} {text}"))
        .collect()
}

#[test]
fn you_tube_test() {
    let name = "DSR_TEST_YouTube_AdSupport-music_2015-Q4_IS_1of1_20160121T150926.tsv";
    let place = Place::new();
    if sample(&place, name).is_none() {
        return;
    }
    let report = report(&place, name, 1);
    let mut expected = you_tube([15, 20, 25], [17, 22, 27, 29, 31, 33]);
    // It says version 1.0, and has records of 1.1.
    expected.extend(
        [
            "1 profile-name Profile: \"UGCProfile\"",
            "10 usages-below-total -: 10210",
            "10 record-version RecordType: \"SY02.01\"",
            "15 record-version RecordType: \"MW01.01\"",
            "17 record-version RecordType: \"SU03.01\"",
            "18 record-version RecordType: \"LI01.01\"",
            "22 duplicate-transaction SalesTransactionId: \"U1\"",
            "27 duplicate-transaction SalesTransactionId: \"U1\"",
        ]
        .map(str::to_owned),
    );
    assert_eq!(problems(&report), expected);
    let recordings = RECORDINGS.map(|(isrc, n)| (isrc.to_owned(), n.to_owned()));
    assert_eq!(usages(&report), recordings);
    let one = &report["reports"][0];
    assert_eq!(one["total"]["usages"], "10210");
    // 409.05 + 359.71 + 3424.29 + 11570.53
    assert_eq!(one["net_revenue"][0]["amount"], "15763.58");
    assert_eq!(one["net_revenue"][0]["currency"], "USD");
}

#[test]
fn you_tube_test2() {
    let name = "DSR_TEST2_YouTube_AdSupport-music_2015-Q4_IS_1of1_20160121T150926.tsv";
    let place = Place::new();
    if sample(&place, name).is_none() {
        return;
    }
    let report = report(&place, name, 1);
    let mut expected = you_tube([15, 19, 24], [17, 21, 26, 28, 30, 32]);
    // A line was taken out, and the footer still counts it.
    expected.extend(
        [
            "34 foot-count NumberOfLinesInFile: 35",
            "34 foot-count NumberOfLinesInReport: 35",
            "1 profile-name Profile: \"UGCProfile\"",
            "10 usages-below-total -: 10210",
            "21 duplicate-transaction SalesTransactionId: \"U1\"",
            "26 duplicate-transaction SalesTransactionId: \"U1\"",
        ]
        .map(str::to_owned),
    );
    assert_eq!(problems(&report), expected);
    let recordings = RECORDINGS.map(|(isrc, n)| (isrc.to_owned(), n.to_owned()));
    assert_eq!(usages(&report), recordings);
}

#[test]
fn test_file_parser() {
    refused(
        "test_file_parser.tsv",
        &["expected HEAD", "\"FHEA\" at line 3"],
    );
}

#[test]
fn test_file_parser_gz() {
    refused(
        "test_file_parser.tsv.gz",
        &["expected HEAD", "\"FHEA\" at line 3"],
    );
}

#[test]
fn blocks_in_the_text_form_of_protocol_buffers() {
    for name in [
        "basic_body_block",
        "basic_foot_block",
        "basic_head_block",
        "block_LI01",
        "head_block_multi_service",
    ] {
        refused(
            &format!("blocks/{name}.txt"),
            &[&format!("{name}.txt: no DSR"), "line 1"],
        );
    }
}
