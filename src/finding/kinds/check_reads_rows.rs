use pgdump_reader::Declared;

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
    fix: "Make the check a trigger in the source, which a restore makes after the rows; or add it after them, in the \
          order that it needs: schema without it, rows, then the check as NOT VALID, and VALIDATE.",
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
    let has_it = |line: &&str| {
        let after = line.split_once("CONSTRAINT ").map(|(_, after)| after.trim_start_matches('"'));
        after.is_some_and(|after| after.starts_with(&*check))
    };
    let of_rows = |object: &&Declared| {
        matches!(object.desc.as_str(), "TABLE" | "DOMAIN" | "CHECK CONSTRAINT" | "DOMAIN CONSTRAINT")
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
