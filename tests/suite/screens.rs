//! Whole screens of typical runs, as somebody reads them in a CI log: each begins with the verdict and fits on a screen.
//!
//! A screen that changes is read aloud before it is accepted: `cargo insta review`, or INSTA_UPDATE=always.

use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use regex::Regex;

use crate::support::{Home, Ran, bare, dump, matching, with_statements};

/// What differs from machine to machine and from run to run is made the same: times, sizes, minor versions, and the widths that
/// follow them.
fn stable(text: &str) -> String {
    let replaced = [
        (r"\d+ min \d\d s|\d+\.\d s\b", "N s"),
        (r"\d+(\.\d)? (kB|MB|bytes)\b", "SIZE"),
        (r"\b(1[3-8])\.\d+( \([^)]*\))?", "$1.x"),
        (r"─+", "───"),
        (r"(\S) {2,}", "$1  "),
        (r"process \d+", "process N"),
        (r"/tmp/\S*/", "/TMP/"),
    ];
    let text = replaced.iter().fold(text.to_owned(), |text, (pattern, with)| {
        Regex::new(pattern).unwrap().replace_all(&text, *with).into_owned()
    });
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// Compares the screen of a run with the one that was read, and holds it to its length.
#[track_caller]
fn assert_screen(name: &str, ran: &Ran, code: i32) {
    ran.expect(code);
    let screen = stable(&ran.stdout);
    let verdict = ["PASS: ", "FAIL: ", "UNTESTED: "].iter().any(|verdict| screen.starts_with(verdict));
    assert!(verdict, "the verdict comes first:\n{screen}");
    assert!(screen.lines().count() <= 40, "{} lines:\n{screen}", screen.lines().count());
    insta::with_settings!({ snapshot_path => "screens", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, screen);
    });
}

/// The screen of a dump in one target of its own version.
#[track_caller]
fn screen(name: &str, dump: &Path, profile: &str, arguments: &[&str], code: i32) {
    let home = Home::new();
    assert_screen(name, &home.run_with(dump, &[profile], arguments), code);
}

/// A plain dump with more statements, by a name that its screen shows.
fn with(home: &Home, name: &str, statements: &str) -> PathBuf {
    home.file(name, with_statements(&dump(17, "small.sql"), statements))
}

/// The screen of the small dump with these statements as well.
#[track_caller]
fn screen_with(name: &str, file: &str, statements: &str, profile: &str, code: i32) {
    let home = Home::new();
    let dump = with(&home, file, statements);
    assert_screen(name, &home.run(&dump, &[profile]), code);
}

#[test]
fn a_pass_says_what_was_compared() {
    screen("pass", &dump(17, "shop.dump"), &matching("staging", 17), &[], 0);
}

#[test]
fn a_pass_of_what_production_has_wrong_too() {
    screen("pass_source", &dump(17, "behind.dump"), &bare("staging", 17), &[], 0);
}

#[test]
fn one_missing_role() {
    let sql = "CREATE TABLE public.invoice (id int); ALTER TABLE public.invoice OWNER TO billing;
        ALTER TABLE public.invoice ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON public.invoice TO billing USING (true);
        CREATE FUNCTION public.pay() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = '' AS 'SELECT 1';
        ALTER FUNCTION public.pay() OWNER TO billing; REVOKE ALL ON FUNCTION public.pay() FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION public.pay() TO billing;";
    screen_with("role", "role.sql", sql, &bare("laptop", 17), 1);
}

#[test]
fn three_missing_roles() {
    screen("roles", &dump(17, "shop.dump"), &bare("laptop", 17), &[], 1);
}

#[test]
fn a_missing_extension() {
    let sql = "CREATE EXTENSION IF NOT EXISTS postgis WITH SCHEMA public;\n\
               CREATE TABLE public.place (id int, at public.geometry(Point,4326));\n\
               CREATE INDEX place_at ON public.place USING gist (at);";
    screen_with("extension", "place.sql", sql, &bare("plain", 17), 1);
}

#[test]
fn a_database_in_a_locale_that_the_target_lacks() {
    let home = Home::new();
    let text = std::fs::read_to_string(dump(17, "shop-create.sql")).unwrap();
    let locale = Regex::new("(LOCALE|LC_COLLATE|LC_CTYPE) = '[^']*'").unwrap();
    let text = locale.replace_all(&text, "$1 = 'xx_XX.UTF-8'");
    let dump = home.file("create.sql", text.as_bytes());
    assert_screen("locale", &home.run(&dump, &[&matching("plain", 17)]), 1);
}

#[test]
fn a_truncated_dump() {
    let home = Home::new();
    // Of an archive the client and the server say it in an order that hangs on time.
    let text = std::fs::read_to_string(dump(17, "rows.sql")).unwrap();
    let half = text.char_indices().nth(text.chars().count() * 6 / 10).map_or(text.len(), |(at, _)| at);
    let end = text[..half].rfind('\n').map_or(half, |at| at + 8);
    let dump = home.file("cut.sql", &text[..end]);
    assert_screen("truncated", &home.run(&dump, &[&bare("staging", 17)]), 1);
}

