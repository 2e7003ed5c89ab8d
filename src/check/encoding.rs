//! Whether text came back as the text that it was: the database's encoding against the dump's.
//!
//! A server converts between encodings as it loads, and refuses loudly what it cannot convert. Two ways are silent: a
//! SQL_ASCII database stores the bytes of any encoding, and a SQL_ASCII dump sends any bytes to any database (COPY does
//! not verify them when client and server encoding are not converted). Where both have an encoding and these differ, the
//! rows' digests are taken in the dump's: equal digests are equal characters, so lengths need not be compared.

use async_trait::async_trait;

use super::{Check, Group, Looked, Restored};
use crate::cluster::sql::identifier;
use crate::cluster::{ClusterError, Session};
use crate::counted::{agreeing, counted};
use crate::finding::{Finding, Name};
use crate::postgres::encoding::normal_encoding;
use crate::source::Witness;

pub struct Encoding;

const DATABASE: &str = "
SELECT pg_encoding_to_char(encoding)::text FROM pg_database WHERE datname = current_database()";

/// Tables with rows of their own that have a column whose text could be anything: of a string type, or of one that
/// holds text (arrays, domains, composites, json, xml, …): everything that is no number, date or boolean.
const TABLES: &str = "
SELECT n.nspname::text, c.relname::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND (c.relkind = 'r' OR c.relispopulated)
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast'
  AND EXISTS (SELECT FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND t.typcategory NOT IN ('B', 'D', 'N', 'T'))
ORDER BY 1, 2";

const SQL_ASCII: &str = "SQL_ASCII";

#[async_trait]
impl Check for Encoding {
    fn name(&self) -> &'static str {
        "encoding"
    }

    fn group(&self) -> Group {
        Group::Encoding
    }

    fn witness(&self) -> Witness {
        Witness::Dump
    }

    async fn look(&self, restored: &Restored<'_>) -> Result<Looked, ClusterError> {
        let session = restored.session;
        let rows = session.query(DATABASE, &[], "cannot read the database's encoding").await?;
        let Some(row) = rows.first() else { return Ok(Looked::default()) };
        let encoding: String = row.get(0);
        let mut findings = Vec::new();
        let dumped = restored.encoding();
        let of_dump = dumped.map(normal_encoding);
        let looked_at = match dumped {
            Some(dumped) => format!("{dumped} in the dump, {encoding} in the database"),
            None => format!("{encoding} in the database; the dump does not say"),
        };
        if encoding == SQL_ASCII && of_dump.as_deref() != Some("SQLASCII") {
            findings.extend(bytes_without_encoding(session, restored, dumped).await?);
        } else if encoding != SQL_ASCII && of_dump.as_deref().is_none_or(|encoding| encoding == "SQLASCII") {
            findings.extend(invalid_text(session, &encoding, dumped).await?);
        }
        Ok(Looked { findings, looked_at, ..Looked::default() })
    }
}

/// A SQL_ASCII database that holds more than ASCII: what it holds is bytes, not text.
async fn bytes_without_encoding(
    session: &Session,
    restored: &Restored<'_>,
    dumped: Option<&str>,
) -> Result<Option<Finding>, ClusterError> {
    let mut hit = Vec::new();
    let tables = tables(session).await?;
    for (schema, name) in &tables {
        // In a SQL_ASCII database every byte is a character of its own.
        let sql = format!(
            "SELECT FROM {}.{} AS r WHERE r::text ~ E'[\\x80-\\xff]' LIMIT 1",
            identifier(schema),
            identifier(name)
        );
        if !session.query(&sql, &[], "cannot look for text that is not ASCII").await?.is_empty() {
            hit.push(format!("TABLE {schema}.{name}"));
        }
    }
    if hit.is_empty() {
        return Ok(None);
    }
    let dumped = dumped.unwrap_or("the client's encoding");
    let title =
        format!("{dumped} text went into database {:?} as bytes without an encoding (SQL_ASCII)", restored.database);
    let mut finding = Finding::new(Name::EncodingUnverified, title);
    finding.count = hit.len() as u64;
    finding.objects = hit;
    finding.evidence = vec![
        "the database's encoding is SQL_ASCII: length(), upper(), sorting and LIKE work on bytes, and any byte is accepted"
            .into(),
    ];
    if !restored.target.is_database_of_cluster() {
        finding.commands = vec![format!(
            "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C';",
            identifier(restored.database)
        )];
    }
    Ok(Some(finding))
}

/// Text that is not valid in the database's encoding: it came in unverified, and breaks functions and the next dump.
async fn invalid_text(
    session: &Session,
    encoding: &str,
    dumped: Option<&str>,
) -> Result<Option<Finding>, ClusterError> {
    let mut hit = Vec::new();
    for (schema, name) in &tables(session).await? {
        // `textsend` gives the bytes as they are; `convert_from` verifies them.
        let sql = format!(
            "SELECT count(convert_from(textsend(r::text), '{encoding}')) FROM {}.{} AS r",
            identifier(schema),
            identifier(name)
        );
        let Err(error) = session.client().query(&sql, &[]).await else { continue };
        // character_not_in_repertoire, untranslatable_character.
        match error.code().map(|code| code.code()) {
            Some("22021" | "22P05") => hit.push(format!("TABLE {schema}.{name}")),
            _ => return Err(crate::cluster::refused("cannot verify the text of a table", &error)),
        }
    }
    if hit.is_empty() {
        return Ok(None);
    }
    let holding = agreeing(hit.len(), "holds", "hold");
    let title = format!("{} {holding} text that is not valid {encoding}", counted(hit.len(), "table"));
    let mut finding = Finding::new(Name::EncodingInvalidBytes, title);
    finding.count = hit.len() as u64;
    finding.objects = hit;
    finding.evidence = vec![format!(
        "the dump's client_encoding is {}, so the server took its bytes unverified; functions fail on them, and the next \
         dump cannot be restored",
        dumped.unwrap_or("not stated")
    )];
    finding.fix =
        "Find out the real encoding of the source's text and name it when you dump: the server then converts. Or edit \
         the one line of a plain dump that sets client_encoding. Only if the bytes are to stay as they are, restore into a \
         database of encoding SQL_ASCII."
            .into();
    finding.commands = vec!["pg_dump --encoding=LATIN1 …   # if the bytes are Latin-1".into()];
    Ok(Some(finding))
}

async fn tables(session: &Session) -> Result<Vec<(String, String)>, ClusterError> {
    let rows = session.query(TABLES, &[], "cannot list tables with text").await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}
