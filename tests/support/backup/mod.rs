//! Base backups and WAL archives of real clusters, what is known of them, damage to them, and recoveries by hand.
//!
//! What the program says of a backup is compared with two witnesses here that it has no part in: `facts.json`, which the source
//! cluster and pg_waldump wrote, and [`ByHand`], a server that recovers the same files by `restore_command = 'cp …'`.

pub mod by_hand;
pub mod damage;
pub mod facts;
pub mod fixture;
pub mod repositories;
mod stream;

pub use by_hand::{ByHand, End, HandRecovered, recover_by_hand};
pub use damage::Compression;
pub use facts::{Ended, target_time};
pub use fixture::{of, of_default_segments};
pub use repositories::repositories;
