//! A base backup: where its parts are, and all of its files in order.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::base::entry::{Entry, Place, VisitError};
use crate::base::error::BaseError;
use crate::base::gate::Gate;
use crate::base::head::Head;
use crate::base::layout::{Found, recognise};
use crate::base::manifest::{Manifest, ManifestError};
use crate::base::path::MemberPath;
use crate::base::plain::LeftOut;
use crate::base::survey::Survey;
use crate::base::tablespace::{Oid, Tablespace, TablespaceContent};
use crate::base::{packed, plain};

/// How a base backup is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A data directory.
    Plain,
    /// `base.tar`, an archive for each tablespace, and perhaps `pg_wal.tar`.
    Tar,
}

/// Where the data directory is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Store {
    Directory(PathBuf),
    Archive(PathBuf),
}

/// A base backup on this machine. It is only ever read.
#[derive(Debug, Clone)]
pub struct Base {
    path: PathBuf,
    form: Form,
    data: Store,
    tablespaces: Vec<Tablespace>,
    wal: Option<PathBuf>,
    manifest: Option<PathBuf>,
    barman: Option<PathBuf>,
    head: Head,
}

impl Base {
    /// Opens the base backup at a path: a directory in plain or tar form, one that Barman keeps, or a single archive.
    ///
    /// It reads little: of a plain base the label, `PG_VERSION` and `pg_control`; of an archive its first members, where
    /// pg_basebackup puts the label. `pg_control` comes last in an archive, so [`Base::survey`] has to look for it.
    ///
    /// # Errors
    /// Where there is no base backup, or a repository of several.
    pub fn open(path: &Path) -> Result<Self, BaseError> {
        let several = |what: &str, path: PathBuf| {
            Err(BaseError::NotABase { path, why: format!("it is {what}; name one of its backups") })
        };
        match recognise(path)? {
            Found::Base(base) => Ok(*base),
            Found::BarmanHome(path) => several("the home of Barman with all its servers", path),
            Found::BarmanServer(path) => several("a server of Barman with all its backups", path),
            Found::PgBackRest(path) => several("a repository of pgBackRest", path),
        }
    }

    pub(crate) fn new(
        path: &Path,
        form: Form,
        data: Store,
        tablespaces: Vec<Tablespace>,
        wal: Option<PathBuf>,
    ) -> Result<Self, BaseError> {
        let folder = match &data {
            Store::Directory(directory) => Some(directory.as_path()),
            Store::Archive(_) if path.is_dir() => Some(path),
            Store::Archive(_) => None,
        };
        let manifest = folder.map(|folder| folder.join("backup_manifest")).filter(|file| file.is_file());
        let head = match &data {
            Store::Directory(directory) => head_of_directory(directory)?,
            Store::Archive(file) => head_of_archive(file)?,
        };
        let mut base = Self { path: path.to_owned(), form, data, tablespaces, wal, manifest, barman: None, head };
        base.locate();
        Ok(base)
    }

    /// What was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How it is kept.
    pub fn form(&self) -> Form {
        self.form
    }

    /// The directory of this backup in Barman's home, `base/ID`, where Barman keeps it.
    pub fn barman(&self) -> Option<&Path> {
        self.barman.as_deref()
    }

    /// What was read when it was opened. Of an archive that is the label and `tablespace_map` only.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Its tablespaces as far as they are known without a pass over it, in the order of their numbers.
    pub fn tablespaces(&self) -> &[Tablespace] {
        &self.tablespaces
    }

    /// Its archives, the data directory's first; a plain base has none.
    pub fn archives(&self) -> Vec<&Path> {
        let data = match &self.data {
            Store::Archive(file) => Some(file.as_path()),
            Store::Directory(_) => None,
        };
        let tablespaces = self.tablespaces.iter().filter_map(|tablespace| match &tablespace.content {
            TablespaceContent::InBackup(path) if path.is_file() => Some(path.as_path()),
            _ => None,
        });
        data.into_iter().chain(tablespaces).chain(self.wal.as_deref()).collect()
    }

    /// Where its manifest is, if it has one. Copies by rsync and backups of barman-cloud have none.
    pub fn manifest_path(&self) -> Option<&Path> {
        self.manifest.as_deref()
    }

    /// Its manifest, read whole; `None` where it has none.
    ///
    /// # Errors
    /// Where it cannot be trusted.
    pub fn manifest(&self) -> Option<Result<Manifest, ManifestError>> {
        let path = self.manifest.as_deref()?;
        Some(File::open(path).map_err(ManifestError::Read).and_then(Manifest::read))
    }

    /// Says where the files of a tablespace are, for one whose link leads to nothing on this machine.
    pub fn has_tablespace(&mut self, oid: Oid, content: TablespaceContent) {
        match self.tablespaces.iter_mut().find(|tablespace| tablespace.oid == oid) {
            Some(tablespace) => tablespace.content = content,
            None => self.tablespaces.push(Tablespace { oid, location: None, content }),
        }
        self.tablespaces.sort_by_key(|tablespace| tablespace.oid);
    }

    pub(crate) fn kept_by_barman(&mut self, path: &Path) {
        self.path = path.to_owned();
        self.barman = Some(path.to_owned());
        // Barman keeps every tablespace beside the data directory. A link of its copy leads to the living cluster's own files,
        // where Barman runs beside it.
        for tablespace in &mut self.tablespaces {
            if matches!(tablespace.content, TablespaceContent::Followed(_)) {
                tablespace.content = TablespaceContent::Missing;
            }
        }
    }

