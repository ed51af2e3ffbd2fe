#![no_main]

libfuzzer_sys::fuzz_target!(init: dechaff_fuzz::prepare("parquet"), |input: &[u8]| dechaff_fuzz::parquet::run(input));
