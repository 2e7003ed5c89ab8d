//! Words for what the restoring role was refused.

use super::{Told, restoring};
use crate::cluster::sql::identifier;
use crate::finding::Name;
use crate::finding::recognise::Cause;
use crate::profile::Target;

pub(super) fn title(cause: &Cause, target: &Target) -> Option<String> {
    let subject = &cause.subject;
    let who = cause.acting.as_deref().unwrap_or_else(|| restoring(target));
    Some(match cause.name {
        Name::OwnerNotAssignable => format!("role {who:?} may not hand objects to {subject:?}"),
        Name::ExtensionCommentRefused => format!("role {who:?} may not comment on the extension {subject:?}"),
        Name::DefaultPrivilegesRefused => format!("role {who:?} may not set default privileges for {subject:?}"),
        Name::SchemaNotWritable => match &cause.who {
            Some(owner) => {
                format!("role {owner:?} may not own anything in schema {subject:?}, where it may not create")
            }
            None => format!("role {who:?} may not create anything in schema {subject:?}"),
        },
        Name::EventTriggerRefused => match &cause.who {
            Some(owner) => format!("role {owner:?} may not own event triggers, for it is no superuser"),
            None => format!("role {who:?} may not create event triggers"),
        },
        Name::ReplicationRefused => format!("role {who:?} may not create this publication or subscription"),
        Name::ParameterRefused => format!("role {who:?} may not set the parameter {subject:?}"),
        Name::RoleGrantRefused => format!("role {who:?} may not grant the role {subject:?}"),
        Name::RoleNotCreatable => format!("role {who:?} may not create or change this role"),
        Name::DatabaseNotCreatable => format!("role {who:?} may not create a database"),
        Name::PermissionDenied => format!("role {subject:?} may not do all that the dump asks for"),
        _ => return None,
    })
}

pub(super) fn fix(cause: &Cause, target: &Target) -> Option<Told> {
    let subject = identifier(&cause.subject);
    let who = identifier(cause.acting.as_deref().unwrap_or_else(|| restoring(target)));
    let database = identifier(&target.database.name);
    let told = |fix: &str, commands: &[String]| Some((fix.to_owned(), commands.to_vec()));
    match cause.name {
        Name::OwnerNotAssignable => told(
            "Make the restoring role a member of the owner before the restore; or restore as the owner, or with --no-owner \
             where owners do not matter.",
            &[format!("GRANT {subject} TO {who};")],
        ),
        Name::ExtensionCommentRefused => told(
            "Nothing is lost but a comment. Leave the entry out of the list for pg_restore -L where a script stops at \
             errors; --no-comments leaves out all of them.",
            &[],
        ),
        Name::DefaultPrivilegesRefused => told(
            "Make the restoring role a member of that role before the restore, or run the statement as that role \
             afterwards; leave it out where the role makes nothing in the target.",
            &[format!("GRANT {subject} TO {who};")],
        ),
        Name::SchemaNotWritable if cause.who.is_some() => told(
            "Make the schema, where it is a new one, and let its owners to be create in it before the restore: the dump's own \
             grants come back last. Or restore as a superuser, or with --no-owner where owners do not matter.",
            &[format!("GRANT CREATE ON SCHEMA {subject} TO {};", identifier(cause.who.as_deref().unwrap_or_default()))],
        ),
        Name::SchemaNotWritable if cause.acting.is_some() => told(
            "The restore acts as another role than it connects as (SET SESSION AUTHORIZATION, SET ROLE): let that role create \
             in the schema before. Or dump and restore without --use-set-session-authorization, so that the restoring role \
             makes everything and hands it over.",
            &[format!("GRANT CREATE ON SCHEMA {subject} TO {who};")],
        ),
        Name::PermissionDenied if cause.acting.is_some() => told(
            "The restore acts as another role than it connects as (SET SESSION AUTHORIZATION, SET ROLE): give that role what \
             it lacks before. Or dump and restore without --use-set-session-authorization, so that the restoring role makes \
             everything and hands it over.",
            &[],
        ),
        Name::SchemaNotWritable => told(
            "Make the restoring role the owner of the database, or let it create in the schema. From PostgreSQL 15 on \
             public is closed to all but the owner.",
            &[
                format!("ALTER DATABASE {database} OWNER TO {who};"),
                format!("GRANT CREATE ON SCHEMA {subject} TO {who};"),
            ],
        ),
        Name::EventTriggerRefused if cause.who.is_some() => told(
            "Make the owner a superuser in the target before the restore, or restore with --no-owner, or leave the event \
             trigger out where the target needs none.",
            &[],
        ),
        Name::EventTriggerRefused => told(
            "Have an administrator of the target create it, or leave it out where the target needs none.",
            &["pg_restore -l DUMP | grep -v ' EVENT TRIGGER ' > keep.list".into()],
        ),
        Name::ReplicationRefused => told(
            "Leave publications and subscriptions out where the target is not to replicate, or create them for named \
             tables afterwards.",
            &["pg_restore --no-publications --no-subscriptions …".into()],
        ),
        Name::ParameterRefused => told(
            "Have a superuser allow it (from PostgreSQL 15 on), or take the setting off the function, role or database in \
             the source.",
            &[format!("GRANT SET ON PARAMETER {subject} TO {who};")],
        ),
        Name::RoleGrantRefused => told(
            "Have an administrator grant the role, or give the restoring role the right to.",
            &[format!("GRANT {subject} TO {who} WITH ADMIN OPTION;")],
        ),
        Name::RoleNotCreatable => told(
            "Let an administrator of the target create the roles with what it allows: without SUPERUSER, REPLICATION and \
             BYPASSRLS where it keeps those to itself.",
            &[],
        ),
        Name::PermissionDenied => Some((
            format!(
                "Restore as a role that owns the database or may act for the owners, or give {:?} what it lacks.",
                restoring(target)
            ),
            Vec::new(),
        )),
        _ => None,
    }
}
