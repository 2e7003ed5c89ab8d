//! `matrix`: one profile, many targets.

use std::collections::HashMap;
use std::rc::Rc;

use super::error::{Cause, ProfileError};
use super::merge::merge;
use super::short::written_out;
use super::suggest;
use super::yaml::{Content, Entry, Key, Node, Spot, Step, display_path, holder};

pub const KEY: &str = "matrix";
pub const EXCLUDE: &str = "exclude";

/// More targets than anybody waits for.
const MOST_TARGETS: usize = 256;

/// The longest that is put after a profile's name, which names files and labels.
const LONGEST_SUFFIX: usize = 100;

/// Most keys that vary; two values of each would make more targets than there can be.
const MOST_AXES: usize = 32;

/// The deepest key that can vary: no key of a profile is deeper.
const MOST_STEPS: usize = 8;

/// What a profile has one of, however many targets it makes.
const NEVER_VARIED: [&str; 3] = ["name", "extends", KEY];

/// Axes of versions, whose values can be a range.
const VERSIONS: [&str; 2] = ["postgres", "restore.client"];

/// One combination.
#[derive(Debug)]
pub struct Expanded {
    /// What is put after the profile's name: `[18,icu]`; empty without a matrix.
    pub suffix: String,
    pub root: Rc<Node>,
}

/// One thing that varies.
struct Axis {
    /// A key's path, or what the variants are together.
    name: String,
    values: Vec<Value>,
}

struct Value {
    label: String,
    /// What is put over the profile.
    patch: Rc<Node>,
}

/// Every combination of what the matrix says, in its order; the profile itself where it has none.
///
/// # Errors
/// What is wrong with the matrix, where it stands.
pub fn expand(root: &Rc<Node>) -> Result<Vec<Expanded>, ProfileError> {
    let Some(entry) = root.entry(KEY) else {
        return Ok(vec![Expanded { suffix: String::new(), root: Rc::clone(root) }]);
    };
    let others = root.entries().iter().filter(|other| other.key.text != KEY).cloned().collect();
    let base = Node::at(&root.spot(), Content::Mapping(others));
    let axes = axes(&entry.value)?;
    let count = axes.iter().try_fold(1_usize, |count, axis| count.checked_mul(axis.values.len()));
    if count.is_none_or(|count| count > MOST_TARGETS) {
        return Err(bad(&entry.value.spot(), &[], format!("it makes more than {MOST_TARGETS} targets")));
    }
    varied_twice(&entry.value, &axes)?;
    let excluded = excluded(&entry.value, &axes)?;
    let mut expanded = Vec::new();
    let mut at = vec![0; axes.len()];
    loop {
        let chosen: Vec<&Value> = axes.iter().zip(&at).map(|(axis, index)| &axis.values[*index]).collect();
        if !excluded.iter().any(|excluded| excluded.iter().all(|(axis, label)| chosen[*axis].label == *label))
            && !says_its_own_version_twice(&axes, &chosen)
        {
            let labels: Vec<&str> = chosen.iter().map(|value| value.label.as_str()).collect();
            let suffix = format!("[{}]", labels.join(","));
            if suffix.len() > LONGEST_SUFFIX {
                let why = format!("a target would be called `{:.40}…`; at most {LONGEST_SUFFIX} characters", suffix);
                let hint = "write a map from short names to what each changes".to_owned();
                return Err(bad(&entry.value.spot(), &[], why).hint(Some(hint)));
            }
            let root =
                chosen.iter().try_fold(Rc::clone(&base), |root, value| merge(&root, &written_out(&value.patch)?))?;
            expanded.push(Expanded { suffix, root });
        }
        // The last axis turns fastest.
        let Some(turning) = (0..axes.len()).rev().find(|index| at[*index] + 1 < axes[*index].values.len()) else {
            break;
        };
        at[turning] += 1;
        at[turning + 1..].fill(0);
    }
    match expanded.is_empty() {
        true => Err(bad(&entry.value.spot(), &[EXCLUDE.into()], "it leaves no target".into())),
        false => Ok(expanded),
    }
}

