//! Connections to a sandbox's server, and programs in it, all go over one program that `docker exec` starts. Where it is not there they go
//! over shells, one after the other over the same one.

use std::sync::Arc;

use pgrehearse::cluster::{self, Session};
use pgrehearse::engine::docker::DockerEngine;
use pgrehearse::engine::{Engine as _, Program, Sandbox, Storage, Whose, lease};
use pgrehearse::event::Reporter;
use pgrehearse::profile;
use tokio::io::AsyncReadExt as _;

use crate::support::{Home, bare, docker, dump, images};

/// The same, once what carries everything is no more.
fn over_shells(ask: impl AsyncFnOnce(&dyn Sandbox, &str)) {
    in_a_sandbox(async |sandbox, container| {
        // It is the first that a connection goes over.
        drop(open(sandbox).await);
        signal(container, "perl", "KILL");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        ask(sandbox, container).await;
    });
}

/// Sends a signal to every process of this name in a container.
fn signal(container: &str, process: &str, name: &str) {
    let script = format!(
        r#"for dir in /proc/[0-9]*; do [ "$(cat $dir/comm)" != {process} ] || kill -{name} ${{dir#/proc/}}; done"#
    );
    docker::output(&["exec", container, "sh", "-c", &script]);
}

/// Runs what is asked in a sandbox of its own, with its container's id.
fn in_a_sandbox(ask: impl AsyncFnOnce(&dyn Sandbox, &str)) {
    let home = Home::new();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let file = home.profile(&bare("connections", 17));
        let target = profile::load(&[file.display().to_string()]).unwrap().remove(0);
        let lease = Arc::new(lease::Home::at(&home.path("state")).unwrap().begin_run().unwrap());
        let engine = DockerEngine::connect(lease).await.unwrap();
        let spec = cluster::needs_of(&target, None, Storage::Memory, true);
        let sandbox = engine.start(&spec, &Reporter::default().of_target("connections")).await.unwrap();
        ask(&*sandbox, &home.wait_for_container()).await;
        sandbox.remove().await.unwrap();
        engine.close().await.unwrap();
    });
    drop(runtime);
    home.assert_nothing_left();
}

async fn open(sandbox: &dyn Sandbox) -> Session {
    Session::open(sandbox, "postgres", "postgres").await.unwrap()
}

/// The server's process behind a session.
async fn process(session: &Session) -> i32 {
    session.query("SELECT pg_backend_pid()", &[], "cannot ask").await.unwrap()[0].get(0)
}

/// The programs that run in a container beside its server.
fn programs(container: &str) -> usize {
    docker::inspect("container", container).unwrap()["ExecIDs"].as_array().map_or(0, Vec::len)
}

#[test]
fn one_program_carries_all_connections_and_each_is_a_new_one() {
    in_a_sandbox(async |sandbox, container| {
        let first = open(sandbox).await;
        first.batch("SET work_mem = '64kB'; CREATE TEMP TABLE mine (a int)", "cannot set").await.unwrap();
        let programs_at_first = programs(container);
        let mut together = vec![first];
        for _ in 0..20 {
            let session = open(sandbox).await;
            let rows = session.query("SELECT current_setting('work_mem'), to_regclass('pg_temp.mine')::text", &[], "");
            assert_eq!(rows.await.unwrap()[0].get::<_, String>(0), "4MB");
            together.push(session);
        }
        assert_eq!(programs(container), programs_at_first);
        let mut processes = Vec::new();
        for session in &together {
            processes.push(process(session).await);
        }
        processes.sort_unstable();
        processes.dedup();
        assert_eq!(processes.len(), 21, "a server's process served two connections");
    });
}

#[test]
fn a_connection_that_nobody_reads_holds_up_no_other_and_much_goes_both_ways() {
    in_a_sandbox(async |sandbox, _| {
        let (slow, other) = (open(sandbox).await, open(sandbox).await);
        let sql = "SELECT repeat('x', 1000000) FROM generate_series(1, 50)";
        let mut unread = std::pin::pin!(slow.query(sql, &[], "cannot ask"));
        // It begins, and nobody takes what comes.
        let _ = tokio::time::timeout(std::time::Duration::from_millis(50), &mut unread).await;
        let (stdout, _, code) = run(sandbox, &["head", "-c", "30000000", "/dev/zero"], &[]).await;
        assert_eq!((stdout.len(), code), (30_000_000, 0));
        let long = "é".repeat(5_000_000);
        let rows = other.query("SELECT length($1::text), $1", &[&long], "cannot ask").await.unwrap();
        assert_eq!(rows[0].get::<_, i32>(0), 5_000_000);
        assert_eq!(rows[0].get::<_, String>(1), long);
        assert_eq!(unread.await.unwrap().len(), 50);
    });
}

