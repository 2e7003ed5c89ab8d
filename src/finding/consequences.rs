//! Which failure follows from which: by the dump's own graph where it is an archive, by what statements make and name where
//! it is text.

use std::collections::{BTreeSet, HashMap, HashSet};

use pgdump_reader::{Dump, ObjectKind, TocEntry, tag};

use super::kind::Cause;
use super::mask::is_grammar;
use super::qualified::{made_by, referenced_table, table_of};
use super::{Failure, Name};

/// The archive's entries by dump id; nothing for a plain dump.
pub(super) struct Entries<'a>(HashMap<i32, &'a TocEntry>);

impl<'a> Entries<'a> {
    pub(super) fn of(dump: &'a Dump) -> Self {
        Self(dump.entries().iter().map(|entry| (entry.id, entry)).collect())
    }

    pub(super) fn get(&self, id: i32) -> Option<&'a TocEntry> {
        self.0.get(&id).copied()
    }

    /// The cause of an object that is there already and is another one than the dump's, where an entry is of it or is made on it.
    /// A schema has no parts that could be missing.
    fn of_another(&self, id: i32, there: &HashMap<i32, Cause>) -> Option<Cause> {
        let on = self.get(id).into_iter().flat_map(|entry| &entry.dependencies).copied();
        let is_whole = |id: &i32| self.get(*id).is_some_and(|entry| entry.desc != tag::SCHEMA);
        std::iter::once(id).chain(on).filter(is_whole).find_map(|id| there.get(&id).cloned())
    }

    /// The first cause among all that an entry depends on.
    fn failed_dependency(&self, entry: i32, failed: &HashMap<i32, Cause>) -> Option<Cause> {
        let mut seen = HashSet::from([entry]);
        let mut open = vec![entry];
        while let Some(id) = open.pop() {
            if id != entry
                && let Some(cause) = failed.get(&id)
            {
                return Some(cause.clone());
            }
            for dependency in self.0.get(&id).into_iter().flat_map(|entry| &entry.dependencies) {
                if seen.insert(*dependency) {
                    open.push(*dependency);
                }
            }
        }
        None
    }
}

/// What has failed so far, and why.
#[derive(Default)]
pub(super) struct Earlier {
    /// By dump id: entries whose object was not made.
    by_entry: HashMap<i32, Cause>,
    /// By dump id: entries whose object was there already, so that nothing is missing for them.
    there: HashMap<i32, Cause>,
    /// The same by name.
    there_by_name: HashMap<String, Cause>,
    /// By the object that a statement would have made or filled: `public.orders`, and `orders` alone.
    by_name: HashMap<String, Cause>,
    extensions: BTreeSet<Cause>,
    /// By table, with its schema and without: a key was not made, or rows are looked at by triggers that should be off.
    keys: HashMap<String, Cause>,
    triggers: HashMap<String, Cause>,
    /// A failure that ended a session or the server.
    ended: Option<Cause>,
    /// The failure just before.
    before: Option<Cause>,
    /// The first that only the client reported.
    of_client: Option<Cause>,
    /// The last one, where its rows are now taken for statements.
    rows_of: Option<Cause>,
}

