//! The syntax of configuration files (src/backend/utils/misc/guc-file.l, 13 to 18).

use crate::base::configuration::{Configuration, Include, IncludeKind, Line, Setting, SyntaxError};

/// The server gives up after as many errors (`ParseConfigFp`).
const MAX_ERRORS: usize = 100;

/// No cluster has as many; it bounds what a hostile file of 1 MiB can make of itself.
const MAX_SETTINGS: usize = 20_000;

pub(super) fn read(into: &mut Configuration, file: &str, text: &str) {
    // A string ends within its line, so that lines can be read one by one.
    for (at, line) in text.split('\n').enumerate() {
        let place = || Line { file: file.to_owned(), line: u32::try_from(at + 1).unwrap_or(u32::MAX) };
        match read_line(line) {
            Ok(None) => {}
            Ok(Some((name, value))) => {
                if into.settings.len() + into.includes.len() >= MAX_SETTINGS {
                    into.errors.push(SyntaxError(place()));
                    return;
                }
                let kind = match name.as_str() {
                    "include" => Some(IncludeKind::File),
                    "include_if_exists" => Some(IncludeKind::FileIfExists),
                    "include_dir" => Some(IncludeKind::Directory),
                    _ => None,
                };
                match kind {
                    Some(kind) => into.includes.push(Include { kind, path: value, place: place() }),
                    None => into.settings.push(Setting { name, value, place: place() }),
                }
            }
            Err(NotALine) => {
                into.errors.push(SyntaxError(place()));
                if into.errors.len() >= MAX_ERRORS {
                    return;
                }
            }
        }
    }
}

struct NotALine;

/// `name = value`, the sign of equality optional; `None` for an empty line or a comment.
fn read_line(line: &str) -> Result<Option<(String, String)>, NotALine> {
    let line = space(line);
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let (name, rest) = name(line).ok_or(NotALine)?;
    let rest = space(rest);
    let rest = space(rest.strip_prefix('=').unwrap_or(rest));
    let (value, rest) = match rest.strip_prefix('\'') {
        Some(_) => quoted(rest).ok_or(NotALine)?,
        None => unquoted(rest).ok_or(NotALine)?,
    };
    let rest = space(rest);
    if rest.is_empty() || rest.starts_with('#') { Ok(Some((name, value))) } else { Err(NotALine) }
}

fn space(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', '\r'])
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || !c.is_ascii()
}

fn is_letter_or_digit(c: char) -> bool {
    is_letter(c) || c.is_ascii_digit()
}

/// A name, or two with a point between, in small letters. What follows must not be able to continue an unquoted string, which
/// the scanner would otherwise take for the longer match.
fn name(line: &str) -> Option<(String, &str)> {
    let end = |text: &str| text.find(|c| !is_letter_or_digit(c)).unwrap_or(text.len());
    let mut length = line.starts_with(is_letter).then(|| end(line))?;
    if let Some(second) = line[length..].strip_prefix('.').filter(|rest| rest.starts_with(is_letter)) {
        length += 1 + end(second);
    }
    let rest = &line[length..];
    (!rest.starts_with(['-', '.', '_', ':', '/'])).then(|| (line[..length].to_ascii_lowercase(), rest))
}

/// A string in quotes, with its escapes resolved as `DeescapeQuotedString` does it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = text.strip_prefix('\'')?;
    loop {
        let mut chars = rest.chars();
        match chars.next()? {
            '\'' => match chars.as_str().strip_prefix('\'') {
                Some(after) => {
                    value.push('\'');
                    rest = after;
                }
                None => return Some((value, chars.as_str())),
            },
            '\\' => {
                let escaped = chars.next()?;
                rest = chars.as_str();
                match escaped {
                    'b' => value.push('\u{8}'),
                    'f' => value.push('\u{c}'),
                    'n' => value.push('\n'),
                    'r' => value.push('\r'),
                    't' => value.push('\t'),
                    '0'..='7' => {
                        let more = rest.bytes().take(2).take_while(|b| (b'0'..=b'7').contains(b)).count();
                        let digits = rest[..more].bytes().map(|b| u32::from(b - b'0'));
                        let first = u32::from(escaped) - u32::from('0');
                        let code = digits.fold(first, |sum, digit| sum * 8 + digit);
                        // One byte on the server; beyond ASCII only its own encoding would know what it means.
                        value.push(char::from_u32(code & 0xFF).unwrap_or(char::REPLACEMENT_CHARACTER));
                        rest = &rest[more..];
                    }
                    other => value.push(other),
                }
            }
            c => {
                value.push(c);
                rest = chars.as_str();
            }
        }
    }
}

/// A word or a number without quotes.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let continues = |c: char| is_letter_or_digit(c) || matches!(c, '-' | '.' | '_' | ':' | '/' | '+');
    let end = text.find(|c| !continues(c)).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let word_like = word.starts_with(is_letter) && !word.contains('+');
    (word_like || is_number(word)).then(|| (word.to_owned(), rest))
}

/// INTEGER with its unit, or REAL.
fn is_number(word: &str) -> bool {
    let digits = word.strip_prefix(['+', '-']).unwrap_or(word);
    let all_letters = |text: &str| text.bytes().all(|b| b.is_ascii_alphabetic());
    if let Some(hexadecimal) = digits.strip_prefix("0x") {
        let end = hexadecimal.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(hexadecimal.len());
        // Otherwise this is a zero and its unit, for the scanner at least.
        if end > 0 && all_letters(&hexadecimal[end..]) {
            return true;
        }
    }
    let decimal = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let whole = decimal(digits);
    let rest = &digits[whole..];
    let Some(fraction) = rest.strip_prefix('.') else { return whole > 0 && all_letters(rest) };
    let exponent = &fraction[decimal(fraction)..];
    match exponent.strip_prefix(['e', 'E']) {
        Some(power) => {
            let power = power.strip_prefix(['+', '-']).unwrap_or(power);
            !power.is_empty() && power.bytes().all(|b| b.is_ascii_digit())
        }
        None => exponent.is_empty(),
    }
}
