//! What a dump costs whose author means harm: time, not memory, and not the square of its length.

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::streams::{ALL, packed};
use super::{Entry, TestFolder, Writer, damage_of, error_of, gzip, scanned};
use crate::dump::Content;
use crate::{Compression, DumpError, Scan, open, script};

/// Names the dump that the process of its own is to read.
const VARIABLE: &str = "PGDUMP_READER_TEST_READ";

/// Reads a dump and says how much memory this process had at most, in KiB.
#[test]
#[ignore = "the other tests here run it, as a process of its own"]
fn read_a_dump_and_tell_the_peak() {
    let Some(path) = std::env::var_os(VARIABLE) else { return };
    let said = match open(Path::new(&path)) {
        Ok(dump) => {
            let scan = dump.scan().unwrap();
            let damage = scan.damage.first().map_or("whole".to_owned(), |damage| damage.what.clone());
            format!("rows={:?} {damage}", scan.facts.tables.first().and_then(|table| table.rows))
        }
        Err(error) => error.to_string(),
    };
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    println!("peak={}= said={}=", peak.trim().trim_end_matches(" kB"), said.get(..500).unwrap_or(&said));
}

/// Reads a dump in a process of its own. Fails where that takes more than so many MiB; gives what it said.
#[track_caller]
fn read_within(mebibytes: u64, path: &Path) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", "tests::bounds::read_a_dump_and_tell_the_peak"])
        .env(VARIABLE, path)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let (_, figures) = text.split_once("peak=").expect(&text);
    let (peak, said) = figures.split_once("= said=").unwrap();
    let peak = peak.parse::<u64>().unwrap() / 1024;
    assert!(peak <= mebibytes, "{peak} MiB at most, not {mebibytes}: {said}");
    said.rsplit_once('=').unwrap().0.to_owned()
}

/// What the test program takes and the buffers of any decompressor; less than that and a bomb.
const USUAL: u64 = 64;
const PIECE: usize = 16 << 20;
const PIECES: usize = 3;

/// Of a row, 64 MiB are kept, in a buffer that grows by doubling and moves as it does.
const ONE_ROW: u64 = 128;
/// More than is kept of a row and what that takes at most, so that keeping all of it would show.
const PIECES_OF_ROW: usize = 16;

/// A file that holds 48 MiB of this byte between a beginning and an end, compressed in many members.
fn bomb(place: &TestFolder, compression: Compression, head: &str, byte: u8, tail: &str) -> std::path::PathBuf {
    bomb_of(PIECES, place, compression, head, byte, tail)
}

fn bomb_of(
    pieces: usize,
    place: &TestFolder,
    compression: Compression,
    head: &str,
    byte: u8,
    tail: &str,
) -> std::path::PathBuf {
    let mut bytes = packed(compression, head.as_bytes());
    let piece = packed(compression, &vec![byte; PIECE]);
    for _ in 0..pieces {
        bytes.extend_from_slice(&piece);
    }
    bytes.extend(packed(compression, tail.as_bytes()));
    assert!(bytes.len() < 4 << 20);
    place.write("bomb", &bytes)
}

#[test]
fn one_giant_row_takes_no_memory_however_it_is_compressed() {
    for compression in ALL {
        let place = TestFolder::new();
        let path = bomb_of(PIECES_OF_ROW, &place, compression, "COPY t (a) FROM stdin;\n", b'x', "\n\\.\n");
        assert_eq!(read_within(USUAL + ONE_ROW, &path), "rows=Some(1) whole", "{compression}");
    }
}

#[test]
fn one_giant_statement_name_comment_or_string_takes_no_memory() {
    for (head, byte, tail, said) in [
        ("SELECT '", b'x', "';\n", "rows=None whole"),
        ("SELECT E'", b'\\', "';\n", "rows=None whole"),
        ("SELECT $a$", b'$', "$a$;\n", "rows=None whole"),
        ("SELECT 1", b' ', ";\n", "rows=None whole"),
        ("SELECT 1 -- ", b'-', "\n;\n", "rows=None whole"),
        ("SELECT 1;\n-- ", b'x', "\n", "rows=None whole"),
        ("SELECT 1;\n\\echo ", b'x', "\n", "rows=None whole"),
        ("CREATE TABLE a", b'b', " (a int);\n", "rows=None whole"),
        ("CREATE TABLE \"", b'"', "\" (a int);\n", "rows=None whole"),
        ("GRANT SELECT ON t TO \"", b'x', "\";\n", "rows=None whole"),
        ("CREATE TABLE t (a int)", b'(', "", "rows=None ends inside a statement"),
        ("SELECT 1", b',', ";\n", "rows=None whole"),
        ("INSERT INTO t VALUES (1", b',', ");\n", "rows=Some(1) whole"),
        ("INSERT INTO t VALUES ('", b'\'', ");\n", "rows=None "),
        ("SELECT 1;", b';', "\n", "rows=None whole"),
        ("SELECT 1;", b'\\', "\n", "rows=None whole"),
        ("SELECT 1;", b'\n', "\n", "rows=None whole"),
    ] {
        let place = TestFolder::new();
        let path = bomb(&place, Compression::Zstd, head, byte, tail);
        // Of a statement that is read whole 16 MiB are kept, and a second time as a fact.
        let kept = if head.starts_with("GRANT") || head.starts_with("CREATE TABLE") {
            80
        } else if head.starts_with("INSERT") {
            ONE_ROW
        } else {
            0
        };
        let answer = read_within(USUAL + kept, &path);
        assert!(answer.starts_with(said), "{head}{}…: {answer}", char::from(byte));
    }
}

