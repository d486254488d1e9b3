//! The listeners: where they live and travel, what they subscribe to.
//!
//! In: scale, market and a seed. Out: [`Listener`]s. Does not know: plays, files.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "times lie within a few years of the period, counts are those of the presets"
)]

use super::Scale;
use super::catalogue::{DAY, Market, TIERS, Validity};
use super::random::{Dice, Weighted};

/// A position in [`TIERS`].
pub(super) type Tier = usize;

pub(super) struct Subscription {
    pub(super) tier: Tier,
    pub(super) valid: Validity,
}

pub(super) struct Listener {
    home: usize,
    trip: Option<(usize, Validity)>,
    pub(super) subscriptions: Vec<Subscription>,
}

impl Listener {
    /// The territory at a moment, and whether it is a foreign one.
    pub(super) fn whereabouts(&self, time: i64) -> (usize, bool) {
        match self.trip {
            Some((territory, valid)) if valid.holds(time) => (territory, true),
            _ => (self.home, false),
        }
    }

    pub(super) fn subscription(&self, time: i64) -> Option<(usize, Tier)> {
        let held = self.subscriptions.iter().enumerate();
        let mut held = held.filter(|(_, subscription)| subscription.valid.holds(time));
        held.next()
            .map(|(at, subscription)| (at, subscription.tier))
    }
}

pub(super) fn listeners(scale: &Scale, market: &Market, seed: u64) -> Vec<Listener> {
    let mut dice = Dice::new(seed, b"listener");
    let homes = Weighted::new(market.territories.iter().map(|territory| territory.weight));
    let tiers = Weighted::new(TIERS.iter().map(|(_, weight, _)| *weight));
    (0..scale.listeners)
        .map(|_| {
            let home = homes.draw(&mut dice);
            let trip = dice.chance(500).then(|| {
                let step = 1 + dice.index(market.territories.len() - 1);
                let from = scale.moment(&mut dice);
                let to = Some(from + scale.length() / 8);
                let abroad = (home + step) % market.territories.len();
                (abroad, Validity { from, to })
            });
            Listener {
                home,
                trip,
                subscriptions: subscriptions(scale, &tiers, &mut dice),
            }
        })
        .collect()
}

fn subscriptions(scale: &Scale, tiers: &Weighted, dice: &mut Dice) -> Vec<Subscription> {
    let tier = tiers.draw(dice);
    let from = scale.from - DAY * dice.between(2, 1500);
    let moment = scale.moment(dice);
    let until = |to| Validity { from, to: Some(to) };
    match dice.below(100) {
        0..3 => vec![],
        // Changes tier in the period.
        3..9 => {
            let next = (tier + 1 + dice.index(TIERS.len() - 2)) % (TIERS.len() - 1);
            vec![
                Subscription {
                    tier,
                    valid: until(moment),
                },
                Subscription {
                    tier: next,
                    valid: Validity::since(moment),
                },
            ]
        }
        // Lapses in the period, and half of these come back.
        9..12 => {
            let mut rows = vec![Subscription {
                tier,
                valid: until(moment),
            }];
            if dice.chance(5_000) {
                let valid = Validity::since(moment + scale.length() / 10);
                rows.push(Subscription { tier, valid });
            }
            rows
        }
        // Joins in the period.
        12..15 => vec![Subscription {
            tier,
            valid: Validity::since(moment),
        }],
        _ => vec![Subscription {
            tier,
            valid: Validity::since(from),
        }],
    }
}
