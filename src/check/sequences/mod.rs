//! Sequences: do they stand where the dump puts them, and can they go on from there?
//!
//! A sequence feeds a column that owns it (`serial`, `OWNED BY`), that is an identity, or whose default is
//! `nextval(…)` of it, owned or not. What it hands out next is `last_value` itself while `is_called` is false, and
//! `last_value` and the increment afterwards: `last_value = max(id)` with `is_called = false` collides too.

mod behind;
mod changed;
mod read;
mod room;

use std::collections::{BTreeMap, HashSet};

use async_trait::async_trait;

use super::{Check, Group, Looked, Restored};
use crate::cluster::ClusterError;
use crate::source::Witness;

pub struct Sequences;

#[async_trait]
impl Check for Sequences {
    fn name(&self) -> &'static str {
        super::SEQUENCES
    }

    fn group(&self) -> Group {
        Group::Sequences
    }

    fn witness(&self) -> Witness {
        // What it says of the dump's `setval` is nothing where there is no dump.
        Witness::Database
    }

    async fn look(&self, restored: &Restored<'_>) -> Result<Looked, ClusterError> {
        let session = restored.session;
        let read = read::sequences(session, &restored.mask, restored.restarted).await?;
        let unread = read.unread.iter().map(|((schema, name), why)| format!("sequence {schema}.{name}: {why}"));
        let mut looked = Looked { could_not: unread.collect(), ..Looked::default() };
        let sequences = read.sequences;
        let collisions =
            behind::judge(session, &sequences, &changed::dumped(restored, &sequences), &restored.mask).await?;
        looked.could_not.extend(collisions.could_not);
        // One that collides or is at its end has its finding.
        let mut reported: HashSet<(&str, &str)> =
            collisions.of.iter().map(|sequence| (sequence.schema.as_str(), sequence.name.as_str())).collect();
        looked.findings = collisions.findings;
        let changed::Judged { findings, compared, lost, apart, could_not } =
            changed::judge(restored, &sequences, &reported, &read.unread);
        looked.apart = apart;
        looked.lost = lost;
        looked.could_not.extend(could_not);
        for (finding, of) in findings {
            looked.findings.push(finding);
            reported.extend(of.iter().map(|sequence| (sequence.schema.as_str(), sequence.name.as_str())));
        }
        let others: Vec<&read::Sequence> = sequences
            .iter()
            .filter(|sequence| !reported.contains(&(sequence.schema.as_str(), sequence.name.as_str())))
            .collect();
        looked.findings.extend(room::judge(&others));
        let feeding = sequences.iter().filter(|sequence| !sequence.columns.is_empty()).count();
        looked.looked_at = format!("{} sequences, {feeding} that feed a column", sequences.len());
        if compared > 0 {
            looked.looked_at.push_str(&format!(", {compared} compared with the dump's setval"));
        }
        let expressions =
            sequences.iter().flat_map(|sequence| &sequence.columns).filter(|column| !column.comparable).count();
        if expressions > 0 {
            let why = "columns not compared because their default is an expression";
            looked.looked_at.push_str(&format!(", {expressions} {why}"));
        }
        looked.compared = BTreeMap::from([("sequence".to_owned(), sequences.len() as u64)]);
        Ok(looked)
    }
}