#[test]
fn millions_of_small_things_take_no_memory() {
    // In one member each: what compresses them must not distinguish them from a dump that is honest.
    for (head, unit, tail) in [
        ("", "SELECT 1;\n", ""),
        ("", "SET a = 1;\n", ""),
        ("", "-- PostgreSQL database dump\n", ""),
        ("", "--\n", ""),
        ("", "INSERT INTO t VALUES (1, 'x');\n", ""),
        ("INSERT INTO t VALUES (0)", ",\n(1)", ";\n"),
        ("", "COPY t (a) FROM stdin;\n1\n\\.\n", ""),
        ("", "\\connect a\n", ""),
        ("SELECT ", "/*", ""),
        ("SELECT ", "/**/", "1;"),
        ("SELECT 1", "(", ""),
        ("GRANT SELECT ON t TO a", ",a", ";"),
    ] {
        let place = TestFolder::new();
        let text = format!("SELECT 0;\n{head}{}{tail}", unit.repeat((3 << 20) / unit.len()));
        let path = place.write("bomb", &packed(Compression::Zstd, text.as_bytes()));
        read_within(USUAL, &path);
    }
}

#[test]
fn long_names_in_one_long_statement_are_not_all_kept() {
    let place = TestFolder::new();
    let name = format!(", \"{}\"", "x".repeat(60_000));
    let text = format!("GRANT SELECT ON t TO a{};\n", name.repeat(4000));
    let path = place.write("bomb", &gzip(text.as_bytes()));
    assert_eq!(read_within(USUAL + 5 * 16, &path), "rows=None whole");
}

#[test]
fn a_text_that_declares_without_end_is_read_to_a_limit_and_is_not_whole() {
    let place = TestFolder::new();
    for unit in
        ["GRANT SELECT ON t{} TO a;\n", "GRANT SELECT ON t TO a;\n", "CREATE TABLE t{} (a int);\n", "SET a{} = 1;\n"]
    {
        let text: String = (0..20_000).map(|n| unit.replace("{}", &n.to_string())).collect();
        let dump = open(&place.write("dump", text.as_bytes())).unwrap();
        let Content::Plain(text) = &dump.content else { panic!("text") };
        let scan: Scan = script::scan_and_keep(&dump, text, &mut crate::rows::RowMode::Digest, 4 << 20).unwrap();
        let what = &scan.damage[0].what;
        assert!(what.starts_with("declares more objects and privileges than can be kept in 4 MiB, in line "), "{what}");
        assert!(scan.facts.grants.len() + scan.facts.tables.len() + scan.facts.settings.len() < 10_000);
        assert_eq!(script::scan_and_keep(&dump, text, &mut crate::rows::RowMode::Digest, 40 << 20).unwrap().damage, []);
    }
}

#[test]
fn damage_in_many_places_is_reported_a_hundred_times_at_most() {
    let text = "--\n-- PostgreSQL database dump\n--\n".repeat(5000);
    let damage = damage_of(text.as_bytes());
    assert_eq!(damage.len(), 100);
}

