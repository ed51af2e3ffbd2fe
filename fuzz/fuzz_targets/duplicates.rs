#![no_main]

libfuzzer_sys::fuzz_target!(init: dechaff_fuzz::prepare("duplicates"), |input: &[u8]| dechaff_fuzz::duplicates::run(input));
