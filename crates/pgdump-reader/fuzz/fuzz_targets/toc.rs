//! Header and table of contents alone: what begins with the magic number in any case.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let rest = bytes.strip_prefix(b"PGDMP").unwrap_or(bytes);
    let path = pgdump_reader_fuzz::path("dump");
    std::fs::write(&path, [b"PGDMP", rest].concat()).expect("a file can be written");
    let _ = pgdump_reader::open(&path);
});
