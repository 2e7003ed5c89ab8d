//! Who owns what: which run is alive and which is dead.
//!
//! Everything that a run makes bears its id and the id of its *home*, a state directory of this user on this machine.
//! While a run lives it holds a lock on a file in its home, which the operating system lets go of however the run
//! ends. A sweep with the same home therefore knows for certain which runs are dead. Another home (another user, a
//! remote engine's other clients) cannot know, and waits until the deadline that everything also bears has passed.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// The state directory of one user on one machine.
#[derive(Debug, Clone)]
pub struct Home {
    dir: PathBuf,
    id: String,
}

/// A run's claim to what it makes; it ends when this is dropped or the process dies.
#[derive(Debug)]
pub struct Lease {
    home: Home,
    run: String,
    /// Held for its lock.
    _file: File,
}

impl Home {
    /// The home that the environment names: `PGREHEARSE_STATE_DIR`, else `pgrehearse` in `XDG_STATE_HOME` or in
    /// `~/.local/state`, else a directory of this user in the temporary directory. The first one that can be written
    /// to is it.
    ///
    /// # Errors
    /// When none of them can be made or written to.
    pub fn open() -> io::Result<Home> {
        if let Some(dir) = std::env::var_os("PGREHEARSE_STATE_DIR").filter(|dir| !dir.is_empty()) {
            return Home::at(Path::new(&dir));
        }
        let state = std::env::var_os("XDG_STATE_HOME").filter(|dir| !dir.is_empty()).map(PathBuf::from);
        let home =
            std::env::var_os("HOME").filter(|dir| !dir.is_empty()).map(|home| Path::new(&home).join(".local/state"));
        let temporary = std::env::temp_dir().join(format!("pgrehearse-state-{}", nix::unistd::getuid()));
        if let Some(state) = state.or(home)
            && let Ok(home) = Home::at(&state.join("pgrehearse"))
        {
            return Ok(home);
        }
        Home::at(&temporary)
    }

