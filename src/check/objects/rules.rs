//! What makes two definitions the same although their words differ: versions of PostgreSQL write the same object in
//! different words, and expressions come back rewritten.
//!
//! PostgreSQL's own upgrade tests have to do the same: src/test/perl/PostgreSQL/Test/AdjustUpgrade.pm names the
//! differences between majors. Each rule here says where it comes from.

use crate::dump::{Declared, Word};

/// A definition as it is compared: its statements in an order of their own.
pub(super) type Canonical = Vec<Vec<Word>>;

/// The majors that wrote the two definitions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Majors {
    pub source: u16,
    pub target: u16,
}

impl Majors {
    /// Whether one is older than this major and the other is not.
    fn straddle(self, major: u16) -> bool {
        (self.source < major) != (self.target < major)
    }

    pub(super) fn differ(self) -> bool {
        self.source != self.target
    }
}

/// Whether the two are the same object.
pub(super) fn same(desc: &str, dump: &str, restored: &str, majors: Majors) -> bool {
    if dump == restored {
        return true;
    }
    let (dump, restored) = (crate::dump::statements(dump), crate::dump::statements(restored));
    let (mut dump, mut restored) = (statements(dump), statements(restored));
    if sorted(&dump) == sorted(&restored) {
        return true;
    }
    options_of_the_dump(desc, &dump, &mut restored);
    for statements in [&mut dump, &mut restored] {
        for words in statements.iter_mut() {
            *words = canonical(desc, std::mem::take(words), majors);
        }
    }
    sorted(&dump) == sorted(&restored)
}

/// A plain dump says each statement by itself and an archive all of an entry's, in orders of their own; what they set for
/// the session is no part of the object.
fn statements(statements: Vec<Vec<Word>>) -> Canonical {
    let sets = |words: &Vec<Word>| words.first().is_some_and(|word| is(word, "set"));
    // Whether row level security is forced is told by the check of it.
    let forces = |words: &Vec<Word>| {
        words.iter().rev().zip(["security", "level", "row", "force"]).all(|(word, name)| is(word, name))
            && words.len() > 4
    };
    statements.into_iter().filter(|words| !sets(words) && !forces(words)).collect()
}

fn sorted(statements: &Canonical) -> Canonical {
    let mut sorted = statements.clone();
    sorted.sort();
    sorted
}

fn is(word: &Word, name: &str) -> bool {
    matches!(word, Word::Name(found) if found == name)
}

/// Types whose definition holds expressions or queries, which the server writes anew.
pub(super) fn has_expressions(desc: &str) -> bool {
    !matches!(
        desc,
        "SCHEMA"
            | "EXTENSION"
            | "COMMENT"
            | "SECURITY LABEL"
            | "SEQUENCE"
            | "ROW SECURITY"
            | "INDEX ATTACH"
            | "TABLE ATTACH"
    )
}

/// Up to 13 pg_dump wrote `ALTER TABLE … ATTACH PARTITION` with the partition; since 14 it is an entry of its own, `TABLE
/// ATTACH` (commit 9a4c0e36f, "Dump ALTER TABLE ... ATTACH PARTITION as a separate ArchiveEntry").
pub fn with_attachments(objects: Vec<Declared>) -> Vec<Declared> {
    const ATTACH: &str = " ATTACH PARTITION ";
    let mut out = Vec::with_capacity(objects.len());
    for mut object in objects {
        let mut attached = None;
        if matches!(object.desc.as_str(), "TABLE" | "FOREIGN TABLE")
            && object.definition.contains(ATTACH)
            && let Some(at) = object.definition.rfind("ALTER TABLE ONLY ")
            && object.definition[at..].contains(ATTACH)
        {
            let definition = object.definition.split_off(at);
            attached = Some(Declared { desc: "TABLE ATTACH".into(), definition, tablespace: None, ..object.clone() });
        }
        out.push(object);
        out.extend(attached);
    }
    out
}

/// A moment is written in the time zone of the session, which pg_dump takes from the database or the role.
fn in_utc(words: &mut [Word]) {
    for word in words {
        if let Word::Text(text) = word
            && text.len() > 19
            && text.as_bytes()[0].is_ascii_digit()
            && let Ok(moment) = text.parse::<jiff::Timestamp>()
        {
            *text = moment.to_string();
        }
    }
}

fn canonical(desc: &str, words: Vec<Word>, majors: Majors) -> Vec<Word> {
    let mut words = words;
    in_utc(&mut words);
    if matches!(desc, "TRIGGER" | "EVENT TRIGGER") {
        words = execute_function(words);
    }
    if matches!(desc, "TABLE" | "FOREIGN TABLE") {
        words = without_not_null_names(words);
    }
    if has_expressions(desc) {
        words = without_casts(words);
        // Parentheses around an expression that needs none are kept by one version and left out by another, and a
        // condition that is read and written again has them elsewhere (get_rule_expr in ruleutils.c).
        words.retain(|word| !matches!(word, Word::Sign(b'(' | b')')));
    }
    if desc.ends_with("CONSTRAINT") {
        // That a constraint is not verified is told by the check of constraints.
        let not_valid = words.len() > 2 && is(&words[words.len() - 2], "not") && is(&words[words.len() - 1], "valid");
        words.truncate(words.len() - if not_valid { 2 } else { 0 });
    }
    let holds_query =
        matches!(desc, "VIEW" | "MATERIALIZED VIEW" | "RULE" | "FUNCTION" | "PROCEDURE" | "POLICY" | "TRIGGER");
    if holds_query && majors.straddle(16) {
        // Since 16 a column of a query with one relation is written without the relation's name (commit 47bb9db75, "Get
        // rid of the "new" and "old" entries in a view's rangetable"; `adjust_database_contents` of AdjustUpgrade.pm).
        words = without_qualifiers(words);
    }
    words
}

