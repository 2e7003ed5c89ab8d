//! Rows of INSERT statements, as dumpTableData_insert in src/bin/pg_dump/pg_dump.c writes them (PostgreSQL 13 to 18): one
//! row or many, constants and DEFAULT, with the columns' names or without.

use super::reason::NoDigest;
use super::row::Row;
use crate::charset::Charset;
use crate::sql::{kept, of_unicode_escapes};

/// Takes a statement apart: what stands before its rows, `INSERT INTO public.orders (id, note) VALUES`, and its rows.
/// `None` where it has no VALUES.
pub(crate) fn split(statement: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut at = 0;
    let mut word_start = None;
    loop {
        let byte = statement.get(at).copied();
        let in_word = byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..));
        match (in_word, word_start) {
            (true, None) => word_start = Some(at),
            (false, Some(start)) => {
                word_start = None;
                // `DEFAULT VALUES` has no rows after it, which makes a row of nothing.
                if statement[start..at].eq_ignore_ascii_case(b"values") {
                    return Some(statement.split_at(at));
                }
            }
            _ => {}
        }
        if byte? == b'"' {
            at += 1 + memchr::memchr(b'"', &statement[at + 1..])?;
        }
        at += 1;
    }
}

/// What an INSERT names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) schema: Option<String>,
    pub(crate) table: String,
    pub(crate) columns: Option<Vec<String>>,
}

/// Whether nothing but VALUES stands between the table with its columns and the rows.
pub(crate) fn is_plain(head: &[u8]) -> bool {
    let mut names = Names { rest: head, charset: Charset::default() };
    let mut read = || {
        names.name().filter(|word| word == "insert")?;
        names.name().filter(|word| word == "into")?;
        names.name()?;
        while names.sign(b'.') {
            names.name()?;
        }
        if names.sign(b'(') {
            names.name()?;
            while names.sign(b',') {
                names.name()?;
            }
            names.sign(b')').then_some(())?;
        }
        let word = names.name()?;
        match word.as_str() {
            "overriding" => {
                names.name().filter(|word| word == "system" || word == "user")?;
                names.name().filter(|word| word == "value")?;
                names.name().filter(|word| word == "values")
            }
            "default" | "values" => Some(word),
            _ => None,
        }
    };
    read().is_some()
}

/// Reads what stands before the rows.
pub(crate) fn target(head: &[u8], charset: Charset) -> Option<Target> {
    let mut names = Names { rest: head, charset };
    names.name().filter(|word| word == "insert")?;
    names.name().filter(|word| word == "into")?;
    let mut table = names.name()?;
    let mut schema = None;
    while names.sign(b'.') {
        schema = Some(std::mem::replace(&mut table, names.name()?));
    }
    let mut columns = None;
    if names.sign(b'(') {
        let mut list = vec![names.name()?];
        while names.sign(b',') {
            list.push(names.name()?);
        }
        columns = names.sign(b')').then_some(list);
    }
    Some(Target { schema, table, columns })
}

struct Names<'a> {
    rest: &'a [u8],
    charset: Charset,
}

impl Names<'_> {
    /// The next name: in lower case where it has no quotes.
    fn name(&mut self) -> Option<String> {
        let text = self.rest.trim_ascii_start();
        let mut name = Vec::new();
        let (escaped, text) = match text {
            [b'u' | b'U', b'&', quoted @ ..] if quoted.first() == Some(&b'"') => (true, quoted),
            _ => (false, text),
        };
        if let [b'"', quoted @ ..] = text {
            let mut rest = quoted;
            loop {
                let end = memchr::memchr(b'"', rest)?;
                name.extend_from_slice(&rest[..end]);
                rest = &rest[end + 1..];
                match rest.split_first() {
                    Some((b'"', after)) => {
                        name.push(b'"');
                        rest = after;
                    }
                    _ => break,
                }
            }
            self.rest = rest;
        } else {
            let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..);
            let length = text.iter().position(|byte| !is_part(byte)).unwrap_or(text.len());
            if length == 0 {
                return None;
            }
            name.extend(text[..length].to_ascii_lowercase());
            self.rest = &text[length..];
        }
        let name = self.charset.text(name);
        Some(kept(if escaped { of_unicode_escapes(&name) } else { name }))
    }

    fn sign(&mut self, wanted: u8) -> bool {
        let text = self.rest.trim_ascii_start();
        let is_there = text.first() == Some(&wanted);
        if is_there {
            self.rest = &text[1..];
        }
        is_there
    }
}

