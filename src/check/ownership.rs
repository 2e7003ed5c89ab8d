//! Owners that differ from those in the dump.
//!
//! The restore has reported a missing role already. This check adds what caused no error: with
//! `--no-owner` everything belongs to the restoring role. A function that runs with its owner's rights (`SECURITY
//! DEFINER`) then runs with another role's, which is reported whatever the reason.

use std::collections::{BTreeMap, HashMap, HashSet};

use async_trait::async_trait;
use pgdump_reader::{ObjectKind, Owned, tag};
use tokio_postgres::Row;

use super::scope::{in_database, is_missing, of_missing_roles, schema_of};
use super::{Check, Group, Looked, Restored, relations};
use crate::cluster::sql::identifier;
use crate::cluster::{ClusterError, Session};
use crate::counted::{agreeing, counted};
use crate::finding::{AfterKind, Finding, Name, Subject};
use crate::postgres::Tool;
use crate::source::Witness;

pub struct Ownership;

/// How many statements to paste are shown, where there are thousands.
const STATEMENTS: usize = 10;

/// The owners of what one catalogue lists: schema (empty where there is none), name, owner, what `ALTER` calls the object, and
/// its oid.
struct Listed {
    catalog: &'static str,
    sql: &'static str,
}

/// The owner of everything that can have one and that pg_dump names in an `OWNER TO`. Functions are listed by the types
/// of their arguments, as archives name them, and with their names too, as plain dumps do; operator classes and families with
/// their access methods, as plain dumps do. `{relation}` is the kind of a relation, and `{relkinds}` are those with owners.
const LISTED: [Listed; 8] = [
    Listed {
        catalog: "pg_class",
        sql: "
SELECT n.nspname::text, c.relname::text, pg_get_userbyid(c.relowner)::text, {relation} || format(' %I.%I', n.nspname, c.relname), c.oid
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ({relkinds}) AND n.nspname <> 'pg_catalog'",
    },
    Listed {
        catalog: "pg_proc",
        sql: "
SELECT n.nspname::text, p.proname || '(' || arguments || ')', pg_get_userbyid(p.proowner)::text,
       format('ROUTINE %I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), p.oid
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace,
     LATERAL (VALUES (oidvectortypes(p.proargtypes)), (pg_get_function_identity_arguments(p.oid))) AS names (arguments)
WHERE n.nspname <> 'pg_catalog'",
    },
    Listed {
        catalog: "pg_type",
        sql: "
SELECT n.nspname::text, t.typname::text, pg_get_userbyid(t.typowner)::text, format('TYPE %I.%I', n.nspname, t.typname), t.oid
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname <> 'pg_catalog'",
    },
    Listed {
        catalog: "pg_namespace",
        sql: "
SELECT '', n.nspname::text, pg_get_userbyid(n.nspowner)::text, format('SCHEMA %I', n.nspname), n.oid FROM pg_namespace n",
    },
    Listed {
        catalog: "pg_largeobject_metadata",
        sql: "
SELECT '', oid::text, pg_get_userbyid(lomowner)::text, 'LARGE OBJECT ' || oid, oid FROM pg_largeobject_metadata",
    },
    Listed {
        catalog: "pg_database",
        sql: "
SELECT '', datname::text, pg_get_userbyid(datdba)::text, format('DATABASE %I', datname), oid FROM pg_database",
    },
    Listed {
        catalog: "pg_opclass",
        sql: "
SELECT n.nspname::text, o.opcname || ' ' || a.amname, pg_get_userbyid(o.opcowner)::text,
       format('OPERATOR CLASS %I.%I USING %I', n.nspname, o.opcname, a.amname), o.oid
FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace JOIN pg_am a ON a.oid = o.opcmethod
WHERE n.nspname <> 'pg_catalog'",
    },
    Listed {
        catalog: "pg_opfamily",
        sql: "
SELECT n.nspname::text, o.opfname || ' ' || a.amname, pg_get_userbyid(o.opfowner)::text,
       format('OPERATOR FAMILY %I.%I USING %I', n.nspname, o.opfname, a.amname), o.oid
FROM pg_opfamily o JOIN pg_namespace n ON n.oid = o.opfnamespace JOIN pg_am a ON a.oid = o.opfmethod
WHERE n.nspname <> 'pg_catalog'",
    },
];

/// By the role of the dump and that of the database: each object, whether it is a sequence, and the statement that gives
/// it back.
type Changes = BTreeMap<(String, String), Vec<(String, Option<(bool, String)>)>>;

#[async_trait]
impl Check for Ownership {
    fn name(&self) -> &'static str {
        "ownership"
    }

    fn group(&self) -> Group {
        Group::Permissions
    }

    fn witness(&self) -> Witness {
        Witness::Dump
    }

    async fn look(&self, restored: &Restored<'_>) -> Result<Looked, ClusterError> {
        let facts = &restored.scan.facts;
        let owners = Owners::read(restored.session).await?;
        let definers = security_definers(restored.session).await?;
        let others = others(restored).await?;
        let mut changed = Changes::new();
        let mut definers_changed = Changes::new();
        let mut compared = BTreeMap::<String, u64>::new();
        let mut lost = 0;
        let mut not_compared = Vec::new();
        let mut not_taken = 0_usize;
        let left_out = left_out(restored);
        let made = made_databases(restored);
        for owned in in_database(&facts.owners, restored, |owned| &owned.database).chain(&made) {
            let other = || {
                let key = (owned.kind.clone(), owned.schema.clone().unwrap_or_default(), owned.name.clone());
                others.get(&key).map(String::as_str)
            };
            let here = owners.of(owned);
            let Some(owner) = here.map(|owner| owner.role.as_str()).or_else(other) else {
                if !left_out.contains(&(schema_of(&owned.schema), owned.name.as_str())) {
                    let why = "nothing of this type, name and signature is there";
                    not_compared.push(format!("the owner of {}: {why}", label(owned)));
                    lost += 1;
                }
                continue;
            };
            if owner != owned.owner && restored.baseline.owners().is_some_and(|before| before.has_still(&owners, owned))
            {
                not_taken += 1;
                continue;
            }
            *compared.entry("owner".to_owned()).or_default() += 1;
            if owner == owned.owner {
                continue;
            }
            let who = (owned.owner.clone(), owner.to_owned());
            let given = |changes: &mut Changes| {
                let back = here.map(|here| format!("ALTER {} OWNER TO {};", here.object, identifier(&owned.owner)));
                // What belongs to a sequence's table has the table's owner.
                let back = back.map(|back| (owned.kind == tag::SEQUENCE, back));
                changes.entry(who).or_default().push((label(owned), back));
            };
            if kind_of(&owned.kind, &owned.name).is_some_and(|kind| kind.catalog == "pg_proc")
                && definers.contains(&(schema_of(&owned.schema), owned.name.clone()))
            {
                given(&mut definers_changed);
            } else if is_missing(restored, &owned.owner) {
                lost += 1;
            } else {
                given(&mut changed);
            }
        }
        if not_taken > 0 {
            let what = counted(not_taken, "object");
            let verb = agreeing(not_taken, "was", "were");
            not_compared.push(format!("the owners of {what} that {verb} in the target before the restore"));
        }
        let mut findings: Vec<Finding> = changed
            .into_iter()
            .map(|((dumped, now), objects)| {
                let (objects, back) = parted(objects);
                let mut finding = owner_changed(&dumped, &now, objects);
                finding.mend(AfterKind::Ownership, back);
                // Those of a cluster's first superuser cannot be reassigned (shdepReassignOwned in pg_shdepend.c).
                if finding.count > STATEMENTS as u64 && now != restored.target.cluster.superuser {
                    let (now, dumped) = (identifier(&now), identifier(&dumped));
                    let all =
                        format!("REASSIGN OWNED BY {now} TO {dumped};   -- all that {now} owns, the database too");
                    finding.commands = vec![all];
                }
                finding
            })
            .collect();
        let superusers = superusers(restored.session).await?;
        findings.extend(definers_changed.into_iter().map(|((dumped, now), objects)| {
            let is_superuser = superusers.contains(&now);
            let (objects, back) = parted(objects);
            let mut finding = definer_changed(&dumped, &now, is_superuser, objects);
            finding.follows = of_missing_roles(restored, [dumped.as_str()]);
            finding.mend(AfterKind::Ownership, back);
            finding
        }));
        let looked_at = format!("{} owners", compared.values().sum::<u64>());
        Ok(Looked { findings, looked_at, compared, lost, not_compared, ..Looked::default() })
    }
}

