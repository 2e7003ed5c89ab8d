//! The session's own tables, which are gone with it: whose rows a statement brings that names a table.
//!
//! What goes into one of them is no row of the dump. So a table is taken for one only where the text leaves nothing else: a
//! name with a schema never means one, and it ends with whatever removes it.

use std::collections::HashMap;

use crate::changes::{self, Change, Into};
use crate::lexer::Statement;
use crate::words::Words;

/// How long a table lasts that a statement names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Persistence {
    /// One of the database, which stays.
    Permanent,
    /// One of the session, which goes with it.
    Temporary,
    /// The session has had one of this name, and whether it still has it is not known.
    Unknown,
}

/// Where `search_path` has the session's own schema.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Searched {
    /// Before all others, as it is where nothing is said.
    #[default]
    First,
    /// Named first, so that tables are also made there.
    Made,
    /// Behind another schema.
    Later,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct TempTable {
    /// Whether it is known to be there, and to keep what goes into it.
    is_sure: bool,
    until_commit: bool,
}

type Tables = HashMap<String, TempTable>;

/// Follows the tables of one session.
#[derive(Debug, Default)]
pub(crate) struct TemporaryTables {
    tables: Tables,
    /// What there was when the open transaction began.
    begun: Option<Tables>,
    savepoints: Vec<(String, Tables)>,
    /// Whether there were more of them than are followed.
    more: bool,
    pub(crate) searched: Searched,
}

/// No more tables and savepoints are followed at once: each savepoint keeps all tables.
const MAX_FOLLOWED: usize = 256;

/// The session's own schema, by its alias or by its name.
pub(crate) fn is_own_schema(schema: &str) -> bool {
    schema.strip_prefix("pg_temp").is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}

impl Searched {
    pub(crate) fn of<'s>(mut schemas: impl Iterator<Item = &'s str>) -> Self {
        match schemas.position(is_own_schema) {
            None => Self::First,
            Some(0) => Self::Made,
            Some(_) => Self::Later,
        }
    }
}

impl TemporaryTables {
    pub(crate) fn persistence(&self, schema: Option<&str>, table: &str) -> Persistence {
        match (schema, self.tables.get(table)) {
            (Some(schema), _) if is_own_schema(schema) => Persistence::Temporary,
            (Some(_), _) => Persistence::Permanent,
            (None, None) => {
                if self.more {
                    Persistence::Unknown
                } else {
                    Persistence::Permanent
                }
            }
            (None, Some(own)) if own.is_sure && self.searched != Searched::Later => Persistence::Temporary,
            (None, Some(_)) => Persistence::Unknown,
        }
    }

    /// Whether CREATE makes a table of this name for the session, without saying so.
    pub(crate) fn makes(&self, schema: Option<&str>) -> bool {
        schema.map_or(self.searched == Searched::Made, is_own_schema)
    }

    /// Takes what a statement does to them; to be called once it is done.
    pub(crate) fn statement(&mut self, statement: &Statement) {
        let mut words = Words::of(statement);
        let Some(first) = words.word() else { return };
        match first {
            "create" => self.created(words, statement),
            "select" => self.selected(words),
            "drop" => self.dropped(words),
            "alter" => self.altered(words),
            "discard"
                if words.eat("all").or_else(|| words.eat("temp")).or_else(|| words.eat("temporary")).is_some() =>
            {
                self.tables.clear();
            }
            _ => self.transaction(first, words),
        }
        // A function can make and remove any of them.
        let runs_code = matches!(first, "do" | "call" | "execute" | "select" | "values" | "with" | "drop");
        if runs_code && !self.tables.is_empty() {
            let is_any = |change: &Change| matches!(change, Change::Any { .. });
            if changes::of(statement).iter().any(is_any) {
                self.doubt_all();
            }
        }
    }

    fn add(&mut self, name: String, own: TempTable) {
        if self.tables.len() < MAX_FOLLOWED || self.tables.contains_key(&name) {
            self.tables.insert(name, own);
        } else {
            self.more = true;
        }
    }

    fn doubt_all(&mut self) {
        self.tables.values_mut().for_each(|own| own.is_sure = false);
    }

