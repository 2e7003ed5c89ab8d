use super::{FEATURES, Feature, Requirements, feature_refused, features_in};
use crate::tests::{Entry, Writer, scanned};

fn requires(sql: &str) -> Requirements {
    let text = format!(
        "--\n-- PostgreSQL database dump\n--\n\n\\restrict key\n\nSELECT pg_catalog.set_config('search_path', '', false);\n\
         {sql}\n--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict key\n"
    );
    let (dump, scan) = scanned(text.as_bytes());
    assert_eq!(scan.damage, []);
    Requirements::of(&dump, &scan.facts)
}

fn names(features: &[&Feature]) -> Vec<&'static str> {
    features.iter().map(|feature| feature.name).collect()
}

/// A statement as pg_dump writes it, and the one feature that it uses.
const USES: &[(&str, &str)] = &[
    ("CREATE PROCEDURE a.p()\n LANGUAGE sql AS $$ $$", "procedures"),
    ("CREATE TABLE a.t (id integer, b integer GENERATED ALWAYS AS ((id * 2)) STORED)", "stored generated columns"),
    ("CREATE TABLE a.t (id integer, b integer GENERATED ALWAYS AS ((id * 2)))", "virtual generated columns"),
    ("CREATE COLLATION a.c (provider = icu, deterministic = false, locale = 'de')", "nondeterministic collations"),
    ("CREATE TYPE a.r AS RANGE (subtype = integer, multirange_type_name = a.m)", "multirange types"),
    ("CREATE TABLE a.t (r int4multirange)", "multirange types"),
    (
        "CREATE FUNCTION a.f() RETURNS integer\n LANGUAGE sql\n BEGIN ATOMIC\n SELECT 1;\nEND",
        "function bodies in standard SQL",
    ),
    (
        "CREATE FUNCTION a.f(x text) RETURNS text\n LANGUAGE sql\n RETURN (x || 'y'::text)",
        "function bodies in standard SQL",
    ),
    (
        "CREATE VIEW a.v AS WITH RECURSIVE t(a, b) AS ( SELECT 1, 2 UNION ALL SELECT (t_1.a + 1), t_1.b FROM t t_1) SEARCH DEPTH FIRST BY a SET s SELECT a FROM t",
        "SEARCH and CYCLE of recursive queries",
    ),
    (
        "CREATE VIEW a.v AS WITH RECURSIVE t(a) AS ( SELECT 1 UNION ALL SELECT (t_1.a + 1) FROM t t_1) CYCLE a SET c USING p SELECT a FROM t",
        "SEARCH and CYCLE of recursive queries",
    ),
    ("CREATE VIEW a.v AS SELECT x.id FROM (a.t JOIN a.u USING (id) AS x)", "aliases of JOIN … USING"),
    ("CREATE VIEW a.v AS SELECT b FROM a.t GROUP BY DISTINCT ROLLUP(b, c)", "GROUP BY DISTINCT"),
    ("CREATE VIEW a.v AS SELECT SUBSTRING(b SIMILAR 'x' ESCAPE '#') AS s FROM a.t", "SUBSTRING … SIMILAR … ESCAPE"),
    ("CREATE VIEW a.v AS SELECT (b AT LOCAL) AS s FROM a.t", "AT LOCAL"),
    ("CREATE UNLOGGED TABLE a.t (id integer)\nPARTITION BY LIST (id)", "unlogged partitioned tables"),
    ("CREATE UNLOGGED SEQUENCE a.s START WITH 1 CACHE 1", "unlogged sequences"),
    ("ALTER SEQUENCE a.s SET LOGGED", "unlogged sequences"),
    ("ALTER TABLE ONLY a.t ALTER COLUMN c SET COMPRESSION lz4", "column compression methods"),
    ("CREATE STATISTICS a.s ON lower(b), c FROM a.t", "extended statistics on expressions"),
    ("ALTER TABLE ONLY a.t ADD CONSTRAINT k UNIQUE NULLS NOT DISTINCT (b)", "NULLS NOT DISTINCT"),
    ("CREATE UNIQUE INDEX i ON a.t USING btree (b) NULLS NOT DISTINCT", "NULLS NOT DISTINCT"),
    ("CREATE VIEW a.v WITH (security_invoker='true') AS SELECT 1", "security_invoker views"),
    ("ALTER PUBLICATION p ADD TABLE ONLY a.t (b)", "row filters and column lists of publications"),
    ("ALTER PUBLICATION p ADD TABLE ONLY a.t WHERE ((b > 1))", "row filters and column lists of publications"),
    ("ALTER PUBLICATION p ADD TABLES IN SCHEMA a", "publications of whole schemas"),
    ("GRANT SET ON PARAMETER log_statement TO x", "privileges on parameters"),
    (
        "ALTER TABLE ONLY a.t ADD CONSTRAINT f FOREIGN KEY (b, c) REFERENCES a.u(b, c) ON DELETE SET NULL (c)",
        "ON DELETE SET NULL with a list of columns",
    ),
    ("CREATE TABLE a.t (n numeric(3,-2))", "numeric with a negative scale"),
    (
        "CREATE DATABASE d WITH TEMPLATE = template0 LOCALE_PROVIDER = libc LOCALE = 'C'",
        "a locale provider for databases",
    ),
    ("CREATE DATABASE d WITH LOCALE_PROVIDER = icu LOCALE = 'C' ICU_RULES = '&a < b'", "rules of ICU collations"),
    ("CREATE DATABASE d WITH LOCALE_PROVIDER = builtin BUILTIN_LOCALE = 'C'", "the builtin locale provider"),
    ("GRANT a TO b WITH INHERIT TRUE GRANTED BY postgres", "INHERIT and SET options of memberships"),
    ("CREATE VIEW a.v AS SELECT JSON_OBJECT('a' : 1 RETURNING json) AS o", "JSON constructors and IS JSON"),
    ("CREATE VIEW a.v AS SELECT ('1'::text IS NOT JSON) AS j", "JSON constructors and IS JSON"),
    ("GRANT SELECT,MAINTAIN ON TABLE a.t TO x", "the MAINTAIN privilege"),
    (
        "CREATE VIEW a.v AS SELECT x FROM JSON_TABLE(j, '$' COLUMNS (x integer)) t",
        "JSON_TABLE and the SQL/JSON query functions",
    ),
    ("CREATE EVENT TRIGGER e ON login EXECUTE FUNCTION a.f()", "event triggers on login"),
    (
        "ALTER TABLE ONLY a.t ADD CONSTRAINT k PRIMARY KEY (id, valid WITHOUT OVERLAPS)",
        "WITHOUT OVERLAPS and PERIOD keys",
    ),
    (
        "ALTER TABLE ONLY a.t ADD CONSTRAINT f FOREIGN KEY (id, PERIOD v) REFERENCES a.u(id, PERIOD v)",
        "WITHOUT OVERLAPS and PERIOD keys",
    ),
    ("ALTER TABLE a.t ADD CONSTRAINT c CHECK ((b > 0)) NOT ENFORCED", "NOT ENFORCED constraints"),
    ("CREATE TABLE a.t (\n CONSTRAINT n NOT NULL b\n)\nINHERITS (a.u)", "NOT NULL as a table constraint"),
    ("CREATE TABLE a.t (b integer NOT NULL NO INHERIT)", "NOT NULL as a table constraint"),
    ("SELECT * FROM pg_catalog.pg_restore_relation_stats('version', '180006'::integer)", "statistics data"),
    ("ALTER DEFAULT PRIVILEGES FOR ROLE o GRANT SELECT ON LARGE OBJECTS TO x", "default privileges of large objects"),
    (
        "CREATE SUBSCRIPTION s CONNECTION 'c' PUBLICATION p WITH (connect = false, binary = true)",
        "subscription options of PostgreSQL 14",
    ),
    (
        "CREATE SUBSCRIPTION s CONNECTION 'c' PUBLICATION p WITH (connect = false, two_phase = on)",
        "subscription options of PostgreSQL 15",
    ),
    (
        "CREATE SUBSCRIPTION s CONNECTION 'c' PUBLICATION p WITH (connect = false, origin = none)",
        "subscription options of PostgreSQL 16",
    ),
    (
        "CREATE SUBSCRIPTION s CONNECTION 'c' PUBLICATION p WITH (connect = false, failover = true)",
        "subscription options of PostgreSQL 17",
    ),
    ("CREATE PUBLICATION p WITH (publish_generated_columns = stored)", "publications of generated columns"),
    ("CREATE VIEW a.v AS SELECT bit_count(b) FROM a.t", "built-in functions of PostgreSQL 14"),
    ("CREATE VIEW a.v AS SELECT 1 WHERE regexp_like('a', 'b')", "built-in functions of PostgreSQL 15"),
    ("CREATE VIEW a.v AS SELECT any_value(b) FROM a.t", "built-in functions of PostgreSQL 16"),
    ("CREATE VIEW a.v AS SELECT to_bin(2)", "built-in functions of PostgreSQL 17"),
    ("ALTER TABLE ONLY a.t ALTER COLUMN id SET DEFAULT uuidv7()", "built-in functions of PostgreSQL 18"),
    ("SET default_with_oids = true", "tables with OIDs"),
    ("CREATE OPERATOR a.! (FUNCTION = a.f, LEFTARG = integer)", "postfix operators"),
    (
        "CREATE AGGREGATE a.g(anyelement) (SFUNC = array_append, STYPE = anyarray, INITCOND = '{}')",
        "aggregates over array functions of anyarray",
    ),
];

