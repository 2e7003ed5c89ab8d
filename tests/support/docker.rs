//! Docker as a bystander sees it, through its own command.

use std::process::Command;
use std::time::{Duration, Instant};

/// What a `docker` command prints, without white space around it.
pub fn output(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().expect("docker is installed");
    assert!(output.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Whether a `docker` command succeeds.
pub fn succeeds(arguments: &[&str]) -> bool {
    Command::new("docker").args(arguments).output().expect("docker is installed").status.success()
}

/// What `docker inspect` says of a container, an image or a volume; `None` where there is no such thing.
pub fn inspect(kind: &str, name: &str) -> Option<serde_json::Value> {
    let output = Command::new("docker").args([kind, "inspect", name]).output().expect("docker is installed");
    if !output.status.success() {
        return None;
    }
    let mut list: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).expect("docker prints JSON");
    list.pop()
}

/// Containers that bear a label `NAME=VALUE`, running or not.
pub fn containers(label: &str) -> Vec<String> {
    lines(&["ps", "--all", "--quiet", "--no-trunc", "--filter", &format!("label={label}")])
}

pub fn lines(arguments: &[&str]) -> Vec<String> {
    output(arguments).lines().map(str::to_owned).collect()
}

/// Asks again and again until there is an answer.
pub fn wait_for<T>(what: &str, limit: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(began.elapsed() < limit, "{what} did not happen within {limit:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
