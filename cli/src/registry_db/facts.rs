//! Everything the registry knew at a moment, before it becomes what a run commits to.

use std::collections::BTreeSet;

use ledgerline::id::{PartyId, WorkId};
use ledgerline::money::{Currency, Rate};
use ledgerline::registry::{Holder, Parts, RegistryError, Snapshot, WorkLink, WorkShare, resolve};

/// A musical work.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Work {
    /// Its id.
    pub id: WorkId,
    /// Its ISWC in its one form, if known; the check digit may be wrong.
    pub iswc: Option<String>,
    /// Title; untrusted text.
    pub title: String,
}

/// A number that others know a holder by.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct HolderId {
    /// Whose.
    pub party: PartyId,
    /// Which kind: `ipi`, `ipi-base`, `isni`, `dpid`, `pr-society`, `mr-society`.
    pub scheme: String,
    /// The number in its one form; the check digit may be wrong.
    pub id: String,
}

/// An exchange rate of one day.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct FxRate {
    /// One unit of this currency...
    pub from: Currency,
    /// ...is so many of this one.
    pub to: Currency,
    /// How many.
    pub rate: Rate,
    /// On which day, `2026-04-30`.
    pub date: String,
    /// Who says so; untrusted text.
    pub source: String,
}

/// All rows as known at a moment.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Recordings, shares of recordings, subscriptions, licences; no holders.
    pub parts: Parts,
    /// Holders with name and, if known, currency.
    pub holders: Vec<(PartyId, String, Option<Currency>)>,
    /// Their identifiers.
    pub holder_ids: Vec<HolderId>,
    /// Works.
    pub works: Vec<Work>,
    /// Which recording embodies which work.
    pub links: Vec<WorkLink>,
    /// Shares of works.
    pub work_shares: Vec<WorkShare>,
    /// Exchange rates.
    pub fx: Vec<FxRate>,
}

impl Facts {
    /// What a run commits to: shares of works resolved into shares of recordings. A holder without a
    /// currency cannot be paid: with its shares it is left out, so that their part of the money is
    /// suspended as unclaimed.
    ///
    /// # Errors
    ///
    /// [`RegistryError`] for rows that contradict each other.
    pub fn into_snapshot(self) -> Result<Snapshot, RegistryError> {
        let mut parts = self.parts;
        let known: BTreeSet<_> = parts.recordings.iter().map(|r| r.isrc).collect();
        let links: Vec<WorkLink> = self
            .links
            .into_iter()
            .filter(|link| known.contains(&link.isrc))
            .collect();
        let resolved = resolve(&parts.shares, &links, &self.work_shares);
        parts.shares.extend(resolved);
        let mut unpaid = BTreeSet::new();
        for (party, name, currency) in self.holders {
            match currency {
                Some(currency) => parts.holders.push(Holder {
                    party,
                    name,
                    currency,
                }),
                None => {
                    unpaid.insert(party);
                }
            }
        }
        parts.shares.retain(|share| !unpaid.contains(&share.party));
        Snapshot::new(parts)
    }
}
