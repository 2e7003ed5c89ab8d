//! What the profile asks of the point that a backup was recovered to: what holds there, and what has not happened yet.

use async_trait::async_trait;

use super::{Sessions, ask, is_asked_here, label};
use crate::check::{Check, Group, Looked, Restored};
use crate::cluster::ClusterError;
use crate::finding::{Finding, Name};
use crate::profile::Query;
use crate::source::Witness;

pub struct Point;

#[async_trait]
impl Check for Point {
    fn name(&self) -> &'static str {
        "point"
    }

    fn group(&self) -> Group {
        Group::Queries
    }

    fn witness(&self) -> Witness {
        Witness::Database
    }

    async fn look(&self, restored: &Restored<'_>) -> Result<Looked, ClusterError> {
        let recovery = &restored.target.recovery;
        let mut looked = Looked::default();
        let mut sessions = Sessions::of_database(restored);
        let mut asked = 0;
        for (queries, side) in [(&recovery.before, Name::BeforeAbsent), (&recovery.after, Name::AfterPresent)] {
            let here = queries.iter().filter(|query| is_asked_here(query.database.as_deref(), restored));
            for query in here.filter(|query| !restored.avoids(&label(query))) {
                asked += 1;
                let known = looked.findings.len();
                match sessions.of(query.as_role.as_deref()).await? {
                    Ok(session) => ask(session, query, &restored.mask, &mut looked).await?,
                    Err(refusal) => looked.could_not.push(restored.mask.turned_away(refusal)),
                }
                looked.findings.iter_mut().skip(known).for_each(|finding| on_side(finding, query, side));
            }
        }
        looked.looked_at = format!("{asked} queries");
        looked.compared.insert("query".into(), asked);
        Ok(looked)
    }
}

/// A query that is not answered as it should be, as a finding of its side of the point.
fn on_side(finding: &mut Finding, query: &Query, side: Name) {
    // One that could not be asked says nothing of either side.
    if finding.title.ends_with(" failed") {
        return;
    }
    finding.name = side;
    finding.severity = finding.severity.min(side.severity());
    finding.origin = side.origin();
    finding.title = match side {
        Name::AfterPresent => format!("what came after the point is there: query {:?}", query.name),
        _ => format!("what holds at the point is not there: query {:?}", query.name),
    };
    finding.fix = side.kind().fix.to_owned();
}
