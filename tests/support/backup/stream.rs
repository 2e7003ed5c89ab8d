//! Directories into containers and out of them, as tar streams: mounts would need a directory that the engine sees, and an owner
//! that both sides know.

use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Unpacks what a container prints into a directory, and waits for both.
#[track_caller]
pub fn unpack(mut from: Child, into: &Path) {
    let archive = from.stdout.take().expect("standard output is a pipe");
    let tar = Command::new("tar")
        .args(["-x", "--no-same-owner", "-C"])
        .arg(into)
        .stdin(archive)
        .stderr(Stdio::piped())
        .spawn()
        .expect("tar is installed");
    let made = from.wait_with_output().unwrap();
    let unpacked = tar.wait_with_output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    assert!(unpacked.status.success(), "tar: {}", String::from_utf8_lossy(&unpacked.stderr));
}

/// Puts what is in a directory into a new directory of a container, where its files belong to `postgres`.
#[track_caller]
pub fn put(from: &Path, container: &str, into: &str) {
    let mut packed = Command::new("tar")
        .args(["-c", "-C"])
        .arg(from)
        .arg(".")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("tar is installed");
    let script = format!("rm -rf '{into}' && mkdir -p -m 700 '{into}' && tar -x -C '{into}'");
    let put = Command::new("docker")
        .args(["exec", "--interactive", container, "sh", "-c", &script])
        .stdin(packed.stdout.take().expect("standard output is a pipe"))
        .output()
        .expect("docker is installed");
    let packed = packed.wait_with_output().unwrap();
    assert!(put.status.success(), "{into}: {}", String::from_utf8_lossy(&put.stderr));
    assert!(packed.status.success(), "{}: {}", from.display(), String::from_utf8_lossy(&packed.stderr));
}
