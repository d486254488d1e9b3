//! Libraries for columnar files are not written for hostile input: a few malformed files make them
//! panic. Their panics on input become what they are, a message about the file.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `decode`; a panic in it, on this thread, becomes its message.
///
/// # Errors
///
/// The panic's message.
pub fn guarded<T>(decode: impl FnOnce() -> T) -> Result<T, String> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let loud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !GUARDED.get() {
                loud(panic);
            }
        }));
    });
    let outer = GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(decode));
    GUARDED.set(outer);
    result.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        format!("malformed data ({})", text.unwrap_or("decoder failed"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_message() {
        assert_eq!(guarded(|| 1), Ok(1));
        let message = guarded(|| panic!("bad page {}", 7)).map(|()| 0);
        assert_eq!(message, Err("malformed data (bad page 7)".to_owned()));
    }
}
