//! Every kind of bad profile, and the exact message that its author gets.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::fs;
use std::path::Path;

use pgrehearse::profile::{self, Acceptable, Expect, KnownFinding, Rules, Setting};
use proptest::prelude::*;

const FINDINGS: [KnownFinding; 5] = [
    KnownFinding { name: "missing-role", acceptable: Acceptable::Freely },
    KnownFinding { name: "missing-extension", acceptable: Acceptable::Freely },
    KnownFinding { name: "any-error", acceptable: Acceptable::ByName },
    KnownFinding { name: "cut-off", acceptable: Acceptable::Never },
    KnownFinding { name: "not-used", acceptable: Acceptable::OfProfile },
];

/// The rules of a fixed day, so that no test expires.
fn rules() -> Rules<'static> {
    Rules { known_findings: Some(&FINDINGS), today: jiff::civil::date(2026, 11, 22), ..Rules::default() }
}

#[test]
fn every_bad_profile_is_refused_with_its_exact_place_and_reason() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/profiles/bad");
    let mut names: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let messages: Vec<_> = names
        .iter()
        .map(|name| {
            let path = folder.join(name).display().to_string();
            let error = profile::load_with(&[path], &rules()).expect_err(name).to_string();
            error.replace(&format!("{}/", folder.display()), "")
        })
        .collect();
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn all_errors_of_a_profile_are_said_in_the_order_of_their_lines() {
    let text = "name: x\npostgres: seventeen\nfoo: 1\ncluster: {encodng: C, checksums: perhaps}\n\
                roles:\n  - {name: a, logn: true}\n  - {login: true}\n  - {name: b, login: maybe}\n\
                limits: {pids: 1, cpus: 0}\nchecks: {queries: [{name: q, sql: SELECT 1}]}\n\
                accept:\n  - {finding: nothing, reason: ' ', until: 2099-01-01}\n  - {finding: missing-role, reason: ' ', until: 2099-01-01}\n";
    let errors = profile::parse_with(text, "x.yaml", &rules()).unwrap_err();
    let places: Vec<String> =
        errors.lines().iter().map(|line| line.split(": ").next().unwrap().replace("x.yaml:", "")).collect();
    let wanted = ["2:11", "3:1", "4:11", "4:34", "6:15", "7:5", "8:22", "9:16", "9:25", "10:20"];
    let said: Vec<&str> = places.iter().map(String::as_str).collect();
    assert_eq!(said[..10], wanted, "{errors}");
    assert_eq!(errors.lines().last().map(String::as_str), Some("x.yaml: and 2 more"), "{errors}");
    assert_eq!(errors.iter().count(), 12, "{errors}");
}

#[test]
fn what_only_follows_from_an_error_is_none() {
    for (text, one) in [
        // The key that is missing is the one that is misspelt, or whose value is wrong.
        ("nme: x\npostgres: 17\n", "unknown key `nme`"),
        (
            "name: x\npostgres: 17\nchecks: {queries: [{name: q, sql: SELECT 1, expect: {a: 1}}]}\n",
            "`checks.queries[0].expect`",
        ),
        // Who restores is a role that could not be read.
        ("name: x\npostgres: 17\nroles: [{name: app, logn: true}]\nrestore: {as: app}\n", "unknown key `logn`"),
        ("name: x\npostgres: 17\nrole: [app]\nrestore: {as: app}\n", "unknown key `role`"),
        // What a version has is not asked of one that there is not.
        ("name: x\npostgres: 9\ncluster: {locale_provider: icu, icu_locale: en}\n", "`postgres`: 9 is no"),
        ("name: x\nversion: 17\n", "unknown key `version`"),
        // The targets of a matrix have it in common.
        ("name: x\nmatrix: {postgres: [16, 17, 18]}\nlimits: {pids: 1}\n", "`limits.pids`"),
    ] {
        let errors = profile::parse_with(text, "x.yaml", &rules()).unwrap_err();
        assert!(errors.iter().count() == 1 && errors.to_string().contains(one), "{text}{errors}");
    }
}

#[test]
fn a_message_is_one_line() {
    let text = "name: x\npostgres: 17\n\"a\\nb\": 1\n";
    let message = profile::parse(text, "x.yaml").unwrap_err().to_string();
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(message.starts_with("x.yaml:3:1: unknown key `a\\nb` in the profile"), "{message}");
}

#[test]
fn a_profile_that_says_everything_is_read_as_it_is_written() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/profiles/good.yaml").display().to_string();
    let target = profile::load_with(&[path], &rules()).unwrap().remove(0);
    assert_eq!(target.cluster.encoding, "UTF8", "spelt as PostgreSQL does");
    assert_eq!(target.cluster.settings["random_page_cost"], Setting("1.10".into()), "not 1.1");
    assert_eq!(target.extensions.allowed, Some(vec![]), "none is not the same as all");
    let expects: Vec<_> = target.checks.queries.iter().map(|query| &query.expect).collect();
    assert_eq!(*expects[2], Expect::Exactly(Some("123456789012345678901234567890".into())));
    assert_eq!(*expects[3], Expect::Exactly(Some("1.10".into())));
    assert_eq!(*expects[4], Expect::Exactly(None));
    insta::assert_snapshot!(serde_yaml::to_string(&target).unwrap());
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_no_mistake() {
    let target = profile::parse("\u{feff}name: x\r\npostgres: 17\r\n", "x.yaml").unwrap();
    assert_eq!(target.name, "x");
    let message = profile::parse("\u{feff}nme: x\r\npostgres: 17\r\n", "x.yaml").unwrap_err().to_string();
    assert!(message.starts_with("x.yaml:1:1: unknown key `nme`"), "{message}");
}

#[test]
fn an_accepted_finding_holds_to_the_end_of_its_last_day() {
    let text = "name: x\npostgres: 17\naccept: [{finding: missing-role, reason: known, until: 2026-11-22}]\n";
    let on = |today| profile::parse_with(text, "x.yaml", &Rules { today, ..rules() });
    assert!(on(jiff::civil::date(2026, 11, 22)).is_ok());
    assert!(on(jiff::civil::date(2026, 11, 23)).is_err());
}

proptest! {
    #[test]
    fn no_text_makes_parsing_panic(text in "\\PC{0,200}") {
        let _ = profile::parse_with(&text, "x.yaml", &rules());
    }

    #[test]
    fn no_yaml_like_text_makes_parsing_panic(text in "([ \t\n:,&*!|>'\"%@`{}\\[\\]?#~0-9a-c-]|name: |- |\n  |\r\n|<<: |\u{e9}){0,120}") {
        let _ = profile::parse_with(&text, "x.yaml", &rules());
    }

    /// A good profile in which some bytes were replaced.
    #[test]
    fn no_damage_to_a_profile_makes_parsing_panic(damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = include_bytes!("profiles/good.yaml").to_vec();
        for (index, byte) in damage {
            let length = bytes.len();
            bytes[index.index(length)] = byte;
        }
        let text = String::from_utf8_lossy(&bytes);
        if let Err(errors) = profile::parse_with(&text, "x.yaml", &rules()) {
            prop_assert!(errors.iter().all(|error| error.to_string().lines().count() == 1));
        }
    }
}
