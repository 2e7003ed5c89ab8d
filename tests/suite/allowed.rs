//! Which extensions a profile lets one create: a restoring role that is no superuser creates what the service allows and
//! nothing else, and a superuser is told what the service would refuse.

use crate::support::home::{assert_every_check_looked, findings};
use crate::support::{Home, Ran, bare, dump, with_statements};

const MASTER: &str = "roles: [{name: master, login: true}]\ndatabase: {owner: master}\nrestore: {as: master}\n";

/// A plain dump that creates these extensions and nothing else.
fn creating(home: &Home, extensions: &[&str]) -> std::path::PathBuf {
    let statements: String = extensions
        .iter()
        .map(|extension| format!("CREATE EXTENSION IF NOT EXISTS {extension} WITH SCHEMA public;\n"))
        .collect();
    let text = with_statements(&dump(13, "small.sql"), &statements);
    home.file("creating.sql", text.replace("OWNER TO postgres", "OWNER TO master"))
}

/// What a dump creates for one who is no superuser.
const CREATED: [&str; 4] = ["dblink", "pageinspect", "cube", "earthdistance"];

/// Restores it into these targets, of which something is said of extensions.
fn created_in(targets: &[(&str, &str)]) -> Ran {
    let home = Home::new();
    let service = |(name, extensions): &(&str, &str)| format!("{}{MASTER}extensions: {extensions}\n", bare(name, 17));
    let profiles: Vec<String> = targets.iter().map(service).collect();
    let profiles: Vec<&str> = profiles.iter().map(String::as_str).collect();
    home.run(&creating(&home, &CREATED), &profiles)
}

/// The titles and the evidence of what may not be created in a target, where nothing else is found.
#[track_caller]
fn refused(ran: &Ran, name: &str) -> Vec<(String, String)> {
    let found = findings(ran.target(name), "extension-not-allowed");
    assert_eq!(found.len(), ran.target(name).findings().count(), "{name}: {}", ran.json);
    found.iter().map(|finding| (finding.title.clone(), finding.evidence.join("\n"))).collect()
}

#[track_caller]
fn assert_only_earthdistance_is_refused(ran: &Ran, name: &str) {
    let refused = refused(ran, name);
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0].0, "extension \"earthdistance\" is not among those that this target allows");
    assert!(
        refused[0].1.contains("extension \"earthdistance\" is not available"),
        "the server's own words: {refused:?}"
    );
    assert_every_check_looked(ran.target(name));
}

#[test]
fn who_is_no_superuser_creates_what_the_service_allows_and_nothing_else() {
    let ran = created_in(&[
        ("allowed", "{installed: [pageinspect], allowed: [dblink, cube]}"),
        ("plain", "{}"),
        ("forbidden", "{trusted: [dblink, pageinspect, earthdistance], forbidden: [cube]}"),
    ]);
    ran.expect(1);
    assert_only_earthdistance_is_refused(&ran, "allowed");
    let plain: Vec<String> = refused(&ran, "plain").into_iter().map(|(title, _)| title).collect();
    assert_eq!(
        plain,
        // As the dump has them: what failed first comes first.
        ["dblink", "pageinspect", "earthdistance"]
            .map(|extension| format!("extension {extension:?} may not be created here by \"master\""))
    );
    let forbidden = refused(&ran, "forbidden");
    assert_eq!(forbidden.len(), 1, "{forbidden:?}");
    assert_eq!(forbidden[0].0, "extension \"cube\" is forbidden in this target");
    assert!(
        forbidden[0].1.contains("permission denied to create extension \"cube\""),
        "the server's own words: {forbidden:?}"
    );
}

#[test]
#[ignore = "more of the same: scripts/test --full"]
fn full_who_is_no_superuser_creates_all_where_the_service_allows_or_has_it() {
    let ran = created_in(&[
        ("all", "{installed: [pageinspect], allowed: [dblink, cube, earthdistance]}"),
        ("other", "{allowed: [dblink, pageinspect, cube]}"),
    ]);
    ran.expect(1);
    assert_eq!(ran.target("all").findings().count(), 0, "{}", ran.json);
    assert_every_check_looked(ran.target("all"));
    assert_only_earthdistance_is_refused(&ran, "other");
}

#[test]
fn a_superuser_does_not_find_what_is_forbidden_or_not_listed() {
    let home = Home::new();
    let dump = creating(&home, &["dblink", "pageinspect"]);
    let roles = "roles: [{name: master}]\n";
    let ran = home.run(
        &dump,
        &[
            &format!("{}{roles}extensions: {{forbidden: [dblink]}}\n", bare("forbidden", 13)),
            &format!("{}{roles}extensions: {{allowed: [pageinspect]}}\n", bare("listed", 18)),
        ],
    );
    ran.expect(1);
    for (name, title) in [
        ("forbidden", "extension \"dblink\" is forbidden in this target"),
        ("listed", "extension \"dblink\" is not among those that this target allows"),
    ] {
        let found: Vec<_> = ran.target(name).findings().collect();
        assert_eq!(found.len(), 1, "{name}: {}", ran.json);
        assert_eq!((found[0].name.as_str(), found[0].title.as_str()), ("extension-not-allowed", title));
    }
}
