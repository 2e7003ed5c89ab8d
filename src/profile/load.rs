//! From the command line's arguments to targets.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::builtin::{self, BUILTIN};
use super::document::{self, Identity, is_yaml, looks_like_a_path};
use super::error::{Cause, Place, ProfileError, ProfileErrors};
use super::parse::{Made, targets_of};
use super::rules::Rules;
use super::suggest;
use super::types::Target;
use super::yaml::{Content, Origin};

/// Loads profiles under the default [`Rules`]: see [`load_with`].
pub fn load(names: &[String]) -> Result<Vec<Target>, ProfileErrors> {
    load_with(names, &Rules::default())
}

/// Loads the profiles that the arguments name, in their order.
///
/// An argument is a file, a directory (every `*.yaml` and `*.yml` directly in it, by name) or the name of a built-in
/// profile. It is a path if something exists there, or if it looks like one: with a `/`, or ending in `.yaml` or `.yml`.
///
/// # Errors
/// All that is wrong with any of them. Names of targets must be unique over all arguments, because every output calls a
/// target by its name, and so must files.
pub fn load_with(names: &[String], rules: &Rules<'_>) -> Result<Vec<Target>, ProfileErrors> {
    Ok(made_by(names, rules)?.into_iter().map(|made| made.target).collect())
}

/// The same, with what each target was read from.
pub fn made_by(names: &[String], rules: &Rules<'_>) -> Result<Vec<Made>, ProfileErrors> {
    let mut loaded = Loaded::default();
    for name in names {
        let path = Path::new(name);
        let read = if path.is_dir() {
            loaded.directory(path, rules)
        } else if path.exists() || looks_like_a_path(name) {
            loaded.file(path, rules)
        } else {
            loaded.builtin(name, rules)
        };
        // Whatever is wrong with one, the others are read too.
        loaded.errors.extend(read.err().map(ProfileErrors::into_vec).unwrap_or_default());
    }
    ProfileErrors::none_of(loaded.errors, loaded.targets)
}

/// The text of one profile, as it is written: of a file, or of a built-in profile.
///
/// # Errors
/// When there is none, or it is not UTF-8 text.
pub fn text_of(name: &str) -> Result<String, ProfileErrors> {
    let path = Path::new(name);
    if path.exists() || looks_like_a_path(name) {
        let bytes = document::read_file(path).map_err(|cause| ProfileError::new(name, None, cause))?;
        return String::from_utf8(bytes).map_err(|_| ProfileError::new(name, None, Cause::NotUtf8).into());
    }
    builtin::builtin(name).map(str::to_owned).ok_or_else(|| unknown(name).into())
}

fn unknown(name: &str) -> ProfileError {
    let names: Vec<&str> = BUILTIN.iter().map(|(name, _)| *name).collect();
    let hint = match suggest::nearest_name(name, &names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`pgrehearse profiles` lists them".to_owned(),
    };
    let cause = Cause::UnknownProfile { name: name.to_owned() };
    ProfileError::new("profiles", None, cause).hint(Some(hint))
}

