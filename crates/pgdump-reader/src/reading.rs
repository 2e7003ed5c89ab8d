//! Functions of a dump that may read tables, and what calls them while rows come in: there the order of rows decides what a
//! restore comes to. pg_dump knows nothing of what a function reads (`getDependencies` takes what the catalogue has), so its
//! order is no promise, and parallel jobs keep none at all.

use std::collections::{BTreeMap, BTreeSet};

use crate::archive::Archive;
use crate::declared::Declared;
use crate::tag;

/// One definition of a dump.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'a> {
    /// As pg_dump calls it: `TABLE`, `FUNCTION`, `DOMAIN`.
    pub desc: &'a str,
    /// `None` for what is in no schema.
    pub schema: Option<&'a str>,
    /// The name, as in [`TocEntry::tag`](crate::TocEntry::tag).
    pub tag: &'a str,
    /// The statements that make it.
    pub definition: &'a str,
}

/// All definitions of an archive.
pub fn pieces_of_archive(archive: &Archive) -> impl Iterator<Item = Piece<'_>> + Clone {
    archive.entries.iter().map(|entry| Piece {
        desc: &entry.desc,
        schema: entry.schema.as_deref(),
        tag: &entry.tag,
        definition: &entry.defn,
    })
}

/// Those that a full pass has found.
pub fn pieces_of(declared: &[Declared]) -> impl Iterator<Item = Piece<'_>> + Clone {
    declared.iter().map(|declared| Piece {
        desc: &declared.desc,
        schema: declared.schema.as_deref(),
        tag: &declared.tag,
        definition: &declared.definition,
    })
}

/// The functions of a dump that may read tables, and the operators that are made of them.
#[derive(Debug, Default)]
pub struct Readers {
    /// By name, without schema.
    functions: BTreeSet<String>,
    operators: BTreeSet<String>,
    /// A cast made of such a function can stand anywhere without being named.
    cast: Option<String>,
}

/// What calls such a function while rows come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `TABLE public.bookings`
    pub object: String,
    /// The function's name.
    pub function: String,
}

impl Readers {
    /// Finds them. Conservative: a body that has a word such as `from` may read a table, as may one that calls such a
    /// function, and one in a language that is not known.
    pub fn of<'a>(pieces: impl Iterator<Item = Piece<'a>> + Clone) -> Self {
        let mut readers = Self::default();
        let mut others: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for piece in pieces.clone().filter(|piece| piece.desc == tag::FUNCTION) {
            let name = piece.tag.split('(').next().unwrap_or(piece.tag);
            let text = piece.definition;
            match language(text).as_deref() {
                Some("c" | "internal") => {}
                Some("sql" | "plpgsql") if !may_read(text) => others.entry(name).or_default().push(text),
                _ => {
                    readers.functions.insert(name.to_owned());
                }
            }
        }
        // A function that calls one is one.
        while !readers.functions.is_empty() {
            // Its own name stands before its parameters.
            let body = |text: &'a str| text.find(" AS ").map_or(text, |at| &text[at..]);
            let calls = |texts: &Vec<&'a str>| texts.iter().any(|text| readers.called_in(body(text)).is_some());
            let more: Vec<&str> = others.iter().filter(|(_, texts)| calls(texts)).map(|(name, _)| *name).collect();
            if more.is_empty() {
                break;
            }
            for name in more {
                others.remove(name);
                readers.functions.insert(name.to_owned());
            }
        }
        if readers.functions.is_empty() {
            return readers;
        }
        for piece in pieces {
            match piece.desc {
                tag::OPERATOR => {
                    let made_of = piece.definition.split(['=', ',', '\n']).map(last_part);
                    if made_of.into_iter().any(|name| readers.functions.contains(&name)) {
                        readers.operators.insert(piece.tag.split(" (").next().unwrap_or(piece.tag).to_owned());
                    }
                }
                tag::CAST if readers.cast.is_none() => {
                    readers.cast = readers.called_in(piece.definition).map(str::to_owned);
                }
                _ => {}
            }
        }
        readers
    }

    /// The first of them that a text calls.
    pub fn called_in(&self, text: &str) -> Option<&str> {
        if self.functions.is_empty() {
            return None;
        }
        let function = text.match_indices('(').find_map(|(at, _)| {
            let name = last_part(&text[..at]);
            self.functions.get(&name)
        });
        let operator = || self.operators.iter().find(|operator| text.contains(operator.as_str()));
        function.or_else(operator).map(String::as_str)
    }

    /// What calls one of them while rows come in: a check, a generated column, the key of partitions, an index, a domain;
    /// or a materialized view where there are several.
    pub fn calls<'a>(&self, pieces: impl Iterator<Item = Piece<'a>> + Clone) -> Option<Call> {
        if self.functions.is_empty() {
            return None;
        }
        let call = |piece: Piece<'_>, function: &str| Call {
            object: crate::archive::label(piece.desc, piece.schema, piece.tag),
            function: function.to_owned(),
        };
        let views = pieces.clone().filter(|piece| piece.desc == tag::MATERIALIZED_VIEW_DATA).count();
        pieces.clone().find_map(|piece| {
            let function = match piece.desc {
                tag::TABLE => piece.definition.lines().filter(|line| runs(line)).find_map(|line| self.called_in(line)),
                tag::DOMAIN | tag::INDEX | tag::CONSTRAINT | tag::CHECK_CONSTRAINT | tag::DOMAIN_CONSTRAINT => {
                    self.called_in(piece.definition)
                }
                tag::MATERIALIZED_VIEW | tag::VIEW if views > 1 => self.called_in(piece.definition),
                _ => None,
            };
            let cast =
                self.cast.as_deref().filter(|_| piece.desc == tag::TABLE && piece.definition.contains("CHECK ("));
            function.or(cast).map(|function| call(piece, function))
        })
    }
}

