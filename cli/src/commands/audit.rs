//! `audit`: re-derive a whole run.

use std::path::{Path, PathBuf};

use ledgerline::attribution::Attributor;
use ledgerline::attribution::signals::Signals;
use ledgerline::audit::{RunEvidence, Verdict, audit_run};
use ledgerline::log::SigningKey;
use ledgerline::royalty::Opening;
use ledgerline::statement::{Next, Rows, RunInputs, derive, registry_rows};

use super::bundle::open_ledger;
use super::show;
use super::statement::{count, read_rules};
use super::trust::TrustArgs;
use super::what_if::Question;
use crate::error::{Error, Outcome};
use crate::ledger::durable::{Access, read_bounded, write_atomic};
use crate::ledger::{Ledger, contradiction};
use crate::registry_db::RegistryDb;
use crate::run::{RunChain, RunDir, RunError, StoredRun, Threads};
use crate::ui::Ui;

/// Arguments of `audit`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Reads every event of the log, checks its hashes up to the signed checkpoint, counts the plays,
divides the pools anew and compares every row with the run. Works on an auditor's copy of the
ledger, without its secrets. Cosignatures that LEDGER/checkpoint got after the run was made count
for the run's checkpoint, too. A ledger with LEDGER/contradiction, a witness's proof of another
history, disputes its runs; that file's absence proves nothing. Money in suspense, plays that earn
nothing, and plays that do not look like people listening (`ledgerline signals --help`) are
findings. A run that continues an earlier one is incomplete without it (--previous).

Examples:
  ledgerline audit april-run --ledger april --key service.vkey
  ledgerline audit april-run --ledger april --policy my-policy
  ledgerline audit april-run --ledger april --key service.vkey --sign auditor.key
  ledgerline audit april-run --key service.vkey --what-if rules/user-centric.toml")]
pub struct Args {
    /// The run
    pub run: PathBuf,

    /// The ledger [default: where it was when the run was made]
    #[arg(long)]
    pub ledger: Option<PathBuf>,

    /// A run issued before this one, if it names one; give it again for each, in the order of issue
    #[arg(long, value_name = "RUN")]
    pub previous: Vec<PathBuf>,

    /// Whom to trust
    #[command(flatten)]
    pub trust: TrustArgs,

    /// Show too what each holder would have earned under these rules: the same plays and pools. With
    /// --json on a line of its own behind the report
    #[arg(long, value_name = "RULES")]
    pub what_if: Option<PathBuf>,

    /// If the verdict is verified, add the signature of this key to the run note
    #[arg(long, value_name = "KEYFILE")]
    pub sign: Option<PathBuf>,
}

