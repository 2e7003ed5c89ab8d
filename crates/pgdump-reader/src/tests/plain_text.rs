use super::{damage_of, scanned};
use crate::{CreatedDatabase, Facts, Scan};

const HEAD: &str = "--\n-- PostgreSQL database dump\n--\n\nSET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n\
                    SELECT pg_catalog.set_config('search_path', '', false);\n";
const TRAILER: &str = "--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict key\n\n";

fn scan(body: &str) -> Scan {
    scanned(format!("{HEAD}{body}{TRAILER}").as_bytes()).1
}

fn facts(body: &str) -> Facts {
    let scan = scan(body);
    assert_eq!(scan.damage, []);
    scan.facts
}

#[test]
fn a_whole_dump_has_no_damage() {
    let scan = scan("CREATE TABLE public.t (a int);\nCOPY public.t (a) FROM stdin;\n1\n2\n\\.\n\n");
    assert_eq!(scan.damage, []);
    assert_eq!(scan.facts.encoding.as_deref(), Some("UTF8"));
    assert_eq!(scan.facts.settings, ["client_encoding", "standard_conforming_strings", "search_path"]);
    assert_eq!((scan.facts.tables[0].rows, scan.facts.tables[0].created), (Some(2), true));
}

#[test]
fn a_dump_that_ends_inside_copy_data_is_damaged() {
    let damage = damage_of(format!("{HEAD}COPY public.orders (a) FROM stdin;\n1\n2\n3").as_bytes());
    assert_eq!(
        damage[0].what,
        "ends inside the COPY data of public.orders, line 11, after 2 whole rows: no end of data and no trailer"
    );
    assert_eq!(damage[0].table.as_deref(), Some("public.orders"));
}

#[test]
fn a_dump_that_ends_inside_a_statement_is_damaged() {
    let damage = damage_of(format!("{HEAD}CREATE TABLE public.t (\n  a int,").as_bytes());
    assert!(
        damage[0].what.starts_with("ends inside a statement (create table public.t) that begins in line 8"),
        "{damage:?}"
    );
    for open in ["SELECT 'text", "CREATE FUNCTION f() AS $$ BEGIN;", "/* comment", "SELECT \"na"] {
        assert_eq!(damage_of(format!("{HEAD}{open}").as_bytes()).len(), 1, "{open}");
    }
}

#[test]
fn a_dump_that_ends_between_statements_is_damaged_unless_it_is_made_by_hand() {
    let damage = damage_of(format!("{HEAD}CREATE TABLE public.t (a int);\n").as_bytes());
    assert!(damage[0].what.contains("without pg_dump's closing comment"), "{damage:?}");
    assert_eq!(damage_of(b"CREATE TABLE public.t (a int);\n"), []);
}

#[test]
fn a_cluster_dump_needs_its_own_trailer_and_that_of_every_database() {
    let cluster = "--\n-- PostgreSQL database cluster dump\n--\n\nCREATE ROLE shop;\nALTER ROLE shop WITH LOGIN;\n";
    let end = "--\n-- PostgreSQL database cluster dump complete\n--\n";
    let whole = format!("{cluster}\\connect template1\n\n{HEAD}{TRAILER}\\connect shop\n\n{HEAD}{TRAILER}{end}");
    let (dump, scan) = scanned(whole.as_bytes());
    assert_eq!(dump.format_label(), "pg_dumpall SQL");
    assert_eq!(scan.damage, []);
    assert_eq!(scan.facts.databases, ["template1", "shop"]);
    assert!(scan.facts.roles_created.contains("shop"));
    assert_eq!(damage_of(whole.replace(end, "").as_bytes()).len(), 1);
    let lost = format!("{cluster}\\connect template1\n\n{HEAD}\\connect shop\n\n{HEAD}{TRAILER}{end}");
    assert!(damage_of(lost.as_bytes())[0].what.contains("has no end"));
}

