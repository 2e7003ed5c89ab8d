//! Where the server stopped, held against where it had to stop.

use std::time::{Duration, Instant};

use pgbackup_reader::reach::ServerWould;

use super::super::draft::Draft;
use super::super::stopped::Stopped;
use super::super::{Timed, Whereabouts};
use super::{Recovering, summary};
use crate::cluster::{MAINTENANCE_DATABASE, Session};
use crate::finding::{Finding, Name};
use crate::recovery::{Answer, Fed, Halt, Server, Stop, disagreement};

/// What the kernel says to a server that asks for more memory than there is.
const NO_MEMORY: &str = "could not map anonymous shared memory";

impl Recovering<'_> {
    /// Judges how the server came to a halt, and promotes it where it stopped as it had to. The session is the superuser's, in the
    /// promoted server; `None` where there is none to check.
    pub(super) async fn arrive(
        &self,
        draft: &mut Draft,
        server: &mut Server<'_>,
        halt: Halt,
        fed: &Fed,
        replayed: Duration,
    ) -> Result<Option<Session>, Stopped> {
        if let Some(recovery) = &mut draft.recovery {
            let asked = fed.asked();
            recovery.files_asked = asked.len() as u64;
            let absent = asked.iter().filter(|asked| asked.answer == Answer::Absent);
            recovery.files_absent = absent.map(|asked| asked.name.clone()).collect();
            recovery.figures.wal_bytes = fed.bytes();
            recovery.figures.replay = Some(Timed(replayed));
        }
        if let Some(finding) = summary::nothing_fetched(self.source, &fed.asked()) {
            add(draft, finding);
        }
        let line = match halt {
            Halt::Ended { code } => {
                self.gave_up(draft, server, code);
                return Ok(None);
            }
            Halt::Insufficient { line } => {
                draft
                    .untested
                    .push(format!("the recovering server waits for higher settings than it was started with: {line}"));
                return Ok(None);
            }
            Halt::Paused { line } => Some(line),
            Halt::Promoted { line } => line,
        };
        let session = server.session(MAINTENANCE_DATABASE).await?;
        let position = server.position(&session).await?;
        if let Some(recovery) = &mut draft.recovery {
            recovery.server_said.extend(line.clone());
            recovery.replayed = Some(Whereabouts {
                lsn: position.replayed.map(|lsn| lsn.to_string()).unwrap_or_default(),
                // After a promotion it would be the new one.
                timeline: None,
                last_transaction: position.last_transaction,
            });
        }
        if position.archive_mode != "off" {
            let reason =
                format!("archive_mode is {} in the recovered server, which must never archive", position.archive_mode);
            draft.untested.push(reason);
            return Ok(None);
        }
        let stop = &self.planned.plan.wanted.stop;
        match &self.planned.plan.expected {
            Some(expected) if matches!(expected.server_would, ServerWould::Refuse(_)) => {
                let reason = "the server recovered, and by reading the archive it had to give up: one of the two is wrong, please report it";
                draft.untested.push(reason.to_owned());
                return Ok(None);
            }
            Some(expected) => {
                let had_to_be = (expected.lsn, expected.last_transaction);
                let is = (position.replayed, position.last_transaction);
                if let Some(reason) = disagreement(had_to_be, is) {
                    draft.untested.push(reason);
                    return Ok(None);
                }
            }
            // Nobody knows where it had to stop: that it says so itself is all there is.
            None if *stop != Stop::End && line.is_none() => {
                add(draft, summary::stopped_before(&self.planned.point, &position));
            }
            None => {}
        }
        let promoting = Instant::now();
        if position.in_recovery {
            server.promote(&session).await?;
            if let Some(recovery) = &mut draft.recovery {
                recovery.figures.promote = Some(Timed(promoting.elapsed()));
            }
        }
        Ok(Some(session))
    }

    /// The server has ended by itself.
    fn gave_up(&self, draft: &mut Draft, server: &Server<'_>, code: i64) {
        let words = server.last_words();
        if words.iter().any(|words| words.contains(NO_MEMORY)) {
            draft.untested.push(format!(
                "the sandbox has too little memory for this server ({}); raise `limits.memory`",
                words.join(" ")
            ));
        }
        let expected = self.planned.plan.expected.as_ref();
        let was_expected = expected.is_some_and(|expected| matches!(expected.server_would, ServerWould::Refuse(_)));
        if let Some(recovery) = &mut draft.recovery {
            recovery.server_said.extend(words.iter().cloned());
        }
        let is_explained = draft.recovery.iter().flat_map(|recovery| &recovery.findings).any(Finding::fails);
        if was_expected && is_explained {
            return;
        }
        let title = match words.first() {
            Some(first) => format!("the server gave up: {first}"),
            None => format!("the server ended with exit code {code} while it recovered"),
        };
        let mut finding = Finding::new(Name::RecoveryRefused, title);
        finding.evidence = words.into_iter().skip(1).collect();
        add(draft, finding);
    }
}

/// One more finding of the recovery.
fn add(draft: &mut Draft, finding: Finding) {
    draft.recovery.iter_mut().for_each(|recovery| recovery.findings.push(finding.clone()));
}
