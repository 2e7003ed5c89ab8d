//! The mutations, as `tests/mutations/DATABASE/*.sql` lists them.
//!
//! Each begins with a line
//!
//! ```text
//! --- NAME: FINDING[, FINDING…] [@ OBJECT]
//! ```
//!
//! that says which findings would be right (one is enough) and what one of them has to name. SQL follows, which a superuser runs
//! in the restored database. `--- then` begins another transaction, `--- undo` what makes the cluster as it was: what is not in
//! the database outlives it. `--- from 17` leaves the mutation out on older servers, `--- up to 16` on newer ones. `--- alone`
//! keeps it out of the company of others, because it changes more than it says.

use std::path::Path;
use std::str::FromStr as _;

use pgrehearse::finding::Name;

use crate::sources::Form;

/// One change of a restored database.
#[derive(Debug, Clone)]
pub struct Mutation {
    pub name: String,
    /// The database that is changed.
    pub database: String,
    /// The findings of which one has to tell it.
    pub right: Vec<Name>,
    /// What it has to name.
    pub object: Option<String>,
    /// The SQL, a transaction each.
    pub steps: Vec<String>,
    pub undo: String,
    alone: bool,
    from: u16,
    up_to: u16,
}

impl Mutation {
    /// Whether the server of this form has what is changed.
    pub fn goes_with(&self, form: Form) -> bool {
        (self.from..=self.up_to).contains(&form.major)
    }

    /// Whether a finding about one of the two could be taken for one about the other.
    fn meets(&self, other: &Self) -> bool {
        let (Some(one), Some(another)) = (&self.object, &other.object) else { return true };
        let touches = |mutation: &Self, object: &String| mutation.steps.iter().any(|step| step.contains(object));
        one.contains(another) || another.contains(one) || touches(self, another) || touches(other, one)
    }

    /// Whether it may be done beside others.
    fn has_company(&self) -> bool {
        !self.alone && self.object.is_some() && !self.steps.iter().any(|step| step.contains("CASCADE;"))
    }
}

/// How many mutations are looked for at once.
const TOGETHER: usize = 16;

/// Puts those together that have nothing to do with each other: looking takes longer than changing.
pub fn batches(mutations: &[Mutation]) -> Vec<Vec<&Mutation>> {
    let mut batches: Vec<Vec<&Mutation>> = Vec::new();
    for mutation in mutations {
        let fits = |batch: &&mut Vec<&Mutation>| {
            batch.len() < TOGETHER && batch.iter().all(|other| other.has_company() && !other.meets(mutation))
        };
        match batches.iter_mut().find(fits).filter(|_| mutation.has_company()) {
            Some(batch) => batch.push(mutation),
            None => batches.push(vec![mutation]),
        }
    }
    batches
}

/// Every mutation, in the order of the files. Names are unique.
pub fn all() -> Vec<Mutation> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mutations");
    let mut files: Vec<_> = glob::glob(&format!("{}/*/*.sql", root.display()))
        .expect("the pattern is one")
        .map(|path| path.expect("a file can be read"))
        .filter(|path| path.parent().and_then(Path::file_name).is_some_and(|folder| folder != "sources"))
        .collect();
    files.sort();
    let mut all: Vec<Mutation> = Vec::new();
    for file in files {
        let folder = file.parent().and_then(Path::file_name).expect("it is in a folder");
        let text = std::fs::read_to_string(&file).expect("a file can be read");
        for mutation in of_file(&text, &folder.to_string_lossy()) {
            assert!(!all.iter().any(|other| other.name == mutation.name), "{} is there twice", mutation.name);
            all.push(mutation);
        }
    }
    all
}

/// The databases that are changed, each once.
pub fn databases(mutations: &[Mutation]) -> Vec<String> {
    let mut databases: Vec<String> = mutations.iter().map(|mutation| mutation.database.clone()).collect();
    databases.sort();
    databases.dedup();
    databases
}

fn of_file(text: &str, database: &str) -> Vec<Mutation> {
    let mut mutations: Vec<Mutation> = Vec::new();
    let mut undoing = false;
    for line in text.lines() {
        let Some(head) = line.strip_prefix("--- ") else {
            if let Some(mutation) = mutations.last_mut() {
                let sql =
                    if undoing { &mut mutation.undo } else { mutation.steps.last_mut().expect("there is a first") };
                sql.push_str(line);
                sql.push('\n');
            }
            continue;
        };
        if let Some((name, rest)) = head.split_once(": ") {
            let (right, object) = match rest.split_once(" @ ") {
                Some((right, object)) => (right, Some(object.to_owned())),
                None => (rest, None),
            };
            let right = right.split(", ").map(|name| {
                Name::from_str(name.trim()).unwrap_or_else(|()| panic!("{line:?}: there is no finding {name}"))
            });
            undoing = false;
            mutations.push(Mutation {
                name: name.to_owned(),
                database: database.to_owned(),
                right: right.collect(),
                object,
                steps: vec![String::new()],
                undo: String::new(),
                alone: false,
                from: 0,
                up_to: u16::MAX,
            });
            continue;
        }
        let mutation = mutations.last_mut().expect("the first line names a mutation");
        let version = |text: &str| text.trim().parse().unwrap_or_else(|_| panic!("{line:?} names no version"));
        match head {
            "then" => mutation.steps.push(String::new()),
            "undo" => undoing = true,
            "alone" => mutation.alone = true,
            _ => match (head.strip_prefix("from "), head.strip_prefix("up to ")) {
                (Some(from), _) => mutation.from = version(from),
                (_, Some(up_to)) => mutation.up_to = version(up_to),
                _ => panic!("{line:?} is not understood"),
            },
        }
    }
    mutations
}
