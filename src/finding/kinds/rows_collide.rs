use crate::finding::Name;
use crate::finding::kind::{Advice, Cause, Kind};
use crate::finding::qualified::{relation_at, table_of};
use crate::finding::refine::Refine;
use crate::finding::rule::Because;
use crate::finding::{Failure, Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "rows-collide",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "Rows of the dump collide with rows that something else has written.",
    page: include_str!("../../../docs/findings/rows-collide.md"),
    title: Some(|case| {
        let table = &case.subject;
        match case.because {
            Some(Because::Before) => {
                format!("rows of the dump collide with rows that were in {table} before the restore")
            }
            Some(Because::Meanwhile) => {
                format!("rows of the dump collide with rows that something else wrote into {table} during the restore")
            }
            Some(Because::Extension(extension)) => {
                format!("rows of the dump collide with rows of {table} that extension {extension} created")
            }
            _ => format!("rows of the dump collide with rows of {table} that something else created"),
        }
    }),
    advice: Some(|case| {
        let words = match case.because {
            Some(Because::Before) => {
                "Restore into an empty database, or empty the table first. If its rows belong to the target, leave the \
                 table's data out."
            }
            Some(Because::Meanwhile) => {
                "Something wrote rows while those of the dump were loaded, usually a trigger. Restore schema and data \
                 together, so that triggers are created after the rows, or restore with --disable-triggers."
            }
            _ => {
                "CREATE EXTENSION has written these rows, as in the source; the dump holds the same rows again. Delete \
                 them before the data is loaded, or leave the table's data out."
            }
        };
        match case.because {
            Some(Because::Meanwhile) => Advice::words(words).run("pg_restore --data-only --disable-triggers …"),
            // Whose they are is not known, nor what refers to them: no statement here deletes rows.
            _ => Advice::words(words),
        }
    }),
    ..Kind::USUAL
};

/// Whether rows of the dump collide with each other, or with rows that somebody else has written.
pub(super) fn of_other_rows(refine: &Refine<'_>, failure: &Failure, cause: Cause) -> Cause {
    let collision =
        |because: Because, table: Subject| Cause { because: Some(because), ..Name::RowsCollide.cause(table) };
    let relation = |(schema, name): (String, String)| Subject::Relation { schema: Some(schema), name };
    if failure.writes_within() {
        let Some(table) = written_within(failure).map(relation) else { return cause };
        return collision(Because::Meanwhile, table.renamed(|table| refine.situation.mask.name(table)));
    }
    let Some(table) = table_of(failure) else { return cause };
    let databases = &refine.situation.databases;
    let because = match databases.of_extension.get(&table) {
        Some(extension) => Because::Extension(extension.clone()),
        None if databases.filled_before.contains(&table) => Because::Before,
        // All rows of a COPY come or none do: those that are there came another way.
        None if is_copy(failure) && databases.filled_now.contains(&table) => Because::Meanwhile,
        None => return cause,
    };
    collision(because, relation(table))
}

/// The table of `SQL statement "INSERT INTO public.audit …"` (`_SPI_error_callback` in src/backend/executor/spi.c).
fn written_within(failure: &Failure) -> Option<(String, String)> {
    let context = failure.context.as_deref()?;
    let sql = context.lines().find_map(|line| line.strip_prefix("SQL statement \""))?.trim_start();
    // "insert  into"
    let mut words = sql.splitn(3, char::is_whitespace);
    let (first, second, rest) = (words.next()?, words.next()?, words.next().unwrap_or_default());
    relation_at(match first.to_ascii_lowercase().as_str() {
        "insert" | "merge" if second.eq_ignore_ascii_case("into") => rest,
        "update" => second,
        _ => return None,
    })
}

fn is_copy(failure: &Failure) -> bool {
    failure.statement.as_deref().unwrap_or_default().trim_start().starts_with("COPY ")
}