/// Schema and tag of the entries that the restore has left out; a finding of its own reports that.
fn left_out<'a>(restored: &'a Restored<'_>) -> HashSet<(String, &'a str)> {
    let (ids, _) = restored.left_out;
    let entries = restored.dump.and_then(|dump| dump.archive()).into_iter().flat_map(|archive| &archive.entries);
    let entries = entries.filter(|entry| ids.contains(&entry.id));
    entries.map(|entry| (schema_of(&entry.schema), entry.tag.as_str())).collect()
}

/// This database, where the dump creates it and names its owner there: an archive's entry for it, and the CREATE DATABASE of old
/// pg_dumpalls.
fn made_databases(restored: &Restored<'_>) -> Vec<Owned> {
    let is_archive = restored.dump.is_some_and(|dump| dump.is_archive());
    let is_made = !is_archive || Tool::PgRestore.has(&restored.target.restore.options, "--create");
    let facts = &restored.scan.facts;
    let is_stated = |name: &str| facts.owners.iter().any(|owned| owned.kind == tag::DATABASE && owned.name == name);
    let here = |name: &str| restored.place.is_known_as(Some(name)) || restored.database == name;
    let made =
        facts.creates_database.iter().filter(|created| is_made && here(&created.name) && !is_stated(&created.name));
    made.filter_map(|created| {
        Some(Owned {
            database: None,
            kind: tag::DATABASE.to_owned(),
            schema: None,
            name: restored.database.to_owned(),
            owner: created.owner.clone()?,
        })
    })
    .collect()
}

