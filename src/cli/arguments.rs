//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::engine::choice::Choice;
use crate::finding::Severity;
use crate::profile::{BaseWish, Point, TimelineWish};
use crate::report::spec::ReportSpec;
use crate::source::RowMode;

/// Rehearses PostgreSQL restores: does this dump come back?
#[derive(Debug, Parser)]
#[command(name = "pgrehearse", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
    /// When to write colours: on a terminal, unless NO_COLOR is set [default: auto]
    #[arg(long, global = true, value_name = "WHEN")]
    pub color: Option<Color>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

impl From<Color> for anstream::ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        }
    }
}

const EXIT_CODES: &str = "\
Exit codes:
  0    every target passed
  1    at least one target failed: on an error, or with --fail-on warning on a warning
  2    bad arguments, a bad profile, or a dump that cannot be read
  3    something was untested, and nothing failed
  130  interrupted, 143 terminated; everything was removed first";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Rehearse dumps and base backups in throwaway clusters: one target for each profile
    Run(Box<Run>),
    /// Say what a dump or base backup is and what it requires, and what profiles would fail on; starts nothing
    Inspect(Inspect),
    /// Write a first set of profiles and queries for a dump or base backup
    Init(Init),
    /// List, show or check profiles
    Profiles(Profiles),
    /// Explain a finding (cause, example, fix), or a column of the report
    Explain(Explain),
    /// Remove what dead runs left
    Sweep(Sweep),
    /// Can this machine rehearse, and what is missing
    Doctor(Doctor),
    /// Rehearse an embedded dump in four targets, or recover an embedded base backup in three; needs no file
    Demo(Demo),
}

#[derive(Debug, Args)]
// Otherwise clap lists what the environment sets as needed, where an argument is missing.
#[command(override_usage = "pgrehearse run [OPTIONS] <SOURCE>...")]
pub struct Run {
    /// The dump or base backup: a file or directory of pg_dump or pg_dumpall, in any format, compressed or not, a directory of
    /// pg_basebackup, or a repository: barman:HOME?server=NAME; each of several is rehearsed in every target
    #[arg(required = true, value_name = "SOURCE")]
    pub dumps: Vec<PathBuf>,
    #[command(flatten)]
    pub recovery: Recovery,
    /// A profile: a built-in name, a file, or a directory of files; may be repeated [default: those in ./pgrehearse/ or
    /// ./profiles/, else a set that suits the dump]
    #[arg(short, long = "profile", value_name = "PROFILE|FILE|DIR")]
    pub profiles: Vec<String>,
    #[command(flatten)]
    pub engine: Engine,
    #[command(flatten)]
    pub output: Output,
    /// Most rehearsals at the same time; memory limits them too [default: number of CPUs]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Stop at the first target that fails; what is not done then is untested
    #[arg(long)]
    pub fail_fast: bool,
    /// Lowest severity that fails a target; what a profile accepts never does
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    pub fail_on: FailOn,
    /// Exit with 0 although something was untested
    #[arg(long)]
    pub allow_untested: bool,
    /// How restored rows are compared with those that the dump holds
    #[arg(long, value_name = "HOW", default_value = "digest")]
    pub rows: RowsArgument,
    /// Show values from rows in reports: query results, messages with data in them
    #[arg(long)]
    pub show_data: bool,
    /// Write fixes for the findings of each target into a folder of its name, in this new or empty directory
    #[arg(long, value_name = "DIR")]
    pub write_fixes: Option<PathBuf>,
}

/// How far a base backup is recovered, and from where its WAL comes.
#[derive(Debug, Clone, Default, Args)]
pub struct Recovery {
    /// The WAL archive of the base backup: a directory of segments, compressed or not
    #[arg(long, value_name = "ARCHIVE")]
    pub wal: Option<PathBuf>,
    /// A command on this machine that fetches one file of WAL, as a restore_command: `%f` is its name, `%p` the path to write
    #[arg(long, value_name = "COMMAND", conflicts_with = "wal")]
    pub wal_command: Option<String>,
    /// Where recovery stops: `latest`, `immediate`, `-1h` (before the last commit), a time with its zone, `lsn=0/D3FEE38`,
    /// `xid=11744` or `name=RESTORE_POINT`; may be repeated [default: what the profile says, else `latest`]
    #[arg(long = "to", value_name = "POINT", allow_hyphen_values = true)]
    pub to: Vec<Point>,
    /// The timeline to recover along: `latest`, `current` or its number [default: what the profile says, else `latest`]
    #[arg(long, value_name = "TIMELINE")]
    pub timeline: Option<TimelineWish>,
    /// A dump of the same source: compared where the profile says `recovery.same_as_dump`, that it was made at the point
    #[arg(long, value_name = "DUMP")]
    pub dump: Option<PathBuf>,
    /// The base backup of a repository to begin with: `newest`, `oldest` or its id [default: what the profile says, else `newest`]
    #[arg(long, value_name = "BASE")]
    pub base: Option<BaseWish>,
    /// Where the base backups are that an incremental one builds upon: each of them, or a directory of them; may be repeated [default:
    /// the directory that the incremental one is in]
    #[arg(long = "base-dir", value_name = "DIR")]
    pub base_dirs: Vec<PathBuf>,
    /// Count the loss of data from the last commit to this time, with its zone, instead of to now
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<jiff::Timestamp>,
}

