//! Recoveries that can be begun, and whose ends can be told apart.

use std::collections::HashMap;
use std::time::Duration;

use super::{Places, queries, settings, steps};
use crate::profile::{ProfileError, Recovery, reserved};

pub fn check(recovery: &Recovery, at: &Places<'_>) -> Result<(), ProfileError> {
    points(recovery, at);
    let most = [
        ("max_data_loss", recovery.max_data_loss),
        ("max_duration", recovery.max_duration),
        ("max_base_age", recovery.max_base_age),
    ];
    for (key, most) in most {
        if most.is_some_and(|most| most.0 == Duration::ZERO) {
            at.each(|| Err(at.bad(steps!["recovery", key], "must be more than 0")));
        }
    }
    queries::queries(&recovery.before, steps!["recovery", "before"], at);
    queries::queries(&recovery.after, steps!["recovery", "after"], at);
    settings::check_but(reserved::why_in_recovery, &recovery.settings, steps!["recovery", "settings"], at);
    Ok(())
}

/// Each point makes a target, which is called by it.
fn points(recovery: &Recovery, at: &Places<'_>) {
    if recovery.to.is_empty() {
        at.each(|| Err(at.bad(steps!["recovery", "to"], "there is no point to recover to; leave it out for `latest`")));
    }
    let mut first_of_label = HashMap::new();
    for (index, point) in recovery.to.iter().enumerate() {
        let Some(first) = first_of_label.insert(point.label(), index) else { continue };
        let why = match recovery.to.get(first) == Some(point) {
            true => format!("already the point of recovery.to[{first}]"),
            false => format!("its target would be called `@{}`, like that of recovery.to[{first}]", point.label()),
        };
        at.each(|| Err(at.bad(steps!["recovery", "to", index], why)));
    }
}

#[cfg(test)]
mod tests {
    use crate::profile::{Rules, Target, parse, parse_all};

    fn read(recovery: &str) -> Result<Target, String> {
        let text = format!("name: x\npostgres: 17\nrecovery: {{{recovery}}}\n");
        parse(&text, "x.yaml").map_err(|error| error.to_string())
    }

    #[test]
    fn one_point_stands_for_a_list_of_it() {
        for (one, list) in [
            ("to: latest", "to: [latest]"),
            ("to: -1h", "to: [{time: -1h}]"),
            ("to: {xid: '11744'}", "to: ['xid=11744']"),
            ("to: 2026-11-28 11:08:45+00", "to: [{time: 2026-11-28T11:08:45Z}]"),
            ("to: {lsn: 0/D3FEE38, inclusive: no}", "to: ['lsn=0/D3FEE38,inclusive=false']"),
            ("", "to: [latest]"),
        ] {
            assert_eq!(read(one).unwrap(), read(list).unwrap(), "{one}");
        }
    }

