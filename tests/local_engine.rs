//! The local engine on this machine's real PostgreSQL and bubblewrap. Without them these tests fail: an engine that was
//! not tried has not been tested.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use pgrehearse::engine::local::{Confinement, IsDead, LocalEngine, RunTag, bubblewrap, installations};
use pgrehearse::engine::{
    DataDirectory, Engine, EngineError, EngineKind, ExtensionRights, InitdbOptions, Program, Sandbox, SandboxSpec,
    Server, Storage, Whose,
};
use pgrehearse::event::{Events, Reporter};
use pgrehearse::postgres::Major;
use pgrehearse::profile::{ByteSize, Entrypoint, HumanDuration, Limits, LocaleProvider, Pull};
use tokio::io::{AsyncBufReadExt, AsyncReadExt};
use tokio_postgres::{Client, NoTls};

const HOME: &str = "tests of the local engine";

fn engine(confinement: Confinement, run: &str, is_dead: IsDead) -> LocalEngine {
    LocalEngine::new(confinement, RunTag { home: HOME.into(), run: run.into() }, is_dead)
}

/// An engine whose runs have names of their own, so that no test sweeps another's directory.
fn confined(run: &str) -> LocalEngine {
    engine(Confinement::Confined, run, Arc::new(|_| false))
}

fn major() -> Major {
    installations().first().expect("these tests need an installed PostgreSQL").major
}

fn spec() -> SandboxSpec {
    SandboxSpec {
        data: DataDirectory::Initdb,
        target: "test".into(),
        server: Server::Major(major()),
        image_repository: None,
        image_tag: None,
        pull: Pull::Missing,
        entrypoint: Entrypoint::Direct,
        client: None,
        initdb: InitdbOptions {
            encoding: "UTF8".into(),
            locale: "C.UTF-8".into(),
            locale_provider: LocaleProvider::Libc,
            icu_locale: None,
            superuser: "postgres".into(),
            locales: Vec::new(),
            checksums: None,
            wal_segment_size: None,
        },
        settings: BTreeMap::new(),
        hidden: std::collections::BTreeSet::new(),
        extensions: ExtensionRights::default(),
        tablespaces: 0,
        limits: Limits {
            memory: ByteSize(512 << 20),
            timeout: HumanDuration(Duration::from_secs(50)),
            ..Limits::default()
        },
        storage: Storage::Disk,
        input: None,
        cache: false,
    }
}

fn events() -> Events {
    Reporter::default().of_target("test")
}

async fn start(engine: &LocalEngine, spec: &SandboxSpec) -> Box<dyn Sandbox> {
    engine.start(spec, &events()).await.expect("the sandbox starts")
}

async fn connect(sandbox: &dyn Sandbox) -> Client {
    let pipe = sandbox.connect().await.expect("the server answers");
    let mut config = tokio_postgres::Config::new();
    config.user("postgres").dbname("postgres");
    let (client, connection) = config.connect_raw(pipe, NoTls).await.expect("the server accepts");
    tokio::spawn(connection);
    client
}

/// What a shell command prints that the server runs for a superuser, as a dump's SQL may.
async fn from_program(client: &Client, command: &str) -> String {
    client.batch_execute("CREATE TEMP TABLE IF NOT EXISTS said (line text); TRUNCATE said").await.unwrap();
    let command = format!("({command}) 2>&1 || true").replace('\'', "''");
    let copy = format!("COPY said FROM PROGRAM '{command}' (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02')");
    client.batch_execute(&copy).await.unwrap();
    let rows = client.query("SELECT line FROM said", &[]).await.unwrap();
    rows.iter().map(|row| row.get::<_, Option<String>>(0).unwrap_or_default() + "\n").collect()
}

fn program(argv: &[&str]) -> Program {
    Program {
        argv: argv.iter().map(|argument| (*argument).to_owned()).collect(),
        whose: Whose::Client,
        env: Vec::new(),
        stdin: None,
    }
}

struct Ended {
    code: Result<i64, EngineError>,
    stdout: String,
    stderr: String,
}

