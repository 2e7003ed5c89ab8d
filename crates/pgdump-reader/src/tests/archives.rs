use super::{Entry, TestFolder, Writer, damage_of, error_of, scanned};
use crate::dump::Content;
use crate::{Archive, Dump, TableData};

fn archive(dump: &Dump) -> &Archive {
    let Content::Archive(archive) = &dump.content else { panic!("{:?} is no archive", dump.content) };
    archive
}

#[test]
fn every_version_and_compression_of_a_custom_archive_is_read_whole() {
    for minor in 12..=16 {
        for compression in 0..=if minor >= 15 { 3 } else { 1 } {
            let (dump, scan) = scanned(&Writer { compression, ..Writer::shop(minor) }.custom());
            assert_eq!(scan.damage, [], "1.{minor}, compression {compression}");
            assert_eq!(scan.facts.tables[0].rows, Some(2));
            assert_eq!(archive(&dump).entries.len(), 5);
        }
    }
}

#[test]
fn the_header_is_read() {
    let (dump, _) = scanned(&Writer::shop(14).custom());
    let archive = archive(&dump);
    assert_eq!(dump.format_label(), "custom archive 1.14, gzip");
    assert_eq!(archive.database, "shop");
    assert_eq!(archive.created.unwrap().to_string(), "2026-11-22T12:34:56");
    assert_eq!(archive.encoding.as_deref(), Some("UTF8"));
    assert_eq!(archive.std_strings, Some(true));
    assert_eq!(archive.entries[2].table_access_method.as_deref(), Some("heap"));
    assert_eq!(archive.entries[2].dependencies, [1]);
}

#[test]
fn owners_privileges_and_rows_come_from_the_table_of_contents() {
    let facts = scanned(&Writer::shop(16).custom()).1.facts;
    let table = TableData {
        database: None,
        schema: Some("public".to_owned()),
        name: "orders".to_owned(),
        has_data: true,
        rows: Some(2),
        bytes: 17,
        created: true,
    };
    assert_eq!(facts.tables, [table]);
    assert_eq!((facts.owners[0].name.as_str(), facts.owners[0].owner.as_str()), ("orders", "shop_owner"));
    let grant = &facts.grants[0];
    assert_eq!((grant.kind.as_str(), grant.name.as_str()), ("TABLE", "orders"));
    assert_eq!(grant.grantees, ["Shop App"]);
    assert!(grant.revokes_public);
    assert_eq!(facts.roles().keys().collect::<Vec<_>>(), ["Shop App", "shop_owner"]);
}

#[test]
fn an_archive_cut_off_anywhere_in_its_data_is_damaged() {
    for compression in 0..=3 {
        let whole = Writer { compression, ..Writer::shop(16) };
        let without_data = Writer { entries: whole.entries[..3].to_vec(), ..whole.clone() };
        assert!(without_data.custom().len() < whole.custom().len());
        let bytes = whole.custom();
        let data_start = whole.toc(1, |_| vec![0; 9]).len();
        for length in data_start..bytes.len() {
            assert!(!damage_of(&bytes[..length]).is_empty(), "compression {compression}, {length} of {}", bytes.len());
        }
    }
}

#[test]
fn rows_of_inserts_go_where_the_statement_says_and_not_the_entry() {
    let mut writer = Writer::shop(16);
    // As pg_dump --inserts --load-via-partition-root writes them.
    let data = b"INSERT INTO other.root VALUES (1, 'one');\nINSERT INTO other.root VALUES (2, 'two');\n\n\n";
    writer.entries[3] = Entry { copy_stmt: None, data: Some(data.to_vec()), ..writer.entries[3].clone() };
    let scan = scanned(&writer.custom()).1;
    let places =
        scan.rows.iter().map(|rows| (rows.destination.schema.as_deref(), rows.destination.table.as_str(), rows.rows));
    assert_eq!(places.collect::<Vec<_>>(), [(Some("other"), "root", 2)]);
    writer.entries[3].data = Some(b"INSERT INTO orders VALUES (1, 'one');\n\n\n".to_vec());
    assert_eq!(scanned(&writer.custom()).1.rows[0].destination.schema.as_deref(), Some("public"));
}

