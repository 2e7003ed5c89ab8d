//! What `pgrehearse inspect` says of a dump, as data; the terminal's page and the JSON are drawn from it.

pub mod backup;
mod describe;
pub mod terminal;
#[cfg(test)]
mod tests;
mod unusual;

use std::io;

use pgdump_reader::{Damage, Dump, Facts, Requirements, Scan};
use serde::Serialize;

use crate::check::CheckResult;
use crate::rehearsal::{Rehearsal, Verdict};

/// The format's name and version. The number grows when a reader could break.
pub const SCHEMA: &str = "pgrehearse.inspect/1";

/// All that was found in a dump without an engine.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inspection {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The version of pgrehearse that looked.
    pub pgrehearse: &'static str,
    pub dump: About,
    /// Whether all of it was read: only then are rows counted and is damage known.
    pub read_whole: bool,
    /// Whether an end is known by which a part would be told from the whole: a script that pg_dump has not written has none.
    #[serde(skip)]
    pub has_known_end: bool,
    pub damage: Vec<DamagedPlace>,
    pub requires: Requires,
    /// By size, the largest first; then by name.
    pub tables: Vec<TableRow>,
    pub large_objects: u64,
    /// For people: what one would not expect of a dump.
    pub unusual: Vec<String>,
    /// What each target would fail on, by name.
    pub targets: Vec<TargetPreflight>,
}

/// What the dump is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct About {
    pub path: String,
    /// For people: `custom archive 1.14, gzip`.
    pub format: String,
    /// Bytes of the file, or of all files of the directory.
    pub size: u64,
    /// In the local time of the machine that made it.
    pub created: Option<String>,
    /// The database that was dumped; more in [`Requires::databases`].
    pub database: Option<String>,
    pub server_version: Option<String>,
    pub pg_dump_version: Option<String>,
    pub encoding: Option<String>,
    /// Entries of an archive's table of contents.
    pub entries: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DamagedPlace {
    pub what: String,
    /// Bytes from the beginning.
    pub at: Option<u64>,
    pub table: Option<String>,
}

