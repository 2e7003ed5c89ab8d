#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| pgdump_reader_fuzz::read_file(bytes));
