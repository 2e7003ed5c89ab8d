//! One profile as a tree that holds all that it says, whatever it takes from elsewhere: the environment, the dump, the
//! profile that it extends.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::builtin::{self, BUILTIN};
use super::error::{Cause, ProfileError};
use super::merge::merge;
use super::rules::{MAX_PROFILE_BYTES, Rules};
use super::source::{self, DumpFacts, Taken};
use super::yaml::{self, Content, Entry, Node, Origin, Unreadable, holder};
use super::{environment, matrix, short, suggest};

const EXTENDS: &str = "extends";

/// How many profiles may extend one another.
const LONGEST_CHAIN: usize = 16;

/// By what a profile is known to be the same one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Identity {
    /// A file, by its canonical path.
    File(PathBuf),
    BuiltIn(String),
    /// A text that is in no file.
    Text,
}

/// Reads a profile, which errors call `origin.name`, and all that it extends.
///
/// # Errors
/// The first thing that is wrong with any of them as a text; whether keys and values are right is not looked at.
pub fn read(
    bytes: &[u8],
    origin: Origin,
    identity: Identity,
    rules: &Rules<'_>,
    taken: &mut Taken,
) -> Result<Rc<Node>, ProfileError> {
    let stand_in;
    let source = match rules.source {
        Some(source) => source,
        None => {
            stand_in = DumpFacts::stand_in();
            &stand_in
        }
    };
    Reader { rules, source, taken, chain: Vec::new() }.profile(bytes, origin, identity)
}

struct Reader<'a> {
    rules: &'a Rules<'a>,
    source: &'a DumpFacts,
    taken: &'a mut Taken,
    /// The profiles that are being read, each extended by the one before, with their names.
    chain: Vec<(Identity, String)>,
}

impl Reader<'_> {
    fn profile(&mut self, bytes: &[u8], origin: Origin, identity: Identity) -> Result<Rc<Node>, ProfileError> {
        let origin = Rc::new(origin);
        let root = tree(bytes, &origin)?;
        let root = environment::fill(&root, self.rules)?;
        let mut root = short::written_out(&source::fill(&root, self.source, self.taken)?)?;
        both_set_and_varied(&root, &root)?;
        if let Some(extends) = root.entry(EXTENDS).cloned() {
            self.chain.push((identity, origin.name.clone()));
            let parent = self.parent(&extends)?;
            self.chain.pop();
            set_where_parent_varies(&root, &parent)?;
            root = merge(&without(&parent, &["name"]), &without(&root, &[EXTENDS]))?;
        }
        Ok(root)
    }

    fn parent(&mut self, extends: &Entry) -> Result<Rc<Node>, ProfileError> {
        let spot = extends.value.spot();
        let refused = |cause| ProfileError::at(&spot, cause);
        let name = match &extends.value.content {
            Content::Scalar { text, .. } if !text.is_empty() && !extends.value.is_null() => text,
            _ => {
                let why = "it must be the name of a built-in profile, or the path of a file from this one's folder on";
                return Err(refused(Cause::BadValue { path: holder(EXTENDS), why: why.into() }));
            }
        };
        let path = spot.origin.folder.as_ref().map(|folder| folder.join(name));
        let (bytes, origin, identity) = match path.filter(|path| looks_like_a_path(name) || path.exists()) {
            Some(path) => {
                let canonical =
                    path.canonicalize().map_err(|error| refused(unextendable(&path, &unreadable(error))))?;
                let bytes = read_file(&path).map_err(|cause| refused(unextendable(&path, &cause)))?;
                let folder = path.parent().map(Path::to_owned);
                (bytes, Origin { name: path.display().to_string(), folder }, Identity::File(canonical))
            }
            None => {
                let Some(text) = builtin::builtin(name) else {
                    let names: Vec<_> = BUILTIN.iter().map(|(name, _)| *name).collect();
                    let cause = Cause::UnknownProfile { name: name.escape_debug().to_string() };
                    let near = suggest::nearest_name(name, &names).map(|near| format!("did you mean `{near}`?"));
                    return Err(refused(cause).hint(near.or_else(|| suggest::hint(name, &names))));
                };
                let origin = Origin { name: builtin::origin(name), folder: None };
                (text.as_bytes().to_vec(), origin, Identity::BuiltIn(name.clone()))
            }
        };
        let circle = self.chain.iter().position(|(known, _)| *known == identity);
        if circle.is_some() || self.chain.len() >= LONGEST_CHAIN {
            let from = &self.chain[circle.unwrap_or(0)..];
            let names: Vec<&str> = from.iter().map(|(_, name)| name.as_str()).chain([origin.name.as_str()]).collect();
            return Err(refused(match circle {
                Some(_) => Cause::ExtendsItself(names.join(" extends ")),
                None => Cause::Unsupported(format!("more than {LONGEST_CHAIN} profiles that extend one another")),
            }));
        }
        let parent = self.profile(&bytes, origin, identity)?;
        match parent.content {
            Content::Mapping(_) => Ok(parent),
            // Anything else would give way to the child in silence.
            Content::Scalar { .. } | Content::Sequence(_) => {
                let expected = "a map of keys to values".to_owned();
                let cause = Cause::WrongType { path: holder(""), expected, found: parent.describe() };
                Err(ProfileError::at(&parent.spot(), cause))
            }
        }
    }
}

