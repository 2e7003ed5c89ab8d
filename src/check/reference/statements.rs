//! The statements that make the dump's objects again, in their order.

use pgdump_reader::{Declared, bytes_of, split, tag};

use crate::cluster::sql::{identifier, literal};

/// What is run at a time.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// The object that it creates, by its place among the dump's; `None` where it only sets something.
    pub object: Option<usize>,
    pub sql: String,
}

/// All steps, and the objects that are left out. An entry of an archive is sent as one, as pg_restore does; a script's
/// statements one by one, as psql does.
pub(super) fn steps(dumped: &[&Declared], is_archive: bool, no_tablespaces: bool) -> (Vec<Step>, Vec<usize>) {
    let (mut steps, mut left_out) = (Vec::with_capacity(dumped.len() + 16), Vec::new());
    let mut set = Settings::default();
    let (last, first): (Vec<_>, Vec<_>) =
        dumped.iter().enumerate().partition(|(_, object)| is_of_event_trigger(object));
    // Event triggers come last, as pg_restore creates them (restore_toc_entries_postfork in pg_backup_archiver.c).
    for (index, object) in first.into_iter().chain(last) {
        if matches!(object.desc.as_str(), tag::ACL | tag::DEFAULT_ACL) || object.is_of_database() {
            continue;
        }
        let statements = split(&object.definition);
        if !statements.iter().all(|statement| is_of_database(statement)) {
            left_out.push(index);
            continue;
        }
        set.for_object(object, no_tablespaces, &mut steps);
        if let Some(oid) = object.large_object()
            && oid.bytes().all(|byte| byte.is_ascii_digit())
        {
            let sql = format!("SELECT pg_catalog.lo_create({})", literal(oid));
            steps.push(Step { object: None, sql });
        }
        if is_archive {
            let sql = statements.join(";\n");
            steps.extend((!sql.is_empty()).then_some(Step { object: Some(index), sql }));
        } else {
            steps.extend(
                statements.into_iter().map(|statement| Step { object: Some(index), sql: statement.to_owned() }),
            );
        }
    }
    (steps, left_out)
}

fn is_of_event_trigger(object: &Declared) -> bool {
    let is_remark_on_one = || object.desc == tag::COMMENT && matches!(object.subject(), Some((tag::EVENT_TRIGGER, _)));
    object.desc == tag::EVENT_TRIGGER || is_remark_on_one()
}

/// Whether a statement defines something in its database, and reaches nothing beyond it: other databases and the cluster are
/// as the restore left them, and a subscription must not reach for its publisher (pg_dump writes it so that it does not:
/// dumpSubscription in pg_dump.c).
fn is_of_database(statement: &str) -> bool {
    let mut words = statement.split_whitespace().map(str::to_ascii_lowercase);
    let mut word = || words.next().unwrap_or_default();
    let (first, second, third) = (word(), word(), word());
    match (first.as_str(), second.as_str()) {
        ("create" | "alter", "user") => third == "mapping",
        ("create" | "alter", "role" | "group" | "database" | "tablespace" | "system") => false,
        ("create", "subscription") => statement.to_ascii_lowercase().contains("connect = false"),
        ("create" | "alter" | "comment" | "security", _) => true,
        _ => false,
    }
}

/// Whether a statement creates what objects are created in, or with.
pub(super) fn makes_a_place(statement: &str) -> bool {
    let mut words = statement.split_whitespace().map(str::to_ascii_lowercase);
    words.next().as_deref() == Some("create") && matches!(words.next().as_deref(), Some("schema" | "extension"))
}

/// Whether a statement that pg_dump has not written makes something in its database.
pub(super) fn makes_an_object(statement: &str) -> bool {
    statement.trim_start().get(..7).is_some_and(|start| start.eq_ignore_ascii_case("create "))
        && is_of_database(statement)
}

/// What is set now for the objects that follow.
#[derive(Default)]
struct Settings {
    tablespace: String,
    access_method: Option<String>,
    search_path: Option<std::sync::Arc<str>>,
}

impl Settings {
    fn for_object(&mut self, object: &Declared, no_tablespaces: bool, steps: &mut Vec<Step>) {
        let mut set = |sql: String| steps.push(Step { object: None, sql });
        let tablespace = object.tablespace.as_deref().filter(|_| !no_tablespaces).unwrap_or_default();
        if self.tablespace != tablespace {
            // One that is missing leaves things where they go by default.
            set("SET default_tablespace = ''".into());
            if !tablespace.is_empty() {
                set(format!("SET default_tablespace = {}", identifier(tablespace)));
            }
            tablespace.clone_into(&mut self.tablespace);
        }
        if let Some(method) = &object.access_method
            && self.access_method.as_ref() != Some(method)
        {
            set(format!("SET default_table_access_method = {}", identifier(method)));
            self.access_method = Some(method.clone());
        }
        if self.search_path != object.search_path {
            set(format!("SET search_path = {}", object.search_path.as_deref().unwrap_or("''")));
            self.search_path.clone_from(&object.search_path);
        }
    }
}

