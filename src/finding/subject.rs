//! What a finding is about.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::cluster::sql::identifier;

/// What a cause is about, where one name distinguishes findings of a kind. In a report it is this name alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Subject {
    /// There is only one cause of its kind in a target.
    #[default]
    None,
    Role(String),
    Extension(String),
    Schema(String),
    Tablespace(String),
    /// A parameter of the server.
    Setting(String),
    /// The file of a library, without its directory.
    Library(String),
    Locale(String),
    Encoding(String),
    Column(String),
    /// A constraint or the unique index of one, without its table; `column of table` for NOT NULL.
    Constraint(String),
    Index(String),
    /// As the server names it, with the types of its arguments.
    Function(String),
    /// A feature of newer versions, by its name in [`pgdump_reader::FEATURES`].
    Feature(&'static str),
    /// A table or a view; the server does not always name its schema.
    Relation {
        schema: Option<String>,
        name: String,
    },
    /// Words of the server or of pgrehearse, which are no name; and what a report that is read again has.
    Words(String),
}

impl Subject {
    /// The name alone, without a schema; nothing where there is none.
    pub fn name(&self) -> &str {
        match self {
            Subject::None => "",
            Subject::Feature(name) => name,
            Subject::Role(name)
            | Subject::Extension(name)
            | Subject::Schema(name)
            | Subject::Tablespace(name)
            | Subject::Setting(name)
            | Subject::Library(name)
            | Subject::Locale(name)
            | Subject::Encoding(name)
            | Subject::Column(name)
            | Subject::Constraint(name)
            | Subject::Index(name)
            | Subject::Function(name)
            | Subject::Relation { name, .. }
            | Subject::Words(name) => name,
        }
    }

    /// As people read it: the name, with its schema where that is known.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Subject::Relation { schema: Some(schema), name } => Cow::Owned(format!("{schema}.{name}")),
            other => Cow::Borrowed(other.name()),
        }
    }

    /// As a statement has it: its names quoted where they need it.
    pub fn sql(&self) -> String {
        match self {
            Subject::Relation { schema: Some(schema), name } => format!("{}.{}", identifier(schema), identifier(name)),
            other => identifier(other.name()),
        }
    }

    /// Whether it names nothing.
    pub fn is_empty(&self) -> bool {
        self.name().is_empty()
    }

    /// The same of another name: one that may be shown.
    #[must_use]
    pub fn renamed(self, renamed: impl FnOnce(&str) -> String) -> Self {
        let name = renamed(&self.text());
        if name == self.text() {
            return self;
        }
        match self {
            Subject::None | Subject::Feature(_) | Subject::Words(_) => Subject::Words(name),
            Subject::Role(_) => Subject::Role(name),
            Subject::Extension(_) => Subject::Extension(name),
            Subject::Schema(_) => Subject::Schema(name),
            Subject::Tablespace(_) => Subject::Tablespace(name),
            Subject::Setting(_) => Subject::Setting(name),
            Subject::Library(_) => Subject::Library(name),
            Subject::Locale(_) => Subject::Locale(name),
            Subject::Encoding(_) => Subject::Encoding(name),
            Subject::Column(_) => Subject::Column(name),
            Subject::Constraint(_) => Subject::Constraint(name),
            Subject::Index(_) => Subject::Index(name),
            Subject::Function(_) => Subject::Function(name),
            Subject::Relation { .. } => Subject::Relation { schema: None, name },
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Subject::Words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relation_is_quoted_name_by_name_whatever_dots_they_hold() {
        let odd = Subject::Relation { schema: Some("shop".into()), name: "x.y".into() };
        assert_eq!((odd.text().as_ref(), odd.sql().as_str()), ("shop.x.y", "\"shop\".\"x.y\""));
        let bare = Subject::Relation { schema: None, name: "x.y".into() };
        assert_eq!(bare.sql(), "\"x.y\"");
    }
}
