//! Names of a dump as they can stand in YAML.

/// A value of a profile: plain where it is nothing else without quotes.
pub fn value(text: &str) -> String {
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
        && !["true", "false", "null", "source"].contains(&text.to_ascii_lowercase().as_str());
    match is_word {
        true => text.to_owned(),
        // A variable of the environment would be meant otherwise.
        false => quoted(&text.replace("${", "$${")),
    }
}

/// Text in double quotes. What JSON writes so, YAML reads so, apart from a few characters that it wants escaped.
pub fn quoted(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    let mut quoted = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(c)))
            }
            _ => quoted.push(c),
        }
    }
    quoted
}

/// Text as it can stand in a comment: on one line, whatever it holds.
pub fn comment(text: &str) -> String {
    // Quotes can stand as they are.
    text.escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_name_is_it_reads_back() {
        for name in
            ["shop", "a b", "17", "true", "NULL", "é\"'\\", "a: b # c", "", "x\ny\u{7f}\u{85}\u{2028}", "source", "- x"]
        {
            let yaml = format!("a: {}\n", value(name));
            let read: serde_yaml::Value = serde_yaml::from_str(&yaml).unwrap();
            assert_eq!(read["a"].as_str(), Some(name), "{yaml}");
        }
        assert_eq!(value("${X}"), r#""$${X}""#);
        assert_eq!(comment("a\nb \"c\" d's"), "a\\nb \"c\" d's");
    }
}
