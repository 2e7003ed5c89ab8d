//! One sandbox: a database is restored into it once, and every mutation changes a copy of it.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use pgrehearse::cluster::sql::{identifier, literal};
use pgrehearse::cluster::{MAINTENANCE_DATABASE, Session};
use pgrehearse::finding::{Origin, Severity};
use pgrehearse::rehearsal::{AfterRestore, Again, Rehearsal};

use crate::mutations::{self, Mutation};
use crate::seen::{Result, Seen};
use crate::sources::{self, Form};
use crate::workshop::Workshop;

/// What the restored database is called while copies of it bear its name.
const PRISTINE: &str = "mutate pristine";

const SUPERUSER: &str = "postgres";

/// Restores the dump and tries the mutations. The second list says what keeps the test from being one.
pub async fn mutate(
    workshop: &Workshop,
    dump: &Path,
    database: &str,
    form: Form,
    mutations: Vec<Mutation>,
) -> (Vec<Result>, Vec<String>) {
    let work = Arc::new(Work {
        database: database.to_owned(),
        form,
        mutations,
        results: Mutex::default(),
        faults: Mutex::default(),
    });
    let after = Arc::clone(&work) as Arc<dyn AfterRestore>;
    let rehearsal = workshop.rehearse(dump, &sources::profile(database, form), Some(after)).await;
    let results = std::mem::take(&mut *work.results.lock().expect("nothing has failed"));
    let mut faults = std::mem::take(&mut *work.faults.lock().expect("nothing has failed"));
    let what = format!("{database}, {}", form.label());
    faults
        .extend(false_alarms(&rehearsal).map(|fault| format!("{what}: the whole restore has a false alarm: {fault}")));
    if results.len() < work.mutations.len() && faults.is_empty() {
        faults.push(format!("{what}: only {} of {} were tried", results.len(), work.mutations.len()));
    }
    (results, faults)
}

/// What a rehearsal has against a restore that is whole: everything but notes and what the source itself is like.
pub fn false_alarms(rehearsal: &Rehearsal) -> impl Iterator<Item = String> {
    let findings =
        rehearsal.findings().filter(|finding| finding.origin != Origin::Source && finding.severity > Severity::Note);
    let findings = findings.map(|finding| format!("{}: {} {:?}", finding.name, finding.title, finding.objects));
    findings.chain(rehearsal.untested.iter().map(|reason| format!("untested: {reason}")))
}

struct Work {
    database: String,
    form: Form,
    mutations: Vec<Mutation>,
    results: Mutex<Vec<Result>>,
    faults: Mutex<Vec<String>>,
}

#[async_trait]
impl AfterRestore for Work {
    async fn work(&self, again: &Again<'_>) {
        if let Err(fault) = self.try_all(again).await {
            let what = format!("{}, {}: {fault}", self.database, self.form.label());
            self.faults.lock().expect("nothing has failed").push(what);
        }
    }
}

impl Work {
    async fn try_all(&self, again: &Again<'_>) -> std::result::Result<(), String> {
        let here = CheckedDatabase::open(again, &self.database).await?;
        here.renew().await?;
        let before = again.judge().await?;
        let mut alone: Vec<&Mutation> = Vec::new();
        for batch in mutations::batches(&self.mutations) {
            match batch.as_slice() {
                [mutation] => alone.push(mutation),
                several => alone.extend(self.try_together(&here, &before, several).await?),
            }
        }
        for mutation in alone {
            let began = Instant::now();
            let seen = match here.apply(mutation).await {
                Ok(()) => Seen::of(mutation, &before, &again.judge().await?),
                Err(refusal) => Seen::Refused(refusal),
            };
            // What the cluster was like is part of what the next one is compared with.
            here.undo(mutation).await?;
            here.renew().await?;
            self.note(mutation, seen, began.elapsed());
        }
        // What undoes a mutation has to undo all of it.
        let known: Vec<String> = false_alarms(&before).collect();
        match false_alarms(&again.judge().await?).find(|fault| !known.contains(fault)) {
            Some(fault) => Err(format!("something is left of a mutation: {fault}")),
            None => Ok(()),
        }
    }
}

impl Work {
    /// Does several at once. What is found by the right name at the right object is found; the rest is to be tried alone.
    async fn try_together<'a>(
        &self,
        here: &CheckedDatabase<'_>,
        before: &Rehearsal,
        mutations: &[&'a Mutation],
    ) -> std::result::Result<Vec<&'a Mutation>, String> {
        let began = Instant::now();
        let (mut done, mut alone) = (Vec::new(), Vec::new());
        for mutation in mutations {
            match here.apply(mutation).await {
                Ok(()) => done.push(*mutation),
                Err(_) => alone.push(*mutation),
            }
        }
        let after = here.again.judge().await;
        for mutation in mutations.iter().rev() {
            here.undo(mutation).await?;
        }
        here.renew().await?;
        let took = began.elapsed() / u32::try_from(mutations.len()).unwrap_or(1);
        for mutation in done {
            match after.as_ref().map(|after| Seen::of(mutation, before, after)) {
                Ok(seen @ Seen::Found(..)) => self.note(mutation, seen, took),
                _ => alone.push(mutation),
            }
        }
        Ok(alone)
    }

    fn note(&self, mutation: &Mutation, seen: Seen, took: Duration) {
        let mut results = self.results.lock().expect("nothing has failed");
        let (of, all) = (results.len() + 1, self.mutations.len());
        let form = self.form.label();
        eprintln!("{} {form} {of:>3}/{all} {:5.1} s {}: {seen:?}", self.database, took.as_secs_f32(), mutation.name);
        results.push(Result { mutation: mutation.name.clone(), form: self.form, seen, took });
    }
}

