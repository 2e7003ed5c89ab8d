//! Which cause one failure has: by SQLSTATE and statement first, by message text last.
//!
//! Messages are English, as the sandbox's server and clients are told (`lc_messages = C`).

mod data;
mod gone;
mod objects;
mod privileges;
mod text;

use pgdump_reader::Word;

use super::qualified::name_at;
use super::{Failure, Name};
pub(super) use data::{FUNCTION, running};

/// A cause, and what it is about: failures with the same cause are one finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cause {
    pub name: Name,
    /// A role, an extension, a setting, …; for an unclassified error its SQLSTATE and message.
    pub subject: String,
    /// Who was refused, where that is somebody else than who asked; who wrote the rows that were met; what a check calls.
    pub who: Option<String>,
    /// As whom the statement ran, where the restore acted as another role than it connects as.
    pub acting: Option<String>,
}

impl Cause {
    pub fn new(name: Name, subject: impl Into<String>) -> Self {
        Self { name, subject: subject.into(), who: None, acting: None }
    }
}

/// The cause of a failure, taken alone.
pub fn recognise(failure: &Failure) -> Cause {
    let (name, subject) = match failure.sqlstate.as_deref() {
        Some(state) => of_server(state, failure),
        None => of_client(failure),
    };
    let statement = failure.statement.as_deref();
    let who = match name {
        Name::SchemaNotWritable => statement.and_then(privileges::new_owner),
        // AlterEventTriggerOwner_internal in event_trigger.c.
        Name::EventTriggerRefused
            if failure.message.starts_with("permission denied to change owner of event trigger") =>
        {
            statement.and_then(privileges::new_owner)
        }
        // Triggers of foreign keys are the server's own (ATExecEnableDisableTrigger in tablecmds.c).
        Name::PermissionDenied
            if statement
                .is_some_and(|text| text.contains(" DISABLE TRIGGER ") || text.contains(" ENABLE TRIGGER ")) =>
        {
            Some("triggers".to_owned())
        }
        Name::SuperuserLost => Some("refused".to_owned()),
        _ => None,
    };
    Cause { who, ..Cause::new(name, subject) }
}

/// A name, and what it is about.
type Named = (Name, String);

