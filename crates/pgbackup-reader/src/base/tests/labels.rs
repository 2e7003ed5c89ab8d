use proptest::prelude::*;

use super::fixture;
use crate::base::{IncrementalFrom, Label, LabelError, Method, Origin};
use crate::{Lsn, Timeline};

const LABEL: &str = "START WAL LOCATION: 1/12000028 (file 000000030000000100000012)
CHECKPOINT LOCATION: 1/12000060
BACKUP METHOD: streamed
BACKUP FROM: standby
START TIME: 2026-11-28 11:08:45 UTC
LABEL: nightly: all
START TIMELINE: 3
";

#[test]
fn a_real_label_is_read() {
    let label = Label::parse(&fixture("backup_label_13")).unwrap();
    assert_eq!((label.start, label.checkpoint), (Lsn(0x200_0028), Lsn(0x200_0060)));
    assert_eq!((label.method, label.from), (Some(Method::Streamed), Some(Origin::Primary)));
    assert_eq!(label.label.as_deref(), Some("drill base"));
    assert_eq!(label.start_time.as_deref(), Some("2026-11-30 21:06:09 UTC"));
    assert_eq!((label.incremental_from, label.stop), (None, None));
}

#[test]
fn an_incremental_backup_says_what_it_builds_upon() {
    let label = Label::parse(&fixture("backup_label_17_incremental")).unwrap();
    assert_eq!(label.incremental_from, Some(IncrementalFrom { lsn: Lsn(0x200_0028), timeline: Timeline(1) }));
}

#[test]
fn a_history_file_says_where_the_backup_ends() {
    let stop = Label::parse(&fixture("history_17.backup")).unwrap().stop.unwrap();
    assert_eq!((stop.lsn, stop.segment.as_str()), (Lsn(0x200_0120), "000000010000000000000002"));
    assert_eq!((stop.timeline, stop.time.as_deref()), (Some(Timeline(1)), Some("2026-11-30 21:05:40 UTC")));
}

#[test]
fn what_postgresql_would_not_start_on_is_refused() {
    let changed = |from: &str, to: &str| Label::parse(LABEL.replace(from, to).as_bytes());
    assert_eq!(changed("", "").unwrap().timeline, Timeline(3));
    let line = |n| move |error: LabelError| matches!(error, LabelError::Line { line, .. } if line == n);
    assert!(changed("1/12000028", "1-12000028").is_err_and(line(1)));
    assert!(changed("(file 00000003", "(file 0000000G").is_err_and(line(1)));
    assert!(changed("1/12000060", "").is_err_and(line(2)));
    assert!(changed(")\n", ")\r\n").is_err_and(line(1)));
    assert!(changed("METHOD: streamed", "METHOD: magic").is_err_and(line(3)));
    assert!(changed("TIMELINE: 3", "TIMELINE: 0").is_err());
    assert_eq!(
        changed("TIMELINE: 3", "TIMELINE: 4").unwrap_err(),
        LabelError::TimelineDiffers { said: Timeline(4), expected: Timeline(3) }
    );
    assert!(matches!(changed("CHECKPOINT", "CHECK").unwrap_err(), LabelError::Expected { line: 2, .. }));
    assert!(changed("LABEL: nightly", "LABEL nightly").is_err());
}

#[test]
fn a_line_that_is_there_twice_or_unknown_is_no_label_of_postgresql() {
    let with = |line: &str| Label::parse(format!("{LABEL}{line}\n").as_bytes()).unwrap_err();
    assert!(matches!(with("START TIMELINE: 3"), LabelError::Line { line: 8, .. }));
    assert!(matches!(with("OTHER: 1"), LabelError::Line { line: 8, .. }));
    assert_eq!(with("INCREMENTAL FROM LSN: 0/1"), LabelError::HalfIncremental);
    assert!(matches!(with("STOP TIME: 2026-11-28 11:08:45 UTC"), LabelError::Line { line: 8, .. }));
}

#[test]
fn a_label_that_was_cut_off_or_grew_is_refused() {
    assert_eq!(Label::parse(&LABEL.as_bytes()[..LABEL.len() - 1]), Err(LabelError::Unfinished));
    assert!(matches!(Label::parse(b""), Err(LabelError::Expected { line: 1, .. })));
    assert_eq!(Label::parse(&vec![b'\n'; 70_000]), Err(LabelError::TooLong));
}

proptest! {
    #[test]
    fn no_change_of_a_label_makes_it_panic(at in 0..LABEL.len(), with in proptest::collection::vec(any::<u8>(), 0..12)) {
        let mut bytes = LABEL.as_bytes().to_vec();
        bytes.splice(at..(at + 3).min(LABEL.len()), with);
        let _ = Label::parse(&bytes);
    }
}
