use super::*;

fn drawn(markdown: &str, width: usize, color: bool) -> String {
    let mut out = Vec::new();
    write(markdown, &mut out, &TerminalOptions { color, width, ..TerminalOptions::default() }).unwrap();
    String::from_utf8(out).unwrap()
}

fn plain(markdown: &str) -> String {
    drawn(markdown, 80, false)
}

/// Without spaces, and without the marks of Markdown that a terminal does not need.
fn squeezed(text: &str) -> String {
    text.chars().filter(|character| !character.is_whitespace() && !"`*_#|─".contains(*character)).collect()
}

#[test]
fn every_page_is_drawn_without_loss_at_every_width() {
    for name in Name::ALL {
        for width in [20, 40, 61, 80, 300] {
            let text = drawn(name.page(), width, false);
            let mut rest = text.as_str();
            for line in name.page().lines() {
                if let Some(code) = line.strip_prefix("    ").filter(|_| !line.trim_start().starts_with("- ")) {
                    assert!(
                        text.lines().any(|drawn| drawn.ends_with(code.trim_end())),
                        "{name}, {width}: {line}\n{text}"
                    );
                }
                // Read without pulldown-cmark: word by word, in order, but for tables and the addresses of links.
                if line.starts_with('|') || line.contains("](") || line.starts_with("```") {
                    continue;
                }
                for word in line.split_whitespace().map(squeezed).filter(|word| !word.is_empty()) {
                    let found = rest.char_indices().find_map(|(at, _)| starts(&rest[at..], &word));
                    rest = found.unwrap_or_else(|| panic!("{name}, {width}: {word:?} of {line:?} is lost\n{text}"));
                }
            }
            let all = squeezed(&text);
            for word in name.page().split(['|', ' ', '\n']).map(squeezed).filter(|word| !word.contains("](")) {
                assert!(all.contains(&word) || word.contains("---"), "{name}, {width}: {word:?}\n{text}");
            }
        }
    }
}

/// What follows a word at the beginning of a text, whatever marks and spaces stand within.
fn starts<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let mut wanted = word.chars().peekable();
    for (at, character) in text.char_indices() {
        match wanted.peek() {
            None => return Some(&text[at..]),
            Some(next) if *next == character => {
                wanted.next();
            }
            Some(_) if !squeezed(character.encode_utf8(&mut [0; 4])).is_empty() => return None,
            Some(_) => {}
        }
    }
    wanted.peek().is_none().then_some("")
}

#[test]
fn prose_stays_within_the_width() {
    for name in Name::ALL {
        for width in [40, 80, 100] {
            let text = drawn(name.page(), width, false);
            let is_code = |line: &str| line.starts_with("    ");
            for line in text.lines().filter(|line| !is_code(line) && line.contains(' ')) {
                let longest = line.split_whitespace().map(super::width).max().unwrap_or(0);
                assert!(super::width(line) <= width || longest + 6 > width, "{name}, {width}: {line}");
            }
        }
    }
}

#[test]
fn styles_are_only_written_where_asked_for_and_change_no_word() {
    for name in Name::ALL {
        let styled = drawn(name.page(), 300, true);
        assert!(styled.contains("\u{1b}[1m"), "{name}");
        let stripped = anstream::adapter::strip_str(&styled).to_string();
        assert_eq!(squeezed(&stripped), squeezed(&drawn(name.page(), 300, false)), "{name}");
        assert!(!plain(name.page()).contains('\u{1b}'));
    }
}

#[test]
fn every_part_of_a_page_has_its_form() {
    let markdown = "\
# a-name

It is *one* sentence with `some code`, a [page](role-missing.md), [role-missing](role-missing.md) and a \
[place](https://postgresql.org/docs).

## Why

- first point that is long enough to be wrapped, with `code in it` and so on and so on
- second

  its second paragraph
  1. nested
  2. again

> quoted

```sql
SELECT 1;

SELECT   'as it stands, however long it is, because code is never broken at any width';
```

<!-- nobody reads this -->

| key | meaning of the key |
| --- | --- |
| `a` | b |

    $ indented
      code
";
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("page_forms", drawn(markdown, 60, false));
    });
}

#[test]
fn what_is_hidden_is_written_out() {
    let text = plain("a\u{1b}[2J `b\u{202e}`\n\n    c\u{7}\n");
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{text:?}");
}

#[test]
fn the_list_names_every_finding_with_severity_and_sentence() {
    for width in [40, 80, 200] {
        for color in [false, true] {
            let mut out = Vec::new();
            write_list(&mut out, &TerminalOptions { color, width, ..TerminalOptions::default() }).unwrap();
            let text = anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string();
            let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
            for name in Name::ALL {
                let wanted = format!("{name} {} {}", name.severity().label(), name.summary());
                assert!(words.contains(&wanted), "{wanted}");
            }
            assert!(text.lines().all(|line| super::width(line) <= width.max(40)), "{text}");
        }
    }
}
