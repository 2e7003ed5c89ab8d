//! Compressed streams, read to a proven end.
