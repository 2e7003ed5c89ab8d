use super::fixture;
use crate::base::{Control, Head, Label, LabelError, NoStart, Origin, Survey};
use crate::reach::BackupFrom;
use crate::{Lsn, Major, Timeline};

fn survey(label: Option<Result<Label, LabelError>>, control: Option<&str>) -> Survey {
    let control = control.map(|name| Control::parse(&fixture(name)));
    Survey { head: Head { label, control, ..Head::default() }, ..Survey::default() }
}

fn label() -> Label {
    Label::parse(&fixture("backup_label_13")).unwrap()
}

#[test]
fn the_label_says_where_recovery_starts_and_pg_control_the_rest() {
    let start = survey(Some(Ok(label())), Some("pg_control_17.gz")).start(Some(Lsn(0x200_0120))).unwrap();
    assert_eq!((start.redo, start.checkpoint, start.timeline), (Lsn(0x200_0028), Some(Lsn(0x200_0060)), Timeline(1)));
    assert_eq!((start.backup, start.end), (BackupFrom::Primary, Some(Lsn(0x200_0120))));
    assert_eq!((start.major, start.system), (Some(Major::V17), Some(7_714_073_660_676_874_260)));
    assert_eq!(
        (start.control_timeline, start.segment_size.map(|size| size.bytes())),
        (Some(Timeline(1)), Some(16 << 20))
    );
    // Without pg_control, as of an archive that was only opened, less is known.
    let start = survey(Some(Ok(label())), None).start(None).unwrap();
    assert_eq!((start.redo, start.major, start.segment_size), (Lsn(0x200_0028), None, None));
}

#[test]
fn a_backup_of_a_standby_is_consistent_where_its_pg_control_says() {
    let label = Label { from: Some(Origin::Standby), ..label() };
    let start = survey(Some(Ok(label.clone())), Some("pg_control_17.gz")).start(None).unwrap();
    assert_eq!(start.backup, BackupFrom::Standby { minimum: Lsn(0), timeline: Timeline(1) });
    assert_eq!(survey(Some(Ok(label)), None).start(None), Err(NoStart::Control));
}

#[test]
fn without_a_label_only_a_cluster_that_was_stopped_can_be_recovered() {
    assert_eq!(survey(None, Some("pg_control_17.gz")).start(None), Err(NoStart::NoLabel));
    assert_eq!(survey(None, None).start(None), Err(NoStart::Control));
    assert_eq!(survey(Some(Err(LabelError::Unfinished)), Some("pg_control_17.gz")).start(None), Err(NoStart::Label));
    let stopped = survey(None, Some("pg_control_17_stopped.gz")).start(None).unwrap();
    let control = Control::parse(&fixture("pg_control_17_stopped.gz")).unwrap();
    assert_eq!(
        (stopped.backup, stopped.redo, stopped.checkpoint),
        (BackupFrom::Stopped, control.redo, Some(control.checkpoint))
    );
}
