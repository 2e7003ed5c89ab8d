use crate::base::{Chain, ChainError, ChainMember, IncrementalFrom, Label};
use crate::{Lsn, Timeline};

fn label(start: u64, timeline: u32, from: Option<(u64, u32)>) -> Label {
    let text = format!(
        "START WAL LOCATION: {0} (file {timeline:08X}0000000000000002)\nCHECKPOINT LOCATION: {0}\n",
        Lsn(start)
    );
    let incremental_from = from.map(|(lsn, timeline)| IncrementalFrom { lsn: Lsn(lsn), timeline: Timeline(timeline) });
    Label { incremental_from, ..Label::parse(text.as_bytes()).unwrap() }
}

fn find(labels: &[Label], last: Option<usize>) -> Result<Chain, ChainError> {
    let names: Vec<String> = (0..labels.len()).map(|n| format!("b{n}")).collect();
    let members: Vec<ChainMember<'_>> = labels
        .iter()
        .zip(&names)
        .map(|(label, name)| ChainMember { name, label, system_identifier: Some(7) })
        .collect();
    Chain::find(&members, last)
}

#[test]
fn incremental_backups_are_put_upon_the_full_one_in_whatever_order_they_come() {
    let labels =
        [label(300, 1, Some((200, 1))), label(100, 1, None), label(200, 1, Some((100, 1))), label(150, 1, None)];
    assert_eq!(find(&labels, None), Ok(Chain { order: vec![1, 2, 0], unused: vec![3] }));
    assert_eq!(find(&labels, Some(2)), Ok(Chain { order: vec![1, 2], unused: vec![0, 3] }));
    assert_eq!(find(&labels, Some(3)), Ok(Chain { order: vec![3], unused: vec![0, 1, 2] }));
}

#[test]
fn a_real_incremental_backup_finds_its_full_one() {
    let real = |name: &str| Label::parse(&super::fixture(name)).unwrap();
    let labels = [real("backup_label_17_incremental"), real("history_17.backup")];
    assert_eq!(find(&labels, None), Ok(Chain { order: vec![1, 0], unused: vec![] }));
}

#[test]
fn a_missing_parent_is_named_by_its_place_and_what_is_there_instead() {
    let labels = [label(100, 1, None), label(300, 1, Some((200, 1)))];
    let error = find(&labels, None).unwrap_err();
    let nearest = Some(("b0".to_owned(), Lsn(100)));
    assert_eq!(
        error,
        ChainError::ParentMissing { name: "b1".into(), expected: Lsn(200), timeline: Timeline(1), nearest }
    );
    assert_eq!(
        error.to_string(),
        "backup at \"b1\" builds upon a backup that starts at LSN 0/C8 on timeline 1, which is not there; \
         the nearest one before it, at \"b0\", starts at LSN 0/64"
    );
    assert!(matches!(find(&labels[1..], None), Err(ChainError::ParentMissing { nearest: None, .. })));
}

#[test]
fn chains_that_cannot_be_are_refused() {
    assert_eq!(find(&[], None), Err(ChainError::Empty));
    let other = [label(100, 2, None), label(300, 1, Some((100, 1)))];
    let (found, expected) = (Timeline(2), Timeline(1));
    assert_eq!(find(&other, None), Err(ChainError::OtherTimeline { name: "b0".into(), found, expected }));
    for from in [300, 400] {
        assert_eq!(find(&[label(300, 1, Some((from, 1)))], None), Err(ChainError::NotBefore("b0".into())));
    }
    let twice = [label(100, 1, None), label(100, 1, None), label(300, 1, Some((100, 1)))];
    assert_eq!(find(&twice, Some(2)), Err(ChainError::Ambiguous("b0".into(), "b1".into(), Lsn(100))));
}

#[test]
fn a_backup_of_another_cluster_is_no_parent() {
    let (full, incremental) = (label(100, 1, None), label(200, 1, Some((100, 1))));
    let member = |name, label, id| ChainMember { name, label, system_identifier: id };
    let chain = |id| Chain::find(&[member("full", &full, id), member("incremental", &incremental, Some(7))], None);
    assert!(chain(Some(7)).is_ok() && chain(None).is_ok());
    let error = ChainError::OtherCluster { name: "full".into(), found: 8, expected: 7 };
    assert_eq!(chain(Some(8)), Err(error));
}
