#![no_main]

libfuzzer_sys::fuzz_target!(init: dechaff_fuzz::prepare("reports"), |input: &[u8]| dechaff_fuzz::reports::run(input));
