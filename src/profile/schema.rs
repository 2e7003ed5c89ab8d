//! The JSON Schema of profiles, for editors and for other programs.
//!
//! The types give the keys, their kinds and what is said of each; here is what a profile can write beyond its types: the
//! name of a thing for the thing, values of the environment and of the dump, and the keys that are gone before the types
//! see a profile.

use std::borrow::Cow;
use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::glob::Glob;
use super::reserved;
use super::rules::{Acceptable, KnownFinding};
use super::types::{BaseWish, Client, Expect, Jobs, Point, Setting, Target, TimelineWish};
use super::units::{ByteSize, HumanDuration};
use crate::postgres::Major;

/// What the schema is called, and where profiles say it is. The host is to be replaced like that of the workflows.
pub const SCHEMA_URL: &str = "https://example.com/your/copy/of/pgrehearse/docs/profile.schema.json";

/// Keys that take the word `source`, by their path.
const FROM_THE_DUMP: [&str; 13] = [
    "postgres",
    "restore.client",
    "roles",
    "tablespaces",
    "cluster.encoding",
    "cluster.locale",
    "cluster.locale_provider",
    "cluster.icu_locale",
    "cluster.locales",
    "database.encoding",
    "database.locale",
    "database.locale_provider",
    "database.icu_locale",
];

/// The schema, in the dialect of 2020-12.
///
/// What it accepts can still be wrong: whether names are those of the profile's own roles, and what PostgreSQL makes of
/// values, only reading a profile shows. `findings` are those that a profile may name.
pub fn schema(findings: &[KnownFinding<'_>]) -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Target>().to_value();
    // The whole's own words; those of the type are for this program.
    schema["title"] = json!("A profile of pgrehearse");
    schema["description"] = json!("One kind of server to restore into.");
    schema["$id"] = json!(SCHEMA_URL);
    name_findings(&mut schema, findings);
    name_settings(&mut schema);
    if let Some(definitions) = schema.get_mut("$defs").and_then(Value::as_object_mut) {
        for (name, definition) in definitions {
            let within = match name.as_str() {
                "Cluster" => "cluster.",
                "Database" => "database.",
                "Restore" => "restore.",
                _ => "?.",
            };
            widen(definition, within);
        }
    }
    widen(&mut schema, "");
    if let Some(keys) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        keys.insert("extends".into(), extends());
        keys.insert("matrix".into(), matrix());
        let adds = json!({
            "description": "Adds to `extensions.installed` of the profile that this one extends.",
            "type": "array",
            "items": {"$ref": "#/$defs/Installed"}
        });
        keys.insert("extensions+".into(), adds);
    }
    // One of them says the version, or who does.
    schema["anyOf"] = ["postgres", "image", "extends", "matrix"].map(|key| json!({"required": [key]})).into();
    schema
}

