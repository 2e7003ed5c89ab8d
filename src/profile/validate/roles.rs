//! Whether the roles can be made, and who owns the database.

use std::collections::{HashMap, HashSet};

use super::{Places, settings, steps};
use crate::postgres::{Change, Major, predefined_role_since, predefined_roles};
use crate::profile::{Membership, ProfileError, Role, Target, names, suggest};

pub fn check(target: &Target, at: &Places<'_>) -> Result<(), ProfileError> {
    let superuser = &target.cluster.superuser;
    let before = at.found();
    let mut first_of_name = HashMap::new();
    for (index, role) in target.roles.iter().enumerate() {
        let name = steps!["roles", index, "name"];
        at.each(|| {
            names::role(&role.name).map_err(|why| at.bad(name, why))?;
            if role.name == *superuser {
                return Err(at.bad(name, format!("`{superuser}` is the cluster's superuser, which initdb creates")));
            }
            if let Some(first) = first_of_name.insert(role.name.as_str(), index) {
                return Err(at.bad(name, format!("`{}` is already the name of roles[{first}]", role.name)));
            }
            Ok(())
        });
    }
    for (index, role) in target.roles.iter().enumerate() {
        at.each(|| one(target, index, role, at));
    }
    if at.found() == before
        && let Some(index) = member_of_itself(target)
    {
        let why = format!("`{}` would be a member of itself through other roles", target.roles[index].name);
        return Err(at.bad(steps!["roles", index, "member_of"], why));
    }
    Ok(())
}

/// What is said of one role.
fn one(target: &Target, index: usize, role: &Role, at: &Places<'_>) -> Result<(), ProfileError> {
    settings::check(&role.settings, steps!["roles", index, "settings"], at);
    if role.connection_limit.is_some_and(|limit| i32::try_from(limit).is_err()) {
        let why = format!("a role's connection limit is at most {}", i32::MAX);
        return Err(at.bad(steps!["roles", index, "connection_limit"], why));
    }
    for (nth, group) in role.member_of.iter().enumerate() {
        membership_options(target, group)
            .map_err(|(key, why)| at.bad_key(steps!["roles", index, "member_of", nth], key, why))?;
        let twice = role.member_of.iter().take(nth).any(|earlier| earlier.role == group.role);
        if twice {
            let why = format!("`{}` is already a member of `{}`", role.name, group.role);
            return Err(at.bad(steps!["roles", index, "member_of", nth], why));
        }
        membership(target, role, &group.role)
            .map_err(|(why, hint)| at.bad(steps!["roles", index, "member_of", nth], why).hint(hint))?;
    }
    Ok(())
}

/// Who owns the database.
pub fn owner(target: &Target, at: &Places<'_>) -> Result<(), ProfileError> {
    if let Some(owner) = &target.database.owner {
        known_role(target, owner).map_err(|(why, hint)| at.bad(steps!["database", "owner"], why).hint(hint))?;
    }
    Ok(())
}

/// What is wrong, and a hint.
type Objection = (String, Option<String>);

/// The name must be of a role of the profile or of the superuser. `None` is the superuser.
pub fn known_role<'a>(target: &'a Target, name: &str) -> Result<Option<&'a Role>, Objection> {
    if name == target.cluster.superuser {
        return Ok(None);
    }
    match target.roles.iter().find(|role| role.name == name) {
        Some(role) => Ok(Some(role)),
        None => {
            Err((format!("no role of this profile is called `{}`", name.escape_debug()), own_names_hint(target, name)))
        }
    }
}

/// The key that cannot be given, and why.
fn membership_options(target: &Target, group: &Membership) -> Result<(), (&'static str, String)> {
    let since = Change::MembershipOptions.since();
    let Some(major) = target.postgres.filter(|major| *major < since) else { return Ok(()) };
    let given = [("inherit", group.inherit.is_some()), ("set", group.set.is_some())];
    match given.iter().find(|(_, given)| *given) {
        Some((key, _)) => {
            Err((*key, format!("a membership has the option from PostgreSQL {since} on, this target is {major}")))
        }
        None => Ok(()),
    }
}

fn membership(target: &Target, role: &Role, group: &str) -> Result<(), Objection> {
    if group == role.name {
        return Err(("a role cannot be a member of itself".into(), None));
    }
    if !group.starts_with("pg_") {
        return known_role(target, group).map(|_| ());
    }
    if group == "pg_database_owner" {
        return Err(("PostgreSQL lets no role be made a member of pg_database_owner".into(), None));
    }
    match (predefined_role_since(group), target.postgres) {
        (Some(since), Some(major)) if major < since => Err((
            format!("the predefined role `{group}` exists from PostgreSQL {since} on, this target is {major}"),
            None,
        )),
        (Some(_), _) => Ok(()),
        // A version that is newer than this table, or not known before the image runs, may have more.
        (None, Some(major)) if major <= Major::NEWEST => {
            let near = suggest::nearest(group, predefined_roles());
            let why = format!("PostgreSQL {major} has no predefined role `{}`", group.escape_debug());
            Err((why, near.map(|near| format!("did you mean `{near}`?"))))
        }
        (None, _) => Ok(()),
    }
}

/// The names of this profile near to one that is not.
fn own_names_hint(target: &Target, name: &str) -> Option<String> {
    let superuser = target.cluster.superuser.as_str();
    let names: Vec<_> = target.roles.iter().map(|role| role.name.as_str()).chain([superuser]).collect();
    suggest::hint(name, &names)
}

/// The first role that would be a member of itself.
fn member_of_itself(target: &Target) -> Option<usize> {
    let groups: HashMap<&str, &[Membership]> =
        target.roles.iter().map(|role| (role.name.as_str(), role.member_of.as_slice())).collect();
    let of = |role: &str| groups.get(role).copied().unwrap_or_default().iter().map(|group| group.role.as_str());
    // A walk that comes back to where it began, for each role; what has led into no circle is not walked again.
    let mut safe: HashSet<&str> = HashSet::new();
    for (index, role) in target.roles.iter().enumerate() {
        let mut seen = HashSet::new();
        let mut open: Vec<&str> = of(&role.name).collect();
        let mut ends = true;
        while let Some(group) = open.pop() {
            if group == role.name {
                return Some(index);
            }
            if safe.contains(group) {
                continue;
            }
            match seen.insert(group) {
                true => open.extend(of(group)),
                // Reached twice: by two ways, or by a circle that this role is not part of.
                false => ends = false,
            }
        }
        if ends {
            safe.extend(seen);
            safe.insert(&role.name);
        }
    }
    None
}
