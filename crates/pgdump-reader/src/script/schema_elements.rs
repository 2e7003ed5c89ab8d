//! `CREATE SCHEMA s CREATE TABLE t (…) GRANT …`: SQL's own form, in which one statement creates a schema and what is in it
//! (OptSchemaEltList in gram.y, PostgreSQL 13 to 18).

use crate::lexer::{Statement, TokenKind};
use crate::words::Words;

/// The statements that such a one stands for.
pub(crate) struct Elements {
    /// Where names without a schema lead, in all but the first.
    pub(crate) schema: String,
    pub(crate) head: Statement,
    pub(crate) statements: Vec<Statement>,
}

/// Takes it apart; nothing where it is another statement, or makes a schema alone. `acting` is who owns what is made.
pub(crate) fn of(statement: &Statement, acting: Option<&str>) -> Option<Elements> {
    let mut words = Words::of(statement);
    words.eat("create")?;
    words.eat("schema")?;
    let named = if is_authorization(&words) { None } else { Some(words.name()?) };
    let owner = words.eat("authorization").and_then(|()| match words.next()? {
        TokenKind::Word(word) if OF_SESSION.contains(&word.as_str()) => acting.map(str::to_owned),
        TokenKind::Word(name) | TokenKind::Name(name) => Some(name.clone()),
        _ => None,
    });
    let schema = named.or(owner)?;
    let first = statement.tokens.len() - words.tokens.len();
    let starts = starts(statement, first);
    // Anything between the schema's name and the first of them is a form that is not known.
    if starts.first() != Some(&first) {
        return None;
    }
    let ends = starts.iter().skip(1).copied().chain([statement.tokens.len()]);
    let statements = starts.iter().zip(ends).map(|(start, end)| part(statement, *start, end)).collect();
    Some(Elements { schema, head: part(statement, 0, first), statements })
}

/// Roles that are known by the session alone.
const OF_SESSION: [&str; 3] = ["current_role", "current_user", "session_user"];

fn is_authorization(words: &Words<'_>) -> bool {
    words.peek().is_some_and(|kind| kind.is_word("authorization"))
}

/// Where statements begin. CREATE and GRANT are reserved, so outside of parentheses they are nothing else, but for privileges:
/// `GRANT CREATE, USAGE … WITH GRANT OPTION`.
fn starts(statement: &Statement, first: usize) -> Vec<usize> {
    let mut depth = 0_usize;
    let mut starts = Vec::new();
    for (at, token) in statement.tokens.iter().enumerate().skip(first) {
        let before = at.checked_sub(1).map(|before| &statement.tokens[before].kind);
        let follows = |word: &str| before.is_some_and(|before| before.is_word(word));
        match &token.kind {
            TokenKind::Sign(b'(') => depth += 1,
            TokenKind::Sign(b')') => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            kind if kind.is_word("create") && !follows("grant") && before != Some(&TokenKind::Sign(b',')) => {
                starts.push(at);
            }
            kind if kind.is_word("grant") && !follows("with") => starts.push(at),
            _ => {}
        }
    }
    starts
}

/// A part of a statement as one of its own.
fn part(statement: &Statement, start: usize, end: usize) -> Statement {
    let mut tokens = statement.tokens[start..end].to_vec();
    let from = tokens.first().map_or(0, |token| token.span.0);
    let to = tokens.last().map_or(0, |token| token.span.1);
    for token in &mut tokens {
        token.span = (token.span.0 - from, token.span.1 - from);
    }
    let text = statement.text.get(from..to).unwrap_or_default().to_owned();
    Statement { tokens, text, ..statement.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexer::{Item, Lexer};

    fn read(text: &str) -> Option<(String, Vec<String>)> {
        let Ok(Some(Item::Unfinished(statement))) = Lexer::of_text(text).next() else { panic!("{text}") };
        let elements = of(&statement, Some("me"))?;
        let texts = [&elements.head].into_iter().chain(&elements.statements).map(|part| part.text.clone());
        Some((elements.schema, texts.collect()))
    }

    #[test]
    fn a_schema_with_what_is_in_it_is_several_statements() {
        let text = "create schema s create table t (a int default 1, \"create\" int) CREATE VIEW v AS SELECT (SELECT 1) \
                    GRANT CREATE ON SCHEMA s TO x WITH GRANT OPTION grant select, insert ON t TO y";
        let (schema, texts) = read(text).unwrap();
        assert_eq!(schema, "s");
        assert_eq!(
            texts,
            [
                "CREATE schema s",
                "create table t (a int default 1, \"create\" int)",
                "CREATE VIEW v AS SELECT (SELECT 1)",
                "GRANT CREATE ON SCHEMA s TO x WITH GRANT OPTION",
                "grant select, insert ON t TO y",
            ]
        );
        let schema = |text: &str| read(text).map(|(schema, _)| schema);
        assert_eq!(schema("CREATE SCHEMA AUTHORIZATION joe CREATE TABLE t ()").as_deref(), Some("joe"));
        assert_eq!(schema("CREATE SCHEMA AUTHORIZATION current_user CREATE TABLE t ()").as_deref(), Some("me"));
        assert_eq!(schema("CREATE SCHEMA s AUTHORIZATION joe CREATE TABLE t ()").as_deref(), Some("s"));
        for other in ["CREATE SCHEMA s", "CREATE SCHEMA IF NOT EXISTS s", "CREATE TABLE s ()"] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
