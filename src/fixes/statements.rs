//! Files of statements: extensions before the restore, and what mends a restored database after it.

use std::collections::{BTreeMap, BTreeSet};

use pgdump_reader::{Extension, Facts, tag};

use super::text::{file_part, sql_head};
use super::{FixFile, Request, Use, kept, roles};
use crate::cluster::MAINTENANCE_DATABASE;
use crate::cluster::sql::identifier;
use crate::finding::{AfterKind, Name};

/// The extensions that somebody has to make in advance, in the order of the dump, which is that of their dependencies. What
/// the target does not allow or does not have nobody makes.
pub fn extensions_ahead<'a>(request: &Request<'a>) -> Vec<(&'a Extension, BTreeSet<usize>)> {
    let mut wanted = request.subjects(Name::ExtensionNotAllowed);
    wanted.retain(|(name, _)| request.target.extensions.rule_out(name).is_none());
    let mut ahead: Vec<(&Extension, BTreeSet<usize>)> = Vec::new();
    for extension in &request.facts.extensions {
        let known = ahead.iter().any(|(other, _)| other.name == extension.name && other.database == extension.database);
        let places = wanted.iter().filter(|(name, _)| *name == extension.name).flat_map(|(_, places)| places);
        let places: BTreeSet<usize> = places.copied().collect();
        if !known && !places.is_empty() {
            ahead.push((extension, places));
        }
    }
    ahead
}

/// The schemas of the dump's own that extensions made in advance go into, with their owners.
pub fn schemas_ahead<'a>(request: &Request<'a>) -> Vec<(&'a str, Option<&'a str>)> {
    let mut schemas: Vec<(&str, Option<&str>)> = Vec::new();
    for (extension, _) in extensions_ahead(request) {
        let Some(schema) = extension.schema.as_deref() else { continue };
        if !["public", "pg_catalog"].contains(&schema) && !schemas.iter().any(|(known, _)| *known == schema) {
            schemas.push((schema, owner_of_schema(request.facts, schema)));
        }
    }
    schemas
}

fn owner_of_schema<'a>(facts: &'a Facts, schema: &str) -> Option<&'a str> {
    let owned = facts.owners.iter().find(|owned| owned.kind == tag::SCHEMA && owned.name == schema);
    owned.map(|owned| owned.owner.as_str())
}

/// `before.sql`
pub fn extensions(request: &Request<'_>) -> Option<FixFile> {
    let ahead = extensions_ahead(request);
    let findings: BTreeSet<usize> = ahead.iter().flat_map(|(_, places)| places).copied().collect();
    if ahead.is_empty() {
        return None;
    }
    let mut content = sql_head(
        request,
        "Creates the extensions that the restoring role cannot create itself. Run it in the new, empty database before \
         the restore, as a superuser or whatever role the service lets create extensions.",
        &findings,
        "The extensions belong to the role that runs this. Some let their users reach the server's files or network: \
         read what they do.",
    );
    for (schema, owner) in schemas_ahead(request) {
        let is_there = |owner: &&str| {
            *owner == request.target.cluster.superuser
                || request.target.roles.iter().any(|role| role.name == **owner)
                || roles::missing(request).iter().any(|(role, _)| role == owner)
        };
        let owner = owner.filter(is_there).map(|owner| format!(" AUTHORIZATION {}", identifier(owner)));
        content.push_str(&format!(
            "CREATE SCHEMA IF NOT EXISTS {}{};\n",
            identifier(schema),
            owner.unwrap_or_default()
        ));
    }
    for (extension, _) in &ahead {
        let schema = extension.schema.as_deref().filter(|schema| *schema != "pg_catalog");
        let schema = schema.map(|schema| format!(" WITH SCHEMA {}", identifier(schema))).unwrap_or_default();
        content.push_str(&format!("CREATE EXTENSION IF NOT EXISTS {}{schema} CASCADE;\n", identifier(&extension.name)));
    }
    Some(FixFile { name: "before.sql".into(), content, used: Use::BeforeRestore, findings })
}

/// The statements of one kind for one database.
#[derive(Default)]
struct Gathered<'a> {
    /// Each once, in order.
    statements: Vec<&'a str>,
    /// The places of the findings that they mend.
    findings: BTreeSet<usize>,
}

