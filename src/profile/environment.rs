//! Variables of the environment in a profile: `${NAME}` and `${NAME:-what stands for it where it is not set}`.
//!
//! They stand in values, never in keys, and never in SQL: what `sql` and `expect` hold is taken as it is. `$${` is `${`.

use std::rc::Rc;

use super::error::{Cause, ProfileError};
use super::rules::Rules;
use super::yaml::{Content, Entry, Node, Scalar, Spot, Step, display_path, holder, resolve};

/// Keys whose values are SQL, or are compared with what SQL gives.
const TAKEN_AS_THEY_ARE: [&str; 2] = ["sql", "expect"];

/// The tree with every variable's value in its place.
///
/// # Errors
/// Where a variable is not set and nothing stands for it, or what begins like one does not end like one.
pub fn fill(root: &Rc<Node>, rules: &Rules<'_>) -> Result<Rc<Node>, ProfileError> {
    filled(root, rules, &mut Vec::new())
}

fn filled<'a>(node: &'a Rc<Node>, rules: &Rules<'_>, path: &mut Vec<Step<'a>>) -> Result<Rc<Node>, ProfileError> {
    let content = match &node.content {
        Content::Scalar { text, plain } if text.contains("${") => {
            let (filled, from_environment) = replaced(text, &node.spot(), rules, path)?;
            let (written, text) = (text, filled);
            // A variable that is empty, or holds `null`, is no key left out: `restore.as` would be the superuser in silence.
            let plain = *plain && resolve(&text, true) != Scalar::Null;
            if from_environment {
                return Ok(Node::filled(&node.spot(), Content::Scalar { text, plain }, written));
            }
            Content::Scalar { text, plain }
        }
        Content::Scalar { .. } => return Ok(Rc::clone(node)),
        Content::Sequence(items) => {
            let mut inside = Vec::with_capacity(items.len());
            for (index, item) in items.iter().enumerate() {
                path.push(Step::Index(index));
                inside.push(filled(item, rules, path)?);
                path.pop();
            }
            Content::Sequence(inside)
        }
        Content::Mapping(entries) => {
            let mut inside = Vec::with_capacity(entries.len());
            for entry in entries {
                path.push(Step::Key(&entry.key.text));
                let value = match TAKEN_AS_THEY_ARE.contains(&entry.key.text.as_str()) {
                    true => Rc::clone(&entry.value),
                    false => filled(&entry.value, rules, path)?,
                };
                path.pop();
                inside.push(Entry { key: entry.key.clone(), value });
            }
            Content::Mapping(inside)
        }
    };
    Ok(Node::at(&node.spot(), content))
}

