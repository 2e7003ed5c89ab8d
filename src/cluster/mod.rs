//! Makes a sandbox match its target.
