//! What a statement needs and does not find, finds already, or finds otherwise: databases, schemas, extensions, libraries,
//! and objects of all kinds.

use pgdump_reader::{Word, statements};

use super::{Named, after, extension, shape};
use crate::finding::{Failure, Name};

/// Failures of `CREATE DATABASE`; `None` for those that have nothing of their own.
pub(super) fn of_database(state: &str, failure: &Failure) -> Option<Named> {
    let message = failure.message.as_str();
    let quoted = || failure.quoted().unwrap_or_default().to_owned();
    Some(match state {
        // `invalid locale name`, `invalid LC_COLLATE locale name`: wrong_object_type, invalid_parameter_value.
        "42809" | "22023" if message.starts_with("invalid") && message.contains("locale") => {
            (Name::LocaleUnavailable, quoted())
        }
        // `encoding "LATIN1" does not match locale "C.UTF-8"` (check_encoding_locale_matches in dbcommands.c).
        "22023" if message.contains(" does not match locale ") => (Name::EncodingLocaleMismatch, message.to_owned()),
        // `new encoding (UTF8) is incompatible with the encoding of the template database (SQL_ASCII)`, and so for
        // collation, LC_CTYPE, locale provider, ICU locale.
        "22023" if message.contains("incompatible with") || message.contains("does not match locale provider") => {
            (Name::TemplateIncompatible, shape(message))
        }
        // syntax_error: `option "locale_provider" not recognized` (createdb in dbcommands.c).
        "42601" if message.starts_with("option \"") => (Name::DatabaseOptionUnknown, quoted()),
        _ => return None,
    })
}

/// Failures of `CREATE EXTENSION`; `None` for those that have nothing of their own.
pub(super) fn of_extension(state: &str, failure: &Failure) -> Option<Named> {
    let message = failure.message.as_str();
    let name = || extension(failure).unwrap_or_else(|| failure.quoted().unwrap_or_default().to_owned());
    Some(match state {
        // `extension "pg_cron" must be installed in schema "pg_catalog"` (CreateExtensionInternal in extension.c).
        "0A000" if message.contains(" must be installed in schema ") => (Name::ExtensionSchemaFixed, name()),
        // Its script asks for a parameter that the library defines.
        "42704" if message.starts_with("unrecognized configuration parameter") => (Name::LibraryNotPreloaded, name()),
        _ if needs_preloading(message) => (Name::LibraryNotPreloaded, name()),
        // pg_cron: `can only create extension in database gis`.
        _ if message.starts_with("can only create extension in database ") => (Name::ExtensionDatabaseFixed, name()),
        // feature_not_supported, which is also what an extension without a control file gets; 58P01 undefined_file
        // until PostgreSQL 14.
        "0A000" | "58P01" => (Name::ExtensionUnavailable, name()),
        // `required extension "x" is not installed`.
        "42704" if message.starts_with("required extension \"") => {
            (Name::ExtensionUnavailable, failure.quoted().unwrap_or_default().to_owned())
        }
        _ => return None,
    })
}

/// What libraries say that have to be there from the server's start on; each has words of its own.
fn needs_preloading(message: &str) -> bool {
    message.contains("shared_preload_libraries") || message.contains(" extension isn't loaded")
}

/// Failures for want of something that the server's files should hold; `None` for others.
pub(super) fn of_library(failure: &Failure) -> Option<Named> {
    let message = failure.message.as_str();
    // `could not access file "$libdir/postgis-1.5": No such file or directory`, `could not find function "f" in file "x"`.
    if message.starts_with("could not access file \"") || message.starts_with("could not load library \"") {
        let file = message.split('"').nth(1).unwrap_or_default();
        return Some((Name::LibraryMissing, file.rsplit('/').next().unwrap_or(file).to_owned()));
    }
    if message.starts_with("could not find function \"") {
        let file = after(message, "\" in file \"");
        return Some((Name::LibraryMissing, file.rsplit('/').next().unwrap_or(&file).to_owned()));
    }
    needs_preloading(message).then(|| (Name::LibraryNotPreloaded, shape(message)))
}

/// Undefined table, column, function, object, schema, database.
const MISSING: [&str; 6] = ["42P01", "42703", "42883", "42704", "3F000", "3D000"];

/// What a statement drops and does not find; `None` for others.
pub(super) fn of_drop(state: &str, statement: &str) -> Option<Named> {
    (MISSING.contains(&state) && drops(statement)).then(|| (Name::NothingToDrop, String::new()))
}

