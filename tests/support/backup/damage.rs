//! A WAL archive of a test's own, and everything that befalls archives.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::fixture::{self, BackupFixture};

/// A copy of an archive. It goes with the value.
pub struct Archive {
    _dir: tempfile::TempDir,
    path: PathBuf,
}

/// How a segment is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    Gzip,
    Zstd,
    Lz4,
    Bzip2,
    Xz,
}

impl Compression {
    pub const ALL: [Self; 5] = [Self::Gzip, Self::Zstd, Self::Lz4, Self::Bzip2, Self::Xz];

    /// What its program puts behind a name.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Gzip => ".gz",
            Self::Zstd => ".zst",
            Self::Lz4 => ".lz4",
            Self::Bzip2 => ".bz2",
            Self::Xz => ".xz",
        }
    }

    fn compress(self, plain: &[u8]) -> Vec<u8> {
        match self {
            Self::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(plain).unwrap();
                encoder.finish().unwrap()
            }
            Self::Zstd => zstd::encode_all(plain, 1).unwrap(),
            Self::Lz4 => {
                let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
                encoder.write_all(plain).unwrap();
                encoder.finish().unwrap()
            }
            Self::Bzip2 => {
                let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
                encoder.write_all(plain).unwrap();
                encoder.finish().unwrap()
            }
            Self::Xz => {
                let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
                encoder.write_all(plain).unwrap();
                encoder.finish().unwrap()
            }
        }
    }
}

/// Where the page address is in the header of a page (PostgreSQL, src/include/access/xlog_internal.h, XLogPageHeaderData:
/// `xlp_pageaddr` after two numbers of 16 bits and one of 32; the same in 13 to 18).
const PAGE_ADDRESS: std::ops::Range<usize> = 8..16;