/// The files that mend a restored database, one for each: `after.sql`, or `after.shop.sql` where several were restored.
pub fn after(request: &Request<'_>) -> Vec<FixFile> {
    let several = request.databases.len() > 1;
    // Roles belong to all databases.
    let of_roles = if several { MAINTENANCE_DATABASE } else { request.database() };
    let absent = kept::absent(request);
    let mut gathered: BTreeMap<String, BTreeMap<AfterKind, Gathered<'_>>> = BTreeMap::new();
    for (at, finding) in request.open() {
        let Some(after) = &finding.remedy.after else { continue };
        let own = if after.kind == AfterKind::RoleSettings { of_roles } else { request.database() };
        let database = finding.remedy.database.as_deref().unwrap_or(own);
        // psql stops at the first statement that fails, and these would.
        let run: Vec<&String> = after
            .statements
            .iter()
            .filter(|statement| !absent.iter().any(|role| kept::names(statement, role)))
            .collect();
        if run.is_empty() {
            continue;
        }
        let of_database = gathered.entry(database.to_owned()).or_default();
        let Gathered { statements, findings } = of_database.entry(after.kind).or_default();
        findings.insert(at);
        for statement in run {
            if !statements.contains(&statement.as_str()) {
                statements.push(statement);
            }
        }
    }
    gathered.into_iter().map(|(database, parts)| after_in(request, database, parts, of_roles)).collect()
}

fn after_in(
    request: &Request<'_>,
    database: String,
    parts: BTreeMap<AfterKind, Gathered<'_>>,
    unnamed: &str,
) -> FixFile {
    let findings: BTreeSet<usize> = parts.values().flat_map(|part| &part.findings).copied().collect();
    let what = format!("Does what the restore leaves to be done. Run it in database {database:?}, as a superuser.");
    let mut content = sql_head(request, &what, &findings, "Each part says what it costs.");
    for (nth, (kind, Gathered { statements, .. })) in parts.into_iter().enumerate() {
        let (what, costs) = about(kind);
        let gap = if nth == 0 { "" } else { "\n" };
        content.push_str(&format!("{gap}-- {what}\n-- costs: {costs}\n"));
        for statement in statements {
            content.push_str(statement);
            content.push_str(if statement.ends_with(';') || statement.starts_with("--") { "\n" } else { "\n;\n" });
        }
    }
    let of_database = if database == unnamed { String::new() } else { format!(".{}", file_part(&database)) };
    FixFile { name: format!("after{of_database}.sql"), content, used: Use::After(database), findings }
}

/// What statements of this kind do, and what that costs.
fn about(kind: AfterKind) -> (&'static str, &'static str) {
    match kind {
        AfterKind::RoleSettings => (
            "Gives roles and databases the attributes, memberships and settings that the dump has.",
            "Roles may do what they may in the source; read it line by line.",
        ),
        AfterKind::Objects => (
            "Creates the objects that were not restored, by the dump's own definitions.",
            "Nothing, unless something of another definition has taken a name.",
        ),
        AfterKind::Comments => ("Writes the comments that were not restored.", "Nothing."),
        AfterKind::Ownership => {
            ("Gives objects back to the owners that they have in the dump.", "Who owns them now loses them.")
        }
        AfterKind::Privileges => {
            ("Makes privileges those of the dump.", "Who relies on a privilege that the dump does not give loses it.")
        }
        AfterKind::Policies => (
            "Restores the dump's policies, and enables row level security where the dump has it enabled.",
            "Whoever a policy does not let through sees fewer rows.",
        ),
        AfterKind::Sequences => (
            "Gives sequences, and the columns that they feed, more room.",
            "A column that becomes bigint is rewritten with its table, which is locked meanwhile; programs have to \
             expect the larger numbers.",
        ),
        AfterKind::Setval => (
            "Sets sequences to where they have to be.",
            "Nothing in a fresh restore; run it before the application writes, for it can set a sequence back.",
        ),
        AfterKind::Reindex => {
            ("Rebuilds indexes.", "Tables cannot be written meanwhile; a unique index fails where rows share a key.")
        }
        AfterKind::Constraints => {
            ("Validates constraints.", "Tables are read through; it fails at the first row that breaks a constraint.")
        }
        AfterKind::Refresh => ("Refreshes materialized views.", "Their queries run once more."),
    }
}
