//! Parts of messages and statements: names, types, signatures, locales, files.

use pgdump_reader::sql::{Kind, pieces};

use super::{MASK, Mask, postgres};

/// What stands where a message has names: shown where all of it is known.
pub fn names(mask: &Mask<'_>, text: &str) -> String {
    if is_known(mask, text) { text.to_owned() } else { MASK.to_owned() }
}

/// Whether this is one name that is known, qualified or not, as the server writes it in quotes.
pub fn is_one_name(mask: &Mask<'_>, text: &str) -> bool {
    mask.knows(text)
        || postgres::is_keyword(text)
        || text.len() == 1 && text.bytes().all(|byte| byte.is_ascii_punctuation())
        || text.contains('.') && text.split('.').all(|part| mask.knows(unquoted(part)))
}

fn unquoted(name: &str) -> &str {
    name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name)
}

/// Whether names, types, operators or a signature are all made of what is known: `public.f(integer, numeric(10,2))`.
pub fn is_known(mask: &Mask<'_>, text: &str) -> bool {
    if is_one_name(mask, text) {
        return true;
    }
    // Names in a list or one after another, in which a quoted one is written without its quotes.
    let pieces = pieces(text);
    let mut depth = 0_usize;
    !text.is_empty()
        && pieces.iter().all(|piece| {
            let own = piece.text(text);
            match piece.kind {
                Kind::Space => own == " ",
                Kind::Word => mask.knows(own) || postgres::is_keyword(own) || mask.knows(&own.to_ascii_lowercase()),
                Kind::Name => mask.knows(&piece.name(text)),
                // Of `numeric(10,2)`.
                Kind::Number => depth > 0 && own.len() <= 4 || mask.knows(own),
                Kind::Sign => {
                    match own {
                        "(" => depth += 1,
                        ")" => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                    own.is_ascii() && ![":", ";", "'"].contains(&own)
                }
                Kind::Text | Kind::Comment => false,
            }
        })
}

/// Whether this can only be the name of a locale: `de_DE.UTF-8`, `en-US-u-kn-true` is none that can be distinguished from a
/// value.
pub fn is_locale(text: &str) -> bool {
    let (language, rest) = match text.find(['_', '.', '@', '-']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let rest = match rest.strip_prefix(['_', '-']) {
        Some(rest) => {
            let end = rest.find(['.', '@']).unwrap_or(rest.len());
            if end != 2 || !rest[..end].bytes().all(|byte| byte.is_ascii_uppercase()) {
                return false;
            }
            &rest[end..]
        }
        None => rest,
    };
    let (codeset, modifier) = rest.split_once('@').unwrap_or((rest, ""));
    let codeset = codeset.strip_prefix('.').unwrap_or(codeset);
    let is_codeset = |text: &str| {
        let bare: String = text.to_ascii_lowercase().replace(['-', '_'], "");
        bare.is_empty()
            || ["utf8", "euro", "latin", "koi8r", "koi8u", "big5", "gbk", "gb18030", "gb2312", "eucjp", "euckr", "sjis"]
                .contains(&bare.as_str())
            || ["iso8859", "cp", "windows", ""].iter().any(|prefix| {
                let digits = bare.strip_prefix(prefix).unwrap_or("x");
                (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
            })
    };
    let is_language = (2..=3).contains(&language.len()) && language.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_modifier = ["", "euro", "latin", "cyrillic", "valencia", "modifier"].contains(&modifier);
    matches!(text, "C" | "POSIX" | "C.UTF-8" | "C.utf8" | "PG_UNICODE_FAST" | "PG_C_UTF8")
        || is_language && is_codeset(codeset) && is_modifier
        || postgres::is_name(text)
}

/// A file of the server's installation, by what it belongs to: `$libdir/postgis-3`, `…/extension/vector.control`.
pub fn path(mask: &Mask<'_>, text: &str) -> String {
    const OWN: [&str; 14] = [
        "",
        "usr",
        "share",
        "lib",
        "local",
        "postgresql",
        "extension",
        "pgsql",
        "bin",
        "opt",
        "$libdir",
        "tsearch_data",
        "contrib",
        "..",
    ];
    let (directory, file) = text.rsplit_once('/').map_or(("", text), |(directory, file)| (directory, file));
    let stem = |name: &str| {
        let name = [".control", ".so", ".sql", ".dylib"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        name.split("--").next().unwrap_or(name).to_owned()
    };
    if !mask.knows(file) && !mask.knows(&stem(file)) && !mask.knows(text.trim_start_matches("$libdir/")) {
        return MASK.to_owned();
    }
    let is_own = |part: &str| OWN.contains(&part) || part.len() <= 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    match directory.split('/').all(|part| is_own(part) || mask.knows(part)) {
        true => text.to_owned(),
        false => format!("…/{file}"),
    }
}
