//! Owners and privileges that came back otherwise than the dump gives them.
//!
//! A missing role is a finding of the restore already. What this check adds is what nobody complained of: with
//! `--no-owner` everything belongs to the restoring role, with `--no-privileges` nobody has what the dump grants.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_trait::async_trait;

use super::scope::{in_database, is_missing, schema_of};
use super::{Check, Group, Looked, Restored};
use crate::cluster::sql::identifier;
use crate::cluster::{ClusterError, Session};
use crate::dump::{Facts, Owned};
use crate::finding::{Finding, Name, restoring};
use crate::restore::has_option;

pub struct Ownership;

/// The owner of everything that can have one and that pg_dump names in an `OWNER TO`. Functions are listed by the types
/// of their arguments, as archives name them, and with their names too, as plain dumps do.
const OWNERS: &str = "
SELECT 'relation', n.nspname::text, c.relname::text, pg_get_userbyid(c.relowner)::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND n.nspname <> 'pg_catalog'
UNION ALL
SELECT 'routine', n.nspname::text, p.proname || '(' || oidvectortypes(p.proargtypes) || ')', pg_get_userbyid(p.proowner)::text
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname <> 'pg_catalog'
UNION ALL
SELECT 'routine', n.nspname::text, p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', pg_get_userbyid(p.proowner)::text
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname <> 'pg_catalog'
UNION ALL
SELECT 'type', n.nspname::text, t.typname::text, pg_get_userbyid(t.typowner)::text
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname <> 'pg_catalog'
UNION ALL
SELECT 'schema', '', n.nspname::text, pg_get_userbyid(n.nspowner)::text FROM pg_namespace n";

#[async_trait]
impl Check for Ownership {
    fn name(&self) -> &'static str {
        "ownership"
    }

    fn group(&self) -> Group {
        Group::Access
    }

    async fn look(&self, restored: &Restored<'_>) -> Result<Looked, ClusterError> {
        let facts = &restored.scan.facts;
        let owners = Owners::read(restored.session).await?;
        let (mut changed, mut compared) = (BTreeMap::<(String, String), Vec<String>>::new(), 0);
        for owned in in_database(&facts.owners, restored, |owned| &owned.database) {
            let Some(owner) = owners.of(owned) else { continue };
            compared += 1;
            if owner != owned.owner && !is_missing(restored, &owned.owner) {
                changed.entry((owned.owner.clone(), owner.to_owned())).or_default().push(label(owned));
            }
        }
        let mut findings: Vec<Finding> =
            changed.into_iter().map(|((dumped, now), objects)| owner_changed(&dumped, &now, objects)).collect();
        let options = &restored.target.restore.options;
        if has_option(options, "--no-privileges", 'x') || has_option(options, "--no-acl", 'x') {
            findings.extend(privileges_left_out(restored, facts));
        }
        let looked_at = format!("{compared} owners, {} privileges declared", facts.grants.len());
        Ok(Looked { findings, looked_at, ..Looked::default() })
    }
}

/// The owners in the catalog, by kind, schema and name.
pub(super) struct Owners(HashMap<(&'static str, String, String), String>);

impl Owners {
    pub(super) async fn read(session: &Session) -> Result<Self, ClusterError> {
        let rows = session.query(OWNERS, &[], "cannot list owners").await?;
        let kinds = ["relation", "routine", "type", "schema"];
        Ok(Self(
            rows.iter()
                .filter_map(|row| {
                    let kind: &str = row.get(0);
                    let kind = kinds.into_iter().find(|known| *known == kind)?;
                    Some(((kind, row.get(1), row.get(2)), row.get(3)))
                })
                .collect(),
        ))
    }

    /// The owner of a relation.
    pub(super) fn of_relation(&self, schema: &str, name: &str) -> Option<&str> {
        self.0.get(&("relation", schema.to_owned(), name.to_owned())).map(String::as_str)
    }

    fn of(&self, owned: &Owned) -> Option<&str> {
        let kind = match owned.kind.as_str() {
            "TABLE" | "VIEW" | "MATERIALIZED VIEW" | "SEQUENCE" | "FOREIGN TABLE" => "relation",
            "FUNCTION" | "PROCEDURE" | "AGGREGATE" | "ROUTINE" => "routine",
            "TYPE" | "DOMAIN" | "SHELL TYPE" => "type",
            "SCHEMA" => "schema",
            _ => return None,
        };
        let schema = if kind == "schema" { String::new() } else { schema_of(&owned.schema) };
        self.0.get(&(kind, schema, owned.name.clone())).map(String::as_str)
    }
}

fn label(owned: &Owned) -> String {
    match &owned.schema {
        Some(schema) if owned.kind != "SCHEMA" && !schema.is_empty() => {
            format!("{} {schema}.{}", owned.kind, owned.name)
        }
        _ => format!("{} {}", owned.kind, owned.name),
    }
}

fn owner_changed(dumped: &str, now: &str, objects: Vec<String>) -> Finding {
    let many = objects.len();
    let what = if many == 1 { "1 object".to_owned() } else { format!("{many} objects") };
    let mut finding = Finding::new(
        Name::OwnershipChanged,
        format!("{what} that {dumped:?} owns in the dump now belong{} to {now:?}", if many == 1 { "s" } else { "" }),
    );
    finding.count = many as u64;
    finding.objects = objects;
    finding.evidence = vec![format!("later ALTER, DROP and GRANT by {dumped:?} will fail: only an owner may")];
    finding.fix = "Restore with owners, or give them back afterwards.".into();
    finding.commands = vec![format!("REASSIGN OWNED BY {} TO {};", identifier(now), identifier(dumped))];
    finding
}

fn privileges_left_out(restored: &Restored<'_>, facts: &Facts) -> Option<Finding> {
    let grants: Vec<_> = in_database(&facts.grants, restored, |grant| &grant.database).collect();
    if grants.is_empty() {
        return None;
    }
    let grantees: BTreeSet<&String> = grants.iter().flat_map(|grant| &grant.grantees).collect();
    let grantees: Vec<&str> = grantees.into_iter().map(String::as_str).collect();
    let revoked = grants.iter().filter(|grant| grant.revokes_public).count();
    let mut finding =
        Finding::new(Name::PrivilegesChanged, format!("the privileges of {} objects were left out", grants.len()));
    finding.count = grants.len() as u64;
    finding.objects = grants
        .iter()
        .map(|grant| {
            let schema = grant.schema.as_ref().filter(|schema| !schema.is_empty());
            let name = schema.map_or_else(|| grant.name.clone(), |schema| format!("{schema}.{}", grant.name));
            format!("{} {name}: {}", grant.kind, grant.grantees.join(", "))
        })
        .collect();
    finding.evidence = vec![format!("nothing was granted to {}", grantees.join(", "))];
    if revoked > 0 {
        finding.evidence.push(format!(
            "{revoked} REVOKE … FROM PUBLIC were left out too: what the source keeps from everybody, everybody has here"
        ));
    }
    finding.fix = format!(
        "Restore with privileges (without --no-privileges), as {:?} or a role that may grant, after making the roles.",
        restoring(restored.target)
    );
    finding.commands = grants.iter().take(5).map(|grant| grant.statements.trim().to_owned()).collect();
    Some(finding)
}
