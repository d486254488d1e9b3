//! What a run pays as an OpenZeppelin `StandardMerkleTree`: the dump, and each claimant's proof.
//!
//! Source: `docs/exports.md`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ledgerline::claims::{Address, AddressError, Claim, Claimant, Claims, LeafForm, Value, hex0x};
use ledgerline::id::PartyId;
use ledgerline::log::Hash;
use ledgerline::money::Currency;
use ledgerline::royalty::Balance;
use ledgerline::statement::{Table, read_balance};
use serde::Serialize;

use super::{ExportError, holder_names, write_dir};
use crate::csv_file::{self, CsvError};
use crate::ledger::durable::{Access, write_atomic};
use crate::run::StoredRun;

/// The file that `StandardMerkleTree.load` reads.
const TREE: &str = "tree.json";
/// The proofs.
const CLAIMS: &str = "claims.json";

/// What to make claims of.
#[derive(Clone, Debug, Default)]
pub struct Payouts {
    /// CSV with the accounts of holders; without it, claims are of holders by their number.
    pub addresses: Option<PathBuf>,
    /// Leaves of two fields, as OpenZeppelin's example has them; only with addresses.
    pub plain: bool,
    /// Only payments in this currency.
    pub currency: Option<Currency>,
}

/// What was written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Written {
    /// Names of the files.
    pub files: Vec<String>,
    /// Root of the tree, `0x` and hex.
    pub root: String,
    /// Claims in it.
    pub claims: usize,
    /// Holders whose row has an empty address: they are paid otherwise.
    pub left_out: Vec<PartyId>,
}

/// Writes the tree and the proofs into the new directory `out`.
///
/// # Errors
///
/// [`ExportError`]; `out` is then not there.
pub fn write_openzeppelin(
    run: &StoredRun,
    payouts: &Payouts,
    out: &Path,
) -> Result<Written, ExportError> {
    let balances: Vec<Balance> = run
        .values(Table::Holders, read_balance)
        .filter(|balance| payouts.currency.is_none_or(|only| only == balance.currency))
        .filter(|balance| balance.currency.minor_units(balance.payable) > 0)
        .collect();
    let addresses = match &payouts.addresses {
        Some(path) => Some(Addresses::read(path, run)?),
        None => None,
    };
    let (form, accounts) = match &addresses {
        None => (LeafForm::Holder, by_holder(&balances)),
        Some(addresses) => {
            let form = if payouts.plain {
                LeafForm::Plain
            } else {
                LeafForm::Address
            };
            (form, addresses.accounts(&balances)?)
        }
    };
    if accounts.is_empty() {
        return Err(ExportError::NothingPayable);
    }
    let list = accounts
        .iter()
        .map(|((claimant, currency), (minor_units, _))| Claim {
            claimant: *claimant,
            currency: *currency,
            minor_units: *minor_units,
        });
    let run_note = *Hash::of(run.note.text().as_bytes()).as_bytes();
    let claims = Claims::new(form, run_note, list.collect()).map_err(ExportError::Claims)?;
    let proofs = proofs(&claims, accounts.values().map(|(_, holders)| holders));
    let files = vec![TREE.to_owned(), CLAIMS.to_owned()];
    write_dir(out, |dir| -> Result<(), ExportError> {
        let file = |name: &str, text: String| {
            write_atomic(&dir.join(name), (text + "\n").as_bytes(), Access::Public)
        };
        file(TREE, claims.dump())?;
        Ok(file(CLAIMS, proofs)?)
    })?;
    Ok(Written {
        files,
        root: hex0x(&claims.root()),
        claims: claims.all().len(),
        left_out: addresses.map_or_else(Vec::new, |addresses| addresses.left_out(&balances)),
    })
}

/// Minor units and holders of each claim: holders who share an account share its claim.
type Accounts = BTreeMap<(Claimant, Currency), (u64, Vec<PartyId>)>;

fn add(accounts: &mut Accounts, claimant: Claimant, balance: &Balance) {
    let currency = balance.currency;
    let (sum, holders) = accounts.entry((claimant, currency)).or_default();
    // 2^63 micros are 2^50 cents: the sum of all holders of a run fits by far, since their pools do.
    *sum += u64::try_from(currency.minor_units(balance.payable)).unwrap_or_default();
    holders.push(balance.party);
}

fn by_holder(balances: &[Balance]) -> Accounts {
    let mut accounts = Accounts::new();
    for balance in balances {
        add(&mut accounts, Claimant::Holder(balance.party), balance);
    }
    accounts
}

