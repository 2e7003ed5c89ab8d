use pgdump_reader::{Declared, tag};

use crate::cluster::sql::identifier;
use crate::finding::Name;
use crate::finding::kind::{Cause, Kind};
use crate::finding::refine::Refine;
use crate::finding::rule::Because;
use crate::finding::{Failure, Origin, Severity};

pub static KIND: Kind = Kind {
    name: "check-reads-rows",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "A check calls a function that reads tables, which are not filled yet when it runs.",
    page: include_str!("../../../docs/findings/check-reads-rows.md"),
    title: Some(|case| {
        let function = match case.because {
            Some(Because::Calls(function)) => function.as_str(),
            _ => "a function",
        };
        format!("check {:?} calls {function}, which reads tables that are not filled yet", case.subject)
    }),
    fix: "Turn the check into a trigger in the source: a restore creates triggers after the rows. Or restore in this \
          order: the schema without the check, the rows, the check as NOT VALID, then VALIDATE.",
    commands: Some(|_| {
        vec!["pg_restore --section=pre-data …   # then DROP the check, --section=data, and add it again".into()]
    }),
    ..Kind::USUAL
};

/// A check that reads other rows holds or not by the order in which rows come.
pub(super) fn of_check(refine: &Refine<'_>, failure: &Failure, cause: Cause) -> Cause {
    let check = cause.subject.text();
    if !failure.is("23514") || check.is_empty() {
        return cause;
    }
    let has_it = |line: &&str| line.split_once("CONSTRAINT ").is_some_and(|(_, after)| is_named(after, &check));
    let table = table_of(&failure.message);
    let of_rows = |object: &&Declared| match object.desc.as_str() {
        tag::TABLE => table.is_none_or(|table| object.tag == table),
        tag::CHECK_CONSTRAINT => table.is_none_or(|table| object.tag == format!("{table} {check}")),
        tag::DOMAIN | tag::DOMAIN_CONSTRAINT => table.is_none(),
        _ => false,
    };
    let declared = refine.situation.scan.declared.iter();
    let mut lines = declared.filter(of_rows).flat_map(|object| object.definition.lines()).filter(has_it);
    match lines.find_map(|line| refine.readers().called_in(line)) {
        Some(function) => Cause {
            because: Some(Because::Calls(function.to_owned())),
            ..Name::CheckReadsRows.cause(cause.subject.clone())
        },
        None => cause,
    }
}

/// Whether what follows `CONSTRAINT` begins with this name.
fn is_named(after: &str, check: &str) -> bool {
    let rest = after.strip_prefix(identifier(check).as_str()).or_else(|| after.strip_prefix(check));
    rest.is_some_and(|rest| rest.starts_with(' '))
}

/// The table of `new row for relation "x" violates check constraint "y"`; of a domain there is none.
fn table_of(message: &str) -> Option<&str> {
    message.strip_prefix("new row for relation \"")?.split_once("\" violates").map(|(table, _)| table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_known_by_its_whole_name_and_its_table() {
        assert!(is_named("positive CHECK ((a > 0))", "positive") && is_named("\"a b\" CHECK (f())", "a b"));
        assert!(!is_named("positive_too CHECK ((a > 0))", "positive") && !is_named("\"a b\" CHECK (f())", "a"));
        assert_eq!(table_of("new row for relation \"t\" violates check constraint \"c\""), Some("t"));
        assert_eq!(table_of("value for domain d violates check constraint \"c\""), None);
    }
}
