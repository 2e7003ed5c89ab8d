//! Regular expressions of profiles.

/// A regular expression in the syntax of the `regex` crate (<https://docs.rs/regex/1/regex/#syntax>).
#[derive(Debug, Clone)]
pub struct Pattern(regex::Regex);

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Says in one line what is wrong with it.
    pub fn new(pattern: &str) -> Result<Self, String> {
        regex::Regex::new(pattern).map(Self).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => format!("the regular expression `{pattern}` is too large"),
            // The crate draws the pattern with a mark below; the last line says what is wrong.
            other => {
                let text = other.to_string();
                let last = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default().trim();
                let why = last.strip_prefix("error: ").unwrap_or(last);
                format!("`{}` is no regular expression: {why}", pattern.escape_debug())
            }
        })
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it is found anywhere in a value.
    pub fn matches(&self, value: &str) -> bool {
        self.0.is_match(value)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}
