//! What the beginning of a script declares.

use super::Collector;
use super::effect::Effect;
use crate::embedding::Embedding;
use crate::facts::Facts;
use crate::lexer::{Item, Lexer};
use crate::psql::{Psql, Step};

impl Facts {
    /// What the beginning of a text declares, up to its first rows. Damage in it is not reported.
    pub(crate) fn of_beginning(text: impl std::io::Read) -> Self {
        let mut collector = Collector::default();
        let mut psql = Psql::default();
        let mut lexer = Lexer::new(text);
        // An error comes again with the first item.
        let _ = lexer.skip_mark();
        while let Ok(Some(item)) = lexer.next() {
            match item {
                Item::Statement(statement) => match collector.statement(&statement) {
                    Effect::None | Effect::CreatesTable | Effect::LargeObject(_) | Effect::Unknown(_) => {}
                    Effect::Encoding => lexer.set_encoding(Embedding::of(collector.encoding.as_deref())),
                    Effect::StdStrings(on) => lexer.std_strings = on,
                    Effect::Reset => {
                        lexer.std_strings = true;
                        lexer.set_encoding(Embedding::default());
                    }
                    Effect::Copy { .. } => break,
                },
                Item::Meta(meta) => {
                    let variables = lexer.variables.get_or_insert_default();
                    let (step, rest) = psql.command(&meta.name, &meta.rest, meta.within, meta.line, variables);
                    if let Step::Connect { connect, user } = step {
                        collector.connect(&connect, user);
                        lexer.set_encoding(Embedding::default());
                        lexer.std_strings = true;
                    }
                    if !rest.trim_ascii().is_empty() {
                        lexer.inject(&rest);
                    }
                }
                Item::Comment { text, .. } => collector.comment(&text),
                Item::Insert | Item::Unfinished(_) => break,
            }
        }
        collector.into_facts()
    }
}
