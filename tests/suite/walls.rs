//! No wall rests on what a dump can see, stop or hide: disk, links, pipes, and an engine that does not answer.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::Pid;
use serde_json::json;

use crate::support::proxy::Proxy;
use crate::support::{Home, Ran, bare, docker, dump, matching, with_statements};

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name)
}

/// A script with a table and what else it does.
fn script(home: &Home, rest: &str) -> PathBuf {
    home.file(
        "greedy.sql",
        format!("SET client_encoding='UTF8';\nCREATE TABLE public.keep(a int);\nINSERT INTO public.keep VALUES (1);\n{rest}\n"),
    )
}

/// Data on disk, of which there may be little.
fn little_disk(disk: &str) -> String {
    format!(
        "{}database: {{name: app}}\nlimits: {{memory: 512MiB, disk: {disk}, timeout: 60s, pids: 128}}\n\
         checks: {{queries: [{{name: one, sql: SELECT 1, expect: 1}}]}}\n",
        bare("rlim", 15)
    )
}

#[track_caller]
fn assert_disk(ran: &Ran, value: &str) {
    ran.expect(3);
    assert_eq!(ran.only().untested, [over(value)], "{}", ran.json);
}

fn over(value: &str) -> String {
    format!("limit reached: disk ({value}); raise `limits.disk` in the profile")
}

#[test]
fn a_directory_that_is_closed_or_a_file_without_a_name_hides_nothing_from_the_disk_limit() {
    let home = Home::new();
    for name in ["disk-hidden-directory.sql", "disk-unlinked-file.sql"] {
        let ran = home.run(&case(&format!("walls/{name}")), &[&little_disk("130MiB")]);
        assert_disk(&ran, "130MiB");
    }
}

/// In the data directory, in which a dump may write.
const CD: &str = "cd /var/lib/postgresql";

#[track_caller]
fn assert_bounded(commands: &[(&str, String)]) {
    let home = Home::new();
    for (what, command) in commands {
        let ran = home.run(&script(&home, command), &[&little_disk("130MiB")]);
        assert_eq!(ran.only().untested, [over("130MiB")], "{what}: {}", ran.json);
    }
}

#[test]
#[ignore = "more files: scripts/test --full"]
fn full_several_files_in_a_closed_directory_are_bounded_too() {
    // None larger than the kernel lets a file be, in a directory whose mode is 0 before anything is written.
    assert_bounded(&[(
        "several files in a closed directory",
        format!(
            r"\! {CD}; mkdir h; cd h; exec 3>a 4>b 5>c; chmod 0 ../h; for f in 3 4 5; do head -c 40M /dev/zero >&$f; done; sleep 3"
        ),
    )]);
}

#[test]
fn whatever_a_dump_does_inside_its_disk_is_bounded() {
    assert_bounded(&[
        (
            "files without a name, held by a process that stands still",
            format!(
                r"\! {CD}; exec 3>a 4>b 5>c; rm a b c; for f in 3 4 5; do head -c 40M /dev/zero >&$f; done; sh -c 'kill -STOP $$' & sleep 3"
            ),
        ),
        ("many empty files", format!(r"\! {CD}; mkdir m; cd m; seq 100000 | xargs touch; sleep 3")),
        (
            "a stop to whoever measures",
            format!(
                r#"\! for p in /proc/[0-9]*; do [ "$(stat -c %u $p)" = 0 ] && kill -STOP $(basename $p); done 2>/dev/null; {CD}; for f in 1 2 3; do head -c 40M /dev/zero > $f; done; sleep 3"#
            ),
        ),
    ]);
}

#[test]
fn what_takes_no_disk_is_not_counted_as_disk() {
    let home = Home::new();
    let rest = format!(
        r"\! {CD}; for f in 1 2 3 4; do truncate -s 120M s$f; done; head -c 40M /dev/zero > /tmp/x; head -c 40M /dev/zero > /dev/shm/x
\! {CD}; for f in 1 2 3 4; do head -c 30M /dev/zero > gone; rm gone; done; exec 3>/dev/shm/y; rm /dev/shm/y; head -c 10M /dev/zero >&3"
    );
    home.run(&script(&home, &rest), &[&little_disk("130MiB")]).expect(0);
}

