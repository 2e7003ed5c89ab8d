//! What rehearsals are called.

use std::collections::{BTreeSet, HashMap};

/// How rehearsals are called: by their targets, and where there are several sources by the last part of the source's path too.
#[derive(Debug, Default)]
pub(super) struct Labels {
    /// What each source is called.
    sources: HashMap<String, String>,
}

impl Labels {
    /// For rehearsals of these sources, each of which may come more than once.
    pub fn of<'a>(sources: impl IntoIterator<Item = &'a str>) -> Self {
        let all: BTreeSet<&str> = sources.into_iter().collect();
        let label = |source| source_label(source, all.iter().copied()).to_owned();
        Self { sources: all.iter().map(|source| ((*source).to_owned(), label(source))).collect() }
    }

    /// What a source is called.
    pub fn source<'a>(&'a self, source: &'a str) -> &'a str {
        self.sources.get(source).map_or(source, String::as_str)
    }

    pub fn label(&self, source: &str, target: &str) -> String {
        let file = self.source(source);
        if self.are_of_several() { format!("{file} in {target}") } else { target.to_owned() }
    }

    /// What one rehearsal is: several sources in one target are several rehearsals.
    pub fn noun(&self) -> &'static str {
        if self.are_of_several() { "rehearsal" } else { "target" }
    }

    fn are_of_several(&self) -> bool {
        self.sources.len() > 1
    }
}

/// What distinguishes a source from the others of a run: the last part of its path, or all of it where another one ends alike.
fn source_label<'a>(source: &'a str, others: impl IntoIterator<Item = &'a str>) -> &'a str {
    // A folder can be given with a slash at its end.
    let last = |path: &'a str| path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let is_shared = others.into_iter().any(|other| other != source && last(other) == last(source));
    if is_shared { source } else { last(source) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_that_end_alike_are_called_by_their_whole_paths() {
        let all = ["mon/shop.dump", "tue/shop.dump", "tue/app.dump"];
        assert_eq!(all.map(|source| source_label(source, all)), ["mon/shop.dump", "tue/shop.dump", "app.dump"]);
    }

    #[test]
    fn a_rehearsal_is_called_by_its_source_only_where_there_are_several() {
        assert_eq!(Labels::of(["/srv/shop.dump", "/srv/shop.dump"]).label("/srv/shop.dump", "rds-like"), "rds-like");
        let two = Labels::of(["/srv/shop.dump", "/srv/crm.dump"]);
        assert_eq!(two.label("/srv/crm.dump", "rds-like"), "crm.dump in rds-like");
        assert_eq!(Labels::default().label("/srv/crm.dump", "rds-like"), "rds-like");
    }
}
