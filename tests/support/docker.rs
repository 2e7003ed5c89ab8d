//! Docker as a bystander sees it, through its own command, and straight from its socket where tests ask all the time.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Where the engine listens, unless `DOCKER_HOST` names another socket.
pub const SOCKET: &str = "/var/run/docker.sock";

/// What a `docker` command prints, without white space around it.
pub fn output(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().expect("docker is installed");
    assert!(output.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Whether a `docker` command succeeds.
pub fn succeeds(arguments: &[&str]) -> bool {
    Command::new("docker").args(arguments).output().expect("docker is installed").status.success()
}

/// What the engine answers to `GET path`; `None` where there is no such thing. Starting the `docker` command would cost more
/// than all else that a test asks.
fn get(path: &str) -> Option<Value> {
    let host = std::env::var("DOCKER_HOST").unwrap_or_else(|_| format!("unix://{SOCKET}"));
    let socket = host.strip_prefix("unix://").expect("these tests need an engine with a socket");
    let mut stream = UnixStream::connect(socket).expect("Docker listens");
    // In this version of HTTP an answer ends with its connection, and comes in one piece.
    write!(stream, "GET /v1.41{path} HTTP/1.0\r\nHost: docker\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8(answer).expect("Docker answers in UTF-8");
    let (head, body) = answer.split_once("\r\n\r\n").expect("Docker speaks HTTP");
    match head.split(' ').nth(1) {
        Some("200") => Some(serde_json::from_str(body).expect("Docker answers in JSON")),
        Some("404") => None,
        _ => panic!("GET {path}: {answer}"),
    }
}

/// `?filters=` for what bears a label `NAME=VALUE`, or just `NAME`.
fn with_label(label: &str) -> String {
    let json = serde_json::json!({ "label": [label] }).to_string();
    let encoded: String = json.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("filters={encoded}")
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn texts<'a>(list: &'a Value, key: &str) -> Vec<&'a str> {
    items(list).map(|item| item[key].as_str().expect("it has a name")).collect()
}

/// What the engine says of a container, an image or a volume; `None` where there is no such thing.
pub fn inspect(kind: &str, name: &str) -> Option<Value> {
    match kind {
        "volume" => get(&format!("/volumes/{name}")),
        _ => get(&format!("/{kind}s/{name}/json")),
    }
}

/// Containers that bear a label `NAME=VALUE`, running or not.
pub fn containers(label: &str) -> Vec<String> {
    let list = get(&format!("/containers/json?all=1&{}", with_label(label))).unwrap_or_default();
    texts(&list, "Id").into_iter().map(str::to_owned).collect()
}

/// Volumes that bear a label.
pub fn volumes(label: &str) -> Vec<String> {
    let list = get(&format!("/volumes?{}", with_label(label))).unwrap_or_default();
    texts(&list["Volumes"], "Name").into_iter().map(str::to_owned).collect()
}

/// Networks that bear a label.
pub fn networks(label: &str) -> Vec<String> {
    let list = get(&format!("/networks?{}", with_label(label))).unwrap_or_default();
    texts(&list, "Name").into_iter().map(str::to_owned).collect()
}

/// Images that bear a label, with all their labels.
pub fn images(label: &str) -> Vec<(String, Value)> {
    let list = get(&format!("/images/json?{}", with_label(label))).unwrap_or_default();
    let name = |image: &Value| image["RepoTags"][0].as_str().or(image["Id"].as_str()).unwrap_or_default().to_owned();
    items(&list).map(|image| (name(image), image["Labels"].clone())).collect()
}

pub fn lines(arguments: &[&str]) -> Vec<String> {
    output(arguments).lines().map(str::to_owned).collect()
}

/// Asks again and again until there is an answer.
pub fn wait_for<T>(what: &str, limit: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(began.elapsed() < limit, "{what} did not happen within {limit:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
