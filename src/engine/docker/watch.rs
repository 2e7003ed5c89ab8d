//! Watches over a sandbox's limits from inside.
//!
//! The engine enforces memory and processes by killing and refusing, which a client sees as a lost connection or a
//! failed statement. Counters of the control group tell that a limit was behind it; nothing rests on them but the
//! explanation. (Disk is watched from outside: [`super::disk`].) The watch begins with the sandbox: in a container whose processes are
//! used up nothing new can be started.

use bollard::Docker;
use futures_util::StreamExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::codec::{FramedRead, LinesCodec};

use super::exec::{self, Exec};
use super::shell::Shells;
use crate::engine::{EngineError, LimitHit, Pipe, SandboxSpec};
use crate::profile::Limits;

/// Prints `out-of-memory-kills refused-forks` each second, and at once when a line comes in. Control groups of
/// version 2 and 1 name their counters differently. `read` is a builtin, so waiting needs no process.
const SCRIPT: &str = r#"
value() { # FILE KEY: the number behind KEY
    found=
    [[ -r $1 ]] && while read -r key number; do [[ $key == "$2" ]] && found=$number; done < "$1"
}
while :; do
    read -r -t 1 _
    code=$?
    [[ $code -eq 0 || $code -gt 128 ]] || exit
    value /sys/fs/cgroup/memory.events oom_kill
    [[ $found ]] || value /sys/fs/cgroup/memory/memory.oom_control oom_kill
    killed=${found:-0}
    value /sys/fs/cgroup/pids.events max
    [[ $found ]] || value /sys/fs/cgroup/pids/pids.events max
    refused=${found:-0}
    echo "$killed $refused"
done
"#;

/// The longest line that is read: two numbers.
const LONGEST: usize = 1024;

/// What was measured last.
#[derive(Debug, Clone, Copy, Default)]
struct Measured {
    memory_kills: u64,
    refused_forks: u64,
    /// The watching program has ended: the container has, or is about to.
    ended: bool,
    /// How many measurements there have been.
    count: u64,
}

/// The watch over one sandbox.
pub struct Watch {
    limits: Limits,
    measured: watch::Receiver<Measured>,
    ask: mpsc::Sender<oneshot::Sender<()>>,
}

impl Watch {
    /// Watches over the carrier, or with a program of its own where there is none.
    pub async fn start(
        docker: &Docker,
        container: &str,
        shells: &Shells,
        spec: &SandboxSpec,
    ) -> Result<Self, EngineError> {
        if let Some(carrier) = shells.carrier() {
            return Ok(Self::over(carrier.limits(), spec));
        }
        let argv = ["bash", "-c", SCRIPT, "watch"].map(String::from).into();
        let attached = exec::start(docker, Exec { container, argv, env: Vec::new(), user: None, stdin: true }).await?;
        Ok(Self::over(attached.into_stream(), spec))
    }

    /// Takes what is measured from a stream, each line of it, and asks for the next one by writing a line.
    fn over(stream: impl Pipe + 'static, spec: &SandboxSpec) -> Self {
        let (sender, measured) = watch::channel(Measured::default());
        let (ask, mut asked) = mpsc::channel::<oneshot::Sender<()>>(8);
        tokio::spawn(async move {
            let (output, mut input) = tokio::io::split(stream);
            let mut lines = FramedRead::new(output, LinesCodec::new_with_max_length(LONGEST));
            loop {
                tokio::select! {
                    line = lines.next() => match line {
                        Some(Ok(line)) => sender.send_modify(|measured| measured.read(&line)),
                        Some(Err(_)) | None => break,
                    },
                    request = asked.recv() => match request {
                        Some(done) => {
                            let _ = input.write_all(b"\n").await;
                            let _ = input.flush().await;
                            let _ = done.send(());
                        }
                        // The sandbox is no more.
                        None => break,
                    },
                }
            }
            sender.send_modify(|measured| measured.ended = true);
        });
        Self { limits: spec.limits.clone(), measured, ask }
    }

    /// Ends when a limit is hit, or with `None` when the watch itself ends.
    pub async fn hit(&self) -> Option<LimitHit> {
        let mut measured = self.measured.clone();
        loop {
            let now = *measured.borrow_and_update();
            if let Some(hit) = self.judge(now) {
                return Some(hit);
            }
            if now.ended || measured.changed().await.is_err() {
                return None;
            }
        }
    }

    /// Measures again, and says which limit is hit, if any.
    pub async fn now(&self) -> Option<LimitHit> {
        let mut measured = self.measured.clone();
        let before = measured.borrow().count;
        let (done, was_done) = oneshot::channel();
        if self.ask.send(done).await.is_ok() && was_done.await.is_ok() {
            let newer = measured.wait_for(|measured| measured.count > before || measured.ended);
            // Where the container's processes are used up, measuring takes long; what is known by then must do.
            let _ = tokio::time::timeout(std::time::Duration::from_secs(2), newer).await;
        }
        let now = *self.measured.borrow();
        self.judge(now)
    }

    fn judge(&self, measured: Measured) -> Option<LimitHit> {
        let Limits { memory, pids, .. } = &self.limits;
        if measured.memory_kills > 0 {
            Some(LimitHit { name: "memory", value: memory.to_string() })
        } else if measured.refused_forks > 0 {
            Some(LimitHit { name: "pids", value: pids.to_string() })
        } else {
            None
        }
    }
}

impl Measured {
    fn read(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        let mut next = || words.next().map(str::parse::<u64>);
        if let (Some(Ok(kills)), Some(Ok(refused))) = (next(), next()) {
            self.memory_kills = kills;
            self.refused_forks = refused;
        }
        self.count += 1;
    }
}
