//! One profile into its targets.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::document::{self, Identity};
use super::environment;
use super::error::{Cause, ProfileError, ProfileErrors};
use super::matrix::{self, Expanded};
use super::places;
use super::rules::Rules;
use super::source::Taken;
use super::suggest;
use super::types::Target;
use super::validate::validate;
use super::yaml::{self, Content, Entry, Fault, FaultKind, Key, LeftOut, Node, Origin, Part, Spot, holder};

/// Reads a profile under the default [`Rules`]. `origin` is what errors name it by.
pub fn parse(text: &str, origin: &str) -> Result<Target, ProfileErrors> {
    parse_with(text, origin, &Rules::default())
}

/// Reads a profile that is one target. `origin` is what errors name it by.
///
/// # Errors
/// All that is wrong; where a matrix makes several targets of it, that.
pub fn parse_with(text: &str, origin: &str, rules: &Rules<'_>) -> Result<Target, ProfileErrors> {
    let mut targets = parse_all(text, origin, rules)?;
    match targets.pop() {
        Some(target) if targets.is_empty() => Ok(target),
        Some(_) | None => {
            let cause = Cause::Unsupported("this profile makes several targets, and one is wanted here".into());
            Err(ProfileError::new(origin, None, cause).into())
        }
    }
}

/// Reads a profile: one target, or as many as its matrix makes.
pub fn parse_all(text: &str, origin: &str, rules: &Rules<'_>) -> Result<Vec<Target>, ProfileErrors> {
    let origin = Origin { name: origin.to_owned(), folder: None };
    let made = targets_of(text.as_bytes(), origin, Identity::Text, rules)?;
    Ok(made.into_iter().map(|made| made.target).collect())
}

/// A target, and what it was read from.
pub struct Made {
    pub target: Target,
    /// All that is said of it, with every value where it was written.
    pub tree: Rc<Node>,
}

impl Made {
    /// Where its name was given.
    pub fn name_spot(&self) -> Spot {
        self.tree.spot_of(&["name".into()])
    }
}

/// Keys that are gone before the types see a profile.
const GONE: [&str; 2] = ["extends", "matrix"];

/// So many errors of one profile are looked for.
const MOST_ERRORS: usize = 100;

