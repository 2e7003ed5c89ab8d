//! Tests of the pages that `pgrehearse explain` shows and reports point to.

use crate::finding::Name;

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
        assert!(["live |", "recorded message |"].contains(&&line[row.len()..]), "{line}");
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
