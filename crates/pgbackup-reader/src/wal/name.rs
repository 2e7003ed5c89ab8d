//! What files of a WAL archive are called, and what their names say.
//!
//! Names are those of src/include/access/xlog_internal.h (`XLogFileName`, `IsXLogFileName`, `IsPartialXLogFileName`,
//! `IsTLHistoryFileName`, `IsBackupHistoryFileName`; PostgreSQL 13 to 18): hexadecimal digits in capitals, and nothing else.

use std::fmt;

use compressed::Compression;

use crate::{Lsn, Timeline};

/// The size of a WAL segment: a power of two from 1 MiB to 1 GiB, chosen at initdb (`IsValidWalSegSize` in xlog_internal.h).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentSize(u32);

impl SegmentSize {
    /// What initdb takes without an option: 16 MiB.
    pub const DEFAULT: Self = Self(16 << 20);

    /// That many bytes, where segments can be of that size.
    pub fn new(bytes: u32) -> Option<Self> {
        (bytes.is_power_of_two() && (1 << 20..=1 << 30).contains(&bytes)).then_some(Self(bytes))
    }

    /// The size in bytes.
    pub fn bytes(self) -> u64 {
        u64::from(self.0)
    }

    /// How many segments share the middle eight digits of their names.
    fn for_each_log(self) -> u64 {
        (1 << 32) / self.bytes()
    }

    /// The number of the segment in which a place lies.
    pub fn number_at(self, place: Lsn) -> u64 {
        place.0 / self.bytes()
    }

    /// How far into its segment a place lies, in bytes.
    pub fn offset_of(self, place: Lsn) -> u64 {
        place.0 % self.bytes()
    }
}

/// A segment of a timeline, by its number: its first place divided by the size of segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Segment {
    /// Which timeline its name says. Pages inside can be of an earlier one.
    pub timeline: Timeline,
    /// How many segments lie before it, from the beginning of the log.
    pub number: u64,
}

impl Segment {
    /// The segment of a timeline in which a place lies.
    pub fn at(timeline: Timeline, place: Lsn, size: SegmentSize) -> Self {
        Self { timeline, number: size.number_at(place) }
    }

    /// Its first place.
    pub fn first(self, size: SegmentSize) -> Lsn {
        Lsn(self.number.saturating_mul(size.bytes()))
    }

    /// The place behind its last.
    pub fn end(self, size: SegmentSize) -> Lsn {
        self.first(size).plus(size.bytes())
    }

    /// The segment after it on the same timeline.
    #[must_use]
    pub fn next(self) -> Self {
        Self { number: self.number.saturating_add(1), ..self }
    }

    /// Its name, of 24 digits.
    pub fn name(self, size: SegmentSize) -> SegmentName {
        let (log, segment) = (self.number / size.for_each_log(), self.number % size.for_each_log());
        // A number comes from a place of 64 bits, so its upper part has 32; one that does not shows as the last name there is.
        SegmentName {
            timeline: self.timeline,
            log: u32::try_from(log).unwrap_or(u32::MAX),
            segment: u32::try_from(segment).unwrap_or(u32::MAX),
        }
    }
}

/// The name of a segment as it is written. Which segment it names depends on their size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentName {
    /// The first eight digits.
    pub timeline: Timeline,
    /// The middle eight.
    pub log: u32,
    /// The last eight.
    pub segment: u32,
}

impl SegmentName {
    /// Reads 24 hexadecimal digits in capitals.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 24 {
            return None;
        }
        Some(Self {
            timeline: Timeline(eight_digits(text.get(..8)?)?),
            log: eight_digits(text.get(8..16)?)?,
            segment: eight_digits(text.get(16..)?)?,
        })
    }

    /// The segment that it names; `None` where no segment of that size is called so.
    pub fn segment(self, size: SegmentSize) -> Option<Segment> {
        let in_log = u64::from(self.segment);
        (in_log < size.for_each_log())
            .then(|| Segment { timeline: self.timeline, number: u64::from(self.log) * size.for_each_log() + in_log })
    }
}

