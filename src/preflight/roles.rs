//! Roles that are missing, and what the restoring role may not do.

use std::collections::{BTreeMap, BTreeSet};

use pgdump_reader::{Grant, Owned, SUBSCRIPTIONS, tag};

use super::has::{Has, acts_for};
use super::{PreflightFinding, Request};
use crate::counted::counted;
use crate::finding::{Because, Cause, Name, Subject};
use crate::postgres::{Change, Major};
use crate::profile::Entrypoint;

/// Every role that the dump names, does not create, and that the target lacks.
pub fn missing(request: &Request<'_>, has: &Has<'_>, foreseen: &mut Vec<PreflightFinding>) {
    let created = &request.facts.roles_created;
    for (role, objects) in named(request, has) {
        if created.contains(role) || !has.lacks_role(role) {
            continue;
        }
        let evidence = match objects.len() {
            0 => "the dump refers to it".to_owned(),
            1 => "1 object in the dump refers to it".to_owned(),
            many => format!("{} in the dump refer to it", counted(many, "object")),
        };
        let cause = Name::RoleMissing.cause(Subject::Role(role.to_owned()));
        foreseen.push(PreflightFinding::of(&cause, request).objects(objects.into_iter().collect()).seen([evidence]));
    }
}

/// Roles that the restore will name, with the objects that it names them for.
fn named<'a>(request: &Request<'a>, has: &Has<'_>) -> BTreeMap<&'a str, BTreeSet<String>> {
    let facts = request.facts;
    let mut roles: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut add = |role: &'a str, object: Option<String>| {
        roles.entry(role).or_default().extend(object);
    };
    if !has.no_owner {
        for owned in &facts.owners {
            add(&owned.owner, Some(owned_label(owned)));
        }
    }
    for grant in facts.grants.iter().filter(|grant| !has.no_privileges || grant.kind == tag::USER_MAPPING) {
        for role in grant.grantees.iter().chain(&grant.grantors) {
            add(role, Some(grant_label(grant)));
        }
    }
    for policy in &facts.policies {
        let table = qualified(policy.schema.as_deref(), &policy.table);
        for role in &policy.roles {
            add(role, Some(format!("POLICY {table} {}", policy.name)));
        }
    }
    for role in facts.sessions.iter().chain(&facts.roles_altered) {
        add(role, None);
    }
    // An archive's database belongs to its owner only where the restore creates it; a script always creates it.
    if has.creates_database && !has.no_owner {
        for created in &facts.creates_database {
            if let Some(owner) = &created.owner {
                add(owner, Some(format!("DATABASE {}", created.name)));
            }
        }
    }
    roles
}

/// Roles that the dump creates and that no server lets one create: their names begin with `pg_`
/// (IsReservedName in src/backend/catalog/catalog.c).
pub fn reserved(request: &Request<'_>, foreseen: &mut Vec<PreflightFinding>) {
    for role in request.facts.roles_created.iter().filter(|role| role.starts_with("pg_")) {
        let cause = Name::RoleNameReserved.cause(Subject::Role(role.clone()));
        foreseen.push(PreflightFinding::of(&cause, request).objects(vec![format!("ROLE {role}")]));
    }
}

/// What a role that is no superuser is refused, by cause as the restore reports it.
pub fn permissions(request: &Request<'_>, has: &Has<'_>, foreseen: &mut Vec<PreflightFinding>) {
    if has.is_superuser {
        return;
    }
    let mut refused: BTreeMap<Cause, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    let mut refuse_for = |cause: Cause, why: String, object: String| {
        refused.entry(cause).or_default().entry(why).or_default().push(object);
    };
    for (owned, why) in unwelcome(request, has) {
        let cause = Name::SchemaNotWritable.cause(Subject::Schema(owned.schema.clone().unwrap_or_default()));
        let because = Some(Because::Owner(owned.owner.clone()));
        refuse_for(Cause { because, ..cause }, why, owned_label(owned));
    }
    let mut refuse = |name: Name, subject: &str, why: String, object: String| {
        let subject = if subject.is_empty() { Subject::None } else { Subject::Role(subject.to_owned()) };
        refuse_for(name.cause(subject), why, object);
    };
    for used in &request.requirements.privileged {
        let is_left_out = match used.kind {
            "privileges on parameters" => has.no_privileges,
            "tablespaces" => has.no_tablespaces,
            // pg_create_subscription does from 16 on; what an unknown version wants is not known.
            SUBSCRIPTIONS => {
                has.acts_for.contains("pg_create_subscription")
                    || has.server.is_none_or(|server| Major(server) > Major::NEWEST)
            }
            _ => false,
        };
        let (name, subject) = match used.kind {
            "event triggers" => (Name::EventTriggerRefused, ""),
            SUBSCRIPTIONS | "publications of all tables" | "publications of whole schemas" => {
                (Name::ReplicationRefused, has.restoring)
            }
            "superusers" => (Name::RoleNotCreatable, has.restoring),
            _ => (Name::PermissionDenied, has.restoring),
        };
        if !is_left_out {
            refuse(name, subject, format!("only a superuser creates {}", used.kind), used.object.clone());
        }
    }
    if !has.no_owner {
        for owned in &request.facts.owners {
            let exists = !has.lacks_role(&owned.owner) && !request.facts.roles_created.contains(&owned.owner);
            if exists && !has.acts_for.contains(owned.owner.as_str()) {
                let why = format!("{:?} is no member of {:?} and may not give it anything", has.restoring, owned.owner);
                // What was there before the restore is not its own to give.
                let (name, subject) = match owned.kind == tag::SCHEMA && owned.name == "public" {
                    true => (Name::PermissionDenied, has.restoring),
                    false => (Name::OwnerNotAssignable, owned.owner.as_str()),
                };
                refuse(name, subject, why, owned_label(owned));
            }
        }
    }
    let others: BTreeSet<&String> = request.facts.sessions.iter().filter(|role| *role != has.restoring).collect();
    for role in others.into_iter().filter(|role| !has.lacks_role(role) && !has.no_privileges) {
        let why = "only a superuser may become another role of the session".to_owned();
        refuse(Name::PermissionDenied, has.restoring, why, format!("ROLE {role}"));
    }
    if !has.role_attribute(|role| role.createrole) {
        for role in &request.facts.roles_created {
            let why = format!("{:?} may create no roles", has.restoring);
            refuse(Name::RoleNotCreatable, has.restoring, why, format!("ROLE {role}"));
        }
    }
    if has.creates_database && !has.role_attribute(|role| role.createdb) {
        for created in &request.facts.creates_database {
            let why = format!("{:?} may create no databases", has.restoring);
            refuse(Name::DatabaseNotCreatable, has.restoring, why, format!("DATABASE {}", created.name));
        }
    }
    for (cause, reasons) in refused {
        let evidence = reasons.iter().map(|(why, objects)| match objects.as_slice() {
            [one] => format!("{why}: {one}"),
            [first, rest @ ..] => format!("{why}: {first} and {} more", rest.len()),
            [] => why.clone(),
        });
        let evidence: Vec<String> = evidence.collect();
        let mut objects: Vec<String> = reasons.into_values().flatten().collect();
        objects.sort();
        objects.dedup();
        foreseen.push(PreflightFinding::of(&cause, request).objects(objects).seen(evidence));
    }
}