fn of_server(state: &str, failure: &Failure) -> Named {
    let message = failure.message.as_str();
    let statement = failure.statement.as_deref().unwrap_or_default().trim_start();
    let quoted = || failure.quoted().unwrap_or_default().to_owned();
    let of_statement = match () {
        () if begins(statement, "CREATE EXTENSION") => objects::of_extension(state, failure),
        () if begins(statement, "CREATE DATABASE") => objects::of_database(state, failure),
        () => None,
    };
    if let Some(found) =
        of_statement.or_else(|| objects::of_library(failure)).or_else(|| objects::of_drop(state, statement))
    {
        return found;
    }
    if failure.voice == super::mask::Voice::Raised {
        return (Name::FunctionRaised, data::running(failure));
    }
    match state {
        // read_only_sql_transaction: `cannot execute CREATE TABLE in a read-only transaction`.
        "25006" => (Name::ServerReadOnly, String::new()),
        // generated_always; invalid_column_reference: `column "x" is a generated column`.
        "428C9" => (Name::GeneratedColumnWritten, quoted()),
        "42P10" if message.ends_with(" is a generated column") => (Name::GeneratedColumnWritten, quoted()),
        // object_in_use, dependent_objects_still_exist: roles that pg_dumpall --clean drops and cannot.
        "55006" if begins(statement, "DROP ") && message.ends_with(" user cannot be dropped") => {
            (Name::RoleExists, dropped_role(statement))
        }
        "2BP01" if begins(statement, "DROP ") && message.ends_with("it is required by the database system") => {
            (Name::RoleExists, dropped_role(statement))
        }
        // What depends on what the dump drops is the target's own; the database that the client is connected to; a template.
        "2BP01" | "55006" | "42809" if begins(statement, "DROP ") => (Name::ObjectExists, String::new()),
        // invalid_table_definition: `multiple primary keys for table "x" are not allowed`.
        "42P16" if message.starts_with("multiple primary keys for table ") => (Name::ObjectExists, String::new()),
        // duplicate_schema: every database has this one. What stands in the same statement is lost with it.
        "42P06" if quoted() == "public" && creates_schema_alone(statement) => (Name::ObjectExists, "public".to_owned()),
        // syntax_error where nothing of SQL begins; rows that psql takes for statements are told by what refused them.
        "42601" if !pgdump_reader::begins_with_command(statement) => (Name::TextInDump, text::speaker(statement)),
        // bad_copy_file_format, or what its first words are to a column: a line of another program's among the rows.
        _ if state.starts_with("22") && text::in_rows(failure) => (Name::TextInDump, text::speaker_in_rows(failure)),
        // grouping_error: a view may name columns that its GROUP BY does not have where that has a primary key.
        "42803" if begins(statement, "CREATE ") && message.contains("must appear in the GROUP BY clause") => {
            (Name::CreatedLater, "the primary key that a view groups by".to_owned())
        }
        // object_not_in_prerequisite_state.
        "55000" if message.ends_with("has not been populated") => (Name::MaterializedViewEmpty, quoted()),
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
        // CREATE LANGUAGE (CreateExtension in extension.c).
        "0A000" if message.starts_with("extension \"") && message.ends_with(" is not available") => {
            (Name::ExtensionUnavailable, quoted())
        }
        "22023" if of_parameter(message).is_some() => of_value(message),
        // undefined_schema: none of the search_path's is there.
        "3F000" if message == "no schema has been selected to create in" => (Name::SchemaMissing, String::new()),
        // undefined_file: the directory of a new tablespace.
        "58P01" if begins(statement, "CREATE TABLESPACE") => {
            let name = statement.get("CREATE TABLESPACE ".len()..).and_then(name_at).and_then(|mut parts| parts.pop());
            (Name::TablespaceMissing, name.unwrap_or_default())
        }
        // feature_not_supported (AlterRole in user.c, from 16 on): `The bootstrap user must have the SUPERUSER attribute.`
        "0A000" if message == "permission denied to alter role" => (Name::SuperuserLost, altered_role(statement)),
        // reserved_name.
        "42939" if begins(statement, "CREATE ROLE") => (Name::RoleNameReserved, quoted()),
        "42939" if begins(statement, "CREATE SCHEMA") => (Name::SchemaReserved, quoted()),
        // pg_tle: `pgtle schema reserved for pg_tle functions`.
        _ if message.contains(" schema reserved for ") => {
            (Name::SchemaReserved, message.split(' ').next().unwrap_or_default().to_owned())
        }
        "42704" if message.starts_with("unrecognized configuration parameter") => (Name::SettingUnknown, quoted()),
        "42501" => privileges::of_refusal(failure),
        // invalid_grant_operation (recursive_grants_check in src/backend/utils/adt/acl.c): a right WITH GRANT OPTION that the
        // restoring role has from the same grantor already.
        "0LP01" if message.ends_with("cannot be granted back to your own grantor") => {
            (Name::PermissionDenied, failure.role.clone().unwrap_or_default())
        }
        // untranslatable_character; the byte sequence differs from row to row, the encodings do not.
        "22P05" => (Name::EncodingUnrepresentable, after(message, "has no equivalent in encoding ")),
        // character_not_in_repertoire.
        "22021" => (Name::EncodingInvalidBytes, quoted()),
        // unique_violation of a catalogue's own index: a large object, or what another session makes at the same time.
        "23505" if of_catalogue(message) && !["COPY ", "INSERT "].iter().any(|verb| begins(statement, verb)) => {
            (Name::ObjectExists, String::new())
        }
        // duplicate_object: a role of pg_dumpall that every cluster has.
        "42710" if begins(statement, "CREATE ROLE") => (Name::RoleExists, quoted()),
        // duplicate table, schema, database, function.
        "42710" | "42P07" | "42P06" | "42P04" | "42723" => (Name::ObjectExists, String::new()),
        // ambiguous_column.
        "42702" => (Name::ColumnAmbiguous, quoted()),
        _ => data::of_rows(state, failure)
            .or_else(|| data::of_resources(state, failure))
            .or_else(|| objects::of_name(state, failure))
            .unwrap_or_else(|| (Name::UnclassifiedError, format!("{state} {}", shape(message)))),
    }
}

