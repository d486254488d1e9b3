//! The pure function: log, registry, rules, pools and salt keys to a run.

use core::fmt;
use std::collections::BTreeMap;

use crate::attribution::Play;
use crate::id::Isrc;
use crate::log::{Hash, HashTree, TreeHead};
use crate::registry::Snapshot;
use crate::royalty::{
    Opening, Pools, Rules, SettleError, Settlement, Settler, WeighError, Weighing,
};
use crate::salt::SaltKey;
use crate::time::Period;

use super::exec::Executor;
use super::note::RunNote;
use super::rows::{PLAY_ROW_LENGTH, encode_balance, encode_cell, encode_line, encode_play};
use super::table::{Rows, Table, TableSalts, table_tree};

/// What the salts of a run are bound to.
#[derive(Clone, Debug)]
pub struct SaltedRun<'a> {
    /// Origin of the log.
    pub origin: &'a str,
    /// The accounting period.
    pub period: Period,
    /// The statement's revision.
    pub revision: u32,
    /// Root of the log.
    pub log_root: Hash,
    /// SHA-256 of the registry's rows, each as key ‖ row.
    pub registry_rows: Hash,
    /// SHA-256 of the rules file.
    pub rules: Hash,
    /// SHA-256 of the pools file.
    pub pools: Hash,
    /// SHA-256 of the previous run's note text, from which amounts are brought forward.
    pub previous: Option<Hash>,
}

/// The two keys from which all salts of a run's tables are derived.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RunSalts {
    /// K_run, for plays, cells, lines and holders.
    pub run: SaltKey,
    /// K_reg, for the registry.
    pub registry: SaltKey,
}

impl RunSalts {
    /// Derives both from the log's master secret and everything that the rows depend on, so that no
    /// salt ever hides two different rows.
    #[must_use]
    pub fn derive(master: &SaltKey, run: &SaltedRun<'_>) -> Self {
        let period = run.period.to_string();
        let previous = run.previous.map_or([0; 32], |hash| *hash.as_bytes());
        Self {
            run: master.derive(&[
                b"ledgerline/run-salt/v1",
                run.origin.as_bytes(),
                b"\n",
                period.as_bytes(),
                b"\n",
                &run.revision.to_be_bytes(),
                run.log_root.as_bytes(),
                run.registry_rows.as_bytes(),
                run.rules.as_bytes(),
                run.pools.as_bytes(),
                &previous,
            ]),
            registry: Self::registry_key(master, run.origin, run.registry_rows),
        }
    }

    /// K_reg alone, which depends on nothing but the log and the registry's rows: so a snapshot has
    /// its root before any run.
    #[must_use]
    pub fn registry_key(master: &SaltKey, origin: &str, registry_rows: Hash) -> SaltKey {
        master.derive(&[
            b"ledgerline/registry-salt/v1",
            origin.as_bytes(),
            b"\n",
            registry_rows.as_bytes(),
        ])
    }

    /// Reads the two lines of a run's `salt-keys` file.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (run, rest) = text.strip_prefix("run ")?.split_once('\n')?;
        let registry = rest.strip_prefix("registry ")?.strip_suffix('\n')?;
        Some(Self {
            run: SaltKey::parse_hex(run)?,
            registry: SaltKey::parse_hex(registry)?,
        })
    }

    /// The two lines of a run's `salt-keys` file. Shows the secrets.
    #[must_use]
    pub fn to_text(&self) -> zeroize::Zeroizing<String> {
        let (run, registry) = (self.run.to_hex(), self.registry.to_hex());
        zeroize::Zeroizing::new(format!("run {}\nregistry {}\n", *run, *registry))
    }

    /// Where the salts of `table` come from; `cells` are needed for plays only.
    #[must_use]
    pub fn of<'a>(&'a self, table: Table, cells: &'a [crate::royalty::Cell]) -> TableSalts<'a> {
        match table {
            Table::Registry => TableSalts::ByRow(self.registry.clone()),
            Table::Plays => TableSalts::ByCell {
                run: &self.run,
                cells,
            },
            _ => TableSalts::ByRow(
                self.run
                    .derive(&[b"ledgerline/table-salt/v1", table.name().as_bytes()]),
            ),
        }
    }
}

