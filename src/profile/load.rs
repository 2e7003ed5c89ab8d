//! From the command line's arguments to targets.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::builtin::{self, BUILTIN};
use super::error::{Cause, Place, ProfileError};
use super::parse::{LocatedTarget, MAX_PROFILE_BYTES, Rules, parse_bytes};
use super::suggest;
use super::types::Target;

/// Loads profiles under the default [`Rules`]: see [`load_with`].
pub fn load(names: &[String]) -> Result<Vec<Target>, ProfileError> {
    load_with(names, &Rules::default())
}

/// Loads the profiles that the arguments name, in their order.
///
/// An argument is a file, a directory (every `*.yaml` and `*.yml` directly in it, by name) or the name of a built-in
/// profile. It is a path if something exists there, or if it looks like one: with a `/`, or ending in `.yaml` or `.yml`.
///
/// # Errors
/// The first thing that is wrong. Names of targets must be unique over all arguments, because every output calls a
/// target by its name, and so must files.
pub fn load_with(names: &[String], rules: &Rules<'_>) -> Result<Vec<Target>, ProfileError> {
    let mut loaded = Loaded::default();
    for name in names {
        let path = Path::new(name);
        if path.is_dir() {
            for file in profiles_in(path)? {
                loaded.file(&file, rules)?;
            }
        } else if path.exists() || looks_like_a_path(name) {
            loaded.file(path, rules)?;
        } else {
            loaded.builtin(name, rules)?;
        }
    }
    Ok(loaded.targets)
}

