//! What `inspect` shows to people: what the dump is, what it requires, what it holds, what is unusual, and what each
//! target would fail on.
//!
//! Every text that a dump could have made is printed through [`visible`].

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io;

use anstyle::Style;

use super::{FeatureNeed, Inspection, RoleNeed, TableRow};
use crate::counted::{agreeing, counted, counted_as};
use crate::finding::Severity;
use crate::report::canvas::{BOLD, Canvas, DIM, DumpHeader, GREEN, RED, TerminalOptions, YELLOW};
use crate::report::terminal::write_findings;
use crate::report::text::{self, visible, wrap};

/// How many tables stand for the others.
const FIRST_TABLES: usize = 10;
/// How many names stand for the others.
const FIRST_NAMES: usize = 8;
/// Room for the labels at the left: `event triggers  `.
const LABEL_WIDTH: usize = 16;

/// Draws the inspection.
///
/// # Errors
/// Those of `out`.
pub fn write(inspection: &Inspection, out: &mut dyn io::Write, options: &TerminalOptions) -> io::Result<()> {
    let mut page = Page { canvas: Canvas { out, options, label_width: LABEL_WIDTH } };
    page.about(inspection)?;
    page.damage(inspection)?;
    page.requires(inspection)?;
    page.holds(inspection)?;
    page.unusual(inspection)?;
    page.targets(inspection)?;
    page.verdict(inspection)
}

struct Page<'a> {
    canvas: Canvas<'a>,
}

