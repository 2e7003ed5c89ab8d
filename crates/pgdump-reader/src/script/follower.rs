//! What a script does beside declaring objects and bringing rows: transactions, changes of what is there, its end.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::role_changes::RoleChanges;
use super::transactions::{Transaction, Transactions};
use super::unfollowed::{Affects, Doubts, Effect, ScriptEnd, Unfollowed};
use crate::changes::{self, Change};
use crate::collector::Collector;
use crate::facts::Relation;
use crate::lexer::{Statement, TokenKind};
use crate::psql::Variables;
use crate::temporary::Persistence;
use crate::words::Words;

/// Follows a script statement by statement.
#[derive(Debug, Default)]
pub(crate) struct Follower {
    doubts: Doubts,
    /// The line of the BEGIN that is open.
    begun: Option<u64>,
    /// The last line that wrote something in the transaction that is open.
    written: Option<u64>,
    /// The first line in it that sets something for the session.
    sets: Option<u64>,
    /// The last line in it that goes back to a savepoint.
    resumed: Option<u64>,
    transactions: Transactions,
    acting: RoleChanges,
    /// Whether psql opens a transaction before the next statement, where none is open (AUTOCOMMIT).
    opens: bool,
    /// Whether psql goes back to before a statement that fails in a transaction (ON_ERROR_ROLLBACK).
    recovers: bool,
    quit: Option<u64>,
    after_quit: bool,
    /// Databases that the script has put something into.
    filled: HashSet<Option<String>>,
    /// Those that it has dropped after that.
    dropped: HashSet<String>,
    /// What PREPARE has made ready.
    prepared: HashMap<String, Vec<Change>>,
    /// Tables that it fills with rows that cannot be counted.
    made: BTreeSet<Relation>,
    /// By database, the first statement that may have filled any table.
    may_fill: BTreeMap<Option<String>, String>,
}

/// No more statements are remembered that PREPARE makes ready.
const MAX_PREPARED: usize = 1000;
/// No more tables are remembered that are filled so.
const MAX_MADE: usize = 10_000;

impl Follower {
    pub(crate) fn doubt(&mut self, line: u64, what: impl Into<String>, affects: Affects) {
        self.doubts.push(line, what, affects, Effect::Unknown);
    }

    /// A variable stands in a statement whose value is not known: neither is what the statement did to rows.
    pub(crate) fn unknown(&mut self, line: u64, name: &str, database: &Option<String>) {
        let what = format!("the variable {name:?}, whose value is not known from the text");
        self.doubt(line, what.clone(), Affects::Database(database.clone()));
        self.doubt(line, what, Affects::Everything);
    }

    /// Something of the script comes, in this line.
    pub(crate) fn seen(&mut self, line: u64) {
        self.after_quit |= self.quit.is_some_and(|quit| line >= quit);
    }

    /// A new session: what the one before has not committed is lost.
    pub(crate) fn connected(&mut self, line: u64) {
        self.seen(line);
        self.lose(line, "\\connect inside a transaction");
    }

    pub(crate) fn quit(&mut self, line: u64) {
        self.quit.get_or_insert(line);
    }

    /// From this line on it acts as this role, or as whoever restores it.
    pub(crate) fn acts(&mut self, line: u64, role: Option<&str>) {
        self.acting.push(line, role);
    }

    /// What psql does with transactions by itself from this line on, in which a statement begins.
    pub(crate) fn follow(&mut self, line: u64, variables: &Variables) {
        // Whatever the one before did, it has not ended the transaction.
        if self.recovers {
            self.resumed = Some(line);
        }
        self.opens = variables.is("AUTOCOMMIT", false);
        self.recovers = variables.is("ON_ERROR_ROLLBACK", true);
    }

    /// Rows come in, or something else is written.
    pub(crate) fn wrote(&mut self, line: u64) {
        self.open(line);
        self.written = Some(line);
    }

    /// A statement comes before which psql opens a transaction, if it is asked to.
    fn open(&mut self, line: u64) {
        if self.opens && self.begun.is_none() {
            self.begin(line);
        }
    }

