//! What is said of a recovery: what was known before, and what of the base a person should know.

use jiff::Timestamp;
use pgbackup_reader::base::{Survey, TablespaceContent};
use pgbackup_reader::reach::{Reach, ReadFrom};
use pgdump_reader::Names;

use super::super::{Figures, RecoverySummary, Timed, Whereabouts};
use super::Planned;
use crate::cluster::{ClusterError, Session};
use crate::counted::counted;
use crate::finding::{Finding, Name};
use crate::profile::{Point, Target};
use crate::recovery::{Position, why_it_ends};
use crate::source::{BackupSource, WalSource};

/// What is known before the server starts.
pub fn begun(source: &BackupSource, planned: &Planned, target: &Target) -> RecoverySummary {
    let plan = &planned.plan;
    let survey = &planned.scan.survey;
    let mut summary = RecoverySummary {
        point: planned.point.to_string(),
        timeline: plan.wanted.timeline.clone(),
        reach: Whereabouts::default(),
        reach_ends: String::new(),
        expected: Whereabouts::default(),
        replayed: None,
        server_said: Vec::new(),
        files_asked: 0,
        files_absent: Vec::new(),
        figures: Figures {
            base_bytes: survey.bytes,
            scan: Some(Timed(planned.scan.took + plan.took)),
            ..Figures::default()
        },
        findings: plan.findings.clone(),
        databases: Vec::new(),
    };
    if let Some(reach) = &plan.reach {
        let moment = |time: i64| pgbackup_reader::from_postgres(time);
        summary.reach = Whereabouts {
            lsn: reach.end.to_string(),
            timeline: Some(reach.end_timeline.0),
            last_transaction: reach.last_transaction.and_then(|ended| moment(ended.time)),
        };
        summary.reach_ends = why_it_ends(reach);
        summary.figures.base_taken = reach.checkpoint_time.and_then(|seconds| Timestamp::from_second(seconds).ok());
        let last = reach.last_commit.and_then(|commit| moment(commit.time));
        summary.figures.data_loss = last.and_then(|last| {
            let lost = source.as_of.duration_since(last);
            std::time::Duration::try_from(lost).ok().map(Timed)
        });
    }
    summary.figures.newest_wal = newest_wal(source, plan.reach.as_ref());
    if let Some(expected) = &plan.expected {
        summary.expected =
            Whereabouts { lsn: expected.lsn.to_string(), timeline: None, last_transaction: expected.last_transaction };
    }
    summary.findings.extend(over_budget(&summary, source, target));
    if target.recovery.before.is_empty() && target.recovery.after.is_empty() {
        summary.findings.push(unasserted(&planned.point));
    }
    summary
}

/// When the newest segment that recovery reads was written.
fn newest_wal(source: &BackupSource, reach: Option<&Reach>) -> Option<Timestamp> {
    let WalSource::Folder(folder) = &source.wal else { return None };
    let last = reach?.segments.iter().rfind(|read| read.from == ReadFrom::Archive)?;
    let written = std::fs::metadata(folder.root().join(&last.path)).and_then(|found| found.modified()).ok()?;
    Timestamp::try_from(written).ok()
}

/// What the profile's figures do not allow.
fn over_budget(summary: &RecoverySummary, source: &BackupSource, target: &Target) -> Vec<Finding> {
    let mut findings = Vec::new();
    let recovery = &target.recovery;
    if let (Some(most), Some(Timed(lost))) = (&recovery.max_data_loss, summary.figures.data_loss)
        && lost > most.0
    {
        let title = format!("the last commit that can be recovered is {} old, more than {most}", words(lost));
        findings.push(Finding::new(Name::RecoveryPointTooOld, title));
    }
    if let (Some(most), Some(taken)) = (&recovery.max_base_age, summary.figures.base_taken)
        && let Ok(age) = std::time::Duration::try_from(source.as_of.duration_since(taken))
        && age > most.0
    {
        let title = format!("the base is {} old, more than {most}", words(age));
        findings.push(Finding::new(Name::BaseTooOld, title));
    }
    findings
}

/// The recovery took longer than the profile allows.
pub fn too_slow(target: &Target, took: std::time::Duration) -> Option<Finding> {
    let most = target.recovery.max_duration.as_ref().filter(|most| took > most.0)?;
    let title = format!("recovery took {:.1} s, more than {most}", took.as_secs_f64());
    Some(Finding::new(Name::RecoveryTooSlow, title))
}