impl Page<'_> {
    fn paint(&self, style: Style, text: &str) -> String {
        self.canvas.paint(style, text)
    }

    fn about(&mut self, inspection: &Inspection) -> io::Result<()> {
        let dump = &inspection.dump;
        let header = DumpHeader {
            path: &dump.path,
            format: &dump.format,
            size: dump.size,
            server_version: dump.server_version.as_deref(),
            pg_dump_version: dump.pg_dump_version.as_deref(),
        };
        let mut more = Vec::new();
        more.extend(dump.database.as_ref().map(|name| format!("database {}", visible(name))));
        more.extend(dump.encoding.as_ref().map(|encoding| format!("encoding {}", visible(encoding))));
        more.extend(dump.created.as_ref().map(|created| format!("at {created}")));
        more.extend(dump.entries.map(|entries| counted_as(entries, "entry", "entries")));
        self.canvas.dump(&header, more)
    }

    fn heading(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.canvas.out)?;
        writeln!(self.canvas.out, "{}", self.paint(BOLD, text))
    }

    fn damage(&mut self, inspection: &Inspection) -> io::Result<()> {
        if inspection.damage.is_empty() {
            return Ok(());
        }
        writeln!(self.canvas.out)?;
        writeln!(self.canvas.out, "{}", self.paint(RED, "damaged"))?;
        let places: Vec<String> = inspection
            .damage
            .iter()
            .map(|place| match place.at {
                Some(at) => format!("{} (byte {at})", place.what),
                None => place.what.clone(),
            })
            .collect();
        self.list(&self.first_names(&places))
    }

    fn list(&mut self, items: &[String]) -> io::Result<()> {
        for item in items {
            for (index, line) in wrap(item, self.canvas.columns() - 4).iter().enumerate() {
                writeln!(self.canvas.out, "  {}{line}", if index == 0 { "- " } else { "  " })?;
            }
        }
        Ok(())
    }

    /// One label at the left and names beside it; nothing where there are none.
    fn row(&mut self, label: &str, items: &[String]) -> io::Result<()> {
        let items = self.first_names(items);
        self.canvas.labelled_items(label, &items)
    }

    fn first_names(&self, items: &[String]) -> Vec<String> {
        self.canvas.first_few(items, FIRST_NAMES, |item| visible(item).into_owned())
    }

    fn sentence(&mut self, label: &str, text: &str) -> io::Result<()> {
        self.canvas.labelled(label, &visible(text))
    }

    fn requires(&mut self, inspection: &Inspection) -> io::Result<()> {
        let requires = &inspection.requires;
        self.heading("requires")?;
        let server = match (requires.server_from, requires.server_to) {
            (None, None) => "any version, as far as is known".to_owned(),
            (Some(from), None) => format!("PostgreSQL {from} or newer"),
            (None, Some(to)) => format!("PostgreSQL {to} or older"),
            (Some(from), Some(to)) => format!("PostgreSQL {from} or newer for one thing, {to} or older for another"),
        };
        self.sentence("server", &server)?;
        for line in feature_lines(&requires.features) {
            self.sentence("", &line)?;
        }
        for line in feature_lines(&requires.database_features) {
            self.sentence("", &format!("{line} (only to create the database)"))?;
        }
        match (requires.client, &requires.client_because) {
            (Some(client), because) => {
                let because = because.as_ref().map(|because| format!(" ({because})")).unwrap_or_default();
                self.sentence("client", &format!("pg_restore {client} or newer{because}"))?;
            }
            (None, _) if requires.restricted => {
                self.sentence("client", "psql 13.22, 14.19, 15.14, 16.10, 17.6 or newer (\\restrict)")?;
            }
            (None, _) => self.sentence("client", "psql")?,
        }
        self.row("roles", &requires.roles.iter().map(role_line).collect::<Vec<_>>())?;
        let extensions: Vec<String> = requires
            .extensions
            .iter()
            .map(|extension| match (&extension.schema, &extension.version) {
                (Some(schema), None) => format!("{} in {schema}", extension.name),
                (Some(schema), Some(version)) => format!("{} {version} in {schema}", extension.name),
                (None, Some(version)) => format!("{} {version}", extension.name),
                (None, None) => extension.name.clone(),
            })
            .collect();
        self.row("extensions", &extensions)?;
        self.row("languages", &requires.languages)?;
        self.row("tablespaces", &requires.tablespaces)?;
        self.row("access methods", &requires.access_methods)?;
        self.databases(inspection)?;
        self.row("collations", &requires.collations)?;
        let made: Vec<String> = requires
            .collations_created
            .iter()
            .map(|made| match (&made.provider, &made.locale) {
                (Some(provider), Some(locale)) => format!("{} ({provider} {locale})", made.name),
                (Some(provider), None) => format!("{} ({provider})", made.name),
                (None, Some(locale)) => format!("{} ({locale})", made.name),
                (None, None) => made.name.clone(),
            })
            .collect();
        self.row("", &made)?;
        self.row("publications", &requires.publications)?;
        self.row("subscriptions", &requires.subscriptions)?;
        self.row("event triggers", &requires.event_triggers)?;
        self.row("wrappers", &requires.foreign_data_wrappers)?;
        self.row("foreign servers", &requires.foreign_servers)?;
        let providers: Vec<String> = requires
            .security_label_providers
            .iter()
            .map(|name| if name.is_empty() { "the loaded provider".to_owned() } else { name.clone() })
            .collect();
        self.row("security labels", &providers)?;
        let settings: Vec<String> = requires
            .object_settings
            .iter()
            .map(|setting| match setting.objects.as_slice() {
                [one] => format!("{} of {one}", setting.name),
                many => format!("{} of {}", setting.name, counted(many.len() as u64, "object")),
            })
            .collect();
        self.row("settings", &settings)?;
        let superuser: Vec<String> = requires
            .superuser
            .iter()
            .map(|need| match need.objects.as_slice() {
                [one] => format!("{} ({one})", need.kind),
                many => format!("{} ({})", need.kind, many.len()),
            })
            .collect();
        self.row("a superuser for", &superuser)
    }

    fn databases(&mut self, inspection: &Inspection) -> io::Result<()> {
        let databases: Vec<String> = inspection
            .requires
            .databases
            .iter()
            .map(|database| {
                let mut about = vec![];
                about.extend(database.encoding.clone());
                about.extend(match (&database.collate, &database.ctype) {
                    (Some(collate), Some(ctype)) if collate != ctype => Some(format!("{collate}/{ctype}")),
                    (Some(one), _) | (None, Some(one)) => Some(one.clone()),
                    (None, None) => None,
                });
                about.extend(database.provider.as_ref().filter(|provider| *provider != "libc").map(|provider| {
                    match &database.provider_locale {
                        Some(locale) => format!("{provider} {locale}"),
                        None => provider.clone(),
                    }
                }));
                format!("{} ({})", database.name, about.join(" "))
            })
            .collect();
        let label = agreeing(databases.len(), "database", "databases");
        self.row(label, &databases)
    }

    fn holds(&mut self, inspection: &Inspection) -> io::Result<()> {
        self.heading("holds")?;
        let tables = &inspection.tables;
        let mut parts = vec![counted(tables.len() as u64, "table")];
        if inspection.read_whole {
            let rows: u64 = tables.iter().filter_map(|table| table.rows).sum();
            let bytes: u64 = tables.iter().filter_map(|table| table.bytes).sum();
            // Where damage ends the rows of a table, they are not counted.
            let at_least =
                if tables.iter().any(|table| table.has_data && table.rows.is_none()) { "at least " } else { "" };
            parts.push(format!("{at_least}{} ({})", counted_in_groups(rows, "row"), text::size(bytes)));
        } else {
            parts.push("rows not counted".to_owned());
        }
        if inspection.large_objects > 0 {
            parts.push(counted(inspection.large_objects, "large object"));
        }
        writeln!(self.canvas.out, "  {}", parts.join(", "))?;
        let full: Vec<&TableRow> = tables.iter().filter(|table| table.has_data || self.canvas.options.all).collect();
        if full.is_empty() || !(inspection.read_whole || self.canvas.options.all) {
            return Ok(());
        }
        let shown = self.canvas.room_for(full.len(), FIRST_TABLES);
        let cells: Vec<[String; 3]> = full[..shown].iter().map(|table| cells(table)).collect();
        let width = |column: usize, header: &str| {
            cells.iter().map(|row| text::width(&row[column])).max().unwrap_or(0).max(text::width(header))
        };
        let (rows, sizes) = (width(0, "rows"), width(1, "size"));
        writeln!(self.canvas.out)?;
        let header = format!("  {:>rows$}  {:>sizes$}  table", "rows", "size");
        writeln!(self.canvas.out, "{}", self.paint(DIM, &header))?;
        for [count, size, name] in &cells {
            writeln!(self.canvas.out, "  {count:>rows$}  {size:>sizes$}  {name}")?;
        }
        if shown < full.len() {
            let more = format!("  and {} more tables with rows (--all)", full.len() - shown);
            writeln!(self.canvas.out, "{}", self.paint(DIM, &more))?;
        }
        Ok(())
    }

    fn unusual(&mut self, inspection: &Inspection) -> io::Result<()> {
        if inspection.unusual.is_empty() {
            return Ok(());
        }
        self.heading("unusual")?;
        let lines: Vec<String> = inspection.unusual.iter().map(|line| visible(line).into_owned()).collect();
        self.list(&lines)
    }

    /// One line for each target, then each cause once.
    fn targets(&mut self, inspection: &Inspection) -> io::Result<()> {
        if inspection.targets.is_empty() {
            return Ok(());
        }
        self.heading("preflight, nothing restored")?;
        let names = inspection.targets.iter().map(|target| text::width(&visible(&target.target)));
        let width = names.max().unwrap_or(0).min(60);
        for target in &inspection.targets {
            let open = || target.findings.iter().filter(|finding| finding.accepted.is_none());
            let count = |severity| open().filter(|finding| finding.severity == severity).count() as u64;
            let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
            let mut said = Vec::new();
            if errors > 0 {
                said.push(self.paint(RED, &counted(errors, "error")));
            }
            if warnings > 0 {
                said.push(self.paint(YELLOW, &counted(warnings, "warning")));
            }
            if said.is_empty() {
                said.push(self.paint(GREEN, "no known problems"));
            }
            let name = visible(&target.target);
            let gap = " ".repeat(width.saturating_sub(text::width(&name)) + 2);
            writeln!(self.canvas.out, "  {name}{gap}{}", said.join(", "))?;
        }
        let rehearsals: Vec<_> = inspection.targets.iter().map(super::TargetPreflight::as_rehearsal).collect();
        write_findings(&rehearsals, self.canvas.out, self.canvas.options)
    }

    fn verdict(&mut self, inspection: &Inspection) -> io::Result<()> {
        let path = visible(&inspection.dump.path).into_owned();
        let failing: Vec<String> = inspection
            .targets
            .iter()
            .filter(|target| target.fails())
            .map(|target| visible(&target.target).into_owned())
            .collect();
        let total = counted(inspection.targets.len() as u64, "target");
        let (style, label, text) = if !inspection.damage.is_empty() {
            let places = counted(inspection.damage.len() as u64, "place");
            (RED, "DAMAGED", format!("{path} is not whole: {places}"))
        } else if !failing.is_empty() {
            let verb = agreeing(failing.len(), "lacks", "lack");
            (RED, "FAIL", format!("{} of {total} {verb} what the dump needs: {}", failing.len(), failing.join(", ")))
        } else if !inspection.targets.is_empty() {
            let text = format!("nothing is known to fail in {total}; only a rehearsal shows that it comes back");
            (GREEN, "ok", text)
        } else if inspection.read_whole && !inspection.has_known_end {
            let text = format!(
                "{path} was read to its end; it has no end mark as pg_dump writes one, so a part of it reads the same"
            );
            (YELLOW, "read", text)
        } else if inspection.read_whole {
            (GREEN, "ok", format!("{path} was read to its end, and is whole"))
        } else {
            (YELLOW, "not read", format!("only the beginning of {path} was looked at: it may be damaged"))
        };
        self.canvas.verdict(style, label, &text)
    }
}

