//! Dumps made in memory, as pg_dump would have made them.

mod archives;
mod detection;
mod hostile;
mod plain_text;
mod streams;

use std::io::Write;
use std::path::PathBuf;

use super::{Damage, Dump, Scan};

/// A folder with one dump in it, gone at the end of the test.
pub(super) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
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
    let place = Place::new();
    let dump = super::open(&place.write("dump", bytes)).unwrap();
    let scan = dump.scan().unwrap();
    (dump, scan)
}

pub(super) fn damage_of(bytes: &[u8]) -> Vec<Damage> {
    scanned(bytes).1.damage
}

/// The error that opening these bytes gives, as it is shown.
pub(super) fn error_of(bytes: &[u8]) -> String {
    let place = Place::new();
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
}

/// Writes archives of any version that is read.
#[derive(Clone)]
pub(super) struct Writer {
    pub(super) minor: u8,
    pub(super) compression: u8,
    pub(super) entries: Vec<Entry>,
}

impl Writer {
    /// A small database: one table with two rows, its owner and its privileges.
    pub(super) fn shop(minor: u8) -> Self {
        let rows = b"1\tone\n2\ttwo\n\\.\n\n\n".to_vec();
        let entry = |id, desc, tag, defn| Entry { id, desc, tag, defn, ..Entry::default() };
        Self {
            minor,
            compression: 1,
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

    /// Header and table of contents; `extra` writes what the container adds to each entry.
    pub(super) fn toc(&self, format: u8, extra: impl Fn(&Entry) -> Vec<u8>) -> Vec<u8> {
        let mut out = b"PGDMP".to_vec();
        out.extend([1, self.minor, 0, 4, 8, format]);
        if self.minor >= 15 {
            out.push(self.compression);
        } else {
            out.extend(int(if self.compression == 0 { 0 } else { -1 }));
        }
        for part in [56, 34, 12, 22, 10, 126, 0] {
            out.extend(int(part));
        }
        for name in ["shop", "15.18", "15.18"] {
            out.extend(string(Some(name)));
        }
        out.extend(int(self.entries.len() as i32));
        for entry in &self.entries {
            out.extend(int(entry.id));
            out.extend(int(entry.data.is_some().into()));
            for text in ["1259", "16384", entry.tag, entry.desc] {
                out.extend(string(Some(text)));
            }
            out.extend(int(if entry.data.is_some() { 3 } else { 2 }));
            out.extend(string(Some(entry.defn)));
            out.extend(string(Some(entry.drop_stmt)));
            out.extend(string(entry.copy_stmt));
            out.extend(string(entry.schema));
            out.extend(string(Some("")));
            if self.minor >= 14 {
                out.extend(string(Some("heap")));
            }
            if self.minor >= 16 {
                out.extend(int(i32::from(b'r')));
            }
            out.extend(string(Some(entry.owner)));
            out.extend(string(Some("false")));
            out.extend(string(Some("1")));
            out.extend(string(None));
            out.extend(extra(entry));
        }
        out
    }

    /// A custom archive that went to a pipe: no offsets.
    pub(super) fn custom(&self) -> Vec<u8> {
        let mut out = self.toc(1, |entry| {
            let mut state = vec![if entry.data.is_some() { 1 } else { 3 }];
            state.extend([0; 8]);
            state
        });
        for entry in &self.entries {
            let Some(data) = &entry.data else { continue };
            let packed = match self.compression {
                0 => data.clone(),
                1 => zlib(data),
                2 => lz4(data),
                _ => zstd::encode_all(data.as_slice(), 1).unwrap(),
            };
            out.push(1);
            out.extend(int(entry.id));
            for block in packed.chunks(7) {
                out.extend(int(block.len() as i32));
                out.extend(block);
            }
            out.extend(int(0));
        }
        out
    }

    fn file_name(entry: &Entry) -> String {
        if entry.data.is_some() { format!("{}.dat", entry.id) } else { String::new() }
    }

    pub(super) fn directory(&self, place: &Place) -> PathBuf {
        let folder = place.path("dump.dir");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("toc.dat"), self.toc(3, |entry| string(Some(&Self::file_name(entry))))).unwrap();
        for entry in &self.entries {
            let Some(data) = &entry.data else { continue };
            let (ending, packed) = match self.compression {
                0 => ("", data.clone()),
                1 => (".gz", gzip(data)),
                2 => (".lz4", lz4(data)),
                _ => (".zst", zstd::encode_all(data.as_slice(), 1).unwrap()),
            };
            std::fs::write(folder.join(format!("{}{ending}", Self::file_name(entry))), packed).unwrap();
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
        add("toc.dat", &uncompressed.toc(3, |entry| string(Some(&Self::file_name(entry)))));
        for entry in &self.entries {
            if let Some(data) = &entry.data {
                add(&Self::file_name(entry), data);
            }
        }
        add("restore.sql", b"--\n");
        tar.into_inner().unwrap()
    }
}

fn int(value: i32) -> Vec<u8> {
    let mut out = vec![u8::from(value < 0)];
    out.extend(value.unsigned_abs().to_le_bytes());
    out
}

fn string(text: Option<&str>) -> Vec<u8> {
    let Some(text) = text else { return int(-1) };
    let mut out = int(text.len() as i32);
    out.extend(text.as_bytes());
    out
}
