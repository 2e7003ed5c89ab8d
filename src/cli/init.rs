//! `pgrehearse init`: a first set of profiles for a dump.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use pgdump_reader as dump;

use super::arguments::{DEFAULT_DIRECTORY, Init};
use crate::exit;
use crate::init;
use crate::report::text::visible;
use crate::restore::shell_words;
use crate::session::RunError;

/// Runs the command; the result is its exit code.
pub fn init(arguments: &Init) -> Result<u8, RunError> {
    let directory = &arguments.dir;
    refuse_what_is_there(directory)?;
    let dump = dump::open(&arguments.dump)?;
    let scan = dump.count()?;
    if let Some(damage) = scan.damage.first() {
        let more = "a profile of half a dump would ask for half of what is needed";
        return Err(RunError::Usage(format!("{}: {}; {more}", arguments.dump.display(), damage.what)));
    }
    let plan = init::plan(&dump, &scan.facts, directory)?;
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
    if directory != Path::new(DEFAULT_DIRECTORY) {
        next.extend(["-p".to_owned(), format!("{}/", directory.display())]);
    }
    writeln!(out, "next: {}", visible(&shell_words(&next)))?;
    Ok(exit::PASS)
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
