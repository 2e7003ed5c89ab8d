//! Visits what an archive of a base backup holds.

use std::path::Path;

use crate::base::entry::{Entry, Place, VisitError};
use crate::base::error::BaseError;
use crate::base::gate::{Claimed, Gate, Refusal};
use crate::base::path::{MemberPath, shown};
use crate::base::stream::Stream;
use crate::base::tar::{MemberKind, TarReader};

/// Opens an archive, however it is compressed.
pub(crate) fn open(file: &Path) -> Result<TarReader, BaseError> {
    let (stream, _) = Stream::open(file).map_err(BaseError::io(file))?;
    Ok(TarReader::new(stream))
}

/// Visits an archive to its proven end. `below` is where in `place` its members belong.
pub(crate) fn visit<E>(
    file: &Path,
    place: Place,
    below: Option<&MemberPath>,
    gate: &mut Gate,
    visitor: &mut dyn FnMut(&mut Entry<'_>) -> Result<(), E>,
) -> Result<(), VisitError<E>> {
    let mut tar = open(file).map_err(VisitError::Base)?;
    while next(&mut tar, file, place, below, gate, visitor)? {}
    Ok(())
}

/// Visits the next member; `false` at the proven end.
pub(crate) fn next<E>(
    tar: &mut TarReader,
    file: &Path,
    place: Place,
    below: Option<&MemberPath>,
    gate: &mut Gate,
    visitor: &mut dyn FnMut(&mut Entry<'_>) -> Result<(), E>,
) -> Result<bool, VisitError<E>> {
    let failed = |error| VisitError::Base(BaseError::tar(file, error));
    let Some(member) = tar.next().map_err(failed)? else { return Ok(false) };
    let refused = |refusal: Refusal| {
        VisitError::Base(BaseError::Refused { file: file.to_owned(), member: shown(&member.path), refusal })
    };
    let path = MemberPath::from_archive(&member.path).map_err(|refusal| refused(refusal.into()))?;
    let path = match (path, below) {
        (Some(path), Some(below)) => Some(below.join(path.as_bytes()).map_err(|refusal| refused(refusal.into()))?),
        (path, _) => path,
    };
    // The directory itself, which archives of tar(1) begin with.
    let Some(path) = path else {
        return match member.kind {
            MemberKind::Directory => Ok(true),
            _ => Err(refused(Refusal::Path(crate::base::path::PathRefusal::Empty))),
        };
    };
    let claimed = match member.kind {
        MemberKind::Directory => Claimed::Directory,
        MemberKind::File => Claimed::File,
        // As in the plain form: the directory belongs to every cluster, the link only to its machine.
        MemberKind::Link if place == Place::Data && path.as_bytes() == b"pg_wal" => Claimed::Directory,
        MemberKind::Link => Claimed::Link(&member.target),
    };
    let kind = gate.pass(place, &path, claimed).map_err(refused)?;
    let (mode, size, modified) = (member.mode, member.size, member.modified);
    let mut entry = Entry { place, path, kind, mode, size, modified, content: tar };
    let visited = visitor(&mut entry);
    match tar.take_failure() {
        Some(error) => Err(failed(error)),
        None => visited.map(|()| true).map_err(VisitError::Visitor),
    }
}
