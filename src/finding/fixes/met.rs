//! Words for what lies in the dump's order, in what it meets in the target, and in what was written into it.

use super::Told;
use crate::cluster::sql::identifier;
use crate::finding::recognise::Cause;
use crate::finding::refine::ORDER;
use crate::finding::{Name, Situation};

pub(super) fn title(cause: &Cause) -> Option<String> {
    let subject = &cause.subject;
    let who = cause.who.as_deref();
    Some(match cause.name {
        Name::ServerReadOnly => "the restore may change nothing: its session is read-only".to_owned(),
        Name::CreatedLater => format!("{subject} comes only further down in the dump"),
        Name::GeneratedColumnWritten => format!("the dump writes into column {subject:?}, which the server generates"),
        Name::CatalogChanged => format!("the dump uses {subject}"),
        Name::TextInDump if subject.is_empty() => "text that is no SQL stands in the dump".to_owned(),
        Name::TextInDump => format!("text that is no SQL stands in the dump: words of {subject}"),
        Name::SuperuserLost if who == Some("refused") => {
            format!("the script takes superuser from {subject:?}, who made the cluster; the server does not let it")
        }
        Name::SuperuserLost => format!("the script takes superuser from {subject:?}, the role that restores it"),
        Name::RowsCollide => match who {
            Some("before") => format!("rows of the dump collide with rows that were in {subject} before the restore"),
            Some("meanwhile") => {
                format!("rows of the dump collide with rows that something else wrote into {subject} meanwhile")
            }
            _ => format!(
                "rows of the dump collide with rows of {subject} that {} has made",
                who.unwrap_or("something else")
            ),
        },
        Name::PartitionMoved => {
            format!("rows do not belong into the partitions of {subject} that they were dumped from")
        }
        Name::CheckReadsRows => {
            format!(
                "check {subject:?} calls {}, which reads tables that are not filled yet",
                who.unwrap_or("a function")
            )
        }
        Name::ForeignKeyViolated if who.is_some_and(|who| who != ORDER) => format!(
            "rows refer to rows that the dump was made without: foreign key {subject:?}, data of {}",
            who.unwrap_or_default()
        ),
        Name::ForeignKeyViolated if who.is_some() => {
            format!("rows come before the rows that they refer to: foreign key {subject:?} is there already")
        }
        Name::ObjectExists if subject == "public" && who.is_none() => {
            "schema \"public\" exists already, as in every new database".to_owned()
        }
        Name::ObjectExists if who.is_some() => {
            format!("the extension {subject:?} has made objects that the dump makes again")
        }
        Name::PermissionDenied if who == Some("triggers") => {
            format!("role {subject:?} may not switch off the triggers of foreign keys")
        }
        _ => return None,
    })
}

