//! What a backslash command does (exec_command in command.c, PostgreSQL 13 to 18).

use super::arguments::Arguments;
use super::connect::{self, Connect};
use super::variables::{Value, Variables};
use crate::sql::boolean;

/// What a script's commands have made of psql.
#[derive(Debug, Default)]
pub(crate) struct Psql {
    /// `\restrict`: until the key is given again all other commands are refused.
    restricted: Option<String>,
    branches: Vec<Branch>,
}

/// One `\if` that has not come to its `\endif`.
#[derive(Debug)]
struct Branch {
    line: u64,
    /// Whether what is read now is done.
    active: bool,
    /// Whether a branch was taken already, or none ever is.
    over: bool,
    /// Whether `\else` was there.
    last: bool,
}

/// What a command means for the script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Nothing,
    /// Sends the statement that is being read.
    Send,
    /// Forgets it.
    Discard,
    Connect {
        connect: Connect,
        user: Option<String>,
    },
    Quit,
    /// A COPY whose rows follow, as the server gets it.
    Copy(String),
    Encoding(String),
    /// What it does is not known from the text: sends the statement first, where that is said.
    Unfollowed {
        what: String,
        sends: bool,
    },
    /// A command of the shell: it may change what any database holds, and nothing of how psql goes on.
    Shell,
}

/// Commands that change nothing in a database or in how the script goes on.
const HARMLESS: &[&str] = &[
    "a",
    "C",
    "conninfo",
    "copyright",
    "echo",
    "errverbose",
    "f",
    "h",
    "help",
    "H",
    "html",
    "l",
    "list",
    "lo_export",
    "lo_list",
    "o",
    "out",
    "p",
    "print",
    "pset",
    "qecho",
    "s",
    "sf",
    "sv",
    "t",
    "T",
    "timing",
    "warn",
    "w",
    "write",
    "x",
    "z",
    "?",
    "cd",
    "close",
    "close_prepared",
    "bind",
    "bind_named",
    "list+",
    "l+",
    "sf+",
    "sv+",
];

/// Those that send the statement that is being read, or where there is none the one before once more.
const SENDING: &[&str] = &["g", "gx", "gdesc", "crosstabview", "watch", "gexec", "gset", "sendpipeline", "parse"];

impl Psql {
    /// Whether what is read now is done, and not in a branch of `\if` that is passed over.
    pub(crate) fn is_active(&self) -> bool {
        self.branches.last().is_none_or(|branch| branch.active)
    }

    /// The line of the `\if` that is open.
    pub(crate) fn open_branch(&self) -> Option<u64> {
        self.branches.last().map(|branch| branch.line)
    }

