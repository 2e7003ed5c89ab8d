//! The demo keeps its promises on every engine, says where it does not, and never shows what no server said.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use pgrehearse::engine::local::installations;
use pgrehearse::rehearsal::Verdict;

use crate::support::home::{findings, names};
use crate::support::{Home, Ran, docker, images, shared};

/// An address at which no Docker answers.
const NO_DOCKER: &str = "tcp://127.0.0.1:9";

/// A repository that no registry has.
const NO_REPOSITORY: &str = "127.0.0.1:9/postgres";

/// `pgrehearse demo` with a report to look at.
fn demo(home: &Home) -> Command {
    let mut command = home.program();
    command.arg("demo").arg("--report").arg(format!("json={}", home.path("report.json").display()));
    command
}

/// The demo's images, under a name of the test's own, which goes with it.
struct Repository(String);

impl Repository {
    /// A repository with one major, as `tests/images/build` made it.
    fn with_only(major: u16) -> Self {
        let repository = Self(format!("pgrehearse-test/demo-{:016x}", fastrand::u64(..)));
        docker::output(&["tag", &format!("{}:{major}", images::REPOSITORY), &repository.image(major)]);
        repository
    }

    /// A repository with one major, changed by a shell command that runs as root.
    fn changed(major: u16, command: &str) -> Self {
        let repository = Self::with_only(major);
        let image = repository.image(major);
        let run = ["create", "--network", "none", "--user", "root", "--entrypoint", "sh", &image, "-c", command];
        let container = docker::output(&run);
        docker::output(&["start", "--attach", &container]);
        docker::output(&["commit", "--change", "USER postgres", &container, &image]);
        docker::output(&["rm", &container]);
        repository
    }

    fn image(&self, major: u16) -> String {
        format!("{}:{major}", self.0)
    }
}

impl Drop for Repository {
    fn drop(&mut self) {
        for image in docker::lines(&["image", "ls", "--format", "{{.Repository}}:{{.Tag}}", &self.0]) {
            docker::succeeds(&["image", "rm", &image]);
        }
    }
}

