//! What one would not expect of a dump, and should know before one relies on it.

use std::collections::BTreeSet;

use pgdump_reader::{DataState, Dump, Facts, Requirements, Scan, tag};

use crate::counted::{agreeing, counted};
use crate::finding::mask::secrets;

/// Each thing in one sentence.
pub fn of(dump: &Dump, facts: &Facts, scan: Option<&Scan>, requirements: &Requirements) -> Vec<String> {
    let mut unusual = Vec::new();
    let mut say = |is: bool, what: String| unusual.extend(is.then_some(what));
    if dump.is_archive() {
        let piped = dump.entries().iter().any(|entry| entry.data == DataState::Somewhere);
        say(
            piped,
            "it was written to a pipe: its table of contents does not say where the data are, so a restore of one table \
             reads the whole file"
                .into(),
        );
    }
    if let Some(plain) = dump.plain() {
        say(
            !plain.from_pg_dump,
            "it does not begin as pg_dump begins its text: nothing shows whether it is whole".into(),
        );
    }
    let ascii = facts.encoding.as_deref().is_some_and(|encoding| encoding.eq_ignore_ascii_case("SQL_ASCII"));
    say(ascii, "its encoding is SQL_ASCII: what its bytes mean is not known, and no server verifies them".into());
    if facts.encoding.is_none() {
        say(scan.is_some(), "it names no encoding: it is read in that of whoever restores it".into());
    }
    // What a damaged dump lacks may be in the part that is lost.
    let whole = scan.is_none_or(|scan| scan.damage.is_empty());
    let created = facts.tables.iter().filter(|table| table.created).count();
    let with_data = facts.tables.iter().filter(|table| table.has_data).count();
    say(whole && created == 0 && with_data > 0, "it holds data only: the tables must already exist".into());
    let empty = if dump.is_archive() {
        !dump.entries().iter().any(|entry| entry.desc == tag::TABLE_DATA)
    } else {
        // A table without rows has a COPY all the same, but only a full pass sees that it has none.
        scan.is_some_and(|scan| scan.rows.is_empty())
    };
    say(whole && created > 0 && empty, "it holds definitions only, and no rows".into());
    say(
        whole && created > 0 && facts.owners.is_empty(),
        "it names no owners, as with --no-owner: everything will belong to whoever restores it".into(),
    );
    say(
        facts.row_security_on && !facts.row_security.is_empty(),
        format!(
            "it was made under row level security (row_security = on): of {} it may hold a part of the rows",
            counted(facts.row_security.len() as u64, "table")
        ),
    );
    if let Some(scan) = scan {
        if let Some(line) = scan.end.quits {
            say(true, format!("psql stops reading it in line {line} (\\q): what follows is not restored"));
        }
        if let Some(line) = scan.end.open_transaction {
            say(true, format!("it ends inside the transaction that begins in line {line}: what it does there is lost"));
        }
        let unfollowed: Vec<_> = scan.not_followed().collect();
        if let Some(first) = unfollowed.first() {
            let more = match unfollowed.len() {
                1 => String::new(),
                more => format!(", and {} more", more - 1),
            };
            say(true, format!("reading it does not show what it holds: {}{more}", first.label()));
        }
    }
    let inserts = scan.map_or(facts.inserts, |scan| scan.rows.iter().any(|rows| rows.inserts));
    say(inserts, "rows are INSERT statements, which load much slower than COPY".into());
    let bare = without_policy(facts);
    if whole && !bare.is_empty() {
        let tables = counted(bare.len() as u64, "table");
        let (have, first) = (agreeing(bare.len(), "has", "have"), &bare[0]);
        say(true, format!("{tables} {have} row level security and no policy, so only its owner sees rows: {first}"));
    }
    let databases = facts.databases.iter().filter(|name| *name != "template1" && *name != "postgres").count();
    say(databases > 1, format!("it holds {databases} databases: {}", secrets(&facts.databases.join(", "))));
    say(
        requirements.not_looked_into,
        "some definitions are too long and were not looked into: the dump may need more than is said here".into(),
    );
    unusual
}

/// Tables whose row level security is on and that have no policy.
fn without_policy(facts: &Facts) -> Vec<String> {
    let with: BTreeSet<_> =
        facts.policies.iter().map(|policy| (&policy.database, &policy.schema, &policy.table)).collect();
    let bare =
        facts.row_security.iter().filter(|table| !with.contains(&(&table.database, &table.schema, &table.table)));
    bare.map(|table| match &table.schema {
        Some(schema) => format!("{schema}.{}", table.table),
        None => table.table.clone(),
    })
    .collect()
}
