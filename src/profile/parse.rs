//! One profile into its targets.

use std::rc::Rc;

use super::document::{self, Identity};
use super::environment;
use super::error::{Cause, ProfileError};
use super::matrix::{self, Expanded};
use super::rules::Rules;
use super::source::Taken;
use super::suggest;
use super::types::Target;
use super::validate::validate;
use super::yaml::{self, Fault, FaultKind, Node, Origin, Spot, holder};

/// Reads a profile under the default [`Rules`]. `origin` is what errors name it by.
pub fn parse(text: &str, origin: &str) -> Result<Target, ProfileError> {
    parse_with(text, origin, &Rules::default())
}

/// Reads a profile that is one target. `origin` is what errors name it by.
///
/// # Errors
/// The first thing that is wrong; where a matrix makes several targets of it, that.
pub fn parse_with(text: &str, origin: &str, rules: &Rules<'_>) -> Result<Target, ProfileError> {
    let mut targets = parse_all(text, origin, rules)?;
    match targets.pop() {
        Some(target) if targets.is_empty() => Ok(target),
        Some(_) | None => {
            let cause = Cause::Unsupported("this profile makes several targets, and one is wanted here".into());
            Err(ProfileError::new(origin, None, cause))
        }
    }
}

/// Reads a profile: one target, or as many as its matrix makes.
pub fn parse_all(text: &str, origin: &str, rules: &Rules<'_>) -> Result<Vec<Target>, ProfileError> {
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

/// Every target of a profile.
pub fn targets_of(
    bytes: &[u8],
    origin: Origin,
    identity: Identity,
    rules: &Rules<'_>,
) -> Result<Vec<Made>, ProfileError> {
    let mut taken = Taken::default();
    let root = document::read(bytes, origin, identity, rules, &mut taken)?;
    let mut targets = Vec::new();
    for Expanded { suffix, root } in matrix::expand(&root)? {
        let named = |error: ProfileError| {
            // Which one it is says only a matrix.
            let one = (!suffix.is_empty()).then(|| format!("in the target {suffix} of the matrix"));
            let hint = error.hint.clone().into_iter().chain(one).reduce(|hint, one| format!("{hint}; {one}"));
            error.hint(hint)
        };
        let mut target: Target = yaml::deserialize(&root).map_err(|fault| named(explain(*fault, &root)))?;
        validate(&mut target, &root, rules).map_err(named)?;
        target.name.push_str(&suffix);
        target.takes_from_dump = taken.any;
        target.notices.clone_from(&taken.notices);
        target.secrets = environment::secrets(&root);
        targets.push(Made { target, tree: root });
    }
    Ok(targets)
}

/// Says in a profile's words what serde found.
fn explain(Fault { kind, spot, path }: Fault, root: &Node) -> ProfileError {
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
                // Two keys are gone before the types see a profile.
                _ if path.is_empty() => suggest::hint(&key, &[known, &["extends", "matrix"]].concat()),
                _ => suggest::hint(&key, known),
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