/// Objects that cannot be handed to their owners, and why not. Whoever is no superuser hands an object only to a role that
/// may create in its schema (`AlterObjectOwner_internal` in src/backend/commands/alter.c and its like for tables and types),
/// and privileges on schemas come back last.
fn unwelcome<'a>(request: &'a Request<'_>, has: &'a Has<'_>) -> impl Iterator<Item = (&'a Owned, String)> {
    let schemas: BTreeMap<(Option<&str>, &str), &str> = request
        .facts
        .owners
        .iter()
        .filter(|owned| owned.kind == tag::SCHEMA)
        .map(|owned| ((owned.database.as_deref(), owned.name.as_str()), owned.owner.as_str()))
        .collect();
    let is_there = |role: &str| !has.lacks_role(role) && !request.facts.roles_created.contains(role);
    request.facts.owners.iter().filter_map(move |owned| {
        let schema = owned.schema.as_deref()?;
        let owner = owned.owner.as_str();
        let handed_over = !has.no_owner && owner != has.restoring && is_there(owner) && has.acts_for.contains(owner);
        if !handed_over || has.target.roles.iter().any(|role| role.name == owner && role.superuser) {
            return None;
        }
        let of_dump = schemas.get(&(owned.database.as_deref(), schema)).copied();
        let why = match of_dump {
            None if schema == "public" => closed_public(has, owner)?,
            // Whose it becomes is not foreseen where it was there before.
            Some(holder) if schema != "public" && is_there(holder) && has.acts_for.contains(holder) => {
                let may = acts_for(has.target, owner).contains(holder);
                (!may).then(|| format!("in schema {schema:?}, which {holder:?} owns"))?
            }
            _ => return None,
        };
        Some((owned, format!("its new owner {owner:?} may not create {why}")))
    })
}

/// Why a role may not create in the schema public that the target has from its beginning, if it may not.
fn closed_public(has: &Has<'_>, role: &str) -> Option<String> {
    let (target, database) = (has.target, &has.target.database);
    // Those can open it.
    if has.creates_database || target.entrypoint == Entrypoint::Image || !target.init.is_empty() {
        return None;
    }
    let acts_for = acts_for(target, role);
    let may = match &database.public.create {
        Some(roles) => roles.iter().any(|known| known == "PUBLIC" || acts_for.contains(known.as_str())),
        None => !Major(has.server?).has(Change::ClosedPublic),
    };
    let owner = database.public.owner.as_deref().unwrap_or(match Major(has.server?).has(Change::ClosedPublic) {
        false => &target.cluster.superuser,
        true => "pg_database_owner",
    });
    let closed = !may && !acts_for.contains(owner);
    closed.then(|| format!("in schema \"public\", which {owner:?} owns"))
}

fn owned_label(owned: &Owned) -> String {
    format!("{} {}", owned.kind, qualified(owned.schema.as_deref(), &owned.name))
}

fn grant_label(grant: &Grant) -> String {
    let name = qualified(grant.schema.as_deref(), &grant.name);
    match grant.kind.as_str() {
        tag::USER_MAPPING | tag::DEFAULT_PRIVILEGES | tag::ROLE => format!("{} {name}", grant.kind),
        kind => format!("ACL {kind} {name}"),
    }
}

fn qualified(schema: Option<&str>, name: &str) -> String {
    match schema {
        Some(schema) => format!("{schema}.{name}"),
        None => name.to_owned(),
    }
}
