//! Which objects of the dump are there again, and which are not what they were.
//!
//! First by their texts, which is exact where they are equal. What is left is compared by what this server makes of the
//! dump's definitions (`crate::check::reference`): both are written by the same pg_dump then, names too.

use std::collections::{BTreeMap, HashMap, HashSet};

use pgdump_reader::{Declared, begins_with_command, subject_of, tag};

use super::text;
use crate::check::key::{Key, key};
use crate::finding::Failure;

/// What the comparison of two lists of objects comes to.
#[derive(Debug, Default)]
pub struct Comparison {
    /// In the dump and not in the database, and no statement of it failed.
    pub missing: Vec<Declared>,
    /// In the database and not in the dump.
    pub extra: Vec<Declared>,
    /// In both, with other definitions: as the dump has it or this server writes it, and as it came back.
    pub changed: Vec<(Declared, Declared)>,
    /// In both, with other texts, and this server did not make the dump's beside it; and why.
    pub undecided: Vec<(Declared, String)>,
    /// How many objects were compared, by type.
    pub compared: BTreeMap<String, u64>,
    /// How many the restore itself has failed on or did not come to.
    pub failed: u64,
}

impl Comparison {
    /// Whether the texts alone do not prove that all is as it was.
    pub fn differs(&self) -> bool {
        !(self.missing.is_empty() && self.extra.is_empty() && self.changed.is_empty())
    }

    /// Where there is nothing to compare with, another text is no proof of another object, and none of the same.
    pub fn undecide(&mut self, why: &str) {
        self.undecided = self.changed.drain(..).map(|(dump, _)| (dump, why.to_owned())).collect();
        self.leave_out_undecided();
    }

    fn leave_out_undecided(&mut self) {
        for (object, _) in &self.undecided {
            if let Some(count) = self.compared.get_mut(&object.desc.to_lowercase()) {
                *count = count.saturating_sub(1);
            }
        }
    }

    fn sort(&mut self) {
        self.extra.sort_by_key(key);
        self.missing.sort_by_key(key);
        self.changed.sort_by_key(|(dump, _)| key(dump));
        self.undecided.sort_by_key(|(dump, _)| key(dump));
    }
}

/// What is left of the dump and the database when all that is equal by its text, or has failed, is taken out.
struct Left<'a> {
    dumped: Vec<&'a Declared>,
    restored: Vec<&'a Declared>,
    /// What was taken out, as it is in the database.
    equal: Vec<&'a Declared>,
    /// The dump's objects that the restore has failed on.
    failed: Vec<&'a Declared>,
}

/// Objects by their keys.
fn by_key<'a>(objects: impl IntoIterator<Item = &'a Declared>) -> BTreeMap<Key, Vec<&'a Declared>> {
    let mut by_key: BTreeMap<Key, Vec<&Declared>> = BTreeMap::new();
    for object in objects.into_iter().filter(|object| is_compared(object)) {
        by_key.entry(key(object)).or_default().push(object);
    }
    by_key
}

impl<'a> Left<'a> {
    fn of(dump: &'a [Declared], restored: &'a [Declared], failures: &[Failure], comparison: &mut Comparison) -> Self {
        let failing = failed(dump, failures);
        let mut left = Self { dumped: Vec::new(), restored: Vec::new(), equal: Vec::new(), failed: Vec::new() };
        let mut there = by_key(restored);
        for (index, object) in dump.iter().enumerate().filter(|(_, object)| is_compared(object)) {
            *comparison.compared.entry(object.desc.to_lowercase()).or_default() += 1;
            let found = there.get_mut(&key(object)).filter(|found| !found.is_empty()).and_then(|found| {
                // Tags join names with spaces, so different objects can share one.
                let same = found.iter().position(|found| text::same(object, found));
                // What was there before the restore is the restore's finding; what was not kept cannot be compared.
                let taken = failing.contains(&index) || object.definition.is_empty();
                same.or(taken.then_some(0)).map(|at| found.swap_remove(at))
            });
            match found {
                Some(found) => left.equal.push(found),
                None if failing.contains(&index) => comparison.failed += 1,
                None => left.dumped.push(object),
            }
            if failing.contains(&index) {
                left.failed.push(object);
            }
        }
        left.restored = there.into_values().flatten().collect();
        left
    }
}

/// Compares what the dump declares with what the database holds, by their texts alone.
pub fn by_text(dump: &[Declared], restored: &[Declared], failures: &[Failure]) -> Comparison {
    let mut comparison = Comparison::default();
    let left = Left::of(dump, restored, failures, &mut comparison);
    let mut there = by_key(left.restored);
    for object in left.dumped {
        match there.get_mut(&key(object)).and_then(Vec::pop) {
            Some(found) => comparison.changed.push((object.clone(), found.clone())),
            None => comparison.missing.push(object.clone()),
        }
    }
    comparison.extra = there.into_values().flatten().cloned().collect();
    comparison.sort();
    comparison
}