impl fmt::Display for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08X}{:08X}{:08X}", self.timeline.0, self.log, self.segment)
    }
}

fn eight_digits(text: &str) -> Option<u32> {
    (text.len() == 8 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F')))
        .then(|| u32::from_str_radix(text, 16).ok())
        .flatten()
}

/// What a file of an archive is, by its name without the ending of a compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MemberKind {
    /// A whole segment.
    Segment(SegmentName),
    /// The last segment of a timeline that was left, or what pg_receivewal was writing. No restore_command asks for it.
    Partial(SegmentName),
    /// Where a timeline comes from.
    History(Timeline),
    /// What a base backup said when it ended: the segment of its start, and the offset of the start within.
    BackupHistory(SegmentName, u32),
}

/// How a file is compressed, by the ending of its name. The content decides, where it says something else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ending {
    /// The name has none.
    None,
    /// One that can be read.
    Known(&'static str),
    /// The ending of a compression that cannot be read here, such as `.lzo`.
    Unknown(&'static str),
}

/// Endings of names, and what they stand for.
const ENDINGS: [(&str, Option<Compression>); 11] = [
    (".gz", Some(Compression::Gzip)),
    (".lz4", Some(Compression::Lz4)),
    (".zst", Some(Compression::Zstd)),
    (".zstd", Some(Compression::Zstd)),
    (".bz2", Some(Compression::Bzip2)),
    (".xz", Some(Compression::Xz)),
    // WAL-G and older tools write these.
    (".lzo", None),
    (".br", None),
    (".lzma", None),
    (".Z", None),
    (".snappy", None),
];

impl Ending {
    /// The compression that the ending stands for.
    pub fn compression(&self) -> Option<Compression> {
        match self {
            Ending::Known(text) => ENDINGS.iter().find(|(ending, _)| ending == text).and_then(|(_, known)| *known),
            Ending::None | Ending::Unknown(_) => None,
        }
    }

    /// As it is written, with its dot; empty where there is none.
    pub fn text(&self) -> &'static str {
        match self {
            Ending::None => "",
            Ending::Known(text) | Ending::Unknown(text) => text,
        }
    }
}

/// What the name of a file in an archive says; `None` for a file that has nothing to do with WAL.
pub fn parse_member(name: &str) -> Option<(MemberKind, Ending)> {
    if let Some(kind) = kind_of(name) {
        return Some((kind, Ending::None));
    }
    ENDINGS.iter().find_map(|(ending, known)| {
        let kind = kind_of(name.strip_suffix(ending)?)?;
        Some((kind, if known.is_some() { Ending::Known(ending) } else { Ending::Unknown(ending) }))
    })
}

