//! What is typed wrong or is no dump: one clear message, exit code 2, and no engine needed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::support::{Home, Ran, bare, dump};

/// Runs without any engine: what is wrong must be said before one is asked.
fn run(home: &Home, path: &Path, profile: &Path) -> Ran {
    home.ran_to_end(home.command(path, &[profile]).env("DOCKER_HOST", "unix:///nonexistent/docker.sock"))
}

/// Fails unless there was exactly one message, which says all of this.
#[track_caller]
fn assert_one_message(ran: &Ran, parts: &[&str]) {
    ran.expect(2);
    assert_eq!(ran.stdout, "", "results are printed");
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    assert!(ran.stderr.starts_with("pgrehearse: "), "{}", ran.stderr);
    for part in parts {
        assert!(ran.stderr.contains(part), "no {part:?} in: {}", ran.stderr);
    }
    assert!(ran.report.is_none(), "a report was written");
}

#[track_caller]
fn assert_refused(home: &Home, path: &Path, parts: &[&str]) {
    let profile = home.profile(&bare("plain", 17));
    assert_one_message(&run(home, path, &profile), parts);
}

#[test]
fn a_file_that_does_not_exist_is_refused() {
    let home = Home::new();
    assert_refused(&home, &home.path("no-such.dump"), &["no-such.dump does not exist"]);
}

#[test]
fn an_empty_file_is_refused() {
    let home = Home::new();
    assert_refused(&home, &home.file("empty.dump", ""), &["empty.dump is empty", "pg_dump"]);
}

#[test]
fn a_directory_without_toc_dat_is_refused() {
    let home = Home::new();
    home.file("folder/notes.txt", "no dump");
    assert_refused(&home, &home.path("folder"), &["folder", "toc.dat"]);
}

#[test]
fn random_bytes_are_refused() {
    let home = Home::new();
    let mut random = fastrand::Rng::with_seed(7);
    let bytes: Vec<u8> = (0..100_000).map(|_| random.u8(..)).collect();
    assert_refused(&home, &home.file("noise.dump", bytes), &["noise.dump is not a PostgreSQL dump"]);
}

#[test]
fn a_mysql_dump_is_refused_by_its_name() {
    let home = Home::new();
    let text = "-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)\n--\n-- Host: localhost    Database: shop\n\
        CREATE TABLE `people` (\n  `id` int NOT NULL AUTO_INCREMENT,\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB;\n";
    assert_refused(&home, &home.file("mysql.sql", text), &["mysql.sql", "a dump of MySQL"]);
}

#[test]
fn an_unreadable_file_is_refused() {
    let home = Home::new();
    let path = home.file("secret.dump", fs::read(dump(17, "small.dump")).unwrap());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    let profile = home.profile(&bare("plain", 17));
    let typed = home.command(&path, &[&profile]);
    // Root reads everything, so the program runs as nobody then.
    let ran = if nix::unistd::geteuid().is_root() {
        let program = home.file("bin/pgrehearse", fs::read(env!("CARGO_BIN_EXE_pgrehearse")).unwrap());
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program).args(typed.get_args());
        home.ran_to_end(command.env("PGREHEARSE_STATE_DIR", home.path("state")).env("NO_COLOR", "1"))
    } else {
        home.ran_to_end(&mut home.command(&path, &[&profile]))
    };
    assert_one_message(&ran, &["secret.dump cannot be read", "ermission denied"]);
}

#[test]
fn a_profile_that_is_wrong_is_refused_with_its_place() {
    let home = Home::new();
    let small = dump(17, "small.dump");
    let profile = home.file("bad.yaml", "name: bad\npostgres: 17\nrestore: {jbos: 2}\n");
    assert_one_message(&run(&home, &small, &profile), &["bad.yaml:3:11: ", "jbos", "did you mean `jobs`?"]);
    let profile = home.path("missing.yaml");
    assert_one_message(&run(&home, &small, &profile), &["missing.yaml", "no such file"]);
    let ran = run(&home, &small, Path::new("latin2"));
    assert_one_message(&ran, &["unknown profile `latin2`", "did you mean `latin1`?"]);
}

#[test]
fn a_report_that_cannot_be_written_is_refused_before_the_run() {
    let home = Home::new();
    let profile = home.profile(&bare("plain", 17));
    let mut command = home.program();
    command.arg("run").arg(dump(17, "small.dump")).arg("-p").arg(&profile);
    command.args(["--report", &format!("json={}", home.path("no/such/report.json").display())]);
    assert_one_message(&home.ran_to_end(&mut command), &["cannot write the json report", "no/such"]);
}

#[test]
fn arguments_that_do_not_exist_are_refused() {
    let home = Home::new();
    let ran = home.ran_to_end(home.program().args(["run", "x.dump", "--fail-slow"]));
    ran.expect(2);
    assert!(ran.stderr.contains("--fail-slow"), "{}", ran.stderr);
}

#[test]
fn another_kind_of_file_that_people_give_is_refused_by_what_it_is() {
    let home = Home::new();
    let small = fs::read(dump(17, "small.dump")).unwrap();
    let compressed = home.file("small.dump.zst", zstd::encode_all(small.as_slice(), 3).unwrap());
    assert_refused(&home, &compressed, &["a custom archive of pg_dump inside zstd", "decompress it first"]);
    let toc = dump(17, "small.dir").join("toc.dat");
    assert_refused(&home, &toc, &["toc.dat", "give the folder"]);
    let cluster = home.path("cluster");
    home.file("cluster/PG_VERSION", "17\n");
    assert_refused(&home, &cluster, &["data directory"]);
}

#[test]
fn what_the_environment_sets_is_not_said_to_be_needed() {
    let home = Home::new();
    let ran = home.ran_to_end(home.program().arg("run").env("PGREHEARSE_IMAGE_REPOSITORY", "mirror.example/pg"));
    ran.expect(2);
    assert!(ran.stderr.contains("Usage: pgrehearse run [OPTIONS] <SOURCE>..."), "{}", ran.stderr);
    assert!(!ran.stderr.contains("--image-repository"), "{}", ran.stderr);
}
