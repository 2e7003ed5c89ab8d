//! Words for what the target lacks, has otherwise, or runs out of, and for rows that it refuses.

use super::Told;
use crate::cluster::sql::{identifier, literal};
use crate::finding::recognise::Cause;
use crate::finding::{Name, Situation};

pub(super) fn title(cause: &Cause) -> Option<String> {
    let subject = &cause.subject;
    Some(match cause.name {
        Name::DependencyMissing => format!("{subject} does not exist when it is needed"),
        Name::SchemaMissing if subject.is_empty() => "no schema of the search_path exists in this target".to_owned(),
        Name::SchemaMissing => format!("schema {subject:?} does not exist in this target"),
        Name::SettingInvalid => format!("the target does not take the dump's value of the parameter {subject:?}"),
        Name::SchemaReserved => format!("schema name {subject:?} is kept by the target"),
        Name::LibraryMissing => format!("the target has no library {subject:?}, or another one of that name"),
        Name::LibraryNotPreloaded => format!("{subject} must be loaded when the server starts"),
        Name::ExtensionSchemaFixed => format!("extension {subject:?} belongs into another schema here"),
        Name::ExtensionDatabaseFixed => format!("extension {subject:?} can only be in another database here"),
        Name::SearchPathFunction => format!("function {subject} names something without its schema"),
        Name::ColumnAmbiguous => format!("column {subject:?} is ambiguous in this target"),
        Name::DatabaseOptionUnknown => format!("CREATE DATABASE has no option {subject:?} in this target"),
        Name::TemplateIncompatible => "the database cannot be made from this template".to_owned(),
        Name::EncodingLocaleMismatch => subject.clone(),
        Name::UniqueViolated => format!("rows of the dump share a key of {subject:?}"),
        Name::ForeignKeyViolated => format!("rows of the dump break the foreign key {subject:?}"),
        Name::CheckViolated => format!("rows of the dump break {subject:?}"),
        Name::FunctionRaised if subject.is_empty() => "a function that the restore runs raised an error".to_owned(),
        Name::FunctionRaised => format!("function {subject}, run by the restore, raised an error"),
        Name::IndexRowTooLarge if subject.is_empty() => "a row is too long for one of its table's indexes".to_owned(),
        Name::IndexRowTooLarge => format!("a row is too long for the index {subject:?}"),
        Name::LocksExhausted => "the server ran out of room for locks".to_owned(),
        Name::SharedMemoryTooSmall => "the server ran out of shared memory in /dev/shm".to_owned(),
        Name::Deadlock => "two sessions of the restore waited for each other".to_owned(),
        Name::NothingToDrop => "the dump drops what an empty target does not have".to_owned(),
        Name::PsqlTooOld => r"this psql does not know \restrict".to_owned(),
        _ => return None,
    })
}

/// What helps where a value is not taken, by the parameter.
fn value_fix(parameter: &str) -> &'static str {
    match parameter.to_ascii_lowercase().as_str() {
        "timezone" | "log_timezone" => {
            "Install the time zone where the server looks for them (the package tzdata or its own files), or set another \
             in the source and dump again."
        }
        "default_toast_compression" => {
            "Use a server that is built with this compression, or set default_toast_compression to pglz in the source and \
             dump again."
        }
        locale if locale.starts_with("lc_") => {
            "Make the locale in the target's system and restart the server, or set another in the source and dump again."
        }
        _ => {
            "See which values the target's version takes, and set one of them where the dump sets this: in its text, or for \
             the role, database or function in the source."
        }
    }
}

