//! What a witness of one log answers, by core's decisions; HTTP is for the tests of the program.

use ledgerline::log::{AddCheckpoint, Checkpoint, Refusal, TreeHead, VerifierKey, WitnessedLog};

/// An answer to a request.
pub(crate) struct Answer {
    pub(crate) status: u64,
    /// The body of status 409.
    pub(crate) size: Option<String>,
    /// What would be cosigned.
    pub(crate) checkpoint: Option<Checkpoint>,
}

/// The answer, and the head that is the newest from now on.
pub(crate) fn answer(
    keys: &[VerifierKey],
    newest: Option<TreeHead>,
    body: &str,
) -> (Answer, Option<TreeHead>) {
    let mut answer = Answer {
        status: 200,
        size: None,
        checkpoint: None,
    };
    let request = match AddCheckpoint::parse(body.as_bytes()) {
        Ok(request) => request,
        Err(error) => {
            answer.status = error.status().into();
            return (answer, newest);
        }
    };
    assert_eq!(request.to_string(), body);
    let origin = keys[0].name().as_str();
    if request.note.text().lines().next() != Some(origin) {
        answer.status = 404;
        return (answer, newest);
    }
    let log = WitnessedLog {
        origin,
        keys,
        newest,
    };
    match log.decide(&request) {
        Ok(checkpoint) => {
            let head = checkpoint.head();
            answer.checkpoint = Some(checkpoint);
            (answer, Some(head))
        }
        Err(refusal) => {
            answer.status = refusal.status().into();
            if let Refusal::Conflict { size } = refusal {
                answer.size = Some(format!("{size}\n"));
            }
            (answer, newest)
        }
    }
}
