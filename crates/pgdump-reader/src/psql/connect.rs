//! `\connect`: where the statements after it go (exec_command_connect and do_connect in command.c; connection strings as
//! in fe-connect.c of libpq).

use super::arguments::{Argument, Arguments};

/// Where psql connects to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Connect {
    /// The database that it is connected to, anew.
    Same,
    /// The one that the restore connects to.
    Own,
    To(String),
    /// Nowhere: it stays as it is, and says why.
    Refused,
    Unknown,
}

/// What a `\connect` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) connect: Connect,
    /// The role, where another one is named.
    pub(super) user: Option<String>,
}

pub(super) fn read(arguments: &mut Arguments<'_>) -> Said {
    let mut reuse = None;
    let mut first = arguments.next(true);
    // `-reuse-previous=on`; its prefix is compared as it stands there.
    if let Some(text) = first.as_ref().and_then(|first| first.text.strip_prefix("-reuse-previous")) {
        match text {
            "" => reuse = Some(true),
            value => match value.strip_prefix('=').and_then(crate::sql::boolean) {
                Some(on) => reuse = Some(on),
                None => return Said { connect: Connect::Refused, user: None },
            },
        }
        first = arguments.next(true);
    }
    let rest: Vec<Argument> = std::iter::from_fn(|| arguments.next(true)).take(3).collect();
    if arguments.broken {
        return Said { connect: Connect::Refused, user: None };
    }
    let stated = |argument: &Argument| argument.quoted || argument.text != "-" || argument.unknown || argument.own;
    let user = rest.first().filter(|user| stated(user)).map(Argument::name);
    let Some(first) = first.filter(stated) else { return Said { connect: Connect::Same, user } };
    if first.own {
        return Said { connect: Connect::Own, user };
    }
    if first.unknown {
        return Said { connect: Connect::Unknown, user };
    }
    let name = first.name();
    let is_uri = name.starts_with("postgresql://") || name.starts_with("postgres://");
    if !is_uri && !name.contains('=') {
        return Said { connect: if name.is_empty() { Connect::Unknown } else { Connect::To(name) }, user };
    }
    if rest.iter().any(stated) {
        return Said { connect: Connect::Refused, user: None };
    }
    let parts = if is_uri { of_uri(&name) } else { of_pairs(&name) };
    let Some(parts) = parts else { return Said { connect: Connect::Unknown, user: None } };
    let part = |wanted: &str| parts.iter().rev().find(|(key, _)| key == wanted).map(|(_, value)| value.clone());
    let connect = match part("dbname").filter(|name| !name.is_empty()) {
        Some(name) if part("service").is_none() => Connect::To(name),
        // What is not said stays as it was, or else is as libpq has it.
        None if reuse == Some(true) && part("service").is_none() => Connect::Same,
        _ => Connect::Unknown,
    };
    Said { connect, user: part("user").filter(|user| !user.is_empty()) }
}

/// `dbname = 'it\'s' user=app`
fn of_pairs(text: &str) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    let mut letters = text.chars().peekable();
    loop {
        while letters.next_if(char::is_ascii_whitespace).is_some() {}
        if letters.peek().is_none() {
            return Some(pairs);
        }
        let mut key = String::new();
        while let Some(letter) = letters.next_if(|letter| *letter != '=' && !letter.is_ascii_whitespace()) {
            key.push(letter);
        }
        while letters.next_if(char::is_ascii_whitespace).is_some() {}
        letters.next_if_eq(&'=')?;
        while letters.next_if(char::is_ascii_whitespace).is_some() {}
        let quoted = letters.next_if_eq(&'\'').is_some();
        let mut value = String::new();
        loop {
            match letters.next() {
                Some('\\') => value.extend(letters.next()),
                Some('\'') if quoted => break,
                None if quoted => return None,
                None => break,
                Some(letter) if !quoted && letter.is_ascii_whitespace() => break,
                Some(letter) => value.push(letter),
            }
        }
        pairs.push((key, value));
    }
}

/// `postgresql://user:password@host:5432/app?sslmode=disable`
fn of_uri(text: &str) -> Option<Vec<(String, String)>> {
    let rest = text.split_once("://")?.1;
    let (rest, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let (rest, database) = rest.split_once('/').unwrap_or((rest, ""));
    let mut pairs = Vec::new();
    if let Some((user, _)) = rest.rsplit_once('@') {
        pairs.push(("user".to_owned(), decoded(user.split(':').next()?)?));
    }
    pairs.push(("dbname".to_owned(), decoded(database)?));
    for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
        let (key, value) = parameter.split_once('=')?;
        pairs.push((decoded(key)?, decoded(value)?));
    }
    Some(pairs)
}

fn decoded(text: &str) -> Option<String> {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            out.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &after[2..];
        } else {
            out.push(first);
            rest = after;
        }
    }
    Some(crate::charset::Charset::default().text(out))
}

#[cfg(test)]
mod tests {
    use super::super::variables::Variables;
    use super::*;

    fn connect(line: &str) -> Connect {
        let variables = Variables::default();
        read(&mut Arguments::of(line.as_bytes(), &variables)).connect
    }

    fn to(name: &str) -> Connect {
        Connect::To(name.into())
    }

    #[test]
    fn every_form_of_its_argument_is_read() {
        for line in
            ["app", "app postgres", "app;", "app postgres localhost 5432", "\"app\"", "'app'", "app - - -", "\"app\";"]
        {
            assert_eq!(connect(line), to("app"), "{line}");
        }
        assert_eq!(connect("App"), to("App"));
        assert_eq!(connect("\"a \"\"b\""), to("a \"b"));
        assert_eq!(connect("'it''s'"), to("it's"));
        for line in ["", "-", "- postgres", ";", "-reuse-previous=on"] {
            let expected = if line == ";" { Connect::Unknown } else { Connect::Same };
            assert_eq!(connect(line), expected, "{line}");
        }
        assert_eq!(connect(":DBNAME"), Connect::Own);
        assert_eq!(connect(":db"), to(":db"));
        assert_eq!(connect("`echo app`"), Connect::Unknown);
    }

    #[test]
    fn connection_strings_and_uris_are_read() {
        for line in [
            "dbname=app",
            "\"dbname=app user=postgres\"",
            "\"dbname='app'\"",
            "\"user = x dbname = app\"",
            "-reuse-previous=on \"dbname='app'\"",
            "postgresql:///app",
            "postgres://u:p@localhost:5432/app?sslmode=disable",
            "postgresql://localhost?dbname=app",
            "postgresql:///a%70p",
        ] {
            assert_eq!(connect(line), to("app"), "{line}");
        }
        assert_eq!(connect("-reuse-previous=on \"dbname='a b\\'c\"\"d'\""), to("a b'c\"d"));
        assert_eq!(connect("-reuse-previous=on \"host=localhost\""), Connect::Same);
        assert_eq!(connect("\"host=localhost\""), Connect::Unknown);
        assert_eq!(connect("\"dbname=app\" postgres"), Connect::Refused);
        assert_eq!(connect("-reuse-previous=maybe app"), Connect::Refused);
        assert_eq!(connect("\"app"), Connect::Refused);
        assert_eq!(connect("\"dbname=app host\""), Connect::Unknown);
    }
}
