//! From tree to types: a serde deserializer whose errors say what is wrong and where, as data.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, Expected, IntoDeserializer, MapAccess, SeqAccess};
use serde::de::{Unexpected, VariantAccess, Visitor};

use super::super::Place;
use super::scalar::{self, Number, Scalar};
use super::tree::{Content, Entry, Key, Node, Spot};

/// Builds a value from a tree, without what is left out of it.
pub fn deserialize<T: de::DeserializeOwned>(root: &Node, without: &LeftOut) -> Result<T, Box<Fault>> {
    T::deserialize(Located { node: root, path: String::new(), without }).map_err(|error| error.0)
}

/// What in a tree is wrong: it can be left out, so that the rest is read. Items of lists keep their numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A value, by its address in the tree.
    Value(usize),
    /// An entry of a map, by where its key stands.
    Entry(usize, Place, String),
}

impl Part {
    pub fn value(node: &Node) -> Self {
        Self::Value(std::ptr::from_ref(node).addr())
    }

    fn entry(key: &Key) -> Self {
        Self::Entry(std::rc::Rc::as_ptr(&key.origin).addr(), key.place, key.text.clone())
    }
}

/// The parts of a tree that are not read.
#[derive(Debug, Default)]
pub struct LeftOut(BTreeSet<Part>);

impl LeftOut {
    /// Leaves a part out; false where it was already.
    pub fn add(&mut self, part: Part) -> bool {
        self.0.insert(part)
    }

    fn has_value(&self, node: &Node) -> bool {
        !self.0.is_empty() && self.0.contains(&Part::value(node))
    }

    pub fn has(&self, Entry { key, value }: &Entry) -> bool {
        self.has_value(value) || !self.0.is_empty() && self.0.contains(&Part::entry(key))
    }
}

/// What is wrong, and where. Spot and path are filled in by the innermost deserializer that the error passes.
#[derive(Debug)]
pub struct Fault {
    pub kind: FaultKind,
    pub spot: Option<Spot>,
    /// For a wrong key what holds it, for a wrong value the value: `roles[1].name`.
    pub path: Option<String>,
    /// What to leave out to read the rest: the key or value; of a missing key what should hold it.
    pub part: Option<Part>,
}

#[derive(Debug)]
pub enum FaultKind {
    UnknownKey { key: String, known: &'static [&'static str] },
    MissingKey(&'static str),
    UnknownWord { word: String, known: &'static [&'static str] },
    WrongType { expected: String, found: Option<String> },
    Custom(String),
}

/// Boxed: it is returned through every level of the types.
#[derive(Debug)]
pub struct Error(Box<Fault>);

impl Error {
    fn of(kind: FaultKind) -> Self {
        Self(Box::new(Fault { kind, spot: None, path: None, part: None }))
    }

    fn at(mut self, spot: impl FnOnce() -> Spot, path: &str, part: impl FnOnce() -> Part) -> Self {
        if self.0.spot.is_none() {
            self.0.spot = Some(spot());
            self.0.path = Some(path.to_owned());
            self.0.part = Some(part());
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::of(FaultKind::Custom(message.to_string()))
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::of(FaultKind::WrongType { expected: in_plain_words(&expected.to_string()), found: None })
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(unexpected, expected)
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::of(FaultKind::UnknownKey { key: field.to_owned(), known: expected })
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::of(FaultKind::UnknownWord { word: variant.to_owned(), known: expected })
    }

    fn missing_field(field: &'static str) -> Self {
        Self::of(FaultKind::MissingKey(field))
    }
}

/// serde names Rust types; a profile's author knows none.
fn in_plain_words(expected: &str) -> String {
    match expected {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" | "u64" => "a whole number, not negative",
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "`true` or `false`",
        "a string" => "text",
        "a sequence" => "a list",
        "a map" => "a map of keys to values",
        _ if expected.starts_with("struct ") => "a map of keys to values",
        _ => expected,
    }
    .to_owned()
}

/// A node and the path to it.
struct Located<'a> {
    node: &'a Node,
    path: String,
    without: &'a LeftOut,
}

impl Located<'_> {
    fn scalar(&self) -> Option<Scalar<'_>> {
        match &self.node.content {
            Content::Scalar { text, plain } => Some(scalar::resolve(text, *plain)),
            Content::Sequence(_) | Content::Mapping(_) => None,
        }
    }

    fn wrong_type(&self, expected: &dyn Expected) -> Error {
        self.place(de::Error::invalid_type(Unexpected::Other("value"), expected))
    }

    /// Gives an error that has no place yet this one.
    fn place(&self, error: Error) -> Error {
        let mut error = error.at(|| self.node.spot(), &self.path, || Part::value(self.node));
        if let FaultKind::WrongType { found: found @ None, .. } = &mut error.0.kind {
            *found = Some(self.node.describe());
        }
        error
    }

    fn visit_number<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Some(Scalar::Number(number)) = self.scalar() else { return Err(self.wrong_type(&visitor)) };
        visit(number, visitor).map_err(|error| self.place(error))
    }
}

