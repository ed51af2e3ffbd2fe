#![no_main]

libfuzzer_sys::fuzz_target!(init: dechaff_fuzz::prepare("arrow"), |input: &[u8]| dechaff_fuzz::arrow::run(input));