#[test]
fn what_carries_everything_can_go_and_what_comes_next_goes_over_shells() {
    in_a_sandbox(async |sandbox, container| {
        let session = open(sandbox).await;
        signal(container, "perl", "KILL");
        assert!(session.query("SELECT 1", &[], "cannot ask").await.is_err());
        assert_eq!(open(sandbox).await.server_major().await.unwrap().0, 17);
        assert_eq!(run(sandbox, &["sh", "-c", "exit 7"], &[]).await.2, 7);
        let (running, ..) = run(sandbox, &["sh", "-c", "cat /proc/[0-9]*/comm"], &[]).await;
        let running = String::from_utf8(running).unwrap();
        assert!(running.contains("bash") && !running.contains("perl"), "{running}");
    });
}

#[test]
fn in_an_image_without_perl_everything_goes_over_shells() {
    comes_back_where("rm /usr/bin/perl");
}

#[test]
fn in_an_image_whose_perl_cannot_run_it_everything_goes_over_shells() {
    // One that fails at once, as one without its modules does.
    comes_back_where("rm /usr/bin/perl; printf '#!/bin/sh\\nexit 255\\n' > /usr/bin/perl; chmod 755 /usr/bin/perl");
}

#[test]
#[ignore = "more of the same: scripts/test --full"]
fn full_in_an_image_whose_perl_is_broken_otherwise_everything_goes_over_shells() {
    comes_back_where("chmod 644 /usr/bin/perl");
    comes_back_where("rm -r $(perl -MSocket -e 'print $INC{\"Socket.pm\"}')");
    comes_back_where("rm /usr/bin/perl; printf 'no program' > /usr/bin/perl; chmod 755 /usr/bin/perl");
}

/// Rehearses in an image that root has changed so.
fn comes_back_where(changed: &str) {
    let dump = dump(17, "small.dump");
    let number = fastrand::u32(..);
    let name = format!("pgrehearse-test/other-perl-{number:x}:17");
    let container = format!("pgrehearse-test-other-perl-{number:x}");
    let image = format!("{}:17", images::REPOSITORY);
    let change = ["--user", "root", "--entrypoint", "sh", image.as_str(), "-c", changed];
    docker::output(&[["run", "--network", "none", "--name", &container].as_slice(), &change].concat());
    docker::output(&["commit", &container, &name]);
    docker::succeeds(&["rm", &container]);
    let home = Home::new();
    // The commit keeps what it was started with, and the sandbox's user and first program are its own.
    // Nothing is kept of it, and what is kept of others stays theirs: they would make it anew.
    let ran = home.run_with(&dump, &[&format!("{}image: {name}\n", bare("without", 17))], &["--no-cache"]);
    ran.expect(0);
    home.assert_nothing_left();
    assert!(docker::succeeds(&["image", "rm", &name]));
}

#[test]
fn a_shell_carries_connections_that_come_after_each_other_and_each_is_a_new_one() {
    over_shells(async |sandbox, container| {
        let first = open(sandbox).await;
        let mut processes = vec![process(&first).await];
        first.batch("SET work_mem = '64kB'; CREATE TEMP TABLE mine (a int)", "cannot set").await.unwrap();
        let programs_at_first = programs(container);
        drop(first);
        for _ in 0..20 {
            let session = open(sandbox).await;
            processes.push(process(&session).await);
            let rows =
                session.query("SELECT current_setting('work_mem'), to_regclass('pg_temp.mine')::text", &[], "").await;
            assert_eq!(rows.unwrap()[0].get::<_, String>(0), "4MB");
        }
        // On a busy machine one that takes long is left for another.
        assert!(programs(container) < programs_at_first + 3, "{}", programs(container));
        processes.sort_unstable();
        processes.dedup();
        assert_eq!(processes.len(), 21, "a server's process served two connections");
        let together = (open(sandbox).await, open(sandbox).await, open(sandbox).await, open(sandbox).await);
        assert!(programs(container) >= programs_at_first + 3, "{}", programs(container));
        drop(together);
    });
}

/// What a program writes to its two streams, and its exit code.
async fn run(sandbox: &dyn Sandbox, argv: &[&str], env: &[(&str, &str)]) -> (Vec<u8>, Vec<u8>, i64) {
    let own = |text: &&str| (*text).to_owned();
    let env = env.iter().map(|(name, value)| (own(name), own(value))).collect();
    let program = Program { argv: argv.iter().map(own).collect(), whose: Whose::Client, env, stdin: None };
    let mut running = sandbox.run(program).await.unwrap();
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let (first, second) =
        tokio::join!(running.stdout.read_to_end(&mut stdout), running.stderr.read_to_end(&mut stderr));
    first.and(second).unwrap();
    (stdout, stderr, running.exit.await.unwrap())
}

