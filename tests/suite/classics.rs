//! The three failures that only a restore shows: roles, sequences, encoding. Each where it must fire and where it must
//! not.

use std::fs;

use pgrehearse::rehearsal::Verdict;

use crate::support::home::{assert_every_check_looked, findings};
use crate::support::several::of_target;
use crate::support::{Home, MAJORS, Ran, SHOP_ROLES, bare, dump, matching, shared, with_statements};

const HOSTILE_ROLE: &str = "  - {name: 'Bücher \"und\" книги; --'}\n";

const LATIN1: &str = "cluster: {encoding: LATIN1, locale: C}\n";

/// A target for `three.dump` that lacks the owner of its tables, has no room for its text, and whose restoring role may
/// act for the owner of its sequence only after SET ROLE.
const BROKEN: &str = "name: broken
postgres: 13
cluster: {encoding: LATIN1, locale: C}
roles:
  - {name: shop_billing}
  - {name: master, login: true, inherit: false, member_of: [shop_billing]}
database: {name: app, owner: master}
restore: {as: master}
";

#[test]
fn a_missing_role_a_sequence_behind_and_a_latin1_target_are_three_findings_with_their_fixes() {
    let home = Home::new();
    let ran = home.run(&dump(13, "three.dump"), &[BROKEN]);
    ran.expect(1);

    let role = ran.finding("role-missing");
    assert_eq!(role.title, "role \"shop_owner\" does not exist in this target");
    assert_eq!(role.commands, ["CREATE ROLE \"shop_owner\";"]);
    assert_eq!(role.objects, ["TABLE public.invoices", "TABLE public.notes"]);

    let sequence = ran.finding("sequence-behind");
    assert_eq!(sequence.objects, ["SEQUENCE public.invoice_numbers"]);
    assert_eq!(sequence.commands, ["SELECT pg_catalog.setval('\"public\".\"invoice_numbers\"', 40, true);"]);

    let encoding = ran.finding("encoding-unrepresentable");
    assert!(encoding.title.contains("LATIN1"), "{}", encoding.title);
    assert!(encoding.commands[0].contains("ENCODING 'UTF8'"), "{:?}", encoding.commands);

    for name in ["role-missing", "sequence-behind", "encoding-unrepresentable"] {
        assert!(ran.stdout.contains(name), "the terminal report does not name {name}:\n{}", ran.stdout);
    }
    assert!(ran.stdout.contains("CREATE ROLE \"shop_owner\";"), "{}", ran.stdout);
}