/// What servers say of features that they lack, and that no statement shows by itself.
const REFUSED: &[(&str, &str)] = &[
    (
        "cannot add NOT VALID foreign key on partitioned table \"p\" referencing relation \"r\"",
        "NOT VALID foreign keys on partitioned tables",
    ),
    ("exclusion constraints are not supported on partitioned tables", "exclusion constraints on partitioned tables"),
    ("identity columns are not supported on partitions", "identity columns of partitions"),
    ("cannot change access method of a partitioned table", "access methods of partitioned tables"),
    (
        "specifying a table access method is not supported on a partitioned table",
        "access methods of partitioned tables",
    ),
    ("partitioned tables cannot be unlogged", "unlogged partitioned tables"),
    ("unlogged sequences are not supported", "unlogged sequences"),
    ("access method \"spgist\" does not support included columns", "INCLUDE columns of SP-GiST indexes"),
    (
        "cannot subscript type jsonb because it is not an array",
        "subscripts of jsonb and other types that are no arrays",
    ),
    ("subquery in FROM must have an alias", "subqueries without an alias"),
    ("column \"system_user\" does not exist", "SYSTEM_USER"),
    ("NUMERIC scale 5 must be between 0 and precision 3", "numeric with a negative scale"),
    ("nondeterministic collations are not supported for LIKE", "LIKE with nondeterministic collations"),
];

