//! The mutation test: changes restored databases in every way that is listed in `tests/mutations`, one at a time, lets the
//! checks of a run look, and says which changes they found, called by another name, or did not see.
//!
//! `scripts/mutate` runs it. As one of cargo's tests it does nothing: it takes minutes.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

#[allow(dead_code, unused_imports)]
#[path = "../support/mod.rs"]
mod support;

mod asked;
mod documented;
mod healthy;
mod mutations;
mod sandbox;
mod seen;
mod sources;
mod table;
mod workshop;

use std::process::ExitCode;
use std::sync::Arc;

use asked::Asked;
use seen::Result;
use sources::FORMS;
use workshop::Workshop;

fn main() -> ExitCode {
    let Some(asked) = Asked::of(std::env::args().skip(1)) else { return ExitCode::SUCCESS };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime can be built");
    runtime.block_on(run(&asked))
}

async fn run(asked: &Asked) -> ExitCode {
    let listed = mutations::all();
    let chosen: Vec<_> = listed.iter().filter(|mutation| asked.wants(mutation)).cloned().collect();
    if chosen.is_empty() && !asked.healthy {
        eprintln!("mutate: nothing is called so");
        return ExitCode::from(2);
    }
    let workshop = Arc::new(Workshop::open().await);
    let mut works = Vec::new();
    for database in mutations::databases(&chosen) {
        for form in FORMS {
            let of_it = chosen.iter().filter(|mutation| mutation.database == database && mutation.goes_with(form));
            works.push((database.clone(), form, of_it.cloned().collect::<Vec<_>>()));
        }
    }
    // The longest first, so that no sandbox works alone at the end.
    works.sort_by_key(|(.., mutations)| std::cmp::Reverse(mutations.len()));
    let works = works.into_iter().filter(|(.., mutations)| !mutations.is_empty()).map(|(database, form, mutations)| {
        let workshop = Arc::clone(&workshop);
        tokio::spawn(async move {
            let dump = tokio::task::spawn_blocking({
                let (workshop, database) = (Arc::clone(&workshop), database.clone());
                move || sources::dump(workshop.directory(), &database, form)
            });
            let dump = dump.await.expect("the dump is made");
            sandbox::mutate(&workshop, &dump, &database, form, mutations).await
        })
    });
    let works: Vec<_> = works.collect::<Vec<_>>();
    let mut results: Vec<Result> = Vec::new();
    let mut faults: Vec<String> = Vec::new();
    for work in works {
        let (of_it, its_faults) = work.await.expect("the work ends");
        results.extend(of_it);
        faults.extend(its_faults);
    }
    if asked.healthy {
        faults.extend(healthy::faults(&workshop).await);
    }
    workshop.close().await;
    table::print(&chosen, &results);
    faults.extend(documented::disagreements(&results, asked.is_all()));
    for fault in &faults {
        println!("mutate: {fault}");
    }
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
