use crate::finding::kind::{Kind, SubjectIs};
use crate::finding::rule::{MISSING, Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "catalog-changed",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The dump uses a system table, column, type or function that the target's version does not have.",
    page: include_str!("../../../docs/findings/catalog-changed.md"),
    rules: &[Rule::new(Precedence::Missing, &MISSING, |failed| {
        // `column s.consrc`, `relation "pg_pltemplate"`, `function pg_start_backup(unknown)`.
        let what = failed.what_is_missing()?;
        let named = what.split_once(' ').map_or(what, |(_, name)| name).split('(').next().unwrap_or_default();
        Some(Subject::Words(gone(failed.state, named.trim_matches('"'), failed.statement)?).into())
    })],
    subject: SubjectIs::OwnWords,
    title: Some(|case| format!("the dump uses {}", case.subject)),
    fix: "Rewrite the view or function in the source for the newer version, or drop it there, and dump again: nothing in \
          the target can bring the old one back.",
    ..Kind::USUAL
};

/// Columns, with their table where the name alone says too little, and the version that no longer has them (appendix E of
/// PostgreSQL's manual, release notes of 10 to 18, "Migration").
const COLUMNS: &[(&str, &str, u16)] = &[
    ("adsrc", "pg_attrdef", 12),
    ("attcacheoff", "pg_attribute", 18),
    ("parent", "pg_backend_memory_contexts", 18),
    ("relhasoids", "pg_class", 12),
    ("relhaspkey", "pg_class", 11),
    ("colliculocale", "pg_collation", 17),
    ("consrc", "pg_constraint", 12),
    ("daticulocale", "pg_database", 17),
    ("datlastsysoid", "pg_database", 15),
    ("proisagg", "pg_proc", 11),
    ("proiswindow", "pg_proc", 11),
    ("protransform", "pg_proc", 12),
    ("current_query", "pg_stat_activity", 9),
    ("procpid", "pg_stat_activity", 9),
    ("waiting", "pg_stat_activity", 9),
    ("buffers_backend", "pg_stat_bgwriter", 17),
    ("buffers_backend_fsync", "pg_stat_bgwriter", 17),
    ("buffers_checkpoint", "pg_stat_bgwriter", 17),
    ("checkpoint_sync_time", "pg_stat_bgwriter", 17),
    ("checkpoint_write_time", "pg_stat_bgwriter", 17),
    ("checkpoints_req", "pg_stat_bgwriter", 17),
    ("checkpoints_timed", "pg_stat_bgwriter", 17),
    ("op_bytes", "pg_stat_io", 18),
    ("max_dead_tuples", "pg_stat_progress_vacuum", 17),
    ("num_dead_tuples", "pg_stat_progress_vacuum", 17),
    ("flush_location", "pg_stat_replication", 10),
    ("replay_location", "pg_stat_replication", 10),
    ("sent_location", "pg_stat_replication", 10),
    ("write_location", "pg_stat_replication", 10),
    ("compression", "pg_stat_ssl", 14),
    ("blk_read_time", "pg_stat_statements", 17),
    ("blk_write_time", "pg_stat_statements", 17),
    ("max_time", "pg_stat_statements", 13),
    ("mean_time", "pg_stat_statements", 13),
    ("min_time", "pg_stat_statements", 13),
    ("stddev_time", "pg_stat_statements", 13),
    ("total_time", "pg_stat_statements", 13),
    ("wal_sync", "pg_stat_wal", 18),
    ("wal_sync_time", "pg_stat_wal", 18),
    ("wal_write", "pg_stat_wal", 18),
    ("wal_write_time", "pg_stat_wal", 18),
    ("received_lsn", "pg_stat_wal_receiver", 13),
];

const TABLES: [(&str, u16); 3] = [("pg_pltemplate", 13), ("pg_exttable", 10), ("pg_listener", 9)];

const TYPES: [(&str, u16); 4] = [("abstime", 12), ("reltime", 12), ("tinterval", 12), ("opaque", 13)];

const FUNCTIONS: [(&str, u16); 14] = [
    ("pg_start_backup", 15),
    ("pg_stop_backup", 15),
    ("pg_is_in_backup", 15),
    ("pg_backup_start_time", 15),
    ("pg_current_xlog_location", 10),
    ("pg_current_xlog_insert_location", 10),
    ("pg_switch_xlog", 10),
    ("pg_xlogfile_name", 10),
    ("pg_xlog_location_diff", 10),
    ("pg_last_xlog_receive_location", 10),
    ("pg_last_xlog_replay_location", 10),
    ("pg_is_xlog_replay_paused", 10),
    ("pg_xlog_replay_pause", 10),
    ("pg_xlog_replay_resume", 10),
];

/// What is gone, for people, where a name that a statement does not find is one of them: `column pg_constraint.consrc, which
/// PostgreSQL 12 took out`.
fn gone(state: &str, name: &str, statement: &str) -> Option<String> {
    let last = name.rsplit('.').next().unwrap_or(name).trim_matches('"');
    let took_out = |what: String, since: u16| format!("{what}, which PostgreSQL {since} removed");
    match state {
        "42703" => {
            // As a whole word: `pg_stat_wal` stands in `pg_stat_wal_receiver`.
            let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let reads = |table: &str| statement.split(|c| !is_part(c)).any(|word| word == table);
            let (column, table, since) = COLUMNS.iter().find(|(column, table, _)| *column == last && reads(table))?;
            Some(took_out(format!("column {table}.{column}"), *since))
        }
        "42P01" => TABLES
            .iter()
            .find(|(table, _)| *table == last)
            .map(|(table, since)| took_out(format!("table {table}"), *since)),
        "42704" => TYPES
            .iter()
            .find(|(known, _)| *known == last)
            .map(|(known, since)| took_out(format!("type {known}"), *since)),
        "42883" => FUNCTIONS
            .iter()
            .find(|(known, _)| *known == last)
            .map(|(known, since)| took_out(format!("function {known}"), *since)),
        _ => None,
    }
}
