//! The databases that are looked at after a restore: every one that the dump puts something into, under the name that it
//! has by then, and every one that the restore created. What cannot be found or entered is said by name.

use std::collections::BTreeMap;

use pgdump_reader::{Held, Renamed, Scan};

use crate::check::CheckedDatabase;
use crate::cluster::sql::identifier;
use crate::cluster::{ClusterError, Database, MAINTENANCE_DATABASE, Session};
use crate::counted::counted;
use crate::engine::Sandbox;
use crate::profile::Target;
use crate::restore;
use crate::source::DumpSource;

/// What there is to look at.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// By name.
    pub looked_at: Vec<CheckedDatabase>,
    /// Databases that the dump puts something into and that nobody can look at.
    pub lost: Vec<Lost>,
}

/// A database that nobody can look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// As the dump calls it; `None` is the one that the client connects to first.
    pub known_as: Option<String>,
    /// Why, as a sentence about it.
    pub reason: String,
}

/// Finds the places.
///
/// # Errors
/// When the cluster could not be asked.
pub async fn places(
    session: &Session,
    sandbox: &dyn Sandbox,
    source: &DumpSource,
    scan: &Scan,
    target: &Target,
    outcome: &restore::Outcome,
) -> Result<Places, ClusterError> {
    let (before, after) = &outcome.databases;
    let first = source.first_database(target);
    let own = target.database.name.as_str();
    let held = scan.held().into_iter().map(|(name, held)| (name.map(str::to_owned), held)).collect();
    let mut places = settle(&held, first, &scan.facts.renamed, before, after);
    // What is in them although the dump puts nothing there, as far as anybody knows, has come from somewhere all the same.
    for database in after {
        let is_known = places.looked_at.iter().any(|place| place.name == database.name);
        let is_new = !before.iter().any(|known| known.oid == database.oid);
        let is_named = database.name == own || scan.facts.databases.contains(&database.name);
        if is_known || !(is_new || is_named && database.connectable) {
            continue;
        }
        if is_new || holds_something(sandbox, target, &database.name).await? {
            places.looked_at.push(CheckedDatabase {
                name: database.name.clone(),
                known_as: names(&database.name, first),
                own: false,
            });
        }
    }
    let mut entered = Vec::new();
    for place in std::mem::take(&mut places.looked_at) {
        match enter(session, after, &place.name).await {
            Ok(()) => entered.push(place),
            Err(reason) => places.lost.extend(place.known_as.iter().map(|known_as| Lost {
                known_as: known_as.clone(),
                reason: format!("database {:?} cannot be entered: {reason}", place.name),
            })),
        }
    }
    if entered.is_empty() && places.lost.is_empty() {
        let has_own = after.iter().any(|database| database.name == own);
        let name = if has_own { own } else { MAINTENANCE_DATABASE };
        entered.push(CheckedDatabase { name: name.to_owned(), known_as: names(name, first), own: false });
    }
    for place in &mut entered {
        let oid = after.iter().find(|database| database.name == place.name).map(|database| database.oid);
        place.own = before.iter().any(|known| known.name == own && Some(known.oid) == oid);
    }
    entered.sort();
    places.looked_at = entered;
    places.lost.sort_by(|a, b| a.known_as.cmp(&b.known_as));
    Ok(places)
}

/// The names that a dump can have for a database whose name is what it was.
fn names(name: &str, first: &str) -> Vec<Option<String>> {
    let is_first = (name == first).then_some(None);
    is_first.into_iter().chain([Some(name.to_owned())]).collect()
}

/// Which database of now each name of the dump stands for.
fn settle(
    held: &BTreeMap<Option<String>, Held>,
    first: &str,
    renamed: &Renamed,
    before: &[Database],
    after: &[Database],
) -> Places {
    let mut found: BTreeMap<&str, Vec<Option<String>>> = BTreeMap::new();
    let mut open: Vec<(&Option<String>, &str, &Held)> = Vec::new();
    for (known_as, held) in held {
        let name = known_as.as_deref().unwrap_or(first);
        let former = before.iter().find(|database| database.name == name);
        // One that was there before the restore is the same by its oid, whatever its name is now.
        let same = former.and_then(|former| after.iter().find(|database| database.oid == former.oid));
        let named = |name: &str| after.iter().find(|database| database.name == name);
        match same.or_else(|| named(renamed.last(name))).or_else(|| named(name)) {
            Some(database) => found.entry(&database.name).or_default().push(known_as.clone()),
            None => open.push((known_as, name, held)),
        }
    }
    // A database that was created and renamed by what cannot be read keeps no trace of its former name: where one of each is
    // left, they are the same.
    let made: Vec<&Database> = after
        .iter()
        .filter(|made| !before.iter().any(|known| known.oid == made.oid) && !found.contains_key(made.name.as_str()))
        .collect();
    let mut names: Vec<&str> = open.iter().map(|(_, name, _)| *name).collect();
    names.sort_unstable();
    names.dedup();
    if let ([renamed], [_]) = (made.as_slice(), names.as_slice()) {
        let known_as = open.drain(..).map(|(known_as, ..)| known_as.clone());
        found.entry(&renamed.name).or_default().extend(known_as);
    }
    let looked_at = found.into_iter().map(|(name, mut known_as)| {
        for also in self::names(name, first) {
            // Under its own name the dump may know it too, unless another one has that name there.
            if !held.contains_key(&also) && !known_as.contains(&also) {
                known_as.push(also);
            }
        }
        CheckedDatabase { name: name.to_owned(), known_as, own: false }
    });
    let lost = open.iter().map(|(known_as, name, held)| {
        let what = match (held.tables, held.all()) {
            (0, all) => format!("{all} statements or blocks of rows"),
            (tables, _) => counted(tables, "table"),
        };
        let reason = format!("database {name:?}, into which the dump puts {what}, is not there after the restore");
        Lost { known_as: (*known_as).clone(), reason }
    });
    Places { looked_at: looked_at.collect(), lost: lost.collect() }
}

