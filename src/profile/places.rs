//! Where every key of a profile belongs, as the types have it.

use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::suggest;
use super::types::Target;
use crate::postgres;

/// A key and what holds it: nothing for a key at the top, otherwise a path such as `cluster` or `checks.queries[]`.
struct Known {
    holder: String,
    key: String,
}

static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Target>().to_value();
    let mut known = Vec::new();
    collect(&schema, &schema, "", &mut known);
    // Two keys are gone before the types see a profile.
    known.extend(["extends", "matrix"].map(|key| Known { holder: String::new(), key: key.to_owned() }));
    known
});

fn collect(of: &Value, root: &Value, holder: &str, known: &mut Vec<Known>) {
    let reference = of.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#'));
    if let Some(definition) = reference.and_then(|path| root.pointer(path)) {
        collect(definition, root, holder, known);
    }
    for several in ["anyOf", "oneOf", "allOf"] {
        let of_them = of.get(several).and_then(Value::as_array).into_iter().flatten();
        of_them.for_each(|one| collect(one, root, holder, known));
    }
    for (key, value) in of.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let path = if holder.is_empty() { key.clone() } else { format!("{holder}.{key}") };
        known.push(Known { holder: holder.to_owned(), key: key.clone() });
        collect(value, root, &path, known);
    }
    if let Some(items) = of.get("items") {
        collect(items, root, &format!("{holder}[]"), known);
    }
    if let Some(values) = of.get("additionalProperties") {
        collect(values, root, &format!("{holder}.…"), known);
    }
}

/// The keys that can stand at the top of a profile.
pub fn at_top() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().filter(|known| known.holder.is_empty()).map(|known| known.key.as_str())
}

/// Words that people use for a key of a profile: where, the word, and the key.
const ALIASES: [(&str, &str, &str); 46] = [
    ("", "version", "postgres"),
    ("", "pg_version", "postgres"),
    ("", "postgresql", "postgres"),
    ("", "major", "postgres"),
    ("", "tag", "image_tag"),
    ("", "user", "restore.as"),
    ("", "username", "restore.as"),
    ("restore", "user", "restore.as"),
    ("restore", "username", "restore.as"),
    ("restore", "role", "restore.as"),
    ("", "users", "roles"),
    ("", "dbname", "database.name"),
    ("", "collation", "cluster.locale"),
    ("", "lc_collate", "cluster.locale"),
    ("", "lc_ctype", "cluster.locale"),
    ("cluster", "lc_collate", "cluster.locale"),
    ("cluster", "lc_ctype", "cluster.locale"),
    ("database", "lc_collate", "database.locale"),
    ("database", "lc_ctype", "database.locale"),
    ("", "data_checksums", "cluster.checksums"),
    ("cluster", "data_checksums", "cluster.checksums"),
    ("", "timezone", "cluster.time_zone"),
    ("", "superuser", "cluster.superuser"),
    ("", "parameters", "cluster.settings"),
    ("cluster", "parameters", "cluster.settings"),
    ("", "min_rows", "checks.tables"),
    ("", "rows", "checks.tables"),
    ("checks", "min_rows", "checks.tables"),
    ("checks", "rows", "checks.tables"),
    ("", "tests", "checks.pgtap"),
    ("", "recovery_target", "recovery.to"),
    ("", "recovery_target_time", "recovery.to"),
    ("", "recovery_target_lsn", "recovery.to"),
    ("", "recovery_target_xid", "recovery.to"),
    ("", "recovery_target_name", "recovery.to"),
    ("", "recovery_target_timeline", "recovery.timeline"),
    ("recovery", "recovery_target", "recovery.to"),
    ("recovery", "recovery_target_time", "recovery.to"),
    ("recovery", "recovery_target_lsn", "recovery.to"),
    ("recovery", "recovery_target_xid", "recovery.to"),
    ("recovery", "recovery_target_name", "recovery.to"),
    ("recovery", "recovery_target_timeline", "recovery.timeline"),
    ("recovery", "point", "recovery.to"),
    ("recovery", "target", "recovery.to"),
    ("recovery", "rpo", "recovery.max_data_loss"),
    ("recovery", "rto", "recovery.max_duration"),
];

/// What is said of a key that its holder does not have: what it is called here, or where it belongs.
pub fn hint(key: &str, path: &str, known: &[&str]) -> Option<String> {
    match meant(key, path, known) {
        Meant::Named(place) => Some(format!("did you mean `{place}`?")),
        Meant::Elsewhere(places) => {
            let places: Vec<String> = places.iter().map(|place| format!("`{place}`")).collect();
            Some(format!("it belongs in {}", places.join(" or ")))
        }
        Meant::AtTop => Some("it belongs at the top of the profile".to_owned()),
        Meant::Setting => Some(format!("it is a setting of the server: `cluster: {{settings: {{{key}: …}}}}`")),
        Meant::Unknown => suggest::hint(key, known),
    }
}

/// The keys at the top of a profile that an unknown key there can be meant to be, or to be in.
pub fn meant_at_top(key: &str, known: &[&str]) -> Vec<String> {
    let first = |path: &String| path.split(['.', '[']).next().unwrap_or_default().to_owned();
    match meant(key, "", known) {
        Meant::Named(place) => vec![first(&place)],
        Meant::Elsewhere(places) => places.iter().map(first).collect(),
        Meant::Setting => vec!["cluster".to_owned()],
        Meant::AtTop | Meant::Unknown => Vec::new(),
    }
}

