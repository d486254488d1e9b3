//! Payouts for those who pay on a blockchain: claims under one Keccak-256 root.
//!
//! *In:* who may claim how much, and which run says so. *Out:* an OpenZeppelin `StandardMerkleTree`,
//! its proofs and its JSON dump. *Does not know:* runs, files, contracts, tokens.
//!
//! This tree carries payouts only. The log and the tables are RFC 6962 trees, which can be appended to and
//! whose proofs say where a leaf stands; this one is sorted and fixed, as verifiers in contracts want it.
//! Source: @openzeppelin/merkle-tree 1.0.8, `standard-v1`; Solidity ABI specification for `abi.encode`.

mod address;
mod tree;

pub use address::{Address, AddressError};
pub use tree::{Word, keccak256, verify_claim};

use core::fmt;

use serde::Serialize;

use crate::id::PartyId;
use crate::money::Currency;
use crate::wire::hex;

/// Which fields a leaf has, in the order of the ABI encoding.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LeafForm {
    /// Holder, amount, currency, run: for a contract that knows holders by their number.
    Holder,
    /// Address, amount, currency, run: for a contract that pays the sender.
    Address,
    /// Address, amount, as in OpenZeppelin's own example. Says neither currency nor run, so a claim is
    /// good wherever its root is.
    Plain,
}

impl LeafForm {
    /// The Solidity types of the fields.
    #[must_use]
    pub const fn types(self) -> &'static [&'static str] {
        match self {
            Self::Holder => &["bytes8", "uint256", "bytes3", "bytes32"],
            Self::Address => &["address", "uint256", "bytes3", "bytes32"],
            Self::Plain => &["address", "uint256"],
        }
    }
}

/// Whose claim it is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Claimant {
    /// A holder, by its number.
    Holder(PartyId),
    /// An account of the chain.
    Account(Address),
}

/// What somebody may claim. The order of the fields is the order of the values in the dump.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Claim {
    /// Who.
    pub claimant: Claimant,
    /// In which currency.
    pub currency: Currency,
    /// How many minor units of it (cents for EUR, yen for JPY).
    pub minor_units: u64,
}

/// Why claims have no tree.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ClaimsError {
    /// There is none.
    Empty,
    /// A claim does not stand behind the one before it, or is for the same claimant and currency.
    Order {
        /// Its position.
        position: usize,
    },
    /// A claimant of the other kind than the form of the leaves has.
    Claimant {
        /// Its position.
        position: usize,
    },
    /// Several currencies, in leaves that do not say which.
    Currencies {
        /// The first one.
        expected: Currency,
        /// Another one.
        found: Currency,
    },
}

impl fmt::Display for ClaimsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("claims: expected at least one, but found none"),
            Self::Order { position } => write!(
                f,
                "claims: expected them by claimant and currency, each once, but found claim {position} before its place"
            ),
            Self::Claimant { position } => write!(
                f,
                "claims: expected one kind of claimant, but found another at claim {position}"
            ),
            Self::Currencies { expected, found } => write!(
                f,
                "claims: expected one currency ({expected}), since plain leaves do not say which, but found {found} as well"
            ),
        }
    }
}

impl core::error::Error for ClaimsError {}

/// Claims and the tree over them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Claims {
    form: LeafForm,
    run: Word,
    claims: Vec<Claim>,
    /// Root first, children of `i` at `2i+1` and `2i+2`, leaves last and descending.
    nodes: Vec<Word>,
    /// Where the leaf of each claim stands in `nodes`.
    places: Vec<usize>,
}

impl Claims {
    /// Builds the tree. `claims` ascend by claimant and currency; `run` is the SHA-256 of the run note's
    /// text. Costs n log n time and four hashes for each claim.
    ///
    /// # Errors
    ///
    /// [`ClaimsError`].
    pub fn new(form: LeafForm, run: Word, claims: Vec<Claim>) -> Result<Self, ClaimsError> {
        check(form, &claims)?;
        let leaves: Vec<Word> = claims
            .iter()
            .map(|claim| tree::leaf_hash(&words(form, run, claim)))
            .collect();
        let (nodes, places) = tree::build(&leaves);
        Ok(Self {
            form,
            run,
            claims,
            nodes,
            places,
        })
    }

    /// The root that a contract is given.
    #[must_use]
    pub fn root(&self) -> Word {
        self.nodes.first().copied().unwrap_or_default()
    }

    /// The run whose payouts these are.
    #[must_use]
    pub const fn run(&self) -> Word {
        self.run
    }

    /// The form of the leaves.
    #[must_use]
    pub const fn form(&self) -> LeafForm {
        self.form
    }

    /// The claims, in order.
    #[must_use]
    pub fn all(&self) -> &[Claim] {
        &self.claims
    }

