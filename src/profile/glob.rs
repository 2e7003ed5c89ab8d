//! Patterns of names: `TABLE public.audit_*`.

use std::fmt;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// A pattern that stands for whole names: `*` is any text, also none, `?` is one character, and a backslash before one of
/// these or before another backslash takes it as it is. All else stands for itself, upper and lower case apart, line
/// breaks and brackets too: names of functions hold types such as `integer[]`.
#[derive(Debug, Clone)]
pub struct Glob {
    text: String,
    regex: regex::Regex,
    /// The one name that it stands for, where it holds no wildcard.
    name: Option<String>,
}

/// The longest pattern, in characters: a name has 63 bytes, and an object some of those.
const LONGEST: usize = 2000;

impl Glob {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Says in one line what is wrong with it.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("an empty pattern stands for nothing".into());
        }
        if text.chars().count() > LONGEST {
            return Err(format!("the pattern is longer than {LONGEST} characters"));
        }
        let (mut regex, mut name) = (String::from("(?s)\\A"), Some(String::new()));
        let mut rest = text.chars().peekable();
        while let Some(next) = rest.next() {
            match next {
                '*' | '?' => {
                    regex.push_str(if next == '*' { ".*" } else { "." });
                    name = None;
                }
                _ => {
                    let literal = match next {
                        '\\' => rest.next_if(|next| matches!(next, '*' | '?' | '\\')).unwrap_or(next),
                        other => other,
                    };
                    regex.push_str(&regex::escape(literal.encode_utf8(&mut [0; 4])));
                    if let Some(name) = &mut name {
                        name.push(literal);
                    }
                }
            }
        }
        regex.push_str("\\z");
        match regex::Regex::new(&regex) {
            Ok(regex) => Ok(Self { text: text.to_owned(), regex, name }),
            Err(_) => Err("the pattern has too many wildcards".into()),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The one name that it stands for, where it holds no wildcard.
    pub fn exact(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Whether it stands for this name, all of it.
    pub fn matches(&self, name: &str) -> bool {
        self.regex.is_match(name)
    }
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Glob {}

impl Serialize for Glob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Glob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct GlobVisitor;
        impl Visitor<'_> for GlobVisitor {
            type Value = Glob;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name or a pattern such as `public.audit_*`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Glob, E> {
                Glob::new(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(GlobVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, name: &str) -> bool {
        Glob::new(pattern).unwrap().matches(name)
    }

    #[test]
    fn a_pattern_without_wildcards_is_one_whole_name() {
        assert!(matches("TABLE public.orders", "TABLE public.orders"));
        for other in
            ["TABLE public.orders2", "OLD TABLE public.orders", "TABLE publicXorders", "table public.orders", ""]
        {
            assert!(!matches("TABLE public.orders", other), "{other}");
        }
        assert_eq!(Glob::new(r"a\*b").unwrap().exact(), Some("a*b"));
        assert_eq!(Glob::new("a*b").unwrap().exact(), None);
    }

    #[test]
    fn a_star_is_any_text_and_a_question_mark_one_character() {
        assert!(matches("TABLE public.audit_*", "TABLE public.audit_2026"));
        assert!(matches("TABLE public.audit_*", "TABLE public.audit_"));
        assert!(!matches("TABLE public.audit_*", "TABLE public.xaudit_2026"));
        assert!(matches("*", ""));
        assert!(matches("audit_?", "audit_é") && !matches("audit_?", "audit_") && !matches("audit_?", "audit_12"));
    }

    #[test]
    fn hostile_names_are_text_like_any_other() {
        for name in [
            "TABLE public.\"; DROP TABLE x; --",
            "TABLE public.(.*)[a-z]+$^|{2}",
            "FUNCTION public.f(integer[], text)",
            "TABLE public.line\nbreak\tand \u{202e}таблица",
            r"TABLE public.back\slash",
            " ",
        ] {
            let escaped = name.replace('\\', r"\\").replace('*', r"\*").replace('?', r"\?");
            assert!(name.trim().is_empty() || matches(&escaped, name), "{name:?}");
            assert!(!matches(&format!("{escaped}x"), name), "{name:?}");
            assert!(matches("*", name), "{name:?}");
        }
        assert!(!matches(r"a\*", "abc"));
        assert!(matches(r"a\b", r"a\b"), "a backslash before anything else is one");
        assert!(matches("a\\", "a\\"));
    }

    #[test]
    fn what_stands_for_nothing_or_is_too_long_is_refused() {
        assert!(Glob::new("").is_err());
        assert!(Glob::new("  ").is_err());
        assert!(Glob::new(&"x".repeat(LONGEST + 1)).is_err());
        assert!(Glob::new(&"?*".repeat(LONGEST / 2)).is_ok_and(|glob| glob.matches(&"y".repeat(LONGEST))));
    }
}
