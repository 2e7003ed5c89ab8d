//! Roles that are missing.

use std::collections::BTreeSet;

use super::text::{on_one_line, sql_head};
use super::{FixFile, Request, Use};
use crate::check::StatedRoles;
use crate::cluster::sql::{identifier, literal};
use crate::finding::Name;
use crate::finding::mask::runnable;
use crate::profile::{Membership, Role};

/// The roles that are missing and can be made, with the places of the findings that say so.
pub fn missing<'a>(request: &Request<'a>) -> Vec<(&'a str, BTreeSet<usize>)> {
    let mut missing = request.subjects(Name::RoleMissing);
    missing.retain(|(role, _)| can_be_made(role) && !request.target.keeps_to_itself(role));
    missing
}

/// The roles of these that the restoring role may become a member of: none that is a superuser here or in the dump.
pub fn to_act_for<'a>(request: &Request<'a>, missing: &[(&'a str, BTreeSet<usize>)]) -> Vec<&'a str> {
    let stated = StatedRoles::of(&request.facts.role_statements);
    let is_over =
        |role: &str| request.target.is_administrator(role) || stated.attribute(role, "superuser").unwrap_or(false);
    let restoring = request.target.restoring();
    missing.iter().map(|(role, _)| *role).filter(|role| *role != restoring && !is_over(role)).collect()
}

/// Whether PostgreSQL lets one make a role of this name: those that begin with `pg_` are its own (IsReservedName in
/// src/backend/catalog/catalog.c).
fn can_be_made(role: &str) -> bool {
    !role.starts_with("pg_") && !["public", "none"].contains(&role)
}

/// A missing role as a profile writes it: with what the dump says of it.
pub fn of_profile(request: &Request<'_>, role: &str, known: &[&str]) -> Role {
    let stated = StatedRoles::of(&request.facts.role_statements);
    let is = |attribute: &str| stated.attribute(role, attribute).unwrap_or(false);
    Role {
        name: role.to_owned(),
        login: is("login"),
        superuser: is("superuser"),
        createdb: is("createdb"),
        createrole: is("createrole"),
        replication: is("replication"),
        bypassrls: is("bypassrls"),
        inherit: stated.attribute(role, "inherit").unwrap_or(true),
        member_of: stated
            .groups(role)
            .filter(|group| known.contains(group))
            .map(|group| Membership::from(group.to_owned()))
            .collect(),
        ..Role::default()
    }
}

/// Makes a role that is not there yet: whoever restores a second time has made it.
fn made_once(role: &str) -> String {
    let block = format!(
        "BEGIN IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = {}) THEN CREATE ROLE {} NOLOGIN; END IF; END",
        literal(role),
        identifier(role)
    );
    let quoted = if block.contains('$') { literal(&block) } else { format!("$$ {block} $$") };
    format!("DO {quoted};")
}

/// `roles.sql`
pub fn file(request: &Request<'_>) -> Option<FixFile> {
    let missing = missing(request);
    let findings: BTreeSet<usize> = missing.iter().flat_map(|(_, places)| places).copied().collect();
    if missing.is_empty() {
        return None;
    }
    let stated = StatedRoles::of(&request.facts.role_statements);
    let stated = stated.without_members_of(|group| request.target.is_administrator(group));
    let mut content = sql_head(
        request,
        "Creates the roles that the dump names and the target does not have. Run it before the restore, as a superuser \
         or a role that may create roles.",
        &findings,
        "Each role can own objects and hold privileges from then on. None gets a password.",
    );
    let mut further: Vec<String> = Vec::new();
    for (role, _) in &missing {
        let of_role = stated.of_role(role);
        if of_role.is_empty() {
            content.push_str(&format!(
                "-- The dump says nothing of {}: whether it logs in, what it is a member of, what it has set. \
                 pg_dumpall --globals-only says it.\n",
                on_one_line(&format!("{role:?}"))
            ));
        }
        content.push_str(&format!("{}\n", made_once(role)));
        further.extend(of_role.statements().iter().map(|statement| runnable(statement)));
    }
    if !further.is_empty() {
        content.push_str("\n-- What the dump says of them; passwords and options of memberships are left out.\n");
        further.iter().for_each(|statement| content.push_str(&format!("{statement}\n")));
    }
    let to_act_for = to_act_for(request, &missing);
    if let Some(restoring) = request.unprivileged().filter(|_| !to_act_for.is_empty()) {
        content.push_str(
            "\n-- Who restores is no superuser and may give objects only to roles that it is a member of. Take this back \
             after the restore\n-- (REVOKE … FROM …) where it should not act for them for good.\n",
        );
        for role in to_act_for {
            content.push_str(&format!("GRANT {} TO {};\n", identifier(role), identifier(restoring)));
        }
    }
    Some(FixFile { name: "roles.sql".into(), content, used: Use::BeforeDatabase, findings })
}
