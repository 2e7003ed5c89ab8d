//! Which rehearsals, in what order, how many at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::event::{EventKind, Events, RehearsalName, Reporter};
use crate::finding::Severity;
use crate::profile::Target;
use crate::rehearsal::{Context, Rehearsal, Verdict, rehearse};

/// How many rehearsals may run at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// How many at most; `None` leaves it to the CPUs.
    pub jobs: Option<usize>,
    /// CPUs of the machine that the sandboxes share.
    pub cpus: usize,
    /// Bytes of memory of that machine.
    pub memory: u64,
}

/// A unit of the memory that is handed out, in bytes: semaphores count in numbers smaller than bytes.
const MIB: u64 = 1 << 20;

impl Capacity {
    /// Rehearsals at once, by CPUs: most of a rehearsal is one or two busy processes.
    fn slots(&self) -> usize {
        self.jobs.unwrap_or_else(|| self.cpus.max(1)).max(1)
    }

    /// MiB of memory limits that may be handed out at once: three quarters of the machine.
    fn memory_units(&self) -> u32 {
        u32::try_from(self.memory / MIB / 4 * 3).unwrap_or(u32::MAX >> 4).clamp(1, u32::MAX >> 4)
    }
}

/// Rehearses each source in its target, in this order, which is that of the result too. One that fails never stops the others,
/// unless `fail_fast` says so; what was not begun then is untested.
pub async fn run(
    all: Vec<(Context, Target)>,
    capacity: Capacity,
    fail_fast: bool,
    reporter: &Reporter,
) -> Vec<Rehearsal> {
    let slots = Arc::new(Semaphore::new(capacity.slots()));
    let units = capacity.memory_units();
    let memory = Arc::new(Semaphore::new(units as usize));
    let mut running = Vec::new();
    let several_sources = all.iter().any(|(context, _)| context.source.name() != all[0].0.source.name());
    for (context, target) in all {
        // A target that wants more than there is gets all of it, alone; its limit then says what happened.
        let wanted = u32::try_from(target.limits.memory.0 / MIB).unwrap_or(units).clamp(1, units);
        // Room is given out here and not by the tasks, which would race for it: they begin in the order of their names.
        let permits = tokio::select! {
            permits = acquire(Arc::clone(&slots), Arc::clone(&memory), wanted) => permits,
            () = context.interrupt.cancelled() => None,
        };
        let name = context.name(&target);
        let (description, fail_on) = (target.description.clone(), context.fail_on);
        let events = reporter.of_rehearsal(name.clone());
        let task = tokio::spawn(async move {
            let rehearsal = rehearse_unless_stopped(&context, &target, &events).await;
            if fail_fast && rehearsal.verdict == Verdict::Fail {
                let of_source = if several_sources { format!("{} in ", context.source.name()) } else { String::new() };
                // The first one counts.
                let _ = context.stopped_by.set(format!("{of_source}{}", target.name));
                context.interrupt.cancel();
            }
            events.finished(rehearsal.verdict, rehearsal.summary()).await;
            // Only now may the next one begin, which looks at what this one came to.
            drop(permits);
            rehearsal
        });
        running.push((name, description, fail_on, task));
    }
    let mut rehearsals = Vec::new();
    for (name, description, fail_on, task) in running {
        rehearsals.push(match task.await {
            Ok(rehearsal) => rehearsal,
            Err(error) => {
                let reason = format!("pgrehearse itself failed ({error}), which is a bug; please report it");
                reporter.of_rehearsal(name.clone()).finished(Verdict::Untested, reason.clone()).await;
                untested(&name, &description, fail_on, reason)
            }
        });
    }
    rehearsals
}

/// Rehearses one target, unless the run has been stopped before its turn came.
async fn rehearse_unless_stopped(context: &Context, target: &Target, events: &Events) -> Rehearsal {
    let untested = |reason: String| untested(&context.name(target), &target.description, context.fail_on, reason);
    if let Some(other) = context.stopped_by.get() {
        return untested(format!("not begun: {other} failed, and --fail-fast is given"));
    }
    if context.interrupt.is_cancelled() {
        return untested("interrupted before it was begun".into());
    }
    events.send(EventKind::RehearsalStarted).await;
    rehearse(context, target, events).await
}

async fn acquire(
    slots: Arc<Semaphore>,
    memory: Arc<Semaphore>,
    wanted: u32,
) -> Option<(OwnedSemaphorePermit, OwnedSemaphorePermit)> {
    // Always in this order, so that two never wait for each other.
    let slot = slots.acquire_owned().await.ok()?;
    let memory = memory.acquire_many_owned(wanted).await.ok()?;
    Some((slot, memory))
}

fn untested(name: &RehearsalName, description: &str, fail_on: Severity, reason: String) -> Rehearsal {
    Rehearsal { fail_on, ..Rehearsal::untested(&name.source, &name.target, description, vec![reason]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_bounded_by_cpus_unless_jobs_say_otherwise() {
        let capacity = Capacity { jobs: None, cpus: 2, memory: 24 << 30 };
        assert_eq!(capacity.slots(), 2);
        assert_eq!(Capacity { jobs: Some(5), ..capacity }.slots(), 5);
        assert_eq!(capacity.memory_units(), 24 * 1024 / 4 * 3);
    }

    #[test]
    fn a_machine_that_does_not_say_its_memory_still_has_room() {
        assert_eq!(Capacity { jobs: None, cpus: 0, memory: 0 }.memory_units(), 1);
    }
}
