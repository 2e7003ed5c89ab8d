//! Listeners that keep what they hear: for programs and tests.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Event, Listener};

/// Keeps every event in memory. A clone is the same recorder: one is given to the reporter, the other is asked.
///
/// A large restore reports its progress some times a second, all of which is kept.
#[derive(Debug, Clone, Default)]
pub struct Recorder(Arc<Mutex<Vec<Event>>>);

impl Recorder {
    /// What was heard so far.
    pub fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Listener for Recorder {
    fn hear(&mut self, event: &Event) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone());
    }
}

/// Writes every event as one line of JSON. Where the writer fails, it writes no more: the run goes on.
#[derive(Debug)]
pub struct JsonLines<W>(Option<W>);

impl<W: io::Write + Send + 'static> JsonLines<W> {
    pub fn new(out: W) -> Self {
        Self(Some(out))
    }
}

impl<W: io::Write + Send + 'static> Listener for JsonLines<W> {
    fn hear(&mut self, event: &Event) {
        let Some(out) = &mut self.0 else { return };
        let line = serde_json::to_string(event).map_err(io::Error::from);
        // A line is whole or not there: whoever follows the file reads each as it comes.
        let written = line.and_then(|line| out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush()));
        if written.is_err() {
            self.0 = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{EventKind, Reporter};
    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn every_event_is_a_line_of_json() {
        let out = Shared::default();
        let reporter = Reporter::default().with(JsonLines::new(out.clone()));
        reporter.of_target("a\nb").notice("two\nlines").await;
        reporter.of_run().send(EventKind::RestoreErrors { count: 3 }).await;
        reporter.finish().await;
        let text = String::from_utf8(out.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!((&lines[0]["event"], &lines[0]["target"]), (&"notice".into(), &"a\nb".into()));
        assert_eq!((&lines[1]["event"], &lines[1]["count"]), (&"restore_errors".into(), &3.into()));
    }

    #[tokio::test]
    async fn a_reader_that_has_gone_stops_no_run() {
        struct Closed;
        impl io::Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let reporter = Reporter::default().with(JsonLines::new(Closed));
        for _ in 0..3_000 {
            reporter.of_run().notice("x").await;
        }
        reporter.finish().await;
    }
}
