//! Which entry of an archive a failed statement belongs to, and the order of failures.
//!
//! pg_restore names the entry before each error, but its parallel jobs write to one stream, so that a name can stand before
//! another job's error. And jobs fail in the order in which they come to it. The statement decides for certain, and the
//! order in which one job would come to the entries is the same in every run.

use std::cmp::Ordering;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use pgdump_reader::{Archive, ObjectKind, Pass, TocEntry, in_standard_form, tag};

use crate::finding::Failure;

/// Bytes of a statement that are compared; a log can hold fewer than all of it.
const COMPARED: usize = 4000;

/// Gives failures the entry that their statement comes from, where one alone has it. Those of one job stay in the order of
/// time; those of several are put into the order of one job, those without an entry last. Which error is which entry's the
/// client says only where it ran one job; of several jobs it is known which entries failed.
pub fn attribute(failures: &mut [Failure], archive: &Archive, parallel: bool) {
    // `None` where several entries have the same statement.
    let mut owners: HashMap<String, Option<i32>> = HashMap::new();
    for entry in &archive.entries {
        for statement in [&entry.defn, entry.copy_stmt.as_ref().unwrap_or(&entry.defn)] {
            add(&mut owners, statement, entry.id);
        }
        if let Some(object) = entry.drop_stmt.trim().strip_prefix("DROP ").and_then(|rest| rest.strip_suffix(';')) {
            add(&mut owners, &format!("ALTER {object} OWNER TO"), entry.id);
        }
    }
    let named: BTreeSet<i32> = failures.iter().filter_map(|failure| failure.entry).collect();
    for failure in failures.iter_mut() {
        let Some(statement) = failure.statement.as_deref() else { continue };
        let statement = match statement.rsplit_once(" OWNER TO ") {
            Some((alter, _)) if alter.starts_with("ALTER ") => &format!("{alter} OWNER TO"),
            _ => statement,
        };
        let statement = if archive.std_strings == Some(false) { &in_standard_form(statement) } else { statement };
        match owners.get(compared(statement)) {
            Some(Some(entry)) => failure.entry = Some(*entry),
            _ if parallel => failure.entry = None,
            _ => {}
        }
    }
    if !parallel {
        return;
    }
    let places: HashMap<i32, (Pass, usize)> =
        archive.entries.iter().enumerate().map(|(place, entry)| (entry.id, (pass(entry), place))).collect();
    give_those_left(failures, named, &places);
    let place = |failure: &Failure| {
        let place = failure.entry.and_then(|entry| places.get(&entry));
        (place.is_none(), place)
    };
    failures.sort_by(|a, b| {
        // One job runs the statements of an entry in their order; without an entry nothing but the text is the same in
        // every run.
        place(a).cmp(&place(b)).then_with(|| match a.entry {
            None => (&a.statement, &a.message).cmp(&(&b.statement, &b.message)),
            Some(_) => Ordering::Equal,
        })
    });
}

/// Gives failures whose statement the server could not read, and so not log, the entries that the jobs named and no statement
/// explains: in the order of one job where those failures say the same, so that it does not matter which is whose. An entry of
/// several statements is named once, and can fail more than once. Those that say different things keep what the client said.
fn give_those_left(failures: &mut [Failure], mut named: BTreeSet<i32>, places: &HashMap<i32, (Pass, usize)>) {
    for entry in failures.iter().filter(|failure| failure.statement.is_some()).filter_map(|failure| failure.entry) {
        named.remove(&entry);
    }
    let mut without: Vec<&mut Failure> = failures.iter_mut().filter(|failure| failure.statement.is_none()).collect();
    let say_the_same = without.windows(2).all(|two| two[0].message == two[1].message);
    if !say_the_same || named.len() > without.len() {
        return;
    }
    let mut named: Vec<i32> = named.into_iter().collect();
    named.sort_by_key(|entry| places.get(entry));
    let entries = named.into_iter().map(Some).chain(std::iter::repeat(None));
    without.iter_mut().zip(entries).for_each(|(failure, entry)| failure.entry = entry);
}

/// When pg_restore restores an entry: the comment of an event trigger comes after the trigger.
fn pass(entry: &TocEntry) -> Pass {
    let pass = |kind: Option<&ObjectKind>| kind.map_or(Pass::Main, |kind| kind.pass);
    let of_comment =
        || entry.subject().filter(|_| entry.desc == tag::COMMENT).and_then(|(word, _)| ObjectKind::of_sql(word));
    pass(ObjectKind::of_tag(&entry.desc)).max(pass(of_comment()))
}

fn add(owners: &mut HashMap<String, Option<i32>>, statement: &str, id: i32) {
    let statement = compared(statement);
    if statement.is_empty() {
        return;
    }
    match owners.entry(statement.to_owned()) {
        Entry::Vacant(place) => {
            place.insert(Some(id));
        }
        Entry::Occupied(mut place) => {
            if *place.get() != Some(id) {
                place.insert(None);
            }
        }
    }
}