/// What an unknown key is taken for.
enum Meant {
    Named(String),
    Elsewhere(Vec<String>),
    AtTop,
    Setting,
    Unknown,
}

fn meant(key: &str, path: &str, known: &[&str]) -> Meant {
    let holder = without_numbers(path);
    let word = key.to_ascii_lowercase();
    if let Some((.., place)) = ALIASES.iter().find(|(of, alias, _)| *of == holder && *alias == word) {
        // In its own holder a key goes by its name alone.
        let name = place.strip_prefix(&format!("{holder}.")).unwrap_or(place);
        return Meant::Named(name.to_owned());
    }
    let near = suggest::nearest(key, known.iter().copied());
    if let Some(near) = near.filter(|near| strsim::damerau_levenshtein(&word, near) <= 1) {
        return Meant::Named(near.to_owned());
    }
    let elsewhere = elsewhere(&word);
    if elsewhere.contains(&"") {
        return Meant::AtTop;
    }
    if !elsewhere.is_empty() {
        return Meant::Elsewhere(elsewhere.into_iter().map(str::to_owned).collect());
    }
    match near {
        Some(near) => Meant::Named(near.to_owned()),
        None if postgres::settings().any(|setting| setting == word) => Meant::Setting,
        None => Meant::Unknown,
    }
}

/// What has a key of this name: the few that are nearest to the top.
fn elsewhere(key: &str) -> Vec<&'static str> {
    const MOST: usize = 3;
    // What a point of recovery has, nobody puts anywhere else: `time` in a budget is meant otherwise.
    const OF_POINTS: &str = "recovery.to[]";
    let has_it = |known: &&Known| known.key == key && known.holder != OF_POINTS;
    let mut holders: Vec<&str> = KNOWN.iter().filter(has_it).map(|known| known.holder.as_str()).collect();
    holders.sort_by_key(|holder| (holder.matches(['.', '[']).count(), *holder));
    holders.dedup();
    holders.truncate(MOST);
    holders
}

/// `roles[1].member_of[0]` as the types have it: `roles[].member_of[]`.
fn without_numbers(path: &str) -> String {
    let mut parts = path.split('[');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |path, part| format!("{path}[{}", part.trim_start_matches(|c: char| c.is_ascii_digit())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::parse;

    /// The errors of a profile that has this beside its name and version, without their places.
    fn refused(rest: &str) -> String {
        let error = parse(&format!("name: x\npostgres: 17\n{rest}\n"), "x.yaml").unwrap_err().to_string();
        error.split_once(": ").unwrap().1.to_owned()
    }

    #[test]
    fn a_key_in_the_wrong_place_is_refused_with_the_right_one() {
        for (rest, hint) in [
            ("locale: C", "`locale` in the profile; it belongs in `cluster` or `database`"),
            ("encoding: UTF8", "`encoding` in the profile; it belongs in `cluster` or `database`"),
            ("queries: []", "`queries` in the profile; it belongs in `checks`"),
            ("memory: 1GiB", "`memory` in the profile; it belongs in `limits`"),
            ("jobs: 4", "`jobs` in the profile; it belongs in `restore`"),
            ("cluster: {roles: []}", "`roles` in `cluster`; it belongs at the top of the profile"),
            ("checks: {restore: 1m}", "`restore` in `checks`; it belongs at the top of the profile"),
            ("max_connections: 10", "it is a setting of the server: `cluster: {settings: {max_connections: …}}`"),
            ("cluster: {work_mem: 4MB}", "it is a setting of the server: `cluster: {settings: {work_mem: …}}`"),
        ] {
            assert!(refused(rest).ends_with(hint), "{rest}: {}", refused(rest));
        }
    }

    #[test]
    fn words_that_people_use_are_known() {
        for (rest, place) in [
            ("version: 17", "postgres"),
            ("user: app", "restore.as"),
            ("restore: {user: app}", "as"),
            ("lc_collate: C", "cluster.locale"),
            ("cluster: {lc_collate: C}", "locale"),
            ("checks: {min_rows: {a: 1}}", "tables"),
            ("min_rows: {a: 1}", "checks.tables"),
        ] {
            assert!(refused(rest).ends_with(&format!("; did you mean `{place}`?")), "{rest}: {}", refused(rest));
        }
        let error = parse("name: x\nversion: 17\n", "x.yaml").unwrap_err().to_string();
        assert_eq!(error, "x.yaml:2:1: unknown key `version` in the profile; did you mean `postgres`?");
    }

    #[test]
    fn a_slip_is_still_the_nearest_key_here() {
        for (rest, near) in [("rolse: []", "roles"), ("role: []", "roles"), ("cluster: {encodng: C}", "encoding")] {
            assert!(refused(rest).ends_with(&format!("; did you mean `{near}`?")), "{}", refused(rest));
        }
        assert!(refused("limits: {zzz: 1}").contains("known here: "), "{}", refused("limits: {zzz: 1}"));
    }

    #[test]
    fn every_alias_is_of_a_key_that_there_is() {
        for (holder, word, place) in ALIASES {
            let (of, key) = place.rsplit_once('.').unwrap_or(("", place));
            assert!(KNOWN.iter().any(|known| known.holder == of && known.key == key), "{place}");
            assert!(!KNOWN.iter().any(|known| known.holder == holder && known.key == word), "{word} is a key itself");
        }
    }
}
