//! The same dump says the same every time: whatever else the machine does, and however the restore's jobs fall.

use serde_json::Value;

use crate::support::{Home, bare, dump};

/// A report without what is another one each time: times, and the target's name.
fn steady(target: &Value) -> String {
    let mut target = target.clone();
    let name = target["target"].as_str().unwrap().to_owned();
    let fields = target.as_object_mut().unwrap();
    fields.remove("timings").expect("the times are reported");
    forget_times(&mut target);
    serde_json::to_string_pretty(&target).unwrap().replace(&name, "‹name›")
}

fn forget_times(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("elapsed");
            fields.values_mut().for_each(forget_times);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_times),
        _ => {}
    }
}

#[test]
fn runs_of_a_failing_dump_beside_each_other_say_the_same() {
    runs_say_the_same(6);
}

#[test]
#[ignore = "more of the same: scripts/test --full"]
fn full_twenty_runs_of_a_failing_dump_beside_each_other_say_the_same() {
    runs_say_the_same(20);
}

fn runs_say_the_same(runs: usize) {
    let home = Home::new();
    // Without its roles, in an encoding that lacks some of its characters, by two jobs at once: many causes, and far more
    // consequences.
    let profiles: Vec<String> = (1..=runs)
        .map(|number| {
            let bare = bare(&format!("run-{number:02}"), 17);
            format!("{bare}cluster: {{encoding: LATIN1, locale: C}}\nrestore: {{jobs: 2}}\n")
        })
        .collect();
    let profiles: Vec<&str> = profiles.iter().map(String::as_str).collect();
    // Six at once on whatever the machine has, so that they take time from each other.
    let ran = home.run_with(&dump(13, "shop.dump"), &profiles, &["--jobs", "6"]);
    ran.expect(1);
    let report: Value = serde_json::from_str(&ran.json).unwrap();
    let targets = report["targets"].as_array().unwrap();
    assert_eq!(targets.len(), runs);
    let first = steady(&targets[0]);
    for target in &targets[1..] {
        let other = steady(target);
        let line = first.lines().zip(other.lines()).find(|(first, other)| first != other);
        assert_eq!(first, other, "{}: {line:#?}", target["target"]);
    }
    let errors = targets[0]["restore"]["errors"].as_u64().unwrap();
    assert!(errors > 10, "a dump that hardly fails shows little: {errors}");
    home.assert_nothing_left();
}