fn looks_like_a_path(name: &str) -> bool {
    name.contains('/') || is_yaml(Path::new(name))
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

fn profiles_in(directory: &Path) -> Result<Vec<PathBuf>, ProfileError> {
    let origin = directory.display().to_string();
    let unreadable = |error: io::Error| ProfileError::new(&origin, None, Cause::Unreadable(error));
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if is_yaml(&path) && !path.is_dir() {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(ProfileError::new(&origin, None, Cause::NoProfiles));
    }
    files.sort();
    Ok(files)
}

#[derive(Default)]
struct Loaded {
    targets: Vec<Target>,
    /// Where each target's name was given, by name.
    names: HashMap<String, String>,
    /// As which argument each file was loaded, by canonical path.
    files: HashMap<PathBuf, String>,
}

impl Loaded {
    fn file(&mut self, path: &Path, rules: &Rules<'_>) -> Result<(), ProfileError> {
        let origin = path.display().to_string();
        let failed = |error: io::Error| {
            let cause = match error.kind() {
                io::ErrorKind::NotFound => Cause::NoSuchFile,
                _ => Cause::Unreadable(error),
            };
            ProfileError::new(&origin, None, cause)
        };
        let canonical = path.canonicalize().map_err(failed)?;
        if let Some(first) = self.files.insert(canonical, origin.clone()) {
            return Err(ProfileError::new(&origin, None, Cause::GivenTwice { first }));
        }
        let mut bytes = Vec::new();
        // One byte more than allowed shows that it is too long, also where the file has no length (a pipe, /dev/zero).
        File::open(path).and_then(|file| file.take(MAX_PROFILE_BYTES + 1).read_to_end(&mut bytes)).map_err(failed)?;
        if bytes.len() as u64 > MAX_PROFILE_BYTES {
            let limit = super::ByteSize(MAX_PROFILE_BYTES);
            return Err(ProfileError::new(&origin, None, Cause::TooLarge { limit }));
        }
        // The folder of `x.yaml` is `""`, which is the current one.
        self.add(parse_bytes(&bytes, &origin, rules, path.parent())?, &origin)
    }

    fn builtin(&mut self, name: &str, rules: &Rules<'_>) -> Result<(), ProfileError> {
        let Some(text) = builtin::builtin(name) else {
            let names: Vec<_> = BUILTIN.iter().map(|(name, _)| *name).collect();
            let cause = Cause::UnknownProfile { name: name.to_owned() };
            return Err(ProfileError::new("profiles", None, cause).hint(suggest::hint(name, &names)));
        };
        let origin = builtin::origin(name);
        if self.names.get(name).is_some_and(|other| other.starts_with(&origin)) {
            return Err(ProfileError::new(&origin, None, Cause::GivenTwice { first: name.to_owned() }));
        }
        self.add(parse_bytes(text.as_bytes(), &origin, rules, None)?, &origin)
    }

    fn add(&mut self, located: LocatedTarget, origin: &str) -> Result<(), ProfileError> {
        let LocatedTarget { target, name_place: place @ Place { line, column } } = located;
        let given_at = format!("{origin}:{line}:{column}");
        if let Some(other) = self.names.insert(target.name.clone(), given_at) {
            let cause = Cause::DuplicateTarget { name: target.name, other };
            return Err(ProfileError::new(origin, Some(place), cause));
        }
        self.targets.push(target);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Files(tempfile::TempDir);

    impl Files {
        fn new(files: &[(&str, &str)]) -> Self {
            let files_here = Self(tempfile::tempdir().unwrap());
            for (name, text) in files {
                fs::write(files_here.0.path().join(name), text).unwrap();
            }
            files_here
        }

        fn path(&self, name: &str) -> String {
            self.0.path().join(name).display().to_string()
        }

        /// A load's target names, or its error without the temporary directory.
        fn load(&self, names: &[&str]) -> Result<Vec<String>, String> {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            load(&names)
                .map(|targets| targets.into_iter().map(|target| target.name).collect())
                .map_err(|error| error.to_string().replace(&format!("{}/", self.0.path().display()), ""))
        }
    }

    const A: &str = "name: a\npostgres: 17\n";
    const B: &str = "name: b\npostgres: 16\n";

    #[test]
    fn files_directories_and_built_in_names_load_in_the_order_given() {
        let files = Files::new(&[("2.yaml", A), ("1.yml", B), ("notes.txt", "no profile")]);
        let directory = files.path("");
        assert_eq!(files.load(&["latin1", &directory]).unwrap(), ["latin1", "b", "a"]);
        assert_eq!(files.load(&[&files.path("2.yaml"), "latin1"]).unwrap(), ["a", "latin1"]);
        assert_eq!(files.load(&[]).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn an_unknown_name_proposes_the_nearest_built_in() {
        let files = Files::new(&[]);
        assert_eq!(files.load(&["latin"]).unwrap_err(), "profiles: unknown profile `latin`; did you mean `latin1`?");
        assert!(files.load(&["zzzzzzzz"]).unwrap_err().contains("known here: `alpine`"));
    }

    #[test]
    fn what_looks_like_a_path_is_never_a_built_in() {
        let files = Files::new(&[]);
        assert_eq!(files.load(&["latin1.yaml"]).unwrap_err(), "latin1.yaml: no such file or directory");
        assert_eq!(files.load(&["nowhere/latin1"]).unwrap_err(), "nowhere/latin1: no such file or directory");
    }

    #[test]
    fn a_name_that_two_targets_bear_is_an_error_that_names_both() {
        let files = Files::new(&[("1.yaml", A), ("2.yaml", "# the same\nname: a\npostgres: 16\n")]);
        let error = files.load(&[&files.path("")]).unwrap_err();
        assert_eq!(error, "2.yaml:2:7: the target name `a` is already taken by 1.yaml:1:7");
        let files = Files::new(&[("x.yaml", "name: latin1\npostgres: 16\n")]);
        let error = files.load(&["latin1", &files.path("x.yaml")]).unwrap_err();
        assert!(
            error.starts_with("x.yaml:1:7: the target name `latin1` is already taken by built-in latin1:"),
            "{error}"
        );
    }

    #[test]
    fn a_file_given_twice_is_an_error_however_it_is_written() {
        let files = Files::new(&[("1.yaml", A)]);
        let (one, other) = (files.path("1.yaml"), files.path("./1.yaml"));
        assert_eq!(files.load(&[&one, &other]).unwrap_err(), "./1.yaml: given twice; first as `1.yaml`");
        assert_eq!(files.load(&["latin1", "latin1"]).unwrap_err(), "built-in latin1: given twice; first as `latin1`");
    }

    #[test]
    fn test_files_are_found_beside_the_profile_each_once_and_by_name() {
        let profile = "name: a\npostgres: 17\nchecks: {pgtap: [b.sql, 'te?ts/*.sql', ./b.sql]}\n";
        let files = Files::new(&[("a [x].yaml", profile), ("b.sql", "b")]);
        fs::create_dir(files.path("tests")).unwrap();
        fs::create_dir(files.path("tests/folder.sql")).unwrap();
        for (name, text) in [("z.sql", "z"), ("c.sql", "c"), ("c.txt", ""), (".hidden.sql", "")] {
            fs::write(files.path("tests").replace("tests", &format!("tests/{name}")), text).unwrap();
        }
        let targets = load(&[files.path("a [x].yaml")]).unwrap();
        let found: Vec<_> =
            targets[0].checks.pgtap_files.iter().map(|file| (file.name.as_str(), file.text.as_slice())).collect();
        assert_eq!(found, [("b.sql", &b"b"[..]), ("tests/c.sql", b"c"), ("tests/z.sql", b"z")]);
    }

    #[test]
    fn what_cannot_be_a_profile_is_refused() {
        let files = Files::new(&[]);
        fs::create_dir(files.path("empty")).unwrap();
        assert_eq!(
            files.load(&[&files.path("empty")]).unwrap_err(),
            "empty: no *.yaml or *.yml file in this directory"
        );
        fs::write(files.path("bytes.yaml"), b"name: a\ndescription: \xff\n").unwrap();
        assert_eq!(files.load(&[&files.path("bytes.yaml")]).unwrap_err(), "bytes.yaml:2:14: not UTF-8 text");
        fs::write(files.path("huge.yaml"), vec![b'#'; 1 + MAX_PROFILE_BYTES as usize]).unwrap();
        let error = files.load(&[&files.path("huge.yaml")]).unwrap_err();
        assert_eq!(error, "huge.yaml: larger than a profile may be, 1MiB");
        assert!(files.load(&["/dev/zero"]).unwrap_err().contains("larger than"));
    }
}