    /// Takes a command; `within` says whether a statement is being read. Given are what it does and what the line goes on
    /// with.
    pub(crate) fn command(
        &mut self,
        name: &str,
        rest: &[u8],
        within: bool,
        line: u64,
        variables: &mut Variables,
    ) -> (Step, Vec<u8>) {
        if let Some(key) = &self.restricted {
            let mut arguments = Arguments::of(rest, variables);
            if name == "unrestrict" {
                let given = arguments.next(true).map(|argument| argument.text);
                if given.as_ref() == Some(key) {
                    self.restricted = None;
                    return (Step::Nothing, arguments.finish());
                }
            }
            // A psql of before `\restrict` does what a later one refuses.
            let harmless = HARMLESS.contains(&name) || name.starts_with('d');
            let what = format!("\\{name} under \\restrict, which only some versions of psql refuse");
            return (if harmless { Step::Nothing } else { Step::Unfollowed { what, sends: false } }, Vec::new());
        }
        if let "if" | "elif" | "else" | "endif" = name {
            return self.branch(name, rest, within, line, variables);
        }
        if !self.is_active() {
            return (Step::Nothing, Arguments::of(rest, variables).finish());
        }
        if SENDING.contains(&name) {
            return send(name, rest, within, variables);
        }
        let mut arguments = Arguments::of(rest, variables);
        let unfollowed = |what: String| Step::Unfollowed { what, sends: false };
        let step = match name {
            "c" | "connect" => {
                let said = connect::read(&mut arguments);
                let rest = if said.connect == Connect::Refused { Vec::new() } else { arguments.finish() };
                match &said.connect {
                    Connect::To(name) => variables.set_database(Value::Known(name.clone())),
                    Connect::Own => variables.set_database(Value::Own),
                    Connect::Unknown => variables.set_database(Value::Unknown),
                    Connect::Same | Connect::Refused => {}
                }
                return (Step::Connect { connect: said.connect, user: said.user }, rest);
            }
            "q" | "quit" => Step::Quit,
            "r" | "reset" => Step::Discard,
            "restrict" => {
                let key = arguments.next(true).map(|argument| argument.text);
                let rest = arguments.finish();
                self.restricted = key;
                return (Step::Nothing, rest);
            }
            "set" => return set(rest, variables),
            "unset" => {
                let name = arguments.next(false).map(|argument| argument.text).unwrap_or_default();
                let rest = arguments.finish();
                variables.unset(&name);
                return (Step::Nothing, rest);
            }
            "getenv" => {
                let name = arguments.next(false).map(|argument| argument.text).unwrap_or_default();
                let rest = arguments.finish();
                variables.set(&name, Value::Unknown);
                return (Step::Nothing, rest);
            }
            "encoding" => match arguments.next(false) {
                Some(argument) if argument.unknown => unfollowed("\\encoding with a value that is not known".into()),
                Some(argument) => Step::Encoding(argument.text),
                None => Step::Nothing,
            },
            "copy" => return (copy(&arguments.whole_line()), Vec::new()),
            "i" | "include" | "ir" | "include_relative" => {
                unfollowed(format!("\\{name} runs another file, which is not part of the dump"))
            }
            "lo_import" => unfollowed("\\lo_import reads another file, which is not part of the dump".into()),
            "lo_unlink" => unfollowed("\\lo_unlink removes a large object".into()),
            "prompt" => unfollowed("\\prompt reads a variable from the script itself or from a terminal".into()),
            "password" => unfollowed("\\password asks for a password".into()),
            "!" => {
                let _ = arguments.whole_line();
                Step::Shell
            }
            "e" | "edit" | "ef" | "ev" => unfollowed(format!("\\{name} starts an editor")),
            "setenv" => {
                let name = arguments.next(false).map(|argument| argument.text).unwrap_or_default();
                let matters = name.to_ascii_uppercase().starts_with("PG");
                if matters { unfollowed(format!("\\setenv changes {name}")) } else { Step::Nothing }
            }
            "startpipeline" | "endpipeline" | "syncpipeline" | "flush" | "flushrequest" | "getresults" => {
                unfollowed(format!("\\{name}: a pipeline, which only some versions of psql know"))
            }
            _ if HARMLESS.contains(&name) || name.starts_with('d') => Step::Nothing,
            // Refused, with the rest of its line.
            _ => return (Step::Nothing, Vec::new()),
        };
        (step, arguments.finish())
    }

    fn branch(&mut self, name: &str, rest: &[u8], within: bool, line: u64, variables: &Variables) -> (Step, Vec<u8>) {
        let mut arguments = Arguments::of(rest, variables);
        let active = self.is_active();
        let mut doubt = within;
        let mut condition = |arguments: &mut Arguments<'_>, evaluated: bool| {
            let all: Vec<_> = std::iter::from_fn(|| arguments.next(false)).collect();
            let text = all.iter().map(|argument| argument.text.as_str()).collect::<Vec<_>>().join(" ");
            let known = !all.iter().any(|argument| argument.unknown || argument.own);
            let value = boolean(&text).filter(|_| known);
            doubt |= evaluated && value.is_none();
            value == Some(true)
        };
        match name {
            "if" => {
                let holds = condition(&mut arguments, active);
                self.branches.push(Branch { line, active: active && holds, over: !active || holds, last: false });
            }
            "elif" => {
                let over = self.branches.last().is_none_or(|branch| branch.over || branch.last);
                let holds = condition(&mut arguments, !over);
                if let Some(branch) = self.branches.last_mut() {
                    branch.active = !over && holds;
                    branch.over |= holds;
                }
            }
            "else" => {
                if let Some(branch) = self.branches.last_mut() {
                    branch.active = !branch.over && !branch.last;
                    (branch.over, branch.last) = (true, true);
                }
            }
            _ => {
                self.branches.pop();
            }
        }
        let what = format!("\\{name} with a condition whose value is not known from the text");
        let what = if within { format!("\\{name} inside a statement") } else { what };
        (if doubt { Step::Unfollowed { what, sends: false } } else { Step::Nothing }, arguments.finish())
    }
}