/// What two copies of a statement have in common.
fn compared(statement: &str) -> &str {
    let statement = statement.trim();
    &statement[..statement.floor_char_boundary(COMPARED)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop() -> Archive {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/shop.dump");
        pgdump_reader::open(&path).unwrap().archive().unwrap().clone()
    }

    fn entry<'a>(archive: &'a Archive, desc: &str, tag: &str) -> &'a TocEntry {
        archive.entries.iter().find(|entry| entry.desc == desc && entry.tag == tag).unwrap()
    }

    fn failure(statement: &str, entry: Option<i32>) -> Failure {
        Failure { statement: Some(statement.into()), entry, ..Failure::default() }
    }

    #[test]
    fn a_statement_shows_its_entry_whatever_the_client_said() {
        let archive = shop();
        let policy = entry(&archive, "POLICY", "customers report_counts_all");
        let rows = entry(&archive, "TABLE DATA", "customers");
        let table = entry(&archive, "TABLE", "customers");
        let function = entry(&archive, "FUNCTION", "forget_customer(integer)");
        for (statement, expected) in [
            (format!("{}\n\n", policy.defn), policy.id),
            (rows.copy_stmt.clone().unwrap(), rows.id),
            ("ALTER TABLE shop.customers OWNER TO shop_owner;\n\n".into(), table.id),
            ("ALTER FUNCTION shop.forget_customer(customer integer) OWNER TO shop_owner;".into(), function.id),
        ] {
            let mut failures = [failure(&statement, Some(1))];
            attribute(&mut failures, &archive, false);
            assert_eq!(failures[0].entry, Some(expected), "{statement}");
        }
    }

    #[test]
    fn an_unknown_statement_keeps_the_entry_that_the_client_named() {
        let archive = shop();
        let mut failures = [failure("SELECT 1", Some(7)), failure("SELECT 1", None)];
        attribute(&mut failures, &archive, false);
        assert_eq!(failures.map(|failure| failure.entry), [Some(7), None]);
    }

    #[test]
    fn where_jobs_write_over_each_other_the_client_is_not_believed() {
        let archive = shop();
        let mut failures = [failure("SELECT 2", Some(7)), failure("SELECT 1", Some(8))];
        attribute(&mut failures, &archive, true);
        assert_eq!(failures, [failure("SELECT 1", None), failure("SELECT 2", None)]);
    }

    /// The server cannot log a statement that it cannot read, such as one in characters that the database's encoding lacks.
    #[test]
    fn failures_without_a_statement_get_the_entries_that_the_jobs_named_beside_the_others() {
        let archive = shop();
        let [table, rows] = [entry(&archive, "TABLE", "customers"), entry(&archive, "TABLE DATA", "customers")];
        let grant = entry(&archive, "ACL", "TABLE customers");
        let unread = |entry| Failure { statement: None, message: "no equivalent".into(), ..failure("", Some(entry)) };
        let of_grant = |entry| failure(&grant.defn, Some(entry));
        let in_order = |mut failures: [Failure; 3]| {
            attribute(&mut failures, &archive, true);
            failures.map(|failure| failure.entry)
        };
        let expected = [Some(table.id), Some(rows.id), Some(grant.id)];
        assert_eq!(in_order([unread(table.id), unread(rows.id), of_grant(grant.id)]), expected);
        // Whichever way the messages of the jobs have fallen.
        assert_eq!(in_order([unread(grant.id), unread(rows.id), of_grant(table.id)]), expected);
        // The entry of the table fails twice, and is named once.
        let again = || Failure { entry: None, ..unread(table.id) };
        assert_eq!(in_order([unread(grant.id), again(), of_grant(table.id)]), [Some(table.id), Some(grant.id), None]);
        // Whose is whose matters where they say different things.
        let other = || Failure { message: "another".into(), ..unread(rows.id) };
        assert_eq!(in_order([unread(table.id), other(), of_grant(grant.id)]), expected);
    }

    #[test]
    fn failures_of_several_jobs_come_in_the_order_of_one() {
        let archive = shop();
        let table = entry(&archive, "TABLE", "customers");
        let grant = entry(&archive, "ACL", "TABLE customers");
        let policy = entry(&archive, "POLICY", "customers report_counts_all");
        let failed = [Some(grant.id), None, Some(policy.id), Some(table.id)];
        let mut failures = failed.map(|entry| failure(&archive_statement(&archive, entry), entry));
        attribute(&mut failures, &archive, true);
        assert_eq!(failures.map(|failure| failure.entry), [Some(table.id), Some(policy.id), Some(grant.id), None]);
        // One job's stay where they are.
        let mut failures = failed.map(|entry| failure("", entry));
        attribute(&mut failures, &archive, false);
        assert_eq!(failures.map(|failure| failure.entry), failed);
    }

    fn archive_statement(archive: &Archive, id: Option<i32>) -> String {
        archive.entries.iter().find(|entry| Some(entry.id) == id).map_or("SELECT 1".into(), |entry| entry.defn.clone())
    }
}