    fn lose(&mut self, line: u64, by: &str) {
        if let (Some(begun), Some(_)) = (self.begun, self.written) {
            let what = format!("{by} takes back what was done since line {begun}");
            self.doubt(line, what, Affects::Everything);
        }
        self.close(line);
    }

    fn begin(&mut self, line: u64) {
        (self.begun, self.written, self.sets, self.resumed) = (Some(line), None, None, None);
    }

    /// The transaction that is open ends in this line.
    fn close(&mut self, line: u64) {
        if let Some(begins) = self.begun.take() {
            let Self { sets, resumed, .. } = *self;
            self.transactions.push(Transaction { begins, ends: line, sets, resumed });
        }
        (self.written, self.sets, self.resumed) = (None, None, None);
    }

    pub(crate) fn statement(&mut self, statement: &Statement, collector: &Collector, read: bool) {
        let line = statement.line;
        if let Some(name) = &statement.unknown {
            self.unknown(line, name, &collector.database);
        }
        if self.transaction(statement) {
            return;
        }
        if !is_outside(statement) {
            self.open(line);
        }
        if is_of_session(statement) {
            self.sets.get_or_insert(line);
        }
        if !matches!(word(statement, 0), Some("set" | "select" | "reset" | "show")) {
            self.written = Some(line);
        }
        if is_of_database(statement) && !self.filled.contains(&collector.database) {
            self.filled.insert(collector.database.clone());
        }
        if !read {
            return;
        }
        self.databases(statement, collector);
        self.renamed(statement, collector);
        if let Some((name, list)) = changes::prepared(statement).filter(|_| self.prepared.len() < MAX_PREPARED) {
            self.prepared.insert(name, list);
            return;
        }
        let ready = changes::executed(statement).and_then(|name| self.prepared.get(&name).cloned());
        let is_execute = word(statement, 0) == Some("execute");
        let own = if is_execute && ready.is_some() { Vec::new() } else { changes::of(statement) };
        for change in own.into_iter().chain(ready.into_iter().flatten()) {
            self.change(line, change, collector);
        }
    }

    /// An INSERT whose rows come from a query, which can do more than that; without its first word.
    pub(crate) fn query(&mut self, line: u64, rest: &Statement, collector: &Collector) {
        for change in changes::beside_an_insert(rest) {
            self.change(line, change, collector);
        }
    }

    fn change(&mut self, line: u64, change: Change, collector: &Collector) {
        let database = collector.database.clone();
        let relation = |schema: Option<String>, name: String| {
            let schema = schema.or_else(|| collector.schema.clone());
            Relation { database: database.clone(), schema, name }
        };
        let is_own = |schema: &Option<String>, name: &str| {
            collector.temporary.persistence(schema.as_deref(), name) == Persistence::Temporary
        };
        match change {
            // What the session has for itself is no row of the dump.
            Change::Rows { schema, table, .. }
            | Change::Fills { schema, table, .. }
            | Change::Merges { schema, table, .. }
                if is_own(&schema, &table) => {}
            Change::Rows { what, schema, table } if is_of_structure(&what) => {
                let relation = relation(schema, table);
                if collector.has_table(&relation) {
                    self.doubt(line, what, Affects::Table(relation));
                }
            }
            // Other tables follow: children, what refers to it, what triggers write.
            Change::Rows { what, .. } => {
                if collector.has_tables() {
                    self.doubts.push(line, what, Affects::Database(database), Effect::Loses);
                }
            }
            Change::Merges { what, schema, table } => {
                self.made(relation(schema, table));
                if collector.has_tables() {
                    self.doubts.push(line, what, Affects::Database(database), Effect::Loses);
                }
            }
            Change::Fills { what, schema, table } => {
                let relation = relation(schema, table);
                self.made(relation.clone());
                self.doubts.push(line, what, Affects::Table(relation), Effect::Makes);
            }
            Change::Any { what } => {
                self.may_fill.entry(database.clone()).or_insert_with(|| format!("line {line}: {what}"));
                if collector.has_tables() {
                    self.doubt(line, what, Affects::Database(database));
                }
            }
        }
    }