/// The newest version first, each with all that it brought; what is gone comes last.
fn feature_lines(features: &[FeatureNeed]) -> Vec<String> {
    let mut lines: BTreeMap<(bool, Reverse<u16>), Vec<&str>> = BTreeMap::new();
    for feature in features {
        let version = feature.since.or(feature.gone.map(|gone| gone - 1)).unwrap_or_default();
        lines.entry((feature.since.is_none(), Reverse(version))).or_default().push(feature.name);
    }
    lines
        .into_iter()
        .map(|((is_gone, Reverse(version)), names)| match is_gone {
            false => format!("since {version}: {}", names.join(", ")),
            true => format!("until {version}: {}", names.join(", ")),
        })
        .collect()
}

fn role_line(role: &RoleNeed) -> String {
    let mut uses = Vec::new();
    uses.extend((role.owns > 0).then(|| format!("owns {}", role.owns)));
    uses.extend((role.granted > 0).then(|| counted(role.granted, "privilege")));
    uses.extend((role.policies > 0).then(|| counted_as(role.policies, "policy", "policies")));
    if uses.is_empty() { role.name.clone() } else { format!("{} ({})", role.name, uses.join("; ")) }
}

fn cells(table: &TableRow) -> [String; 3] {
    let rows = table.rows.map_or_else(|| "?".to_owned(), grouped);
    let size = table.bytes.map_or_else(|| "?".to_owned(), text::size);
    let mut name = String::new();
    for part in [&table.database, &table.schema].into_iter().flatten() {
        name.push_str(part);
        name.push('.');
    }
    name.push_str(&table.name);
    [rows, size, visible(&name).into_owned()]
}

fn counted_in_groups(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(count), agreeing(count, "", "s"))
}

/// `12 345 678`
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}
