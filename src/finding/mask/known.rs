//! Names that a dump's statements do not have: those that the server gives, and those of a profile.

use pgdump_reader::Names;

use super::postgres;
use crate::profile::{Point, Target};

/// Whether PostgreSQL gives this name by an object's number, which is no value of a row: triggers of foreign keys
/// (`CreateTriggerFiringOn` in trigger.c), the place of large values and of temporary tables (toasting.c, namespace.c), origins
/// and slots of subscriptions (worker_internal.h), columns that were dropped (heap.c).
pub fn is_numbered(name: &str) -> bool {
    const BEGINNINGS: [&str; 8] = [
        "RI_ConstraintTrigger_a_",
        "RI_ConstraintTrigger_c_",
        "pg_toast_temp_",
        "pg_toast_",
        "pg_temp_",
        "pg_",
        "<unnamed portal ",
        "........pg.dropped.",
    ];
    const ENDS: [&str; 4] = ["", "_index", ">", "........"];
    // Of an oid or less.
    let is_number = |text: &str| text.parse::<u32>().is_ok_and(|number| text == number.to_string());
    BEGINNINGS.iter().filter_map(|begin| name.strip_prefix(begin)).any(|rest| {
        let numbers = ENDS.iter().filter_map(|end| rest.strip_suffix(end));
        numbers.into_iter().any(is_number)
    })
}

/// Whether the server made this name of others: `orders_customer_id_fkey` (ChooseRelationName and ChooseIndexName in
/// indexcmds.c), the array type `_mood` and the multirange type of a range (`makeArrayTypeName`, `makeMultirangeTypeName` in
/// pg_type.c), an index that was made anew beside the old one (`REINDEX CONCURRENTLY`).
pub fn is_made_of(name: &str, holds: &impl Fn(&str) -> bool) -> bool {
    const ENDS: [&str; 12] =
        ["pkey", "key", "fkey", "check", "idx", "seq", "excl", "not_null", "stat", "multirange", "ccnew", "ccold"];
    if name.starts_with('_') && holds(name.trim_start_matches('_')) {
        return true;
    }
    if name.split_once("multirange").is_some_and(|(before, after)| holds(&format!("{before}range{after}"))) {
        return true;
    }
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let stem = ENDS.iter().find_map(|end| name.strip_suffix(end)?.strip_suffix('_'));
    let Some(stem) = stem.filter(|stem| stem.len() < 64) else { return false };
    // What an index is of where it is of no column.
    let is_part = |part: &str| holds(part) || part == "expr" || postgres::is_name(part);
    // Where known names can end, from the left.
    let mut ends = vec![0];
    let breaks: Vec<usize> = stem.match_indices('_').map(|(at, _)| at).chain([stem.len()]).collect();
    for end in breaks {
        let begins = |begin: &usize| stem.get(*begin..end).is_some_and(is_part);
        if ends.iter().any(begins) {
            ends.push(end + 1);
        }
    }
    ends.last() == Some(&(stem.len() + 1))
}

