use crate::finding::kind::Kind;
use crate::finding::rule::{Known, Precedence, Rule};
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "shared-memory-too-small",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The target has too little shared memory for what the restore does in parallel.",
    page: include_str!("../../../docs/findings/shared-memory-too-small.md"),
    rules: &[
        // disk_full: `could not resize shared memory segment "…" to … bytes: No space left on device` (dsm_impl.c).
        Rule::new(Precedence::Message, &["53100"], |failed| {
            failed.says("could not resize shared memory segment ").then(Known::default)
        }),
    ],
    title: Some(|_| "the server ran out of shared memory in /dev/shm".to_owned()),
    fix: "Give the container more of it; in a profile, set limits.shm. Or build indexes without parallel workers.",
    commands: Some(|_| vec!["docker run --shm-size=1g …".into(), "SET max_parallel_maintenance_workers = 0;".into()]),
    ..Kind::USUAL
};
