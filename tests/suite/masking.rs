//! No value of a row and no secret stands in an output, in a container's inspection or in the process list; names and keywords,
//! which are the point of a message, do.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::support::yaml::query;
use crate::support::{Home, Ran, bare, docker, several, shared};

/// What no output may hold. Every canary begins so, and none is in a name.
const CANARY: &str = "c4n4ry";
/// The same as a number.
const NUMBER: &str = "41114";

/// A case that once showed a value, with what else is of its kind.
fn case(name: &str, more: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/leak").join(name);
    let mut text = std::fs::read(path).unwrap();
    text.push(b'\n');
    text.extend(more.as_bytes());
    text
}

/// Everything that a run says, in every form that it has.
struct Said {
    ran: Ran,
    all: String,
}

fn said_by(home: &Home, script: &[u8], profile: &str, arguments: &[&str]) -> Said {
    let path = home.file("dump.sql", script);
    let fixes = home.path("fixes");
    let _ = std::fs::remove_dir_all(&fixes);
    let terminal = format!("terminal={}", home.path("terminal").display());
    let mut all_arguments = vec!["--write-fixes", fixes.to_str().unwrap(), "--report", &terminal, "--all"];
    all_arguments.extend(arguments);
    let ran = home.run_with(&path, &[profile], &all_arguments);
    let mut all = format!("{}\n{}\n{}\n", ran.stdout, ran.stderr, ran.json);
    all.push_str(&std::fs::read_to_string(home.path("terminal")).unwrap());
    all.push_str(&files_below(&fixes));
    let inspected = home.program().arg("inspect").arg(&path).output().unwrap();
    all.push_str(&String::from_utf8_lossy(&inspected.stdout));
    all.push_str(&String::from_utf8_lossy(&inspected.stderr));
    Said { ran, all }
}

fn files_below(folder: &Path) -> String {
    let Ok(entries) = std::fs::read_dir(folder) else { return String::new() };
    let mut all = String::new();
    for entry in entries.map(|entry| entry.unwrap().path()) {
        all.push_str(&if entry.is_dir() { files_below(&entry) } else { std::fs::read_to_string(&entry).unwrap() });
    }
    all
}

impl Said {
    #[track_caller]
    fn holds_none_of(&self, secrets: &[&str]) -> &Self {
        for secret in secrets {
            if let Some(at) = self.all.find(secret) {
                let begin = self.all.floor_char_boundary(at.saturating_sub(300));
                let end = self.all.ceil_char_boundary((at + 200).min(self.all.len()));
                panic!("{secret} stands in an output:\n{}", &self.all[begin..end]);
            }
        }
        self
    }

    #[track_caller]
    fn holds(&self, wanted: &[&str]) -> &Self {
        for wanted in wanted {
            let escaped = wanted.replace('"', "\\\"");
            assert!(self.ran.json.contains(&escaped), "{wanted} is not shown:\n{}", self.ran.json);
        }
        self
    }
}

/// What the run of one script says whose databases each have what once showed a value.
fn leaks() -> Said {
    let ran = shared::run("masking-leaks", |home| {
        let script = several::script([
            ("raising", raising()),
            ("encoded", encoded()),
            ("lines", case("leak-newline.sql", LINES)),
            ("selecting", case("leak-insert-select.sql", SELECTING)),
        ]);
        let Said { ran, all } = said_by(home, &script, &bare("bare", 15), &[]);
        // Where its standard output is kept, all that it has said is.
        Ran::of(ran.code, all, ran.stderr, ran.json)
    });
    ran.expect(1);
    let said = Said { all: ran.stdout.clone(), ran };
    assert!(said.all.contains("\"findings\"") && said.all.contains("FAIL"), "{}", said.all);
    // Each failure is one: 10 that are raised, 3 in another encoding, 3 of lines, 4 of queries.
    assert_eq!(said.ran.only().restore.as_ref().unwrap().errors, 20, "{}", said.ran.json);
    assert!(!said.ran.names().contains(&"client-failed"), "{}", said.ran.json);
    said
}

