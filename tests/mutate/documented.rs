//! The changes that no check sees, as docs/checks.md lists them.

use std::collections::BTreeSet;

use crate::seen::{Result, Seen};

const BEGIN: &str = "<!-- not seen: begin -->";
const END: &str = "<!-- not seen: end -->";

/// The names that the page lists: `` - `NAME`: why ``.
fn listed() -> BTreeSet<String> {
    let page = include_str!("../../docs/checks.md");
    let (_, rest) = page.split_once(BEGIN).expect("docs/checks.md has a list of what is not seen");
    let (list, _) = rest.split_once(END).expect("the list has an end");
    let names = list.lines().filter_map(|line| line.strip_prefix("- `")?.split('`').next());
    names.map(str::to_owned).collect()
}

/// Where what was seen is not what the page says; `all` says whether everything was tried.
pub fn disagreements(results: &[Result], all: bool) -> Vec<String> {
    let listed = listed();
    let silent: BTreeSet<String> =
        results.iter().filter(|result| result.seen.is_silent()).map(|result| result.mutation.clone()).collect();
    let mut disagreements: Vec<String> = silent
        .difference(&listed)
        .map(|name| format!("{name} is silent, and docs/checks.md does not list it as not seen"))
        .collect();
    let tried: BTreeSet<String> = results.iter().map(|result| result.mutation.clone()).collect();
    for name in listed.difference(&silent) {
        if tried.contains(name) {
            disagreements.push(format!("{name} is seen, and docs/checks.md lists it as not seen"));
        } else if all {
            disagreements.push(format!("{name} of docs/checks.md is no mutation"));
        }
    }
    for result in results {
        if let Seen::Refused(why) = &result.seen {
            disagreements.push(format!("{} cannot be done ({}): {why}", result.mutation, result.form.label()));
        }
    }
    disagreements
}
