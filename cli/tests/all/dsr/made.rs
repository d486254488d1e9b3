//! Files of our own: two with the numbers and the faults of official samples that are not at hand,
//! and one fault at a time.

use super::{problems, report, usages};
use crate::common::Place;

/// A report with the numbers of DDEX's sample "UnlimitedMusicMonthly": 33 lines, 1 summary of GBP
/// 5,000.00 and 3,160 usages, 3 blocks, 15 SU02.02 lines over six recordings with 439, 581, 727, 377,
/// 593 and 443 streams. The sample itself is not at hand: titles, ids and the split over lines are
/// ours.
fn unlimited() -> String {
    let mut text = String::from(
        "HEAD\tdsrf/30\tBasicAudioProfile\t1.3\tM1\t2020-02-01T10:00:00Z\t1\t1\t2020-01-01\t2020-01-31\t\
         PADPIDA2014111801Y\tMusic Service\tUnlimitedMusicMonthly\tPADPIDA2013020802I\tSociety\t\n",
    );
    for comment in ["HEAD", "SY01.02", "RE01.02", "AS02.03", "SU02.02", "FOOT"] {
        text.push_str(&format!("#{comment}\tnames of cells\n"));
    }
    text.push_str(
        "SY01.02\tSY1\t\t\tSubscriptionModel\tOnDemandStream\tGB\tUnlimitedMusicMonthly\t3160\t\
         1000\tGBP\t5000.00\t\t\t\n",
    );
    let recordings: [(&str, &[u64]); 6] = [
        ("GBAAA2000001", &[200, 239]),
        ("GBAAA2000002", &[100, 181, 300]),
        ("GBAAA2000003", &[700, 27]),
        ("GBAAA2000004", &[77, 100, 200]),
        ("GBAAA2000005", &[593, 0]),
        ("GBAAA2000006", &[1, 2, 440]),
    ];
    let mut transaction = 0;
    for (block, pair) in recordings.chunks(2).enumerate() {
        let block = block + 1;
        text.push_str(&format!(
            "RE01.02\t{block}\tR1\tREL{block}\t\t\t400638133393{}\tArtist\t\tAlbum\t\tAlbum\tLabel\t\t\t\n",
            1
        ));
        for (reference, (isrc, _)) in pair.iter().enumerate() {
            text.push_str(&format!(
                "AS02.03\t{block}\tA{reference}\t{isrc}\t{isrc}\tTitle\t\tArtist\t\tPT3M20S\tSoundRecording\
                 \t\t\t\t\t\t\t\t\t\t\t\t\n"
            ));
        }
        for (reference, (_, lines)) in pair.iter().enumerate() {
            for streams in *lines {
                transaction += 1;
                text.push_str(&format!(
                    "SU02.02\t{block}\tSY1\tT{transaction}\t\tA{reference}\ttrue\t{streams}\t\t\t\n"
                ));
            }
        }
    }
    text.push_str("FOOT\t33\t33\t1\t3\t3\n");
    text
}

const UNLIMITED: &str = "DSR_PADPIDA2013020802I_PADPIDA2014111801Y_UnlimitedMusicMonthly_2020-01_GB_1of1_20200201T100000.tsv";

/// Divides `pool` in steps of a cent, leftovers to the largest remainders: the comparison rounding
/// that the sample's numbers were published with.
fn largest_remainder(pool: u64, weights: &[u64]) -> Vec<u64> {
    let total: u64 = weights.iter().sum();
    let mut parts: Vec<u64> = weights.iter().map(|weight| pool * weight / total).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(pool * weights[*at] % total));
    let left = pool - parts.iter().sum::<u64>();
    for at in order.into_iter().take(left as usize) {
        parts[at] += 1;
    }
    parts
}