    /// Adds what `tablespace_map` says: where each tablespace lay, and those that have no files here.
    fn locate(&mut self) {
        let Some(Ok(map)) = self.head.tablespace_map.clone() else { return };
        for (oid, location) in map {
            if !self.tablespaces.iter().any(|tablespace| tablespace.oid == oid) {
                self.has_tablespace(oid, TablespaceContent::Missing);
            }
            if let Some(tablespace) = self.tablespaces.iter_mut().find(|tablespace| tablespace.oid == oid) {
                tablespace.location = Some(location);
            }
        }
    }

    /// Gives all of the base to `visitor`, entry by entry: the data directory, each tablespace, and the WAL of `pg_wal.tar` as
    /// files in `pg_wal`. Archives are decompressed; what the visitor does not read of an archive that is not compressed is not
    /// read from the disk either. No entry is given out whose path or kind is not proven harmless. Every archive is followed to
    /// its proven end.
    ///
    /// It returns what a plain base holds beside files and directories.
    ///
    /// # Errors
    /// Where the base cannot be read, is damaged, or holds what could do harm; and what the visitor returns.
    pub fn visit<E>(
        &self,
        mut visitor: impl FnMut(&mut Entry<'_>) -> Result<(), E>,
    ) -> Result<Vec<LeftOut>, VisitError<E>> {
        let mut gate = Gate::new();
        let mut left_out = Vec::new();
        let visitor: &mut dyn FnMut(&mut Entry<'_>) -> Result<(), E> = &mut visitor;
        match &self.data {
            Store::Directory(root) => plain::visit(root, Place::Data, None, &mut gate, &mut left_out, visitor)?,
            Store::Archive(file) => packed::visit(file, Place::Data, None, &mut gate, visitor)?,
        }
        for tablespace in &self.tablespaces {
            let place = Place::Tablespace(tablespace.oid);
            match &tablespace.content {
                TablespaceContent::InBackup(path) if path.is_file() => {
                    packed::visit(path, place, None, &mut gate, visitor)?;
                }
                TablespaceContent::InBackup(path) => {
                    plain::visit(path, place, None, &mut gate, &mut left_out, visitor)?;
                }
                TablespaceContent::Followed(path) => {
                    // The directory may belong to other clusters too, and the link may lead anywhere.
                    let own = self.head.major().map_or("PG_".to_owned(), |major| format!("PG_{major}_"));
                    plain::visit(path, place, Some(&own), &mut gate, &mut left_out, visitor)?;
                }
                TablespaceContent::Missing => {}
            }
        }
        if let Some(wal) = &self.wal {
            // "pg_wal" is a proper path.
            let below = MemberPath::new(b"pg_wal").ok();
            packed::visit(wal, Place::Data, below.as_ref(), &mut gate, visitor)?;
        }
        Ok(left_out)
    }

    /// Passes over all of the base once and says what it holds. Of a plain base and of archives that are not compressed only the
    /// small files are read; a compressed archive has to be decompressed to its end.
    ///
    /// # Errors
    /// As [`Base::visit`].
    pub fn survey(&self) -> Result<Survey, BaseError> {
        let mut survey = Survey { tablespaces: self.tablespaces.clone(), ..Survey::default() };
        // An error in reading content ends the visit by itself.
        let visited = self.visit::<Infallible>(|entry| {
            let _ = survey.take(entry);
            Ok(())
        });
        survey.left_out = match visited {
            Ok(left_out) => left_out,
            Err(VisitError::Base(error)) => return Err(error),
            Err(VisitError::Visitor(never)) => match never {},
        };
        if let Some(Ok(map)) = survey.head.tablespace_map.clone() {
            for (oid, location) in map {
                survey.located(oid, location);
            }
        }
        survey.tablespaces.sort_by_key(|tablespace| tablespace.oid);
        Ok(survey)
    }
}

fn head_of_directory(directory: &Path) -> Result<Head, BaseError> {
    let mut head = Head::default();
    for name in Head::FILES {
        let path = directory.join(name);
        match File::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            opened => {
                let read = opened.and_then(|file| head.read(name, file));
                read.map_err(BaseError::io(&path))?;
            }
        }
    }
    Ok(head)
}

/// pg_basebackup puts the label and `tablespace_map` first (`perform_base_backup` in src/backend/backup/basebackup.c, 15 to 18;
/// 13: src/backend/replication), so nothing behind the first other member is looked at.
fn head_of_archive(file: &Path) -> Result<Head, BaseError> {
    let mut tar = packed::open(file)?;
    let mut head = Head::default();
    let mut gate = Gate::new();
    let mut more = true;
    while more {
        let mut known = false;
        let visited = packed::next::<io::Error>(&mut tar, file, Place::Data, None, &mut gate, &mut |entry| {
            known = head.take(entry)?;
            Ok(())
        });
        more = match visited {
            Ok(more) => more && known,
            Err(VisitError::Base(error)) => return Err(error),
            Err(VisitError::Visitor(source)) => return Err(BaseError::Io { path: file.to_owned(), source }),
        };
    }
    Ok(head)
}
