//! A test of what CONTRIBUTING.md says of a new check: its file or folder, a line in `mod.rs`, its row in the documentation.

use std::path::Path;

use crate::source::RowMode;
use crate::{profile, sources};

#[test]
fn a_check_is_one_file_or_folder_one_line_and_one_row() {
    let room = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/check");
    let pushed = include_str!("mod.rs").lines().filter_map(|line| {
        let made = line.trim().strip_prefix("checks.push(Box::new(")?.strip_suffix("));")?;
        made.split_once("::")
    });
    let (sources, mut count) = (sources::without_tests(), 0);
    for (module, name) in pushed {
        count += 1;
        let path = format!("{module}::{name}");
        let is_other = |file: &Path| !file.starts_with(room.join(module)) && file != room.join(format!("{module}.rs"));
        let saying = sources.iter().filter(|(file, code)| is_other(file) && code.contains(&path)).map(|(file, _)| file);
        assert_eq!(saying.collect::<Vec<_>>(), [&room.join("mod.rs")], "{path}");
    }
    let text = "name: a\npostgres: 17\nchecks:\n  budget: {restore: 1h}\n";
    let target = profile::parse(text, "a.yaml").unwrap();
    let documented = include_str!("../../docs/checks.md");
    let checks = super::all(&target, RowMode::Digest);
    for check in &checks {
        assert!(documented.contains(&format!(" | {} | ", check.name())), "{}", check.name());
    }
    assert!(checks.len() > 15 && count >= checks.len(), "{} of {count}", checks.len());
}
