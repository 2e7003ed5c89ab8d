//! The machine's process table, as far as a sandbox's processes are concerned.
//!
//! bubblewrap's processes are children of pgrehearse, and all that runs in a sandbox descends from them: whatever loses
//! its parent inside falls to the sandbox's own first process. So the tree below the spawned processes is the sandbox,
//! and nothing in it can leave the tree. (Unconfined it can: that is part of what unconfined means.)

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One row of the process table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    pub pid: i32,
    pub parent: i32,
    pub threads: u64,
    /// Distinguishes a process from a later one with the same number; in clock ticks since boot, 0 where unknown.
    pub started: u64,
    /// Bytes in memory, shared ones included.
    pub resident: u64,
    /// Ended, and not yet collected by its parent.
    pub zombie: bool,
    /// Stopped by a signal.
    pub stopped: bool,
}

/// Reads the table now.
pub(super) fn read() -> Vec<Row> {
    platform::read()
}

/// Reads the table unless that was done a moment ago: several sandboxes share one reading.
pub(super) fn recent() -> Arc<Vec<Row>> {
    const MOMENT: Duration = Duration::from_millis(100);
    static LAST: Mutex<Option<(Instant, Arc<Vec<Row>>)>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    match &*last {
        Some((when, rows)) if when.elapsed() < MOMENT => Arc::clone(rows),
        _ => {
            let rows = Arc::new(read());
            *last = Some((Instant::now(), Arc::clone(&rows)));
            rows
        }
    }
}

/// The rows of `roots` and of all that descends from them. A root that has ended is not there.
pub(super) fn tree(rows: &[Row], roots: &[i32]) -> Vec<Row> {
    let mut members: HashSet<i32> = roots.iter().copied().collect();
    // Parents may have higher numbers than their children once numbers wrap around.
    loop {
        let before = members.len();
        members.extend(rows.iter().filter(|row| members.contains(&row.parent)).map(|row| row.pid).collect::<Vec<_>>());
        if members.len() == before {
            break;
        }
    }
    rows.iter().filter(|row| members.contains(&row.pid) && !row.zombie).copied().collect()
}

/// Memory of the processes together, each shared page counted once, in bytes; exact only where it exceeds `limit`.
///
/// The sum of resident sizes counts a page once for each process that has it, so it is never too low. Only when that
/// sum is too high is the kernel asked for proportional sizes, which takes longer.
pub(super) fn memory(rows: &[Row], limit: u64) -> u64 {
    let resident: u64 = rows.iter().map(|row| row.resident).sum();
    if resident <= limit {
        return resident;
    }
    rows.iter().map(|row| platform::proportional(row.pid).unwrap_or(row.resident)).sum()
}

/// Whether the process `pid` that started at `started` is still there.
pub(super) fn alive(pid: i32, started: u64) -> bool {
    platform::row(pid).is_some_and(|row| row.started == started && !row.zombie)
}

/// Whether the process is there and goes on: neither ended nor stopped.
pub(super) fn running(pid: i32, started: u64) -> bool {
    platform::row(pid).is_some_and(|row| row.started == started && !row.zombie && !row.stopped)
}

/// When the process started, in the unit of [`Row::started`].
pub(super) fn started(pid: i32) -> u64 {
    platform::row(pid).map_or(0, |row| row.started)
}

/// The processes whose working directory lies below `directory`.
pub(super) fn working_in(directory: &Path) -> Vec<i32> {
    platform::working_in(directory)
}

#[cfg(target_os = "linux")]
mod platform {
    use std::fs;
    use std::path::Path;

    use super::Row;

    pub fn read() -> Vec<Row> {
        pids().filter_map(row).collect()
    }