/// Every target of a profile.
///
/// # Errors
/// All that is wrong with it. What makes it unreadable as a whole, or its matrix, is an error alone.
pub fn targets_of(
    bytes: &[u8],
    origin: Origin,
    identity: Identity,
    rules: &Rules<'_>,
) -> Result<Vec<Made>, ProfileErrors> {
    let main = origin.name.clone();
    let mut taken = Taken::default();
    let root = document::read(bytes, origin, identity, rules, &mut taken)?;
    let (mut targets, mut errors, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    for Expanded { suffix, root } in matrix::expand(&root)? {
        let named = |error: ProfileError| {
            // Which one it is says only a matrix.
            let one = (!suffix.is_empty()).then(|| format!("in the target {suffix} of the matrix"));
            let hint = error.hint.clone().into_iter().chain(one).reduce(|hint, one| format!("{hint}; {one}"));
            error.hint(hint)
        };
        let Reading { target, root, mut wrong, errors: mut found } = read(&root);
        let Some(mut target) = target else {
            // What the type refuses altogether is an error.
            errors.extend(found.into_iter().map(named));
            continue;
        };
        found.extend(validate(&mut target, &root, rules, &mut wrong));
        // What the targets of a matrix have in common is wrong once.
        found.retain(|error| seen.insert((error.origin.clone(), error.place, error.cause.to_string())));
        errors.extend(found.into_iter().map(named));
        target.name.push_str(&suffix);
        target.takes_from_dump = taken.any;
        target.notices.splice(0..0, taken.notices.iter().cloned());
        target.secrets = environment::secrets(&root);
        targets.push(Made { target, tree: root });
    }
    // Its own errors first, then those of what it extends, each in the order of the lines.
    errors.sort_by(|a, b| {
        let key = |error: &ProfileError| (error.origin != main, error.place);
        key(a).0.cmp(&key(b).0).then_with(|| a.origin.cmp(&b.origin)).then_with(|| key(a).1.cmp(&key(b).1))
    });
    ProfileErrors::none_of(errors, targets)
}

/// What the types make of a tree.
struct Reading {
    /// The target without what is wrong; none where nothing can be made of it.
    target: Option<Target>,
    /// The tree that it is of.
    root: Rc<Node>,
    /// The keys at the top in which something is wrong, so that what they say is not looked at further.
    wrong: BTreeSet<String>,
    errors: Vec<ProfileError>,
}

/// Reads a tree, and where something is wrong leaves that out and reads on.
fn read(root: &Rc<Node>) -> Reading {
    let mut without = LeftOut::default();
    let mut reading = Reading { target: None, root: Rc::clone(root), wrong: BTreeSet::new(), errors: Vec::new() };
    // What follows from an error is left out like an error, and is none.
    for _ in 0..2 * MOST_ERRORS {
        let fault = match yaml::deserialize(&reading.root, &without) {
            Ok(target) => {
                reading.target = Some(target);
                break;
            }
            Err(fault) => *fault,
        };
        let part = fault.part.clone();
        let at_top = fault.path.as_deref().is_none_or(str::is_empty);
        let missing_at_top = match fault.kind {
            FaultKind::MissingKey(key) if at_top => Some(key),
            _ => None,
        };
        reading.wrong.extend(keys_at_top(&fault));
        if !follows(&fault, &reading.root, &without) {
            reading.errors.push(explain(fault, &reading.root));
        }
        if reading.errors.len() >= MOST_ERRORS {
            break;
        }
        match (missing_at_top, part) {
            (Some(key), _) => reading.root = with_stand_in(&reading.root, key),
            (None, Some(part)) if part != Part::value(&reading.root) && without.add(part.clone()) => {}
            (None, _) => break,
        }
    }
    reading
}

/// The keys at the top of the profile that a fault is in, or that an unknown key there probably means.
fn keys_at_top(fault: &Fault) -> Vec<String> {
    let path = fault.path.as_deref().unwrap_or_default();
    match (&fault.kind, path.split(['.', '[']).next().unwrap_or_default()) {
        (FaultKind::UnknownKey { key, known }, "") => places::meant_at_top(key, &[*known, &GONE].concat()),
        (FaultKind::MissingKey(key), "") => vec![(*key).to_owned()],
        (_, key) => vec![key.to_owned()],
    }
}

/// Whether a key is missing only because it has been left out, or is misspelt and has been left out under that name; or
/// whether a map as a whole is refused of which something has been left out.
fn follows(fault: &Fault, root: &Node, without: &LeftOut) -> bool {
    let Some(holder) = fault.part.as_ref().and_then(|part| root.find_part(part)) else { return false };
    let mut left_out = holder.entries().iter().filter(|entry| without.has(entry));
    match &fault.kind {
        FaultKind::MissingKey(missing) => left_out.any(|entry| suggest::nearest(&entry.key.text, [*missing]).is_some()),
        FaultKind::Custom(_) => left_out.next().is_some(),
        FaultKind::UnknownKey { .. } | FaultKind::UnknownWord { .. } | FaultKind::WrongType { .. } => false,
    }
}

/// The profile with a value for a key without which nothing can be made of it.
fn with_stand_in(root: &Rc<Node>, missing: &str) -> Rc<Node> {
    let spot = root.spot();
    let key = Key { origin: Rc::clone(&spot.origin), place: spot.place, text: missing.to_owned() };
    let value = Node::at(&spot, Content::Scalar { text: "x".to_owned(), plain: false });
    let others = root.entries().iter().filter(|entry| entry.key.text != missing).cloned();
    Node::at(&spot, Content::Mapping(others.chain([Entry { key, value }]).collect()))
}

/// Says in a profile's words what serde found.
fn explain(Fault { kind, spot, path, part: _ }: Fault, root: &Node) -> ProfileError {
    let spot = spot.unwrap_or_else(|| root.spot());
    let path = path.unwrap_or_default();
    let (cause, hint) = match kind {
        FaultKind::UnknownKey { key, known } => {
            let hint = match key.as_str() {
                "<<" => Some("YAML merge keys are not used in profiles".to_owned()),
                adds if adds.strip_suffix('+').is_some_and(|key| known.contains(&key)) => Some(format!(
                    "a `+` adds a list to that of the profile that this one extends; without one, write `{}`",
                    &adds[..adds.len() - 1]
                )),
                _ if path.is_empty() => places::hint(&key, &path, &[known, &GONE].concat()),
                _ => places::hint(&key, &path, known),
            };
            let path = holder(&path);
            (Cause::UnknownKey { key: shown(&key), holder: path }, hint)
        }
        FaultKind::MissingKey(key) => (Cause::MissingKey { key: key.to_owned(), holder: holder(&path) }, None),
        FaultKind::UnknownWord { word, known } => {
            let words: Vec<_> = known.iter().map(|word| format!("`{word}`")).collect();
            let hint = suggest::nearest(&word, known.iter().copied()).map(|near| format!("did you mean `{near}`?"));
            let why = format!("`{}` is none of {}", shown(&word), words.join(", "));
            (Cause::BadValue { path: holder(&path), why }, hint)
        }
        FaultKind::WrongType { expected, found } => {
            let found = found.unwrap_or_else(|| "this".to_owned());
            let hint = (expected == "text" && found.starts_with(['`', 't']) && !found.starts_with("the text"))
                .then(|| "put it in quotes to make it text".to_owned());
            (Cause::WrongType { path: holder(&path), expected, found }, hint)
        }
        FaultKind::Custom(why) => (Cause::BadValue { path: holder(&path), why }, None),
    };
    ProfileError::at(&spot, cause).hint(hint)
}

/// A user's word, on one line and of a length that fits a message.
fn shown(word: &str) -> String {
    const ROOM: usize = 60;
    match word.char_indices().nth(ROOM) {
        Some((end, _)) => format!("{}…", word[..end].escape_debug()),
        None => word.escape_debug().to_string(),
    }
}
