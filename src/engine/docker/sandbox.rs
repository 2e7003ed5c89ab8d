//! A sandbox in a container.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use async_trait::async_trait;
use bollard::Docker;
use bollard::models::{ContainerCreateBody, VolumeCreateRequest};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, InspectContainerOptions, RemoveContainerOptionsBuilder, RemoveVolumeOptions,
    StartContainerOptions,
};
use sha2::{Digest as _, Sha256};
use tokio::sync::{Mutex, OnceCell};

use super::entrypoint::{self, Own};
use super::exec::{self, Exec};
use super::kept::{self, Kept, Origin};
use super::watch::Watch;
use super::{call, container, image, labels, status};
use crate::engine::lease::Lease;
use crate::engine::{EngineError, LimitHit, Pipe, Program, Running, Sandbox, SandboxSpec, Storage, Whose};
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

/// Where client programs find the input, and as whom they can read it.
#[derive(Debug, Clone)]
struct Input {
    path: String,
    user: Option<String>,
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
        events.phase(Phase::Start);
        let name = format!("pgrehearse-{}-{:08x}", lease.run(), fastrand::u32(..));
        let (image, origin, kept) = match origin {
            Origin::Kept(kept) => (kept.reference.clone(), kept.origin.clone(), Some(kept)),
            Origin::Plain(plan) => {
                let image = image::of(spec, &spec.server);
                (image, plan.origin, None)
            }
        };
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
            None => container::settings(&self.spec),
            Some(_) => entrypoint::settings(&self.spec),
        };
        if !settings.file.is_empty() {
            exec::tell(&self.docker, &self.server, &settings.file).await?;
        }
        // Finding the input needs no server; what goes wrong with it is told when it is asked for.
        let find_input = async {
            if self.spec.client.is_none() {
                let _ = self.located().await;
            }
        };
        let wait = if own.is_some() { entrypoint::WAIT } else { exec::WAIT };
        let (watch, first, ()) = tokio::join!(
            Watch::start(&self.docker, &self.server, &self.spec),
            exec::first_bridge(&self.docker, &self.server, wait, container::data_dir(self.spec.storage)),
            find_input
        );
        if let (Ok(watch), Ok(first)) = (watch, first) {
            self.watch = Some(watch);
            self.first = Mutex::new(Some(first));
        } else {
            return Err(match self.exit_code_when_ended().await {
                Some(container::NO_LOCALE) => StartError::NoLocale,
                _ => self.why_it_ended().await.into(),
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
    async fn why_it_ended(&self) -> EngineError {
        // The engine notices an end a moment after the streams do.
        for _ in 0..20 {
            let state = self.docker.inspect_container(&self.server, None::<InspectContainerOptions>).await;
            match state.map(|container| container.state) {
                Ok(Some(state)) if state.running == Some(true) => {
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
                Ok(Some(state)) => {
                    if state.oom_killed == Some(true) {
                        return LimitHit { name: "memory", value: self.spec.limits.memory.to_string() }.into();
                    }
                    // `timeout` ends with 124 when it had to end the server.
                    if state.exit_code == Some(124) {
                        return LimitHit { name: "timeout", value: self.spec.limits.timeout.to_string() }.into();
                    }
                    // A shell, as the engine, gives 128 and the signal's number.
                    if let Some(signal) = state.exit_code.map(|code| code - 128).filter(|signal| *signal > 0) {
                        return EngineError::Gone(format!("signal {signal} from outside ended its server"));
                    }
                    let log = kept::logs(&self.docker, &self.server).await;
                    let step = if state.exit_code == Some(container::NO_INITDB) { "initdb" } else { "the server" };
                    return EngineError::Start { step, log };
                }
                _ => return EngineError::Gone("its container was removed by somebody else".into()),
            }
        }
        EngineError::Gone("a program in it ended early".into())
    }

    /// Whether the mounted input is the one that was meant, and who in the container can read it. On a remote engine
    /// the same path may hold another file.
    async fn find_input(&self, path: &Path) -> Result<Option<Input>, EngineError> {
        if !self.mounted {
            return Ok(None);
        }
        let io = |source| EngineError::Io { action: "cannot read the dump", source };
        let (mut probed, mut inside) = (path.to_owned(), container::INPUT.to_owned());
        if path.is_dir() {
            probed.push("toc.dat");
            inside.push_str("/toc.dat");
        }
        let metadata = std::fs::metadata(&probed).map_err(io)?;
        let digest = head_digest(&probed).map_err(io)?;
        // One who may only read what everybody may is tighter; the owner is needed for the common mode 0600.
        let owner = Some(format!("{}:{}", metadata.uid(), metadata.gid()));
        let readable_by_all = metadata.mode() & 0o004 != 0
            && (!path.is_dir() || std::fs::metadata(path).map_err(io)?.mode() & 0o005 == 0o005);
        let users = if readable_by_all { [None, owner] } else { [owner, None] };
        for user in users {
            let script = r#"head -c 65536 "$1" | sha256sum && wc -c < "$1""#;
            let argv = ["sh", "-c", script, "sh", &inside].map(String::from).into();
            let exec = Exec {
                container: self.client_container(),
                argv,
                env: Vec::new(),
                user: user.clone().or_else(|| self.user()),
                stdin: false,
            };
            let (_, output) = exec::capture(&self.docker, exec, None).await?;
            let mut words = output.split_whitespace();
            let same =
                words.next() == Some(digest.as_str()) && words.nth(1) == Some(metadata.len().to_string().as_str());
            if same {
                return Ok(Some(Input { path: container::INPUT.to_owned(), user }));
            }
        }
        Ok(None)
    }

    /// Copies the input into the sandbox, as a tar stream that the container unpacks.
    async fn upload(&self, path: &Path) -> Result<Input, EngineError> {
        let (reader, writer) = tokio::io::duplex(256 * 1024);
        let source = path.to_owned();
        let packed = tokio::task::spawn_blocking(move || {
            let mut archive = tar::Builder::new(tokio_util::io::SyncIoBridge::new(writer));
            archive.follow_symlinks(true);
            if source.is_dir() {
                archive.append_dir_all("input", &source)?;
            } else {
                archive.append_path_with_name(&source, "input")?;
            }
            archive.into_inner().and_then(|mut writer| writer.shutdown())
        });
        let upload = match &self.client {
            Some(_) => container::UPLOAD.to_owned(),
            None if self.spec.entrypoint == Entrypoint::Image => entrypoint::UPLOAD.to_owned(),
            None => format!("{}/upload", container::data_dir(self.spec.storage)),
        };
        let script = r#"mkdir -p "$1" && tar -x -o -C "$1" -f - && chmod -R u+rX "$1/input""#;
        let argv = ["sh", "-c", script, "sh", &upload].map(String::from).into();
        let exec = Exec { container: self.client_container(), argv, env: Vec::new(), user: self.user(), stdin: true };
        let (code, output) = exec::capture(&self.docker, exec, Some(Box::pin(reader))).await?;
        let packed = packed.await.map_err(|error| std::io::Error::other(error.to_string())).and_then(|result| result);
        match (code, packed) {
            (0, Ok(())) => Ok(Input { path: format!("{upload}/input"), user: None }),
            (0, Err(source)) => Err(EngineError::Io { action: "cannot upload the dump", source }),
            _ => Err(EngineError::Call {
                action: "cannot upload the dump into the sandbox",
                reason: output.trim().into(),
            }),
        }
    }

    async fn located(&self) -> Result<Option<&Input>, EngineError> {
        let Some(path) = &self.spec.input else { return Ok(None) };
        let input = self.input.get_or_try_init(async || match self.find_input(path).await? {
            Some(input) => Ok(input),
            None => self.upload(path).await,
        });
        input.await.map(Some)
    }
}

/// SHA-256 in hexadecimal of a file's first 64 KiB.
fn head_digest(path: &Path) -> std::io::Result<String> {
    use std::io::Read as _;
    let mut head = Vec::new();
    std::fs::File::open(path)?.take(65536).read_to_end(&mut head)?;
    Ok(Sha256::digest(&head).iter().map(|byte| format!("{byte:02x}")).collect())
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
        exec::bridge(&self.docker, &self.server).await
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

    async fn run(&self, program: Program) -> Result<Running, EngineError> {
        // Only an input that is there for the program to read decides as whom it runs.
        let user = match &program.stdin {
            Some(_) => None,
            None => self.located().await?.and_then(|input| input.user.clone()),
        };
        let user = user.or_else(|| self.user());
        let mut env: Vec<String> = program.env.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let beside = program.whose == Whose::Client && self.client.is_some();
        let is_tcp = beside || self.spec.entrypoint == Entrypoint::Image;
        let host = if is_tcp { "127.0.0.1" } else { container::SOCKET };
        env.extend([format!("PGHOST={host}"), "PGPORT=5432".into(), "HOME=/tmp".into(), "LC_ALL=C".into()]);
        // Debian keeps the programs of each version in a directory of their own, which an image's PATH may lack.
        let script = r#"for dir in /usr/lib/postgresql/*/bin; do PATH="$PATH:$dir"; done; exec "$@""#;
        let mut argv: Vec<String> = ["sh", "-c", script, "sh"].map(String::from).into();
        argv.extend(program.argv);
        let container = if beside { self.client_container() } else { &self.server };
        let exec = Exec { container, argv, env, user, stdin: program.stdin.is_some() };
        exec::run(&self.docker, exec, program.stdin).await
    }

    async fn failure(&self) -> EngineError {
        match &self.watch {
            Some(watch) => match watch.hit().await {
                Some(hit) => hit.into(),
                None => self.why_it_ended().await,
            },
            None => std::future::pending().await,
        }
    }

    async fn limit_hit(&self) -> Option<LimitHit> {
        if let Some(watch) = &self.watch
            && let Some(hit) = watch.now().await
        {
            return Some(hit);
        }
        let container = self.docker.inspect_container(&self.server, None::<InspectContainerOptions>).await.ok()?;
        (container.state?.oom_killed == Some(true))
            .then(|| LimitHit { name: "memory", value: self.spec.limits.memory.to_string() })
    }

    async fn remove(self: Box<Self>) -> Result<(), EngineError> {
        let Self { docker, kept, server, client, volume, watch, first, .. } = *self;
        // What still talks to the server ends first.
        drop((watch, first));
        let remove = async |name: &str| {
            let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
            match docker.remove_container(name, Some(options)).await {
                Ok(()) => Ok(()),
                Err(error) if status(&error) == Some(404) => Ok(()),
                Err(error) => Err(call("cannot remove the sandbox's container")(error)),
            }
        };
        let mut result = Ok(());
        if let Some(client) = &client {
            result = remove(client).await;
        }
        result = result.and(remove(&server).await);
        if let Some(volume) = volume {
            let removed = docker.remove_volume(&volume, None::<RemoveVolumeOptions>).await;
            result = result.and(removed.map_err(call("cannot remove the sandbox's volume")));
        }
        match kept {
            Some(kept) => result.and(kept.discard(&docker).await),
            None => result,
        }
    }
}