fn unextendable(path: &Path, cause: &Cause) -> Cause {
    Cause::BadValue { path: holder(EXTENDS), why: format!("{}: {cause}", path.display()) }
}

/// Whether an argument or a parent is a path even where nothing is there.
pub fn looks_like_a_path(name: &str) -> bool {
    name.contains('/') || is_yaml(Path::new(name))
}

pub fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("yaml") || ext.eq_ignore_ascii_case("yml"))
}

/// What a file holds.
///
/// # Errors
/// When it cannot be read, or is longer than a profile may be.
pub fn read_file(path: &Path) -> Result<Vec<u8>, Cause> {
    let mut bytes = Vec::new();
    // One byte more than allowed shows that it is too long, also where the file has no length.
    pgdump_reader::ordinary::open(path)
        .and_then(|file| file.take(MAX_PROFILE_BYTES + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    match bytes.len() as u64 > MAX_PROFILE_BYTES {
        true => Err(Cause::TooLarge { limit: super::ByteSize(MAX_PROFILE_BYTES) }),
        false => Ok(bytes),
    }
}

pub fn unreadable(error: io::Error) -> Cause {
    match error.kind() {
        io::ErrorKind::NotFound => Cause::NoSuchFile,
        _ => Cause::Unreadable(error),
    }
}

/// What a text says, as it is written.
pub fn tree(bytes: &[u8], origin: &Rc<Origin>) -> Result<Rc<Node>, ProfileError> {
    let failed = |place, cause| ProfileError::new(&origin.name, place, cause);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        // Everything before the first bad byte is UTF-8, so nothing is replaced here.
        let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        failed(Some(yaml::place_at(&valid, valid.len())), Cause::NotUtf8)
    })?;
    if text.len() as u64 > MAX_PROFILE_BYTES {
        return Err(failed(None, Cause::TooLarge { limit: super::ByteSize(MAX_PROFILE_BYTES) }));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    yaml::read(text, origin)
        .map_err(|Unreadable { place, cause, hint }| failed(place, cause).hint(hint))?
        .ok_or_else(|| failed(None, Cause::Empty))
}

fn without(root: &Rc<Node>, keys: &[&str]) -> Rc<Node> {
    match &root.content {
        Content::Mapping(entries) => {
            let others = entries.iter().filter(|entry| !keys.contains(&entry.key.text.as_str())).cloned().collect();
            Node::at(&root.spot(), Content::Mapping(others))
        }
        Content::Scalar { .. } | Content::Sequence(_) => Rc::clone(root),
    }
}

/// A key that the profile sets and that its own matrix varies would be set in vain.
fn both_set_and_varied(setting: &Node, varying: &Node) -> Result<(), ProfileError> {
    let Some(matrix) = varying.entry(matrix::KEY) else { return Ok(()) };
    for axis in matrix::varied(&matrix.value) {
        let path: Vec<_> = axis.key.text.split('.').map(yaml::Step::Key).collect();
        if setting.find(&path).is_some() {
            let key = axis.key.text.clone();
            let why = format!("`matrix` gives `{key}` its values, so it cannot be set as well");
            let hint = format!("take it away here, or from the matrix with `matrix: {{{key}: ~}}`");
            let cause = Cause::BadValue { path: holder(&key), why };
            return Err(ProfileError::at(&setting.spot_of(&path), cause).hint(Some(hint)));
        }
    }
    Ok(())
}

/// The same, where the matrix is what the profile extends, and the profile does not say otherwise.
fn set_where_parent_varies(child: &Rc<Node>, parent: &Rc<Node>) -> Result<(), ProfileError> {
    let varied = match child.entry(matrix::KEY) {
        Some(matrix) if matrix.value.is_null() => return Ok(()),
        Some(matrix) => match parent.entry(matrix::KEY) {
            Some(inherited) => merge(&inherited.value, &matrix.value)?,
            None => return Ok(()),
        },
        None => match parent.entry(matrix::KEY) {
            Some(inherited) => Rc::clone(&inherited.value),
            None => return Ok(()),
        },
    };
    let key = yaml::Key { text: matrix::KEY.to_owned(), origin: Rc::clone(&varied.origin), place: varied.place };
    let root = Node::at(&varied.spot(), Content::Mapping(vec![Entry { key, value: varied.clone() }]));
    both_set_and_varied(child, &root)
}
