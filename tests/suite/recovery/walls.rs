//! A recovery that is ended from outside leaves nothing, and nothing leaves its sandbox.

use std::fs::{self, File};
use std::io::Read as _;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use pgrehearse::rehearsal::Verdict;

use super::{Wish, recover};
use crate::support::{Home, backup, docker};

/// Starts a recovery whose WAL does not come for a while, and waits until the server asks for it; returns its container too.
fn amid_recovery(home: &Home) -> (Child, String) {
    let profile = home.profile(&Wish::new("latest", 17, "to: [latest]").yaml);
    let asked = home.path("asked");
    let waits = format!("touch '{}'; sleep 15; exit 1", asked.display());
    let mut command: Command = home.command(&backup::of(17).path("base"), &[&profile]);
    let child = home.start(command.args(["--wal-command", &waits]));
    let container = home.wait_for_container();
    docker::wait_for("the server's first question", Duration::from_secs(60), || asked.exists().then_some(()));
    (child, container)
}

#[test]
fn what_a_killed_recovery_leaves_the_next_sweep_removes() {
    let home = Home::new();
    let (mut child, container) = amid_recovery(&home);
    let found = docker::inspect("container", &container).expect("it runs");
    assert_eq!(found["HostConfig"]["NetworkMode"], "none");
    assert_eq!(found["HostConfig"]["ReadonlyRootfs"], true);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(docker::inspect("container", &container).is_some(), "a killed run cannot remove anything");
    home.ran_to_end(home.program().arg("sweep")).expect(0);
    home.assert_nothing_left();
}

#[test]
fn an_interrupted_recovery_removes_everything_at_once_and_says_so() {
    let home = Home::new();
    let (child, _) = amid_recovery(&home);
    let began = Instant::now();
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGINT).unwrap();
    let ran = home.wait(child);
    ran.expect(130);
    home.assert_nothing_left();
    assert_eq!(ran.only().untested, ["interrupted before it was done"]);
    assert!(began.elapsed() < Duration::from_secs(12), "it waited for a command of the user's: {:?}", began.elapsed());
}

/// Puts one more member at the end of a base in tar form. Its name and the target of its link stand as they are.
fn with_member(base: &std::path::Path, name: &str, link: Option<&str>) {
    let path = base.join("base.tar.gz");
    let mut bytes = Vec::new();
    flate2::read::MultiGzDecoder::new(File::open(&path).unwrap()).read_to_end(&mut bytes).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes.truncate(used / 512 * 512 + 512);
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o644);
    header.set_entry_type(if link.is_some() { tar::EntryType::Symlink } else { tar::EntryType::Regular });
    let content = b"escaped";
    header.set_size(if link.is_some() { 0 } else { content.len() as u64 });
    let old = header.as_old_mut();
    old.name[..name.len()].copy_from_slice(name.as_bytes());
    if let Some(link) = link {
        old.linkname[..link.len()].copy_from_slice(link.as_bytes());
    }
    header.set_cksum();
    bytes.extend_from_slice(header.as_bytes());
    if link.is_none() {
        bytes.extend_from_slice(content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    let mut encoder = flate2::write::GzEncoder::new(File::create(&path).unwrap(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, &bytes).unwrap();
    encoder.finish().unwrap();
}

#[test]
fn a_tar_whose_members_lead_out_of_it_is_refused_and_nothing_is_written() {
    let fixture = backup::of(15);
    let home = Home::new();
    let absolute = home.path("escaped");
    let absolute = absolute.to_str().unwrap();
    for (name, link) in [
        ("../../escaped", None),
        ("base/../../escaped", None),
        (absolute, None),
        ("base/5/link", Some("/etc/passwd")),
        ("pg_wal", Some("/etc")),
    ] {
        let base = fixture.copy_base("base_tar");
        with_member(base.path(), name, link);
        let ran = recover(&home, base.path(), &fixture.path("wal"), &[Wish::new("latest", 15, "to: [latest]")]);
        let target = ran.only();
        assert_eq!(target.verdict, Verdict::Fail, "{name}: {}", ran.stdout);
        assert!(target.judge.is_none(), "{name}: a server was started");
        assert!(!home.path("escaped").exists(), "{name}");
        assert!(!base.path().parent().unwrap().join("escaped").exists(), "{name}");
        assert!(fs::metadata("/etc/passwd").is_ok());
    }
}
