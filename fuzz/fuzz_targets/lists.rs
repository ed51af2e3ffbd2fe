#![no_main]

libfuzzer_sys::fuzz_target!(init: dechaff_fuzz::prepare("lists"), |input: &[u8]| dechaff_fuzz::lists::run(input));
