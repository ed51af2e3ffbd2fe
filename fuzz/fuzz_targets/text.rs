#![no_main]

libfuzzer_sys::fuzz_target!(init: dechaff_fuzz::prepare("text"), |input: &[u8]| dechaff_fuzz::text::run(input));
