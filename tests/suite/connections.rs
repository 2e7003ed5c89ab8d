//! Connections to a sandbox's server go through `docker exec`: in order, one after the other over the same one.

use std::sync::Arc;

use pgrehearse::cluster::{self, Session};
use pgrehearse::engine::docker::DockerEngine;
use pgrehearse::engine::{Engine as _, Sandbox, Storage, lease};
use pgrehearse::event::Reporter;
use pgrehearse::profile;

use crate::support::{Home, bare, docker};

/// Runs what is asked in a sandbox of its own, with its container's id.
fn in_a_sandbox(ask: impl AsyncFnOnce(&dyn Sandbox, &str)) {
    let home = Home::new();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let file = home.profile(&bare("connections", 17));
        let target = profile::load(&[file.display().to_string()]).unwrap().remove(0);
        let lease = Arc::new(lease::Home::at(&home.path("state")).unwrap().begin_run().unwrap());
        let engine = DockerEngine::connect(lease).await.unwrap();
        let spec = cluster::needs_of(&target, None, None, Storage::Memory, true);
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
fn one_program_carries_connections_that_come_after_each_other_and_each_is_a_new_one() {
    in_a_sandbox(async |sandbox, container| {
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

#[test]
fn a_connection_that_the_server_ends_says_why_and_the_next_one_begins_afresh() {
    in_a_sandbox(async |sandbox, _| {
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
    });
}
