//! What a database held before the restore, by its profile or its image: the target's own, and no object that the restore
//! has brought.

use std::collections::{HashMap, HashSet};

use pgdump_reader::{Declared, tag};

use super::key::key;
use super::objects;
use super::ownership::Owners;
use super::privileges::{Acl, Defaults, Held, Object, defaults, held};
use super::schema::Schema;
use crate::cluster::{ClusterError, Session};
use crate::engine::Sandbox;
use crate::profile::{Entrypoint, Target};

/// Nothing, where the database was empty or was not there.
#[derive(Default)]
pub struct Baseline {
    /// Type, schema and tag.
    objects: HashSet<(String, String, String)>,
    held: HashMap<Object, Held>,
    default_privileges: Defaults,
    owners: Option<Owners>,
}

impl Baseline {
    /// Looks into the target's own database, where something can be in it that a new one does not have.
    ///
    /// # Errors
    /// When it could not look.
    pub async fn of(sandbox: &dyn Sandbox, target: &Target, encoding: Option<&str>) -> Result<Self, ClusterError> {
        let database = &target.database;
        let is_plain = target.entrypoint == Entrypoint::Direct
            && target.init.is_empty()
            && target.extensions.installed.is_empty()
            && database.schemas.is_empty()
            && database.public.owner.is_none()
            && database.public.create.is_none();
        if is_plain {
            return Ok(Self::default());
        }
        let superuser = &target.cluster.superuser;
        // Names are compared in the source's encoding, as after the restore.
        let encoding = encoding.filter(|encoding| *encoding != "SQL_ASCII");
        let session = Session::open(sandbox, superuser, &database.name).await?;
        let schema = Schema::default();
        let (declared, held, default_privileges, owners) = tokio::join!(
            schema.get(sandbox, superuser, &database.name, encoding),
            held(&session),
            defaults(&session),
            Owners::read(&session)
        );
        let objects = objects::with_attachments(declared?.to_vec()).iter().map(key).collect();
        Ok(Self { objects, held: held?, default_privileges: default_privileges?, owners: Some(owners?) })
    }

    /// Whether an object of this type and name was there.
    pub fn has(&self, object: &Declared) -> bool {
        !self.objects.is_empty() && self.objects.contains(&key(object))
    }

    /// Whether anything was there.
    pub fn has_any(&self) -> bool {
        !self.objects.is_empty()
    }

    /// The tables that were there, schema and name, in order.
    pub fn tables(&self) -> impl Iterator<Item = (String, String)> {
        let mut tables: Vec<(String, String)> = self
            .objects
            .iter()
            .filter(|(desc, ..)| desc == tag::TABLE)
            .map(|(_, schema, name)| (schema.clone(), name.clone()))
            .collect();
        tables.sort();
        tables.into_iter()
    }

    /// What whoever makes something there gives away of it.
    pub fn default_privileges(&self) -> &Defaults {
        &self.default_privileges
    }

    /// Who owned what, where anything was there.
    pub(super) fn owners(&self) -> Option<&Owners> {
        self.owners.as_ref()
    }

    /// Whether this table was there.
    pub fn has_table(&self, schema: &str, table: &str) -> bool {
        !self.objects.is_empty() && self.objects.contains(&(tag::TABLE.to_owned(), schema.to_owned(), table.to_owned()))
    }

    /// Whether a table had this trigger or rule; `desc` is what pg_dump calls it.
    pub fn has_of_table(&self, desc: &str, (schema, table): (&str, &str), name: &str) -> bool {
        !self.objects.is_empty()
            && self.objects.contains(&(desc.to_owned(), schema.to_owned(), format!("{table} {name}")))
    }

    /// What the privileges of an object were, with those of its owner of then as those of its owner of now, as ALTER … OWNER
    /// gives them on (`aclnewowner` in src/backend/utils/adt/acl.c).
    pub fn privileges(&self, object: &Object, owner: &str) -> Option<Acl> {
        let Held { owner: former, now, .. } = self.held.get(object)?;
        Some(now.with_owner(former, owner))
    }
}
