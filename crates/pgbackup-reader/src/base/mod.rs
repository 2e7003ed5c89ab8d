//! Base backups: what they say of themselves, and what they hold.

mod control;
mod label;
mod manifest;
mod path;
#[cfg(test)]
mod tests;

pub use control::{Control, ControlError, State, WalLevel};
pub use label::{IncrementalFrom, Label, LabelError, Method, Origin, Stop};
pub use manifest::{Algorithm, Checksum, Manifest, ManifestError, ManifestFile, ManifestHead, WalRange, read_manifest};
pub use path::{MemberPath, PathRefusal};
