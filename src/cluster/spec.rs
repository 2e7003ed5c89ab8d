//! What a target asks of an engine.

use std::path::PathBuf;

use crate::engine::{InitdbOptions, SandboxSpec, Server, Storage};
use crate::profile::{Client, Target};

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
pub fn needs_of(
    target: &Target,
    image_repository: Option<&str>,
    input: Option<PathBuf>,
    storage: Storage,
    cache: bool,
) -> SandboxSpec {
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
        initdb: InitdbOptions {
            encoding: cluster.encoding.clone(),
            locale: cluster.locale.clone(),
            locale_provider: cluster.locale_provider,
            icu_locale: cluster.icu_locale.clone(),
            superuser: cluster.superuser.clone(),
            locales: cluster.locales.clone(),
        },
        settings: cluster.settings.iter().map(|(name, value)| (name.clone(), value.0.clone())).collect(),
        limits: target.limits.clone(),
        storage,
        input,
        cache,
    }
}
