//! What a scalar means.

use serde_yaml::{Number, Value};

#[derive(Debug, PartialEq)]
pub enum Scalar<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(&'a str),
}

/// What a scalar means by the rules of `serde_yaml`, which also writes the profiles that pgrehearse prints.
pub fn resolve(text: &str, plain: bool) -> Scalar<'_> {
    // Longer than any number that a profile can need.
    const LONGEST: usize = 64;
    // Alone on a line, `---` would start a document.
    if !plain || text.len() > LONGEST || text.starts_with("---") {
        return Scalar::Text(text);
    }
    if text.is_empty() {
        return Scalar::Null;
    }
    match serde_yaml::from_str(text) {
        Ok(Value::Null) => Scalar::Null,
        Ok(Value::Bool(value)) => Scalar::Bool(value),
        Ok(Value::Number(number)) => Scalar::Number(number),
        // Out of its context a plain scalar may read as other YAML (`a: b` cannot, `%x` would): it is text all the same.
        Ok(Value::String(_) | Value::Sequence(_) | Value::Mapping(_) | Value::Tagged(_)) | Err(_) => Scalar::Text(text),
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
        assert_eq!(resolve("17", true), Scalar::Number(17.into()));
        assert_eq!(resolve("-1.5", true), Scalar::Number((-1.5).into()));
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