    /// The leaf of claim number `claim` and its siblings upwards; `None` behind the last claim.
    #[must_use]
    pub fn proof(&self, claim: usize) -> Option<(Word, Vec<Word>)> {
        let place = *self.places.get(claim)?;
        Some((*self.nodes.get(place)?, tree::proof(&self.nodes, place)))
    }

    /// The fields of claim number `claim`, as the dump has them; `None` behind the last claim.
    #[must_use]
    pub fn value(&self, claim: usize) -> Option<Value> {
        let claim = self.claims.get(claim)?;
        Some(value(self.form, self.run, claim))
    }

    /// What `JSON.stringify(tree.dump())` of @openzeppelin/merkle-tree gives, byte for byte;
    /// `StandardMerkleTree.load` reads it.
    #[must_use]
    pub fn dump(&self) -> String {
        let values = self
            .claims
            .iter()
            .zip(&self.places)
            .map(|(claim, place)| DumpedValue {
                value: value(self.form, self.run, claim),
                tree_index: *place,
            });
        let dump = Dump {
            format: "standard-v1",
            leaf_encoding: self.form.types(),
            tree: self.nodes.iter().map(|node| hex0x(node)).collect(),
            values: values.collect(),
        };
        // Strings, integers and lists only: serialising them cannot fail.
        serde_json::to_string(&dump).unwrap_or_default()
    }
}

/// `0x` and lower-case hex digits, as contracts' tools write bytes.
#[must_use]
pub fn hex0x(bytes: &[u8]) -> String {
    format!("0x{}", hex(bytes))
}

fn check(form: LeafForm, claims: &[Claim]) -> Result<(), ClaimsError> {
    let first = claims.first().ok_or(ClaimsError::Empty)?;
    let mut before: Option<&Claim> = None;
    for (position, claim) in claims.iter().enumerate() {
        let fits = match claim.claimant {
            Claimant::Holder(_) => form == LeafForm::Holder,
            Claimant::Account(_) => form != LeafForm::Holder,
        };
        if !fits {
            return Err(ClaimsError::Claimant { position });
        }
        if form == LeafForm::Plain && claim.currency != first.currency {
            return Err(ClaimsError::Currencies {
                expected: first.currency,
                found: claim.currency,
            });
        }
        let key = |claim: &Claim| (claim.claimant, claim.currency);
        if before.is_some_and(|before| key(before) >= key(claim)) {
            return Err(ClaimsError::Order { position });
        }
        before = Some(claim);
    }
    Ok(())
}

/// `abi.encode` of the fields: all are static, so each is one word. Numbers and addresses stand at a
/// word's end, `bytesN` at its beginning.
fn words(form: LeafForm, run: Word, claim: &Claim) -> Vec<Word> {
    let who = match claim.claimant {
        Claimant::Holder(party) => left(&party.0.to_be_bytes()),
        Claimant::Account(address) => right(&address.bytes()),
    };
    let mut words = vec![who, right(&claim.minor_units.to_be_bytes())];
    if form != LeafForm::Plain {
        words.extend([left(&claim.currency.bytes()), run]);
    }
    words
}

fn left(bytes: &[u8]) -> Word {
    let mut word = Word::default();
    word.iter_mut()
        .zip(bytes)
        .for_each(|(to, from)| *to = *from);
    word
}

fn right(bytes: &[u8]) -> Word {
    let mut word = Word::default();
    let backwards = word.iter_mut().rev().zip(bytes.iter().rev());
    backwards.for_each(|(to, from)| *to = *from);
    word
}

fn value(form: LeafForm, run: Word, claim: &Claim) -> Value {
    let who = match claim.claimant {
        Claimant::Holder(party) => hex0x(&party.0.to_be_bytes()),
        Claimant::Account(address) => address.to_string(),
    };
    let mut fields = vec![who, claim.minor_units.to_string()];
    if form != LeafForm::Plain {
        fields.extend([hex0x(&claim.currency.bytes()), hex0x(&run)]);
    }
    Value(fields)
}

/// The fields of a leaf as text: bytes in hex, numbers in decimal, which JSON's numbers could not hold.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Value(Vec<String>);

impl Value {
    /// The fields, in the order of [`LeafForm::types`].
    #[must_use]
    pub fn fields(&self) -> &[String] {
        &self.0
    }
}

#[derive(Serialize)]
struct Dump {
    format: &'static str,
    #[serde(rename = "leafEncoding")]
    leaf_encoding: &'static [&'static str],
    tree: Vec<String>,
    values: Vec<DumpedValue>,
}

#[derive(Serialize)]
struct DumpedValue {
    value: Value,
    #[serde(rename = "treeIndex")]
    tree_index: usize,
}

#[cfg(test)]
mod tests;
