//! Takes the events of a run to all who listen, each at its own pace.
//!
//! Every listener has a thread and a queue of its own. Where a queue is full, the rehearsal waits for room, at most
//! [`PATIENCE`] once; a listener that has not moved in that time is not waited for again until it does, and learns how many
//! events it has missed. One that has gone is not waited for at all. So a log that nobody reads can slow a run down, and
//! never stop it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::task::JoinHandle;

use super::{Event, EventKind, Phase, RehearsalName};
use crate::verdict::Verdict;

/// How many events wait for a listener before senders do.
const QUEUE: usize = 1024;

/// How long a sender waits for a listener that does not move.
const PATIENCE: Duration = Duration::from_secs(2);

/// Somebody who hears what happens. It has a thread of its own, and may block it.
pub trait Listener: Send + 'static {
    /// Hears one event. Events of one target come in the order in which they happened.
    fn hear(&mut self, event: &Event);

    /// How often [`Listener::tick`] is wanted; `None` for never.
    fn ticks(&self) -> Option<Duration> {
        None
    }

    /// Time has passed: for what moves by itself.
    fn tick(&mut self) {}
}

impl Listener for Box<dyn Listener> {
    fn hear(&mut self, event: &Event) {
        (**self).hear(event);
    }

    fn ticks(&self) -> Option<Duration> {
        (**self).ticks()
    }

    fn tick(&mut self) {
        (**self).tick();
    }
}

/// Takes the events of one run to its listeners. Without any, as [`Reporter::default`] is, events go nowhere.
#[derive(Debug, Default)]
pub struct Reporter {
    /// When the first event was sent.
    began: Arc<OnceLock<Instant>>,
    queues: Vec<Queue>,
    listening: Vec<JoinHandle<()>>,
}

impl Reporter {
    /// Adds a listener.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    #[must_use]
    pub fn with(mut self, listener: impl Listener) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        self.queues.push(Queue { sender, state: Arc::default() });
        let runtime = tokio::runtime::Handle::current();
        self.listening.push(tokio::task::spawn_blocking(move || runtime.block_on(listen(receiver, listener))));
        self
    }

    /// Where what concerns the whole run is sent.
    pub fn of_run(&self) -> Events {
        self.events(None)
    }

    /// Where what concerns one rehearsal is sent.
    pub fn of_rehearsal(&self, name: RehearsalName) -> Events {
        self.events(Some(name))
    }

    /// Where what concerns one target is sent, of no source: it is tried, or looked for.
    pub fn of_target(&self, target: impl Into<String>) -> Events {
        self.events(Some(RehearsalName { source: String::new(), target: target.into() }))
    }

    fn events(&self, rehearsal: Option<RehearsalName>) -> Events {
        Events { rehearsal, began: Arc::clone(&self.began), queues: self.queues.clone().into(), phase: Arc::default() }
    }

    /// Waits until every listener has heard all that was sent. Nothing may send any more.
    pub async fn finish(self) {
        drop(self.queues);
        for listening in self.listening {
            // One that panicked has said so.
            let _ = listening.await;
        }
    }
}

async fn listen(mut events: mpsc::Receiver<Event>, mut listener: impl Listener) {
    let Some(pause) = listener.ticks() else {
        while let Some(event) = events.recv().await {
            listener.hear(&event);
        }
        return;
    };
    let mut clock = tokio::time::interval(pause);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Some(event) => listener.hear(&event),
                None => break,
            },
            _ = clock.tick() => listener.tick(),
        }
    }
}

/// The way to one listener.
#[derive(Debug, Clone)]
struct Queue {
    sender: mpsc::Sender<Event>,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    /// It has let a sender wait in vain, and has not moved since.
    is_stuck: AtomicBool,
    missed: AtomicU64,
}

impl Queue {
    /// Puts an event into the queue, and waits for room where there is none.
    async fn send(&self, event: Event) {
        self.report_missed(event.elapsed);
        let event = match self.sender.try_send(event) {
            Ok(()) => return self.state.is_stuck.store(false, Ordering::Relaxed),
            Err(TrySendError::Closed(_)) => return,
            Err(TrySendError::Full(event)) => event,
        };
        let is_stuck = self.state.is_stuck.load(Ordering::Relaxed);
        if is_stuck || tokio::time::timeout(PATIENCE, self.sender.send(event)).await.is_err() {
            self.state.is_stuck.store(true, Ordering::Relaxed);
            self.state.missed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Puts an event into the queue if there is room: another of its kind follows.
    fn offer(&self, event: Event) {
        let _ = self.sender.try_send(event);
    }

    fn report_missed(&self, elapsed: Duration) {
        let count = self.state.missed.swap(0, Ordering::Relaxed);
        let event = Event { elapsed, rehearsal: None, kind: EventKind::Missed { count } };
        if count > 0 && self.sender.try_send(event).is_err() {
            self.state.missed.fetch_add(count, Ordering::Relaxed);
        }
    }
}

/// Where a rehearsal, or a run, sends its events. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Events {
    rehearsal: Option<RehearsalName>,
    began: Arc<OnceLock<Instant>>,
    queues: Arc<[Queue]>,
    /// The phase that it is in, and since when.
    phase: Arc<Mutex<Option<(Phase, Instant)>>>,
}

impl Events {
    /// Sends an event to all who listen. Waits where one of them is slow, within the bounds of this module; never fails.
    pub async fn send(&self, kind: EventKind) {
        let event = self.event(kind);
        for queue in self.queues.iter() {
            queue.send(event.clone()).await;
        }
    }

    /// Sends how far something has come. Never waits: a listener that is slow does without it and hears the next.
    pub fn progress(&self, kind: EventKind) {
        let event = self.event(kind);
        self.queues.iter().for_each(|queue| queue.offer(event.clone()));
    }

