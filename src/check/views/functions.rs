//! Functions whose bodies name what is not there.
//!
//! The server's own validators look, as they do when a function is created with `check_function_bodies` on. That of SQL looks
//! up every name; that of PL/pgSQL looks at syntax and the types of variables. Into its statements looks plpgsql_check.

use std::collections::{BTreeMap, HashSet};

use async_trait::async_trait;

use super::paths::{OWN, Paths};
use super::{Judged, SETTINGS, is_cancelled, judge, one_at_most, plpgsql};
use crate::check::catalog::{first_few, killed, restore_failed, words};
use crate::check::{Check, Group, Looked, Restored};
use crate::cluster::{ClusterError, Session};
use crate::counted::counted;
use crate::finding::{Finding, Name};
use crate::source::Witness;

pub struct Functions;

#[derive(Debug)]
pub(super) struct Function {
    pub oid: u32,
    pub label: String,
    is_sql: bool,
    validator: String,
    /// `search_path` as the function itself sets it.
    pub path: Option<String>,
    /// It is called by triggers.
    pub of_trigger: bool,
    /// Its body has the word TEMP or TEMPORARY.
    pub names_temporary: bool,
}

impl Function {
    fn validate(&self) -> String {
        format!("SELECT {}({}::oid)", self.validator, self.oid)
    }

    /// Sets the `search_path` that it meets first.
    pub(super) fn first_path(&self, paths: &Paths) -> String {
        self.path.as_deref().map_or_else(|| paths.application(), Paths::of)
    }
}

/// Functions of the dump with a body that is text, in the languages whose validators look into it.
const FUNCTIONS: &str = "
SELECT p.oid, n.nspname || '.' || p.proname || '(' || oidvectortypes(p.proargtypes) || ')', l.lanname = 'sql',
       quote_ident(vn.nspname) || '.' || quote_ident(v.proname),
       (SELECT substr(setting, 13) FROM unnest(p.proconfig) AS setting WHERE setting LIKE 'search\\_path=%'),
       CASE p.prokind WHEN 'p' THEN 'PROCEDURE ' ELSE 'FUNCTION ' END,
       p.prorettype = 'trigger'::regtype, p.prosrc ~* '\\m(temp|temporary)\\M'
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
JOIN pg_proc v ON v.oid = l.lanvalidator JOIN pg_namespace vn ON vn.oid = v.pronamespace
WHERE l.lanname IN ('sql', 'plpgsql') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e')
ORDER BY 2, 1";

#[async_trait]
impl Check for Functions {
    fn name(&self) -> &'static str {
        "functions"
    }

    fn group(&self) -> Group {
        Group::Usability
    }

    fn witness(&self) -> Witness {
        Witness::Database
    }

    async fn look(&self, restored: &Restored<'_>) -> Result<Looked, ClusterError> {
        let session = restored.session;
        session.batch(SETTINGS, "cannot prepare a connection").await?;
        session.batch(&one_at_most(restored), "cannot prepare a connection").await?;
        let mut functions = functions(session).await?;
        functions.retain(|function| !restored.avoids(&function.label));
        let (sql, others): (Vec<&Function>, Vec<&Function>) = functions.iter().partition(|function| function.is_sql);
        let mut looked = Looked { looked_at: format!("{} SQL functions", sql.len()), ..Looked::default() };
        looked.compared = BTreeMap::from([("function".to_owned(), functions.len() as u64)]);
        let mut causes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut not_valid = HashSet::new();
        for (function, error) in invalid(session, &functions).await? {
            not_valid.insert(function.oid);
            let said = words(&restored.mask, &error);
            match judge(&error) {
                Judged::CouldNot => looked.could_not.push(format!("{}: {said}", function.label)),
                _ if restore_failed(restored) => looked.lost += 1,
                _ => causes.entry(said).or_default().push(function.label.clone()),
            }
        }
        if !others.is_empty() {
            looked.looked_at.push_str(&format!(", {} PL/pgSQL functions", others.len()));
            let valid: Vec<&Function> =
                others.into_iter().filter(|function| !not_valid.contains(&function.oid)).collect();
            match plpgsql::look(session, &valid, &restored.mask).await? {
                Ok(seen) => {
                    looked.looked_at.push_str(&format!(", the statements of {} looked into", seen.looked_into));
                    looked.not_compared.extend(seen.not_compared);
                    looked.could_not.extend(seen.could_not);
                    for (function, said) in seen.broken {
                        if restore_failed(restored) {
                            looked.lost += 1;
                            continue;
                        }
                        causes.entry(said).or_default().push(function.label.clone());
                    }
                }
                Err(why) => {
                    // Beside what failed it would only be long.
                    if !restore_failed(restored) {
                        let bodies = counted(valid.len(), "function");
                        looked.not_compared.push(format!("bodies of {bodies} in PL/pgSQL: syntax alone, {why}"));
                    }
                    looked.looked_at.push_str(&format!(", their statements not looked into: {why}"));
                    looked.not_in_full.push(Name::FunctionBroken);
                }
            }
        }
        looked.findings = causes.into_iter().map(|(said, objects)| broken(&said, objects)).collect();
        Ok(looked)
    }
}

