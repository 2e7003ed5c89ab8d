//! `pgrehearse explain` in a pipe and on a terminal.

use std::process::Command;

use pgrehearse::check::Group;

use crate::support::{Home, Ran};

fn explain(home: &Home, arguments: &[&str]) -> Ran {
    home.finish(home.program().arg("explain").args(arguments))
}

/// Runs a command line of a shell on a terminal of 24 lines of 70 columns; the result is what that shows.
fn on_a_terminal(home: &Home, line: &str) -> Ran {
    let program = env!("CARGO_BIN_EXE_pgrehearse");
    let line = format!("stty rows 24 cols 70; {}", line.replace("pgrehearse ", &format!("'{program}' ")));
    let mut command = Command::new("timeout");
    command.args(["60", "script", "--quiet", "--return", "--flush", "--command", &line, "/dev/null"]);
    // Otherwise `script` takes the shell of whoever runs the tests.
    command.env("SHELL", "/bin/sh");
    command.env("TERM", "xterm").env_remove("NO_COLOR").env_remove("CI").env_remove("PAGER").env_remove("LESS");
    home.finish(command.stdin(std::process::Stdio::null()))
}

fn without_styles(ran: &Ran) -> String {
    anstream::adapter::strip_str(&ran.stdout).to_string()
}

#[test]
fn in_a_pipe_a_page_is_plain_text() {
    let home = Home::new();
    let ran = explain(&home, &["role-missing"]);
    ran.expect(0);
    assert!(ran.stdout.starts_with("role-missing\n\n  The dump names a role"), "{}", ran.stdout);
    assert!(ran.stdout.contains("\nFix\n\n") && !ran.stdout.contains(['\u{1b}', '*']), "{}", ran.stdout);
    assert!(ran.stdout.lines().filter(|line| !line.starts_with("    ")).all(|line| line.chars().count() <= 80));
    assert_eq!(explain(&home, &["error[role-missing]"]).stdout, ran.stdout, "as a report writes it");
}

#[test]
fn all_findings_are_listed_with_and_without_asking() {
    let home = Home::new();
    let ran = explain(&home, &["--list"]);
    ran.expect(0);
    assert_eq!(ran.stdout.lines().count(), pgrehearse::finding::Name::ALL.len());
    assert!(ran.stdout.lines().any(|line| line.starts_with("role-missing ") && line.contains(" error ")));
    assert_eq!(explain(&home, &[]).stdout, ran.stdout);
    explain(&home, &["role-missing", "--list"]).expect(2);
}

#[test]
fn a_name_that_is_none_gets_the_nearest_one() {
    let home = Home::new();
    let ran = explain(&home, &["role-mising"]);
    ran.expect(2);
    assert!(ran.stderr.contains("did you mean \"role-missing\"?"), "{}", ran.stderr);
    let ran = explain(&home, &["\u{1b}[2J\n"]);
    ran.expect(2);
    assert!(ran.stderr.contains("explain --list") && !ran.stderr.contains('\u{1b}'), "{}", ran.stderr);
}

#[test]
fn on_a_terminal_a_page_has_styles_and_goes_through_the_pager() {
    let home = Home::new();
    let ran = on_a_terminal(&home, "PAGER='sed s/^/paged:/' pgrehearse explain role-missing");
    ran.expect(0);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(lines.len() > 20 && lines.iter().all(|line| line.starts_with("paged:")), "{}", ran.stdout);
    assert!(lines[0].contains("\u{1b}[1mrole-missing\u{1b}[0m"), "{:?}", lines[0]);
    for (said, line) in [
        ("NO_COLOR", "NO_COLOR=1 PAGER='sed s/^/paged:/' pgrehearse explain role-missing"),
        ("a pipe", "pgrehearse explain role-missing | sed s/^/paged:/"),
    ] {
        let ran = on_a_terminal(&home, line);
        ran.expect(0);
        assert!(ran.stdout.contains("paged:role-missing") && !ran.stdout.contains('\u{1b}'), "{said}: {}", ran.stdout);
    }
}

#[test]
fn a_pager_that_is_none_or_not_there_or_ends_early_loses_nothing_and_is_no_error() {
    let home = Home::new();
    let end = "Where it is typical";
    for pager in ["", "cat", "/nowhere/no-such-pager -x"] {
        let ran = on_a_terminal(&home, &format!("PAGER='{pager}' pgrehearse explain role-missing"));
        ran.expect(0);
        assert_eq!(without_styles(&ran).matches(end).count(), 1, "{pager}: {}", ran.stdout);
    }
    // A short page is shown whole by less, which then ends; the default is less.
    let ran = on_a_terminal(&home, "stty rows 200; pgrehearse explain role-missing");
    ran.expect(0);
    assert_eq!(without_styles(&ran).matches(end).count(), 1, "{}", ran.stdout);
    for early in
        ["PAGER=true pgrehearse explain --list", "{ pgrehearse explain --list; echo code $? >&2; } | head -n 1"]
    {
        let ran = on_a_terminal(&home, &format!("{early}; echo code $?"));
        ran.expect(0);
        let codes: Vec<&str> = ran.stdout.lines().filter(|line| line.starts_with("code ")).collect();
        assert!(!codes.is_empty() && codes.iter().all(|code| code.trim() == "code 0"), "{early}: {}", ran.stdout);
        assert!(!ran.stdout.contains("pgrehearse:"), "{early}: {}", ran.stdout);
    }
}

#[test]
fn every_column_of_the_grid_is_explained() {
    let home = Home::new();
    for column in Group::ALL.iter().map(|group| group.label()).chain(["restore"]) {
        let ran = home.finish(home.program().args(["explain", column]));
        ran.expect(0);
        assert!(ran.stdout.starts_with(&format!("{column}\n")) && ran.stdout.contains("A column of the report."));
    }
}

#[test]
fn a_word_of_the_report_is_explained_and_the_nearest_one_is_named() {
    let home = Home::new();
    let ran = explain(&home, &["lost"]);
    ran.expect(0);
    assert!(ran.stdout.starts_with("lost\n\n  A word of the report."), "{}", ran.stdout);
    assert_eq!(explain(&home, &["1 table lost"]).stdout, ran.stdout, "as the grid prints it");
    let ran = explain(&home, &["untestd"]);
    ran.expect(2);
    assert!(ran.stderr.contains("did you mean \"untested\"?"), "{}", ran.stderr);
}
