//! The files of a folder, one after another.
#![no_main]

const FILES: [&str; 4] = ["toc.dat", "4.dat", "blobs_8.toc", "blob_16401.dat"];
const SEPARATOR: &[u8] = b"\xff\xfe\xfd";

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let folder = pgdump_reader_fuzz::path("dump.dir");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir(&folder).expect("a folder can be made");
    let mut rest = bytes;
    for name in FILES {
        let end = rest.windows(SEPARATOR.len()).position(|window| window == SEPARATOR);
        std::fs::write(folder.join(name), &rest[..end.unwrap_or(rest.len())]).expect("a file can be written");
        match end {
            Some(end) => rest = &rest[end + SEPARATOR.len()..],
            None => break,
        }
    }
    pgdump_reader_fuzz::read(&folder);
});
