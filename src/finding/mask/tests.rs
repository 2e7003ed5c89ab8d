//! Messages and statements, and what is shown of them.

use super::*;
use crate::finding::{AcceptedObjects, AfterKind, Consequence, Difference, Finding, Name, Reference, Subject};

fn names() -> Names {
    let mut names = Names::default();
    names.take(
        "CREATE TABLE public.users (id integer, name text, CONSTRAINT adult CHECK (age > 17)); CREATE POLICY p ON t TO x \
         USING (true); GRANT SELECT ON users TO \"odd \"\"one\"\"\"; CREATE EXTENSION vector; \
         CREATE FUNCTION public.f(integer) RETURNS integer AS '$libdir/postgis-3', 'f' LANGUAGE c",
    );
    names.add("16411");
    names
}

fn message(text: &str, voice: Voice) -> String {
    let names = names();
    let mask = Mask { dump: Some(&names), own: Names::default(), show_data: false };
    mask.message(text, Some("22P02"), voice)
}

fn statement(text: &str) -> String {
    let names = names();
    Mask { dump: Some(&names), own: Names::default(), show_data: false }.statement(text)
}

#[test]
fn no_field_of_a_finding_keeps_a_secret() {
    const SECRET: &str = "h9-Zq3xTv";
    let text = || format!("before {SECRET} behind");
    let role = || Some(Subject::Role(text()));
    let mut finding = Finding {
        subject: role(),
        objects: vec![text()],
        consequences: vec![Consequence { kind: "TABLE".to_owned(), count: 1, objects: vec![text()] }],
        follows: Some(Reference::Cause { name: Name::RoleMissing, subject: role() }),
        evidence: vec![text()],
        differences: vec![Difference { object: text(), dump: Some(text()), restored: Some(text()), diff: text() }],
        fix: text(),
        commands: vec![text()],
        accepted: Some(text()),
        accepted_objects: vec![AcceptedObjects { objects: vec![text()], reason: text() }],
        ..Finding::new(Name::RoleMissing, text())
    };
    finding.mend_silently(AfterKind::Objects, vec![text()]);
    Hider { of_environment: &[SECRET.to_owned()] }.finding(&mut finding);
    assert!(!format!("{finding:?}").contains(SECRET), "{finding:#?}");
    // What follows from it still does.
    let cause = Finding { subject: finding.subject.clone(), ..Finding::new(Name::RoleMissing, "") };
    assert_eq!(finding.follows, Some(Reference::of(&cause)));
}

#[test]
fn what_the_server_advises_is_shown() {
    let names = names();
    let mask = Mask { dump: Some(&names), own: Names::default(), show_data: false };
    let hint = "If the locale name is specific to ICU, use ICU_LOCALE.";
    assert_eq!(mask.hint(hint, Voice::Server).as_deref(), Some(hint));
    let raised = mask.hint("Ask Heinrich Kowalczyk.", Voice::Raised);
    assert!(raised.is_none_or(|raised| !raised.contains("Kowalczyk")));
}

#[test]
fn what_is_known_is_shown_as_it_is() {
    for text in [
        "relation \"public.users\" does not exist",
        "role \"odd \"one\"\" does not exist",
        "column \"id\" of relation \"users\" does not exist",
        "function public.f(integer) does not exist",
        "syntax error at or near \"FROM\"",
        "syntax error at or near \")\"",
        "null value in column \"name\" of relation \"users\" violates not-null constraint",
        "duplicate key value violates unique constraint \"users_name_key\"",
        "insert or update on table \"users\" violates foreign key constraint \"users_id_fkey\"",
        "new row for relation \"users\" violates check constraint \"adult\"",
        "value too long for type character varying(255)",
        "large object 16411 does not exist",
        "permission denied for table users",
        "permission denied for schema public",
        "extension \"vector\" is not available",
        "could not open extension control file \"/usr/share/postgresql/15/extension/vector.control\": No such file or \
         directory",
        "could not access file \"$libdir/postgis-3\": No such file or directory",
        "invalid locale name: \"de_DE.UTF-8\"",
        "character with byte sequence 0xc5 0x81 in encoding \"UTF8\" has no equivalent in encoding \"LATIN1\"",
        "invalid value for parameter \"default_tablespace\": \"users\"",
        "current transaction is aborted, commands ignored until end of transaction block",
        "unrecognized configuration parameter \"work_mem\"",
        "type \"earth\" does not exist",
    ] {
        assert_eq!(message(text, Voice::Client), text);
        assert_eq!(message(text, Voice::Server), text);
    }
    for only_of_the_server in [
        "materialized views may not be defined using bound parameters",
        "permission denied to change the owner of default privileges",
        "permission denied to change default privileges",
        "permission denied: \"RI_ConstraintTrigger_a_16397\" is a system trigger",
    ] {
        assert_eq!(message(only_of_the_server, Voice::Server), only_of_the_server);
    }
    for other in [
        "permission denied to see Ada",
        "permission denied to \"change privileges\"",
        "type Ada Lovelace does not exist",
    ] {
        assert!(message(other, Voice::Server).contains(MASK), "{other}");
    }
}