/// Sees to it that a database can be entered: it is the sandbox's, and goes with it.
async fn enter(session: &Session, after: &[Database], name: &str) -> Result<(), String> {
    if after.iter().any(|database| database.name == name && database.connectable) {
        return Ok(());
    }
    let sql = format!("ALTER DATABASE {} WITH ALLOW_CONNECTIONS true", identifier(name));
    session.batch(&sql, "it allows no connections").await.map_err(|error| error.to_string())
}

async fn holds_something(sandbox: &dyn Sandbox, target: &Target, database: &str) -> Result<bool, ClusterError> {
    let look = Session::open(sandbox, &target.cluster.superuser, database).await?;
    let sql = "SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
                 AND n.nspname !~ '^pg_toast' LIMIT 1";
    Ok(!look.query(sql, &[], "cannot look into a database").await?.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(databases: &[(u32, &str)]) -> Vec<Database> {
        databases
            .iter()
            .map(|(oid, name)| Database { oid: *oid, name: (*name).to_owned(), connectable: true })
            .collect()
    }

    fn settled(held: &[Option<&str>], first: &str, before: &[(u32, &str)], after: &[(u32, &str)]) -> Places {
        let one = Held { tables: 1, ..Held::default() };
        let held = held.iter().map(|name| (name.map(str::to_owned), one)).collect();
        settle(&held, first, &Renamed::default(), &cluster(before), &cluster(after))
    }

    fn found(places: &Places) -> Vec<(&str, Vec<Option<&str>>)> {
        places
            .looked_at
            .iter()
            .map(|place| (place.name.as_str(), place.known_as.iter().map(Option::as_deref).collect()))
            .collect()
    }

    #[test]
    fn a_database_that_was_renamed_is_known_by_its_oid() {
        let places = settled(&[None], "app", &[(1, "app"), (2, "postgres")], &[(1, "app2"), (2, "postgres")]);
        assert_eq!(found(&places), [("app2", vec![None, Some("app2")])]);
        // Two that change names: each keeps what it was given.
        let places = settled(
            &[None, Some("b")],
            "a",
            &[(1, "a"), (2, "b"), (3, "postgres")],
            &[(1, "b"), (2, "a"), (3, "postgres")],
        );
        assert_eq!(found(&places), [("a", vec![Some("b"), Some("a")]), ("b", vec![None])]);
        assert!(places.lost.is_empty());
    }

    #[test]
    fn one_that_the_script_made_and_renamed_is_the_one_that_is_left() {
        let before = [(1, "app"), (2, "postgres")];
        let places = settled(&[Some("new")], "app", &before, &[(1, "old"), (2, "postgres"), (9, "app")]);
        assert_eq!(found(&places), [("app", vec![Some("new"), None, Some("app")])]);
        let places = settled(&[Some("a"), Some("b")], "app", &before, &[(1, "app"), (8, "x"), (9, "y")]);
        assert_eq!(places.lost.len(), 2, "nobody knows which is which: {places:?}");
    }

    #[test]
    fn one_that_is_gone_is_lost_by_name() {
        let places = settled(&[Some("a"), Some("b")], "postgres", &[(2, "postgres")], &[(2, "postgres"), (9, "a")]);
        assert_eq!(found(&places), [("a", vec![Some("a")])]);
        let reason = "database \"b\", into which the dump puts 1 table, is not there after the restore";
        assert_eq!(places.lost, [Lost { known_as: Some("b".into()), reason: reason.into() }]);
    }

    #[test]
    fn a_name_in_two_forms_is_one_database() {
        let places = settled(&[None, Some("app")], "app", &[(1, "app")], &[(1, "app")]);
        assert_eq!(found(&places), [("app", vec![None, Some("app")])]);
    }
}
