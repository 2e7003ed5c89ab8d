//! The privileges that a database's catalogs hold.

use std::collections::HashMap;

use pgdump_reader::{GrantedKind, ObjectKind, statements};

use super::acl::{Acl, Object};
use crate::check::relations;
use crate::cluster::{ClusterError, Session};

/// The privileges of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub owner: String,
    /// Its initial privileges: those from `initdb` or an extension, or else those that the server gives a new object.
    pub initial: Acl,
    pub now: Acl,
    /// `FUNCTION public.f(integer)`, ready for a statement.
    pub name: String,
}

/// Every object that privileges can be granted on, by the code of its kind (aclobj.c's acldefault), with its name as SQL.
/// `{kind}` is the code of a relation, and `{relkinds}` are those that have owners.
/// Objects of the system and of extensions are listed only where they have privileges: from `initdb` or the extension, or
/// because somebody has changed them since, which pg_dump dumps (dumpACL in pg_dump.c). It leaves out the schema
/// information_schema, whose initial privileges are recorded nowhere.
const HELD: &str = "
WITH objects AS (
    SELECT {kind} AS kind, c.oid, 'pg_class'::regclass AS class, 0 AS column,
           quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name, c.relowner AS owner, c.relacl AS acl
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ({relkinds}) AND n.nspname !~ '^pg_(toast|temp)'
      AND n.nspname <> 'information_schema' AND (n.nspname <> 'pg_catalog' OR c.relacl IS NOT NULL)
  UNION ALL
    SELECT 'c', a.attrelid, 'pg_class'::regclass, a.attnum,
           quote_ident(n.nspname) || '.' || quote_ident(c.relname) || '.' || quote_ident(a.attname), c.relowner, a.attacl
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND n.nspname <> 'information_schema'
  UNION ALL
    SELECT 'f', p.oid, 'pg_proc'::regclass, 0,
           quote_ident(n.nspname) || '.' || quote_ident(p.proname) || '(' || pg_get_function_identity_arguments(p.oid) || ')',
           p.proowner, p.proacl
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname <> 'information_schema' AND (n.nspname <> 'pg_catalog' OR p.proacl IS NOT NULL)
  UNION ALL
    SELECT 'n', oid, 'pg_namespace'::regclass, 0, quote_ident(nspname), nspowner, nspacl FROM pg_namespace
    WHERE nspname !~ '^pg_(toast|temp)' AND nspname <> 'information_schema' AND (nspname <> 'pg_catalog' OR nspacl IS NOT NULL)
  UNION ALL
    SELECT 'T', t.oid, 'pg_type'::regclass, 0, quote_ident(n.nspname) || '.' || quote_ident(t.typname), t.typowner, t.typacl
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE n.nspname <> 'information_schema' AND (n.nspname <> 'pg_catalog' OR t.typacl IS NOT NULL)
      AND n.nspname !~ '^pg_(toast|temp)' AND t.typelem = 0
      AND (t.typrelid = 0 OR (SELECT c.relkind = 'c' FROM pg_class c WHERE c.oid = t.typrelid))
  UNION ALL
    SELECT 'l', oid, 'pg_language'::regclass, 0, quote_ident(lanname), lanowner, lanacl FROM pg_language WHERE lanispl
  UNION ALL
    SELECT 'F', oid, 'pg_foreign_data_wrapper'::regclass, 0, quote_ident(fdwname), fdwowner, fdwacl
    FROM pg_foreign_data_wrapper
  UNION ALL
    SELECT 'S', oid, 'pg_foreign_server'::regclass, 0, quote_ident(srvname), srvowner, srvacl FROM pg_foreign_server
  UNION ALL
    SELECT 'L', oid, 'pg_largeobject'::regclass, 0, oid::text, lomowner, lomacl FROM pg_largeobject_metadata
  UNION ALL
    SELECT 'd', oid, 'pg_database'::regclass, 0, quote_ident(datname), datdba, datacl FROM pg_database
    WHERE datname = current_database()
)
SELECT objects.kind, objects.name, pg_get_userbyid(objects.owner)::text,
       coalesce(i.initprivs, acldefault(objects.kind::\"char\", objects.owner))::text[],
       objects.acl::text[],
       (SELECT pg_get_userbyid(min(grantor::int8)::oid)::text FROM aclexplode(i.initprivs))
FROM objects
LEFT JOIN pg_init_privs i ON i.objoid = objects.oid AND i.classoid = objects.class AND i.objsubid = objects.column
WHERE i.objoid IS NOT NULL OR objects.acl IS NOT NULL OR NOT EXISTS (
    SELECT FROM pg_depend d WHERE d.classid = objects.class AND d.objid = objects.oid AND d.deptype = 'e')";

/// Reads them all.
///
/// # Errors
/// When the server refuses.
pub async fn read(session: &Session) -> Result<HashMap<Object, Held>, ClusterError> {
    let code = |kind: &ObjectKind| kind.granted.map(|granted| granted.code);
    let sql = HELD.replace("{kind}", &relations::case(code)).replace("{relkinds}", &relations::letters());
    let rows = session.query(&sql, &[], "cannot list privileges").await?;
    let mut held = HashMap::with_capacity(rows.len());
    for row in rows {
        let (code, name): (&str, &str) = (row.get(0), row.get(1));
        let Some(kind) = code.chars().next().and_then(GrantedKind::of_code) else { continue };
        let owner: String = row.get(2);
        let mut initial = Acl::of_items(&row.get::<_, Vec<String>>(3));
        // What `initdb` or an extension has recorded stays as it is when the owner changes; the grantor was the owner at that
        // time.
        if let Some(former) = row.get::<_, Option<&str>>(5) {
            initial = initial.with_owner(former, &owner);
        }
        let now: Option<Vec<String>> = row.get(4);
        let object = (kind, statements(name).into_iter().next().unwrap_or_default());
        let now = now.map_or_else(|| initial.clone(), |items| Acl::of_items(&items));
        held.insert(object, Held { owner, initial, now, name: name.to_owned() });
    }
    Ok(held)
}