/// The objects, and the statements that give them back: sequences last, which belong to tables.
fn parted(objects: Vec<(String, Option<(bool, String)>)>) -> (Vec<String>, Vec<String>) {
    let (objects, back): (Vec<String>, Vec<_>) = objects.into_iter().unzip();
    // Objects that this check cannot alter are named, so that nobody takes the statements for complete.
    let by_hand = objects.iter().zip(&back).filter(|(_, back)| back.is_none());
    let by_hand: Vec<String> = by_hand
        .map(|(object, _)| {
            format!("-- not among these, to be given back by hand: {}", object.replace(['\n', '\r'], " "))
        })
        .collect();
    let mut back: Vec<(bool, String)> = back.into_iter().flatten().collect();
    if back.is_empty() {
        return (objects, Vec::new());
    }
    back.sort_by_key(|(is_sequence, _)| *is_sequence);
    (objects, back.into_iter().map(|(_, statement)| statement).chain(by_hand).collect())
}

/// Routines that run with their owner's rights, by schema and name, as [`LISTED`] names them.
async fn security_definers(session: &Session) -> Result<HashSet<(String, String)>, ClusterError> {
    let sql = "
SELECT n.nspname::text, p.proname || '(' || oidvectortypes(p.proargtypes) || ')',
       p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')'
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.prosecdef AND n.nspname <> 'pg_catalog'";
    let rows = session.query(sql, &[], "cannot list functions").await?;
    Ok(rows.iter().flat_map(|row| [(row.get(0), row.get(1)), (row.get(0), row.get(2))]).collect())
}

