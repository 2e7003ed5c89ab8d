//! A target as text, with where each value comes from.

use std::rc::Rc;

use super::error::Place;
use super::parse::Made;
use super::yaml::{self, Content, Node, Origin, Step};

/// Where the comments begin, if the values leave room.
const COLUMN: usize = 48;

impl Made {
    /// All that the target is, as YAML that reads back as the same target. Each value has a comment: the file, line and
    /// column that it was written at, or that it is the default.
    ///
    /// # Errors
    /// Where the text cannot be written, which no profile is known to do.
    pub fn annotated(&self) -> Result<String, serde_yaml::Error> {
        let text = serde_yaml::to_string(&self.target)?;
        let written = yaml::read(&text, &Rc::new(Origin { name: String::new(), folder: None }));
        let Ok(Some(written)) = written else { return Ok(text) };
        let mut comments: Vec<(usize, String)> = Vec::new();
        collect(&written, &mut Vec::new(), &self.tree, &mut comments);
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for (line, comment) in comments {
            // The place is of this very text.
            let Some(line) = line.checked_sub(1).and_then(|index| lines.get_mut(index)) else { continue };
            let width = line.chars().count();
            line.push_str(&" ".repeat(COLUMN.saturating_sub(width).max(2)));
            line.push_str("# ");
            line.push_str(&comment);
        }
        lines.push(String::new());
        Ok(lines.join("\n"))
    }
}

/// The line of every value in the written text, with where the value comes from.
fn collect<'a>(written: &'a Node, path: &mut Vec<Step<'a>>, tree: &Node, comments: &mut Vec<(usize, String)>) {
    match &written.content {
        Content::Mapping(entries) if !entries.is_empty() => {
            for entry in entries {
                path.push(Step::Key(&entry.key.text));
                match spans_lines(&entry.value) {
                    // Its own place is where its text begins, and whatever stands there is text.
                    true => comments.push((entry.key.place.line, origin(path, tree))),
                    false => collect(&entry.value, path, tree, comments),
                }
                path.pop();
            }
        }
        Content::Sequence(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                path.push(Step::Index(index));
                if !spans_lines(item) {
                    collect(item, path, tree, comments);
                }
                path.pop();
            }
        }
        Content::Scalar { .. } | Content::Sequence(_) | Content::Mapping(_) => {
            comments.push((written.place.line, origin(path, tree)));
        }
    }
}

/// Whether it is text of several lines, which is written below its key.
fn spans_lines(node: &Node) -> bool {
    matches!(&node.content, Content::Scalar { text, .. } if text.contains('\n'))
}

fn origin(path: &[Step<'_>], tree: &Node) -> String {
    // A word in a list can stand for a whole map: its defaults are the word's.
    let word = path
        .iter()
        .rposition(|step| matches!(step, Step::Index(_)))
        .and_then(|index| tree.find(&path[..=index]))
        .filter(|item| matches!(item.content, Content::Scalar { .. }));
    match tree.find(path).or(word) {
        Some(value) => {
            let Place { line, column } = value.place;
            format!("{}:{line}:{column}", value.origin.name.escape_debug())
        }
        None => "default".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::profile::{Rules, made_by, parse_with};

    fn shown(text: &str) -> (String, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.yaml");
        std::fs::write(&path, text).unwrap();
        let made = made_by(&[path.display().to_string()], &Rules::default()).unwrap();
        let text = made[0].annotated().unwrap();
        let read = parse_with(&text, "shown", &Rules::default()).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(read, made[0].target, "{text}");
        let text = text.replace(&format!("{}/", folder.path().display()), "");
        let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        (text, lines)
    }

    #[test]
    fn every_value_says_where_it_comes_from() {
        let (text, lines) = shown(
            "name: x\nextends: latin1\nroles: [{name: 'a # b', member_of: [pg_monitor]}]\nlimits:\n  cpus: 1.5\n",
        );
        for wanted in [
            "name: x # x.yaml:1:7",
            "encoding: LATIN1 # built-in latin1:",
            "- name: 'a # b' # x.yaml:3:16",
            "login: false # default",
            "cpus: 1.5 # x.yaml:5:9",
            "memory: 2GiB # default",
            "accept: [] # default",
        ] {
            assert!(lines.iter().any(|line| line.starts_with(wanted)), "{wanted}\n{text}");
        }
    }

    #[test]
    fn text_of_several_lines_stays_what_it_is() {
        let (text, lines) = shown(
            "name: x\npostgres: 17\nchecks:\n  queries:\n    - name: y\n      sql: |\n        SELECT 1 -- # no\n\n        \
             # none\n      expect: \"= 'a\\nb  # c'\"\n",
        );
        assert!(lines.iter().any(|line| line.starts_with("expect:") && line.ends_with("# x.yaml:10:15")), "{text}");
        assert!(lines.iter().any(|line| line.ends_with("# x.yaml:7:9")), "{text}");
    }
}
