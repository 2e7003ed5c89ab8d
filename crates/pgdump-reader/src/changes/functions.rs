//! The functions that statements call: which of them can change rows or large objects.

use crate::lexer::{Statement, Token, TokenKind};
use crate::words::Words;

/// Functions in a SELECT of pg_dump, which change no rows.
const HARMLESS: &[&str] = &[
    "set_config",
    "setval",
    "lo_open",
    "lo_create",
    "lowrite",
    "lo_close",
    "pg_restore_relation_stats",
    "pg_restore_attribute_stats",
    "pg_restore_extended_stats",
    "pg_extension_config_dump",
    "now",
    "count",
    "version",
    "current_database",
    "current_setting",
    "pg_sleep",
    "format",
];

/// Functions that make, fill, cut or remove large objects in ways that pg_dump does not write: what the objects hold then is not
/// read off the script (src/backend/libpq/be-fsstubs.c).
const OF_LARGE_OBJECTS: &[&str] =
    &["lo_from_bytea", "lo_put", "lo_import", "lo_truncate", "lo_truncate64", "lo_unlink"];

/// The function with which a statement changes large objects out of sight. `pg_dump --clean` removes those that are there before
/// it makes its own (DropLOIfExists in src/bin/pg_dump/pg_backup_db.c).
pub(crate) fn of_large_objects(statement: &Statement) -> Option<&'static str> {
    if Words::of(statement).have(&["pg_largeobject_metadata"]) {
        return None;
    }
    calls(&statement.tokens).find_map(|(_, called)| OF_LARGE_OBJECTS.iter().copied().find(|name| *name == called))
}

/// Every name with a parenthesis behind it, and its place.
fn calls(tokens: &[Token]) -> impl Iterator<Item = (usize, &str)> {
    tokens.windows(2).enumerate().filter_map(|(at, pair)| match [&pair[0].kind, &pair[1].kind] {
        [TokenKind::Word(name) | TokenKind::Name(name), TokenKind::Sign(b'(')] => Some((at, name.as_str())),
        _ => None,
    })
}

/// Words that a parenthesis can follow, and that are no functions.
const NOT_CALLED: &[&str] = &[
    "all",
    "and",
    "any",
    "array",
    "as",
    "by",
    "case",
    "cast",
    "char",
    "conflict",
    "copy",
    "cube",
    "decimal",
    "distinct",
    "else",
    "except",
    "exists",
    "filter",
    "from",
    "grouping",
    "having",
    "in",
    "intersect",
    "interval",
    "into",
    "join",
    "lateral",
    "materialized",
    "not",
    "numeric",
    "on",
    "only",
    "or",
    "over",
    "returning",
    "rollup",
    "row",
    "select",
    "sets",
    "some",
    "then",
    "time",
    "timestamp",
    "timestamptz",
    "union",
    "using",
    "values",
    "varchar",
    "when",
    "where",
    "with",
    "within",
];

/// PostgreSQL's own functions that a script uses to make up values; none of them changes a row.
const BUILT_IN: &[&str] = &[
    "abs",
    "age",
    "array_agg",
    "array_length",
    "array_to_string",
    "ascii",
    "avg",
    "ceil",
    "ceiling",
    "char_length",
    "chr",
    "clock_timestamp",
    "coalesce",
    "concat",
    "concat_ws",
    "currval",
    "date_part",
    "date_trunc",
    "decode",
    "dense_rank",
    "encode",
    "extract",
    "first_value",
    "floor",
    "gen_random_uuid",
    "generate_series",
    "generate_subscripts",
    "greatest",
    "initcap",
    "json_agg",
    "json_array_elements",
    "json_build_array",
    "json_build_object",
    "jsonb_agg",
    "jsonb_array_elements",
    "jsonb_build_array",
    "jsonb_build_object",
    "jsonb_set",
    "lag",
    "last_value",
    "lastval",
    "lead",
    "least",
    "left",
    "length",
    "lower",
    "lpad",
    "ltrim",
    "make_date",
    "make_interval",
    "make_timestamp",
    "max",
    "md5",
    "min",
    "mod",
    "nextval",
    "ntile",
    "nullif",
    "overlay",
    "position",
    "power",
    "random",
    "rank",
    "regexp_replace",
    "regexp_split_to_table",
    "repeat",
    "replace",
    "reverse",
    "right",
    "round",
    "row_number",
    "row_to_json",
    "rpad",
    "rtrim",
    "sha256",
    "split_part",
    "sqrt",
    "string_agg",
    "string_to_array",
    "strpos",
    "substr",
    "substring",
    "sum",
    "timezone",
    "to_char",
    "to_date",
    "to_json",
    "to_jsonb",
    "to_number",
    "to_timestamp",
    "to_tsvector",
    "translate",
    "trim",
    "trunc",
    "unnest",
    "upper",
    "width_bucket",
];

/// A function of which nothing is known, that a statement runs; or that it is too long to say.
pub(super) fn runs(verb: &str, statement: &Statement) -> Option<String> {
    runs_in(verb, &statement.tokens, statement.cut)
}

pub(super) fn runs_in(verb: &str, tokens: &[Token], is_cut: bool) -> Option<String> {
    if is_cut {
        return Some(format!("a {verb} that is too long to be looked through"));
    }
    let is_known =
        |name: &str| [HARMLESS, OF_LARGE_OBJECTS, NOT_CALLED, BUILT_IN].iter().any(|list| list.contains(&name));
    let (_, unknown) = calls(tokens).find(|(at, name)| !is_target(tokens, *at) && !is_known(name))?;
    // A setting that is set to something that is no constant is reported where settings are read.
    Some(format!("{verb} {unknown}(…) runs a function"))
}

/// Whether this is the last part of the name behind INTO, whose columns may follow.
fn is_target(tokens: &[Token], at: usize) -> bool {
    let mut at = at;
    while at >= 2 && tokens[at - 1].kind == TokenKind::Sign(b'.') {
        at -= 2;
    }
    at.checked_sub(1).is_some_and(|before| tokens[before].kind.is_word("into"))
}