#[derive(Debug, Args)]
pub struct Inspect {
    /// The dump or base backup: a file or directory of pg_dump or pg_dumpall, in any format, compressed or not, or a directory of
    /// pg_basebackup; may be left out where `--wal` is given
    #[arg(value_name = "SOURCE", required_unless_present = "wal")]
    pub dump: Option<PathBuf>,
    /// A WAL archive, to be looked at alone or with its base backup: a directory of segments, compressed or not
    #[arg(long, value_name = "ARCHIVE")]
    pub wal: Option<PathBuf>,
    /// A profile to compare it with: a built-in name, a file, or a directory of files; may be repeated
    #[arg(short, long = "profile", value_name = "PROFILE|FILE|DIR")]
    pub profiles: Vec<String>,
    /// Look at the table of contents, or the beginning of a plain dump, and do not count rows; of a base backup, do not compare its
    /// files with the manifest, and do not read all of the archive
    #[arg(long)]
    pub quick: bool,
    /// Show every table and every name
    #[arg(long)]
    pub all: bool,
    /// Write JSON
    #[arg(long, conflicts_with = "all")]
    pub json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RowsArgument {
    /// Every value of every row, by digests made inside the sandbox
    Digest,
    /// Only their number
    Count,
    /// Not at all, which the report says
    Off,
}

impl From<RowsArgument> for RowMode {
    fn from(rows: RowsArgument) -> Self {
        match rows {
            RowsArgument::Digest => RowMode::Digest,
            RowsArgument::Count => RowMode::Count,
            RowsArgument::Off => RowMode::Off,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Errors only
    Error,
    /// Warnings too
    Warning,
}

impl From<FailOn> for Severity {
    fn from(fail_on: FailOn) -> Self {
        match fail_on {
            FailOn::Error => Severity::Error,
            FailOn::Warning => Severity::Warning,
        }
    }
}

/// Where rehearsals take place.
#[derive(Debug, Clone, Args)]
pub struct Engine {
    /// What starts the clusters
    #[arg(long = "engine", value_name = "ENGINE", default_value = "auto", env = "PGREHEARSE_ENGINE")]
    pub engine: EngineName,
    /// With the local engine: run the dump's code without bubblewrap around it
    #[arg(long)]
    pub unconfined: bool,
    /// Where images are taken from: REPOSITORY:17 instead of postgres:17
    #[arg(long, value_name = "REPOSITORY", env = "PGREHEARSE_IMAGE_REPOSITORY")]
    pub image_repository: Option<String>,
    /// Neither use nor keep data directories made by initdb
    #[arg(long)]
    pub no_cache: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EngineName {
    /// Docker if it has or can get the image, else the confined local engine
    Auto,
    /// Containers, through the Docker API
    Docker,
    /// A PostgreSQL that is installed on this machine, inside bubblewrap
    Local,
}

impl From<EngineName> for Choice {
    fn from(name: EngineName) -> Self {
        match name {
            EngineName::Auto => Choice::Auto,
            EngineName::Docker => Choice::Docker,
            EngineName::Local => Choice::Local,
        }
    }
}

/// What is shown and written.
#[derive(Debug, Clone, Args)]
pub struct Output {
    /// Write a report: `terminal` or `json`, to standard output or to a file; may be repeated [default: terminal]
    #[arg(long = "report", value_name = "FORMAT[=FILE]")]
    pub reports: Vec<ReportSpec>,
    /// Show every object of every finding
    #[arg(long)]
    pub all: bool,
    /// Print the verdict alone: no progress, and no report that --report does not ask for
    #[arg(short, long)]
    pub quiet: bool,
}

/// Where `init` writes profiles, and `run` looks for them where none is named.
pub const DEFAULT_DIRECTORY: &str = "pgrehearse";

#[derive(Debug, Args)]
pub struct Init {
    /// The dump or base backup: a file or directory of pg_dump or pg_dumpall, in any format, compressed or not, or a directory of
    /// pg_basebackup
    #[arg(value_name = "SOURCE")]
    pub dump: PathBuf,
    /// The WAL archive of the base backup: a directory of segments, compressed or not
    #[arg(long, value_name = "ARCHIVE")]
    pub wal: Option<PathBuf>,
    /// The folder to write into, new or empty; `run` finds the default one by itself
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DIRECTORY)]
    pub dir: PathBuf,
}

#[derive(Debug, Args)]
pub struct Profiles {
    #[command(subcommand)]
    pub action: Option<ProfilesAction>,
}

#[derive(Debug, Subcommand)]
pub enum ProfilesAction {
    /// The built-in profiles
    List,
    /// All that profiles come to, with every default, and where each value comes from
    Show {
        #[arg(required = true, value_name = "PROFILE|FILE|DIR")]
        names: Vec<String>,
        /// The dump that the profiles take values from
        #[arg(long, value_name = "DUMP")]
        dump: Option<PathBuf>,
        /// The text as it is written, with its comments
        #[arg(long, conflicts_with = "dump")]
        raw: bool,
    },
    /// Check profiles; without --live nothing is started
    Check {
        #[arg(required = true, value_name = "PROFILE|FILE|DIR")]
        profiles: Vec<String>,
        /// Start each target's cluster, which finds what only a server refuses: unknown settings, missing locales
        #[arg(long)]
        live: bool,
        #[command(flatten)]
        engine: Engine,
    },
    /// The JSON Schema of profiles, by which editors complete and check
    Schema,
}

#[derive(Debug, Args)]
pub struct Explain {
    /// The name of a finding, or a column or word of the report (`lost`, `origin`); without it, all findings are listed
    #[arg(conflicts_with = "list")]
    pub finding: Option<String>,
    /// List all findings, with their usual severity
    #[arg(long)]
    pub list: bool,
}

#[derive(Debug, Args)]
pub struct Sweep {
    /// Also remove the data directories that are kept between runs
    #[arg(long)]
    pub all: bool,
}

#[derive(Debug, Args)]
pub struct Doctor {
    #[command(flatten)]
    pub engine: Engine,
}

#[derive(Debug, Args)]
pub struct Demo {
    /// Recover a base backup of PostgreSQL 17 with three archives of WAL instead
    #[arg(long)]
    pub recovery: bool,
    #[command(flatten)]
    pub engine: Engine,
    #[command(flatten)]
    pub output: Output,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(arguments: &[&str]) -> Result<Command, String> {
        let parsed = Arguments::try_parse_from(["pgrehearse"].iter().chain(arguments));
        parsed.map(|arguments| arguments.command).map_err(|error| error.to_string())
    }