/// All that a run depends on, besides the plays.
#[derive(Clone, Debug)]
pub struct RunInputs<'a> {
    /// Origin of the log.
    pub origin: &'a str,
    /// The accounting period.
    pub period: Period,
    /// 0 for the first statement of the period.
    pub revision: u32,
    /// The log, closed.
    pub log: TreeHead,
    /// Who owns what.
    pub registry: &'a Snapshot,
    /// The rules file.
    pub rules_file: &'a [u8],
    /// The rules in it.
    pub rules: &'a Rules,
    /// The pools file.
    pub pools_file: &'a [u8],
    /// The pools in it.
    pub pools: &'a Pools,
    /// SHA-256 of the previous run's note text.
    pub previous: Option<Hash>,
    /// Plays of each recording in the earlier runs that the rules look back on.
    pub earlier: &'a BTreeMap<Isrc, u64>,
    /// What the earlier runs leave in the accounts.
    pub opening: &'a Opening,
    /// The salt keys.
    pub salts: &'a RunSalts,
}

/// A run: its note, its tables with their trees, and the settlement behind them.
#[derive(Clone, Debug)]
pub struct Derived {
    /// What to sign.
    pub note: RunNote,
    /// Tables in the order of [`Table::ALL`].
    pub tables: [(Rows, HashTree); 5],
    /// Cells, lines, balances, totals.
    pub settlement: Settlement,
}

impl Derived {
    /// A table's rows and tree.
    #[must_use]
    pub fn table(&self, table: Table) -> &(Rows, HashTree) {
        table.of(&self.tables)
    }
}

/// Why a run cannot be derived.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum StatementError {
    /// The plays cannot be settled.
    Settle(SettleError),
    /// The plays cannot be weighed.
    Weigh(WeighError),
}

impl fmt::Display for StatementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settle(error) => error.fmt(f),
            Self::Weigh(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for StatementError {}

/// Derives a run. `plays` are all counted plays, sorted; they are taken to save their memory.
///
/// # Errors
///
/// [`StatementError::Weigh`], [`StatementError::Settle`].
pub fn derive(
    inputs: &RunInputs<'_>,
    mut plays: Vec<Play>,
    exec: &dyn Executor,
) -> Result<Derived, StatementError> {
    let mut play_rows =
        Rows::with_capacity(Table::Plays, plays.len(), PLAY_ROW_LENGTH.saturating_add(8));
    let weighing = Weighing {
        registry: inputs.registry,
        rules: inputs.rules,
        pools: inputs.pools,
        earlier: inputs.earlier,
    };
    let weighed = weighing.weigh(&mut plays).map_err(StatementError::Weigh)?;
    let mut settler = Settler::new(inputs.registry, inputs.pools).weighed(&weighed);
    for play in &plays {
        settler.push(play).map_err(StatementError::Settle)?;
        play_rows.push(&play.isrc.packed().to_be_bytes(), &encode_play(play));
    }
    drop(plays);
    let settlement = settler
        .finish(inputs.opening, &inputs.rules.payment)
        .map_err(StatementError::Settle)?;

    let registry = registry_rows(inputs.registry);
    let mut cells = Rows::new(Table::Cells);
    for cell in &settlement.cells {
        cells.push(&cell.key.isrc.packed().to_be_bytes(), &encode_cell(cell));
    }
    let mut lines = Rows::new(Table::Lines);
    for line in &settlement.lines {
        lines.push(&line.party.0.to_be_bytes(), &encode_line(line));
    }
    let mut holders = Rows::new(Table::Holders);
    for balance in &settlement.balances {
        holders.push(&balance.party.0.to_be_bytes(), &encode_balance(balance));
    }
    let tables = [registry, play_rows, cells, lines, holders].map(|rows| {
        let salts = inputs.salts.of(rows.table(), &settlement.cells);
        let tree = table_tree(&rows, &salts, exec);
        (rows, tree)
    });
    let head = |table: Table| table.of(&tables).1.head();
    let note = RunNote {
        origin: inputs.origin.to_owned(),
        period: inputs.period,
        revision: inputs.revision,
        log: inputs.log,
        registry: head(Table::Registry),
        rules: Hash::of(inputs.rules_file),
        pools: Hash::of(inputs.pools_file),
        plays: head(Table::Plays),
        cells: head(Table::Cells),
        lines: head(Table::Lines),
        holders: head(Table::Holders),
        totals: settlement.totals.clone(),
        previous: inputs.previous,
        zk: None,
    };
    Ok(Derived {
        note,
        tables,
        settlement,
    })
}

/// The registry as a table.
#[must_use]
pub fn registry_rows(registry: &Snapshot) -> Rows {
    let mut rows = Rows::new(Table::Registry);
    for (key, row) in registry.rows() {
        rows.push(&key, &row);
    }
    rows
}
