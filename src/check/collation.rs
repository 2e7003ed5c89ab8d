//! How text is sorted: the database's locale against the dump's, and the versions of the rules against those that indexes
//! were built by.
//!
//! A database that the profile creates has the profile's locale, so the dump's alone is compared. A fresh restore builds
//! every index by the rules of its own system; what differs is the order that queries, ranges and views go by.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::catalog::{first_few, of_dump, qualified};
use super::{Check, Group, Looked, Restored};
use crate::cluster::sql::identifier;
use crate::cluster::{ClusterError, Session};
use crate::counted::counted_as;
use crate::finding::{AfterKind, Finding, Name};
use crate::postgres::{Change, Major, normal_locale};
use crate::preflight::{Locale, other_locale};
use crate::restore::made_by_dump;
use crate::source::Witness;

pub struct Collation;

/// What text has that nobody gave another collation (`DEFAULT_COLLATION_OID` in pg_collation.dat).
const DEFAULT: u32 = 100;

/// The database's own.
#[derive(Debug, Default)]
struct Own {
    locale: Locale,
    /// The version of the rules, as it was recorded and as it is.
    recorded: Option<String>,
    actual: Option<String>,
}

/// A collation whose rules are of another version than the one that was recorded.
struct Changed {
    oid: u32,
    label: String,
    refresh: String,
    recorded: String,
    actual: String,
}

#[async_trait]
impl Check for Collation {
    fn name(&self) -> &'static str {
        "collation"
    }

    fn group(&self) -> Group {
        Group::Encoding
    }

    fn witness(&self) -> Witness {
        Witness::Database
    }

    async fn look(&self, restored: &Restored<'_>) -> Result<Looked, ClusterError> {
        let session = restored.session;
        let major = session.server_major().await?;
        let Some(own) = own(session, major).await? else {
            return Ok(Looked { could_not: vec!["the database is not in pg_database".into()], ..Looked::default() });
        };
        let mut looked = Looked::default();
        let created = &restored.scan.facts.creates_database;
        // A dump of several databases names each; any other dump has the one that it was made from.
        let only = created.len() == 1 && restored.databases.len() == 1;
        let dumped = created.iter().find(|dumped| only || dumped.name == restored.place.dumped_name());
        looked.looked_at = match dumped {
            Some(_) => format!("{} by {}, compared with the dump's", own.locale.collate, own.locale.provider),
            None => format!("{} by {}; the dump names no locale", own.locale.collate, own.locale.provider),
        };
        let makes_own =
            restored.dump.is_some_and(|dump| made_by_dump(dump, restored.target, restored.place.dumped_name()));
        if let Some(mut finding) =
            dumped.and_then(|dumped| other_locale(dumped, &own.locale, restored.target, makes_own))
        {
            finding.objects = by_order(session, &[DEFAULT]).await?;
            finding.count = finding.objects.len().max(1) as u64;
            looked.findings.push(finding);
        }
        let (changed, compared) = changed(session, major, &own, restored.database).await?;
        looked.compared = BTreeMap::from([("collation".to_owned(), compared)]);
        if !changed.is_empty() {
            let oids: Vec<u32> = changed.iter().map(|changed| changed.oid).collect();
            looked.findings.push(other_version(&changed, by_order(session, &oids).await?, restored.database));
        }
        if has_no_version(&own) {
            let hit = by_order(session, &[DEFAULT]).await?;
            if let Some(first) = hit.first() {
                looked.could_not.push(format!(
                    "the system gives no version of its rules for locale {}, so it is not known how {} sorted ({first}): \
                     use an image with glibc, an ICU locale, or locale C",
                    own.locale.collate,
                    counted_as(hit.len(), "object is", "objects are")
                ));
            }
        }
        Ok(looked)
    }
}

async fn own(session: &Session, major: Major) -> Result<Option<Own>, ClusterError> {
    let provider_locale = match (major.has(Change::BuiltinProvider), major.has(Change::IcuDatabases)) {
        (true, _) => "datlocale::text",
        (false, true) => "daticulocale::text",
        (false, false) => "NULL::text",
    };
    let rest = match major.has(Change::CollationVersionOfDatabases) {
        true => "datlocprovider::text, datcollversion::text, pg_database_collation_actual_version(oid)",
        // Before 15 the database has no version of its own; a collation of the same locale has.
        false => {
            "'c', NULL::text, (SELECT max(pg_collation_actual_version(c.oid)) FROM pg_collation c
              WHERE c.collprovider = 'c' AND lower(replace(c.collcollate, '-', '')) = lower(replace(datcollate, '-', '')))"
        }
    };
    let sql = format!(
        "SELECT datcollate::text, datctype::text, {provider_locale}, {rest}
         FROM pg_database WHERE datname = current_database()"
    );
    let rows = session.query(&sql, &[], "cannot read the database's locale").await?;
    Ok(rows.first().map(|row| Own {
        locale: Locale {
            collate: row.get(0),
            ctype: row.get(1),
            provider_locale: row.get(2),
            provider: match row.get::<_, String>(3).as_str() {
                "i" => "icu".to_owned(),
                "b" => "builtin".to_owned(),
                _ => "libc".to_owned(),
            },
        },
        recorded: row.get(4),
        actual: row.get(5),
    }))
}

/// Whether the rules can change without anybody noticing. Those of C and of C.UTF-8 are code points
/// (get_collation_actual_version in pg_locale.c, PostgreSQL 13 to 18, gives them no version); musl has no versions.
fn has_no_version(own: &Own) -> bool {
    let locale = normal_locale(&own.locale.collate);
    own.locale.provider == "libc" && own.actual.is_none() && locale != "c" && !locale.starts_with("c.")
}