/// `accept` and `severity` take the names of findings.
fn name_findings(schema: &mut Value, findings: &[KnownFinding<'_>]) {
    if findings.is_empty() {
        return;
    }
    let names = |fits: fn(Acceptable) -> bool| -> Vec<&str> {
        findings.iter().filter(|known| fits(known.acceptable)).map(|known| known.name).collect()
    };
    let acceptable = names(|acceptable| matches!(acceptable, Acceptable::Freely | Acceptable::ByName));
    if let Some(finding) = schema.pointer_mut("/$defs/Accept/properties/finding") {
        finding["enum"] = json!(acceptable);
    }
    if let Some(severity) = schema.pointer_mut("/properties/severity") {
        severity["propertyNames"] = json!({"enum": names(|_| true)});
    }
}

/// Settings have names of PostgreSQL's form, and none that pgrehearse sets itself.
fn name_settings(schema: &mut Value) {
    let reserved: Vec<&str> = reserved::names().collect();
    for of in ["Cluster", "Database", "Role", "Recovery"] {
        let maps = ["", "/anyOf/1"].map(|map| format!("/$defs/{of}{map}/properties/settings"));
        let mut refused = vec![json!({"enum": reserved})];
        if of == "Recovery" {
            refused.push(json!({"enum": reserved::names_in_recovery().collect::<Vec<_>>()}));
            refused.push(
                json!({"pattern": format!("^({})", reserved::families_in_recovery().collect::<Vec<_>>().join("|"))}),
            );
        }
        for map in maps {
            if let Some(settings) = schema.pointer_mut(&map) {
                settings["propertyNames"] = json!({"pattern": r"^[A-Za-z_][A-Za-z0-9_.]*$", "not": {"anyOf": refused}});
            }
        }
    }
}

/// Lets the keys of a map be written as a profile may write them beside their types.
fn widen(map: &mut Value, within: &str) {
    let required: Vec<String> = match map.get("required").and_then(Value::as_array) {
        Some(required) => required.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        None => Vec::new(),
    };
    // A name or a map: the map is one of several.
    if let Some(several) = map.get_mut("anyOf").and_then(Value::as_array_mut) {
        several.iter_mut().for_each(|one| widen(one, within));
    }
    let Some(keys) = map.get_mut("properties").and_then(Value::as_object_mut) else { return };
    let mut adding = Map::new();
    for (key, value) in keys.iter_mut() {
        if is_list(value) {
            let mut adds = value.clone();
            adds["description"] = json!(format!("Adds to `{key}` of the profile that this one extends."));
            if let Some(adds) = adds.as_object_mut() {
                adds.remove("default");
            }
            adding.insert(format!("{key}+"), adds);
        }
        let mut others = Vec::new();
        if has_type(value, "boolean") {
            others.push(json!({"type": "string", "pattern": "^([Yy][Ee][Ss]|[Nn][Oo]|[Oo][Nn]|[Oo][Ff][Ff])$"}));
        }
        if ["member_of", "members"].contains(&key.as_str()) {
            others.push(json!({"type": "string", "minLength": 1}));
        }
        // One point instead of a list.
        if key == "to" {
            others.push(json!({"$ref": "#/$defs/Point"}));
        }
        if FROM_THE_DUMP.contains(&format!("{within}{key}").as_str()) {
            let words = if key == "postgres" { json!(["source", "source+1"]) } else { json!(["source"]) };
            others.push(json!({"enum": words, "description": "The value of the server that the dump comes from."}));
        }
        if !is_text(value) && !["sql", "expect"].contains(&key.as_str()) {
            others.push(
                json!({"type": "string", "pattern": r"\$\{.*\}", "description": "A variable of the environment."}),
            );
        }
        if !required.contains(key) {
            others.push(
                json!({"type": "null", "description": "Removes the value of the profile that this one extends."}),
            );
        }
        let (mut about, mut own) = (Map::new(), value.as_object().cloned().unwrap_or_default());
        for word in ["description", "default"] {
            about.extend(own.remove_entry(word));
        }
        others.insert(0, Value::Object(own));
        about.insert("anyOf".into(), Value::Array(others));
        *value = Value::Object(about);
    }
    keys.append(&mut adding);
}

fn is_list(value: &Value) -> bool {
    has_type(value, "array")
}

fn is_text(value: &Value) -> bool {
    has_type(value, "string") && value.get("pattern").is_none() && value.get("enum").is_none()
}

fn has_type(value: &Value, wanted: &str) -> bool {
    match value.get("type") {
        Some(Value::String(one)) => one == wanted,
        Some(Value::Array(several)) => several.iter().any(|one| one == wanted),
        _ => false,
    }
}

fn extends() -> Value {
    json!({
        "description": "The profile that this one is put over: the name of a built-in one, or the path of a file from this \
                        one's folder on. Maps are merged, all else is replaced; a key with a `+` adds to a list.",
        "type": "string",
        "minLength": 1,
    })
}

fn matrix() -> Value {
    let variant = json!({
        "type": ["object", "null"],
        "propertyNames": {"not": {"enum": ["name", "extends", "matrix"]}},
    });
    json!({
        "description": "Makes a target of every combination: keys of the profile, by their path, with the values that they \
                        take; or any name with variants, each a name and what it changes.",
        "anyOf": [
            {
                "type": "object",
                "minProperties": 1,
                "properties": {
                    "exclude": {
                        "description": "Combinations that are left out.",
                        "type": "array",
                        "items": {"type": "object", "minProperties": 1},
                    },
                },
                "additionalProperties": {
                    "anyOf": [
                        {"type": "array", "minItems": 1, "items": {"type": ["string", "number", "boolean", "null"]}},
                        {"type": "object", "minProperties": 1, "additionalProperties": variant},
                        {"type": "string", "pattern": r"^(source|[0-9]+)\.\.[0-9]+$|\$\{"},
                        {"type": "null"},
                    ],
                },
            },
            {"type": "null"},
        ],
    })
}

/// A thing's name instead of the thing.
pub fn or_name(schema: &mut Schema) {
    let map = std::mem::take(schema).to_value();
    *schema = json_schema!({"anyOf": [{"type": "string", "minLength": 1}, map]});
}

/// The extensions that are there in advance, instead of a map.
pub fn or_installed(schema: &mut Schema) {
    let map = std::mem::take(schema).to_value();
    *schema = json_schema!({"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/Installed"}}, map]});
}

