//! Base backups: what they say of themselves, and what they hold.

mod backup;
mod barman;
mod chain;
mod configuration;
mod control;
mod entry;
mod error;
mod gate;
mod head;
mod label;
mod layout;
mod manifest;
mod packed;
mod path;
mod plain;
mod start;
mod stream;
mod survey;
mod tablespace;
mod tar;
#[cfg(test)]
mod tests;
mod verify;

pub use backup::{Base, Form};
pub use barman::{
    BackupInfo, BackupInfoError, BackupStatus, BarmanBackup, BarmanServer, BarmanTablespace, Choice, ChoiceError,
    Identity,
};
pub use chain::{Chain, ChainError, ChainMember};
pub use configuration::{
    Configuration, Include, IncludeKind, Line, Obstacle, ObstacleKind, Setting, SyntaxError, obstacles,
};
pub use control::{Control, ControlError, State, WalLevel};
pub use entry::{Entry, EntryKind, Place, VisitError};
pub use error::BaseError;
pub use gate::Refusal;
pub use head::Head;
pub use label::{IncrementalFrom, Label, LabelError, Method, Origin, Stop};
pub use layout::{Found, recognise};
pub use manifest::{Algorithm, Checksum, Manifest, ManifestError, ManifestFile, ManifestHead, WalRange, read_manifest};
pub use path::{MemberPath, PathRefusal};
pub use plain::LeftOut;
pub use start::NoStart;
pub use survey::{ConfigurationText, Some1000, Survey};
pub use tablespace::{Oid, Tablespace, TablespaceContent, TablespaceMapError, parse_tablespace_map};
pub use tar::{HeaderFault, TarError};
pub use verify::{Verification, Verifier};
