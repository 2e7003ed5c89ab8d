//! The thread that starts all processes.
//!
//! `--die-with-parent` rests on prctl(2) `PR_SET_PDEATHSIG`, which fires when the *thread* that created the child ends,
//! not the process. A thread of tokio's blocking pool ends after some idle seconds and a worker ends with its runtime;
//! a sandbox made by either would be killed with it. So one thread, which lives as long as the process, makes every
//! child. It also is where a sandbox's CPUs are set: a child inherits them from the thread that creates it.

use std::io;
use std::sync::{OnceLock, mpsc};

use tokio::process::{Child, Command};

type Job = Box<dyn FnOnce() + Send>;

/// Which CPUs a sandbox's processes may run on; empty for all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cpus(Vec<usize>);

impl Cpus {
    /// As many of this process's CPUs as `wanted` rounded up, each sandbox another set in turn.
    pub fn choose(wanted: f64) -> Self {
        platform::choose(wanted)
    }
}

/// Starts `command` on the keeper's thread. Must be called in a tokio runtime.
pub(super) async fn spawn(mut command: Command, cpus: &Cpus) -> io::Result<Child> {
    let keeper = keeper().ok_or_else(|| io::Error::other("no thread could be started"))?;
    let (reply, answer) = tokio::sync::oneshot::channel();
    let runtime = tokio::runtime::Handle::current();
    let cpus = cpus.clone();
    let job: Job = Box::new(move || {
        let _runtime = runtime.enter();
        // Nobody waits any more: the child is dropped, and so killed (`kill_on_drop`).
        let _ = reply.send(platform::with_cpus(&cpus, || command.spawn()));
    });
    keeper.send(job).map_err(|_| io::Error::other("the thread that starts processes has ended"))?;
    answer.await.map_err(|_| io::Error::other("the thread that starts processes has ended"))?
}

fn keeper() -> Option<&'static mpsc::Sender<Job>> {
    static KEEPER: OnceLock<Option<mpsc::Sender<Job>>> = OnceLock::new();
    let start = || {
        let (sender, jobs) = mpsc::channel::<Job>();
        let body = move || {
            platform::close_inherited_on_exec();
            jobs.into_iter().for_each(|job| job());
        };
        std::thread::Builder::new().name("pgrehearse-keeper".into()).spawn(body).ok()?;
        Some(sender)
    };
    KEEPER.get_or_init(start).as_ref()
}

#[cfg(target_os = "linux")]
mod platform {
    use std::os::fd::BorrowedFd;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use nix::fcntl::{FcntlArg, FdFlag, fcntl};
    use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
    use nix::unistd::Pid;

    use super::Cpus;

    pub fn choose(wanted: f64) -> Cpus {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let me = Pid::from_raw(std::process::id().cast_signed());
        let Ok(allowed) = sched_getaffinity(me) else { return Cpus::default() };
        let allowed: Vec<usize> = (0..CpuSet::count()).filter(|cpu| allowed.is_set(*cpu).unwrap_or(false)).collect();
        // A cast from a float saturates, so nonsense becomes none or all of them.
        let count = (wanted.ceil() as usize).max(1);
        if count >= allowed.len() {
            return Cpus::default();
        }
        let first = NEXT.fetch_add(count, Ordering::Relaxed);
        Cpus((0..count).map(|n| allowed[(first + n) % allowed.len()]).collect())
    }

    /// Runs `spawn` while this thread, and so its child, may only use `cpus`.
    pub fn with_cpus<T>(cpus: &Cpus, spawn: impl FnOnce() -> T) -> T {
        let this_thread = Pid::from_raw(0);
        let before = sched_getaffinity(this_thread);
        let mut set = CpuSet::new();
        for cpu in &cpus.0 {
            let _ = set.set(*cpu);
        }
        if !cpus.0.is_empty() {
            let _ = sched_setaffinity(this_thread, &set);
        }
        let result = spawn();
        if let (false, Ok(before)) = (cpus.0.is_empty(), before) {
            let _ = sched_setaffinity(this_thread, &before);
        }
        result
    }

    /// Marks every open file close-on-exec. Rust opens its own so; one that the caller of pgrehearse left open, a
    /// directory say, would be a door out of the sandbox.
    #[expect(unsafe_code, reason = "a number from /proc/self/fd has no owner to borrow it from")]
    pub fn close_inherited_on_exec() {
        let Ok(entries) = std::fs::read_dir("/proc/self/fd") else { return };
        for fd in entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok()) {
            if fd > 2 {
                // SAFETY: the number is only given to fcntl within this statement. If another thread has closed it by
                // now the call fails, and if it has reused it the flag is what Rust sets anyway.
                let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
                let _ = fcntl(borrowed, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC));
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use super::Cpus;

    pub fn choose(_wanted: f64) -> Cpus {
        Cpus::default()
    }

    pub fn with_cpus<T>(_cpus: &Cpus, spawn: impl FnOnce() -> T) -> T {
        spawn()
    }

    pub fn close_inherited_on_exec() {}
}
