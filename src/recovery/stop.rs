//! Where a recovery is to stop, in PostgreSQL's own settings.

use jiff::Timestamp;
use pgbackup_reader::Lsn;

/// Where the server is asked to stop. At most one of these can be asked for at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// At the end of the WAL.
    End,
    /// As soon as the state is consistent.
    Immediate,
    Time {
        at: Timestamp,
        inclusive: bool,
    },
    Lsn {
        at: Lsn,
        inclusive: bool,
    },
    Xid {
        xid: u32,
        inclusive: bool,
    },
    /// At a restore point.
    Name(String),
}

impl Stop {
    /// The settings that say it (`recovery_target_*`, src/backend/access/transam/xlogrecovery.c).
    pub fn settings(&self) -> impl Iterator<Item = (&'static str, String)> {
        let inclusive =
            |inclusive: bool| ("recovery_target_inclusive", if inclusive { "on" } else { "off" }.to_owned());
        match self {
            Stop::End => vec![],
            Stop::Immediate => vec![("recovery_target", "immediate".to_owned())],
            Stop::Time { at, inclusive: with } => {
                // With an offset, so that no time zone of the server's decides.
                let text = at.strftime("%Y-%m-%d %H:%M:%S%.6f+00").to_string();
                vec![("recovery_target_time", text), inclusive(*with)]
            }
            Stop::Lsn { at, inclusive: with } => vec![("recovery_target_lsn", at.to_string()), inclusive(*with)],
            Stop::Xid { xid, inclusive: with } => vec![("recovery_target_xid", xid.to_string()), inclusive(*with)],
            Stop::Name(name) => vec![("recovery_target_name", name.clone())],
        }
        .into_iter()
    }
}