    /// A table gets rows that cannot be counted.
    fn made(&mut self, table: Relation) {
        // Each of more of them is in the list of what is not followed, which ends before this does.
        if self.made.len() < MAX_MADE {
            self.made.insert(table);
        }
    }

    /// Follows such tables to their names: one makes a table by a query, and puts it in place of another or drops it.
    fn renamed(&mut self, statement: &Statement, collector: &Collector) {
        let mut words = Words::of(statement);
        let is_drop = words.eat("drop").is_some();
        if self.made.is_empty() || !is_drop && words.eat("alter").is_none() || words.eat("table").is_none() {
            return;
        }
        words.if_exists();
        let _ = words.eat("only");
        while let Some((schema, name)) = words.qualified() {
            if collector.temporary.persistence(schema.as_deref(), &name) == Persistence::Temporary {
                return;
            }
            let schema = schema.or_else(|| collector.schema.clone());
            let mut table = Relation { database: collector.database.clone(), schema, name };
            let _ = words.sign(b'*');
            if is_drop {
                self.made.remove(&table);
                if words.sign(b',').is_none() {
                    return;
                }
                continue;
            }
            let is_rename = words.eat("rename").and_then(|()| words.eat("to")).is_some();
            let is_move = !is_rename && words.eat("set").and_then(|()| words.eat("schema")).is_some();
            if let Some(new) = words.name().filter(|_| is_rename || is_move)
                && self.made.remove(&table)
            {
                if is_rename {
                    table.name = new
                } else {
                    table.schema = Some(new)
                }
                self.made.insert(table);
            }
            return;
        }
    }

    /// Follows which databases are dropped, and made under a name that another one had: what went into that is looked for in
    /// the wrong one.
    fn databases(&mut self, statement: &Statement, collector: &Collector) {
        if word(statement, 1) != Some("database") {
            return;
        }
        match (word(statement, 0), name(statement, 2)) {
            (Some("drop"), Some(first)) => {
                let has_condition = first == "if" && word(statement, 3) == Some("exists");
                let Some(name) = (if has_condition { name(statement, 4) } else { Some(first) }) else { return };
                // The first one's name is not known.
                if [None, Some(name.to_owned())].iter().any(|database| self.filled.contains(database)) {
                    self.dropped.insert(name.to_owned());
                }
            }
            (Some("create"), Some(name)) => {
                let why = if collector.facts.renamed.has_left(name) {
                    "a name that a database had before it was renamed"
                } else if self.dropped.contains(name) {
                    "which was dropped after something had gone into it"
                } else {
                    return;
                };
                self.doubt(statement.line, format!("CREATE DATABASE {name}, {why}"), Affects::Everything);
            }
            _ => {}
        }
    }

    /// Follows BEGIN, COMMIT and ROLLBACK; whether it was one.
    fn transaction(&mut self, statement: &Statement) -> bool {
        let line = statement.line;
        let has = |wanted: &str| statement.tokens.iter().any(|token| token.kind.is_word(wanted));
        match (word(statement, 0), word(statement, 1)) {
            (Some("begin"), _) | (Some("start"), Some("transaction")) => {
                if self.begun.is_none() {
                    self.begin(line);
                }
            }
            (Some("commit"), Some("prepared")) => {}
            (Some("commit" | "end"), _) => {
                self.close(line);
                if has("chain") && !has("no") {
                    self.begun = Some(line);
                }
            }
            (Some("rollback"), _) if has("to") => {
                self.resumed = Some(line);
                if self.written.is_some() {
                    self.doubt(line, "ROLLBACK TO a savepoint takes back what was done", Affects::Everything);
                }
            }
            (Some("rollback"), Some("prepared")) => {
                self.doubt(line, "ROLLBACK PREPARED takes back what was done", Affects::Everything);
            }
            (Some("rollback" | "abort"), _) => {
                self.lose(line, "ROLLBACK");
                if has("chain") && !has("no") {
                    self.begun = Some(line);
                }
            }
            (Some("prepare"), Some("transaction")) => {
                self.lose(line, "PREPARE TRANSACTION");
            }
            (Some("savepoint" | "release"), _) => {}
            _ => return false,
        }
        true
    }

