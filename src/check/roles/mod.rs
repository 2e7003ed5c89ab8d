//! Roles, their memberships and settings, and what a cluster keeps of its databases, where the dump has them: what pg_dumpall
//! writes, and what `pg_restore --create` sets for the database.
//!
//! A role that was there before keeps what it had where the dump says nothing of it. Statements of roles can hold the
//! digests of passwords: none is ever shown.

mod actual;
mod compare;
mod findings;
mod parse;
mod stated;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use pgdump_reader::{Word, statements};

use super::{Check, Group, Looked, Restored};
use crate::cluster::ClusterError;
use crate::finding::{Finding, Name, Subject};
use crate::postgres::Tool;
use crate::profile::Entrypoint;
use crate::source::Witness;

pub use stated::Stated;

pub struct Roles;

#[async_trait]
impl Check for Roles {
    fn name(&self) -> &'static str {
        super::ROLES
    }

    fn group(&self) -> Group {
        Group::Permissions
    }

    fn witness(&self) -> Witness {
        Witness::Dump
    }

    fn looks_once(&self) -> bool {
        true
    }

    async fn look(&self, restored: &Restored<'_>) -> Result<Looked, ClusterError> {
        let facts = &restored.scan.facts;
        let mut stated = Stated::of(&facts.role_statements);
        let creates = Tool::PgRestore.has(&restored.target.restore.options, "--create");
        if restored.dumped()?.is_archive() && creates {
            stated.read(&facts.database_properties);
        }
        let made = made_by(restored, creates);
        if stated.is_empty() && facts.roles_left().next().is_none() {
            return Ok(Looked::default());
        }
        let mut there = actual::read(restored.session, &mut stated).await?;
        // Where a script took superuser from the role that restores it, pgrehearse has given that back, to be able to look. Where
        // the server refused that, the role has all that a superuser has.
        let superuser = &restored.target.cluster.superuser;
        let subject = Subject::Role(superuser.clone());
        let lost =
            |finding: &&Finding| finding.name == Name::SuperuserLost && finding.subject.as_ref() == Some(&subject);
        if restored.restore_findings.iter().any(|finding| lost(&finding)) {
            let all = stated::ATTRIBUTES.map(|(attribute, _)| attribute);
            let is_refused = restored
                .failures
                .iter()
                .any(|failure| failure.is("0A000") && failure.message == "permission denied to alter role");
            let of_superuser = ["superuser", "login"];
            for attribute in if is_refused { all.as_slice() } else { of_superuser.as_slice() } {
                let key = (superuser.clone(), *attribute);
                let said = stated.attributes.get(&key).copied();
                said.and_then(|said| there.attributes.insert(key, said));
            }
        }
        // What the server did not let the restore create; what was there before is there.
        let [roles, databases] = refused(restored);
        let knows = |role: &&String| there.attributes.contains_key(&((*role).clone(), stated::ATTRIBUTES[0].0));
        let missing = roles.iter().filter(|role| !knows(role)).count();
        let missing = missing + databases.iter().filter(|name| !there.databases.contains_key(*name)).count();
        let differences = compare::compare(&stated, &there, &made);
        let compared = BTreeMap::from([
            ("role".to_owned(), facts.roles_left().count() as u64),
            ("role attribute".to_owned(), stated.attributes.len() as u64),
            ("membership".to_owned(), stated.members.len() as u64),
            ("setting of a role or database".to_owned(), stated.settings.len() as u64),
            ("comment of a role or database".to_owned(), stated.comments.len() as u64),
            ("privilege on a parameter".to_owned(), stated.parameters.len() as u64),
        ]);
        let compared = compared.into_iter().filter(|(_, count)| *count > 0).collect();
        let looked_at = format!(
            "{} attributes and {} memberships of roles, {} settings",
            stated.attributes.len(),
            stated.members.len(),
            stated.settings.len()
        );
        Ok(Looked {
            findings: findings::all(differences, &stated, &there, restored),
            looked_at,
            compared,
            lost: missing as u64,
            ..Looked::default()
        })
    }
}

/// What the dump has created in this cluster: it may have nothing that the dump does not state.
pub(super) struct Made {
    pub roles: BTreeSet<String>,
    pub databases: BTreeSet<String>,
    /// Roles and databases that should be there beside; `None` where that is not known: the dump is not of a whole cluster, or
    /// an image or a profile's SQL may have made more.
    pub others: Option<[BTreeSet<String>; 2]>,
}

fn made_by(restored: &Restored<'_>, creates: bool) -> Made {
    let (facts, target) = (&restored.scan.facts, restored.target);
    let [refused_roles, refused_databases] = refused(restored);
    let creates = creates || restored.dump.is_some_and(|dump| !dump.is_archive());
    let databases =
        facts.creates_database.iter().filter(|_| creates).map(|created| facts.renamed.last(&created.name).to_owned());
    let databases: BTreeSet<String> = databases.filter(|name| !refused_databases.contains(name)).collect();
    let superuser = &target.cluster.superuser;
    let is_own = |name: &String| target.roles.iter().any(|role| role.name == *name) || name == superuser;
    let roles: BTreeSet<String> = facts.roles_left().filter(|role| !refused_roles.contains(*role)).cloned().collect();
    let is_plain = target.entrypoint == Entrypoint::Direct && target.init.is_empty();
    let others = (is_plain && !facts.roles_created.is_empty()).then(|| {
        let roles = facts.roles_left().cloned();
        let own = target.roles.iter().map(|role| role.name.clone()).chain([superuser.clone()]);
        let databases =
            facts.databases.iter().cloned().chain(facts.creates_database.iter().map(|one| one.name.clone()));
        let always = ["postgres", "template0", "template1", target.database.name.as_str()].map(str::to_owned);
        [roles.chain(own).collect(), databases.chain(always).collect()]
    });
    Made { roles: roles.into_iter().filter(|role| !is_own(role)).collect(), databases, others }
}

/// The roles and the databases that the server did not let the restore create.
fn refused(restored: &Restored<'_>) -> [BTreeSet<String>; 2] {
    let mut refused = [BTreeSet::new(), BTreeSet::new()];
    for text in restored.failures.iter().filter_map(|failure| failure.statement.as_deref()) {
        for words in statements(text) {
            if let [Word::Name(create), Word::Name(kind), Word::Name(name), ..] = words.as_slice()
                && create == "create"
            {
                match kind.as_str() {
                    "role" | "user" | "group" => refused[0].insert(name.clone()),
                    "database" => refused[1].insert(name.clone()),
                    _ => false,
                };
            }
        }
    }
    refused
}
