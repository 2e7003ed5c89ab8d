//! Constraints that the dump has as verified and that the database takes for not verified.

use std::collections::{BTreeMap, HashSet};

use async_trait::async_trait;
use pgdump_reader::{Constraint, tag};

use super::listed::{self, Unverified};
use crate::check::catalog::qualified;
use crate::check::scope::{in_database, schema_of};
use crate::check::{Check, Group, Looked, Restored};
use crate::cluster::ClusterError;
use crate::cluster::sql::identifier;
use crate::counted::counted_as;
use crate::finding::{AfterKind, Finding, Name};
use crate::source::Witness;

pub struct Verified;

#[async_trait]
impl Check for Verified {
    fn name(&self) -> &'static str {
        "constraints"
    }

    fn group(&self) -> Group {
        Group::Constraints
    }

    fn witness(&self) -> Witness {
        Witness::Dump
    }

    async fn look(&self, restored: &Restored<'_>) -> Result<Looked, ClusterError> {
        let count = listed::count(restored.session).await?;
        let all = listed::unverified(restored.session).await?;
        let in_dump: Vec<&Constraint> = restored.scan.facts.unverified.iter().collect();
        let in_dump: HashSet<(String, &str, &str)> =
            in_database(&in_dump, restored, |constraint| &constraint.of.database)
                .map(|constraint| {
                    (schema_of(&constraint.of.schema), constraint.of.name.as_str(), constraint.name.as_str())
                })
                .collect();
        let unverified = all.len();
        let mut found: Vec<Unverified> = all
            .into_iter()
            .filter(|found| !in_dump.contains(&(found.schema.clone(), found.of.as_str(), found.name.as_str())))
            .collect();
        let mut looked_at = format!("{count} constraints");
        // What the dump's own statement leaves unverified on this server is so in the dump, however it says it.
        if !found.is_empty()
            && let Ok(reference) = restored.reference().await
        {
            found.retain(|found| !reference.unverified.contains(found));
        }
        if unverified > found.len() {
            looked_at.push_str(&format!(", {} not verified in the dump either", unverified - found.len()));
        }
        let mut looked = Looked { looked_at, ..Looked::default() };
        looked.compared = BTreeMap::from([("constraint".to_owned(), u64::try_from(count).unwrap_or(0))]);
        // Of an archive with too much text the longest definitions were not kept.
        let abridged = restored.dumped()?.archive().is_some_and(|archive| archive.abridged);
        if abridged && !found.is_empty() {
            looked.could_not.push(format!(
                "{} are not verified, and the archive holds too many definitions to see whether it has them so",
                counted_as(found.len(), "constraint", "constraints")
            ));
        } else {
            looked.findings.extend(unverified_constraints(&found));
        }
        Ok(looked)
    }
}

fn unverified_constraints(found: &[Unverified]) -> Option<Finding> {
    let label = |one: &Unverified| format!("{} of {}.{}", one.name, one.schema, one.of);
    let state = |one: &Unverified| if one.enforced { "NOT VALID" } else { "NOT ENFORCED" };
    let title = match found {
        [] => return None,
        [only] => format!("constraint {} is {}, but not in the dump", label(only), state(only)),
        _ => format!("{} constraints that are validated in the dump are not in the database", found.len()),
    };
    let mut finding = Finding::new(Name::ConstraintNotValidated, title);
    finding.count = found.len() as u64;
    finding.objects = found.iter().map(|one| format!("CONSTRAINT {}.{} {}", one.schema, one.of, one.name)).collect();
    finding.evidence = vec!["existing rows may violate them, and the planner does not rely on them".into()];
    let validate = found
        .iter()
        .map(|one| {
            let kind = if one.is_domain { tag::DOMAIN } else { tag::TABLE };
            let (of, name) = (qualified(&one.schema, &one.of), identifier(&one.name));
            match one.enforced {
                true => format!("ALTER {kind} {of} VALIDATE CONSTRAINT {name};"),
                false => format!("ALTER {kind} {of} ALTER CONSTRAINT {name} ENFORCED;"),
            }
        })
        .collect();
    finding.mend(AfterKind::Constraints, validate);
    Some(finding)
}
