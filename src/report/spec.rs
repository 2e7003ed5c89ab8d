//! What `--report FORMAT[=FILE]` means, and how a report gets where it is asked for.
//!
//! A report that is half there is worse than none: a file appears whole or not at all. That it can be written is found
//! out before the run ([`ReportSpec::probe`]), not half an hour later.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

use thiserror::Error;

use super::terminal::{self, TerminalOptions};
use super::{Report, json};

/// How a report is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// For people.
    Terminal,
    /// For machines.
    Json,
}

impl Format {
    /// All of them, in the order in which help shows them.
    pub const ALL: &'static [Format] = &[Format::Terminal, Format::Json];

    /// As it is written on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Terminal => "terminal",
            Format::Json => "json",
        }
    }
}

/// Where a report goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Destination {
    /// Standard output: no file was named, or `-`.
    Stdout,
    /// A file, which is replaced if it exists.
    File(PathBuf),
}

/// One `--report`: a format and where it goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReportSpec {
    pub format: Format,
    pub destination: Destination,
}

/// Why the value of `--report` means nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ParseError {
    /// No format of that name.
    #[error("unknown report format \"{given}\"{}; known formats: {}", did_you_mean(*.nearest), known_formats())]
    UnknownFormat {
        /// What was given, safe to print.
        given: String,
        /// The format that was probably meant.
        nearest: Option<Format>,
    },
    /// An equals sign with nothing after it.
    #[error("no file after \"{0}=\": write {0}=FILE, or {0} alone for standard output")]
    NoFile(&'static str),
}

fn did_you_mean(nearest: Option<Format>) -> String {
    nearest.map(|format| format!(", did you mean \"{}\"?", format.as_str())).unwrap_or_default()
}

fn known_formats() -> String {
    Format::ALL.iter().map(|format| format.as_str()).collect::<Vec<_>>().join(", ")
}

/// Why several `--report` cannot be asked for at once.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConflictError {
    #[error("both {0} and {1} would go to standard output: give one of them a file, {1}=FILE")]
    Stdout(&'static str, &'static str),
    #[error("two reports would go to {}", .0.display())]
    File(PathBuf),
}

/// Why a report could not be written.
#[derive(Debug, Error)]
pub enum WriteError {
    #[error("cannot write the {format} report to {}", path.display())]
    File {
        format: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot write the {format} report to standard output")]
    Stdout {
        format: &'static str,
        #[source]
        source: io::Error,
    },
}

impl FromStr for ReportSpec {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let (name, file) = match text.split_once('=') {
            Some((name, file)) => (name, Some(file)),
            None => (text, None),
        };
        let format =
            Format::ALL.iter().copied().find(|format| format.as_str() == name).ok_or_else(|| unknown_format(name))?;
        let destination = match file {
            None | Some("-") => Destination::Stdout,
            Some("") => return Err(ParseError::NoFile(format.as_str())),
            Some(path) => Destination::File(PathBuf::from(path)),
        };
        Ok(Self { format, destination })
    }
}

fn unknown_format(name: &str) -> ParseError {
    let lower = name.to_lowercase();
    let nearest = Format::ALL
        .iter()
        .copied()
        .map(|format| (strsim::damerau_levenshtein(&lower, format.as_str()), format))
        .filter(|(distance, _)| *distance <= 2)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, format)| format);
    ParseError::UnknownFormat { given: super::text::visible(name).into_owned(), nearest }
}

impl fmt::Display for ReportSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.destination {
            Destination::Stdout => f.write_str(self.format.as_str()),
            Destination::File(path) => write!(f, "{}={}", self.format.as_str(), path.display()),
        }
    }
}

impl ReportSpec {
    /// Whether these can all be written: at most one to standard output, and each to a file of its own.
    ///
    /// # Errors
    /// The first pair that is in each other's way.
    pub fn check_together(specs: &[ReportSpec]) -> Result<(), ConflictError> {
        for (index, spec) in specs.iter().enumerate() {
            let Some(earlier) = specs[..index].iter().find(|earlier| earlier.destination == spec.destination) else {
                continue;
            };
            return Err(match &spec.destination {
                Destination::Stdout => ConflictError::Stdout(earlier.format.as_str(), spec.format.as_str()),
                Destination::File(path) => ConflictError::File(path.clone()),
            });
        }
        Ok(())
    }