#[test]
fn zeroes_in_the_text_are_damage() {
    let mut text = format!("{HEAD}COPY public.t (a) FROM stdin;\n1\n").into_bytes();
    text.extend([0; 100]);
    text.extend_from_slice(format!("\n\\.\n{TRAILER}").as_bytes());
    let damage = damage_of(&text);
    assert!(damage[0].what.starts_with("holds NUL bytes"), "{damage:?}");
}

#[test]
fn words_inside_strings_comments_and_rows_are_not_statements() {
    let facts = facts(
        "SELECT 'x; ALTER TABLE a OWNER TO nobody; '' -- ';\n\
         CREATE FUNCTION public.f() RETURNS text LANGUAGE sql AS $_$ ; GRANT ALL ON TABLE t TO nobody; $x$ $_$;\n\
         /* ; ALTER TABLE a OWNER TO nobody; /* nested */ ; */\n\
         SELECT E'it\\'s; ALTER TABLE a OWNER TO nobody;';\n\
         COPY public.t (a) FROM stdin;\nALTER TABLE a OWNER TO nobody;\n\\.x\n\\.\n\
         ALTER TABLE public.\"Odd \"\"name\"\"\" OWNER TO \"The Owner\";\n",
    );
    assert_eq!(facts.roles().keys().collect::<Vec<_>>(), ["The Owner"]);
    assert_eq!(facts.owners[0].name, "Odd \"name\"");
    assert_eq!(facts.tables[0].rows, Some(2));
}

#[test]
fn a_body_in_standard_sql_is_one_statement() {
    let facts = facts(
        "CREATE FUNCTION public.f(a integer) RETURNS integer\n    LANGUAGE sql\n    BEGIN ATOMIC\n \
         SELECT CASE WHEN a > 1 THEN 1 END;\n SELECT 2;\nEND;\n\n\
         --\n-- Name: f(integer); Type: FUNCTION; Schema: public; Owner: x\n--\n\n\
         ALTER FUNCTION public.f(a integer) OWNER TO x;\n",
    );
    assert_eq!(facts.owners[0].name, "f(integer)");
}

#[test]
fn owners_are_read_for_every_kind_of_object() {
    let facts = facts(
        "CREATE VIEW public.v AS SELECT 1;\nALTER TABLE public.v OWNER TO o1;\n\
         ALTER MATERIALIZED VIEW public.m OWNER TO o2;\n\
         ALTER OPERATOR public.+ (integer, text) OWNER TO o3;\n\
         ALTER OPERATOR CLASS public.c USING btree OWNER TO o4;\n\
         ALTER FOREIGN DATA WRAPPER w OWNER TO o5;\n\
         ALTER LARGE OBJECT 16401 OWNER TO o6;\n\
         ALTER SCHEMA s OWNER TO o7;\n\
         ALTER AGGREGATE public.agg(integer) OWNER TO o8;\n\
         ALTER TABLE ONLY public.t ADD CONSTRAINT c CHECK ((owner = 'to'));\n",
    );
    let owners: Vec<_> = facts.owners.iter().map(|owned| (owned.kind.as_str(), owned.name.as_str())).collect();
    let wanted = [
        ("VIEW", "v"),
        ("MATERIALIZED VIEW", "m"),
        ("OPERATOR", "+"),
        ("OPERATOR CLASS", "c btree"),
        ("FOREIGN DATA WRAPPER", "w"),
        ("LARGE OBJECT", "16401"),
        ("SCHEMA", "s"),
        ("AGGREGATE", "agg(integer)"),
    ];
    assert_eq!(owners, wanted);
    assert_eq!(facts.roles().len(), 8);
}