#[test]
fn programs_keep_their_streams_words_and_codes() {
    in_a_sandbox(async |sandbox, container| programs_are_as_they_are(sandbox, container, 1).await);
}

#[test]
fn programs_share_what_carries_connections_and_keep_their_streams_words_and_codes() {
    over_shells(async |sandbox, container| programs_are_as_they_are(sandbox, container, 4).await);
}

/// At most so many programs of the engine's carry them, less one.
async fn programs_are_as_they_are(sandbox: &dyn Sandbox, container: &str, most: usize) {
    let at_first = programs(container);
    for _ in 0..3 {
        let odd = ["it's", "", "two\nlines", "a b", "\"; DROP", "$(id)", "Käse"];
        let script = r#"printf '%s\0' "$@" "$ODD"; cat; printf 'aside\0' >&2; exit 7"#;
        let argv: Vec<&str> = ["bash", "-c", script, "program"].into_iter().chain(odd).collect();
        let (stdout, stderr, code) = run(sandbox, &argv, &[("ODD", "one\n'two'")]).await;
        let expected: String = odd.iter().chain(&["one\n'two'"]).map(|word| format!("{word}\0")).collect();
        assert_eq!((stdout, stderr, code), (expected.into_bytes(), b"aside\0".to_vec(), 7));

        let (stdout, _, code) = run(sandbox, &["head", "-c", "3000000", "/dev/zero"], &[]).await;
        assert_eq!((stdout.len(), code), (3_000_000, 0));
        let (stdout, stderr, code) = run(sandbox, &["bash", "-c", "kill -9 $$"], &[]).await;
        assert_eq!((stdout, stderr, code), (Vec::new(), Vec::new(), 137), "the shell's own words are no program's");
        let (_, stderr, code) = run(sandbox, &["no-such-program"], &[]).await;
        assert_eq!(code, 127);
        assert!(String::from_utf8(stderr).unwrap().contains("no-such-program: not found"));
        // A connection after a program, and beside one.
        assert_eq!(open(sandbox).await.server_major().await.unwrap().0, 17);
        let sleep = run(sandbox, &["sleep", "0.1"], &[]);
        let ((_, _, code), session) = tokio::join!(sleep, open(sandbox));
        assert_eq!((code, session.server_major().await.unwrap().0), (0, 17));
    }
    assert!(programs(container) < at_first + most, "{}", programs(container));
}

#[test]
fn a_program_runs_once_also_where_what_should_run_it_answers_too_late() {
    over_shells(async |sandbox, container| {
        let program = ["sh", "-c", "echo ran >> /tmp/ran"];
        assert_eq!(run(sandbox, &program, &[]).await.2, 0);
        // As on a machine that has no time for it.
        signal(container, "bash", "STOP");
        assert_eq!(run(sandbox, &program, &[]).await.2, 0);
        signal(container, "bash", "CONT");
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        assert_eq!(docker::lines(&["exec", container, "cat", "/tmp/ran"]), ["ran", "ran"]);
    });
}

#[test]
fn a_connection_that_the_server_ends_says_why_and_the_next_one_begins_afresh() {
    in_a_sandbox(async |sandbox, _| connections_end(sandbox).await);
}

#[test]
fn over_a_shell_a_connection_that_the_server_ends_says_why_and_the_next_one_begins_afresh() {
    over_shells(async |sandbox, _| connections_end(sandbox).await);
}

async fn connections_end(sandbox: &dyn Sandbox) {
    for _ in 0..5 {
        let (victim, other) = (open(sandbox).await, open(sandbox).await);
        let sql = format!("SELECT pg_terminate_backend({})", process(&victim).await);
        let waiting = victim.query("SELECT pg_sleep(60), repeat('x', 1000000)", &[], "cannot wait");
        let ending = async {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            other.query(&sql, &[], "cannot end it").await.unwrap();
        };
        let (ended, ()) = tokio::join!(waiting, ending);
        let error = ended.unwrap_err().to_string();
        assert!(error.contains("57P01"), "{error}");
        drop((victim, other));
        // Given up in the middle of an answer.
        let session = open(sandbox).await;
        let long = session.query("SELECT repeat('x', 1000000) FROM generate_series(1, 1000)", &[], "");
        let _ = tokio::time::timeout(std::time::Duration::from_millis(5), long).await;
        drop(session);
        assert_eq!(open(sandbox).await.server_major().await.unwrap().0, 17);
    }
}