#[test]
fn the_same_dump_passes_on_a_matching_target() {
    three_pass(13);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_the_same_dump_passes_on_a_matching_target_of_a_newer_major() {
    three_pass(17);
}

fn three_pass(major: u16) {
    let home = Home::new();
    let ran = home.run(&dump(13, "three.dump"), &[&matching("matching", major)]);
    ran.expect(0);
    assert_eq!(ran.only().findings().count(), 0, "{}", ran.json);
    assert_every_check_looked(ran.only());
}

#[test]
fn the_same_dump_is_untested_when_the_engine_is_stopped() {
    let home = Home::new();
    let profile = home.profile(&matching("twin", 13));
    let mut command = home.command(&dump(13, "three.dump"), &[&profile]);
    let ran = home.ran_to_end(command.env("DOCKER_HOST", "unix:///nonexistent/docker.sock"));
    ran.expect(3);
    assert!(ran.stdout.contains("untested"), "{}", ran.stdout);
    assert!(ran.only().untested[0].contains("/nonexistent/docker.sock"), "{:?}", ran.only().untested);
}

// Roles

/// The shop in a target without any role, and in one that lacks only the role of one of its table's two policies. Both fail.
fn shop_without_roles(file: &str) -> (Ran, Ran) {
    let ran = shared::run(&format!("shop-without-roles-{}", file.replace('.', "-")), |home| {
        let no_report = matching("no-report", 17)
            .replace(", member_of: [shop_report]", "")
            .replace("  - {name: shop_report}\n", "");
        home.run(&dump(17, file), &[&bare("empty", 17), &no_report])
    });
    ran.expect(1);
    let of = |target: &str| {
        let ran = of_target(&ran, target);
        assert_eq!(ran.only().verdict, Verdict::Fail);
        ran
    };
    (of("empty"), of("no-report"))
}

#[test]
fn every_missing_role_is_one_finding_however_many_statements_name_it() {
    for file in ["shop.dump", "shop.sql"] {
        let (ran, _) = shop_without_roles(file);
        let missing = findings(ran.only(), "role-missing");
        let mut titles: Vec<&str> = missing.iter().map(|finding| finding.title.as_str()).collect();
        titles.sort_unstable();
        let roles = ["Bücher \\\"und\\\" книги; --", "shop_app", "shop_billing", "shop_owner", "shop_report"];
        let expected: Vec<String> =
            roles.iter().map(|role| format!("role \"{role}\" does not exist in this target")).collect();
        assert_eq!(titles, expected);
        let owner = missing.iter().find(|finding| finding.title.contains("shop_owner")).unwrap();
        assert!(owner.count > 20, "{}", owner.count);
        let hostile = missing.iter().find(|finding| finding.title.contains("книги")).unwrap();
        assert_eq!(hostile.commands, ["CREATE ROLE \"Bücher \"\"und\"\" книги; --\";"]);
        // A function is left to the superuser; and pg_restore, which sends a REVOKE and a GRANT as one, opens it to all.
        let mut expected = vec!["policy-lost", "rls-bypassed", "role-missing", "security-definer-owner-changed"];
        if file == "shop.dump" {
            expected.insert(1, "privileges-wider");
        }
        assert_eq!(ran.names(), expected, "{}", ran.json);
    }
}

#[test]
fn a_policy_whose_role_is_missing_is_lost_and_says_what_its_table_is_left_with() {
    for file in ["shop.dump", "shop.sql"] {
        let (empty, no_report) = shop_without_roles(file);
        let lost = no_report.finding("policy-lost");
        assert_eq!(lost.objects, ["POLICY reads \"all\"; -- ON shop.orders TO shop_report"]);
        assert_eq!(lost.evidence, ["shop.orders keeps row level security on with 1 of its policies"]);
        assert_eq!(lost.commands, ["CREATE ROLE \"shop_report\";"]);

        let lost = empty.finding("policy-lost");
        assert_eq!(lost.count, 2);
        assert!(lost.evidence[0].contains("on with no policy"), "{:?}", lost.evidence);
    }
}

#[test]
fn options_that_leave_out_owners_and_privileges_are_reported_with_what_they_changed() {
    let home = Home::new();
    let profile = format!("{}restore: {{options: [--no-owner, --no-privileges]}}\n", matching("twin", 17));
    let ran = home.run(&dump(17, "shop.dump"), &[&profile]);
    // The new owner, a superuser, bypasses the policies of shop.orders.
    ran.expect(1);
    let names = [
        "ownership-changed",
        "privileges-changed",
        "privileges-wider",
        "rls-bypassed",
        "security-definer-owner-changed",
    ];
    assert_eq!(ran.names(), names);
    let owners = findings(ran.only(), "ownership-changed");
    assert!(owners.iter().any(|finding| finding.objects.contains(&"TABLE shop.orders".to_owned())), "{owners:?}");
    assert!(owners.iter().all(|finding| finding.title.ends_with("to \"postgres\"")), "{owners:?}");
    let privileges = findings(ran.only(), "privileges-changed");
    let balance = "FUNCTION shop.balance(of_customer integer, \"and \"\"more\"\"\" text)";
    assert!(privileges.iter().any(|finding| finding.objects.iter().any(|object| object == balance)), "{privileges:?}");
    let wider = ran.finding("privileges-wider");
    assert_eq!(wider.objects, [balance]);
    assert_eq!(wider.evidence[0], format!("PUBLIC gains EXECUTE on {balance}"));
    assert_eq!(ran.finding("rls-bypassed").objects, ["TABLE shop.orders"]);
    assert!(
        ran.only().notices.iter().any(|notice| notice.contains("--no-owner --no-privileges")),
        "{:?}",
        ran.only().notices
    );
}

#[test]
fn policies_that_name_a_missing_role_are_lost_without_owners_and_privileges_too() {
    let home = Home::new();
    let profile = format!("{}restore: {{options: [-O, -x]}}\n", bare("empty", 17));
    let ran = home.run(&dump(17, "shop.dump"), &[&profile]);
    ran.expect(1);
    assert_eq!(ran.finding("policy-lost").count, 2);
    let missing = findings(ran.only(), "role-missing");
    assert_eq!(missing.len(), 2, "only the policies name roles: {missing:?}");
}

// Sequences

/// Sequences that are behind, in their own major.
pub fn behind(major: u16) -> Ran {
    shared::run(&format!("behind-{major}"), |home| home.run(&dump(major, "behind.dump"), &[&bare("plain", major)]))
}

/// A sequence at its end.
pub fn exhausted() -> Ran {
    shared::run("exhausted", |home| home.run(&dump(17, "exhausted.dump"), &[&bare("plain", 17)]))
}

/// Sequences and keys that are well, in their own major.
pub fn healthy(major: u16) -> Ran {
    shared::run(&format!("healthy-{major}"), |home| home.run(&dump(major, "healthy.dump"), &[&bare("plain", major)]))
}

#[test]
fn every_sequence_that_would_collide_is_found_with_the_setval_to_run() {
    colliding_sequences_are_found(&[18]);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_every_sequence_that_would_collide_is_found_with_the_setval_to_run_in_every_major() {
    colliding_sequences_are_found(&MAJORS);
}

fn colliding_sequences_are_found(majors: &[u16]) {
    for &major in majors {
        let ran = behind(major);
        // The dump's own setval has them so: a warning.
        ran.expect(0);
        assert_eq!(ran.names(), ["sequence-behind"]);
        let mut commands: Vec<&str> =
            ran.only().findings().flat_map(|finding| &finding.commands).map(String::as_str).collect();
        commands.sort_unstable();
        let setval = |sequence: &str, value: i64| {
            format!("SELECT pg_catalog.setval('\"public\".\"{sequence}\"', {value}, true);")
        };
        let mut expected = vec![
            setval("Größe; --_It''s_seq", 2),
            // It turns around to 1, which is held, as 2 and 3 are.
            setval("around", 3),
            setval("by_identity_id_seq", 7),
            setval("by_serial_id_seq", 5),
            setval("downwards", -8),
            // 10 is never met in steps of two from 5.
            setval("in_twos", 9),
            setval("never_used_id_seq", 3),
            setval("not_called_id_seq", 4),
            setval("unowned", 6),
        ];
        expected.sort_unstable();
        assert_eq!(commands, expected, "PostgreSQL {major}");
    }
}

#[test]
fn a_sequence_whose_last_value_is_the_largest_and_was_not_called_is_explained() {
    let ran = behind(18);
    let all = findings(ran.expect(0).only(), "sequence-behind");
    let trap = all.iter().find(|finding| finding.objects == ["SEQUENCE public.not_called_id_seq"]).unwrap();
    assert!(trap.evidence.iter().any(|line| line.contains("is_called is false")), "{trap:?}");
}

/// As those that are written to a file do, which the fixes' tests run.
#[test]
#[ignore = "by the commands that are shown: scripts/test --full"]
fn full_after_the_setval_of_each_finding_no_sequence_is_behind() {
    let home = Home::new();
    let ran = behind(18);
    let commands: Vec<&str> = ran.only().findings().flat_map(|finding| &finding.commands).map(String::as_str).collect();
    let mended = home.file("mended.sql", with_statements(&dump(18, "behind.sql"), &commands.join("\n")));
    home.run(&mended, &[&bare("plain", 18)]).expect(0);
}

#[test]
fn healthy_sequences_are_no_findings() {
    healthy_are_no_findings(&[13]);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_healthy_sequences_are_no_findings_in_any_major() {
    healthy_are_no_findings(&MAJORS);
}

fn healthy_are_no_findings(majors: &[u16]) {
    for &major in majors {
        let ran = healthy(major);
        ran.expect(0);
        assert_eq!(ran.names(), Vec::<&str>::new());
        assert_every_check_looked(ran.only());
    }
}

#[test]
fn a_sequence_at_its_end_is_a_finding_of_its_own() {
    let ran = exhausted();
    ran.expect(0);
    assert_eq!(ran.names(), ["sequence-exhausted"]);
    assert_eq!(ran.finding("sequence-exhausted").objects, ["SEQUENCE public.short"]);
}

// Encoding

#[test]
fn text_that_a_latin1_target_has_no_room_for_is_found() {
    latin1_has_no_room(&[17]);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_text_that_a_latin1_target_has_no_room_for_is_found_in_the_oldest_major() {
    latin1_has_no_room(&[13]);
}

fn latin1_has_no_room(majors: &[u16]) {
    let home = Home::new();
    for &major in majors {
        // A role whose name it has no room for cannot be there.
        let profile = format!("{}{LATIN1}", matching("latin", major)).replace(HOSTILE_ROLE, "");
        let ran = home.run(&dump(major, "shop.dump"), &[&profile]);
        ran.expect(1);
        let finding = ran.finding("encoding-unrepresentable");
        assert!(finding.count > 1, "{finding:?}");
        assert!(finding.objects.iter().any(|object| object.contains("customers")), "{finding:?}");
        // Whatever else failed did so because of it; and a role is missing that only lost objects name.
        let failing: Vec<&str> =
            ran.only().findings().filter(|finding| finding.fails()).map(|finding| finding.name.as_str()).collect();
        assert_eq!(failing, ["encoding-unrepresentable", "role-missing"], "{}", ran.json);
    }
}

/// A target with little room for text, as its profile says it.
pub fn latin1() -> String {
    format!("{}{LATIN1}", bare("latin", 17))
}

/// What a restore of text that fits it says, which the tests of `inspect` look at too.
pub fn small_in_latin1() -> Ran {
    shared::run("classics-small-latin", |home| home.run(&dump(17, "small.dump"), &[&latin1()]))
}

#[test]
fn text_that_fits_a_latin1_target_passes() {
    let ran = small_in_latin1();
    ran.expect(0);
    assert_eq!(ran.names(), ["locale-differs"]);
}

#[test]
fn text_that_a_sql_ascii_target_stores_as_bytes_is_found() {
    sql_ascii_stores_bytes(&[17]);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_text_that_a_sql_ascii_target_stores_as_bytes_is_found_in_an_older_major() {
    sql_ascii_stores_bytes(&[15]);
}

fn sql_ascii_stores_bytes(majors: &[u16]) {
    let home = Home::new();
    for &major in majors {
        let profile = format!("{}cluster: {{encoding: SQL_ASCII, locale: C}}\n", bare("bytes", major));
        let ran = home.run(&dump(major, "small.dump"), &[&profile]);
        ran.expect(1);
        assert_eq!(ran.names(), ["encoding-unverified", "locale-differs"]);
        let finding = ran.finding("encoding-unverified");
        assert_eq!(finding.objects, ["TABLE public.people"]);
        assert_eq!(ran.only().restore.as_ref().unwrap().errors, 0, "it is silent");
    }
}

#[test]
fn a_sql_ascii_target_passes_where_the_text_is_ascii() {
    let home = Home::new();
    let profile = format!("{}cluster: {{encoding: SQL_ASCII, locale: C}}\n", bare("bytes", 17));
    home.run(&dump(17, "healthy.dump"), &[&profile]).expect(0);
}

#[test]
fn a_sql_ascii_dump_that_leaves_a_utf8_database_with_invalid_text_is_found() {
    invalid_text_is_found(&[(17, "ascii.dump")]);
}

#[test]
#[ignore = "the whole product of majors and forms: scripts/test --full"]
fn full_a_sql_ascii_dump_that_leaves_a_utf8_database_with_invalid_text_is_found_in_text_and_in_an_older_major() {
    invalid_text_is_found(&[(15, "ascii.dump"), (17, "ascii.sql")]);
}

fn invalid_text_is_found(dumps: &[(u16, &str)]) {
    let home = Home::new();
    for &(major, file) in dumps {
        let ran = home.run(&dump(major, file), &[&format!("{}cluster: {{locale: C}}\n", bare("utf8", major))]);
        ran.expect(1);
        assert_eq!(ran.names(), ["encoding-invalid-bytes"], "{major} {file}");
        let finding = ran.finding("encoding-invalid-bytes");
        assert_eq!(finding.objects, ["TABLE public.towns"]);
        assert_eq!(ran.only().restore.as_ref().unwrap().errors, 0, "it is silent");
    }
}

#[test]
fn the_inserts_of_a_sql_ascii_dump_fail_loudly_for_the_same_reason() {
    let home = Home::new();
    let ran = home.run(&dump(17, "ascii-inserts.sql"), &[&bare("utf8", 17)]);
    ran.expect(1);
    assert_eq!(ran.names(), ["encoding-invalid-bytes"]);
    assert!(ran.only().restore.as_ref().unwrap().errors > 0);
}

#[test]
fn a_server_that_verifies_the_rows_of_a_sql_ascii_dump_refuses_them_for_the_same_reason() {
    let home = Home::new();
    // PostgreSQL 13 verifies what COPY brings; from 14 on it does not.
    let ran = home.run(&dump(13, "ascii.dump"), &[&bare("utf8", 13)]);
    ran.expect(1);
    assert!(ran.finding("encoding-invalid-bytes").count > 0);
    assert!(ran.only().restore.as_ref().unwrap().errors > 0);
}

#[test]
fn a_sql_ascii_dump_passes_in_a_sql_ascii_target() {
    let home = Home::new();
    let profile = format!("{}cluster: {{encoding: SQL_ASCII, locale: C}}\n", bare("bytes", 17));
    home.run(&dump(17, "ascii.dump"), &[&profile]).expect(0);
}

#[test]
fn a_locale_that_differs_is_a_warning_and_no_failure() {
    let home = Home::new();
    let profile = matching("c", 17).replace("roles:", "cluster: {locale: C}\nroles:");
    let ran = home.run(&dump(17, "shop-create.dump"), &[&profile]);
    ran.expect(0);
    assert_eq!(ran.names(), ["locale-differs"]);
}

#[test]
fn a_locale_that_the_target_lacks_is_found_where_the_dump_creates_its_database() {
    let home = Home::new();
    let text = fs::read_to_string(dump(17, "shop-create.sql")).unwrap();
    assert!(text.contains("'C.UTF-8'"));
    let path = home.file("de.sql", text.replace("'C.UTF-8'", "'de_DE.UTF-8'"));
    let profile = format!("name: bare\npostgres: 17\n{SHOP_ROLES}database: {{name: shop}}\n");
    let ran = home.run(&path, &[&profile]);
    ran.expect(1);
    let finding = ran.finding("locale-unavailable");
    assert!(finding.title.contains("de_DE.UTF-8"), "{}", finding.title);
    // The target that has the locale takes it.
    let profile = matching("german", 17).replace("roles:", "cluster: {locales: [de_DE.UTF-8]}\nroles:");
    let ran = home.run(&path, &[&profile]);
    ran.expect(0);
}

#[test]
fn what_is_there_already_and_a_client_that_ends_early_are_named() {
    let home = Home::new();
    let statements = "CREATE TABLE public.more (id int);\nCREATE TABLE public.more (id int);\n\\connect nowhere_at_all";
    let script = home.file("early.sql", with_statements(&dump(17, "small.sql"), statements));
    let ran = home.run(&script, &[&bare("early", 17)]);
    ran.expect(1);
    assert_eq!(ran.finding("object-exists").count, 1, "{}", ran.json);
    assert_eq!(ran.finding("object-exists").severity.label(), "error", "{}", ran.json);
    assert_eq!(ran.finding("client-failed").severity.label(), "error", "{}", ran.json);
}

#[test]
fn a_trigger_that_somebody_switches_off_is_named() {
    let home = Home::new();
    let statements = "CREATE TABLE public.watched (id int);
CREATE FUNCTION public.watch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
--
-- Name: watched watch; Type: TRIGGER; Schema: public; Owner: postgres
--

CREATE TRIGGER watch BEFORE INSERT ON public.watched FOR EACH ROW EXECUTE FUNCTION public.watch();


--
-- Name: DO; Type: DO; Schema: -; Owner: -
--

DO $$BEGIN ALTER TABLE public.watched DISABLE TRIGGER watch; END$$;";
    let script = home.file("switched.sql", with_statements(&dump(17, "small.sql"), statements));
    let ran = home.run(&script, &[&bare("switched", 17)]);
    ran.expect(1);
    assert_eq!(ran.finding("trigger-state-changed").count, 1, "{}", ran.json);
}
