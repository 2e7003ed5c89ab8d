//! Signals that end a command, after everything was removed.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::say;
use crate::exit;
use crate::session::RunError;

/// Which signal interrupted a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    Interrupt,
    Terminate,
}

impl Signal {
    pub fn exit_code(self) -> u8 {
        match self {
            Signal::Interrupt => exit::INTERRUPTED,
            Signal::Terminate => exit::TERMINATED,
        }
    }
}

/// Signals that come within this time are one.
const ONE_SIGNAL: Duration = Duration::from_millis(500);

/// Interrupts on SIGINT, SIGTERM and SIGHUP. The first one lets everything be removed; the second one ends at once and
/// leaves the removal to the next run.
pub fn watch(interrupt: CancellationToken) -> Result<tokio::sync::watch::Receiver<Option<Signal>>, RunError> {
    use tokio::signal::unix::{SignalKind, signal};
    let (sender, receiver) = tokio::sync::watch::channel(None);
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut terminations = signal(SignalKind::terminate())?;
    let mut hangups = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        let mut first: Option<Instant> = None;
        loop {
            let signal = tokio::select! {
                _ = interrupts.recv() => Signal::Interrupt,
                _ = terminations.recv() => Signal::Terminate,
                _ = hangups.recv() => Signal::Terminate,
            };
            if let Some(first) = first {
                // `timeout` sends its signal to the process and at once to its group, which is nobody's second word.
                if first.elapsed() < ONE_SIGNAL {
                    continue;
                }
                std::process::exit(i32::from(signal.exit_code()));
            }
            first = Some(Instant::now());
            let _ = sender.send(Some(signal));
            say("pgrehearse: interrupted; removing what was started (press Ctrl-C again to quit now)");
            interrupt.cancel();
        }
    });
    Ok(receiver)
}
