//! YAML that remembers where everything stands.
//!
//! A mistake in a profile is shown at its exact line and column, also when it is found long after reading (a role that
//! does not exist, an expired date). No serde data format keeps positions, and none rejects duplicate keys at the key.
//! So `saphyr-parser` reads a profile into a tree of places (`read`), `saphyr` says what each scalar means (`scalar`) and
//! writes values (`write`), and a deserializer over the tree (`de`) builds the typed profile and places serde's errors.

mod de;
mod read;
mod scalar;
mod tree;
mod write;

pub use de::{Fault, FaultKind, LeftOut, Part, deserialize};
pub use read::{Unreadable, place_at, read};
pub use scalar::{Scalar, resolve};
pub use tree::{Content, Entry, Key, Node, Origin, Spot, Step, display_path, holder};
pub use write::to_text;

#[cfg(test)]
pub mod tests {
    use std::rc::Rc;

    use super::*;

    /// The tree of a text, which is called `x.yaml`.
    pub fn tree(text: &str) -> Rc<Node> {
        read(text, &Rc::new(Origin { name: "x.yaml".into(), folder: None })).unwrap().unwrap()
    }
}
