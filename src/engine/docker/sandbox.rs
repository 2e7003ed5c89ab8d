//! A sandbox in a container.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bollard::Docker;
use bollard::models::{ContainerCreateBody, VolumeCreateRequest};
use bollard::query_parameters::{CreateContainerOptionsBuilder, InspectContainerOptions, StartContainerOptions};
use tokio::sync::{Mutex, OnceCell};

use super::bridge;
use super::disk::{self, DiskWatch};
use super::ended::{stands_still, why_it_ended};
use super::entrypoint::{self, Own};
use super::exec::{self, Exec};
use super::input::{self, Expected, Input};
use super::kept::{Kept, Origin};
use super::shell::Shells;
use super::watch::Watch;
use super::{call, container, image, labels, program, remove, status};
use crate::engine::lease::Lease;
use crate::engine::{
    DataDirectory, EngineError, LimitHit, Pipe, Program, Running, Sandbox, SandboxSpec, Storage, Whose,
};
use crate::event::{Events, Phase};
use crate::profile::Entrypoint;

pub struct DockerSandbox {
    docker: Docker,
    spec: SandboxSpec,
    kept: Option<Kept>,
    /// The image that it runs, and what to call it.
    image: String,
    origin: String,
    server: String,
    /// A second container, where the client is another version than the server.
    client: Option<String>,
    volume: Option<String>,
    /// Whether the input is mounted (as far as the engine shares this file system).
    mounted: bool,
    watch: Option<Watch>,
    /// Who looks at the disk, where data are kept on it.
    disk: Option<DiskWatch>,
    /// What carries connections and programs in the server's container.
    shells: Shells,
    /// The connection that proved the server ready, for the first who asks.
    first: Mutex<Option<Box<dyn Pipe>>>,
    input: OnceCell<Input>,
}

/// Why a sandbox did not start.
pub enum StartError {
    /// The image lacks a locale that the target needs.
    NoLocale,
    Other(EngineError),
}

impl From<EngineError> for StartError {
    fn from(error: EngineError) -> Self {
        StartError::Other(error)
    }
}

impl From<StartError> for EngineError {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Other(error) => error,
            StartError::NoLocale => EngineError::Unavailable {
                what: "a locale of the target".into(),
                reason: "the image does not have it".into(),
                remedy: "use another locale in the profile".into(),
            },
        }
    }
}

impl DockerSandbox {
    /// Starts the server and waits until it accepts connections. Whatever fails, nothing is left behind.
    pub async fn start(
        docker: &Docker,
        lease: &Lease,
        origin: Origin,
        spec: &SandboxSpec,
        events: &Events,
    ) -> Result<Self, StartError> {
        events.phase(Phase::Start).await;
        let name = format!("pgrehearse-{}-{:08x}", lease.run(), fastrand::u32(..));
        let (image, origin, kept) = match origin {
            Origin::Kept(kept) => (kept.reference.clone(), kept.origin.clone(), Some(kept)),
            Origin::Plain(plan) => {
                let image = image::of(spec, &spec.server);
                (image, plan.origin, None)
            }
        };
        let shells = Shells::new(docker, &name);
        let mut sandbox = Self {
            docker: docker.clone(),
            spec: spec.clone(),
            kept,
            image,
            origin,
            server: name,
            client: None,
            volume: None,
            mounted: false,
            watch: None,
            disk: None,
            shells,
            first: Mutex::new(None),
            input: OnceCell::new(),
        };
        match sandbox.start_all(lease).await {
            Ok(()) => Ok(sandbox),
            Err(error) => {
                // The first error is what matters; what cannot be removed now is the sweep's.
                let _ = Box::new(sandbox).remove().await;
                Err(error)
            }
        }
    }

