//! Reads dumps. Nothing here knows of engines.
