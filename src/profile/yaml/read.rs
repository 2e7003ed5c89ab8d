//! From text to tree.
//!
//! A profile may come from a pull request, so its text is not trusted: depth and size of the tree are bounded, with
//! every alias counted as what it stands for, before anything walks it.

use std::collections::HashMap;
use std::rc::Rc;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError};

use super::super::{Cause, Place};
use super::tree::{Content, Entry, Key, Node, Origin, Step, display_path, holder};

/// Levels of lists and maps; a profile needs six.
const MAX_DEPTH: usize = 32;
/// Keys and values of a profile.
const MAX_NODES: u64 = 100_000;

/// Why a text is no tree.
#[derive(Debug)]
pub struct Unreadable {
    pub place: Option<Place>,
    pub cause: Cause,
    pub hint: Option<String>,
}

impl Unreadable {
    fn at(place: Place, cause: Cause) -> Self {
        Self { place: Some(place), cause, hint: None }
    }

    fn unsupported(place: Place, what: impl Into<String>) -> Self {
        Self::at(place, Cause::Unsupported(what.into()))
    }

    fn with_hint(mut self, hint: &str) -> Self {
        self.hint = Some(hint.to_owned());
        self
    }
}

/// Reads a text that holds one YAML document. `Ok(None)` where there is none, only blanks and comments.
pub fn read(text: &str, origin: &Rc<Origin>) -> Result<Option<Rc<Node>>, Unreadable> {
    // The parser takes NUL for the end of the text: what follows would be ignored in silence.
    if let Some(index) = text.find('\0') {
        return Err(Unreadable::unsupported(place_at(text, index), "a NUL character, which no profile can hold"));
    }
    let mut builder =
        Builder { origin: Rc::clone(origin), root: None, documents: 0, open: Vec::new(), anchors: HashMap::new() };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| syntax_error(text, &error))?;
        builder.take(event, place(&span.start))?;
    }
    Ok(builder.root)
}

fn place(marker: &Marker) -> Place {
    Place { line: marker.line(), column: marker.col() + 1 }
}