/// `\g` and its kin.
fn send(name: &str, rest: &[u8], within: bool, variables: &mut Variables) -> (Step, Vec<u8>) {
    let mut arguments = Arguments::of(rest, variables);
    // What follows a `|` is a command of the shell to the end of the line.
    let is_pipe = rest.trim_ascii_start().starts_with(b"|") && matches!(name, "g" | "gx");
    let rest = if is_pipe { Vec::new() } else { Arguments::of(rest, variables).finish() };
    let is_plain = matches!(name, "g" | "gx" | "crosstabview") && arguments.next(false).is_none_or(|a| !a.unknown);
    if name == "gdesc" {
        // It asks for the columns, and does not run the query.
        return (Step::Discard, rest);
    }
    if is_plain && within {
        return (Step::Send, rest);
    }
    if name == "gset" {
        variables.lose();
    }
    let what = match name {
        "gexec" => "\\gexec runs what a query gives".to_owned(),
        "gset" => "\\gset sets variables to what a query gives".to_owned(),
        "watch" => "\\watch runs a query again and again".to_owned(),
        "parse" | "sendpipeline" => format!("\\{name}, which only some versions of psql know"),
        other => format!("\\{other} runs the statement before it once more"),
    };
    (Step::Unfollowed { what, sends: within }, rest)
}

/// `\set NAME VALUE…`: values are put together as they are.
fn set(rest: &[u8], variables: &mut Variables) -> (Step, Vec<u8>) {
    let mut arguments = Arguments::of(rest, variables);
    let name = arguments.next(false);
    let values: Vec<_> = std::iter::from_fn(|| arguments.next(false)).collect();
    let broken = arguments.broken;
    let rest = arguments.finish();
    let Some(name) = name.filter(|_| !broken) else { return (Step::Nothing, rest) };
    let unfollowed = |what: String| (Step::Unfollowed { what, sends: false }, Vec::new());
    if name.unknown {
        variables.lose();
        return unfollowed("\\set of a variable whose name is not known".into());
    }
    if !Variables::is_name(&name.text) {
        return (Step::Nothing, Vec::new());
    }
    let text: String = values.iter().map(|value| value.text.as_str()).collect();
    let unknown = values.iter().any(|value| value.unknown);
    let value = match values.as_slice() {
        [only] if only.own => Value::Own,
        _ if unknown || values.iter().any(|value| value.own) => Value::Unknown,
        _ => Value::Known(text.clone()),
    };
    let switched = boolean(if values.is_empty() { "on" } else { &text });
    let step = match name.text.as_str() {
        "SINGLELINE" | "SINGLESTEP" if unknown || switched == Some(true) => {
            Step::Unfollowed { what: format!("\\set {} changes how psql reads", name.text), sends: false }
        }
        _ => Step::Nothing,
    };
    variables.set(&name.text, value);
    (step, rest)
}

/// `\copy t (a, b) from stdin with (format csv)` (parse_slash_copy and do_copy in copy.c).
fn copy(line: &str) -> Step {
    let Some(Split { before, direction, file, after }) = split(line) else {
        // Refused by psql.
        return Step::Nothing;
    };
    if direction == "to" {
        let query = before.to_ascii_lowercase();
        let changes =
            query.starts_with('(') && ["insert", "update", "delete", "merge"].iter().any(|verb| query.contains(verb));
        let what = "\\copy of a statement that changes rows".to_owned();
        return if changes { Step::Unfollowed { what, sends: false } } else { Step::Nothing };
    }
    match file.to_ascii_lowercase().as_str() {
        // With the script on standard input both are the script.
        "stdin" | "pstdin" => Step::Copy(format!("COPY {before} FROM STDIN {after}")),
        _ => {
            let kind = if file.eq_ignore_ascii_case("program") { "a program" } else { "another file" };
            let what = format!("\\copy reads rows from {kind}, which is not part of the dump");
            Step::Unfollowed { what, sends: false }
        }
    }
}

struct Split {
    before: String,
    direction: String,
    file: String,
    after: String,
}