    async fn start_all(&mut self, lease: &Lease) -> Result<(), StartError> {
        let labels = labels::of_run(lease, &self.spec.target, self.spec.limits.timeout.0);
        if self.spec.storage == Storage::Disk && self.spec.entrypoint == Entrypoint::Direct {
            let request = VolumeCreateRequest {
                name: Some(self.server.clone()),
                labels: Some(labels.clone()),
                ..VolumeCreateRequest::default()
            };
            self.docker.create_volume(request).await.map_err(call("cannot create a volume"))?;
            self.volume = Some(self.server.clone());
        }
        let own = match self.spec.entrypoint {
            Entrypoint::Direct => None,
            Entrypoint::Image => Some(Own::of(&self.docker, &self.image).await?),
        };
        let server = |mount| match &own {
            None => container::server(&self.image, &self.spec, labels.clone(), self.volume.as_deref(), mount),
            Some(own) => own.server(&self.image, &self.spec, labels.clone(), mount),
        };
        let mount = self.spec.input.is_some() && self.spec.client.is_none();
        let mounted = self.create(&self.server, server, mount).await?;
        self.mounted = mounted;
        self.docker
            .start_container(&self.server, None::<StartContainerOptions>)
            .await
            .map_err(call("cannot start the sandbox's container"))?;
        let settings = match &own {
            None => container::settings_at_start(&self.spec),
            Some(_) => entrypoint::settings(&self.spec),
        };
        if !settings.file.is_empty() {
            exec::tell(&self.docker, &self.server, &settings.file).await?;
        }
        if self.spec.storage == Storage::Disk {
            let watch = DiskWatch::begin(&self.docker, &self.image, &self.server, &self.spec, labels.clone());
            self.disk = Some(watch);
        }
        // Finding the input needs no server; what goes wrong with it is reported when it is asked for.
        let expected = match &self.spec.input {
            Some(path) if self.mounted => Expected::of(path).ok(),
            _ => None,
        };
        let look_at = expected.as_ref().map_or("", |expected| expected.inside);
        let (wait, look) = match (&own, self.spec.data) {
            (Some(_), _) => (entrypoint::WAIT, ""),
            (None, DataDirectory::Initdb) => (bridge::WAIT, input::LOOK),
            (None, DataDirectory::BroughtIn) => (bridge::WAIT_FOR_DIRECTORY, input::LOOK),
        };
        let arguments = [container::data_dir(self.spec.storage), look_at];
        let began = async {
            let first = bridge::first(&self.shells, look, wait, &arguments).await?;
            let watch = Watch::start(&self.docker, &self.server, &self.shells, &self.spec).await?;
            Ok::<_, EngineError>((watch, first))
        };
        if let Ok((watch, (first, printed))) = began.await {
            if let Some(input) = expected.and_then(|expected| expected.seen(&printed)) {
                let _ = self.input.set(input);
            }
            self.watch = Some(watch);
            // Where there is no server yet, nothing is at its other end.
            self.first = Mutex::new(Some(first).filter(|_| self.spec.data == DataDirectory::Initdb));
        } else {
            return Err(match self.exit_code_when_ended().await {
                Some(container::NO_LOCALE) => StartError::NoLocale,
                _ => self.why_it_ended("a program in it ended early").await.into(),
            });
        }
        if own.is_some() {
            entrypoint::finish(&self.docker, &self.server, &self.spec).await?;
        }
        if let Some(client) = &self.spec.client {
            let image = image::of(&self.spec, client);
            let name = format!("{}-client", self.server);
            let body = |mount| container::client(&image, &self.server, &self.spec, labels.clone(), mount);
            let mounted = self.create(&name, body, self.spec.input.is_some()).await?;
            self.mounted = mounted;
            self.client = Some(name);
            self.docker
                .start_container(self.client_container(), None::<StartContainerOptions>)
                .await
                .map_err(call("cannot start the client's container"))?;
        }
        Ok(())
    }

