//! Which cause one failure has, taken alone: the first rule of all kinds that knows it.

use std::sync::LazyLock;

use super::kind::Cause;
use super::rule::{FailureView, Known, Rule};
use super::{Failure, Name};

/// All rules, in the order in which they are asked.
static RULES: LazyLock<Vec<(Name, &'static Rule)>> = LazyLock::new(|| {
    let names = Name::ALL.iter().copied();
    let mut rules: Vec<_> = names.flat_map(|name| name.kind().rules.iter().map(move |rule| (name, rule))).collect();
    rules.sort_by_key(|(_, rule)| rule.precedence);
    rules
});

/// The cause of a failure, taken alone.
pub fn recognise(failure: &Failure) -> Cause {
    let failed = FailureView::new(failure);
    let known = RULES.iter().find_map(|(name, rule)| Some((*name, rule.recognise(&failed)?)));
    let (name, Known { subject, because }) = known.unwrap_or((Name::UnclassifiedError, Known::default()));
    Cause { because, ..name.cause(subject) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Because;

    fn failure(state: &str, message: &str, statement: &str) -> Failure {
        Failure {
            sqlstate: Some(state.into()).filter(|state: &String| !state.is_empty()),
            message: message.into(),
            statement: Some(statement.into()),
            ..Failure::default()
        }
    }

    fn cause(state: &str, message: &str, statement: &str) -> Cause {
        recognise(&failure(state, message, statement))
    }

    #[test]
    fn a_missing_role_is_known_by_name() {
        let cause = cause("42704", "role \"a \"quoted\" one\" does not exist", "ALTER TABLE t OWNER TO x");
        assert_eq!((cause.name, &*cause.subject.text()), (Name::RoleMissing, "a \"quoted\" one"));
    }

    #[test]
    fn what_stands_beside_the_schema_that_is_there_is_lost() {
        let alone =
            |statement: &str| cause("42P06", "schema \"public\" already exists", statement).subject.text() == "public";
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
        assert_eq!((created.name, &*created.subject.text()), (Name::TablespaceMissing, "ts \"A"));
        let altered =
            cause("42704", "tablespace \"ts \"A\" does not exist", "ALTER TABLESPACE \"ts \"\"A\" SET (x=1);");
        assert_eq!(altered, created);
        let dropped = cause("55006", "current user cannot be dropped", "DROP ROLE IF EXISTS \"the \"\"one\";");
        assert_eq!((dropped.name, &*dropped.subject.text()), (Name::RoleExists, "the \"one"));
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
        assert_eq!((cause.name, &*cause.subject.text()), (Name::ExtensionUnavailable, "vector"));
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
    fn who_may_not_own_in_a_schema_is_distinguished_from_who_may_not_create_in_it() {
        let refused = |statement: &str| cause("42501", "permission denied for schema shop", statement);
        let created = refused("CREATE TABLE shop.t (id integer);");
        assert_eq!(
            (created.name, &*created.subject.text(), &created.because),
            (Name::SchemaNotWritable, "shop", &None)
        );
        for (statement, owner) in [
            ("ALTER TABLE shop.t OWNER TO app;", "app"),
            ("ALTER FUNCTION shop.f(a integer, b text) OWNER TO \"the \"\"owner to\"\" x\";", "the \"owner to\" x"),
            ("alter type shop.\"owner to\" owner to App", "app"),
        ] {
            assert_eq!(refused(statement).because, Some(Because::Owner(owner.into())), "{statement}");
        }
        assert_eq!(refused("ALTER TABLE shop.t ADD COLUMN owner text;").because, None);
    }

    /// Messages that no server at hand gives, as people have reported them, and those of versions that are not at hand: SQLSTATE,
    /// message, statement, the finding.
    const RECORDED: &[(&str, &str, &str, &str)] = &[
        ("42704", "role \"x\" does not exist", "DROP ROLE x;", "nothing-to-drop"),
        ("42P01", "table \"x\" does not exist", "drop table x;", "nothing-to-drop"),
        ("3D000", "database \"app\" does not exist", "DROP DATABASE app;", "nothing-to-drop"),
        ("3D000", "database \"app\" does not exist", "", "dependency-missing"),
        ("42704", "large object 5002 does not exist", "SELECT pg_catalog.lo_unlink('5002');", "nothing-to-drop"),
        ("42P01", "table \"x\" does not exist", "DROP TABLE x; CREATE ROLE y;", "dependency-missing"),
        (
            "42703",
            "column a.attcacheoff does not exist",
            "CREATE VIEW public.v AS SELECT a.attcacheoff FROM pg_attribute a;",
            "catalog-changed",
        ),
        (
            "42703",
            "column a.mine does not exist",
            "CREATE VIEW public.v AS SELECT a.mine FROM pg_attribute a;",
            "dependency-missing",
        ),
        (
            "42703",
            "column w.wal_write does not exist",
            "CREATE VIEW public.v AS SELECT w.wal_write FROM pg_stat_wal_receiver w;",
            "dependency-missing",
        ),
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
        ("42704", "unrecognized configuration parameter \"default_table_access_method\"", "SET x", "setting-unknown"),
        ("42601", "option \"locale\" not recognized", "CREATE DATABASE x WITH LOCALE = 'C'", "database-option-unknown"),
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
        ("42501", "must be superuser to alter superuser roles", "ALTER ROLE x WITH SUPERUSER", "role-not-creatable"),
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
            "new locale provider (icu) does not match locale provider of the template database (libc)",
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
    ];

    #[test]
    fn recorded_messages_have_their_causes() {
        for (state, message, statement, name) in RECORDED {
            assert_eq!(cause(state, message, statement).name.as_str(), *name, "{message}");
        }
    }

    /// The order of two rules of one place would hang on their kinds' names.
    #[test]
    fn no_two_rules_of_one_place_know_the_same_message() {
        for (state, message, statement, _) in RECORDED {
            let failure = failure(state, message, statement);
            let failed = FailureView::new(&failure);
            let knows = |(_, rule): &&(Name, &Rule)| rule.recognise(&failed).is_some();
            let mut knowing: Vec<_> = RULES.iter().filter(knows).map(|(name, rule)| (rule.precedence, *name)).collect();
            knowing.dedup();
            let places = knowing.windows(2).all(|two| two[0].0 != two[1].0);
            assert!(places, "{message}: {knowing:?}");
        }
    }
}
