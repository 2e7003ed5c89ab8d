//! The escapes of COPY's text format (CopyReadAttributesText in src/backend/commands/copyfromparse.c, PostgreSQL 14 to 18; copy.c
//! before).

use super::total::NULL;

/// Writes the form of a line whose values need no treatment: the line itself, but for what backslashes stand for. The
/// first one is at `backslash`.
pub(super) fn form_of_line(line: &[u8], backslash: usize, form: &mut Vec<u8>) {
    form.clear();
    let (mut copied, mut at) = (0, backslash);
    loop {
        form.extend_from_slice(&line[copied..at]);
        let after = &line[at + 1..];
        let begins_value = at == 0 || line[at - 1] == b'\t';
        if begins_value && after.first() == Some(&b'N') && matches!(after.get(1), None | Some(b'\t')) {
            form.extend_from_slice(NULL.as_bytes());
            copied = at + 2;
        } else {
            let (byte, length) = escape(after);
            form.extend(byte);
            copied = at + 1 + length;
        }
        match memchr::memchr(b'\\', &line[copied..]) {
            Some(found) => at = copied + found,
            None => return form.extend_from_slice(&line[copied..]),
        }
    }
}

/// What stands after a backslash, and how many bytes that are.
pub(super) fn escape(after: &[u8]) -> (Option<u8>, usize) {
    let Some(first) = after.first() else { return (None, 0) };
    match first {
        b'b' => (Some(8), 1),
        b'f' => (Some(12), 1),
        b'n' => (Some(b'\n'), 1),
        b'r' => (Some(b'\r'), 1),
        b't' => (Some(b'\t'), 1),
        b'v' => (Some(11), 1),
        b'0'..=b'7' => {
            let digits = after.iter().take(3).take_while(|digit| (b'0'..=b'7').contains(digit));
            let (value, length) =
                digits.fold((0_u32, 0), |(value, length), digit| (value << 3 | u32::from(digit - b'0'), length + 1));
            (Some((value & 0xff) as u8), length)
        }
        b'x' => {
            let digits = after[1..].iter().take(2).map_while(|digit| char::from(*digit).to_digit(16));
            match digits.fold((0, 0), |(value, length), digit| (value << 4 | digit, length + 1)) {
                (_, 0) => (Some(b'x'), 1),
                (value, length) => (Some((value & 0xff) as u8), 1 + length),
            }
        }
        other => (Some(*other), 1),
    }
}
