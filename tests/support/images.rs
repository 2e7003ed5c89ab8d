//! The images that sandboxes and source clusters are made from.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

/// Where the images are: `REPOSITORY:MAJOR`.
pub const REPOSITORY: &str = "pgrehearse-test/postgres";

/// Sees to it that all images are there. The script locks itself, so that many test processes may call it at once.
///
/// Panics where an image cannot be had: a test that was skipped has tested nothing.
pub fn ensure() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/images/build");
        let output = Command::new(&script).env("PGREHEARSE_TEST_REPOSITORY", REPOSITORY).output();
        let output = output.unwrap_or_else(|error| panic!("cannot run {}: {error}", script.display()));
        assert!(output.status.success(), "no images to test with:\n{}", String::from_utf8_lossy(&output.stderr));
    });
}

/// The id of a major's image.
pub fn id(major: u16) -> String {
    super::docker::output(&["image", "inspect", "--format", "{{.Id}}", &format!("{REPOSITORY}:{major}")])
}
