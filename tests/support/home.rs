//! A place to run the program in, with a state directory of its own, so that tests do not meet.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use pgrehearse::check::{ItemKind, Outcome};
use pgrehearse::finding::Finding;
use pgrehearse::rehearsal::ledger::Entry;
use pgrehearse::rehearsal::{Rehearsal, Verdict};
use pgrehearse::report::{Report, json};

use super::{docker, images};

/// A state directory and a directory for files. Dropping it fails the test if anything of a run is left.
pub struct Home {
    dir: tempfile::TempDir,
}

impl Home {
    pub fn new() -> Self {
        images::ensure();
        let dir = tempfile::tempdir().unwrap();
        // Those who run as somebody else read dumps in it.
        std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        // Which data directories are worth keeping, the tests learn together: each by itself would hardly want one twice.
        let notes = Path::new(env!("CARGO_TARGET_TMPDIR")).join("notes");
        std::fs::create_dir_all(&notes).unwrap();
        std::fs::create_dir(dir.path().join("state")).unwrap();
        std::os::unix::fs::symlink(notes, dir.path().join("state/notes")).unwrap();
        Self { dir }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Writes a profile, which gets the test's images, under the name that it has.
    pub fn profile(&self, yaml: &str) -> PathBuf {
        let name = yaml.lines().find_map(|line| line.strip_prefix("name: ")).expect("a profile has a name");
        let text = format!("{}\nimage_repository: {}\n", yaml.trim_end(), images::REPOSITORY);
        self.file(&format!("profiles/{name}.yaml"), text)
    }

    /// The program, in this home.
    pub fn program(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pgrehearse"));
        command
            .env("PGREHEARSE_STATE_DIR", self.path("state"))
            .env_remove("PGREHEARSE_ENGINE")
            .env_remove("PGREHEARSE_IMAGE_REPOSITORY")
            .env_remove("CLICOLOR_FORCE")
            .env_remove("COLUMNS")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null());
        command
    }

    /// `pgrehearse run DUMP -p PROFILE… --engine docker --report json=FILE`, to be given more arguments.
    pub fn command(&self, dump: &Path, profiles: &[&Path]) -> Command {
        let mut command = self.program();
        command.arg("run").arg(dump).args(["--engine", "docker"]);
        for profile in profiles {
            command.arg("--profile").arg(profile);
        }
        command.arg("--report").arg(format!("json={}", self.path("report.json").display()));
        command
    }

    /// Rehearses a dump in the targets of these profiles, given as YAML.
    pub fn run(&self, dump: &Path, profiles: &[&str]) -> Ran {
        self.run_with(dump, profiles, &[])
    }

    /// Rehearses with more arguments.
    pub fn run_with(&self, dump: &Path, profiles: &[&str], arguments: &[&str]) -> Ran {
        let files: Vec<PathBuf> = profiles.iter().map(|yaml| self.profile(yaml)).collect();
        let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
        self.finish(self.command(dump, &files).args(arguments))
    }

    /// Runs a command of this home to its end; nothing of it may be left then.
    pub fn finish(&self, command: &mut Command) -> Ran {
        let ran = self.ran_to_end(command);
        self.assert_nothing_left();
        ran
    }

    /// Runs a command of this home to its end, whatever becomes of what it started.
    pub fn ran_to_end(&self, command: &mut Command) -> Ran {
        let _ = std::fs::remove_file(self.path("report.json"));
        self.ran(command.output().expect("the program starts"))
    }

    /// Starts a command of this home, to be met while it runs.
    pub fn start(&self, command: &mut Command) -> Child {
        let _ = std::fs::remove_file(self.path("report.json"));
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
    }

    /// Waits for what [`Home::start`] started.
    pub fn wait(&self, child: Child) -> Ran {
        self.ran(child.wait_with_output().unwrap())
    }

    fn ran(&self, output: Output) -> Ran {
        Ran::of(
            output.status.code(),
            String::from_utf8(output.stdout).expect("standard output is UTF-8"),
            String::from_utf8(output.stderr).expect("standard error is UTF-8"),
            std::fs::read_to_string(self.path("report.json")).unwrap_or_default(),
        )
    }

    /// The label that everything of this home bears.
    pub fn label(&self) -> String {
        let id = std::fs::read_to_string(self.path("state/id")).expect("the home has an id");
        format!("io.pgrehearse.home={id}")
    }

    /// The container of this home's only running server.
    pub fn wait_for_container(&self) -> String {
        docker::wait_for("a sandbox", Duration::from_secs(60), || {
            if !self.path("state/id").exists() {
                return None;
            }
            let containers = docker::containers(&self.label());
            // The container that runs initdb is no sandbox.
            containers.into_iter().find(|id| {
                docker::inspect("container", id).is_some_and(|container| {
                    container["State"]["Running"] == true && container["Config"]["User"] == "postgres"
                })
            })
        })
    }

    /// Waits until a server runs a query with this in its text, and returns its container.
    pub fn wait_for_query(&self, text: &str) -> String {
        let container = self.wait_for_container();
        // One session that looks again and again is much cheaper than a program for each look.
        let sql = format!(
            "DO $wait$ BEGIN FOR look IN 1..3000 LOOP
                 PERFORM pg_stat_clear_snapshot();
                 IF EXISTS (SELECT FROM pg_stat_activity
                     WHERE state = 'active' AND pid <> pg_backend_pid() AND query LIKE '%{text}%') THEN RETURN; END IF;
                 PERFORM pg_sleep(0.02);
             END LOOP; RAISE 'no such query'; END $wait$"
        );
        docker::wait_for("the query", Duration::from_secs(60), || {
            let arguments =
                ["exec", &container, "psql", "-X", "-h", "/pgrehearse/socket", "-U", "postgres", "-Atc", &sql];
            let output = Command::new("docker").args(arguments).output().unwrap();
            output.status.success().then_some(())
        });
        container
    }