    /// Finds out whether the destination can be written, and leaves it as it is. For before the run.
    ///
    /// # Errors
    /// Where it cannot: the directory is missing or may not be written, or the path is a directory.
    pub fn probe(&self) -> Result<(), WriteError> {
        match &self.destination {
            Destination::Stdout => Ok(()),
            Destination::File(path) => probe_file(path).map_err(|source| self.file_error(path, source)),
        }
    }

    /// Draws the report and puts it where it goes. A reader of standard output that has gone away is no error. `options`
    /// hold for standard output; a file gets no colour.
    ///
    /// # Errors
    /// Where the file or standard output cannot be written.
    pub fn write(&self, report: &Report, options: &TerminalOptions) -> Result<(), WriteError> {
        match &self.destination {
            Destination::Stdout => {
                let mut out = io::BufWriter::new(io::stdout().lock());
                let written = self.draw(report, &mut out, options).and_then(|()| out.flush());
                forgive_broken_pipe(written)
                    .map_err(|source| WriteError::Stdout { format: self.format.as_str(), source })
            }
            Destination::File(path) => {
                let plain = TerminalOptions { color: false, ..*options };
                write_file(path, |out| self.draw(report, out, &plain)).map_err(|source| self.file_error(path, source))
            }
        }
    }

    fn draw(&self, report: &Report, out: &mut dyn io::Write, options: &TerminalOptions) -> io::Result<()> {
        match self.format {
            Format::Terminal => terminal::write(report, out, options),
            Format::Json => json::write(report, out),
        }
    }

    fn file_error(&self, path: &Path, source: io::Error) -> WriteError {
        WriteError::File { format: self.format.as_str(), path: path.to_owned(), source }
    }
}

/// Takes a broken pipe for success: `pgrehearse run … | head` is no mistake.
///
/// # Errors
/// Every other error of the result.
pub fn forgive_broken_pipe(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Writes a file so that its path holds either what it held before or all of the new content.
///
/// The content goes to a temporary file beside it, which is then renamed. A symbolic link stays and its target is
/// replaced; what is no regular file (`/dev/stderr`, a named pipe) is written to directly. The file's mode is what the
/// umask leaves of 0666.
///
/// # Errors
/// Those of the file system and of `content`; the temporary file is gone then.
pub fn write_file(path: &Path, content: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> io::Result<()> {
    match Place::of(path)? {
        Place::Special => {
            let mut out = io::BufWriter::new(open_special(path)?);
            content(&mut out)?;
            out.flush()
        }
        Place::Regular(real) => {
            let mut temporary = temporary_beside(&real)?;
            let mut out = io::BufWriter::new(temporary.as_file_mut());
            content(&mut out)?;
            out.flush()?;
            drop(out);
            // Without this a power cut after the rename can leave an empty file under the final name.
            temporary.as_file().sync_all()?;
            temporary.persist(&real).map_err(|error| error.error)?;
            Ok(())
        }
    }
}

/// How long a named pipe may be without a reader.
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens what is no regular file. A named pipe that nobody reads would let one wait for ever.
fn open_special(path: &Path) -> io::Result<File> {
    let began = Instant::now();
    loop {
        let without_waiting =
            fs::OpenOptions::new().write(true).custom_flags(nix::fcntl::OFlag::O_NONBLOCK.bits()).open(path);
        match without_waiting {
            // Writing waits for a slow reader.
            Ok(file) => {
                nix::fcntl::fcntl(&file, nix::fcntl::FcntlArg::F_SETFL(nix::fcntl::OFlag::empty()))?;
                return Ok(file);
            }
            Err(error) if error.raw_os_error() == Some(nix::errno::Errno::ENXIO as i32) => {
                if began.elapsed() >= PATIENCE {
                    return Err(io::Error::new(error.kind(), "nobody reads it"));
                }
                std::thread::sleep(Duration::from_millis(50));
            }
            Err(error) => return Err(error),
        }
    }
}

fn probe_file(path: &Path) -> io::Result<()> {
    match Place::of(path)? {
        Place::Special => Ok(()),
        Place::Regular(real) => temporary_beside(&real).map(drop),
    }
}

/// What a path leads to.
enum Place {
    /// A regular file or nothing yet: the path without symbolic links.
    Regular(PathBuf),
    /// A device, a pipe or a socket.
    Special,
}

impl Place {
    fn of(path: &Path) -> io::Result<Self> {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => Ok(Self::Regular(fs::canonicalize(path)?)),
            Ok(metadata) if metadata.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            Ok(_) => Ok(Self::Special),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::Regular(path.to_owned())),
            Err(error) => Err(error),
        }
    }
}