#[test]
fn grants_are_gathered_by_object() {
    let facts = facts(
        "REVOKE ALL ON FUNCTION public.f(a integer) FROM PUBLIC;\n\
         GRANT ALL ON FUNCTION public.f(a integer) TO app, \"Other\" WITH GRANT OPTION;\n\
         GRANT SELECT(price),UPDATE(price) ON TABLE public.orders TO app;\n\
         GRANT parent TO child WITH ADMIN OPTION GRANTED BY boss;\n\
         ALTER DEFAULT PRIVILEGES FOR ROLE maker IN SCHEMA s REVOKE ALL ON TABLES FROM PUBLIC;\n\
         GRANT USAGE ON SCHEMA s TO PUBLIC;\n\
         SET SESSION AUTHORIZATION granter;\nGRANT ALL ON TABLE public.t TO app;\nRESET SESSION AUTHORIZATION;\n",
    );
    let grants: Vec<_> = facts
        .grants
        .iter()
        .map(|grant| (grant.kind.as_str(), grant.name.as_str(), grant.grantees.join(","), grant.grantors.join(",")))
        .collect();
    let wanted = [
        ("FUNCTION", "f(a integer)", "app,Other", ""),
        ("COLUMN", "orders.price", "app", ""),
        ("ROLE", "parent", "parent,child", "boss"),
        ("DEFAULT PRIVILEGES", "TABLES", "", "maker"),
        ("SCHEMA", "s", "", ""),
        ("TABLE", "t", "app", "granter"),
    ];
    assert_eq!(grants, wanted.map(|(kind, name, to, by)| (kind, name, to.to_owned(), by.to_owned())));
    assert!(facts.grants[0].revokes_public && facts.grants[3].revokes_public && !facts.grants[4].revokes_public);
    assert_eq!(
        facts.grants[0].statements,
        "REVOKE ALL ON FUNCTION public.f(a integer) FROM PUBLIC;\n\
         GRANT ALL ON FUNCTION public.f(a integer) TO app, \"Other\" WITH GRANT OPTION;"
    );
}

#[test]
fn policies_and_row_level_security_are_read() {
    let facts = facts(
        "ALTER TABLE public.t ENABLE ROW LEVEL SECURITY;\n\
         CREATE POLICY p1 ON public.t AS RESTRICTIVE FOR SELECT TO app, audit USING ((to_char(now(), 'x') = 'y'));\n\
         CREATE POLICY \"every one\" ON public.t USING (true);\n",
    );
    assert_eq!(facts.row_security[0].table, "t");
    assert_eq!(facts.policies[0].roles, ["app", "audit"]);
    assert_eq!((facts.policies[1].name.as_str(), facts.policies[1].roles.len()), ("every one", 0));
    assert_eq!(facts.roles()["audit"].policies, 1);
}

#[test]
fn a_created_database_is_read_with_its_locale() {
    let facts = facts(
        "CREATE DATABASE \"my db\" WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = icu \
         LOCALE = 'en_US.UTF-8' ICU_LOCALE = 'de' TABLESPACE = fast;\n\
         ALTER DATABASE \"my db\" OWNER TO dba;\n\n\\connect -reuse-previous=on \"dbname='my db'\"\n\n\
         CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public;\nSET default_tablespace = slow;\n",
    );
    let wanted = CreatedDatabase {
        name: "my db".to_owned(),
        encoding: Some("UTF8".to_owned()),
        locale: Some("en_US.UTF-8".to_owned()),
        locale_provider: Some("icu".to_owned()),
        provider_locale: Some("de".to_owned()),
        tablespace: Some("fast".to_owned()),
        ..CreatedDatabase::default()
    };
    assert_eq!(facts.creates_database, [wanted]);
    assert_eq!(facts.databases, ["my db"]);
    assert_eq!(facts.extensions[0].database.as_deref(), Some("my db"));
    assert_eq!(facts.tablespaces.iter().collect::<Vec<_>>(), ["fast", "slow"]);
}

#[test]
fn rows_longer_than_the_buffer_and_end_marks_at_its_edges_are_read() {
    for extra in 0..6 {
        let long = "x".repeat(256 * 1024 * 2 + extra);
        let scan =
            scan(&format!("COPY public.t (a) FROM stdin;\n{long}\n\\.{long}\n\\.\nALTER TABLE public.t OWNER TO o;\n"));
        assert_eq!(scan.damage, []);
        assert_eq!(scan.facts.tables[0].rows, Some(2));
        assert_eq!(scan.facts.owners.len(), 1);
    }
    for padding in 262_100..262_160 {
        let scan = scan(&format!(
            "--{}\nCOPY public.t (a) FROM stdin;\n1\n\\.\nSELECT 1;\n",
            "x".repeat(padding - HEAD.len())
        ));
        assert_eq!((scan.damage.len(), scan.facts.tables[0].rows), (0, Some(1)), "{padding}");
    }
}

