//! From a dump's requirements to what is said of them.

use pgdump_reader::{Facts, Feature, Requirements};

use super::{
    CollationMade, DatabaseNeed, ExtensionNeed, FeatureNeed, Requires, RoleNeed, SettingNeed, SuperuserNeed, TableRow,
};

pub fn requires(from: &Requirements) -> Requires {
    Requires {
        server_from: from.oldest_server(),
        server_to: from.newest_server(),
        client: from.client,
        client_because: from.client_because.clone(),
        restricted: from.restricted,
        roles: from
            .roles
            .iter()
            .map(|(name, uses)| RoleNeed {
                name: name.clone(),
                owns: uses.owns,
                granted: uses.granted,
                policies: uses.policies,
                other: uses.other,
            })
            .collect(),
        extensions: from
            .extensions
            .iter()
            .map(|extension| ExtensionNeed {
                name: extension.name.clone(),
                schema: extension.schema.clone(),
                version: extension.version.clone(),
            })
            .collect(),
        languages: from.languages.clone(),
        tablespaces: from.tablespaces.clone(),
        access_methods: from.access_methods.clone(),
        encoding: from.encoding.clone(),
        databases: from
            .databases
            .iter()
            .map(|created| DatabaseNeed {
                name: created.name.clone(),
                encoding: created.encoding.clone(),
                collate: created.lc_collate.clone().or_else(|| created.locale.clone()),
                ctype: created.lc_ctype.clone().or_else(|| created.locale.clone()),
                provider: created.locale_provider.clone(),
                provider_locale: created.provider_locale.clone(),
                tablespace: created.tablespace.clone(),
            })
            .collect(),
        collations: from.collations.clone(),
        collations_created: from
            .collations_created
            .iter()
            .map(|made| CollationMade {
                name: match &made.schema {
                    Some(schema) => format!("{schema}.{}", made.name),
                    None => made.name.clone(),
                },
                provider: made.provider.clone(),
                locale: made.locale.clone(),
            })
            .collect(),
        publications: from.publications.clone(),
        subscriptions: from.subscriptions.clone(),
        event_triggers: from.event_triggers.clone(),
        foreign_data_wrappers: from.wrappers.clone(),
        foreign_servers: from.servers.clone(),
        security_label_providers: from.label_providers.clone(),
        session_settings: from.session_settings.clone(),
        object_settings: from
            .object_settings
            .iter()
            .map(|(name, objects)| SettingNeed { name: name.clone(), objects: objects.clone() })
            .collect(),
        features: from.features.iter().map(feature).collect(),
        database_features: from.database_features.iter().map(feature).collect(),
        superuser: superuser(from),
        not_looked_into: from.not_looked_into,
    }
}

fn feature((feature, objects): &(&'static Feature, Vec<String>)) -> FeatureNeed {
    FeatureNeed {
        name: feature.name,
        since: feature.since,
        gone: feature.gone,
        source: feature.source,
        objects: objects.clone(),
    }
}

/// By kind, in order.
fn superuser(from: &Requirements) -> Vec<SuperuserNeed> {
    let mut needs: Vec<SuperuserNeed> = Vec::new();
    for used in &from.privileged {
        match needs.iter_mut().find(|need| need.kind == used.kind) {
            Some(need) => need.objects.push(used.object.clone()),
            None => needs.push(SuperuserNeed { kind: used.kind, objects: vec![used.object.clone()] }),
        }
    }
    needs.sort_by_key(|need| need.kind);
    needs
}

/// Tables with their rows, the largest first.
pub fn tables(facts: &Facts, read_whole: bool) -> Vec<TableRow> {
    let mut tables: Vec<TableRow> = facts
        .tables
        .iter()
        .map(|table| TableRow {
            database: table.database.clone(),
            schema: table.schema.clone(),
            name: table.name.clone(),
            has_data: table.has_data,
            rows: table.rows.filter(|_| read_whole),
            bytes: read_whole.then_some(table.bytes),
        })
        .collect();
    tables.sort_by(|a, b| {
        let size = |table: &TableRow| std::cmp::Reverse((table.bytes, table.rows));
        let name = |table: &TableRow| (table.database.clone(), table.schema.clone(), table.name.clone());
        size(a).cmp(&size(b)).then_with(|| name(a).cmp(&name(b)))
    });
    tables
}
