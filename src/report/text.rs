//! Text for people: hostile names made harmless, quantities made readable, lines broken at a width.
//!
//! Names and messages come from a dump, and a dump is untrusted. A table may be called `x\x1b[2J` or hold a line break
//! followed by `PASS`. Nothing from a dump reaches a terminal or a log before [`visible`] has seen it.

use std::borrow::Cow;

use crate::counted::counted;
use std::fmt::Write as _;
use std::time::Duration;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Whether a character would not be seen, or would change how others are seen: controls (C0, C1, DEL), line and
/// paragraph separators, bidirectional controls, zero-width and other default-ignorable characters, private use.
///
/// The ranges are Unicode's `Cc`, `Cf`, `Zl`, `Zp`, `Co` and `Default_Ignorable_Code_Point` (UCD 16,
/// `DerivedCoreProperties.txt`), plus every space but U+0020, which no eye can distinguish from it.
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || (character.is_whitespace() && character != ' ')
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}'
            | '\u{8e2}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
}

/// The text with every hidden character (see [`is_hidden`]) written out: `\n`, `\t`, `\r`, otherwise `\u{1b}`.
///
/// The result is one line, and safe to print. It is for reading: a backslash that the text already held stays as it
/// is, because the server's messages are full of them.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            '\r' => shown.push_str("\\r"),
            hidden if is_hidden(hidden) => {
                // Writing to a String cannot fail.
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(hidden));
            }
            plain => shown.push(plain),
        }
    }
    Cow::Owned(shown)
}

/// The columns that a text takes on a terminal; [`visible`] text only.
pub fn width(text: &str) -> usize {
    text.width()
}

/// The beginning of a text, of at most so many columns.
pub fn cut(text: &str, columns: usize) -> String {
    let mut used = 0;
    let fits = |character: &char| {
        used += character.width().unwrap_or(0);
        used <= columns
    };
    text.chars().take_while(fits).collect()
}

/// The text, or its beginning and how much was left out, where it takes more than `limit` columns.
pub fn clip(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit || width(text) <= limit {
        return Cow::Borrowed(text);
    }
    let begin = cut(text, limit);
    let left = text.chars().count() - begin.chars().count();
    Cow::Owned(format!("{begin}… ({left} more characters)"))
}

/// Breaks a text into lines of at most `columns` at its spaces. A word that is longer than that stays whole: a name that
/// is cut cannot be searched for.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    pack(text.split(' '), " ", columns)
}

/// Puts items into lines of at most `columns`, with `separator` between them; no item is broken.
pub fn pack<'a>(items: impl IntoIterator<Item = &'a str>, separator: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut used = 0;
    for item in items {
        let needed = width(item);
        match lines.last_mut() {
            Some(line) if used + width(separator) + needed <= columns => {
                line.push_str(separator);
                line.push_str(item);
                used += width(separator) + needed;
            }
            last => {
                if let Some(line) = last {
                    line.push_str(separator.trim_end());
                }
                lines.push(item.to_owned());
                used = needed;
            }
        }
    }
    lines
}

/// A size in powers of ten, as disks and registries count: `812 bytes`, `12.4 MB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return counted(bytes, "byte");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    // 999.95 would be printed as 1000.0.
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// A duration: `0.4 s`, `12.3 s`, `2 min 05 s`, `1 h 02 min`.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 59.95 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round() as u64;
    if whole < 3600 {
        format!("{} min {:02} s", whole / 60, whole % 60)
    } else {
        format!("{} h {:02} min", whole / 3600, whole % 3600 / 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_in_any_script_stay_as_they_are() {
        for name in ["public.orders", "\"Weird Name\"", "таблица", "جدول", "顧客", "naïve", r"C:\temp"] {
            assert_eq!(visible(name), name);
        }
    }

    #[test]
    fn escape_sequences_and_line_breaks_are_written_out() {
        assert_eq!(visible("a\u{1b}[2Jb\r\nPASS\tx\u{9b}31m\u{7f}"), r"a\u{1b}[2Jb\r\nPASS\tx\u{9b}31m\u{7f}");
    }

    #[test]
    fn bidirectional_and_zero_width_characters_are_written_out() {
        assert_eq!(
            visible("user\u{202e}txt.exe\u{2066}\u{200b}\u{feff}"),
            r"user\u{202e}txt.exe\u{2066}\u{200b}\u{feff}"
        );
        assert_eq!(visible("a\u{2028}b\u{a0}c\u{e0041}"), r"a\u{2028}b\u{a0}c\u{e0041}");
    }

    #[test]
    fn long_text_says_how_much_is_left_out() {
        assert_eq!(clip("abcdefgh", 3), "abc… (5 more characters)");
        assert_eq!(clip("abc", 3), "abc");
        assert_eq!(clip("顧客表", 4), "顧客… (1 more characters)");
    }

    #[test]
    fn lines_break_at_spaces_and_keep_runs_of_them() {
        assert_eq!(wrap("ERROR:  role x does not exist", 14), ["ERROR:  role x", "does not exist"]);
        assert_eq!(wrap("averyveryverylongname x", 10), ["averyveryverylongname", "x"]);
        assert_eq!(wrap("", 10), [""]);
    }

    #[test]
    fn items_are_not_broken() {
        assert_eq!(pack(["TABLE a", "TABLE b", "TABLE c"], ", ", 18), ["TABLE a, TABLE b,", "TABLE c"]);
    }

    #[test]
    fn quantities_read_as_people_write_them() {
        assert_eq!(size(1), "1 byte");
        assert_eq!(size(999), "999 bytes");
        assert_eq!(size(12_400_000), "12.4 MB");
        assert_eq!(size(999_990_000), "1.0 GB");
        assert_eq!(duration(Duration::from_millis(420)), "0.4 s");
        assert_eq!(duration(Duration::from_millis(59_990)), "1 min 00 s");
        assert_eq!(duration(Duration::from_secs(125)), "2 min 05 s");
        assert_eq!(duration(Duration::from_secs(3725)), "1 h 02 min");
    }
}
