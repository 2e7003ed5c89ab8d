//! Runs that several tests look at, made once in a run of the suite.
//!
//! A rehearsal costs more than all that a test asks of it. Tests are processes of their own under nextest, so a finished run lies
//! in a file; its directory bears the id of nextest's run, so that no run of the suite sees the former one's.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Home, Ran};

/// What a finished program said, as a file holds it.
#[derive(Serialize, Deserialize)]
struct Kept {
    code: Option<i32>,
    stdout: String,
    stderr: String,
    json: String,
}

/// The run of this name, which `make` makes where no test before has made it. Where `make` panics, each test that wants the run
/// tries for itself, and fails.
#[track_caller]
pub fn run(name: &str, make: impl FnOnce(&Home) -> Ran) -> Ran {
    assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{name:?} cannot be a file's name");
    let directory = directory();
    let lock = File::create(directory.join(format!("{name}.lock"))).unwrap();
    lock.lock().unwrap();
    let file = directory.join(format!("{name}.json"));
    if let Ok(text) = fs::read_to_string(&file) {
        let Kept { code, stdout, stderr, json } = serde_json::from_str(&text).expect("it is as it was written");
        return Ran::of(code, stdout, stderr, json);
    }
    let ran = make(&Home::new());
    let kept = Kept { code: ran.code, stdout: ran.stdout.clone(), stderr: ran.stderr.clone(), json: ran.json.clone() };
    let partial = directory.join(format!("{name}.partial"));
    fs::write(&partial, serde_json::to_string(&kept).unwrap()).unwrap();
    fs::rename(partial, file).unwrap();
    ran
}

/// No run of the suite takes so long.
const OLD: Duration = Duration::from_secs(6 * 60 * 60);

/// The directory of this run of the suite. Those of former ones go in time.
fn directory() -> PathBuf {
    // Without nextest all tests are threads of one process, and its id is as good.
    let run = std::env::var("NEXTEST_RUN_ID").unwrap_or_else(|_| format!("process-{}", std::process::id()));
    let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shared");
    let directory = all.join(&run);
    if directory.exists() {
        return directory;
    }
    fs::create_dir_all(&all).unwrap();
    let lock = File::create(all.join("lock")).unwrap();
    lock.lock().unwrap();
    for former in fs::read_dir(&all).unwrap().map(|entry| entry.unwrap()) {
        let metadata = former.metadata().unwrap();
        if metadata.is_dir() && metadata.modified().unwrap().elapsed().is_ok_and(|age| age > OLD) {
            fs::remove_dir_all(former.path()).unwrap();
        }
    }
    fs::create_dir_all(&directory).unwrap();
    directory
}