/// Reads the rows after VALUES and hands on each. Given is whether the server may leave some of them out: ON CONFLICT DO
/// NOTHING.
pub(crate) fn values(
    text: &[u8],
    std_strings: bool,
    row: &mut Row,
    mut each: impl FnMut(&Row),
) -> Result<bool, NoDigest> {
    let mut reader = Reader { rest: text, std_strings };
    loop {
        reader.expect(b'(')?;
        row.clear();
        loop {
            reader.value(row)?;
            match reader.next() {
                Some(b',') => {}
                Some(b')') => break,
                _ => return Err(NoDigest::Expressions),
            }
        }
        each(row);
        match reader.next() {
            Some(b',') => {}
            None => return Ok(false),
            // ON CONFLICT DO NOTHING may follow, or DO UPDATE, which changes what was there; or RETURNING.
            Some(first) => {
                let rest = reader.rest.to_ascii_lowercase();
                let has = |word: &[u8]| memchr::memmem::find(&rest, word).is_some();
                if has(b"update") {
                    return Err(NoDigest::Upsert);
                }
                return Ok(first != b';' && has(b"conflict"));
            }
        }
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    std_strings: bool,
}

impl<'a> Reader<'a> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    /// The next byte that is no space.
    fn next(&mut self) -> Option<u8> {
        self.skip_space();
        let (first, after) = self.rest.split_first()?;
        self.rest = after;
        Some(*first)
    }

    fn expect(&mut self, wanted: u8) -> Result<(), NoDigest> {
        if self.next() == Some(wanted) { Ok(()) } else { Err(NoDigest::Expressions) }
    }

    fn value(&mut self, row: &mut Row) -> Result<(), NoDigest> {
        self.skip_space();
        let start = row.len();
        match self.rest {
            [b'\'', ..] => self.string(1, !self.std_strings, row.text())?,
            [b'e' | b'E', b'\'', ..] => self.string(2, true, row.text())?,
            // Only digits are in it.
            [b'b' | b'B', b'\'', ..] => self.string(2, false, row.text())?,
            [b'$', ..] => self.dollar(row.text())?,
            _ => return self.word(row),
        }
        row.end_value(start);
        Ok(())
    }

    fn word(&mut self, row: &mut Row) -> Result<(), NoDigest> {
        let is_end = |byte: &u8| matches!(byte, b',' | b')') || byte.is_ascii_whitespace();
        let length = self.rest.iter().position(is_end).ok_or(NoDigest::Expressions)?;
        let (word, after) = self.rest.split_at(length);
        self.rest = after;
        let start = row.len();
        if word.eq_ignore_ascii_case(b"null") {
            row.push_null();
        } else if word.eq_ignore_ascii_case(b"default") {
            row.push_default();
        } else {
            let is_number = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E');
            // The only type whose constants are written otherwise than its output function does is boolean.
            match word {
                b"true" => row.text().push(b't'),
                b"false" => row.text().push(b'f'),
                _ if word.iter().any(u8::is_ascii_digit) && word.iter().all(is_number) => {
                    row.text().extend_from_slice(word);
                }
                _ => return Err(NoDigest::Expressions),
            }
            row.end_value(start);
        }
        Ok(())
    }

    /// A string up to its closing quote.
    fn string(&mut self, opening: usize, escapes: bool, out: &mut Vec<u8>) -> Result<(), NoDigest> {
        self.rest = &self.rest[opening..];
        loop {
            let found =
                if escapes { memchr::memchr2(b'\'', b'\\', self.rest) } else { memchr::memchr(b'\'', self.rest) };
            let found = found.ok_or(NoDigest::Expressions)?;
            out.extend_from_slice(&self.rest[..found]);
            let special = self.rest[found];
            self.rest = &self.rest[found + 1..];
            match (special, self.rest.first()) {
                (b'\\', _) => self.escape(out)?,
                (_, Some(b'\'')) => {
                    out.push(b'\'');
                    self.rest = &self.rest[1..];
                }
                _ => return Ok(()),
            }
        }
    }

    /// What stands after a backslash (xeescape, xeoctesc, xehexesc in src/backend/parser/scan.l).
    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), NoDigest> {
        let (first, after) = self.rest.split_first().ok_or(NoDigest::Expressions)?;
        self.rest = after;
        out.push(match first {
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            b'0'..=b'7' => {
                let mut value = u32::from(first - b'0');
                for _ in 0..2 {
                    match self.rest.split_first() {
                        Some((digit @ b'0'..=b'7', after)) => {
                            value = value << 3 | u32::from(digit - b'0');
                            self.rest = after;
                        }
                        _ => break,
                    }
                }
                (value & 0xff) as u8
            }
            // pg_dump writes neither: what they mean depends on the encoding.
            b'x' | b'u' | b'U' => return Err(NoDigest::Expressions),
            other => *other,
        });
        Ok(())
    }

    /// `$tag$ … $tag$`
    fn dollar(&mut self, out: &mut Vec<u8>) -> Result<(), NoDigest> {
        let end = memchr::memchr(b'$', &self.rest[1..]).ok_or(NoDigest::Expressions)? + 2;
        let (tag, inside) = self.rest.split_at(end);
        let close = memchr::memmem::find(inside, tag).ok_or(NoDigest::Expressions)?;
        out.extend_from_slice(&inside[..close]);
        self.rest = &inside[close + tag.len()..];
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, std_strings: bool) -> Result<Vec<Vec<Option<String>>>, NoDigest> {
        let mut rows = Vec::new();
        let text_of = |value: Option<&[u8]>| value.map(|value| String::from_utf8_lossy(value).into_owned());
        values(text.as_bytes(), std_strings, &mut Row::default(), |row| {
            rows.push(row.values().map(text_of).collect());
        })?;
        Ok(rows)
    }

    fn one(text: &str) -> Vec<Option<String>> {
        read(text, true).unwrap().remove(0)
    }

    fn some(values: &[&str]) -> Vec<Option<String>> {
        values.iter().map(|value| Some((*value).to_owned())).collect()
    }

    #[test]
    fn a_statement_is_split_where_its_rows_begin() {
        let split = |text: &'static str| {
            split(text.as_bytes())
                .map(|(head, rows)| (std::str::from_utf8(head).unwrap(), std::str::from_utf8(rows).unwrap()))
        };
        assert_eq!(split("INSERT INTO public.t VALUES (1)"), Some(("INSERT INTO public.t VALUES", " (1)")));
        assert_eq!(
            split(
                "INSERT INTO \"a \"\" VALUES (\".values_ (\"VALUES\", b) OVERRIDING SYSTEM VALUE VALUES\n\t('VALUES (')"
            ),
            Some((
                "INSERT INTO \"a \"\" VALUES (\".values_ (\"VALUES\", b) OVERRIDING SYSTEM VALUE VALUES",
                "\n\t('VALUES (')"
            ))
        );
        assert_eq!(split("INSERT INTO t SELECT 1"), None);
        assert_eq!(split("INSERT INTO \"t"), None);
    }

    #[test]
    fn an_insert_of_a_query_is_none_of_values() {
        for head in [
            "INSERT INTO t VALUES",
            "insert into a.\"b c\" (x, \"y\") values",
            "INSERT INTO t (a) OVERRIDING SYSTEM VALUE VALUES",
            "INSERT INTO t DEFAULT VALUES",
        ] {
            assert!(is_plain(head.as_bytes()), "{head}");
        }
        for head in [
            "INSERT INTO t SELECT * FROM (VALUES",
            "INSERT INTO t (a) WITH x AS (VALUES",
            "INSERT INTO t AS u VALUES",
            "INSERT INTO t SELECT 1",
        ] {
            assert!(!is_plain(head.as_bytes()), "{head}");
        }
        assert_eq!(read("(1) ON CONFLICT (a) DO UPDATE SET a = 2", true), Err(NoDigest::Upsert));
    }

    #[test]
    fn the_table_and_its_columns_are_read() {
        let target = |head: &str| {
            target(head.as_bytes(), Charset::default()).map(|target| (target.schema, target.table, target.columns))
        };
        let names = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(target("INSERT INTO public.Orders VALUES"), Some((Some("public".into()), "orders".into(), None)));
        assert_eq!(
            target("INSERT INTO \"a\"\"b\".\"C\" (id, \"N o\") OVERRIDING SYSTEM VALUE VALUES"),
            Some((Some("a\"b".into()), "C".into(), names(&["id", "N o"])))
        );
        assert_eq!(target("INSERT INTO t DEFAULT VALUES"), Some((None, "t".into(), None)));
        assert_eq!(target("INSERT INTO U&\"d\\0061ta\" VALUES"), Some((None, "data".into(), None)));
        let long = "n".repeat(64);
        assert_eq!(target(&format!("INSERT INTO {long} VALUES")), Some((None, long[..63].into(), None)));
        assert_eq!(target("INSERT INTO "), None);
        assert_eq!(target("UPDATE t SET"), None);
    }

    #[test]
    fn constants_are_what_the_types_print() {
        assert_eq!(
            one("(1, -2.5e+10, true, false, NULL, 'it''s', B'0101', E'a\\n\\\\\\101', $q$it's$q$, 'NaN', '')"),
            [some(&["1", "-2.5e+10", "t", "f"]), vec![None], some(&["it's", "0101", "a\n\\A", "it's", "NaN", ""])]
                .concat()
        );
        assert_eq!(read("('a\\\\b')", true).unwrap(), [some(&["a\\\\b"])]);
        assert_eq!(read("('a\\\\b')", false).unwrap(), [some(&["a\\b"])]);
    }

    #[test]
    fn a_statement_can_have_many_rows_and_an_end() {
        let leaves_out = |text: &str| values(text.as_bytes(), true, &mut Row::default(), |_| {});
        assert_eq!(leaves_out("(1) ON CONFLICT DO NOTHING"), Ok(true));
        assert_eq!(leaves_out("(1), (2) RETURNING a"), Ok(false));
        assert_eq!(leaves_out("(1);"), Ok(false));
        let rows = read("\n\t(1, 'a'),\n\t(2, '),('),\n\t(3, NULL) ON CONFLICT DO NOTHING", true).unwrap();
        assert_eq!(rows, [some(&["1", "a"]), some(&["2", "),("]), vec![Some("3".into()), None]]);
    }

    #[test]
    fn what_is_no_constant_has_no_digest() {
        for text in
            ["(now())", "(1 + 1)", "('a'::text)", "(nextval('s'))", "(E'\\u0041')", "('open", "(1", "", "(x)", "(-)"]
        {
            assert_eq!(read(text, true), Err(NoDigest::Expressions), "{text}");
        }
    }

    #[test]
    fn defaults_are_recognised_by_their_place() {
        let mut row = Row::default();
        values(b"(1, DEFAULT, NULL, DEFAULT)", true, &mut row, |_| {}).unwrap();
        assert_eq!(row.defaults, [1, 3]);
    }
}
