//! The tree is OpenZeppelin's: its own example, with root and dump as the package's README and tests have
//! them. That random trees are the same too is shown in `tests/openzeppelin`.

use super::*;
use crate::wire::hex;
use proptest::prelude::*;

fn eur() -> Currency {
    Currency::parse("EUR").unwrap()
}

fn account(byte: u8) -> Claimant {
    Claimant::Account(Address::parse(&format!("0x{}", hex(&[byte; 20]))).unwrap())
}

fn plain(claims: &[(u8, u64)]) -> Claims {
    let claims = claims.iter().map(|(byte, minor_units)| Claim {
        claimant: account(*byte),
        currency: eur(),
        minor_units: *minor_units,
    });
    Claims::new(LeafForm::Plain, [0; 32], claims.collect()).unwrap()
}

fn of_holders(count: u64, run: u8) -> Claims {
    let claims = (0..count).map(|number| Claim {
        claimant: Claimant::Holder(PartyId(number)),
        currency: eur(),
        minor_units: number * 100,
    });
    Claims::new(LeafForm::Holder, [run; 32], claims.collect()).unwrap()
}

/// Source: @openzeppelin/merkle-tree, README, "Building a Tree"; here its amounts, which fit 64 bits.
#[test]
fn openzeppelins_own_example() {
    let claims = plain(&[
        (0x11, 5_000_000_000_000_000_000),
        (0x22, 2_500_000_000_000_000_000),
    ]);
    let root = "d4dee0beab2d53f2cc83e567171bd2820e49898130a22622b10ead383e90bd77";
    assert_eq!(hex(&claims.root()), root);
    assert_eq!(
        claims.dump(),
        "{\"format\":\"standard-v1\",\"leafEncoding\":[\"address\",\"uint256\"],\"tree\":[\
         \"0xd4dee0beab2d53f2cc83e567171bd2820e49898130a22622b10ead383e90bd77\",\
         \"0xeb02c421cfa48976e66dfb29120745909ea3a0f843456c263cf8f1253483e283\",\
         \"0xb92c48e9d7abe27fd8dfd6b5dfdbfb1c9a463f80c712b66f3a5180a090cccafc\"],\"values\":[\
         {\"value\":[\"0x1111111111111111111111111111111111111111\",\"5000000000000000000\"],\"treeIndex\":1},\
         {\"value\":[\"0x2222222222222222222222222222222222222222\",\"2500000000000000000\"],\"treeIndex\":2}]}"
    );
}

#[test]
fn each_claim_has_its_proof_and_no_other_claims() {
    for count in 1..40 {
        let claims = of_holders(count, 7);
        for claim in 0..usize::try_from(count).unwrap() {
            let (leaf, proof) = claims.proof(claim).unwrap();
            assert!(
                verify_claim(&claims.root(), &leaf, &proof),
                "{claim} of {count}"
            );
            let (other, _) = claims.proof((claim + 1) % claims.all().len()).unwrap();
            let same = count == 1;
            assert_eq!(verify_claim(&claims.root(), &other, &proof), same);
            if let Some(short) = proof.get(1..) {
                assert!(!verify_claim(&claims.root(), &leaf, short));
            }
        }
        assert_eq!(claims.proof(claims.all().len()), None);
    }
}

#[test]
fn a_claim_of_one_run_is_none_of_another() {
    let (april, may) = (of_holders(9, 4), of_holders(9, 5));
    for claim in 0..9 {
        let (leaf, proof) = april.proof(claim).unwrap();
        assert!(!verify_claim(&may.root(), &leaf, &proof));
        let leaves: Vec<Word> = (0..9).filter_map(|at| Some(may.proof(at)?.0)).collect();
        assert!(!leaves.contains(&leaf), "the leaf itself names its run");
    }
}

/// Leaves of all forms, word for word. Source: Solidity ABI, "Formal Specification of the Encoding".
#[test]
fn fields_stand_where_the_abi_has_them() {
    let claim = Claim {
        claimant: Claimant::Holder(PartyId(0xa1)),
        currency: eur(),
        minor_units: 258,
    };
    let words: Vec<String> = words(LeafForm::Holder, [9; 32], &claim)
        .iter()
        .map(|word| hex(word))
        .collect();
    let zeros = |count| "0".repeat(count);
    assert_eq!(
        words,
        [
            format!("00000000000000a1{}", zeros(48)),
            format!("{}0102", zeros(60)),
            format!("455552{}", zeros(58)),
            "09".repeat(32),
        ]
    );
}

#[test]
fn claims_out_of_order_or_of_another_kind_are_refused() {
    let claim = |claimant, code: &str| Claim {
        claimant,
        currency: Currency::parse(code).unwrap(),
        minor_units: 1,
    };
    let holder = |number| Claimant::Holder(PartyId(number));
    let new = |form, claims: &[Claim]| Claims::new(form, [0; 32], claims.to_vec()).map(|_| ());
    assert_eq!(new(LeafForm::Holder, &[]), Err(ClaimsError::Empty));
    let twice = [claim(holder(1), "EUR"), claim(holder(1), "EUR")];
    let position = 1;
    assert_eq!(
        new(LeafForm::Holder, &twice),
        Err(ClaimsError::Order { position })
    );
    let descending = [claim(holder(2), "EUR"), claim(holder(1), "EUR")];
    assert_eq!(
        new(LeafForm::Holder, &descending),
        Err(ClaimsError::Order { position })
    );
    let mixed = [claim(holder(1), "EUR"), claim(account(1), "EUR")];
    assert_eq!(
        new(LeafForm::Holder, &mixed),
        Err(ClaimsError::Claimant { position })
    );
    let currencies = [claim(account(1), "EUR"), claim(account(1), "USD")];
    assert_eq!(new(LeafForm::Address, &currencies), Ok(()));
    assert!(matches!(
        new(LeafForm::Plain, &currencies),
        Err(ClaimsError::Currencies { .. })
    ));
}

/// Source: EIP-55, "Test Cases".
#[test]
fn addresses_keep_their_checksum() {
    for text in [
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0xde709f2102306220921060314715629080e2fb77",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ] {
        let address = Address::parse(text).unwrap();
        assert_eq!(address.to_string(), text);
        assert_eq!(Address::parse(&text.to_lowercase()), Ok(address));
    }
    assert!(matches!(
        Address::parse("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD"),
        Err(AddressError::Checksum { .. })
    ));
    assert_eq!(
        Address::parse(&format!("0x{}", "0".repeat(40))),
        Err(AddressError::Zero)
    );
    for text in [
        "",
        "0x",
        "5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
        "0xéaeb6053f3e94c9b9a09f33669435e7ef1beaed",
    ] {
        assert!(
            matches!(Address::parse(text), Err(AddressError::Form { .. })),
            "{text}"
        );
    }
}

proptest! {
    #[test]
    fn any_text_is_an_address_or_refused(text in "(0x)?[0-9a-fA-Fé]{0,44}") {
        if let Ok(address) = Address::parse(&text) {
            prop_assert_eq!(Address::parse(&address.to_string()), Ok(address));
        }
    }
}
