//! Which extensions a profile lets one create: a restoring role that is no superuser creates what the service allows and
//! nothing else, and a superuser is told what the service would refuse.

use crate::support::home::{assert_every_check_looked, findings};
use crate::support::{Home, bare, dump, with_statements};

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

#[test]
fn who_is_no_superuser_creates_what_the_service_allows_and_nothing_else() {
    let home = Home::new();
    let dump = creating(&home, &["dblink", "pageinspect", "cube", "earthdistance"]);
    let service = |name: &str, extensions: &str| format!("{}{MASTER}extensions: {extensions}\n", bare(name, 17));
    let ran = home.run(
        &dump,
        &[
            &service("allowed", "{installed: [pageinspect], allowed: [dblink, cube, earthdistance]}"),
            &service("plain", "{}"),
            &service("forbidden", "{trusted: [dblink, pageinspect, earthdistance], forbidden: [cube]}"),
            &service("other", "{allowed: [dblink, pageinspect, cube]}"),
        ],
    );
    ran.expect(1);
    let allowed = ran.target("allowed");
    assert_eq!(allowed.findings().count(), 0, "{}", ran.json);
    assert_every_check_looked(allowed);
    let refused = |name: &str| -> Vec<(String, String)> {
        let found = findings(ran.target(name), "extension-not-allowed");
        assert_eq!(found.len(), ran.target(name).findings().count(), "{name}: {}", ran.json);
        found.iter().map(|finding| (finding.title.clone(), finding.evidence.join("\n"))).collect()
    };
    let plain: Vec<String> = refused("plain").into_iter().map(|(title, _)| title).collect();
    assert_eq!(
        plain,
        // As the dump has them: what failed first comes first.
        ["dblink", "pageinspect", "earthdistance"]
            .map(|extension| format!("extension {extension:?} may not be created here by \"master\""))
    );
    let forbidden = refused("forbidden");
    assert_eq!(forbidden.len(), 1, "{forbidden:?}");
    assert_eq!(forbidden[0].0, "extension \"cube\" is forbidden in this target");
    assert!(
        forbidden[0].1.contains("permission denied to create extension \"cube\""),
        "the server's own words: {forbidden:?}"
    );
    let other = refused("other");
    assert_eq!(other.len(), 1, "{other:?}");
    assert_eq!(other[0].0, "extension \"earthdistance\" is not among those that this target allows");
    assert!(other[0].1.contains("extension \"earthdistance\" is not available"), "the server's own words: {other:?}");
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