/// Holders' accounts; `None` for those who are paid otherwise.
struct Addresses {
    path: PathBuf,
    of: BTreeMap<PartyId, Option<Address>>,
}

impl Addresses {
    /// Reads `holder,address`: each holder once, all of them of the run.
    fn read(path: &Path, run: &StoredRun) -> Result<Self, ExportError> {
        let columns = ["holder", "address"];
        let known = holder_names(run);
        let mut of = BTreeMap::new();
        for row in csv_file::read(path, &columns, &columns)? {
            let refuse = |expected: &str, found: String| CsvError::Row {
                path: path.to_owned(),
                line: row.line,
                expected: expected.to_owned(),
                found,
            };
            let [holder, address] = [0, 1].map(|at| {
                let field: Option<&str> = row.fields.get(at).and_then(Option::as_deref);
                field.unwrap_or_default().trim()
            });
            let party = PartyId::parse(holder).map_err(|error| {
                refuse("a holder id (16 hex digits)", format!("{:?}", error.found))
            })?;
            if !known.contains_key(&party) {
                return Err(refuse("a holder of the run's registry", party.to_string()).into());
            }
            let address = match address {
                "" => None,
                text => Some(Address::parse(text).map_err(|error| match error {
                    AddressError::Checksum { expected, found } => refuse(
                        &format!("{expected}, with the capitals of its checksum (EIP-55)"),
                        format!("{found}; have every digit confirmed by the holder"),
                    ),
                    AddressError::Zero => refuse("an account", "the zero address".to_owned()),
                    _ => refuse("0x and 40 hex digits, or nothing", format!("{text:.60?}")),
                })?),
            };
            if of.insert(party, address).is_some() {
                return Err(refuse("each holder once", format!("{party} again")).into());
            }
        }
        Ok(Self {
            path: path.to_owned(),
            of,
        })
    }

    fn accounts(&self, balances: &[Balance]) -> Result<Accounts, ExportError> {
        let missing: Vec<&Balance> = balances
            .iter()
            .filter(|balance| !self.of.contains_key(&balance.party))
            .collect();
        if let Some(first) = missing.first() {
            return Err(ExportError::NoAddress {
                path: self.path.clone(),
                party: first.party,
                payable: format!("{} {}", first.payable, first.currency),
                count: missing.len(),
            });
        }
        let mut accounts = Accounts::new();
        for balance in balances {
            if let Some(Some(address)) = self.of.get(&balance.party) {
                add(&mut accounts, Claimant::Account(*address), balance);
            }
        }
        Ok(accounts)
    }

    fn left_out(&self, balances: &[Balance]) -> Vec<PartyId> {
        let mut parties: Vec<PartyId> = balances.iter().map(|balance| balance.party).collect();
        parties.dedup();
        parties.retain(|party| self.of.get(party).is_some_and(Option::is_none));
        parties
    }
}

#[derive(Serialize)]
struct Proofs {
    format: &'static str,
    run: String,
    root: String,
    #[serde(rename = "leafEncoding")]
    leaf_encoding: &'static [&'static str],
    claims: Vec<Proof>,
}

#[derive(Serialize)]
struct Proof {
    holders: Vec<String>,
    currency: String,
    exponent: u32,
    value: Value,
    leaf: String,
    proof: Vec<String>,
}

fn proofs<'a>(claims: &Claims, holders: impl Iterator<Item = &'a Vec<PartyId>>) -> String {
    let proof = |(at, (claim, holders)): (usize, (&Claim, &Vec<PartyId>))| {
        let (leaf, path) = claims.proof(at)?;
        Some(Proof {
            holders: holders.iter().map(PartyId::to_string).collect(),
            currency: claim.currency.to_string(),
            exponent: claim.currency.exponent(),
            value: claims.value(at)?,
            leaf: hex0x(&leaf),
            proof: path.iter().map(|node| hex0x(node)).collect(),
        })
    };
    let proofs = Proofs {
        format: "ledgerline-claims/1",
        run: hex0x(&claims.run()),
        root: hex0x(&claims.root()),
        leaf_encoding: claims.form().types(),
        claims: claims
            .all()
            .iter()
            .zip(holders)
            .enumerate()
            .filter_map(proof)
            .collect(),
    };
    // Strings, integers and lists only: serialising them cannot fail.
    serde_json::to_string_pretty(&proofs).unwrap_or_default()
}