/// What a target must have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Requires {
    /// The oldest major version of the server that has all that the dump uses; null where nothing is known to be new.
    pub server_from: Option<u16>,
    /// The newest that still has it; null where no version is too new.
    pub server_to: Option<u16>,
    /// The oldest major version of pg_restore; null for a plain dump.
    pub client: Option<u16>,
    pub client_because: Option<String>,
    /// Whether psql must know `\restrict`.
    pub restricted: bool,
    pub roles: Vec<RoleNeed>,
    pub extensions: Vec<ExtensionNeed>,
    pub languages: Vec<String>,
    pub tablespaces: Vec<String>,
    pub access_methods: Vec<String>,
    pub encoding: Option<String>,
    pub databases: Vec<DatabaseNeed>,
    pub collations: Vec<String>,
    pub collations_created: Vec<CollationMade>,
    pub publications: Vec<String>,
    pub subscriptions: Vec<String>,
    pub event_triggers: Vec<String>,
    pub foreign_data_wrappers: Vec<String>,
    pub foreign_servers: Vec<String>,
    pub security_label_providers: Vec<String>,
    pub session_settings: Vec<String>,
    pub object_settings: Vec<SettingNeed>,
    pub features: Vec<FeatureNeed>,
    /// Needed only where the restore creates the database.
    pub database_features: Vec<FeatureNeed>,
    pub superuser: Vec<SuperuserNeed>,
    /// Whether something was too long to be looked into, so that more may be needed.
    pub not_looked_into: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoleNeed {
    pub name: String,
    pub owns: u64,
    pub granted: u64,
    pub policies: u64,
    pub other: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExtensionNeed {
    pub name: String,
    pub schema: Option<String>,
    pub version: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DatabaseNeed {
    pub name: String,
    pub encoding: Option<String>,
    pub collate: Option<String>,
    pub ctype: Option<String>,
    pub provider: Option<String>,
    pub provider_locale: Option<String>,
    pub tablespace: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CollationMade {
    pub name: String,
    pub provider: Option<String>,
    pub locale: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SettingNeed {
    pub name: String,
    pub objects: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeatureNeed {
    pub name: &'static str,
    /// The first major version that has it.
    pub since: Option<u16>,
    /// The first that no longer has it.
    pub gone: Option<u16>,
    /// Where PostgreSQL says so.
    pub source: &'static str,
    pub objects: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SuperuserNeed {
    pub kind: &'static str,
    pub objects: Vec<String>,
}

/// A table and its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableRow {
    pub database: Option<String>,
    pub schema: Option<String>,
    pub name: String,
    /// Whether the dump has data for it.
    pub has_data: bool,
    /// Null where they were not counted.
    pub rows: Option<u64>,
    /// Of the data as text, decompressed; null where they were not read.
    pub bytes: Option<u64>,
}

/// What is expected of a target.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TargetPreflight {
    pub target: String,
    pub description: String,
    pub findings: Vec<crate::finding::Finding>,
}

impl Inspection {
    /// Puts together what is known of a dump: by all of it, or, without a scan, by its beginning.
    pub fn of(dump: &Dump, facts: &Facts, scan: Option<&Scan>, targets: Vec<TargetPreflight>) -> Self {
        let requirements = Requirements::of(dump, facts);
        let damage = scan.map(|scan| scan.damage.iter().map(DamagedPlace::of).collect()).unwrap_or_default();
        Self {
            schema: SCHEMA,
            pgrehearse: env!("CARGO_PKG_VERSION"),
            dump: About::of(dump, facts),
            read_whole: scan.is_some(),
            has_known_end: dump.is_from_pg_dump(),
            damage,
            unusual: unusual::of(dump, facts, scan, &requirements),
            requires: describe::requires(&requirements),
            tables: describe::tables(facts, scan.is_some()),
            large_objects: {
                let read = scan.map_or(0, |scan| scan.large_objects.iter().map(|(_, data)| data.objects).sum());
                facts.large_objects.max(read)
            },
            targets,
        }
    }

    /// Whether the dump is damaged or a target would fail.
    pub fn fails(&self) -> bool {
        !self.damage.is_empty() || self.targets.iter().any(TargetPreflight::fails)
    }

    /// Writes it as indented JSON with a line break at the end.
    ///
    /// # Errors
    /// Those of `out`, with their kind kept.
    pub fn write_json(&self, out: &mut dyn io::Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        out.write_all(b"\n")
    }
}

impl TargetPreflight {
    pub fn fails(&self) -> bool {
        self.findings.iter().any(crate::finding::Finding::fails)
    }

    /// The same as a target of a run's report, so that it is drawn alike.
    fn as_rehearsal(&self) -> Rehearsal {
        Rehearsal {
            verdict: if self.fails() { Verdict::Fail } else { Verdict::Untested },
            checks: vec![CheckResult {
                outcome: crate::check::Outcome::Looked { findings: self.findings.clone() },
                ..CheckResult::new(crate::check::REQUIREMENTS, crate::check::Group::Requirements)
            }],
            ..Rehearsal::untested("", &self.target, &self.description, Vec::new())
        }
    }
}

impl About {
    fn of(dump: &Dump, facts: &Facts) -> Self {
        let (created, database, entries) = match dump.archive() {
            Some(archive) => (
                archive.created.map(|created| created.strftime("%Y-%m-%d %H:%M:%S").to_string()),
                dump.database(),
                Some(archive.entries.len() as u64),
            ),
            None => {
                let database = match facts.databases.as_slice() {
                    [one] => Some(one.as_str()),
                    _ => None,
                };
                (None, database, None)
            }
        };
        Self {
            path: dump.path.display().to_string(),
            format: dump.format_label(),
            size: dump.size,
            created,
            database: database.map(str::to_owned),
            server_version: dump.server_version().map(str::to_owned),
            pg_dump_version: dump.pg_dump_version().map(str::to_owned),
            encoding: facts.encoding.clone(),
            entries,
        }
    }
}

impl DamagedPlace {
    fn of(damage: &Damage) -> Self {
        Self { what: damage.what.clone(), at: damage.at, table: damage.table.clone() }
    }
}