/// The names in a profile.
pub fn of_target(target: &Target) -> Names {
    let Target { cluster, database, extensions, checks, restore, recovery, .. } = target;
    let queries = || checks.queries.iter().chain(&recovery.before).chain(&recovery.after);
    let mut said: Vec<&String> = vec![&cluster.encoding, &cluster.locale, &cluster.superuser, &database.name];
    said.extend(cluster.locales.iter().chain(&cluster.icu_locale).chain(&cluster.time_zone));
    said.extend(&cluster.shared_preload_libraries);
    said.extend(database.owner.iter().chain(&database.encoding).chain(&database.locale).chain(&database.icu_locale));
    said.extend(restore.as_role.iter().chain(&checks.write_as));
    said.extend(cluster.settings.keys().chain(database.settings.keys()).chain(recovery.settings.keys()));
    said.extend(recovery.to.iter().filter_map(|point| if let Point::Name(name) = point { Some(name) } else { None }));
    for role in &target.roles {
        said.push(&role.name);
        said.extend(role.members.iter().chain(role.member_of.iter().map(|membership| &membership.role)));
        said.extend(role.settings.keys());
    }
    said.extend(database.public.owner.iter().chain(database.public.create.iter().flatten()));
    said.extend(database.schemas.iter().flat_map(|schema| [&schema.name].into_iter().chain(&schema.owner)));
    said.extend(target.tablespaces.iter().flat_map(|place| [&place.name].into_iter().chain(&place.owner)));
    for extension in &extensions.installed {
        said.push(&extension.name);
        said.extend(extension.schema.iter().chain(&extension.version));
    }
    said.extend(extensions.allowed.iter().flatten().chain(&extensions.forbidden).chain(&extensions.trusted));
    said.extend(queries().flat_map(|query| query.as_role.iter().chain(&query.database)));
    said.extend(target.init.iter().flat_map(|init| init.as_role.iter().chain(&init.database)));

    let mut names = Names::default();
    said.into_iter().for_each(|name| names.add(name));
    queries().for_each(|query| names.take(&query.sql));
    target.init.iter().for_each(|init| names.take(init.text()));
    for table in checks.tables.keys() {
        table.split('.').for_each(|part| names.add(part.trim_matches('"')));
    }
    for option in &restore.options {
        // What else an option sets may be a secret.
        const OF_NAMES: [&str; 7] =
            ["--role=", "--schema=", "--exclude-schema=", "--table=", "--index=", "--function=", "--trigger="];
        names.add(OF_NAMES.iter().find_map(|begin| option.strip_prefix(begin)).unwrap_or_default());
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_the_server_gives_are_distinguished_from_what_only_looks_alike() {
        for name in [
            "RI_ConstraintTrigger_a_16397",
            "RI_ConstraintTrigger_c_4294967295",
            "pg_toast_16390",
            "pg_toast_16390_index",
            "pg_temp_3",
            "pg_toast_temp_3",
            "pg_16412",
            "<unnamed portal 1>",
            "........pg.dropped.2........",
        ] {
            assert!(is_numbered(name), "{name}");
        }
        for value in
            ["RI_ConstraintTrigger_a_", "RI_ConstraintTrigger_a_ada", "pg_toast_00017", "pg_+7", "pg_", "16397"]
        {
            assert!(!is_numbered(value), "{value}");
        }
        // A number of a card or a telephone is longer than any oid.
        assert!(!is_numbered("pg_toast_4111111111111111"));
    }

    #[test]
    fn names_that_the_server_makes_of_known_ones_are_known() {
        let holds = |name: &str| ["orders", "customer_id", "mood", "floatrange", "a1", "lower"].contains(&name);
        for name in [
            "orders_pkey",
            "orders_customer_id_fkey1",
            "orders_customer_id_not_null",
            "orders_expr_idx",
            "orders_lower_idx",
            "orders_customer_id_a1_excl",
            "orders_customer_id_stat",
            "_mood",
            "__mood",
            "mood_check",
            "floatmultirange",
            "mood_multirange",
        ] {
            assert!(is_made_of(name, &holds), "{name}");
        }
        for name in ["orders_ada_fkey", "ada_pkey", "_ada", "multirange", "orders", "_pkey", "orders_customer_id"] {
            assert!(!is_made_of(name, &holds), "{name}");
        }
    }

    #[test]
    fn every_name_of_a_profile_is_known() {
        let text = "name: it\npostgres: 17\nroles: [{name: r1, login: true, members: [r2], settings: {a.s1: x}}, {name: r2}]\n\
                    tablespaces: [{name: t1, owner: r1}]\n\
                    database: {name: d1, owner: r1, schemas: [{name: s1, owner: r2}], public: {owner: r1, create: [r2]}}\n\
                    extensions: {installed: [{name: e1, schema: s1}], allowed: [e2], forbidden: [e3]}\n\
                    init: [{sql: CREATE TABLE i1 (c1 integer), as: r1}]\n\
                    restore: {as: r1, options: [--role=o1, --password=hush]}\n\
                    checks: {write_as: 'it''s a \"ghost\"', tables: {s3.t3: {rows: '> 0'}}, \
                    queries: [{name: q, sql: SELECT 1 FROM f1, expect: 1, as: g1, database: d2}]}\n";
        let names = of_target(&crate::profile::parse(text, "it").unwrap());
        let known = "r1 r2 a.s1 t1 d1 s1 e1 e2 e3 i1 c1 o1 s3 t3 f1 g1 d2";
        for name in known.split(' ').chain(["it's a \"ghost\""]) {
            assert!(names.holds(name), "{name}");
        }
        assert!(!names.holds("hush"));
    }
}