    /// `CREATE TEMP TABLE t (…) ON COMMIT DROP`
    fn created(&mut self, mut words: Words<'_>, statement: &Statement) {
        if words.eat("or").is_some() {
            let _ = words.eat("replace");
        }
        let _ = words.eat("global").or_else(|| words.eat("local"));
        let says_so = words.eat("temporary").or_else(|| words.eat("temp")).is_some();
        let _ = words.eat("unlogged");
        let _ = words.eat("recursive");
        let Some(kind) = words.word().filter(|kind| matches!(*kind, "table" | "view")) else { return };
        words.if_not_exists();
        let Some((schema, name)) = words.qualified() else { return };
        if !says_so && !self.makes(schema.as_deref()) {
            return;
        }
        let until_commit = words.have(&["on", "commit", "drop"]);
        // Without a BEGIN it is gone at once, unless psql has begun a transaction by itself. What goes into a view goes on.
        let is_sure = kind == "table" && !statement.cut && (!until_commit || self.begun.is_some());
        self.add(name, TempTable { is_sure, until_commit });
    }

    /// `SELECT … INTO TEMP t`
    fn selected(&mut self, words: Words<'_>) {
        if let Some(Into { table: (schema, name), is_own }) = changes::into(words)
            && (is_own || self.makes(schema.as_deref()))
        {
            self.add(name, TempTable { is_sure: true, until_commit: false });
        }
    }

    fn dropped(&mut self, mut words: Words<'_>) {
        if words.eat("table").or_else(|| words.eat("view")).is_none() {
            return;
        }
        words.if_exists();
        while let Some((schema, name)) = words.qualified() {
            if schema.as_deref().is_none_or(is_own_schema) {
                self.remove(schema.as_deref(), &name);
            }
            if words.sign(b',').is_none() {
                return;
            }
        }
    }

    /// `ALTER TABLE t RENAME TO u`
    fn altered(&mut self, mut words: Words<'_>) {
        if words.eat("table").or_else(|| words.eat("view")).is_none() {
            return;
        }
        words.if_exists();
        let _ = words.eat("only");
        let Some((schema, from)) = words.qualified() else { return };
        let _ = words.sign(b'*');
        if schema.as_deref().is_some_and(|schema| !is_own_schema(schema)) || words.eat("rename").is_none() {
            return;
        }
        if let (Some(()), Some(to)) = (words.eat("to"), words.name())
            && let Some(own) = self.remove(schema.as_deref(), &from)
        {
            self.add(to, own);
        }
    }

    /// Takes one out, as far as it is known to be that which is meant.
    fn remove(&mut self, schema: Option<&str>, name: &str) -> Option<TempTable> {
        match self.persistence(schema, name) {
            Persistence::Temporary => self.tables.remove(name),
            Persistence::Permanent => None,
            Persistence::Unknown => self.tables.get(name).copied(),
        }
    }

    /// What a transaction has made is gone where it is taken back, and some of it where it is not.
    fn transaction(&mut self, first: &str, mut words: Words<'_>) {
        match first {
            "begin" | "start" if self.begun.is_none() => {
                (self.begun, self.savepoints) = (Some(self.tables.clone()), Vec::new());
            }
            "commit" | "end" if words.eat("prepared").is_none() => {
                self.tables.retain(|_, own| !own.until_commit);
                self.ended(words);
            }
            "savepoint" => {
                if self.savepoints.len() >= MAX_FOLLOWED {
                    self.savepoints.remove(0);
                }
                let name = words.name().unwrap_or_default();
                self.savepoints.push((name, self.tables.clone()));
            }
            "rollback" if words.have(&["to"]) => {
                if words.skip_to("to").is_some() {
                    let _ = words.eat("savepoint");
                }
                let name = words.name().unwrap_or_default();
                match self.savepoints.iter().rposition(|(savepoint, _)| *savepoint == name) {
                    Some(place) => {
                        self.savepoints.truncate(place + 1);
                        self.tables = self.savepoints[place].1.clone();
                    }
                    None => self.doubt_all(),
                }
            }
            "rollback" | "abort" if words.eat("prepared").is_none() => {
                self.roll_back();
                self.ended(words);
            }
            // Refused where it has touched one of them.
            "prepare" if words.eat("transaction").is_some() => {
                self.roll_back();
                self.ended(words);
            }
            _ => {}
        }
    }

    fn roll_back(&mut self) {
        match self.begun.take() {
            Some(tables) => self.tables = tables,
            // Psql may have begun a transaction by itself.
            None => self.doubt_all(),
        }
    }