impl Earlier {
    pub(super) fn add(&mut self, failure: &Failure, cause: &Cause) {
        self.before = Some(cause.clone());
        if failure.sqlstate.is_none() {
            self.of_client.get_or_insert_with(|| cause.clone());
        }
        let statement = failure.statement.as_deref().unwrap_or_default();
        // A client's complaint of a line of rows comes in between.
        if statement.starts_with("COPY ") {
            self.rows_of = Some(cause.clone());
        } else if failure.sqlstate.is_some() && !is_of_rows(failure) {
            self.rows_of = None;
        }
        if cause.kind().lacks_objects {
            self.extensions.insert(cause.clone());
        }
        // Class 57 (operator intervention), class 08 (connection), class XX (internal error).
        let ends = |state: &str| ["57P", "08", "XX"].iter().any(|of| state.starts_with(of));
        if failure.sqlstate.as_deref().is_some_and(ends) && !is_of_elsewhere(failure) {
            self.ended.get_or_insert_with(|| cause.clone());
        }
        if let Some((schema, table)) = table_of(failure) {
            let names = [format!("{schema}.{table}"), table];
            let is_key = ["PRIMARY KEY", "UNIQUE"].iter().any(|word| statement.contains(word));
            let keep = |map: &mut HashMap<String, Cause>| {
                for name in &names {
                    map.entry(name.clone()).or_insert_with(|| cause.clone());
                }
            };
            if is_key && (statement.contains(" ADD CONSTRAINT ") || statement.starts_with("CREATE UNIQUE INDEX ")) {
                keep(&mut self.keys);
            }
            if statement.contains(" DISABLE TRIGGER ") {
                keep(&mut self.triggers);
            }
        }
        // What is there already is not missing; only what hangs on it can be another's.
        if cause.kind().leaves_all {
            return;
        }
        // An object that did not get its owner or its comment is there all the same.
        let only_altered = ["ALTER ", "COMMENT ", "GRANT ", "REVOKE "].iter().any(|verb| statement.starts_with(verb))
            && !statement.contains(" ADD ")
            && !statement.contains(" ATTACH ");
        if only_altered {
            return;
        }
        let (by_entry, by_name) = match is_there(failure, cause) {
            true => (&mut self.there, &mut self.there_by_name),
            false => (&mut self.by_entry, &mut self.by_name),
        };
        if let Some(entry) = failure.entry {
            by_entry.entry(entry).or_insert_with(|| cause.clone());
        }
        if let Some(parts) = made_by(statement) {
            if let Some(name) = parts.last() {
                by_name.entry(name.clone()).or_insert_with(|| cause.clone());
            }
            if parts.len() > 1 {
                by_name.entry(parts.join(".")).or_insert_with(|| cause.clone());
            }
        }
    }

    /// The key that a view groups by and that was not made, by the tables that its statement names.
    fn key_named_in(&self, statement: &str) -> Option<&Cause> {
        let is_named = |name: &str| {
            statement.match_indices(name).any(|(at, _)| {
                let is_part = |c: char| c.is_alphanumeric() || c == '_';
                !statement[..at].ends_with(is_part) && !statement[at + name.len()..].starts_with(is_part)
            })
        };
        let mut named: Vec<(&String, &Cause)> = self.keys.iter().filter(|(name, _)| is_named(name)).collect();
        named.sort();
        named.first().map(|(_, cause)| *cause)
    }

    /// The cause of an object's absence, by the name that the server gives it.
    fn of_name(&self, name: &str) -> Option<&Cause> {
        self.by_name.get(name)
    }
}

/// Whether it is another server's connection that failed, and not the restore's: `could not connect to the publisher: …`, `could
/// not connect to server "s"` of postgres_fdw.
pub(super) fn is_of_elsewhere(failure: &Failure) -> bool {
    failure.message.starts_with("could not connect to ")
}

/// Whether a statement was cancelled by the client that ran it.
pub(super) fn is_of_other_worker(failure: &Failure) -> bool {
    failure.is("57014") && failure.message == "canceling statement due to user request"
}

/// Whether a failure says that what it would make is there. A type of the same name is not the table (heap_create_with_catalog in
/// heap.c), and what failed only because another object is there is not there itself.
fn is_there(failure: &Failure, cause: &Cause) -> bool {
    let says_so =
        ["42710", "42P07", "42P06", "42P04", "42723", "2BP01", "55006", "23505"].iter().any(|state| failure.is(state));
    let statement = failure.statement.as_deref().unwrap_or_default().trim_start();
    let of_type = ["CREATE TYPE ", "CREATE DOMAIN "].iter().any(|verb| statement.starts_with(verb));
    let is_type = failure.message.starts_with("type \"") && !of_type;
    cause.is(Name::ObjectExists) && says_so && !is_type
}

