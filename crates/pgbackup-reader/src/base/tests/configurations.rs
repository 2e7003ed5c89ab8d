use std::collections::BTreeSet;

use proptest::prelude::*;

use super::fixture;
use crate::base::{Configuration, ConfigurationText, IncludeKind, ObstacleKind, Survey, obstacles};

fn read(text: &str) -> Configuration {
    let mut configuration = Configuration::default();
    configuration.add("postgresql.conf", text);
    configuration
}

fn survey(text: &str) -> Survey {
    let configuration = |name: &str, text: &str| ConfigurationText { name: name.into(), text: text.into(), cut: false };
    Survey {
        configuration: vec![configuration("postgresql.conf", text), configuration("postgresql.auto.conf", "")],
        named_files: BTreeSet::from(["tuned.conf".to_owned(), "server.crt".to_owned()]),
        directories: BTreeSet::from(["conf.d".to_owned()]),
        ..Survey::default()
    }
}

fn kinds(text: &str) -> Vec<(String, ObstacleKind)> {
    obstacles(&survey(text)).into_iter().map(|obstacle| (obstacle.setting, obstacle.kind)).collect()
}

#[test]
fn values_are_read_as_the_server_reads_them() {
    for (line, value) in [
        ("a = 1", "1"),
        ("a 1", "1"),
        ("a=1", "1"),
        ("a=1# comment", "1"),
        ("\ta\t=\t'x y' # comment\r", "x y"),
        ("a = 'it''s'", "it's"),
        ("a = 'it\\'s'", "it's"),
        ("a = 'tab\\there\\\\'", "tab\there\\"),
        ("a = '\\101\\60'", "A0"),
        ("a = ''", ""),
        ("a = en_US.UTF-8", "en_US.UTF-8"),
        ("a = 64kB", "64kB"),
        ("a = -1", "-1"),
        ("a = 0x1F", "0x1F"),
        ("a = 1.5", "1.5"),
        ("a = .5e-3", ".5e-3"),
        ("a'x'", "x"),
        ("a on", "on"),
        ("A = on", "on"),
    ] {
        let read = read(line);
        assert_eq!(read.get("a").map(|setting| setting.value.as_str()), Some(value), "{line:?} {:?}", read.errors);
    }
    assert_eq!(read("pg_stat.max = 5").get("pg_stat.max").unwrap().value, "5");
}

/// Each line was given to a server of 13.23 and one of 17.12 alone, and `pg_file_settings` asked what it read there.
#[test]
fn each_line_is_read_as_real_servers_read_it() {
    let lines = String::from_utf8(fixture("configuration_lines.txt")).unwrap();
    let seen = String::from_utf8(fixture("configuration_seen.txt")).unwrap();
    assert_eq!(lines.lines().count(), seen.lines().count());
    for (line, seen) in lines.lines().zip(seen.lines()) {
        let read = read(&format!("{line}\n"));
        let settings: Vec<String> = read.settings.iter().map(|set| format!("{}|{}", set.name, set.value)).collect();
        assert_eq!(settings.concat(), seen.split_once('|').unwrap().1, "{line:?}");
        assert_eq!(read.errors.len() + settings.len(), 1, "{line:?}");
    }
}

#[test]
fn lines_that_the_server_refuses_are_errors() {
    for line in [
        "a",
        "a =",
        "= 1",
        "1a = 1",
        "a = b c",
        "a = 'x",
        "a = 'x' y",
        "a = /tmp",
        "a = 1 2",
        "a-b = 1",
        "a = 1.2.3",
        "a == 1",
        "a = $x",
        "a.b.c = 1",
        "a = 1.5GB",
    ] {
        let read = read(&format!("\n{line}\nb = 2\n"));
        assert_eq!(read.errors.iter().map(|error| error.0.line).collect::<Vec<_>>(), [2], "{line:?}");
        assert_eq!(read.settings.len(), 1, "{line:?}");
    }
    assert!(read("# a\n   # b\n\n \t\r\n").errors.is_empty());
    assert_eq!(read(&"x\n".repeat(500)).errors.len(), 100);
}

#[test]
fn the_later_of_two_settings_wins_and_says_where_it_stands() {
    let mut configuration = read("port = 1\nPORT = 2\n");
    configuration.add("postgresql.auto.conf", "# by ALTER SYSTEM\nport = '3'\n");
    let port = configuration.get("port").unwrap();
    assert_eq!((port.value.as_str(), port.place.to_string().as_str()), ("3", "postgresql.auto.conf:2"));
    assert_eq!((configuration.settings.len(), configuration.effective().count()), (3, 1));
}

