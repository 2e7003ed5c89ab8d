//! The names of kinds that code knows apart, for what is special about them. What holds for every kind alike stands in
//! [`OBJECT_KINDS`](crate::OBJECT_KINDS).

macro_rules! names {
    ($($name:ident = $text:literal,)*) => {
        $(#[doc = concat!("`", $text, "`")] pub const $name: &str = $text;)*

        #[cfg(test)]
        const ALL: &[&str] = &[$($text),*];
    };
}

names! {
    // As tables of contents have them; statements call most of these the same.
    ACCESS_METHOD = "ACCESS METHOD",
    ACL = "ACL",
    AGGREGATE = "AGGREGATE",
    BLOB = "BLOB",
    BLOB_COMMENTS = "BLOB COMMENTS",
    BLOB_METADATA = "BLOB METADATA",
    BLOBS = "BLOBS",
    CAST = "CAST",
    CHECK_CONSTRAINT = "CHECK CONSTRAINT",
    COLLATION = "COLLATION",
    COMMENT = "COMMENT",
    CONSTRAINT = "CONSTRAINT",
    DATABASE = "DATABASE",
    DATABASE_PROPERTIES = "DATABASE PROPERTIES",
    DEFAULT = "DEFAULT",
    DEFAULT_ACL = "DEFAULT ACL",
    DOMAIN = "DOMAIN",
    DOMAIN_CONSTRAINT = "DOMAIN CONSTRAINT",
    ENCODING = "ENCODING",
    EVENT_TRIGGER = "EVENT TRIGGER",
    EXTENSION = "EXTENSION",
    FK_CONSTRAINT = "FK CONSTRAINT",
    FOREIGN_DATA_WRAPPER = "FOREIGN DATA WRAPPER",
    FOREIGN_TABLE = "FOREIGN TABLE",
    FUNCTION = "FUNCTION",
    INDEX = "INDEX",
    INDEX_ATTACH = "INDEX ATTACH",
    MATERIALIZED_VIEW = "MATERIALIZED VIEW",
    MATERIALIZED_VIEW_DATA = "MATERIALIZED VIEW DATA",
    OPERATOR = "OPERATOR",
    OPERATOR_CLASS = "OPERATOR CLASS",
    OPERATOR_FAMILY = "OPERATOR FAMILY",
    POLICY = "POLICY",
    PROCEDURAL_LANGUAGE = "PROCEDURAL LANGUAGE",
    PROCEDURE = "PROCEDURE",
    PUBLICATION = "PUBLICATION",
    ROW_SECURITY = "ROW SECURITY",
    RULE = "RULE",
    SCHEMA = "SCHEMA",
    SEARCHPATH = "SEARCHPATH",
    SECURITY_LABEL = "SECURITY LABEL",
    SEQUENCE = "SEQUENCE",
    SEQUENCE_SET = "SEQUENCE SET",
    SERVER = "SERVER",
    STATISTICS_DATA = "STATISTICS DATA",
    STDSTRINGS = "STDSTRINGS",
    SUBSCRIPTION = "SUBSCRIPTION",
    TABLE = "TABLE",
    TABLE_ATTACH = "TABLE ATTACH",
    TABLE_DATA = "TABLE DATA",
    TEXT_SEARCH_PARSER = "TEXT SEARCH PARSER",
    TEXT_SEARCH_TEMPLATE = "TEXT SEARCH TEMPLATE",
    TRIGGER = "TRIGGER",
    TYPE = "TYPE",
    USER_MAPPING = "USER MAPPING",
    VIEW = "VIEW",
    // As statements alone have them.
    COLUMN = "COLUMN",
    DEFAULT_PRIVILEGES = "DEFAULT PRIVILEGES",
    LANGUAGE = "LANGUAGE",
    LARGE_OBJECT = "LARGE OBJECT",
    PARAMETER = "PARAMETER",
    ROLE = "ROLE",
    ROUTINE = "ROUTINE",
    TABLESPACE = "TABLESPACE",
}

#[cfg(test)]
mod tests {
    use super::ALL;
    use crate::object_kind::ObjectKind;

    #[test]
    fn a_name_is_that_of_a_kind() {
        let others = ["COLUMN", "DEFAULT PRIVILEGES", "PARAMETER", "ROLE", "ROUTINE", "TABLESPACE"];
        for name in ALL.iter().filter(|name| !others.contains(name)) {
            assert!(ObjectKind::of_tag(name).or_else(|| ObjectKind::of_sql(name)).is_some(), "{name}");
        }
    }
}
