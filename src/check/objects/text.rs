//! When the texts of two definitions prove that they are the same.

use std::borrow::Cow;

use pgdump_reader::{Declared, split, tag};

/// Whether two objects are the same by their texts: statement by statement, in whatever order an archive's entry and a script
/// have them. That they are not proves nothing.
pub(super) fn same(one: &Declared, other: &Declared) -> bool {
    one.tablespace.as_deref().unwrap_or_default() == other.tablespace.as_deref().unwrap_or_default()
        && same_access_method(one, other)
        && (one.definition == other.definition || compared(one) == compared(other))
}

/// How rows are kept stands beside the definition, where it is stated at all. A script sets it for what follows, of which only
/// these have one.
fn same_access_method(one: &Declared, other: &Declared) -> bool {
    let has_rows = matches!(one.desc.as_str(), tag::TABLE | tag::MATERIALIZED_VIEW);
    match (&one.access_method, &other.access_method) {
        (Some(one), Some(other)) => !has_rows || one == other,
        _ => true,
    }
}

/// The statements that are compared, in an order of their own.
fn compared(object: &Declared) -> Vec<Cow<'_, str>> {
    let mut statements: Vec<Cow<'_, str>> = split(&object.definition)
        .into_iter()
        .filter(|statement| !is_compared_elsewhere(statement))
        .map(Cow::from)
        .collect();
    if object.desc.ends_with(tag::CONSTRAINT) {
        // That a constraint is not verified is reported by the check of constraints.
        for statement in &mut statements {
            if let Some(verified) = statement.strip_suffix(" NOT VALID") {
                *statement = verified.to_owned().into();
            }
        }
    }
    statements.sort_unstable();
    statements
}

/// Whether row level security is forced is reported by the check of it; what is set for the session is no part of an object.
fn is_compared_elsewhere(statement: &str) -> bool {
    statement.starts_with("SET ") || statement.ends_with(" FORCE ROW LEVEL SECURITY")
}

/// Up to 13 pg_dump wrote `ALTER TABLE … ATTACH PARTITION` with the partition; since 14 it is an entry of its own, `TABLE
/// ATTACH` (commit 9a4c0e36f, "Dump ALTER TABLE ... ATTACH PARTITION as a separate ArchiveEntry").
pub fn with_attachments(objects: Vec<Declared>) -> Vec<Declared> {
    const ATTACH: &str = " ATTACH PARTITION ";
    let mut out = Vec::with_capacity(objects.len());
    for mut object in objects {
        let mut attached = None;
        if matches!(object.desc.as_str(), tag::TABLE | tag::FOREIGN_TABLE)
            && object.definition.contains(ATTACH)
            && let Some(at) = object.definition.rfind("ALTER TABLE ONLY ")
            && object.definition[at..].contains(ATTACH)
        {
            let definition = object.definition.split_off(at);
            attached =
                Some(Declared { desc: tag::TABLE_ATTACH.into(), definition, tablespace: None, ..object.clone() });
        }
        out.push(object);
        out.extend(attached);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_same(desc: &str, one: &str, other: &str) -> bool {
        let object =
            |definition: &str| Declared { desc: desc.into(), definition: definition.into(), ..Declared::default() };
        same(&object(one), &object(other))
    }

    #[test]
    fn only_the_order_and_the_ends_of_statements_make_no_difference() {
        assert!(is_same("TABLE", "CREATE TABLE a ();\nALTER TABLE a B;\n\n", "ALTER TABLE a B;\nCREATE TABLE a ()"));
        assert!(is_same("TABLE", "SET x = y;\nCREATE TABLE a ();\n", "CREATE TABLE a ();\n"));
        assert!(!is_same("POLICY", "CREATE POLICY p USING ((a OR b) AND c)", "CREATE POLICY p USING (a OR (b AND c))"));
        assert!(!is_same("VIEW", "CREATE VIEW v AS SELECT 'a  b'", "CREATE VIEW v AS SELECT 'a b'"));
        assert!(!is_same("VIEW", "CREATE VIEW v AS SELECT a::text", "CREATE VIEW v AS SELECT a"));
        assert!(!is_same("VIEW", "CREATE VIEW v AS SELECT current_user", "CREATE VIEW v AS SELECT \"current_user\""));
        assert!(!is_same("FUNCTION", "CREATE FUNCTION f() AS $$a$$", "CREATE FUNCTION f() AS $$b$$"));
    }

    #[test]
    fn what_stands_beside_the_definition_is_compared_too() {
        let table = |method: Option<&str>, tablespace: Option<&str>| Declared {
            desc: "TABLE".into(),
            access_method: method.map(str::to_owned),
            tablespace: tablespace.map(str::to_owned),
            ..Declared::default()
        };
        assert!(same(&table(Some("heap"), None), &table(Some("heap"), Some(""))));
        assert!(same(&table(None, None), &table(Some("heap"), None)));
        assert!(!same(&table(Some("columnar"), None), &table(Some("heap"), None)));
        assert!(!same(&table(None, Some("fast")), &table(None, None)));
    }

    #[test]
    fn what_other_checks_tell_is_left_to_them() {
        let create = "CREATE TABLE a ();\n";
        assert!(is_same("TABLE", &format!("{create}ALTER TABLE ONLY a FORCE ROW LEVEL SECURITY;\n"), create));
        let add = "ALTER TABLE a ADD CONSTRAINT c CHECK (b)";
        assert!(is_same("CHECK CONSTRAINT", &format!("{add} NOT VALID;\n"), &format!("{add};\n")));
        assert!(!is_same("CHECK CONSTRAINT", &format!("{add} NO INHERIT;\n"), &format!("{add};\n")));
    }
}
