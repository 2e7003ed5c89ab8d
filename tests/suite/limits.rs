//! Limits hold, and hitting one is untested with the limit named: no hang, and nothing said about the dump.

use std::time::{Duration, Instant};

use crate::support::{Home, Ran, bare, dump, with_statements};

fn run(limits: &str, statements: &str) -> Ran {
    let home = Home::new();
    let path = home.file("greedy.sql", with_statements(&dump(17, "small.sql"), statements));
    home.run(&path, &[&format!("{}limits: {{{limits}}}\n", bare("tight", 17))])
}

#[track_caller]
fn assert_limit(ran: &Ran, name: &str, value: &str) {
    ran.expect(3);
    let target = ran.only();
    let expected = format!("limit reached: {name} ({value}); raise `limits.{name}` in the profile");
    assert_eq!(target.untested, [expected], "{}", ran.json);
    assert_eq!(target.findings().count(), 0, "{}", ran.json);
    assert_eq!(target.restore, None);
    assert!(ran.stdout.contains(&format!("limit reached: {name}")), "{}", ran.stdout);
}

#[test]
fn a_restore_that_takes_too_long_is_untested() {
    let began = Instant::now();
    let ran = run("timeout: 4s", "SELECT pg_sleep(300);");
    assert_limit(&ran, "timeout", "4s");
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
}

#[test]
fn a_restore_that_takes_too_much_memory_is_untested() {
    // Text of 900 MB in one process.
    let ran = run("memory: 256MiB", "SELECT length(repeat('0123456789', 90000000));");
    assert_limit(&ran, "memory", "256MiB");
}

#[test]
fn a_restore_that_starts_too_many_processes_is_untested() {
    let ran =
        run("pids: 48", "COPY public.people (name) FROM PROGRAM 'for i in $(seq 200); do sleep 20 & done; echo x';");
    assert_limit(&ran, "pids", "48");
}

#[test]
fn a_restore_that_takes_too_much_disk_is_untested() {
    // Less memory than data in memory would need: they are on disk from the beginning.
    let ran = run(
        "memory: 512MiB, disk: 200MiB",
        "CREATE TABLE public.big AS SELECT i, repeat('x', 900) AS filler FROM generate_series(1, 2000000) AS i;
         SELECT pg_sleep(30);",
    );
    assert_limit(&ran, "disk", "200MiB");
}

#[test]
fn a_restore_that_takes_too_much_shared_memory_is_untested() {
    let ran = run(
        "shm: 4MiB",
        "SET max_parallel_workers_per_gather = 4; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
         SET min_parallel_table_scan_size = 0; SET work_mem = '64MB';
         CREATE TABLE public.a AS SELECT i AS id FROM generate_series(1, 300000) AS i;
         ANALYZE public.a;
         CREATE TABLE public.joined AS SELECT count(*) FROM public.a x JOIN public.a y USING (id);",
    );
    assert_limit(&ran, "shm", "4MiB");
}

#[test]
fn data_that_outgrow_memory_are_restored_on_disk() {
    let home = Home::new();
    // 640 MB of data, where half of the memory is what data in memory may take.
    let statements = "BEGIN;
CREATE TABLE public.big (filler text);
ALTER TABLE public.big ALTER filler SET STORAGE PLAIN;
INSERT INTO public.big SELECT repeat('x', 8000) FROM generate_series(1, 80000) AS i;
COMMIT;";
    let path = home.file("grows.sql", with_statements(&dump(17, "small.sql"), statements));
    let profile = format!(
        "{}limits: {{memory: 1GiB}}\nchecks: {{queries: [{{name: all, sql: SELECT count(*) FROM big, expect: 80000}}]}}\n",
        bare("roomy", 17)
    );
    let ran = home.run(&path, &[&profile]);
    ran.expect(0);
    assert!(ran.stderr.contains("once more, on disk"), "{}", ran.stderr);
}
