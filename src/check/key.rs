//! How objects are distinguished.

use pgdump_reader::Declared;

/// Type, schema and tag of an object, as pg_dump names it.
pub type Key = (String, String, String);

/// An object's key.
pub fn key(object: &Declared) -> Key {
    (object.desc.clone(), object.schema.clone().unwrap_or_default(), object.tag.clone())
}