    /// The home in `dir`, which is made if it does not exist.
    ///
    /// # Errors
    /// When `dir` cannot be made, or is not this user's to write in.
    pub fn at(dir: &Path) -> io::Result<Home> {
        std::fs::create_dir_all(dir.join("runs"))?;
        let dir = dir.canonicalize()?;
        let path = dir.join("id");
        // Two runs may be the first at the same time: only one creates the file, and its name appears with its content.
        if !path.exists() {
            let mut file = tempfile::NamedTempFile::new_in(&dir)?;
            file.write_all(random_id().as_bytes())?;
            match file.persist_noclobber(&path) {
                Ok(_) => {}
                Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error.error),
            }
        }
        let mut id = String::new();
        File::open(&path)?.take(64).read_to_string(&mut id)?;
        if !is_id(&id) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("{} is not an id that pgrehearse wrote; remove it", path.display()),
            ));
        }
        Ok(Home { dir, id })
    }

    /// The id that everything made from here bears.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Begins a run.
    ///
    /// # Errors
    /// When the run's file cannot be made or locked.
    pub fn begin_run(&self) -> io::Result<Lease> {
        loop {
            let run = random_id();
            let path = self.lock_path(&run);
            let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
            // A sweep may have taken the new file for a dead run's between its creation and its lock; its name is gone
            // then, and another one is tried.
            match file.try_lock() {
                Ok(()) if path.exists() => return Ok(Lease { home: self.clone(), run, _file: file }),
                Ok(()) | Err(TryLockError::WouldBlock) => continue,
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    /// Whether `run`, which bears this home's id, is certainly over.
    pub fn is_dead(&self, run: &str) -> bool {
        // What is not a run's id was not made by pgrehearse, and is nobody's to remove.
        if !is_id(run) {
            return false;
        }
        match File::open(self.lock_path(run)) {
            Ok(file) => file.try_lock().is_ok(),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        }
    }

    /// Forgets the runs that are over. Called after a sweep, never before.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn forget_dead_runs(&self) -> io::Result<()> {
        for entry in std::fs::read_dir(self.dir.join("runs"))? {
            let path = entry?.path();
            if let Ok(file) = File::open(&path)
                && file.try_lock().is_ok()
            {
                // Somebody else's sweep may have been faster.
                let _ = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
            }
        }
        Ok(())
    }

    /// Waits for, then holds, the exclusive right to make what `key` names, among the runs of this home.
    ///
    /// # Errors
    /// When the lock's file cannot be made.
    pub fn lock(&self, key: &str) -> io::Result<File> {
        let dir = self.dir.join("locks");
        std::fs::create_dir_all(&dir)?;
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(dir.join(key))?;
        file.lock()?;
        Ok(file)
    }

    /// Notes that `what` was wanted, and says whether it was before.
    ///
    /// # Errors
    /// When the note cannot be made.
    pub fn remember(&self, what: &str) -> io::Result<bool> {
        let dir = self.dir.join("notes");
        std::fs::create_dir_all(&dir)?;
        match OpenOptions::new().write(true).create_new(true).open(dir.join(what)) {
            Ok(_) => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(true),
            Err(error) => Err(error),
        }
    }

    fn lock_path(&self, run: &str) -> PathBuf {
        self.dir.join("runs").join(run)
    }
}

impl Lease {
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The run's id: 16 hexadecimal digits.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Makes a file that goes with the run: at the latest the next run's sweep removes it, as it does the run's own.
    ///
    /// # Errors
    /// When it cannot be made, locked or written.
    pub fn file(&self, content: &[u8]) -> io::Result<RunFile> {
        let path = self.home.lock_path(&format!("{}.file", self.run));
        loop {
            let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
            // As in `begin_run`: until it is locked a sweep may take it for a dead run's.
            match file.try_lock() {
                Ok(()) if path.exists() => {
                    let made = RunFile { path: path.clone(), _file: file.try_clone()? };
                    file.write_all(content)?;
                    return Ok(made);
                }
                Ok(()) | Err(TryLockError::WouldBlock) => continue,
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    /// Makes an empty directory that goes with the run, as [`Lease::file`] makes a file; nobody else may enter it.
    ///
    /// # Errors
    /// When it cannot be made or locked.
    pub fn directory(&self) -> io::Result<RunDirectory> {
        let path = self.home.lock_path(&format!("{}.directory", self.run));
        loop {
            std::fs::DirBuilder::new().mode(0o700).create(&path)?;
            let opened = match File::open(&path) {
                // A sweep was faster, as with a file.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                opened => opened?,
            };
            match opened.try_lock() {
                Ok(()) if path.exists() => return Ok(RunDirectory { path, _opened: opened }),
                Ok(()) | Err(TryLockError::WouldBlock) => continue,
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }
}

/// A file of a run, which is gone when this is dropped.
#[derive(Debug)]
pub struct RunFile {
    path: PathBuf,
    /// Held for its lock.
    _file: File,
}

impl RunFile {
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for RunFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// A directory of a run, which is gone with all that is in it when this is dropped.
#[derive(Debug)]
pub struct RunDirectory {
    path: PathBuf,
    /// Held for its lock.
    _opened: File,
}

impl RunDirectory {
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for RunDirectory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // The name goes before the lock does, so that nobody finds the one without the other.
        let _ = std::fs::remove_file(self.home.lock_path(&self.run));
    }
}

fn random_id() -> String {
    format!("{:016x}", fastrand::u64(..))
}

fn is_id(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_alive_while_its_lease_is_held_and_dead_afterwards() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path()).unwrap();
        let lease = home.begin_run().unwrap();
        let run = lease.run().to_owned();
        assert!(!home.is_dead(&run));
        drop(lease);
        assert!(home.is_dead(&run));
    }

    #[test]
    fn a_home_keeps_its_id() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Home::at(dir.path()).unwrap().id(), Home::at(dir.path()).unwrap().id());
    }

    #[test]
    fn forgetting_dead_runs_leaves_live_ones() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path()).unwrap();
        let lease = home.begin_run().unwrap();
        std::fs::write(dir.path().join("runs/0123456789abcdef"), "").unwrap();
        home.forget_dead_runs().unwrap();
        assert!(!home.is_dead(lease.run()));
        let left: Vec<_> = std::fs::read_dir(dir.path().join("runs")).unwrap().collect();
        assert_eq!(left.len(), 1);
    }

    #[test]
    fn a_file_of_a_run_goes_with_it_and_is_left_alone_while_it_lives() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path()).unwrap();
        let lease = home.begin_run().unwrap();
        let file = lease.file(b"a dump").unwrap();
        home.forget_dead_runs().unwrap();
        assert_eq!(std::fs::read(file.path()).unwrap(), b"a dump");
        let path = file.path().to_owned();
        drop(file);
        assert!(!path.exists());
    }

    #[test]
    fn a_file_of_a_dead_run_is_forgotten_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path()).unwrap();
        let left = dir.path().join("runs/0123456789abcdef.file");
        std::fs::write(&left, "a dump").unwrap();
        home.forget_dead_runs().unwrap();
        assert!(!left.exists());
    }

    #[test]
    fn a_directory_of_a_run_goes_with_it_and_is_left_alone_while_it_lives() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path()).unwrap();
        let lease = home.begin_run().unwrap();
        let directory = lease.directory().unwrap();
        std::fs::write(directory.path().join("PG_VERSION"), "17").unwrap();
        home.forget_dead_runs().unwrap();
        assert_eq!(std::fs::read(directory.path().join("PG_VERSION")).unwrap(), b"17");
        let path = directory.path().to_owned();
        drop(directory);
        assert!(!path.exists());
    }

    #[test]
    fn a_directory_of_a_dead_run_is_forgotten_with_all_that_is_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path()).unwrap();
        let left = dir.path().join("runs/0123456789abcdef.directory");
        std::fs::create_dir_all(left.join("base/global")).unwrap();
        home.forget_dead_runs().unwrap();
        assert!(!left.exists());
    }

    #[test]
    fn what_is_no_run_id_is_never_dead() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path()).unwrap();
        assert!(!home.is_dead("../../../etc/passwd"));
        assert!(!home.is_dead(""));
    }
}
