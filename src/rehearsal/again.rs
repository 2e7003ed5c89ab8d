//! A restored database that is judged more than once: something is changed in it, and the checks say whether they see it.
//! What looks and what judges is what a run does.

use async_trait::async_trait;

use super::Rehearsal;
use super::conclusion::conclude;
use super::draft::Draft;
use super::judging::EndedRestore;
use super::progress::Progress;
use super::stopped::Stopped;
use crate::engine::Sandbox;
use crate::event::Events;
use crate::profile::Target;

/// What is done with a sandbox between its checks and its end.
#[doc(hidden)]
#[async_trait]
pub trait AfterRestore: Send + Sync {
    /// Does it. The sandbox goes when this ends.
    async fn work(&self, again: &Again<'_>);
}

/// A restored sandbox that can be judged as often as is wanted.
#[doc(hidden)]
pub struct Again<'a> {
    pub(super) ended_restore: EndedRestore<'a>,
    /// All that the rehearsal says before a check has looked.
    pub(super) before_looking: Draft,
    pub(super) events: &'a Events,
}

impl Again<'_> {
    pub fn sandbox(&self) -> &dyn Sandbox {
        self.ended_restore.sandbox
    }

    pub fn target(&self) -> &Target {
        self.ended_restore.target
    }

    /// Runs the checks on what is there now, and gives the rehearsal that a run would have come to.
    ///
    /// # Errors
    /// When the sandbox does not answer.
    pub async fn judge(&self) -> Result<Rehearsal, String> {
        let EndedRestore { context, target, .. } = self.ended_restore;
        let mut draft = self.before_looking.clone();
        let mut progress = Progress::default();
        match self.ended_restore.look(&mut draft, &mut progress, self.events).await {
            Ok(()) => {}
            Err(Stopped::Cluster(error)) => return Err(error.to_string()),
            Err(_) => return Err("the sandbox has ended".into()),
        }
        progress.settle(context, target, &mut draft, None);
        Ok(conclude(context, draft, target, false).await)
    }
}