/// Fails unless all four targets came to what the demo is there to show.
#[track_caller]
fn assert_as_promised(ran: &Ran, engine: &str) {
    ran.expect(0);
    let seen = |target: &str| {
        let target = ran.target(target);
        (target.verdict, names(target))
    };
    assert_eq!(seen("demo-twin"), (Verdict::Pass, vec![]));
    assert_eq!(seen("demo-latin1"), (Verdict::Fail, vec!["encoding-unrepresentable", "locale-differs"]));
    assert_eq!(
        seen("demo-no-roles"),
        (
            Verdict::Fail,
            vec!["policy-lost", "privileges-wider", "rls-bypassed", "role-missing", "security-definer-owner-changed"]
        )
    );
    assert_eq!(seen("demo-managed"), (Verdict::Fail, vec!["permission-denied", "sequence-behind"]));

    assert_eq!(findings(ran.target("demo-no-roles"), "role-missing").len(), 4);
    let behind = findings(ran.target("demo-managed"), "sequence-behind")[0];
    assert_eq!(behind.objects, ["SEQUENCE shop.invoice_number"]);
    assert_eq!(behind.commands, [r#"SELECT pg_catalog.setval('"shop"."invoice_number"', 10500, true);"#]);

    let judges: Vec<_> = ran.report().targets.iter().map(|target| target.judge.as_ref().expect("a judge")).collect();
    assert!(judges.iter().all(|judge| judge.engine == engine), "{judges:?}");
    assert!(judges.iter().all(|judge| judge.server_version == judges[0].server_version), "{judges:?}");
    let summary = summary(ran);
    assert!(summary.contains("All of it went as it should, the three failures included."), "{summary}");
}

/// Where the demo says what has been seen: standard output belongs to a report for programs.
fn summary(ran: &Ran) -> &str {
    if ran.stdout.starts_with('{') { &ran.stderr } else { &ran.stdout }
}

#[test]
fn the_demo_goes_as_it_says_in_docker() {
    let home = Home::new();
    let ran = home.finish(demo(&home).args(["--image-repository", images::REPOSITORY]));
    assert_as_promised(&ran, "docker");
    assert!(ran.stderr.starts_with("The dump of a small shop is now restored"), "{}", ran.stderr);
    assert!(ran.stdout.contains("What you have just seen, on PostgreSQL 17 in Docker:"), "{}", ran.stdout);
    assert!(ran.stdout.contains("shop.dump (embedded in pgrehearse)"), "{}", ran.stdout);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_the_demo_goes_as_it_says_on_every_major() {
    // The one above is on 17.
    goes_as_it_says(&[13, 15, 18]);
}

fn goes_as_it_says(majors: &[u16]) {
    for &major in majors {
        let repository = Repository::with_only(major);
        let home = Home::new();
        let ran =
            home.finish(demo(&home).args(["--engine", "docker", "--no-cache", "--image-repository", &repository.0]));
        assert_as_promised(&ran, "docker");
        assert!(ran.stdout.contains(&format!("on PostgreSQL {major} in Docker")), "{}", ran.stdout);
    }
}

// In the everyday suite two others are on the local engine because nothing else is there, and one is killed on it.
#[test]
#[ignore = "more of the same: scripts/test --full"]
fn full_the_demo_goes_as_it_says_on_the_local_engine() {
    let home = Home::new();
    let ran = home.finish(demo(&home).args(["--engine", "local"]));
    assert_goes_on_the_local_engine(&ran);
}

#[track_caller]
fn assert_goes_on_the_local_engine(ran: &Ran) {
    assert_as_promised(ran, "local");
    let newest = installations().first().expect("this test needs an installed PostgreSQL").major;
    let summary = summary(ran);
    assert!(summary.contains(&format!("on PostgreSQL {newest} of this machine, in bubblewrap")), "{summary}");
}

#[test]
fn without_docker_the_demo_takes_the_local_engine() {
    assert_goes_on_the_local_engine(&without_docker());
}

#[test]
#[ignore = "more of the same: scripts/test --full"]
fn full_without_docker_the_demo_for_people_takes_the_local_engine() {
    let home = Home::new();
    let ran = home.finish(demo(&home).env("DOCKER_HOST", NO_DOCKER));
    assert!(ran.stdout.contains("What you have just seen"), "{}", ran.stdout);
    assert_goes_on_the_local_engine(&ran);
}

/// A demo without Docker, with a report for programs on standard output beside the one to look at.
fn without_docker() -> Ran {
    shared::run("demo-without-docker", |home| {
        home.finish(demo(home).args(["--quiet", "--report", "json"]).env("DOCKER_HOST", NO_DOCKER))
    })
}

#[test]
fn without_an_image_the_demo_takes_the_local_engine() {
    assert_as_promised(&without_image_and_bubblewrap(), "local, unconfined");
}

#[test]
#[ignore = "more of the same: scripts/test --full"]
fn full_without_an_image_the_demo_takes_the_local_engine_and_its_walls() {
    let home = Home::new();
    let ran = home.finish(demo(&home).args(["--image-repository", NO_REPOSITORY]));
    assert_goes_on_the_local_engine(&ran);
}

/// A demo that finds Docker without its image, and no bubblewrap.
fn without_image_and_bubblewrap() -> Ran {
    shared::run("demo-without-image-and-bubblewrap", |home| {
        home.finish(&mut without_bubblewrap(home, &["--image-repository", NO_REPOSITORY]))
    })
}

#[test]
fn without_bubblewrap_the_demo_says_loudly_that_there_are_no_walls() {
    let ran = without_image_and_bubblewrap();
    // An image was looked for before.
    let (looked, said) = ran.stderr.split_at(ran.stderr.find("warning: ").unwrap());
    assert!(looked.lines().all(|line| line.contains(" image: ")), "{looked}");
    assert!(looked.contains("pulling 127.0.0.1:9/postgres:17\n"), "{looked}");
    assert_says_loudly(&ran, said);
}

#[test]
#[ignore = "more of the same: scripts/test --full"]
fn full_without_bubblewrap_and_docker_the_demo_says_loudly_that_there_are_no_walls() {
    let home = Home::new();
    let ran = home.finish(without_bubblewrap(&home, &[]).env("DOCKER_HOST", NO_DOCKER));
    assert_says_loudly(&ran, &ran.stderr);
}

/// The demo where no bubblewrap is.
fn without_bubblewrap(home: &Home, arguments: &[&str]) -> Command {
    let mut inner = demo(home);
    inner.args(arguments);
    // bubblewrap itself hides bubblewrap.
    let mut command = home.program();
    let program = command.get_program().to_owned();
    let environment: Vec<_> =
        command.get_envs().map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned))).collect();
    command = Command::new("bwrap");
    command.args(["--dev-bind", "/", "/", "--bind", "/dev/null", "/usr/bin/bwrap"]).arg(program).args(inner.get_args());
    for (name, value) in environment {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

#[track_caller]
fn assert_says_loudly(ran: &Ran, said: &str) {
    assert_as_promised(ran, "local, unconfined");
    assert!(said.starts_with("warning: bubblewrap (`bwrap`) is not installed: the demo's own dump"), "{said}");
    assert!(said.lines().next().unwrap().contains("WITHOUT WALLS"), "{said}");
}

#[test]
fn where_nothing_can_be_tested_the_demo_says_what_to_do_and_ends_with_3() {
    let home = Home::new();
    let ran = home.finish(demo(&home).args(["--engine", "docker"]).env("DOCKER_HOST", NO_DOCKER));
    ran.expect(3);
    assert_eq!(ran.stdout, "");
    assert!(ran.report.is_none());
    assert!(ran.stderr.starts_with("The demo cannot take place here, and nothing was tested:"), "{}", ran.stderr);
    assert!(ran.stderr.contains("Start Docker, or leave out --engine docker."), "{}", ran.stderr);
}

#[test]
fn an_outcome_that_was_not_promised_is_the_demos_failure() {
    let repository = Repository::changed(17, "rm /usr/share/postgresql/17/extension/citext.control");
    let home = Home::new();
    let ran = home.finish(demo(&home).args(["--engine", "docker", "--no-cache", "--image-repository", &repository.0]));
    ran.expect(1);
    assert!(names(ran.target("demo-twin")).contains(&"extension-unavailable"));
    assert!(ran.stdout.contains("demo-twin is NOT AS IT SHOULD BE: expected pass without a"), "{}", ran.stdout);
    assert!(ran.stdout.contains("did NOT GO AS IT SHOULD"), "{}", ran.stdout);
}

#[test]
fn a_report_for_programs_has_standard_output_for_itself() {
    assert_has_standard_output_for_itself(&without_docker());
}

#[test]
#[ignore = "more of the same: scripts/test --full"]
fn full_an_only_report_for_programs_has_standard_output_for_itself() {
    let home = Home::new();
    let demo = ["demo", "--engine", "local", "--quiet", "--report", "json"];
    assert_has_standard_output_for_itself(&home.finish(home.program().args(demo)));
}

#[track_caller]
fn assert_has_standard_output_for_itself(ran: &Ran) {
    ran.expect(0);
    let report = pgrehearse::report::json::read(&ran.stdout).unwrap();
    assert_eq!(report.targets.len(), 4);
    assert!(ran.stderr.starts_with("What you have just seen"), "{}", ran.stderr);
}

#[test]
fn the_file_of_a_killed_demo_is_the_next_sweeps() {
    let home = Home::new();
    let mut child = home.start(demo(&home).args(["--engine", "local"]));
    let file = docker::wait_for("the demo's file", Duration::from_secs(30), || {
        let files = std::fs::read_dir(home.path("state/runs")).ok()?;
        files.flatten().map(|file| file.path()).find(|path| path.extension().is_some_and(|ext| ext == "file"))
    });
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(file.exists());
    home.finish(home.program().arg("sweep")).expect(0);
    assert!(!file.exists());
}

#[test]
fn the_embedded_dump_is_what_its_source_makes() {
    images::ensure();
    let make = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/make");
    let output = Command::new(make).arg("--check").arg(format!("{}:13", images::REPOSITORY)).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&[output.stdout, output.stderr].concat()));
}
