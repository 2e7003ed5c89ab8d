//! The tree of a profile: what was written, and where.

use std::fmt::Write;
use std::rc::Rc;

use super::super::Place;

#[derive(Debug)]
pub struct Node {
    pub place: Place,
    pub content: Content,
    /// How many nodes this one holds, itself included, with every alias counted as often as it is used.
    pub weight: u64,
    /// How many levels this node has, itself included.
    pub height: usize,
}

#[derive(Debug)]
pub enum Content {
    Scalar {
        text: String,
        /// Written without quotes, so that it may be a number, true, false or null.
        plain: bool,
    },
    Sequence(Vec<Rc<Node>>),
    Mapping(Vec<Entry>),
}

#[derive(Debug)]
pub struct Entry {
    pub key: Key,
    pub value: Rc<Node>,
}

#[derive(Debug)]
pub struct Key {
    pub place: Place,
    pub text: String,
}

/// One step down the tree.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

impl<'a> From<&'a str> for Step<'a> {
    fn from(key: &'a str) -> Self {
        Self::Key(key)
    }
}

impl<'a> From<&'a String> for Step<'a> {
    fn from(key: &'a String) -> Self {
        Self::Key(key)
    }
}

impl From<usize> for Step<'_> {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// A path as people write it: `roles[1].name`.
pub fn display_path(path: &[Step<'_>]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(key) if text.is_empty() => text.push_str(key),
            Step::Key(key) => {
                text.push('.');
                text.push_str(key);
            }
            Step::Index(index) => {
                // Writing to a String cannot fail.
                let _ = write!(text, "[{index}]");
            }
        }
    }
    text
}

/// What holds a key, for messages: `roles[1]` in backticks, or the profile itself.
pub fn holder(path: &str) -> String {
    if path.is_empty() { "the profile".to_owned() } else { format!("`{path}`") }
}

impl Node {
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.content {
            Content::Mapping(entries) => entries.iter().find(|entry| entry.key.text == key),
            Content::Scalar { .. } | Content::Sequence(_) => None,
        }
    }

    /// Where the value at a path stands; where the path leads to something left out, the last thing that is there.
    pub fn place_of(&self, path: &[Step<'_>]) -> Place {
        self.descend(path).place
    }

    /// Where the key of an entry stands; where it was left out, what would hold it.
    pub fn place_of_key(&self, holder: &[Step<'_>], key: &str) -> Place {
        let holder = self.descend(holder);
        holder.entry(key).map_or(holder.place, |entry| entry.key.place)
    }

    fn descend(&self, path: &[Step<'_>]) -> &Node {
        let mut node = self;
        for step in path {
            let next = match (step, &node.content) {
                (Step::Key(key), _) => node.entry(key).map(|entry| &entry.value),
                (Step::Index(index), Content::Sequence(items)) => items.get(*index),
                (Step::Index(_), Content::Scalar { .. } | Content::Mapping(_)) => None,
            };
            let Some(next) = next else { break };
            node = next;
        }
        node
    }
}
