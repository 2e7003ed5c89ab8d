//! The words `source` and `source+1`: what a profile takes from the dump that is rehearsed.

mod of_dump;

use std::rc::Rc;

use super::error::{Cause, ProfileError};
use super::matrix;
use super::names;
use super::types::LocaleProvider;
use super::yaml::{Content, Entry, Key, Node, Spot};
use crate::postgres::Major;
use crate::postgres::encoding::{self, Encoding};

/// The oldest major version that PostgreSQL supports at the time of this release: 14 went out of support on 2026-11-12
/// (<https://www.postgresql.org/support/versioning/>).
const OLDEST_SUPPORTED: Major = Major(15);

/// The next major version that one would upgrade to: the first one that is newer and still supported. None after the newest
/// that pgrehearse is tested with.
pub fn next_major(major: Major) -> Option<Major> {
    let next = Major(major.0.saturating_add(1)).max(OLDEST_SUPPORTED);
    (next <= Major::NEWEST).then_some(next)
}

/// What a dump says of the server that it comes from; what it does not say is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DumpFacts {
    /// The server's major version.
    pub major: Option<Major>,
    /// The major version of the pg_dump that made it.
    pub client: Option<Major>,
    /// A server encoding by PostgreSQL's name.
    pub encoding: Option<String>,
    pub locale_provider: Option<LocaleProvider>,
    /// What orders and classifies text: of libc or of the builtin provider.
    pub locale: Option<String>,
    pub icu_locale: Option<String>,
    /// More locales of the operating system, for collations.
    pub locales: Vec<String>,
    /// Roles that it names and does not make itself.
    pub roles: Vec<String>,
    /// Those of them that can only be superusers, by what they own.
    pub superusers: Vec<String>,
    /// Tablespaces that it names and does not make itself.
    pub tablespaces: Vec<String>,
}

impl DumpFacts {
    /// What stands for a dump where a profile is looked at without one.
    pub fn stand_in() -> Self {
        Self {
            major: Some(Major(17)),
            client: Some(Major(17)),
            encoding: Some("UTF8".into()),
            locale_provider: Some(LocaleProvider::Libc),
            locale: Some("C.UTF-8".into()),
            ..Self::default()
        }
    }

    /// Its locale as a profile can have it, and where it cannot, what is said of that.
    pub fn fitting_locale(&self) -> (String, Option<String>) {
        let utf8 = self.encoding.as_deref().is_none_or(|name| encoding::find(name) == Some(Encoding::Server("UTF8")));
        let instead = if utf8 { "C.UTF-8" } else { "C" };
        match self.locale.as_deref() {
            Some(locale) if names::is_locale_name(locale) => (locale.to_owned(), None),
            Some(other) => {
                let why =
                    format!("the dump's locale is {other:?}, which no target here can have: it is {instead} here");
                (instead.to_owned(), Some(why))
            }
            None => (instead.to_owned(), Some(format!("the dump does not say its locale: it is {instead} here"))),
        }
    }
}

/// What a profile has taken from the dump.
#[derive(Debug, Default)]
pub struct Taken {
    /// Whether it has any of the words.
    pub any: bool,
    /// What a person should know of what the dump does not say.
    pub notices: Vec<String>,
}

/// The tree with what the words stand for in their place.
///
/// # Errors
/// Where the dump does not say what a word asks for.
pub fn fill(root: &Rc<Node>, source: &DumpFacts, taken: &mut Taken) -> Result<Rc<Node>, ProfileError> {
    at_top(root, &mut Words { source, taken })
}

/// What one profile's words come to.
struct Words<'a> {
    source: &'a DumpFacts,
    taken: &'a mut Taken,
}