async fn functions(session: &Session) -> Result<Vec<Function>, ClusterError> {
    let rows = session.query(FUNCTIONS, &[], "cannot list functions").await?;
    let function = |row: &tokio_postgres::Row| Function {
        oid: row.get(0),
        label: format!("{}{}", row.get::<_, String>(5), row.get::<_, String>(1)),
        is_sql: row.get(2),
        validator: row.get(3),
        path: row.get(4),
        of_trigger: row.get(6),
        names_temporary: row.get(7),
    };
    Ok(rows.iter().map(function).collect())
}

/// Those that are not valid under any search_path that they may meet.
async fn invalid<'a>(
    session: &Session,
    functions: &'a [Function],
) -> Result<Vec<(&'a Function, tokio_postgres::Error)>, ClusterError> {
    let paths = Paths::read(session).await?;
    let mut by_path: BTreeMap<String, Vec<&Function>> = BTreeMap::new();
    for function in functions {
        by_path.entry(function.first_path(&paths)).or_default().push(function);
    }
    let mut doubtful = Vec::new();
    let mut failed = Vec::new();
    for (path, functions) in by_path {
        for (function, answer) in functions.iter().zip(validate(session, &path, &functions).await?) {
            match answer {
                Ok(()) => {}
                Err(error) if is_cancelled(&error) => failed.push((*function, error)),
                // One that sets its own has no other.
                Err(error) if function.path.is_some() => failed.push((*function, error)),
                Err(_) => doubtful.push(*function),
            }
        }
    }
    let answers = validate(session, &paths.all(), &doubtful).await?;
    let again = doubtful.into_iter().zip(answers);
    failed.extend(again.filter_map(|(function, answer)| answer.err().map(|error| (function, error))));
    session.batch(OWN, "cannot set search_path").await?;
    failed.sort_by(|(a, _), (b, _)| (&a.label, a.oid).cmp(&(&b.label, b.oid)));
    Ok(failed)
}

async fn validate(
    session: &Session,
    path: &str,
    functions: &[&Function],
) -> Result<Vec<Result<(), tokio_postgres::Error>>, ClusterError> {
    session.batch(path, "cannot set search_path").await?;
    let statements: Vec<String> = functions.iter().map(|function| function.validate()).collect();
    let answers = session.pipelined(&statements).await;
    for (function, answer) in functions.iter().zip(&answers) {
        answer.as_ref().err().map_or(Ok(()), |error| killed(error, &function.label))?;
    }
    Ok(answers.into_iter().map(|answer| answer.map(|_| ())).collect())
}

fn broken(said: &str, objects: Vec<String>) -> Finding {
    let title = match &*objects {
        [only] => format!("the body of {only} is not valid: {said}"),
        _ => format!("the bodies of {} functions are not valid: {said}", objects.len()),
    };
    let mut finding = Finding::new(Name::FunctionBroken, title);
    finding.count = objects.len() as u64;
    finding.evidence = first_few(objects.iter().map(|object| format!("{object} fails when it is called")).collect());
    finding.objects = objects;
    finding
}