/// Two axes that give the same key its value: the later one would win, and the names of the targets would lie.
fn varied_twice(matrix: &Node, axes: &[Axis]) -> Result<(), ProfileError> {
    let mut given_by: HashMap<String, &Axis> = HashMap::new();
    for axis in axes {
        let mut own: HashMap<String, Spot> = HashMap::new();
        axis.values.iter().for_each(|value| given(&value.patch, String::new(), &mut own));
        let mut own: Vec<(String, Spot)> = own.into_iter().collect();
        own.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (path, spot) in &own {
            // Of a whole map and a key in it, either can be the later one.
            let mut whole = path.match_indices('.').map(|(at, _)| &path[..at]).chain([path.as_str()]);
            let below = format!("{path}.");
            let within = || given_by.keys().map(String::as_str).filter(|other| other.starts_with(&below)).min();
            if let Some(other) = whole.rfind(|path| given_by.contains_key(*path)).or_else(within) {
                let (key, by) = (other.escape_debug(), given_by[other].name.escape_debug());
                let why = format!("`{key}` is what `{by}` varies already, and only one of the two can be");
                let spot = if axis.name == *path { matrix.spot_of_key(&[], path) } else { spot.clone() };
                return Err(bad(&spot, &[Step::Key(&axis.name)], why));
            }
        }
        given_by.extend(own.into_iter().map(|(path, _)| (path, axis)));
    }
    Ok(())
}

/// The paths of the keys that a patch gives a value, or takes away, with where. Lists that it adds to are none: that is what
/// several axes can do.
fn given(patch: &Node, path: String, paths: &mut HashMap<String, Spot>) {
    match &patch.content {
        Content::Mapping(entries) => {
            for entry in entries {
                let key = &entry.key.text;
                if key.ends_with('+') && matches!(entry.value.content, Content::Sequence(_)) {
                    continue;
                }
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                given(&entry.value, path, paths);
            }
        }
        Content::Scalar { .. } | Content::Sequence(_) => {
            paths.entry(path).or_insert_with(|| patch.spot());
        }
    }
}

/// Whether one value is the target's own version as the client's, and another value of that axis is `target`, which means
/// the same.
fn says_its_own_version_twice(axes: &[Axis], chosen: &[&Value]) -> bool {
    let label = |name: &str| axes.iter().position(|axis| axis.name == name).map(|at| (at, chosen[at].label.as_str()));
    let (Some((_, server)), Some((at, client))) = (label("postgres"), label("restore.client")) else { return false };
    server == client && axes[at].values.iter().any(|value| value.label == "target")
}

fn axes(matrix: &Node) -> Result<Vec<Axis>, ProfileError> {
    let Content::Mapping(entries) = &matrix.content else {
        return Err(bad(&matrix.spot(), &[], "it must be a map from keys to lists of their values".into()));
    };
    let axes: Vec<&Entry> = entries.iter().filter(|entry| entry.key.text != EXCLUDE).collect();
    if axes.is_empty() {
        return Err(bad(&matrix.spot(), &[], "it varies nothing; give it a key with a list of values".into()));
    }
    if axes.len() > MOST_AXES {
        return Err(bad(&matrix.spot(), &[], format!("it varies more than {MOST_AXES} things")));
    }
    axes.into_iter().map(axis).collect()
}