/// Whether a line of a table's definition has an expression that runs as rows come in; pg_dump writes each column and each
/// constraint in a line of its own, and gives every column a value, so that no default runs.
fn runs(line: &str) -> bool {
    let only_default = line.contains(" DEFAULT ") && !line.contains("CHECK (") && !line.contains(" GENERATED ");
    !only_default
}

/// The language of a function, in lower case.
fn language(definition: &str) -> Option<String> {
    let (_, after) = definition.split_once("LANGUAGE ")?;
    let word = after.split([' ', '\n', ';']).next()?;
    Some(word.trim_matches('"').to_ascii_lowercase())
}

/// Whether a body may read a table.
fn may_read(definition: &str) -> bool {
    const WORDS: [&str; 6] = ["from", "table", "execute", "perform", "join", "using"];
    let words = definition.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.map(str::to_ascii_lowercase).any(|word| WORDS.contains(&word.as_str()))
}

/// The last part of the name at the end of a text: `room_exists` of `CHECK (public.room_exists`.
fn last_part(text: &str) -> String {
    let text = text.trim();
    if let Some(quoted) = text.strip_suffix('"') {
        // A quote within a name is doubled.
        let start = quoted.replace("\"\"", "\u{1}\u{1}").rfind('"').map_or(0, |at| at + 1);
        return quoted[start..].replace("\"\"", "\"");
    }
    let start = text
        .rfind(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
        .map_or(0, |at| at + text[at..].chars().next().map_or(0, char::len_utf8));
    text[start..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece<'a>(desc: &'a str, tag: &'a str, definition: &'a str) -> Piece<'a> {
        Piece { desc, schema: Some("public"), tag, definition }
    }

    const READS: &str = "CREATE FUNCTION public.room_exists(i integer) RETURNS boolean\n    LANGUAGE plpgsql STABLE\n    \
                         AS $$ BEGIN RETURN EXISTS (SELECT 1 FROM public.rooms WHERE id = i); END $$;\n";
    const COUNTS: &str = "CREATE FUNCTION public.\"is Odd\"(i integer) RETURNS boolean\n    LANGUAGE sql\n    AS $$ SELECT i % 2 = 1 $$;\n";

    fn called(pieces: &[Piece<'_>]) -> Option<String> {
        let readers = Readers::of(pieces.iter().copied());
        readers.calls(pieces.iter().copied()).map(|call| format!("{} {}", call.object, call.function))
    }

    #[test]
    fn what_runs_while_rows_come_in_and_may_read_a_table_is_found() {
        let function = piece("FUNCTION", "room_exists(integer)", READS);
        let through = piece(
            "FUNCTION",
            "fits(integer)",
            "CREATE FUNCTION public.fits(i integer) RETURNS boolean LANGUAGE sql AS $$ SELECT public.room_exists(i) $$;",
        );
        let operator = piece(
            "OPERATOR",
            "@@@ (NONE, integer)",
            "CREATE OPERATOR public.@@@ (\n    FUNCTION = public.room_exists,\n    RIGHTARG = integer\n);",
        );
        for (desc, definition, function_name) in [
            (
                "TABLE",
                "CREATE TABLE public.b (\n    r integer,\n    CONSTRAINT c CHECK (public.room_exists(r))\n);",
                "room_exists",
            ),
            ("TABLE", "CREATE TABLE public.b (\n    g boolean GENERATED ALWAYS AS (public.fits(r)) STORED\n);", "fits"),
            (
                "DOMAIN",
                "CREATE DOMAIN public.d AS integer\n\tCONSTRAINT c CHECK (public.room_exists(VALUE));",
                "room_exists",
            ),
            ("INDEX", "CREATE INDEX i ON public.b USING btree (public.\"room_exists\"(r));", "room_exists"),
            ("CHECK CONSTRAINT", "ALTER TABLE public.b ADD CONSTRAINT c CHECK ((OPERATOR(public.@@@) r));", "@@@"),
        ] {
            let found = called(&[function, through, operator, piece(desc, "b", definition)]);
            assert_eq!(found, Some(format!("{desc} public.b {function_name}")), "{definition}");
        }
    }

    #[test]
    fn what_does_not_run_or_reads_nothing_is_left_alone() {
        let reads = piece("FUNCTION", "room_exists(integer)", READS);
        let odd = piece("FUNCTION", "is Odd(integer)", COUNTS);
        for (desc, definition) in [
            ("TABLE", "CREATE TABLE public.b (\n    r boolean DEFAULT public.room_exists(1) NOT NULL\n);"),
            ("TABLE", "CREATE TABLE public.b (\n    r integer,\n    CONSTRAINT c CHECK (public.\"is Odd\"(r))\n);"),
            ("TABLE", "CREATE TABLE public.b (\n    CONSTRAINT c CHECK (public.no_room_exists(r))\n);"),
            ("VIEW", "CREATE VIEW public.b AS SELECT public.room_exists(1);"),
            ("TRIGGER", "CREATE TRIGGER t BEFORE INSERT ON public.b EXECUTE FUNCTION public.room_exists();"),
        ] {
            assert_eq!(called(&[reads, odd, piece(desc, "b", definition)]), None, "{definition}");
        }
    }
}
