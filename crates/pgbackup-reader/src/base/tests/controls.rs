use proptest::prelude::*;

use super::fixture;
use crate::Major;
use crate::base::{Control, ControlError, State};

/// What pg_controldata says, in the words that our fields give.
fn in_words(control: &Control) -> Vec<(&'static str, String)> {
    let on = |value: bool| if value { "on" } else { "off" }.to_owned();
    let yes = |value: bool| if value { "yes" } else { "no" }.to_owned();
    let time = |value: Option<jiff::Timestamp>| value.unwrap().strftime("%a %b %e %H:%M:%S %Y").to_string();
    let mut words = vec![
        ("pg_control version number", control.control_version.to_string()),
        ("Catalog version number", control.catalog_version.to_string()),
        ("Database system identifier", control.system_identifier.to_string()),
        ("Database cluster state", control.state.label().to_owned()),
        ("pg_control last modified", time(control.modified)),
        ("Latest checkpoint location", control.checkpoint.to_string()),
        ("Latest checkpoint's REDO location", control.redo.to_string()),
        ("Latest checkpoint's TimeLineID", control.timeline.to_string()),
        ("Latest checkpoint's PrevTimeLineID", control.previous_timeline.to_string()),
        ("Latest checkpoint's NextXID", format!("{}:{}", control.next_xid >> 32, control.next_xid & 0xFFFF_FFFF)),
        ("Time of latest checkpoint", time(control.checkpoint_time)),
        ("Minimum recovery ending location", control.min_recovery_point.to_string()),
        ("Min recovery ending loc's timeline", control.min_recovery_timeline.map_or(0, |t| t.0).to_string()),
        ("Backup start location", control.backup_start.to_string()),
        ("Backup end location", control.backup_end.to_string()),
        ("End-of-backup record required", yes(control.backup_end_required)),
        ("wal_level setting", control.wal_level.label().to_owned()),
        ("wal_log_hints setting", on(control.wal_log_hints)),
        ("max_connections setting", control.max_connections.to_string()),
        ("max_worker_processes setting", control.max_worker_processes.to_string()),
        ("max_wal_senders setting", control.max_wal_senders.to_string()),
        ("max_prepared_xacts setting", control.max_prepared_transactions.to_string()),
        ("max_locks_per_xact setting", control.max_locks_per_transaction.to_string()),
        ("track_commit_timestamp setting", on(control.track_commit_timestamp)),
        ("Maximum data alignment", control.max_align.to_string()),
        ("Database block size", control.block_size.to_string()),
        ("Blocks per segment of large relation", control.relation_segment_blocks.to_string()),
        ("WAL block size", control.wal_block_size.to_string()),
        ("Bytes per WAL segment", control.wal_segment_size.to_string()),
        ("Data page checksum version", control.data_checksum_version.to_string()),
    ];
    if let Some(signed) = control.default_char_signed {
        words.push(("Default char data signedness", if signed { "signed" } else { "unsigned" }.to_owned()));
    }
    words
}

#[test]
fn every_field_is_what_pg_controldata_says() {
    for major in [13, 15, 17, 18] {
        let control = Control::parse(&fixture(&format!("pg_control_{major}.gz"))).unwrap();
        let said = String::from_utf8(fixture(&format!("pg_controldata_{major}.txt"))).unwrap();
        for (name, value) in in_words(&control) {
            let line = said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            assert_eq!(line.map(str::trim), Some(value.as_str()), "{major}: {name}");
        }
        assert_eq!(control.major(), Major::of_number(major));
        assert_eq!(control.default_char_signed.is_some(), major >= 18);
    }
}

#[test]
fn a_cluster_stopped_in_order_says_so() {
    let control = Control::parse(&fixture("pg_control_17_stopped.gz")).unwrap();
    assert_eq!(control.state, State::ShutDown);
    assert_eq!(control.tablespace_directory(Major::V17), "PG_17_202406281");
}

#[test]
fn one_changed_bit_is_seen_wherever_it_is() {
    let whole = fixture("pg_control_18.gz");
    for at in (0..296).filter(|at| !(8..12).contains(at)) {
        let mut changed = whole.clone();
        changed[at] ^= 0x10;
        assert!(matches!(Control::parse(&changed), Err(ControlError::Checksum { .. })), "byte {at}");
    }
}

#[test]
fn a_file_that_was_cut_off_is_told_from_a_damaged_one() {
    let whole = fixture("pg_control_13.gz");
    for length in [0, 8, 11, 12, 288, 291] {
        assert_eq!(Control::parse(&whole[..length]), Err(ControlError::TooShort(length)));
    }
    assert!(Control::parse(&whole[..292]).is_ok());
}

#[test]
fn other_machines_and_majors_are_named() {
    let mut bytes = fixture("pg_control_15.gz");
    bytes[8..12].copy_from_slice(&1300u32.to_be_bytes());
    assert_eq!(Control::parse(&bytes), Err(ControlError::ForeignByteOrder));
    bytes[8..12].copy_from_slice(&1201u32.to_le_bytes());
    assert_eq!(Control::parse(&bytes), Err(ControlError::UnknownVersion(1201)));
}

/// Puts another value in and makes the checksum hold again, as somebody who means harm would.
fn forged(at: usize, value: u32) -> Vec<u8> {
    let mut bytes = fixture("pg_control_18.gz");
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    let crc = crc32c::crc32c(&bytes[..292]);
    bytes[292..296].copy_from_slice(&crc.to_le_bytes());
    bytes
}

#[test]
fn values_that_later_divisions_rest_on_are_looked_at_though_the_checksum_holds() {
    for (at, field, values) in [
        (228, "xlog_seg_size", [0, 16_000_000, 1 << 31]),
        (224, "xlog_blcksz", [0, 1000, 1 << 20]),
        (216, "blcksz", [0, 8191, 1 << 20]),
        (16, "state", [7, 255, u32::MAX]),
        (172, "wal_level", [3, 255, u32::MAX]),
    ] {
        for value in values {
            assert_eq!(Control::parse(&forged(at, value)), Err(ControlError::Value { field, value: value.into() }));
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Control::parse(&bytes);
    }

    #[test]
    fn no_values_under_a_true_checksum_make_it_panic(at in 12usize..289, value in any::<u32>()) {
        let _ = Control::parse(&forged(at, value));
    }
}