#[test]
fn what_was_written_last_is_seen_before_the_verdict() {
    let home = Home::new();
    // The last thing that happens is a check, which leaves a process behind that writes.
    let query =
        "COPY (SELECT 1) TO PROGRAM 'cd /var/lib/postgresql; for f in 1 2 3; do head -c 40M /dev/zero > l$f; done'";
    let rest = format!(
        "CREATE FUNCTION public.late() RETURNS int LANGUAGE plpgsql AS $f$ BEGIN EXECUTE $q${query}$q$; RETURN 1; END $f$;"
    );
    let profile = little_disk("130MiB").replace("SELECT 1, expect", "SELECT public.late(), expect");
    assert_disk(&home.run(&script(&home, &rest), &[&profile]), "130MiB");
}

#[test]
fn who_measures_the_disk_may_read_and_nothing_else() {
    let home = Home::new();
    let profile =
        home.profile(&little_disk("1GiB").replace("SELECT 1, expect: 1", "SELECT pg_sleep(4), expect: not empty"));
    let child = home.start(&mut home.command(&script(&home, ""), &[&profile]));
    let server = home.wait_for_query("pg_sleep");
    let ids = docker::containers(&home.label());
    let containers: Vec<_> = ids.iter().filter_map(|id| docker::inspect("container", id)).collect();
    home.wait(child).expect(0);
    home.assert_nothing_left();

    let (watch, others): (Vec<_>, Vec<_>) = containers.iter().partition(|one| one["Config"]["User"] == "root");
    assert_eq!((watch.len(), others.len()), (1, 1), "{ids:?}");
    let host = &watch[0]["HostConfig"];
    assert_eq!(host["PidMode"], format!("container:{server}"));
    assert_eq!(others[0]["Id"], server.as_str());
    assert_eq!(host["CapDrop"], json!(["ALL"]));
    assert_eq!(host["CapAdd"], json!(["DAC_READ_SEARCH", "SYS_PTRACE"]));
    assert_eq!(host["SecurityOpt"], json!(["no-new-privileges:true"]));
    assert_eq!(
        (&host["NetworkMode"], &host["ReadonlyRootfs"], &host["Privileged"]),
        (&json!("none"), &json!(true), &json!(false))
    );
    assert_eq!(watch[0]["Mounts"], json!([]));
    // The kernel's own limit for one file of whoever a dump can reach.
    let fsize = json!({"Name": "fsize", "Hard": 1 << 30, "Soft": 1 << 30});
    assert!(others[0]["HostConfig"]["Ulimits"].as_array().unwrap().contains(&fsize), "{}", others[0]["HostConfig"]);
}

#[test]
fn the_local_engine_measures_what_is_hidden_too() {
    // Each way to hide once, and each place.
    local_engine_measures(&[by_server(CLOSED), by_client(UNNAMED)]);
}

#[test]
#[ignore = "every way to hide in every place: scripts/test --full"]
fn full_the_local_engine_measures_what_is_hidden_in_every_way_and_place() {
    local_engine_measures(&[by_server(CLOSED), by_server(UNNAMED), by_client(CLOSED), by_client(UNNAMED)]);
}

const CLOSED: &str =
    "mkdir h; cd h; exec 3>a 4>b 5>c; chmod 0 ../h; for f in 3 4 5; do head -c 40M /dev/zero >&$f; done";
const UNNAMED: &str = "exec 3>a 4>b 5>c; rm a b c; for f in 3 4 5; do head -c 40M /dev/zero >&$f; done";

/// A program that the server runs, in its data.
fn by_server(command: &str) -> String {
    format!("COPY public.keep FROM PROGRAM 'cd /data; {command}; sleep 3; echo 2';")
}

/// One that psql runs, beside it.
fn by_client(command: &str) -> String {
    format!(r"\! cd /tmp; {command}; sleep 3")
}

fn local_engine_measures(hidden: &[String]) {
    let home = Home::new();
    for statements in hidden {
        let profile = home.profile(&little_disk("130MiB"));
        let mut command = home.program();
        command.arg("run").arg(script(&home, statements)).args(["--engine", "local", "--profile"]).arg(profile);
        command.arg("--report").arg(format!("json={}", home.path("report.json").display()));
        let ran = home.finish(&mut command);
        assert_eq!(ran.code, Some(3), "{statements}: {}", ran.json);
        assert_disk(&ran, "130MiB");
    }
}

#[test]
fn a_dump_that_the_engine_does_not_see_is_uploaded_whole() {
    unseen_dump_is_uploaded("shop.dir");
}

#[test]
#[ignore = "every form: scripts/test --full"]
fn full_an_archive_that_the_engine_does_not_see_is_uploaded_whole() {
    unseen_dump_is_uploaded("shop.dump");
}