#[test]
fn inserts_that_begin_alike_are_passed_over_and_nothing_behind_them_is_lost() {
    for insert in ["INSERT INTO public.t VALUES (", "INSERT INTO public.t (a, b, c) VALUES (", "insert into t values ("]
    {
        let rows: String = (0..4)
            .map(|row| {
                format!(
                    "{insert}{row}, 'it''s; (', E'\\'; ALTER TABLE x OWNER TO nobody; ', U&'\\0061', -1, '{row}\ne');\n"
                )
            })
            .collect();
        let text = format!(
            "CREATE TABLE public.t (a int);\n{rows}ALTER TABLE public.t OWNER TO o1;\n{rows}-- a comment\n{rows}\
             {insert}1, $$;$$, a$b$c /* ; */, e'\\\\');\nALTER TABLE public.u OWNER TO o2;\n"
        );
        let facts = facts(&text);
        assert_eq!(facts.roles().keys().collect::<Vec<_>>(), ["o1", "o2"], "{insert}");
        assert!(facts.tables.iter().any(|table| table.has_data));
        let cut = format!("{HEAD}{rows}{insert}1, 'tex");
        let damage = damage_of(cut.as_bytes());
        assert!(damage[0].what.starts_with("ends inside a statement (insert into "), "{damage:?}");
    }
}

#[test]
fn inserts_at_any_place_of_the_buffer_are_read_alike() {
    for padding in 262_000..262_150 {
        let row = "INSERT INTO public.t VALUES (1, E'\\'; x', 'a;b', $x$;'$x$);\n";
        let text = format!("--{}\n{row}{row}{row}ALTER TABLE public.t OWNER TO o;\n", "x".repeat(padding - HEAD.len()));
        let scan = scan(&text);
        assert_eq!((scan.damage.len(), scan.facts.owners.len()), (0, 1), "{padding}");
    }
}

#[test]
fn the_same_insert_in_another_database_is_counted_there() {
    let insert = "INSERT INTO public.t VALUES (1);\n";
    let facts = facts(&format!("\\connect a\n\n{insert}{insert}\\connect b\n\n{insert}{insert}"));
    let databases: Vec<_> = facts.tables.iter().filter_map(|table| table.database.as_deref()).collect();
    assert_eq!(databases, ["a", "b"]);
}

#[test]
fn names_that_are_not_utf8_are_read_as_latin1() {
    let mut text = HEAD.replace("UTF8", "LATIN1").into_bytes();
    text.extend_from_slice(
        b"ALTER FUNCTION public.\"gr\xfc\xdfe\"(\"\xe4\" integer, b text) OWNER TO \"M\xfcller\";\n",
    );
    text.extend_from_slice(b"GRANT ALL ON TABLE public.\"t\xe4\" TO x;\n");
    text.extend_from_slice(TRAILER.as_bytes());
    let facts = scanned(&text).1.facts;
    assert_eq!(facts.owners[0].name, "grüße(\"ä\" integer, b text)");
    assert_eq!(facts.owners[0].owner, "Müller");
    assert_eq!(facts.grants[0].statements, "GRANT ALL ON TABLE public.\"tä\" TO x;");
}

#[test]
fn what_a_session_role_creates_belongs_to_it() {
    let facts = facts(
        "SET SESSION AUTHORIZATION 'alice';\n--\n-- Name: f(integer); Type: FUNCTION; Schema: public; Owner: alice\n--\n\n\
         CREATE FUNCTION public.f(a integer) RETURNS integer LANGUAGE sql AS $$$$;\nCREATE TABLE public.t (a int);\n\
         RESET SESSION AUTHORIZATION;\nCREATE TABLE public.u (a int);\n",
    );
    let owners: Vec<_> = facts.owners.iter().map(|owned| (owned.name.as_str(), owned.owner.as_str())).collect();
    assert_eq!(owners, [("f(integer)", "alice"), ("t", "alice")]);
}

