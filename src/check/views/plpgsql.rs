//! What the statements of PL/pgSQL functions name: the extension plpgsql_check plans each of them, where the target has it.

use std::collections::BTreeMap;

use super::functions::Function;
use super::paths::Paths;
use crate::check::borrowed::Borrowed;
use crate::check::catalog::{first_few, killed};
use crate::cluster::{ClusterError, Session};
use crate::finding::mask::{Mask, Voice};

/// What was seen in PL/pgSQL functions.
#[derive(Default)]
pub(super) struct Seen<'f> {
    /// Functions with what their statements name and is not there: `line 7: relation "gone" does not exist (42P01)`.
    pub broken: Vec<(&'f Function, String)>,
    /// Functions whose statements were planned.
    pub looked_into: usize,
    /// Functions that could not be looked into, with the reason.
    pub not_compared: Vec<String>,
    pub could_not: Vec<String>,
}

/// Undefined table, column, function, object, schema: nothing else is certain, since plpgsql_check runs nothing, and a
/// statement can depend on what the one before it has done.
const NAMES: &str = "('42P01', '42703', '42883', '42704', '3F000')";

/// Looks into functions; the error says why that cannot be done here.
pub(super) async fn look<'f>(
    session: &Session,
    functions: &[&'f Function],
    mask: &Mask<'_>,
) -> Result<Result<Seen<'f>, String>, ClusterError> {
    let mut seen = Seen::default();
    let (open, temporary): (Vec<&Function>, Vec<&Function>) =
        functions.iter().copied().partition(|function| !function.names_temporary);
    let temporary: Vec<String> = temporary.iter().map(|function| function.label.clone()).collect();
    if !temporary.is_empty() {
        let names = first_few(temporary).join(", ");
        seen.not_compared.push(format!("{names}: it creates temporary objects, which are not there until it runs"));
    }
    if open.is_empty() {
        return Ok(Ok(seen));
    }
    let paths = Paths::read(session).await?;
    let check = match Borrowed::of(session, "plpgsql_check").await? {
        Ok(check) => check,
        Err(why) => return Ok(Err(why)),
    };
    seen.looked_into = open.len();
    let mut by_path: BTreeMap<String, Vec<&Function>> = BTreeMap::new();
    for function in open {
        by_path.entry(function.first_path(&paths)).or_default().push(function);
    }
    let mut doubtful = Vec::new();
    for (path, functions) in by_path {
        for (function, said) in plan(&check, &path, &functions, mask, &mut seen).await? {
            match function.path {
                // One that sets its own has no other.
                Some(_) => seen.broken.push((function, said)),
                None => doubtful.push(function),
            }
        }
    }
    let certain = plan(&check, &paths.all(), &doubtful, mask, &mut seen).await?;
    seen.broken.extend(certain);
    check.give_back().await?;
    seen.broken.sort_by(|(a, _), (b, _)| (&a.label, a.oid).cmp(&(&b.label, b.oid)));
    Ok(Ok(seen))
}

/// Functions with the first thing that one of their statements misses under a `search_path`.
async fn plan<'f>(
    check: &Borrowed<'_>,
    path: &str,
    functions: &[&'f Function],
    mask: &Mask<'_>,
    seen: &mut Seen<'f>,
) -> Result<Vec<(&'f Function, String)>, ClusterError> {
    check.set(path).await?;
    let queries = functions.iter().map(|function| query(&check.schema, function));
    let mut missing = Vec::new();
    for (function, answer) in functions.iter().zip(check.ask(queries).await) {
        match answer {
            Ok(rows) => {
                if let Some([Some(line), Some(state), Some(message)]) = rows.first().map(Vec::as_slice) {
                    let message = mask.message(message, Some(state), Voice::Client);
                    missing.push((*function, format!("line {line}: {message} ({state})")));
                }
            }
            Err(error) => {
                killed(&error, &function.label)?;
                let could_not = format!("{}: {}", function.label, crate::check::catalog::words(mask, &error));
                if !seen.could_not.contains(&could_not) {
                    seen.could_not.push(could_not);
                }
            }
        }
    }
    Ok(missing)
}

/// A trigger's function is planned once for each table and pair of transition tables that it is called for.
fn query(schema: &str, function: &Function) -> String {
    let oid = function.oid;
    let (relations, arguments) = match function.of_trigger {
        true => (
            format!(
                "(SELECT DISTINCT tgrelid, tgoldtable, tgnewtable FROM pg_catalog.pg_trigger \
                 WHERE tgfoid = {oid} AND tgparentid = 0) AS called,"
            ),
            ", relid => tgrelid, oldtable => tgoldtable, newtable => tgnewtable",
        ),
        false => (String::new(), ""),
    };
    format!(
        "SELECT coalesce(said.lineno, 0), said.sqlstate, said.message FROM {relations}
         {schema}.plpgsql_check_function_tb({oid}::pg_catalog.regprocedure{arguments}, fatal_errors => false,
            other_warnings => false, performance_warnings => false, extra_warnings => false) AS said
         WHERE said.level = 'error' AND said.sqlstate IN {NAMES} ORDER BY said.lineno LIMIT 1"
    )
}
