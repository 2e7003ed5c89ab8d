//! What is known of a restore beside its failures.

use pgdump_reader::{Dump, Scan};

use super::DatabaseFacts;
use super::kind::Context;
use super::mask::Mask;
use crate::profile::Target;

/// What is known beside the failures themselves.
pub struct Situation<'a> {
    pub dump: &'a Dump,
    /// What a full pass over the dump has found.
    pub scan: &'a Scan,
    /// What the restore met in the databases.
    pub databases: &'a DatabaseFacts,
    /// Tables that the dump creates and whose data were left out of it.
    pub without_data: Vec<String>,
    /// Whether the script took superuser from the role that is the cluster's.
    pub superuser_lost: bool,
    pub target: &'a Target,
    /// The version of the client that restored, as it gives it: `17.6`.
    pub client: &'a str,
    /// The major version of the server, where it is known.
    pub server: Option<u16>,
    /// What may be shown.
    pub mask: Mask<'a>,
}

impl<'a> Situation<'a> {
    /// What words for people rest on.
    pub(super) fn context(&self) -> Context<'a> {
        Context {
            dump: self.dump,
            target: self.target,
            facts: &self.scan.facts,
            declared: &self.scan.declared,
            client: self.client.into(),
            server: self.server,
            has_own: self.databases.has_own,
        }
    }
}
