//! Exit codes, in one place for all commands. They are part of the command line's contract: docs/exit-codes.md.

use crate::verdict::Verdict;

/// Every target passed, or the command did what it was asked to do.
pub const PASS: u8 = 0;
/// At least one target failed.
pub const FAIL: u8 = 1;
/// Bad arguments, a bad profile, or a dump that cannot be read; or every target passed, and a report or a file with fixes that
/// was asked for could not be written. A verdict that is no pass keeps its own code.
pub const USAGE: u8 = 2;
/// Something was untested, and nothing failed.
pub const UNTESTED: u8 = 3;
/// Interrupted by SIGINT (Ctrl-C), after everything was removed.
pub const INTERRUPTED: u8 = 130;
/// Ended by SIGTERM, after everything was removed.
pub const TERMINATED: u8 = 143;

/// The exit code of a run that came to a verdict.
pub fn of(verdict: Verdict, allow_untested: bool) -> u8 {
    match verdict {
        Verdict::Pass => PASS,
        Verdict::Fail => FAIL,
        Verdict::Untested if allow_untested => PASS,
        Verdict::Untested => UNTESTED,
    }
}
