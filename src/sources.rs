//! The program's own source, for tests that hold how many places a change touches.

use std::fs;
use std::path::{Path, PathBuf};

/// Every file of `src` that is no test, with its text up to its tests.
pub fn without_tests() -> Vec<(PathBuf, String)> {
    let files = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let is_code = |path: &PathBuf| !["tests.rs", "sample.rs"].iter().any(|name| path.ends_with(name));
    let code = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
        (path, code)
    };
    files.into_iter().filter(is_code).map(code).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let all = entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] });
    all.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}