async fn superusers(session: &Session) -> Result<HashSet<String>, ClusterError> {
    let rows = session.query("SELECT rolname::text FROM pg_roles WHERE rolsuper", &[], "cannot list roles").await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// The owners of objects that [`LISTED`] does not list, by type, schema and name, from the database's own dump.
async fn others(restored: &Restored<'_>) -> Result<HashMap<(String, String, String), String>, ClusterError> {
    let mut wanted = in_database(&restored.scan.facts.owners, restored, |owned| &owned.database);
    if wanted.all(|owned| kind_of(&owned.kind, &owned.name).is_some()) {
        return Ok(HashMap::new());
    }
    let schema = restored.schema().await?.iter().filter(|object| !object.owner.is_empty());
    Ok(schema
        .map(|object| {
            let kind = ObjectKind::word_of(&object.desc);
            ((kind.to_owned(), object.schema.clone().unwrap_or_default(), object.tag.clone()), object.owner.clone())
        })
        .collect())
}

/// The owners in the catalog, by kind, schema and name.
pub(super) struct Owners(HashMap<(&'static str, String, String), Owner>);

/// An object and its owner.
struct Owner {
    role: String,
    oid: u32,
    /// What `ALTER` calls the object: `TABLE public.orders`.
    object: String,
}

impl Owners {
    pub(super) async fn read(session: &Session) -> Result<Self, ClusterError> {
        let all = LISTED.map(|listed| format!("SELECT '{}', listed.* FROM ({}) listed", listed.catalog, listed.sql));
        let sql = all.join("\nUNION ALL\n").replace("{relation}", &relations::case(|kind| Some(kind.sql)));
        let sql = sql.replace("{relkinds}", &relations::letters());
        let rows = session.query(&sql, &[], "cannot list owners").await?;
        let owner = |row: &Row| {
            let catalog: &str = row.get(0);
            let listed = LISTED.iter().find(|listed| listed.catalog == catalog)?;
            Some((
                (listed.catalog, row.get(1), row.get(2)),
                Owner { role: row.get(3), object: row.get(4), oid: row.get(5) },
            ))
        };
        Ok(Self(rows.iter().filter_map(owner).collect()))
    }

    /// Whether an object of the dump's is now as it was when these were read: the same one, of the same owner. A dump's
    /// statements about it were refused, and the target's own keeps its owner.
    fn has_still(&self, now: &Self, owned: &Owned) -> bool {
        // Every database has it, and no target's platform needs it.
        let is_everywhere = owned.kind == tag::DATABASE || owned.kind == tag::SCHEMA && owned.name == "public";
        !is_everywhere && self.of(owned).zip(now.of(owned)).is_some_and(|(before, now)| before.is(now))
    }

    /// The same for a relation.
    pub(super) fn has_relation_still(&self, now: &Self, schema: &str, name: &str) -> bool {
        let key = ("pg_class", schema.to_owned(), name.to_owned());
        self.0.get(&key).zip(now.0.get(&key)).is_some_and(|(before, now)| before.is(now))
    }

    /// The owner of a relation.
    pub(super) fn of_relation(&self, schema: &str, name: &str) -> Option<&str> {
        self.0.get(&("pg_class", schema.to_owned(), name.to_owned())).map(|owner| owner.role.as_str())
    }

    fn of(&self, owned: &Owned) -> Option<&Owner> {
        let kind = kind_of(&owned.kind, &owned.name)?;
        let schema = if kind.is_in_schema() { schema_of(&owned.schema) } else { String::new() };
        self.0.get(&(kind.catalog, schema, owned.name.clone()))
    }
}

impl Owner {
    fn is(&self, other: &Self) -> bool {
        (self.oid, &self.role) == (other.oid, &other.role)
    }
}

/// The kind of an object whose owners [`LISTED`] lists.
fn kind_of(desc: &str, name: &str) -> Option<&'static ObjectKind> {
    let kind = match desc {
        // A function, a procedure or an aggregate.
        tag::ROUTINE => ObjectKind::of_sql(tag::FUNCTION)?,
        _ => ObjectKind::of_tag(desc).or_else(|| ObjectKind::of_sql(desc))?,
    };
    // An archive names no access method; its entry is looked for as that of any other object.
    let is_named = !matches!(kind.catalog, "pg_opclass" | "pg_opfamily") || name.contains(' ');
    (LISTED.iter().any(|listed| listed.catalog == kind.catalog) && is_named).then_some(kind)
}

fn label(owned: &Owned) -> String {
    match &owned.schema {
        Some(schema) if owned.kind != tag::SCHEMA && !schema.is_empty() => {
            format!("{} {schema}.{}", owned.kind, owned.name)
        }
        _ => format!("{} {}", owned.kind, owned.name),
    }
}

fn owner_changed(dumped: &str, now: &str, objects: Vec<String>) -> Finding {
    let count = objects.len();
    let what = counted(count, "object");
    let mut finding = Finding::new(
        Name::OwnershipChanged,
        format!("{what} that {dumped:?} owns in the dump now belong{} to {now:?}", agreeing(count, "s", "")),
    );
    finding.count = count as u64;
    finding.objects = objects;
    finding.evidence = vec![format!("later ALTER, DROP and GRANT by {dumped:?} will fail: only an owner may")];
    finding
}

fn definer_changed(dumped: &str, now: &str, is_superuser: bool, objects: Vec<String>) -> Finding {
    let count = objects.len();
    let what = counted(count, "function");
    let (runs, role) = (agreeing(count, "runs", "run"), if is_superuser { "the superuser " } else { "" });
    let mut finding = Finding::new(
        Name::SecurityDefinerOwnerChanged,
        format!("{what} that {runs} with the rights of {dumped:?} in the dump now {runs} with those of {role}{now:?}"),
    );
    finding.subject = Some(Subject::Role(dumped.to_owned()));
    finding.count = count as u64;
    finding.evidence = vec![format!("anyone with EXECUTE on it now runs its body as {now:?}")];
    finding.fix = format!("Give them to {dumped:?} before anyone connects.");
    finding.objects = objects;
    finding
}
