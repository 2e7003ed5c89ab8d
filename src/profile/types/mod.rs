//! What a profile says, as typed data. The YAML keys are the field names, and the comments of the fields are what a user
//! reads of them.

mod checks;
mod cluster;
mod database;
mod decisions;
mod extensions;
mod recovery;
mod restore;
mod roles;
mod target;

pub use checks::{Budget, Checks, Expect, Operator, Query, QuerySeverity, TableAsk, TestFile};
pub use cluster::{Cluster, Entrypoint, LocaleProvider, Pull, Setting, Tablespace};
pub use database::{Database, Init, Public, Schema, Template};
pub use decisions::{Accept, Severity};
pub use extensions::{Extensions, Installed, RuledOut};
pub use recovery::{BaseWish, Point, PointTime, Recovery, TimelineWish};
pub use restore::{Client, Jobs, Limits, Restore};
pub use roles::{Membership, Role};
pub use target::Target;