/// Whether what a failure misses is a part of an object that is there, or its kind: undefined column; datatype mismatch, wrong
/// object type; a key that is not there, or twice; a state that it is not in.
fn misses_a_part(failure: &Failure) -> bool {
    ["42703", "42804", "42809", "42830", "42P16", "55000"].iter().any(|state| failure.is(state))
}

/// Whether a failure only follows from an earlier one, and which cause that had.
pub(super) fn consequence_of(failure: &Failure, own: &Cause, archive: &Entries, earlier: &Earlier) -> Option<Cause> {
    if !own.kind().may_follow {
        return None;
    }
    // in_failed_sql_transaction: everything in the transaction waits for its end.
    if failure.is("25P02") {
        return earlier.before.clone();
    }
    // query_canceled: pg_restore with several jobs cancels what its other workers do when one of them ends it (ShutdownWorkersHard
    // in parallel.c). That is no cause of its own, wherever it stands.
    if is_of_other_worker(failure) {
        return earlier.of_client.clone().or_else(|| earlier.ended.clone());
    }
    let rows_as_sql = is_of_rows(failure);
    // Undefined table, object, function, column, schema, database; datatype mismatch, wrong object type; a foreign key
    // without the key that it refers to; an invalid definition, a materialized view that is not filled, a view that groups by
    // a key.
    const MISSES: [&str; 12] =
        ["42P01", "42704", "42883", "42703", "3F000", "3D000", "42804", "42809", "42830", "42P16", "55000", "42803"];
    // invalid_parameter_value: a parameter that names what is not there.
    let names_nothing = failure.is("22023") && own.is(Name::DependencyMissing);
    let misses_something =
        MISSES.iter().any(|state| failure.is(state)) || names_nothing || own.is(Name::LibraryNotPreloaded);
    let statement = failure.statement.as_deref().unwrap_or_default().trim_start();
    // What is refused of an object that is there already is so because it is another one than the dump's.
    if own.is(Name::PermissionDenied) || own.is(Name::SchemaNotWritable) {
        return of_another(failure, own, archive, earlier);
    }
    // pg_restore says that a worker has died beside what the server says of its end.
    if own.is(Name::ClientFailed) && is_of_worker(&failure.message) {
        return earlier.ended.clone().or_else(|| earlier.before.clone());
    }
    // What depends on what the dump drops is there for that drop's own cause; and a key twice for its table's.
    if own.is(Name::ObjectExists) && !failure.is("42P16") {
        return None;
    }
    // foreign_key_violation: rows that point to those of a table whose COPY failed, or that triggers look at which should
    // have been off.
    if failure.is("23503") {
        let table = table_of(failure).filter(|_| !statement.starts_with("ALTER "));
        let kept = table.and_then(|(schema, table)| earlier.triggers.get(&format!("{schema}.{table}")));
        let lost = || referenced_table(failure).or_else(|| failure.referenced.clone());
        let of_lost = |table: String| earlier.of_name(&table).or_else(|| earlier.there_by_name.get(&table));
        return kept.or_else(|| lost().and_then(of_lost)).cloned();
    }
    if !rows_as_sql && !misses_something {
        return None;
    }
    if let Some(entry) = failure.entry {
        // What an archive's entry makes is then altered: ALTER … OWNER TO.
        if let Some(cause) = earlier.by_entry.get(&entry) {
            return Some(cause.clone());
        }
        if let Some(cause) = archive.failed_dependency(entry, &earlier.by_entry) {
            return Some(cause);
        }
        if misses_a_part(failure)
            && let Some(cause) = archive.of_another(entry, &earlier.there)
        {
            return Some(cause);
        }
    }
    if rows_as_sql {
        return earlier.rows_of.clone().filter(|_| failure.entry.is_none());
    }
    if failure.is("42830") {
        let table = failure.quoted().unwrap_or_default();
        let qualified = referenced_table(failure);
        return qualified.and_then(|name| earlier.keys.get(&name)).or_else(|| earlier.keys.get(table)).cloned();
    }
    if failure.is("42803") {
        return earlier.key_named_in(statement).cloned();
    }
    let routine = ["function ", "procedure ", "aggregate ", "operator "];
    let routine = routine.iter().find_map(|kind| failure.message.strip_prefix(kind)?.split('(').next());
    // `collation "c" for encoding "UTF8" does not exist`: the name can hold quotes, or others can follow it.
    let first = failure.message.split('"').nth(1);
    let last = failure.message.rsplit('"').nth(1).filter(|_| names_nothing);
    let named: Vec<&str> = [failure.quoted(), first, routine, last].into_iter().flatten().collect();
    if let Some(cause) = named.iter().find_map(|name| earlier.of_name(name)) {
        return Some(cause.clone());
    }
    if misses_a_part(failure)
        && let Some(cause) = named.iter().find_map(|name| earlier.there_by_name.get(*name))
    {
        return Some(cause.clone());
    }
    // A type, function or operator that nothing in the dump creates: an extension would have brought it. Which one, only its
    // name can show, unless there is just one.
    if failure.is("42704") || failure.is("42883") || names_nothing {
        let has_its_name = |cause: &&Cause| {
            named.iter().any(|name| name.rsplit('.').next().is_some_and(|last| last.contains(&*cause.subject.text())))
        };
        let by_name = earlier.extensions.iter().find(has_its_name);
        let only = earlier.extensions.first().filter(|_| earlier.extensions.len() == 1);
        return by_name.or(only).cloned();
    }
    None
}