/// Since 18 a NOT NULL is a constraint with a name (commit 14e87ffa5, "Add pg_constraint rows for not-null constraints"),
/// and pg_dump writes the name where it is not the one that the server would choose. Which one that is depends on the names
/// that are taken when the table is made: of two tables with the same names in them the order decides.
fn without_not_null_names(words: Vec<Word>) -> Vec<Word> {
    let mut out = Vec::with_capacity(words.len());
    let mut at = 0;
    while at < words.len() {
        let names_not_null = is(&words[at], "constraint")
            && words.get(at + 2).is_some_and(|word| is(word, "not"))
            && words.get(at + 3).is_some_and(|word| is(word, "null"));
        if names_not_null {
            at += 2;
        }
        out.push(words[at].clone());
        at += 1;
    }
    out
}

/// Up to 10 a trigger's function was written `EXECUTE PROCEDURE` (release notes of 11).
fn execute_function(mut words: Vec<Word>) -> Vec<Word> {
    for at in 1..words.len() {
        if is(&words[at - 1], "execute") && is(&words[at], "procedure") {
            words[at] = Word::Name("function".into());
        }
    }
    words
}

/// Leaves casts out: `x = ANY ((ARRAY['a'])::text[])` comes back as `x = ANY (ARRAY[('a')::text])`, because a cast of an
/// array of constants is pushed into it when it is read (transformArrayExpr in parse_expr.c). `CAST (x AS type)` is never
/// written by the server, only in bodies of functions, which are strings.
fn without_casts(words: Vec<Word>) -> Vec<Word> {
    let mut out = Vec::with_capacity(words.len());
    let mut at = 0;
    while at < words.len() {
        if words[at] == Word::Sign(b':') && words.get(at + 1) == Some(&Word::Sign(b':')) {
            at = after_type(&words, at + 2);
        } else {
            out.push(words[at].clone());
            at += 1;
        }
    }
    out
}

/// Where a type's name that begins here has ended.
fn after_type(words: &[Word], mut at: usize) -> usize {
    let word = |at: usize| match words.get(at) {
        Some(Word::Name(name)) => name.as_str(),
        _ => "",
    };
    if word(at).is_empty() {
        return at;
    }
    let first = word(at);
    at += 1;
    match first {
        "double" if word(at) == "precision" => at += 1,
        "character" | "bit" if word(at) == "varying" => at += 1,
        "interval" => {
            while matches!(word(at), "year" | "month" | "day" | "hour" | "minute" | "second" | "to") {
                at += 1;
            }
        }
        _ => {
            while words.get(at) == Some(&Word::Sign(b'.')) && !word(at + 1).is_empty() {
                at += 2;
            }
        }
    }
    // `numeric(10,2)`, and no call: only numbers stand between.
    if words.get(at) == Some(&Word::Sign(b'(')) {
        let mut end = at + 1;
        while matches!(words.get(end), Some(Word::Name(number)) if number.bytes().all(|byte| byte.is_ascii_digit()))
            || matches!(words.get(end), Some(Word::Sign(b',' | b'-')))
        {
            end += 1;
        }
        if words.get(end) == Some(&Word::Sign(b')')) && end > at + 1 {
            at = end + 1;
        }
    }
    if matches!(first, "timestamp" | "time") && matches!(word(at), "with" | "without") && word(at + 1) == "time" {
        at += 3;
    }
    while words.get(at) == Some(&Word::Sign(b'[')) && words.get(at + 1) == Some(&Word::Sign(b']')) {
        at += 2;
    }
    at
}

fn without_qualifiers(words: Vec<Word>) -> Vec<Word> {
    let mut out: Vec<Word> = Vec::with_capacity(words.len());
    for word in words {
        if word == Word::Sign(b'.') && matches!(out.last(), Some(Word::Name(_))) {
            out.pop();
        } else {
            out.push(word);
        }
    }
    out
}

/// Leaves out what the newer version writes and the older one did not know: options of publications and subscriptions
/// (`publish_via_partition_root` since 13, `two_phase` and `streaming` since 14 and 15, `origin` since 16, `failover` since
/// 17, `publish_generated_columns` since 18), and the name of a range type's multirange (since 14).
fn options_of_the_dump(desc: &str, dump: &Canonical, restored: &mut Canonical) {
    if !matches!(desc, "PUBLICATION" | "SUBSCRIPTION" | "TYPE") {
        return;
    }
    let named = |name: &Word| dump.iter().flatten().any(|word| word == name);
    for words in restored.iter_mut() {
        let mut at = 0;
        while at + 2 < words.len() {
            let begins = matches!(words[at], Word::Sign(b'(' | b','));
            let is_option = begins && matches!(words[at + 1], Word::Name(_)) && words[at + 2] == Word::Sign(b'=');
            if is_option && !named(&words[at + 1]) {
                let mut end = at + 3;
                while end < words.len() && !matches!(words[end], Word::Sign(b',' | b')')) {
                    end += 1;
                }
                // The first option's comma is the one behind it.
                let first = words[at] == Word::Sign(b'(');
                let end = if first && words.get(end) == Some(&Word::Sign(b',')) { end + 1 } else { end };
                words.drain(if first { at + 1..end } else { at..end });
            } else {
                at += 1;
            }
        }
    }
}
