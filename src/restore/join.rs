//! Joins what the server logged with what the client said.
//!
//! Each error that a client received stands once in the log, in the same order; so one that both know is one failure, by its
//! place and by its words. The words alone do not do: a message can stand within another one, and one that the log lacks
//! (a dump can silence it) would be lost.

use std::collections::{HashMap, VecDeque};

use super::client_errors::ClientError;
use crate::finding::Failure;

/// Bytes of a message that are compared: the client's lines and the log's fields are cut at different places.
const COMPARED: usize = 2000;

/// What both have reported.
#[derive(Debug, Default)]
pub struct Joined {
    /// In the order in which they came.
    pub failures: Vec<Failure>,
    /// Messages of a severity in another language that the log does not hold as errors: nobody knows whether they are any.
    pub unknown: u64,
}

/// Joins them. `one_process` says that one process wrote all of the client's messages, in the order of the log.
pub fn join(mut logged: Vec<Failure>, errors: Vec<ClientError>, one_process: bool) -> Joined {
    let mut waiting: HashMap<String, VecDeque<usize>> = HashMap::new();
    for (index, failure) in logged.iter().enumerate() {
        waiting.entry(words(&failure.message)).or_default().push_back(index);
    }
    let mut place: Vec<Option<usize>> =
        errors.iter().map(|error| waiting.get_mut(&words(&error.message)).and_then(VecDeque::pop_front)).collect();
    let mut free = vec![true; logged.len()];
    place.iter().flatten().for_each(|index| free[*index] = false);
    if one_process {
        by_place(&logged, &errors, &mut place, &mut free);
    }
    let mut joined = Joined::default();
    // Those that only the client knows, after how many of the log's.
    let mut own: Vec<(usize, Failure)> = Vec::new();
    let mut after = 0;
    for (error, place) in errors.into_iter().zip(place) {
        if let Some(index) = place {
            (logged[index].entry, logged[index].line) = (error.entry, error.line);
            after = after.max(index + 1);
            continue;
        }
        if error.unknown_severity {
            joined.unknown += 1;
            continue;
        }
        // Jobs write to one stream, so that pieces of several messages can stand in one line: it is about those of the log
        // that nobody else has reported.
        if !one_process && torn(&error.message, &logged, &mut free) {
            continue;
        }
        let after = if one_process { after } else { logged.len() };
        let ClientError { message, entry, line, .. } = error;
        own.push((after, Failure { message, entry, line, ..Failure::default() }));
    }
    let mut own = own.into_iter().peekable();
    for (index, failure) in logged.into_iter().enumerate() {
        while let Some((_, failure)) = own.next_if(|(after, _)| *after <= index) {
            joined.failures.push(failure);
        }
        joined.failures.push(failure);
    }
    joined.failures.extend(own.map(|(_, failure)| failure));
    joined
}

/// The first line of a message as far as every encoding writes it alike: the client prints the rest in lines of their own,
/// and text in the encoding of the dump.
fn words(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default().trim_end();
    let line = &line[..line.floor_char_boundary(COMPARED)];
    let mut words = String::with_capacity(line.len());
    for c in line.chars() {
        match c.is_ascii() {
            true => words.push(c),
            false if words.ends_with('\u{fffd}') => {}
            false => words.push('\u{fffd}'),
        }
    }
    words
}

/// Gives errors of the server whose bytes the client wrote otherwise the one error of the log that stands at their place.
fn by_place(logged: &[Failure], errors: &[ClientError], place: &mut [Option<usize>], free: &mut [bool]) {
    let mut next: Vec<usize> = vec![logged.len(); errors.len()];
    for at in (0..errors.len().saturating_sub(1)).rev() {
        next[at] = place[at + 1].unwrap_or(next[at + 1]).min(next[at + 1]);
    }
    let mut from = 0;
    for at in 0..errors.len() {
        if place[at].is_none() && (errors[at].from_server || errors[at].unknown_severity) {
            let differs = |message: &str| !message.is_ascii() || message.len() > COMPARED;
            let found = (from..next[at])
                .find(|index| free[*index] && (differs(&errors[at].message) || differs(&logged[*index].message)));
            if let Some(index) = found {
                (place[at], free[index]) = (Some(index), false);
            }
        }
        from = place[at].map_or(from, |index| from.max(index + 1));
    }
}

