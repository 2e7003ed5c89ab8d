use pgdump_reader::tag;

use crate::finding::kind::{Advice, Cause, Kind};
use crate::finding::orphans::ForeignKey;
use crate::finding::qualified::{attaches, referenced_table, table_of};
use crate::finding::refine::Refine;
use crate::finding::rule::{Because, Precedence, Rule};
use crate::finding::{Failure, Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "foreign-key-violated",
    severity: Severity::Error,
    origin: Origin::Dump,
    summary: "Rows reference rows that were not restored.",
    page: include_str!("../../../docs/findings/foreign-key-violated.md"),
    rules: &[
        // foreign_key_violation.
        Rule::new(Precedence::State, &["23503"], |failed| Some(Subject::Constraint(failed.constraint()).into())),
    ],
    refine: Some(|refine, failure, cause| match is_made(failure) {
        true => of_source(refine, failure, of_left_out(refine, failure, cause)),
        false => Cause { because: Some(Because::Order), ..cause },
    }),
    // The rows referred to are there, only not yet.
    blame: |cause, usual| match cause.because {
        Some(Because::Order) => Origin::Restore,
        Some(Because::OfSource) => Origin::Source,
        _ => usual,
    },
    may_follow: true,
    title: Some(|case| match case.because {
        Some(Because::WithoutData(table)) => {
            format!("rows reference rows that the dump leaves out: foreign key {:?}, data of {table}", case.subject)
        }
        Some(Because::Order) => {
            format!(
                "rows are loaded before the rows that they reference: foreign key {:?} already exists",
                case.subject
            )
        }
        _ => format!("rows of the dump violate the foreign key {:?}", case.subject),
    }),
    advice: Some(|case| {
        match case.because {
        Some(Because::WithoutData(_)) => Advice::words(
            "As far as the dump shows, the source is intact: the dump leaves out data that these rows reference (pg_dump \
             --exclude-table-data). Dump with that data, or without the key and the rows that need it, or add the key as \
             NOT VALID.",
        ),
        Some(Because::Order) => Advice::words(
            "The foreign keys existed before the rows. Restore schema and data together, so that keys are created after \
             the rows; or restore the data only, with --disable-triggers and as a superuser.",
        )
        .run("pg_restore --data-only --disable-triggers …"),
        _ => {
            let advice = Advice::words(
                "Find and fix the rows in the source, and dump again; or add the key as NOT VALID. To restore the data only, \
                 use --disable-triggers.",
            );
            // The rows are there, without the key.
            let key = ForeignKey::named(case.context.declared, &case.subject);
            key.into_iter().flat_map(|key| key.ways(case.context.server)).fold(advice, Advice::run)
        }
    }
    }),
    ..Kind::USUAL
};

/// Rows that a key refers to, directly or in a partition, and that the dump was made without.
fn of_left_out(refine: &Refine<'_>, failure: &Failure, cause: Cause) -> Cause {
    let Some(referenced) = referenced_table(failure) else { return cause };
    let declared = refine.situation.scan.declared.iter();
    let attached = declared.filter_map(|object| attaches(&object.definition));
    let attached: Vec<(String, String)> = attached.map(|(parent, part)| (parent.join("."), part.join("."))).collect();
    let mut tables = vec![referenced];
    let mut at = 0;
    while let Some(table) = tables.get(at).cloned() {
        if refine.situation.without_data.contains(&table) {
            return Cause { because: Some(Because::WithoutData(table)), ..cause };
        }
        let parts = attached.iter().filter(|(parent, _)| *parent == table).map(|(_, part)| part.clone());
        let new: Vec<String> = parts.filter(|part| !tables.contains(part)).collect();
        tables.extend(new);
        at += 1;
    }
    cause
}

/// Options that leave out no rows.
const HARMLESS: [&str; 7] = ["--no-owner", "-O", "--no-privileges", "--no-acl", "-x", "--create", "-C"];

/// Whether the dump proves that the source breaks the key too: it is whole, was restored as a whole into a database without
/// rows, and has the rows of both tables, whose keys are the same in every locale.
fn of_source(refine: &Refine<'_>, failure: &Failure, cause: Cause) -> Cause {
    let situation = refine.situation;
    let (Some(archive), Some(own), Some(other)) =
        (situation.dump.archive(), table_of(failure), referenced_table(failure))
    else {
        return cause;
    };
    let restore = &situation.target.restore;
    let is_whole = cause.because.is_none()
        && situation.scan.damage.is_empty()
        && !situation.databases.has_own
        && restore.list.is_none()
        && restore.options.iter().all(|option| HARMLESS.contains(&option.as_str()));
    let own = format!("{}.{}", own.0, own.1);
    let name = |schema: &Option<String>, tag: &str| format!("{}.{tag}", schema.as_deref().unwrap_or_default());
    let is_filled = |table: &String| {
        let mut entries = archive.entries.iter();
        entries.any(|entry| entry.desc == tag::TABLE_DATA && name(&entry.schema, &entry.tag) == *table)
    };
    let by_locale = |table: &String| {
        let mut tables = situation.scan.declared.iter().filter(|object| object.desc == tag::TABLE);
        tables.any(|object| {
            let words = ["citext", "COLLATE"];
            name(&object.schema, &object.tag) == *table && words.iter().any(|word| object.definition.contains(word))
        })
    };
    match is_whole && [&own, &other].into_iter().all(|table| is_filled(table) && !by_locale(table)) {
        true => Cause { because: Some(Because::OfSource), ..cause },
        false => cause,
    }
}

/// Whether a foreign key failed as it was made, after the rows; it was there before them otherwise.
fn is_made(failure: &Failure) -> bool {
    failure.statement.as_deref().unwrap_or_default().trim_start().starts_with("ALTER ")
}