    #[test]
    fn a_point_that_is_none_is_refused_where_it_stands() {
        for (to, wanted) in [
            ("{tme: -1h}", "x.yaml:3:17: unknown key `tme` in `recovery.to[0]`; did you mean `time`?"),
            ("last", "x.yaml:3:16: `recovery.to[0]`: `last` is no point to recover to; did you mean `latest`?"),
            ("11744", "x.yaml:3:16: `recovery.to[0]`: `11744` is no point to recover to; did you mean `xid=11744`?"),
            (
                "[latest, {time: yesterday}]",
                "x.yaml:3:32: `recovery.to[1].time`: `yesterday` is no time; write it like",
            ),
            (
                "{time: 2026-11-28 11:08:45}",
                "x.yaml:3:23: `recovery.to[0].time`: `2026-11-28 11:08:45` has no time zone",
            ),
            ("{time: 1h}", "x.yaml:3:23: `recovery.to[0].time`: `1h` would be after the last commit"),
            ("{time: -5}", "x.yaml:3:23: `recovery.to[0].time`"),
            (
                "{lsn: 222293560}",
                "x.yaml:3:22: `recovery.to[0].lsn` must be an LSN such as `0/D3FEE38`, not the number",
            ),
            ("{lsn: 0-D3FEE38}", "x.yaml:3:22: `recovery.to[0].lsn`: `0-D3FEE38` is no LSN"),
            ("{xid: 2}", "x.yaml:3:22: `recovery.to[0].xid`: transaction 2 is none that commits"),
            ("{name: ''}", "x.yaml:3:23: `recovery.to[0].name`: a restore point needs a name"),
            ("{name: 2026}", "x.yaml:3:23: `recovery.to[0].name` must be text, not the number 2026; put it in quotes"),
            (
                "{name: a, inclusive: false}",
                "x.yaml:3:16: `recovery.to[0]`: `inclusive` belongs to `time`, `lsn` and `xid`",
            ),
            (
                "{inclusive: false}",
                "x.yaml:3:16: `recovery.to[0]`: a point needs one of `time`, `lsn`, `xid` and `name`",
            ),
            ("{xid: 7, lsn: 0/1}", "x.yaml:3:16: `recovery.to[0]`: a point is one of `time`, `lsn`, `xid` and `name`"),
            ("{xid: 7, inclusive: 1}", "x.yaml:3:36: `recovery.to[0].inclusive` must be `true` or `false`"),
            ("[]", "x.yaml:3:16: `recovery.to`: there is no point to recover to"),
        ] {
            let refused = read(&format!("to: {to}")).unwrap_err();
            assert!(refused.starts_with(wanted) && refused.lines().count() == 1, "{to}: {refused}");
        }
        let long = read(&format!("to: {{name: {}}}", "x".repeat(64))).unwrap_err();
        assert!(long.ends_with("has at most 63 bytes, and this one has 64"), "{long}");
    }

    #[test]
    fn a_point_is_given_once_however_it_is_written() {
        for (to, wanted) in [
            ("[latest, latest]", "x.yaml:3:25: `recovery.to[1]`: already the point of recovery.to[0]"),
            ("[{time: -60m}, latest, -1h]", "`recovery.to[2]`: already the point of recovery.to[0]"),
            ("[2026-11-28T11:08:45Z, 2026-11-28 12:08:45+01]", "`recovery.to[1]`: already the point of recovery.to[0]"),
            (
                "[{name: a b}, {name: a-b}]",
                "`recovery.to[1]`: its target would be called `@name-a-b`, like that of recovery.to[0]",
            ),
        ] {
            let refused = read(&format!("to: {to}")).unwrap_err();
            assert!(refused.ends_with(wanted), "{to}: {refused}");
        }
        assert!(read("to: [{xid: 7}, {xid: 7, inclusive: false}]").is_ok(), "two points");
    }

    #[test]
    fn what_is_to_be_kept_is_a_duration_of_some_length() {
        for key in ["max_data_loss", "max_duration", "max_base_age"] {
            assert!(read(&format!("{key}: 15m")).is_ok());
            let none = read(&format!("{key}: 0s")).unwrap_err();
            assert!(none.ends_with(&format!("`recovery.{key}`: must be more than 0")), "{none}");
            let negative = read(&format!("{key}: -15m")).unwrap_err();
            assert!(negative.contains(&format!("`recovery.{key}`: `-15m` is not a duration")), "{negative}");
        }
    }

    #[test]
    fn queries_before_and_after_are_checked_like_those_of_checks() {
        let query = "name: a, sql: SELECT 1, expect: '= 1'";
        for (rest, wanted) in [
            (
                format!("before: [{{{query}}}, {{{query}}}]"),
                "`recovery.before[1].name`: already the name of recovery.before[0]",
            ),
            ("after: [{name: a, sql: ' ', expect: 1}]".into(), "`recovery.after[0].sql`: there is nothing to ask"),
            ("after: [{name: a, sql: SELECT 1}]".into(), "missing key `expect` in `recovery.after[0]`"),
            (
                "after: [{name: a, sql: SELECT 1, expct: 1}]".into(),
                "unknown key `expct` in `recovery.after[0]`; did you mean `expect`?",
            ),
        ] {
            let refused = read(&rest).unwrap_err();
            assert!(refused.contains(wanted), "{rest}: {refused}");
        }
        let both =
            "before: [{name: a, sql: SELECT 1, expect: '> 0'}], after: [{name: a, sql: SELECT 1, expect: empty}]";
        assert!(read(both).is_ok(), "one of each list");
    }

