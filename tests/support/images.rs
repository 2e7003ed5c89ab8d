//! The images that sandboxes and source clusters are made from.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

/// Where the images are: `REPOSITORY:MAJOR`.
pub const REPOSITORY: &str = "pgrehearse-test/postgres";

/// The images of which most tests need no more, and those with the programs that make backups, as `tests/images/build` names them.
const PLAIN: [&str; 4] = ["13", "15", "17", "18"];
const BACKUP: [&str; 2] = ["15-backup", "17-backup"];

/// Sees to it that the image of each major is there. The script locks itself, so that many test processes may call it at once, and one
/// call is enough for a whole run of nextest.
///
/// Panics where an image cannot be had: a test that was skipped has tested nothing.
pub fn ensure() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| match std::env::var("NEXTEST_RUN_ID") {
        Ok(run) => once_in(&run, "run", &PLAIN),
        Err(_) => build(&PLAIN),
    });
}

/// Sees to it that the images with pgBackRest and Barman are there, `REPOSITORY:MAJOR-backup`, as [`ensure`] does for the others.
pub fn ensure_backup() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| match std::env::var("NEXTEST_RUN_ID") {
        Ok(run) => once_in(&run, "run-backup", &BACKUP),
        Err(_) => build(&BACKUP),
    });
}

/// Notes in the directory for temporary files that a run has these images.
fn once_in(run: &str, note: &str, names: &[&str]) {
    let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("images");
    fs::create_dir_all(&all).unwrap();
    let lock = File::create(all.join("lock")).unwrap();
    lock.lock().unwrap();
    let note = all.join(note);
    if fs::read_to_string(&note).is_ok_and(|noted| noted == run) {
        return;
    }
    build(names);
    fs::write(note, run).unwrap();
}

fn build(names: &[&str]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/images/build");
    let output = Command::new(&script).args(names).env("PGREHEARSE_TEST_REPOSITORY", REPOSITORY).output();
    let output = output.unwrap_or_else(|error| panic!("cannot run {}: {error}", script.display()));
    assert!(output.status.success(), "no images to test with:\n{}", String::from_utf8_lossy(&output.stderr));
}

/// The id of a major's image.
pub fn id(major: u16) -> String {
    id_of(&major.to_string())
}

/// The id of the image of this name, which is what stands after the colon.
pub fn id_of(name: &str) -> String {
    let image = super::docker::inspect("image", &format!("{REPOSITORY}:{name}")).expect("the image is there");
    image["Id"].as_str().expect("an image has an id").to_owned()
}
