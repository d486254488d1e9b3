//! The same claims give the same root, nodes, places and proofs in both, for random claims of each form.
//!
//! merkle-tree-rs knows no `bytesN`. A static value is one word of the ABI encoding, whatever its type, so
//! a `bytesN` is given to it as the `uint256` with the same 32 bytes.

use ledgerline::claims::{Address, Claim, Claimant, Claims, LeafForm, hex0x, verify_claim};
use ledgerline::id::PartyId;
use ledgerline::money::Currency;
use merkle_tree_rs::standard::{LeafType, StandardMerkleTree};
use proptest::prelude::*;

/// The decimal number of 32 bytes, big endian.
fn decimal(bytes: &[u8]) -> String {
    let mut digits = vec![0_u8];
    for byte in bytes {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            carry += u32::from(*digit) * 256;
            *digit = (carry % 10) as u8;
            carry /= 10;
        }
        while carry > 0 {
            digits.push((carry % 10) as u8);
            carry /= 10;
        }
    }
    digits.iter().rev().map(|digit| char::from(b'0' + digit)).collect()
}

/// The number whose word begins with `bytes`.
fn left(bytes: &[u8]) -> String {
    let mut word = bytes.to_vec();
    word.resize(32, 0);
    decimal(&word)
}

/// A claim as merkle-tree-rs is given it.
fn theirs(form: LeafForm, run: [u8; 32], claim: &Claim) -> Vec<String> {
    let who = match claim.claimant {
        Claimant::Holder(party) => left(&party.0.to_be_bytes()),
        Claimant::Account(address) => address.to_string().to_lowercase(),
    };
    let mut values = vec![who, claim.minor_units.to_string()];
    if form != LeafForm::Plain {
        values.extend([left(&claim.currency.bytes()), decimal(&run)]);
    }
    values
}

fn compare(form: LeafForm, run: [u8; 32], claims: Vec<Claim>) {
    let values: Vec<Vec<String>> = claims.iter().map(|c| theirs(form, run, c)).collect();
    let types: Vec<String> = form
        .types()
        .iter()
        .map(|name| if *name == "address" { "address" } else { "uint256" }.to_owned())
        .collect();
    let oracle = StandardMerkleTree::of(values.clone(), &types);
    let ours = Claims::new(form, run, claims).unwrap();
    assert_eq!(hex0x(&ours.root()), oracle.root());

    let dump: serde_json::Value = serde_json::from_str(&ours.dump()).unwrap();
    let dumped = serde_json::to_value(oracle.dump()).unwrap();
    assert_eq!(dump["format"], dumped["format"]);
    assert_eq!(dump["tree"], dumped["tree"]);
    for (at, value) in values.into_iter().enumerate() {
        assert_eq!(dump["values"][at]["treeIndex"], dumped["values"][at]["tree_index"]);
        let (leaf, proof) = ours.proof(at).unwrap();
        assert!(verify_claim(&ours.root(), &leaf, &proof));
        assert_eq!(hex0x(&leaf), oracle.leaf_hash(&value));
        let proof: Vec<String> = proof.iter().map(|node| hex0x(node)).collect();
        assert_eq!(proof, oracle.get_proof(LeafType::LeafBytes(value)));
    }
}

fn currency(number: usize) -> Currency {
    let codes = ["EUR", "JPY", "KWD", "USD"];
    Currency::parse(codes[number % codes.len()]).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn claims_of_holders(
        run: [u8; 32],
        claims in prop::collection::btree_map((any::<u64>(), 0_usize..4), any::<u64>(), 1..60),
    ) {
        let claims = claims.into_iter().map(|((party, code), minor_units)| Claim {
            claimant: Claimant::Holder(PartyId(party)),
            currency: currency(code),
            minor_units,
        });
        compare(LeafForm::Holder, run, claims.collect());
    }

    #[test]
    fn claims_of_accounts(
        run: [u8; 32],
        plain: bool,
        claims in prop::collection::btree_map(any::<[u8; 20]>(), any::<u64>(), 1..60),
    ) {
        let claims = claims.into_iter().filter_map(|(bytes, minor_units)| Some(Claim {
            claimant: Claimant::Account(Address::parse(&hex0x(&bytes)).ok()?),
            currency: currency(0),
            minor_units,
        }));
        let claims: Vec<Claim> = claims.collect();
        prop_assume!(!claims.is_empty());
        compare(if plain { LeafForm::Plain } else { LeafForm::Address }, run, claims);
    }
}

/// Every size up to 70, so that each shape of the last level occurs.
#[test]
fn every_size() {
    for count in 1..70_u64 {
        let claims = (0..count).map(|number| Claim {
            claimant: Claimant::Holder(PartyId(number * 0x9e37)),
            currency: currency(0),
            minor_units: number,
        });
        compare(LeafForm::Holder, [count as u8; 32], claims.collect());
    }
}
