//! A statement without the values in it.

use pgdump_reader::sql::{COMMANDS, Kind, Piece, pieces};

use super::{MASK, Mask, parts, postgres};

/// What begins a statement inside of a function's body, beside SQL's commands.
const WITHIN: [&str; 2] = ["perform", "return"];

/// Those whose numbers are of a definition.
const DEFINES: [&str; 2] = ["alter", "create"];

/// What is known of a statement: its keywords and signs, and the names that the dump has. Strings are never shown, unless all
/// of one is such a name, nor numbers, unless the statement only defines something and everything else of it is known.
pub fn shown(mask: &Mask<'_>, sql: &str) -> String {
    let pieces = pieces(sql);
    let Some(first) = pieces.iter().find(|piece| !piece.is_blank()) else { return MASK.to_owned() };
    let first = first.lower(sql);
    if !COMMANDS.contains(&first.as_str()) && !WITHIN.contains(&first.as_str()) {
        // Not a statement at all: rows that psql took for one.
        return MASK.to_owned();
    }
    if first == "insert"
        && let Some(values) = pieces.iter().position(|piece| piece.lower(sql) == "values")
    {
        let head = &pieces[..values];
        let head = &head[..head.iter().position(|piece| piece.sign(sql) == Some('(')).unwrap_or(values)];
        return format!("{}(…) {MASK}", written(mask, sql, head, false).trim_end());
    }
    let is_known = |piece: &Piece| match piece.kind {
        Kind::Word => knows_word(mask, piece.text(sql)),
        Kind::Name => mask.knows(&piece.name(sql)),
        _ => true,
    };
    let numbers = DEFINES.contains(&first.as_str()) && pieces.iter().all(is_known);
    written(mask, sql, &pieces, numbers)
}

fn knows_word(mask: &Mask<'_>, word: &str) -> bool {
    mask.knows(word) || mask.knows(&word.to_ascii_lowercase()) || postgres::is_keyword(word)
}

fn written(mask: &Mask<'_>, sql: &str, pieces: &[Piece], numbers: bool) -> String {
    let mut shown = String::new();
    let mut space = false;
    for piece in pieces {
        let own = piece.text(sql);
        let is_shown = match piece.kind {
            Kind::Space | Kind::Comment => {
                space = !shown.is_empty();
                continue;
            }
            Kind::Word => knows_word(mask, own),
            Kind::Name => mask.knows(&piece.name(sql)),
            Kind::Text => own.len() > 2 && parts::is_one_name(mask, piece.text_of_string(sql)),
            Kind::Number => numbers && own.len() <= 6 || mask.knows(own),
            Kind::Sign => own.is_ascii(),
        };
        if std::mem::take(&mut space) && (is_shown || !shown.ends_with(MASK)) {
            shown.push(' ');
        }
        if is_shown {
            shown.push_str(own);
        } else if !shown.ends_with(MASK) {
            shown.push_str(MASK);
        }
    }
    shown
}
