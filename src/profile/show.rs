//! A target as text, with where each value comes from.

use std::path::Path;
use std::rc::Rc;

use serde_json::Value;

use super::environment;
use super::error::Place;
use super::parse::Made;
use super::yaml::{self, Content, Node, Origin, Step};

/// Where the comments begin, if the values leave room.
const COLUMN: usize = 48;

impl Made {
    /// All that the target is, as YAML that reads back as the same target, in a file in the current folder. Each value has a
    /// comment: the file, line and column that it was written at, or that it is the default.
    ///
    /// # Errors
    /// Where the text cannot be written, which no profile is known to do.
    pub fn annotated(&self) -> Result<String, serde_json::Error> {
        let mut whole = serde_json::to_value(&self.target)?;
        files_from_here(&mut whole, &self.tree);
        environment::keep(&mut whole);
        environment::hide(&mut whole, &self.tree);
        let text = yaml::to_text(&whole)?;
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

/// Files that the profile names are looked for beside the profile that names them, which can be any; here all are named from
/// the current folder.
fn files_from_here(whole: &mut Value, tree: &Node) {
    let folder_of = |path: &[Step<'_>]| tree.find(path).and_then(|node| node.origin.folder.clone());
    let from_here = |value: &mut Value, path: &[Step<'_>]| {
        if let (Value::String(file), Some(folder)) = (value, folder_of(path)) {
            *file = folder.join(&*file).display().to_string();
        }
    };
    if let Some(list) = whole.get_mut("restore").and_then(|restore| restore.get_mut("list")) {
        from_here(list, &["restore".into(), "list".into()]);
    }
    for (index, one) in whole.get_mut("init").and_then(Value::as_array_mut).into_iter().flatten().enumerate() {
        if let Some(file) = one.get_mut("file") {
            from_here(file, &["init".into(), index.into(), "file".into()]);
        }
    }
    let patterns = whole.get_mut("checks").and_then(|checks| checks.get_mut("pgtap")).and_then(Value::as_array_mut);
    for (index, value) in patterns.into_iter().flatten().enumerate() {
        let folder = folder_of(&["checks".into(), "pgtap".into(), index.into()]);
        if let (Value::String(pattern), Some(folder)) = (value, folder) {
            // The folder itself is no pattern.
            let folder = glob::Pattern::escape(&folder.display().to_string());
            *pattern = Path::new(&folder).join(&*pattern).display().to_string();
        }
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
            let member = || made_a_member(written, path, tree).map(place_of);
            comments.push((written.place.line, member().unwrap_or_else(|| origin(path, tree))));
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
    tree.find(path).or(word).map_or_else(|| "default".to_owned(), place_of)
}

fn place_of(node: &Node) -> String {
    let Place { line, column } = node.place;
    format!("{}:{line}:{column}", node.origin.name.escape_debug())
}

/// Where a membership comes from that was written at the other role, among its `members`.
fn made_a_member<'a>(written: &Node, path: &[Step<'_>], tree: &'a Node) -> Option<&'a Node> {
    let [Step::Key("roles"), role @ Step::Index(_), Step::Key("member_of"), Step::Index(_)] = path else { return None };
    if tree.find(path).is_some() {
        return None;
    }
    let is = |node: Option<&Node>, text: &str| match node.map(|node| &node.content) {
        Some(Content::Scalar { text: name, .. }) => name == text,
        _ => false,
    };
    let text = |node: &'a Node| match &node.content {
        Content::Scalar { text, .. } => Some(text.as_str()),
        Content::Sequence(_) | Content::Mapping(_) => None,
    };
    let Content::Scalar { text: group, .. } = &written.content else { return None };
    let member = tree.find(&[path[0], *role, "name".into()]).and_then(text)?;
    let Content::Sequence(roles) = &tree.entry("roles")?.value.content else { return None };
    let group = roles.iter().find(|role| is(role.find(&["name".into()]), group))?;
    let Content::Sequence(members) = &group.entry("members")?.value.content else { return None };
    members.iter().find(|name| is(Some(name), member)).map(|name| &**name)
}

impl Made {
    /// Where a locale is given: file, line and column, and the key.
    pub fn place_of_locale(&self, name: &str) -> Option<String> {
        let (cluster, database) = (Step::from("cluster"), Step::from("database"));
        let listed = self.target.cluster.locales.len();
        let mut paths = vec![vec![cluster, "locale".into()], vec![database, "locale".into()]];
        paths.extend((0..listed).map(|index| vec![cluster, "locales".into(), index.into()]));
        paths.iter().find_map(|path| {
            let node = self.tree.find(path)?;
            let is_it = matches!(&node.content, Content::Scalar { text, .. } if text == name);
            is_it.then(|| format!("{}: `{}`", place_of(node), yaml::display_path(path)))
        })
    }

    /// Where a setting of the server, of a role or of the database is given: file, line and column, and the key.
    pub fn place_of_setting(&self, name: &str) -> Option<String> {
        let roles = self.tree.entry("roles").map(|roles| &roles.value.content);
        let of_roles = match roles {
            Some(Content::Sequence(roles)) => {
                (0..roles.len()).map(|index| vec!["roles".into(), index.into()]).collect()
            }
            _ => Vec::new(),
        };
        let mut holders: Vec<Vec<Step<'_>>> = vec![vec!["cluster".into()], vec!["database".into()]];
        holders.extend(of_roles);
        let mut found = holders.iter().filter_map(|holder| {
            let settings = [holder.as_slice(), &["settings".into()]].concat();
            let entries = self.tree.find(&settings)?.entries();
            let entry = entries.iter().find(|entry| entry.key.text.eq_ignore_ascii_case(name))?;
            let path = [settings.as_slice(), &[Step::Key(&entry.key.text)]].concat();
            let Place { line, column } = entry.key.place;
            Some(format!("{}:{line}:{column}: `{}`", entry.key.origin.name, yaml::display_path(&path)))
        });
        let zone = || {
            let path: [Step<'_>; 2] = ["cluster".into(), "time_zone".into()];
            let zone = self.tree.find(&path).filter(|_| name.eq_ignore_ascii_case("timezone"))?;
            Some(format!("{}: `cluster.time_zone`", place_of(zone)))
        };
        let first = found.next().or_else(zone);
        // Of several, which one is meant is not known.
        if found.next().is_some() { None } else { first }
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
            "- name: \"a # b\" # x.yaml:3:16",
            "login: false # default",
            "cpus: 1.5 # x.yaml:5:9",
            "memory: 2GiB # default",
            "accept: [] # default",
        ] {
            assert!(lines.iter().any(|line| line.starts_with(wanted)), "{wanted}\n{text}");
        }
    }

    #[test]
    fn a_profile_that_is_written_to_another_folder_means_the_same() {
        let folder = tempfile::Builder::new().prefix("a [b]").tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("parents/tests")).unwrap();
        std::fs::write(at("parents/before.sql"), "SELECT 1").unwrap();
        std::fs::write(at("parents/tests/a.sql"), "SELECT 2").unwrap();
        std::fs::write(at("only.list"), "1; 2 3 TABLE a b").unwrap();
        let parent = "name: y\npostgres: 17\ninit: [{file: before.sql}]\nchecks: {pgtap: ['tests/*.sql']}\n";
        std::fs::write(at("parents/y.yaml"), parent).unwrap();
        let child = "name: x\nextends: parents/y.yaml\nrestore: {list: only.list}\ndescription: costs $${X}\n\
                     init+: [{sql: 'SELECT ''${X}'''}]\n";
        std::fs::write(at("x.yaml"), child).unwrap();
        let made = |path: String| made_by(&[path], &Rules::default()).unwrap().remove(0);
        let first = made(at("x.yaml").display().to_string());
        let elsewhere = tempfile::tempdir().unwrap();
        let copy = elsewhere.path().join("copy.yaml");
        std::fs::write(&copy, first.annotated().unwrap()).unwrap();
        let second = made(copy.display().to_string());
        assert_eq!(second.target.description, "costs ${X}");
        assert_eq!(second.target.restore.list_text, first.target.restore.list_text);
        assert_eq!(second.target.checks.pgtap_files[0].text, b"SELECT 2");
        let texts =
            |made: &crate::profile::Made| made.target.init.iter().map(|one| one.text().to_owned()).collect::<Vec<_>>();
        assert_eq!(texts(&second), ["SELECT 1", "SELECT '${X}'"]);
    }

    #[test]
    fn a_membership_comes_from_where_it_is_written() {
        let (text, lines) = shown(
            "name: x\npostgres: 17\nroles:\n  - {name: a, members: [c, b]}\n  - {name: b, member_of: [pg_monitor]}\n  \
             - {name: c}\n",
        );
        for wanted in ["- pg_monitor # x.yaml:5:27", "- a # x.yaml:4:28", "- a # x.yaml:4:25"] {
            assert!(lines.iter().any(|line| line == wanted), "{wanted}\n{text}");
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
