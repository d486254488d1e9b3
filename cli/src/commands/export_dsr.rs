//! `export --format dsr`: the options of a report, which the run itself does not know.

use std::path::PathBuf;

use ledgerline::id::Name;

use super::export;
use crate::dsr::basic::Party;
use crate::dsr::table::Variant;
use crate::error::Error;
use crate::export::{DsrOptions, write_dsr};
use crate::run::StoredRun;

/// Options of `--format dsr`.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "For dsr")]
pub struct Args {
    /// Who sends the report: DDEX party id and name
    #[arg(long, value_name = "DPID=NAME", required_if_eq("format", "dsr"))]
    sender: Option<String>,

    /// Who receives it
    #[arg(long, value_name = "DPID=NAME", required_if_eq("format", "dsr"))]
    recipient: Option<String>,

    /// The service, as the report and the file's name call it
    #[arg(long, value_name = "NAME", required_if_eq("format", "dsr"))]
    service: Option<String>,

    /// Which right's money [default: the only one of the run]
    #[arg(long, value_name = "RIGHT")]
    right: Option<String>,

    /// The service's commercial model, of DDEX's list
    #[arg(long, value_name = "VALUE", default_value = "SubscriptionModel")]
    commercial_model: String,

    /// How the service is used, of DDEX's list
    #[arg(long, value_name = "VALUE", default_value = "OnDemandStream")]
    use_type: String,

    /// One record a line (SR02) instead of blocks
    #[arg(long)]
    single_record: bool,

    /// Compress the file
    #[arg(long)]
    gzip: bool,

    /// When the report was made, such as 2026-05-15T10:00:00Z [default: now]
    #[arg(long, value_name = "TIME")]
    created: Option<String>,
}

impl Args {
    /// The options that only a report has, and whether they were given.
    pub(super) fn given(&self) -> [(&'static str, bool); 7] {
        [
            ("--sender", self.sender.is_some()),
            ("--recipient", self.recipient.is_some()),
            ("--service", self.service.is_some()),
            ("--right", self.right.is_some()),
            ("--single-record", self.single_record),
            ("--gzip", self.gzip),
            ("--created", self.created.is_some()),
        ]
    }
}

/// Writes the report; gives its path.
///
/// # Errors
///
/// [`Error`].
pub(super) fn write(export: &export::Args, stored: &StoredRun) -> Result<PathBuf, Error> {
    let args = &export.dsr;
    let right = args.right.as_deref().map(Name::parse);
    let options = DsrOptions {
        sender: party("--sender", args.sender.as_deref())?,
        recipient: party("--recipient", args.recipient.as_deref())?,
        service: args.service.clone().unwrap_or_default(),
        holder: export.holder,
        right: right
            .transpose()
            .map_err(|error| usage("--right", &error))?,
        commercial_model: args.commercial_model.clone(),
        use_type: args.use_type.clone(),
        variant: match args.single_record {
            true => Variant::SingleRecord,
            false => Variant::MultiRecord,
        },
        gzip: args.gzip,
        created: args.created.clone().unwrap_or_else(now),
    };
    write_dsr(stored, &options, &export.out, export.force)
}

/// To the second: `2026-05-15T10:00:00Z`.
fn now() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

fn party(argument: &'static str, text: Option<&str>) -> Result<Party, Error> {
    match text.unwrap_or_default().split_once('=') {
        Some((id, name)) if !id.is_empty() && !name.is_empty() => Ok(Party {
            id: id.to_owned(),
            name: name.to_owned(),
        }),
        _ => Err(Error::Usage {
            argument,
            message: "expected a DDEX party id and a name, such as PADPIDA2014111801Y=Service"
                .to_owned(),
        }),
    }
}

fn usage(argument: &'static str, error: &dyn std::fmt::Display) -> Error {
    Error::Usage {
        argument,
        message: error.to_string(),
    }
}
