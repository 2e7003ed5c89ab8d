//! How far a WAL archive brings a base backup: `reach ARCHIVE TIMELINE REDO CHECKPOINT [option=value]…` with `pg_wal=FOLDER`,
//! `system=IDENTIFIER`, `minimum=LSN` (of a standby's backup), `timeline=latest|current|N`, and points: `time=`, `lsn=`, `xid=`, `name=`, `immediate=`, each with a `-`
//! before the value where it is not to be included.

use std::error::Error;
use std::path::Path;

use pgbackup_reader::reach::{Asked, BackupFrom, Goal, Point, Question, Start, reach};
use pgbackup_reader::{FolderArchive, Timeline, from_postgres, to_postgres};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [archive, timeline, redo, checkpoint, options @ ..] = arguments.as_slice() else {
        return Err("ARCHIVE TIMELINE REDO CHECKPOINT are needed".into());
    };
    let mut start = Start::new(Timeline(timeline.parse()?), redo.parse()?);
    start.checkpoint = Some(checkpoint.parse()?);
    let (mut goal, mut points, mut pg_wal) = (Goal::Latest, Vec::new(), None);
    for option in options {
        let (key, value) = option.split_once('=').ok_or("an option is key=value")?;
        let (value, inclusive) = value.strip_prefix('-').map_or((value, true), |value| (value, false));
        let point = match key {
            "system" => {
                start.system = Some(value.parse()?);
                continue;
            }
            "minimum" => {
                start.backup = BackupFrom::Standby { minimum: value.parse()?, timeline: start.timeline };
                continue;
            }
            "pg_wal" => {
                pg_wal = Some(FolderArchive::open(Path::new(value))?);
                continue;
            }
            "timeline" => {
                goal = match value {
                    "latest" => Goal::Latest,
                    "current" => Goal::Current,
                    number => Goal::Timeline(Timeline(number.parse()?)),
                };
                continue;
            }
            "immediate" => Point::Immediate,
            "time" => Point::Time(to_postgres(value.parse()?)),
            "lsn" => Point::Lsn(value.parse()?),
            "xid" => Point::Xid(value.parse()?),
            _ => Point::Name(value.to_owned()),
        };
        points.push(Asked { point, inclusive });
    }
    let archive = FolderArchive::open(Path::new(archive))?;
    let pg_wal = pg_wal.as_ref().map(|archive| archive as &dyn pgbackup_reader::Archive);
    let reach = reach(&Question { archive: &archive, pg_wal, start, goal, points: &points })?;
    println!("end={}", reach.end);
    println!("timeline={} of {}", reach.end_timeline, reach.history.timeline());
    println!("why={:?}", reach.why);
    println!("server={:?}", reach.server_would);
    let time = |ended: &Option<pgbackup_reader::reach::Ended>| {
        ended.and_then(|ended| from_postgres(ended.time)).map_or("none".to_owned(), |time| time.to_string())
    };
    println!("last={}", time(&reach.last_transaction));
    println!("commits={} records={} segments={}", reach.commits, reach.records, reach.segments.len());
    println!("consistent={:?} fell_off={:?} beyond={:?}", reach.consistent, reach.fell_off, reach.beyond);
    println!("restore_points={:?} parameters={:?}", reach.restore_points, reach.parameters);
    println!(
        "without_history={:?} troubles={:?} ambiguous={:?}",
        reach.without_history, reach.troubles, reach.ambiguous
    );
    for stop in &reach.stops {
        let last = time(&stop.last_transaction);
        println!("stop={:?} outcome={:?} lsn={} last={last}", stop.asked, stop.outcome, stop.lsn);
    }
    Ok(())
}