    fn pids() -> impl Iterator<Item = i32> {
        fs::read_dir("/proc")
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse().ok()))
    }

    pub fn row(pid: i32) -> Option<Row> {
        parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// Reads `/proc/PID/stat`, proc_pid_stat(5). The name in parentheses may itself hold spaces and parentheses.
    pub(super) fn parse(stat: &str) -> Option<Row> {
        let pid = stat.split(' ').next()?.parse().ok()?;
        let fields: Vec<&str> = stat[stat.rfind(')')? + 1..].split_ascii_whitespace().collect();
        // `fields[0]` is the third field of the manual page.
        let number = |field: usize| fields.get(field - 3).and_then(|text| text.parse::<u64>().ok());
        Some(Row {
            pid,
            parent: fields.get(1)?.parse().ok()?,
            threads: number(20)?,
            started: number(22)?,
            resident: number(24)?.saturating_mul(page_size()),
            zombie: matches!(fields.first(), Some(&"Z" | &"X")),
            stopped: matches!(fields.first(), Some(&"T" | &"t")),
        })
    }

    fn page_size() -> u64 {
        static SIZE: std::sync::OnceLock<u64> = std::sync::OnceLock::new();
        *SIZE.get_or_init(|| {
            let size = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok().flatten();
            size.and_then(|size| u64::try_from(size).ok()).unwrap_or(4096)
        })
    }

    /// The proportional set size in bytes, where the kernel reports it.
    pub fn proportional(pid: i32) -> Option<u64> {
        let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
        let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
        let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kib * 1024)
    }

    pub fn working_in(directory: &Path) -> Vec<i32> {
        let inside = |pid: &i32| fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(directory));
        pids().filter(inside).collect()
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::path::Path;
    use std::process::{Command, Stdio};

    use super::Row;

    pub fn read() -> Vec<Row> {
        ps(&["-A"])
    }

    pub fn row(pid: i32) -> Option<Row> {
        ps(&["-p", &pid.to_string()]).into_iter().next()
    }

    fn ps(which: &[&str]) -> Vec<Row> {
        let output = Command::new("ps").args(which).args(["-o", "pid=,ppid=,rss=,stat="]).stdin(Stdio::null()).output();
        let Ok(output) = output else { return Vec::new() };
        String::from_utf8_lossy(&output.stdout).lines().filter_map(parse).collect()
    }

    fn parse(line: &str) -> Option<Row> {
        let mut fields = line.split_ascii_whitespace();
        let (pid, parent, kib, state) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        Some(Row {
            pid: pid.parse().ok()?,
            parent: parent.parse().ok()?,
            threads: 1,
            started: 0,
            resident: kib.parse::<u64>().ok()?.saturating_mul(1024),
            zombie: state.starts_with('Z'),
            stopped: state.starts_with('T'),
        })
    }

    pub fn proportional(_pid: i32) -> Option<u64> {
        None
    }

    /// The server that the directory's postmaster.pid names, if its command line names the directory.
    pub fn working_in(directory: &Path) -> Vec<i32> {
        let file = std::fs::read_to_string(directory.join("data/pgdata/postmaster.pid")).unwrap_or_default();
        let Some(pid) = file.lines().next().and_then(|line| line.trim().parse::<i32>().ok()) else {
            return Vec::new();
        };
        let command = Command::new("ps").args(["-p", &pid.to_string(), "-o", "command="]).output();
        let ours = command
            .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(&directory.display().to_string()));
        if ours { vec![pid] } else { Vec::new() }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn a_process_name_cannot_forge_its_row() {
        let stat = "42 (a) R 1 (b) S 7 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 3 0 900 1000 5 1844\n";
        let row = platform::parse(stat).unwrap();
        assert_eq!((row.pid, row.parent, row.threads, row.started), (42, 7, 3, 900));
        assert!(row.resident >= 5 * 4096 && !row.zombie);
    }

    #[test]
    fn a_tree_holds_descendants_and_no_others() {
        let row =
            |pid, parent| Row { pid, parent, threads: 1, started: 0, resident: 10, zombie: false, stopped: false };
        let rows = [row(2, 9), row(3, 1), row(9, 5), row(5, 1), row(6, 3)];
        let pids: Vec<i32> = tree(&rows, &[5]).iter().map(|row| row.pid).collect();
        assert_eq!(pids, [2, 9, 5]);
        assert_eq!(memory(&rows, 1000), 50);
    }

    #[test]
    fn this_process_is_in_the_table() {
        let me = i32::try_from(std::process::id()).unwrap();
        assert!(read().iter().any(|row| row.pid == me && row.resident > 0));
        assert!(alive(me, started(me)));
        assert!(!alive(me, started(me) + 1));
    }
}