fn raising() -> Vec<u8> {
    let mut more = String::from("CREATE TABLE public.m(a integer);\nINSERT INTO public.m VALUES (1);\n");
    for (number, state) in ["P0001", "42704", "42P01", "22P02", "23505", "42501", "XX000", "0A000"].iter().enumerate() {
        // Words that a server would use, too.
        writeln!(
            more,
            "DO $$ begin raise exception 'role \"{CANARY}{number}\" does not exist' using errcode = '{state}', \
             detail = '{CANARY}', hint = 'Perhaps you meant the option \"{CANARY}\".'; end $$;"
        )
        .unwrap();
    }
    more.push_str("DO $$ begin assert false, 'c4n4ry'; end $$;\n");
    more.push_str("DO $$ begin raise warning 'c4n4ry'; raise notice E'x\\npsql:<stdin>:9: ERROR:  c4n4ry'; end $$;\n");
    case("leak-message.sql", &more)
}

#[test]
fn what_a_function_raises_is_not_shown_whatever_its_sqlstate_and_the_function_is_named() {
    let said = leaks();
    said.holds_none_of(&["ada.secret", CANARY]).holds(&["public.only_ours()"]);
    assert!(said.ran.names().contains(&"function-raised"), "{:?}", said.ran.names());
}

fn encoded() -> Vec<u8> {
    let mut script = case("leak-latin1.sql", "CREATE TABLE public.o(i int);\nINSERT INTO public.o VALUES ('");
    script.extend(b"\xe4\xf6c4n4ry');\nSELECT 'c4n4ry\xe9'::date;\n");
    script
}

#[test]
fn a_client_message_in_another_encoding_shows_no_value_and_is_no_second_error() {
    leaks().holds_none_of(&["secret-row", CANARY]).holds(&["invalid input syntax for type integer"]);
}

const LINES: &str = "CREATE TABLE public.k(id int PRIMARY KEY, note text UNIQUE);
INSERT INTO public.k VALUES (1, E'x\\npsql:<stdin>:3: error: c4n4ry1');
INSERT INTO public.k VALUES (2, E'x\\npsql:<stdin>:3: error: c4n4ry1');
INSERT INTO public.m VALUES (E'x\\r\\npg_restore: error: c4n4ry2\\nERROR:  c4n4ry3');
";

#[test]
fn a_line_inside_of_a_value_is_no_message() {
    leaks().holds_none_of(&["secret-row", CANARY]);
}

const SELECTING: &str = "WITH v AS (SELECT 'c4n4ry1') INSERT INTO public.t SELECT * FROM v JOIN public.away USING (x);
UPDATE public.t SET a = \"c4n4ry2\" WHERE a = 'c4n4ry3';
SELECT public.no_function('c4n4ry4', 41114);
";

#[test]
fn a_value_in_a_query_is_not_shown_and_the_table_that_it_misses_is() {
    let said = leaks();
    said.holds_none_of(&["secret-row", CANARY, NUMBER]).holds(&["public.gone", "public.away", "public.no_function"]);
}

/// A trigger can raise every SQLSTATE, those of a server that has run out of something too.
#[test]
fn what_a_trigger_says_when_a_check_writes_shows_no_row() {
    let home = Home::new();
    let states = ["configuration_limit_exceeded", "lock_not_available", "query_canceled", "disk_full"];
    let script = several::script(states.map(|state| {
        // The key is one that a check writes a row for.
        let script = format!(
            "CREATE TABLE public.t(id int GENERATED BY DEFAULT AS IDENTITY (START 10) PRIMARY KEY, email text);
CREATE FUNCTION public.quota() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'quota of % used up', (SELECT max(email) FROM public.t) USING ERRCODE = '{state}'; END $$;
COPY public.t (id, email) FROM stdin;\n1\tc4n4ry1\n\\.\n
CREATE TRIGGER quota BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.quota();\n"
        );
        (state, script)
    }));
    let said = said_by(&home, &script, &bare("bare", 17), &[]);
    said.holds_none_of(&[CANARY]);
    for state in states {
        let said = several::untested(said.ran.only(), state);
        assert!(said.iter().any(|reason| reason.contains("public.t: ")), "{state}: {said:?}");
    }
}