fn axis(entry: &Entry) -> Result<Axis, ProfileError> {
    let name = entry.key.text.clone();
    let spot = entry.value.spot();
    let path = [Step::Key(&name)];
    if !matches!(entry.value.content, Content::Mapping(_)) {
        if NEVER_VARIED.contains(&name.as_str()) {
            return Err(bad(&entry.key.spot(), &path, format!("a profile has one `{name}`, which cannot vary")));
        }
        if name.split('.').count() > MOST_STEPS {
            return Err(bad(&entry.key.spot(), &[], "a key's path this long leads to no key of a profile".into()));
        }
    }
    let mut values: Vec<Value> = Vec::new();
    match &entry.value.content {
        Content::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                let label = label(item).ok_or_else(|| {
                    let why = "a list or a map needs a name; write a map from names to what each changes";
                    bad(&item.spot(), &[path[0], Step::Index(index)], why.into())
                })?;
                values.push(Value { label, patch: patch(&entry.key, &name, item) });
            }
        }
        Content::Mapping(variants) => {
            for variant in variants {
                let patch = match variant.value.is_null() {
                    true => Node::at(&variant.value.spot(), Content::Mapping(Vec::new())),
                    false => Rc::clone(&variant.value),
                };
                if !matches!(patch.content, Content::Mapping(_)) {
                    let why = "a variant is a map of what it changes in the profile";
                    return Err(bad(&patch.spot(), &[path[0], Step::Key(&variant.key.text)], why.into()));
                }
                if let Some(key) = NEVER_VARIED.iter().find_map(|key| patch.entry(key)) {
                    let why = format!("a variant cannot have a `{}` of its own", key.key.text);
                    return Err(bad(&key.key.spot(), &[path[0], Step::Key(&variant.key.text)], why));
                }
                values.push(Value { label: readable(&variant.key.text), patch });
            }
        }
        Content::Scalar { text, .. } => {
            let Some((first, last)) = range(text).filter(|_| VERSIONS.contains(&name.as_str())) else {
                let why = "it must be a list of values, a map from names to what each changes, or for versions such as \
                           `15..18`";
                return Err(bad(&spot, &path, why.into()));
            };
            for major in first..=last {
                let item = Node::at(&spot, Content::Scalar { text: major.to_string(), plain: true });
                values.push(Value { label: major.to_string(), patch: patch(&entry.key, &name, &item) });
            }
        }
    }
    if values.is_empty() {
        return Err(bad(&spot, &path, "it has no values, so there would be no target".into()));
    }
    for (index, value) in values.iter().enumerate() {
        if values[..index].iter().any(|other| other.label == value.label) {
            return Err(bad(&spot, &path, format!("`{}` appears twice", value.label)));
        }
    }
    Ok(Axis { name, values })
}

/// `15..18`; the first alone where it is the greater one, as with a dump that is newer than the last.
fn range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once("..")?;
    let (first, last): (u16, u16) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    Some((first, last.max(first).min(first.saturating_add(99))))
}

/// A map that holds a value under a path.
fn patch(key: &Key, path: &str, value: &Rc<Node>) -> Rc<Node> {
    path.rsplit('.').fold(Rc::clone(value), |inside, step| {
        let key = Key { text: step.to_owned(), ..key.clone() };
        let spot = key.spot();
        Node::at(&spot, Content::Mapping(vec![Entry { key, value: inside }]))
    })
}

/// How a value is called in a target's name.
fn label(value: &Node) -> Option<String> {
    match &value.content {
        Content::Scalar { .. } if value.is_null() => Some("none".to_owned()),
        Content::Scalar { text, .. } => Some(readable(text)),
        Content::Sequence(_) | Content::Mapping(_) => None,
    }
}

/// Text as it can stand in a target's name.
pub(super) fn readable(text: &str) -> String {
    match text {
        "" => "none".to_owned(),
        _ => text.chars().map(|c| if c.is_ascii_alphanumeric() || "._+@-".contains(c) { c } else { '-' }).collect(),
    }
}