    /// Creates a container, with the input mounted if wanted and possible; says whether it is.
    async fn create(
        &self,
        name: &str,
        body: impl Fn(bool) -> ContainerCreateBody,
        mount: bool,
    ) -> Result<bool, EngineError> {
        let create = async |mount: bool| {
            let options = CreateContainerOptionsBuilder::default().name(name).build();
            self.docker.create_container(Some(options), body(mount)).await
        };
        match create(mount).await {
            Ok(_) => Ok(mount),
            // A remote engine does not have the path; the input is uploaded then.
            Err(error) if mount && status(&error) == Some(400) => {
                create(false).await.map(|_| false).map_err(call("cannot create the sandbox's container"))
            }
            Err(error) => Err(call("cannot create the sandbox's container")(error)),
        }
    }

    /// Who runs what a dump can reach, where it is not the container's own user.
    fn user(&self) -> Option<String> {
        (self.spec.entrypoint == Entrypoint::Image).then(|| entrypoint::USER.to_owned())
    }

    fn client_container(&self) -> &str {
        self.client.as_deref().unwrap_or(&self.server)
    }

    /// The exit code of the server's container, once it has ended.
    async fn exit_code_when_ended(&self) -> Option<i64> {
        for _ in 0..20 {
            let container = self.docker.inspect_container(&self.server, None::<InspectContainerOptions>).await.ok()?;
            match container.state? {
                state if state.running == Some(true) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
                state => return state.exit_code,
            }
        }
        None
    }

    /// An ended container, explained.
    async fn why_it_ended(&self, otherwise: &str) -> EngineError {
        why_it_ended(&self.docker, &self.server, &self.spec.limits, otherwise).await
    }

    /// Where the input is to be found or put.
    fn place(&self) -> input::Place<'_> {
        let user = self.user();
        let upload = match &self.client {
            Some(_) => container::UPLOAD.to_owned(),
            None if self.spec.entrypoint == Entrypoint::Image => entrypoint::UPLOAD.to_owned(),
            None => format!("{}/upload", container::data_dir(self.spec.storage)),
        };
        input::Place { docker: &self.docker, container: self.client_container(), user, upload }
    }

    async fn located(&self) -> Result<Option<&Input>, EngineError> {
        let Some(path) = &self.spec.input else { return Ok(None) };
        let input = self.input.get_or_try_init(async || {
            let place = self.place();
            let found = if self.mounted { place.find(path).await? } else { None };
            match found {
                Some(input) => Ok(input),
                None => place.upload(path).await,
            }
        });
        input.await.map(Some)
    }
}

#[async_trait]
impl Sandbox for DockerSandbox {
    fn describe(&self) -> String {
        self.origin.clone()
    }

    async fn connect(&self) -> Result<Box<dyn Pipe>, EngineError> {
        if let Some(first) = self.first.lock().await.take() {
            return Ok(first);
        }
        bridge::connect(&self.shells).await
    }

    async fn input(&self) -> Result<Option<String>, EngineError> {
        Ok(self.located().await?.map(|input| input.path.clone()))
    }

    fn tablespace(&self, number: usize) -> String {
        match self.spec.entrypoint {
            Entrypoint::Direct => format!("{}/tablespaces/{number}", container::data_dir(self.spec.storage)),
            Entrypoint::Image => format!("{}/{number}", entrypoint::TABLESPACES),
        }
    }

    fn directory(&self) -> String {
        container::data_dir(self.spec.storage).to_owned()
    }

    fn server(&self, settings: &BTreeMap<String, String>) -> Program {
        let mut argv = vec!["postgres".to_owned(), "-D".to_owned(), format!("{}/pgdata", self.directory())];
        argv.extend(container::settings_of_brought_in(&self.spec, settings));
        Program { argv, whose: Whose::Owner, env: Vec::new(), stdin: None }
    }

