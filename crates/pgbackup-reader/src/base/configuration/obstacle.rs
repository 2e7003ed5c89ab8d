//! What in a base backup's own configuration stops a server from being started elsewhere, or does harm there.
//!
//! Each of these was met on a real server, 15 unless said otherwise. Names that are not known here are not judged: a server of
//! another build may know them.

use std::fmt;

use crate::base::configuration::{Configuration, Include, IncludeKind, Line, Setting};
use crate::base::survey::Survey;

/// What stops a start elsewhere, or does harm there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// The setting; `postgresql.conf` where the file itself is meant.
    pub setting: String,
    /// Where it stands; `None` for a file that is not there.
    pub place: Option<Line>,
    /// What is in the way.
    pub kind: ObstacleKind,
}

/// The ways in which a configuration is bound to its machine. No value that may hold a password is in any of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObstacleKind {
    /// There is no `postgresql.conf`, as with Debian, which keeps it in `/etc`: the server has nothing to start on.
    NoConfiguration,
    /// A line that the server refuses.
    Syntax,
    /// A file or directory outside of the data directory, or one that is not in the backup, without which the server does not
    /// start.
    FileNeeded {
        /// As it stands there.
        path: String,
        /// Whether it would be in the backup: the path is relative, and nothing is there.
        missing: bool,
    },
    /// The data directory is said to be elsewhere.
    DataDirectory(String),
    /// Directories outside of the data directory that the server writes to.
    DirectoryNeeded(String),
    /// `huge_pages = on`: no start where the machine has none set aside.
    HugePages,
    /// Memory that the server takes when it starts, in bytes.
    Memory(u64),
    /// Libraries that must be installed.
    Libraries(Vec<String>),
    /// A locale that must be installed.
    Locale(String),
    /// A server started on it would write into the production's archive.
    WritesArchive,
    /// A server started on it as a standby would look for its primary and never end.
    PrimaryConnection,
    /// What a recovery before this one was told, which would stop this one or lead it elsewhere.
    OldRecovery,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let setting = &self.setting;
        match &self.kind {
            ObstacleKind::NoConfiguration => write!(f, "there is no postgresql.conf in the data directory")?,
            ObstacleKind::Syntax => write!(f, "the server refuses a line")?,
            ObstacleKind::FileNeeded { path, missing: true } => {
                write!(f, "{setting} needs {path}, which is not in the backup")?
            }
            ObstacleKind::FileNeeded { path, missing: false } => write!(f, "{setting} needs {path} on the machine")?,
            ObstacleKind::DataDirectory(path) => write!(f, "{setting} says that the data directory is {path}")?,
            ObstacleKind::DirectoryNeeded(path) => write!(f, "{setting} needs the directory {path} on the machine")?,
            ObstacleKind::HugePages => write!(f, "{setting} = on needs huge pages set aside on the machine")?,
            ObstacleKind::Memory(bytes) => write!(f, "{setting} takes {} MiB of memory", bytes >> 20)?,
            ObstacleKind::Libraries(names) => write!(f, "{setting} needs {}", names.join(", "))?,
            ObstacleKind::Locale(name) => write!(f, "{setting} needs the locale {name}")?,
            ObstacleKind::WritesArchive => {
                write!(f, "{setting} would write into the archive that the backup comes from")?
            }
            ObstacleKind::PrimaryConnection => write!(f, "{setting} leads to the primary")?,
            ObstacleKind::OldRecovery => write!(f, "{setting} is left from an earlier recovery")?,
        }
        match &self.place {
            Some(place) => write!(f, " ({place})"),
            None => Ok(()),
        }
    }
}

/// Above what initdb sets at most, memory is worth a word.
const USUAL_SHARED_BUFFERS: u64 = 128 << 20;

/// What the base's own configuration would meet on another machine, in the order of its lines, what spans files first.
pub fn obstacles(survey: &Survey) -> Vec<Obstacle> {
    let mut configuration = Configuration::default();
    let mut found = Vec::new();
    match survey.configuration("postgresql.conf") {
        Some(file) => configuration.add(&file.name, &file.text),
        None => {
            found.push(Obstacle { setting: "postgresql.conf".into(), place: None, kind: ObstacleKind::NoConfiguration })
        }
    }
    if let Some(file) = survey.configuration("postgresql.auto.conf") {
        configuration.add(&file.name, &file.text);
    }
    let refused = |error: &super::SyntaxError| Obstacle {
        setting: error.0.file.clone(),
        place: Some(error.0.clone()),
        kind: ObstacleKind::Syntax,
    };
    found.extend(configuration.errors.iter().map(refused));
    found.extend(configuration.includes.iter().filter_map(|include| of_include(include, survey)));
    found.extend(configuration.effective().filter_map(|setting| {
        let kind = of_setting(setting, &configuration, survey)?;
        Some(Obstacle { setting: setting.name.clone(), place: Some(setting.place.clone()), kind })
    }));
    found
}

