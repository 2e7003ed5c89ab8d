//! Every database of the suite, in every form: a restore that is whole has no false alarm.

use futures_util::{StreamExt as _, stream};

use crate::sandbox::false_alarms;
use crate::sources::FORMS;
use crate::support::{SHOP_ROLES, dump};
use crate::workshop::Workshop;

/// Dumps of databases that come back whole, by their names; every extension that they need comes with PostgreSQL.
const DUMPS: &[&str] = &[
    "shop.dump",
    "shop.dir",
    "shop.tar",
    "shop.sql",
    "shop-create.sql",
    "shop-create.dump",
    "shop-inserts.sql",
    "shop-piped.dump",
    "small.dump",
    "small.dir",
    "small.sql",
    "rows.sql",
    "rows.dump",
    "rows.dir",
    "rows.tar",
    "healthy.dump",
    "healthy.sql",
    "three.dump",
    "three.sql",
    "types.dump",
    "types.dir",
    "types.tar",
    "types.sql",
    "types-inserts.sql",
    "types-inserts.dump",
    "types-root.dump",
    "types-root.sql",
    "objects.dump",
    "objects.dir",
    "objects.tar",
    "objects.sql",
    "judged.dump",
    "judged.sql",
    "catalog.dump",
    "catalog.sql",
    "many.dump",
    "names.dump",
    "names.dir",
    "names.tar",
    "all.sql",
];

/// What cannot be known of a dump, and is untested for that (docs/rows.md).
const UNTESTED: &[(&str, &str)] =
    &[("types-inserts.sql", "public.child: its INSERT statements name no columns, and a table that inherits")];

/// What is reported of each.
pub async fn faults(workshop: &Workshop) -> Vec<String> {
    let restores = FORMS.iter().flat_map(|form| DUMPS.iter().map(|name| (form.major, *name)));
    let judged = restores.map(|(major, name)| async move {
        let path = tokio::task::spawn_blocking(move || dump(major, name)).await.expect("the dump is made");
        let rehearsal = workshop.rehearse(&path, &profile(name, major), None).await;
        let mut faults: Vec<String> = false_alarms(&rehearsal).collect();
        if let Some((_, reason)) = UNTESTED.iter().find(|(untested, _)| *untested == name) {
            let known = faults.iter().position(|fault| fault.contains(reason));
            match known {
                Some(at) => drop(faults.remove(at)),
                None => faults.push(format!("nothing is said of this: {reason}")),
            }
        }
        let faults = faults.into_iter().map(|fault| format!("{name} of {major}, whole, has a false alarm: {fault}"));
        let faults: Vec<String> = faults.collect();
        eprintln!("{name} of {major}: {}", if faults.is_empty() { "well" } else { "FALSE ALARM" });
        faults
    });
    let all: Vec<Vec<String>> = stream::iter(judged.collect::<Vec<_>>()).buffered(2).collect().await;
    println!(
        "{} whole restores, {} of them with a false alarm",
        all.len(),
        all.iter().filter(|faults| !faults.is_empty()).count()
    );
    all.concat()
}

/// A cluster like the source.
fn profile(dump: &str, major: u16) -> String {
    let head = format!("name: {}-{major}\npostgres: {major}\n", dump.replace('.', "-"));
    // It makes its roles itself.
    if dump == "all.sql" {
        return head;
    }
    let extra = if dump.starts_with("names") { "  - {name: \"line\\nbreak; 1 \\\"role\\\"\"}\n" } else { "" };
    format!("{head}{SHOP_ROLES}{extra}database: {{name: shop, owner: shop_owner}}\n")
}