#[test]
fn unlimited_music_monthly_adds_up() {
    let place = Place::new();
    let text = unlimited();
    assert_eq!(text.lines().count(), 33);
    place.write(UNLIMITED, &text);
    let report = report(&place, UNLIMITED, 0);
    assert_eq!(
        problems(&report),
        ["1 profile-version ProfileVersion: \"1.3\""]
    );
    let one = &report["reports"][0];
    let file = &one["files"][0];
    assert_eq!(
        (&file["lines"], &file["summary_records"], &file["blocks"]),
        (&33.into(), &1.into(), &3.into())
    );
    assert_eq!(
        (&one["total"]["usages"], &one["total"]["lines"]),
        (&"3160".into(), &15.into())
    );
    assert_eq!(one["net_revenue"][0]["currency"], "GBP");
    assert_eq!(one["net_revenue"][0]["amount"], "5000.00");
    let streams: Vec<u64> = usages(&report)
        .iter()
        .map(|(_, n)| n.parse().unwrap())
        .collect();
    assert_eq!(streams, [439, 581, 727, 377, 593, 443]);
    // Oracle: the division published with the sample.
    let parts = largest_remainder(500_000, &streams);
    assert_eq!(parts, [69_462, 91_930, 115_032, 59_652, 93_829, 70_095]);
    assert_eq!(parts.iter().sum::<u64>(), 500_000);
    let words = place.run(&format!("dsr check {UNLIMITED}")).fine();
    for expected in [
        "BasicAudioProfile 1.3, multi-record block",
        "usages 3160 in 15 lines",
        "net revenue of summaries GBP 5000.00",
        "GBAAA2000003           727",
        "0 errors, 1 warning\n",
    ] {
        assert!(words.contains(expected), "{expected:?} in {words}");
    }
}

/// A report with the faults of DDEX's sample "AdFunded", which is not at hand: lines name a summary
/// "SY1" where the record has the id "1", three usages where the summary states 100, 94 blocks of
/// the report in FOOT where there are 3, ICPNs that a spreadsheet rounded.
fn ad_funded() -> String {
    let mut text = String::from(
        "HEAD\tdsrf/30\tBasicAudioProfile\t1.3\tM2\t2020-02-01T10:00:00Z\t1\t1\t2020-01-01\t2020-01-31\t\
         PADPIDA2014111801Y\tMusic Service\tAdFunded\tPADPIDA2013020802I\tSociety\t\n\
         SY02.03\t1\t\t\tAdvertisementSupportedModel\tOnDemandStream\tGB\tAdFunded\t100\t\tGBP\t12.50\t\t\t\t\
         \t\t\tMusic\t\t\t\n",
    );
    for block in 1..=3 {
        text.push_str(&format!(
            "RE01.02\t{block}\tR1\tREL{block}\t\t\t731453000000\tArtist\t\tAlbum\t\tAlbum\tLabel\t\t\t\n\
             AS02.03\t{block}\tA1\tX{block}\tGBAAA200000{block}\tTitle\t\tArtist\t\tPT3M20S\tSoundRecording\
             \t\t\t\t\t\t\t\t\t\t\t\t\n\
             SU02.02\t{block}\tSY1\tT{block}\t\tA1\ttrue\t1\t\t\t\n"
        ));
    }
    text.push_str("FOOT\t12\t12\t1\t3\t94\n");
    text
}

const AD_FUNDED: &str =
    "DSR_PADPIDA2013020802I_PADPIDA2014111801Y_AdFunded_2020-01_GB_1of1_20200201T100000.tsv";

#[test]
fn ad_funded_is_diagnosed() {
    let place = Place::new();
    place.write(AD_FUNDED, ad_funded());
    let report = report(&place, AD_FUNDED, 1);
    assert_eq!(
        problems(&report),
        [
            "3 spreadsheet-number ICPN: \"731453000000\"",
            "5 unknown-summary SummaryRecordId: \"SY1\" in 3 lines",
            "6 spreadsheet-number ICPN: \"731453000000\"",
            "9 spreadsheet-number ICPN: \"731453000000\"",
            "12 foot-count NumberOfBlocksInReport: 94",
            "1 profile-version ProfileVersion: \"1.3\"",
            "2 usages-below-total -: 3",
        ]
        .map(|text| text.replace(" ICPN:", " ReleaseICPN:"))
    );
    let unknown = &report["problems"][1];
    assert_eq!(unknown["expected"], "the id of a summary record (1)");
    assert_eq!(report["problems"][4]["expected"], "3, as counted");
    let below = report["problems"].as_array().unwrap().last().unwrap();
    assert_eq!(
        below["expected"],
        "100 usages in lines, as the summary states"
    );
}