#[test]
fn every_feature_is_known_in_the_statement_that_pg_dump_writes() {
    for (sql, wanted) in USES {
        let mut found = names(&features_in(&format!("{sql};")));
        // A procedure is one by itself.
        found.retain(|name| name == wanted || *name != "procedures");
        assert_eq!(found, [*wanted], "{sql}");
    }
    let out = names(&features_in("CREATE PROCEDURE a.p(IN x integer, OUT a integer)\n LANGUAGE sql AS $$ $$;"));
    assert!(out.contains(&"OUT parameters of procedures"), "{out:?}");
    let merges = "CREATE FUNCTION a.f() RETURNS void LANGUAGE sql BEGIN ATOMIC MERGE INTO a.t USING a.u ON true WHEN MATCHED THEN DELETE; END;";
    assert_eq!(names(&features_in(merges)), ["function bodies in standard SQL", "MERGE"]);
    for (message, wanted) in REFUSED {
        assert_eq!(feature_refused(message).map(|feature| feature.name), Some(*wanted), "{message}");
    }
    assert_eq!(feature_refused("column \"system_users\" does not exist"), None);
    for feature in FEATURES {
        let by_statement = USES.iter().any(|(_, name)| *name == feature.name) || feature.name.starts_with("OUT ");
        let by_message = REFUSED.iter().any(|(_, name)| *name == feature.name) || feature.name == "MERGE";
        let is_shown = by_statement || by_message;
        assert!(is_shown, "{} has no statement here", feature.name);
        assert!(!feature.source.is_empty() && feature.since.is_some() != feature.gone.is_some());
    }
}