/// What a statement names and does not find.
pub(super) fn of_name(state: &str, failure: &Failure) -> Option<Named> {
    if !MISSING.contains(&state) {
        return None;
    }
    let message = failure.message.as_str();
    let statement = failure.statement.as_deref().unwrap_or_default().trim_start();
    // A body runs, and finds no name that stands there without its schema: the restoring session has an empty search_path.
    if let Some(function) = failure.context.as_deref().and_then(running_function) {
        return Some((Name::SearchPathFunction, function));
    }
    // `data type integer has no default operator class for access method "gist"`: an extension would have brought it.
    if let Some((of, method)) = message.split_once(" has no default operator class for access method ") {
        return Some((Name::DependencyMissing, format!("operator class of {of} for access method {method}")));
    }
    let what = message.split(" does not exist").next().filter(|what| what.len() < message.len())?;
    if state == "3F000" {
        return Some((Name::SchemaMissing, failure.quoted().unwrap_or_default().to_owned()));
    }
    // `column s.consrc`, `relation "pg_pltemplate"`, `function pg_start_backup(unknown)`.
    let named = what.split_once(' ').map_or(what, |(_, name)| name).split('(').next().unwrap_or_default();
    if let Some(gone) = super::gone::gone(state, named.trim_matches('"'), statement) {
        return Some((Name::CatalogChanged, gone));
    }
    Some((Name::DependencyMissing, what.to_owned()))
}

/// Whether a text is one statement that only takes one thing away: `DROP TABLE a`, `ALTER TABLE ONLY a DROP CONSTRAINT b`,
/// `SELECT pg_catalog.lo_unlink('7')`. Of several things, the others stay where they are.
pub(super) fn drops(statement: &str) -> bool {
    let statements = statements(statement);
    let [words] = statements.as_slice() else { return false };
    let name = |at: usize| match words.get(at) {
        Some(Word::Name(name)) => name.as_str(),
        _ => "",
    };
    let mut depth = 0;
    let is_list = words.iter().any(|word| {
        match word {
            Word::Sign(b'(') => depth += 1,
            Word::Sign(b')') => depth -= 1,
            _ => {}
        }
        depth == 0 && *word == Word::Sign(b',')
    });
    match name(0) {
        "drop" => !is_list,
        "alter" => {
            let is_kind = |at: usize| {
                const KINDS: [&str; 11] = [
                    "table",
                    "foreign",
                    "domain",
                    "view",
                    "materialized",
                    "publication",
                    "sequence",
                    "index",
                    "only",
                    "if",
                    "exists",
                ];
                KINDS.contains(&name(at))
            };
            let mut at = 1;
            while is_kind(at) {
                at += 1;
            }
            at += 1;
            while words.get(at) == Some(&Word::Sign(b'.')) {
                at += 2;
            }
            let of_column = at + 1 + usize::from(name(at + 1) == "column");
            !is_list && (name(at) == "drop" || name(at) == "alter" && name(of_column + 1) == "drop")
        }
        "select" => words.len() == 7 && name(3) == "lo_unlink",
        _ => false,
    }
}

/// The function that was running: `PL/pgSQL function public.f(integer) line 3 at RETURN`, `SQL function "f" during
/// inlining`. The first line is the innermost.
fn running_function(context: &str) -> Option<String> {
    context.lines().find_map(|line| {
        if let Some(after) = line.strip_prefix("PL/pgSQL function ") {
            let end = after.find(" line ").or_else(|| after.find(" at ")).unwrap_or(after.len());
            return Some(after[..end].to_owned());
        }
        let after = line.strip_prefix("SQL function \"")?;
        Some(after.split("\" ").next().unwrap_or(after).to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_takes_away_drops() {
        for statement in [
            "DROP INDEX a.b;",
            "drop function f(integer, text) cascade",
            "ALTER TABLE ONLY a.b DROP CONSTRAINT c;",
            "ALTER TABLE \"x ADD y\" DROP CONSTRAINT c",
            "ALTER TABLE a.b ALTER COLUMN c DROP DEFAULT;",
            "ALTER PUBLICATION p DROP TABLE ONLY a.b;",
            "SELECT pg_catalog.lo_unlink('5002');",
        ] {
            assert!(drops(statement), "{statement}");
        }
        for statement in [
            "ALTER TABLE ONLY public.\"a DROP b\" ADD CONSTRAINT c FOREIGN KEY (d) REFERENCES e(f);",
            "ALTER TABLE a ALTER COLUMN b SET DEFAULT f(' DROP ');",
            "ALTER TABLE a OWNER TO \"DROP\"",
            "CREATE TABLE a AS SELECT 1 AS \" DROP \"",
            "DROP TABLE a; CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
            "DROP TABLE a, b",
            "ALTER TABLE a DROP COLUMN b, ALTER COLUMN c TYPE bigint",
            "ALTER TABLE a DROP COLUMN b, ENABLE ROW LEVEL SECURITY",
            "SELECT pg_catalog.lo_unlink(lo) FROM t",
            "",
        ] {
            assert!(!drops(statement), "{statement}");
        }
    }
}
