//! What is printed: a line for each mutation, and the sums.

use std::time::Duration;

use pgrehearse::finding::Severity;

use crate::mutations::Mutation;
use crate::seen::{Result, Seen};
use crate::sources::FORMS;

pub fn print(mutations: &[Mutation], results: &[Result]) {
    let width = mutations.iter().map(|mutation| mutation.name.len()).max().unwrap_or_default();
    for mutation in mutations {
        print!("{:width$}  {:10}", mutation.name, mutation.database);
        for form in FORMS {
            let result = results.iter().find(|result| result.mutation == mutation.name && result.form == form);
            print!("  {:34}", result.map_or(String::new(), |result| cell(&result.seen)));
        }
        println!();
    }
    for result in results {
        match &result.seen {
            Seen::Misnamed(names) => {
                println!("misnamed ({}) {}: {}", result.form.label(), result.mutation, names.join("; "))
            }
            Seen::Untested(why) => println!("untested ({}) {}: {why}", result.form.label(), result.mutation),
            Seen::Found(..) | Seen::Silent | Seen::Refused(_) => {}
        }
    }
    for form in FORMS {
        let of_it: Vec<&Result> = results.iter().filter(|result| result.form == form).collect();
        let count = |is: fn(&Seen) -> bool| of_it.iter().filter(|result| is(&result.seen)).count();
        let took: Duration = of_it.iter().map(|result| result.took).sum();
        println!(
            "{}: {} mutations: {} found ({} as an error), {} misnamed, {} untested, {} silent; {} s",
            form.label(),
            of_it.len(),
            count(|seen| matches!(seen, Seen::Found(..))),
            count(|seen| matches!(seen, Seen::Found(_, Severity::Error))),
            count(|seen| matches!(seen, Seen::Misnamed(_))),
            count(|seen| matches!(seen, Seen::Untested(_))),
            count(Seen::is_silent),
            took.as_secs()
        );
    }
}

fn cell(seen: &Seen) -> String {
    match seen {
        Seen::Found(name, severity) => format!("{name} ({severity:?})"),
        Seen::Misnamed(_) => "MISNAMED".into(),
        Seen::Untested(_) => "UNTESTED".into(),
        Seen::Silent => "SILENT".into(),
        Seen::Refused(_) => "REFUSED".into(),
    }
}