fn of_client(failure: &Failure) -> (Name, String) {
    let message = failure.message.as_str();
    let ends =
        ["end of file", "input file is too short", "unexpected end", "could not find block ID", "corrupt", "crc error"];
    // `invalid command \restrict` (exec_command in src/bin/psql/command.c): psql of before the fix of CVE-2025-8714.
    if message.starts_with(r"invalid command \restrict") || message.starts_with(r"invalid command \unrestrict") {
        return (Name::PsqlTooOld, String::new());
    }
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

/// Whether it is `CREATE SCHEMA public` and no more: neither an owner nor what is in it (`CREATE SCHEMA public CREATE TABLE …`).
fn creates_schema_alone(statement: &str) -> bool {
    let is = |word: &Word, name: &str| matches!(word, Word::Name(found) if found == name);
    let statements = pgdump_reader::statements(statement);
    let [words] = statements.as_slice() else { return false };
    matches!(words.as_slice(), [create, schema, _] if is(create, "create") && is(schema, "schema"))
}

/// The role of `DROP ROLE IF EXISTS "x";`.
fn dropped_role(statement: &str) -> String {
    match pgdump_reader::statements(statement).into_iter().next().as_deref() {
        Some([.., Word::Name(role)]) => role.clone(),
        _ => String::new(),
    }
}

/// The role of `ALTER ROLE x WITH …`.
fn altered_role(statement: &str) -> String {
    match pgdump_reader::statements(statement).into_iter().next().as_deref() {
        Some([_, _, Word::Name(role), ..]) => role.clone(),
        _ => String::new(),
    }
}

/// `duplicate key value violates unique constraint "pg_largeobject_metadata_oid_index"` (_bt_check_unique in nbtinsert.c).
fn of_catalogue(message: &str) -> bool {
    let index = message.strip_prefix("duplicate key value violates unique constraint \"pg_");
    index.is_some_and(|index| index.ends_with("_index\""))
}

/// The parameter whose value is refused: `invalid value for parameter "TimeZone": "x"`, `parameter "row_security" requires a
/// Boolean value`, `-5 is outside the valid range for parameter "geqo_seed" (0 .. 1)` (guc.c, PostgreSQL 13 to 18).
fn of_parameter(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("parameter \"")?;
    let is_refused = message.starts_with("invalid value for parameter \"")
        || message.starts_with("parameter \"") && message.contains("\" requires a ")
        || message.contains(" is outside the valid range for parameter \"");
    rest.split('"').next().filter(|_| is_refused)
}

/// What a refused value is about: what it names and the target does not have, where the parameter names something.
fn of_value(message: &str) -> Named {
    let parameter = of_parameter(message).unwrap_or_default();
    let named = message.split_once("\": \"").map(|(_, value)| value.trim_end_matches('"'));
    match (parameter, named) {
        ("default_table_access_method", Some(name)) => (Name::DependencyMissing, format!("access method {name:?}")),
        ("default_text_search_config", Some(name)) => {
            (Name::DependencyMissing, format!("text search configuration {name:?}"))
        }
        _ => (Name::SettingInvalid, parameter.to_owned()),
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
    fn what_stands_beside_the_schema_that_is_there_is_lost() {
        let alone = |statement: &str| cause("42P06", "schema \"public\" already exists", statement).subject == "public";
        assert!(alone("CREATE SCHEMA public;") && alone("create schema \"public\""));
        for statement in [
            "CREATE SCHEMA public AUTHORIZATION x;",
            "CREATE SCHEMA public CREATE TABLE t (a integer);",
            "CREATE SCHEMA public; CREATE SCHEMA other;",
            "DO $$ BEGIN CREATE SCHEMA other; CREATE SCHEMA public; END $$;",
        ] {
            assert!(!alone(statement), "{statement}");
        }
    }

    #[test]
    fn a_name_in_a_statement_is_read_with_its_quotes() {
        let made = "CREATE TABLESPACE \"ts \"\"A\" OWNER pw1 LOCATION '/x';";
        let created = cause("58P01", "directory \"/x\" does not exist", made);
        assert_eq!((created.name, created.subject.as_str()), (Name::TablespaceMissing, "ts \"A"));
        let altered =
            cause("42704", "tablespace \"ts \"A\" does not exist", "ALTER TABLESPACE \"ts \"\"A\" SET (x=1);");
        assert_eq!(altered, created);
        let dropped = cause("55006", "current user cannot be dropped", "DROP ROLE IF EXISTS \"the \"\"one\";");
        assert_eq!((dropped.name, dropped.subject.as_str()), (Name::RoleExists, "the \"one"));
    }

    #[test]
    fn a_missing_type_is_no_missing_role() {
        assert_eq!(cause("42704", "type \"role\" does not exist", "CREATE TABLE").name, Name::DependencyMissing);
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
        let first = cause("42P16", "cannot change name of view column \"a\"", "");
        assert_eq!(first, cause("42P16", "cannot change name of view column \"b\"", ""));
        assert_ne!(first, cause("42P16", "missing FROM-clause entry", ""));
    }

    #[test]
    fn who_may_not_own_in_a_schema_is_told_from_who_may_not_create_in_it() {
        let refused = |statement: &str| cause("42501", "permission denied for schema shop", statement);
        let created = refused("CREATE TABLE shop.t (id integer);");
        assert_eq!((created.name, created.subject.as_str(), created.who), (Name::SchemaNotWritable, "shop", None));
        for (statement, owner) in [
            ("ALTER TABLE shop.t OWNER TO app;", "app"),
            ("ALTER FUNCTION shop.f(a integer, b text) OWNER TO \"the \"\"owner to\"\" x\";", "the \"owner to\" x"),
            ("alter type shop.\"owner to\" owner to App", "app"),
        ] {
            assert_eq!(refused(statement).who.as_deref(), Some(owner), "{statement}");
        }
        assert_eq!(refused("ALTER TABLE shop.t ADD COLUMN owner text;").who, None);
    }

    /// Messages that no server at hand gives, as people have reported them, and those of versions that are not at hand.
    #[test]
    fn recorded_messages_have_their_causes() {
        for (state, message, statement, name) in [
            ("42704", "role \"x\" does not exist", "DROP ROLE x;", "nothing-to-drop"),
            ("42P01", "table \"x\" does not exist", "drop table x;", "nothing-to-drop"),
            ("3D000", "database \"app\" does not exist", "DROP DATABASE app;", "nothing-to-drop"),
            ("3D000", "database \"app\" does not exist", "", "dependency-missing"),
            ("42704", "large object 5002 does not exist", "SELECT pg_catalog.lo_unlink('5002');", "nothing-to-drop"),
            ("42P01", "table \"x\" does not exist", "DROP TABLE x; CREATE ROLE y;", "dependency-missing"),
            (
                "0A000",
                "extension \"plpythonu\" is not available",
                "CREATE OR REPLACE PROCEDURAL LANGUAGE plpythonu;",
                "extension-unavailable",
            ),
            (
                "42704",
                "data type integer has no default operator class for access method \"gist\"",
                "CREATE INDEX i ON t USING gist (a);",
                "dependency-missing",
            ),
            (
                "23505",
                "duplicate key value violates unique constraint \"pg_largeobject_metadata_oid_index\"",
                "SELECT pg_catalog.lo_create('5005');",
                "object-exists",
            ),
            ("40P01", "deadlock detected", "COPY public.p (id) FROM stdin;", "deadlock"),
            (
                "53100",
                "could not resize shared memory segment \"/PostgreSQL.1112019128\" to 63999360 bytes: No space left on device",
                "CREATE INDEX i ON public.t USING btree (a);",
                "shared-memory-too-small",
            ),
            ("", r"invalid command \restrict", "", "psql-too-old"),
            ("", r"invalid command \unrestrict", "", "psql-too-old"),
            ("XX000", "pgtle schema reserved for pg_tle functions", "CREATE FUNCTION pgtle.f()", "schema-reserved"),
            (
                "42704",
                "unrecognized configuration parameter \"default_table_access_method\"",
                "SET x",
                "setting-unknown",
            ),
            (
                "42601",
                "option \"locale\" not recognized",
                "CREATE DATABASE x WITH LOCALE = 'C'",
                "database-option-unknown",
            ),
            (
                "42883",
                "function gen_random_uuid() does not exist",
                "CREATE TABLE public.t (id uuid DEFAULT gen_random_uuid())",
                "dependency-missing",
            ),
            (
                "22023",
                "invalid value for parameter \"default_table_access_method\": \"heap2\"",
                "SET default_table_access_method = heap2;",
                "dependency-missing",
            ),
            ("22023", "invalid value for parameter \"TimeZone\": \"No/Where\"", "SET TimeZone = x", "setting-invalid"),
            ("22023", "parameter \"row_security\" requires a Boolean value", "SET row_security = x", "setting-invalid"),
            (
                "22023",
                "-5 ms is outside the valid range for parameter \"statement_timeout\" (0 ms .. 2147483647 ms)",
                "SET statement_timeout = -5",
                "setting-invalid",
            ),
            ("22023", "invalid value for parameter \"default_tablespace\": \"x\"", "SET x", "tablespace-missing"),
            ("3F000", "no schema has been selected to create in", "CREATE TABLE t (a integer)", "schema-missing"),
            ("42702", "column reference \"wal_records\" is ambiguous", "CREATE VIEW public.v AS", "column-ambiguous"),
            (
                "58P01",
                "could not access file \"$libdir/postgis-1.5\": No such file or directory",
                "CREATE FUNCTION public.st_area(geometry)",
                "library-missing",
            ),
            (
                "XX000",
                "tried calling catalog_get when extension isn't loaded",
                "CREATE TABLE public.t ()",
                "library-not-preloaded",
            ),
            (
                "42501",
                "permission denied to set parameter \"timescaledb.restoring\"",
                "ALTER DATABASE x SET timescaledb.restoring",
                "parameter-refused",
            ),
            (
                "42501",
                "permission denied to grant role \"pg_write_all_data\"",
                "GRANT pg_write_all_data TO app",
                "role-grant-refused",
            ),
            (
                "42501",
                "must be member of role \"postgres\"",
                "ALTER TABLE public.t OWNER TO postgres",
                "owner-not-assignable",
            ),
            (
                "42501",
                "must be superuser to alter superuser roles",
                "ALTER ROLE x WITH SUPERUSER",
                "role-not-creatable",
            ),
            (
                "42501",
                "must be superuser to create FOR ALL TABLES publication",
                "CREATE PUBLICATION p",
                "replication-refused",
            ),
            (
                "0LP01",
                "grant options cannot be granted back to your own grantor",
                "GRANT ALL ON FUNCTION pg_catalog.pg_reload_conf() TO postgres WITH GRANT OPTION",
                "permission-denied",
            ),
            (
                "22023",
                "new encoding (UTF8) is incompatible with the encoding of the template database (SQL_ASCII)",
                "CREATE DATABASE x",
                "template-incompatible",
            ),
            (
                "22023",
                "encoding \"LATIN1\" does not match locale \"C.UTF-8\"",
                "CREATE DATABASE x",
                "encoding-locale-mismatch",
            ),
            ("42809", "invalid locale name: \"en_US.UTF-8\"", "CREATE DATABASE x", "locale-unavailable"),
            (
                "0A000",
                "extension \"pg_cron\" must be installed in schema \"pg_catalog\"",
                "CREATE EXTENSION IF NOT EXISTS pg_cron WITH SCHEMA public;",
                "extension-schema-fixed",
            ),
            (
                "P0001",
                "can only create extension in database gis",
                "CREATE EXTENSION IF NOT EXISTS pg_cron;",
                "extension-database-fixed",
            ),
        ] {
            assert_eq!(cause(state, message, statement).name.as_str(), name, "{message}");
        }
    }
}
