//! `pgrehearse init`: a first set of profiles for a dump, or a first profile for a base backup.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use pgbackup_reader::FolderArchive;
use pgbackup_reader::base::Base;
use pgdump_reader as dump;

use super::arguments::{DEFAULT_DIRECTORY, Init};
use crate::exit;
use crate::init::{self, InitPlan};
use crate::postgres::Major;
use crate::report::text::visible;
use crate::restore::shell_words;
use crate::session::{RunError, base_at};

/// Runs the command; the result is its exit code.
pub fn init(arguments: &Init) -> Result<u8, RunError> {
    let directory = &arguments.dir;
    refuse_what_is_there(directory)?;
    let plan = match base_at(&arguments.dump, arguments.wal.is_some())? {
        Some(base) => of_backup(arguments, &base)?,
        None => of_dump(arguments)?,
    };
    let unwritable = |error: io::Error| RunError::Usage(format!("cannot write to {}: {error}", directory.display()));
    let mut out = super::stdout();
    for file in &plan.files {
        let path = directory.join(file.path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(unwritable)?;
        }
        // What has come there in the meantime is somebody else's.
        let mut created = fs::File::create_new(&path).map_err(unwritable)?;
        created.write_all(file.content.as_bytes()).map_err(unwritable)?;
        writeln!(out, "{}  {}", visible(&path.display().to_string()), visible(&file.about))?;
    }
    for remark in &plan.remarks {
        writeln!(out, "{}", visible(remark))?;
    }
    let mut next: Vec<String> =
        ["pgrehearse", "run"].map(str::to_owned).into_iter().chain([arguments.dump.display().to_string()]).collect();
    if let Some(wal) = &arguments.wal {
        next.extend(["--wal".to_owned(), wal.display().to_string()]);
    }
    if directory != Path::new(DEFAULT_DIRECTORY) {
        next.extend(["-p".to_owned(), format!("{}/", directory.display())]);
    }
    writeln!(out, "next: {}", visible(&shell_words(&next)))?;
    Ok(exit::PASS)
}

fn of_dump(arguments: &Init) -> Result<InitPlan, RunError> {
    let dump = dump::open(&arguments.dump)?;
    if arguments.wal.is_some() {
        return Err(RunError::Usage(format!("{} is a dump: --wal is for base backups", arguments.dump.display())));
    }
    let scan = dump.count()?;
    if let Some(damage) = scan.damage.first() {
        let more = "a profile of half a dump would ask for half of what is needed";
        return Err(RunError::Usage(format!("{}: {}; {more}", arguments.dump.display(), damage.what)));
    }
    Ok(init::plan(&dump, &scan.facts, &arguments.dir)?)
}

fn of_backup(arguments: &Init, base: &Base) -> Result<InitPlan, RunError> {
    // What cannot be listed would stop the command that is named as the next one.
    arguments.wal.as_deref().map(FolderArchive::open).transpose()?;
    // Some archives say their version only when they have been read.
    let major =
        base.head().major().map_or_else(|| base.survey().map(|survey| survey.head.major()), |major| Ok(Some(major)))?;
    let Some(major) = major.and_then(|major| u16::try_from(major).ok()).map(Major) else {
        let shown = arguments.dump.display();
        return Err(RunError::Usage(format!(
            "{shown} does not say of which version of PostgreSQL it is: no PG_VERSION"
        )));
    };
    Ok(init::plan_backup(&arguments.dump, major, arguments.wal.is_some())?)
}

/// Nothing that somebody has written is written over.
fn refuse_what_is_there(directory: &Path) -> Result<(), RunError> {
    let shown = directory.display();
    match fs::read_dir(directory) {
        Ok(mut entries) => match entries.next() {
            Some(_) => Err(RunError::Usage(format!(
                "{shown} is not empty; name another folder with --dir, or remove what is there"
            ))),
            None => Ok(()),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(RunError::Usage(format!("cannot write to {shown}: {error}"))),
    }
}
