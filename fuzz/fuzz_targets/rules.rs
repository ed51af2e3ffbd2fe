#![no_main]

libfuzzer_sys::fuzz_target!(init: dechaff_fuzz::prepare("rules"), |input: &[u8]| dechaff_fuzz::rules::run(input));
