#![no_main]

libfuzzer_sys::fuzz_target!(init: dechaff_fuzz::prepare("undo_log"), |input: &[u8]| dechaff_fuzz::undo_log::run(input));
