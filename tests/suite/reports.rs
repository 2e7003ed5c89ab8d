//! Every report is written on its own, and whatever becomes of it, the exit code is the verdict's.

use std::fs::File;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pgrehearse::report::json;

use crate::support::{Home, bare, dump};

/// A run that no engine can judge, which takes no time and gives 3.
fn untested(home: &Home) -> Command {
    let mut command = home.program();
    command.env("DOCKER_HOST", "unix:///nonexistent.sock").arg("run").arg(dump(17, "small.dump"));
    command.args(["--profile", "docker-default", "--engine", "docker", "--quiet"]);
    command
}

fn fifo(home: &Home, name: &str) -> std::path::PathBuf {
    let path = home.path(name);
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

#[test]
fn a_report_that_cannot_be_written_takes_no_other_and_no_verdict_along() {
    let home = Home::new();
    let good = home.path("good.json");
    let reports = ["json=/dev/full".to_owned(), format!("json={}", good.display())];
    let output = untested(&home).args(["--report", &reports[0], "--report", &reports[1]]).output().unwrap();
    let (said, shown) = (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("cannot write the json report to /dev/full: No space left on device"), "{said}");
    assert!(shown.contains("UNTESTED"), "{shown}");
    assert!(json::read(&std::fs::read_to_string(&good).unwrap()).is_ok());
}

#[test]
fn standard_output_that_is_full_gone_or_closed_takes_no_verdict_along() {
    let home = Home::new();
    let report = home.path("report.json");
    let run = |stdout: Stdio| {
        let _ = std::fs::remove_file(&report);
        let mut command = untested(&home);
        command.arg("--report").arg(format!("json={}", report.display())).stdout(stdout).stderr(Stdio::piped());
        let output = command.spawn().unwrap().wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(json::read(&std::fs::read_to_string(&report).unwrap()).is_ok());
        said
    };
    let said = run(File::options().write(true).open("/dev/full").unwrap().into());
    assert!(said.contains("cannot write the terminal report to standard output"), "{said}");
    // A reader that has gone, as `head` does, is no mistake.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let said = run(writer.into());
    assert!(!said.contains("cannot write"), "{said}");
    let command = format!(
        "exec {:?} run {:?} -p docker-default --engine docker -q >&-",
        env!("CARGO_BIN_EXE_pgrehearse"),
        dump(17, "small.dump")
    );
    let closed = home.program();
    let mut shell = Command::new("sh");
    shell.args(["-c", &command]).env("DOCKER_HOST", "unix:///nonexistent.sock");
    for (name, value) in closed.get_envs() {
        if let Some(value) = value {
            shell.env(name, value);
        }
    }
    assert_eq!(shell.output().unwrap().status.code(), Some(3));
}

#[test]
fn a_named_pipe_is_written_where_somebody_reads_it_and_given_up_where_nobody_does() {
    let home = Home::new();
    let pipe = fifo(&home, "read");
    let reader = {
        let pipe = pipe.clone();
        std::thread::spawn(move || std::fs::read_to_string(pipe).unwrap())
    };
    let output = untested(&home).arg("--report").arg(format!("json={}", pipe.display())).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(json::read(&reader.join().unwrap()).is_ok());

    let (began, pipe) = (Instant::now(), fifo(&home, "unread"));
    let output = untested(&home).arg("--report").arg(format!("json={}", pipe.display())).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("nobody reads it"), "{said}");
    assert!(began.elapsed() < Duration::from_secs(40));

    // Its reader goes before it has read: the pipe of a program that does not exist, in a shell.
    let pipe = fifo(&home, "left");
    let leaves = {
        let pipe = pipe.clone();
        std::thread::spawn(move || drop(File::open(pipe).unwrap()))
    };
    let output = untested(&home).arg("--report").arg(format!("json={}", pipe.display())).output().unwrap();
    leaves.join().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("UNTESTED"));
}

#[test]
fn a_pass_whose_report_cannot_be_written_is_not_what_was_asked_for() {
    let home = Home::new();
    let small = dump(17, "small.dump");
    let ran = home.run_with(&small, &[&bare("full", 17)], &["--report", "json=/dev/full"]);
    ran.expect(2);
    assert_eq!(ran.report().verdict.label(), "pass");
    assert!(ran.stdout.contains("PASS"), "{}", ran.stdout);
}
