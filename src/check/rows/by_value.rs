//! Values that a script writes otherwise than a server does: `1.5` for a numeric(10,2), `yes`, `2024-1-1`.
//!
//! pg_dump writes every value as its server does, so that texts can be compared. Whoever else writes a script need not: the
//! same value can be another text there. So the dump's rows are read by the restored server itself, into a temporary table
//! whose columns have the types of the restored table's, and what it has read is compared.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::SinkExt as _;
use pgdump_reader::digest::Recipe;
use pgdump_reader::{Destination, Dump, VisitedRow, Visitor};

use super::difference::RowDifference;
use super::form::{self, Form};
use super::locate::{Suspect, visit};
use crate::cluster::sql::{identifier, literal};
use crate::cluster::{ClusterError, Session};

/// More text of one table is not read again: it is held in memory.
const MOST_BYTES: usize = 64 << 20;

/// Where the server reads the dump's rows into.
const TABLE: &str = "pgrehearse_rows";

/// What comes of reading a table's rows by value.
pub enum ByValue {
    Equal,
    Differs(RowDifference),
    /// Why nothing is known of it.
    CannotTell(&'static str),
}

/// Compares the dump's rows for a table with those that are there, both as the server has read them. `encoding` is that of the
/// dump's rows, where it says it.
///
/// # Errors
/// When the dump cannot be read again, or the server is gone.
pub async fn compare(
    dump: &Arc<Dump>,
    suspect: &Suspect,
    session: &Session,
    encoding: Option<&str>,
) -> Result<ByValue, ClusterError> {
    let texts = Texts { suspect: suspect.clone(), text: Vec::new(), too_many: false };
    let (texts, read) = visit(dump, texts).await?;
    read?;
    if texts.too_many {
        return Ok(ByValue::CannotTell(
            "its values are not written as a server writes them, and they are too many to be read by this one again",
        ));
    }
    let theirs = Form { hex: None, sent: BTreeMap::new(), ..suspect.unit.form.clone() };
    make(session, &theirs).await?;
    let ours = Form { table: ("pg_temp".into(), TABLE.into()), only: true, ..theirs.clone() };
    let compared = match fill(session, texts.text, encoding).await {
        Ok(()) => {
            let key: Vec<&str> = suspect.key.iter().map(|place| theirs.columns[*place].as_str()).collect();
            form::difference(session, &ours, &theirs, &key).await.map(Some)
        }
        Err(_) => Ok(None),
    };
    // What an event trigger of the dump has against it is of no concern.
    let drop = format!("{SILENTLY}; DROP TABLE pg_temp.{TABLE}; {AGAIN}");
    session.batch(&drop, "cannot drop a temporary table").await?;
    Ok(match compared? {
        Some(difference) if difference.rows() == 0 => ByValue::Equal,
        Some(difference) => ByValue::Differs(difference),
        None => ByValue::CannotTell(
            "its values are not written as a server writes them, and this one does not accept them as texts: whether \
             they are the same is not known",
        ),
    })
}

/// Event triggers of the dump are not run (src/backend/commands/event_trigger.c).
const SILENTLY: &str = "SET session_replication_role = replica";
const AGAIN: &str = "SET session_replication_role = origin";

/// Makes the temporary table, without constraints and defaults.
async fn make(session: &Session, form: &Form) -> Result<(), ClusterError> {
    let columns: Vec<String> = form.columns.iter().map(|name| identifier(name)).collect();
    let (columns, (schema, table)) = (columns.join(", "), &form.table);
    let from = format!("{}.{}", identifier(schema), identifier(table));
    let sql = format!("{SILENTLY}; CREATE TEMPORARY TABLE {TABLE} AS SELECT {columns} FROM {from} LIMIT 0; {AGAIN}");
    session.batch(&sql, "cannot make a temporary table").await
}

async fn fill(session: &Session, text: Vec<u8>, encoding: Option<&str>) -> Result<(), tokio_postgres::Error> {
    let encoding = encoding.map(|encoding| format!(" (ENCODING {})", literal(encoding))).unwrap_or_default();
    let sql = format!("COPY pg_temp.{TABLE} FROM STDIN{encoding}");
    let sink = session.client().copy_in::<_, bytes::Bytes>(&sql).await?;
    let mut sink = std::pin::pin!(sink);
    sink.send(bytes::Bytes::from(text)).await?;
    sink.finish().await.map(|_| ())
}

/// The rows of one table as COPY text, in the order of the form's columns.
struct Texts {
    suspect: Suspect,
    text: Vec<u8>,
    too_many: bool,
}

impl Visitor for Texts {
    fn may_want(&self, destination: &Destination) -> bool {
        self.suspect.unit.destinations.contains(destination)
    }

    fn wants(&mut self, destination: &Destination) -> Option<Recipe> {
        self.suspect.unit.destinations.contains(destination).then(|| self.suspect.recipe(destination))?
    }

    fn row(&mut self, destination: &Destination, row: VisitedRow<'_>) {
        self.too_many |= self.text.len() > MOST_BYTES;
        if self.too_many {
            return;
        }
        let Some(order) = self.suspect.recipe(destination).and_then(|recipe| recipe.order) else { return };
        for (number, at) in order.into_iter().enumerate() {
            if number > 0 {
                self.text.push(b'\t');
            }
            match row.row().values().nth(at).flatten() {
                Some(value) => value.iter().for_each(|byte| push_escaped(&mut self.text, *byte)),
                None => self.text.extend(b"\\N"),
            }
        }
        self.text.push(b'\n');
    }
}

/// As COPY reads text (src/backend/commands/copyfromparse.c).
fn push_escaped(text: &mut Vec<u8>, byte: u8) {
    match byte {
        b'\n' => text.extend(b"\\n"),
        b'\r' => text.extend(b"\\r"),
        b'\t' => text.extend(b"\\t"),
        b'\\' => text.extend(b"\\\\"),
        other => text.push(other),
    }
}
