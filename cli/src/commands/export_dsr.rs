//! `export --format dsr`: the options of a report, which the run itself does not know.

use std::path::Path;

use ledgerline::id::{Name, PartyId};
use serde_json::json;

use crate::dsr::basic::Party;
use crate::dsr::table::Variant;
use crate::error::{Error, Outcome};
use crate::export::{DsrOptions, write_dsr};
use crate::run::StoredRun;
use crate::ui::Ui;

/// Options of `--format dsr`.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "With --format dsr")]
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

    /// Only this holder's recordings and money
    #[arg(long, value_name = "ID")]
    holder: Option<String>,

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

/// Writes the report.
///
/// # Errors
///
/// [`Error`].
pub(super) fn run(
    args: &Args,
    stored: &StoredRun,
    out: &Path,
    force: bool,
    ui: &Ui,
) -> Result<Outcome, Error> {
    let holder = args.holder.as_deref().map(PartyId::parse);
    let right = args.right.as_deref().map(Name::parse);
    let created = args.created.clone().unwrap_or_else(now);
    let options = DsrOptions {
        sender: party("--sender", args.sender.as_deref())?,
        recipient: party("--recipient", args.recipient.as_deref())?,
        service: args.service.clone().unwrap_or_default(),
        holder: holder
            .transpose()
            .map_err(|error| usage("--holder", &error))?,
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
        created,
    };
    let path = write_dsr(stored, &options, out, force)?;
    ui.result(
        || json!({"out": path, "files": [path.file_name().map(|name| name.to_string_lossy())]}),
        || format!("wrote {}", path.display()),
    )?;
    Ok(Outcome::Done)
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