impl Archive {
    pub(super) fn copy(from: &Path) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wal");
        fixture::copy(from, &path);
        Self { _dir: dir, path }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where a file of this name is, or would be.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The names of all files, sorted.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.path).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().expect("names are ASCII")).collect();
        names.sort();
        names
    }

    /// The names of all whole segments, sorted.
    pub fn segments(&self) -> Vec<String> {
        let mut names = self.names();
        names.retain(|name| name.len() == 24 && name.bytes().all(|byte| byte.is_ascii_hexdigit()));
        names
    }

    #[track_caller]
    fn change(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut content = fs::read(self.file(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        change(&mut content);
        fs::write(self.file(name), content).unwrap();
    }

    #[track_caller]
    pub fn remove(&self, name: &str) {
        fs::remove_file(self.file(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    }

    /// Zeros from this byte to the end.
    #[track_caller]
    pub fn zero(&self, name: &str, from: usize) {
        self.change(name, |content| content[from..].fill(0));
    }

    /// Four bytes from this one on are not what they were.
    #[track_caller]
    pub fn flip(&self, name: &str, offset: usize) {
        self.change(name, |content| content[offset..offset + 4].iter_mut().for_each(|byte| *byte = !*byte));
    }

    /// No more than this many bytes are left.
    #[track_caller]
    pub fn truncate(&self, name: &str, length: usize) {
        self.change(name, |content| content.truncate(length));
    }

    /// The file is there, and nothing is in it.
    #[track_caller]
    pub fn empty(&self, name: &str) {
        self.truncate(name, 0);
    }

    /// Compressed, under its own name or with the suffix of the program that compresses so.
    #[track_caller]
    pub fn compress(&self, name: &str, how: Compression, with_suffix: bool) {
        self.change(name, |content| *content = how.compress(content));
        if with_suffix {
            fs::rename(self.file(name), self.file(&format!("{name}{}", how.suffix()))).unwrap();
        }
    }

    /// Everything compressed, the histories too.
    pub fn compress_all(&self, how: Compression, with_suffix: bool) {
        for name in self.names() {
            self.compress(&name, how, with_suffix);
        }
    }

    /// What another segment holds is under this name.
    #[track_caller]
    pub fn replace_by_other(&self, name: &str, other: &str) {
        fs::copy(self.file(other), self.file(name)).unwrap_or_else(|error| panic!("{other}: {error}"));
    }

    #[track_caller]
    pub fn make_directory(&self, name: &str) {
        self.remove(name);
        fs::create_dir(self.file(name)).unwrap();
    }

    /// The file is there, and nobody can open it, root neither: it is a link to itself. (What has no permissions, root reads.)
    #[track_caller]
    pub fn unreadable(&self, name: &str) {
        self.remove(name);
        std::os::unix::fs::symlink(name, self.file(name)).unwrap();
    }

    /// A segment of another cluster of the same major is in the place of this one. Its first page says this place, so that all that
    /// is wrong with its header is the system identifier.
    #[track_caller]
    pub fn of_other_system(&self, name: &str, fixture: &BackupFixture) {
        let mut others = fs::read_dir(fixture.path("wal_of_other_system")).unwrap();
        let other = others.next().expect("a segment is there").unwrap().path();
        let mut content = fs::read(other).unwrap();
        content[PAGE_ADDRESS].copy_from_slice(&fixture.facts.begin_of(name).0.to_le_bytes());
        self.replace(name, content);
    }

    /// A segment of another major is in the place of this one.
    #[track_caller]
    pub fn of_other_major(&self, name: &str, other: &BackupFixture) {
        let segment = other.facts.segments.last().expect("a segment is there");
        self.replace(name, fs::read(other.path("wal").join(segment)).unwrap());
    }

    #[track_caller]
    fn replace(&self, name: &str, content: Vec<u8>) {
        assert!(self.file(name).exists(), "there is no {name}");
        fs::write(self.file(name), content).unwrap();
    }

    /// As a server or pg_receivewal leaves a segment that it has not finished.
    #[track_caller]
    pub fn rename_to_partial(&self, name: &str) {
        fs::rename(self.file(name), self.file(&format!("{name}.partial")))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }

    /// All but the histories in folders that are named by the first 16 digits, as Barman and pgBackRest keep them.
    pub fn move_to_subfolders(&self) {
        for name in self.names().into_iter().filter(|name| !name.contains(".history")) {
            fs::create_dir_all(self.file(&name[..16])).unwrap();
            fs::rename(self.file(&name), self.file(&name[..16]).join(&name)).unwrap();
        }
    }

    /// One to three damages to segments of the archive, the same for the same seed. Returns what was done, for the message of a test
    /// that fails.
    pub fn damage_at_random(&self, seed: u64) -> String {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut done = Vec::new();
        for _ in 0..random.usize(1..=3) {
            // What is no plain segment any more stays as it is.
            let segments: Vec<String> = self.segments().into_iter().filter(|name| self.is_whole(name)).collect();
            let Some(name) = random.choice(&segments) else { break };
            let others: Vec<&String> = segments.iter().filter(|other| *other != name).collect();
            let Some(other) = random.choice(&others) else { break };
            let content = fs::read(self.file(name)).unwrap();
            // Zeros in what is zero already would be no damage.
            let used = content.iter().rposition(|byte| *byte != 0).unwrap_or(0);
            let at = random.usize(0..=used.min(content.len() - 4));
            done.push(match random.u8(0..10) {
                0 => (self.remove(name), format!("{name} removed")).1,
                1 => (self.zero(name, at), format!("{name} zero from {at}")).1,
                2 => (self.zero(name, at / 8192 * 8192), format!("{name} zero from page {}", at / 8192)).1,
                3 => (self.flip(name, at), format!("{name} flipped at {at}")).1,
                4 => (self.truncate(name, at), format!("{name} cut at {at}")).1,
                5 => (self.empty(name), format!("{name} empty")).1,
                6 => (self.replace_by_other(name, other), format!("{name} replaced by {other}")).1,
                7 => (self.make_directory(name), format!("{name} a directory")).1,
                8 => (self.unreadable(name), format!("{name} unreadable")).1,
                _ => (self.rename_to_partial(name), format!("{name} only partial")).1,
            });
        }
        format!("seed {seed}: {}", done.join(", "))
    }

    fn is_whole(&self, name: &str) -> bool {
        fs::symlink_metadata(self.file(name)).is_ok_and(|file| file.is_file() && file.len() >= 1 << 20)
    }
}
