//! insufficient_privilege (42501): what was refused, by the statement, and by the message where one statement can be
//! refused for several reasons.

use pgdump_reader::{Word, statements};

use super::{Named, begins, extension};
use crate::finding::{Failure, Name};

pub(super) fn of_refusal(failure: &Failure) -> Named {
    let message = failure.message.as_str();
    let statement = failure.statement.as_deref().unwrap_or_default().trim_start();
    let quoted = || failure.quoted().unwrap_or_default().to_owned();
    let role = || failure.role.clone().unwrap_or_default();
    let starts = |with: &str| begins(statement, with);
    if starts("CREATE EXTENSION") {
        return (Name::ExtensionNotAllowed, extension(failure).unwrap_or_else(quoted));
    }
    if starts("COMMENT ON EXTENSION") {
        return (Name::ExtensionCommentRefused, words_after(statement, 3));
    }
    if starts("ALTER DEFAULT PRIVILEGES") {
        return (Name::DefaultPrivilegesRefused, for_role(statement));
    }
    if starts("CREATE EVENT TRIGGER") || starts("ALTER EVENT TRIGGER") {
        return (Name::EventTriggerRefused, String::new());
    }
    if ["CREATE PUBLICATION", "ALTER PUBLICATION", "CREATE SUBSCRIPTION", "ALTER SUBSCRIPTION"].into_iter().any(starts)
    {
        return (Name::ReplicationRefused, role());
    }
    if starts("CREATE DATABASE") {
        return (Name::DatabaseNotCreatable, role());
    }
    // check_can_set_role and before it check_is_member_of_role, in src/backend/utils/adt/acl.c: 16 and newer, 15 and older.
    if message.starts_with("must be able to SET ROLE \"") || message.starts_with("must be member of role \"") {
        return (Name::OwnerNotAssignable, quoted());
    }
    // GRANT of a role (AddRoleMems in src/backend/commands/user.c; 16 and newer, 15 and older).
    if message.starts_with("permission denied to grant role \"")
        || message.starts_with("must have admin option on role \"")
    {
        return (Name::RoleGrantRefused, quoted());
    }
    if starts("CREATE ROLE") || starts("ALTER ROLE") && !names_setting(statement) {
        return (Name::RoleNotCreatable, role());
    }
    if message.starts_with("permission denied to set parameter \"") {
        return (Name::ParameterRefused, quoted());
    }
    if message.starts_with("permission denied for schema ")
        && (starts("CREATE ") || starts("ALTER ") || starts("IMPORT "))
    {
        return (Name::SchemaNotWritable, super::after(message, "permission denied for schema "));
    }
    (Name::PermissionDenied, role())
}

/// To whom `ALTER … OWNER TO x` gives something: the server asks whether that role may create in the schema
/// (AlterObjectOwner_internal in src/backend/commands/alter.c and its like), and not who says it.
pub(super) fn new_owner(statement: &str) -> Option<String> {
    let words = statements(statement).into_iter().next()?;
    let is = |word: &Word, name: &str| matches!(word, Word::Name(found) if found == name);
    match words.as_slice() {
        [first, .., owner, to, Word::Name(role)] if is(first, "alter") && is(owner, "owner") && is(to, "to") => {
            Some(role.clone())
        }
        _ => None,
    }
}

/// `ALTER ROLE x [IN DATABASE d] SET parameter …`
fn names_setting(statement: &str) -> bool {
    statement.split_whitespace().any(|word| word == "SET")
}

/// The word at this place, without quotes.
fn words_after(statement: &str, place: usize) -> String {
    statement.split_whitespace().nth(place).unwrap_or_default().trim_matches(['"', ';']).to_owned()
}

/// `ALTER DEFAULT PRIVILEGES FOR ROLE x IN SCHEMA …`
fn for_role(statement: &str) -> String {
    let after = statement.split_once(" FOR ROLE ").map_or("", |(_, after)| after);
    match after.strip_prefix('"') {
        Some(quoted) => quoted.split("\" ").next().unwrap_or_default().replace("\"\"", "\""),
        None => after.split_whitespace().next().unwrap_or_default().to_owned(),
    }
}
