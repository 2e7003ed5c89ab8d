//! Prints the table of docs/findings/README.md: every finding, and how it is tested. `scripts/findings-index` puts it there.
//!
//! A finding is tested live where a test on real servers names it as one that must come, and by a recorded message where
//! only a test of its own module does. One that no part of the program makes yet is `not yet` tested, a live test of it aside; any
//! other that no test names is an error.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use pgrehearse::finding::Name;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut live = String::new();
    for file in files(&root.join("tests/suite")).into_iter().chain([root.join("tests/local_engine.rs")]) {
        live.push_str(&read(&file));
    }
    let sources = files(&root.join("src"));
    let recorded: String = sources.iter().map(|file| tests_of(file)).collect();
    let program: String = sources.iter().map(|file| without_tests(file)).collect();
    println!("| finding | severity | cause | tested |\n| --- | --- | --- | --- |");
    let mut code = ExitCode::SUCCESS;
    for name in Name::ALL {
        let variant = format!("Name::{name:?}");
        let tested = if is_wanted(&live, &format!("\"{name}\"")) || has_word(&live, &variant) {
            "live"
        } else if name.kind().rules.is_empty() && !has_word(&program, &variant) {
            // No test can provoke it. The tests of what is said of it name it too.
            "not yet"
        } else if has_word(&recorded, &variant) || is_wanted(&recorded, &format!("\"{name}\"")) {
            "recorded message"
        } else {
            eprintln!("no test names {name}");
            code = ExitCode::FAILURE;
            continue;
        };
        println!("| [{name}]({name}.md) | {} | {} | {tested} |", name.severity().label(), name.summary());
    }
    code
}

/// Whether a line of a test names it, other than to say that it must not come or is accepted.
fn is_wanted(tests: &str, quoted: &str) -> bool {
    let says_otherwise = |line: &str| line.contains("assert!(!") || line.trim_start().starts_with("//");
    tests.lines().any(|line| line.contains(quoted) && !says_otherwise(line))
}

fn has_word(text: &str, word: &str) -> bool {
    let is_whole = |rest: &str| !rest.starts_with(char::is_alphanumeric);
    text.match_indices(word).any(|(at, _)| is_whole(&text[at + word.len()..]))
}

/// The part of a file of the program that holds its tests; all of a file that is nothing else.
fn tests_of(file: &Path) -> String {
    parted(file).1
}

/// The part of a file of the program that is no test.
fn without_tests(file: &Path) -> String {
    parted(file).0
}

/// What a file holds, and its tests.
fn parted(file: &Path) -> (String, String) {
    let text = read(file);
    if file.ends_with("tests.rs") {
        return (String::new(), text);
    }
    match text.split_once("#[cfg(test)]\nmod tests {") {
        Some((program, tests)) => (program.to_owned(), tests.to_owned()),
        None => (text, String::new()),
    }
}

/// Every Rust file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("a folder can be read to its end").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