pub(super) fn fix(cause: &Cause, situation: &Situation) -> Option<Told> {
    let subject = &cause.subject;
    let target = situation.target;
    let facts = &situation.scan.facts;
    let database = identifier(&target.database.name);
    let told = |fix: &str, commands: &[String]| Some((fix.to_owned(), commands.to_vec()));
    match cause.name {
        Name::DependencyMissing if !facts.tables.is_empty() && !facts.tables.iter().any(|table| table.created) => told(
            "The dump holds data alone: restore its schema first, from a dump of the schema or of both.",
            &["pg_dump --schema-only …   # from the source, restored before the data".into()],
        ),
        Name::DependencyMissing => told(
            "Dump it too (a schema or extension was left out), or make it in the target before the restore; newer versions \
             have functions that older ones get from an extension.",
            &[],
        ),
        Name::SchemaMissing if subject.is_empty() => told(
            "Create the schema that the script's search_path names before the restore, or have the script make it.",
            &[],
        ),
        Name::SettingInvalid => told(value_fix(subject), &[]),
        Name::SchemaMissing => told(
            "Create the schema before the restore, or dump it too.",
            &[format!("CREATE SCHEMA {};", identifier(subject))],
        ),
        Name::SchemaReserved => told(
            "Leave the schema out of the restore where the target brings its own, or rename it in the source.",
            &[],
        ),
        Name::LibraryMissing => told(
            "Its functions were dumped one by one because they belong to no extension. Make them one in the source, or \
             create the extension in the target and leave the loose ones out of the restore.",
            &[],
        ),
        Name::LibraryNotPreloaded => told(
            "Load the library at the server's start, and restart it; in a profile under cluster.settings.",
            &[format!("shared_preload_libraries = '{subject}'")],
        ),
        Name::ExtensionSchemaFixed => told(
            "Create the extension before the restore where it belongs; the dump's IF NOT EXISTS then finds it.",
            &[format!("CREATE EXTENSION {};", identifier(subject))],
        ),
        Name::ExtensionDatabaseFixed => told(
            "Name this database in the extension's own setting and restart the server, or leave the extension out here.",
            &[format!("cron.database_name = {}", literal(&target.database.name))],
        ),
        Name::SearchPathFunction if is_of_extension(subject, situation) => told(
            "The function is an extension's, and pg_dump does not dump what is set for it. Set it in the target once the \
             extension is there, and do the step after the restore.",
            &[format!("ALTER FUNCTION {subject} SET search_path = public, pg_temp;   -- in the target")],
        ),
        Name::SearchPathFunction => told(
            "Give the function a search_path of its own in the source and dump again; or do the step after the restore \
             with the application's search_path.",
            &[format!("ALTER FUNCTION {subject} SET search_path = public, pg_temp;   -- in the source")],
        ),
        Name::ColumnAmbiguous => told(
            "Name the table before the column in the source's definition, or drop what uses it: a newer version has a \
             column of that name in one more table.",
            &[],
        ),
        Name::DatabaseOptionUnknown => told(
            "Create the database yourself with options that the target has, and restore without --create.",
            &[format!("CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8';")],
        ),
        Name::TemplateIncompatible => told(
            "Make the database from template0, which takes every encoding and locale.",
            &[format!("CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8';")],
        ),
        Name::EncodingLocaleMismatch => told(
            "Create the database yourself in UTF8, and restore without --create; or with the locale C, which goes with \
             every encoding.",
            &[format!("CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';")],
        ),
        Name::UniqueViolated => told(
            "Find and mend the rows in the source without its index, which is damaged, REINDEX there, and dump again.",
            &[],
        ),
        Name::ForeignKeyViolated => told(
            "Find and mend the rows in the source, and dump again; or add the key as NOT VALID. Data alone needs \
             --disable-triggers, or schema and data together.",
            &[],
        ),
        Name::CheckViolated => told(
            "Find and mend the rows in the source, and dump again; a check that looks at the time or at other rows \
             belongs into a trigger.",
            &[],
        ),
        Name::FunctionRaised => told(
            "Let the function do without what only the application has (settings, other tables' rows), or do the step \
             that ran it after the restore. Its message can hold values: --show-data shows it.",
            &[],
        ),
        Name::IndexRowTooLarge => told(
            "Index a digest of the column instead, or bound its length in the source.",
            &["CREATE INDEX … ON … (md5(…));   -- in the source".into()],
        ),
        Name::LocksExhausted => told(
            "Raise max_locks_per_transaction and restart the server, or restore in smaller transactions.",
            &["max_locks_per_transaction = 1024".into()],
        ),
        Name::SharedMemoryTooSmall => told(
            "Give the container more of it; in a profile limits.shm. Or build indexes without parallel workers.",
            &["docker run --shm-size=1g …".into(), "SET max_parallel_maintenance_workers = 0;".into()],
        ),
        Name::Deadlock => told(
            "Restore with one job, and keep others out of the database until it is done.",
            &["pg_restore --jobs=1 …".into()],
        ),
        Name::NothingToDrop => {
            told("Nothing was lost. Dump with --clean --if-exists, or without --clean for a new database.", &[])
        }
        Name::PsqlTooOld => {
            told("Use a psql of the newest minor release; nothing else of the script is lost to it.", &[])
        }
        _ => None,
    }
}

/// Whether a function that ran is one that the dump does not make, and that an extension of it may have brought.
fn is_of_extension(function: &str, situation: &Situation) -> bool {
    let name = function.split('(').next().unwrap_or(function);
    let name = name.rsplit('.').next().unwrap_or(name);
    let scan = situation.scan;
    let makes =
        |object: &pgdump_reader::Declared| object.desc == "FUNCTION" && object.tag.split('(').next() == Some(name);
    !scan.declared.is_empty() && !scan.facts.extensions.is_empty() && !scan.declared.iter().any(makes)
}
