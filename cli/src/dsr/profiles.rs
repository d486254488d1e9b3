//! The profiles: which records, in which order.
//!
//! `A B` one after the other, `A | B` either, `?` none or one, `*` any number, `+` at least one.
//! Reports that name a newer version are read by the newest one here, records by their own versions.
//!
//! Source: the content models of the XSDs of `ddexnet/dsrf`, as they stand there (a test compares).
//! The single-record variant of AudioVisualProfile 1.1 lists its summaries outside of a choice that
//! is empty; they are read as that choice's.

use super::table::Variant;

/// A profile in one version and variant.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    pub(super) variant: Variant,
    pub(super) summaries: &'static str,
    pub(super) body: &'static str,
}

/// Older versions first.
pub(super) const PROFILES: &[Row] = &[
    Row {
        name: "AudioVisualProfile",
        version: "1.0",
        variant: Variant::MultiRecord,
        summaries: "(SY02.01 | SY04 | SY05 | SY06)+",
        body: "RE03? (AS03 CU01*)+ RE02* (SU01 | SU02 | SU03.01 | SU04+)+",
    },
    Row {
        name: "AudioVisualProfile",
        version: "1.1",
        variant: Variant::MultiRecord,
        summaries: "(SY02.02 | SY04.01 | SY05.02 | SY06.01)+",
        body: "RE03.01? (AS03.01 CU01*)+ RE02* (SU01 | SU02 | SU03.02 | SU04.01)+",
    },
    Row {
        name: "AudioVisualProfileSRB",
        version: "1.1",
        variant: Variant::SingleRecord,
        summaries: "(SY01.01 | SY02.02 | SY04.01 | SY05.02 | SY06.02)*",
        body: "(SR04+ | SR05+)?",
    },
    Row {
        name: "BasicAudioProfile",
        version: "1.0",
        variant: Variant::MultiRecord,
        summaries: "(SY01 | SY02 | SY03)+",
        body: "RE01? (((AS01 MW01+) | AS02)+)+ RE02* (SU01 | SU02)+",
    },
    Row {
        name: "BasicAudioProfile",
        version: "1.1",
        variant: Variant::MultiRecord,
        summaries: "(SY01 | SY02.01 | SY04 | SY05)+",
        body: "RE01? (((AS01 MW01.01*) | AS02.01)+)+ RE02* (SU01 | SU02)+",
    },
    Row {
        name: "BasicAudioProfile",
        version: "1.2",
        variant: Variant::MultiRecord,
        summaries: "(SY01.01 | SY02.02 | SY04.01 | SY05.02)+",
        body: "RE01? (((AS01.01 MW01.01+) | AS02.02)+)+ RE02* (SU01 | SU02)+",
    },
    Row {
        name: "BasicAudioProfileSRB",
        version: "1.2",
        variant: Variant::SingleRecord,
        summaries: "(SY01.01 | SY02.02 | SY04.01 | SY05.02 | SY06.02)+",
        body: "(SR01+ | SR02+)?",
    },
    Row {
        name: "FinancialReportingToRecordCompaniesProfileSRB",
        version: "1.0",
        variant: Variant::SingleRecord,
        summaries: "SY10+",
        body: "(SR08 DE01?)*",
    },
    Row {
        name: "MasterListProfile",
        version: "1.0",
        variant: Variant::MultiRecord,
        summaries: "SY11+",
        body: "RE01.01? (AS02.03 ML01 MW02*)+",
    },
    Row {
        name: "MasterListProfileSRB",
        version: "1.0",
        variant: Variant::SingleRecord,
        summaries: "SY11+",
        body: "SR07*",
    },
    Row {
        name: "RadioBroadcastProfile",
        version: "1.0",
        variant: Variant::MultiRecord,
        summaries: "SY08+",
        body: "RE01? (((AS01 MW01.01+) | AS02.01) SU05+)",
    },
    Row {
        name: "RoyaltyReportingProfile",
        version: "1.0.1",
        variant: Variant::MultiRecord,
        summaries: "SY07+",
        body: "RE01? ((AS02.01 (RU01 | RU02)* (SU03.01 LI01.01+)+) | (AS01 (MW01.01+ (RU01 | RU02)* (SU03.01 LI01.01+)+)+))+",
    },
    Row {
        name: "UgcProfile",
        version: "1.0",
        variant: Variant::MultiRecord,
        summaries: "(SY02 | SY03)+",
        body: "(((AS01 MW01*) | AS02)+)+ (RU01 | RU02)* (SU03 (LI01)*)*",
    },
    Row {
        name: "UgcProfile",
        version: "1.1.1",
        variant: Variant::MultiRecord,
        summaries: "(SY02.01 | SY04 | SY05)+",
        body: "(((AS01 MW01.01*) | AS02.01)+)+ (RU01 | RU02)* (SU03.01 (LI01.01 MW01.01?)*)*",
    },
    Row {
        name: "UgcProfile",
        version: "1.2",
        variant: Variant::MultiRecord,
        summaries: "(SY02.02 | (SY04.01 (SY09 SY05.02+)+))+",
        body: "(((AS01.01 MW01.01*) | AS02.02)+)+ (RU01.01 | RU02.01)* (SU03.02 (LI01.02 MW01.01?)*)*",
    },
    Row {
        name: "UgcProfileSRB",
        version: "1.2",
        variant: Variant::SingleRecord,
        summaries: "(SY01.01 | SY02.02 | (SY04.01 SY05.02*))+",
        body: "(SR03+ | SR06+)?",
    },
];
