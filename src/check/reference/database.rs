//! The database itself: like the restored one, and empty.

use pgdump_reader::{Declared, tag};

use crate::check::Restored;
use crate::cluster::sql::{identifier, literal};
use crate::cluster::{ClusterError, Session};

/// What the names of such databases begin with.
pub(in crate::check) const PREFIX: &str = "pgrehearse_reference_";

/// Encoding, locale and tablespace of the restored database. Columns that a major does not have are NULL.
const LIKE: &str = "
SELECT d.oid, pg_encoding_to_char(d.encoding)::text, d.datcollate::text, d.datctype::text,
       to_jsonb(d) ->> 'datlocprovider', coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'),
       to_jsonb(d) ->> 'daticurules', t.spcname::text
FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace
WHERE d.datname = current_database()";

/// Creates it, and returns its name.
pub(super) async fn create(restored: &Restored<'_>) -> Result<String, ClusterError> {
    const STEP: &str = "cannot make a reference database";
    let rows = restored.session.query(LIKE, &[], STEP).await?;
    let Some(row) = rows.first() else {
        return Err(ClusterError::Refused { step: STEP.into(), reason: "the restored database is not listed".into() });
    };
    let oid: u32 = row.get(0);
    let name = format!("{PREFIX}{oid}");
    let text = |at: usize| row.get::<_, Option<&str>>(at);
    let stated = |at: usize| literal(text(at).unwrap_or_default());
    let mut sql = format!(
        "CREATE DATABASE {} TEMPLATE template0 ENCODING {} LC_COLLATE {} LC_CTYPE {} TABLESPACE {}",
        identifier(&name),
        stated(1),
        stated(2),
        stated(3),
        identifier(text(7).unwrap_or("pg_default"))
    );
    // pg_database.datlocprovider: since 15.
    match text(4) {
        Some("i") => sql.push_str(&format!(" LOCALE_PROVIDER icu ICU_LOCALE {}", stated(5))),
        Some("b") => sql.push_str(&format!(" LOCALE_PROVIDER builtin BUILTIN_LOCALE {}", stated(5))),
        Some(_) => sql.push_str(" LOCALE_PROVIDER libc"),
        None => {}
    }
    if text(6).is_some() {
        sql.push_str(&format!(" ICU_RULES {}", stated(6)));
    }
    // A check that ran out of time may have left one.
    drop(restored, &name).await?;
    restored.session.batch(&sql, STEP).await?;
    Ok(name)
}

/// Drops it, if it is there.
pub(super) async fn drop(restored: &Restored<'_>, name: &str) -> Result<(), ClusterError> {
    const STEP: &str = "cannot drop the reference database";
    let sql =
        "SELECT s.subname::text FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = $1";
    let subscriptions = restored.session.query(sql, &[&name], STEP).await?;
    if !subscriptions.is_empty() {
        // None of them has a slot; a database with subscriptions cannot be dropped.
        let session = Session::open(restored.sandbox, &restored.target.cluster.superuser, name).await?;
        let statements = subscriptions.iter().flat_map(|row| {
            let name = identifier(row.get(0));
            [
                format!("ALTER SUBSCRIPTION {name} DISABLE"),
                format!("ALTER SUBSCRIPTION {name} SET (slot_name = NONE)"),
                format!("DROP SUBSCRIPTION {name}"),
            ]
        });
        session.pipelined(&statements.collect::<Vec<_>>()).await;
    }
    let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", identifier(name));
    restored.session.batch(&sql, STEP).await
}

/// Installs the extensions that the target has of its own, which the dump's objects may need as well.
pub(super) async fn extensions(
    restored: &Restored<'_>,
    session: &Session,
    dumped: &[&Declared],
) -> Result<(), ClusterError> {
    let sql = "SELECT e.extname::text, n.nspname::text, e.extversion FROM pg_extension e \
               JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname <> 'plpgsql' ORDER BY e.oid";
    let installed = restored.session.query(sql, &[], "cannot list extensions").await?;
    let of_dump =
        |name: &str| dumped.iter().any(|object| object.desc == tag::EXTENSION && object.tag.trim_matches('"') == name);
    let statements = installed.iter().filter(|row| !of_dump(row.get(0))).flat_map(|row| {
        let (name, schema, version) = (identifier(row.get(0)), identifier(row.get(1)), literal(row.get(2)));
        [
            format!("CREATE SCHEMA IF NOT EXISTS {schema}"),
            format!("CREATE EXTENSION {name} WITH SCHEMA {schema} VERSION {version}"),
        ]
    });
    // What cannot be installed is reported by what needs it.
    session.pipelined(&statements.collect::<Vec<_>>()).await;
    Ok(())
}