/// What was refused of an object that could not be created because it is there already: by its entry or what that depends on,
/// and in a script by its name. That a schema is there explains only what is refused of the schema itself.
fn of_another(failure: &Failure, own: &Cause, archive: &Entries, earlier: &Earlier) -> Option<Cause> {
    let of_schema = own.is(Name::SchemaNotWritable) || failure.message.contains(" schema ");
    let is_meant = |id: &i32| of_schema || archive.get(*id).is_none_or(|entry| entry.desc != tag::SCHEMA);
    let there: HashMap<i32, Cause> =
        earlier.there.iter().filter(|(id, _)| is_meant(id)).map(|(id, cause)| (*id, cause.clone())).collect();
    let by_entry =
        failure.entry.and_then(|entry| there.get(&entry).cloned().or_else(|| archive.failed_dependency(entry, &there)));
    let by_name = || earlier.there_by_name.get(&*own.subject.text()).cloned();
    let altered = || {
        let (schema, table) = table_of(failure)?;
        earlier.there_by_name.get(&format!("{schema}.{table}")).cloned()
    };
    by_entry.or_else(|| if own.is(Name::SchemaNotWritable) { by_name() } else { altered() })
}

/// `a worker process died unexpectedly`, `worker process failed: exit code 1` (parallel.c in src/bin/pg_dump, PostgreSQL 13
/// to 18), and what libpq says when the server ends a session.
fn is_of_worker(message: &str) -> bool {
    let of_worker = message.contains("worker process died") || message.contains("worker process failed");
    of_worker
        || message.contains("server closed the connection unexpectedly")
        || message.contains("connection to server was lost")
}

/// What psql says when it takes rows for statements, because the COPY before them failed.
fn is_of_rows(failure: &Failure) -> bool {
    failure.is("42601") || failure.message.starts_with("backslash commands are restricted")
}

/// The kind of what is no statement, such as rows that psql took for one.
pub const OTHER_TEXT: &str = "other text";

/// The kind of what the client itself complains of, with no statement.
pub const CLIENT: &str = "client";

/// The kind of `ALTER … OWNER TO`, which archives keep with the entry of the object.
pub const OWNER: &str = "owner";

