//! Real dumps with something wrong in them, thousands of times: no panic, no memory without bound, no loop without end.
//!
//! This is what `fuzz/` does with a nightly toolchain and a coverage-guided engine, for everybody: the same dumps are
//! changed in the same ways on each run. `PGDUMP_READER_FUZZ_CASES` gives the number of changed dumps of each kind,
//! `PGDUMP_READER_FUZZ_SEED` another beginning, and `PGDUMP_READER_FUZZ_CORPUS` a folder to write the unchanged dumps to, which
//! `fuzz/` begins with.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::allocations::peak_of;
use super::streams::{ALL, packed};
use super::{TestFolder, Writer};
use crate::{Compression, open};

/// More than the buffers of all readers; no seed is larger than a hundredth of it.
const MAX_MEMORY: usize = 32 << 20;
const LONGEST: Duration = Duration::from_secs(10);

/// Changes seeds and reads each result as a file, or as the file of this name in a folder.
fn mutate(what: &str, cases: u64, seeds: &[Vec<u8>], pieces: &[&[u8]], read: impl Fn(&Path, &[u8]) -> PathBuf) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let cases = number("PGDUMP_READER_FUZZ_CASES").unwrap_or(cases);
    let first = number("PGDUMP_READER_FUZZ_SEED").unwrap_or(20_261_122);
    if let Some(corpus) = std::env::var_os("PGDUMP_READER_FUZZ_CORPUS") {
        let corpus = Path::new(&corpus).join(what);
        std::fs::create_dir_all(&corpus).unwrap();
        for (number, seed) in seeds.iter().enumerate() {
            std::fs::write(corpus.join(number.to_string()), seed).unwrap();
        }
    }
    let folder = in_memory();
    for case in 0..cases {
        let mut random = fastrand::Rng::with_seed(first.wrapping_mul(1_000_003).wrapping_add(case));
        let bytes = mutated(&mut random, seeds, pieces);
        let path = read(folder.path(), &bytes);
        let began = Instant::now();
        let result = std::panic::catch_unwind(|| {
            peak_of(|| {
                if let Ok(dump) = open(&path) {
                    let _ = dump.scan();
                }
            })
        });
        let fault = match result {
            Err(_) => "a panic".to_owned(),
            Ok(((), peak)) if peak > MAX_MEMORY => format!("{peak} bytes of memory"),
            Ok(_) if began.elapsed() > LONGEST => format!("{:?}", began.elapsed()),
            Ok(_) => continue,
        };
        let kept = std::env::temp_dir().join(format!("pgrehearse-{what}-{case}"));
        std::fs::write(&kept, &bytes).unwrap();
        panic!("case {case} of {what} took {fault}; what was read is {}", kept.display());
    }
}

/// A folder that needs no disk, where the machine has one.
fn in_memory() -> tempfile::TempDir {
    let shared = Path::new("/dev/shm");
    if shared.is_dir() { tempfile::tempdir_in(shared).unwrap() } else { tempfile::tempdir().unwrap() }
}

fn mutated(random: &mut fastrand::Rng, seeds: &[Vec<u8>], pieces: &[&[u8]]) -> Vec<u8> {
    let mut bytes = seeds[random.usize(..seeds.len())].clone();
    for _ in 0..=random.usize(..4) {
        let at = random.usize(..=bytes.len());
        let length = random.usize(..=(bytes.len() - at).min(40));
        match random.u8(..9) {
            // Cut off.
            0 => bytes.truncate(at),
            // A flipped bit.
            1 | 2 if at < bytes.len() => bytes[at] ^= 1 << random.u8(..8),
            3 if at < bytes.len() => bytes[at] = random.u8(..),
            // A number, such as a length, blown up: sign, then the lowest byte first.
            4 | 5 => {
                let number = [0x7fff_ffff, 0xffff_ffff, 0x8000_0000, 0x0100_0000, 0, 1][random.usize(..6)];
                let number: Vec<u8> = [vec![random.u8(..2)], u32::to_le_bytes(number).to_vec()].concat();
                let end = (at + number.len()).min(bytes.len());
                bytes.splice(at..end, number);
            }
            // Something of another dump.
            6 => {
                let other = &seeds[random.usize(..seeds.len())];
                let from = random.usize(..=other.len());
                let piece = &other[from..from + random.usize(..=(other.len() - from).min(200))];
                bytes.splice(at..at, piece.iter().copied());
            }
            7 if !pieces.is_empty() => {
                bytes.splice(at..at, pieces[random.usize(..pieces.len())].iter().copied());
            }
            // Something left out, or there twice.
            8 => drop(bytes.drain(at..at + length)),
            _ => {
                let twice = bytes[at..at + length].to_vec();
                bytes.splice(at..at, twice);
            }
        }
    }
    bytes
}

fn as_file(folder: &Path, bytes: &[u8]) -> PathBuf {
    let path = folder.join("dump");
    std::fs::write(&path, bytes).unwrap();
    path
}

fn demo() -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/shop.dump")).unwrap()
}

/// The shop with large objects, in every version and compression.
fn writers() -> impl Iterator<Item = Writer> {
    (12..=16).flat_map(|minor| {
        let compressions = 0..=if minor >= 15 { 3 } else { 1 };
        compressions.map(move |compression| Writer {
            compression,
            piped: compression == 1,
            ..Writer::with_large_objects(minor)
        })
    })
}

#[test]
fn changed_headers_and_tables_of_contents_do_no_harm() {
    let seeds: Vec<Vec<u8>> = writers().map(|writer| writer.toc(1, |_| vec![3; 9])).collect();
    mutate("toc", 12_000, &seeds, &[], as_file);
}

