#![no_main]

libfuzzer_sys::fuzz_target!(init: dechaff_fuzz::prepare("records"), |input: &[u8]| dechaff_fuzz::records::run(input));
