//! Dumps made in memory, as pg_dump would have made them.

mod allocations;
mod archives;
mod bounds;
mod detection;
mod hostile;
mod imports;
mod mutations;
mod plain_text;
mod scripts;
mod streams;
mod versions;

use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;

use super::{Damage, Dump, Scan};

/// A folder with one dump in it, gone at the end of the test.
pub(super) struct TestFolder {
    folder: tempfile::TempDir,
}

impl TestFolder {
    pub(super) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

/// Opens and scans a file of these bytes.
pub(super) fn scanned(bytes: &[u8]) -> (Dump, Scan) {
    let place = TestFolder::new();
    let dump = super::open(&place.write("dump", bytes)).unwrap();
    let scan = dump.scan().unwrap();
    (dump, scan)
}

pub(super) fn damage_of(bytes: &[u8]) -> Vec<Damage> {
    scanned(bytes).1.damage
}

/// The error that opening these bytes gives, as it is shown.
pub(super) fn error_of(bytes: &[u8]) -> String {
    let place = TestFolder::new();
    super::open(&place.write("dump", bytes)).unwrap_err().to_string()
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn lz4(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An entry of an archive to be written.
#[derive(Clone, Default)]
pub(super) struct Entry {
    pub(super) id: i32,
    pub(super) desc: &'static str,
    pub(super) tag: &'static str,
    pub(super) defn: &'static str,
    pub(super) drop_stmt: &'static str,
    pub(super) copy_stmt: Option<&'static str>,
    pub(super) schema: Option<&'static str>,
    pub(super) owner: &'static str,
    /// What is in its data block.
    pub(super) data: Option<Vec<u8>>,
    /// Of a BLOBS entry.
    pub(super) large_objects: Vec<(u32, &'static [u8])>,
}

impl Entry {
    fn has_data(&self) -> bool {
        self.data.is_some() || !self.large_objects.is_empty()
    }
}

/// Writes archives of any version that is read.
#[derive(Clone)]
pub(super) struct Writer {
    pub(super) minor: u8,
    pub(super) compression: u8,
    pub(super) entries: Vec<Entry>,
    pub(super) int_size: u8,
    pub(super) offset_size: u8,
    pub(super) summer_time: i32,
    /// Whether the dump went to a pipe: it knows no places then.
    pub(super) piped: bool,
    pub(super) block_size: usize,
}

impl Writer {
    /// A small database: one table with two rows, its owner and its privileges.
    pub(super) fn shop(minor: u8) -> Self {
        let rows = b"1\tone\n2\ttwo\n\\.\n\n\n".to_vec();
        let entry = |id, desc, tag, defn| Entry { id, desc, tag, defn, ..Entry::default() };
        Self {
            minor,
            compression: 1,
            int_size: 4,
            offset_size: 8,
            summer_time: 0,
            piped: true,
            block_size: 7,
            entries: vec![
                entry(1, "ENCODING", "ENCODING", "SET client_encoding = 'UTF8';\n"),
                entry(2, "STDSTRINGS", "STDSTRINGS", "SET standard_conforming_strings = 'on';\n"),
                Entry {
                    schema: Some("public"),
                    owner: "shop_owner",
                    drop_stmt: "DROP TABLE public.orders;\n",
                    ..entry(3, "TABLE", "orders", "CREATE TABLE public.orders (id integer, name text);\n")
                },
                Entry {
                    schema: Some("public"),
                    owner: "shop_owner",
                    copy_stmt: Some("COPY public.orders (id, name) FROM stdin;\n"),
                    data: Some(rows),
                    ..entry(4, "TABLE DATA", "orders", "")
                },
                Entry {
                    schema: Some("public"),
                    owner: "shop_owner",
                    ..entry(
                        5,
                        "ACL",
                        "TABLE orders",
                        "REVOKE ALL ON TABLE public.orders FROM PUBLIC;\nGRANT SELECT ON TABLE public.orders TO \"Shop App\";\n",
                    )
                },
            ],
        }
    }

    /// The shop, and two large objects as this version stores them.
    pub(super) fn with_large_objects(minor: u8) -> Self {
        let mut writer = Self::shop(minor);
        let entry = |id, desc, tag, defn| Entry { id, desc, tag, defn, ..Entry::default() };
        if minor >= 16 {
            writer.entries.push(entry(6, "BLOB METADATA", "16401..16402", "16401\n16402\n"));
        } else {
            writer.entries.push(entry(6, "BLOB", "16401", "SELECT pg_catalog.lo_create('16401');\n"));
            writer.entries.push(entry(7, "BLOB", "16402", "SELECT pg_catalog.lo_create('16402');\n"));
        }
        let large_objects: Vec<(u32, &'static [u8])> = vec![(16401, b"\x00\x01\xfe\xff"), (16402, b"")];
        writer.entries.push(Entry { large_objects, ..entry(8, "BLOBS", "BLOBS", "") });
        writer
    }

    /// Header and table of contents; `extra` writes what the container adds to each entry.
    pub(super) fn toc(&self, format: u8, extra: impl Fn(&Entry) -> Vec<u8>) -> Vec<u8> {
        let mut out = b"PGDMP".to_vec();
        out.extend([1, self.minor, 0, self.int_size, self.offset_size, format]);
        if self.minor >= 15 {
            out.push(self.compression);
        } else {
            out.extend(self.int(if self.compression == 0 { 0 } else { -1 }));
        }
        for part in [56, 34, 12, 22, 10, 126, self.summer_time] {
            out.extend(self.int(part));
        }
        for name in ["shop", "15.18", "15.18"] {
            out.extend(self.string(Some(name)));
        }
        out.extend(self.int(self.entries.len() as i32));
        for entry in &self.entries {
            out.extend(self.int(entry.id));
            out.extend(self.int(entry.has_data().into()));
            for text in ["1259", "16384", entry.tag, entry.desc] {
                out.extend(self.string(Some(text)));
            }
            out.extend(self.int(if entry.has_data() { 3 } else { 2 }));
            out.extend(self.string(Some(entry.defn)));
            out.extend(self.string(Some(entry.drop_stmt)));
            out.extend(self.string(entry.copy_stmt));
            out.extend(self.string(entry.schema));
            out.extend(self.string(Some("")));
            if self.minor >= 14 {
                out.extend(self.string(Some("heap")));
            }
            if self.minor >= 16 {
                out.extend(self.int(i32::from(b'r')));
            }
            out.extend(self.string(Some(entry.owner)));
            out.extend(self.string(Some("false")));
            out.extend(self.string(Some("1")));
            out.extend(self.string(None));
            out.extend(extra(entry));
        }
        out
    }

    /// A custom archive.
    pub(super) fn custom(&self) -> Vec<u8> {
        let piped = self.custom_with(&HashMap::new());
        if self.piped { piped.0 } else { self.custom_with(&piped.1).0 }
    }

    /// A custom archive whose entries' data are listed at these places, and where they are.
    fn custom_with(&self, places: &HashMap<i32, usize>) -> (Vec<u8>, HashMap<i32, usize>) {
        let mut out = self.toc(1, |entry| {
            let mut state = vec![match entry.has_data() {
                false => 3,
                true if self.piped => 1,
                true => 2,
            }];
            let place = places.get(&entry.id).map_or(0, |place| *place as u64);
            state.extend(&place.to_le_bytes()[..usize::from(self.offset_size)]);
            state
        });
        let mut found = HashMap::new();
        for entry in &self.entries {
            if entry.has_data() {
                found.insert(entry.id, out.len());
            }
            if let Some(data) = &entry.data {
                out.push(1);
                out.extend(self.int(entry.id));
                out.extend(self.blocks(data));
            } else if entry.has_data() {
                out.push(3);
                out.extend(self.int(entry.id));
                for (oid, data) in &entry.large_objects {
                    out.extend(self.int(*oid as i32));
                    out.extend(self.blocks(data));
                }
                out.extend(self.int(0));
            }
        }
        (out, found)
    }

    fn blocks(&self, data: &[u8]) -> Vec<u8> {
        let packed = match self.compression {
            0 => data.to_vec(),
            1 => zlib(data),
            2 => lz4(data),
            _ => zstd::encode_all(data, 1).unwrap(),
        };
        let mut out = Vec::new();
        for block in packed.chunks(self.block_size) {
            out.extend(self.int(block.len() as i32));
            out.extend(block);
        }
        out.extend(self.int(0));
        out
    }

    fn file_name(&self, entry: &Entry) -> String {
        if entry.data.is_some() {
            format!("{}.dat", entry.id)
        } else if entry.has_data() {
            // Since 1.16 there can be several lists.
            if self.minor >= 16 { format!("blobs_{}.toc", entry.id) } else { "blobs.toc".to_owned() }
        } else {
            String::new()
        }
    }

    /// The files beside the table of contents; true for those that are compressed in a folder.
    fn files(&self) -> Vec<(String, Vec<u8>, bool)> {
        let mut files = Vec::new();
        for entry in &self.entries {
            if let Some(data) = &entry.data {
                files.push((self.file_name(entry), data.clone(), true));
            } else if entry.has_data() {
                let mut list = String::new();
                for (oid, data) in &entry.large_objects {
                    list.push_str(&format!("{oid} blob_{oid}.dat\n"));
                    files.push((format!("blob_{oid}.dat"), data.to_vec(), true));
                }
                files.push((self.file_name(entry), list.into_bytes(), false));
            }
        }
        files
    }

    pub(super) fn directory(&self, place: &TestFolder) -> PathBuf {
        let folder = place.path("dump.dir");
        std::fs::create_dir(&folder).unwrap();
        let toc = self.toc(3, |entry| self.string(Some(&self.file_name(entry))));
        std::fs::write(folder.join("toc.dat"), toc).unwrap();
        for (name, data, compressed) in self.files() {
            let (ending, packed) = match self.compression {
                1 if compressed => (".gz", gzip(&data)),
                2 if compressed => (".lz4", lz4(&data)),
                3 if compressed => (".zst", zstd::encode_all(data.as_slice(), 1).unwrap()),
                _ => ("", data),
            };
            std::fs::write(folder.join(format!("{name}{ending}")), packed).unwrap();
        }
        folder
    }

    pub(super) fn tar(&self) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        let mut add = |name: &str, bytes: &[u8]| {
            let mut header = tar::Header::new_ustar();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o600);
            tar.append_data(&mut header, name, bytes).unwrap();
        };
        let uncompressed = Self { compression: 0, ..self.clone() };
        // The entry names a file that is not there (_StartLOs in pg_backup_tar.c).
        let extra = |entry: &Entry| {
            let name = if entry.large_objects.is_empty() { self.file_name(entry) } else { "blobs.toc".to_owned() };
            self.string(Some(&name))
        };
        add("toc.dat", &uncompressed.toc(3, extra));
        for (name, data, _) in self.files() {
            add(&name, &data);
        }
        add("restore.sql", b"--\n");
        tar.into_inner().unwrap()
    }

    fn int(&self, value: i32) -> Vec<u8> {
        let mut out = vec![u8::from(value < 0)];
        out.extend(&u64::from(value.unsigned_abs()).to_le_bytes()[..usize::from(self.int_size)]);
        out
    }

    fn string(&self, text: Option<&str>) -> Vec<u8> {
        let Some(text) = text else { return self.int(-1) };
        let mut out = self.int(text.len() as i32);
        out.extend(text.as_bytes());
        out
    }
}