    fn run(more: &[&str]) -> Result<Recovery, String> {
        match typed(&[&["run", "base"], more].concat())? {
            Command::Run(run) => Ok(run.recovery),
            _ => unreachable!("`run` was typed"),
        }
    }

    #[test]
    fn points_are_typed_as_profiles_write_them() {
        let recovery =
            run(&["--to", "latest", "--to", "-1h", "--to", "time 2026-11-28 11:08:45+00", "--to=xid=11744"]).unwrap();
        let points: Vec<String> = recovery.to.iter().map(ToString::to_string).collect();
        assert_eq!(points, ["latest", "time=-1h", "time=2026-11-28T11:08:45Z", "xid=11744"]);
        assert_eq!(run(&["--timeline", "3"]).unwrap().timeline, Some(TimelineWish::Exactly(3)));
    }

    #[test]
    fn what_is_no_point_or_timeline_is_refused_with_what_to_write() {
        for (more, said) in [
            (
                ["--to", "last"],
                "invalid value 'last' for '--to <POINT>': `last` is no point to recover to; did you mean `latest`?",
            ),
            (["--to", "2026-11-28 11:08:45"], "has no time zone"),
            (["--to", "--timeline"], "is no point to recover to"),
            (["--timeline", "0"], "timelines begin with 1"),
        ] {
            let refused = run(&more).unwrap_err();
            assert!(refused.contains(said), "{more:?}: {refused}");
        }
    }

    #[test]
    fn wal_comes_from_one_place() {
        assert_eq!(run(&["--wal", "archive"]).unwrap().wal, Some(PathBuf::from("archive")));
        assert_eq!(run(&["--wal-command", "get %f %p"]).unwrap().wal_command.as_deref(), Some("get %f %p"));
        let both = run(&["--wal", "archive", "--wal-command", "get %f %p"]).unwrap_err();
        assert!(both.contains("'--wal <ARCHIVE>' cannot be used with '--wal-command <COMMAND>'"), "{both}");
    }

    #[test]
    fn an_archive_alone_can_be_inspected_but_not_nothing() {
        let Command::Inspect(inspect) = typed(&["inspect", "--wal", "archive"]).unwrap() else { unreachable!() };
        assert_eq!((inspect.dump, inspect.wal), (None, Some(PathBuf::from("archive"))));
        let nothing = typed(&["inspect"]).unwrap_err();
        assert!(nothing.contains("<SOURCE>"), "{nothing}");
    }
}
