//! What a COPY says of how its rows are written (ProcessCopyOptions in src/backend/commands/copy.c, PostgreSQL 13 to 18, and
//! copy_opt_item in gram.y for the form of before 9.0).

use crate::digest::NoDigest;
use crate::lexer::TokenKind;
use crate::words::Words;

/// The form of a COPY's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CopyFormat {
    pub(crate) csv: bool,
    pub(crate) delimiter: u8,
    pub(crate) null: Vec<u8>,
    /// Whether the first line holds names.
    pub(crate) header: bool,
    pub(crate) quote: u8,
    pub(crate) escape: u8,
    /// The encoding of the rows, where it is stated.
    pub(crate) encoding: Option<String>,
    /// Why the rows are not known from the text, where they are not.
    pub(crate) doubt: Option<NoDigest>,
}

impl Default for CopyFormat {
    fn default() -> Self {
        Self {
            csv: false,
            delimiter: b'\t',
            null: b"\\N".to_vec(),
            header: false,
            quote: b'"',
            escape: b'"',
            encoding: None,
            doubt: None,
        }
    }
}

impl CopyFormat {
    /// Whether rows are as pg_dump writes them.
    pub(crate) fn is_usual(&self) -> bool {
        let usual = Self { encoding: self.encoding.clone(), doubt: self.doubt, ..Self::default() };
        *self == usual
    }

    /// Reads what follows `FROM stdin`.
    pub(crate) fn read(words: &mut Words<'_>) -> Self {
        let mut said = Said::default();
        if words.eat("using").is_some() {
            let _ = words.eat("delimiters");
            said.delimiter = words.string();
        }
        let _ = words.eat("with");
        let known = if words.sign(b'(').is_some() { said.listed(words) } else { said.old(words) };
        let filtered = words.eat("where").is_some();
        let mut format = said.into_format();
        if filtered {
            format.doubt = Some(NoDigest::Filtered);
        } else if known.is_none() || !words.tokens.is_empty() {
            format.doubt = format.doubt.or(Some(NoDigest::Options));
        }
        format
    }
}

#[derive(Debug, Default)]
struct Said {
    csv: bool,
    delimiter: Option<Vec<u8>>,
    null: Option<Vec<u8>>,
    header: bool,
    quote: Option<Vec<u8>>,
    escape: Option<Vec<u8>>,
    encoding: Option<String>,
    doubt: Option<NoDigest>,
}

impl Said {
    /// `(FORMAT csv, HEADER true, FORCE_NULL (a, b))` after its parenthesis.
    fn listed(&mut self, words: &mut Words<'_>) -> Option<()> {
        loop {
            let option = words.word()?.to_owned();
            match option.as_str() {
                "format" => match words.name_or_text()?.to_ascii_lowercase().as_str() {
                    "csv" => self.csv = true,
                    "text" => {}
                    _ => self.doubt = Some(NoDigest::Binary),
                },
                "delimiter" => self.delimiter = Some(words.string()?),
                "null" => self.null = Some(words.string()?),
                "quote" => self.quote = Some(words.string()?),
                "escape" => self.escape = Some(words.string()?),
                "header" => {
                    let value = words.name_or_text().unwrap_or_else(|| "true".to_owned()).to_ascii_lowercase();
                    match value.as_str() {
                        "true" | "on" | "1" | "match" => self.header = true,
                        "false" | "off" | "0" => self.header = false,
                        // A number of lines, of versions to come.
                        _ => self.doubt = Some(NoDigest::Options),
                    }
                }
                "encoding" => self.encoding = Some(words.name_or_text()?),
                "freeze" | "log_verbosity" => {
                    let _ = words.name_or_text();
                }
                "on_error" => {
                    if words.name_or_text()?.eq_ignore_ascii_case("ignore") {
                        self.doubt = Some(NoDigest::Filtered);
                    }
                }
                "reject_limit" => {
                    self.doubt = Some(NoDigest::Filtered);
                    words.next()?;
                }
                _ => {
                    // FORCE_NULL, FORCE_NOT_NULL, DEFAULT: what a value is depends on its column.
                    self.doubt = self.doubt.or(Some(NoDigest::Options));
                    let mut depth = 0;
                    while !(depth == 0 && matches!(words.peek()?, TokenKind::Sign(b',' | b')'))) {
                        match words.next()? {
                            TokenKind::Sign(b'(') => depth += 1,
                            TokenKind::Sign(b')') => depth -= 1,
                            _ => {}
                        }
                    }
                }
            }
            if words.sign(b',').is_none() {
                return words.sign(b')');
            }
        }
    }

