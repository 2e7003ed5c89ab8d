//! Small base backups and archives, made as PostgreSQL makes them, and as somebody would who means harm.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::fixture;

/// A tar archive in the making.
#[derive(Default)]
pub(super) struct Tar(pub(super) Vec<u8>);

impl Tar {
    pub(super) fn file(self, path: &str, content: &[u8]) -> Self {
        self.member(path, b'0', "", content)
    }

    pub(super) fn directory(self, path: &str) -> Self {
        self.member(path, b'5', "", b"")
    }

    pub(super) fn link(self, path: &str, target: &str) -> Self {
        self.member(path, b'2', target, b"")
    }

    /// A record of pax before the member that follows.
    pub(super) fn pax(self, key: &str, value: &str) -> Self {
        let rest = format!(" {key}={value}\n");
        let length = (1..).find(|n: &usize| n.to_string().len() + rest.len() == *n).unwrap();
        self.member("PaxHeaders/x", b'x', "", format!("{length}{rest}").as_bytes())
    }

    pub(super) fn member(mut self, path: &str, kind: u8, target: &str, content: &[u8]) -> Self {
        self.0.extend_from_slice(&header(path, kind, target, content.len() as u64));
        self.0.extend_from_slice(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    /// The archive with the two empty blocks that end it.
    pub(super) fn end(mut self) -> Vec<u8> {
        self.0.resize(self.0.len() + 1024, 0);
        self.0
    }
}

/// A header as `tarCreateHeader` of PostgreSQL makes it.
pub(super) fn header(path: &str, kind: u8, target: &str, size: u64) -> [u8; 512] {
    let mut block = [0; 512];
    let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, path.as_bytes());
    put(100, b"0000600 0000000 0000000 ");
    put(124, format!("{size:011o} ").as_bytes());
    put(136, b"15154302735 ");
    put(156, &[kind]);
    put(157, target.as_bytes());
    put(257, b"ustar\x0000");
    seal(&mut block);
    block
}

/// Makes the header's checksum hold.
pub(super) fn seal(block: &mut [u8; 512]) {
    block[148..156].copy_from_slice(b"        ");
    let sum: u32 = block.iter().map(|&b| u32::from(b)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o} \0").as_bytes());
}

/// The files of a small base of 17 with one tablespace, in the order of an archive.
pub(super) fn files() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        (
            "backup_label",
            fixture("history_17.backup")
                .split(|&b| b == b'\n')
                .filter(|line| !line.starts_with(b"STOP"))
                .flat_map(|line| [line, b"\n"].concat())
                .collect::<Vec<_>>()
                .trim_ascii_end()
                .iter()
                .copied()
                .chain(*b"\n")
                .collect(),
        ),
        ("tablespace_map", b"16384 /srv/ts one\n".to_vec()),
        ("PG_VERSION", b"17\n".to_vec()),
        ("base/5/16388", vec![7; 70_000]),
        ("base/5/16388_init", vec![]),
        ("base/5/PG_VERSION", b"17\n".to_vec()),
        ("postgresql.conf", b"port = 5433\n".to_vec()),
        ("postgresql.auto.conf", b"primary_conninfo = 'password=secret'\n".to_vec()),
        ("standby.signal", vec![]),
        ("pg_wal/000000010000000000000002", vec![1; 100]),
        ("global/pg_control", fixture("pg_control_17.gz")),
    ]
}

pub(super) const IN_TABLESPACE: (&str, &[u8]) = ("PG_17_202406281/5/16385", b"rows");

/// A manifest of those files that holds.
pub(super) fn manifest(changed: impl FnOnce(&mut Vec<(String, Vec<u8>)>)) -> String {
    let mut all: Vec<_> = files().into_iter().map(|(path, content)| (path.to_owned(), content)).collect();
    all.push((format!("pg_tblspc/16384/{}", IN_TABLESPACE.0), IN_TABLESPACE.1.to_vec()));
    all.retain(|(path, _)| !path.starts_with("pg_wal/"));
    changed(&mut all);
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let lines: Vec<String> = all
        .iter()
        .map(|(path, content)| {
            let sum = hex(&Sha256::digest(content));
            let size = content.len();
            format!("{{ \"Path\": \"{path}\", \"Size\": {size}, \"Checksum-Algorithm\": \"SHA256\", \"Checksum\": \"{sum}\" }}")
        })
        .collect();
    let text = format!(
        "{{ \"PostgreSQL-Backup-Manifest-Version\": 2,\n\"System-Identifier\": 7714073660676874260,\n\"Files\": [\n{}\n],\n\
         \"WAL-Ranges\": [\n{{ \"Timeline\": 1, \"Start-LSN\": \"0/2000028\", \"End-LSN\": \"0/2000120\" }}\n],\n",
        lines.join(",\n")
    );
    format!("{text}\"Manifest-Checksum\": \"{}\"}}\n", hex(&Sha256::digest(&text)))
}

pub(super) fn write(root: &Path, path: &str, content: &[u8]) -> PathBuf {
    let file = root.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, content).unwrap();
    file
}

/// A base in plain form in `root/base`, its tablespace in `root/ts`.
pub(super) fn plain(root: &Path) -> PathBuf {
    let base = root.join("base");
    for (path, content) in files() {
        write(&base, path, &content);
    }
    fs::remove_file(base.join("tablespace_map")).unwrap();
    write(root, &format!("ts/{}", IN_TABLESPACE.0), IN_TABLESPACE.1);
    fs::create_dir(base.join("pg_tblspc")).unwrap();
    std::os::unix::fs::symlink(root.join("ts"), base.join("pg_tblspc/16384")).unwrap();
    write(&base, "backup_manifest", manifest(|files| files.retain(|(path, _)| path != "tablespace_map")).as_bytes());
    base
}

/// A base in tar form in `root/tar`, compressed by gzip where `gzip` says so.
pub(super) fn tar(root: &Path, gzip: bool) -> PathBuf {
    let base = root.join("tar");
    let mut data = Tar::default();
    for (path, content) in files() {
        data = match path {
            "PG_VERSION" => data.directory("base/").directory("base/5").directory("pg_wal").file(path, &content),
            _ => data.file(path, &content),
        };
    }
    let (path, content) = IN_TABLESPACE;
    let tablespace = Tar::default().directory("PG_17_202406281/").file(path, content).end();
    pack(&base, "base.tar", &data.end(), gzip);
    pack(&base, "16384.tar", &tablespace, gzip);
    pack(&base, "pg_wal.tar", &Tar::default().file("000000010000000000000003", &[2; 9]).end(), gzip);
    write(&base, "backup_manifest", manifest(|_| ()).as_bytes());
    base
}

pub(super) fn pack(folder: &Path, name: &str, content: &[u8], gzip: bool) -> PathBuf {
    if !gzip {
        return write(folder, name, content);
    }
    write(folder, &format!("{name}.gz"), &gzipped(content))
}

pub(super) fn gzipped(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}
