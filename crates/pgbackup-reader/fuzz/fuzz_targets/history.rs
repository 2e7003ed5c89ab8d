//! The history of a timeline.
#![no_main]

use pgbackup_reader::{History, Lsn, Timeline};

libfuzzer_sys::fuzz_target!(|input: (u32, &[u8])| {
    let (own, text) = input;
    if let Ok(history) = History::parse(Timeline(own), text) {
        assert_eq!(history.timeline(), Timeline(own));
        for span in history.spans() {
            let _ = history.owner_of(span.begin);
        }
        let _ = history.owner_of(Lsn(u64::MAX));
    }
});