    /// `CSV HEADER DELIMITER AS ';' NULL 'x' FORCE NOT NULL a, b`
    fn old(&mut self, words: &mut Words<'_>) -> Option<()> {
        let value = |words: &mut Words<'_>| {
            let _ = words.eat("as");
            words.string()
        };
        while let Some(TokenKind::Word(option)) = words.peek() {
            if option == "where" {
                break;
            }
            words.next();
            match option.as_str() {
                "csv" => self.csv = true,
                "binary" => self.doubt = Some(NoDigest::Binary),
                "header" => self.header = true,
                "freeze" => {}
                "delimiter" | "delimiters" => self.delimiter = Some(value(words)?),
                "null" => self.null = Some(value(words)?),
                "quote" => self.quote = Some(value(words)?),
                "escape" => self.escape = Some(value(words)?),
                "encoding" => self.encoding = Some(words.name_or_text()?),
                "force" => {
                    self.doubt = self.doubt.or(Some(NoDigest::Options));
                    let _ = words.eat("not");
                    words.next()?;
                    words.name()?;
                    while words.sign(b',').is_some() {
                        words.name()?;
                    }
                }
                _ => return None,
            }
        }
        Some(())
    }

    fn into_format(self) -> CopyFormat {
        let usual = CopyFormat::default();
        let mut doubt = self.doubt;
        let mut one = |said: Option<Vec<u8>>, usual: u8| match said.as_deref() {
            None => usual,
            Some([byte]) => *byte,
            // Refused by the server.
            Some(_) => {
                doubt = doubt.or(Some(NoDigest::Options));
                usual
            }
        };
        let delimiter = one(self.delimiter, if self.csv { b',' } else { b'\t' });
        let quote = one(self.quote, b'"');
        let escape = one(self.escape, quote);
        let null = self.null.unwrap_or_else(|| if self.csv { Vec::new() } else { usual.null });
        CopyFormat {
            csv: self.csv,
            delimiter,
            null,
            header: self.header,
            quote,
            escape,
            encoding: self.encoding,
            doubt,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexer::{Item, Lexer};

    fn read(options: &str) -> CopyFormat {
        let text = format!("COPY {options};");
        let Ok(Some(Item::Statement(statement))) = Lexer::of_text(&text).next() else { panic!("{text}") };
        let mut words = Words::of(&statement);
        words.next();
        CopyFormat::read(&mut words)
    }

    #[test]
    fn options_are_read_in_both_forms() {
        let csv = CopyFormat { csv: true, delimiter: b',', null: Vec::new(), ..CopyFormat::default() };
        assert_eq!(read(""), CopyFormat::default());
        assert_eq!(read("WITH (FORMAT csv)"), csv);
        assert_eq!(read("(format 'CSV', header, freeze)"), CopyFormat { header: true, ..csv.clone() });
        assert_eq!(read("CSV HEADER"), CopyFormat { header: true, ..csv.clone() });
        let pipes = CopyFormat { delimiter: b'|', null: b"NIL".to_vec(), ..CopyFormat::default() };
        assert_eq!(read("WITH DELIMITER AS '|' NULL AS 'NIL'"), pipes);
        assert_eq!(read("(DELIMITER '|', NULL 'NIL')"), pipes);
        assert_eq!(read("(DELIMITER E'\\t', NULL E'\\\\N')"), CopyFormat::default());
        assert_eq!(read("(DELIMITER $$|$$, NULL 'NIL', FORMAT text, HEADER false)"), pipes);
        assert_eq!(read("CSV QUOTE '''' ESCAPE E'\\\\'"), CopyFormat { quote: b'\'', escape: b'\\', ..csv.clone() });
        assert_eq!(read("(FORMAT csv, ENCODING 'LATIN1')"), CopyFormat { encoding: Some("LATIN1".into()), ..csv });
    }

    #[test]
    fn what_decides_over_rows_or_values_is_said() {
        for options in ["(FORMAT binary)", "BINARY", "WITH BINARY"] {
            assert_eq!(read(options).doubt, Some(NoDigest::Binary), "{options}");
        }
        for options in
            ["WHERE a > 1", "(FORMAT csv) WHERE a > 1", "(ON_ERROR ignore)", "(ON_ERROR ignore, REJECT_LIMIT 3)"]
        {
            assert_eq!(read(options).doubt, Some(NoDigest::Filtered), "{options}");
        }
        for options in
            ["(FORMAT csv, FORCE_NULL (a, b))", "CSV FORCE NOT NULL a, b", "(FORMAT csv, DEFAULT 'x')", "WITH OIDS"]
        {
            assert_eq!(read(options).doubt, Some(NoDigest::Options), "{options}");
        }
        assert_eq!(read("(FORMAT csv, FORCE_NULL *, HEADER)").doubt, Some(NoDigest::Options));
        assert!(read("(FORMAT csv, FORCE_NULL *, HEADER)").header);
    }
}