async fn run(sandbox: &dyn Sandbox, program: Program) -> Ended {
    let mut running = sandbox.run(program).await.expect("the program starts");
    let (mut stdout, mut stderr) = (String::new(), String::new());
    let (out, err) =
        tokio::join!(running.stdout.read_to_string(&mut stdout), running.stderr.read_to_string(&mut stderr));
    out.and(err).unwrap();
    Ended { code: running.exit.await, stdout, stderr }
}

/// The directories of a run, found as a sweep would find them.
fn directories_of(run: &str) -> Vec<PathBuf> {
    let ours = |path: &Path| {
        let marker = std::fs::read_to_string(path.join("pgrehearse.json")).unwrap_or_default();
        serde_json::from_str::<serde_json::Value>(&marker).is_ok_and(|marker| marker["run"] == run)
    };
    let entries = std::fs::read_dir(std::env::temp_dir()).unwrap().flatten();
    entries.map(|entry| entry.path()).filter(|path| ours(path)).collect()
}

/// The command lines of processes that name the directory: bubblewrap's, and unconfined servers'.
fn processes_of(directory: &Path) -> Vec<String> {
    let name = directory.to_str().unwrap();
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().bytes().all(|byte| byte.is_ascii_digit()))
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(name))
        .collect()
}

/// Waits for the sandbox's failure, which must be this limit, and for its processes to be gone.
async fn must_hit(sandbox: Box<dyn Sandbox>, name: &str, value: &str) {
    let failure = tokio::time::timeout(Duration::from_secs(15), sandbox.failure()).await.expect("a limit is hit");
    let hit = failure.limit().unwrap_or_else(|| panic!("no limit but {failure}")).clone();
    assert_eq!((hit.name, hit.value.as_str()), (name, value));
    assert_eq!(sandbox.limit_hit().await, Some(hit));
    assert!(sandbox.connect().await.is_err_and(|error| error.limit().is_some()));
    sandbox.remove().await.unwrap();
}

#[test]
fn this_machine_has_postgresql_and_bubblewrap() {
    let installed = installations();
    assert!(!installed.is_empty(), "these tests need an installed PostgreSQL");
    assert!(installed.iter().all(|one| one.version.starts_with(&one.major.to_string())), "{installed:?}");
    let found = bubblewrap().unwrap();
    assert!(found.version.starts_with("bubblewrap "), "{found:?}");
}

#[tokio::test]
async fn a_sandbox_answers_queries_runs_clients_and_leaves_nothing() {
    let engine = confined("answers");
    let begun = Instant::now();
    let mut spec = spec();
    spec.settings.insert("work_mem".into(), "7MB".into());
    spec.settings.insert("log_destination".into(), "stderr".into());
    let sandbox = start(&engine, &spec).await;
    eprintln!("ready after {:?}", begun.elapsed());
    assert_eq!(engine.kind(), EngineKind::Local);
    assert!(sandbox.describe().contains("bubblewrap"), "{}", sandbox.describe());

    let client = connect(&*sandbox).await;
    let row = client.query_one("SELECT 6 * 7, current_setting('work_mem'), current_setting('log_destination')", &[]);
    let row = row.await.unwrap();
    assert_eq!((row.get::<_, i32>(0), row.get::<_, &str>(1), row.get::<_, &str>(2)), (42, "7MB", "csvlog"));
    let log = client.query_one("SELECT pg_read_file(pg_current_logfile('csvlog'))", &[]).await.unwrap();
    assert!(!log.get::<_, String>(0).contains("terminated"), "{}", log.get::<_, String>(0));

    let good = run(&*sandbox, program(&["psql", "-XAt", "-U", "postgres", "-c", "SELECT 'seen'"])).await;
    assert_eq!((good.code.unwrap(), good.stdout.as_str(), good.stderr.as_str()), (0, "seen\n", ""));
    let bad = run(&*sandbox, program(&["psql", "-X", "-U", "postgres", "-c", "SELECT nonsense"])).await;
    assert_eq!(bad.code.unwrap(), 1);
    assert!(bad.stderr.contains("column \"nonsense\" does not exist"), "{}", bad.stderr);
    let mut fed = program(&["psql", "-XAt", "-U", "postgres"]);
    fed.stdin = Some(Box::pin(std::io::Cursor::new(b"\\set x 5\nSELECT :x + 1;".to_vec())));
    assert_eq!(run(&*sandbox, fed).await.stdout, "6\n");

    let [directory] = directories_of("answers").try_into().unwrap();
    assert!(!processes_of(&directory).is_empty());
    assert_eq!(sandbox.limit_hit().await, None);
    let begun = Instant::now();
    sandbox.remove().await.unwrap();
    eprintln!("removed after {:?}", begun.elapsed());
    assert!(!directory.exists());
    assert_eq!(processes_of(&directory), Vec::<String>::new());
}

