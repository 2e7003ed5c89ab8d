//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::engine::choice::Choice;
use crate::finding::Severity;
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
    /// Rehearse dumps in throwaway clusters: one target for each profile
    Run(Run),
    /// Say what a dump is and what it requires, and what profiles would fail on; starts nothing
    Inspect(Inspect),
    /// Write a first set of profiles and queries for a dump
    Init(Init),
    /// List, show or check profiles
    Profiles(Profiles),
    /// Explain a finding (cause, example, fix), or a column of the report
    Explain(Explain),
    /// Remove what dead runs left
    Sweep(Sweep),
    /// Can this machine rehearse, and what is missing
    Doctor(Doctor),
    /// Rehearse an embedded dump in four targets; needs no file
    Demo(Demo),
}

#[derive(Debug, Args)]
// Otherwise clap lists what the environment sets as needed, where an argument is missing.
#[command(override_usage = "pgrehearse run [OPTIONS] <DUMP>...")]
pub struct Run {
    /// The dump: a file or directory of pg_dump or pg_dumpall, in any format, compressed or not; each of several is rehearsed in
    /// every target
    #[arg(required = true, value_name = "DUMP")]
    pub dumps: Vec<PathBuf>,
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

#[derive(Debug, Args)]
pub struct Inspect {
    /// The dump: a file or directory of pg_dump or pg_dumpall, in any format, compressed or not
    pub dump: PathBuf,
    /// A profile to compare it with: a built-in name, a file, or a directory of files; may be repeated
    #[arg(short, long = "profile", value_name = "PROFILE|FILE|DIR")]
    pub profiles: Vec<String>,
    /// Look at the table of contents, or the beginning of a plain dump, and do not count rows
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
    /// The dump: a file or directory of pg_dump or pg_dumpall, in any format, compressed or not
    pub dump: PathBuf,
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
    #[command(flatten)]
    pub engine: Engine,
    #[command(flatten)]
    pub output: Output,
}
