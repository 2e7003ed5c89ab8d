//! What a target asks of an engine.

use std::collections::{BTreeMap, BTreeSet};

use super::rights::rights_of;
use crate::engine::settings::max_wal_size;
use crate::engine::{DataDirectory, InitdbOptions, SandboxSpec, Server, Storage};
use crate::profile::{ByteSize, Client, LocaleProvider, Target};

/// The PostgreSQL that a target runs.
pub fn server_of(target: &Target) -> Server {
    match (&target.image, target.postgres) {
        (Some(image), _) => Server::Image(image.clone()),
        (None, Some(major)) => Server::Major(major),
        // A profile names one of the two, which loading sees to; the official image's newest stands in.
        (None, None) => Server::Image("postgres:latest".into()),
    }
}

/// What an engine is asked for. `image_repository` is what the command line says, which wins over the profile.
pub fn needs_of(target: &Target, image_repository: Option<&str>, storage: Storage, cache: bool) -> SandboxSpec {
    let cluster = &target.cluster;
    SandboxSpec {
        target: target.name.clone(),
        server: server_of(target),
        image_repository: image_repository.map(str::to_owned).or_else(|| target.image_repository.clone()),
        client: match target.restore.client {
            Client::Target => None,
            Client::Major(major) if target.image.is_none() && target.postgres == Some(major) => None,
            Client::Major(major) => Some(Server::Major(major)),
        },
        image_tag: target.image_tag.clone(),
        pull: target.pull,
        entrypoint: target.entrypoint,
        initdb: InitdbOptions {
            encoding: cluster.encoding.clone(),
            locale: cluster.locale.clone(),
            locale_provider: cluster.locale_provider,
            icu_locale: cluster.icu_locale.clone(),
            superuser: cluster.superuser.clone(),
            locales: locales(target),
            checksums: cluster.checksums,
            wal_segment_size: cluster.wal_segment_size.map(|ByteSize(bytes)| bytes),
        },
        data: DataDirectory::Initdb,
        settings: settings(target),
        hidden: hidden(target),
        extensions: rights_of(target),
        tablespaces: target.tablespaces.len(),
        limits: target.limits.clone(),
        storage,
        input: None,
        cache,
    }
}

/// What the operating system must have beside the cluster's own locale.
fn locales(target: &Target) -> Vec<String> {
    let mut locales = target.cluster.locales.clone();
    let of_database = match target.database_locale_provider() {
        LocaleProvider::Libc | LocaleProvider::Icu => target.database.locale.as_ref(),
        LocaleProvider::Builtin => None,
    };
    // The cluster's own locale may be one of the builtin provider, which the database then shares in name only.
    let inherited =
        (target.database_locale_provider() != target.cluster.locale_provider).then_some(&target.cluster.locale);
    let inherited = inherited.filter(|_| target.database_locale_provider() != LocaleProvider::Builtin);
    locales.extend(of_database.or(inherited).cloned());
    locales
}

/// Which of the server's settings take their values from the environment.
fn hidden(target: &Target) -> BTreeSet<String> {
    let settings = target.cluster.settings.iter();
    let secret = settings.filter(|(_, value)| target.secrets.contains(&value.0));
    secret.map(|(name, _)| name.to_ascii_lowercase()).collect()
}

/// The server's settings, with those that have a key of their own.
fn settings(target: &Target) -> BTreeMap<String, String> {
    let cluster = &target.cluster;
    let mut settings: BTreeMap<String, String> =
        cluster.settings.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.0.clone())).collect();
    if !cluster.shared_preload_libraries.is_empty() {
        settings.insert("shared_preload_libraries".into(), cluster.shared_preload_libraries.join(", "));
    }
    if let Some(zone) = &cluster.time_zone {
        settings.insert("timezone".into(), zone.clone());
    }
    if let Some(ByteSize(segment)) = cluster.wal_segment_size
        && max_wal_size(&target.limits) < 2 * segment
    {
        // PostgreSQL does not start with less than two segments.
        settings.entry("max_wal_size".into()).or_insert_with(|| format!("{}MB", (2 * segment) >> 20));
    }
    settings
}
