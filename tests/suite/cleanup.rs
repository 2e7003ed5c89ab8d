//! Nothing is left behind, however a run ends, and nothing of a live run is touched.

use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{Home, bare, docker, dump, images, with_statements};

const SECOND: Duration = Duration::from_secs(1);

/// A dump whose restore takes longer than any test waits, unless it is stopped.
fn endless(home: &Home) -> PathBuf {
    home.file("endless.sql", with_statements(&dump(17, "small.sql"), "SELECT pg_sleep(600);"))
}

/// Starts a run of it and waits until the restore is under way; returns the container too.
fn amid_restore(home: &Home, profile: &str) -> (Child, String) {
    let profile = home.profile(profile);
    let child = home.start(&mut home.command(&endless(home), &[&profile]));
    let container = home.wait_for_query("pg_sleep");
    (child, container)
}

fn send(child: &Child, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
}

fn killed(home: &Home, profile: &str) -> String {
    let (mut child, container) = amid_restore(home, profile);
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    assert!(docker::inspect("container", &container).is_some(), "a killed run cannot remove anything");
    container
}

fn sweep(home: &Home) -> String {
    let ran = home.ran_to_end(home.program().arg("sweep"));
    ran.expect(0);
    ran.stdout.clone()
}

#[test]
fn an_interrupted_run_removes_everything_and_says_so_with_130() {
    let home = Home::new();
    let (child, _) = amid_restore(&home, &bare("plain", 17));
    send(&child, Signal::SIGINT);
    let ran = home.wait(child);
    ran.expect(130);
    home.assert_nothing_left();
    assert_eq!(ran.only().untested, ["interrupted before it was done"]);
}

#[test]
fn a_signal_that_comes_twice_at_once_is_one() {
    let home = Home::new();
    let (child, _) = amid_restore(&home, &bare("plain", 17));
    // As timeout(1) does: to the process, and to its group.
    send(&child, Signal::SIGTERM);
    std::thread::sleep(Duration::from_millis(20));
    send(&child, Signal::SIGTERM);
    home.wait(child).expect(143);
    home.assert_nothing_left();
}

#[test]
fn a_terminated_run_removes_everything_and_says_so_with_143() {
    let home = Home::new();
    // On disk, so that there is a volume too.
    let (child, _) = amid_restore(&home, &format!("{}limits: {{memory: 512MiB}}\n", bare("plain", 17)));
    send(&child, Signal::SIGTERM);
    home.wait(child).expect(143);
    home.assert_nothing_left();
}

#[test]
fn a_run_that_is_interrupted_while_it_starts_leaves_nothing() {
    interrupted_leaves_nothing(&[100, 300]);
}

#[test]
#[ignore = "more of the same: scripts/test --full"]
fn full_a_run_that_is_interrupted_at_once_or_late_while_it_starts_leaves_nothing() {
    interrupted_leaves_nothing(&[10, 600]);
}

/// Each after so many milliseconds.
fn interrupted_leaves_nothing(pauses: &[u64]) {
    let home = Home::new();
    let path = endless(&home);
    let profile = home.profile(&bare("plain", 17));
    for &pause in pauses {
        let child = home.start(home.command(&path, &[&profile]).arg("--no-cache"));
        std::thread::sleep(Duration::from_millis(pause));
        send(&child, Signal::SIGINT);
        let ran = home.wait(child);
        // The signal may come before anybody listens for it, when nothing has been made yet.
        assert!(matches!(ran.code, Some(130) | None), "after {pause} ms: {:?} {}", ran.code, ran.stderr);
        if ran.code.is_none() {
            sweep(&home);
        }
        home.assert_nothing_left();
    }
}

#[test]
fn what_a_killed_run_left_is_swept_and_not_by_another_home_before_its_deadline() {
    let home = Home::new();
    let container = killed(&home, &format!("{}limits: {{memory: 512MiB}}\n", bare("plain", 17)));
    let said = sweep(&Home::new());
    assert!(docker::inspect("container", &container).is_some(), "{said}");
    let said = sweep(&home);
    assert!(said.contains("removed container pgrehearse-"), "{said}");
    assert!(said.contains("removed volume pgrehearse-"), "{said}");
    home.assert_nothing_left();
    assert!(docker::inspect("container", &container).is_none());
    assert_eq!(sweep(&home), "nothing to remove\n");
}

