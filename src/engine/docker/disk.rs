//! Watches a sandbox's disk from outside.
//!
//! Docker has no limit for a volume's size, so its use is measured. The dump's own user must not be able to see, stop or
//! mislead whoever measures: so a second container does it, as a root that may only read any file and any process's open
//! files. It shares the sandbox's processes, and nothing else, so it also ends with them.
//!
//! One file cannot outgrow the limit at all ([`super::container::confined`] sets the kernel's own limit for that), so what
//! can be written between two looks is bounded by the speed of the disk.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use bollard::Docker;
use bollard::container::AttachContainerResults;
use bollard::models::{ContainerCreateBody, ContainerInspectResponse, HostConfig};
use bollard::query_parameters::{
    AttachContainerOptionsBuilder, CreateContainerOptionsBuilder, InspectContainerOptionsBuilder, StartContainerOptions,
};
use tokio::io::{AsyncBufReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::{call, container, exec};
use crate::engine::{BoxedReader, EngineError, LimitHit, SandboxSpec};
use crate::profile::Entrypoint;

const SCRIPT: &str = include_str!("disk.sh");

/// Between two looks, at least.
const PAUSE: Duration = Duration::from_millis(500);

/// Measuring may take a sixth of the time at most: many files take long.
const REST: u32 = 5;

/// How long one look may take. What cannot be measured counts as over the limit.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a directory entry takes beside its blocks: nothing is free, not even an empty file.
const ENTRY: u64 = 1024;

/// What is known of the disk.
#[derive(Debug, Clone, Default)]
enum Known {
    /// Nobody has looked yet.
    #[default]
    Nothing,
    /// The highest number of bytes measured so far.
    Most(u64),
    /// Nothing measures any more, and why.
    Ended(String),
}

/// The watch over the disk of one sandbox.
pub struct DiskWatch {
    limit: LimitHit,
    most: u64,
    known: watch::Receiver<Known>,
    ask: mpsc::Sender<oneshot::Sender<()>>,
    work: JoinHandle<()>,
    /// The container that measures.
    pub name: String,
}

/// How the watch ended.
pub enum End {
    Limit(LimitHit),
    /// It does not measure any more, and why.
    Gone(String),
}

impl DiskWatch {
    /// Begins to measure, without waiting for the result.
    pub fn begin(
        docker: &Docker,
        image: &str,
        server: &str,
        spec: &SandboxSpec,
        labels: HashMap<String, String>,
    ) -> DiskWatch {
        let name = format!("{server}-disk");
        let limit = LimitHit { name: "disk", value: spec.limits.disk.to_string() };
        let most = spec.limits.disk.0;
        let (sender, known) = watch::channel(Known::Nothing);
        let (ask, asked) = mpsc::channel(8);
        let work = {
            let begin = Begin {
                docker: docker.clone(),
                image: image.to_owned(),
                server: server.to_owned(),
                name: name.clone(),
                spec: spec.clone(),
                labels,
            };
            tokio::spawn(async move {
                let ended = match begin.look(&sender, asked).await {
                    Ok(()) => "nobody looks any more".to_owned(),
                    Err(error) => error.to_string(),
                };
                sender.send_modify(|known| {
                    // Once over the limit, always over the limit.
                    if !matches!(known, Known::Most(seen) if *seen > most) {
                        *known = Known::Ended(ended);
                    }
                });
            })
        };
        DiskWatch { limit, most, known, ask, work, name }
    }

    /// Ends when the limit is hit, or when nothing measures any more.
    pub async fn end(&self) -> End {
        let mut known = self.known.clone();
        loop {
            if let Some(end) = self.judge(&known.borrow_and_update()) {
                return end;
            }
            if known.changed().await.is_err() {
                return End::Gone("nobody looks any more".into());
            }
        }
    }

    /// Measures once more, and says whether the limit is exceeded.
    pub async fn now(&self) -> Option<End> {
        let (done, was_done) = oneshot::channel();
        if self.ask.send(done).await.is_ok() {
            // The measuring program limits its own time.
            let _ = was_done.await;
        }
        self.judge(&self.known.borrow())
    }

    /// What is known without measuring again.
    pub fn hit(&self) -> Option<LimitHit> {
        match self.judge(&self.known.borrow()) {
            Some(End::Limit(hit)) => Some(hit),
            _ => None,
        }
    }

    fn judge(&self, known: &Known) -> Option<End> {
        match known {
            Known::Most(bytes) if *bytes > self.most => Some(End::Limit(self.limit.clone())),
            Known::Nothing | Known::Most(_) => None,
            Known::Ended(why) => Some(End::Gone(why.clone())),
        }
    }

    /// Stops measuring; the container can be removed then.
    pub async fn stop(self) -> String {
        let Self { known, ask, work, name, .. } = self;
        // A container that is still being created would be left behind.
        let began = async {
            let mut known = known;
            let _ = known.wait_for(|known| !matches!(known, Known::Nothing)).await;
        };
        let _ = tokio::time::timeout(PATIENCE, began).await;
        drop(ask);
        work.abort();
        name
    }
}

/// What is needed to begin.
struct Begin {
    docker: Docker,
    image: String,
    server: String,
    name: String,
    spec: SandboxSpec,
    labels: HashMap<String, String>,
}

impl Begin {
    /// Starts the container and measures until the sandbox is gone.
    async fn look(
        self,
        known: &watch::Sender<Known>,
        mut asked: mpsc::Receiver<oneshot::Sender<()>>,
    ) -> Result<(), EngineError> {
        let directories = match self.spec.entrypoint {
            Entrypoint::Direct => vec![container::data_dir(self.spec.storage).to_owned()],
            Entrypoint::Image => volumes(&self.server_inspected(false).await?),
        };
        let mut looks = Looks::start(&self, directories).await?;
        loop {
            let began = Instant::now();
            let measured = tokio::time::timeout(PATIENCE, self.measure(&mut looks)).await;
            let used = match measured {
                Ok(used) => used?,
                Err(_) => u64::MAX,
            };
            known.send_modify(|known| {
                *known = match *known {
                    Known::Most(before) => Known::Most(before.max(used)),
                    _ => Known::Most(used),
                }
            });
            if used > self.spec.limits.disk.0 {
                return Ok(());
            }
            let rest = PAUSE.max(began.elapsed() * REST);
            match tokio::time::timeout(rest, asked.recv()).await {
                Err(_) => {}
                Ok(Some(done)) => {
                    // The answer is the next look, which begins now.
                    let again = self.measured_for(&mut looks, known, done).await?;
                    if again > self.spec.limits.disk.0 {
                        return Ok(());
                    }
                }
                // The sandbox is gone.
                Ok(None) => return Ok(()),
            }
        }
    }

    async fn measured_for(
        &self,
        looks: &mut Looks,
        known: &watch::Sender<Known>,
        done: oneshot::Sender<()>,
    ) -> Result<u64, EngineError> {
        let used = match tokio::time::timeout(PATIENCE, self.measure(looks)).await {
            Ok(used) => used?,
            Err(_) => u64::MAX,
        };
        known.send_modify(|known| {
            if let Known::Most(before) = known {
                *before = (*before).max(used);
            }
        });
        let _ = done.send(());
        Ok(used)
    }

    async fn measure(&self, looks: &mut Looks) -> Result<u64, EngineError> {
        let mut used = looks.once().await?;
        // The engine knows what has been written into the root file system, where that can be.
        if self.spec.entrypoint == Entrypoint::Image {
            let written = self.server_inspected(true).await?.size_rw.unwrap_or(0);
            used = used.saturating_add(u64::try_from(written).unwrap_or(0));
        }
        Ok(used)
    }

    async fn server_inspected(&self, size: bool) -> Result<ContainerInspectResponse, EngineError> {
        let options = InspectContainerOptionsBuilder::default().size(size).build();
        self.docker.inspect_container(&self.server, Some(options)).await.map_err(call("cannot look at the sandbox"))
    }

    /// The container that measures. Nothing of a dump runs in it.
    fn body(&self, directories: Vec<String>) -> ContainerCreateBody {
        ContainerCreateBody {
            image: Some(self.image.clone()),
            user: Some("root".into()),
            entrypoint: Some(["bash", "-c", SCRIPT, "disk"].map(String::from).into()),
            cmd: Some(directories),
            env: Some(vec!["LC_ALL=C".into()]),
            labels: Some(self.labels.clone()),
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            open_stdin: Some(true),
            // The measuring program ends with its reader.
            stdin_once: Some(true),
            host_config: Some(HostConfig {
                pid_mode: Some(format!("container:{}", self.server)),
                network_mode: Some("none".into()),
                cap_drop: Some(vec!["ALL".into()]),
                cap_add: Some(["DAC_READ_SEARCH", "SYS_PTRACE"].map(String::from).into()),
                security_opt: Some(vec!["no-new-privileges:true".into()]),
                readonly_rootfs: Some(true),
                privileged: Some(false),
                ipc_mode: Some("private".into()),
                memory: Some(MEMORY),
                memory_swap: Some(MEMORY),
                pids_limit: Some(32),
                log_config: Some(container::short_log()),
                ..HostConfig::default()
            }),
            stop_signal: Some("SIGKILL".into()),
            ..ContainerCreateBody::default()
        }
    }
}

/// Memory of the container that measures, in bytes. Names of many files are in the kernel's cache, which it can give up.
const MEMORY: i64 = 128 << 20;

/// Where the container has volumes, which its image can ask for.
fn volumes(server: &ContainerInspectResponse) -> Vec<String> {
    let mounts = server.mounts.iter().flatten();
    mounts
        .filter(|mount| mount.typ.as_deref() == Some("volume"))
        .filter_map(|mount| mount.destination.clone())
        .collect()
}

/// The program that measures, and its answers.
struct Looks {
    answers: tokio::io::Lines<BufReader<BoxedReader>>,
    questions: std::pin::Pin<Box<dyn AsyncWrite + Send>>,
}

impl Looks {
    async fn start(begin: &Begin, directories: Vec<String>) -> Result<Looks, EngineError> {
        const ACTION: &str = "cannot look at the sandbox's disk from outside";
        let (docker, name) = (&begin.docker, &begin.name);
        let options = CreateContainerOptionsBuilder::default().name(name).build();
        docker.create_container(Some(options), begin.body(directories)).await.map_err(call(ACTION))?;
        let options = AttachContainerOptionsBuilder::default().stdin(true).stdout(true).stream(true).build();
        let AttachContainerResults { output, input } =
            docker.attach_container(name, Some(options)).await.map_err(call(ACTION))?;
        docker.start_container(name, None::<StartContainerOptions>).await.map_err(call(ACTION))?;
        let reader = exec::stdout(output);
        Ok(Looks { answers: BufReader::new(reader).lines(), questions: input })
    }

    /// Bytes that the sandbox takes now.
    async fn once(&mut self) -> Result<u64, EngineError> {
        let io = |source| EngineError::Io { action: "cannot look at the sandbox's disk from outside", source };
        self.questions.write_all(b"\n").await.map_err(io)?;
        self.questions.flush().await.map_err(io)?;
        let mut seen = Seen::default();
        while let Some(line) = self.answers.next_line().await.map_err(io)? {
            if line == "end" {
                return Ok(seen.bytes);
            }
            seen.read(&line);
        }
        Err(EngineError::Gone("the look at its disk from outside ended early".into()))
    }
}

/// What one look has seen.
#[derive(Debug, Default)]
struct Seen {
    bytes: u64,
    /// Files without a name, each once, however many hold it open.
    open: HashSet<(u64, u64)>,
}

impl Seen {
    fn read(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        let kind = words.next();
        let numbers: Vec<u64> = words.map_while(|word| word.parse().ok()).collect();
        match (kind, &*numbers) {
            (Some("files"), [kib, entries]) => self.add(kib.saturating_mul(1024).saturating_add(entries * ENTRY)),
            // A directory that is there and cannot be measured is more than any limit.
            (Some("files"), _) => self.add(u64::MAX),
            (Some("open"), [device, inode, blocks]) if self.open.insert((*device, *inode)) => {
                self.add(blocks.saturating_mul(512));
            }
            _ => {}
        }
    }

    fn add(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(lines: &[&str]) -> u64 {
        let mut seen = Seen::default();
        lines.iter().for_each(|line| seen.read(line));
        seen.bytes
    }

    #[test]
    fn a_file_that_several_hold_open_counts_once() {
        assert_eq!(seen(&["files 10 2", "open 8 7 100", "open 8 7 100", "open 9 7 1"]), 10_240 + 2048 + 51_200 + 512);
    }

    #[test]
    fn what_cannot_be_measured_is_more_than_any_limit() {
        assert_eq!(seen(&["files  3"]), u64::MAX);
        assert_eq!(seen(&["files 18446744073709551615 1"]), u64::MAX);
    }
}
