//! Dumps by the real pg_dump of each major, from source clusters that `testcontainers` starts.
//!
//! Nothing of it is committed. The first test that needs a major's dumps starts its source cluster and makes all of
//! them; they stay under `target/` until the image or the files in `source/` change.

use std::path::{Path, PathBuf};

use testcontainers::core::WaitFor;
use testcontainers::runners::AsyncRunner as _;
use testcontainers::{GenericImage, ImageExt as _};

use super::{docker, images, once};

macro_rules! sources {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!("source/", $name)))),*] };
}

const SOURCES: &[(&str, &str)] = sources![
    "make.sh",
    "roles.sql",
    "shop.sql",
    "stock.sql",
    "small.sql",
    "rows.sql",
    "behind.sql",
    "healthy.sql",
    "exhausted.sql",
    "three.sql",
    "ascii.sql",
    "escape.sql",
    "needs.sql",
    "needs13.sql",
    "needs15.sql",
    "needs17.sql",
    "needs18.sql",
    "types.sql",
    "tampered.sql",
    "latin.sql",
    "objects.sql",
    "judged.sql",
    "names.sql",
    "supabase.sql",
    "many.sql",
    "catalog.sql",
    "catalog15.sql",
    "catalog18.sql",
];

/// Runs the source cluster for as long as making the dumps can take, so that nothing stays for long where the test is
/// killed. Its data are in memory: on the file system of a container creating a database takes several times as long.
const SERVER: &str = "initdb -D /data/pg --no-sync -A trust -U postgres -E UTF8 --locale=C.UTF-8 >/dev/null \
    && timeout 600 postgres -D /data/pg -c unix_socket_directories=/tmp -c listen_addresses= -c fsync=off || exit";

/// The path of a dump, by the name that `source/make.sh` gives it.
pub fn dump(major: u16, name: &str) -> PathBuf {
    let path = directory(major).join(name);
    assert!(path.exists(), "source/make.sh makes no {name} for PostgreSQL {major}");
    path
}

/// The directory with all dumps of a major, which are made if they are not there.
fn directory(major: u16) -> PathBuf {
    images::ensure();
    let image = images::id(major);
    let files = SOURCES.iter().flat_map(|(name, text)| [*name, *text]);
    let made_from: Vec<&str> = [image.as_str(), SERVER].into_iter().chain(files).collect();
    once::directory("dumps", &major.to_string(), &made_from, |into| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(make(major, into));
    })
}

async fn make(major: u16, into: &Path) {
    let mut image = GenericImage::new(images::REPOSITORY.to_owned(), major.to_string())
        .with_wait_for(WaitFor::message_on_stderr("database system is ready to accept connections"))
        .with_entrypoint("/bin/sh")
        .with_network("none")
        .with_user("postgres")
        .with_cmd(["-c", SERVER])
        .with_host_config_modifier(|config| {
            // Nobody else removes it where this process is killed.
            config.auto_remove = Some(true);
            config.tmpfs = Some([("/data".to_owned(), "rw,mode=1777,size=2g".to_owned())].into());
        });
    for (name, text) in SOURCES {
        image = image.with_copy_to(format!("/tmp/source/{name}"), text.as_bytes().to_vec());
    }
    let cluster = image.start().await.expect("the source cluster starts");
    let made = std::process::Command::new("docker")
        .args(["exec", cluster.id(), "bash", "/tmp/source/make.sh", &major.to_string()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "source/make.sh failed on PostgreSQL {major}:\n{said}");
    docker::output(&["cp", "--quiet", &format!("{}:/tmp/out/.", cluster.id()), &into.display().to_string()]);
    // The engine removes it then, and refuses whoever removes it at the same time.
    cluster.stop_with_timeout(Some(0)).await.expect("the source cluster is stopped");
}
