//! Reads a manifest file by file, without keeping it.

use std::cell::RefCell;
use std::fmt;
use std::io::{BufReader, Read};

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::base::manifest::seal::Sealed;
use crate::base::manifest::{Algorithm, Checksum, ManifestError, ManifestFile, ManifestHead, WalRange};
use crate::base::path::{MemberPath, shown};
use crate::{Lsn, Timeline};

/// Reads a manifest and gives each of its files to `on_file`, in the manifest's order. It keeps no more than a line. What was
/// given is proven only once it returns, when the manifest's own checksum has been compared.
///
/// # Errors
/// Where PostgreSQL's pg_verifybackup would refuse the manifest; where a path in it leads out of the backup; and what `on_file`
/// returns. A path that is there twice is not seen here.
pub fn read_manifest<F>(source: impl Read, on_file: F) -> Result<ManifestHead, ManifestError>
where
    F: FnMut(ManifestFile<'_>) -> Result<(), ManifestError>,
{
    let mut reader = BufReader::with_capacity(64 << 10, Sealed::new(source));
    let state = RefCell::new(State { on_file, failed: None });
    let mut json = serde_json::Deserializer::from_reader(&mut reader);
    let read = Document(&state).deserialize(&mut json).and_then(|read| json.end().map(|()| read));
    drop(json);
    let mut sealed = reader.into_inner();
    if let Some(error) = sealed.failed.take().or(state.into_inner().failed) {
        return Err(error);
    }
    let (head, stated) = read.map_err(|error| ManifestError::Form(error.to_string()))?;
    let actual = sealed.finish()?;
    let stated = hex(&stated).filter(|bytes| bytes.len() == actual.len());
    match stated {
        Some(stated) if stated == actual => Ok(head),
        _ => Err(ManifestError::Mismatch),
    }
}

struct State<F> {
    on_file: F,
    /// Why reading ended: the parser of JSON keeps only text of it.
    failed: Option<ManifestError>,
}

impl<F> State<F> {
    fn fail<E: de::Error>(&mut self, error: ManifestError) -> E {
        let text = error.to_string();
        self.failed = Some(error);
        E::custom(text)
    }
}

type Shared<'a, F> = &'a RefCell<State<F>>;

/// The whole: gives the head and the stated checksum.
struct Document<'a, F>(Shared<'a, F>);

impl<'de, F> DeserializeSeed<'de> for Document<'_, F>
where
    F: FnMut(ManifestFile<'_>) -> Result<(), ManifestError>,
{
    type Value = (ManifestHead, String);

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de, F> Visitor<'de> for Document<'_, F>
where
    F: FnMut(ManifestFile<'_>) -> Result<(), ManifestError>,
{
    type Value = (ManifestHead, String);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a backup manifest")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        // The version stands first, or the rest cannot be understood (json_manifest_object_field_start in parse_manifest.c).
        if map.next_key::<String>()?.as_deref() != Some("PostgreSQL-Backup-Manifest-Version") {
            return Err(de::Error::custom("its version does not stand first"));
        }
        let version: u64 = map.next_value()?;
        let version = match version {
            1 => 1,
            2 => 2,
            other => return Err(self.0.borrow_mut().fail(ManifestError::UnknownVersion(other))),
        };
        let (mut system_identifier, mut files, mut wal_ranges, mut checksum) = (None, None, None, None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "System-Identifier" => once(&mut system_identifier, &key, map.next_value::<u64>()?)?,
                "Files" => once(&mut files, &key, map.next_value_seed(Files(self.0))?)?,
                "WAL-Ranges" => once(&mut wal_ranges, &key, map.next_value_seed(WalRanges)?)?,
                "Manifest-Checksum" => {
                    once(&mut checksum, &key, map.next_value::<String>()?)?;
                    // Nothing may follow it, because it would not be covered.
                    if map.next_key::<IgnoredAny>()?.is_some() {
                        return Err(de::Error::custom("something follows its checksum"));
                    }
                    break;
                }
                other => return Err(unknown(other)),
            }
        }
        let missing = |what: &str| de::Error::custom(format!("it has no {what}"));
        files.ok_or_else(|| missing("Files"))?;
        let head =
            ManifestHead { version, system_identifier, wal_ranges: wal_ranges.ok_or_else(|| missing("WAL-Ranges"))? };
        Ok((head, checksum.ok_or_else(|| missing("Manifest-Checksum"))?))
    }
}

struct Files<'a, F>(Shared<'a, F>);

impl<'de, F> DeserializeSeed<'de> for Files<'_, F>
where
    F: FnMut(ManifestFile<'_>) -> Result<(), ManifestError>,
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de, F> Visitor<'de> for Files<'_, F>
where
    F: FnMut(ManifestFile<'_>) -> Result<(), ManifestError>,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of files")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(fields) = list.next_element_seed(FileFields)? {
            let mut state = self.0.borrow_mut();
            let file = match fields.checked() {
                Ok(file) => file,
                Err(Refused::Form(text)) => return Err(de::Error::custom(text)),
                Err(Refused::Typed(error)) => return Err(state.fail(error)),
            };
            let checksum = Checksum { algorithm: file.algorithm, bytes: &file.checksum };
            let view = ManifestFile { path: file.path.as_bytes(), size: file.size, checksum };
            if let Err(error) = (state.on_file)(view) {
                return Err(state.fail(error));
            }
        }
        Ok(())
    }
}

