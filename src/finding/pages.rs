//! Tests of the pages that `pgrehearse explain` shows and reports point to, and of what a finding is made of.

use std::path::Path;

use crate::finding::Name;
use crate::sources;

const SECTIONS: [&str; 5] = ["What happened", "Why", "Example", "Fix", "Where it is typical"];

#[test]
fn every_finding_has_a_whole_page() {
    for name in Name::ALL {
        let page = name.page();
        assert!(page.starts_with(&format!("# {name}\n\n{}\n\n", name.summary())), "{name}");
        let headings: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(headings, SECTIONS, "{name}");
        let no_section_is_empty = page.split("## ").skip(1).all(|section| section.lines().count() > 2);
        assert!(no_section_is_empty, "{name}");
    }
}

/// That the rest of the table is right, and nothing else in it, is what `scripts/findings-index --check` sees to.
#[test]
fn the_index_lists_every_finding_with_its_severity_and_how_it_is_tested() {
    let index = include_str!("../../docs/findings/README.md");
    for name in Name::ALL {
        let row = format!("| [{name}]({name}.md) | {} | {} | ", name.severity().label(), name.summary());
        let line = index.lines().find(|line| line.starts_with(&row)).unwrap_or_else(|| panic!("{row}"));
        assert!(["live |", "recorded message |", "not yet |"].contains(&&line[row.len()..]), "{line}");
    }
}

#[test]
fn pages_name_only_findings_that_exist() {
    // A name in backquotes with a hyphen and no space is a finding, an option, or one of these.
    let others = ["uuid-ossp", "postgresql-contrib"];
    for name in Name::ALL {
        // Every second piece of a line is in backquotes, except in indented examples.
        let prose = name.page().lines().filter(|line| !line.starts_with("    "));
        for word in prose.flat_map(|line| line.split('`').skip(1).step_by(2)) {
            let looks_like_a_name = word.contains('-')
                && word.chars().all(|c| c == '-' || c.is_ascii_lowercase())
                && !word.starts_with('-');
            if looks_like_a_name && !others.contains(&word) {
                assert!(word.parse::<Name>().is_ok(), "{name} speaks of `{word}`");
            }
        }
    }
}

/// What CONTRIBUTING.md says of a new finding: its file, a line in `kinds/mod.rs`, its page.
#[test]
fn a_finding_is_one_file_one_line_and_one_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = sources::without_tests();
    for name in Name::ALL {
        let module = name.as_str().replace('-', "_");
        let own = root.join(format!("src/finding/kinds/{module}.rs"));
        let quoted = format!("\"{name}\"");
        let saying = sources.iter().filter(|(_, code)| code.contains(&quoted)).map(|(file, _)| file);
        assert_eq!(saying.collect::<Vec<_>>(), [&own], "{name}");
        assert!(root.join(format!("docs/findings/{name}.md")).exists(), "{name}");
    }
    let registered = include_str!("kinds/mod.rs");
    let lines = |text: &str| registered.lines().filter(|line| line.trim_start().starts_with(text)).count();
    for name in Name::ALL {
        assert_eq!(lines(&format!("{}: {name:?},", name.as_str().replace('-', "_"))), 1, "{name}");
    }
    let files = std::fs::read_dir(root.join("src/finding/kinds")).unwrap().count();
    assert_eq!(files, Name::ALL.len() + 1, "a file without a line");
}

/// Causes are ordered as their names are, and a report's findings by them.
#[test]
fn names_stand_in_the_order_of_their_letters() {
    assert!(Name::ALL.is_sorted_by_key(|name| name.as_str()) && Name::ALL.is_sorted());
}