/// What is wrong with the matrix; `path` leads there from its key on.
fn bad(spot: &Spot, path: &[Step<'_>], why: String) -> ProfileError {
    let whole: Vec<Step<'_>> = std::iter::once(Step::Key(KEY)).chain(path.iter().copied()).collect();
    ProfileError::at(spot, Cause::BadValue { path: holder(&display_path(&whole)), why })
}

/// The keys of the profile that the matrix varies, by their paths; the names of variants are none.
pub fn varied(matrix: &Node) -> impl Iterator<Item = &Entry> {
    matrix
        .entries()
        .iter()
        .filter(|axis| axis.key.text != EXCLUDE && !axis.value.is_null())
        // What never varies is refused where the matrix is read.
        .filter(|axis| !NEVER_VARIED.contains(&axis.key.text.as_str()))
        .filter(|axis| !matches!(axis.value.content, Content::Mapping(_)))
}

/// The combinations that are left out: axes with the labels that they have there.
fn excluded(matrix: &Node, axes: &[Axis]) -> Result<Vec<Vec<(usize, String)>>, ProfileError> {
    let Some(entry) = matrix.entry(EXCLUDE) else { return Ok(Vec::new()) };
    let Content::Sequence(items) = &entry.value.content else {
        return Err(bad(&entry.value.spot(), &[EXCLUDE.into()], "it must be a list of combinations".into()));
    };
    let mut excluded = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let path = [Step::Key(EXCLUDE), Step::Index(index)];
        if item.entries().is_empty() {
            let why = "a combination is a map from what the matrix varies to a value of it";
            return Err(bad(&item.spot(), &path, why.into()));
        }
        let mut combination = Vec::new();
        for part in item.entries() {
            let name = part.key.text.as_str();
            let Some(at) = axes.iter().position(|axis| axis.name == name) else {
                let hint = suggest::nearest(name, axes.iter().map(|axis| axis.name.as_str()));
                let why = format!("the matrix does not vary `{}`", name.escape_debug());
                return Err(bad(&part.key.spot(), &path, why).hint(hint.map(|near| format!("did you mean `{near}`?"))));
            };
            let label = label(&part.value).ok_or_else(|| {
                bad(&part.value.spot(), &[path[0], path[1], Step::Key(name)], "one value is left out at a time".into())
            })?;
            // Which versions there are can depend on the dump, so one that is not there is none too many.
            let can_be_elsewhere = VERSIONS.contains(&name) && (label == "target" || label.parse::<u16>().is_ok());
            if !can_be_elsewhere && !axes[at].values.iter().any(|value| value.label == label) {
                let labels: Vec<String> = axes[at].values.iter().map(|value| format!("`{}`", value.label)).collect();
                let why = format!("`{name}` never is `{label}`, only {}", labels.join(", "));
                return Err(bad(&part.value.spot(), &[path[0], path[1], Step::Key(name)], why));
            }
            combination.push((at, label));
        }
        excluded.push(combination);
    }
    Ok(excluded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::yaml::tests::tree;

    fn suffixes(yaml: &str) -> Result<Vec<String>, String> {
        expand(&tree(yaml))
            .map(|expanded| expanded.into_iter().map(|one| one.suffix).collect())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn every_combination_is_there_in_the_order_of_the_matrix() {
        let yaml = "matrix: {postgres: [17, 18], provider: {libc: , icu: {cluster: {locale_provider: icu}}}}";
        assert_eq!(suffixes(yaml).unwrap(), ["[17,libc]", "[17,icu]", "[18,libc]", "[18,icu]"]);
        let expanded = expand(&tree(yaml)).unwrap();
        let provider = |at: usize| expanded[at].root.find(&["cluster".into(), "locale_provider".into()]);
        assert!(provider(0).is_none());
        assert!(matches!(&provider(1).unwrap().content, Content::Scalar { text, .. } if text == "icu"));
        assert!(expanded.iter().all(|one| one.root.entry("matrix").is_none()));
        assert_eq!(suffixes("name: x").unwrap(), [""]);
    }

    #[test]
    fn versions_can_be_a_range() {
        assert_eq!(suffixes("matrix: {postgres: 16..18}").unwrap(), ["[16]", "[17]", "[18]"]);
        assert_eq!(suffixes("matrix: {postgres: 19..18}").unwrap(), ["[19]"], "a dump that is newer");
        assert!(suffixes("matrix: {limits.cpus: 1..3}").unwrap_err().contains("it must be a list of values"));
    }

    #[test]
    fn what_is_excluded_is_not_there() {
        let yaml =
            "matrix: {postgres: [17, 18], roles: {none: {roles: []}, all: }, exclude: [{postgres: 17, roles: all}]}";
        assert_eq!(suffixes(yaml).unwrap(), ["[17,none]", "[18,none]", "[18,all]"]);
        assert_eq!(
            suffixes("matrix:\n  postgres: [17]\n  exclude: [{postgres: 17}]").unwrap_err(),
            "x.yaml:2:3: `matrix.exclude`: it leaves no target"
        );
        assert_eq!(
            suffixes("matrix: {roles: {a: , b: }, exclude: [{roles: c}]}").unwrap_err(),
            "x.yaml:1:47: `matrix.exclude[0].roles`: `roles` never is `c`, only `a`, `b`"
        );
    }

    #[test]
    fn a_client_of_the_targets_own_version_is_the_targets_own() {
        let yaml = "matrix: {postgres: [15, 17], restore.client: [target, 15]}";
        assert_eq!(suffixes(yaml).unwrap(), ["[15,target]", "[17,target]", "[17,15]"]);
    }

    #[test]
    fn what_two_axes_give_the_same_key_is_refused() {
        assert_eq!(
            suffixes("matrix:\n  postgres: [15, 16]\n  how: {a: {postgres: 17}, b: }").unwrap_err(),
            "x.yaml:3:23: `matrix.how`: `postgres` is what `postgres` varies already, and only one of the two can be"
        );
        let mut axes = ["cluster: {a: {cluster: {locale: C}}}", "cluster.locale: [C]", "other: {a: {cluster: ~}}"];
        for _ in 0..2 {
            for (first, second) in [(0, 1), (0, 2), (1, 2)] {
                let yaml = format!("matrix:\n  {}\n  {}", axes[first], axes[second]);
                assert!(suffixes(&yaml).unwrap_err().contains("varies already"), "{yaml}");
            }
            axes.reverse();
        }
        let lists = "matrix: {a: {x: {roles+: [{name: r}]}}, b: {y: {roles+: [{name: s}], cluster: {locale: C}}}}";
        assert_eq!(suffixes(lists).unwrap(), ["[x,y]"], "each adds");
    }

    #[test]
    fn what_a_profile_has_one_of_does_not_vary() {
        assert_eq!(
            suffixes("matrix: {extends: [a, b]}").unwrap_err(),
            "x.yaml:1:10: `matrix.extends`: a profile has one `extends`, which cannot vary"
        );
        assert_eq!(suffixes("matrix: {name: {a: , b: }}").unwrap(), ["[a]", "[b]"], "a name like any other");
    }

    #[test]
    fn a_path_of_a_hundred_thousand_keys_is_refused() {
        let path = vec!["a"; 100_000].join(".");
        assert!(suffixes(&format!("matrix: {{{path}: [1]}}")).unwrap_err().contains("leads to no key"));
    }

    #[test]
    fn a_targets_name_stays_short() {
        let error = suffixes(&format!("matrix: {{v: {{{}: }}}}", "a".repeat(200))).unwrap_err();
        assert!(error.starts_with("x.yaml:1:9: `matrix`: a target would be called `[aaaa"), "{error}");
        assert!(error.len() < 300, "{error}");
    }

    #[test]
    fn too_many_targets_are_refused() {
        let values: Vec<String> = (0..17).map(|number| number.to_string()).collect();
        let values = values.join(", ");
        let error = suffixes(&format!("matrix: {{a: [{values}], b: [{values}]}}")).unwrap_err();
        assert!(error.ends_with("`matrix`: it makes more than 256 targets"), "{error}");
    }

    #[test]
    fn labels_are_text_that_a_targets_name_can_hold() {
        let yaml = "matrix: {cluster.locale: [de_DE.UTF-8@euro, \"a; b/c\", ~]}";
        assert_eq!(suffixes(yaml).unwrap(), ["[de_DE.UTF-8@euro]", "[a--b-c]", "[none]"]);
    }
}