fn at_top(root: &Rc<Node>, words: &mut Words<'_>) -> Result<Rc<Node>, ProfileError> {
    map(root, |entry| match entry.key.text.as_str() {
        matrix::KEY => map(&entry.value, |axis| words.in_axis(axis).map(Some)).map(Some),
        "cluster" | "database" => {
            let holder = &entry.key.text;
            map(&entry.value, |inner| words.of(&format!("{holder}.{}", inner.key.text), &inner.value)).map(Some)
        }
        "restore" => {
            map(&entry.value, |inner| words.of(&format!("restore.{}", inner.key.text), &inner.value)).map(Some)
        }
        key => words.of(key, &entry.value),
    })
}

/// A map with other values, or without those entries for which there is none; anything else as it is.
fn map(
    node: &Rc<Node>,
    mut value: impl FnMut(&Entry) -> Result<Option<Rc<Node>>, ProfileError>,
) -> Result<Rc<Node>, ProfileError> {
    let Content::Mapping(entries) = &node.content else { return Ok(Rc::clone(node)) };
    let mut inside = Vec::with_capacity(entries.len());
    for entry in entries {
        if let Some(value) = value(entry)? {
            inside.push(Entry { key: entry.key.clone(), value });
        }
    }
    Ok(Node::at(&node.spot(), Content::Mapping(inside)))
}

impl Words<'_> {
    /// One axis of a matrix: values of a key, variants, or combinations that are left out.
    fn in_axis(&mut self, axis: &Entry) -> Result<Rc<Node>, ProfileError> {
        let path = axis.key.text.as_str();
        match &axis.value.content {
            Content::Sequence(items) if path == matrix::EXCLUDE => {
                let mut inside = Vec::with_capacity(items.len());
                for item in items {
                    inside.push(map(item, |entry| self.of(&entry.key.text, &entry.value))?);
                }
                Ok(Node::at(&axis.value.spot(), Content::Sequence(inside)))
            }
            Content::Sequence(items) => {
                let mut inside = Vec::with_capacity(items.len());
                for item in items {
                    inside.extend(self.of(path, item)?);
                }
                Ok(Node::at(&axis.value.spot(), Content::Sequence(inside)))
            }
            Content::Mapping(_) => map(&axis.value, |variant| at_top(&variant.value, self).map(Some)),
            Content::Scalar { text, plain } => match text.split_once("..") {
                Some(("source", to)) => {
                    self.taken.any = true;
                    let from = self.major(&axis.value.spot())?;
                    let text = format!("{from}..{to}");
                    Ok(Node::at(&axis.value.spot(), Content::Scalar { text, plain: *plain }))
                }
                _ => Ok(Rc::clone(&axis.value)),
            },
        }
    }

    /// A value whose place in the profile is `path`; `None` where the dump makes it superfluous.
    fn of(&mut self, path: &str, value: &Rc<Node>) -> Result<Option<Rc<Node>>, ProfileError> {
        let as_it_is = Ok(Some(Rc::clone(value)));
        let Content::Scalar { text, plain: true } = &value.content else { return as_it_is };
        let spot = value.spot();
        let of_cluster = |key: &str| path == format!("cluster.{key}") || path == format!("database.{key}");
        let mut list = |names: &[String]| {
            self.taken.any = true;
            Ok(Some(list(&spot, names)))
        };
        let text = match (text.as_str(), path) {
            ("source", "postgres") => self.major(&spot)?.to_string(),
            ("source+1", "postgres") => {
                let major = self.major(&spot)?;
                let next = next_major(major).unwrap_or(major);
                if next.0 > major.0.saturating_add(1) {
                    let before = next.0 - 1;
                    self.notice(format!(
                        "PostgreSQL {next} comes next after {major} here: PostgreSQL {before} and those before it are no \
                         longer supported by their makers"
                    ));
                }
                next.to_string()
            }
            ("source", "restore.client") => match self.source.client {
                Some(major) => major.to_string(),
                None => return Err(unsaid(&spot, "which pg_dump made it", "write `client: target`")),
            },
            ("source", "roles") => {
                self.taken.any = true;
                return Ok(Some(roles(&spot, self.source)));
            }
            ("source", "tablespaces") => return list(&self.source.tablespaces),
            ("source", "cluster.locales") => return list(&self.source.locales),
            ("source", _) if of_cluster("encoding") => match &self.source.encoding {
                Some(encoding) => encoding.clone(),
                None => {
                    self.notice("the dump does not say its encoding: it is UTF8 here".into());
                    "UTF8".into()
                }
            },
            ("source", _) if of_cluster("locale_provider") => match self.source.locale_provider {
                Some(LocaleProvider::Icu) => "icu".into(),
                Some(LocaleProvider::Builtin) => "builtin".into(),
                Some(LocaleProvider::Libc) | None => "libc".into(),
            },
            ("source", _) if of_cluster("locale") => {
                let (locale, notice) = self.source.fitting_locale();
                if let Some(notice) = notice {
                    self.notice(notice);
                }
                locale
            }
            ("source", _) if of_cluster("icu_locale") => match &self.source.icu_locale {
                Some(locale) => locale.clone(),
                None => {
                    self.taken.any = true;
                    return Ok(None);
                }
            },
            _ => return as_it_is,
        };
        self.taken.any = true;
        Ok(Some(Node::at(&spot, Content::Scalar { text, plain: true })))
    }

    fn major(&self, spot: &Spot) -> Result<Major, ProfileError> {
        self.source.major.ok_or_else(|| {
            unsaid(spot, "which version of PostgreSQL it comes from", "write one, such as `postgres: 17`")
        })
    }

    fn notice(&mut self, notice: String) {
        if !self.taken.notices.contains(&notice) {
            self.taken.notices.push(notice);
        }
    }
}

