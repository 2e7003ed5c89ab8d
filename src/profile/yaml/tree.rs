//! The tree of a profile: what was written, and where.

use std::fmt::Write;
use std::path::PathBuf;
use std::rc::Rc;

use super::super::Place;
use super::de::Part;
use super::scalar::{Scalar, describe, resolve};

/// What a tree was read from. Nodes of several profiles stand in one tree where one extends another.
#[derive(Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file's path as it was given, or the name of a built-in profile: what errors name it by.
    pub name: String,
    /// The folder from which a profile's other files are looked for; none for a built-in profile.
    pub folder: Option<PathBuf>,
}

/// Where something stands: in which profile, and where there.
#[derive(Debug, Clone)]
pub struct Spot {
    pub origin: Rc<Origin>,
    pub place: Place,
}

#[derive(Debug)]
pub struct Node {
    pub origin: Rc<Origin>,
    pub place: Place,
    pub content: Content,
    /// How many nodes this one holds, itself included, with every alias counted as often as it is used.
    pub weight: u64,
    /// How many levels this node has, itself included.
    pub height: usize,
    /// The text as it was written, where a value of the environment has taken a place in it.
    pub written: Option<String>,
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

#[derive(Debug, Clone)]
pub struct Entry {
    pub key: Key,
    pub value: Rc<Node>,
}

#[derive(Debug, Clone)]
pub struct Key {
    pub origin: Rc<Origin>,
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

impl Key {
    pub fn spot(&self) -> Spot {
        Spot { origin: Rc::clone(&self.origin), place: self.place }
    }
}

impl Node {
    /// A node that stands where another one does.
    pub fn at(spot: &Spot, content: Content) -> Rc<Self> {
        let inside: Vec<&Rc<Node>> = match &content {
            Content::Scalar { .. } => Vec::new(),
            Content::Sequence(items) => items.iter().collect(),
            Content::Mapping(entries) => entries.iter().map(|entry| &entry.value).collect(),
        };
        let weight = inside.iter().fold(1_u64, |sum, node| sum.saturating_add(node.weight));
        let height = 1 + inside.iter().map(|node| node.height).max().unwrap_or(0);
        Rc::new(Self { origin: Rc::clone(&spot.origin), place: spot.place, content, weight, height, written: None })
    }

    /// A text in which values of the environment have taken their places.
    pub fn filled(spot: &Spot, content: Content, written: &str) -> Rc<Self> {
        let (origin, place) = (Rc::clone(&spot.origin), spot.place);
        Rc::new(Self { origin, place, content, weight: 1, height: 1, written: Some(written.to_owned()) })
    }

    pub fn spot(&self) -> Spot {
        Spot { origin: Rc::clone(&self.origin), place: self.place }
    }

    /// What it is, for messages.
    pub fn describe(&self) -> String {
        match &self.content {
            Content::Scalar { text, plain } => describe(text, *plain),
            Content::Sequence(_) => "a list".to_owned(),
            Content::Mapping(_) => "a map".to_owned(),
        }
    }

    /// The entries of a map; none of anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.content {
            Content::Mapping(entries) => entries,
            Content::Scalar { .. } | Content::Sequence(_) => &[],
        }
    }

    /// Whether it is written as nothing: `~`, `null`, or not at all.
    pub fn is_null(&self) -> bool {
        matches!(&self.content, Content::Scalar { text, plain } if resolve(text, *plain) == Scalar::Null)
    }

    pub fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.content {
            Content::Mapping(entries) => entries.iter().find(|entry| entry.key.text == key),
            Content::Scalar { .. } | Content::Sequence(_) => None,
        }
    }

    /// Where the value at a path stands; where the path leads to something left out, the last thing that is there.
    pub fn spot_of(&self, path: &[Step<'_>]) -> Spot {
        self.descend(path).spot()
    }

    /// Where the key of an entry stands; where it was left out, what would hold it.
    pub fn spot_of_key(&self, holder: &[Step<'_>], key: &str) -> Spot {
        let holder = self.descend(holder);
        holder.entry(key).map_or_else(|| holder.spot(), |entry| entry.key.spot())
    }

    /// The value at a path, if there is one.
    pub fn find(&self, path: &[Step<'_>]) -> Option<&Node> {
        path.iter().try_fold(self, Node::step)
    }

    /// The node that a part of this tree is.
    pub fn find_part(&self, part: &Part) -> Option<&Node> {
        if Part::value(self) == *part {
            return Some(self);
        }
        match &self.content {
            Content::Scalar { .. } => None,
            Content::Sequence(items) => items.iter().find_map(|item| item.find_part(part)),
            Content::Mapping(entries) => entries.iter().find_map(|entry| entry.value.find_part(part)),
        }
    }

    fn step(&self, step: &Step<'_>) -> Option<&Node> {
        match (step, &self.content) {
            (Step::Key(key), _) => self.entry(key).map(|entry| &*entry.value),
            (Step::Index(index), Content::Sequence(items)) => items.get(*index).map(|node| &**node),
            (Step::Index(_), Content::Scalar { .. } | Content::Mapping(_)) => None,
        }
    }

    fn descend(&self, path: &[Step<'_>]) -> &Node {
        let mut node = self;
        for step in path {
            let Some(next) = node.step(step) else { break };
            node = next;
        }
        node
    }
}