#[tokio::test]
async fn a_superusers_program_cannot_get_out() {
    let engine = confined("walls");
    let sandbox = start(&engine, &spec()).await;
    let client = connect(&*sandbox).await;

    let devices = from_program(&client, "cat /proc/net/dev").await;
    let names: Vec<&str> =
        devices.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name.trim()).collect();
    assert_eq!(names, ["lo"]);
    let out = from_program(&client, "bash -c \"echo > /dev/tcp/192.0.2.1/80\" && echo reached").await;
    assert!(out.contains("unreachable") && !out.contains("reached\n"), "{out}");

    let status = from_program(&client, "cat /proc/self/status").await;
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert!(status.contains(&format!("{set}:\t0000000000000000")), "{status}");
    }
    assert!(status.contains("NoNewPrivs:\t1"), "{status}");
    let uid = from_program(&client, "id -u").await;
    assert_ne!(uid.trim(), "0");

    for path in ["/", "/usr", "/etc", "/dev", "/var", "/home", "/root", "/sys"] {
        let out = from_program(&client, &format!("touch {path}/made && echo written")).await;
        assert!(!out.contains("written"), "{path}: {out}");
    }
    let top = from_program(&client, "ls /").await;
    let expected =
        ["bin", "data", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "sbin", "tmp", "usr", "var"];
    assert!(top.lines().all(|name| expected.contains(&name)), "{top}");
    assert_eq!(from_program(&client, "cut -d: -f1 /etc/passwd").await, "postgres\n");
    assert!(from_program(&client, "cat /etc/shadow && echo read").await.contains("No such file"));
    assert_eq!(from_program(&client, "ls /data").await, "log\npgdata\nsocket\n");

    // The processes it sees are its own: bubblewrap's first, the timer, the server's, the shell's.
    let seen = from_program(&client, "cat /proc/[0-9]*/comm").await;
    let own = ["bwrap", "timeout", "postgres", "sh", "cat"];
    assert!(seen.lines().all(|name| own.contains(&name)), "{seen}");
    let environment = from_program(&client, "cat /proc/1/environ").await;
    assert!(!environment.contains("CARGO"), "the test's environment can be read: {environment}");
    let shm = from_program(&client, "df --output=size -B1 /dev/shm | tail -1").await;
    assert_eq!(shm.trim(), "268435456");
    sandbox.remove().await.unwrap();
}

#[tokio::test]
async fn a_client_sees_of_the_cluster_only_its_socket() {
    let dump = tempfile::tempdir().unwrap();
    let file = dump.path().join("dump.sql");
    std::fs::write(
        &file,
        "SELECT 'restored';\n\\! ls /data /data/socket; touch /data/socket/x /input; ls /data/pgdata\n",
    )
    .unwrap();
    // As dumps often are: readable for their owner only, in a directory that is closed too.
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let engine = confined("client");
    let sandbox = start(&engine, &SandboxSpec { input: Some(file), ..spec() }).await;
    let input = sandbox.input().await.unwrap().expect("the sandbox has an input");
    let ended = run(&*sandbox, program(&["psql", "-XAt", "-U", "postgres", "-f", &input])).await;
    assert_eq!(ended.stdout, "restored\n/data:\nsocket\n\n/data/socket:\n", "{}", ended.stderr);
    for path in ["/data/socket/x", "/input"] {
        assert!(ended.stderr.contains(&format!("cannot touch '{path}'")), "{}", ended.stderr);
    }
    assert!(ended.stderr.contains("cannot access '/data/pgdata'"), "{}", ended.stderr);
    sandbox.remove().await.unwrap();
}

