//! Every format, told apart by content and restored.
