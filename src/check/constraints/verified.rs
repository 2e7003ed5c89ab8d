//! Constraints that the dump has as verified and that the database takes for not verified.

use std::collections::{BTreeMap, HashSet};

use async_trait::async_trait;
use pgdump_reader::{Constraint, tag};

use super::listed::{self, Unverified};
use crate::check::catalog::{qualified, restore_failed};
use crate::check::scope::{in_database, schema_of};
use crate::check::{Check, Group, Looked, Restored, objects};
use crate::cluster::ClusterError;
use crate::cluster::sql::identifier;
use crate::counted::counted_as;
use crate::finding::{AfterKind, Failure, Finding, Name};
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
        let lost = not_created(restored).await?;
        let mut looked = Looked { looked_at, lost, ..Looked::default() };
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

/// How many constraints and indexes of the dump the restore has failed on, which is its finding.
async fn not_created(restored: &Restored<'_>) -> Result<u64, ClusterError> {
    if !restore_failed(restored) && restored.scan.damage.is_empty() {
        return Ok(0);
    }
    let is_wanted = |desc: &str| {
        matches!(desc, tag::CONSTRAINT | tag::FK_CONSTRAINT | tag::CHECK_CONSTRAINT | tag::INDEX | tag::INDEX_ATTACH)
    };
    let declared = objects::compare_only(restored, |object| is_wanted(&object.desc)).await?.failed;
    if restored.dump.is_some_and(|dump| dump.is_archive()) {
        return Ok(declared);
    }
    // A script need not name what it creates. What exists already is there.
    let here = |database: &Option<String>| database.as_deref().is_none_or(|name| name == restored.database);
    // duplicate_table, duplicate_object.
    let is_there = |failure: &Failure| failure.is("42P07") || failure.is("42710");
    let failures = restored.failures.iter().filter(|failure| here(&failure.database) && !is_there(failure));
    let statements = failures.filter_map(|failure| failure.statement.as_deref());
    Ok(declared.max(statements.filter(|statement| creates_one(statement)).count() as u64))
}

/// Whether a statement creates a constraint or an index.
fn creates_one(statement: &str) -> bool {
    let words: Vec<String> = statement.split_whitespace().map(str::to_lowercase).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["create", "index", ..] | ["create", "unique", "index", ..] => true,
        ["alter", "table" | "domain", rest @ ..] => rest
            .windows(2)
            .any(|pair| matches!(pair, ["add", "constraint" | "primary" | "foreign" | "unique" | "check"])),
        _ => false,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_that_creates_a_constraint_or_an_index_is_one_and_no_other() {
        assert!(creates_one("CREATE UNIQUE INDEX i ON t (a);"));
        assert!(creates_one("ALTER TABLE ONLY public.t\n    ADD CONSTRAINT t_pkey PRIMARY KEY (id);"));
        assert!(creates_one("alter table t add foreign key (a) references u;"));
        assert!(!creates_one("ALTER TABLE t ADD COLUMN index int;"));
        assert!(!creates_one("CREATE TABLE t (id int PRIMARY KEY);"));
    }
}
