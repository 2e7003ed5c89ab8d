//! The kinds of objects that no schema holds, in the words of statements.

pub(super) const WITHOUT_SCHEMA: &[&str] = &[
    "DATABASE",
    "EVENT TRIGGER",
    "FOREIGN DATA WRAPPER",
    "FOREIGN SERVER",
    "LANGUAGE",
    "PARAMETER",
    "PROCEDURAL LANGUAGE",
    "PUBLICATION",
    "SCHEMA",
    "SERVER",
    "SUBSCRIPTION",
    "TABLESPACE",
];
