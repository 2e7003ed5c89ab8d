//! One profile's text into one target.

use std::path::Path;

use super::error::{Cause, Place, ProfileError};
use super::suggest;
use super::types::Target;
use super::validate::validate;
use super::yaml::{self, Fault, FaultKind, Node, Unreadable, holder};

/// The longest profile that is read, in bytes.
pub const MAX_PROFILE_BYTES: u64 = 1 << 20;

/// Keys that the design has and this version does not.
const NOT_SUPPORTED_YET: [&str; 2] = ["extends", "matrix"];

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
}

impl Default for Rules<'_> {
    /// Every finding name, and the date of now in UTC, so that a laptop and a CI job agree.
    fn default() -> Self {
        Self { known_findings: None, today: jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date() }
    }
}

/// Reads a profile under the default [`Rules`]. `origin` is what errors name it by.
pub fn parse(text: &str, origin: &str) -> Result<Target, ProfileError> {
    parse_with(text, origin, &Rules::default())
}

/// Reads a profile. `origin` is what errors name it by.
pub fn parse_with(text: &str, origin: &str, rules: &Rules<'_>) -> Result<Target, ProfileError> {
    parse_located(text, origin, rules, None).map(|located| located.target)
}

/// A target and where its name was given.
pub(super) struct LocatedTarget {
    pub target: Target,
    pub name_place: Place,
}

/// Reads a profile whose other files are looked for from `folder` on.
pub(super) fn parse_bytes(
    bytes: &[u8],
    origin: &str,
    rules: &Rules<'_>,
    folder: Option<&Path>,
) -> Result<LocatedTarget, ProfileError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => parse_located(text, origin, rules, folder),
        Err(error) => {
            // Everything before the first bad byte is UTF-8, so nothing is replaced here.
            let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            let place = yaml::place_at(&valid, valid.len());
            Err(ProfileError::new(origin, Some(place), Cause::NotUtf8))
        }
    }
}

fn parse_located(
    text: &str,
    origin: &str,
    rules: &Rules<'_>,
    folder: Option<&Path>,
) -> Result<LocatedTarget, ProfileError> {
    if text.len() as u64 > MAX_PROFILE_BYTES {
        let limit = super::ByteSize(MAX_PROFILE_BYTES);
        return Err(ProfileError::new(origin, None, Cause::TooLarge { limit }));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let root = yaml::read(text)
        .map_err(|Unreadable { place, cause, hint }| ProfileError::new(origin, place, cause).hint(hint))?
        .ok_or_else(|| ProfileError::new(origin, None, Cause::Empty))?;
    refuse_keys_of_later_versions(&root, origin)?;
    let mut target: Target = yaml::deserialize(&root).map_err(|fault| explain(*fault, origin))?;
    validate(&mut target, &root, origin, rules, folder)?;
    Ok(LocatedTarget { target, name_place: root.place_of(&["name".into()]) })
}

fn refuse_keys_of_later_versions(root: &Node, origin: &str) -> Result<(), ProfileError> {
    match NOT_SUPPORTED_YET.iter().find_map(|key| root.entry(key)) {
        Some(entry) => {
            let cause = Cause::NotSupportedYet { key: entry.key.text.clone() };
            Err(ProfileError::new(origin, Some(entry.key.place), cause))
        }
        None => Ok(()),
    }
}

/// Says in a profile's words what serde found.
fn explain(Fault { kind, place, path }: Fault, origin: &str) -> ProfileError {
    let path = holder(path.as_deref().unwrap_or_default());
    let (cause, hint) = match kind {
        FaultKind::UnknownKey { key, known } => {
            let hint = match key.as_str() {
                "<<" => Some("YAML merge keys are not used in profiles".to_owned()),
                _ => suggest::hint(&key, known),
            };
            (Cause::UnknownKey { key: shown(&key), holder: path }, hint)
        }
        FaultKind::MissingKey(key) => (Cause::MissingKey { key: key.to_owned(), holder: path }, None),
        FaultKind::UnknownWord { word, known } => {
            let words: Vec<_> = known.iter().map(|word| format!("`{word}`")).collect();
            let hint = suggest::nearest(&word, known.iter().copied()).map(|near| format!("did you mean `{near}`?"));
            let why = format!("`{}` is none of {}", shown(&word), words.join(", "));
            (Cause::BadValue { path, why }, hint)
        }
        FaultKind::WrongType { expected, found } => {
            let found = found.unwrap_or_else(|| "this".to_owned());
            let hint = (expected == "text" && found.starts_with(['`', 't']) && !found.starts_with("the text"))
                .then(|| "put it in quotes to make it text".to_owned());
            (Cause::WrongType { path, expected, found }, hint)
        }
        FaultKind::Custom(why) => (Cause::BadValue { path, why }, None),
    };
    ProfileError::new(origin, place, cause).hint(hint)
}

/// A user's word, on one line and of a length that fits a message.
fn shown(word: &str) -> String {
    const ROOM: usize = 60;
    match word.char_indices().nth(ROOM) {
        Some((end, _)) => format!("{}…", word[..end].escape_debug()),
        None => word.escape_debug().to_string(),
    }
}
