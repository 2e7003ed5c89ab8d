//! One process that was started for a sandbox, with all that descends from it: its end is awaited, and it can be
//! killed without leaving a descendant.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;

use super::keeper::{self, Cpus};
use super::table;

/// How long a killed process may take to go.
const PATIENCE: Duration = Duration::from_secs(6);

/// A process that runs or ran.
#[derive(Debug, Clone)]
pub(super) struct Process {
    pid: i32,
    started: u64,
    confined: bool,
    exit: watch::Receiver<Option<i64>>,
}

/// The ends of a new process's standard streams, where they are pipes.
pub(super) struct Streams {
    pub stdin: Option<ChildStdin>,
    pub stdout: Option<ChildStdout>,
    pub stderr: Option<ChildStderr>,
}

impl Process {
    /// Starts `command`. With `confined` it is bubblewrap.
    pub async fn spawn(mut command: Command, confined: bool, cpus: &Cpus) -> io::Result<(Self, Streams)> {
        // Its own group: Ctrl-C is for pgrehearse, which then clears up.
        command.process_group(0).kill_on_drop(true);
        let mut child = keeper::spawn(command, cpus).await?;
        let streams = Streams { stdin: child.stdin.take(), stdout: child.stdout.take(), stderr: child.stderr.take() };
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).unwrap_or(0);
        let started = table::started(pid);
        let (sender, exit) = watch::channel(None);
        tokio::spawn(async move {
            let code = exit_code(&mut child).await;
            let _ = sender.send(Some(code));
        });
        Ok((Self { pid, started, confined, exit }, streams))
    }

    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// The exit code, if it has ended.
    pub fn ended(&self) -> Option<i64> {
        *self.exit.borrow()
    }

    /// Waits for the end; gives the exit code, 128 and more for a signal.
    pub async fn end(&self) -> i64 {
        let mut exit = self.exit.clone();
        match exit.wait_for(Option::is_some).await {
            Ok(code) => code.unwrap_or(-1),
            // The runtime is going away, and the child with it.
            Err(_) => -1,
        }
    }

    /// Kills the process with all that descends from it and returns when they are gone.
    pub async fn kill(&self) {
        let victims = self.strike();
        let deadline = Instant::now() + PATIENCE;
        while victims.iter().any(Victim::alive) {
            if Instant::now() > deadline {
                break;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        if tokio::time::timeout(PATIENCE, self.end()).await.is_err() {
            signal(self.pid, Signal::SIGKILL);
        }
    }

    /// Kills the same without waiting for its end.
    pub fn kill_soon(&self) {
        self.strike();
    }

    /// The same for where nothing can be awaited.
    pub fn kill_blocking(&self) {
        let victims = self.strike();
        let deadline = Instant::now() + PATIENCE;
        while victims.iter().any(Victim::alive) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Sends the signals. Everything that has to be gone afterwards is returned.
    fn strike(&self) -> Vec<Victim> {
        if self.ended().is_some() {
            return Vec::new();
        }
        let mut mine = table::tree(&table::read(), &[self.pid]);
        if !mine.iter().any(|row| row.pid == self.pid && row.started == self.started) {
            return Vec::new();
        }
        if self.confined {
            // The child of bubblewrap's outer process is the first process of the sandbox's namespace: the kernel
            // kills the whole namespace with it, and bubblewrap ends after that.
            let mut first = children(&mine, self.pid);
            if first.is_empty() {
                // bubblewrap has only just begun. A child that it creates at the moment it is killed would wait for it
                // for ever, so it is stopped before it is looked at again.
                self.stop();
                mine = table::tree(&table::read(), &[self.pid]);
                first = children(&mine, self.pid);
                first.push(self.pid);
            }
            first.into_iter().for_each(|pid| signal(pid, Signal::SIGKILL));
        } else {
            // A backend is in a session of its own, so killing a process group would not do.
            mine.iter().rev().for_each(|row| signal(row.pid, Signal::SIGKILL));
        }
        mine.iter().map(|row| Victim { pid: row.pid, started: row.started }).collect()
    }

    /// Stops the process, and waits a moment until it is seen to stand.
    fn stop(&self) {
        const MOMENT: Duration = Duration::from_millis(100);
        signal(self.pid, Signal::SIGSTOP);
        let deadline = Instant::now() + MOMENT;
        while table::running(self.pid, self.started) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_micros(200));
        }
    }

    /// Asks an unconfined server to end at once, which also frees its shared memory, and waits a while for it.
    pub async fn quit(&self) {
        if self.ended().is_none() {
            signal(self.pid, Signal::SIGQUIT);
            let _ = tokio::time::timeout(PATIENCE, self.end()).await;
        }
    }

    /// The same for where nothing can be awaited.
    pub fn quit_blocking(&self) {
        if self.ended().is_none() && table::alive(self.pid, self.started) {
            signal(self.pid, Signal::SIGQUIT);
            let deadline = Instant::now() + PATIENCE;
            while table::alive(self.pid, self.started) && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
    }
}

fn children(rows: &[table::Row], parent: i32) -> Vec<i32> {
    rows.iter().filter(|row| row.parent == parent).map(|row| row.pid).collect()
}

struct Victim {
    pid: i32,
    started: u64,
}

impl Victim {
    fn alive(&self) -> bool {
        table::alive(self.pid, self.started)
    }
}

/// Kills the processes that still work in a dead run's directory.
pub(super) fn kill_all_in(directory: &std::path::Path) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let pids = table::working_in(directory);
        if pids.is_empty() || Instant::now() > deadline {
            return;
        }
        pids.into_iter().for_each(|pid| signal(pid, Signal::SIGKILL));
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn signal(pid: i32, signal: Signal) {
    // 0 and negative numbers would mean groups.
    if pid > 1 {
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

async fn exit_code(child: &mut Child) -> i64 {
    match child.wait().await {
        Ok(status) => match (status.code(), status.signal()) {
            (Some(code), _) => i64::from(code),
            (None, Some(signal)) => 128 + i64::from(signal),
            (None, None) => -1,
        },
        Err(_) => -1,
    }
}
