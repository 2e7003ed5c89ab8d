//! All that a dump asks of a target, put together from what its statements and its header say.

mod features;
pub(crate) mod needs;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::archive::{ArchiveCompression, ArchiveVersion};
use crate::dump::{Content, Dump};
use crate::facts::RoleUse;
use crate::facts::{CreatedDatabase, Extension, Facts};
use crate::object_kind::{ObjectKind, Part};

pub use features::{FEATURES, Feature, feature_refused, features_in};
pub use needs::{Collation, Needs, PrivilegedUse, SUBSCRIPTIONS};

/// What a target must offer for the dump to come back whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requirements {
    /// Roles that it names and does not create, with how they are used.
    pub roles: BTreeMap<String, RoleUse>,
    /// Each once, by name.
    pub extensions: Vec<Extension>,
    /// Procedural languages that it creates without an extension.
    pub languages: Vec<String>,
    /// Tablespaces that it uses and does not create.
    pub tablespaces: Vec<String>,
    /// Table access methods beside `heap` that it uses and does not create.
    pub access_methods: Vec<String>,
    /// The first `client_encoding` of the dump; `None` where it sets none.
    pub encoding: Option<String>,
    /// The dumped databases as the dump would create them.
    pub databases: Vec<CreatedDatabase>,
    /// Collations that definitions name and that it does not create, with schema.
    pub collations: Vec<String>,
    /// Collations that it creates.
    pub collations_created: Vec<Collation>,
    /// Publications that it creates, by name.
    pub publications: Vec<String>,
    /// Subscriptions that it creates, by name.
    pub subscriptions: Vec<String>,
    /// Event triggers that it creates, by name.
    pub event_triggers: Vec<String>,
    /// Foreign data wrappers that it creates, by name.
    pub wrappers: Vec<String>,
    /// Foreign servers that it creates, by name.
    pub servers: Vec<String>,
    /// Providers of security labels; an empty name for the only one that is loaded.
    pub label_providers: Vec<String>,
    /// Settings that the restoring session makes.
    pub session_settings: Vec<String>,
    /// Settings of functions, roles and databases, with the objects that have them.
    pub object_settings: BTreeMap<String, Vec<String>>,
    /// What only some versions of the server have, with the objects that use it. Not what only `CREATE DATABASE` asks.
    pub features: Vec<(&'static Feature, Vec<String>)>,
    /// The same for `CREATE DATABASE`: needed only where the restore creates the database.
    pub database_features: Vec<(&'static Feature, Vec<String>)>,
    /// What only a superuser may make.
    pub privileged: Vec<PrivilegedUse>,
    /// The oldest major version of pg_restore that reads the archive; `None` for a plain dump.
    pub client: Option<u16>,
    /// What decides on the client: `archive version 1.16`, `zstd compression`.
    pub client_because: Option<String>,
    /// Whether only a psql that knows `\restrict` runs it.
    pub restricted: bool,
    /// Definitions that are too long to be looked into: what they ask for is not known.
    pub not_looked_into: bool,
}

impl Requirements {
    /// What the dump asks for, by its facts: those of its table of contents, or of a pass over all of it.
    pub fn of(dump: &Dump, facts: &Facts) -> Self {
        let needs = &facts.needs;
        let of_database = |objects: &[String]| {
            objects.iter().all(|object| ObjectKind::of_label(object).is_some_and(|kind| kind.part == Part::Database))
        };
        let (database_features, features) =
            needs.features().into_iter().partition(|(_, objects): &(_, Vec<String>)| of_database(objects));
        let (client, client_because) = client_of(dump);
        let mut extensions: Vec<Extension> = Vec::new();
        for extension in &facts.extensions {
            if !extensions.iter().any(|known| known.name == extension.name) {
                extensions.push(extension.clone());
            }
        }
        extensions.sort_by(|a, b| a.name.cmp(&b.name));
        let built_in = ["pg_default", "pg_global"];
        Self {
            roles: facts.roles().into_iter().filter(|(role, _)| !facts.roles_created.contains(role)).collect(),
            languages: facts
                .languages
                .iter()
                .filter(|language| !extensions.iter().any(|extension| extension.name == **language))
                .cloned()
                .collect(),
            extensions,
            tablespaces: facts
                .tablespaces
                .iter()
                .filter(|name| !facts.tablespaces_created.contains(*name) && !built_in.contains(&name.as_str()))
                .cloned()
                .collect(),
            access_methods: needs
                .access_methods
                .iter()
                .filter(|method| *method != "heap" && !needs.access_methods_created.contains(*method))
                .cloned()
                .collect(),
            encoding: facts.encoding.clone(),
            databases: facts.creates_database.clone(),
            collations: needs.collations_not_created(),
            collations_created: needs.collations_created.clone(),
            publications: needs.publications.iter().cloned().collect(),
            subscriptions: needs.subscriptions.iter().cloned().collect(),
            event_triggers: needs.event_triggers.iter().cloned().collect(),
            wrappers: needs.wrappers.iter().cloned().collect(),
            servers: needs.servers.iter().cloned().collect(),
            label_providers: needs.label_providers.iter().cloned().collect(),
            session_settings: facts.settings.clone(),
            object_settings: needs
                .settings
                .iter()
                .map(|(name, objects)| (name.clone(), objects.iter().cloned().collect()))
                .collect(),
            features,
            database_features,
            privileged: needs.privileged.clone(),
            client,
            client_because,
            restricted: matches!(&dump.content, Content::Plain(plain) if plain.restricted),
            not_looked_into: needs.cut || matches!(&dump.content, Content::Archive(archive) if archive.abridged),
        }
    }

    /// The oldest major version of the server that has all that the dump uses, as far as that is known.
    pub fn oldest_server(&self) -> Option<u16> {
        self.features.iter().filter_map(|(feature, _)| feature.since).max()
    }

    /// The newest major version of the server that still has all that the dump uses; `None` where all have it.
    pub fn newest_server(&self) -> Option<u16> {
        self.features.iter().filter_map(|(feature, _)| feature.gone.map(|gone| gone - 1)).min()
    }
}

/// The oldest pg_restore that reads an archive: K_VERS_* in src/bin/pg_dump/pg_backup_archiver.h, and for lz4 and zstd
/// src/bin/pg_dump/compress_io.c, which came with PostgreSQL 16.
fn client_of(dump: &Dump) -> (Option<u16>, Option<String>) {
    let Content::Archive(archive) = &dump.content else { return (None, None) };
    let ArchiveVersion { minor, .. } = archive.version;
    let by_version = match minor {
        0..=13 => 10,
        14 => 12,
        15 => 16,
        _ => 17,
    };
    let compressed = matches!(archive.compression, ArchiveCompression::Lz4 | ArchiveCompression::Zstd);
    if compressed && by_version < 16 {
        return (Some(16), Some(format!("{} compression", archive.compression.label())));
    }
    (Some(by_version), Some(format!("archive version {}", archive.version)))
}
