//! A dump is untrusted code: how tight its sandbox is, seen from outside, and what a dump that tries to get out achieves.

use std::fs;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Home, bare, docker, dump, images, unrestricted, with_statements};

const MIB: i64 = 1 << 20;

/// A profile whose one query takes long enough to look at the containers meanwhile.
fn looked_at(rest: &str) -> String {
    format!(
        "{}limits: {{memory: 768MiB, cpus: 1.5, pids: 200, shm: 96MiB, timeout: 5m}}\n\
         checks: {{queries: [{{name: slow, sql: SELECT pg_sleep(4), expect: not empty}}]}}\n{rest}",
        bare("seen", 17)
    )
}

#[track_caller]
fn assert_confined(container: &Value) {
    let host = &container["HostConfig"];
    assert_eq!(host["CapDrop"], json!(["ALL"]));
    assert!(host["CapAdd"].as_array().is_none_or(Vec::is_empty), "{}", host["CapAdd"]);
    assert_eq!(host["SecurityOpt"], json!(["no-new-privileges:true"]));
    assert_eq!(host["Privileged"], false);
    assert_eq!(host["ReadonlyRootfs"], true);
    assert_eq!(container["Config"]["User"], "postgres");
    assert_eq!(host["Memory"], 768 * MIB);
    assert_eq!(host["MemorySwap"], 768 * MIB, "it may swap");
    assert_eq!(host["NanoCpus"], 1_500_000_000_i64);
    assert_eq!(host["PidsLimit"], 200);
    assert_eq!(host["IpcMode"], "private");
    assert_eq!(host["PidMode"], "");
    assert!(host["PortBindings"].as_object().is_none_or(serde_json::Map::is_empty), "{}", host["PortBindings"]);
    assert!(host["Devices"].as_array().is_none_or(Vec::is_empty), "{}", host["Devices"]);
    for mount in container["Mounts"].as_array().unwrap() {
        let is_volume = mount["Type"] == "volume" && mount["Name"].as_str().unwrap().starts_with("pgrehearse-");
        let is_dump = mount["Type"] == "bind" && mount["RW"] == false && mount["Destination"] == "/pgrehearse/input";
        assert!(is_volume || is_dump, "{mount}");
    }
}

#[test]
fn a_sandbox_has_no_network_no_capabilities_a_read_only_root_and_the_profile_s_limits() {
    let home = Home::new();
    let profile = home.profile(&looked_at(""));
    let child = home.start(&mut home.command(&dump(17, "small.dump"), &[&profile]));
    let id = home.wait_for_query("pg_sleep");
    let container = docker::inspect("container", &id).unwrap();
    let users = docker::output(&["top", &id, "-eo", "uid,pid,args"]);
    home.wait(child).expect(0);
    home.assert_nothing_left();

    assert_confined(&container);
    assert_eq!(container["HostConfig"]["NetworkMode"], "none");
    assert_eq!(container["HostConfig"]["ShmSize"], 96 * MIB);
    let networks: Vec<&String> = container["NetworkSettings"]["Networks"].as_object().unwrap().keys().collect();
    assert_eq!(networks, ["none"]);
    assert!(users.lines().skip(1).all(|line| line.split_whitespace().next() != Some("0")), "{users}");
}

#[test]
fn a_client_of_another_version_is_confined_as_its_server_is() {
    let home = Home::new();
    let profile = home.profile(&looked_at("restore: {client: 18}\n"));
    let child = home.start(&mut home.command(&dump(17, "small.dump"), &[&profile]));
    home.wait_for_query("pg_sleep");
    let ids = docker::containers(&home.label());
    let mut containers: Vec<Value> = ids.iter().map(|id| docker::inspect("container", id).unwrap()).collect();
    // Who measures the disk, in which nothing of a dump runs, is looked at elsewhere.
    containers.retain(|container| container["Config"]["User"] != "root");
    home.wait(child).expect(0);
    home.assert_nothing_left();

    let (client, server): (Vec<&Value>, Vec<&Value>) =
        containers.iter().partition(|container| container["HostConfig"]["NetworkMode"] != "none");
    assert_eq!((client.len(), server.len()), (1, 1), "{ids:?}");
    assert_confined(server[0]);
    assert_confined(client[0]);
    let expected = format!("container:{}", server[0]["Id"].as_str().unwrap());
    assert_eq!(client[0]["HostConfig"]["NetworkMode"], expected.as_str());
}

#[test]
fn a_program_that_an_archive_runs_on_the_server_gets_nowhere() {
    archive_gets_nowhere(&[18]);
}

#[test]
#[ignore = "in more majors: scripts/test --full"]
fn full_a_program_that_an_archive_runs_on_the_server_gets_nowhere() {
    archive_gets_nowhere(&[17, 18]);
}

fn archive_gets_nowhere(majors: &[u16]) {
    let home = Home::new();
    let path = home.file("dumps/escape.dump", fs::read(dump(17, "escape.dump")).unwrap());
    let before = fs::read(&path).unwrap();
    for major in majors.iter().copied() {
        let profile = format!(
            "{}checks:\n  queries:\n    - name: nothing but what was tried\n      sql: SELECT line FROM escape.said\n      \
             expect: [tried, 'CapPrm:{none}CapEff:{none}CapBnd:{none}', 'NoNewPrivs:1', user postgres]\n",
            bare("prison", major),
            none = "0000000000000000",
        );
        let ran = home.run_with(&path, &[&profile], &["--show-data"]);
        // The rows that the program wrote are none of the dump's, and nothing else is wrong.
        ran.expect(1);
        let names: Vec<&str> = ran.only().findings().map(|finding| finding.name.as_str()).collect();
        assert_eq!(names, ["rows-extra"], "{}", ran.json);
    }
    assert_eq!(fs::read(&path).unwrap(), before, "the dump was written to");
    assert_eq!(fs::read_dir(home.path("dumps")).unwrap().count(), 1, "something lies beside the dump");
}

