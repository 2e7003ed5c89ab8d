//! What lies in a WAL archive: `survey ARCHIVE`.

use std::error::Error;
use std::path::Path;

use pgbackup_reader::survey::Content;
use pgbackup_reader::{FolderArchive, from_postgres, survey};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("ARCHIVE is needed")?;
    let archive = FolderArchive::open(Path::new(&path))?;
    let survey = survey(&archive).ok_or("there is no segment")?;
    for (identity, segments) in &survey.identities {
        let (major, system, size) = (identity.major, identity.system, identity.segment_size.bytes() >> 20);
        println!("{segments} segments of {size} MiB of PostgreSQL {major}, system {system}");
    }
    for timeline in &survey.timelines {
        println!("timeline {}", timeline.timeline);
        for range in &timeline.ranges {
            println!(
                "  segments {} to {}, up to {}: {}",
                range.first.number,
                range.last.number,
                range.end,
                said(&range.content)
            );
        }
        for gap in &timeline.gaps {
            println!("  {} segments are missing from {} on", gap.segments(), gap.first.number);
        }
        for partial in &timeline.partial {
            println!("  segment {} is there in part alone: {}", partial.segment.number, said(&partial.content));
        }
        for damaged in &timeline.damaged {
            println!("  segment {} is damaged: {:?}", damaged.segment.number, damaged.why);
        }
        if let Some(polluted) = &timeline.polluted {
            println!("  nobody continued it after {}", polluted.fork);
        }
    }
    for trouble in &survey.troubles {
        println!("{trouble}");
    }
    Ok(())
}

fn said(content: &Content) -> String {
    let last = content.last_commit.and_then(|commit| from_postgres(commit.time));
    let last = last.map_or("none".to_owned(), |time| time.to_string());
    format!("{} records, {} commits, the last at {last}", content.records, content.commits)
}
