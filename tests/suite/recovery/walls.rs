//! A recovery that is ended from outside leaves nothing, and nothing leaves its sandbox.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::Wish;
use crate::support::{Home, backup, docker};

/// Starts a recovery whose WAL does not come for a while, and waits until the server asks for it; returns its container too.
fn amid_recovery(home: &Home) -> (Child, String) {
    let profile = home.profile(&Wish::new("latest", 17, "to: [latest]").yaml);
    let asked = home.path("asked");
    let waits = format!("touch '{}'; sleep 15; exit 1", asked.display());
    let mut command: Command = home.command(&backup::of(17).path("base"), &[&profile]);
    let child = home.start(command.args(["--wal-command", &waits]));
    let container = home.wait_for_container();
    docker::wait_for("the server's first question", Duration::from_secs(60), || asked.exists().then_some(()));
    (child, container)
}

#[test]
fn what_a_killed_recovery_leaves_the_next_sweep_removes() {
    let home = Home::new();
    let (mut child, container) = amid_recovery(&home);
    let found = docker::inspect("container", &container).expect("it runs");
    assert_eq!(found["HostConfig"]["NetworkMode"], "none");
    assert_eq!(found["HostConfig"]["ReadonlyRootfs"], true);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(docker::inspect("container", &container).is_some(), "a killed run cannot remove anything");
    home.ran_to_end(home.program().arg("sweep")).expect(0);
    home.assert_nothing_left();
}

#[test]
fn an_interrupted_recovery_removes_everything_at_once_and_says_so() {
    let home = Home::new();
    let (child, _) = amid_recovery(&home);
    let began = Instant::now();
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGINT).unwrap();
    let ran = home.wait(child);
    ran.expect(130);
    home.assert_nothing_left();
    assert_eq!(ran.only().untested, ["interrupted before it was done"]);
    assert!(began.elapsed() < Duration::from_secs(12), "it waited for a command of the user's: {:?}", began.elapsed());
}