#[test]
fn what_sequences_are_set_to_is_kept_in_order() {
    let facts = facts(
        r#"SELECT pg_catalog.setval('public.orders_id_seq', 5, true);
        SELECT pg_catalog.setval('"Käse ""alt""; --"."Fol''ge ""x""\y"', -7, false);
        SELECT setval('public.orders_id_seq', 6);
        SELECT setval('public.orders_id_seq', (SELECT max(id) FROM public.orders));
        SELECT setval('public.far', 9223372036854775808, true);
        SELECT setval('', 1);"#,
    );
    let sequences: Vec<_> = facts
        .sequences
        .iter()
        .map(|value| (value.sequence.schema.as_deref().unwrap_or(""), value.sequence.name.as_str(), value.value))
        .collect();
    assert_eq!(
        sequences,
        [
            ("public", "orders_id_seq", Some((5, true))),
            (r#"Käse "alt"; --"#, r#"Fol'ge "x"\y"#, Some((-7, false))),
            ("public", "orders_id_seq", Some((6, true))),
            ("public", "orders_id_seq", None),
            ("public", "far", None),
        ]
    );
}

#[test]
fn what_is_said_of_roles_is_kept_with_the_names_of_those_that_are_dropped() {
    let facts = facts(
        "CREATE ROLE a LOGIN; CREATE ROLE \"b\"\"c\"; DROP USER IF EXISTS a, \"b\"\"c\", d; CREATE USER MAPPING FOR a SERVER s; DROP USER MAPPING FOR a SERVER s;",
    );
    // Of others nothing was said.
    let said = ["CREATE ROLE a LOGIN", "CREATE ROLE \"b\"\"c\"", "DROP ROLE \"a\"", "DROP ROLE \"b\"\"c\""];
    assert_eq!(facts.role_statements, said);
}

#[test]
fn constraints_indexes_and_views_are_known_as_the_dump_has_them() {
    let facts = facts(
        r#"ALTER TABLE ONLY public.a ADD CONSTRAINT old FOREIGN KEY (x) REFERENCES public.b(id) NOT VALID;
        ALTER TABLE public.a ADD CONSTRAINT loose CHECK ((x > 0)) NOT ENFORCED;
        ALTER TABLE public.a ADD CONSTRAINT sound CHECK ((x IS NOT valid));
        ALTER DOMAIN public.d ADD CONSTRAINT late CHECK ((VALUE > 0)) NOT VALID;
        ALTER INDEX public.parent ATTACH PARTITION public.one;
        ALTER INDEX public.parent ATTACH PARTITION public.two;
        ALTER INDEX public.parent SET TABLESPACE fast;
        REFRESH MATERIALIZED VIEW public.filled;
        REFRESH MATERIALIZED VIEW CONCURRENTLY public.emptied;
        REFRESH MATERIALIZED VIEW public.emptied WITH NO DATA;
        CREATE MATERIALIZED VIEW public.made AS SELECT 1 AS one;
        CREATE MATERIALIZED VIEW IF NOT EXISTS public.made_so AS SELECT 1 AS one WITH DATA;
        CREATE MATERIALIZED VIEW public.left_empty AS SELECT 1 AS one WITH NO DATA;
        CREATE MATERIALIZED VIEW public.dropped AS SELECT 1 AS one;
        DROP MATERIALIZED VIEW IF EXISTS public.dropped CASCADE;"#,
    );
    let unverified: Vec<_> = facts.unverified.iter().map(|one| (one.of.name.as_str(), one.name.as_str())).collect();
    assert_eq!(unverified, [("a", "loose"), ("a", "old"), ("d", "late")]);
    let attached: Vec<_> = facts.attached.iter().map(|(index, count)| (index.name.as_str(), *count)).collect();
    assert_eq!(attached, [("parent", 2)]);
    let refreshed: Vec<_> = facts.refreshed.iter().map(|view| view.name.as_str()).collect();
    assert_eq!(refreshed, ["filled", "made", "made_so"]);
}
