//! Short ways to write a profile, which people take by nature: a name for the thing of that name.

use std::rc::Rc;

use super::ProfileError;
use super::merge::with_and_without;
use super::yaml::{Content, Entry, Key, Node};

/// The same profile with short ways written out:
///
/// - `database: shop` is `database: {name: shop}`,
/// - `extensions: [postgis]` is `extensions: {installed: [postgis]}`,
/// - `roles: [app]` is `roles: [{name: app}]`.
///
/// # Errors
/// Where `extensions` and `extensions+` are both given, which would be one key twice.
pub fn written_out(root: &Rc<Node>) -> Result<Rc<Node>, ProfileError> {
    let Content::Mapping(entries) = &root.content else { return Ok(Rc::clone(root)) };
    if !entries.iter().any(|entry| long_form(entry).is_some()) {
        return Ok(Rc::clone(root));
    }
    let added = |entry: &&Entry| entry.key.text == "extensions+" && long_form(entry).is_some();
    if let Some(entry) = entries.iter().find(added)
        && root.entry("extensions").is_some()
    {
        return Err(with_and_without(entry, "extensions", &[]));
    }
    let entries = entries.iter().map(|entry| long_form(entry).unwrap_or_else(|| entry.clone())).collect();
    Ok(Node::at(&root.spot(), Content::Mapping(entries)))
}

/// What an entry is when it is written out; `None` where it is already.
fn long_form(entry: &Entry) -> Option<Entry> {
    let value = &entry.value;
    let (key, value) = match (entry.key.text.as_str(), &value.content) {
        ("database", Content::Scalar { .. }) if !value.is_null() => ("database", named("name", value)),
        ("extensions", Content::Sequence(_)) => ("extensions", named("installed", value)),
        ("extensions+", Content::Sequence(_)) => ("extensions", named("installed+", value)),
        ("roles" | "roles+", Content::Sequence(items)) => {
            let is_name = |item: &Rc<Node>| matches!(item.content, Content::Scalar { .. }) && !item.is_null();
            if !items.iter().any(is_name) {
                return None;
            }
            let items = items.iter().map(|item| if is_name(item) { named("name", item) } else { Rc::clone(item) });
            (entry.key.text.as_str(), Node::at(&value.spot(), Content::Sequence(items.collect())))
        }
        _ => return None,
    };
    Some(Entry { key: Key { text: key.to_owned(), ..entry.key.clone() }, value })
}

/// A map with one entry, which stands where its value does.
fn named(key: &str, value: &Rc<Node>) -> Rc<Node> {
    let spot = value.spot();
    let key = Key { origin: Rc::clone(&spot.origin), place: spot.place, text: key.to_owned() };
    Node::at(&spot, Content::Mapping(vec![Entry { key, value: Rc::clone(value) }]))
}

#[cfg(test)]
mod tests {
    use crate::profile::{Target, parse, parse_all};

    fn read(rest: &str) -> Target {
        parse(&format!("name: x\npostgres: 17\n{rest}\n"), "x.yaml").unwrap()
    }

    #[test]
    fn a_name_stands_for_the_thing_of_that_name() {
        assert_eq!(read("database: shop"), read("database: {name: shop}"));
        assert_eq!(read("roles: [app, {name: b}]"), read("roles: [{name: app}, {name: b}]"));
        assert_eq!(read("extensions: [citext]"), read("extensions: {installed: [citext]}"));
        assert_eq!(
            read("extends: rds-like\nroles+: [more]\nextensions+: [citext]"),
            read("extends: rds-like\nroles+: [{name: more}]\nextensions: {installed+: [citext]}")
        );
    }

    #[test]
    fn a_short_way_changes_the_name_alone_of_what_is_extended() {
        let owner = read("extends: rds-like\ndatabase: shop").database.owner;
        assert_eq!(owner, read("extends: rds-like").database.owner);
        assert!(owner.is_some());
    }

    #[test]
    fn a_matrix_takes_short_ways_too() {
        let text = "name: x\npostgres: 17\nmatrix: {database: [shop, app]}\n";
        let names: Vec<String> =
            parse_all(text, "x.yaml", &Default::default()).unwrap().into_iter().map(|of| of.database.name).collect();
        assert_eq!(names, ["shop", "app"]);
    }

    #[test]
    fn a_version_may_stand_in_quotes() {
        for (quoted, plain) in [
            ("postgres: \"17\"", "postgres: 17"),
            ("postgres: 17\nrestore: {client: '18', jobs: \"2\"}", "postgres: 17\nrestore: {client: 18, jobs: 2}"),
        ] {
            let read = |text: &str| parse(&format!("name: x\n{text}\n"), "x.yaml").unwrap();
            assert_eq!(read(quoted), read(plain));
        }
    }

    #[test]
    fn what_is_no_name_is_refused_where_it_stands() {
        let refused =
            |rest: &str| parse(&format!("name: x\npostgres: 17\n{rest}\n"), "x.yaml").unwrap_err().to_string();
        assert!(refused("database: 17").starts_with("x.yaml:3:11: `database.name`"), "{}", refused("database: 17"));
        assert!(refused("roles: [[a]]").starts_with("x.yaml:3:9:"), "{}", refused("roles: [[a]]"));
        assert!(refused("extensions: citext").starts_with("x.yaml:3:13:"), "{}", refused("extensions: citext"));
        for both in ["extensions: [a]\nextensions+: [b]", "extensions: {installed: [a]}\nextensions+: [b]"] {
            let wanted = "x.yaml:4:1: `extensions+`: it is given with and without `+`";
            assert!(refused(both).starts_with(wanted), "{}", refused(both));
        }
        let message = parse("name: x\npostgres: \"17.4\"\n", "x.yaml").unwrap_err().to_string();
        assert!(message.contains("a major version such as 17"), "{message}");
    }
}
