//! Strings of statements in one form: as a server reads them with `standard_conforming_strings` on.
//!
//! With it off a backslash in a plain string is the beginning of an escape, as it is in `E'…'` always. A statement that was
//! written so is another one for a server that has it on, so strings with a backslash are written as `E'…'` here.

use std::borrow::Cow;

use crate::sql::{Kind, Strings, each_piece_of, is_word_part};

/// A statement that was written with `standard_conforming_strings` off, as it means the same with it on.
pub fn in_standard_form(sql: &str) -> Cow<'_, str> {
    if !sql.contains('\\') {
        return Cow::Borrowed(sql);
    }
    let mut out = String::with_capacity(sql.len() + 16);
    for piece in each_piece_of(sql, Strings::Escaped) {
        let text = piece.text(sql);
        if piece.kind == Kind::Text && text.starts_with('\'') && text.contains('\\') {
            // `name '…'` can stand without a space.
            out.push_str(if out.bytes().last().is_some_and(is_word_part) { " E" } else { "E" });
        }
        out.push_str(text);
    }
    Cow::Owned(out)
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