#[test]
fn other_files_are_named_and_not_read() {
    let includes = read("include 'a.conf'\ninclude_if_exists = '/etc/b'\ninclude_dir 'conf.d'\n").includes;
    let kinds: Vec<_> =
        includes.iter().map(|include| (include.kind, include.path.as_str(), include.place.line)).collect();
    assert_eq!(
        kinds,
        [
            (IncludeKind::File, "a.conf", 1),
            (IncludeKind::FileIfExists, "/etc/b", 2),
            (IncludeKind::Directory, "conf.d", 3)
        ]
    );
}

#[test]
fn what_binds_a_configuration_to_its_machine_is_found() {
    let needed = |path: &str, missing| ObstacleKind::FileNeeded { path: path.into(), missing };
    let one = |text: &str| match &kinds(text)[..] {
        [(_, kind)] => kind.clone(),
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(one("include '/etc/postgresql/tuned.conf'"), needed("/etc/postgresql/tuned.conf", false));
    assert_eq!(one("include 'absent.conf'"), needed("absent.conf", true));
    assert_eq!(one("include_dir '/etc/conf.d'"), needed("/etc/conf.d", false));
    assert_eq!(one("ssl = on\nssl_cert_file = '/etc/ssl/certs/prod.pem'"), needed("/etc/ssl/certs/prod.pem", false));
    assert_eq!(one("data_directory = '/var/lib/pg'"), ObstacleKind::DataDirectory("/var/lib/pg".into()));
    assert_eq!(one("hba_file = '/etc/pg_hba.conf'"), needed("/etc/pg_hba.conf", false));
    assert_eq!(
        one("logging_collector = on\nlog_directory = '/var/log'"),
        ObstacleKind::DirectoryNeeded("/var/log".into())
    );
    assert_eq!(one("huge_pages = on"), ObstacleKind::HugePages);
    assert_eq!(one("shared_buffers = 64GB"), ObstacleKind::Memory(64 << 30));
    assert_eq!(one("shared_buffers = 1000000"), ObstacleKind::Memory(8_192_000_000));
    let libraries = ObstacleKind::Libraries(vec!["pg_stat_statements".into(), "timescaledb".into()]);
    assert_eq!(one("shared_preload_libraries = 'pg_stat_statements, \"timescaledb\"'"), libraries);
    assert_eq!(one("lc_messages = 'de_DE.UTF-8'"), ObstacleKind::Locale("de_DE.UTF-8".into()));
    assert_eq!(one("archive_mode = on\narchive_command = 'cp %p /a/%f'"), ObstacleKind::WritesArchive);
    assert_eq!(one("primary_conninfo = 'host=10.0.0.1'"), ObstacleKind::PrimaryConnection);
    assert_eq!(one("recovery_target_time = '2026-11-28'"), ObstacleKind::OldRecovery);
    assert_eq!(one("restore_command = 'cp'"), ObstacleKind::OldRecovery);
    assert_eq!(one("a b c"), ObstacleKind::Syntax);
}

#[test]
fn what_starts_anywhere_is_no_obstacle() {
    for text in [
        "include 'tuned.conf'\ninclude './tuned.conf'\ninclude_dir 'conf.d/'\ninclude_if_exists '/etc/x'",
        "ssl = on",
        "ssl = off\nssl_cert_file = '/etc/prod.pem'",
        "shared_buffers = 128MB\nhuge_pages = try",
        "huge_pages = on\nhuge_pages = off",
        "lc_messages = 'C'\nlc_time = posix\nlc_numeric = 'C.UTF-8'",
        "archive_mode = on\narchive_command = ''",
        "archive_mode = off\narchive_command = 'cp'",
        "log_directory = 'log'\nlogging_collector = on",
        "shared_preload_libraries = ''\nprimary_conninfo = ''",
        "unix_socket_directories = '/tmp'\nrds.force_ssl = 1\nsome_managed_setting = 1",
    ] {
        assert_eq!(kinds(text), [], "{text}");
    }
}

#[test]
fn a_base_without_a_configuration_has_nothing_to_start_on() {
    let found = obstacles(&Survey::default());
    assert_eq!(found[0].kind, ObstacleKind::NoConfiguration);
    assert_eq!(found[0].to_string(), "there is no postgresql.conf in the data directory");
}

#[test]
fn no_secret_is_in_what_is_said() {
    let text = "primary_conninfo = 'host=a password=secret'\narchive_mode = on\narchive_command = 'curl secret'\nrestore_command = 'secret'\n";
    let found = obstacles(&survey(text));
    assert_eq!(found.len(), 3);
    assert!(!format!("{found:?} {:?}", read(text)).contains("secret"));
    assert_eq!(found[0].to_string(), "primary_conninfo leads to the primary (postgresql.conf:1)");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "([a-c.]{1,4} ?=? ?['\\\\a-zé0-9 #x.+eE-]{0,12}\n?){0,6}") {
        let found = obstacles(&survey(&text));
        prop_assert!(found.len() < 100);
    }
}