/// Each of them fails.
const SECRETS: &str = "
ALTER ROLE gone SET app.jwt_secret TO 'c4n4ry1';
ALTER USER gone ENCRYPTED PASSWORD 'SCRAM-SHA-256$4096:c4n4ry2$c4n4ry:c4n4ry';
ALTER ROLE gone PASSWORD c4n4ry3;
ALTER SUBSCRIPTION gone CONNECTION 'postgres://u:c4n4ry4@h/d';
SELECT gone.dblink_connect('host=h password=c4n4ry5');
ALTER SERVER gone OPTIONS (ADD password 'c4n4ry6');
";

#[test]
fn a_secret_is_never_shown_not_even_where_data_may_be() {
    let home = Home::new();
    for arguments in [&[][..], &["--show-data"]] {
        let said = said_by(&home, &case("leak-password.sql", SECRETS), &bare("bare", 15), arguments);
        said.ran.expect(1);
        said.holds_none_of(&["secret-1", "secret-2", "secret-3", "secret-4", CANARY]);
        said.holds(&["role \"gone\" does not exist"]);
    }
}

/// Rows, and statements that cannot but fail, with a value in every place where one can stand.
fn everywhere() -> Vec<u8> {
    let mut text = String::from(
        "CREATE TYPE public.mood AS ENUM ('ok');
CREATE TABLE public.t (a text CHECK (a !~ 'too'), n integer, j json, d date, u uuid, m public.mood, v varchar(9), b bytea,
    ts tsvector, p point, i interval, ip inet, arr integer[], r int4range, nn numeric(5,2), bits bit(3));
CREATE TABLE public.k (id bigint PRIMARY KEY, code text UNIQUE, ref bigint REFERENCES public.k);
INSERT INTO public.k VALUES (1, 'one', NULL);
CREATE SEQUENCE public.s MAXVALUE 9;
",
    );
    let mut number = 0;
    let mut next = || {
        number += 1;
        format!("{CANARY}{number}")
    };
    for column in ["n", "j", "d", "u", "m", "b", "ts", "p", "i", "ip", "arr", "r", "nn", "bits"] {
        let value = next();
        writeln!(text, "INSERT INTO public.t ({column}) VALUES ('{value}');").unwrap();
        writeln!(text, "COPY public.t ({column}) FROM stdin;\n{value}\n\\.").unwrap();
        writeln!(text, "COPY public.t (\"{column}\", a) FROM stdin WITH (FORMAT csv);\n\"{value}\",x,{value}\n\\.")
            .unwrap();
        writeln!(text, "SELECT '{value}'::{};", if column == "m" { "public.mood" } else { "date" }).unwrap();
    }
    for wrong in [
        // Values, keys and rules.
        "INSERT INTO public.t (v) VALUES ('$ is far too long');",
        "INSERT INTO public.t (a) VALUES ('too $');",
        "INSERT INTO public.k VALUES (1, '$');",
        "INSERT INTO public.k VALUES (411141, 'one'), (411142, '$');",
        "INSERT INTO public.k VALUES (411143, '$', 411149);",
        "INSERT INTO public.k VALUES (NULL, '$');",
        "INSERT INTO public.t (n) VALUES (411144411144);",
        "INSERT INTO public.t (a) VALUES (U&'\\00zz $');",
        "INSERT INTO public.t (a) VALUES (E'\\xff $');",
        "INSERT INTO public.t (nope) VALUES ('$');",
        "INSERT INTO public.gone VALUES ('$', 41114);",
        "INSERT INTO public.t (a) SELECT '$' || x FROM public.gone;",
        "INSERT INTO public.t VALUES (\"$\", `$`);",
        "UPDATE public.t SET n = '$';",
        "DELETE FROM public.gone WHERE a = '$';",
        "SELECT '$'::regclass;",
        "SELECT '$'::regrole;",
        "SELECT to_date('$', 'YYYY');",
        "SELECT 1/0 AS \"$\";",
        "SELECT pg_catalog.setval('public.s', 77, true);",
        "SELECT pg_catalog.setval('public.$', 1, true);",
        "SELECT pg_catalog.set_config('work_mem', '$', false);",
        "SELECT pg_catalog.set_config('$.x y', '$', false);",
        "SELECT xmlparse(document '<$>');",
        "SELECT '[$'::json, '{\"$\": }'::jsonb;",
        "SELECT jsonb_path_query('{}', '$$$');",
        "SELECT regexp_replace('x', '($', '');",
        "SELECT lo_get(777);",
        "SELECT nextval('public.s') FROM generate_series(1, 41114);",
        "SELECT encode('$', '$');",
        "SELECT convert_from('\\xff', '$');",
        "EXECUTE \"$\";",
        "CALL public.gone('$');",
        "DO $x$ begin execute 'alter table public.t add ' || '$'; end $x$;",
        "DO $x$ begin execute 'create role $ in role $'; end $x$;",
        "DO $x$ begin perform '$'::integer; end $x$;",
        "DO $x$ begin raise '%', '$' using errcode = '42501'; end $x$;",
        "DO $x$ begin assert 1 = 2, '$'; end $x$;",
        // What is no row, and may hold anything.
        "COMMENT ON TABLE public.gone IS '$';",
        "SECURITY LABEL FOR gone ON TABLE public.t IS '$';",
        "SET app.x TO '$' '$';",
        "ALTER SYSTEM SET work_mem = '$';",
        "ALTER ROLE gone SET app.x = '$';",
        "ALTER ROLE gone PASSWORD '$';",
        "CREATE USER MAPPING FOR postgres SERVER gone OPTIONS (a '$');",
        "CREATE SERVER x FOREIGN DATA WRAPPER gone OPTIONS (a '$');",
        "CREATE SUBSCRIPTION x CONNECTION 'password=$' PUBLICATION p WITH (gone = 1);",
        "ALTER TABLE public.t ADD CONSTRAINT c CHECK (a = '$' AND gone = '$');",
        "PREPARE TRANSACTION '$';",
        "NOTIFY \"$\", '$' x;",
        "VALUES ('$'::integer);",
        // psql's own.
        "\\echo $\n\\warn $\n\\qecho $",
        "\\set x '$'\nSELECT :'x'::integer;",
        "\\$ $",
        "\\! echo psql:1: ERROR:  $ >&2",
        "\\warn psql:<stdin>:3: ERROR:  $",
        "\\warn pg_restore: error: $",
        "$ $\t$;",
        "'$",
        "';",
    ] {
        let value = next();
        writeln!(text, "{}", wrong.replace("$x$", "\u{1}").replace('$', &value).replace('\u{1}', "$x$")).unwrap();
    }
    // Rows that psql takes for statements, because there is no such table.
    text.push_str("COPY public.nowhere (a, b) FROM stdin;\n");
    for row in [
        "1\t$",
        "$",
        "select $",
        "select '$';",
        "create table $ (a $);",
        "drop role $;",
        "\\$ $",
        "grant $ to $;",
        "copy $ from stdin;",
        "\"$\";",
        "alter role $ password '$';",
        "set $ = $;",
        "comment on table $ is '$';",
        "begin; $; commit;",
        "do $$$ $;",
    ] {
        writeln!(text, "{}", row.replace('$', &next())).unwrap();
    }
    text.push_str("\\.\n;\n");
    let long = "x".repeat(10_000);
    writeln!(text, "INSERT INTO public.t (n) VALUES ('{}{long}');", next()).unwrap();
    writeln!(text, "COPY public.t (n) FROM stdin;\n{long}{}\n\\.", next()).unwrap();
    let mut script = text.into_bytes();
    script.extend(b"SET client_encoding = 'LATIN1';\nINSERT INTO public.t (n) VALUES ('\xe4c4n4ry\xff');\n");
    script.extend(b"COPY public.t (n) FROM stdin;\n\xfcc4n4ry\n\\.\n");
    script.extend(b"SET client_encoding = 'SJIS';\nINSERT INTO public.t (n) VALUES ('\x83\x5cc4n4ry');\n");
    script.extend(b"SET client_encoding = 'UTF8';\nINSERT INTO public.t (n) VALUES ('\xff c4n4ry');\n");
    script
}

