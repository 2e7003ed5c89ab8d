//! Objects: everything that the dump declares is there again, with the same definition, and nothing else is.
//!
//! The target's own pg_dump writes the schema of the restored database, which is read as the dump is, entry by entry.
//! What differs only because versions write it differently is no difference ([`rules`]). Owners and privileges are compared
//! by checks of their own.

mod compare;
mod rules;
mod told;

use async_trait::async_trait;

use super::scope::{self, in_database};
use super::{Check, Group, Looked, Restored};
use crate::cluster::ClusterError;
use crate::dump::{Content, Declared};
use rules::Majors;

pub struct Objects;

#[async_trait]
impl Check for Objects {
    fn name(&self) -> &'static str {
        "objects"
    }

    fn group(&self) -> Group {
        Group::Objects
    }

    async fn look(&self, restored: &Restored<'_>) -> Result<Looked, ClusterError> {
        let scan = restored.scan;
        let dumped: Vec<&Declared> = in_database(&scan.declared, restored, |object| &object.database).collect();
        if dumped.is_empty()
            && let Content::Plain(plain) = &restored.dump.content
            && !scan.facts.tables.is_empty()
        {
            let who = if plain.from_pg_dump {
                "pg_dump's comments were taken out of it"
            } else {
                "pg_dump has not written it"
            };
            return Ok(Looked {
                looked_at: "no object".into(),
                not_compared: vec![format!("definitions of objects: the script does not name its objects, {who}")],
                ..Looked::default()
            });
        }
        let schema = rules::with_attachments(restored.schema().await?.to_vec());
        let dumped = rules::with_attachments(dumped.into_iter().cloned().collect());
        let target = scope::server_major(restored.session).await?;
        let majors = Majors { source: scope::source_major(restored.dump).unwrap_or(target), target };
        let comparison = compare::compare(&dumped, &schema, restored.failures, majors);
        Ok(told::told(restored, &comparison, majors))
    }
}
