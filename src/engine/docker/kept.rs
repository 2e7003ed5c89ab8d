//! Data directories that are created once and kept as an image layer.
//!
//! `initdb` takes longer than all the rest of starting a sandbox. A data directory that is needed a second time is
//! created by a container that never sees a dump, which is committed as an image; sandboxes copy the directory from there.
//! This happens beside a rehearsal that runs initdb for itself, so nobody waits for it. The key of a kept directory is everything that
//! shapes it: the image's id, initdb's options, the locales, the script that creates it, and pgrehearse's version.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bollard::Docker;
use bollard::models::{ContainerConfig, ContainerCreateBody, HostConfig};
use bollard::query_parameters::{
    CommitContainerOptionsBuilder, CreateContainerOptionsBuilder, LogsOptionsBuilder, RemoveImageOptionsBuilder,
    StartContainerOptions, WaitContainerOptions,
};
use futures_util::StreamExt as _;
use sha2::{Digest as _, Sha256};

use super::{call, labels, remove, status};
use crate::engine::lease::Lease;
use crate::engine::{Control, EngineError, ExtensionRights, InitdbOptions, SandboxSpec};
use crate::profile::LocaleProvider;

/// Creates the data directory, and then runs [`RIGHTS`] where the target wants them.
const SCRIPT: &str =
    concat!(include_str!("initdb.sh"), "[ \"${PGREHEARSE_RIGHTS-}\" ] || exit 0\n", include_str!("rights.sh"));

/// Changes control files of extensions, as root.
pub const RIGHTS: &str = include_str!("rights.sh");

/// The repository of kept images; the tag is the key.
pub const REPOSITORY: &str = "pgrehearse-kept";

/// How long initdb may take on a busy machine.
const LIFETIME: Duration = Duration::from_secs(5 * 60);

/// An image that holds a data directory.
#[derive(Debug)]
pub struct Kept {
    pub reference: String,
    /// Whether only this run uses it, and removes it afterwards.
    pub temporary: bool,
    /// The image that it was made from, with its id, for people.
    pub origin: String,
}

impl Kept {
    /// Removes it if it was for one use.
    pub async fn discard(&self, docker: &Docker) -> Result<(), EngineError> {
        if !self.temporary {
            return Ok(());
        }
        let options = RemoveImageOptionsBuilder::default().force(true).build();
        match docker.remove_image(&self.reference, Some(options), None).await {
            Ok(_) => Ok(()),
            Err(error) if status(&error) == Some(404) => Ok(()),
            Err(error) => Err(call("cannot remove an image")(error)),
        }
    }
}

/// What a sandbox can be started from.
#[derive(Debug)]
pub enum Origin {
    /// A data directory is kept.
    Kept(Kept),
    /// None is: the sandbox runs initdb itself.
    Plain(Plan),
}

/// A data directory that can be kept.
#[derive(Debug, Clone)]
pub struct Plan {
    image: String,
    /// For people.
    pub origin: String,
    key: String,
}

impl Plan {
    pub async fn of(docker: &Docker, image: &str, spec: &SandboxSpec) -> Result<Plan, EngineError> {
        let inspected = docker.inspect_image(image).await.map_err(call("cannot look at the image"))?;
        let id = inspected.id.unwrap_or_default();
        let short: String = id.trim_start_matches("sha256:").chars().take(12).collect();
        Ok(Plan { image: image.to_owned(), origin: format!("{image} ({short})"), key: key(&id, spec) })
    }

    fn reference(&self) -> String {
        format!("{REPOSITORY}:{}", self.key)
    }

    /// The data directory, if it is kept already.
    pub async fn find(&self, docker: &Docker) -> Option<Kept> {
        let reference = self.reference();
        docker.inspect_image(&reference).await.ok()?;
        Some(Kept { reference, temporary: false, origin: self.origin.clone() })
    }

    /// Whether this data directory is needed for the second time. One that is used once is not worth keeping.
    pub fn is_wanted_again(&self, lease: &Lease) -> bool {
        lease.home().remember(&format!("wanted-{}", self.key)).unwrap_or(false)
    }