#[tokio::test]
async fn a_closed_directory_is_restored_from_a_copy_and_no_link_leads_out_of_it() {
    let dump = tempfile::tempdir().unwrap();
    let inside = dump.path().join("dump");
    std::fs::create_dir(&inside).unwrap();
    std::fs::write(inside.join("toc.dat"), "contents").unwrap();
    std::fs::set_permissions(inside.join("toc.dat"), std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::set_permissions(&inside, std::fs::Permissions::from_mode(0o700)).unwrap();
    let engine = confined("directory");
    let spec = SandboxSpec { input: Some(inside.clone()), ..spec() };
    let sandbox = start(&engine, &spec).await;
    let shown = run(&*sandbox, program(&["cat", "/input/toc.dat"])).await;
    assert_eq!((shown.code.unwrap(), shown.stdout.as_str()), (0, "contents"));
    sandbox.remove().await.unwrap();

    std::os::unix::fs::symlink("/etc/shadow", inside.join("1.dat")).unwrap();
    let Err(error) = engine.start(&spec, &events()).await else { panic!("a link out of the dump was followed") };
    let EngineError::Io { source, .. } = &error else { panic!("{error}") };
    // Every way refuses any link, wherever it leads: pg_dump writes none.
    assert_eq!(source.to_string(), "\"1.dat\" is a symbolic link, which no dump holds");
    assert_eq!(directories_of("directory"), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn too_much_memory_is_a_limit_hit() {
    let mut spec = spec();
    spec.limits.memory = ByteSize(192 << 20);
    let sandbox = start(&confined("memory"), &spec).await;
    let client = connect(&*sandbox).await;
    let eat = "COPY (SELECT 1) TO PROGRAM 'head -c 400M /dev/zero | sort -S 400M | sleep 20'";
    let (eaten, ()) = tokio::join!(client.batch_execute(eat), must_hit(sandbox, "memory", "192MiB"));
    assert!(eaten.is_err());
}

#[tokio::test]
async fn too_many_processes_are_a_limit_hit() {
    let mut spec = spec();
    spec.limits.pids = 40;
    let sandbox = start(&confined("pids"), &spec).await;
    let client = connect(&*sandbox).await;
    let bomb = "COPY (SELECT 1) TO PROGRAM 'while true; do sleep 20 & done'";
    let (exploded, ()) = tokio::join!(client.batch_execute(bomb), must_hit(sandbox, "pids", "40"));
    assert!(exploded.is_err());
}

#[tokio::test]
async fn too_much_disk_is_a_limit_hit_and_its_client_says_so() {
    let mut spec = spec();
    spec.limits.disk = ByteSize(200 << 20);
    let sandbox = start(&confined("disk"), &spec).await;
    let fill = "CREATE TABLE big AS SELECT repeat(md5(n::text), 200) FROM generate_series(1, 10000000) n";
    let ended = run(&*sandbox, program(&["psql", "-X", "-U", "postgres", "-c", fill])).await;
    assert!(ended.code.is_err_and(|error| error.limit().is_some_and(|limit| limit.name == "disk")));
    must_hit(sandbox, "disk", "200MiB").await;
}

#[tokio::test]
async fn too_long_is_a_limit_hit() {
    let mut spec = spec();
    spec.limits.timeout = HumanDuration(Duration::from_secs(6));
    let begun = Instant::now();
    let sandbox = start(&confined("timeout"), &spec).await;
    let client = connect(&*sandbox).await;
    let (slept, ()) = tokio::join!(client.batch_execute("SELECT pg_sleep(60)"), must_hit(sandbox, "timeout", "6s"));
    assert!(slept.is_err());
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_limit_that_is_hit_while_starting_is_reported_as_that_limit() {
    let mut spec = spec();
    spec.limits.timeout = HumanDuration(Duration::from_millis(100));
    let Err(error) = confined("short").start(&spec, &events()).await else { panic!("it started") };
    assert!(error.limit().is_some_and(|limit| limit.name == "timeout" && limit.value == "100ms"), "{error}");
    assert_eq!(directories_of("short"), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_shared_memory_limit_explains_the_servers_error() {
    let mut spec = spec();
    spec.limits.shm = ByteSize(2 << 20);
    let sandbox = start(&confined("shm"), &spec).await;
    let client = connect(&*sandbox).await;
    let parallel = "CREATE TABLE t AS SELECT n FROM generate_series(1, 300000) n; ANALYZE t; \
                    SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; \
                    SET work_mem = '64MB'; SET enable_mergejoin = off; SET enable_nestloop = off; \
                    SELECT count(*) FROM t a JOIN t b USING (n)";
    let error = client.batch_execute(parallel).await.unwrap_err();
    let message = error.as_db_error().unwrap().message();
    assert!(message.starts_with("could not resize shared memory segment"), "{message}");
    // The server's log comes through a process of its own, a moment after the client's message.
    let mut hit = None;
    for _ in 0..50 {
        hit = sandbox.limit_hit().await;
        if hit.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let hit = hit.unwrap();
    assert_eq!((hit.name, hit.value.as_str()), ("shm", "2MiB"));
    sandbox.remove().await.unwrap();
}

#[tokio::test]
async fn a_server_that_goes_away_is_a_failure() {
    let sandbox = start(&confined("gone"), &spec()).await;
    let client = connect(&*sandbox).await;
    assert!(
        tokio::time::timeout(Duration::from_millis(300), sandbox.failure()).await.is_err(),
        "nothing has failed yet"
    );
    let _ = client.batch_execute("COPY (SELECT 1) TO PROGRAM 'kill -9 $(head -1 /data/pgdata/postmaster.pid)'").await;
    let failure = tokio::time::timeout(Duration::from_secs(10), sandbox.failure()).await.expect("it is noticed");
    assert!(matches!(&failure, EngineError::Gone(why) if why.contains("exit code")), "{failure}");
    sandbox.remove().await.unwrap();
}

#[tokio::test]
async fn a_replaced_socket_leads_nowhere() {
    let sandbox = start(&confined("socket"), &spec()).await;
    let outside = tempfile::tempdir().unwrap();
    let listener = tokio::net::UnixListener::bind(outside.path().join("other")).unwrap();
    let client = connect(&*sandbox).await;
    let link = format!("cd /data/socket && rm .s.PGSQL.5432 && ln -s {}/other .s.PGSQL.5432", outside.path().display());
    assert_eq!(from_program(&client, &link).await, "");
    let again = connect(&*sandbox).await;
    assert_eq!(again.query_one("SELECT 1", &[]).await.unwrap().get::<_, i32>(0), 1);
    assert!(tokio::time::timeout(Duration::from_millis(100), listener.accept()).await.is_err());
    sandbox.remove().await.unwrap();
}

#[tokio::test]
async fn two_sandboxes_at_once_do_not_meet() {
    let engine = confined("two");
    let specification = spec();
    let (one, two) = tokio::join!(start(&engine, &specification), start(&engine, &specification));
    let (first, second) = (connect(&*one).await, connect(&*two).await);
    first.batch_execute("CREATE TABLE only_here ()").await.unwrap();
    assert!(second.batch_execute("TABLE only_here").await.is_err());
    one.remove().await.unwrap();
    second.batch_execute("SELECT 1").await.unwrap();
    two.remove().await.unwrap();
    assert_eq!(directories_of("two"), Vec::<PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_outlives_the_thread_that_asked_for_it_and_leaves_nothing_when_dropped() {
    let runtime = tokio::runtime::Handle::current();
    let thread = std::thread::spawn(move || runtime.block_on(async { start(&confined("dropped"), &spec()).await }));
    let sandbox = tokio::task::spawn_blocking(|| thread.join().unwrap()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    connect(&*sandbox).await.batch_execute("SELECT 1").await.unwrap();
    let [directory] = directories_of("dropped").try_into().unwrap();
    drop(sandbox);
    assert!(!directory.exists());
    assert_eq!(processes_of(&directory), Vec::<String>::new());
}

/// Set for a copy of this program that is to hold a sandbox until it is killed.
const HOLD: &str = "PGREHEARSE_TEST_HOLD";

#[tokio::test]
async fn nothing_runs_on_after_a_run_was_killed_and_the_next_sweep_removes_its_files() {
    const NAME: &str = "nothing_runs_on_after_a_run_was_killed_and_the_next_sweep_removes_its_files";
    if std::env::var_os(HOLD).is_some() {
        let _sandbox = start(&confined("killed"), &spec()).await;
        println!("it runs");
        return std::future::pending().await;
    }
    let mut copy = tokio::process::Command::new(std::env::current_exe().unwrap());
    copy.args(["--exact", NAME, "--nocapture"]).env(HOLD, "1").stdout(std::process::Stdio::piped()).kill_on_drop(true);
    let mut copy = copy.spawn().unwrap();
    let mut said = tokio::io::BufReader::new(copy.stdout.take().unwrap()).lines();
    while !said.next_line().await.unwrap().expect("the sandbox starts").contains("it runs") {}
    let [directory] = directories_of("killed").try_into().unwrap();
    assert!(!processes_of(&directory).is_empty());

    copy.kill().await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(5);
    while !processes_of(&directory).is_empty() && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(processes_of(&directory), Vec::<String>::new());
    let engine = engine(Confinement::Confined, "killed: next", Arc::new(|run| run == "killed"));
    assert_eq!(engine.sweep(false).await.unwrap().removed.len(), 1);
    assert!(!directory.exists());
}

#[tokio::test]
async fn a_start_that_nobody_waits_for_leaves_nothing() {
    let engine = confined("cancelled");
    let specification = spec();
    let started = tokio::time::timeout(Duration::from_millis(300), engine.start(&specification, &events())).await;
    assert!(started.is_err(), "initdb takes longer than that");
    assert_eq!(directories_of("cancelled"), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_program_that_nobody_waits_for_is_killed() {
    let sandbox = start(&confined("abandoned"), &spec()).await;
    let [directory] = directories_of("abandoned").try_into().unwrap();
    let sleeps = || processes_of(&directory).iter().filter(|line| line.contains("sleep 4711")).count();
    let waiting = sandbox.run(program(&["sleep", "4711"])).await.unwrap();
    assert_ne!(sleeps(), 0);
    drop(waiting);
    // At every stage of bubblewrap's own beginning, too.
    for stage in 0..40 {
        let running = sandbox.run(program(&["sleep", "4711"])).await.unwrap();
        tokio::time::sleep(Duration::from_micros(stage * 250)).await;
        drop(running);
    }
    let deadline = Instant::now() + Duration::from_secs(5);
    while sleeps() > 0 && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(sleeps(), 0);
    sandbox.remove().await.unwrap();
}

#[tokio::test]
async fn a_program_whose_input_cannot_be_read_has_not_succeeded() {
    let sandbox = start(&confined("unread"), &spec()).await;
    let broken = tokio_util::io::StreamReader::new(futures_util::stream::iter([
        Ok(bytes::Bytes::from_static(b"SELECT 1;\n")),
        Err(std::io::Error::other("the dump is damaged")),
    ]));
    let mut fed = program(&["psql", "-XAt", "-U", "postgres"]);
    fed.stdin = Some(Box::pin(broken));
    let ended = run(&*sandbox, fed).await;
    assert!(ended.code.is_err_and(|error| error.to_string().contains("the dump is damaged")));
    sandbox.remove().await.unwrap();
}

#[tokio::test]
async fn a_sweep_removes_what_dead_runs_left_and_nothing_else() {
    let abandon = |home: &str, run: &str| {
        let directory = tempfile::Builder::new().prefix("pgrehearse-").tempdir().unwrap().keep();
        std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o700)).unwrap();
        std::fs::create_dir(directory.join("data")).unwrap();
        let marker = serde_json::json!({"home": home, "run": run, "target": "test"});
        std::fs::write(directory.join("pgrehearse.json"), marker.to_string()).unwrap();
        directory
    };
    let dead = abandon(HOME, "sweep: dead");
    let live = abandon(HOME, "sweep: live");
    let foreign = abandon("another home", "sweep: dead");
    let unmarked = tempfile::Builder::new().prefix("pgrehearse-").tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("kept"), "").unwrap();
    std::os::unix::fs::symlink(outside.path(), dead.join("data/link")).unwrap();
    std::fs::set_permissions(dead.join("data"), std::fs::Permissions::from_mode(0o000)).unwrap();

    let engine = engine(Confinement::Confined, "sweep: this", Arc::new(|run| run == "sweep: dead"));
    let swept = engine.sweep(false).await.unwrap().removed;
    let names: Vec<&str> = swept.iter().map(|swept| swept.name.as_str()).collect();
    assert_eq!(names, [dead.to_str().unwrap()]);
    assert!(!dead.exists() && live.exists() && foreign.exists() && unmarked.path().exists());
    assert!(outside.path().join("kept").exists());
    std::fs::remove_dir_all(live).unwrap();
    std::fs::remove_dir_all(foreign).unwrap();
}

/// Refusals by name of what is missing, what is wrong and what to do.
async fn refusal(engine: &LocalEngine, spec: &SandboxSpec) -> (String, String, String) {
    let provided = engine.provide(spec, &events()).await;
    let Err(EngineError::Unavailable { what, reason, remedy }) = provided else { panic!("{provided:?}") };
    assert!(matches!(engine.start(spec, &events()).await, Err(EngineError::Unavailable { .. })));
    (what, reason, remedy)
}

#[tokio::test]
async fn what_is_missing_is_named_with_what_to_do() {
    let engine = confined("missing");
    let mut locale = spec();
    locale.initdb.locale = "xx_XX.UTF-8".into();
    let (what, _, remedy) = refusal(&engine, &locale).await;
    assert_eq!(what, "locale xx_XX.UTF-8");
    assert!(remedy.contains("localedef -i xx_XX -f UTF-8 xx_XX.UTF-8"), "{remedy}");

    let absent = SandboxSpec { server: Server::Major(Major(9)), ..spec() };
    assert!(!engine.has(&absent.server, None).await && engine.has(&spec().server, None).await);
    let (what, reason, remedy) = refusal(&engine, &absent).await;
    assert_eq!(what, "PostgreSQL 9");
    assert!(reason.contains(&major().to_string()) && remedy.contains("install"), "{reason}; {remedy}");

    let client = SandboxSpec { client: Some(Server::Major(Major(9))), ..spec() };
    assert_eq!(refusal(&engine, &client).await.0, "PostgreSQL 9");

    let image = SandboxSpec { server: Server::Image("postgis/postgis:17-3.5".into()), ..spec() };
    let (what, reason, _) = refusal(&engine, &image).await;
    assert!(what.contains("postgis/postgis:17-3.5") && reason.contains("an image needs Docker"), "{what}: {reason}");
}

#[tokio::test]
async fn a_server_that_does_not_start_says_why() {
    let mut spec = spec();
    spec.settings.insert("no_such_setting".into(), "1".into());
    let Err(error) = confined("broken").start(&spec, &events()).await else { panic!("it started") };
    let EngineError::Start { step: "postgres", log } = &error else { panic!("{error}") };
    assert!(log.contains("unrecognized configuration parameter \"no_such_setting\""), "{log}");

    let mut spec = self::spec();
    spec.initdb.encoding = "KLINGON".into();
    let Err(error) = confined("broken").start(&spec, &events()).await else { panic!("it started") };
    assert!(matches!(&error, EngineError::Start { step: "initdb", log } if log.contains("KLINGON")), "{error}");
    assert_eq!(directories_of("broken"), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn unconfined_works_the_same_and_says_so() {
    let engine = engine(Confinement::Unconfined, "unconfined", Arc::new(|_| false));
    assert_eq!(engine.kind(), EngineKind::LocalUnconfined);
    let sandbox = start(&engine, &spec()).await;
    assert!(sandbox.describe().contains("unconfined"), "{}", sandbox.describe());
    let [directory] = directories_of("unconfined").try_into().unwrap();
    let client = connect(&*sandbox).await;
    assert_ne!(from_program(&client, "id -u").await, "0\n");
    let good = run(&*sandbox, program(&["psql", "-XAt", "-U", "postgres", "-c", "SELECT 'seen'"])).await;
    assert_eq!((good.code.unwrap(), good.stdout.as_str()), (0, "seen\n"));
    // What detaches itself is found by where it works.
    client.batch_execute("COPY (SELECT 1) TO PROGRAM 'setsid sleep 4712 >/dev/null 2>&1 &'").await.unwrap();
    let lock = std::fs::read_to_string(directory.join("data/pgdata/postmaster.pid")).unwrap();
    let id = lock.lines().nth(6).unwrap().split_ascii_whitespace().nth(1).unwrap().to_owned();
    let segment_exists = || {
        let table = std::fs::read_to_string("/proc/sysvipc/shm").unwrap();
        table.lines().any(|line| line.split_ascii_whitespace().nth(1) == Some(&id))
    };
    assert!(segment_exists());
    sandbox.remove().await.unwrap();
    assert!(!segment_exists());
    assert!(!directory.exists());
    assert_eq!(processes_of(&directory), Vec::<String>::new());
    let left = std::process::Command::new("pgrep").args(["-f", "sleep 4712"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&left.stdout), "");
}

#[tokio::test]
async fn a_server_has_the_checksums_segments_tablespaces_and_extensions_that_were_asked_for() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let mut spec = spec();
    spec.initdb.checksums = Some(true);
    spec.initdb.wal_segment_size = Some(2 << 20);
    spec.tablespaces = 2;
    spec.extensions = ExtensionRights {
        trusted: names(&["dblink", "pageinspect"]),
        restricted: names(&["pgcrypto"]),
        removed: names(&["file_fdw"]),
        only: Some(names(&["dblink", "pageinspect", "pgcrypto", "file_fdw", "plpgsql"])),
    };
    let sandbox = start(&confined("made"), &spec).await;
    let client = connect(&*sandbox).await;
    let rows = client.query("SELECT current_setting('data_checksums'), current_setting('wal_segment_size')", &[]).await;
    let row = &rows.unwrap()[0];
    assert_eq!((row.get::<_, &str>(0), row.get::<_, &str>(1)), ("on", "2MB"));
    for number in [1, 2] {
        let sql = format!("CREATE TABLESPACE space{number} LOCATION '{}'", sandbox.tablespace(number));
        client.batch_execute(&sql).await.unwrap();
        client.batch_execute(&format!("CREATE TABLE t{number} (id int) TABLESPACE space{number}")).await.unwrap();
    }
    // Who may create in the database, and is no superuser.
    client.batch_execute("CREATE ROLE master; GRANT CREATE ON DATABASE postgres TO master").await.unwrap();
    client.batch_execute("GRANT CREATE ON SCHEMA public TO master; SET ROLE master").await.unwrap();
    let create = async |extension: &str| match client.batch_execute(&format!("CREATE EXTENSION {extension}")).await {
        Ok(()) => String::new(),
        Err(error) => error.as_db_error().unwrap().message().to_owned(),
    };
    assert_eq!(create("dblink").await, "", "its C functions are made by the bootstrap superuser");
    assert_eq!(create("pageinspect").await, "");
    assert_eq!(create("pgcrypto").await, "permission denied to create extension \"pgcrypto\"");
    for gone in ["file_fdw", "hstore"] {
        assert_eq!(create(gone).await, format!("extension \"{gone}\" is not available"));
    }
    let rows = client.query("SELECT name::text FROM pg_available_extensions ORDER BY 1", &[]).await.unwrap();
    let available: Vec<&str> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(available, ["dblink", "pageinspect", "pgcrypto", "plpgsql"]);
    drop(client);
    sandbox.remove().await.unwrap();
    assert_eq!(directories_of("made"), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn what_only_an_image_or_walls_can_give_is_unavailable() {
    let of_image = SandboxSpec { entrypoint: Entrypoint::Image, ..spec() };
    let error = confined("of-image").provide(&of_image, &events()).await.unwrap_err().to_string();
    assert!(error.starts_with("`entrypoint: image`: only an image has an entrypoint"), "{error}");
    let mut other = spec();
    other.extensions.removed.insert("dblink".into());
    let unconfined = engine(Confinement::Unconfined, "rights", Arc::new(|_| false));
    let error = unconfined.provide(&other, &events()).await.unwrap_err().to_string();
    assert!(error.contains("without a sandbox the server sees this machine's own directory of extensions"), "{error}");
}