/// A span of time for people, in the two greatest units.
fn words(span: std::time::Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// Nobody has said what has to be there at the point.
fn unasserted(point: &Point) -> Finding {
    let title = format!(
        "nothing says what must be there at {point}: it is known where recovery stopped, and not what it brought"
    );
    let mut finding = Finding::new(Name::PointUnasserted, title);
    finding.commands = vec![
        "recovery:".to_owned(),
        "  before:".to_owned(),
        "    - {name: the last order, sql: \"SELECT count(*) FROM orders WHERE id = 4711\", expect: \"== 1\"}"
            .to_owned(),
    ];
    finding
}

/// The server came up without a word of the point that it was asked for.
pub fn stopped_before(point: &Point, position: &Position) -> Finding {
    let at = position.replayed.map_or("an unknown place".to_owned(), |lsn| lsn.to_string());
    Finding::new(
        Name::PointNotReached,
        format!("{point} was not reached: the server came to the end of the WAL at {at}"),
    )
}

/// What of the base itself would matter in a real recovery.
pub fn of_base(survey: &Survey) -> Vec<Finding> {
    let mut findings = Vec::new();
    let missing: Vec<String> = survey
        .tablespaces
        .iter()
        .filter(|tablespace| {
            tablespace.content == TablespaceContent::Missing
                || survey.tablespace_files.get(&tablespace.oid).is_none_or(|files| *files == 0)
        })
        .map(|tablespace| format!("pg_tblspc/{}", tablespace.oid))
        .collect();
    if !missing.is_empty() {
        let title = format!(
            "{} of the source {} no files in the base",
            counted(missing.len(), "tablespace"),
            if missing.len() == 1 { "has" } else { "have" }
        );
        let mut finding = Finding::new(Name::TablespaceNotInBackup, title);
        finding.count = missing.len() as u64;
        finding.objects = missing;
        findings.push(finding);
    }
    if survey.unlogged.count > 0 {
        let title = format!(
            "{} will come back empty: a base backup holds none of their rows",
            counted(survey.unlogged.count, "unlogged relation")
        );
        let mut finding = Finding::new(Name::UnloggedTablesEmpty, title);
        finding.count = survey.unlogged.count;
        finding.objects.clone_from(&survey.unlogged.first);
        findings.push(finding);
    }
    findings
}

/// Its manifest cannot be trusted.
pub fn manifest_broken(why: &str) -> Finding {
    let mut finding = Finding::new(Name::BackupChanged, format!("its manifest cannot be trusted: {why}"));
    finding.objects = vec!["backup_manifest".to_owned()];
    finding
}

/// It has no manifest.
pub fn unverifiable() -> Finding {
    Finding::new(
        Name::BackupUnverifiable,
        "it has no backup_manifest, so its files cannot be compared with what they were",
    )
}

/// Why a database cannot be looked at.
pub fn not_entered(database: &str, error: &ClusterError) -> String {
    let said = match error {
        ClusterError::Server { said, .. } => said.message.clone(),
        other => other.to_string(),
    };
    format!(
        "database {database:?} cannot be entered: {said}; where it is its locale, name that in the profile's cluster.locales"
    )
}

/// Learns the names of a database's objects, which messages may quote: they are no values of rows.
///
/// # Errors
/// When they cannot be read.
pub async fn learn_names(session: &Session, names: &mut Names) -> Result<(), ClusterError> {
    let sql = "SELECT relname::text FROM pg_class WHERE oid >= 16384 \
               UNION SELECT nspname::text FROM pg_namespace \
               UNION SELECT attname::text FROM pg_attribute WHERE attrelid >= 16384 AND attnum > 0 AND NOT attisdropped \
               UNION SELECT proname::text FROM pg_proc WHERE oid >= 16384 \
               UNION SELECT typname::text FROM pg_type WHERE oid >= 16384 \
               UNION SELECT conname::text FROM pg_constraint WHERE oid >= 16384 \
               UNION SELECT tgname::text FROM pg_trigger \
               UNION SELECT rolname::text FROM pg_roles \
               UNION SELECT datname::text FROM pg_database \
               UNION SELECT extname::text FROM pg_extension";
    let rows = session.query(sql, &[], "cannot read the names of the recovered database").await?;
    rows.iter().for_each(|row| names.add(row.get::<_, &str>(0)));
    Ok(())
}
