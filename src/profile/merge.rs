//! One profile put over another: `extends`, and what a matrix varies.

use std::rc::Rc;

use super::error::{Cause, ProfileError};
use super::yaml::{Content, Entry, Key, Node, Step, display_path, holder};

/// `child` over `parent`: maps are merged key by key, everything else is the child's.
///
/// A key with a `+` after it and a list (`roles+:`) adds to the parent's list instead. A key without a value (`roles: ~`)
/// takes away what the parent says of it.
///
/// # Errors
/// When something is added to what is no list, or a key is there with and without `+`.
pub fn merge(parent: &Rc<Node>, child: &Rc<Node>) -> Result<Rc<Node>, ProfileError> {
    over(parent, child, &mut Vec::new())
}

fn over(parent: &Rc<Node>, child: &Rc<Node>, path: &mut Vec<String>) -> Result<Rc<Node>, ProfileError> {
    let (Content::Mapping(below), Content::Mapping(above)) = (&parent.content, &child.content) else {
        return Ok(Rc::clone(child));
    };
    let mut entries: Vec<Entry> = below.clone();
    for entry in above {
        let (key, adds) = name_of(entry);
        if adds && child.entry(key).is_some() {
            return Err(with_and_without(entry, key, path));
        }
        let there = entries.iter().position(|known| known.key.text == key);
        let under = Key { text: key.to_owned(), ..entry.key.clone() };
        match there {
            Some(index) if adds => {
                let value = appended(&entries[index].value, entry, path)?;
                entries[index] = Entry { key: under, value };
            }
            Some(index) if entry.value.is_null() => {
                entries.remove(index);
            }
            Some(index) => {
                path.push(key.to_owned());
                let value = over(&entries[index].value, &entry.value, path)?;
                path.pop();
                entries[index] = Entry { key: under, value };
            }
            None => {
                // In a map that is new, what adds to a list makes one.
                let nothing = Node::at(&entry.value.spot(), Content::Mapping(Vec::new()));
                path.push(key.to_owned());
                let value = over(&nothing, &entry.value, path)?;
                path.pop();
                entries.push(Entry { key: under, value });
            }
        }
    }
    Ok(Node::at(&child.spot(), Content::Mapping(entries)))
}

/// What an entry is about, and whether it adds to a list. A `+` belongs to the name where there is no list to add.
fn name_of(entry: &Entry) -> (&str, bool) {
    match entry.key.text.strip_suffix('+') {
        Some(key) if !key.is_empty() && matches!(entry.value.content, Content::Sequence(_)) => (key, true),
        _ => (&entry.key.text, false),
    }
}

fn appended(list: &Rc<Node>, entry: &Entry, path: &[String]) -> Result<Rc<Node>, ProfileError> {
    let (Content::Sequence(below), Content::Sequence(above)) = (&list.content, &entry.value.content) else {
        return Err(at_key(entry, path, "it adds to a list, and what is extended has none here".into()));
    };
    let items = below.iter().chain(above).map(Rc::clone).collect();
    Ok(Node::at(&entry.value.spot(), Content::Sequence(items)))
}

/// A list that is given and added to at once.
pub(super) fn with_and_without(entry: &Entry, key: &str, path: &[String]) -> ProfileError {
    let why = format!("it is given with and without `+`; only one of `{key}` and `{key}+` can hold");
    at_key(entry, path, why)
}

fn at_key(entry: &Entry, path: &[String], why: String) -> ProfileError {
    let mut steps: Vec<Step<'_>> = path.iter().map(Step::from).collect();
    steps.push(Step::Key(&entry.key.text));
    ProfileError::at(&entry.key.spot(), Cause::BadValue { path: holder(&display_path(&steps)), why })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::yaml::tests::tree;

    /// What comes out, as the tree is written by hand.
    fn merged(parent: &str, child: &str) -> Result<String, String> {
        let root = merge(&tree(parent), &tree(child)).map_err(|error| error.to_string())?;
        Ok(written(&root))
    }

    fn written(node: &Node) -> String {
        match &node.content {
            Content::Scalar { text, .. } => text.clone(),
            Content::Sequence(items) => {
                format!("[{}]", items.iter().map(|item| written(item)).collect::<Vec<_>>().join(", "))
            }
            Content::Mapping(entries) => {
                let entries: Vec<String> =
                    entries.iter().map(|entry| format!("{}: {}", entry.key.text, written(&entry.value))).collect();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }

    #[test]
    fn maps_are_merged_and_all_else_is_replaced() {
        assert_eq!(
            merged("{a: {x: 1, y: [1, 2]}, b: 1, c: {d: 1}}", "{a: {y: [3], z: 4}, b: [5], c: 6}").unwrap(),
            "{a: {x: 1, y: [3], z: 4}, b: [5], c: 6}"
        );
    }

    #[test]
    fn a_plus_adds_to_a_list_and_makes_one_where_there_is_none() {
        assert_eq!(merged("{a: {y: [1]}}", "{a: {y+: [2, 3]}}").unwrap(), "{a: {y: [1, 2, 3]}}");
        assert_eq!(merged("{}", "{y+: [2]}").unwrap(), "{y: [2]}");
        assert_eq!(merged("{}", "{a: {b: {y+: [2]}}}").unwrap(), "{a: {b: {y: [2]}}}");
        assert_eq!(merged("{t: {\"a+\": 1}}", "{t: {\"a+\": 2}}").unwrap(), "{t: {a+: 2}}", "a name with a plus");
    }

    #[test]
    fn nothing_takes_away() {
        assert_eq!(merged("{a: 1, b: {c: 2, d: 3}}", "{a: ~, b: {c: }}").unwrap(), "{b: {d: 3}}");
        assert_eq!(merged("{a: 1}", "{a: \"\"}").unwrap(), "{a: }", "an empty text is a value");
    }

    #[test]
    fn what_cannot_be_added_is_refused_where_it_stands() {
        assert_eq!(
            merged("{a: {y: 1}}", "a:\n  y+: [2]").unwrap_err(),
            "x.yaml:2:3: `a.y+`: it adds to a list, and what is extended has none here"
        );
        assert!(merged("{y: [1]}", "{y: [2], y+: [3]}").unwrap_err().starts_with("x.yaml:1:10: `y+`: it is given"));
    }
}
