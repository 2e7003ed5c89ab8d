use crate::finding::kind::{Advice, Kind};
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "setting-invalid",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The dump sets a parameter to a value that the target does not accept.",
    page: include_str!("../../../docs/findings/setting-invalid.md"),
    rules: &[Rule::new(Precedence::State, &["22023"], |failed| {
        Some(Subject::Setting(of_parameter(failed.message)?.to_owned()).into())
    })],
    title: Some(|case| format!("the target does not accept the dump's value of the parameter {:?}", case.subject)),
    advice: Some(|case| Advice::words(value_fix(&case.subject))),
    ..Kind::USUAL
};

/// The parameter whose value is refused: `invalid value for parameter "TimeZone": "x"`, `parameter "row_security" requires a
/// Boolean value`, `-5 is outside the valid range for parameter "geqo_seed" (0 .. 1)` (guc.c, PostgreSQL 13 to 18).
fn of_parameter(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("parameter \"")?;
    let is_refused = message.starts_with("invalid value for parameter \"")
        || message.starts_with("parameter \"") && message.contains("\" requires a ")
        || message.contains(" is outside the valid range for parameter \"");
    rest.split('"').next().filter(|_| is_refused)
}

/// What a refused value names and the target does not have, where the parameter names something.
pub(super) fn names(message: &str) -> Option<String> {
    let parameter = of_parameter(message)?;
    let name = message.split_once("\": \"").map(|(_, value)| value.trim_end_matches('"'))?;
    match parameter {
        "default_table_access_method" => Some(format!("access method {name:?}")),
        "default_text_search_config" => Some(format!("text search configuration {name:?}")),
        _ => None,
    }
}

/// What helps where a value is not taken, by the parameter.
fn value_fix(parameter: &str) -> &'static str {
    match parameter.to_ascii_lowercase().as_str() {
        "timezone" | "log_timezone" => {
            "Install the time zone where the server looks for them (the package tzdata or its own files), or set another \
             in the source and dump again."
        }
        "default_toast_compression" => {
            "Use a server that is built with this compression, or set default_toast_compression to pglz in the source and \
             dump again."
        }
        locale if locale.starts_with("lc_") => {
            "Create the locale on the target's system and restart the server, or set another in the source and dump again."
        }
        _ => {
            "See which values the target's version accepts, and set one of them instead: in the dump's text, or for the \
             role, database or function in the source."
        }
    }
}