    /// A phase begins, and the one before it has ended.
    pub async fn phase(&self, phase: Phase) {
        self.end_phase(Some(phase)).await;
        self.send(EventKind::PhaseStarted { phase }).await;
    }

    /// Something that a person should know.
    pub async fn notice(&self, text: impl Into<String>) {
        self.send(EventKind::Notice { text: text.into() }).await;
    }

    /// The rehearsal is over, and so is its last phase.
    pub async fn finished(&self, verdict: Verdict, reason: String) {
        self.end_phase(None).await;
        self.send(EventKind::RehearsalFinished { verdict, reason }).await;
    }

    async fn end_phase(&self, next: Option<Phase>) {
        let next = next.map(|phase| (phase, Instant::now()));
        // Whoever panicked while it was held has left a whole value.
        let ended = std::mem::replace(&mut *self.phase.lock().unwrap_or_else(|held| held.into_inner()), next);
        if let Some((phase, began)) = ended {
            self.send(EventKind::PhaseFinished { phase, took: began.elapsed() }).await;
        }
    }

    fn event(&self, kind: EventKind) -> Event {
        let elapsed = self.began.get_or_init(Instant::now).elapsed();
        Event { elapsed, rehearsal: self.rehearsal.clone(), kind }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Recorder;
    use super::*;

    fn errors(count: u64) -> EventKind {
        EventKind::RestoreErrors { count }
    }

    /// Hears nothing until it is let go.
    struct Blocked(std::sync::mpsc::Receiver<()>, Recorder);

    impl Listener for Blocked {
        fn hear(&mut self, event: &Event) {
            let _ = self.0.recv();
            self.1.hear(event);
        }
    }

    #[tokio::test]
    async fn every_listener_hears_every_event_in_order() {
        let (one, other) = (Recorder::default(), Recorder::default());
        let reporter = Reporter::default().with(one.clone()).with(other.clone());
        let events = reporter.of_target("a");
        for count in 0..3_000 {
            events.send(errors(count)).await;
        }
        drop(events);
        reporter.finish().await;
        let heard: Vec<EventKind> = one.events().into_iter().map(|event| event.kind).collect();
        assert_eq!(heard, (0..3_000).map(errors).collect::<Vec<_>>());
        assert_eq!(one.events(), other.events());
    }

    #[tokio::test]
    async fn a_phase_ends_where_the_next_begins_and_where_the_rehearsal_does() {
        let recorder = Recorder::default();
        let reporter = Reporter::default().with(recorder.clone());
        let events = reporter.of_target("a");
        events.phase(Phase::Start).await;
        events.clone().phase(Phase::Restore).await;
        events.finished(Verdict::Pass, String::new()).await;
        drop(events);
        reporter.finish().await;
        let phases: Vec<(Phase, bool)> = recorder
            .events()
            .into_iter()
            .filter_map(|event| match event.kind {
                EventKind::PhaseStarted { phase } => Some((phase, true)),
                EventKind::PhaseFinished { phase, .. } => Some((phase, false)),
                _ => None,
            })
            .collect();
        assert_eq!(
            phases,
            [(Phase::Start, true), (Phase::Start, false), (Phase::Restore, true), (Phase::Restore, false)]
        );
        assert!(matches!(recorder.events().last().unwrap().kind, EventKind::RehearsalFinished { .. }));
    }

    #[tokio::test]
    async fn a_listener_that_is_gone_is_not_waited_for() {
        struct Gone;
        impl Listener for Gone {
            fn hear(&mut self, _: &Event) {
                // As a panic would, without its noise.
                std::panic::resume_unwind(Box::new(()));
            }
        }
        let recorder = Recorder::default();
        let reporter = Reporter::default().with(Gone).with(recorder.clone());
        let events = reporter.of_target("a");
        let began = Instant::now();
        for count in 0..3_000 {
            events.send(errors(count)).await;
        }
        assert!(began.elapsed() < PATIENCE, "it was waited for");
        drop(events);
        reporter.finish().await;
        assert_eq!(recorder.events().len(), 3_000);
    }

    #[tokio::test]
    async fn a_listener_that_is_stuck_is_waited_for_once_and_learns_what_it_missed() {
        let (go_on, blocked) = std::sync::mpsc::channel();
        let recorder = Recorder::default();
        let reporter = Reporter::default().with(Blocked(blocked, recorder.clone()));
        let events = reporter.of_target("a");
        let began = Instant::now();
        const SENT: u64 = QUEUE as u64 + 100;
        for count in 0..SENT {
            events.send(errors(count)).await;
        }
        assert!(began.elapsed() >= PATIENCE, "it was not waited for");
        assert!(began.elapsed() < PATIENCE * 2, "it was waited for more than once");
        drop(go_on);
        while recorder.events().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        events.send(errors(SENT)).await;
        drop(events);
        reporter.finish().await;
        let heard = recorder.events();
        let missed: u64 =
            heard.iter().map(|event| if let EventKind::Missed { count } = event.kind { count } else { 0 }).sum();
        let received =
            heard.iter().filter(|event| matches!(event.kind, EventKind::RestoreErrors { .. })).count() as u64;
        assert!(missed > 0);
        assert_eq!(missed + received, SENT + 1);
        assert_eq!(heard.last().unwrap().kind, errors(SENT));
    }

    #[tokio::test]
    async fn progress_never_waits() {
        let (go_on, blocked) = std::sync::mpsc::channel();
        let reporter = Reporter::default().with(Blocked(blocked, Recorder::default()));
        let events = reporter.of_target("a");
        let began = Instant::now();
        (0..10_000).for_each(|count| events.progress(errors(count)));
        assert!(began.elapsed() < PATIENCE);
        drop((go_on, events));
        reporter.finish().await;
    }
}