#[test]
fn a_window_that_takes_more_memory_than_is_given_is_refused_and_says_so() {
    let text = b"COPY t (a) FROM stdin;\n1\n\\.\n";
    let wide = |log: u32| {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.long_distance_matching(true).unwrap();
        encoder.window_log(log).unwrap();
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    };
    assert_eq!(damage_of(&wide(27)), []);
    for log in [28, 31] {
        let error = error_of(&wide(log));
        assert!(error.contains("takes too much memory to decompress (zstd): it asks for more than 128 MiB"), "{error}");
        // In a later frame it is found by the pass over all of it.
        let damage = damage_of(&[packed(Compression::Zstd, text), wide(log)].concat());
        assert!(damage[0].what.starts_with("the zstd stream cannot be decompressed (it asks for more"), "{damage:?}");
    }
    let mut options = liblzma::stream::LzmaOptions::new_preset(1).unwrap();
    options.dict_size(256 << 20);
    let mut filters = liblzma::stream::Filters::new();
    filters.lzma2(&options);
    let stream = liblzma::stream::Stream::new_stream_encoder(&filters, liblzma::stream::Check::Crc32).unwrap();
    let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
    encoder.write_all(text).unwrap();
    let error = error_of(&encoder.finish().unwrap());
    assert!(error.contains("(xz): it asks for more than 80 MiB"), "{error}");
}

#[test]
fn the_widest_window_that_is_taken_takes_no_more_than_itself() {
    let place = TestFolder::new();
    let mut encoder = zstd::Encoder::new(std::fs::File::create(place.path("bomb")).unwrap(), 1).unwrap();
    encoder.window_log(27).unwrap();
    encoder.write_all(b"COPY t (a) FROM stdin;\n").unwrap();
    let piece = vec![b'x'; PIECE];
    for _ in 0..20 {
        encoder.write_all(&piece).unwrap();
    }
    encoder.write_all(b"\n\\.\n").unwrap();
    encoder.finish().unwrap();
    assert_eq!(read_within(USUAL + 128 + ONE_ROW, &place.path("bomb")), "rows=Some(1) whole");
}

#[test]
fn archives_of_giant_rows_take_no_memory() {
    let mut row = vec![b'x'; PIECE * PIECES_OF_ROW];
    row.extend_from_slice(b"\n\\.\n\n\n");
    for compression in 0..=3 {
        let mut writer = Writer { compression, ..Writer::shop(16) };
        writer.entries[3].data = Some(row.clone());
        let place = TestFolder::new();
        // Its writer makes blocks of seven bytes, which is not what is meant here.
        let path = writer.directory(&place);
        assert_eq!(read_within(USUAL + ONE_ROW, &path), "rows=Some(1) whole", "directory, compression {compression}");
    }
    let mut writer = Writer { compression: 0, ..Writer::shop(16) };
    writer.entries[3].data = Some(row);
    let place = TestFolder::new();
    assert_eq!(read_within(USUAL + ONE_ROW, &place.write("bomb", &writer.tar())), "rows=Some(1) whole");
}

#[test]
fn a_compressed_table_of_contents_cannot_hold_entries_without_end() {
    let place = TestFolder::new();
    let writer = Writer::shop(16);
    let path = writer.directory(&place);
    let toc = std::fs::read(path.join("toc.dat")).unwrap();
    std::fs::remove_file(path.join("toc.dat")).unwrap();
    std::fs::write(path.join("toc.dat.gz"), gzip(&toc)).unwrap();
    assert_eq!(open(&path).unwrap().scan().unwrap().damage, []);
    // The first entry's definition would be 2 GiB long.
    let at = toc.windows(10).position(|window| window == b"SET client").unwrap();
    let mut bomb = toc[..at - 4].to_vec();
    bomb.extend(0x7fff_ffff_u32.to_le_bytes());
    let mut bomb = gzip(&bomb);
    let mut zeros = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    zeros.write_all(&vec![0; PIECE]).unwrap();
    let zeros = zeros.finish().unwrap();
    for _ in 0..8 {
        bomb.extend_from_slice(&zeros);
    }
    std::fs::write(path.join("toc.dat.gz"), bomb).unwrap();
    let said = read_within(USUAL, &path);
    assert!(said.contains("it is compressed and holds more than 64 MiB, so decompress toc.dat first"), "{said}");
}

#[test]
fn a_table_of_contents_with_damaged_compression_is_damaged_not_unreadable() {
    let place = TestFolder::new();
    let path = Writer::shop(16).directory(&place);
    let mut toc = gzip(&std::fs::read(path.join("toc.dat")).unwrap());
    toc[40] ^= 0xff;
    std::fs::remove_file(path.join("toc.dat")).unwrap();
    std::fs::write(path.join("toc.dat.gz"), toc).unwrap();
    let error = open(&path).unwrap_err();
    assert!(matches!(error, DumpError::DamagedToc { .. } | DumpError::DamagedHeader { .. }), "{error}");
}

#[test]
fn two_entries_of_one_id_are_damage() {
    let mut writer = Writer::shop(16);
    writer.entries[4].id = 4;
    assert!(error_of(&writer.custom()).contains("two entries have the id 4"));
}