/// A statement as the server can take it: what a dump holds in another encoding than the connection's is given in bytes.
pub(super) fn in_encoding(sql: &str, encoding: Option<&str>) -> String {
    let Some(encoding) = encoding.filter(|encoding| !encoding.eq_ignore_ascii_case("UTF8")) else {
        return sql.to_owned();
    };
    if sql.is_ascii() {
        return sql.to_owned();
    }
    let hex: String = bytes_of(sql, encoding).iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "DO $pgrehearse$ BEGIN EXECUTE pg_catalog.convert_from(pg_catalog.decode('{hex}', 'hex'), {}); END $pgrehearse$",
        literal(encoding)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(desc: &str, tag: &str, definition: &str) -> Declared {
        Declared { desc: desc.into(), tag: tag.into(), definition: definition.into(), ..Declared::default() }
    }

    fn sql(dumped: &[Declared], is_archive: bool) -> Vec<String> {
        let dumped: Vec<&Declared> = dumped.iter().collect();
        steps(&dumped, is_archive, false).0.into_iter().map(|step| step.sql).collect()
    }

    #[test]
    fn event_triggers_come_last_and_privileges_not_at_all() {
        let dumped = [
            object("EVENT TRIGGER", "e", "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f();\n"),
            object("TABLE", "t", "CREATE TABLE s.t (a int);\nALTER TABLE s.t ALTER a SET STATISTICS 5;\n"),
            object("ACL", "TABLE t", "GRANT ALL ON TABLE s.t TO x;\n"),
        ];
        let (create, alter) = ("CREATE TABLE s.t (a int)", "ALTER TABLE s.t ALTER a SET STATISTICS 5");
        let event = "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()";
        assert_eq!(sql(&dumped, true), [format!("{create};\n{alter}").as_str(), event]);
        assert_eq!(sql(&dumped, false), [create, alter, event]);
    }

    #[test]
    fn what_reaches_beyond_the_database_is_left_out() {
        for out in [
            "CREATE ROLE x",
            "alter user x superuser",
            "DROP TABLE t",
            "ALTER SYSTEM SET a = 1",
            "CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p",
            "GRANT a TO b",
            "DO 'BEGIN END'",
        ] {
            assert_eq!(sql(&[object("TABLE", "t", out)], false), [""; 0], "{out}");
        }
        for kept in [
            "CREATE USER MAPPING FOR x SERVER s",
            "COMMENT ON TABLE t IS 'x'",
            "CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p WITH (connect = false, slot_name = 's')",
        ] {
            assert_eq!(sql(&[object("TABLE", "t", kept)], false), [kept]);
        }
    }

    #[test]
    fn what_is_set_for_an_object_is_set_where_it_changes() {
        let mut dumped = [object("TABLE", "a", "CREATE TABLE a ()"), object("TABLE", "b", "CREATE TABLE b ()")];
        dumped[0].tablespace = Some("fast".into());
        dumped[0].access_method = Some("heap".into());
        dumped[1].access_method = Some("heap".into());
        dumped[1].search_path = Some("\"s\", pg_catalog".into());
        let set = [
            "SET default_tablespace = ''",
            "SET default_tablespace = \"fast\"",
            "SET default_table_access_method = \"heap\"",
            "CREATE TABLE a ()",
            "SET default_tablespace = ''",
            "SET search_path = \"s\", pg_catalog",
            "CREATE TABLE b ()",
        ];
        assert_eq!(sql(&dumped, true), set);
    }

    #[test]
    fn text_of_another_encoding_is_given_in_its_bytes() {
        assert_eq!(in_encoding("COMMENT 'é'", Some("UTF8")), "COMMENT 'é'");
        assert_eq!(in_encoding("COMMENT 'e'", Some("LATIN1")), "COMMENT 'e'");
        assert!(in_encoding("'é'", Some("LATIN1")).contains("decode('27e927', 'hex'), 'LATIN1')"));
        assert!(in_encoding("'日'", Some("SJIS")).contains("decode('2793fa27', 'hex'), 'SJIS')"));
        assert!(in_encoding("'да'", Some("WIN1251")).contains("decode('27e4e027', 'hex'), 'WIN1251')"));
        assert!(in_encoding("'日'", Some("EUC_TW")).contains("decode('27e697a527', 'hex'), 'EUC_TW')"));
    }
}
