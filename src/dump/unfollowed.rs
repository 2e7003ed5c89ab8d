//! What a script does that cannot be told by reading it.

use super::facts::Relation;
use super::rows::Place;

/// A place of a script from which on, or for which, the text alone does not say what a database holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfollowed {
    /// From 1.
    pub line: u64,
    /// For people, without the line: `DELETE FROM public.orders`. No value of a row stands in it.
    pub what: String,
    pub affects: Affects,
}

/// What is not known for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Affects {
    /// Where what follows goes, or whether all that the dump holds is there: the target cannot pass.
    Everything,
    /// The rows that a database holds by then: where they are not as the dump has them, nobody can say whose doing it is.
    Database(Option<String>),
    /// The rows of one table.
    Table(Relation),
}

impl Unfollowed {
    /// `line 7: DELETE FROM public.orders`
    pub fn label(&self) -> String {
        format!("line {}: {}", self.line, self.what)
    }

    /// Whether it is about the rows of this place, so that nobody can say what they should be.
    pub fn concerns(&self, place: &Place) -> bool {
        match &self.affects {
            Affects::Everything => false,
            Affects::Database(database) => *database == place.database,
            Affects::Table(table) => {
                (&table.database, &table.schema, &table.name) == (&place.database, &place.schema, &place.table)
            }
        }
    }
}

/// How a script that psql runs comes to its end, by its text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScriptEnd {
    /// The line of the BEGIN whose transaction is not ended.
    pub open_transaction: Option<u64>,
    /// The line of a `\q` that has more text after it.
    pub quits: Option<u64>,
    /// The database that psql is connected to at its end, where that can be told; `None` within is the one that it began
    /// with.
    pub database: Option<Option<String>>,
}

/// Gathers what is not followed, each once.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    pub(super) list: Vec<Unfollowed>,
    seen: std::collections::HashSet<(String, Affects)>,
    more: bool,
}

/// A script of a million DELETEs need not be told line by line.
const MOST: usize = 1000;

impl Doubts {
    pub(super) fn push(&mut self, line: u64, what: impl Into<String>, affects: Affects) {
        let what = what.into();
        if self.more || !self.seen.insert((what.clone(), affects.clone())) {
            return;
        }
        self.more = self.list.len() >= MOST;
        let affects = if self.more { Affects::Everything } else { affects };
        let what = if self.more { format!("{what}, and more of what cannot be followed") } else { what };
        self.list.push(Unfollowed { line, what, affects });
    }
}