    fn ended(&mut self, words: Words<'_>) {
        (self.begun, self.savepoints) = (None, Vec::new());
        if words.have(&["and", "chain"]) {
            self.begun = Some(self.tables.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexer::{Item, Lexer};

    /// Which kind of table `t` is after these statements.
    fn after(text: &str) -> Persistence {
        let mut temporary = TemporaryTables::default();
        let mut lexer = Lexer::of_text(text);
        while let Ok(Some(item)) = lexer.next() {
            if let Item::Statement(statement) = item {
                temporary.statement(&statement);
            }
        }
        temporary.persistence(None, "t")
    }

    #[test]
    fn a_table_of_the_session_is_known_by_what_makes_it() {
        for text in [
            "CREATE TEMP TABLE t (a int);",
            "CREATE LOCAL TEMPORARY TABLE IF NOT EXISTS t (a int);",
            "CREATE TABLE pg_temp.t (a int);",
            "CREATE TEMP TABLE t AS SELECT 1;",
            "SELECT 1 INTO TEMP TABLE t;",
            "CREATE TEMP TABLE u (a int);ALTER TABLE u RENAME TO t;",
            "CREATE TEMP TABLE t (a int);ALTER TABLE t RENAME a TO b;",
            "CREATE TEMP TABLE t (a int);CREATE TABLE public.t (a int);",
            "CREATE TEMP TABLE t (a int);DROP TABLE public.t;",
            "CREATE TEMP TABLE t (a int);ALTER TABLE public.t RENAME TO u;",
            "BEGIN;CREATE TEMP TABLE t (a int) ON COMMIT DROP;",
            "BEGIN;CREATE TEMP TABLE t (a int);COMMIT;",
            "CREATE TEMP TABLE t (a int) ON COMMIT DELETE ROWS;",
            "CREATE TEMP TABLE t (a int);BEGIN;DROP TABLE t;ROLLBACK;",
            "CREATE TEMP TABLE t (a int);SELECT count(*) FROM t;",
        ] {
            assert_eq!(after(text), Persistence::Temporary, "{text}");
        }
    }

    #[test]
    fn a_table_of_the_session_ends_with_what_removes_it() {
        for end in [
            "DROP TABLE t;",
            "DROP TABLE IF EXISTS x, pg_temp.t;",
            "ALTER TABLE t RENAME TO u;",
            "ALTER TABLE IF EXISTS pg_temp.t RENAME TO u;",
            "DISCARD TEMP;",
            "DISCARD ALL;",
        ] {
            assert_eq!(after(&format!("CREATE TEMP TABLE t (a int);{end}")), Persistence::Permanent, "{end}");
        }
        for text in [
            "BEGIN;CREATE TEMP TABLE t (a int) ON COMMIT DROP;COMMIT;",
            "BEGIN;CREATE TEMP TABLE t (a int) ON COMMIT DROP;END AND CHAIN;",
            "BEGIN;CREATE TEMP TABLE t (a int);ROLLBACK;",
            "BEGIN;SAVEPOINT a;CREATE TEMP TABLE t (a int);SAVEPOINT b;ROLLBACK TO SAVEPOINT a;COMMIT;",
        ] {
            assert_eq!(after(text), Persistence::Permanent, "{text}");
        }
    }

    #[test]
    fn what_may_have_ended_is_unknown() {
        for text in [
            "CREATE TEMP TABLE t (a int);DO $$BEGIN DROP TABLE t; END$$;",
            "CREATE TEMP TABLE t (a int);SELECT clean();",
            "CREATE TEMP TABLE t (a int);DROP OWNED BY x;",
            "CREATE TEMP TABLE t (a int) ON COMMIT DROP;",
            "CREATE TEMP TABLE t (a int);ROLLBACK;",
            "CREATE TEMP VIEW t AS SELECT * FROM u;",
        ] {
            assert_eq!(after(text), Persistence::Unknown, "{text}");
        }
        let many: String = (0..=MAX_FOLLOWED).map(|number| format!("CREATE TEMP TABLE u{number} (a int);")).collect();
        assert_eq!(after(&many), Persistence::Unknown);
    }

    #[test]
    fn a_name_with_a_schema_means_the_sessions_table_by_that_alone() {
        let mut temporary = TemporaryTables::default();
        temporary.tables.insert("t".into(), TempTable { is_sure: true, until_commit: false });
        assert_eq!(temporary.persistence(Some("public"), "t"), Persistence::Permanent);
        assert_eq!(temporary.persistence(Some("pg_temp"), "t"), Persistence::Temporary);
        assert_eq!(temporary.persistence(Some("pg_temp_3"), "never"), Persistence::Temporary);
        temporary.searched = Searched::of(["public", "pg_temp"].into_iter());
        assert_eq!(temporary.persistence(None, "t"), Persistence::Unknown);
        assert_eq!(Searched::of(["pg_temp", "public"].into_iter()), Searched::Made);
        assert_eq!(Searched::of(["public"].into_iter()), Searched::First);
    }
}