/// A report of Basic Audio 1.2 without a fault.
fn sound() -> Vec<String> {
    [
        "HEAD\tdsrf/30\tBasicAudioProfile\t1.2\tM3\t2020-02-01T10:00:00Z\t1\t1\t2020-01-01\t2020-01-31\t\
         PADPIDA2014111801Y\tService\tMusic\tPADPIDA2013020802I\tLabel\t",
        "SY01.01\tS1\t\t\tSubscriptionModel\tOnDemandStream\tGB\tMusic\t7\t\tGBP\t1.50\t\t\t",
        "RE01\t1\tR1\tREL\t\t\t4006381333931\tA\t\tT\t\t\t\t\t",
        "AS02.02\t1\tA1\tX\tGBAAA2000001\tT\t\tA\t\tPT1M\tSoundRecording\tT0345246801\t\t\t\t\t\t\t\t\t\t",
        "AS02.02\t1\tA2\tY\t\tT\t\tA\t\tPT1M\tSoundRecording\t\t\t\t\t\t\t\t\t\t\t",
        "SU02\t1\tS1\tT1\t\tA1\ttrue\t3\t\t",
        "SU02\t1\tS1\tT2\tR1\t\ttrue\t4\t\t",
        "FOOT\t8\t8\t1\t1\t1",
    ]
    .map(str::to_owned)
    .to_vec()
}

const SOUND: &str = "DSR_Label_Service_Music_2020-01_GB_20200201T100000.tsv";

/// What is found after one line, from 1, is changed.
#[track_caller]
fn after(line: usize, from: &str, to: &str) -> Vec<String> {
    let mut lines = sound();
    let changed = lines[line - 1].replacen(from, to, 1);
    assert_ne!(changed, lines[line - 1], "{from:?} is there");
    lines[line - 1] = changed;
    found(SOUND, &lines)
}

#[track_caller]
fn found(name: &str, lines: &[String]) -> Vec<String> {
    let place = Place::new();
    place.write(name, lines.join("\n") + "\n");
    let ran = place.run(&format!("dsr check --json {name}"));
    assert!(ran.code < 2, "{}", ran.err);
    problems(&serde_json::from_str(&ran.out).unwrap())
}

#[test]
fn a_sound_report_has_no_problem() {
    let place = Place::new();
    place.write(SOUND, sound().join("\r\n"));
    let report = report(&place, SOUND, 0);
    assert_eq!(problems(&report), [""; 0]);
    let one = &report["reports"][0];
    assert_eq!(one["total"]["usages"], "7");
    assert_eq!(
        one["several_recordings"]["usages"], "4",
        "not divided among A1 and A2"
    );
    assert_eq!(
        usages(&report),
        [("GBAAA2000001".to_owned(), "3".to_owned())]
    );
}

