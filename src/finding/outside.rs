//! What only the network or the host's files can answer: a materialized view over a foreign table is filled by asking its
//! server, which a sandbox cannot reach. That says nothing about the dump, so it is no finding; it is untested.

use std::collections::BTreeSet;

use pgdump_reader::{Declared, Word, statements, tag};

use super::Failure;
use super::mask::Mask;
use super::qualified::{name_at, relation_at};
use crate::cluster::sql::identifier;

/// A materialized view that could not be filled here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfilled {
    pub database: Option<String>,
    pub schema: String,
    pub name: String,
    pub why: UnfilledReason,
}

/// Why it could not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnfilledReason {
    /// It reads from this server, where that is known.
    Server(Option<String>),
    /// It reads this other view, which is not filled.
    View(String),
}

impl Unfilled {
    /// For people, in words that may be shown.
    pub fn reason(&self, mask: &Mask<'_>) -> String {
        let view = format!("materialized view {}.{}", mask.name(&self.schema), mask.name(&self.name));
        match &self.why {
            UnfilledReason::Server(Some(server)) => {
                format!(
                    "{view} is not filled: it reads from server {:?}, which no sandbox can reach",
                    mask.name(server)
                )
            }
            UnfilledReason::Server(None) => {
                format!("{view} is not filled: it reads from outside of its database, which no sandbox can reach")
            }
            UnfilledReason::View(other) => format!(
                "{view} is not filled: it reads materialized view {:?}, which cannot be filled in a sandbox",
                mask.name(other)
            ),
        }
    }
}

/// Takes the failures that are of this kind out of the others.
pub fn apart<'f>(failures: &'f [Failure], declared: &[Declared]) -> (Vec<&'f Failure>, Vec<Unfilled>) {
    let (mut others, mut unfilled): (Vec<&Failure>, Vec<Unfilled>) = (Vec::new(), Vec::new());
    for failure in failures {
        match of(failure, declared, &unfilled) {
            Some(view) => unfilled.push(view),
            None => others.push(failure),
        }
    }
    (others, unfilled)
}

fn of(failure: &Failure, declared: &[Declared], earlier: &[Unfilled]) -> Option<Unfilled> {
    let (schema, name) = refreshed(failure.statement.as_deref()?)?;
    let why = if is_of_outside(failure) {
        let said =
            failure.message.strip_prefix("could not connect to server \"").and_then(|rest| rest.strip_suffix('"'));
        let server = said.map(str::to_owned);
        UnfilledReason::Server(server.or_else(|| server_below(&schema, &name, failure.database.as_deref(), declared)))
    } else {
        // object_not_in_prerequisite_state: `materialized view "x" has not been populated`.
        let other =
            failure.quoted().filter(|_| failure.is("55000") && failure.message.ends_with("has not been populated"))?;
        let is_earlier = |view: &&Unfilled| view.name == other && view.database == failure.database;
        UnfilledReason::View(earlier.iter().find(is_earlier)?.name.clone())
    };
    Some(Unfilled { database: failure.database.clone(), schema, name, why })
}

/// The view of `REFRESH MATERIALIZED VIEW public.v`.
fn refreshed(statement: &str) -> Option<(String, String)> {
    let rest = statement.trim_start().strip_prefix("REFRESH MATERIALIZED VIEW ")?;
    relation_at(rest.strip_prefix("CONCURRENTLY ").unwrap_or(rest))
}

/// Whether it is another server, a file of the host or a program that does not answer.
fn is_of_outside(failure: &Failure) -> bool {
    let message = failure.message.as_str();
    match failure.sqlstate.as_deref().unwrap_or_default() {
        // sqlclient_unable_to_establish_sqlconnection (postgres_fdw, dblink), fdw_unable_to_establish_connection (others).
        "08001" | "HV00N" => true,
        // undefined_file: `could not open file "/x" for reading` of file_fdw (BeginCopyFrom in src/backend/commands/copyfrom.c).
        // The server's own files have names without a leading slash.
        "58P01" | "42501" => message.starts_with("could not open file \"/") && message.contains(" for reading"),
        // external_routine_exception: `program "curl …" failed` (ClosePipeFromProgram in the same file).
        "38000" => message.starts_with("program \"") && message.ends_with(" failed"),
        _ => false,
    }
}

/// The server of the first foreign table that a view reads, directly or through other views and partitions.
fn server_below(schema: &str, name: &str, database: Option<&str>, declared: &[Declared]) -> Option<String> {
    const KINDS: [&str; 6] =
        [tag::MATERIALIZED_VIEW, tag::VIEW, tag::FOREIGN_TABLE, tag::TABLE, tag::TABLE_ATTACH, tag::FUNCTION];
    let of_database = |object: &&Declared| {
        KINDS.contains(&object.desc.as_str()) && (object.database.is_none() || object.database.as_deref() == database)
    };
    let objects: Vec<&Declared> = declared.iter().filter(of_database).collect();
    let mut seen = BTreeSet::new();
    let mut open = vec![(schema.to_owned(), name.to_owned())];
    while let Some(next) = open.pop() {
        if !seen.insert(next.clone()) {
            continue;
        }
        let (schema, name) = &next;
        let is_it = |object: &&&Declared| {
            object.schema.as_deref() == Some(schema) && object.tag.split('(').next() == Some(name.as_str())
        };
        for object in objects.iter().filter(is_it) {
            if object.desc == tag::FOREIGN_TABLE {
                return server_of(&object.definition);
            }
            let reads = |other: &&&Declared| {
                let (schema, name) = (other.schema.as_deref().unwrap_or_default(), other.tag.split('(').next());
                name.is_some_and(|name| names(&object.definition, schema, name))
            };
            let read = objects.iter().filter(reads);
            open.extend(read.filter_map(|other| {
                Some((other.schema.clone()?, other.tag.split('(').next().unwrap_or_default().to_owned()))
            }));
        }
        // What is attached to a partitioned table is named by the statement that attaches it.
        for attached in objects.iter().filter(|object| object.desc == tag::TABLE_ATTACH) {
            let Some((parent, part)) = attached.definition.split_once(" ATTACH PARTITION ") else { continue };
            let parent = parent.trim().strip_prefix("ALTER TABLE ONLY ").and_then(name_at);
            if parent == Some(vec![schema.clone(), name.clone()])
                && let Some([schema, name]) = name_at(part).as_deref()
            {
                open.push((schema.clone(), name.clone()));
            }
        }
    }
    None
}