#[test]
fn what_cannot_be_swept_is_said_and_keeps_nothing_else() {
    let home = Home::new();
    let container = killed(&home, &bare("plain", 17));
    // A dead run's volume that somebody else uses.
    let volume = format!("pgrehearse-in-use-{}", std::process::id());
    let run = format!("io.pgrehearse.run={:016x}", 7);
    docker::output(&["volume", "create", "--label", &home.label(), "--label", &run, &volume]);
    let image = format!("{}:17", images::REPOSITORY);
    let mount = format!("{volume}:/mnt");
    let other = docker::output(&["run", "--detach", "--volume", &mount, "--entrypoint", "sleep", &image, "300"]);

    let ran = home.ran_to_end(home.program().arg("sweep"));
    ran.expect(3);
    assert!(ran.stdout.contains("removed container pgrehearse-"), "{}", ran.stdout);
    assert!(ran.stdout.contains(&format!("could not remove volume {volume}: ")), "{}", ran.stdout);
    assert!(docker::inspect("container", &container).is_none());
    let ran = home.ran_to_end(&mut home.command(&dump(17, "small.dump"), &[&home.profile(&bare("next", 17))]));
    ran.expect(0);
    let said = format!("something that an earlier run left could not be removed: volume {volume}: ");
    assert!(ran.stderr.contains(&said), "{}", ran.stderr);

    assert!(docker::succeeds(&["rm", "--force", &other]));
    assert!(sweep(&home).contains(&format!("removed volume {volume}")));
    home.assert_nothing_left();
}

// In the everyday suite the live run that nobody may touch is such a next run.
#[test]
#[ignore = "more of the same: scripts/test --full"]
fn full_what_a_killed_run_left_is_removed_by_the_next_run() {
    let home = Home::new();
    let container = killed(&home, &bare("plain", 17));
    home.run(&dump(17, "small.dump"), &[&bare("next", 17)]).expect(0);
    assert!(docker::inspect("container", &container).is_none());
}

#[test]
fn what_a_killed_run_with_a_client_of_its_own_left_is_swept() {
    let home = Home::new();
    killed(&home, &format!("{}restore: {{client: 18}}\n", bare("plain", 17)));
    assert_eq!(docker::containers(&home.label()).len(), 2);
    sweep(&home);
    home.assert_nothing_left();
}

#[test]
fn a_live_run_is_not_touched_by_another_run_or_a_sweep() {
    let home = Home::new();
    let dead = killed(&home, &bare("dead", 17));
    let profile = home.profile(&bare("live", 17));
    let child = home.start(&mut home.command(&endless(&home), &[&profile]));
    // It sweeps what the dead one left.
    docker::wait_for("the sweep", 60 * SECOND, || docker::inspect("container", &dead).is_none().then_some(()));
    let live = home.wait_for_query("pg_sleep");

    assert_eq!(sweep(&home), "nothing to remove\n");
    let other = Home::new();
    sweep(&other);
    let profile = home.profile(&bare("beside", 17));
    home.ran_to_end(&mut home.command(&dump(17, "small.dump"), &[&profile])).expect(0);
    let container = docker::inspect("container", &live).expect("the live run's container is still there");
    assert_eq!(container["State"]["Running"], true);

    send(&child, Signal::SIGTERM);
    home.wait(child).expect(143);
    home.assert_nothing_left();
}

#[test]
fn a_container_that_is_killed_half_way_is_untested_and_nothing_is_left() {
    let home = Home::new();
    let (child, container) = amid_restore(&home, &bare("plain", 17));
    assert!(docker::succeeds(&["kill", &container]));
    let ran = home.wait(child);
    ran.expect(3);
    home.assert_nothing_left();
    let target = ran.only();
    assert_eq!(target.untested.len(), 1, "{:?}", target.untested);
    assert_eq!(target.untested[0], "the sandbox ended early: its container was ended from outside with signal 9");
    assert_eq!(target.findings().count(), 0, "{}", ran.json);
}

#[test]
fn a_container_that_somebody_removes_half_way_is_untested() {
    let home = Home::new();
    let (child, container) = amid_restore(&home, &bare("plain", 17));
    assert!(docker::succeeds(&["rm", "--force", &container]));
    let ran = home.wait(child);
    ran.expect(3);
    home.assert_nothing_left();
    assert_eq!(ran.only().findings().count(), 0, "{}", ran.json);
    // The engine ends it first, and whoever asks can come in between.
    let reported = [
        "the sandbox ended early: its container was removed by somebody else",
        "the sandbox ended early: its container was ended from outside with signal 9",
    ];
    assert!(
        ran.only().untested.len() == 1 && reported.contains(&&*ran.only().untested[0]),
        "{:?}",
        ran.only().untested
    );
}

