//! The pass over the dump that a run makes while the first sandboxes start.

use std::sync::Arc;

use futures_util::FutureExt as _;
use pgdump_reader::Dump;

use crate::check::RowMode;
use crate::rehearsal::ScanInProgress;

/// Starts the full pass over the dump; whoever needs it waits for it.
pub fn begin(dump: &Arc<Dump>, rows: RowMode) -> ScanInProgress {
    let dump = Arc::clone(dump);
    let scan = tokio::task::spawn_blocking(move || match rows {
        RowMode::Digest => dump.scan(),
        RowMode::Count | RowMode::Off => dump.count(),
    });
    async move {
        match scan.await {
            Ok(Ok(scan)) => Ok(Arc::new(scan)),
            Ok(Err(error)) => Err(error.to_string()),
            Err(error) => Err(format!("reading the dump failed, which is a bug of pgrehearse ({error})")),
        }
    }
    .boxed()
    .shared()
}