#[test]
fn each_fault_is_found_at_its_place() {
    let faults: &[(usize, &str, &str, &[&str])] = &[
        (
            1,
            "PADPIDA2014111801Y",
            "PADPIDA2014111801X",
            &["1 dpid-check-character SenderPartyId: \"PADPIDA2014111801X\""],
        ),
        (
            1,
            "2020-01-31",
            "2019-12-31",
            &[
                "1 period-order UsageEndDate: \"2019-12-31\"",
                "0 file-name-differs -: \"2020-01\"",
            ],
        ),
        (
            1,
            "\tLabel\t",
            "\tOther\t",
            &["0 file-name-differs -: \"Label\""],
        ),
        (
            2,
            "GBP",
            "GBX",
            &["2 bad-currency CurrencyOfReporting: \"GBX\""],
        ),
        (2, "1.50", "1,50", &["2 bad-decimal NetRevenue: \"1,50\""]),
        (2, "\t7\t", "\t8\t", &["2 usages-below-total -: 7"]),
        (2, "\t7\t", "\t6\t", &["2 usages-above-total -: 7"]),
        (
            2,
            "\tS1\t",
            "\tS2\t",
            &["6 unknown-summary SummaryRecordId: \"S1\" in 2 lines"],
        ),
        (2, "\tGB\t", "\tFR\t", &["0 file-name-differs -: \"GB\""]),
        (
            3,
            "RE01\t",
            "RE09\t",
            &[
                "3 unknown-record -: \"RE09\"",
                "7 unknown-reference TransactedRelease: \"R1\"",
            ],
        ),
        (
            3,
            "4006381333931",
            "4.00638E+12",
            &["3 spreadsheet-number ICPN: \"4.00638E+12\""],
        ),
        (
            4,
            "GBAAA2000001",
            "GB-AAA-20-00001",
            &["4 bad-isrc ISRC: \"GB-AAA-20-00001\""],
        ),
        (
            4,
            "T0345246801",
            "T0345246802",
            &["4 iswc-check-digit ISWC: \"T0345246802\""],
        ),
        (
            4,
            "AS02.02",
            "AS02.01",
            &[
                "4 cell-count -: 22",
                "4 record-version RecordType: \"AS02.01\"",
            ],
        ),
        (
            4,
            "\tT\t\tA\t",
            "\t\t\tA\t",
            &["4 mandatory-cell Title: nothing"],
        ),
        (
            4,
            "\tT\t\tA\t",
            "\tT|U\t\tA\t",
            &["4 repeated-cell Title: 2 values"],
        ),
        (
            4,
            "\tT\t\tA\t",
            "\t\"T\"\t\tA\t",
            &["4 spreadsheet-quotes Title: \"\\\"T\\\"\""],
        ),
        (
            5,
            "A2",
            "A1",
            &["5 duplicate-reference ResourceReference: \"A1\""],
        ),
        (
            6,
            "\tA1\t",
            "\tA3\t",
            &["6 unknown-reference TransactedResource: \"A3\""],
        ),
        (
            6,
            "\ttrue\t",
            "\tyes\t",
            &["6 bad-boolean IsRoyaltyBearing: \"yes\""],
        ),
        (
            6,
            "SU02\t",
            "SU02.09\t",
            &[
                "6 unknown-record-version RecordType: \"SU02.09\"",
                "6 cell-count -: 10",
            ],
        ),
        (
            7,
            "\tT2\t",
            "\tT1\t",
            &["7 duplicate-transaction SalesTransactionId: \"T1\""],
        ),
        (
            7,
            "SU02\t1",
            "SU02\t2",
            &[
                "7 block-structure RecordType: \"SU02\"",
                "7 unknown-reference TransactedRelease: \"R1\"",
                "8 foot-count NumberOfBlocksInFile: 1",
                "8 foot-count NumberOfBlocksInReport: 1",
            ],
        ),
        (
            7,
            "SU02\t1\tS1\tT2",
            "#SU02",
            &["2 usages-below-total -: 3"],
        ),
        (
            7,
            "SU02\t",
            "ML01\t",
            &[
                "7 cell-count -: 10",
                "7 record-not-in-profile RecordType: \"ML01\"",
                "2 usages-below-total -: 3",
            ],
        ),
        (
            8,
            "FOOT\t8\t8",
            "FOOT\t9\t",
            &[
                "8 foot-count NumberOfLinesInFile: 9",
                "8 mandatory-cell NumberOfLinesInReport: nothing",
            ],
        ),
        (8, "FOOT", "#FOOT", &["8 no-foot -: the end of the file"]),
        (
            8,
            "FOOT\t8\t8\t1\t1\t1",
            "SRFO\t8\t1",
            &["8 wrong-foot RecordType: \"SRFO\""],
        ),
    ];
    for (line, from, to, expected) in faults {
        let mut found = after(*line, from, to);
        let mut expected: Vec<_> = expected.iter().map(|text| (*text).to_owned()).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "line {line}: {from:?} to {to:?}");
    }
}

#[test]
fn the_order_of_records() {
    let with = |at: usize, line: &str| {
        let mut lines = sound();
        lines.insert(at, line.to_owned());
        lines[8] = "FOOT\t9\t9\t1\t1\t1".to_owned();
        lines
    };
    let again =
        "SY01.01\tS1\t\t\tSubscriptionModel\tOnDemandStream\tGB\tMusic\t7\t\tGBP\t1.50\t\t\t";
    let found_at = |at| found(SOUND, &with(at, again));
    assert_eq!(
        found_at(2),
        [
            "3 duplicate-summary SummaryRecordId: \"S1\"",
            "9 foot-count NumberOfSummaryRecords: 1",
        ]
    );
    assert!(found_at(6).contains(&"7 summary-order RecordType: \"SY01.01\"".to_owned()));
    let mut lines = sound();
    lines.swap(3, 5);
    assert!(found(SOUND, &lines).contains(&"4 block-structure RecordType: \"SU02\"".to_owned()));
    let mut lines = sound();
    lines.truncate(5);
    let cut = found(SOUND, &lines);
    assert!(
        cut.contains(&"3 block-incomplete -: the end of block \"1\"".to_owned()),
        "{cut:?}"
    );
    assert!(
        cut.contains(&"5 no-foot -: the end of the file".to_owned()),
        "{cut:?}"
    );
    let mut lines = sound();
    lines.push("SU02\t1\tS1\tT9\t\tA1\ttrue\t0\t\t".to_owned());
    assert!(found(SOUND, &lines).contains(&"9 after-foot RecordType: \"SU02\"".to_owned()));
}