fn of_include(include: &Include, survey: &Survey) -> Option<Obstacle> {
    let path = &include.path;
    let here = match include.kind {
        IncludeKind::FileIfExists => return None,
        IncludeKind::File => survey.has_file(path),
        IncludeKind::Directory => survey.has_directory(path),
    };
    (!here).then(|| Obstacle {
        setting: include.kind.label().to_owned(),
        place: Some(include.place.clone()),
        kind: ObstacleKind::FileNeeded { path: path.clone(), missing: !path.starts_with('/') },
    })
}

fn of_setting(setting: &Setting, all: &Configuration, survey: &Survey) -> Option<ObstacleKind> {
    let value = setting.value.as_str();
    let is_on = |name: &str| all.get(name).is_some_and(|setting| on(&setting.value));
    if value.is_empty() {
        return None;
    }
    let file = || {
        let missing = !value.starts_with('/');
        (!survey.has_file(value)).then(|| ObstacleKind::FileNeeded { path: value.to_owned(), missing })
    };
    match setting.name.as_str() {
        "ssl_cert_file" | "ssl_key_file" | "ssl_ca_file" | "ssl_crl_file" | "ssl_dh_params_file" if is_on("ssl") => {
            file()
        }
        "ssl_crl_dir" if is_on("ssl") => Some(ObstacleKind::DirectoryNeeded(value.to_owned())),
        // Without a name of its own the certificate is server.crt in the data directory.
        "ssl" if on(value) && all.get("ssl_cert_file").is_none() && !survey.has_file("server.crt") => {
            Some(ObstacleKind::FileNeeded { path: "server.crt".into(), missing: true })
        }
        "hba_file" | "ident_file" => file(),
        "data_directory" => Some(ObstacleKind::DataDirectory(value.to_owned())),
        "log_directory" if value.starts_with('/') && is_on("logging_collector") => {
            Some(ObstacleKind::DirectoryNeeded(value.to_owned()))
        }
        "stats_temp_directory" if value.starts_with('/') => Some(ObstacleKind::DirectoryNeeded(value.to_owned())),
        "unix_socket_directories" if value != "/tmp" && !value.starts_with('@') => {
            Some(ObstacleKind::DirectoryNeeded(value.to_owned()))
        }
        "huge_pages" if on(value) => Some(ObstacleKind::HugePages),
        "shared_buffers" => {
            let block = survey.head.control().map_or(8192, |control| u64::from(control.block_size));
            memory(value, block).filter(|&bytes| bytes > USUAL_SHARED_BUFFERS).map(ObstacleKind::Memory)
        }
        "shared_preload_libraries" | "session_preload_libraries" | "local_preload_libraries" => {
            let names = value.split(',').map(|name| name.trim().trim_matches('"')).filter(|name| !name.is_empty());
            Some(ObstacleKind::Libraries(names.map(str::to_owned).collect()))
        }
        "archive_library" => Some(ObstacleKind::Libraries(vec![value.to_owned()])),
        "lc_messages" | "lc_monetary" | "lc_numeric" | "lc_time" => {
            // Debian has always had the last two, and glibc itself from 2.35 on.
            let everywhere = ["C", "POSIX", "C.UTF-8", "C.utf8"].iter().any(|name| value.eq_ignore_ascii_case(name));
            (!everywhere).then(|| ObstacleKind::Locale(value.to_owned()))
        }
        "archive_mode" if on(value) || value.eq_ignore_ascii_case("always") => {
            let says = |name| all.get(name).is_some_and(|setting: &Setting| !setting.value.is_empty());
            (says("archive_command") || says("archive_library")).then_some(ObstacleKind::WritesArchive)
        }
        "primary_conninfo" | "primary_slot_name" => Some(ObstacleKind::PrimaryConnection),
        "restore_command" | "archive_cleanup_command" | "recovery_end_command" => Some(ObstacleKind::OldRecovery),
        name if name.starts_with("recovery_target") => Some(ObstacleKind::OldRecovery),
        _ => None,
    }
}

/// As `parse_bool` takes it (src/backend/utils/adt/bool.c): `on`, `1`, and beginnings of `true` and `yes`.
fn on(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    matches!(value.as_str(), "on" | "1")
        || (!value.is_empty() && ("true".starts_with(&value) || "yes".starts_with(&value)))
}

/// An amount of memory in bytes; without a unit it counts pages (`convert_to_base_unit` in src/backend/utils/misc/guc.c).
fn memory(value: &str, block: u64) -> Option<u64> {
    let value = value.trim();
    let end = value.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(value.len());
    let number: f64 = value[..end].parse().ok()?;
    let unit = match value[end..].trim() {
        "" => block,
        "B" => 1,
        "kB" => 1 << 10,
        "MB" => 1 << 20,
        "GB" => 1 << 30,
        "TB" => 1 << 40,
        _ => return None,
    };
    // Saturates, as casts from floating point do.
    Some((number * unit as f64) as u64)
}
