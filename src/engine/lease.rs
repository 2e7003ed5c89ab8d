//! Who owns what: telling a live run from a dead one.
