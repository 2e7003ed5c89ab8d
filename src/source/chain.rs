//! What an incremental base backup builds upon: found beside it, or where somebody says.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use pgbackup_reader::base::{Base, Chain, ChainMember, Found, recognise};

use crate::counted::counted;
use crate::finding::{Finding, Name};

/// The bases that this one builds upon, the full one first; none where it is full itself. They are looked for in `given`, each a base or
/// a folder of bases, or where that is empty in the folder that the base is in.
///
/// # Errors
/// What is wrong with the chain.
pub fn earlier(base: &Base, given: &[PathBuf]) -> Result<Vec<Arc<Base>>, Box<Finding>> {
    let Some(label) = base.head().label().filter(|label| label.incremental_from.is_some()) else {
        return Ok(Vec::new());
    };
    let folders = match given {
        [] => base.path().canonicalize().ok().and_then(|path| path.parent().map(Path::to_owned)).into_iter().collect(),
        given => given.to_vec(),
    };
    let others: Vec<Base> =
        folders.iter().flat_map(|folder| bases_at(folder)).filter(|other| !is_same(other, base)).collect();
    let names: Vec<String> = others.iter().map(|other| other.path().display().to_string()).collect();
    let own = base.path().display().to_string();
    let number = |base: &Base| base.head().control().map(|control| control.system_identifier);
    let mut members = vec![ChainMember { name: &own, label, system_identifier: number(base) }];
    let mut which = vec![None];
    for (at, (other, name)) in others.iter().zip(&names).enumerate() {
        if let Some(label) = other.head().label() {
            members.push(ChainMember { name, label, system_identifier: number(other) });
            which.push(Some(at));
        }
    }
    let chain = Chain::find(&members, Some(0)).map_err(|error| {
        let mut finding = Finding::new(Name::BackupChainBroken, error.to_string());
        finding.objects = vec![own.clone()];
        let looked: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
        let bases = counted(members.len() - 1, "other base backup");
        finding.evidence.push(format!("looked for it in {}, where {bases} can be read", looked.join(", ")));
        Box::new(finding)
    })?;
    // The last of them is the base itself.
    let before = chain.order.iter().filter_map(|&at| which.get(at).copied().flatten());
    Ok(before.filter_map(|at| others.get(at)).map(|base| Arc::new(base.clone())).collect())
}

/// The base at a path, or those in the folders of a folder. What cannot be read is none.
fn bases_at(path: &Path) -> Vec<Base> {
    let one = |path: &Path| match recognise(path) {
        Ok(Found::Base(base)) => Some(*base),
        _ => None,
    };
    if let Some(base) = one(path) {
        return vec![base];
    }
    let Ok(entries) = std::fs::read_dir(path) else { return Vec::new() };
    let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders.iter().filter_map(|folder| one(folder)).collect()
}

fn is_same(one: &Base, other: &Base) -> bool {
    match (one.path().canonicalize(), other.path().canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}