    /// Creates the data directory for one sandbox.
    pub async fn make_once(&self, docker: &Docker, lease: &Lease, spec: &SandboxSpec) -> Result<Kept, EngineError> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let reference = format!("{REPOSITORY}:run-{}-{number}", lease.run());
        let labels = labels::of_run(lease, &spec.target, spec.limits.timeout.0);
        make(docker, lease, &self.image, spec, &reference, labels).await?;
        Ok(Kept { reference, temporary: true, origin: self.origin.clone() })
    }

    /// Creates the data directory and keeps it. Several targets, or several runs, may need the same one at the same time:
    /// one creates it, the others wait.
    pub async fn make(&self, docker: &Docker, lease: &Lease, spec: &SandboxSpec) -> Result<Kept, EngineError> {
        let home = lease.home().clone();
        let name = format!("kept-{}", self.key);
        let _lock = tokio::task::spawn_blocking(move || home.lock(&name))
            .await
            .map_err(|error| EngineError::Call { action: "cannot wait for initdb", reason: error.to_string() })?
            .map_err(|source| EngineError::Io { action: "cannot lock the kept data directory", source })?;
        if let Some(kept) = self.find(docker).await {
            return Ok(kept);
        }
        // It belongs to no run any more: an empty value hides the container's own label.
        let labels = [labels::RUN, labels::DEADLINE, labels::TARGET]
            .into_iter()
            .map(|label| (label.to_owned(), String::new()))
            .chain([
                (labels::KEPT.to_owned(), self.key.clone()),
                (labels::HOME.to_owned(), lease.home().id().to_owned()),
            ])
            .collect();
        let reference = self.reference();
        make(docker, lease, &self.image, spec, &reference, labels).await?;
        Ok(Kept { reference, temporary: false, origin: self.origin.clone() })
    }
}

