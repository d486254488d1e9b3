//! A ledger as its readers may see it: at the served checkpoint, while a writer is at work.
//!
//! *In:* a ledger's directory. *Out:* the checkpoint, and at least the events that it covers. *Does
//! not know:* whether these are the right ones.

use std::path::Path;

use ledgerline::log::{Note, TreeHead};

use super::derive::{OpenFile, read_open};
use super::error::LedgerError;
use super::reader::Ledger;

/// How often a ledger is read again because a writer sealed a segment meanwhile.
const TRIES: usize = 8;

/// A ledger at its served checkpoint, with at least the events that this covers.
pub(super) struct AtCheckpoint {
    pub(super) ledger: Ledger,
    pub(super) note: Note,
    pub(super) head: TreeHead,
    /// What is not sealed yet.
    pub(super) open: Vec<OpenFile>,
}

impl AtCheckpoint {
    /// Opens a ledger; a writer may be at work meanwhile.
    pub(super) fn open(path: &Path) -> Result<Self, LedgerError> {
        let mut tries = TRIES;
        loop {
            // The checkpoint first: what is read afterwards covers it.
            let (note, checkpoint) = Ledger::open_readonly(path)?.checkpoint()?;
            let head = checkpoint.head();
            let ledger = Ledger::open_readonly(path)?;
            let sealed = ledger.sealed_size();
            let open = match read_open(ledger.layout(), ledger.segments().len() as u64) {
                // A damaged tail is of no importance to what is sealed.
                Err(_) if head.size <= sealed => Ok(Vec::new()),
                other => other,
            };
            let events = |open: &Vec<OpenFile>| -> u64 {
                let counts = open.iter().map(|file| file.content.events.len() as u64);
                sealed + counts.sum::<u64>()
            };
            let is_enough = open.as_ref().is_ok_and(|open| head.size <= events(open));
            tries -= 1;
            if !is_enough && tries > 0 {
                continue;
            }
            let open = open?;
            let found = events(&open);
            if head.size > found {
                let signed = head.size;
                return Err(LedgerError::Shrunk { signed, found });
            }
            return Ok(Self {
                ledger,
                note,
                head,
                open,
            });
        }
    }
}