/// Takes `\copy`'s line apart where FROM or TO stands outside of quotes and parentheses.
fn split(line: &str) -> Option<Split> {
    let bytes = line.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'"' | b'\'') => at += 1 + memchr::memchr(quote, &bytes[at + 1..])?,
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            byte if byte.is_ascii_alphabetic() && depth == 0 => {
                let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..);
                let length = bytes[at..].iter().position(|byte| !is_part(byte)).unwrap_or(bytes.len() - at);
                let word = line[at..at + length].to_ascii_lowercase();
                if at > 0 && matches!(word.as_str(), "from" | "to") {
                    let rest = line[at + length..].trim_ascii_start();
                    let end = match rest.strip_prefix('\'') {
                        Some(quoted) => quoted.find('\'').map_or(rest.len(), |end| end + 2),
                        None => rest
                            .find(|letter: char| letter.is_ascii_whitespace() || letter == ';')
                            .unwrap_or(rest.len()),
                    };
                    if end == 0 {
                        return None;
                    }
                    let (file, after) = rest.split_at(end);
                    return Some(Split {
                        before: line[..at].trim_ascii().to_owned(),
                        direction: word,
                        file: file.to_owned(),
                        after: after.trim_ascii().trim_end_matches(';').to_owned(),
                    });
                }
                at += length - 1;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(line: &str) -> Step {
        let (name, rest) = line.split_at(line.find(' ').unwrap_or(line.len()));
        Psql::default().command(name, rest.as_bytes(), false, 1, &mut Variables::default()).0
    }

    #[test]
    fn copy_is_read_in_its_forms() {
        let copied = |text: &str| Step::Copy(text.to_owned());
        assert_eq!(step("copy public.lost (a) from stdin"), copied("COPY public.lost (a) FROM STDIN "));
        assert_eq!(step("copy \"a from b\" FROM pstdin csv"), copied("COPY \"a from b\" FROM STDIN csv"));
        assert_eq!(step("copy t from stdin;"), copied("COPY t FROM STDIN "));
        assert_eq!(step("copy (select 1 from t) to stdout"), Step::Nothing);
        assert!(matches!(step("copy (DELETE FROM t RETURNING *) to stdout"), Step::Unfollowed { .. }));
        assert!(matches!(step("copy t from 'a b.csv' csv"), Step::Unfollowed { .. }));
        assert!(matches!(step("copy t from program 'cat x'"), Step::Unfollowed { .. }));
    }

    #[test]
    fn branches_are_taken_as_psql_takes_them() {
        let run = |lines: &[&str]| -> (Vec<bool>, usize) {
            let (mut psql, mut variables, mut doubts) = (Psql::default(), Variables::default(), 0);
            let active = lines.iter().map(|line| {
                let (name, rest) = line.split_at(line.find(' ').unwrap_or(line.len()));
                let (step, _) = psql.command(name, rest.as_bytes(), false, 1, &mut variables);
                doubts += usize::from(matches!(step, Step::Unfollowed { .. }));
                psql.is_active()
            });
            (active.collect(), doubts)
        };
        assert_eq!(run(&["if true", "else", "endif"]), (vec![true, false, true], 0));
        assert_eq!(run(&["if f", "elif on", "elif on", "else", "endif"]), (vec![false, true, false, false, true], 0));
        assert_eq!(
            run(&["if 0", "if 1", "else", "endif", "else", "endif"]).0,
            [false, false, false, false, true, true]
        );
        assert_eq!(run(&["if :undefined", "else", "endif"]), (vec![false, true, true], 1));
        assert_eq!(run(&["set x yes", "if :x", "endif"]), (vec![true, true, true], 0));
        assert_eq!(run(&["if :{?x}", "endif"]), (vec![false, true], 0));
        assert_eq!(run(&["if 0", "if `x`", "endif", "endif"]).1, 0);
        assert_eq!(run(&["if `x`", "endif"]).1, 1);
    }

    #[test]
    fn under_restrict_all_other_commands_are_refused() {
        let (mut psql, mut variables) = (Psql::default(), Variables::default());
        let mut run = |name: &str, rest: &str| psql.command(name, rest.as_bytes(), false, 1, &mut variables).0;
        assert_eq!(run("restrict", " key"), Step::Nothing);
        assert!(matches!(run("connect", " app"), Step::Unfollowed { .. }));
        assert!(matches!(run("unrestrict", " other"), Step::Unfollowed { .. }));
        assert_eq!(run("unrestrict", " key"), Step::Nothing);
        assert!(matches!(run("connect", " app"), Step::Connect { connect: Connect::To(_), .. }));
    }

    #[test]
    fn what_the_text_does_not_say_is_not_followed() {
        for line in ["i x.sql", "ir x", "gexec", "gset", "g", "prompt x", "set SINGLELINE on", "startpipeline"] {
            assert!(matches!(step(line), Step::Unfollowed { .. }), "{line}");
        }
        for line in ["echo `date`", "pset x", "d+ t", "o x", "timing", "unknown", "set a b", "set SINGLELINE off"] {
            assert_eq!(step(line), Step::Nothing, "{line}");
        }
        assert_eq!((step("q"), step("! ls")), (Step::Quit, Step::Shell));
        assert_eq!(step("encoding SJIS"), Step::Encoding("SJIS".into()));
    }
}