/// Collations whose rules have another version now, and how many have one.
async fn changed(
    session: &Session,
    major: Major,
    own: &Own,
    database: &str,
) -> Result<(Vec<Changed>, u64), ClusterError> {
    let sql = "
        SELECT c.oid, n.nspname::text, c.collname::text, c.collversion::text, pg_collation_actual_version(c.oid)
        FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
        WHERE c.collversion IS NOT NULL
          AND (n.nspname <> 'pg_catalog'
               OR c.oid IN (SELECT attcollation FROM pg_attribute WHERE attnum > 0)
               OR c.oid IN (SELECT unnest(indcollation::oid[]) FROM pg_index))
        ORDER BY 2, 3";
    let rows = session.query(sql, &[], "cannot read the versions of collations").await?;
    let mut compared = rows.len() as u64;
    let mut changed = Vec::new();
    for row in &rows {
        let (schema, name, recorded): (String, String, String) = (row.get(1), row.get(2), row.get(3));
        if let Some(actual) = row.get::<_, Option<String>>(4).filter(|actual| *actual != recorded) {
            changed.push(Changed {
                oid: row.get(0),
                label: format!("COLLATION {schema}.{name}"),
                refresh: format!("ALTER COLLATION {} REFRESH VERSION;", qualified(&schema, &name)),
                recorded,
                actual,
            });
        }
    }
    if major.has(Change::CollationVersionOfDatabases)
        && let (Some(recorded), Some(actual)) = (&own.recorded, &own.actual)
    {
        compared += 1;
        if recorded != actual {
            changed.push(Changed {
                oid: DEFAULT,
                label: format!("DATABASE {database}"),
                refresh: format!("ALTER DATABASE {} REFRESH COLLATION VERSION;", identifier(database)),
                recorded: recorded.clone(),
                actual: actual.clone(),
            });
        }
    }
    Ok((changed, compared))
}

/// What goes by the order of these collations: indexes, range partitions, materialized views that were sorted.
async fn by_order(session: &Session, collations: &[u32]) -> Result<Vec<String>, ClusterError> {
    let of_dump = of_dump("t", "n");
    let sql = format!(
        "SELECT CASE WHEN x.indisprimary THEN 'PRIMARY KEY ' WHEN x.indisunique THEN 'UNIQUE INDEX ' ELSE 'INDEX ' END
                || n.nspname || '.' || i.relname
         FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_am am ON am.oid = i.relam
         JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
         WHERE am.amname IN ('btree', 'brin', 'gist', 'spgist') AND x.indcollation::oid[] && $1 AND {of_dump}
         UNION ALL
         SELECT 'PARTITIONED TABLE ' || n.nspname || '.' || t.relname
         FROM pg_partitioned_table p JOIN pg_class t ON t.oid = p.partrelid JOIN pg_namespace n ON n.oid = t.relnamespace
         WHERE p.partstrat = 'r' AND p.partcollation::oid[] && $1 AND {of_dump}
         UNION ALL
         SELECT 'MATERIALIZED VIEW ' || n.nspname || '.' || t.relname
         FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace
         WHERE t.relkind = 'm' AND {DEFAULT} = ANY ($1) AND {of_dump} AND pg_get_viewdef(t.oid) ~* '\\yORDER BY\\y'
         ORDER BY 1"
    );
    let collations = collations.to_vec();
    let rows = session.query(&sql, &[&collations], "cannot list what is sorted").await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

fn other_version(changed: &[Changed], objects: Vec<String>, database: &str) -> Finding {
    let title = match changed {
        [only] => format!("the sorting rules of {} have changed since its version was recorded", only.label),
        _ => {
            format!("the sorting rules of {} collations have changed since their versions were recorded", changed.len())
        }
    };
    let mut finding = Finding::new(Name::CollationVersionDiffers, title);
    finding.count = changed.len() as u64;
    let describe = |one: &Changed| format!("{}: version {} recorded, {} found", one.label, one.recorded, one.actual);
    finding.evidence = first_few(changed.iter().map(describe).collect());
    if !objects.is_empty() {
        finding.evidence.push(format!("{} in that order", counted_as(objects.len(), "object is", "objects are")));
    }
    finding.objects = changed.iter().map(|one| one.label.clone()).chain(objects).collect();
    finding.commands = changed.iter().map(|one| one.refresh.clone()).collect();
    // A version that is recorded without new indexes would hide what they have wrong.
    let reindex = std::iter::once(format!("REINDEX DATABASE {};", identifier(database)));
    let mend = reindex.chain(changed.iter().map(|one| one.refresh.clone())).collect();
    finding.mend_silently(AfterKind::Reindex, mend);
    finding
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(collate: &str, provider: &str, actual: Option<&str>) -> Own {
        let locale = Locale { collate: collate.into(), provider: provider.into(), ..Locale::default() };
        Own { locale, actual: actual.map(str::to_owned), ..Own::default() }
    }

    #[test]
    fn a_system_without_versions_leaves_the_order_of_its_locales_unknown() {
        // musl
        assert!(has_no_version(&of("en_US.utf8", "libc", None)));
        // glibc
        assert!(!has_no_version(&of("en_US.utf8", "libc", Some("2.41"))));
        assert!(!has_no_version(&of("C.UTF-8", "libc", None)) && !has_no_version(&of("POSIX", "libc", None)));
        assert!(!has_no_version(&of("en_US.utf8", "icu", None)));
    }
}
