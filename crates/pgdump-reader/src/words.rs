//! Reads a statement word by word, as far as it is as expected.

use crate::lexer::{Item, Lexer, Statement, Token, TokenKind};

/// The words of a statement that are yet to be read.
#[derive(Clone, Copy)]
pub(crate) struct Words<'a> {
    pub(crate) tokens: &'a [Token],
    text: &'a str,
}

impl<'a> Words<'a> {
    pub(crate) fn of(statement: &'a Statement) -> Self {
        Self { tokens: &statement.tokens, text: &statement.text }
    }

    /// The schema and the name that a constant of type regclass says.
    pub(crate) fn name_in(text: &str) -> Option<(Option<String>, String)> {
        // Reading from memory cannot fail.
        let Ok(Some(Item::Unfinished(name))) = Lexer::of_text(text).next() else { return None };
        Words::of(&name).qualified()
    }

    pub(crate) fn next(&mut self) -> Option<&'a TokenKind> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(&first.kind)
    }

    /// Takes the next token if it fits; leaves it where it does not.
    fn take<T>(&mut self, fits: impl FnOnce(&'a TokenKind) -> Option<T>) -> Option<T> {
        let (first, rest) = self.tokens.split_first()?;
        let value = fits(&first.kind)?;
        self.tokens = rest;
        Some(value)
    }

    pub(crate) fn word(&mut self) -> Option<&'a str> {
        self.take(|kind| match kind {
            TokenKind::Word(word) => Some(word.as_str()),
            _ => None,
        })
    }

    pub(crate) fn eat(&mut self, wanted: &str) -> Option<()> {
        self.take(|kind| kind.is_word(wanted).then_some(()))
    }

    pub(crate) fn sign(&mut self, wanted: u8) -> Option<()> {
        self.take(|kind| (*kind == TokenKind::Sign(wanted)).then_some(()))
    }

    pub(crate) fn name(&mut self) -> Option<String> {
        self.take(|kind| match kind {
            TokenKind::Word(name) | TokenKind::Name(name) => Some(name.clone()),
            _ => None,
        })
    }

    pub(crate) fn text(&mut self) -> Option<String> {
        self.take(|kind| match kind {
            TokenKind::Text(text) => Some(text.clone()),
            _ => None,
        })
    }

    /// The next token, which stays.
    pub(crate) fn peek(&self) -> Option<&'a TokenKind> {
        self.tokens.first().map(|token| &token.kind)
    }

    /// The value of a string constant of any form, where the statement's text is kept.
    pub(crate) fn string(&mut self) -> Option<Vec<u8>> {
        let (first, rest) = self.tokens.split_first()?;
        let TokenKind::Text(plain) = &first.kind else { return None };
        let raw = self.text.get(first.span.0..first.span.1)?;
        self.tokens = rest;
        if let Some(inner) = raw.strip_prefix('$') {
            let (tag, inner) = inner.split_once('$')?;
            return Some(inner.strip_suffix(&format!("${tag}$"))?.as_bytes().to_vec());
        }
        if !raw.starts_with(['e', 'E']) {
            return Some(plain.as_bytes().to_vec());
        }
        // Of escapes, those that one writes here.
        let inner = raw.get(2..raw.len().checked_sub(1)?)?;
        let (mut value, mut letters) = (String::new(), inner.chars());
        while let Some(letter) = letters.next() {
            match letter {
                '\\' => value.push(match letters.next()? {
                    't' => '\t',
                    'n' => '\n',
                    'r' => '\r',
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    '0'..='9' | 'x' | 'u' | 'U' => return None,
                    other => other,
                }),
                '\'' => {
                    letters.next();
                    value.push('\'');
                }
                other => value.push(other),
            }
        }
        Some(value.into_bytes())
    }

    /// A list of names in parentheses.
    pub(crate) fn names(mut self) -> Option<Vec<String>> {
        self.sign(b'(')?;
        let mut names = vec![self.name()?];
        while self.sign(b',').is_some() {
            names.push(self.name()?);
        }
        self.sign(b')').map(|()| names)
    }

    pub(crate) fn name_or_text(&mut self) -> Option<String> {
        self.name().or_else(|| self.text())
    }

    /// The last two parts of a dotted name.
    pub(crate) fn qualified(&mut self) -> Option<(Option<String>, String)> {
        let mut schema = None;
        let mut name = self.name()?;
        while self.sign(b'.').is_some() {
            schema = Some(std::mem::replace(&mut name, self.name()?));
        }
        Some((schema, name))
    }

    /// A dotted name that ends with an operator.
    pub(crate) fn operator(&mut self) -> Option<(Option<String>, String)> {
        let mut schema = None;
        while let Some(name) = self.name() {
            schema = Some(name);
            self.sign(b'.')?;
        }
        let mut operator = String::new();
        while let Some(sign) = self.take(|kind| match kind {
            TokenKind::Sign(sign) if *sign != b'(' => Some(*sign),
            _ => None,
        }) {
            operator.push(char::from(sign));
        }
        Some((schema, operator))
    }

    /// The text from the next `(` to its `)`.
    pub(crate) fn parentheses(&mut self) -> Option<&'a str> {
        let start = self.tokens.first()?.span.0;
        let mut depth = 0;
        loop {
            let end = self.tokens.first()?.span.1;
            match self.next()? {
                TokenKind::Sign(b'(') => depth += 1,
                TokenKind::Sign(b')') => depth -= 1,
                _ if depth == 0 => return None,
                _ => {}
            }
            if depth == 0 {
                return self.text.get(start..end);
            }
        }
    }

    /// Passes over everything up to and including this word, outside of parentheses.
    pub(crate) fn skip_to(&mut self, wanted: &str) -> Option<()> {
        self.skip_to_either(wanted, wanted).map(|_| ())
    }

    pub(crate) fn skip_to_either(&mut self, one: &str, other: &str) -> Option<&'a str> {
        let mut depth = 0;
        loop {
            match self.next()? {
                TokenKind::Sign(b'(') => depth += 1,
                TokenKind::Sign(b')') => depth -= 1,
                TokenKind::Word(word) if depth == 0 && (word == one || word == other) => return Some(word),
                _ => {}
            }
        }
    }

    pub(crate) fn kind(&mut self, kinds: &[&'static str]) -> Option<&'static str> {
        kinds.iter().copied().find(|kind| {
            let mut ahead = *self;
            let fits = kind.split(' ').all(|part| ahead.word().is_some_and(|word| word.eq_ignore_ascii_case(part)));
            // A table can have the name of a kind: `GRANT SELECT ON type TO x`.
            let fits =
                fits && !matches!(ahead.tokens.first().map(|token| &token.kind), None | Some(TokenKind::Sign(b'.')));
            if fits {
                *self = ahead;
            }
            fits
        })
    }

    pub(crate) fn if_not_exists(&mut self) {
        let mut ahead = *self;
        if ahead.eat("if").and_then(|()| ahead.eat("not")).and_then(|()| ahead.eat("exists")).is_some() {
            *self = ahead;
        }
    }

    pub(crate) fn if_exists(&mut self) {
        let mut ahead = *self;
        if ahead.eat("if").and_then(|()| ahead.eat("exists")).is_some() {
            *self = ahead;
        }
    }

    /// Whether these words stand at the end.
    pub(crate) fn end_with(&self, wanted: &[&str]) -> bool {
        let begin = self.tokens.len().checked_sub(wanted.len());
        begin.is_some_and(|begin| are(&self.tokens[begin..], wanted))
    }

    /// Whether these words stand at the beginning.
    pub(crate) fn begin_with(&self, wanted: &[&str]) -> bool {
        self.tokens.get(..wanted.len()).is_some_and(|first| are(first, wanted))
    }

    /// What stands between commas outside of parentheses: the commands of an `ALTER TABLE`.
    pub(crate) fn commands(self) -> impl Iterator<Item = Self> {
        let mut depth = 0;
        let parts = self.tokens.split(move |token| {
            match token.kind {
                TokenKind::Sign(b'(') => depth += 1,
                TokenKind::Sign(b')') => depth -= 1,
                _ => {}
            }
            depth == 0 && token.kind == TokenKind::Sign(b',')
        });
        parts.map(move |tokens| Self { tokens, text: self.text })
    }

    /// Whether these words stand there anywhere, one after another.
    pub(crate) fn have(&self, wanted: &[&str]) -> bool {
        self.tokens.windows(wanted.len()).any(|tokens| are(tokens, wanted))
    }

    pub(crate) fn roles(&mut self) -> Vec<String> {
        self.roles_and_public().0
    }

    /// A list of roles, and whether PUBLIC is in it. Names of roles that need no lookup are left out.
    pub(crate) fn roles_and_public(&mut self) -> (Vec<String>, bool) {
        let (mut roles, mut public) = (Vec::new(), false);
        loop {
            let _ = self.eat("group");
            match self.next() {
                Some(TokenKind::Word(word)) if word == "public" => public = true,
                Some(TokenKind::Word(word))
                    if matches!(word.as_str(), "current_user" | "session_user" | "current_role") => {}
                Some(TokenKind::Word(name) | TokenKind::Name(name)) => roles.push(name.clone()),
                _ => break,
            }
            if self.sign(b',').is_none() {
                break;
            }
        }
        (roles, public)
    }

    /// The first column of a list of privileges: `SELECT(price)`.
    pub(crate) fn column(&mut self) -> Option<String> {
        loop {
            match self.next()? {
                TokenKind::Sign(b'(') => return self.name(),
                TokenKind::Word(word) if word == "on" => return None,
                _ => {}
            }
        }
    }
}

fn are(tokens: &[Token], wanted: &[&str]) -> bool {
    tokens.iter().zip(wanted).all(|(token, wanted)| token.kind.is_word(wanted))
}