#[test]
fn an_archive_cut_off_in_its_table_of_contents_says_so() {
    let bytes = Writer::shop(16).custom();
    assert!(error_of(&bytes[..8]).contains("header"));
    assert!(error_of(&bytes[..200]).contains("table of contents"));
    assert!(error_of(&bytes[..200]).contains("the file ends here"));
}

#[test]
fn a_flipped_bit_in_compressed_data_is_damage_and_names_the_table() {
    let writer = Writer::shop(16);
    let mut bytes = writer.custom();
    let at = writer.toc(1, |_| vec![0; 9]).len() + 20;
    bytes[at] ^= 0x10;
    let damage = damage_of(&bytes);
    assert_eq!(damage[0].table.as_deref(), Some("public.orders"), "{damage:?}");
}

#[test]
fn newer_and_older_archives_are_refused_with_what_to_do() {
    assert!(error_of(&Writer::shop(17).custom()).contains("1.17; pgrehearse reads 1.12 to 1.16, so update pgrehearse"));
    assert!(error_of(&Writer::shop(11).custom()).contains("so dump again with a newer pg_dump"));
}

#[test]
fn a_directory_is_read_whole() {
    for compression in 0..=3 {
        let place = TestFolder::new();
        let path = Writer { compression, ..Writer::shop(16) }.directory(&place);
        let dump = crate::open(&path).unwrap();
        let scan = dump.scan().unwrap();
        assert_eq!(scan.damage, [], "compression {compression}");
        assert_eq!(scan.facts.tables[0].rows, Some(2));
        assert!(dump.format_label().starts_with("directory archive 1.16"));
    }
}

#[test]
fn a_data_file_of_a_directory_that_is_cut_off_anywhere_is_damage() {
    for (compression, ending) in [(0, ""), (1, ".gz"), (2, ".lz4"), (3, ".zst")] {
        let place = TestFolder::new();
        let path = Writer { compression, ..Writer::shop(16) }.directory(&place);
        let file = path.join(format!("4.dat{ending}"));
        let whole = std::fs::read(&file).unwrap();
        // Of bare rows the line breaks after the end mark can be missed without harm.
        for length in 0..whole.len() - if compression == 0 { 2 } else { 0 } {
            std::fs::write(&file, &whole[..length]).unwrap();
            let damage = crate::open(&path).unwrap().scan().unwrap().damage;
            assert_eq!(damage.len(), 1, "{ending}, {length} of {} bytes", whole.len());
            assert_eq!(damage[0].table.as_deref(), Some("public.orders"));
        }
    }
}

#[test]
fn a_missing_data_file_is_damage() {
    let place = TestFolder::new();
    let path = Writer::shop(14).directory(&place);
    std::fs::remove_file(path.join("4.dat.gz")).unwrap();
    let damage = crate::open(&path).unwrap().scan().unwrap().damage;
    assert_eq!(damage[0].what, "the data of public.orders (file 4.dat) is missing");
}

#[test]
fn the_empty_file_of_a_large_object_is_an_empty_object_where_pg_dump_writes_it_so() {
    for (compression, ending, whole) in [(0, "", true), (1, ".gz", false), (2, ".lz4", true), (3, ".zst", true)] {
        let place = TestFolder::new();
        let path = Writer { compression, ..Writer::with_large_objects(16) }.directory(&place);
        std::fs::write(path.join(format!("blob_16402.dat{ending}")), b"").unwrap();
        let scan = crate::open(&path).unwrap().scan().unwrap();
        assert_eq!(scan.damage.is_empty(), whole, "compression {compression}: {:?}", scan.damage);
        let held = scan.large_objects[0].1;
        assert_eq!((held.objects, held.bytes), (2, 4), "compression {compression}");
        // The file of a table has its end mark at least.
        std::fs::write(path.join(format!("4.dat{ending}")), b"").unwrap();
        let damage = crate::open(&path).unwrap().scan().unwrap().damage;
        assert!(damage.iter().any(|place| place.table.is_some()), "compression {compression}: {damage:?}");
    }
}

