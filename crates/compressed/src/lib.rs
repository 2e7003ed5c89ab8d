//! Compressed streams, recognised by their content and read to a proven end: a stream that stops early is an error, never a
//! shorter text, and no stream gets more memory than the usual settings of its tool ask for.

#![warn(missing_docs)]

mod compression;
mod lz4;
#[cfg(test)]
mod tests;
mod zlib;

pub use compression::{Compression, READ_SIZE};