#[test]
fn no_value_stands_in_any_output_wherever_it_stands_in_the_dump() {
    everything_is_masked(&[18]);
    // And where they may be shown, they are.
    let said = said_by(&Home::new(), &everywhere(), &bare("bare", 15), &["--show-data"]);
    said.ran.expect(1);
    assert!(said.all.contains(CANARY), "{}", said.ran.json);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_no_value_stands_in_any_output_in_an_older_major_either() {
    everything_is_masked(&[13, 15, 17]);
}

fn everything_is_masked(majors: &[u16]) {
    let home = Home::new();
    for &major in majors {
        let said = said_by(&home, &everywhere(), &bare("bare", major), &[]);
        said.ran.expect(1);
        said.holds_none_of(&[CANARY, NUMBER]);
        said.holds(&[
            "invalid input syntax for type integer: \"‹masked›\"",
            "invalid input value for enum mood: \"‹masked›\"",
            "column \"nope\" of relation \"t\" does not exist",
            "relation \"public.nowhere\" does not exist",
            "relation \"public.gone\" does not exist",
        ]);
    }
}

#[test]
fn keywords_names_and_oids_are_shown_where_they_are_the_point() {
    let home = Home::new();
    let script = "CREATE TABLE public.people (id integer, \"Full Name\" text);
INSERT INTO public.people VALUES (1, 'x');
CREATE VIEW public.v AS SELECT FROM FROM public.people;
ALTER TABLE public.people ADD COLUMN;
ALTER LARGE OBJECT 16411 OWNER TO postgres;
ALTER TABLE public.people ALTER \"Full Name\" TYPE integer USING length(\"No Name\");
ALTER TABLE public.people ADD FOREIGN KEY (id) REFERENCES public.others (id);
CREATE INDEX people_key ON public.people USING gone (id);
";
    let said = said_by(&home, script.as_bytes(), &bare("bare", 17), &[]);
    said.ran.expect(1);
    said.holds(&[
        "syntax error at or near \"FROM\"",
        "syntax error at or near \";\"",
        "large object 16411 does not exist",
        "column \"No Name\" does not exist",
        "relation \"public.others\" does not exist",
        "access method \"gone\" does not exist",
    ]);
}

#[test]
fn a_setting_from_the_environment_is_in_the_sandbox_and_nowhere_else() {
    let home = Home::new();
    let there = "SELECT length(current_setting('app.key')) = 20 AND current_setting('work_mem') = '7MB'";
    let profile = format!(
        "{}cluster:\n  settings: {{app.key: '${{APP_KEY}}', work_mem: 7MB}}\n\
         database:\n  settings: {{app.other: 'x${{APP_KEY}}'}}\nchecks:\n  queries:\n{}",
        bare("secret", 15),
        query(there, "'= t'", "")
    );
    let secret = "c4n4ry 'it's' \\ done";
    let path = home.profile(&profile);
    let script = "CREATE TABLE public.t (a integer);\nINSERT INTO public.t VALUES (1);\n\
                  SELECT pg_catalog.pg_sleep(5) AS waiting;\nALTER DATABASE app SET work_mem = 'x';\n";
    let dump = home.file("slow.sql", script);
    let child = home.start(home.command(&dump, &[&path]).env("APP_KEY", secret));
    let container = home.wait_for_query("waiting");
    let mut seen = docker::lines(&["inspect", &container]).join("\n");
    seen.push_str(&docker::lines(&["top", &container, "-eo", "pid,args"]).join("\n"));
    seen.push_str(&docker::lines(&["logs", &container]).join("\n"));
    let processes = Command::new("ps").args(["-eo", "pid,args"]).output().unwrap();
    seen.push_str(&String::from_utf8_lossy(&processes.stdout));
    assert!(!seen.contains(CANARY), "{seen}");
    let ran = home.wait(child);
    for text in [&ran.stdout, &ran.stderr, &ran.json] {
        assert!(!text.contains(CANARY), "{text}");
    }
    assert!(!ran.names().contains(&"query-failed"), "{}", ran.json);

    let shown = home.program().env("APP_KEY", secret).args(["profiles", "show"]).arg(&path).output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("${APP_KEY}") && !shown.contains(CANARY), "{shown}");
    // A server that does not start says why, without it.
    let profile = format!("{}cluster: {{settings: {{work_mem: '${{APP_KEY}}'}}}}\n", bare("wrong", 15));
    let path = home.profile(&profile);
    let dump = home.file("small.sql", "CREATE TABLE public.t (a integer);\n");
    let ran = home.finish(home.command(&dump, &[&path]).env("APP_KEY", "c4n4ry"));
    ran.expect(3);
    for text in [&ran.stdout, &ran.stderr, &ran.json] {
        assert!(!text.contains(CANARY), "{text}");
    }
    assert!(ran.json.contains("work_mem"), "{}", ran.json);
}
