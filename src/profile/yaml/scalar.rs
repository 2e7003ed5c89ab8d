//! What a scalar means.

use std::borrow::Cow;
use std::fmt;

#[derive(Debug, PartialEq)]
pub enum Scalar<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(&'a str),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    Whole(i64),
    /// Any other one, also a whole one that is too large for the above.
    Float(f64),
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(number) => number.fmt(f),
            Self::Float(number) => number.fmt(f),
        }
    }
}

/// What a scalar means by the core schema of YAML 1.2.
pub fn resolve(text: &str, plain: bool) -> Scalar<'_> {
    if !plain {
        return Scalar::Text(text);
    }
    if text.is_empty() {
        return Scalar::Null;
    }
    match saphyr::Scalar::parse_from_cow(Cow::Borrowed(text)) {
        saphyr::Scalar::Null => Scalar::Null,
        saphyr::Scalar::Boolean(value) => Scalar::Bool(value),
        saphyr::Scalar::Integer(number) => Scalar::Number(Number::Whole(number)),
        saphyr::Scalar::FloatingPoint(number) => Scalar::Number(Number::Float(number.into_inner())),
        saphyr::Scalar::String(_) => Scalar::Text(text),
    }
}

/// Words for true and false, which YAML 1.1 and PostgreSQL have and YAML 1.2 has not.
pub fn truth(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "yes" | "on" => Some(true),
        "no" | "off" => Some(false),
        _ => None,
    }
}

/// What a scalar is, for messages: `the number 17`.
pub fn describe(text: &str, plain: bool) -> String {
    const ROOM: usize = 40;
    match resolve(text, plain) {
        Scalar::Null => "an empty value".to_owned(),
        Scalar::Bool(value) => format!("`{value}`"),
        Scalar::Number(_) => format!("the number {text}"),
        Scalar::Text("") => "an empty text".to_owned(),
        Scalar::Text(text) => match text.char_indices().nth(ROOM) {
            Some((end, _)) => format!("the text `{}…`", text[..end].escape_debug()),
            None => format!("the text `{}`", text.escape_debug()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_are_what_they_look_like() {
        for null in ["", "~", "null", "NULL"] {
            assert_eq!(resolve(null, true), Scalar::Null, "{null}");
        }
        assert_eq!(resolve("true", true), Scalar::Bool(true));
        assert_eq!(resolve("17", true), Scalar::Number(Number::Whole(17)));
        assert_eq!(resolve("-1.5", true), Scalar::Number(Number::Float(-1.5)));
    }

    #[test]
    fn quoted_scalars_are_text() {
        for text in ["", "null", "true", "17"] {
            assert_eq!(resolve(text, false), Scalar::Text(text));
        }
    }

    #[test]
    fn other_plain_scalars_are_text() {
        for text in ["no", "off", "2027-01-01", "%x", "---", "- x", "1GiB", "12:30:45", "*x", "!x", "[a", "a: b"] {
            assert_eq!(resolve(text, true), Scalar::Text(text), "{text}");
        }
    }
}
