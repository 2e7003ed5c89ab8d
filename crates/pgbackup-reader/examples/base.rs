//! Says what a base backup holds, compares it with its manifest, and says how far an archive brings it:
//! `cargo run --example base -- PATH [ARCHIVE]`.

use std::error::Error;
use std::path::Path;

use pgbackup_reader::base::{Base, obstacles};
use pgbackup_reader::reach::{Goal, Question, reach};
use pgbackup_reader::{FolderArchive, from_postgres};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("name a base backup")?;
    let base = Base::open(Path::new(&path))?;
    println!("{:?} base at {}", base.form(), base.path().display());
    if let Some(label) = base.head().label() {
        println!("label: {label:?}");
    }
    let survey = base.survey()?;
    println!("major: {:?}, incremental: {}", survey.head.major(), survey.is_incremental());
    println!("files: {}, bytes: {}, WAL: {:?}", survey.files, survey.bytes, survey.wal);
    println!("tablespaces: {:?} {:?}", survey.tablespaces, survey.tablespace_files);
    println!("unlogged: {:?}, left out: {:?}", survey.unlogged, survey.left_out);
    println!("control: {:?}", survey.head.control().map(|control| (control.system_identifier, control.checkpoint)));
    for obstacle in obstacles(&survey) {
        println!("elsewhere: {obstacle}");
    }
    if let Some(archive) = std::env::args().nth(2) {
        let archive = FolderArchive::open(Path::new(&archive))?;
        let start = survey.start(None)?;
        let reach = reach(&Question { archive: &archive, pg_wal: None, start, goal: Goal::Latest, points: &[] })?;
        let commit = reach.last_commit.and_then(|commit| from_postgres(commit.time));
        println!("reach: to {} because of {:?}, last commit {commit:?}", reach.end, reach.why);
    }
    match base.manifest() {
        None => println!("no manifest"),
        Some(manifest) => {
            let manifest = manifest?;
            println!("manifest: {:?}, {} bytes", manifest, manifest.total_size());
            println!("{:?}", base.verify(&manifest)?);
        }
    }
    Ok(())
}
