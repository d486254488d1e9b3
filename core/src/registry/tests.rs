//! What a snapshot looks up, and that its rows are one form.

use super::*;

fn t(text: &str) -> TimeMs {
    TimeMs::parse(text).unwrap()
}

fn small() -> Parts {
    let isrc = Isrc::parse("USAAA2600001").unwrap();
    let name = |text| Name::parse(text).unwrap();
    let share = |party, territories: &str, ppm, from, to| Share {
        party: PartyId(party),
        isrc,
        right: name("master"),
        territories: Territories::parse(territories).unwrap(),
        ppm: Ppm::new(ppm).unwrap(),
        valid: Interval::parse(from, to).unwrap(),
    };
    Parts {
        recordings: vec![Recording {
            isrc,
            title: "Träume".into(),
            artist: "A".into(),
            length_ms: 20_000,
        }],
        holders: [2, 1]
            .map(|party| Holder {
                party: PartyId(party),
                name: format!("H{party}"),
                currency: Currency::parse("EUR").unwrap(),
            })
            .into(),
        shares: vec![
            share(2, "*", 250_000, "", ""),
            share(1, "* -US", 500_000, "", "2026-04-10"),
            share(1, "*", 250_000, "", ""),
            share(1, "DE", 1, "2026-04-10", ""),
        ],
        subscriptions: vec![
            Subscription {
                listener: ListenerId(9),
                tier: name("premium"),
                valid: Interval::parse("2026-04-10", "2026-04-20").unwrap(),
                account: ListenerId(7),
            },
            Subscription {
                listener: ListenerId(9),
                tier: name("free"),
                valid: Interval::parse("", "2026-04-10").unwrap(),
                account: ListenerId(9),
            },
        ],
        licences: vec![Licence {
            isrc,
            territories: Territories::parse("* -GB").unwrap(),
            valid: Interval::parse("2026-01-01", "").unwrap(),
        }],
    }
}

#[test]
fn look_ups_follow_time_and_territory() {
    let snapshot = Snapshot::new(small()).unwrap();
    let isrc = snapshot.recordings()[0].isrc;
    let right = Name::parse("master").unwrap();
    let (de, us, gb) = ("DE", "US", "GB");
    let place = |code| Territory::parse(code).unwrap();
    let shares = |code, time| snapshot.shares_at(isrc, &right, place(code), t(time));
    assert_eq!(
        shares(de, "2026-04-09"),
        [(PartyId(1), 750_000), (PartyId(2), 250_000)]
    );
    assert_eq!(
        shares(us, "2026-04-09"),
        [(PartyId(1), 250_000), (PartyId(2), 250_000)]
    );
    assert_eq!(
        shares(de, "2026-04-10"),
        [(PartyId(1), 250_001), (PartyId(2), 250_000)]
    );
    let tier = |listener, time| {
        snapshot
            .tier_at(ListenerId(listener), t(time))
            .map(Name::as_str)
    };
    assert_eq!(tier(9, "2026-04-09"), Some("free"));
    assert_eq!(tier(9, "2026-04-10"), Some("premium"));
    assert_eq!(tier(9, "2026-04-20"), None);
    assert_eq!(tier(8, "2026-04-10"), None);
    assert_eq!(tier(10, "2026-04-10"), None);
    // 2026-01-01 (licence) and 2026-04-10 (two rows, one date).
    let version = |time| snapshot.share_version(isrc, t(time));
    assert_eq!(
        [
            version("2025-12-31"),
            version("2026-01-01"),
            version("2026-04-10")
        ],
        [0, 1, 2]
    );
    assert!(snapshot.is_licensed(isrc, place(de), t("2026-01-01")));
    assert!(!snapshot.is_licensed(isrc, place(gb), t("2026-01-01")));
    assert!(!snapshot.is_licensed(isrc, place(de), t("2025-12-31")));
    assert_eq!(snapshot.recordings_of(PartyId(2)), [isrc]);
}

#[test]
fn rows_read_back_in_any_given_order_and_in_no_other_form() {
    let snapshot = Snapshot::new(small()).unwrap();
    let rows = snapshot.rows();
    let join = |rows: &[([u8; KEY_LENGTH], Vec<u8>)]| -> Vec<u8> {
        rows.iter()
            .flat_map(|(key, row)| key.iter().chain(row).copied())
            .collect()
    };
    let bytes = join(&rows);
    assert_eq!(Snapshot::read(&bytes).unwrap().rows(), rows);
    for length in 0..bytes.len() {
        if let Ok(shorter) = Snapshot::read(&bytes[..length]) {
            assert!(shorter.rows().len() < rows.len());
        }
    }
    let mut swapped = rows.clone();
    swapped.swap(0, 1);
    assert!(matches!(
        Snapshot::read(&join(&swapped)),
        Err(RegistryError::Order { row: 1 })
    ));
    let twice = [rows.as_slice(), &rows[rows.len() - 1..]].concat();
    assert!(matches!(
        Snapshot::read(&join(&twice)),
        Err(RegistryError::Order { .. })
    ));
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        if let Ok(other) = Snapshot::read(&flipped) {
            assert_eq!(join(&other.rows()), flipped, "one form only, byte {at}");
        }
    }
}

#[test]
fn contradictions_are_named() {
    let refuse = |change: &dyn Fn(&mut Parts)| {
        let mut parts = small();
        change(&mut parts);
        Snapshot::new(parts).unwrap_err()
    };
    assert!(matches!(
        refuse(&|p| p.recordings.clear()),
        RegistryError::NoRecording(_)
    ));
    assert!(matches!(
        refuse(&|p| p.holders.truncate(1)),
        RegistryError::NoHolder(PartyId(1))
    ));
    assert!(matches!(
        refuse(&|p| p.holders.push(p.holders[0].clone())),
        RegistryError::HolderTwice(_)
    ));
    assert!(matches!(
        refuse(&|p| p.recordings.push(p.recordings[0].clone())),
        RegistryError::RecordingTwice(_)
    ));
    assert!(matches!(
        refuse(&|p| p.subscriptions[1].valid.to += 1),
        RegistryError::Overlap(_)
    ));
    assert!(matches!(
        refuse(&|p| p.recordings[0].title = "x".repeat(1025)),
        RegistryError::TextLength { found: 1025 }
    ));
}
