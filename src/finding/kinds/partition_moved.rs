use pgdump_reader::{Declared, tag};

use crate::finding::Name;
use crate::finding::kind::{Cause, Kind};
use crate::finding::qualified::attaches;
use crate::finding::refine::Refine;
use crate::finding::rule::{Because, Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "partition-moved",
    severity: Severity::Error,
    origin: Origin::Dump,
    summary: "Rows belong in a different partition here than the one they were dumped from.",
    page: include_str!("../../../docs/findings/partition-moved.md"),
    rules: &[
        // check_violation: `new row for relation "x" violates partition constraint`.
        Rule::new(Precedence::Message, &["23514"], |failed| {
            let says = failed.message.ends_with(" violates partition constraint");
            says.then(|| Subject::Relation { schema: None, name: failed.quoted() }.into())
        }),
    ],
    refine: Some(|refine, _, cause| of_partition(refine, cause)),
    title: Some(|case| match case.of {
        // The server names no schema, a dump does: this is what the server said.
        Subject::Relation { schema: None, .. } => {
            format!("rows do not belong in the partition {} that they were dumped from", case.subject)
        }
        _ => format!("rows do not belong in the partitions of {} that they were dumped from", case.subject),
    }),
    fix: "Dump again so that rows are loaded through the partitioned table: a row's partition depends on what differs \
          between servers (the hash of an enum's value, a collation, a time zone).",
    commands: Some(|_| vec!["pg_dump --load-via-partition-root …".into()]),
    ..Kind::USUAL
};

/// The partitioned table that a partition belongs to: one cause for all of its partitions.
fn of_partition(refine: &Refine<'_>, cause: Cause) -> Cause {
    let Subject::Relation { name, .. } = &cause.subject else { return cause };
    // The server names no schema; where partitions of several have the name, it is none of them for certain.
    let attach = |object: &&Declared| object.desc == tag::TABLE_ATTACH && object.tag == *name;
    let mut attached = refine.situation.scan.declared.iter().filter(attach);
    let found = attached.next().filter(|_| attached.next().is_none());
    let parent = found.and_then(|object| attaches(&object.definition)).map(|(parent, _)| parent);
    let is_hash = found.is_some_and(|object| object.definition.contains("modulus"));
    let subject = match parent {
        Some(mut parts) => {
            let name = parts.pop().unwrap_or_default();
            Subject::Relation { schema: parts.pop(), name }
        }
        None => cause.subject,
    };
    Cause { because: is_hash.then_some(Because::Hash), ..Name::PartitionMoved.cause(subject) }
}

#[cfg(test)]
mod tests {
    use pgdump_reader::Facts;

    use super::*;
    use crate::finding::Finding;
    use crate::finding::kind::Context;

    #[test]
    fn a_partition_is_called_one_and_a_partitioned_table_has_them() {
        let dump =
            pgdump_reader::open(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/shop.dump")).unwrap();
        let target = crate::profile::parse("name: a\npostgres: 17\n", "a").unwrap();
        let facts = Facts::default();
        let context = Context {
            dump: &dump,
            target: &target,
            facts: &facts,
            declared: &[],
            client: "17".into(),
            server: Some(17),
            has_own: false,
        };
        let title = |schema: Option<&str>| {
            let subject = Subject::Relation { schema: schema.map(str::to_owned), name: "h0".into() };
            Finding::of(&Name::PartitionMoved.cause(subject), &context).title
        };
        assert_eq!(title(None), "rows do not belong in the partition h0 that they were dumped from");
        assert!(title(Some("public")).contains("the partitions of public.h0 that they"), "{}", title(Some("public")));
    }
}
