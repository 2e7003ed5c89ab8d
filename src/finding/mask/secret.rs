//! Secrets in statements and connection strings: passwords, their digests, and what is set to a value that may be one.
//!
//! They are shown by nothing, not by `--show-data` either. What holds none comes back as it is.

use pgdump_reader::sql::{Kind, Piece, pieces};

use super::MASK;

/// A text without the secrets in it.
pub fn secrets(text: &str) -> String {
    if !may_hold_any(text) {
        return text.to_owned();
    }
    let all = pieces(text);
    let hidden = hidden(text, &all);
    let mut shown = String::with_capacity(text.len());
    for (index, piece) in all.iter().enumerate() {
        let own = piece.text(text);
        if hidden[index] {
            match piece.kind {
                Kind::Text => shown.push_str(&format!("'{MASK}'")),
                _ if !shown.ends_with(MASK) => shown.push_str(MASK),
                _ => {}
            }
        } else if matches!(piece.kind, Kind::Text | Kind::Name | Kind::Comment) && is_secret(own) {
            shown.push_str(&inside(own));
        } else {
            shown.push_str(own);
        }
    }
    without_digests(&shown)
}

/// What a definition that is not whole begins with.
const NOT_WHOLE: &str = "-- not shown whole, take it from the dump: ";

/// A statement to be run, without its secrets. One that is not whole any more is a comment: nobody may run it.
pub fn statement(text: &str) -> String {
    let shown = secrets(text);
    if shown == text || text.starts_with("--") {
        return shown;
    }
    format!("{NOT_WHOLE}{}", shown.replace(['\n', '\r'], " "))
}

/// Whether a statement cannot be shown whole.
pub fn holds_any(text: &str) -> bool {
    secrets(text) != text
}

/// Enough of a sign to look closer.
pub(super) fn may_hold_any(text: &str) -> bool {
    const SIGNS: [&str; 14] = [
        "passw",
        "scram-sha",
        "md5",
        "://",
        "mapping",
        "server",
        "wrapper",
        "connection",
        "secret",
        "token",
        "_key",
        "set ",
        "passphrase",
        "_command",
    ];
    let lower = text.to_ascii_lowercase();
    SIGNS.iter().any(|sign| lower.contains(sign))
}

/// Whether what has this name is a secret.
fn is_secret_name(name: &str) -> bool {
    const ENDS: [&str; 11] = [
        "password",
        "passwd",
        "secret",
        "token",
        "passphrase",
        "api_key",
        "apikey",
        "secret_key",
        "access_key",
        "private_key",
        "credentials",
    ];
    let name = name.to_ascii_lowercase();
    ENDS.iter().any(|end| name.ends_with(end))
        // Commands of a shell carry keys as connection strings do.
        || ["primary_conninfo", "ssl_passphrase_command", "archive_command", "restore_command"].contains(&name.as_str())
        || ["archive_cleanup_command", "recovery_end_command"].contains(&name.as_str())
}

/// Words that follow `password` in PostgreSQL's messages and documents.
const NO_PASSWORDS: [&str; 16] = [
    "null",
    "authentication",
    "is",
    "must",
    "for",
    "encryption",
    "of",
    "in",
    "and",
    "or",
    "to",
    "file",
    "not",
    "required",
    "supplied",
    "valid",
];

/// Which pieces hold secrets by what stands before them.
fn hidden(text: &str, all: &[Piece]) -> Vec<bool> {
    let mut hidden = vec![false; all.len()];
    let solid: Vec<usize> = (0..all.len()).filter(|index| !all[*index].is_blank()).collect();
    let at = |place: usize| solid.get(place).map(|index| &all[*index]);
    let lower = |place: usize| at(place).map(|piece| piece.lower(text)).unwrap_or_default();
    let sign = |place: usize| at(place).and_then(|piece| piece.sign(text));
    // Of the statement so far.
    let (mut of_foreign, mut in_options, mut of_role) = (false, 0_usize, false);
    for place in 0..solid.len() {
        let Some(piece) = at(place) else { break };
        let word = lower(place);
        match word.as_str() {
            "mapping" | "server" | "wrapper" => of_foreign = true,
            "role" | "user" | "group" => of_role = true,
            _ => {}
        }
        match piece.sign(text) {
            Some(';') => (of_foreign, in_options, of_role) = (false, 0, false),
            Some('(') if in_options > 0 || of_foreign && place > 0 && lower(place - 1) == "options" => in_options += 1,
            Some(')') => in_options = in_options.saturating_sub(1),
            _ => {}
        }
        if in_options > 0 && piece.kind == Kind::Text {
            hidden[solid[place]] = true;
        }
        let name = piece.identifier(text).unwrap_or_default();
        if is_secret_name(&name) {
            // `password=x` of a connection string, `password: x`, `password = 'x'`; no comparison and no assignment.
            let touches =
                |one: usize, other: usize| at(one).map(|piece| piece.span.1) == at(other).map(|piece| piece.span.0);
            let is_set = at(place + 2).is_some_and(|piece| piece.kind == Kind::Text)
                || (touches(place, place + 1) && touches(place + 1, place + 2));
            let next = match sign(place + 1) {
                Some('=') if is_set => Some(place + 2),
                Some(':') if !matches!(sign(place + 2), Some(':' | '=')) => Some(place + 2),
                _ if lower(place + 1) == "to" && is_set => Some(place + 2),
                _ => None,
            };
            let is_string = at(place + 1).is_some_and(|piece| piece.kind == Kind::Text);
            let is_word = of_role && word == "password" && !NO_PASSWORDS.contains(&lower(place + 1).as_str());
            match next {
                // As far as it goes without a space: `password=a-b.c`.
                Some(next) => hide_run(text, all, &solid, next, &mut hidden),
                None if is_string => hidden[solid[place + 1]] = true,
                None if is_word && sign(place + 1).is_none() => hide_run(text, all, &solid, place + 1, &mut hidden),
                None => {}
            }
        }
        if word == "connection" && at(place + 1).is_some_and(|piece| piece.kind == Kind::Text) {
            hidden[solid[place + 1]] = true;
        }
        // `SET app.key = 'x'`, `SET "app.key" TO x`: a setting that is not PostgreSQL's own can be anything.
        if word == "set" {
            let (mut end, mut dotted) = (place + 1, at(place + 1).is_some_and(|piece| piece.name(text).contains('.')));
            if matches!(lower(end).as_str(), "local" | "session") {
                end += 1;
            }
            while sign(end + 1) == Some('.') {
                (end, dotted) = (end + 2, true);
            }
            if dotted && (sign(end + 1) == Some('=') || lower(end + 1) == "to") {
                hide_run(text, all, &solid, end + 2, &mut hidden);
            }
        }
    }
    hidden
}

