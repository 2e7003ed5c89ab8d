//! Shows text that can be longer than a screen.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::{Command, Stdio};

use tokio::signal::unix::{SignalKind, signal};

/// Where `PAGER` is not set. `-F` ends at once where all fits on the screen, `-R` lets colours through, `-X` leaves the text
/// on the screen.
const DEFAULT: &str = "less -FRX";

/// The codes of a shell for a program that is not there, or is none.
const NOT_RUN: [i32; 2] = [126, 127];

/// Writes the text to standard output: through the pager that `PAGER` names where that is a terminal, as it is where it is
/// not.
///
/// # Errors
/// Those of standard output, and where the pager could not be waited for.
pub fn show(text: &str) -> io::Result<()> {
    let shown = match wanted(std::env::var_os("PAGER")).filter(|_| std::io::stdout().is_terminal()) {
        Some(pager) => paged(&pager, text)?,
        None => false,
    };
    if !shown {
        super::stdout().write_all(text.as_bytes())?;
    }
    Ok(())
}

/// The pager, as a shell takes it; none where it is empty, or a program that does not stop.
fn wanted(pager: Option<OsString>) -> Option<OsString> {
    let pager = pager.unwrap_or_else(|| DEFAULT.into());
    let named = pager.to_string_lossy();
    let none = ["", "cat"].contains(&named.trim());
    (!none).then_some(pager)
}

/// Whether the pager has shown it: without one, it has yet to be shown.
fn paged(pager: &OsString, text: &str) -> io::Result<bool> {
    // As git and man do: PAGER can hold options, and what less is to do is its own variable's.
    let mut command = Command::new("sh");
    command.arg("-c").arg(pager).stdin(Stdio::piped());
    for (name, value) in [("LESS", "FRX"), ("LV", "-c")] {
        if std::env::var_os(name).is_none() {
            command.env(name, value);
        }
    }
    let Ok(mut child) = command.spawn() else { return Ok(false) };
    // Ctrl-C belongs to the pager, which must not be left alone with the terminal.
    let _interrupts = signal(SignalKind::interrupt())?;
    if let Some(mut pipe) = child.stdin.take() {
        // Who quits early has read enough.
        let _ = pipe.write_all(text.as_bytes());
    }
    let ended = child.wait()?;
    Ok(!ended.code().is_some_and(|code| NOT_RUN.contains(&code)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_pager_and_cat_are_none() {
        assert_eq!(wanted(None).unwrap(), "less -FRX");
        assert_eq!(wanted(Some("more -s".into())).unwrap(), "more -s");
        for none in ["", "  ", "cat"] {
            assert_eq!(wanted(Some(none.into())), None, "{none:?}");
        }
    }
}