#[test]
fn two_tables_with_one_data_file_are_damage() {
    let place = TestFolder::new();
    let writer = Writer { compression: 0, ..Writer::shop(16) };
    let path = writer.directory(&place);
    let mut twin = writer.clone();
    twin.entries.push(Entry { id: 9, tag: "twins", ..writer.entries[3].clone() });
    let toc = twin.toc(3, |entry| twin.string(Some(if entry.data.is_some() { "4.dat" } else { "" })));
    std::fs::write(path.join("toc.dat"), toc).unwrap();
    let damage = open(&path).unwrap().scan().unwrap().damage;
    assert_eq!(damage.len(), 1);
    assert_eq!(damage[0].what, "the data of public.twins (file 4.dat) are those of another table as well");
}

/// What this thread has had of a processor: other tests that run beside it do not count.
fn processor_time() -> Duration {
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(schedstat.split(' ').next().unwrap().parse().unwrap())
}

/// What takes minutes where each of sixty thousand things is compared with all before it.
#[track_caller]
fn soon<T>(what: &str, run: impl FnOnce() -> T) -> T {
    let began = processor_time();
    let result = run();
    let took = processor_time() - began;
    println!("{what}: {took:?}");
    assert!(took < Duration::from_secs(20), "{what} took {took:?}");
    result
}

#[test]
fn sixty_thousand_of_anything_are_read_soon() {
    let each = |unit: &str| -> String { (0..60_000).map(|n| unit.replace("{}", &n.to_string())).collect() };
    let nested = |head: &str, unit: &str, tail: &str| {
        format!("{head}{}{});\n", unit.repeat(40_000), tail.repeat(if unit.ends_with('(') { 40_000 } else { 1 }))
    };
    for (what, text) in [
        ("databases", each("\\connect db{}\n")),
        ("settings", each("SET a.b{} = 1;\n")),
        ("grantees of one object", each("GRANT SELECT ON t TO role{};\n")),
        ("grantees of one statement", format!("GRANT SELECT ON t TO a{};\n", each(", role{}"))),
        ("tables", each("CREATE TABLE t{} (a int);\nALTER TABLE t{} OWNER TO x;\n")),
        ("tables of one name", each("CREATE TABLE t (a int);\nALTER TABLE t OWNER TO x{};\n")),
        ("COPY blocks", each("COPY t{} (a) FROM stdin;\n{}\n\\.\n")),
        ("policies", each("CREATE POLICY p{} ON t TO x{};\n")),
        ("functions", each("CREATE FUNCTION f{}() RETURNS int AS $_{}$SELECT 1$_{}$;\n")),
        ("tables to insert into", each("INSERT INTO t{} VALUES (1);\n")),
        ("open dollar quotes", format!("SELECT {};\n", each("$a{} "))),
        ("comments", each("-- Name: a{}; Type: TABLE\n/* {} */\n")),
        ("tables of another database", format!("CREATE TABLE t (a int);\n\\connect b\n{}", each("DROP TABLE t{};\n"))),
        ("generated columns in each other", nested("CREATE TABLE t (a int", " generated always as (", ")")),
        ("constraints in parentheses", nested("CREATE TABLE t (CHECK ((a", ", not null", "))")),
        (
            "calls in each other",
            nested(
                "SELECT pg_catalog.set_config('search_path', '', false);\nCREATE VIEW v AS SELECT (1",
                "+json_object(",
                ")",
            ),
        ),
    ] {
        let text = format!("SELECT 0;\n{text}");
        assert_eq!(soon(what, || scanned(text.as_bytes())).1.damage, [], "{what}");
    }
}

#[test]
fn thirty_thousand_entries_are_read_soon() {
    let mut writer = Writer { compression: 0, ..Writer::shop(16) };
    let (table, data, grant) = (writer.entries[2].clone(), writer.entries[3].clone(), writer.entries[4].clone());
    for n in 0..10_000 {
        let id = 10 + 3 * n;
        writer.entries.extend([
            Entry { id, ..table.clone() },
            Entry { id: id + 1, ..data.clone() },
            Entry { id: id + 2, ..grant.clone() },
        ]);
    }
    let place = TestFolder::new();
    let bytes = writer.custom();
    let scan = soon("a custom archive", || open(&place.write("dump", &bytes)).unwrap().scan().unwrap());
    assert_eq!(scan.damage, []);
    let tar = writer.tar();
    let scan = soon("a tar archive", || open(&place.write("dump.tar", &tar)).unwrap().scan().unwrap());
    assert_eq!(scan.damage, []);
}
