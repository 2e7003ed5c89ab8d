//! What a script does that is not known from its text.

use std::collections::{BTreeMap, HashMap};

use super::role_changes::RoleChanges;
use super::transactions::Transactions;
use crate::facts::Relation;
use crate::schema::schema_or_public;

/// A place of a script from which on, or for which, the text alone does not say what a database holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfollowed {
    /// From 1.
    pub line: u64,
    /// The last line in which the same stands.
    pub last: u64,
    /// For people, without the line: `DELETE FROM public.orders`. No value of a row stands in it.
    pub what: String,
    /// Whose rows are in doubt.
    pub affects: Affects,
    /// What it does to them.
    pub effect: Effect,
}

/// What it does to rows, as far as its text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Removes or changes rows that the dump has brought: `DELETE`, `UPDATE`, `TRUNCATE`. What is gone then is lost, and this
    /// is by what.
    Loses,
    /// Makes rows that stand nowhere in the text: `INSERT … SELECT`, `CREATE TABLE … AS`, a COPY from a file of the server.
    Makes,
    /// Nobody knows without running it.
    Unknown,
}

/// What is not known for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Affects {
    /// Where what follows goes, or whether all that the dump holds is there: the target cannot pass.
    Everything,
    /// The rows that any database holds by then.
    Databases,
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

    /// Whether it is about the rows of this table, in the database that `is_in` knows by the name that the script gives it.
    /// A table that the script names without a schema is in `public`.
    pub fn concerns(&self, is_in: impl Fn(Option<&str>) -> bool, schema: &str, table: &str) -> bool {
        match &self.affects {
            Affects::Everything => false,
            Affects::Databases => true,
            Affects::Database(database) => is_in(database.as_deref()),
            Affects::Table(named) => {
                let named_schema = schema_or_public(named.schema.as_deref());
                is_in(named.database.as_deref()) && (named_schema, named.name.as_str()) == (schema, table)
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
    /// The database that psql is connected to at its end, where that is known; `None` within is the one that it began
    /// with.
    pub database: Option<Option<String>>,
    /// By database, the first statement that may have filled any table of it: `line 7: DO runs code`.
    pub may_fill: BTreeMap<Option<String>, String>,
    /// The transactions that the script itself opens and ends.
    pub transactions: Transactions,
    /// The roles that the script acts as.
    pub acting: RoleChanges,
}

/// Gathers what is not followed, each once.
#[derive(Debug, Default)]
pub(crate) struct Doubts {
    pub(crate) list: Vec<Unfollowed>,
    /// Their places in the list.
    seen: HashMap<(String, Affects), usize>,
    more: bool,
}

/// Of a script of a million DELETEs the first are enough.
const MAX_LISTED: usize = 1000;

impl Doubts {
    pub(crate) fn push(&mut self, line: u64, what: impl Into<String>, affects: Affects, effect: Effect) {
        let what = what.into();
        let key = (what.clone(), affects.clone());
        if let Some(same) = self.seen.get(&key).and_then(|place| self.list.get_mut(*place)) {
            same.last = line;
            return;
        }
        if self.more {
            return;
        }
        self.seen.insert(key, self.list.len());
        self.more = self.list.len() >= MAX_LISTED;
        let affects = if self.more { Affects::Everything } else { affects };
        let what = if self.more { format!("{what}, and more of what cannot be followed") } else { what };
        self.list.push(Unfollowed { line, last: line, what, affects, effect });
    }
}
