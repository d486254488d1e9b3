//! The core for browsers: bytes in, report out.
//!
//! A skin without logic: it turns JavaScript's values into the core's and the core's errors into
//! JavaScript's. What it returns is what the command line prints.

mod run_note;

use ledgerline::audit::{Given, verify_bundle};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// A JavaScript function `(done: number, total: number, stage: string) => void`.
    #[wasm_bindgen(typescript_type = "(done: number, total: number, stage: string) => void")]
    pub type ProgressFunction;

    #[wasm_bindgen(method, catch, js_name = call)]
    fn call(
        this: &ProgressFunction,
        receiver: &JsValue,
        done: u32,
        total: u32,
        stage: &str,
    ) -> Result<JsValue, JsValue>;
}

/// The core's version.
#[wasm_bindgen]
#[must_use]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// Verifies a bundle and returns the report as JSON, byte for byte that of `ledgerline verify --json`.
///
/// `name` is the file's name without its folder; `key` is the service's verifier key as text, several
/// of them, a line each, or a whole policy file; `auditor` is a verifier key; `nonce` is the holder's, in
/// hex.
///
/// # Errors
///
/// A JavaScript `Error` with the core's message if the bytes are no bundle, or what stands beside them
/// is not what it should be; whatever `progress` throws.
///
/// # Does not prove
///
/// What [`verify_bundle`] does not.
#[wasm_bindgen]
pub fn verify(
    bundle: &[u8],
    name: &str,
    key: Option<String>,
    auditor: Option<String>,
    progress: &ProgressFunction,
    nonce: Option<String>,
) -> Result<String, JsValue> {
    let mut thrown = None;
    let mut tell = |done: u64, total: u64, stage: &'static str| {
        // Once the caller has thrown, it is told nothing more.
        if thrown.is_none() {
            thrown = progress
                .call(&JsValue::UNDEFINED, number(done), number(total), stage)
                .err();
        }
    };
    let given = Given {
        roots: key.as_deref(),
        auditor: auditor.as_deref(),
        nonce: nonce.as_deref(),
    };
    let report = report_of(bundle, name, given, &mut tell);
    match thrown {
        Some(thrown) => Err(thrown),
        None => report.map_err(|message| JsError::new(&message).into()),
    }
}

/// Says how what stands beside a bundle is read: `key`, `auditor` and `nonce` as for [`verify`].
///
/// Returns JSON: `{"key":…,"auditor":…,"nonce":…}`, each `null` where nothing was given,
/// `{"is":"understood","says":"1 log, 3 witnesses, quorum: 2 of 3","remarks":[]}`, or
/// `{"is":"mistake","message":…,"line":…,"text":…}` with the number and text of the line, if it is one line's.
#[wasm_bindgen]
#[must_use]
pub fn describe_trust(
    key: Option<String>,
    auditor: Option<String>,
    nonce: Option<String>,
) -> String {
    let given = Given {
        roots: key.as_deref(),
        auditor: auditor.as_deref(),
        nonce: nonce.as_deref(),
    };
    given.describe().to_json()
}

/// Derives a whole run from its inputs and returns the text of its note.
///
/// `records` are the log's 54-byte records in order, `registry` is a run's `tables/registry.rows`,
/// `rules` and `pools` are the files' bytes, `meta` is JSON: `origin`, `from`, `to`, `revision`,
/// `run_salt`, `registry_salt` (the two keys of a run's `salt-keys`, in hex).
///
/// # Errors
///
/// A JavaScript `Error` with the core's message.
#[wasm_bindgen]
pub fn derive_run_note(
    records: &[u8],
    registry: &[u8],
    rules: &[u8],
    pools: &[u8],
    meta: &str,
) -> Result<String, JsValue> {
    run_note::derive_text(records, registry, rules, pools, meta)
        .map_err(|message| JsError::new(&message).into())
}

/// [`verify`] without JavaScript.
fn report_of(
    bundle: &[u8],
    name: &str,
    given: Given<'_>,
    progress: &mut dyn FnMut(u64, u64, &'static str),
) -> Result<String, String> {
    let trust = given.read().map_err(|error| error.to_string())?;
    verify_bundle(bundle, name, &trust, progress)
        .map(|report| report.to_json())
        .map_err(|error| error.to_string())
}

/// A count as JavaScript's number: bundles end below 4 GiB, so nothing in one exceeds 32 bits.
fn number(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    //! That errors are the core's. What `verify` and `derive_run_note` give is compared with the
    //! command line's output in `tests/`, natively and in Chromium.
    use super::*;
    use ledgerline::log::VerifierKey;

    #[test]
    fn other_bytes_and_other_keys_are_refused_in_the_cores_words() {
        let refusal = |bytes: &[u8], roots: Option<&str>, nonce: Option<&str>| {
            let given = Given {
                roots,
                auditor: None,
                nonce,
            };
            report_of(bytes, "x.llb", given, &mut |_, _, _| ()).unwrap_err()
        };
        assert!(refusal(b"a,b,c\n", None, None).contains("expected a Ledgerline bundle"));
        assert!(refusal(b"", None, Some("5eed")).contains("expected a Ledgerline bundle"));
        assert!(refusal(b"", None, Some("5ee")).contains("hex"));
        let error = VerifierKey::parse("nonsense").unwrap_err();
        let refused = refusal(b"", Some("nonsense\n"), None);
        assert_eq!(refused, format!("line 1: {error}"));
        let refused = refusal(b"", Some("quorum nobody\n"), None);
        assert!(refused.contains("nobody"), "{refused}");
    }

    #[test]
    fn what_was_understood_is_said() {
        let said = describe_trust(Some("quorum none\n".into()), None, Some("xy".into()));
        assert!(
            said.starts_with(
                r#"{"key":{"is":"understood","says":"no logs, no witnesses, quorum: none""#
            ),
            "{said}"
        );
        assert!(
            said.contains(r#""auditor":null,"nonce":{"is":"mistake","#),
            "{said}"
        );
    }

    #[test]
    fn large_counts_do_not_wrap() {
        assert_eq!(number(7), 7);
        assert_eq!(number(u64::MAX), u32::MAX);
    }
}
