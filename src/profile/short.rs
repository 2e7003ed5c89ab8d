//! Short ways to write a profile, which people take by nature: a name for the thing of that name.

use std::rc::Rc;

use super::ProfileError;
use super::merge::with_and_without;
use super::yaml::{Content, Entry, Key, Node};

/// The same profile with short ways written out:
///
/// - `database: shop` is `database: {name: shop}`,
/// - `extensions: [postgis]` is `extensions: {installed: [postgis]}`,
/// - `roles: [app]` is `roles: [{name: app}]`, and `member_of: staff` of a role is `member_of: [staff]`,
/// - `recovery: {to: immediate}` is `recovery: {to: [immediate]}`,
/// - `checks: {tables: {orders: 100}}` is `checks: {tables: {orders: {rows: 100}}}`.
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
            let long = |item: &Rc<Node>| if is_value(item) { Some(named("name", item)) } else { role(item) };
            if !items.iter().any(|item| long(item).is_some()) {
                return None;
            }
            let items = items.iter().map(|item| long(item).unwrap_or_else(|| Rc::clone(item)));
            (entry.key.text.as_str(), Node::at(&value.spot(), Content::Sequence(items.collect())))
        }
        ("recovery", Content::Mapping(_)) => {
            let is_one = |point: &Node| matches!(point.content, Content::Mapping(_)) || is_value(point);
            ("recovery", mapped(value, |key, point| (key == "to" && is_one(point)).then(|| list_of(point)))?)
        }
        ("checks", Content::Mapping(_)) => {
            let tables = |value: &Rc<Node>| mapped(value, |_, table| is_value(table).then(|| named("rows", table)));
            ("checks", mapped(value, |key, value| if key == "tables" { tables(value) } else { None })?)
        }
        _ => return None,
    };
    Some(Entry { key: Key { text: key.to_owned(), ..entry.key.clone() }, value })
}

/// Whether something is a value by itself.
fn is_value(node: &Node) -> bool {
    matches!(node.content, Content::Scalar { .. }) && !node.is_null()
}

/// A role with the one that it is a member of as a list.
fn role(role: &Rc<Node>) -> Option<Rc<Node>> {
    mapped(role, |key, group| (["member_of", "members"].contains(&key) && is_value(group)).then(|| list_of(group)))
}

/// A list of one thing, which stands where the thing does.
fn list_of(one: &Rc<Node>) -> Rc<Node> {
    Node::at(&one.spot(), Content::Sequence(vec![Rc::clone(one)]))
}

/// A map in which some values are others; `None` where all of them stay.
fn mapped(map: &Rc<Node>, other: impl Fn(&str, &Rc<Node>) -> Option<Rc<Node>>) -> Option<Rc<Node>> {
    let others: Vec<Option<Rc<Node>>> =
        map.entries().iter().map(|entry| other(&entry.key.text, &entry.value)).collect();
    if others.iter().all(Option::is_none) {
        return None;
    }
    let entries = map.entries().iter().zip(others).map(|(entry, other)| Entry {
        key: entry.key.clone(),
        value: other.unwrap_or_else(|| Rc::clone(&entry.value)),
    });
    Some(Node::at(&map.spot(), Content::Mapping(entries.collect())))
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
        assert_eq!(
            read("roles: [a, {name: b, member_of: a}, {name: c, members: b}]"),
            read("roles: [{name: a}, {name: b, member_of: [a]}, {name: c, members: [b]}]")
        );
        assert_eq!(
            read("checks: {tables: {orders: 100, a.b: not empty, c: '>= 5', d: {rows: 1}}}"),
            read("checks: {tables: {orders: {rows: 100}, a.b: {rows: not empty}, c: {rows: '>= 5'}, d: {rows: 1}}}")
        );
        assert_eq!(read("extensions: [citext]"), read("extensions: {installed: [citext]}"));
        assert_eq!(
            read("extends: rds-like\nroles+: [more]\nextensions+: [citext]"),
            read("extends: rds-like\nroles+: [{name: more}]\nextensions: {installed+: [citext]}")
        );
    }

    #[test]
    fn yes_and_no_are_true_and_false_where_nothing_else_can_be_meant() {
        let words =
            "roles: [{name: a, login: yes, inherit: off, createdb: On, createrole: NO}]\ncluster: {checksums: on}";
        let plain = "roles: [{name: a, login: true, inherit: false, createdb: true}]\ncluster: {checksums: true}";
        assert_eq!(read(words), read(plain));
        let quoted =
            parse("name: x\npostgres: 17\nroles: [{name: a, login: 'yes'}]\n", "x.yaml").unwrap_err().to_string();
        assert!(quoted.ends_with("`roles[0].login` must be `true` or `false`, not the text `yes`"), "{quoted}");
        let on = read("cluster: {settings: {a.b: yes}}").cluster.settings["a.b"].0.clone();
        assert_eq!(on, "yes", "PostgreSQL reads it itself");
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
