//! What is said of a recovery: what was known before, and what of the base a person should know.

use jiff::Timestamp;
use pgbackup_reader::reach::{Reach, ReadFrom};
use pgdump_reader::Names;

use super::super::{Figures, RecoverySummary, Timed, Whereabouts};
use super::Planned;
use crate::cluster::{ClusterError, Session};
use crate::counted::counted;
use crate::finding::{Finding, Name};
use crate::profile::{Point, PointTime, Target};
use crate::recovery::{Answer, Asked, Position, Stop, why_it_ends};
use crate::source::{BackupSource, WalSource};

/// What is known before the server starts.
pub fn begun(source: &BackupSource, planned: &Planned, target: &Target) -> RecoverySummary {
    let plan = &planned.plan;
    let survey = &planned.scan.survey;
    let mut summary = RecoverySummary {
        point: point(source, planned),
        timeline: plan.wanted.timeline.clone(),
        reach: Whereabouts::default(),
        reach_ends: String::new(),
        expected: Whereabouts::default(),
        replayed: None,
        server_said: Vec::new(),
        files_asked: 0,
        files_absent: Vec::new(),
        figures: Figures {
            base_bytes: survey.bytes.saturating_add(planned.scan.earlier_bytes),
            scan: Some(Timed(planned.scan.took + plan.took)),
            ..Figures::default()
        },
        findings: source.told.iter().chain(&plan.findings).cloned().collect(),
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
    if plan.reach.is_some() {
        summary.findings.extend(no_archive(source, plan.reach.as_ref()));
    }
    if !plan.is_refused && target.recovery.before.is_empty() && target.recovery.after.is_empty() {
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

/// The point for people: what counts back has its time beside it, and what an end is without an archive is said.
fn point(source: &BackupSource, planned: &Planned) -> String {
    match (&planned.point, &planned.plan.wanted.stop, &source.wal) {
        (Point::Latest, _, WalSource::Base) => "the end of its own WAL (no --wal is given)".to_owned(),
        (Point::Time { time: PointTime::Back(_), .. }, Stop::Time { at, .. }, _) => {
            format!("{} ({})", planned.point, at.strftime("%Y-%m-%d %H:%M:%S UTC"))
        }
        (point, ..) => point.to_string(),
    }
}

/// An archive that has nothing for this base: whatever is recovered is the base's own.
fn no_archive(source: &BackupSource, reach: Option<&Reach>) -> Option<Finding> {
    let WalSource::Folder(folder) = &source.wal else { return None };
    let reach = reach?;
    if reach.segments.is_empty() || reach.segments.iter().any(|read| read.from == ReadFrom::Archive) {
        return None;
    }
    let first = reach.segments.first()?.segment.name(reach.expected.segment_size);
    let title = format!("the archive has no WAL for this base: not even {first}, which it begins with");
    let mut finding = Finding::new(Name::WalMissing, title);
    finding.objects = vec![first.to_string()];
    finding.evidence = vec![format!("{}: all that was read is the base's own pg_wal", folder.root().display())];
    Some(finding)
}

/// The user's command has brought no segment at all.
pub fn nothing_fetched(source: &BackupSource, asked: &[Asked]) -> Option<Finding> {
    let is_command = matches!(source.wal, WalSource::Command(_));
    let is_nothing = !asked.iter().any(|asked| asked.answer == Answer::Here);
    let first = asked.iter().find(|asked| !asked.name.ends_with(".history"))?;
    (is_command && is_nothing).then(|| {
        let title = format!(
            "the command that fetches WAL brought nothing: it said of each of {} that it is not there",
            counted(asked.len(), "file")
        );
        let mut finding = Finding::new(Name::WalFetchFailed, title);
        finding.objects = vec![first.name.clone()];
        finding
    })
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
        "    - {name: the last order, sql: \"SELECT count(*) FROM orders WHERE id = 4711\", expect: \"= 1\"}"
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