/// The database that is changed, and the way to a new one.
struct CheckedDatabase<'a> {
    again: &'a Again<'a>,
    maintenance: Session,
    database: &'a str,
}

impl<'a> CheckedDatabase<'a> {
    async fn open(again: &'a Again<'a>, database: &'a str) -> std::result::Result<Self, String> {
        let maintenance = session(again, MAINTENANCE_DATABASE).await?;
        let rename = format!("ALTER DATABASE {} RENAME TO {}", identifier(database), identifier(PRISTINE));
        run(&maintenance, &rename).await?;
        // What nobody can connect to is no database that the dump should have brought.
        run(&maintenance, &format!("ALTER DATABASE {} ALLOW_CONNECTIONS false", identifier(PRISTINE))).await?;
        Ok(Self { again, maintenance, database })
    }

    /// A new copy of the restored database, with what a copy does not take along: what the cluster keeps about it.
    async fn renew(&self) -> std::result::Result<(), String> {
        let name = literal(self.database);
        let forget = format!(
            "DELETE FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = {name});
             UPDATE pg_database SET datistemplate = false WHERE datname = {name};"
        );
        run(&self.maintenance, &forget).await?;
        let (database, pristine) = (identifier(self.database), identifier(PRISTINE));
        run(&self.maintenance, &format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)")).await?;
        run(&self.maintenance, &format!("CREATE DATABASE {database} TEMPLATE {pristine}")).await?;
        run(&self.maintenance, &COPY.replace("THE_COPY", &name).replace("THE_PRISTINE", &literal(PRISTINE))).await
    }

    async fn apply(&self, mutation: &Mutation) -> std::result::Result<(), String> {
        let session = session(self.again, self.database).await?;
        for step in &mutation.steps {
            run(&session, step).await?;
        }
        Ok(())
    }

    async fn undo(&self, mutation: &Mutation) -> std::result::Result<(), String> {
        let undone = run(&self.maintenance, &mutation.undo).await;
        undone.map_err(|refusal| format!("{} cannot be undone: {refusal}", mutation.name))
    }
}

async fn session(again: &Again<'_>, database: &str) -> std::result::Result<Session, String> {
    let session = Session::open_as_application(again.sandbox(), SUPERUSER, database).await;
    session.map_err(|error| error.to_string())
}

async fn run(session: &Session, sql: &str) -> std::result::Result<(), String> {
    session.batch(sql, "refused").await.map_err(|error| error.to_string())
}

/// Copies what CREATE DATABASE does not: owner, privileges, settings, limit, comment, subscriptions.
const COPY: &str = "DO $copy$
DECLARE
    old pg_catalog.pg_database; new pg_catalog.pg_database; columns text;
BEGIN
    SELECT * INTO STRICT old FROM pg_catalog.pg_database WHERE datname = THE_PRISTINE;
    SELECT * INTO STRICT new FROM pg_catalog.pg_database WHERE datname = THE_COPY;
    UPDATE pg_catalog.pg_database SET datdba = old.datdba, datacl = old.datacl, datconnlimit = old.datconnlimit
        WHERE oid = new.oid;
    INSERT INTO pg_catalog.pg_db_role_setting (setdatabase, setrole, setconfig)
        SELECT new.oid, setrole, setconfig FROM pg_catalog.pg_db_role_setting WHERE setdatabase = old.oid;
    INSERT INTO pg_catalog.pg_shdescription (objoid, classoid, description)
        SELECT new.oid, classoid, description FROM pg_catalog.pg_shdescription
        WHERE objoid = old.oid AND classoid = 'pg_catalog.pg_database'::regclass;
    SELECT string_agg(quote_ident(attname), ', ') INTO columns FROM pg_catalog.pg_attribute
        WHERE attrelid = 'pg_catalog.pg_subscription'::regclass AND attnum > 0 AND attname NOT IN ('oid', 'subdbid');
    EXECUTE format('INSERT INTO pg_catalog.pg_subscription (oid, subdbid, %1$s)
        SELECT pg_catalog.pg_nextoid(''pg_catalog.pg_subscription'', ''oid'', ''pg_catalog.pg_subscription_oid_index''), %2$s, %1$s
        FROM pg_catalog.pg_subscription WHERE subdbid = %3$s', columns, new.oid, old.oid);
    INSERT INTO pg_catalog.pg_shdescription (objoid, classoid, description)
        SELECT n.oid, d.classoid, d.description FROM pg_catalog.pg_subscription o
        JOIN pg_catalog.pg_subscription n ON n.subname = o.subname AND n.subdbid = new.oid
        JOIN pg_catalog.pg_shdescription d ON d.objoid = o.oid AND d.classoid = 'pg_catalog.pg_subscription'::regclass
        WHERE o.subdbid = old.oid;
END $copy$";