fn visit<'de, V: Visitor<'de>>(number: Number, visitor: V) -> Result<V::Value, Error> {
    match number {
        Number::Whole(number) => match u64::try_from(number) {
            Ok(number) => visitor.visit_u64(number),
            Err(_) => visitor.visit_i64(number),
        },
        Number::Float(number) => visitor.visit_f64(number),
    }
}

macro_rules! numbers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.visit_number(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Located<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.content {
            Content::Sequence(_) => self.deserialize_seq(visitor),
            Content::Mapping(_) => self.deserialize_map(visitor),
            Content::Scalar { text, plain } => match scalar::resolve(text, *plain) {
                Scalar::Null => visitor.visit_unit(),
                Scalar::Bool(value) => visitor.visit_bool(value),
                // Where the type takes numbers and text alike, `1.10`, `0x10` or 40 digits stay as they were written.
                Scalar::Number(number) if number.to_string() != *text => visitor.visit_str(text),
                Scalar::Number(number) => visit(number, visitor),
                Scalar::Text(text) => visitor.visit_str(text),
            }
            .map_err(|error| self.place(error)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let value = match (self.scalar(), &self.node.content) {
            (Some(Scalar::Bool(value)), _) => Some(value),
            (Some(Scalar::Text(word)), Content::Scalar { plain: true, .. }) => scalar::truth(word),
            _ => None,
        };
        let Some(value) = value else { return Err(self.wrong_type(&visitor)) };
        visitor.visit_bool(value).map_err(|error| self.place(error))
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_f32 deserialize_f64
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Some(Scalar::Text(text)) = self.scalar() else { return Err(self.wrong_type(&visitor)) };
        visitor.visit_str(text).map_err(|error| self.place(error))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.scalar() {
            Some(Scalar::Null) => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Content::Sequence(items) = &self.node.content else { return Err(self.wrong_type(&visitor)) };
        let items = items.iter().enumerate().filter(|(_, item)| !self.without.has_value(item));
        let items = Items { items, path: &self.path, without: self.without };
        visitor.visit_seq(items).map_err(|error| self.place(error))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Content::Mapping(entries) = &self.node.content else { return Err(self.wrong_type(&visitor)) };
        let entries = Entries {
            entries: entries.iter().filter(|entry| !self.without.has(entry)),
            current: None,
            path: &self.path,
            without: self.without,
        };
        visitor.visit_map(entries).map_err(|error| self.place(error))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let Some(Scalar::Text(word)) = self.scalar() else { return Err(self.wrong_type(&"a word")) };
        visitor.visit_enum(Word(word)).map_err(|error| self.place(error))
    }

    serde::forward_to_deserialize_any! { i128 u128 bytes byte_buf unit unit_struct tuple tuple_struct ignored_any }
}

struct Items<'a, I> {
    items: I,
    path: &'a str,
    without: &'a LeftOut,
}

impl<'a, 'de, I: Iterator<Item = (usize, &'a std::rc::Rc<Node>)>> SeqAccess<'de> for Items<'a, I> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some((index, node)) = self.items.next() else { return Ok(None) };
        seed.deserialize(Located { node, path: format!("{}[{index}]", self.path), without: self.without }).map(Some)
    }
}

struct Entries<'a, I> {
    entries: I,
    current: Option<&'a Entry>,
    path: &'a str,
    without: &'a LeftOut,
}

impl<'a, 'de, I: Iterator<Item = &'a Entry>> MapAccess<'de> for Entries<'a, I> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        self.current = self.entries.next();
        let Some(Entry { key, .. }) = self.current else { return Ok(None) };
        let text: StrDeserializer<'_, Error> = key.text.as_str().into_deserializer();
        seed.deserialize(text).map(Some).map_err(|error| error.at(|| key.spot(), self.path, || Part::entry(key)))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let Some(Entry { key, value }) = self.current.take() else {
            return Err(de::Error::custom("a value was asked for before its key"));
        };
        let path = if self.path.is_empty() { key.text.clone() } else { format!("{}.{}", self.path, key.text) };
        seed.deserialize(Located { node: value, path, without: self.without })
    }
}

/// A word that chooses one of several.
struct Word<'a>(&'a str);

impl<'de> EnumAccess<'de> for Word<'_> {
    type Error = Error;
    type Variant = NoContent;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, NoContent), Error> {
        let word: StrDeserializer<'_, Error> = self.0.into_deserializer();
        Ok((seed.deserialize(word)?, NoContent))
    }
}

/// No word of a profile has content.
struct NoContent;

impl<'de> VariantAccess<'de> for NoContent {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, Error> {
        Err(de::Error::custom("this word cannot stand alone"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Error> {
        Err(de::Error::custom("this word cannot stand alone"))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, Error> {
        Err(de::Error::custom("this word cannot stand alone"))
    }
}