#[test]
fn what_is_not_known_is_masked_wherever_it_stands() {
    for (text, shown) in [
        (
            "invalid input syntax for type integer: \"Ada Lovelace\"",
            "invalid input syntax for type integer: \"‹masked›\"",
        ),
        ("invalid input syntax for type integer: \"public\"", "invalid input syntax for type integer: \"‹masked›\""),
        ("syntax error at or near \"Ada\"", "syntax error at or near \"‹masked›\""),
        ("relation \"ada@example.com\" does not exist", "relation \"‹masked›\" does not exist"),
        ("role \"x\" does not exist\" does not exist", "role \"‹masked›\" does not exist"),
        (
            "invalid byte sequence for encoding \"UTF8\": 0xe4 0x6e 0x74",
            "invalid byte sequence for encoding \"UTF8\": 0xe4 ‹masked›",
        ),
        ("unrecognized secret Ada said by nobody Lovelace", "invalid_text_representation: ‹masked›"),
        ("first\nLOUD:  Ada Lovelace", "invalid_text_representation: ‹masked›"),
        (
            "invalid input syntax for type integer: \"first\nERROR:  x\"",
            "invalid input syntax for type integer: \"‹masked›\"",
        ),
    ] {
        assert_eq!(message(text, Voice::Server), shown);
    }
    assert_eq!(
        message("relation \"public.users\" does not exist", Voice::Raised),
        "invalid_text_representation: ‹masked›"
    );
    assert_eq!(
        message("materialized views may not be defined", Voice::Client),
        "invalid_text_representation: ‹masked›"
    );
    assert_eq!(
        message("large object 4111111111 does not exist", Voice::Client),
        "large object ‹masked› does not exist"
    );
}

#[test]
fn a_statement_shows_its_keywords_and_names() {
    for (sql, shown) in [
        ("1\tAda\tada@example.com", "‹masked›"),
        ("Ada lovelace", "‹masked›"),
        ("INSERT INTO public.users VALUES (1, 'Ada')", "INSERT INTO public.users(…) ‹masked›"),
        ("INSERT INTO public.users (id, name) VALUES (1, 'Ada')", "INSERT INTO public.users(…) ‹masked›"),
        ("INSERT INTO public.users SELECT 'Ada' FROM t", "INSERT INTO public.users SELECT ‹masked› FROM t"),
        ("CREATE POLICY p ON t TO x USING (true)", "CREATE POLICY p ON t TO x USING (true)"),
        ("ALTER TABLE users ALTER name TYPE varchar(20)", "ALTER TABLE users ALTER name TYPE varchar(20)"),
        ("CREATE TABLE ada 4111", "CREATE TABLE ‹masked›"),
        ("ALTER ROLE x PASSWORD 'secret'", "ALTER ROLE x PASSWORD ‹masked›"),
        ("SELECT setval('public.users', 17, true)", "SELECT ‹masked›('public.users', ‹masked›, true)"),
        ("DO $$ begin raise 'x'; end $$", "DO ‹masked›"),
        ("UPDATE users SET name = \"Ada\" WHERE id = 17", "UPDATE users SET name = ‹masked› WHERE id = ‹masked›"),
    ] {
        assert_eq!(statement(sql), shown, "{sql}");
    }
}

#[test]
fn a_place_in_the_source_shows_who_speaks() {
    for (location, voice) in [
        ("get_role_oid, acl.c:5143", Voice::Server),
        ("exec_stmt_raise, pl_exec.c:3893", Voice::Raised),
        ("exec_stmt_assert, pl_exec.c:3950", Voice::Raised),
        ("PLy_elog_impl, plpy_elog.c:123", Voice::Raised),
        ("scanner_yyerror, scan.l:1188", Voice::Server),
        ("acl.c:5143", Voice::Server),
        ("somewhere", Voice::Client),
    ] {
        assert_eq!(Voice::at(Some(location)), voice, "{location}");
    }
    assert_eq!(Voice::at(None), Voice::Client);
}