/// A number of rows instead of a map.
pub fn or_rows(schema: &mut Schema) {
    let map = std::mem::take(schema).to_value();
    *schema = json_schema!({"anyOf": [ROWS.clone(), map]});
}

/// How many rows a table must have.
pub fn rows(_: &mut SchemaGenerator) -> Schema {
    Schema::try_from(ROWS.clone()).unwrap_or_default()
}

static ROWS: LazyLock<Value> = LazyLock::new(|| {
    let comparison = r"^(empty|not empty|[0-9]+|(=|!=|<>|<=|>=|<|>) *('[0-9]+'|[0-9]+) *)$";
    json!({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": comparison}]})
});

/// Options of a client, each one argument.
pub fn options(_: &mut SchemaGenerator) -> Schema {
    let own = r"^--(dbname|host|port|username|file|format|jobs)(=|$)";
    let several = r"^-[^=\s]*\s";
    json_schema!({
        "type": "array",
        "items": {"type": "string", "minLength": 1, "not": {"anyOf": [{"pattern": own}, {"pattern": several}]}}
    })
}

pub fn date(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "format": "date"})
}

/// A version, which YAML may take for a number: reading it then says to quote it.
pub fn text(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": ["string", "number", "null"]})
}

impl JsonSchema for Point {
    fn schema_name() -> Cow<'static, str> {
        "Point".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let time = r"(-.*[0-9].*|[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ].*[0-9] *([Zz]|UTC|[+-][0-9]{2}(:?[0-9]{2}){0,2}))";
        let lsn = "[0-9A-Fa-f]{1,8}/[0-9A-Fa-f]{1,8}";
        let xid = "[0-9]{1,10}";
        let inclusive = "( *, *inclusive *= *(true|false) *)?";
        let text = format!(
            "^(latest|immediate|{time}|time( *=| +) *{time}{inclusive}|lsn( *=| +) *{lsn}{inclusive}\
             |xid( *=| +) *{xid}{inclusive}|name( *=| +).{{1,63}})$"
        );
        let map = |key: &str, value: Value| {
            let mut keys = json!({key: value});
            if key != "name" {
                keys["inclusive"] = json!({
                    "description": "Whether what is exactly at the point is replayed too. Default: true.",
                    "type": "boolean",
                });
            }
            json!({"type": "object", "properties": keys, "required": [key], "additionalProperties": false})
        };
        json_schema!({
            "description": "Where recovery is to stop.",
            "anyOf": [
                {"type": "string", "pattern": text},
                map("time", json!({
                    "description": "The commits up to a time with its zone, such as `2026-11-28T11:08:45Z`, or `-1h`: so \
                                    long before the last commit that can be recovered.",
                    "type": "string",
                    "pattern": format!("^{time}$"),
                })),
                map("lsn", json!({
                    "description": "The WAL up to a location, such as `0/D3FEE38`.",
                    "type": "string",
                    "pattern": format!("^{lsn}$"),
                })),
                map("xid", json!({
                    "description": "Up to the end of a transaction, by its number without an epoch.",
                    "anyOf": [
                        {"type": "integer", "minimum": 3, "maximum": u32::MAX},
                        {"type": "string", "pattern": format!("^{xid}$")},
                    ],
                })),
                map("name", json!({
                    "description": "A restore point of `pg_create_restore_point`.",
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 63,
                    "pattern": ".",
                })),
            ],
        })
    }
}

