//! What a script does beside declaring objects and bringing rows: transactions, changes of what is there, its end.

use std::collections::HashSet;

use super::acting::Acting;
use super::changes::{self, Change};
use super::facts::Relation;
use super::lexer::{Statement, TokenKind};
use super::psql::Variables;
use super::statement::Collector;
use super::transactions::{Transaction, Transactions};
use super::unfollowed::{Affects, Doubts, Effect, ScriptEnd};

/// Follows a script statement by statement.
#[derive(Debug, Default)]
pub(super) struct Script {
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
    acting: Acting,
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
}

impl Script {
    pub(super) fn doubt(&mut self, line: u64, what: impl Into<String>, affects: Affects) {
        self.doubts.push(line, what, affects, Effect::Unknown);
    }

    /// Something of the script comes, in this line.
    pub(super) fn seen(&mut self, line: u64) {
        self.after_quit |= self.quit.is_some_and(|quit| line >= quit);
    }

    /// A new session: what the one before has not committed is lost.
    pub(super) fn connected(&mut self, line: u64) {
        self.seen(line);
        self.lose(line, "\\connect inside a transaction");
    }

    pub(super) fn quit(&mut self, line: u64) {
        self.quit.get_or_insert(line);
    }

    /// From this line on it acts as this role, or as whoever restores it.
    pub(super) fn acts(&mut self, line: u64, role: Option<&str>) {
        self.acting.push(line, role);
    }

    /// What psql does with transactions by itself from this line on, in which a statement begins.
    pub(super) fn follow(&mut self, line: u64, variables: &Variables) {
        // Whatever the one before did, it has not ended the transaction.
        if self.recovers {
            self.resumed = Some(line);
        }
        self.opens = variables.is("AUTOCOMMIT", false);
        self.recovers = variables.is("ON_ERROR_ROLLBACK", true);
    }

    /// Rows come in, or something else is written.
    pub(super) fn wrote(&mut self, line: u64) {
        self.open(line);
        self.written = Some(line);
    }

    /// A statement comes before which psql opens a transaction, if it is told to.
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

    pub(super) fn statement(&mut self, statement: &Statement, collector: &Collector, read: bool) {
        let line = statement.line;
        if let Some(name) = &statement.unknown {
            let what = format!("the variable {name:?}, whose value is not known from the text");
            self.doubt(line, what, Affects::Everything);
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
        for change in changes::of(statement) {
            let database = collector.database.clone();
            let relation = |schema: Option<String>, name: String| {
                let schema = schema.or_else(|| collector.schema.clone());
                Affects::Table(Relation { database: database.clone(), schema, name })
            };
            match change {
                // Other tables follow: children, what refers to it, what triggers write.
                Change::Rows { what, .. }
                    if matches!(word(statement, 0), Some("delete" | "update" | "merge" | "truncate")) =>
                {
                    if collector.has_tables() {
                        self.doubts.push(line, what, Affects::Database(database), Effect::Loses);
                    }
                }
                Change::Rows { what, schema, table } => {
                    let affects = relation(schema, table);
                    if matches!(&affects, Affects::Table(named) if collector.has_table(named)) {
                        self.doubt(line, what, affects);
                    }
                }
                Change::Fills { what, schema, table } => {
                    let affects = relation(schema, table);
                    self.doubts.push(line, what, affects, Effect::Makes);
                }
                Change::Any { what } => {
                    if collector.has_tables() {
                        self.doubt(line, what, Affects::Database(database));
                    }
                }
            }
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
        let has = |wanted: &str| {
            statement.tokens.iter().any(|token| matches!(&token.kind, TokenKind::Word(word) if word == wanted))
        };
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

    /// How it ends, in this database of the reader's.
    pub(super) fn end(
        mut self,
        database: Option<String>,
        open_branch: Option<u64>,
    ) -> (Vec<super::unfollowed::Unfollowed>, ScriptEnd) {
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
            transactions: self.transactions,
            acting: self.acting,
        };
        (self.doubts.list, end)
    }
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

/// Whether a statement puts something into the database that it runs in, as far as its first words tell: not where it only sets
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
