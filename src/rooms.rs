//! A test of what `lib.rs` says of the rooms: each imports only from those that are listed below it.

use std::path::Path;

use crate::sources;

/// The modules in the order of `lib.rs`.
fn listed() -> Vec<&'static str> {
    let lines = include_str!("lib.rs").lines();
    lines.filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect()
}

/// The rooms that a text names by their path from the crate's root: `crate::check::…`, `use crate::{check, exit};`.
fn named<'a>(code: &'a str, rooms: &[&'static str]) -> Vec<&'a str> {
    let lines = code.lines().map(|line| line.split("//").next().unwrap_or_default());
    let paths = lines.flat_map(|line| line.split("crate::").skip(1));
    let words = paths.flat_map(|path| match path.strip_prefix('{') {
        // Of a group the first words alone: `{check, profile::Target}`.
        Some(group) => group.split(',').map(|part| first_word(part.trim())).collect(),
        None => vec![first_word(path)],
    });
    words.filter(|word| rooms.contains(word)).collect()
}

fn first_word(path: &str) -> &str {
    path.split(|sign: char| !sign.is_alphanumeric() && sign != '_').next().unwrap_or_default()
}

#[test]
fn a_room_imports_only_from_those_below_it() {
    let (rooms, src) = (listed(), Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let (mut upwards, mut seen) = (Vec::new(), 0);
    for (file, code) in sources::without_tests() {
        let path = file.strip_prefix(&src).unwrap();
        let own = path.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
        let Some(place) = rooms.iter().position(|room| *room == own) else { continue };
        for room in named(&code, &rooms) {
            seen += 1;
            if rooms[..place].contains(&room) {
                upwards.push(format!("{} imports {room}", path.display()));
            }
        }
    }
    assert!(seen > 500, "the imports are not found: {seen}");
    assert_eq!(upwards, [""; 0]);
}