    #[test]
    fn settings_that_are_pgrehearses_own_are_refused_with_the_reason() {
        for (setting, why) in [
            ("recovery_target_time: now", "`recovery.to` and `recovery.timeline` say where recovery stops"),
            ("recovery_target: immediate", "`recovery.to` and `recovery.timeline` say where recovery stops"),
            ("Restore_Command: cp", "a sandbox follows no other server"),
            ("archive_mode: on", "a sandbox archives nothing"),
            ("archive_cleanup_command: rm", "a sandbox archives nothing"),
            ("primary_conninfo: host=x", "a sandbox follows no other server"),
            ("hot_standby: off", "a recovered server is asked while it has stopped at its point"),
            ("config_file: x", "a sandbox has its own files"),
            ("hba_file: x", "a sandbox has its own files"),
            ("ident_file: x", "a sandbox has its own files"),
            ("data_directory: x", "a sandbox has its own files"),
            ("listen_addresses: '*'", "a sandbox is reached through its own socket only"),
            ("unix_socket_directories: /tmp", "a sandbox is reached through its own socket only"),
            ("log_statement: all", "errors are read from the sandbox's log"),
            ("logging_collector: off", "errors are read from the sandbox's log"),
            ("wal_level: logical", "a recovered server archives nothing, and nobody follows it"),
            ("zero_damaged_pages: on", "what is damaged in the backup is to be found"),
        ] {
            let refused = read(&format!("settings: {{{setting}}}")).unwrap_err();
            assert!(refused.contains("`: pgrehearse sets this itself: ") && refused.ends_with(why), "{refused}");
        }
        assert!(read("settings: {shared_preload_libraries: timescaledb, max_connections: 500}").is_ok());
        let mistyped = read("settings: {max_connection: 10}").unwrap_err();
        assert!(mistyped.ends_with("did you mean `max_connections`?"), "{mistyped}");
    }

    #[test]
    fn the_words_of_postgresql_and_of_operators_lead_to_the_keys() {
        for (rest, wanted) in [
            (
                "recovery_target_time: now",
                "unknown key `recovery_target_time` in the profile; did you mean `recovery.to`?",
            ),
            ("recovery: {target: now}", "unknown key `target` in `recovery`; did you mean `to`?"),
            ("recovery: {rpo: 15m}", "unknown key `rpo` in `recovery`; did you mean `max_data_loss`?"),
            ("recovery: {to: latest, wal_command: x}", "unknown key `wal_command` in `recovery`; "),
        ] {
            let refused = parse(&format!("name: x\npostgres: 17\n{rest}\n"), "x.yaml").unwrap_err().to_string();
            assert!(refused.contains(wanted), "{rest}: {refused}");
        }
    }

    #[test]
    fn a_matrix_varies_the_keys_of_a_recovery() {
        let text = "name: x\npostgres: 17\nmatrix: {recovery.to: [latest, -1h], recovery.timeline: [current, 2]}\n";
        let targets = parse_all(text, "x.yaml", &Rules::default()).unwrap();
        let made: Vec<(String, String)> = targets
            .iter()
            .map(|target| (target.name.clone(), format!("{} {}", target.recovery.to[0], target.recovery.timeline)))
            .collect();
        let wanted = [
            ("x[latest,current]", "latest current"),
            ("x[latest,2]", "latest 2"),
            ("x[-1h,current]", "time=-1h current"),
            ("x[-1h,2]", "time=-1h 2"),
        ];
        assert_eq!(made, wanted.map(|(name, to)| (name.to_owned(), to.to_owned())));
    }
}
