//! What of a dump belongs to the database that is looked at, and who wrote it.

use std::collections::HashMap;

use super::Restored;
use crate::cluster::sql::identifier;
use crate::finding::{Finding, Name, Reference, Severity, Subject};
use crate::postgres::Tool;
use pgdump_reader::{schema_or_public, tag};

/// What the dump declares for the database that is looked at.
pub fn in_database<'a, T>(
    items: &'a [T],
    restored: &'a Restored<'_>,
    database: impl Fn(&T) -> &Option<String> + 'a,
) -> impl Iterator<Item = &'a T> {
    items.iter().filter(move |item| restored.place.is_known_as(database(item).as_deref()))
}

/// The schema of a name, `public` where it is written without one.
pub fn schema_of(schema: &Option<String>) -> String {
    schema_or_public(schema.as_deref()).to_owned()
}

/// Whether the restore has reported the role as missing, which explains all that it should own.
pub fn is_missing(restored: &Restored<'_>, role: &str) -> bool {
    role_missing(restored, role).is_some()
}

fn role_missing<'a>(restored: &'a Restored<'_>, role: &str) -> Option<&'a Finding> {
    let subject = Subject::Role(role.to_owned());
    let is_its = |finding: &&Finding| finding.name == Name::RoleMissing && finding.subject.as_ref() == Some(&subject);
    restored.restore_findings.iter().find(is_its)
}

/// The restore's finding about a missing role that explains what is about these roles: about none but missing ones.
pub fn of_missing_roles<'a>(restored: &Restored<'_>, roles: impl IntoIterator<Item = &'a str>) -> Option<Reference> {
    all_of(roles.into_iter().map(|role| role_missing(restored, role)))
}

/// The restore's finding about a missing role that explains what is wrong with the privileges on these objects: it kept the
/// statements about each of them from running, whole.
pub fn of_refused_privileges(restored: &Restored<'_>, objects: &[String]) -> Option<Reference> {
    let missing = restored.restore_findings.iter().filter(|finding| finding.name == Name::RoleMissing);
    // An entry stands for one object; the first finding that it is of is the cause.
    let mut refused: HashMap<&str, &Finding> = HashMap::new();
    for (finding, hit) in missing.flat_map(|finding| finding.hit().map(move |hit| (finding, hit))) {
        if let Some(object) = hit.strip_prefix(tag::ACL).and_then(|object| object.strip_prefix(' ')) {
            refused.entry(object).or_insert(finding);
        }
    }
    all_of(objects.iter().map(|object| refused.get(object.as_str()).copied()))
}

/// The first of these causes, where each is known.
fn all_of<'a>(mut causes: impl Iterator<Item = Option<&'a Finding>>) -> Option<Reference> {
    let first = causes.next().flatten()?;
    causes.all(|cause| cause.is_some()).then(|| Reference::of(first))
}

/// What to do about what is lost by the script's end.
pub const BY_END: &str = "Fix what the finding about the script's end says, and restore again: they are restored then.";

/// Whether what is missing is known to have come to nothing as the script ended, which a finding of its own reports.
pub fn is_of_end(restored: &Restored<'_>) -> bool {
    restored.restore_findings.iter().any(|finding| matches!(finding.name, Name::TransactionOpen | Name::InputUnread))
}

/// How a difference is reported that no error explains: where there were errors, none of them names it.
pub fn unsaid(restored: &Restored<'_>) -> &'static str {
    let of = |name: Name| restored.restore_findings.iter().any(|finding| finding.name == name);
    if of(Name::TransactionOpen) {
        return "which the transaction that was left open explains";
    }
    if of(Name::TransactionLost) {
        return "which the transaction that was taken back explains";
    }
    if of(Name::InputUnread) {
        return "which the part of the script that psql did not read explains";
    }
    let failed = restored.restore_findings.iter().any(|finding| finding.severity == Severity::Error);
    if failed { "and none of the restore's errors names it" } else { "and no error said so" }
}

/// Whether objects are known to be in other tablespaces: one is missing, which the restore has said, or nobody wants them.
pub fn tablespaces_left_out(restored: &Restored<'_>) -> bool {
    Tool::PgRestore.has(&restored.target.restore.options, "--no-tablespaces")
        || restored.restore_findings.iter().any(|finding| finding.name == Name::TablespaceMissing)
}

/// Whether what the restore did was taken back as a whole, with all that had succeeded: by one transaction around it, or by
/// one of the script's.
pub fn rolled_back(restored: &Restored<'_>) -> bool {
    let one = Tool::PgRestore.has(&restored.target.restore.options, "--single-transaction");
    let is_reported = |finding: &Finding| finding.name == Name::TransactionLost && finding.fails();
    // in_failed_sql_transaction.
    restored.restore_findings.iter().any(is_reported)
        || restored.failures.iter().any(|failure| one || failure.is("25P02"))
}

/// Whether what a finding names as hit is what fills this table: `TABLE DATA public.orders`, or of a script
/// `line 7: COPY public.orders (id) FROM stdin;`.
pub fn fills(object: &str, schema: &str, table: &str) -> bool {
    is_about(object, tag::TABLE_DATA, &["COPY ", "INSERT INTO "], schema, table)
}

/// The same of what makes it.
pub fn makes(object: &str, schema: &str, table: &str) -> bool {
    is_about(object, tag::TABLE, &["CREATE TABLE ", "CREATE UNLOGGED TABLE "], schema, table)
}

fn is_about(object: &str, entry: &str, verbs: &[&str], schema: &str, table: &str) -> bool {
    if object.strip_prefix(entry).is_some_and(|rest| rest.trim_start() == format!("{schema}.{table}")) {
        return true;
    }
    let statement = object.split_once(": ").filter(|(line, _)| line.starts_with("line ")).map(|(_, rest)| rest);
    let Some(rest) = statement.and_then(|said| verbs.iter().find_map(|verb| said.strip_prefix(verb))) else {
        return false;
    };
    let quoted = |part: &str| [part.to_owned(), identifier(part)];
    quoted(schema).iter().any(|schema| {
        quoted(table).iter().any(|table| {
            let after = rest.strip_prefix(schema).and_then(|rest| rest.strip_prefix('.')?.strip_prefix(table.as_str()));
            after.is_some_and(|after| after.starts_with([' ', '\n', '(']))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_and_what_fills_a_table_is_known_by_entry_and_by_statement() {
        assert!(fills("TABLE DATA public.orders", "public", "orders"));
        assert!(fills("line 7: COPY public.orders (id) FROM stdin;", "public", "orders"));
        assert!(fills("line 7: INSERT INTO \"My\".\"Orders\" VALUES (1);", "My", "Orders"));
        assert!(!fills("line 7: COPY public.orders_old (id) FROM stdin;", "public", "orders"));
        assert!(!fills("TABLE public.orders", "public", "orders"));
        assert!(makes("TABLE public.orders", "public", "orders"));
        assert!(makes("line 7: CREATE TABLE public.orders (", "public", "orders"));
        assert!(!makes("TABLE DATA public.orders", "public", "DATA public.orders"));
        assert!(!makes("line 7: CREATE TABLE public.orders_old (", "public", "orders"));
        assert!(!makes("line 7: ALTER TABLE public.orders OWNER TO x;", "public", "orders"));
    }
}