/// A file's fields as they were written.
#[derive(Default)]
struct Fields {
    path: Option<String>,
    encoded_path: Option<String>,
    size: Option<u64>,
    algorithm: Option<String>,
    checksum: Option<String>,
}

struct CheckedFile {
    path: MemberPath,
    size: u64,
    algorithm: Algorithm,
    checksum: Vec<u8>,
}

enum Refused {
    Form(String),
    Typed(ManifestError),
}

impl Fields {
    /// As `json_manifest_finalize_file` does it, and stricter: a checksum is as long as its kind demands.
    fn checked(self) -> Result<CheckedFile, Refused> {
        let form = |text: &str| Refused::Form(text.to_owned());
        let path = match (self.path, self.encoded_path) {
            (Some(path), None) => path.into_bytes(),
            (None, Some(encoded)) => {
                hex(&encoded).ok_or_else(|| form("an Encoded-Path is no even number of hexadecimal digits"))?
            }
            (None, None) => return Err(form("a file has no path")),
            (Some(_), Some(_)) => return Err(form("a file has a path and an encoded path")),
        };
        let path = MemberPath::new(&path)
            .map_err(|refusal| Refused::Typed(ManifestError::Path { path: shown(&path), refusal }))?;
        let algorithm = match &self.algorithm {
            None if self.checksum.is_some() => return Err(form("a file has a checksum and no kind of it")),
            None => Algorithm::None,
            Some(name) => Algorithm::named(name).ok_or_else(|| {
                Refused::Typed(ManifestError::UnknownAlgorithm {
                    path: path.to_string(),
                    algorithm: shown(name.as_bytes()),
                })
            })?,
        };
        let checksum = hex(self.checksum.as_deref().unwrap_or_default())
            .filter(|bytes| bytes.len() == algorithm.length())
            .ok_or_else(|| Refused::Typed(ManifestError::InvalidChecksum(path.to_string())))?;
        let size = self.size.ok_or_else(|| form("a file has no size"))?;
        Ok(CheckedFile { path, size, algorithm, checksum })
    }
}

struct FileFields;

impl<'de> DeserializeSeed<'de> for FileFields {
    type Value = Fields;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Fields, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for FileFields {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a file")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::default();
        let mut modified = None;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "Path" => once(&mut fields.path, &key, map.next_value()?)?,
                "Encoded-Path" => once(&mut fields.encoded_path, &key, map.next_value()?)?,
                "Size" => once(&mut fields.size, &key, map.next_value()?)?,
                // Nothing depends on it: copying changes a file's time.
                "Last-Modified" => once(&mut modified, &key, map.next_value::<String>()?)?,
                "Checksum-Algorithm" => once(&mut fields.algorithm, &key, map.next_value()?)?,
                "Checksum" => once(&mut fields.checksum, &key, map.next_value()?)?,
                other => return Err(unknown(other)),
            }
        }
        Ok(fields)
    }
}

struct WalRanges;

/// A backup crosses as many timelines as its standby followed while it was made.
const MAX_WAL_RANGES: usize = 10_000;

impl<'de> DeserializeSeed<'de> for WalRanges {
    type Value = Vec<WalRange>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for WalRanges {
    type Value = Vec<WalRange>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of ranges of WAL")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut ranges = Vec::new();
        while let Some(range) = list.next_element_seed(OneRange)? {
            ranges.push(range);
            if ranges.len() > MAX_WAL_RANGES {
                return Err(de::Error::custom("it has more than 10000 ranges of WAL"));
            }
        }
        Ok(ranges)
    }
}

struct OneRange;

impl<'de> DeserializeSeed<'de> for OneRange {
    type Value = WalRange;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<WalRange, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for OneRange {
    type Value = WalRange;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a range of WAL")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WalRange, A::Error> {
        let (mut timeline, mut start, mut end) = (None, None, None);
        let lsn = |text: String| text.parse::<Lsn>().map_err(de::Error::custom);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "Timeline" => once(&mut timeline, &key, map.next_value::<u32>()?)?,
                "Start-LSN" => once(&mut start, &key, lsn(map.next_value()?)?)?,
                "End-LSN" => once(&mut end, &key, lsn(map.next_value()?)?)?,
                other => return Err(unknown(other)),
            }
        }
        match (timeline, start, end) {
            (Some(timeline @ 1..), Some(start), Some(end)) if start <= end => {
                Ok(WalRange { timeline: Timeline(timeline), start, end })
            }
            _ => Err(de::Error::custom("a range of WAL is incomplete or ends before it begins")),
        }
    }
}

fn once<T, E: de::Error>(slot: &mut Option<T>, key: &str, value: T) -> Result<(), E> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(E::custom(format!("{key} is there twice"))),
    }
}

fn unknown<E: de::Error>(key: &str) -> E {
    E::custom(format!("it has the unknown field \"{}\"", shown(key.as_bytes())))
}

/// Hexadecimal digits as bytes.
fn hex(digits: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| char::from(b).to_digit(16);
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| Some((digit(pair[0])? * 16 + digit(*pair.get(1)?)?) as u8)).collect()
}