    /// The tables that it fills with rows that cannot be counted.
    pub(crate) fn take_made(&mut self) -> BTreeSet<Relation> {
        std::mem::take(&mut self.made)
    }

    /// How it ends, in this database of the reader's.
    pub(crate) fn end(mut self, database: Option<String>, open_branch: Option<u64>) -> (Vec<Unfollowed>, ScriptEnd) {
        if let Some(line) = open_branch {
            self.doubt(line, "\\if without its \\endif", Affects::Everything);
        }
        let open_transaction = self.begun.filter(|_| self.written.is_some());
        self.close(u64::MAX);
        let is_sure = !self.doubts.list.iter().any(|doubt| doubt.affects == Affects::Everything);
        let end = ScriptEnd {
            open_transaction,
            quits: self.quit.filter(|_| self.after_quit),
            database: is_sure.then_some(database),
            may_fill: self.may_fill,
            transactions: self.transactions,
            acting: self.acting,
        };
        (self.doubts.list, end)
    }
}

/// Whether a change is one of a table and not of its rows alone: what goes with a table is that table's own.
fn is_of_structure(what: &str) -> bool {
    what.starts_with("DROP ") || what.starts_with("ALTER ")
}

/// Whether a statement cannot run inside a transaction, so that psql opens none before it (command_no_begin in common.c).
fn is_outside(statement: &Statement) -> bool {
    match word(statement, 0) {
        Some("vacuum" | "cluster") => true,
        Some("create" | "drop") => {
            matches!(word(statement, 1), Some("database" | "tablespace"))
                || (1..=3).any(|at| word(statement, at) == Some("concurrently"))
        }
        Some("alter") => word(statement, 1) == Some("system"),
        Some("discard") => word(statement, 1) == Some("all"),
        Some("reindex") => {
            matches!(word(statement, 1), Some("database" | "system"))
                || (1..=3).any(|at| word(statement, at) == Some("concurrently"))
        }
        _ => false,
    }
}

/// Whether it sets something for the session, which the end of a transaction that has failed takes back.
fn is_of_session(statement: &Statement) -> bool {
    match word(statement, 0) {
        Some("set") => word(statement, 1) != Some("local"),
        Some("reset") => true,
        Some("select") => (1..statement.tokens.len()).any(|at| word(statement, at) == Some("set_config")),
        _ => false,
    }
}

/// Whether a statement puts something into the database that it runs in, as far as its first words say: not where it only sets
/// something for the session, or is about what the whole cluster has.
fn is_of_database(statement: &Statement) -> bool {
    const OF_CLUSTER: [&str; 6] = ["role", "user", "group", "database", "tablespace", "parameter"];
    let is_kind = |at: usize| word(statement, at).is_some_and(|word| OF_CLUSTER.contains(&word));
    let after_on = || {
        let on = (0..statement.tokens.len()).find(|at| word(statement, *at) == Some("on"));
        on.map(|on| is_kind(on + 1))
    };
    match word(statement, 0) {
        Some("set" | "reset" | "show") => false,
        // Others make large objects, or run functions.
        Some("select") => !(0..statement.tokens.len()).any(|at| word(statement, at) == Some("set_config")),
        Some("create" | "alter" | "drop") => !is_kind(1) || word(statement, 2) == Some("mapping"),
        Some("comment" | "security") => after_on() != Some(true),
        // Of a membership there is no ON.
        Some("grant" | "revoke") => after_on() == Some(false),
        // pg_dumpall makes a template an ordinary database before it drops it.
        Some("update") => word(statement, 1) != Some("pg_catalog") || word(statement, 3) != Some("pg_database"),
        _ => true,
    }
}

fn name(statement: &Statement, at: usize) -> Option<&str> {
    match statement.tokens.get(at).map(|token| &token.kind) {
        Some(TokenKind::Word(name) | TokenKind::Name(name)) => Some(name),
        _ => None,
    }
}

fn word(statement: &Statement, at: usize) -> Option<&str> {
    match statement.tokens.get(at).map(|token| &token.kind) {
        Some(TokenKind::Word(word)) => Some(word),
        _ => None,
    }
}
