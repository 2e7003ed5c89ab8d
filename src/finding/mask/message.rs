//! A message, part by part.

use super::templates::{self, Hole, Template, TemplatePart};
use super::{MASK, Mask, Voice, parts, postgres};

/// Longer messages are not taken apart.
const LONGEST: usize = 16 * 1024;

/// Steps that may be taken to fit a message into a template: a value can hold a template's words many times.
const STEPS: u32 = 2_000;

/// A message with what is known of it; `None` where nothing is.
pub fn shown(mask: &Mask<'_>, text: &str, voice: Voice) -> Option<String> {
    if voice == Voice::Raised || text.len() > LONGEST {
        return None;
    }
    // Of several that it fits, the one that leaves the least open.
    let fitted = |templates: &[Template]| {
        let all = templates.iter().filter_map(|template| fit(mask, template, text, voice));
        all.min_by_key(|shown| shown.matches(MASK).count())
    };
    fitted(templates::messages())
        .or_else(|| fitted(templates::clients()).filter(|_| voice == Voice::Client))
        .or_else(|| fitted(templates::hints()).filter(|_| voice == Voice::Server))
        .or_else(|| by_words(mask, text).filter(|_| voice == Voice::Server))
}

/// The message in a template, if it has that form.
fn fit(mask: &Mask<'_>, template: &Template, text: &str, voice: Voice) -> Option<String> {
    let mut filled = Vec::new();
    let mut steps = STEPS;
    if !holds(&template.parts, text, &mut filled, &mut steps) {
        return None;
    }
    let mut filled = filled.into_iter();
    let mut shown = String::new();
    for part in &template.parts {
        match part {
            TemplatePart::Fixed(fixed) => shown.push_str(fixed),
            TemplatePart::Hole(hole) => {
                let text = filled.next().unwrap_or_default();
                // What the server itself says without quotes is more of its words: `permission denied to reserve them`.
                let own = || by_words(mask, text).filter(|words| words == text);
                let is_plain = text.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b' ' | b'-'));
                let open = *hole == Hole::Name && voice == Voice::Server && !shown.ends_with('"') && is_plain;
                match own().filter(|_| open) {
                    Some(words) => shown.push_str(&words),
                    None => shown.push_str(&in_hole(mask, *hole, text, voice)),
                }
            }
        }
    }
    Some(shown)
}

/// Whether the text has these parts; what stands in the holes is collected.
fn holds<'t>(parts: &[TemplatePart], text: &'t str, filled: &mut Vec<&'t str>, steps: &mut u32) -> bool {
    let Some((first, rest)) = parts.split_first() else { return text.is_empty() };
    let hole = match first {
        TemplatePart::Fixed(fixed) => {
            return text.strip_prefix(fixed).is_some_and(|text| holds(rest, text, filled, steps));
        }
        TemplatePart::Hole(hole) => *hole,
    };
    let depth = filled.len();
    let mut try_at = |end: usize, steps: &mut u32| {
        *steps = steps.saturating_sub(1);
        if *steps == 0 || !fits(hole, &text[..end]) {
            return false;
        }
        filled.truncate(depth);
        filled.push(&text[..end]);
        holds(rest, &text[end..], filled, steps)
    };
    match rest.first() {
        None => try_at(text.len(), steps),
        Some(TemplatePart::Fixed(next)) => text.match_indices(next).any(|(end, _)| try_at(end, steps)),
        Some(TemplatePart::Hole(_)) => false,
    }
}

/// Whether a hole can be filled with this at all.
fn fits(hole: Hole, text: &str) -> bool {
    match hole {
        Hole::Number => !text.is_empty() && text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit()),
        Hole::Object => postgres::OBJECTS.contains(&text),
        _ => true,
    }
}

fn in_hole(mask: &Mask<'_>, hole: Hole, text: &str, voice: Voice) -> String {
    let known = |is_known: bool| if is_known { text.to_owned() } else { MASK.to_owned() };
    match hole {
        Hole::Name => parts::names(mask, text),
        Hole::Value => MASK.to_owned(),
        // What a client repeats, a function may have raised.
        Hole::Number => known(voice == Voice::Server || text.len() <= 6 || mask.knows(text)),
        Hole::Object => text.to_owned(),
        Hole::System => known(postgres::SYSTEM.contains(&text)),
        Hole::Bytes => bytes(text),
        Hole::Locale => known(parts::is_locale(text) || mask.knows(text)),
        Hole::Path => parts::path(mask, text),
    }
}

/// `0xc5 0x81`, of one character. Those of ASCII that follow it are of the next ones.
fn bytes(text: &str) -> String {
    let is_high = |word: &&str| {
        let digits = word.strip_prefix("0x").unwrap_or_default();
        digits.len() == 2 && u8::from_str_radix(digits, 16).is_ok_and(|byte| byte >= 0x80 || byte == 0)
    };
    let few: Vec<&str> = text.split(' ').take(4).take_while(is_high).collect();
    let whole = few.len() == text.split(' ').count();
    match (few.is_empty(), whole) {
        (true, _) => MASK.to_owned(),
        (false, true) => few.join(" "),
        (false, false) => format!("{} {MASK}", few.join(" ")),
    }
}

/// A message of PostgreSQL's own code that is in no template: word by word, names only where they are known. `None` where
/// most of it is not.
fn by_words(mask: &Mask<'_>, text: &str) -> Option<String> {
    let mut shown = String::new();
    let (mut words, mut hidden) = (0_u32, 0_u32);
    let mut hide = |shown: &mut String, separator: &str| {
        if !shown.trim_end().ends_with(MASK) {
            shown.push_str(separator);
            shown.push_str(MASK);
        }
        hidden += 1;
    };
    // What stands in quotes is a name or a value; what follows the last quote is the server's again.
    let mut rest = text;
    while !rest.is_empty() {
        let (plain, quoted) = match rest.split_once('"') {
            None => (rest, None),
            Some((plain, after)) => match after.split_once('"') {
                Some((quoted, after)) => (plain, Some((quoted, after))),
                None => (plain, Some((after, ""))),
            },
        };
        let mut is_begin = shown.is_empty();
        for word in plain.split_inclusive(char::is_whitespace) {
            let space = &word[word.trim_end().len()..];
            let bare = word.trim_end().trim_matches(['(', ')', ',', '.', ':', ';', '\'', '/', '-']);
            words += u32::from(!bare.is_empty());
            let own = if is_begin { bare.to_lowercase() } else { bare.to_owned() };
            is_begin = false;
            let whole = word.trim_end();
            if bare.is_empty() && whole.len() <= 3 || postgres::is_word(&own) || parts::is_known(mask, whole) {
                shown.push_str(word);
            } else {
                hide(&mut shown, "");
                shown.push_str(space);
            }
        }
        let Some((quoted, after)) = quoted else { break };
        shown.push('"');
        match parts::is_one_name(mask, quoted) {
            true => shown.push_str(quoted),
            false => shown.push_str(MASK),
        }
        shown.push('"');
        rest = after;
    }
    (words > 0 && hidden * 3 <= words).then_some(shown)
}