/// Types that are written as one YAML value, whatever they are in Rust.
macro_rules! written_as {
    ($($type:ty, $name:literal, $schema:tt;)+) => {
        $(impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        })+
    };
}

written_as! {
    Major, "Major", {"anyOf": [{"type": "integer", "minimum": *Major::PLAUSIBLE.start(), "maximum": *Major::PLAUSIBLE.end()}, {"type": "string", "pattern": "^([12][0-9]|30)$"}]};
    Setting, "Setting", {"type": ["string", "number", "boolean"]};
    Client, "Client", {
        "anyOf": [
            {"enum": ["target"]},
            {"type": "integer", "minimum": *Major::PLAUSIBLE.start(), "maximum": *Major::PLAUSIBLE.end()},
            {"type": "string", "pattern": "^([12][0-9]|30)$"}
        ]
    };
    Jobs, "Jobs", {
        "anyOf": [
            {"enum": ["auto"]},
            {"type": "integer", "minimum": 1},
            {"type": "string", "pattern": "^[1-9][0-9]*$"}
        ]
    };
    ByteSize, "ByteSize", {
        "anyOf": [
            {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)? *([kKmMgGtT][iI]?)?[bB]?$"},
            {"type": "integer", "minimum": 1}
        ]
    };
    HumanDuration, "HumanDuration", {
        "type": "string",
        "minLength": 1,
        "pattern": r"^([0-9]+(\.[0-9]+)? *[a-z]+,? *)+$"
    };
    TimelineWish, "TimelineWish", {
        "anyOf": [
            {"enum": ["latest", "current"]},
            {"type": "integer", "minimum": 1, "maximum": u32::MAX},
            {"type": "string", "pattern": "^[1-9][0-9]*$"}
        ]
    };
    BaseWish, "BaseWish", {
        "anyOf": [
            {"enum": ["newest", "oldest"]},
            {"type": "string", "pattern": r"\S", "not": {"enum": ["latest", "last", "earliest", "first"]}},
            {"type": "integer", "minimum": 0},
            {
                "type": "object",
                "properties": {
                    "spread": {
                        "description": "Of the newest so many base backups each run takes another one.",
                        "type": "integer",
                        "minimum": 1,
                        "maximum": u32::MAX
                    }
                },
                "required": ["spread"],
                "additionalProperties": false
            }
        ]
    };
    Glob, "Glob", {"type": "string", "minLength": 1};
    Expect, "Expect", {
        "type": ["string", "number", "boolean", "null", "array"],
        "items": {"type": ["string", "number", "boolean", "null", "array"]}
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{BUILTIN, DEMO, RECOVERY_DEMO, Rules, parse_all};

    /// The last four are those of the profile that says everything.
    const FINDINGS: [KnownFinding<'static>; 6] = [
        KnownFinding { name: "role-missing", acceptable: Acceptable::Freely },
        KnownFinding { name: "dump-truncated", acceptable: Acceptable::Never },
        KnownFinding { name: "missing-role", acceptable: Acceptable::Freely },
        KnownFinding { name: "missing-extension", acceptable: Acceptable::Freely },
        KnownFinding { name: "any-error", acceptable: Acceptable::ByName },
        KnownFinding { name: "not-used", acceptable: Acceptable::OfProfile },
    ];

    fn validator() -> jsonschema::Validator {
        jsonschema::draft202012::new(&schema(&FINDINGS)).unwrap()
    }

    fn objections(validator: &jsonschema::Validator, yaml: &str) -> Vec<String> {
        let value: Value = serde_yaml::from_str(yaml).unwrap();
        validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path)).collect()
    }

    #[test]
    fn every_profile_that_is_read_fits_the_schema() {
        let validator = validator();
        // A number that only text can hold is beyond JSON.
        let good = include_str!("../../tests/profiles/good.yaml").replace("123456789012345678901234567890", "1");
        let extending = "name: x\nextends: rds-like\nroles+: [{name: y, member_of: [{role: z, set: false}]}, w]\n\
                         database: shop\nextensions+: [citext]\n\
                         cluster: {settings: {a.b: 1}, icu_locale: ~}\npostgres: ${MAJOR:-17}\n\
                         matrix: {postgres: source..18, provider: {libc: , icu: {cluster: {}}}, exclude: [{postgres: 15}]}\n";
        let all = BUILTIN
            .iter()
            .chain(DEMO)
            .chain(RECOVERY_DEMO)
            .copied()
            .chain([("good", good.as_str()), ("extending", extending)]);
        for (name, text) in all {
            assert_eq!(objections(&validator, text), Vec::<String>::new(), "{name}");
        }
    }

    #[test]
    fn a_size_or_duration_that_people_write_can_be_read_and_fits_the_schema() {
        let validator = validator();
        let fits = |key: &str, text: &str| {
            objections(&validator, &format!("{{name: x, postgres: 17, limits: {{{key}: '{text}'}}}}")).is_empty()
        };
        for size in ["10gb", "10GiB", "10gIb", "10 kB", "10  MB", "1.5TiB", "7B", "7", "10gi", "10k", "4G"] {
            assert!(fits("disk", size) && size.parse::<ByteSize>().is_ok(), "{size}");
        }
        for size in ["1,5GB", "-1GB", "GB", ""] {
            assert!(!fits("disk", size) && size.parse::<ByteSize>().is_err(), "{size}");
        }
        for duration in ["30m", "1h30m", "90s", "500ms", "7us", "1d", "1.5h", "1h 30m", "30 min", "1 hour, 5 minutes"] {
            assert!(fits("timeout", duration) && duration.parse::<HumanDuration>().is_ok(), "{duration}");
        }
        for duration in ["30", "m", "", "-5m"] {
            assert!(!fits("timeout", duration) && duration.parse::<HumanDuration>().is_err(), "{duration}");
        }
    }

    /// All that an editor shows of a key.
    #[test]
    fn every_key_has_a_description() {
        fn look(value: &Value, path: &str, without: &mut Vec<String>) {
            if let Some(keys) = value.get("properties").and_then(Value::as_object) {
                for (key, value) in keys {
                    if value.get("description").is_none() {
                        without.push(format!("{path}.{key}"));
                    }
                }
            }
            match value {
                Value::Object(map) => {
                    map.iter().for_each(|(key, value)| look(value, &format!("{path}/{key}"), without))
                }
                Value::Array(list) => list.iter().for_each(|value| look(value, path, without)),
                _ => {}
            }
        }
        let mut without = Vec::new();
        look(&schema(&[]), "", &mut without);
        assert_eq!(without, Vec::<String>::new());
    }

    /// Whether reading a profile takes it, and what the schema has against it.
    fn both(validator: &jsonschema::Validator, text: &str) -> (bool, Vec<String>) {
        let rules = Rules { known_findings: Some(&FINDINGS), ..Rules::default() };
        (parse_all(text, "x.yaml", &rules).is_ok(), objections(validator, text))
    }

    /// A profile with a name and this.
    fn with(rest: &str) -> String {
        format!("{{name: x, {rest}}}")
    }

    #[test]
    fn what_the_program_takes_the_schema_takes() {
        let validator = validator();
        for rest in [
            "postgres: 17",
            "postgres: \"17\"",
            "postgres: 12",
            "postgres: '${NO_SUCH_VARIABLE:-16}'",
            "image: 'postgres:17@sha256:0000000000000000000000000000000000000000000000000000000000000000'",
            "postgres: source, roles: source, tablespaces: source, cluster: {locale: source, locales: source}",
            "postgres: source+1, restore: {client: source}",
            "postgres: 17, limits: {disk: 10gb, memory: 4Gi, timeout: 30 min, cpus: 1.5}",
            "postgres: 17, limits: {memory: 4294967296, shm: 1.5GiB, timeout: '1 hour, 5 minutes'}",
            "postgres: 17, database: shop, roles: [app], extensions: [citext]",
            "postgres: 17, roles: [app, {name: b, member_of: app, login: yes, inherit: off}]",
            "postgres: 17, roles: [{name: a, members: b}, {name: b, createdb: true, settings: {work_mem: 4MB}}]",
            "postgres: 17, cluster: {checksums: on, settings: {a.b: 1, work_mem: 64MB, jit: off}}",
            "postgres: 17, restore: {jobs: \"4\", client: '16', options: [--no-owner, -x, -t, '--schema=my shop']}",
            "postgres: 17, restore: {jobs: auto, client: target}",
            "postgres: 17, checks: {tables: {a: 100, b: not empty, c: '>= 5', d: {rows: empty}, e: {rows: \"= '7'\"}}}",
            "postgres: 17, checks: {queries: [{name: q, sql: SELECT 1, expect: [[1, a], [2, null]], timeout: 5s}]}",
            "postgres: 17, checks: {queries: [{name: q, sql: SELECT 1, expect: '> 0'}], write_as: app}",
            "postgres: 17, init: [{sql: SELECT 1, as: postgres}]",
            "postgres: 17, severity: {role-missing: warning, dump-truncated: error}",
            "postgres: 17, accept: [{finding: role-missing, reason: known, until: 2099-12-31}]",
            "extends: rds-like, roles+: [x], extensions+: [citext], database: ~",
            "matrix: {postgres: 15..18}",
            "matrix: {postgres: [17, 18], how: {a: , b: {limits: {pids: 64}}}}",
            "postgres: 17, recovery: {to: latest, timeline: current, base: {spread: 3}, max_data_loss: 15m}",
            "postgres: 17, recovery: {to: [immediate, -1h, {time: -1h 30m}, '2026-11-28 11:08:45+00', 'time 2026-11-28 11:08:46 UTC']}",
            "postgres: 17, recovery: {to: {time: '2026-11-28T11:08:45.65Z', inclusive: no}, timeline: 3, base: 20261128T110845}",
            "postgres: 17, recovery: {to: [{lsn: 0/D3FEE38}, {xid: 11744, inclusive: false}, 'xid=7,inclusive=false', {name: a}]}",
            "postgres: 17, recovery: {before: [{name: q, sql: SELECT 1, expect: '= 1'}], settings: {max_connections: 500}}",
            "matrix: {postgres: [17], recovery.to: [latest, -1h]}",
            "postgres: 17, tablespaces: [fast, {name: slow}], database: {schemas: [a, {name: b}], public: {create: [PUBLIC]}}",
        ] {
            assert_eq!(both(&validator, &with(rest)), (true, Vec::new()), "{rest}");
        }
    }

    #[test]
    fn what_the_program_refuses_the_schema_refuses() {
        let validator = validator();
        let whole = [
            "postgres: 17",
            "{name: x, postgres: 17, nme: y}",
            "{name: x, postgres: seventeen}",
            "{name: x, postgres: 9}",
            "{name: x, postgres: 17, cluster: {encodng: UTF8}}",
            "{name: x, postgres: 17, cluster: {locale_provider: icuu}}",
            "{name: x, postgres: 17, cluster: {superuser: 17}}",
            "{name: x, postgres: 17, roles: [{login: true}]}",
            "{name: x, postgres: 17, roles: [{name: y, login: maybe}]}",
            "{name: x, postgres: 17, roles: [{name: y, member_of: [{rle: z}]}]}",
            "{name: x, postgres: 17, limits: {memory: lots}}",
            "{name: x, postgres: 17, limits: {timeout: 30}}",
            "{name: x, postgres: 17, checks: {queries: [{name: a, sql: SELECT 1}]}}",
            "{name: x, postgres: 17, severity: {role-missing: fatal}}",
            "{name: x, extends: [a, b]}",
            "{name: x, matrix: {postgres: 15}}",
            "{name: x}",
            "{name: x/y, postgres: 17}",
            "{name: x, image: 'a b'}",
            "{name: x, postgres: 17, limits: {cpus: 0}}",
            "{name: x, postgres: 17, limits: {pids: 8}}",
            "{name: x, postgres: 17, init: [{as: y}]}",
            "{name: x, postgres: 17, checks: {budget: {}}}",
            "{name: x, postgres: 17, accept: [{finding: y, reason: ' ', until: 2099-01-01}]}",
            "{name: x, postgres: 17, matrix: {}}",
            "{name: x, postgres: 17, matrix: {a: [[b]]}}",
            "{name: x, postgres: 17, matrix: {a: {b: {name: y}}}}",
        ];
        let rests = [
            "postgres: 9",
            "postgres: 9.6",
            "postgres: 31",
            "postgres: '31'",
            "version: 17",
            "postgres: 17, locale: C",
            "postgres: 17, roles: [{name: a, login: maybe}]",
            "postgres: 17, roles: [{name: a, member_of: {a: b}}]",
            "postgres: 17, limits: {disk: 10 bananas}",
            "postgres: 17, limits: {timeout: 30}",
            "postgres: 17, limits: {pids: 1}",
            "postgres: 17, cluster: {settings: {port: 5433}}",
            "postgres: 17, cluster: {settings: {'work mem': 1}}",
            "postgres: 17, roles: [{name: a, settings: {log_destination: stderr}}]",
            "postgres: 17, database: {settings: {listen_addresses: '*'}}",
            "postgres: 17, restore: {options: ['--no-owner --no-acl']}",
            "postgres: 17, restore: {options: ['--dbname=x']}",
            "postgres: 17, restore: {options: ['']}",
            "postgres: 17, restore: {jobs: 0}",
            "postgres: 17, checks: {tables: {a: 1 row}}",
            "postgres: 17, checks: {tables: {a: {rows: at least 1}}}",
            "postgres: 17, checks: {tables: {a: {min: 1}}}",
            "postgres: 17, recovery: {to: last}",
            "postgres: 17, recovery: {to: 11744}",
            "postgres: 17, recovery: {to: {tme: -1h}}",
            "postgres: 17, recovery: {to: {time: yesterday}}",
            "postgres: 17, recovery: {to: {time: '2026-11-28 11:08:45'}}",
            "postgres: 17, recovery: {to: '2026-11-28 11:08:45'}",
            "postgres: 17, recovery: {to: {time: 1h}}",
            "postgres: 17, recovery: {to: {lsn: D3FEE38}}",
            "postgres: 17, recovery: {to: {xid: 2}}",
            "postgres: 17, recovery: {to: {xid: 4294979040}}",
            "postgres: 17, recovery: {to: {name: ''}}",
            "postgres: 17, recovery: {to: {name: a, inclusive: false}}",
            "postgres: 17, recovery: {to: {xid: 7, lsn: 0/1}}",
            "postgres: 17, recovery: {to: []}",
            "postgres: 17, recovery: {timeline: newest}",
            "postgres: 17, recovery: {timeline: 0}",
            "postgres: 17, recovery: {base: latest}",
            "postgres: 17, recovery: {base: {spread: 0}}",
            "postgres: 17, recovery: {max_data_loss: -15m}",
            "postgres: 17, recovery: {after: [{name: q, sql: SELECT 1}]}",
            "postgres: 17, recovery: {settings: {recovery_target_time: now}}",
            "postgres: 17, recovery: {settings: {wal_level: logical}}",
            "postgres: 17, recovery: {settings: {log_statement: all}}",
            "postgres: 17, recovery: {wal_command: x}",
            "postgres: 17, severity: {role-mising: warning}",
            "postgres: 17, severity: {role-missing: fatal}",
            "postgres: 17, accept: [{finding: role-mising, reason: known, until: 2099-12-31}]",
            "postgres: 17, accept: [{finding: dump-truncated, reason: known, until: 2099-12-31}]",
            "postgres: 17, checks: {queries: [{name: q, sql: SELECT 1, expect: {a: 1}}]}",
        ];
        for text in whole.into_iter().map(str::to_owned).chain(rests.map(with)) {
            let (taken, objections) = both(&validator, &text);
            assert!(!taken && !objections.is_empty(), "{text}: {taken} {objections:?}");
        }
    }
}