#[test]
fn a_newer_archive_in_an_older_server() {
    screen("older", &dump(18, "small.dump"), &bare("old", 13), &[], 1);
}

#[test]
fn text_without_an_encoding() {
    screen("sql_ascii", &dump(17, "ascii.dump"), &bare("utf8", 17), &[], 1);
}

/// A part of the small dump, as pg_dump with this option would write it.
fn part(home: &Home, name: &str, keep: impl Fn(&str) -> bool) -> PathBuf {
    let text = std::fs::read_to_string(dump(17, "small.sql")).unwrap();
    let parts: Vec<&str> = text.split("\n--\n-- ").collect();
    let kept: Vec<&str> = parts.into_iter().filter(|part| keep(part)).collect();
    home.file(name, kept.join("\n--\n-- "))
}

#[test]
fn data_without_their_tables() {
    let home = Home::new();
    let is_kept = |part: &str| !part.starts_with("Name: ") || part.contains("Type: SEQUENCE SET");
    let dump = part(&home, "data.sql", is_kept);
    assert_screen("data_only", &home.run(&dump, &[&bare("empty", 17)]), 1);
}

#[test]
fn definitions_without_rows() {
    let home = Home::new();
    let is_kept = |part: &str| !part.starts_with("Data for ") && !part.contains("Type: SEQUENCE SET");
    let dump = part(&home, "schema.sql", is_kept);
    assert_screen("schema_only", &home.run(&dump, &[&bare("empty", 17)]), 0);
}

#[test]
fn one_cause_in_many_targets() {
    let home = Home::new();
    let profiles: Vec<String> = (0..15).map(|nth| bare(&format!("machine-{nth:02}"), 17)).collect();
    let mut profiles: Vec<&str> = profiles.iter().map(String::as_str).collect();
    let (staging, none) = (matching("staging", 17), "name: none\npostgres: 17\ncluster: {locale: xx_XX.UTF-8}\n");
    profiles.truncate(2);
    profiles.extend([staging.as_str(), none]);
    assert_screen("targets", &home.run(&dump(17, "shop.dump"), &profiles), 1);
}

#[test]
fn no_docker() {
    let home = Home::new();
    let mut command = home.command(&dump(17, "shop.dump"), &[&home.profile(&bare("laptop", 17))]);
    let ran = home.finish(command.env("DOCKER_HOST", "tcp://127.0.0.1:9"));
    assert_screen("no_docker", &ran, 3);
}

#[test]
fn interrupted_by_ctrl_c() {
    let home = Home::new();
    let dump = with(&home, "slow.sql", "SELECT pg_sleep(600);");
    let child = home.start(&mut home.command(&dump, &[&home.profile(&bare("laptop", 17))]));
    home.wait_for_query("pg_sleep");
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    assert_screen("interrupted", &home.wait(child), 130);
    home.assert_nothing_left();
}

#[test]
fn what_the_profile_accepts_and_what_only_warns() {
    let accepted = "accept: [{finding: role-missing, reason: created by the deployment, until: 2999-01-01}]\n";
    let profile = format!("{}{accepted}", bare("staging", 17));
    screen_with("accepted", "accepted.sql", "ALTER TABLE public.people OWNER TO deploy;", &profile, 0);
}

#[test]
fn a_query_of_the_profile_that_fails() {
    let query = "checks: {queries: [{name: no future births, sql: 'SELECT 7', expect: '0'}]}\n";
    screen("query", &dump(17, "small.dump"), &format!("{}{query}", bare("staging", 17)), &[], 1);
}

#[test]
fn a_row_that_the_target_refuses() {
    let sql = "CREATE TABLE public.born (person int, day date);\nCOPY public.born (person, day) FROM stdin;\n\
               1\t1980-02-30\n\\.\n";
    screen_with("value", "born.sql", sql, &bare("staging", 17), 1);
}

#[test]
fn two_dumps_in_one_run() {
    let home = Home::new();
    let second = dump(17, "behind.dump");
    let profile = bare("staging", 17);
    let ran = home.run_with(&dump(17, "small.dump"), &[&profile], &[second.to_str().unwrap()]);
    assert_screen("two_dumps", &ran, 0);
}

#[test]
fn the_verdict_alone() {
    screen("quiet", &dump(17, "small.dump"), &bare("staging", 17), &["--quiet"], 0);
}

#[test]
fn with_fixes_written() {
    let home = Home::new();
    let folder = home.path("fixes");
    let dump = with(&home, "owner.sql", "ALTER TABLE public.people OWNER TO app;");
    let ran = home.run_with(&dump, &[&bare("laptop", 17)], &["--write-fixes", folder.to_str().unwrap()]);
    assert_screen("fixes", &ran, 1);
}

#[test]
fn the_help_is_read_as_a_screen_too() {
    let home = Home::new();
    let mut command: Command = home.program();
    let ran = home.finish(command.args(["run", "--help"]));
    ran.expect(0);
    insta::with_settings!({ snapshot_path => "screens", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("help_run", stable(&ran.stdout));
    });
}
