//! Incremental backups: which ones build upon which, down to a full one.

use crate::base::label::Label;
use crate::{Lsn, Timeline};

/// A base backup as far as its place in a chain hangs on it.
#[derive(Debug, Clone, Copy)]
pub struct ChainMember<'a> {
    /// What to call it in messages, such as its path.
    pub name: &'a str,
    /// Its label.
    pub label: &'a Label,
    /// Its cluster, by `pg_control` or the manifest; `None` where that is not known.
    pub system_identifier: Option<u64>,
}

/// Base backups that pg_combinebackup joins to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// Which of the given backups, in the order that pg_combinebackup wants them: the full one, then each incremental one upon
    /// the one before it.
    pub order: Vec<usize>,
    /// Which of the given backups have no part in it.
    pub unused: Vec<usize>,
}

/// Why backups form no chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// There is no backup at all.
    #[error("there is no backup")]
    Empty,
    /// What an incremental backup builds upon is not there. pg_combinebackup says of the one given in its place: `backup at "…"
    /// starts at LSN …, but expected …`.
    #[error("backup at \"{name}\" builds upon a backup that starts at LSN {expected} on timeline {timeline}, which is not there{}", nearest_in_words(.nearest))]
    ParentMissing {
        /// The incremental backup.
        name: String,
        /// Where the missing backup starts.
        expected: Lsn,
        /// The timeline of the missing backup.
        timeline: Timeline,
        /// The nearest backup before it that is there.
        nearest: Option<(String, Lsn)>,
    },
    /// The backup that starts at the right place is one of another timeline.
    #[error("backup at \"{name}\" starts on timeline {found}, but expected {expected}")]
    OtherTimeline {
        /// The backup.
        name: String,
        /// Its timeline.
        found: Timeline,
        /// The timeline that the incremental backup upon it names.
        expected: Timeline,
    },
    /// An incremental backup names one that starts no earlier than itself.
    #[error("backup at \"{0}\" says that it builds upon a backup which does not start before it")]
    NotBefore(String),
    /// Two backups start at the same place, so that it is open which is meant.
    #[error("backups at \"{0}\" and \"{1}\" both start at LSN {2}: give one of them")]
    Ambiguous(String, String, Lsn),
    /// A backup belongs to another cluster.
    #[error("backup at \"{name}\" is of the cluster with system identifier {found}, but expected {expected}")]
    OtherCluster {
        /// The backup.
        name: String,
        /// Its cluster.
        found: u64,
        /// The cluster of the backup upon it.
        expected: u64,
    },
}

fn nearest_in_words(nearest: &Option<(String, Lsn)>) -> String {
    match nearest {
        Some((name, lsn)) => format!("; the nearest one before it, at \"{name}\", starts at LSN {lsn}"),
        None => String::new(),
    }
}

impl Chain {
    /// Finds the chain that leads to the backup `last`, or where that is `None` to the one that starts last. A full backup is a
    /// chain by itself. As `check_backup_label_files` in src/bin/pg_combinebackup/pg_combinebackup.c (17 and 18), except that it
    /// is given no order.
    ///
    /// # Errors
    /// Where a backup in the chain is missing, or is not what the next one names.
    pub fn find(members: &[ChainMember<'_>], last: Option<usize>) -> Result<Self, ChainError> {
        let newest = || (0..members.len()).max_by_key(|&at| members[at].label.start);
        let mut at = last.filter(|&at| at < members.len()).or_else(newest).ok_or(ChainError::Empty)?;
        let mut order = vec![at];
        // Each step leads to a smaller LSN, so it ends.
        while let Some(from) = members[at].label.incremental_from {
            let member = &members[at];
            if from.lsn >= member.label.start {
                return Err(ChainError::NotBefore(member.name.to_owned()));
            }
            at = parent(members, at, from.lsn, from.timeline)?;
            if let (Some(expected), Some(found)) = (member.system_identifier, members[at].system_identifier)
                && expected != found
            {
                return Err(ChainError::OtherCluster { name: members[at].name.to_owned(), found, expected });
            }
            order.push(at);
        }
        order.reverse();
        let unused = (0..members.len()).filter(|at| !order.contains(at)).collect();
        Ok(Self { order, unused })
    }
}

fn parent(members: &[ChainMember<'_>], of: usize, lsn: Lsn, timeline: Timeline) -> Result<usize, ChainError> {
    let starting_there = || (0..members.len()).filter(|&at| members[at].label.start == lsn);
    let mut right = starting_there().filter(|&at| members[at].label.timeline == timeline);
    match (right.next(), right.next()) {
        (Some(parent), None) => Ok(parent),
        (Some(one), Some(other)) => {
            Err(ChainError::Ambiguous(members[one].name.to_owned(), members[other].name.to_owned(), lsn))
        }
        (None, _) => Err(match starting_there().next() {
            Some(at) => ChainError::OtherTimeline {
                name: members[at].name.to_owned(),
                found: members[at].label.timeline,
                expected: timeline,
            },
            None => ChainError::ParentMissing {
                name: members[of].name.to_owned(),
                expected: lsn,
                timeline,
                nearest: members
                    .iter()
                    .filter(|member| member.label.start < members[of].label.start)
                    .max_by_key(|member| member.label.start)
                    .map(|member| (member.name.to_owned(), member.label.start)),
            },
        }),
    }
}