/// Runs `audit`.
///
/// # Errors
///
/// [`Error`] if something cannot be read; contradictions are in the report.
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Error> {
    let trust = args.trust.read()?;
    if args.sign.is_some() && trust.keys.is_empty() && trust.policy.is_none() {
        return Err(Error::Usage {
            argument: "--sign",
            message: "expected --key or --policy beside it, but found neither: sign only what the service has signed".to_owned(),
        });
    }
    let signing = args.sign.as_deref().map(read_signing_key).transpose()?;
    let dir = RunDir::new(&args.run);
    let mut stored = dir.read()?;
    let ledger = open_ledger(&stored, args.ledger.as_deref())?;
    stored.take_cosignatures(&ledger);
    if stored.run.zk.is_some() {
        return Err(RunError::Damaged {
            path: dir.note(),
            problem: "expected `zk -`, but found a proven run; this version cannot audit those"
                .to_owned(),
        }
        .into());
    }
    let chain = RunChain::read(&args.previous)?;
    let opening = opening_of(&stored, &chain)?;
    let months = stored.rules.months_back();
    if months > 0 && chain.is_empty() && stored.run.previous.is_some() {
        return Err(RunError::LooksBack { months }.into());
    }
    let earlier = chain.plays(stored.run.period, months)?;
    let snapshot = stored.registry()?;
    let database = database_rows(&ledger, &stored)?;
    let attributor = Attributor {
        registry: &snapshot,
        rules: &stored.rules.counting,
        period: stored.run.period,
        tiers: stored.pools.tiers(),
    };
    let counted = count(&ledger, &attributor, &args.run, ui)?;
    let signals = Signals::of(&counted.plays, &attributor, &stored.rules.signals);
    let inputs = RunInputs {
        origin: &stored.run.origin,
        period: stored.run.period,
        revision: stored.run.revision,
        log: counted.log,
        registry: &snapshot,
        rules_file: &stored.rules_file,
        rules: &stored.rules,
        pools_file: &stored.pools_file,
        pools: &stored.pools,
        previous: stored.run.previous,
        earlier: &earlier,
        opening: &opening,
        salts: &stored.salts,
    };
    let derived = derive(&inputs, counted.plays, &Threads).map_err(RunError::Statement)?;
    let contradiction = contradiction(ledger.layout()).map(|path| path.display().to_string());
    let name = args.run.file_name().unwrap_or_default().to_string_lossy();
    let evidence = RunEvidence {
        name: &name,
        note: &stored.note,
        run: &stored.run,
        checkpoint_note: &stored.checkpoint_note,
        checkpoint: &stored.checkpoint,
        rules_file: &stored.rules_file,
        rules: &stored.rules,
        pools_file: &stored.pools_file,
        pools: &stored.pools,
        stated: &stored.tables,
        database: database.as_ref(),
        segments: &counted.segments,
        log: counted.log,
        derived: &derived,
        tally: counted.tally,
        earlier: &chain.evidence(),
        signals: (&signals, &stored.rules.signals),
        contradiction: contradiction.as_deref(),
    };
    let report = audit_run(&evidence, &trust);
    let outcome = show::report(&report, ui)?;
    if let Some(file) = &args.what_if {
        let (_, others) = read_rules(file)?;
        let question = Question {
            ledger: &ledger,
            registry: &snapshot,
            pools: &stored.pools,
            period: stored.run.period,
            chain: &chain,
            settlement: &derived.settlement,
        };
        let answer = question.ask(&others, &args.run, ui)?;
        ui.result(|| answer.json(), || answer.words(file, &snapshot))?;
    }
    if let Some(key) = signing {
        sign(&dir, &stored, &key, report.verdict, ui)?;
    }
    Ok(outcome)
}

/// What the run's accounts open with: what the runs given left in them, or without any what it says.
fn opening_of(stored: &StoredRun, chain: &RunChain) -> Result<Opening, Error> {
    if chain.is_empty() {
        return Ok(stored.stated_opening());
    }
    if stored.run.previous.is_none() {
        return Err(Error::Usage {
            argument: "--previous",
            message: "expected none, since the run has `previous -` and begins a chain".to_owned(),
        });
    }
    let next = Next {
        origin: &stored.run.origin,
        period: stored.run.period,
        revision: stored.run.revision,
    };
    let (_, opening) = chain.opening(next).map_err(RunError::Chain)?;
    Ok(opening)
}

/// The registry as the ledger's own database knew it at the run's moment, if the database is there.
fn database_rows(ledger: &Ledger, stored: &StoredRun) -> Result<Option<Rows>, Error> {
    let path = ledger.layout().registry();
    if !path.exists() {
        return Ok(None);
    }
    let snapshot = RegistryDb::open_readonly(&path)?.snapshot(Some(stored.meta.known_at))?;
    Ok(Some(registry_rows(&snapshot)))
}

/// Adds the auditor's signature to the run note, if they found nothing against the run.
fn sign(
    dir: &RunDir,
    stored: &StoredRun,
    key: &SigningKey,
    verdict: Verdict,
    ui: &Ui,
) -> Result<(), Error> {
    if verdict != Verdict::Verified {
        ui.say("not signed, since the verdict is not verified");
        return Ok(());
    }
    let mut note = stored.note.clone();
    note.add_signature(key).map_err(|error| RunError::Damaged {
        path: dir.note(),
        problem: error.to_string(),
    })?;
    write_atomic(&dir.note(), note.to_string().as_bytes(), Access::Public)?;
    ui.say(&format!(
        "signed {} as {}; bundles cut from now on carry this signature",
        dir.note().display(),
        key.verifier()
    ));
    Ok(())
}

fn read_signing_key(path: &Path) -> Result<SigningKey, Error> {
    let usage = |message: String| Error::Usage {
        argument: "--sign",
        message: format!("{}: {message}", path.display()),
    };
    let bytes = zeroize::Zeroizing::new(read_bounded(path, 1 << 12)?);
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| usage("expected a secret key, but found bytes that are not text".into()))?;
    SigningKey::parse(text.trim()).map_err(|error| usage(error.to_string()))
}