#[test]
fn what_only_looks_like_a_feature_is_none() {
    for sql in [
        "CREATE TABLE a.t (id integer GENERATED ALWAYS AS IDENTITY, stored text, period integer, storage text)",
        "CREATE TABLE a.t (b text DEFAULT 'NULLS NOT DISTINCT'::text NOT NULL, c text CONSTRAINT n NOT NULL)",
        "CREATE TABLE a.\"nulls not distinct\" (\"without overlaps\" integer)",
        "CREATE FUNCTION a.f() RETURNS text LANGUAGE sql AS $$ SELECT JSON_TABLE( uuidv7() ); BEGIN ATOMIC $$",
        "CREATE VIEW a.v AS SELECT a.uuidv7() AS x, a.json_value(b) AS y /* any_value(x) */ FROM a.t",
        "CREATE VIEW a.v AS SELECT crc32.b FROM ROWS FROM(generate_series(1, 2)) crc32(b)",
        "CREATE VIEW a.v AS SELECT json_object(b) AS o FROM a.t",
        "CREATE TABLE a.t (int4multirange integer, gamma integer, crc32 numeric(3,2))",
        "CREATE OPERATOR a.! (FUNCTION = a.f, RIGHTARG = integer)",
        "CREATE AGGREGATE a.g(integer) (SFUNC = array_append, STYPE = integer[])",
        "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION a.login()",
        "CREATE STATISTICS a.s (ndistinct) ON b, c FROM a.t",
        "CREATE PUBLICATION p WITH (publish = 'insert, update')",
        "ALTER PUBLICATION p ADD TABLE ONLY a.t",
        "GRANT SELECT(maintain) ON TABLE a.t TO x",
        "GRANT maintain TO inherit",
        "CREATE FUNCTION a.f(return integer) RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$",
        "CREATE SEQUENCE a.s START WITH 1 CACHE 1 CYCLE",
        "CREATE VIEW a.v AS SELECT cycle.b FROM (a.t JOIN a.u USING (id)) cycle",
        "CREATE VIEW a.v AS SELECT SUBSTRING(b FROM 1) AS similar_to FROM a.t",
        "CREATE COLLATION a.c (provider = libc, locale = 'builtin')",
        "ALTER TABLE ONLY a.t ADD CONSTRAINT f FOREIGN KEY (b) REFERENCES a.u(b) ON DELETE SET NULL",
        "COMMENT ON TABLE a.t IS 'GENERATED ALWAYS AS (1)'",
    ] {
        assert_eq!(names(&features_in(&format!("{sql};"))), Vec::<&str>::new(), "{sql}");
    }
}

#[test]
fn a_column_far_into_a_table_is_looked_at() {
    let columns: String = (0..500).map(|number| format!("c{number} integer,\n")).collect();
    let required = requires(&format!("CREATE TABLE a.t ({columns} last integer GENERATED ALWAYS AS ((c1 + 1)));"));
    assert_eq!(required.oldest_server(), Some(18));
    assert_eq!(required.features[0].1, ["TABLE a.t"]);
}

#[test]
fn functions_are_taken_for_built_in_only_where_search_path_is_empty() {
    assert_eq!(requires("CREATE VIEW a.v AS SELECT uuidv7();").oldest_server(), Some(18));
    let older = "SET search_path = a, pg_catalog;\nCREATE VIEW v AS SELECT uuidv7();";
    assert_eq!(requires(older).oldest_server(), None);
}

#[test]
fn roles_are_required_unless_the_dump_creates_them() {
    let required = requires(
        "CREATE ROLE made;\nALTER ROLE made WITH LOGIN;\nALTER ROLE there SET work_mem TO '1MB';\n\
         SET SESSION AUTHORIZATION 'session';\nRESET SESSION AUTHORIZATION;\nSET ROLE acting;\n\
         ALTER TABLE a.t OWNER TO owner;\nGRANT SELECT ON TABLE a.t TO reader;\nGRANT grp TO member;\n\
         CREATE POLICY p ON a.t TO ruled USING (true);\n\
         ALTER DEFAULT PRIVILEGES FOR ROLE giver GRANT SELECT ON TABLES TO taker;\nALTER ROLE ALL SET x.y TO '1';",
    );
    let roles: Vec<&str> = required.roles.keys().map(String::as_str).collect();
    assert_eq!(roles, ["acting", "giver", "grp", "member", "owner", "reader", "ruled", "session", "taker", "there"]);
    assert_eq!((required.roles["owner"].owns, required.roles["ruled"].policies), (1, 1));
}