/// Compares them by what this server makes of the dump's definitions where the texts differ. `reference` holds its objects
/// as `restored` does.
pub fn by_meaning(
    dump: &[Declared],
    restored: &[Declared],
    failures: &[Failure],
    reference: &[Declared],
    refused: &HashMap<Key, String>,
) -> Comparison {
    let mut comparison = Comparison::default();
    let left = Left::of(dump, restored, failures, &mut comparison);
    let failed: HashSet<Key> = left.failed.iter().map(|object| unquoted(object)).collect();
    let of_dump: HashMap<Key, &Declared> = dump.iter().map(|object| (unquoted(object), object)).collect();
    let refusal = |object: &Declared| refused.get(&key(object)).cloned();
    let mut made = by_key(reference);
    for object in &left.equal {
        if let Some(made) = made.get_mut(&key(object)).filter(|made| !made.is_empty()) {
            let same = made.iter().position(|made| text::same(made, object));
            made.swap_remove(same.unwrap_or(0));
        }
    }
    let mut there = by_key(left.restored);
    for (key, made) in &mut made {
        let Some(there) = there.get_mut(key) else { continue };
        made.retain(|made| match there.iter().position(|there| text::same(made, there)) {
            Some(at) => {
                there.swap_remove(at);
                false
            }
            None => true,
        });
        while let (false, Some(there)) = (made.is_empty(), there.pop()) {
            let made = made.swap_remove(0);
            if !failed.contains(&unquoted(made)) {
                comparison.changed.push((made.clone(), there.clone()));
            }
        }
    }
    let known: HashSet<Key> = reference.iter().chain(restored).map(unquoted).collect();
    for made in made.into_values().flatten() {
        let name = unquoted(made);
        let refused = extension(&name).is_some_and(|extension| is_refused(extension, &left.failed, failures));
        if !failed.contains(&name) && !refused {
            comparison.missing.push((*of_dump.get(&name).unwrap_or(&made)).clone());
        }
    }
    for there in there.into_values().flatten() {
        let name = unquoted(there);
        match of_dump.get(&name) {
            _ if failed.contains(&name) => {}
            // What the dump has of it was not made beside it.
            Some(object) => comparison.undecided.push(((*object).clone(), why(refusal(object)))),
            None => comparison.extra.push(there.clone()),
        }
    }
    // In neither of them: this server refuses it, or pg_dump does not write it by this name. The schema public it writes
    // where its owner is another one, which that of the reference never is.
    let is_lost = |object: &Declared| refusal(object).is_some() || is_public(object);
    let refused = left.dumped.into_iter().filter(|object| is_lost(object) && !known.contains(&unquoted(object)));
    comparison.missing.extend(refused.cloned());
    comparison.leave_out_undecided();
    comparison.sort();
    comparison
}

/// The extension that this is, or that it is the comment of: the server writes one itself.
fn extension((desc, _, tag): &Key) -> Option<&str> {
    match desc.as_str() {
        tag::EXTENSION => Some(tag),
        tag::COMMENT => subject_of(desc, tag).filter(|(kind, _)| *kind == tag::EXTENSION).map(|(_, name)| name),
        _ => None,
    }
}

/// Whether this is an extension that the dump does not have, or the comment of one.
pub fn is_extension_beside(object: &Declared, dump: &[Declared]) -> bool {
    let of_dump =
        |name: &str| dump.iter().any(|object| object.desc == tag::EXTENSION && object.tag.trim_matches('"') == name);
    extension(&key(object)).is_some_and(|name| !of_dump(name.trim_matches('"')))
}

/// Whether the restore has failed on an extension, which a script can make by a statement of its own.
fn is_refused(extension: &str, failed: &[&Declared], failures: &[Failure]) -> bool {
    let makes_it = |statement: &str| {
        let begun = statement.trim_start().split_at_checked("create extension".len());
        begun.is_some_and(|(start, rest)| {
            start.eq_ignore_ascii_case("create extension")
                && rest.split(|c: char| c.is_whitespace() || "\";".contains(c)).any(|word| word == extension)
        })
    };
    failed.iter().any(|object| object.desc == tag::EXTENSION && object.tag.trim_matches('"') == extension)
        || failures.iter().filter_map(|failure| failure.statement.as_deref()).any(makes_it)
}

/// Why there is nothing to compare an object with.
fn why(refusal: Option<String>) -> String {
    let sqlstate = refusal.filter(|sqlstate| !sqlstate.is_empty());
    let sqlstate = sqlstate.map(|sqlstate| format!(" ({sqlstate})")).unwrap_or_default();
    format!("the dump's definition cannot be run without what this target had before the restore{sqlstate}")
}