#[test]
fn changed_custom_archives_do_no_harm() {
    let mut seeds: Vec<Vec<u8>> = writers().map(|writer| writer.custom()).collect();
    seeds.push(demo());
    mutate("custom", 10_000, &seeds, &[b"PGDMP", b"\n\\.\n"], as_file);
}

#[test]
fn changed_tar_archives_do_no_harm() {
    let seeds: Vec<Vec<u8>> = writers().filter(|writer| writer.compression == 0).map(|writer| writer.tar()).collect();
    mutate("tar", 4_000, &seeds, &[&[0; 512], b"toc.dat", b"../../etc/passwd", b"L", b"x"], as_file);
}

#[test]
fn changed_dumps_in_directory_format_do_no_harm() {
    for compression in 0..=3 {
        let place = TestFolder::new();
        let folder = Writer { compression, ..Writer::with_large_objects(16) }.directory(&place);
        for file in std::fs::read_dir(&folder).unwrap() {
            let file = file.unwrap().path();
            let seeds = [std::fs::read(&file).unwrap(), b"16401 blob_16401.dat\n".to_vec()];
            let whole = seeds[0].clone();
            let pieces: [&[u8]; 5] = [b"../", b"/", b"toc.dat", b"\0", b"16401 blob_16402.dat\n"];
            mutate("file-of-a-directory", 150, &seeds, &pieces, |_, bytes| {
                std::fs::write(&file, bytes).unwrap();
                folder.clone()
            });
            std::fs::write(&file, whole).unwrap();
        }
    }
}

/// The files of a folder that `fuzz/fuzz_targets/directory.rs` makes of one input.
#[test]
fn changed_folders_do_no_harm() {
    const FILES: [&str; 4] = ["toc.dat", "4.dat", "blobs_8.toc", "blob_16401.dat"];
    const SEPARATOR: &[u8] = b"\xff\xfe\xfd";
    let place = TestFolder::new();
    let folder = Writer { compression: 0, ..Writer::with_large_objects(16) }.directory(&place);
    let files = FILES.map(|name| std::fs::read(folder.join(name)).unwrap());
    mutate("directory", 3_000, &[files.join(SEPARATOR)], &[SEPARATOR, b"../"], |_, bytes| {
        for name in FILES {
            let _ = std::fs::remove_file(folder.join(name));
        }
        let mut rest = bytes;
        for name in FILES {
            let end = memchr::memmem::find(rest, SEPARATOR);
            std::fs::write(folder.join(name), &rest[..end.unwrap_or(rest.len())]).unwrap();
            match end {
                Some(end) => rest = &rest[end + SEPARATOR.len()..],
                None => break,
            }
        }
        folder.clone()
    });
}

#[test]
fn changed_texts_do_no_harm() {
    let text = "--\n-- PostgreSQL database dump\n--\n\n\\restrict k\nSET client_encoding = 'UTF8';\n\
        SELECT pg_catalog.set_config('search_path', '', false);\nCREATE TABLE public.\"t\"\"\" (a int, b text);\n\
        COPY public.t (a, b) FROM stdin;\n1\tone\\\\\n2\t\\N\n\\.\n\nINSERT INTO public.u VALUES (1, E'\\'', U&'x'), \
        (2, $$a;b$$);\nINSERT INTO public.u VALUES (3, 'x', 'y');\nCREATE FUNCTION f() RETURNS int BEGIN ATOMIC \
        SELECT CASE WHEN true THEN 1 END; END;\nALTER TABLE public.t OWNER TO \"o;\";\n/* a /* b */ c */\nGRANT \
        SELECT(a) ON TABLE public.t TO x, PUBLIC;\nALTER DEFAULT PRIVILEGES FOR ROLE x IN SCHEMA s GRANT ALL ON TABLES \
        TO y;\n\\connect -reuse-previous=on \"dbname='x'\"\nCREATE POLICY p ON t AS PERMISSIVE FOR ALL TO x USING (true);\
        \n--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict k\n";
    let pieces: [&[u8]; 26] = [
        b"'",
        b"\"",
        b"$$",
        b"$a$",
        b"/*",
        b"*/",
        b"--",
        b"\n",
        b"\r\n",
        b"\\.\n",
        b"\n\\.",
        b"\\",
        b";",
        b"(",
        b")",
        b"E'",
        b"U&\"",
        b"BEGIN ATOMIC",
        b"END",
        b"COPY t FROM stdin;\n",
        b"INSERT INTO t VALUES (",
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b"GRANT a TO b;",
        b"SET standard_conforming_strings = off;",
    ];
    mutate("plain", 20_000, &[text.as_bytes().to_vec()], &pieces, as_file);
}

#[test]
fn changed_compressed_texts_do_no_harm() {
    let mut text = b"SELECT 1;\nCOPY t (a) FROM stdin;\n".to_vec();
    text.extend((0..300).flat_map(|row| format!("{row}\n").into_bytes()));
    text.extend_from_slice(b"\\.\n");
    let seeds: Vec<Vec<u8>> = ALL.iter().map(|compression| packed(*compression, &text)).collect();
    let headers: Vec<Vec<u8>> =
        [Compression::Gzip, Compression::Zstd, Compression::Lz4].map(|kind| packed(kind, b"")).to_vec();
    let pieces: Vec<&[u8]> = headers.iter().map(Vec::as_slice).collect();
    mutate("compressed", 6_000, &seeds, &pieces, as_file);
}