#[test]
fn objects_that_ask_something_of_a_target_are_listed() {
    let required = requires(
        "CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA public VERSION '1.8';\n\
         SET default_tablespace = fast;\nSET default_table_access_method = columnar;\n\
         CREATE COLLATION a.german (provider = icu, locale = 'de');\n\
         CREATE TABLE a.t (b text COLLATE a.german, c text COLLATE pg_catalog.\"C\", d text COLLATE pg_catalog.\"de-x-icu\");\n\
         CREATE PUBLICATION pub;\nCREATE SUBSCRIPTION sub CONNECTION '' PUBLICATION p WITH (connect = false);\n\
         CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION a.f();\n\
         CREATE FOREIGN DATA WRAPPER w;\nCREATE SERVER s FOREIGN DATA WRAPPER w;\n\
         SECURITY LABEL FOR selinux ON TABLE a.t IS 'x';\n\
         CREATE FUNCTION a.f() RETURNS integer LANGUAGE sql SET work_mem TO '1MB' SET \"x\".y TO 'z' AS $$ SELECT 1 $$;\n\
         ALTER DATABASE d SET jit TO off;\nALTER ROLE r IN DATABASE d SET jit TO off;",
    );
    assert_eq!(required.extensions[0].version.as_deref(), Some("1.8"));
    assert_eq!(required.tablespaces, ["fast"]);
    assert_eq!(required.access_methods, ["columnar"]);
    assert_eq!(required.collations, ["pg_catalog.de-x-icu"]);
    assert_eq!(required.collations_created[0].locale.as_deref(), Some("de"));
    assert_eq!((required.publications[0].as_str(), required.subscriptions[0].as_str()), ("pub", "sub"));
    assert_eq!((required.wrappers[0].as_str(), required.servers[0].as_str()), ("w", "s"));
    assert_eq!((required.event_triggers[0].as_str(), required.label_providers[0].as_str()), ("e", "selinux"));
    let settings: Vec<&str> = required.object_settings.keys().map(String::as_str).collect();
    assert_eq!(settings, ["jit", "work_mem", "x.y"]);
    assert_eq!(required.object_settings["jit"], ["DATABASE d", "ROLE r in DATABASE d"]);
    assert!(required.restricted && !required.not_looked_into);
    assert_eq!(required.client, None);
}

#[test]
fn what_only_a_superuser_makes_is_listed_with_its_kind() {
    let required = requires(
        "CREATE FUNCTION a.c() RETURNS integer LANGUAGE c AS 'lib', 'f';\n\
         CREATE FUNCTION a.sql() RETURNS text LANGUAGE sql AS $$ SELECT 'LANGUAGE c' $$;\n\
         CREATE TYPE a.base;\nCREATE TYPE a.base (INPUT = a.i, OUTPUT = a.o);\nCREATE TYPE a.e AS ENUM ('input');\n\
         CREATE PUBLICATION p FOR ALL TABLES;\nCREATE CAST (a.x AS a.y) WITHOUT FUNCTION;\n\
         CREATE CAST (a.x AS a.z) WITH FUNCTION a.f(a.x);\nALTER ROLE boss WITH SUPERUSER;\nALTER ROLE low WITH NOSUPERUSER;",
    );
    let kinds: Vec<(&str, &str)> = required.privileged.iter().map(|used| (used.kind, used.object.as_str())).collect();
    assert_eq!(
        kinds,
        [
            ("functions in C", "FUNCTION a.c"),
            ("base types", "TYPE a.base"),
            ("base types", "TYPE a.base"),
            ("publications of all tables", "PUBLICATION p"),
            ("casts without a function", "the statement in line 14"),
            ("superusers", "ROLE boss"),
        ]
    );
}

#[test]
fn an_archive_requires_the_client_that_reads_its_version_and_its_compression() {
    for (minor, compression, wanted) in [(12, 1, 10), (13, 1, 10), (14, 1, 12), (15, 1, 16), (16, 1, 17), (15, 3, 16)] {
        let mut writer = Writer::shop(minor);
        writer.compression = compression;
        let (dump, scan) = scanned(&writer.custom());
        assert_eq!(Requirements::of(&dump, &scan.facts).client, Some(wanted), "1.{minor}");
    }
}

#[test]
fn an_archive_is_read_entry_by_entry_and_named_as_it_names_its_objects() {
    let mut writer = Writer::shop(16);
    writer.entries.push(Entry {
        id: 90,
        desc: "FUNCTION",
        tag: "f(integer)",
        defn: "CREATE FUNCTION public.f(a integer) RETURNS integer\n    LANGUAGE sql SET jit TO off\n    BEGIN ATOMIC\n SELECT 1;\nEND;\n",
        schema: Some("public"),
        ..Entry::default()
    });
    writer.entries.push(Entry {
        id: 91,
        desc: "DATABASE",
        tag: "shop",
        defn: "CREATE DATABASE shop WITH TEMPLATE = template0 LOCALE_PROVIDER = builtin TABLESPACE = fast;\n",
        ..Entry::default()
    });
    let (dump, scan) = scanned(&writer.custom());
    let required = Requirements::of(&dump, &scan.facts);
    assert_eq!(required.features[0].1, ["FUNCTION public.f(integer)"]);
    assert_eq!(required.object_settings["jit"], ["FUNCTION public.f(integer)"]);
    // Needed with --create alone.
    assert_eq!((required.oldest_server(), required.database_features.len()), (Some(14), 1));
    assert_eq!(required.tablespaces, Vec::<String>::new());
}
