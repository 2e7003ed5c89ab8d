//! Values as YAML text.

use saphyr::{Scalar, Yaml, YamlEmitter};
use serde_json::Value;

/// A value as YAML that `read` reads back as the same, with the keys of maps in their order.
///
/// # Errors
/// Only the value's own, where it cannot be serialized.
pub fn to_text(value: &impl serde::Serialize) -> Result<String, serde_json::Error> {
    let value = serde_json::to_value(value)?;
    let mut text = String::new();
    let mut emitter = YamlEmitter::new(&mut text);
    emitter.multiline(true);
    // Writing to a String cannot fail, and a value of JSON has nothing that YAML lacks.
    emitter.dump(&yaml(&value)).map_err(serde::ser::Error::custom)?;
    let text = text.strip_prefix("---\n").unwrap_or(&text);
    Ok(format!("{}\n", text.trim_end_matches('\n')))
}

fn yaml(value: &Value) -> Yaml<'_> {
    match value {
        Value::Null => Yaml::Value(Scalar::Null),
        Value::Bool(value) => Yaml::Value(Scalar::Boolean(*value)),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Yaml::Value(Scalar::Integer(whole)),
            (None, Some(float)) => Yaml::Value(Scalar::FloatingPoint(float.into())),
            (None, None) => Yaml::Value(Scalar::String(number.to_string().into())),
        },
        Value::String(text) => Yaml::Value(Scalar::String(text.into())),
        Value::Array(items) => Yaml::Sequence(items.iter().map(yaml).collect()),
        Value::Object(entries) => Yaml::Mapping(
            entries.iter().map(|(key, value)| (Yaml::Value(Scalar::String(key.into())), yaml(value))).collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::tree;
    use super::super::{Content, Scalar, resolve};
    use super::*;

    fn text_of(yaml: &str) -> Option<String> {
        let root = tree(yaml);
        let found = root.find(&["a".into(), 0.into()])?;
        let Content::Scalar { text, plain } = &found.content else { return None };
        matches!(resolve(text, *plain), Scalar::Text(_)).then(|| text.clone())
    }

    #[test]
    fn keys_keep_their_order_and_values_their_kind() {
        let value: Value = serde_json::from_str(r#"{"b": [1, 2.0, true, null], "a": {}, "c": []}"#).unwrap();
        assert_eq!(to_text(&value).unwrap(), "b:\n  - 1\n  - 2.0\n  - true\n  - ~\na: {}\nc: []\n");
    }

    #[test]
    fn text_is_text_whatever_it_looks_like() {
        let texts = [
            "",
            " ",
            "17",
            "1e3",
            "true",
            "~",
            "null",
            "- x",
            "a: b",
            "x #y",
            "'",
            "\"",
            "two\nlines\n",
            "\n",
            "\t",
            "é",
        ];
        for text in texts {
            let yaml = to_text(&serde_json::json!({"a": [text], "b": 1})).unwrap();
            assert_eq!(text_of(&yaml).as_deref(), Some(text), "{yaml}");
        }
    }

    proptest! {
        #[test]
        fn any_text_reads_back(text in "[ -~\n\t]{0,40}|\\PC{0,20}") {
            let yaml = to_text(&serde_json::json!({"a": [&text], "b": 1})).unwrap();
            prop_assert_eq!(text_of(&yaml), Some(text), "{}", yaml);
        }
    }
}
