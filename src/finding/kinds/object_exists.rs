use pgdump_reader::{Word, statements};

use crate::finding::Name;
use crate::finding::kind::{Advice, Cause, Kind};
use crate::finding::qualified::{made_by, schema_and_name, table_of};
use crate::finding::refine::Refine;
use crate::finding::rule::{Because, Known, Precedence, Rule};
use crate::finding::{Failure, Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "object-exists",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The dump creates something that the target already has.",
    page: include_str!("../../../docs/findings/object-exists.md"),
    rules: &[
        // duplicate_schema: every database has this one. What stands in the same statement is lost with it.
        Rule::new(Precedence::Statement, &["42P06"], |failed| {
            let is_alone = failed.quoted() == "public" && creates_schema_alone(failed.statement);
            is_alone.then(|| Subject::Schema("public".into()).into())
        }),
        // invalid_table_definition: `multiple primary keys for table "x" are not allowed`.
        Rule::new(Precedence::Message, &["42P16"], |failed| {
            failed.says("multiple primary keys for table ").then(Known::default)
        }),
        // unique_violation of a catalogue's own index: a large object, or what another session makes at the same time.
        Rule::new(Precedence::Message, &["23505"], |failed| {
            let brings_rows = ["COPY ", "INSERT "].iter().any(|verb| failed.begins(verb));
            (of_catalogue(failed.message) && !brings_rows).then(Known::default)
        }),
        // What depends on what the dump drops is the target's own; the database that the client is connected to; a template.
        Rule::new(Precedence::State, &["2BP01", "55006", "42809"], |failed| {
            failed.begins("DROP ").then(Known::default)
        }),
        // duplicate table, schema, database, function.
        Rule::new(Precedence::State, &["42710", "42P07", "42P06", "42P04", "42723"], |_| Some(Known::default())),
    ],
    refine: Some(of_extension),
    weight: |cause, usual| match cause.because {
        // Every database has it, and what the dump says of it is applied to it.
        None if is_public(&cause.subject) => Severity::Note,
        // The extension has created it, as in the source.
        Some(_) => usual.min(Severity::Warning),
        None => usual,
    },
    may_follow: true,
    title: Some(|case| match case.because {
        None if is_public(case.of) => "schema \"public\" already exists, as in every new database".to_owned(),
        Some(_) => format!("the extension {:?} has created objects that the dump creates again", case.subject),
        None => "objects of the dump already exist in the target".to_owned(),
    }),
    advice: Some(|case| {
        let is_archive = case.context.dump.is_archive();
        let leave_out = |advice: Advice| match is_archive {
            true => advice
                .run("pg_restore -l DUMP > all.list   # put a semicolon before the entries")
                .run("pg_restore -L all.list … DUMP"),
            false => advice,
        };
        match case.because {
            None if is_public(case.of) => Advice::words(
                "Nothing to do: `pg_dump -n public` writes it, and what the dump says of the schema is applied to the \
                 existing one.",
            ),
            Some(_) => leave_out(Advice::words(
                "Nothing is lost: the extension has created it. Leave the entry out if your script stops at errors.",
            )),
            None if case.context.has_own => leave_out(Advice::words(
                "The target has objects of its own here. If they belong to its platform, leave their entries out; if an \
                 earlier restore left them, restore into an empty database.",
            )),
            None if !case.context.target.may_recreate_database() => {
                leave_out(Advice::words("Restore into an empty database, or leave the entries out."))
            }
            None => Advice::words("Restore into an empty database, created from template0.")
                .run(format!("CREATE DATABASE {} TEMPLATE template0;", case.context.database())),
        }
    }),
    ..Kind::USUAL
};

/// Whether it is the schema that every database has from its beginning.
fn is_public(subject: &Subject) -> bool {
    matches!(subject, Subject::Schema(name) if name == "public")
}

/// Whether it is `CREATE SCHEMA public` and no more: neither an owner nor what is in it (`CREATE SCHEMA public CREATE TABLE …`).
fn creates_schema_alone(statement: &str) -> bool {
    let is = |word: &Word, name: &str| matches!(word, Word::Name(found) if found == name);
    let statements = statements(statement);
    let [words] = statements.as_slice() else { return false };
    matches!(words.as_slice(), [create, schema, _] if is(create, "create") && is(schema, "schema"))
}

/// `duplicate key value violates unique constraint "pg_largeobject_metadata_oid_index"` (_bt_check_unique in nbtinsert.c).
fn of_catalogue(message: &str) -> bool {
    let index = message.strip_prefix("duplicate key value violates unique constraint \"pg_");
    index.is_some_and(|index| index.ends_with("_index\""))
}

/// What an extension has created and the dump creates again: pg_dump writes policies and others of an extension's tables.
fn of_extension(refine: &Refine<'_>, failure: &Failure, cause: Cause) -> Cause {
    if cause.subject != Subject::None {
        return cause;
    }
    let made = made_by(failure.statement.as_deref().unwrap_or_default()).and_then(schema_and_name);
    let names = [made, table_of(failure)];
    let of_extension = &refine.situation.databases.of_extension;
    match names.iter().flatten().find_map(|name| of_extension.get(name)) {
        Some(extension) => Cause {
            because: Some(Because::Extension(extension.clone())),
            ..Name::ObjectExists.cause(Subject::Extension(extension.clone()))
        },
        None => cause,
    }
}