/// Whether a line is pieces of messages that the log has and that are still free: they are not, then.
fn torn(line: &str, logged: &[Failure], free: &mut [bool]) -> bool {
    let mut found = false;
    for (index, failure) in logged.iter().enumerate().filter(|(index, _)| free[*index]).collect::<Vec<_>>() {
        let message = failure.message.lines().next().unwrap_or_default();
        if !message.is_empty() && line.contains(message) {
            (free[index], found) = (false, true);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(message: &str) -> Failure {
        Failure { sqlstate: Some("42704".into()), message: message.into(), ..Failure::default() }
    }

    fn said(message: &str, entry: i32) -> ClientError {
        ClientError { message: message.into(), from_server: true, entry: Some(entry), ..ClientError::default() }
    }

    fn messages(joined: &Joined) -> Vec<&str> {
        joined.failures.iter().map(|failure| failure.message.as_str()).collect()
    }

    #[test]
    fn an_error_that_both_know_is_one() {
        let log = vec![logged("a"), logged("b"), logged("a")];
        let joined = join(log, vec![said("a", 1), said("b", 2), said("a", 3)], true);
        assert_eq!(
            joined.failures.iter().map(|failure| failure.entry).collect::<Vec<_>>(),
            [Some(1), Some(2), Some(3)]
        );
    }

    #[test]
    fn a_message_torn_into_another_one_is_no_error_of_its_own() {
        let torn = said("role \"a\" does not existcould not execute query: ERROR:  b", 2);
        assert_eq!(join(vec![logged("role \"a\" does not exist")], vec![torn], false).failures.len(), 1);
    }

    #[test]
    fn a_message_that_stands_within_another_one_is_an_error_of_its_own() {
        let whole = "could not read from file: role \"a\" does not exist, as it seems";
        let errors = vec![said("role \"a\" does not exist", 1), said(whole, 2)];
        for one_process in [true, false] {
            let joined = join(vec![logged("role \"a\" does not exist")], errors.clone(), one_process);
            assert_eq!(messages(&joined), ["role \"a\" does not exist", whole]);
        }
    }

    #[test]
    fn what_only_the_client_knows_stands_where_it_said_it() {
        let errors = vec![said("a", 1), said("only here", 2), said("b", 3)];
        assert_eq!(messages(&join(vec![logged("a"), logged("b")], errors, true)), ["a", "only here", "b"]);
        assert_eq!(messages(&join(vec![logged("a")], vec![], true)), ["a"]);
        assert_eq!(messages(&join(vec![], vec![said("a", 1)], true)), ["a"]);
    }

    #[test]
    fn what_the_client_writes_in_another_encoding_is_the_same_error() {
        // By its words.
        let joined = join(
            vec![logged("value \"ŁÓDŹ\" is bad")],
            vec![said("value \"\u{fffd}\u{fffd}D\u{fffd}\" is bad", 1)],
            true,
        );
        assert_eq!(joined.failures.len(), 1);
        // By its place: a byte of a character can look like a letter.
        let log = vec![logged("a"), logged("value \"ソ\" is bad"), logged("b")];
        let joined = join(log, vec![said("a", 1), said("value \"\u{fffd}\\\" is bad", 2), said("b", 3)], true);
        assert_eq!(
            joined.failures.iter().map(|failure| failure.entry).collect::<Vec<_>>(),
            [Some(1), Some(2), Some(3)]
        );
    }

    #[test]
    fn a_severity_in_another_language_counts_where_the_log_has_it() {
        let german = |message: &str| ClientError { unknown_severity: true, from_server: true, ..said(message, 1) };
        let joined = join(vec![logged("Rolle »x« existiert nicht")], vec![german("Rolle »x« existiert nicht")], true);
        assert_eq!((joined.failures.len(), joined.unknown), (1, 0));
        let joined = join(vec![], vec![german("Tabelle »x« existiert nicht")], true);
        assert_eq!((joined.failures.len(), joined.unknown), (0, 1));
    }
}