    async fn run(&self, program: Program) -> Result<Running, EngineError> {
        // Only an input that is there for the program to read decides as whom it runs.
        let user = match (&program.stdin, program.whose) {
            (Some(_), _) | (None, Whose::Owner) => None,
            (None, _) => self.located().await?.and_then(|input| input.user.clone()),
        };
        let user = user.or_else(|| self.user());
        let mut env: Vec<String> = program.env.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let beside = program.whose == Whose::Client && self.client.is_some();
        let is_tcp = beside || self.spec.entrypoint == Entrypoint::Image;
        let host = if is_tcp { "127.0.0.1" } else { container::SOCKET };
        env.extend([format!("PGHOST={host}"), "PGPORT=5432".into(), "HOME=/tmp".into(), "LC_ALL=C".into()]);
        // The container's own user runs it over a shell that is there.
        if program.stdin.is_none() && user.is_none() && !beside {
            return program::run(&self.shells, &program.argv, &env).await;
        }
        // Debian keeps the programs of each version in a directory of their own, which an image's PATH may lack.
        let script = r#"for dir in /usr/lib/postgresql/*/bin; do PATH="$PATH:$dir"; done; exec "$@""#;
        let mut argv: Vec<String> = ["sh", "-c", script, "sh"].map(String::from).into();
        argv.extend(program.argv);
        let container = if beside { self.client_container() } else { &self.server };
        let exec = Exec { container, argv, env, user, stdin: program.stdin.is_some() };
        exec::run(&self.docker, exec, program.stdin).await
    }

    async fn failure(&self) -> EngineError {
        let of_counters = async {
            match &self.watch {
                Some(watch) => watch.hit().await,
                None => std::future::pending().await,
            }
        };
        let of_disk = async {
            match &self.disk {
                Some(watch) => watch.end().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            hit = of_counters => match hit {
                Some(hit) => hit.into(),
                None => self.why_it_ended("a program in it ended early").await,
            },
            end = of_disk => match end {
                disk::End::Limit(hit) => hit.into(),
                // It ends with the sandbox, and is not to end before it.
                disk::End::Gone(why) => self.why_it_ended(&why).await,
            },
        }
    }

    async fn limit_hit(&self) -> Option<LimitHit> {
        if let Some(watch) = &self.watch
            && let Some(hit) = watch.now().await
        {
            return Some(hit);
        }
        if let Some(hit) = self.disk.as_ref().and_then(DiskWatch::hit) {
            return Some(hit);
        }
        let container = self.docker.inspect_container(&self.server, None::<InspectContainerOptions>).await.ok()?;
        (container.state?.oom_killed == Some(true))
            .then(|| LimitHit { name: "memory", value: self.spec.limits.memory.to_string() })
    }

    async fn at_end(&self) -> Result<(), EngineError> {
        match &self.disk {
            None => Ok(()),
            Some(watch) => match watch.now().await {
                None => Ok(()),
                Some(disk::End::Limit(hit)) => Err(hit.into()),
                Some(disk::End::Gone(why)) => Err(self.why_it_ended(&why).await),
            },
        }
    }

    async fn stands_still(&self) -> Option<EngineError> {
        stands_still(&self.docker, &self.server, &self.spec.limits).await
    }

    async fn remove(self: Box<Self>) -> Result<(), EngineError> {
        let Self { docker, kept, server, client, volume, watch, disk, shells, first, .. } = *self;
        // What still talks to the server ends first.
        drop((watch, first, shells));
        let remove = async |name: &str| {
            remove::container(&docker, name).await.map_err(call("cannot remove the sandbox's container"))
        };
        let mut result = Ok(());
        if let Some(client) = &client {
            result = remove(client).await;
        }
        let remove_disk_watch = async {
            match disk {
                Some(watch) => remove(&watch.stop().await).await,
                None => Ok(()),
            }
        };
        let (of_server, of_disk_watch) = tokio::join!(remove(&server), remove_disk_watch);
        result = result.and(of_server).and(of_disk_watch);
        if let Some(volume) = volume {
            let removed = remove::volume(&docker, &volume).await;
            result = result.and(removed.map_err(call("cannot remove the sandbox's volume")));
        }
        match kept {
            Some(kept) => result.and(kept.discard(&docker).await),
            None => result,
        }
    }
}