#[test]
fn secrets_are_hidden_whatever_is_shown() {
    for (text, shown) in [
        ("ALTER ROLE x WITH LOGIN PASSWORD 'hush'", "ALTER ROLE x WITH LOGIN PASSWORD '‹masked›'"),
        ("CREATE ROLE r PASSWORD hush LOGIN", "CREATE ROLE r PASSWORD ‹masked› LOGIN"),
        ("ALTER ROLE x PASSWORD NULL", "ALTER ROLE x PASSWORD NULL"),
        ("password authentication failed for user \"x\"", "password authentication failed for user \"x\""),
        (
            "CREATE USER MAPPING FOR u SERVER s OPTIONS (\"user\" 'a', password 'hush')",
            "CREATE USER MAPPING FOR u SERVER s OPTIONS (\"user\" '‹masked›', password '‹masked›')",
        ),
        (
            "CREATE SUBSCRIPTION s CONNECTION 'host=h password=hush' PUBLICATION p",
            "CREATE SUBSCRIPTION s CONNECTION '‹masked›' PUBLICATION p",
        ),
        ("could not connect: host=h password=hu-sh port=1", "could not connect: host=h password=‹masked› port=1"),
        ("see postgres://ada:hush@h/db", "see postgres://ada:‹masked›@h/db"),
        ("SELECT dblink_connect('host=h password=hush')", "SELECT dblink_connect('‹masked›')"),
        ("ALTER DATABASE d SET \"app.jwt\" TO 'hush'", "ALTER DATABASE d SET \"app.jwt\" TO '‹masked›'"),
        ("ALTER DATABASE d SET app.jwt TO 'hush'", "ALTER DATABASE d SET app.jwt TO '‹masked›'"),
        ("ALTER DATABASE d SET work_mem TO '8MB'", "ALTER DATABASE d SET work_mem TO '8MB'"),
        ("SCRAM-SHA-256$4096:abc=$def:ghi=", "‹masked›"),
        ("md50123456789abcdef0123456789abcdef, md5(x)", "‹masked›, md5(x)"),
        ("CREATE TABLE t (password text DEFAULT 'x')", "CREATE TABLE t (password text DEFAULT 'x')"),
        ("SELECT 1 WHERE password = crypt(x, password)", "SELECT 1 WHERE password = crypt(x, password)"),
        ("GRANT ALL ON TABLE public.user_token TO app", "GRANT ALL ON TABLE public.user_token TO app"),
        ("NEW.password := x; NEW.password::text", "NEW.password := x; NEW.password::text"),
        (
            "CREATE FUNCTION f() AS $$ select dblink('password=hush'); $$",
            "CREATE FUNCTION f() AS $$ select dblink('‹masked›'); $$",
        ),
    ] {
        assert_eq!(secrets(text), shown);
    }
}

#[test]
fn no_value_is_shown_of_what_is_made_of_anything() {
    let names = names();
    let mask = Mask { dump: Some(&names), own: Names::default(), show_data: false };
    let mut random = fastrand::Rng::with_seed(7);
    let forms: Vec<String> = templates::messages().iter().chain(templates::clients()).map(form).collect();
    for turn in 0..7_000_u32 {
        let canary = format!("c4n{turn:x}ry");
        let value = match turn % 7 {
            0 => canary.clone(),
            1 => format!("\"{canary}\""),
            2 => format!("x\nERROR:  {canary}\npsql:<stdin>:9: error: {canary}"),
            3 => format!("role \"{canary}\" does not exist"),
            4 => format!("é'{canary}' $$ü"),
            5 => format!("{}{canary}", "long ".repeat(200)),
            _ => format!("select {canary} from \"{canary}\" where 'x' = '{canary}'"),
        };
        let text = forms[random.usize(..forms.len())].replace('\u{1}', &value);
        let voice = [Voice::Server, Voice::Client, Voice::Raised][random.usize(..3)];
        for shown in [
            mask.message(&text, Some("42601"), voice),
            mask.message(&value, None, voice),
            mask.hint(&text, voice).unwrap_or_default(),
            mask.context(&text).unwrap_or_default(),
            mask.statement(&value),
            mask.statement(&format!("INSERT INTO public.users VALUES ('{value}')")),
            mask.statement(&format!("ALTER TABLE users ADD x text DEFAULT '{value}'")),
            mask.statement(&format!("UPDATE users SET name = \"{value}\"")),
            mask.name(&value),
        ] {
            assert!(!shown.contains(&canary), "{text:?} gives {shown:?}");
        }
        for text in [
            format!("ALTER ROLE x PASSWORD '{canary}'"),
            format!("host=h password={canary} port=1"),
            format!("host=h password = '{canary}'"),
            format!("postgresql://u:{canary}@h"),
            format!("CREATE USER MAPPING FOR x SERVER s OPTIONS (a '{canary}', b '{canary}')"),
            format!("SET app.x = '{canary}'"),
            format!("ALTER ROLE x SET app.x TO {canary}"),
        ] {
            assert!(!secrets(&text).contains(&canary), "{text:?} gives {:?}", secrets(&text));
        }
    }
}

/// A template with a mark in every hole.
fn form(template: &templates::Template) -> String {
    let part = |part: &templates::TemplatePart| match part {
        templates::TemplatePart::Fixed(fixed) => fixed.to_string(),
        templates::TemplatePart::Hole(templates::Hole::Object) => "relation".to_owned(),
        templates::TemplatePart::Hole(_) => "\u{1}".to_owned(),
    };
    template.parts.iter().map(part).collect()
}

#[test]
fn a_name_with_quotes_in_it_is_shown_where_it_is_known() {
    let mask = Mask::of_postgres().with_name("it's a \"ghost\"");
    let text = "role \"it's a \"ghost\"\" does not exist";
    assert_eq!(mask.message(text, Some("42704"), Voice::Server), text);
    assert_eq!(mask.message(text, Some("22023"), Voice::Server), text);
}