#[test]
fn a_paused_container_is_called_paused_when_its_time_is_up_and_is_removed() {
    let home = Home::new();
    let (child, container) = amid_restore(&home, &format!("{}limits: {{timeout: 10s}}\n", bare("plain", 17)));
    // The engine pauses no container in which a program is just being started.
    docker::wait_for("the pause", 5 * SECOND, || docker::succeeds(&["pause", &container]).then_some(()));
    let ran = home.wait(child);
    ran.expect(3);
    home.assert_nothing_left();
    let said = "the sandbox ended early: its container was paused by somebody else, and did not go on";
    assert_eq!(ran.only().untested, [said]);
}

#[test]
fn a_container_whose_run_was_killed_ends_by_itself_after_its_time() {
    let home = Home::new();
    // The container has a minute more than the rehearsal.
    let container = killed(&home, &format!("{}limits: {{timeout: 20s}}\n", bare("plain", 17)));
    docker::wait_for("the end of the container", 120 * SECOND, || {
        let container = docker::inspect("container", &container).expect("nobody removes it");
        (container["State"]["Running"] == false).then_some(())
    });
    sweep(&home);
    home.assert_nothing_left();
}

#[test]
fn a_run_without_the_cache_keeps_nothing() {
    let home = Home::new();
    let ran = home.run_with(&dump(17, "small.dump"), &[&bare("plain", 17)], &["--no-cache"]);
    ran.expect(0);
    let label = format!("label={}", home.label());
    assert_eq!(docker::lines(&["image", "ls", "--quiet", "--filter", &label]), Vec::<String>::new());
}

/// Loads an image that is kept as a data directory is, and was made at this time; it holds nothing.
fn load_kept(name: &str, created: &str) {
    // Two blocks of zeros, and their digest.
    let (layer, digest) = (vec![0; 1024], "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef");
    let config = format!(
        r#"{{"created":"{created}","architecture":"amd64","os":"linux","config":{{"Labels":{{"io.pgrehearse.run":"","io.pgrehearse.kept":"{name}"}}}},"rootfs":{{"type":"layers","diff_ids":["sha256:{digest}"]}}}}"#
    );
    let manifest =
        format!(r#"[{{"Config":"config.json","RepoTags":["pgrehearse-kept:{name}"],"Layers":["layer.tar"]}}]"#);
    let mut archive = tar::Builder::new(Vec::new());
    for (path, bytes) in
        [("config.json", config.as_bytes()), ("layer.tar", &layer), ("manifest.json", manifest.as_bytes())]
    {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, path, bytes).unwrap();
    }
    let mut load = Command::new("docker").args(["load", "--quiet"]).stdin(Stdio::piped()).spawn().unwrap();
    load.stdin.take().unwrap().write_all(&archive.into_inner().unwrap()).unwrap();
    assert!(load.wait().unwrap().success());
}

#[test]
fn a_data_directory_that_was_kept_for_a_month_is_swept_and_a_younger_one_stays() {
    let home = Home::new();
    let days_ago = |days: i64| (jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24 * days)).to_string();
    let unique = std::process::id();
    let (old, young) = (format!("of-old-{unique}"), format!("of-late-{unique}"));
    load_kept(&old, &days_ago(31));
    load_kept(&young, &days_ago(29));
    sweep(&home);
    let left = docker::lines(&["image", "ls", "--format", "{{.Tag}}", "pgrehearse-kept"]);
    docker::lines(&["image", "rm", &format!("pgrehearse-kept:{young}")]);
    assert!(!left.contains(&old) && left.contains(&young), "{left:?}");
}

#[test]
fn alone_sweeping_all_removes_what_is_kept_between_runs() {
    let home = Home::new();
    // Locales that no other test asks for, so that it is this test's to keep.
    let profile = format!("{}cluster: {{locale: POSIX}}\n", bare("kept", 17));
    // One that is needed a second time is kept.
    for _ in 0..2 {
        home.run(&dump(17, "small.dump"), &[&profile]).expect(0);
    }
    let label = format!("label={}", home.label());
    let kept = || docker::lines(&["image", "ls", "--quiet", "--filter", &label]);
    docker::wait_for("a kept data directory", 20 * SECOND, || (!kept().is_empty()).then_some(()));
    assert_eq!(sweep(&home), "nothing to remove\n", "a sweep leaves it");
    let ran = home.ran_to_end(home.program().args(["sweep", "--all"]));
    ran.expect(0);
    assert!(ran.stdout.contains("removed image pgrehearse-kept:"), "{}", ran.stdout);
    assert_eq!(kept(), Vec::<String>::new());
}
