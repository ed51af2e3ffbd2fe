#![no_main]

libfuzzer_sys::fuzz_target!(init: dechaff_fuzz::prepare("index"), |input: &[u8]| dechaff_fuzz::index::run(input));