/// Listens on every address of this machine and counts who comes.
fn listener() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        for _ in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (port, count)
}

/// The addresses by which a container on Docker's own network, and this machine, reach this machine.
fn addresses() -> Vec<String> {
    let mut addresses = vec!["127.0.0.1".to_owned()];
    let format = "{{range .IPAM.Config}}{{.Gateway}} {{end}}";
    addresses.extend(
        docker::output(&["network", "inspect", "bridge", "--format", format]).split_whitespace().map(str::to_owned),
    );
    if let Ok(output) = std::process::Command::new("hostname").arg("-I").output() {
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        addresses.extend(text.split_whitespace().filter(|address| !address.contains(':')).map(str::to_owned));
    }
    addresses
}

#[test]
fn a_plain_dump_with_shell_commands_and_connections_gets_nowhere_and_has_a_verdict() {
    let home = Home::new();
    let (port, connections) = listener();
    let addresses = addresses().join(" ");
    let connect =
        format!("for a in {addresses}; do timeout 2 bash -c \"exec 3<>/dev/tcp/$a/{port}\" 2>/dev/null; done");
    let mut statements = format!(
        r#"\! {connect}; touch /escaped /etc/escaped /pgrehearse/input/escaped 2>/dev/null
\! psql -X -q -U postgres -d app -c "INSERT INTO public.people (name) VALUES ('tried a shell')"
\copy public.people (name) TO PROGRAM 'cat >/escaped'
SELECT 1 \g | cat >/escaped
\o /escaped
\o
CREATE TABLE public.said (line text);
COPY public.said FROM PROGRAM 'bash /dev/stdin <<"END"
{connect}
touch /escaped /etc/escaped 2>/dev/null && echo escaped
echo tried a program
END';
CREATE EXTENSION dblink;
"#
    );
    for address in addresses.split(' ') {
        statements.push_str(&format!(
            "SELECT public.dblink_connect('hostaddr={address} port={port} user=x connect_timeout=2');\n"
        ));
    }
    let text = unrestricted(&with_statements(&dump(17, "small.sql"), &statements));
    let path = home.file("dumps/escape.sql", &text);
    let profile = format!(
        "{}checks:\n  queries:\n    \
         - {{name: shell, sql: \"SELECT count(*) FROM people WHERE name = 'tried a shell'\", expect: 1}}\n    \
         - {{name: program, sql: SELECT line FROM said, expect: [tried a program]}}\n",
        bare("prison", 17)
    );
    let ran = home.run(&path, &[&profile]);
    // The connections were refused, which are errors of the dump; what it tried is all there.
    ran.expect(1);
    assert!(!ran.names().contains(&"query-failed"), "{}", ran.json);
    assert_eq!(connections.load(Ordering::SeqCst), 0, "something came out of the sandbox");
    assert_eq!(fs::read_to_string(&path).unwrap(), text, "the dump was written to");
    assert_eq!(fs::read_dir(home.path("dumps")).unwrap().count(), 1, "something lies beside the dump");

    // The listener does count: this is one who comes.
    drop(std::net::TcpStream::connect(("127.0.0.1", port)).unwrap());
    docker::wait_for("a connection", Duration::from_secs(5), || {
        (connections.load(Ordering::SeqCst) == 1).then_some(())
    });
}

#[test]
fn a_dump_that_takes_its_sandbox_apart_is_untested_and_nothing_is_left() {
    let home = Home::new();
    for statements in [
        "COPY public.people (name) FROM PROGRAM 'kill -9 -1';",
        "COPY public.people (name) FROM PROGRAM 'kill -QUIT 1; kill -QUIT $(head -1 /pgrehearse/data/pgdata/postmaster.pid); sleep 5';",
        "COPY public.people (name) FROM PROGRAM 'rm -rf /pgrehearse/data/*';",
    ] {
        let path = home.file("suicide.sql", with_statements(&dump(17, "small.sql"), statements));
        let ran = home.run(&path, &[&bare("plain", 17)]);
        assert_ne!(ran.code, Some(0), "{statements}: {}", ran.json);
        assert_eq!(ran.only().findings().filter(|finding| finding.name.as_str() == "sequence-behind").count(), 0);
    }
}

#[test]
fn a_dump_that_only_its_owner_may_read_is_read_where_it_lies() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new();
    let path = home.file("private.dump", fs::read(dump(17, "small.dump")).unwrap());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    home.run(&path, &[&bare("plain", 17)]).expect(0);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let directory = home.path("private.dir");
    let copied =
        std::process::Command::new("cp").arg("-r").arg(dump(17, "small.dir")).arg(&directory).status().unwrap();
    assert!(copied.success());
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o700)).unwrap();
    home.run(&directory, &[&bare("plain", 17)]).expect(0);
}

#[test]
fn an_image_that_nobody_has_is_untested_with_what_to_do() {
    let home = Home::new();
    let profile = format!("name: nowhere\nimage: {}-nowhere:17\n", images::REPOSITORY);
    let ran = home.run(&dump(17, "small.dump"), &[&profile]);
    ran.expect(3);
    assert!(ran.only().untested[0].contains("--image-repository"), "{:?}", ran.only().untested);
    assert_eq!(ran.only().restore, None);
}
