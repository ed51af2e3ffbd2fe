#![no_main]

libfuzzer_sys::fuzz_target!(init: dechaff_fuzz::prepare("undo"), |input: &[u8]| dechaff_fuzz::undo::run(input));
