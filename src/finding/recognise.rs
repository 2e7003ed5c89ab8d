//! Which cause one failure has: by SQLSTATE and statement first, by message text last.
//!
//! Messages are English, as the sandbox's server and clients are told (`lc_messages = C`).

use super::{Failure, Name};

/// A cause, and what it is about: failures with the same cause are one finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cause {
    pub name: Name,
    /// A role, an extension, a setting, …; for an unclassified error its SQLSTATE and message.
    pub subject: String,
}

/// The cause of a failure, taken alone.
pub fn recognise(failure: &Failure) -> Cause {
    let (name, subject) = match failure.sqlstate.as_deref() {
        Some(state) => of_server(state, failure),
        None => of_client(failure),
    };
    Cause { name, subject }
}

fn of_server(state: &str, failure: &Failure) -> (Name, String) {
    let message = failure.message.as_str();
    let statement = failure.statement.as_deref().unwrap_or_default().trim_start();
    let quoted = || failure.quoted().unwrap_or_default().to_owned();
    match state {
        // undefined_object: roles, settings and much else.
        "42704" if message.starts_with("role \"") => (Name::RoleMissing, quoted()),
        // invalid_parameter_value: SET SESSION AUTHORIZATION, SET ROLE.
        "22023" if message.starts_with("role \"") && message.ends_with("does not exist") => {
            (Name::RoleMissing, quoted())
        }
        "42704" if message.starts_with("tablespace \"") => (Name::TablespaceMissing, quoted()),
        "22023" if message.starts_with("invalid value for parameter \"default_tablespace\": \"") => {
            (Name::TablespaceMissing, after(message, "\": "))
        }
        // undefined_file: the directory of a new tablespace.
        "58P01" if begins(statement, "CREATE TABLESPACE") => {
            let name = statement.split_whitespace().nth(2).unwrap_or_default();
            (Name::TablespaceMissing, name.trim_matches('"').to_owned())
        }
        // reserved_name.
        "42939" if begins(statement, "CREATE ROLE") => (Name::RoleNameReserved, quoted()),
        "42704" if message.starts_with("unrecognized configuration parameter") => (Name::SettingUnknown, quoted()),
        // feature_not_supported, which is also what an extension without a control file gets; 58P01 undefined_file
        // until PostgreSQL 14.
        "0A000" | "58P01" if begins(statement, "CREATE EXTENSION") => {
            (Name::ExtensionUnavailable, extension(failure).unwrap_or_else(quoted))
        }
        "42501" if begins(statement, "CREATE EXTENSION") => {
            (Name::ExtensionNotAllowed, extension(failure).unwrap_or_else(quoted))
        }
        "42501" => (Name::PermissionDenied, failure.role.clone().unwrap_or_default()),
        // untranslatable_character; the byte sequence differs from row to row, the encodings do not.
        "22P05" => (Name::EncodingUnrepresentable, after(message, "has no equivalent in encoding ")),
        // character_not_in_repertoire.
        "22021" => (Name::EncodingInvalidBytes, quoted()),
        // duplicate_object: a role of pg_dumpall that every cluster has.
        "42710" if begins(statement, "CREATE ROLE") => (Name::RoleExists, quoted()),
        // duplicate table, schema, database, function.
        "42710" | "42P07" | "42P06" | "42P04" | "42723" => (Name::ObjectExists, String::new()),
        // wrong_object_type, invalid_parameter_value: `invalid locale name`, `invalid LC_COLLATE locale name`.
        "42809" | "22023" if begins(statement, "CREATE DATABASE") && message.contains("locale") => {
            (Name::LocaleUnavailable, quoted())
        }
        _ => (Name::UnclassifiedError, format!("{state} {}", shape(message))),
    }
}

fn of_client(failure: &Failure) -> (Name, String) {
    let message = failure.message.as_str();
    let ends =
        ["end of file", "input file is too short", "unexpected end", "could not find block ID", "corrupt", "crc error"];
    if message.starts_with("unsupported version") && message.contains("file header") {
        let version = after(message, "unsupported version (");
        (Name::ClientTooOld, version.split(')').next().unwrap_or_default().to_owned())
    } else if ends.iter().any(|end| message.contains(end)) {
        (Name::DumpTruncated, String::new())
    } else {
        (Name::ClientFailed, shape(message))
    }
}

/// `CREATE EXTENSION [IF NOT EXISTS] name`, as pg_dump writes it.
fn extension(failure: &Failure) -> Option<String> {
    let words = failure.statement.as_deref()?.trim_start().get("CREATE EXTENSION".len()..)?.trim_start();
    let words = words.strip_prefix("IF NOT EXISTS").unwrap_or(words).trim_start();
    match words.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().map(str::to_owned),
        None => words.split([' ', ';', '\n']).next().filter(|name| !name.is_empty()).map(str::to_owned),
    }
}

fn begins(statement: &str, with: &str) -> bool {
    statement.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with))
}

fn after(message: &str, mark: &str) -> String {
    message.split_once(mark).map_or(message, |(_, rest)| rest).trim_matches('"').to_owned()
}

/// A message without the names and numbers in it, so that the same complaint about many objects is one.
fn shape(message: &str) -> String {
    let mut shape = String::new();
    let mut quoted = false;
    for c in message.chars().take(400) {
        match c {
            '"' => {
                quoted = !quoted;
                shape.push(if quoted { '"' } else { '…' });
                if !quoted {
                    shape.push('"');
                }
            }
            _ if quoted => {}
            '0'..='9' if shape.ends_with('#') => {}
            '0'..='9' => shape.push('#'),
            _ => shape.push(c),
        }
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(state: &str, message: &str, statement: &str) -> Cause {
        recognise(&Failure {
            sqlstate: Some(state.into()).filter(|state: &String| !state.is_empty()),
            message: message.into(),
            statement: Some(statement.into()),
            ..Failure::default()
        })
    }

    #[test]
    fn a_missing_role_is_known_by_name() {
        let cause = cause("42704", "role \"a \"quoted\" one\" does not exist", "ALTER TABLE t OWNER TO x");
        assert_eq!((cause.name, cause.subject.as_str()), (Name::RoleMissing, "a \"quoted\" one"));
    }

    #[test]
    fn a_missing_type_is_no_missing_role() {
        assert_eq!(cause("42704", "type \"role\" does not exist", "CREATE TABLE").name, Name::UnclassifiedError);
    }

    #[test]
    fn an_extension_is_named_by_its_statement() {
        let cause = cause(
            "0A000",
            "extension \"vector\" is not available",
            "CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public;",
        );
        assert_eq!((cause.name, cause.subject.as_str()), (Name::ExtensionUnavailable, "vector"));
    }

    #[test]
    fn an_archive_that_is_too_new_is_the_clients_complaint() {
        let cause = cause("", "unsupported version (1.16) in file header", "");
        assert_eq!(cause.name, Name::ClientTooOld);
    }

    #[test]
    fn the_same_complaint_about_two_objects_is_one_cause() {
        let first = cause("42P01", "relation \"a\" does not exist", "");
        assert_eq!(first, cause("42P01", "relation \"b\" does not exist", ""));
        assert_ne!(first, cause("42P01", "missing FROM-clause entry", ""));
    }
}