#[test]
fn a_block_id_that_comes_back() {
    let mut lines = sound();
    for line in [4, 6] {
        lines.insert(
            lines.len() - 1,
            lines[line]
                .replace("T1", "T5")
                .replace("T2", "T6")
                .replace("\tR1\t", "\t\t"),
        );
    }
    // Block 2 between two parts of block 1.
    let other: Vec<String> = vec![
        "AS02.02\t2\tA1\tZ\tGBAAA2000003\tT\t\tA\t\tPT1M\tSoundRecording\t\t\t\t\t\t\t\t\t\t\t"
            .to_owned(),
        "SU02\t2\tS1\tT3\t\tA1\ttrue\t0\t\t".to_owned(),
    ];
    lines.splice(7..7, other);
    let found = found(SOUND, &lines);
    assert!(
        found.contains(&"10 block-returns BlockId: \"1\"".to_owned()),
        "{found:?}"
    );
}

#[test]
fn files_of_one_set_are_checked_together() {
    let place = Place::new();
    let part = |number: usize, block: usize, foot: &str| {
        let mut lines = sound();
        lines[0] = lines[0].replace("\t1\t1\t2020", &format!("\t{number}\t2\t2020"));
        lines[1] = lines[1].replace("\t7\t", "\t14\t");
        for line in &mut lines[2..7] {
            *line = line.replacen("\t1\t", &format!("\t{block}\t"), 1);
            *line = line.replace("\tT1\t", &format!("\tT1-{number}\t"));
            *line = line.replace("\tT2\t", &format!("\tT2-{number}\t"));
        }
        lines[7] = foot.to_owned();
        lines.join("\n")
    };
    let name = |n: usize| format!("DSR_Label_Service_Music_2020-01_GB_{n}of2_20200201T100000.tsv");
    let both = format!("{} {}", name(1), name(2));
    place.write(&name(1), part(1, 1, "FOOT\t8\t\t1\t1\t"));
    place.write(&name(2), part(2, 2, "FOOT\t8\t16\t1\t1\t2"));
    let report_of_both = report(&place, &both, 0);
    assert_eq!(problems(&report_of_both), [""; 0]);
    assert_eq!(report_of_both["reports"].as_array().unwrap().len(), 1);
    assert_eq!(report_of_both["reports"][0]["total"]["usages"], "14");

    let one = report(&place, &name(1), 1);
    assert_eq!(
        problems(&one),
        ["0 set-incomplete -: no file 2", "2 usages-below-total -: 7"]
    );
    place.write(&name(2), part(2, 1, "FOOT\t8\t15\t1\t1\t2"));
    let wrong = report(&place, &both, 1);
    assert_eq!(
        problems(&wrong),
        [
            "3 block-returns BlockId: \"1\"",
            "8 foot-count NumberOfLinesInReport: 15"
        ]
    );
}

#[test]
fn a_number_of_files_beyond_reason_does_not_hang() {
    let place = Place::new();
    let mut lines = sound();
    lines[0] = lines[0].replace("\t1\t1\t2020", "\t1\t18446744073709551615\t2020");
    place.write(SOUND, lines.join("\n"));
    let report = report(&place, SOUND, 1);
    let found = problems(&report);
    let missing = "0 set-incomplete -: no file 2, 3, 4, 5, 6, 7, 8, 9, 10, 11";
    assert!(found.contains(&missing.to_owned()), "{found:?}");
}

#[test]
fn ids_of_any_length_are_compared() {
    let long = "x".repeat(100_000);
    let lines: Vec<String> = sound()
        .iter()
        .map(|line| {
            line.replace("\tS1\t", &format!("\t{long}\t"))
                .replace("\tA1\t", &format!("\t{long}1\t"))
        })
        .collect();
    assert_eq!(found(SOUND, &lines), [""; 0]);
}