/// Whether a definition names an object with its schema, as pg_dump does.
fn names(definition: &str, schema: &str, name: &str) -> bool {
    let plain = |part: &str| match part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
        true => part.to_owned(),
        false => identifier(part),
    };
    let qualified = format!("{}.{}", plain(schema), plain(name));
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '"';
    definition
        .match_indices(&qualified)
        .any(|(at, _)| !definition[..at].ends_with(is_part) && !definition[at + qualified.len()..].starts_with(is_part))
}

/// `CREATE FOREIGN TABLE … SERVER s …`
fn server_of(definition: &str) -> Option<String> {
    let words = statements(definition).into_iter().next()?;
    words.windows(2).find_map(|pair| match pair {
        [Word::Name(word), Word::Name(server)] if word == "server" => Some(server.clone()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(sqlstate: &str, message: &str, statement: &str) -> Failure {
        Failure {
            sqlstate: Some(sqlstate.into()),
            message: message.into(),
            statement: Some(statement.into()),
            ..Failure::default()
        }
    }

    fn declared(desc: &str, tag: &str, definition: &str) -> Declared {
        Declared {
            database: None,
            desc: desc.into(),
            schema: Some("public".into()),
            tag: tag.into(),
            owner: String::new(),
            tablespace: None,
            access_method: None,
            search_path: None,
            definition: definition.into(),
            id: None,
        }
    }

    #[test]
    fn what_another_server_or_a_file_of_the_host_would_fill_is_no_failure_of_the_dump() {
        let objects = [
            declared(
                "FOREIGN TABLE",
                "hn",
                "CREATE FOREIGN TABLE public.hn (\n    l text\n)\nSERVER \"F l\"\nOPTIONS (\n    filename '/x'\n);\n",
            ),
            declared("VIEW", "v", "CREATE VIEW public.v AS\n SELECT l\n   FROM public.hn;\n"),
            declared(
                "MATERIALIZED VIEW",
                "mvf",
                "CREATE MATERIALIZED VIEW public.mvf AS\n SELECT l\n   FROM public.v\n  WITH NO DATA;\n",
            ),
        ];
        let failures = [
            failure("08001", "could not connect to server \"s\"", "REFRESH MATERIALIZED VIEW public.mv;\n\n\n"),
            failure(
                "55000",
                "materialized view \"mv\" has not been populated",
                "REFRESH MATERIALIZED VIEW public.mv2;",
            ),
            failure(
                "58P01",
                "could not open file \"/x\" for reading: No such file or directory",
                "REFRESH MATERIALIZED VIEW public.mvf;",
            ),
            failure("08001", "could not establish connection", "REFRESH MATERIALIZED VIEW \"Odd\".\"one\";"),
            // These are the dump's, or the server's.
            failure(
                "55000",
                "materialized view \"empty\" has not been populated",
                "REFRESH MATERIALIZED VIEW public.mv3;",
            ),
            failure(
                "58P01",
                "could not open file \"base/5/1\": No such file or directory",
                "REFRESH MATERIALIZED VIEW public.mv4;",
            ),
            failure("22012", "division by zero", "REFRESH MATERIALIZED VIEW public.mv5;"),
            failure("08001", "could not establish connection", "CREATE TABLE public.t (id integer)"),
        ];
        let (others, unfilled) = apart(&failures, &objects);
        assert_eq!(others, failures[4..].iter().collect::<Vec<_>>());
        let found: Vec<(&str, &UnfilledReason)> = unfilled.iter().map(|view| (view.name.as_str(), &view.why)).collect();
        assert_eq!(
            found,
            [
                ("mv", &UnfilledReason::Server(Some("s".into()))),
                ("mv2", &UnfilledReason::View("mv".into())),
                ("mvf", &UnfilledReason::Server(Some("F l".into()))),
                ("one", &UnfilledReason::Server(None)),
            ]
        );
    }

    #[test]
    fn a_foreign_partition_is_below_a_view_of_its_table() {
        let objects = [
            declared("TABLE", "p", "CREATE TABLE public.p (\n    a integer\n)\nPARTITION BY LIST (a);\n"),
            declared(
                "MATERIALIZED VIEW",
                "m",
                "CREATE MATERIALIZED VIEW public.m AS\n SELECT a\n   FROM public.p\n  WITH NO DATA;\n",
            ),
            declared("FOREIGN TABLE", "p1", "CREATE FOREIGN TABLE public.p1 (\n    a integer\n)\nSERVER far;\n"),
            declared("TABLE ATTACH", "p1", "ALTER TABLE ONLY public.p ATTACH PARTITION public.p1 FOR VALUES IN (1);\n"),
        ];
        assert_eq!(server_below("public", "m", None, &objects).as_deref(), Some("far"));
    }
}