/// The place of the character at a byte index.
pub fn place_at(text: &str, index: usize) -> Place {
    let before = &text[..index];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Place { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
}

/// What the parser says of `key:value` and of a line that is only a word.
const KEY_WITHOUT_VALUE: &str = "simple key expect ':'";

fn syntax_error(text: &str, error: &ScanError) -> Unreadable {
    let place = place(error.marker());
    let line = text.lines().nth(place.line.saturating_sub(1)).unwrap_or_default();
    let cause = Cause::Syntax(error.info().to_owned());
    let indentation = line.len() - line.trim_start().len();
    if let Some(tab) = line[..indentation].chars().position(|c| c == '\t') {
        let place = Place { column: tab + 1, ..place };
        return Unreadable::at(place, cause).with_hint("YAML is indented with spaces, never with tabs");
    }
    if error.info().contains("block scalar")
        && let Some((value, sign)) = block_scalar(line)
    {
        let column = 1 + line[..line.len() - value.len()].chars().count();
        let cause = Cause::Syntax(format!("a value that begins with `{sign}` is a block of text for YAML"));
        let hint = format!("put it in quotes: `\"{}\"`", value.trim_end().escape_debug());
        return Unreadable::at(Place { line: place.line, column }, cause).with_hint(&hint);
    }
    // The parser finds a key without a value where the next one begins: it is in that line or the one above.
    if error.info() == KEY_WITHOUT_VALUE {
        let above = text.lines().enumerate().take(place.line).collect::<Vec<_>>().into_iter().rev();
        let written = |line: &str| !line.trim_start().is_empty() && !line.trim_start().starts_with('#');
        let found = above
            .filter(|(_, line)| written(line))
            .take(2)
            .find(|(_, line)| !line.contains(": ") && !line.trim_end().ends_with(':'));
        if let Some((index, line)) = found {
            let column = 1 + line.chars().take_while(|c| c.is_whitespace()).count();
            let cause = Cause::Syntax("a key needs a colon and a space after it".to_owned());
            return Unreadable::at(Place { line: index + 1, column }, cause).with_hint("write `key: value`");
        }
    }
    Unreadable::at(place, cause)
}

/// The value of a line that begins as a block of text does, and with what.
fn block_scalar(line: &str) -> Option<(&str, char)> {
    let (at, sign) =
        [": >", ": |", "- >", "- |"].iter().filter_map(|sign| line.find(sign).zip(sign.chars().last())).min()?;
    Some((&line[at + 2..], sign))
}

/// Builds the tree from the parser's events, without recursion.
struct Builder {
    origin: Rc<Origin>,
    root: Option<Rc<Node>>,
    documents: usize,
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Node>>,
}

/// A list or map whose end has not come yet.
struct Open {
    place: Place,
    anchor: usize,
    weight: u64,
    height: usize,
    kind: Kind,
}

enum Kind {
    Sequence(Vec<Rc<Node>>),
    Mapping { entries: Vec<Entry>, first_lines: HashMap<String, usize>, key: Option<Key> },
}

impl Builder {
    fn take(&mut self, event: Event<'_>, place: Place) -> Result<(), Unreadable> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(Unreadable::unsupported(place, "a second YAML document starts here")
                        .with_hint("write one profile per file"));
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                refuse_tag(tag.is_some(), place)?;
                let plain = style == ScalarStyle::Plain;
                // An empty value stands nowhere: its key is the place to show.
                let place = if plain && text.is_empty() { self.pending_key_place().unwrap_or(place) } else { place };
                if text.contains('\0') {
                    return Err(Unreadable::unsupported(place, "a NUL character, which no profile can hold"));
                }
                let content = Content::Scalar { text: text.into_owned(), plain };
                let origin = Rc::clone(&self.origin);
                self.add(Rc::new(Node { origin, place, content, weight: 1, height: 1, written: None }), anchor, place)
            }
            Event::SequenceStart(anchor, tag) => {
                refuse_tag(tag.is_some(), place)?;
                self.open(place, anchor, Kind::Sequence(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                refuse_tag(tag.is_some(), place)?;
                let kind = Kind::Mapping { entries: Vec::new(), first_lines: HashMap::new(), key: None };
                self.open(place, anchor, kind)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(node) => self.add(Rc::clone(node), 0, place),
                None => Err(Unreadable::unsupported(place, "an alias inside of what it stands for")),
            },
        }
    }

    fn pending_key_place(&self) -> Option<Place> {
        match &self.open.last()?.kind {
            Kind::Mapping { key, .. } => key.as_ref().map(|key| key.place),
            Kind::Sequence(_) => None,
        }
    }

    fn open(&mut self, place: Place, anchor: usize, kind: Kind) -> Result<(), Unreadable> {
        if let Some(Open { kind: Kind::Mapping { key: None, .. }, .. }) = self.open.last() {
            return Err(Unreadable::unsupported(place, "a key must be text, not a list or a map")
                .with_hint("quote text that starts with `[` or `{`"));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(too_deep(place));
        }
        self.open.push(Open { place, anchor, weight: 1, height: 1, kind });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Unreadable> {
        // The parser ends only what it has started; were it otherwise, there would be nothing to do.
        let Some(Open { place, anchor, weight, height, kind }) = self.open.pop() else { return Ok(()) };
        let content = match kind {
            Kind::Sequence(items) => Content::Sequence(items),
            Kind::Mapping { entries, .. } => Content::Mapping(entries),
        };
        let origin = Rc::clone(&self.origin);
        self.add(Rc::new(Node { origin, place, content, weight, height, written: None }), anchor, place)
    }

    /// Puts a finished node where it belongs: into what is open, or at the root.
    /// `used_at` is where it is written here, which for an alias is not where the node itself stands.
    fn add(&mut self, node: Rc<Node>, anchor: usize, used_at: Place) -> Result<(), Unreadable> {
        if anchor != 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        let depth = self.open.len();
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        parent.weight = parent.weight.saturating_add(node.weight);
        parent.height = parent.height.max(node.height + 1);
        if parent.weight > MAX_NODES {
            let what = format!("more than {MAX_NODES} keys and values, aliases counted as what they stand for");
            return Err(Unreadable::unsupported(used_at, what));
        }
        if depth + node.height > MAX_DEPTH {
            return Err(too_deep(used_at));
        }

        match &mut parent.kind {
            Kind::Sequence(items) => items.push(node),
            Kind::Mapping { entries, first_lines, key } => match key.take() {
                Some(key) => entries.push(Entry { key, value: node }),
                None => {
                    let Content::Scalar { text, .. } = &node.content else {
                        return Err(Unreadable::unsupported(used_at, "a key must be text, not a list or a map"));
                    };
                    if let Some(first_line) = first_lines.insert(text.clone(), used_at.line) {
                        let holder = self.path_of_open();
                        let key = text.clone();
                        return Err(Unreadable::at(used_at, Cause::DuplicateKey { key, holder, first_line }));
                    }
                    *key = Some(Key { origin: Rc::clone(&self.origin), place: used_at, text: text.clone() });
                }
            },
        }
        Ok(())
    }

    /// The path of the innermost open list or map, for messages.
    fn path_of_open(&self) -> String {
        let path: Vec<Step<'_>> = self.open[..self.open.len().saturating_sub(1)]
            .iter()
            .map(|open| match &open.kind {
                Kind::Sequence(items) => Step::Index(items.len()),
                Kind::Mapping { key, .. } => Step::Key(key.as_ref().map_or("", |key| &key.text)),
            })
            .collect();
        holder(&display_path(&path))
    }
}

fn refuse_tag(tagged: bool, place: Place) -> Result<(), Unreadable> {
    if tagged {
        return Err(Unreadable::unsupported(place, "YAML tags such as `!!str` are not used in profiles")
            .with_hint("quote the value to make it text"));
    }
    Ok(())
}

fn too_deep(place: Place) -> Unreadable {
    Unreadable::unsupported(place, format!("lists and maps nested more than {MAX_DEPTH} deep"))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn read(text: &str) -> Result<Option<Rc<Node>>, Unreadable> {
        super::read(text, &Rc::new(Origin { name: "x.yaml".into(), folder: None }))
    }

    fn tree(text: &str) -> Rc<Node> {
        read(text).unwrap().unwrap()
    }

    /// `line:column: message`
    fn refusal(text: &str) -> String {
        let Unreadable { place, cause, .. } = read(text).unwrap_err();
        let place = place.unwrap();
        format!("{}:{}: {cause}", place.line, place.column)
    }

    fn at(line: usize, column: usize) -> Place {
        Place { line, column }
    }

    #[test]
    fn keys_and_values_know_where_they_stand() {
        let root =
            tree("# comment\nname: x\nroles:\n  - name: a\n    é: \"q\"\n  - {name: b, inherit: false}\nempty:\n");
        assert_eq!(root.spot_of(&["name".into()]).place, at(2, 7));
        assert_eq!(root.spot_of(&["roles".into(), 0.into(), "name".into()]).place, at(4, 11));
        assert_eq!(root.spot_of(&["roles".into(), 0.into(), "é".into()]).place, at(5, 8));
        assert_eq!(root.spot_of_key(&["roles".into(), 0.into()], "é").place, at(5, 5));
        assert_eq!(root.spot_of_key(&["roles".into(), 1.into()], "inherit").place, at(6, 15));
        assert_eq!(root.spot_of(&["roles".into(), 1.into()]).place, at(6, 5));
        assert_eq!(root.spot_of(&["empty".into()]).place, at(7, 1), "an empty value is shown at its key");
        assert_eq!(
            root.spot_of(&["roles".into(), 9.into(), "name".into()]).place,
            root.spot_of(&["roles".into()]).place
        );
    }

    #[test]
    fn a_key_without_a_space_after_its_colon_is_shown_where_it_stands() {
        let cause = "not valid YAML: a key needs a colon and a space after it";
        assert_eq!(refusal("name: x\n  # why\npostgres:17\n"), format!("3:1: {cause}"));
        assert_eq!(refusal("name: x\nlocale\n"), format!("2:1: {cause}"));
    }

    #[test]
    fn nothing_but_comments_is_no_document() {
        for text in ["", "\n\n", "# only a comment\n", "   "] {
            assert!(read(text).unwrap().is_none(), "{text:?}");
        }
    }

    #[test]
    fn a_duplicate_key_is_placed_at_its_second_use() {
        let text = "name: a\nroles:\n  - name: x\n    login: true\n    name: y\n";
        assert_eq!(refusal(text), "5:5: duplicate key `name` in `roles[0]`, first given in line 3");
        assert_eq!(refusal("a: 1\n\"a\": 2\n"), "2:1: duplicate key `a` in the profile, first given in line 1");
        assert_eq!(refusal("{a: 1, b: 2, a: 3}"), "1:14: duplicate key `a` in the profile, first given in line 1");
    }

    #[test]
    fn aliases_stand_for_their_anchors() {
        let root = tree("a: &x [1, 2]\nb: *x\n");
        let Content::Sequence(items) = &root.entry("b").unwrap().value.content else { panic!("{root:?}") };
        assert_eq!(items.len(), 2);
        assert!(refusal("a: &x [1, *x]\n").contains("an alias inside of what it stands for"));
        assert!(refusal("a: *nowhere\n").contains("not valid YAML"));
    }

    #[test]
    fn a_billion_laughs_are_refused_at_once() {
        let mut bomb = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
        for level in 1..20 {
            let previous = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{previous}]\n"));
        }
        let start = Instant::now();
        assert!(refusal(&bomb).contains("more than 100000 keys and values"));
        assert!(start.elapsed() < Duration::from_secs(2));
    }

    #[test]
    fn depth_is_bounded_also_through_aliases() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(&nested(MAX_DEPTH)).is_ok());
        assert!(refusal(&nested(MAX_DEPTH + 1)).contains("nested more than 32 deep"));
        let mut chain = String::from("a0: &a0 [x]\n");
        for level in 1..1000 {
            chain.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
        }
        assert!(refusal(&chain).contains("nested more than 32 deep"));
    }

    #[test]
    fn a_second_document_is_refused() {
        assert_eq!(refusal("name: a\n---\nname: b\n"), "2:1: a second YAML document starts here");
    }

    #[test]
    fn what_no_profile_needs_is_refused() {
        assert!(refusal("a: !!str 17\n").starts_with("1:"));
        assert!(refusal("a: !!str 17\n").contains("tags"));
        assert!(refusal("[a]: 1\n").contains("a key must be text"));
        assert!(refusal("? {a: 1}\n: 1\n").contains("a key must be text"));
        assert_eq!(refusal("a: b\0c"), "1:5: a NUL character, which no profile can hold");
        assert_eq!(refusal("a: \"b\\0c\""), "1:4: a NUL character, which no profile can hold");
    }

    #[test]
    fn text_of_a_megabyte_is_read_or_refused_in_time() {
        const SIZE: usize = 1 << 20;
        for pattern in
            ["[", "{", "- ", "a: ", "? ", "&a ", "*a ", "\"", "\n", "- a\n", "a", "[a,", "{a: ", "%", "! ", "\t", "'"]
        {
            let start = Instant::now();
            let _ = read(&pattern.repeat(SIZE / pattern.len()));
            assert!(start.elapsed() < Duration::from_secs(10), "{pattern:?} took {:?}", start.elapsed());
        }
    }
}