/// What a statement is about, for counting: `TABLE`, `INDEX`, `CONSTRAINT`, `TABLE DATA`, as archives call their entries.
pub(super) fn kind_of(statement: &str) -> String {
    let kind = kind_in(statement);
    // A row that psql took for a statement can begin like one.
    let of_archives = [tag::ACL, tag::FK_CONSTRAINT, tag::SEQUENCE_SET, tag::TABLE_DATA, OWNER, CLIENT];
    let is_known = of_archives.contains(&kind.as_str()) || ObjectKind::words_of_created().contains(&kind.as_str());
    if is_known || is_grammar(&kind) { kind } else { OTHER_TEXT.to_owned() }
}

fn kind_in(statement: &str) -> String {
    let mut words = statement.split_whitespace();
    let first = words.next().unwrap_or_default();
    match first {
        "COPY" | "INSERT" => tag::TABLE_DATA.to_owned(),
        "GRANT" | "REVOKE" => tag::ACL.to_owned(),
        "COMMENT" => tag::COMMENT.to_owned(),
        "ALTER" if statement.contains(" OWNER TO ") => OWNER.to_owned(),
        "ALTER" if statement.contains(" FOREIGN KEY ") => tag::FK_CONSTRAINT.to_owned(),
        "ALTER" if statement.contains(" ADD CONSTRAINT ") => tag::CONSTRAINT.to_owned(),
        "ALTER" if statement.contains(" SET DEFAULT ") => tag::DEFAULT.to_owned(),
        "SELECT" if statement.contains("setval") => tag::SEQUENCE_SET.to_owned(),
        "CREATE" | "ALTER" | "DROP" | "REFRESH" => {
            let skipped = ["OR", "REPLACE", "UNIQUE", "UNLOGGED", "TEMPORARY", "TRUSTED", "PROCEDURAL", "RECURSIVE"];
            let words = words.filter(|word| !skipped.contains(word));
            let fits = |kind: &&&str| kind.split(' ').eq(words.clone().take(kind.split(' ').count()));
            match (ObjectKind::words_of_created().iter().find(fits), words.clone().next()) {
                (Some(kind), _) => (*kind).to_owned(),
                (None, None) => first.to_owned(),
                (None, Some(kind)) => kind.trim_end_matches(';').to_owned(),
            }
        }
        "" => CLIENT.to_owned(),
        word if word.chars().all(|letter| letter.is_ascii_uppercase()) => word.to_owned(),
        // Rows that psql took for statements.
        _ => OTHER_TEXT.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_counted_under_the_names_of_an_archives_entries() {
        for (statement, kind) in [
            ("CREATE TABLE a (b integer)", "TABLE"),
            ("CREATE UNIQUE INDEX a ON b (c)", "INDEX"),
            ("CREATE OR REPLACE FUNCTION a()", "FUNCTION"),
            ("CREATE MATERIALIZED VIEW a AS SELECT 1", "MATERIALIZED VIEW"),
            ("CREATE TEXT SEARCH DICTIONARY a (TEMPLATE = b)", "TEXT SEARCH DICTIONARY"),
            ("CREATE TRUSTED PROCEDURAL LANGUAGE a", "LANGUAGE"),
            ("ALTER TABLE ONLY a ADD CONSTRAINT b PRIMARY KEY (c)", "CONSTRAINT"),
            ("ALTER TABLE ONLY a ADD CONSTRAINT b FOREIGN KEY (c) REFERENCES d(e)", "FK CONSTRAINT"),
            ("ALTER TABLE a OWNER TO b", "owner"),
            ("COPY a (b) FROM stdin", "TABLE DATA"),
            ("GRANT ALL ON TABLE a TO b", "ACL"),
            ("SELECT pg_catalog.setval('a', 1, true)", "SEQUENCE SET"),
            ("17\tvalue", "other text"),
            ("", "client"),
        ] {
            assert_eq!(kind_of(statement), kind, "{statement}");
        }
    }
}
