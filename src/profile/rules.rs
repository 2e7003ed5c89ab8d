//! What a profile is checked against beyond its own text.

use std::env::VarError;

use super::source::DumpFacts;

/// The longest profile that is read, in bytes.
pub const MAX_PROFILE_BYTES: u64 = 1 << 20;

/// A finding that a profile may decide about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownFinding<'a> {
    pub name: &'a str,
    pub acceptable: Acceptable,
}

/// How far a profile may decide that a finding does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acceptable {
    /// For any object, and with any severity.
    Freely,
    /// It says that something went wrong that nobody has named: only for whole names of objects, and never milder.
    ByName,
    /// It leaves unknown what is lost: neither accepted nor milder.
    Never,
    /// It is about the profile itself: there is nothing to accept, and it may be of any severity.
    OfProfile,
}

/// What a profile is checked against beyond its own text.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The findings that `accept` and `severity` may name; `None` takes every name.
    pub known_findings: Option<&'a [KnownFinding<'a>]>,
    /// An `accept` whose last day is before this one has expired.
    pub today: jiff::civil::Date,
    /// What the words `source` of a profile stand for; `None` where there is no dump, and something stands in for it.
    pub source: Option<&'a DumpFacts>,
    /// Where variables of the environment are looked for.
    pub environment: fn(&str) -> Result<String, VarError>,
}

impl Default for Rules<'_> {
    /// Every finding name, and the date of now in UTC, so that a laptop and a CI job agree.
    fn default() -> Self {
        Self {
            known_findings: None,
            today: jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date(),
            source: None,
            environment: |name| std::env::var(name),
        }
    }
}