fn temporary_beside(path: &Path) -> io::Result<tempfile::NamedTempFile<File>> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    // make_in and not tempfile_in: its errors would name the temporary file, which means nothing to a user.
    tempfile::Builder::new()
        .prefix(".pgrehearse-report-")
        .make_in(directory, |path| fs::OpenOptions::new().write(true).create_new(true).mode(0o666).open(path))
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", directory.display())))
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn parse(text: &str) -> Result<ReportSpec, String> {
        text.parse::<ReportSpec>().map_err(|error| error.to_string())
    }

    fn file(format: Format, path: &Path) -> ReportSpec {
        ReportSpec { format, destination: Destination::File(path.to_owned()) }
    }

    #[test]
    fn a_format_alone_goes_to_standard_output() {
        assert_eq!(parse("json").unwrap(), ReportSpec { format: Format::Json, destination: Destination::Stdout });
        assert_eq!(parse("json=-").unwrap().destination, Destination::Stdout);
        assert_eq!(parse("terminal").unwrap().format, Format::Terminal);
    }

    #[test]
    fn a_file_may_hold_an_equals_sign() {
        assert_eq!(parse("json=out/a=b.json").unwrap(), file(Format::Json, Path::new("out/a=b.json")));
        assert_eq!(parse("json=x.json").unwrap().to_string(), "json=x.json");
    }

    #[test]
    fn errors_name_what_was_meant() {
        assert_eq!(
            parse("jsno=x").unwrap_err(),
            "unknown report format \"jsno\", did you mean \"json\"?; known formats: terminal, json"
        );
        assert_eq!(parse("pdf").unwrap_err(), "unknown report format \"pdf\"; known formats: terminal, json");
        assert_eq!(
            parse("json=").unwrap_err(),
            "no file after \"json=\": write json=FILE, or json alone for standard output"
        );
    }

    #[test]
    fn two_reports_do_not_share_standard_output_or_a_file() {
        let check = |texts: &[&str]| {
            let specs: Vec<_> = texts.iter().map(|text| text.parse().unwrap()).collect();
            ReportSpec::check_together(&specs).map_err(|error| error.to_string())
        };
        assert_eq!(check(&["terminal", "json=a.json", "json=b.json"]), Ok(()));
        assert_eq!(
            check(&["terminal", "json"]).unwrap_err(),
            "both terminal and json would go to standard output: give one of them a file, json=FILE"
        );
        assert_eq!(check(&["json=a", "terminal=a"]).unwrap_err(), "two reports would go to a");
    }

    #[test]
    fn a_file_is_replaced_whole_and_leaves_nothing_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("report.json");
        fs::write(&path, "old").unwrap();
        let spec = file(Format::Json, &path);
        spec.probe().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        spec.write(&sample::all_pass(), &TerminalOptions::default()).unwrap();
        assert_eq!(json::read(&fs::read_to_string(&path).unwrap()).unwrap(), sample::all_pass());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_failure_half_way_keeps_the_old_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("report.json");
        fs::write(&path, "old").unwrap();
        let result = write_file(&path, |out| {
            out.write_all(b"half a rep")?;
            Err(io::ErrorKind::StorageFull.into())
        });
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_symbolic_link_stays_a_link() {
        let directory = tempfile::tempdir().unwrap();
        let (real, link) = (directory.path().join("real.json"), directory.path().join("link.json"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write_file(&link, |out| out.write_all(b"new")).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
    }

    #[test]
    fn a_path_that_cannot_be_written_is_found_before_the_run() {
        let directory = tempfile::tempdir().unwrap();
        let missing = directory.path().join("no/such/report.json");
        let error = file(Format::Json, &missing).probe().unwrap_err();
        assert_eq!(error.to_string(), format!("cannot write the json report to {}", missing.display()));
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.ends_with("no/such: No such file or directory (os error 2)"), "{cause}");
        let error = file(Format::Json, directory.path()).probe().unwrap_err();
        assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "is a directory");
    }

    #[test]
    fn a_broken_pipe_is_success() {
        assert!(forgive_broken_pipe(Err(io::ErrorKind::BrokenPipe.into())).is_ok());
        assert!(forgive_broken_pipe(Err(io::ErrorKind::StorageFull.into())).is_err());
    }
}
