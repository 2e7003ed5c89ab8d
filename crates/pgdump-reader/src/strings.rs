//! Strings of statements in one form: as a server reads them with `standard_conforming_strings` on.
//!
//! With it off a backslash in a plain string is the beginning of an escape, as it is in `E'…'` always. A statement that was
//! written so is another one for a server that has it on, so strings with a backslash are written as `E'…'` here.

use std::borrow::Cow;

/// A statement that was written with `standard_conforming_strings` off, as it means the same with it on.
pub fn in_standard_form(sql: &str) -> Cow<'_, str> {
    if !sql.contains('\\') {
        return Cow::Borrowed(sql);
    }
    let bytes = sql.as_bytes();
    let (mut out, mut copied, mut at) = (String::with_capacity(sql.len() + 16), 0, 0);
    while at < bytes.len() {
        let rest = &bytes[at..];
        let end = match rest {
            [b'-', b'-', ..] => at + memchr::memchr(b'\n', rest).unwrap_or(rest.len()),
            [b'/', b'*', ..] => after_comment(bytes, at),
            [b'"', ..] => after_quote(bytes, at, b'"', false).0,
            [b'\'', ..] => {
                let prefix = prefix(&bytes[..at]);
                let (end, has_escapes) = after_quote(bytes, at, b'\'', prefix.is_none_or(|letter| letter == b'e'));
                if prefix.is_none() && has_escapes {
                    out.push_str(&sql[copied..at]);
                    // `name '…'` can stand without a space.
                    out.push_str(if sql[..at].bytes().last().is_some_and(is_word_part) { " E" } else { "E" });
                    copied = at;
                }
                end
            }
            [b'$', ..] if !at.checked_sub(1).is_some_and(|before| is_word_part(bytes[before])) => after_dollar(sql, at),
            _ => at + 1,
        };
        at = end;
    }
    out.push_str(&sql[copied..]);
    Cow::Owned(out)
}

/// The letter that a string is opened with, in lower case: `E'…'`, `B'…'`, `X'…'`, `N'…'`, `U&'…'`.
fn prefix(before: &[u8]) -> Option<u8> {
    let (letter, before) = match before {
        [before @ .., letter, b'&'] => (letter, before),
        [before @ .., letter] => (letter, before),
        [] => return None,
    };
    let letter = letter.to_ascii_lowercase();
    let stands_alone = !before.last().copied().is_some_and(is_word_part);
    (stands_alone && matches!(letter, b'e' | b'b' | b'x' | b'n' | b'u')).then_some(letter)
}

/// Where a quoted text ends, and whether a backslash stands in it.
fn after_quote(bytes: &[u8], opening: usize, quote: u8, escapes: bool) -> (usize, bool) {
    let (mut at, mut has_escapes) = (opening + 1, false);
    while let Some(byte) = bytes.get(at) {
        if *byte == b'\\' && escapes {
            has_escapes = true;
            at += 2;
        } else if *byte == quote && bytes.get(at + 1) == Some(&quote) {
            at += 2;
        } else if *byte == quote {
            return (at + 1, has_escapes);
        } else {
            at += 1;
        }
    }
    (bytes.len(), has_escapes)
}

fn after_comment(bytes: &[u8], opening: usize) -> usize {
    let (mut at, mut depth) = (opening + 2, 1);
    while depth > 0 {
        match bytes.get(at..) {
            Some([b'/', b'*', ..]) => (at, depth) = (at + 2, depth + 1),
            Some([b'*', b'/', ..]) => (at, depth) = (at + 2, depth - 1),
            Some([_, ..]) => at += 1,
            _ => return bytes.len(),
        }
    }
    at
}

/// Where `$tag$ … $tag$` ends; the next place where it is none.
fn after_dollar(sql: &str, opening: usize) -> usize {
    let tag = sql[opening + 1..].find('$').map(|length| &sql[opening..opening + length + 2]);
    let is_tag = |tag: &&str| {
        let name = &tag[1..tag.len() - 1];
        !name.starts_with(|letter: char| letter.is_ascii_digit())
            && name.bytes().all(|byte| byte != b'$' && is_word_part(byte))
    };
    let Some(tag) = tag.filter(is_tag) else { return opening + 1 };
    let body = opening + tag.len();
    sql[body..].find(tag).map_or(sql.len(), |length| body + length + tag.len())
}

fn is_word_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_with_backslashes_say_that_they_are_escapes() {
        for (off, on) in [
            (r"SELECT 'a\\b', 'c'", r"SELECT E'a\\b', 'c'"),
            (r"SELECT 'it\'s', x'1f', b'01'", r"SELECT E'it\'s', x'1f', b'01'"),
            (r"SELECT E'a\\b', e'\n'", r"SELECT E'a\\b', e'\n'"),
            (r"SELECT 'é\\', name'\\'", r"SELECT E'é\\', name E'\\'"),
            (r"AS $$ SELECT 'a\\b' $$", r"AS $$ SELECT 'a\\b' $$"),
            (r"AS $a$ '\\' $$ $b$ $a$ || '\\'", r"AS $a$ '\\' $$ $b$ $a$ || E'\\'"),
            ("-- it's \\\nSELECT '\\\\'", "-- it's \\\nSELECT E'\\\\'"),
            (r"/* it's /* \ */ ' */ SELECT '\\'", r"/* it's /* \ */ ' */ SELECT E'\\'"),
            (r#"SELECT "it's\" || '\\'"#, r#"SELECT "it's\" || E'\\'"#),
            (r"SELECT 'open \", r"SELECT E'open \"),
            ("\\", "\\"),
            (r"$1 '\\' $", r"$1 E'\\' $"),
        ] {
            assert_eq!(in_standard_form(off), on);
        }
    }
}