#[test]
fn gzip_standard_input_and_what_is_no_report() {
    use std::io::Write as _;
    let place = Place::new();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(sound().join("\n").as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let name = format!("{SOUND}.gz");
    place.write(&name, &packed);
    assert_eq!(problems(&report(&place, &name, 0)), [""; 0]);
    let piped = place.pipe("dsr check --json -", &packed);
    assert_eq!(
        problems(&super::parsed(&piped, 0)),
        ["0 file-name -: \"-\""]
    );

    place.write("cut.tsv.gz", &packed[..packed.len() / 2]);
    place
        .run("dsr check cut.tsv.gz")
        .refused(&["cut.tsv.gz: cannot read on after line"]);
    place.write("empty.tsv", "");
    place
        .run("dsr check empty.tsv")
        .refused(&["empty.tsv: no DSR: expected a HEAD record"]);
    place.write("other.tsv", "#note\nisrc\tplays\n");
    place
        .run("dsr check other.tsv")
        .refused(&["expected HEAD", "\"isrc\" at line 2"]);
    place.write("cdm.tsv", "HEAD\tcdm/1\tBasicCDMPostUsage\t1.0\n");
    place
        .run("dsr check cdm.tsv")
        .refused(&["no DSR profile", "BasicCDMPostUsage"]);
    place.run("dsr check absent.tsv").refused(&["absent.tsv"]);
}

#[test]
fn usages_of_a_report_are_received_lines() {
    let place = Place::new();
    place.write(SOUND, sound().join("\n"));
    let mut lines = Vec::new();
    let checked = ledgerline_cli::received::read_reports(
        &[place.path(SOUND)],
        ledgerline_cli::dsr::Limits::default(),
        &mut |line| lines.push(line),
    );
    assert!(checked.unwrap().problems.is_empty());
    let one = |line: &ledgerline_cli::received::ReceivedLine| {
        (
            line.line,
            line.isrc.map(|isrc| isrc.to_string()),
            line.territory.clone(),
            line.units.unwrap().to_string(),
            line.currency.unwrap().to_string(),
        )
    };
    let text = str::to_owned;
    assert_eq!(
        lines.iter().map(one).collect::<Vec<_>>(),
        [
            (
                6,
                Some(text("GBAAA2000001")),
                text("GB"),
                text("3"),
                text("GBP")
            ),
            // Of a release with two recordings.
            (7, None, text("GB"), text("4"), text("GBP")),
        ]
    );
    let (from, to) = lines[0].period.unwrap();
    assert_eq!(
        (from.to_string(), to.to_string()),
        (text("2020-01-01"), text("2020-01-31"))
    );
    // Basic Audio states money for whole summaries only.
    assert_eq!(lines[0].amount, None);
}

#[test]
fn problems_are_bounded_and_counted() {
    let place = Place::new();
    let mut lines = sound();
    let bad = lines[5].replace("true", "yes");
    for _ in 0..50 {
        lines.insert(6, bad.replace("\tT1\t", "\t\t"));
    }
    place.write(SOUND, lines.join("\n"));
    let ran = place.run(&format!("dsr check --problems 3 --json {SOUND}"));
    let report = super::parsed(&ran, 1);
    assert_eq!(report["counts"]["bad-boolean"], 50);
    assert_eq!(report["counts"]["mandatory-cell"], 50);
    let listed = problems(&report);
    assert_eq!(
        listed
            .iter()
            .filter(|text| text.contains("bad-boolean"))
            .count(),
        3
    );
    assert_eq!(report["problems_left_out"], 94);
    let words = place.run(&format!("dsr check --problems 3 {SOUND}")).out;
    assert!(words.contains("94 of them not listed"), "{words}");
    assert!(words.contains("  bad-boolean: 50\n"), "{words}");
}

#[test]
fn every_code_is_documented() {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/dsr.md");
    let docs = std::fs::read_to_string(docs).unwrap();
    for code in ledgerline_cli::dsr::Code::ALL {
        let row = format!(
            "| `{}` | {} | {} |",
            code.code(),
            code.severity().word(),
            code.meaning()
        );
        assert!(docs.contains(&row), "docs/dsr.md: {row}");
    }
}
