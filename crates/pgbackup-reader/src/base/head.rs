//! The four files by which a base backup says what it is.

use std::io::{self, Read};
use std::path::PathBuf;

use crate::base::control::{Control, ControlError};
use crate::base::entry::{Entry, EntryKind, Place};
use crate::base::label::{self, Label, LabelError};
use crate::base::tablespace::{self, Oid, TablespaceMapError, parse_tablespace_map};

/// What a base backup says of itself. Each part is `None` where its file is not there (or, in an archive, was not met yet).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// `backup_label`. Without it this is no backup, but a copy of a data directory.
    pub label: Option<Result<Label, LabelError>>,
    /// `tablespace_map`: where each tablespace lay on the source.
    pub tablespace_map: Option<Result<Vec<(Oid, PathBuf)>, TablespaceMapError>>,
    /// `PG_VERSION`: the major, or what stands there instead.
    pub major: Option<Result<u32, String>>,
    /// `global/pg_control`.
    pub control: Option<Result<Control, ControlError>>,
}

impl Head {
    /// The names of its files, in the data directory.
    pub(crate) const FILES: [&'static str; 4] = ["backup_label", "tablespace_map", "PG_VERSION", "global/pg_control"];

    /// Takes what an entry says, if it is one of the four.
    ///
    /// # Errors
    /// Where the entry's content cannot be read.
    pub fn take(&mut self, entry: &mut Entry<'_>) -> io::Result<bool> {
        if entry.place != Place::Data || entry.kind != EntryKind::File {
            return Ok(false);
        }
        let Some(name) = Self::FILES.into_iter().find(|name| name.as_bytes() == entry.path.as_bytes()) else {
            return Ok(false);
        };
        self.read(name, &mut *entry.content)?;
        Ok(true)
    }

    /// Reads the file of that name.
    pub(crate) fn read(&mut self, name: &str, content: impl Read) -> io::Result<()> {
        match name {
            "backup_label" => self.label = Some(Label::parse(&bounded(content, label::MAX_BYTES + 1)?)),
            "tablespace_map" => {
                let text = bounded(content, tablespace::MAX_MAP_BYTES + 1)?;
                self.tablespace_map = Some(parse_tablespace_map(&text));
            }
            "PG_VERSION" => {
                let text = String::from_utf8_lossy(&bounded(content, 64)?).into_owned();
                // From 10 on a major is one number (ValidatePgVersion in src/backend/utils/init/miscinit.c).
                self.major = Some(text.trim_end().parse().map_err(|_| text));
            }
            "global/pg_control" => self.control = Some(Control::parse(&bounded(content, 8192)?)),
            _ => {}
        }
        Ok(())
    }

    /// The major, where `PG_VERSION` names one.
    pub fn major(&self) -> Option<u32> {
        self.major.as_ref()?.as_ref().ok().copied()
    }

    /// The label, where it can be read.
    pub fn label(&self) -> Option<&Label> {
        self.label.as_ref()?.as_ref().ok()
    }

    /// `pg_control`, where it can be read.
    pub fn control(&self) -> Option<&Control> {
        self.control.as_ref()?.as_ref().ok()
    }
}

/// As much of a file as is looked at.
pub(crate) fn bounded(content: impl Read, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    content.take(most as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}
