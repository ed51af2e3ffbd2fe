//! Turns panics of decoders into errors. The crates that decode Parquet, Arrow, HTML and compressed
//! data panic on some corrupt input.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// Whether this thread is decoding, so that its panics are caught.
    static IS_DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Returns what `decode` returns, or `None` if it panics.
///
/// Such a panic prints no message: one with a location in another crate would look like a crash,
/// and the caller reports an error with file and record anyway. The panic hook is global, so it is
/// replaced once by a hook that forwards all panics of threads that are not decoding. Validating
/// all data before decoding would mean rewriting the decoders.
pub(super) fn catch_decoder_panic<T>(decode: impl FnOnce() -> T) -> Option<T> {
    static QUIET_HOOK: Once = Once::new();
    QUIET_HOOK.call_once(|| {
        let other = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !IS_DECODING.get() {
                other(info);
            }
        }));
    });
    let was_decoding = IS_DECODING.replace(true);
    let decoded = panic::catch_unwind(AssertUnwindSafe(decode));
    IS_DECODING.set(was_decoding);
    decoded.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_panics_of_decoders_are_caught() {
        assert_eq!(catch_decoder_panic(|| 1), Some(1));
        let panicked: Option<()> = catch_decoder_panic(|| {
            assert_eq!(catch_decoder_panic(|| -> u8 { panic!("within") }), None);
            assert!(IS_DECODING.get());
            panic!("around")
        });
        assert_eq!(panicked, None);
        assert!(!IS_DECODING.get());
    }
}