pub(super) fn fix(cause: &Cause, situation: &Situation) -> Option<Told> {
    let subject = &cause.subject;
    let who = cause.who.as_deref();
    let told = |fix: &str, commands: &[String]| Some((fix.to_owned(), commands.to_vec()));
    match cause.name {
        Name::ServerReadOnly => told(
            "Restore with the setting off for the session, or take it off the database, the role or the server until the \
             restore is done; a standby takes no restore at all.",
            &["PGOPTIONS='-c default_transaction_read_only=off' psql …".into()],
        ),
        Name::CreatedLater => told(
            "Dump again with pg_dump, which puts everything behind what it needs; or move the statement behind what it \
             names.",
            &[],
        ),
        Name::GeneratedColumnWritten => told(
            "Leave the column out of the list of columns, or dump with pg_dump, which does. For an identity column, INSERT \
             with OVERRIDING SYSTEM VALUE.",
            &["INSERT INTO … (…) OVERRIDING SYSTEM VALUE VALUES (…);".into()],
        ),
        Name::CatalogChanged => told(
            "Change the view or function in the source to what the newer version has, or drop it there, and dump again: \
             nothing in the target can bring it back.",
            &[],
        ),
        Name::TextInDump => told(
            "Dump again with the dump and the messages apart: pg_dump's -f, without 2>&1, docker exec and ssh without -t. Or \
             take the lines out of this file; the statement behind them was lost with them.",
            &["pg_dump -f FILE …".into()],
        ),
        Name::SuperuserLost => told(
            "Take the line that alters this role out of the script, or restore as another superuser: managed services write \
             it, since nobody is superuser there.",
            &[format!("grep -v '^ALTER ROLE {} ' DUMP | psql …", identifier(subject).trim_matches('"'))],
        ),
        Name::RowsCollide => told(
            match who {
                Some("before") => {
                    "Restore into an empty database, or empty the table first. Is what it holds the target's own, leave the \
                     table's data out."
                }
                Some("meanwhile") => {
                    "Something wrote rows while the dump's came in: a trigger, as a rule. Restore schema and data together, or \
                     with --disable-triggers, so that triggers come after the rows."
                }
                _ => {
                    "CREATE EXTENSION has written these rows, as in the source; the dump brings the same ones again. Delete \
                     them before the data come, or leave the table's data out."
                }
            },
            &[match who {
                Some("meanwhile") => "pg_restore --data-only --disable-triggers …".to_owned(),
                _ => format!("TRUNCATE {};   -- before the data come", quoted(subject)),
            }],
        ),
        Name::PartitionMoved => told(
            "Dump again so that rows go in through the partitioned table: a row's partition hangs on what differs between \
             servers (the hash of an enum's value, a collation, a time zone).",
            &["pg_dump --load-via-partition-root …".into()],
        ),
        Name::CheckReadsRows => told(
            "Make the check a trigger in the source, which a restore makes after the rows; or add it after them, in the order \
             that it needs: schema without it, rows, then the check as NOT VALID, and VALIDATE.",
            &["pg_restore --section=pre-data …   # then DROP the check, --section=data, and add it again".into()],
        ),
        Name::ForeignKeyViolated if who.is_some_and(|who| who != ORDER) => told(
            "The rows are whole in the source, as far as the dump tells: it was made without data that they refer to (pg_dump \
             --exclude-table-data). Dump with that data, or without the key and the rows that need it, or add the key as NOT \
             VALID.",
            &[],
        ),
        Name::ForeignKeyViolated if who.is_some() => told(
            "The keys were there before the rows. Restore schema and data together, so that keys come after the rows, or data \
             alone with --disable-triggers as a superuser.",
            &["pg_restore --data-only --disable-triggers …".into()],
        ),
        Name::ObjectExists if subject == "public" && who.is_none() => told(
            "Nothing to do: `pg_dump -n public` writes it, and what the dump says of the schema is applied to the one that is \
             there.",
            &[],
        ),
        Name::ObjectExists if who.is_some() => told(
            "Nothing is lost: the extension has made it. Leave the entry out where a script stops at errors.",
            &["pg_restore -l DUMP > all.list   # comment the entries out, then pg_restore -L all.list …".into()],
        ),
        Name::ObjectExists if situation.there.has_own => told(
            "The target has objects of its own here. Where they are its platform's, leave their entries out; where they are of \
             an earlier restore, restore into an empty database.",
            &["pg_restore -l DUMP > all.list   # comment the entries out, then pg_restore -L all.list …".into()],
        ),
        Name::PermissionDenied if who == Some("triggers") => told(
            "Dump schema and data together, so that keys come after the rows and no trigger has to be off; or restore as a \
             superuser.",
            &[],
        ),
        Name::MaterializedViewEmpty => told(
            "Fill the view that it reads first: REFRESH what comes before, or dump it WITH DATA.",
            &[format!("REFRESH MATERIALIZED VIEW {};", quoted(subject))],
        ),
        Name::ValueInvalid => told(
            "Mend the values in the source, or let the target's column have the source's type; --show-data shows the value \
             in the server's message.",
            &[],
        ),
        _ => None,
    }
}

/// `public.orders` as SQL has it.
fn quoted(name: &str) -> String {
    name.split('.').map(identifier).collect::<Vec<_>>().join(".")
}