fn unsaid(spot: &Spot, what: &str, instead: &str) -> ProfileError {
    let cause = Cause::Unsupported(format!("`source` is taken from the dump, and the dump does not say {what}"));
    ProfileError::at(spot, cause).hint(Some(instead.to_owned()))
}

/// Names as a list.
fn list(spot: &Spot, names: &[String]) -> Rc<Node> {
    let item = |name: &String| Node::at(spot, Content::Scalar { text: name.clone(), plain: false });
    Node::at(spot, Content::Sequence(names.iter().map(item).collect()))
}

/// Roles as a list of maps, with what is known of each.
fn roles(spot: &Spot, source: &DumpFacts) -> Rc<Node> {
    let entry = |key: &str, text: &str, plain| {
        let key = Key { origin: Rc::clone(&spot.origin), place: spot.place, text: key.to_owned() };
        Entry { key, value: Node::at(spot, Content::Scalar { text: text.to_owned(), plain }) }
    };
    let item = |role: &String| {
        let superuser = source.superusers.contains(role).then(|| entry("superuser", "true", true));
        let entries = std::iter::once(entry("name", role, false)).chain(superuser).collect();
        Node::at(spot, Content::Mapping(entries))
    };
    Node::at(spot, Content::Sequence(source.roles.iter().map(item).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_major_is_one_that_is_supported() {
        let next = |major| next_major(Major(major)).map(|major| major.0);
        assert_eq!([9, 13, 14, 15, 17].map(next), [Some(15), Some(15), Some(15), Some(16), Some(18)]);
        assert_eq!([18, 19, u16::MAX].map(next), [None; 3]);
    }

    #[test]
    fn a_major_that_is_passed_over_is_named_with_the_reason() {
        let notices = |major| {
            let source = DumpFacts { major: Some(Major(major)), ..DumpFacts::default() };
            let rules = crate::profile::Rules { source: Some(&source), ..crate::finding::profile_rules() };
            crate::profile::parse_with("name: next\npostgres: source+1\n", "next.yaml", &rules).unwrap().notices
        };
        let said = notices(13);
        assert!(said.iter().any(|notice| notice.contains("15 comes next after 13")), "{said:?}");
        assert!(!notices(15).iter().any(|notice| notice.contains("comes next")), "16 follows 15");
    }
}
