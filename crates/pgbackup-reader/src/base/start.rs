//! Where a recovery of a base starts, as the reach of an archive asks for it.

use crate::Lsn;
use crate::base::control::{Control, State};
use crate::base::label::{Label, Origin};
use crate::base::survey::Survey;
use crate::reach::{BackupFrom, Start};
use crate::wal::SegmentSize;

/// Why it cannot be said where a recovery of a base starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoStart {
    /// A copy of a running cluster's data directory is no backup: a server may start on it and be corrupt.
    #[error("it has no backup_label, and its pg_control says that the cluster was running: it is a copy and no backup")]
    NoLabel,
    /// The label is there, but cannot be read.
    #[error("its backup_label cannot be read")]
    Label,
    /// `pg_control` is not there or cannot be read, and nothing else says it.
    #[error("its pg_control is missing or cannot be read")]
    Control,
}

impl Survey {
    /// Where a recovery of this base starts. `end` is where it ended, as its manifest or its backup history file says.
    ///
    /// # Errors
    /// Where the base does not say it.
    pub fn start(&self, end: Option<Lsn>) -> Result<Start, NoStart> {
        let control = self.head.control();
        match &self.head.label {
            Some(Ok(label)) => from_label(label, control, end),
            Some(Err(_)) => Err(NoStart::Label),
            None => match control.ok_or(NoStart::Control)? {
                control if control.state == State::ShutDown => Ok(Start {
                    timeline: control.timeline,
                    redo: control.redo,
                    checkpoint: Some(control.checkpoint),
                    backup: BackupFrom::Stopped,
                    end,
                    ..of_control(control)
                }),
                _ => Err(NoStart::NoLabel),
            },
        }
    }
}

fn from_label(label: &Label, control: Option<&Control>, end: Option<Lsn>) -> Result<Start, NoStart> {
    let backup = match label.from {
        Some(Origin::Standby) => {
            let control = control.ok_or(NoStart::Control)?;
            let timeline = control.min_recovery_timeline.unwrap_or(label.timeline);
            BackupFrom::Standby { minimum: control.min_recovery_point, timeline }
        }
        _ => BackupFrom::Primary,
    };
    let control = control.map(of_control);
    Ok(Start {
        timeline: label.timeline,
        redo: label.start,
        checkpoint: Some(label.checkpoint),
        backup,
        end: end.or(label.stop.as_ref().map(|stop| stop.lsn)),
        control_timeline: control.and_then(|start| start.control_timeline),
        system: control.and_then(|start| start.system),
        major: control.and_then(|start| start.major),
        segment_size: control.and_then(|start| start.segment_size),
    })
}

fn of_control(control: &Control) -> Start {
    // As InitWalRecovery chooses it (src/backend/access/transam/xlogrecovery.c, 15 to 18; 13: StartupXLOG in xlog.c).
    let known = control.min_recovery_timeline.map_or(control.timeline, |minimum| minimum.max(control.timeline));
    Start {
        timeline: control.timeline,
        redo: control.redo,
        checkpoint: Some(control.checkpoint),
        backup: BackupFrom::Primary,
        end: None,
        control_timeline: Some(known),
        system: Some(control.system_identifier),
        major: control.major(),
        segment_size: SegmentSize::new(control.wal_segment_size),
    }
}