fn profiles_in(directory: &Path) -> Result<Vec<PathBuf>, ProfileError> {
    let origin = directory.display().to_string();
    let unreadable = |error: io::Error| ProfileError::new(&origin, None, Cause::Unreadable(error));
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        // Hidden ones are what editors and file managers leave beside a file, as shells see `*.yaml`.
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if is_yaml(&path) && !hidden && !path.is_dir() {
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
    targets: Vec<Made>,
    /// Where each target's name was given, by name.
    names: HashMap<String, String>,
    /// As which argument each file was loaded, by canonical path.
    files: HashMap<PathBuf, String>,
    builtins: HashSet<String>,
    errors: Vec<ProfileError>,
}

impl Loaded {
    fn directory(&mut self, path: &Path, rules: &Rules<'_>) -> Result<(), ProfileErrors> {
        for file in profiles_in(path)? {
            if let Err(errors) = self.file(&file, rules) {
                let origin = file.display().to_string();
                match foreign_keys(&file) {
                    Some(keys) => self.errors.push(no_profile(&origin, keys)),
                    None => self.errors.extend(errors.into_vec()),
                }
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, rules: &Rules<'_>) -> Result<(), ProfileErrors> {
        let origin = path.display().to_string();
        let failed = |cause| ProfileError::new(&origin, None, cause);
        // First: what `<(…)` leads to has no path of its own, and is refused as the pipe that it is.
        let bytes = document::read_file(path).map_err(failed)?;
        let canonical = path.canonicalize().map_err(|error| failed(document::unreadable(error)))?;
        if let Some(first) = self.files.insert(canonical.clone(), origin.clone()) {
            return Err(failed(Cause::GivenTwice { first }).into());
        }
        // The folder of `x.yaml` is `""`, which is the current one.
        let folder = path.parent().map(Path::to_owned);
        let made = targets_of(&bytes, Origin { name: origin, folder }, Identity::File(canonical), rules)?;
        self.add(made);
        Ok(())
    }

    fn builtin(&mut self, name: &str, rules: &Rules<'_>) -> Result<(), ProfileErrors> {
        let text = builtin::builtin(name).ok_or_else(|| unknown(name))?;
        let origin = builtin::origin(name);
        if !self.builtins.insert(name.to_owned()) {
            return Err(ProfileError::new(&origin, None, Cause::GivenTwice { first: name.to_owned() }).into());
        }
        let identity = Identity::BuiltIn(name.to_owned());
        let made = targets_of(text.as_bytes(), Origin { name: origin, folder: None }, identity, rules)?;
        self.add(made);
        Ok(())
    }

    fn add(&mut self, made: Vec<Made>) {
        for made in made {
            let spot = made.name_spot();
            let Place { line, column } = spot.place;
            let given_at = format!("{}:{line}:{column}", spot.origin.name);
            let name = made.target.name.clone();
            if let Some(other) = self.names.insert(name.clone(), given_at) {
                self.errors.push(ProfileError::at(&spot, Cause::DuplicateTarget { name, other }));
            }
            self.targets.push(made);
        }
    }
}

/// What a file that belongs to another program has at its top; `None` where it can be meant as a profile: as soon as one
/// key is a profile's, or nearly, or it cannot be read as YAML. Such files are named and not skipped, because a profile
/// that is skipped is a target that nobody misses.
fn foreign_keys(file: &Path) -> Option<Vec<String>> {
    /// What other programs' files have too.
    const COMMON: [&str; 2] = ["name", "description"];
    let origin = Rc::new(Origin { name: String::new(), folder: None });
    let root = document::tree(&document::read_file(file).ok()?, &origin).ok()?;
    let Content::Mapping(entries) = &root.content else { return None };
    let foreign: Vec<String> =
        entries.iter().map(|entry| entry.key.text.clone()).filter(|key| !COMMON.contains(&key.as_str())).collect();
    let is_of_profile = |key: &String| suggest::nearest(key, super::places::at_top()).is_some();
    (!foreign.is_empty() && !foreign.iter().any(is_of_profile)).then_some(foreign)
}

fn no_profile(origin: &str, keys: Vec<String>) -> ProfileError {
    const SHOWN: usize = 4;
    let more = if keys.len() > SHOWN { ", …" } else { "" };
    let keys: Vec<String> = keys.iter().take(SHOWN).map(|key| format!("`{:.30}`", key.escape_debug())).collect();
    let cause = Cause::NoProfile { keys: format!("{}{more}", keys.join(", ")) };
    ProfileError::new(origin, None, cause).hint(Some("give -p the files that are, or move this one".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::rules::MAX_PROFILE_BYTES;
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
        let files = Files::new(&[("2.yaml", A), ("1.YML", B), ("notes.txt", ""), ("._1.yml", "no profile")]);
        let directory = files.path("");
        assert_eq!(files.load(&["latin1", &directory]).unwrap(), ["latin1", "b", "a"]);
        assert_eq!(files.load(&[&files.path("2.yaml"), "latin1"]).unwrap(), ["a", "latin1"]);
        assert_eq!(files.load(&[]).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn all_that_is_wrong_with_several_files_is_said_at_once() {
        let files = Files::new(&[
            ("1.yaml", "name: a\npostgres: 17\nfoo: 1\ncluster: {encodng: UTF8}\nroles: [{name: b, login: maybe}]\n"),
            ("2.yaml", B),
            ("3.yaml", "name: b\npostgres: 16\nlimits: {pids: 1, cpus: 0}\n"),
        ]);
        let error = files.load(&[&files.path(""), "latin"]).unwrap_err();
        let places: Vec<&str> = error.lines().map(|line| line.split(": ").next().unwrap()).collect();
        let wanted = ["1.yaml:3:1", "1.yaml:4:11", "1.yaml:5:26", "3.yaml:3:16", "3.yaml:3:25", "profiles"];
        assert_eq!(places, wanted, "{error}");
    }

    #[test]
    fn a_file_of_another_program_in_a_directory_is_said_to_be_one() {
        let compose = "name: shop\nservices: {db: {image: postgres}}\nvolumes: {}\n";
        let files = Files::new(&[("a.yaml", A), ("docker-compose.yml", compose)]);
        assert_eq!(
            files.load(&[&files.path("")]).unwrap_err(),
            "docker-compose.yml: this is no profile: no key of a profile stands at its top, but `services`, `volumes`; \
             give -p the files that are, or move this one"
        );
        // By its own name it is what was asked for.
        assert!(files.load(&[&files.path("docker-compose.yml")]).unwrap_err().contains("unknown key `services`"));
    }

    #[test]
    fn a_mistyped_profile_in_a_directory_is_not_taken_for_a_file_of_another_program() {
        let files = Files::new(&[("a.yaml", "nme: a\npostgrs: 17\nservices: {}\n")]);
        let error = files.load(&[&files.path("")]).unwrap_err();
        assert!(error.contains("2:1: unknown key `postgrs` in the profile; did you mean `postgres`?"), "{error}");
    }

    #[test]
    fn an_unknown_name_proposes_the_nearest_built_in() {
        let files = Files::new(&[]);
        assert_eq!(files.load(&["latin"]).unwrap_err(), "profiles: unknown profile `latin`; did you mean `latin1`?");
        assert_eq!(files.load(&["rds"]).unwrap_err(), "profiles: unknown profile `rds`; did you mean `rds-like`?");
        assert!(files.load(&["zzzzzzzz"]).unwrap_err().ends_with("`pgrehearse profiles` lists them"));
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
        assert!(files.load(&["/dev/zero"]).unwrap_err().ends_with("cannot be read: it is a device, not a file"));
        let pipe = files.path("pipe.yaml");
        nix::unistd::mkfifo(pipe.as_str(), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let error = files.load(&[&pipe]).unwrap_err();
        assert!(error.starts_with("pipe.yaml: cannot be read: it is a pipe, which is not waited for"), "{error}");
    }
}