fn unseen_dump_is_uploaded(name: &str) {
    let home = Home::new();
    let profile = home.profile(&matching("twin", 17));
    fs::create_dir(home.path("private")).unwrap();
    {
        // What is mounted in a mount namespace of its own is not there for the engine.
        let unseen = r#"mount -t tmpfs none "$1" && cp -r "$2" "$1/" && shift 2 && exec "$@""#;
        let mut command = Command::new("unshare");
        let namespace: &[&str] = if nix::unistd::geteuid().is_root() { &["-m"] } else { &["-Urm"] };
        command.args(namespace).args(["--propagation", "private", "sh", "-c", unseen, "sh"]);
        command.arg(home.path("private")).arg(dump(17, name));
        let run = home.command(&home.path("private").join(name), &[&profile]);
        command
            .arg(run.get_program())
            .args(run.get_args())
            .envs(run.get_envs().filter_map(|(name, value)| Some((name, value?))));
        home.finish(&mut command).expect(0);
        assert!(!home.path("private").join(name).exists(), "the engine could have seen it");
    }
}

/// A copy of the dump whose table of contents names a file that is a link in it.
fn with_link(home: &Home, name: &str, target: &Path) -> PathBuf {
    let folder = home.path(name);
    fs::create_dir_all(&folder).unwrap();
    for file in fs::read_dir(case("walls/host-file.dir")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.join(file.file_name())).unwrap();
    }
    symlink(target, folder.join("evil.dat")).unwrap();
    folder
}

#[test]
fn a_link_in_a_dump_gives_nothing_of_this_machine_away() {
    let home = Home::new();
    let secret = home.file("host.txt", "content of a file of this machine");
    let profile = home.profile(&bare("plain", 15));
    for (name, target) in [
        ("absolute", secret.clone()),
        ("upwards", "../host.txt".into()),
        ("within", "3344.dat.gz".into()),
        ("to-a-folder", home.path("")),
        ("to-nothing", "/nonexistent".into()),
    ] {
        for engine in ["docker", "local"] {
            let mut command = home.program();
            let folder = home.path(name);
            if !folder.exists() {
                with_link(&home, name, &target);
            }
            command.arg("run").arg(&folder).args(["--engine", engine, "--profile"]).arg(&profile);
            let ran = home.finish(&mut command);
            ran.expect(2);
            assert!(ran.stderr.contains("holds a symbolic link, \"evil.dat\""), "{name}: {}", ran.stderr);
            assert!(!ran.stderr.contains("content of a file"), "{}", ran.stderr);
        }
    }
    let folder = home.path("special");
    fs::create_dir(&folder).unwrap();
    fs::copy(case("walls/host-file.dir/toc.dat"), folder.join("toc.dat")).unwrap();
    nix::unistd::mkfifo(&folder.join("evil.dat"), Mode::S_IRWXU).unwrap();
    let ran = home.finish(home.program().arg("run").arg(&folder).arg("--profile").arg(&profile));
    ran.expect(2);
    assert!(ran.stderr.contains("holds a pipe, \"evil.dat\""), "{}", ran.stderr);
}

