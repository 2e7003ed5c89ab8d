//! The limits of a running sandbox: they are looked at now and then, and a sandbox that is over one is killed.
//!
//! Control groups would be exact, but an ordinary user cannot make any. So the kernel enforces what it can (CPUs,
//! the size of /dev/shm, the number of processes, the size of one file), and the rest is sampled: memory and processes
//! five times a second, disk about twice. A sandbox can be over a limit for that long.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::process::Process;
use super::{disk, table};
use crate::engine::{EngineError, LimitHit};
use crate::profile::Limits;

const SAMPLE: Duration = Duration::from_millis(200);
/// Looking at the disk may take a sixth of the time at most: that of many files takes long.
const REST: u32 = 5;

/// Why a sandbox did not hold.
#[derive(Debug, Clone)]
pub(super) enum Failure {
    Limit(LimitHit),
    Gone(String),
}

impl From<Failure> for EngineError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Limit(limit) => EngineError::Limit(limit),
            Failure::Gone(reason) => EngineError::Gone(reason),
        }
    }
}

/// What a sandbox's tasks share: its processes and what became of it.
#[derive(Debug)]
pub(super) struct Watched {
    pub limits: Limits,
    pub directory: PathBuf,
    began: Instant,
    failure: watch::Sender<Option<Failure>>,
    processes: Mutex<Processes>,
}

#[derive(Debug, Default)]
struct Processes {
    running: Vec<Process>,
    /// The sandbox is being removed: nothing may start any more.
    closed: bool,
}

impl Watched {
    pub fn new(limits: Limits, directory: PathBuf) -> Self {
        Self {
            limits,
            directory,
            began: Instant::now(),
            failure: watch::Sender::new(None),
            processes: Mutex::default(),
        }
    }

    /// Adds a process that was just started. If the sandbox has been closed meanwhile, it is the caller's to kill.
    #[must_use]
    pub fn add(&self, process: &Process) -> bool {
        let mut processes = self.lock();
        processes.running.retain(|known| known.ended().is_none());
        processes.running.push(process.clone());
        !processes.closed
    }

    /// Lets nothing start any more, and gives what runs.
    pub fn close(&self) -> Vec<Process> {
        let mut processes = self.lock();
        processes.closed = true;
        processes.running.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Processes> {
        self.processes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is left of the time limit.
    pub fn time_left(&self) -> Duration {
        self.limits.timeout.0.saturating_sub(self.began.elapsed())
    }

    /// Records why the sandbox does not hold; the first reason stays.
    pub fn fail(&self, failure: Failure) {
        self.failure.send_if_modified(|known| {
            let first = known.is_none();
            if first {
                *known = Some(failure);
            }
            first
        });
    }

    pub fn failed(&self) -> Option<Failure> {
        self.failure.borrow().clone()
    }

    /// Waits for a failure, for ever if there is none.
    pub async fn failure(&self) -> Failure {
        let mut failure = self.failure.subscribe();
        match failure.wait_for(Option::is_some).await.map(|known| known.clone()) {
            Ok(Some(failure)) => failure,
            _ => std::future::pending().await,
        }
    }

    /// Looks at the limits until one is hit; then records that and kills everything.
    pub async fn watch(&self) {
        let mut ticks = tokio::time::interval(SAMPLE);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut disk_at = Instant::now();
        let hit = loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = tokio::time::sleep(self.time_left()) => {}
            }
            if let Some(hit) = self.timeout().or_else(|| self.processes()) {
                break hit;
            }
            let began = Instant::now();
            if began >= disk_at {
                if let Some(hit) = self.disk().await {
                    break hit;
                }
                disk_at = Instant::now() + (began.elapsed() * REST).max(2 * SAMPLE);
            }
        };
        self.fail(Failure::Limit(hit));
        for process in self.close() {
            process.kill().await;
        }
    }

    fn timeout(&self) -> Option<LimitHit> {
        let value = || duration(self.limits.timeout.0);
        self.time_left().is_zero().then(|| LimitHit { name: "timeout", value: value() })
    }

    fn processes(&self) -> Option<LimitHit> {
        let roots = self.roots();
        let members = table::tree(&table::recent(), &roots);
        let tasks: u64 = members.iter().map(|row| row.threads).sum();
        if tasks > u64::from(self.limits.pids) {
            return Some(LimitHit { name: "pids", value: self.limits.pids.to_string() });
        }
        let limit = self.limits.memory.0;
        (table::memory(&members, limit) > limit).then(|| LimitHit { name: "memory", value: bytes(limit) })
    }

    /// The processes from which all others of the sandbox descend.
    fn roots(&self) -> Vec<i32> {
        self.lock().running.iter().filter(|process| process.ended().is_none()).map(Process::pid).collect()
    }

    /// Looks at the disk, and says whether more was written than may be.
    pub async fn disk(&self) -> Option<LimitHit> {
        let (directory, roots) = (self.directory.clone(), self.roots());
        let used = tokio::task::spawn_blocking(move || disk::used(&directory, &roots)).await.unwrap_or(u64::MAX);
        let limit = self.limits.disk.0;
        (used > limit).then(|| LimitHit { name: "disk", value: bytes(limit) })
    }
}

/// A size as a profile would write it.
pub(super) fn bytes(size: u64) -> String {
    let units = [("GiB", 1u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match units.iter().find(|(_, unit)| size >= *unit && size.is_multiple_of(*unit)) {
        Some((name, unit)) => format!("{}{name}", size / unit),
        None => format!("{size}B"),
    }
}

/// A duration as a profile would write it.
fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    if time.subsec_nanos() != 0 {
        format!("{}ms", time.as_millis())
    } else if seconds > 0 && seconds.is_multiple_of(3600) {
        format!("{}h", seconds / 3600)
    } else if seconds > 0 && seconds.is_multiple_of(60) {
        format!("{}m", seconds / 60)
    } else {
        format!("{seconds}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_written_as_in_a_profile() {
        assert_eq!(bytes(2 << 30), "2GiB");
        assert_eq!(bytes(96 << 20), "96MiB");
        assert_eq!(bytes(1000), "1000B");
        assert_eq!(duration(Duration::from_secs(1800)), "30m");
        assert_eq!(duration(Duration::from_secs(7200)), "2h");
        assert_eq!(duration(Duration::from_secs(90)), "90s");
        assert_eq!(duration(Duration::from_millis(1500)), "1500ms");
    }
}
