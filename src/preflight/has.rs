//! What a target has, as far as its profile says it.

use std::collections::BTreeSet;

use pgdump_reader::Dump;

use crate::postgres::Tool;
use crate::postgres::predefined_role_since;
use crate::profile::{Client, Entrypoint, Target};
use crate::restore::selecting_option;

/// A target, seen as what it offers.
pub struct Has<'a> {
    pub target: &'a Target,
    /// The server's major version; `None` where only an image is named.
    pub server: Option<u16>,
    /// The client's, likewise.
    pub client: Option<u16>,
    /// Who restores.
    pub restoring: &'a str,
    pub is_superuser: bool,
    /// What the restoring role is a member of, itself included.
    pub acts_for: BTreeSet<&'a str>,
    /// Whether the restore creates the dump's database.
    pub creates_database: bool,
    pub no_owner: bool,
    pub no_privileges: bool,
    pub no_tablespaces: bool,
    /// The option, if any, with which pg_restore leaves out parts of the dump.
    pub selects: Option<&'static str>,
}

impl<'a> Has<'a> {
    pub fn of(target: &'a Target, dump: &Dump) -> Self {
        let options = &target.restore.options;
        let is_archive = dump.is_archive();
        let given = |long: &str| is_archive && Tool::PgRestore.has(options, long);
        // The version of an image is only known when it runs.
        let server = target.postgres.filter(|_| target.image.is_none()).map(|major| major.0);
        let restoring = target.restoring();
        Self {
            target,
            server,
            client: match target.restore.client {
                Client::Target => server,
                Client::Major(major) => Some(major.0),
            },
            restoring,
            is_superuser: target.restores_as_superuser(),
            acts_for: acts_for(target, restoring),
            creates_database: match dump.plain() {
                None => Tool::PgRestore.has(options, "--create"),
                Some(plain) => plain.cluster || !plain.creates_databases.is_empty(),
            },
            no_owner: given("--no-owner"),
            no_privileges: given("--no-privileges"),
            no_tablespaces: given("--no-tablespaces"),
            selects: selecting_option(&target.restore, dump),
        }
    }

    /// Whether the target surely lacks a role.
    pub fn lacks_role(&self, role: &str) -> bool {
        if role == self.target.cluster.superuser || self.target.roles.iter().any(|known| known.name == role) {
            return false;
        }
        // Its image may make more.
        if self.target.entrypoint == Entrypoint::Image {
            return false;
        }
        match (role.starts_with("pg_"), predefined_role_since(role), self.server) {
            (false, ..) => true,
            (true, Some(since), Some(server)) => server < since.0,
            // A name that is not known: a newer version may have it.
            (true, ..) => false,
        }
    }

    pub fn role_attribute(&self, has: impl Fn(&crate::profile::Role) -> bool) -> bool {
        self.is_superuser || self.target.roles.iter().any(|role| role.name == self.restoring && has(role))
    }
}

/// A role and all that it is a member of, through other roles too.
pub fn acts_for<'a>(target: &'a Target, role: &'a str) -> BTreeSet<&'a str> {
    let mut known = BTreeSet::new();
    let mut open = vec![role];
    while let Some(name) = open.pop() {
        if known.insert(name) {
            let role = target.roles.iter().find(|role| role.name == name);
            open.extend(role.into_iter().flat_map(|role| role.member_of.iter().map(|group| group.role.as_str())));
        }
    }
    // Who owns the database is a member of it without being made one (roles_is_member_of in acl.c, PostgreSQL 14).
    if target.database.owner.as_deref().is_some_and(|owner| known.contains(owner)) {
        known.insert("pg_database_owner");
    }
    known
}
