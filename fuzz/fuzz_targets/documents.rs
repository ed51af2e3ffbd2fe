#![no_main]

libfuzzer_sys::fuzz_target!(init: dechaff_fuzz::prepare("documents"), |input: &[u8]| dechaff_fuzz::documents::run(input));