    /// Whatever a run of this home made and that is still there.
    pub fn left(&self) -> Vec<String> {
        if !self.path("state/id").exists() {
            return Vec::new();
        }
        let label = self.label();
        let reported =
            |kind: &str, names: Vec<String>| names.into_iter().map(|name| format!("{kind} {name}")).collect::<Vec<_>>();
        let mut left = reported("container", docker::containers(&label));
        left.extend(reported("volume", docker::volumes(&label)));
        left.extend(reported("network", docker::networks(&label)));
        // Kept data directories stay, by design, and belong to no run.
        let images = docker::images(&label).into_iter();
        let of_runs = images.filter(|(_, labels)| labels["io.pgrehearse.run"].as_str() != Some(""));
        left.extend(reported("image", of_runs.map(|(name, _)| name).collect()));
        if let Ok(runs) = std::fs::read_dir(self.path("state/runs")) {
            left.extend(runs.map(|run| format!("lock of run {}", run.unwrap().file_name().to_string_lossy())));
        }
        left
    }

    pub fn assert_nothing_left(&self) {
        assert_eq!(self.left(), Vec::<String>::new(), "left behind");
    }
}

impl Drop for Home {
    /// A failed test must not leave its containers to the next one.
    fn drop(&mut self) {
        if self.path("state/id").exists() {
            for id in docker::containers(&self.label()) {
                docker::succeeds(&["rm", "--force", "--volumes", &id]);
            }
            for volume in docker::volumes(&self.label()) {
                docker::succeeds(&["volume", "rm", &volume]);
            }
        }
    }
}

/// What a finished program said.
#[derive(Debug)]
pub struct Ran {
    /// `None` where a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub report: Option<Report>,
    /// The report as it was written.
    pub json: String,
}

impl Ran {
    /// A run with the report that it wrote, which is empty where it wrote none.
    pub fn of(code: Option<i32>, stdout: String, stderr: String, json: String) -> Ran {
        let report = (!json.is_empty()).then(|| {
            let report = json::read(&json).expect("the report can be read");
            assert_ledgers_add_up(&report);
            report
        });
        Ran { code, stdout, stderr, report, json }
    }

    /// Fails the test with all that was said unless the exit code is this one.
    #[track_caller]
    pub fn expect(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "stderr:\n{}\nstdout:\n{}\n{}", self.stderr, self.stdout, self.json);
        self
    }

    #[track_caller]
    pub fn report(&self) -> &Report {
        self.report.as_ref().unwrap_or_else(|| panic!("no report was written:\n{}", self.stderr))
    }

    #[track_caller]
    pub fn target(&self, name: &str) -> &Rehearsal {
        let found = self.report().targets.iter().find(|target| target.target == name);
        found.unwrap_or_else(|| panic!("the report has no target {name}"))
    }

    /// The only target.
    #[track_caller]
    pub fn only(&self) -> &Rehearsal {
        let targets = &self.report().targets;
        assert_eq!(targets.len(), 1);
        &targets[0]
    }

    /// The names of the only target's findings, each once, sorted.
    #[track_caller]
    pub fn names(&self) -> Vec<&'static str> {
        names(self.only())
    }

    /// The only finding of this name of the only target.
    #[track_caller]
    pub fn finding(&self, name: &str) -> &Finding {
        let found: Vec<&Finding> = findings(self.only(), name);
        assert_eq!(found.len(), 1, "findings called {name}:\n{}", self.json);
        found[0]
    }
}

/// The names of a target's findings, each once, sorted.
pub fn names(target: &Rehearsal) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = target.findings().map(|finding| finding.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// A target's findings of one name.
pub fn findings<'a>(target: &'a Rehearsal, name: &str) -> Vec<&'a Finding> {
    target.findings().filter(|finding| finding.name.as_str() == name).collect()
}

/// Nothing that a dump holds may drop out of a report, and what passes was compared.
#[track_caller]
fn assert_ledgers_add_up(report: &Report) {
    for target in &report.targets {
        for entry in &target.ledger {
            assert!(entry.held > 0 && entry.adds_up(), "{}: {entry:#?}", target.target);
        }
        let untested = target.ledger.iter().any(|entry| !entry.untested.is_empty());
        let compared = target.ledger.iter().any(|entry| entry.compared > 0);
        if target.verdict == Verdict::Pass {
            assert!(!untested && (compared || target.ledger.is_empty()), "{}: {:#?}", target.target, target.ledger);
        }
    }
}

/// The entry of a target's ledger for a kind.
#[track_caller]
pub fn entry(target: &Rehearsal, kind: ItemKind) -> &Entry {
    let found = target.ledger.iter().find(|entry| entry.kind == kind);
    found.unwrap_or_else(|| panic!("the ledger has no {kind:?}: {:#?}", target.ledger))
}

/// Fails unless every check of a target looked.
#[track_caller]
pub fn assert_every_check_looked(target: &Rehearsal) {
    assert!(!target.checks.is_empty(), "no check ran");
    for check in &target.checks {
        assert!(matches!(check.outcome, Outcome::Looked { .. }), "{check:?}");
    }
}