/// The text with what stands for its variables, and whether some of that is the environment's.
fn replaced(text: &str, spot: &Spot, rules: &Rules<'_>, path: &[Step<'_>]) -> Result<(String, bool), ProfileError> {
    let refused = |why: String| ProfileError::at(spot, Cause::BadValue { path: holder(&display_path(path)), why });
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    let mut from_environment = false;
    while let Some(at) = rest.find("${") {
        if rest[..at].ends_with('$') {
            result.push_str(&rest[..at - 1]);
            result.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        result.push_str(&rest[..at]);
        let inside = &rest[at + 2..];
        let end = inside.find('}').ok_or_else(|| {
            refused("`${` begins a variable of the environment, and no `}` ends it; `$${` is the text `${`".into())
        })?;
        let (name, instead) = match inside[..end].split_once(":-") {
            Some((name, instead)) => (name, Some(instead)),
            None => (&inside[..end], None),
        };
        if !is_name(name) {
            let shown = name.escape_debug();
            return Err(refused(format!(
                "`{shown}` is no name of a variable; write `${{NAME}}` or `${{NAME:-default}}`, and `$${{` for the text `${{`"
            )));
        }
        match ((rules.environment)(name), instead) {
            (Ok(value), None) => {
                from_environment |= !value.is_empty();
                result.push_str(&value);
            }
            (Ok(value), Some(_)) if !value.is_empty() => {
                from_environment = true;
                result.push_str(&value);
            }
            (_, Some(instead)) => result.push_str(instead),
            (Err(std::env::VarError::NotPresent), None) => {
                return Err(refused(format!("the environment has no variable `{name}`"))
                    .hint(Some(format!("set it, or write `${{{name}:-default}}`"))));
            }
            (Err(std::env::VarError::NotUnicode(_)), None) => {
                return Err(refused(format!("the variable `{name}` of the environment is not UTF-8 text")));
            }
        }
        rest = &inside[end + 1..];
    }
    result.push_str(rest);
    if result.contains('\0') {
        return Err(refused("a variable of the environment holds a NUL character".into()));
    }
    Ok((result, from_environment))
}

/// What the settings in a profile take from the environment.
pub fn secrets(root: &Node) -> Vec<String> {
    let mut found = Vec::new();
    collect(root, false, &mut found);
    found
}

fn collect(node: &Node, of_settings: bool, found: &mut Vec<String>) {
    match &node.content {
        Content::Scalar { text, .. } => found.extend((of_settings && node.written.is_some()).then(|| text.clone())),
        Content::Sequence(items) => items.iter().for_each(|item| collect(item, of_settings, found)),
        Content::Mapping(entries) => {
            entries.iter().for_each(|entry| collect(&entry.value, of_settings || entry.key.text == SETTINGS, found));
        }
    }
}

/// The key of settings of the server, of a role, of a database.
const SETTINGS: &str = "settings";

/// Writes settings as they are in the profile where they take something from the environment: what that is, is nobody's to
/// read.
pub fn hide(value: &mut serde_json::Value, tree: &Node) {
    hide_in(value, Some(tree), false);
}

fn hide_in(value: &mut serde_json::Value, tree: Option<&Node>, of_settings: bool) {
    use serde_json::Value;
    let Some(tree) = tree else { return };
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                hide_in(item, tree.find(&[Step::Index(index)]), of_settings);
            }
        }
        Value::Object(entries) => {
            for (key, value) in entries {
                hide_in(value, tree.find(&[Step::Key(key)]), of_settings || key == SETTINGS);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) if of_settings => {
            if let Some(written) = &tree.written {
                *value = Value::String(written.clone());
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Writes the text `${` so that reading it gives that text again.
pub fn keep(value: &mut serde_json::Value) {
    use serde_json::Value;
    match value {
        Value::String(text) if text.contains("${") => *text = text.replace("${", "$${"),
        Value::Array(items) => items.iter_mut().for_each(keep),
        Value::Object(entries) => {
            let filled = |key: &String| !TAKEN_AS_THEY_ARE.contains(&key.as_str());
            entries.iter_mut().filter(|(key, _)| filled(key)).for_each(|(_, value)| keep(value));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// As POSIX has it: letters, digits and `_`, no digit first.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use std::env::VarError;

    use super::*;
    use crate::profile::yaml::tests::tree;

    fn environment(name: &str) -> Result<String, VarError> {
        match name {
            "MAJOR" => Ok("17".into()),
            "EMPTY" => Ok(String::new()),
            "NULL" => Ok("null".into()),
            "BAD" => Err(VarError::NotUnicode("?".into())),
            "TRICKY" => Ok("${MAJOR} \"; DROP".into()),
            _ => Err(VarError::NotPresent),
        }
    }

    fn value(yaml: &str) -> Result<String, String> {
        let rules = Rules { environment, ..Rules::default() };
        let root = fill(&tree(&format!("a: {yaml}\n")), &rules).map_err(|error| error.to_string())?;
        match &root.find(&["a".into()]).unwrap().content {
            Content::Scalar { text, .. } => Ok(text.clone()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn variables_are_filled_in_once() {
        assert_eq!(value("${MAJOR}").unwrap(), "17");
        assert_eq!(value("x${MAJOR}y${MAJOR}").unwrap(), "x17y17");
        assert_eq!(value("${TRICKY}").unwrap(), "${MAJOR} \"; DROP", "a value is not looked into");
        assert_eq!(value("$MAJOR $ {MAJOR}").unwrap(), "$MAJOR $ {MAJOR}");
        assert_eq!(value("$${MAJOR}").unwrap(), "${MAJOR}");
    }

    #[test]
    fn a_default_stands_for_what_is_not_set_or_empty() {
        assert_eq!(value("${MAJOR:-15}").unwrap(), "17");
        assert_eq!(value("${NONE:-15}").unwrap(), "15");
        assert_eq!(value("${EMPTY:-15}").unwrap(), "15");
        assert_eq!(value("${BAD:-15}").unwrap(), "15");
        assert_eq!(value("${EMPTY}x").unwrap(), "x");
        assert_eq!(value("${NONE:-}x").unwrap(), "x");
    }

    #[test]
    fn a_variable_that_holds_nothing_is_no_key_left_out() {
        let read = |yaml: &str| {
            let rules = Rules { environment, ..Rules::default() };
            crate::profile::parse_with(&format!("name: x\npostgres: 17\n{yaml}\n"), "x.yaml", &rules)
                .map(|_| ())
                .map_err(|error| error.to_string())
        };
        assert!(read("restore:\n  as: ${EMPTY}").unwrap_err().contains("no role of this profile is called ``"));
        assert!(read("restore:\n  as: ${NULL}").unwrap_err().contains("no role of this profile is called `null`"));
        assert!(read("image: ${NONE:-}").unwrap_err().contains("an image's name cannot be empty"));
    }

    #[test]
    fn what_cannot_be_filled_in_is_an_error() {
        assert_eq!(
            value("${NONE}").unwrap_err(),
            "x.yaml:1:4: `a`: the environment has no variable `NONE`; set it, or write `${NONE:-default}`"
        );
        assert!(value("${BAD}").unwrap_err().contains("not UTF-8"));
        assert!(value("${MAJOR").unwrap_err().contains("no `}` ends it"));
        assert!(value("${}").unwrap_err().contains("`` is no name"));
        assert!(value("\"${1 a}\"").unwrap_err().contains("`1 a` is no name"));
    }

    #[test]
    fn a_number_from_the_environment_is_a_number_where_it_is_not_quoted() {
        let rules = Rules { environment, ..Rules::default() };
        let target = crate::profile::parse_with("name: x\npostgres: ${MAJOR}\n", "x.yaml", &rules).unwrap();
        assert_eq!(target.postgres, Some(crate::postgres::Major(17)));
    }

    #[test]
    fn sql_and_what_it_must_give_are_never_touched() {
        let rules = Rules { environment, ..Rules::default() };
        let yaml = "checks: {queries: [{name: '${MAJOR}', sql: 'SELECT ''${MAJOR}''', expect: '${MAJOR}'}]}";
        let root = fill(&tree(yaml), &rules).unwrap();
        let at = |key: &'static str| {
            let path = ["checks".into(), "queries".into(), 0.into(), key.into()];
            match &root.find(&path).unwrap().content {
                Content::Scalar { text, .. } => text.clone(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!((at("name"), at("sql"), at("expect")), ("17".into(), "SELECT '${MAJOR}'".into(), "${MAJOR}".into()));
    }
}
