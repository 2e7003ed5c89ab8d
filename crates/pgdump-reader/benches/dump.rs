//! How fast dumps are read: `cargo bench --package pgdump-reader`. The inputs are made here, the same ones on each run.
//!
//! `scripts/bench-read` compares with pg_restore.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::LazyLock;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use pgdump_reader as dump;

fn main() {
    divan::main();
}

const ENTRIES: i32 = 10_000;
const MEGABYTES: usize = 100;

/// Rows as COPY writes them: numbers, hashes, some text, an escape, a NULL.
fn rows(bytes: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes + 200);
    let mut state = 1_u64;
    let mut id = 0;
    while out.len() < bytes {
        id += 1;
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let word =
            ["north", "south", "a longer piece of text, as people write", "tab\\there"][(state >> 60) as usize % 4];
        let line = format!("{id}\t{state:016x}\t{word}\t2026-11-22 12:{:02}:00+00\t\\N\n", id % 60);
        out.extend_from_slice(line.as_bytes());
    }
    out
}

/// A plain dump of one table.
static PLAIN: LazyLock<PathBuf> = LazyLock::new(|| {
    let text = [b"COPY public.t (a, b, c, d, e) FROM stdin;\n", rows(MEGABYTES << 20).as_slice(), b"\\.\n"].concat();
    written("plain.sql", &text)
});

/// A custom archive of one table, compressed with gzip, and what is in its data blocks.
static CUSTOM: LazyLock<(PathBuf, Vec<u8>)> = LazyLock::new(|| {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(&rows(MEGABYTES << 20)).unwrap();
    encoder.write_all(b"\\.\n\n\n").unwrap();
    let packed = encoder.finish().unwrap();
    let mut file = toc(1, true);
    file.push(1);
    file.extend(int(1));
    // ZLIB_OUT_SIZE in src/bin/pg_dump/compress_io.h is 4096; pg_dump 16 and newer write as many.
    for block in packed.chunks(4096) {
        file.extend(int(block.len() as i32));
        file.extend(block);
    }
    file.extend(int(0));
    (written("custom.dump", &file), packed)
});

/// An archive of 10 000 entries, without data.
static MANY: LazyLock<PathBuf> = LazyLock::new(|| written("many.dump", &toc(ENTRIES, false)));

fn written(name: &str, bytes: &[u8]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Header and table of contents of a custom archive 1.14 (WriteHead and WriteToc in pg_backup_archiver.c).
fn toc(entries: i32, data: bool) -> Vec<u8> {
    let mut out = b"PGDMP\x01\x0e\x00\x04\x08\x01".to_vec();
    out.extend(int(-1));
    for part in [56, 34, 12, 22, 10, 126, 0] {
        out.extend(int(part));
    }
    for name in ["shop", "15.18", "15.18"] {
        out.extend(string(name));
    }
    out.extend(int(entries));
    for id in 1..=entries {
        out.extend(int(id));
        out.extend(int(data.into()));
        let name = format!("table_number_{id}");
        for text in ["1259", &(16_384 + id).to_string(), &name, if data { "TABLE DATA" } else { "TABLE" }] {
            out.extend(string(text));
        }
        out.extend(int(if data { 3 } else { 2 }));
        out.extend(string(&format!(
            "CREATE TABLE public.{name} (\n    id integer NOT NULL,\n    name text,\n    price numeric(10,2) DEFAULT 0,\n    \
             made timestamp with time zone\n);\n"
        )));
        out.extend(string(&format!("DROP TABLE public.{name};\n")));
        out.extend(string("COPY public.t (a, b, c, d, e) FROM stdin;\n"));
        for text in ["public", "", "heap", "shop_owner", "false", "1"] {
            out.extend(string(text));
        }
        out.extend(int(-1));
        out.push(if data { 1 } else { 3 });
        out.extend([0; 8]);
    }
    out
}

fn int(value: i32) -> Vec<u8> {
    let mut out = vec![u8::from(value < 0)];
    out.extend(value.unsigned_abs().to_le_bytes());
    out
}

fn string(text: &str) -> Vec<u8> {
    [int(text.len() as i32), text.as_bytes().to_vec()].concat()
}

#[divan::bench]
fn table_of_contents_of_ten_thousand_entries(bencher: Bencher) {
    bencher.counter(ItemsCount::new(ENTRIES as usize)).bench(|| dump::open(&MANY).unwrap());
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn plain_text_into_rows(bencher: Bencher) {
    let dump = dump::open(&PLAIN).unwrap();
    bencher.counter(BytesCount::new(dump.size)).bench(|| assert!(dump.scan().unwrap().damage.is_empty()));
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn gzip_archive_into_rows(bencher: Bencher) {
    let dump = dump::open(&CUSTOM.0).unwrap();
    bencher.counter(BytesCount::new(MEGABYTES << 20)).bench(|| assert!(dump.scan().unwrap().damage.is_empty()));
}

/// What the archive above could at best take: its decompressor over the same bytes, and nothing done with the text.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn gzip_decompressor_alone(bencher: Bencher) {
    let packed = &CUSTOM.1;
    let mut buffer = vec![0; 64 * 1024];
    bencher.counter(BytesCount::new(MEGABYTES << 20)).bench_local(|| {
        let mut decoder = flate2::bufread::ZlibDecoder::new(packed.as_slice());
        while decoder.read(&mut buffer).unwrap() > 0 {}
    });
}