#[test]
fn no_link_and_no_path_leads_out_of_a_directory() {
    let place = TestFolder::new();
    let path = Writer::shop(14).directory(&place);
    let file = path.join("4.dat.gz");
    let opened = crate::open(&path).unwrap();
    std::fs::rename(&file, place.path("outside.gz")).unwrap();
    std::os::unix::fs::symlink(place.path("outside.gz"), &file).unwrap();
    // Put there after the folder was looked at.
    let damage = opened.scan().unwrap().damage;
    assert!(damage[0].what.contains("symbolic link"), "{damage:?}");
    let refused = crate::open(&path).unwrap_err().to_string();
    assert!(refused.contains("holds a symbolic link, \"4.dat.gz\"") && refused.contains("cp -rL"), "{refused}");
    for name in ["../outside.gz", "/etc/passwd", "..", "a/b", ""] {
        assert!(crate::archive::directory::open_member(&path, name).is_err(), "{name}");
    }
}

#[test]
fn a_tar_archive_is_read_whole_and_a_cut_one_is_damaged() {
    let bytes = Writer::shop(16).tar();
    let (dump, scan) = scanned(&bytes);
    assert_eq!(scan.damage, []);
    assert_eq!(scan.facts.tables[0].rows, Some(2));
    assert_eq!(dump.format_label(), "tar archive 1.16, not compressed");
    let toc_end =
        512 + Writer { compression: 0, ..Writer::shop(16) }.toc(3, |_| vec![0; 10]).len().next_multiple_of(512);
    for length in [toc_end, toc_end + 100, toc_end + 512, toc_end + 520] {
        assert!(!damage_of(&bytes[..length]).is_empty(), "{length} of {}", bytes.len());
    }
}

#[test]
fn inserts_must_end_as_pg_dump_ends_them() {
    let with = |data: &[u8]| {
        let mut writer = Writer::shop(16);
        writer.entries[3] = Entry { copy_stmt: None, data: Some(data.to_vec()), ..writer.entries[3].clone() };
        scanned(&writer.custom()).1
    };
    assert_eq!(with(b"INSERT INTO public.orders VALUES (1, 'one');\n\n\n").damage, []);
    assert!(with(b"INSERT INTO public.orders VALUES (1, 'one');\n\n\n").facts.tables[0].has_data);
    assert!(!with(b"\n\n").facts.tables[0].has_data);
    assert_eq!(with(b"INSERT INTO public.orders VALUES (1, 'one');\n").damage.len(), 1);
}

#[test]
fn what_follows_the_last_data_block_does_no_harm() {
    // pg_dump's output was appended to a file: the second table of contents does not replace the first.
    let mut bytes = Writer::shop(16).custom();
    bytes.extend_from_slice(&bytes.clone());
    assert_eq!(damage_of(&bytes), []);
}

#[test]
fn the_rows_of_one_table_are_given_in_their_order() {
    let text = "COPY a.t (x) FROM stdin;\n1\n\\N\n\\.\nINSERT INTO t VALUES ('2'), ('o''clock');\nINSERT INTO a.u VALUES (3);\n";
    let folder = TestFolder::new();
    let dump = crate::open(&folder.write("dump", text.as_bytes())).unwrap();
    for (schema, table, expected) in [
        ("a", "t", vec!["1", "NULL"]),
        ("public", "t", vec!["2", "o'clock"]),
        ("a", "u", vec!["3"]),
        ("b", "t", vec![]),
    ] {
        let mut rows = Vec::new();
        dump.rows_of(schema, table, |row| {
            let text =
                |value: Option<&[u8]>| value.map_or("NULL".into(), |text| String::from_utf8_lossy(text).into_owned());
            rows.extend(row.values().map(text));
        })
        .unwrap();
        assert_eq!(rows, expected, "{schema}.{table}");
    }
    let archive = crate::open(&folder.write("archive", &Writer::shop(16).custom())).unwrap();
    let mut values = 0;
    archive.rows_of("public", "orders", |row| values += row.values().len()).unwrap();
    assert_eq!(values, 4);
}
