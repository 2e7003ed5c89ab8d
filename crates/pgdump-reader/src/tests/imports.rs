//! Which file imports which: each can be read after those that it imports, with no more than two that know each other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// `archive::toc`, as its parts.
type Module = Vec<String>;

/// The text of each module of this crate, without tests and comments.
fn modules(folder: &Path, parent: &[String], found: &mut BTreeMap<Module, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let module = [parent, std::slice::from_ref(&name)].concat();
        match name.as_str() {
            "tests" | "lib" => {}
            _ if path.is_dir() => modules(&path, &module, found),
            _ => {
                let text = std::fs::read_to_string(&path).unwrap();
                let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
                let code = text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n");
                found.insert(if name == "mod" { parent.to_vec() } else { module }, code);
            }
        }
    }
}

/// `a::{b, c::d}` as `a::b` and `a::c::d`.
fn paths(tree: &str) -> Vec<String> {
    let Some((before, group)) = tree.split_once('{') else { return vec![tree.trim().to_owned()] };
    let group = group.trim_end().strip_suffix('}').unwrap();
    let mut depth = 0;
    let parts = group.split(|sign: char| {
        depth += i32::from(sign == '{') - i32::from(sign == '}');
        sign == ',' && depth == 0
    });
    parts
        .filter(|part| !part.trim().is_empty())
        .flat_map(|part| paths(&format!("{}{}", before.trim(), part.trim())))
        .collect()
}

/// The module that a path in another one leads to; `None` where it leads out of the crate or stays in the module.
fn target(from: &[String], path: &str, modules: &BTreeMap<Module, String>) -> Option<Module> {
    let mut parts = path.split("::").map(str::trim).peekable();
    let mut module = match *parts.peek()? {
        "crate" => Module::new(),
        "super" => from[..from.len() - 1].to_vec(),
        child if modules.contains_key(&[from, &[child.to_owned()]].concat()) => from.to_vec(),
        _ => return None,
    };
    parts.next_if(|part| ["crate", "super"].contains(part));
    for part in parts {
        let next = [module.as_slice(), &[part.to_owned()]].concat();
        if !modules.contains_key(&next) {
            break;
        }
        module = next;
    }
    (module != from).then_some(module)
}

fn imports(module: &[String], text: &str, modules: &BTreeMap<Module, String>) -> BTreeSet<Module> {
    let mut found = BTreeSet::new();
    for statement in text.split_inclusive(';').filter_map(|statement| statement.strip_suffix(';')) {
        // Attributes and what is left of another item can stand before it.
        let starts = |line: &&str| ["use ", "pub use ", "pub(crate) use "].iter().any(|word| line.starts_with(word));
        if let Some(first) = statement.lines().find(starts) {
            let tree = &statement[statement.find(first).unwrap()..];
            found.extend(paths(tree.split_once("use ").unwrap().1));
        }
    }
    // Those in the code itself.
    let is_part = |sign: char| sign.is_alphanumeric() || sign == '_' || sign == ':';
    found.extend(text.split(|sign| !is_part(sign)).filter(|path| path.starts_with("crate::")).map(str::to_owned));
    found.iter().filter(|path| !path.ends_with("::")).filter_map(|path| target(module, path, modules)).collect()
}

#[test]
fn no_more_than_two_files_import_each_other_in_a_circle() {
    let mut texts = BTreeMap::new();
    modules(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &[], &mut texts);
    let imports: BTreeMap<&Module, BTreeSet<Module>> =
        texts.iter().map(|(module, text)| (module, imports(module, text, &texts))).collect();
    assert!(imports.values().map(BTreeSet::len).sum::<usize>() > 100, "the imports are not found: {imports:?}");
    let reached = |from: &Module| {
        let (mut reached, mut next) = (BTreeSet::new(), vec![from]);
        while let Some(module) = next.pop() {
            for import in &imports[module] {
                assert!(!import.is_empty(), "{module:?} imports from lib.rs");
                if reached.insert(import) {
                    next.push(import);
                }
            }
        }
        reached
    };
    let reached: BTreeMap<&Module, BTreeSet<&Module>> = texts.keys().map(|module| (module, reached(module))).collect();
    for (module, others) in &reached {
        let circle: Vec<_> = others.iter().filter(|other| reached[**other].contains(module)).collect();
        assert!(circle.len() <= 2, "a circle of imports: {circle:?}");
    }
}
