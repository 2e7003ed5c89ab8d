use pgdump_reader::Dump;

use crate::cluster::sql::identifier;
use crate::finding::kind::Kind;
use crate::finding::qualified::name_at;
use crate::finding::rule::{Known, Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "tablespace-missing",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The dump puts objects into a tablespace that the target does not have.",
    page: include_str!("../../../docs/findings/tablespace-missing.md"),
    rules: &[
        // undefined_file: the directory of a new tablespace.
        Rule::new(Precedence::Statement, &["58P01"], |failed| {
            let name = failed.after_words("CREATE TABLESPACE")?;
            Some(tablespace(name_at(name).and_then(|mut parts| parts.pop()).unwrap_or_default()))
        }),
        Rule::new(Precedence::Message, &["42704"], |failed| {
            failed.says("tablespace \"").then(|| tablespace(failed.quoted()))
        }),
        Rule::new(Precedence::Message, &["22023"], |failed| {
            let named = failed.says("invalid value for parameter \"default_tablespace\": \"");
            named.then(|| tablespace(failed.after("\": ")))
        }),
    ],
    title: Some(|case| format!("tablespace {:?} does not exist in this target", case.subject)),
    fix: "Restore without tablespaces: everything then goes into the database's default one. Or create the tablespace \
          before the restore.",
    commands: Some(|case| {
        vec![
            without_tablespaces(case.context.dump).into(),
            format!("CREATE TABLESPACE {} LOCATION '…';", identifier(&case.subject)),
        ]
    }),
    ..Kind::USUAL
};

fn tablespace(name: String) -> Known {
    Subject::Tablespace(name).into()
}

/// The command that leaves tablespaces out: a script has them in its text, so that only another dump is without them.
fn without_tablespaces(dump: &Dump) -> &'static str {
    match dump.plain() {
        None => "pg_restore --no-tablespaces …",
        Some(plain) if plain.cluster => "pg_dumpall --no-tablespaces …",
        Some(_) => "pg_dump --no-tablespaces …",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tablespaces_are_left_out_by_who_can_do_it() {
        let folder = tempfile::tempdir().unwrap();
        let of = |begin: &str| {
            let path = folder.path().join("dump.sql");
            std::fs::write(&path, format!("--\n-- PostgreSQL database {begin}\n--\n\nCREATE TABLE t (a integer);\n"))
                .unwrap();
            without_tablespaces(&pgdump_reader::open(&path).unwrap())
        };
        assert_eq!(of("cluster dump"), "pg_dumpall --no-tablespaces …");
        assert_eq!(of("dump"), "pg_dump --no-tablespaces …");
        let archive = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/shop.dump");
        assert_eq!(without_tablespaces(&pgdump_reader::open(&archive).unwrap()), "pg_restore --no-tablespaces …");
    }
}
