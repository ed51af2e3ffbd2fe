//! The `dechaff` binary. Everything is in the library.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    delay_purging();
    dechaff::cli::main()
}

/// Delays returning freed pages to the operating system by ten seconds.
///
/// Returning them at once costs 10 % of the run time of a long run; never returning them costs 10 %
/// more memory.
#[allow(unsafe_code)]
fn delay_purging() {
    /// `mi_option_purge_delay` in mimalloc.h, for which the crate has no constant.
    const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
    const MILLISECONDS: std::ffi::c_long = 10_000;
    // SAFETY: may be called at any time, with any value.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, MILLISECONDS) }
}