/// Hides a value: a string, or all that follows without a space, a comma, a semicolon or a parenthesis.
fn hide_run(text: &str, all: &[Piece], solid: &[usize], place: usize, hidden: &mut [bool]) {
    let Some(first) = solid.get(place).copied() else { return };
    for index in first..all.len() {
        let piece = &all[index];
        let ends = piece.is_blank() || matches!(piece.sign(text), Some(',' | ';' | ')' | '&'));
        if ends {
            break;
        }
        hidden[index] = true;
        if piece.kind == Kind::Text {
            break;
        }
    }
}

/// Whether a string or comment holds a connection string or a statement with a secret.
fn is_secret(own: &str) -> bool {
    let lower = own.to_ascii_lowercase();
    let follows = |sign: &str| {
        lower.match_indices(sign).any(|(at, _)| {
            let rest = lower[at + sign.len()..].trim_start();
            rest.starts_with(['=', ':', '\'', '"'])
        })
    };
    ["password", "passwd", "secret", "token", "passphrase", "api_key"].iter().any(|sign| follows(sign))
        || has_credentials(&lower)
        || own.len() < 64 * 1024 && inner(own).is_some_and(|inner| may_hold_any(inner) && holds_any(inner))
}

/// What stands between the quotes or dollars, where it is something else than the whole.
fn inner(own: &str) -> Option<&str> {
    let piece = pieces(own);
    let [only] = piece.as_slice() else { return None };
    let inside = only.text_of_string(own);
    (only.kind == Kind::Text && inside.len() < own.len()).then_some(inside)
}

/// A string with a secret in it: the body of a function keeps its other words, anything else is hidden whole.
fn inside(own: &str) -> String {
    match inner(own) {
        Some(inner) if own.starts_with('$') => own.replace(inner, &secrets(inner)),
        _ if own.starts_with('"') => format!("\"{MASK}\""),
        _ if own.starts_with("--") || own.starts_with("/*") => format!("/* {MASK} */"),
        _ => format!("'{MASK}'"),
    }
}

/// `scheme://user:password@host`
fn has_credentials(text: &str) -> bool {
    text.match_indices("://").any(|(at, _)| {
        let authority =
            text[at + 3..].split(|c: char| c.is_whitespace() || "/'\"?".contains(c)).next().unwrap_or_default();
        authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
    })
}

/// Digests of passwords, and passwords in addresses, wherever they stand.
fn without_digests(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        let found = ["SCRAM-SHA-256$", "md5", "://"].iter().filter_map(|sign| Some((rest.find(sign)?, *sign))).min();
        let Some((at, sign)) = found else { break };
        shown.push_str(&rest[..at]);
        let after = &rest[at + sign.len()..];
        match sign {
            "md5" => {
                let digits = after.bytes().take_while(u8::is_ascii_hexdigit).count();
                if digits == 32 {
                    shown.push_str(MASK);
                    rest = &after[32..];
                } else {
                    shown.push_str(sign);
                    rest = after;
                }
            }
            "://" => {
                shown.push_str(sign);
                let end = after.find(|c: char| c.is_whitespace() || "/'\"?".contains(c)).unwrap_or(after.len());
                rest = after;
                if let Some((user, _)) = after[..end].rsplit_once('@')
                    && let Some((name, _)) = user.split_once(':')
                {
                    shown.push_str(name);
                    shown.push(':');
                    shown.push_str(MASK);
                    rest = &after[user.len()..];
                }
            }
            _ => {
                shown.push_str(MASK);
                let end = after.find(|c: char| c.is_whitespace() || "'\",;)".contains(c)).unwrap_or(after.len());
                rest = &after[end..];
            }
        }
    }
    shown.push_str(rest);
    shown
}