#[test]
fn a_pipe_or_a_device_is_refused_at_once_as_dump_and_as_profile() {
    let home = Home::new();
    let pipe = home.path("pipe");
    nix::unistd::mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    let profile = home.profile(&bare("plain", 15));
    let small = dump(15, "small.sql");
    let began = Instant::now();
    for (dump, profile, said) in [
        (
            pipe.as_path(),
            profile.as_path(),
            "pipe is a pipe, and a dump is read more than once; write it to a file first",
        ),
        (&small, &pipe, "pipe: cannot be read: it is a pipe, which is not waited for and cannot be read twice"),
        (Path::new("/dev/zero"), &profile, "/dev/zero is a device"),
        (&small, Path::new("/dev/zero"), "/dev/zero: cannot be read: it is a device, not a file"),
    ] {
        let ran = home.ran_to_end(&mut home.command(dump, &[profile]));
        ran.expect(2);
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
    // As `cat dump | pgrehearse run /dev/stdin` does, and as `<(cat profile)`.
    let (reader, _writer) = std::io::pipe().unwrap();
    let ran = home.ran_to_end(home.command(Path::new("/dev/stdin"), &[&profile]).stdin(reader));
    ran.expect(2);
    assert!(ran.stderr.contains("/dev/stdin is a pipe"), "{}", ran.stderr);
    let (reader, _writer) = std::io::pipe().unwrap();
    let ran = home.ran_to_end(home.command(&small, &[Path::new("/dev/stdin")]).stdin(reader));
    ran.expect(2);
    assert!(ran.stderr.contains("/dev/stdin: cannot be read: it is a pipe"), "{}", ran.stderr);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

/// A run against an engine that can freeze or break.
fn start_behind(proxy: &Proxy, home: &Home, profile: &str) -> Child {
    let profile = home.profile(profile);
    let path = home.file("endless.sql", with_statements(&dump(17, "small.sql"), "SELECT pg_sleep(600);"));
    home.start(home.command(&path, &[&profile]).env("DOCKER_HOST", proxy.host()))
}

fn interrupt(child: &Child) {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGINT).unwrap();
}

fn sweep(home: &Home) {
    home.ran_to_end(home.program().arg("sweep")).expect(0);
    home.assert_nothing_left();
}

#[test]
fn an_interrupt_ends_a_run_whose_engine_does_not_answer_any_more() {
    // Amid the restore, on disk, and while the container is being made: at once, because both only wait.
    at_once([|| is_interrupted(true), || is_interrupted(false)]);
}

/// Runs both at the same time. Where either panics, so does this.
fn at_once(both: [fn(); 2]) {
    std::thread::scope(|scope| {
        let _running = both.map(|one| scope.spawn(one));
    });
}

fn is_interrupted(amid: bool) {
    let home = Home::new();
    let proxy = Proxy::at(home.path("docker.sock"));
    if !amid {
        proxy.freeze_at("/containers/create");
    }
    let child = start_behind(&proxy, &home, &format!("{}limits: {{memory: 512MiB}}\n", bare("plain", 17)));
    if amid {
        home.wait_for_query("pg_sleep");
        proxy.freeze();
    } else {
        docker::wait_for("the freeze", Duration::from_secs(60), || proxy.is_frozen().then_some(()));
    }
    let began = Instant::now();
    interrupt(&child);
    let ran = home.wait(child);
    ran.expect(130);
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
    assert_eq!(ran.only().untested, ["interrupted before it was done"]);
    assert!(ran.stderr.contains("something was left behind"), "{}", ran.stderr);
    if amid {
        proxy.thaw();
    }
    sweep(&home);
}

#[test]
fn a_second_interrupt_leaves_at_once() {
    let home = Home::new();
    let proxy = Proxy::at(home.path("docker.sock"));
    let child = start_behind(&proxy, &home, &bare("plain", 17));
    home.wait_for_query("pg_sleep");
    proxy.freeze();
    interrupt(&child);
    std::thread::sleep(Duration::from_millis(800));
    let began = Instant::now();
    interrupt(&child);
    let ran = home.wait(child);
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    sweep(&home);
}

#[test]
fn an_engine_that_goes_away_or_hangs_is_named_and_not_the_dump() {
    at_once([engine_hangs, engine_goes_away]);
}

fn engine_hangs() {
    let home = Home::new();
    let proxy = Proxy::at(home.path("docker.sock"));
    let child = start_behind(&proxy, &home, &format!("{}limits: {{timeout: 8s}}\n", bare("plain", 17)));
    home.wait_for_query("pg_sleep");
    proxy.freeze();
    // Its time is up, and removing waits for the engine: a minute, as nobody is in a hurry.
    std::thread::sleep(Duration::from_secs(26));
    proxy.cut();
    let ran = home.wait(child);
    ran.expect(3);
    assert_eq!(ran.only().untested, ["the sandbox ended early: the Docker engine no longer answers"]);
    assert_eq!((ran.only().findings().count(), &ran.only().restore), (0, &None), "{}", ran.json);
    sweep(&home);
}

fn engine_goes_away() {
    let home = Home::new();
    let proxy = Proxy::at(home.path("docker.sock"));
    let child = start_behind(&proxy, &home, &bare("plain", 17));
    home.wait_for_query("pg_sleep");
    proxy.cut();
    let ran = home.wait(child);
    ran.expect(3);
    let said = &ran.only().untested;
    assert!(said[0].starts_with("the sandbox ended early: the Docker engine no longer answers"), "{said:?}");
    assert_eq!((ran.only().findings().count(), &ran.only().restore), (0, &None), "{}", ran.json);
    sweep(&home);
}

#[test]
fn a_server_that_a_program_of_the_dump_has_killed_is_said_to_be() {
    let home = Home::new();
    let path = script(
        &home,
        "COPY public.keep FROM PROGRAM 'kill -9 $(head -1 /pgrehearse/data/pgdata/postmaster.pid); sleep 5';",
    );
    let ran = home.run(&path, &[&bare("plain", 15)]);
    ran.expect(3);
    assert_eq!(ran.only().untested, ["the sandbox ended early: a program in it ended its server with signal 9"]);
}
