#![no_main]

libfuzzer_sys::fuzz_target!(init: dechaff_fuzz::prepare("configuration"), |input: &[u8]| dechaff_fuzz::configuration::run(input));