/// The key without the quotes that a version or an option of pg_dump puts around the names in it.
fn unquoted(object: &Declared) -> Key {
    let (desc, schema, tag) = key(object);
    (desc, schema, tag.replace('"', ""))
}

/// Privileges are compared by what they allow, not by their statements; and what belongs to the database itself is only
/// restored with it.
fn is_compared(object: &Declared) -> bool {
    !matches!(object.desc.as_str(), tag::ACL | tag::DEFAULT_ACL) && !object.is_of_database()
}

/// The schema that every new database has.
pub fn is_public(object: &Declared) -> bool {
    object.desc == tag::SCHEMA && object.tag == "public"
}

/// The objects of which the restore has refused a statement.
pub fn failed(dump: &[Declared], failures: &[Failure]) -> HashSet<usize> {
    /// A log can hold fewer bytes than all of a statement.
    const COMPARED: usize = 4000;
    let start = |text: &str| {
        let text = text.trim().trim_end_matches(';').trim_end();
        text[..text.floor_char_boundary(COMPARED)].to_owned()
    };
    let entries: HashSet<i32> = failures.iter().filter_map(|failure| failure.entry).collect();
    let statements: HashSet<String> =
        failures.iter().filter_map(|failure| failure.statement.as_deref()).map(start).collect();
    // What is no SQL, such as the rows of a COPY that was refused, takes the statement with it that follows.
    let taken: Vec<&str> = failures
        .iter()
        .filter_map(|failure| failure.statement.as_deref())
        .filter(|statement| statement.contains('\n') && !begins_with_command(statement))
        .map(|statement| statement.trim().trim_end_matches(';').trim_end())
        .collect();
    let is_taken = |object: &Declared| {
        let text = object.definition.trim().trim_end_matches(';').trim_end();
        !text.is_empty() && taken.iter().any(|all| all.strip_suffix(text).is_some_and(|rows| rows.ends_with('\n')))
    };
    let is_failed = |object: &Declared| {
        object.id.is_some_and(|id| entries.contains(&id))
            || statements.contains(&start(&object.definition))
            || object.definition.split_inclusive(";\n").any(|statement| statements.contains(&start(statement)))
            || is_taken(object)
    };
    if failures.is_empty() {
        return HashSet::new();
    }
    let mut failed: HashSet<usize> =
        dump.iter().enumerate().filter(|(_, object)| is_failed(object)).map(|(index, _)| index).collect();
    // A view in a circle of dependencies comes with a query that only holds its place, and gets its own as a rule later
    // (createDummyViewAsClause and dumpRule in pg_dump.c): without the rule it is not the dump's either.
    let without_query: HashSet<(&Option<String>, &str)> = failed
        .iter()
        .map(|index| &dump[*index])
        .filter(|object| object.desc == tag::RULE)
        .filter_map(|rule| Some((&rule.schema, rule.tag.strip_suffix(" _RETURN")?)))
        .collect();
    if !without_query.is_empty() {
        let is_one = |object: &Declared| {
            object.desc == tag::VIEW && without_query.contains(&(&object.schema, object.tag.as_str()))
        };
        failed.extend(dump.iter().enumerate().filter(|(_, object)| is_one(object)).map(|(index, _)| index));
    }
    failed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(desc: &str, tag: &str, definition: &str) -> Declared {
        let (desc, tag, definition) = (desc.to_owned(), tag.to_owned(), format!("{definition};\n"));
        Declared { desc, tag, definition, ..Declared::default() }
    }

    fn view(tag: &str, query: &str) -> Declared {
        object("VIEW", tag, &format!("CREATE VIEW {tag} AS {query}"))
    }

    #[test]
    fn a_statement_that_rows_take_with_them_is_refused_with_them() {
        let key = "ALTER TABLE ONLY public.r ADD CONSTRAINT r_pkey PRIMARY KEY (id)";
        let dump = [object("CONSTRAINT", "r r_pkey", key), object("CONSTRAINT", "s s_pkey", &key.replace("r_", "s_"))];
        let refused = |statement: String| [Failure { statement: Some(statement), ..Failure::default() }];
        assert_eq!(failed(&dump, &refused(format!("1\t[1,5)\n\\.\n\n{key};"))), HashSet::from([0]));
        // A statement that ends alike is another one.
        assert_eq!(failed(&dump, &refused(format!("SELECT 1\n{key};"))), HashSet::new());
    }

    #[test]
    fn a_view_whose_query_was_refused_is_not_compared_with_what_held_its_place() {
        let dump = [
            view("v", "SELECT NULL::integer AS a"),
            object("RULE", "v _RETURN", "CREATE OR REPLACE VIEW public.v AS SELECT a FROM t"),
            view("w", "SELECT 1"),
        ];
        let statement = Some("CREATE OR REPLACE VIEW public.v AS SELECT a FROM t;".to_owned());
        let refused = Failure { statement, ..Failure::default() };
        assert_eq!(failed(&dump, &[refused]), HashSet::from([0, 1]));
    }

    /// What is changed, missing, extra and undecided, by tag.
    fn labels(comparison: &Comparison) -> [Vec<&str>; 4] {
        [
            comparison.changed.iter().map(|(dump, _)| dump.tag.as_str()).collect(),
            comparison.missing.iter().map(|object| object.tag.as_str()).collect(),
            comparison.extra.iter().map(|object| object.tag.as_str()).collect(),
            comparison.undecided.iter().map(|(object, _)| object.tag.as_str()).collect(),
        ]
    }

    const NONE: [&str; 0] = [];

    #[test]
    fn texts_that_are_equal_need_nothing_else_and_others_are_no_proof() {
        let dump = [view("v", "SELECT 1"), view("w", "SELECT 2")];
        assert!(!by_text(&dump, &dump, &[]).differs());
        let there = [view("v", "SELECT 1 AS a"), view("x", "SELECT 2")];
        assert_eq!(labels(&by_text(&dump, &there, &[])), [vec!["v"], vec!["w"], vec!["x"], vec![]]);
    }

    #[test]
    fn what_the_server_makes_of_both_decides() {
        let dump = [view("v", "SELECT NULL"), view("w", "SELECT (1)")];
        let there = [view("v", "SELECT NULL::text"), view("w", "SELECT 2")];
        let made = [view("v", "SELECT NULL::text"), view("w", "SELECT 1")];
        let comparison = by_meaning(&dump, &there, &[], &made, &HashMap::new());
        assert_eq!(labels(&comparison), [vec!["w"], vec![], vec![], vec![]]);
        assert_eq!(comparison.changed[0].0.definition, made[1].definition);
    }

    #[test]
    fn names_that_are_written_otherwise_are_the_same_object() {
        let dump = [object("FUNCTION", "\"f\"(integer)", "CREATE FUNCTION \"f\"(integer)"), view("\"v\"", "SELECT 1")];
        let there = [object("FUNCTION", "f(integer)", "CREATE FUNCTION f(integer)")];
        let made = [there[0].clone(), view("v", "SELECT 1")];
        let comparison = by_meaning(&dump, &there, &[], &made, &HashMap::new());
        assert_eq!(labels(&comparison), [vec![], vec!["\"v\""], vec![], vec![]]);
        let failure = Failure { statement: Some("CREATE VIEW \"v\" AS SELECT 1".into()), ..Failure::default() };
        let comparison = by_meaning(&dump, &there, &[failure], &made, &HashMap::new());
        assert_eq!(labels(&comparison), [NONE; 4]);
        assert_eq!(comparison.failed, 1);
    }

    #[test]
    fn what_cannot_be_made_beside_is_never_equal() {
        let dump = [view("v", "SELECT NULL"), view("gone", "SELECT 1")];
        let there = [view("v", "SELECT NULL::text")];
        let refused = HashMap::from([(key(&dump[0]), "42P01".to_owned()), (key(&dump[1]), String::new())]);
        let comparison = by_meaning(&dump, &there, &[], &[], &refused);
        assert_eq!(labels(&comparison), [vec![], vec!["gone"], vec![], vec!["v"]]);
        assert!(comparison.undecided[0].1.ends_with("(42P01)"), "{:?}", comparison.undecided);
        assert_eq!(comparison.compared["view"], 1);
        // What the restore has refused as well is its finding.
        let failure = Failure { statement: Some("CREATE VIEW gone AS SELECT 1".into()), ..Failure::default() };
        let comparison = by_meaning(&dump, &there, &[failure], &[], &refused);
        assert_eq!(labels(&comparison), [vec![], vec![], vec![], vec!["v"]]);
    }

    #[test]
    fn what_only_the_database_has_is_extra_and_what_only_the_dump_makes_is_missing() {
        let dump = [view("v", "SELECT 1")];
        let there = [view("x", "SELECT 1")];
        let comparison = by_meaning(&dump, &there, &[], &dump, &HashMap::new());
        assert_eq!(labels(&comparison), [vec![], vec!["v"], vec!["x"], vec![]]);
    }

    #[test]
    fn two_objects_of_one_name_are_both_compared() {
        let dump = [object("RULE", "a b", "CREATE RULE b ON a"), object("RULE", "a b", "CREATE RULE \"a b\" ON c")];
        let there = [dump[1].clone(), object("RULE", "a b", "CREATE RULE b ON a DO NOTHING")];
        let comparison = by_meaning(&dump, &there, &[], &dump, &HashMap::new());
        assert_eq!(labels(&comparison)[0], ["a b"]);
        assert_eq!(comparison.changed[0].1, there[1]);
    }
}
