#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| pgrehearse_fuzz::read_file(bytes));