fn kind_of(name: &str) -> Option<MemberKind> {
    if let Some(segment) = SegmentName::parse(name) {
        return Some(MemberKind::Segment(segment));
    }
    let (stem, rest) = name.split_once('.')?;
    if rest == "history" {
        return Some(MemberKind::History(Timeline(eight_digits(stem)?)));
    }
    let segment = SegmentName::parse(stem)?;
    if rest == "partial" {
        return Some(MemberKind::Partial(segment));
    }
    Some(MemberKind::BackupHistory(segment, eight_digits(rest.strip_suffix(".backup")?)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> SegmentName {
        SegmentName::parse(text).unwrap()
    }

    #[test]
    fn the_next_name_depends_on_the_size_of_segments() {
        let next = |text: &str, mib: u32| {
            let size = SegmentSize::new(mib << 20).unwrap();
            name(text).segment(size).map(|segment| segment.next().name(size).to_string())
        };
        assert_eq!(next("0000000100000000000000FF", 16).as_deref(), Some("000000010000000100000000"));
        assert_eq!(next("000000010000000000000FFF", 1).as_deref(), Some("000000010000000100000000"));
        assert_eq!(next("00000001000000000000003F", 64).as_deref(), Some("000000010000000100000000"));
        assert_eq!(next("00000003000000AB00000000", 16).as_deref(), Some("00000003000000AB00000001"));
    }

    #[test]
    fn a_name_that_no_segment_of_that_size_has_names_none() {
        assert_eq!(name("000000010000000000000100").segment(SegmentSize::DEFAULT), None);
    }

    #[test]
    fn a_size_is_a_power_of_two_from_one_mebibyte_to_one_gibibyte() {
        for bytes in [1 << 20, 16 << 20, 1 << 30] {
            assert_eq!(SegmentSize::new(bytes).map(SegmentSize::bytes), Some(u64::from(bytes)));
        }
        for bytes in [0, 1, 1 << 19, (1 << 20) + 1, 3 << 20, 1 << 31, u32::MAX] {
            assert_eq!(SegmentSize::new(bytes), None, "{bytes}");
        }
    }

    #[test]
    fn members_are_known_by_their_names() {
        let segment = name("00000001000000000000000D");
        let parsed = |text: &str| parse_member(text).map(|(kind, ending)| (kind, ending.text()));
        assert_eq!(parsed("00000001000000000000000D"), Some((MemberKind::Segment(segment), "")));
        assert_eq!(parsed("00000001000000000000000D.gz"), Some((MemberKind::Segment(segment), ".gz")));
        assert_eq!(parsed("00000001000000000000000D.zstd"), Some((MemberKind::Segment(segment), ".zstd")));
        assert_eq!(parsed("00000001000000000000000D.partial.xz"), Some((MemberKind::Partial(segment), ".xz")));
        assert_eq!(parsed("00000002.history"), Some((MemberKind::History(Timeline(2)), "")));
        assert_eq!(parsed("0000000A.history.bz2"), Some((MemberKind::History(Timeline(10)), ".bz2")));
        let backup = MemberKind::BackupHistory(segment, 0x28);
        assert_eq!(parsed("00000001000000000000000D.00000028.backup"), Some((backup, "")));
        assert_eq!(parsed("00000001000000000000000D.00000028.backup.lz4"), Some((backup, ".lz4")));
    }

    #[test]
    fn a_compression_that_cannot_be_read_is_said_as_such() {
        for ending in [".lzo", ".br"] {
            let (kind, found) = parse_member(&format!("00000001000000000000000D{ending}")).unwrap();
            assert!(matches!(kind, MemberKind::Segment(_)));
            assert_eq!(found, Ending::Unknown(ending));
            assert_eq!(found.compression(), None);
        }
    }

    #[test]
    fn other_files_are_no_members() {
        for text in [
            "",
            "README",
            "00000001000000000000000d",
            "00000001000000000000000",
            "00000001000000000000000D0",
            "00000001000000000000000D.tmp",
            "00000001000000000000000D.gz.gz",
            "2.history",
            "00000002.history.tmp",
            "00000001000000000000000D.28.backup",
            ".00000001000000000000000A.8865ouyi.uncompressed",
            "00000001000000000000000Ö",
            "+0000001000000000000000D",
        ] {
            assert_eq!(parse_member(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_segment_is_found_again_by_its_name(
            timeline: u32,
            place in 0..u64::MAX,
            log2 in 20_u32..=30,
        ) {
            let size = SegmentSize::new(1 << log2).unwrap();
            let segment = Segment::at(Timeline(timeline), Lsn(place), size);
            let text = segment.name(size).to_string();
            prop_assert_eq!(SegmentName::parse(&text).unwrap().segment(size), Some(segment));
            prop_assert!(segment.first(size) <= Lsn(place) && Lsn(place).since(segment.first(size)) < size.bytes());
        }

        #[test]
        fn any_text_as_a_name_is_taken_or_refused(text in ".{0,50}") {
            let _ = parse_member(&text);
        }
    }
}
