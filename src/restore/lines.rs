//! Lines of a stream, each as far as a bound.

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Most bytes of one line that are kept. pg_restore repeats whole statements, which can be as large as a row.
const MOST: usize = 64 * 1024;

/// A text whose characters beyond ASCII are all the same: the server logs in one encoding, and the client prints in another.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_ascii() {
            true => plain.push(c),
            false if !plain.ends_with('\u{fffd}') => plain.push('\u{fffd}'),
            false => {}
        }
    }
    plain
}

/// Calls `take` with each line of `stream`, without its line end and cut to a bound; bytes that are not UTF-8 are
/// replaced.
///
/// # Errors
/// When the stream cannot be read.
pub async fn each_line(mut stream: impl AsyncRead + Unpin, mut take: impl FnMut(&str) + Send) -> std::io::Result<()> {
    let mut chunk = vec![0; 16 * 1024];
    let mut line: Vec<u8> = Vec::new();
    loop {
        let read = stream.read(&mut chunk).await?;
        if read == 0 {
            if !line.is_empty() {
                take(&String::from_utf8_lossy(&line));
            }
            return Ok(());
        }
        for part in chunk[..read].split_inclusive(|byte| *byte == b'\n') {
            let (text, whole) = match part.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (part, false),
            };
            let room = MOST.saturating_sub(line.len());
            line.extend_from_slice(&text[..text.len().min(room)]);
            if whole {
                take(&String::from_utf8_lossy(&line));
                line.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(text: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        each_line(text, |line| lines.push(line.to_owned())).await.unwrap();
        lines
    }

    #[tokio::test]
    async fn the_last_line_needs_no_end() {
        assert_eq!(lines(b"a\n\nb").await, ["a", "", "b"]);
    }

    #[tokio::test]
    async fn a_long_line_is_cut_and_the_next_one_is_whole() {
        let mut text = vec![b'x'; 3 * MOST];
        text.extend(b"\nnext\n");
        let lines = lines(&text).await;
        assert_eq!((lines[0].len(), lines[1].as_str()), (MOST, "next"));
    }
}
