//! The report as JSON: what machines read, and what is kept.
//!
//! `docs/report-schema.md` documents every field.

use std::io;

use thiserror::Error;

use super::{Report, SCHEMA};

/// The schema before there were several sources in a run.
const FIRST: &str = "pgrehearse.report/1";

/// Why a text is no report that this version can read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// It is not JSON at all, or ends early.
    #[error("not valid JSON")]
    Syntax(#[source] serde_json::Error),
    /// It is JSON, without a `schema` of pgrehearse.
    #[error("not a pgrehearse report: it has no \"schema\" such as \"{SCHEMA}\"")]
    NotAReport,
    /// It was written by a version whose format differs.
    #[error("the report has schema \"{found}\", this pgrehearse reads \"{SCHEMA}\" and \"{FIRST}\"")]
    OtherSchema {
        /// What the report says.
        found: String,
    },
    /// It claims the right schema and does not keep to it.
    #[error("the report does not follow schema \"{SCHEMA}\" at {path}")]
    Shape {
        /// Where in the document: `targets[0].verdict`.
        path: String,
        #[source]
        source: serde_json::Error,
    },
}

/// Writes the report as indented JSON with a line break at the end.
///
/// # Errors
/// Those of `out`, with their kind kept.
pub fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    out.write_all(b"\n")
}

/// Reads a report that [`write()`] wrote, or one of schema 1, which has a single source.
///
/// Unknown fields are left aside: a later version may add some without a new schema number.
///
/// # Errors
/// Where the text is no report, or one of another schema version.
pub fn read(text: &str) -> Result<Report, ReadError> {
    // The schema is looked at first: a report of another version fails for that reason, not for its first new field.
    let mut value: serde_json::Value = serde_json::from_str(text).map_err(ReadError::Syntax)?;
    match value.get("schema").and_then(serde_json::Value::as_str) {
        Some(SCHEMA) => {}
        Some(FIRST) => from_first(&mut value),
        Some(found) if found.starts_with("pgrehearse.report/") => {
            return Err(ReadError::OtherSchema { found: super::text::visible(found).into_owned() });
        }
        _ => return Err(ReadError::NotAReport),
    }
    serde_path_to_error::deserialize(value)
        .map_err(|error| ReadError::Shape { path: error.path().to_string(), source: error.into_inner() })
}

/// Makes a report of schema 1 one of this schema. What is wrong with it is found when it is read.
fn from_first(report: &mut serde_json::Value) {
    let Some(report) = report.as_object_mut() else { return };
    report.insert("schema".to_owned(), SCHEMA.into());
    let Some(mut dump) = report.remove("dump") else { return };
    let path = dump.get("path").cloned().unwrap_or_default();
    if let Some(dump) = dump.as_object_mut() {
        dump.insert("kind".to_owned(), "dump".into());
    }
    report.insert("sources".to_owned(), vec![dump].into());
    let targets = report.get_mut("targets").and_then(serde_json::Value::as_array_mut);
    for target in targets.into_iter().flatten().filter_map(serde_json::Value::as_object_mut) {
        target.insert("source".to_owned(), path.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn written(report: &Report) -> String {
        let mut out = Vec::new();
        write(report, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_report_comes_back_as_it_was_written() {
        for report in sample::all() {
            assert_eq!(read(&written(&report)).unwrap(), report);
        }
    }

    #[test]
    fn durations_are_seconds() {
        let json: serde_json::Value = serde_json::from_str(&written(&sample::all_pass())).unwrap();
        assert_eq!(json["elapsed"], serde_json::json!(12.345));
        assert_eq!(json["targets"][0]["timings"]["total"], serde_json::json!(4.1));
    }

    #[test]
    fn the_documented_schema_is_what_is_written() {
        let documentation = include_str!("../../docs/report-schema.md");
        let mut keys = std::collections::BTreeSet::new();
        for report in sample::all() {
            collect_keys(&serde_json::to_value(&report).unwrap(), &mut keys);
        }
        for key in keys {
            assert!(documentation.contains(&format!("`{key}`")), "docs/report-schema.md does not document `{key}`");
        }
    }

    fn collect_keys(value: &serde_json::Value, keys: &mut std::collections::BTreeSet<String>) {
        match value {
            serde_json::Value::Object(map) => {
                for (key, value) in map {
                    keys.insert(key.clone());
                    collect_keys(value, keys);
                }
            }
            serde_json::Value::Array(values) => values.iter().for_each(|value| collect_keys(value, keys)),
            _ => {}
        }
    }

    #[test]
    fn the_documented_example_can_be_read() {
        let documentation = include_str!("../../docs/report-schema.md");
        let example = documentation.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
        read(example).unwrap();
    }

    #[test]
    fn a_report_of_the_first_schema_is_still_read() {
        for report in sample::all().into_iter().filter(|report| report.sources.len() == 1) {
            let mut first = serde_json::to_value(&report).unwrap();
            let fields = first.as_object_mut().unwrap();
            fields.insert("schema".to_owned(), "pgrehearse.report/1".into());
            let mut dump = fields.remove("sources").unwrap()[0].take();
            dump.as_object_mut().unwrap().remove("kind");
            fields.insert("dump".to_owned(), dump);
            for target in fields["targets"].as_array_mut().unwrap() {
                target.as_object_mut().unwrap().remove("source");
            }
            assert_eq!(read(&first.to_string()).unwrap(), report);
        }
        let without_a_dump = r#"{"schema": "pgrehearse.report/1"}"#;
        assert!(matches!(read(without_a_dump), Err(ReadError::Shape { .. })));
    }

    #[test]
    fn another_schema_version_is_refused_by_name() {
        let other = written(&sample::all_pass()).replace("pgrehearse.report/2", "pgrehearse.report/3");
        let error = read(&other).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the report has schema \"pgrehearse.report/3\", this pgrehearse reads \"pgrehearse.report/2\" and \
             \"pgrehearse.report/1\""
        );
    }

    #[test]
    fn other_json_and_cut_off_reports_are_refused() {
        assert!(matches!(read("{\"schema\": 1}"), Err(ReadError::NotAReport)));
        assert!(matches!(read("[]"), Err(ReadError::NotAReport)));
        let text = written(&sample::all_pass());
        assert!(matches!(read(&text[..text.len() / 2]), Err(ReadError::Syntax(_))));
    }

    #[test]
    fn a_field_of_the_wrong_type_is_named_with_its_place() {
        let text = written(&sample::all_pass());
        let (run, targets) = text.split_once("\"targets\"").unwrap();
        let targets = targets.replacen("\"verdict\": \"pass\"", "\"verdict\": \"fine\"", 1);
        let text = format!("{run}\"targets\"{targets}");
        let Err(ReadError::Shape { path, .. }) = read(&text) else { panic!("expected a shape error") };
        assert_eq!(path, "targets[0].verdict");
        let negative = written(&sample::all_pass()).replace("\"elapsed\": 12.345", "\"elapsed\": -1.0");
        let Err(ReadError::Shape { path, source }) = read(&negative) else { panic!("expected a shape error") };
        assert_eq!((path.as_str(), source.to_string().as_str()), ("elapsed", "-1 is no duration in seconds"));
    }

    #[test]
    fn a_broken_pipe_keeps_its_kind() {
        struct Closed;
        impl io::Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        assert_eq!(write(&sample::all_pass(), &mut Closed).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