fn key(image_id: &str, spec: &SandboxSpec) -> String {
    let extensions = extensions_environment(&spec.extensions);
    let shape = format!("{}\n{image_id}\n{:?}\n{extensions:?}\n{SCRIPT}", env!("CARGO_PKG_VERSION"), spec.initdb);
    let digest = Sha256::digest(shape.as_bytes());
    digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

async fn make(
    docker: &Docker,
    lease: &Lease,
    image: &str,
    spec: &SandboxSpec,
    reference: &str,
    labels: HashMap<String, String>,
) -> Result<(), EngineError> {
    let initdb = &spec.initdb;
    let body = ContainerCreateBody {
        image: Some(image.to_owned()),
        user: Some("root".into()),
        entrypoint: Some(vec!["/bin/sh".into(), "-c".into(), SCRIPT.into()]),
        cmd: Some(Vec::new()),
        env: Some(
            initdb_environment(initdb)
                .into_iter()
                .chain(extensions_environment(&spec.extensions))
                .chain(["LC_ALL=C".into()])
                .collect(),
        ),
        labels: Some(labels::of_run(lease, &spec.target, LIFETIME)),
        host_config: Some(HostConfig {
            network_mode: Some("none".into()),
            // What chown and su need, and no more.
            cap_drop: Some(vec!["ALL".into()]),
            cap_add: Some(["CHOWN", "SETUID", "SETGID", "DAC_OVERRIDE", "FOWNER"].map(String::from).into()),
            security_opt: Some(vec!["no-new-privileges:true".into()]),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    };
    let name = format!("pgrehearse-initdb-{}-{:08x}", lease.run(), fastrand::u32(..));
    let options = CreateContainerOptionsBuilder::default().name(&name).build();
    docker.create_container(Some(options), body).await.map_err(call("cannot create the container for initdb"))?;
    let made = run_and_commit(docker, &name, reference, labels).await;
    let removed = remove::container(docker, &name).await.map_err(call("cannot remove a container"));
    made.and(removed)
}

async fn run_and_commit(
    docker: &Docker,
    name: &str,
    reference: &str,
    labels: HashMap<String, String>,
) -> Result<(), EngineError> {
    docker
        .start_container(name, None::<StartContainerOptions>)
        .await
        .map_err(call("cannot start initdb's container"))?;
    let wait = async {
        match docker.wait_container(name, None::<WaitContainerOptions>).next().await {
            Some(Ok(response)) => Ok(response.status_code),
            // A code other than 0 comes as an error.
            Some(Err(bollard::errors::Error::DockerContainerWaitError { code, .. })) => Ok(code),
            Some(Err(error)) => Err(call("cannot wait for initdb")(error)),
            None => Err(EngineError::Gone("the container for initdb disappeared".into())),
        }
    };
    let code = tokio::time::timeout(LIFETIME, wait)
        .await
        .map_err(|_| EngineError::Start { step: "initdb", log: "it did not end within 5 minutes".into() })??;
    if code != 0 {
        let log = logs(docker, name).await;
        return Err(match code {
            91 => no_locale(&log),
            _ => EngineError::Start { step: "initdb", log },
        });
    }
    let (repository, tag) = reference.split_once(':').unwrap_or((reference, "latest"));
    let commit = || {
        let options =
            CommitContainerOptionsBuilder::default().container(name).repo(repository).tag(tag).pause(false).build();
        let config = ContainerConfig { labels: Some(labels.clone()), ..ContainerConfig::default() };
        docker.commit_container(options, config)
    };
    // Where another image is removed at that moment, an engine can fail to find what it has just written ("failed to get digest
    // …"). Nothing is lost by asking again.
    let mut committed = commit().await;
    for _ in 1..COMMITS_AT_MOST {
        if committed.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        committed = commit().await;
    }
    committed.map(drop).map_err(call("cannot keep the data directory"))
}

/// How often an engine is asked to keep a data directory.
const COMMITS_AT_MOST: u32 = 3;

/// Which locale the image lacks, and why it cannot be generated there, as the script for initdb reports it.
fn no_locale(log: &str) -> EngineError {
    let said = log.lines().rev().find_map(|line| line.strip_prefix("the image has no locale ")?.split_once(" and "));
    let (locale, why) = said.unwrap_or(("of the target", "it cannot be generated"));
    // localedef's own words.
    let words = log.lines().find_map(|line| line.strip_prefix("[error] ")).map(|words| format!(" ({words})"));
    EngineError::NoLocale {
        locale: locale.to_owned(),
        reason: format!("the image lacks it, and {why}{}", words.unwrap_or_default()),
        remedy: "use another one in the profile, or an image based on Debian, which can make any that glibc knows",
    }
}

/// The scripts' parameters.
pub fn initdb_environment(initdb: &InitdbOptions) -> Vec<String> {
    let mut locales = initdb.locales.clone();
    // The operating system does not know the builtin provider's locales.
    if initdb.locale_provider != LocaleProvider::Builtin {
        locales.insert(0, initdb.locale.clone());
    }
    let mut options = vec![provider_options(initdb)];
    // The scripts themselves ask initdb whether it has an option against checksums.
    options.extend(initdb.page_arguments(false));
    let no_checksums = if initdb.checksums == Some(false) { "yes" } else { "" };
    vec![
        format!("PGREHEARSE_LOCALES={}", locales.join(" ")),
        format!("PGREHEARSE_SUPERUSER={}", initdb.superuser),
        format!("PGREHEARSE_ENCODING={}", initdb.encoding),
        format!("PGREHEARSE_OPTIONS={}", options.join(" ")),
        format!("PGREHEARSE_NO_CHECKSUMS={no_checksums}"),
    ]
}

/// What becomes of the control files, as lists of names without white space (the profile's rules see to that).
pub fn extensions_environment(rights: &ExtensionRights) -> Vec<String> {
    let words = |names: &BTreeSet<String>| names.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
    let mut environment = vec![
        format!("PGREHEARSE_TRUSTED={}", words(&rights.trusted)),
        format!("PGREHEARSE_RESTRICTED={}", words(&rights.restricted)),
        format!("PGREHEARSE_REMOVED={}", words(&rights.removed)),
        format!("PGREHEARSE_TRUST={}", Control::Trusted.lines()),
        format!("PGREHEARSE_RESTRICT={}", Control::Restricted.lines()),
    ];
    environment.extend(rights.only.as_ref().map(|only| format!("PGREHEARSE_ONLY={}", words(only))));
    environment.extend((!rights.are_as_shipped()).then(|| "PGREHEARSE_RIGHTS=yes".to_owned()));
    environment
}

/// initdb's options for the locale, as words without white space (the profile's rules see to that).
pub fn provider_options(initdb: &InitdbOptions) -> String {
    let locale = &initdb.locale;
    match initdb.locale_provider {
        LocaleProvider::Libc => format!("--locale={locale}"),
        LocaleProvider::Icu => match &initdb.icu_locale {
            Some(icu) => format!("--locale={locale} --locale-provider=icu --icu-locale={icu}"),
            None => format!("--locale={locale} --locale-provider=icu"),
        },
        // C.UTF-8 and C are the names that the builtin provider knows (PostgreSQL 17); libc gets C for the rest.
        LocaleProvider::Builtin => format!("--locale=C --locale-provider=builtin --builtin-locale={locale}"),
    }
}

/// The last lines that a container printed.
pub async fn logs(docker: &Docker, name: &str) -> String {
    let options = LogsOptionsBuilder::default().stdout(true).stderr(true).tail("30").build();
    let mut text = String::new();
    let mut stream = docker.logs(name, Some(options));
    while let Some(Ok(line)) = stream.next().await {
        text.push_str(&line.to_string());
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_that_cannot_be_had_is_named_with_why_on_one_line() {
        let debian = "[error] cannot open locale definition file `xx_YY': No such file or directory\n\
                      the image has no locale xx_YY.UTF-8 and localedef cannot make it\n";
        let alpine = "the image has no locale de_DE.UTF-8 and it has no localedef to make it with\n";
        for (log, wanted) in [
            (
                debian,
                "locale xx_YY.UTF-8: the image lacks it, and localedef cannot make it (cannot open locale definition file \
                 `xx_YY': No such file or directory); use another one in the profile",
            ),
            (
                alpine,
                "locale de_DE.UTF-8: the image lacks it, and it has no localedef to make it with; use another one",
            ),
            ("", "locale of the target: the image lacks it, and it cannot be generated; use another one"),
        ] {
            let said = no_locale(log).to_string();
            assert!(said.starts_with(wanted) && !said.contains('\n'), "{said}");
        }
    }
}
