//! The database that is restored into.

use super::settings::assignment;
use crate::cluster::sql::{identifier, literal};
use crate::cluster::{ClusterError, Session};
use crate::profile::{Entrypoint, LocaleProvider, Target};

/// Makes the database, and gives it its settings.
pub async fn make(session: &Session, target: &Target) -> Result<(), ClusterError> {
    let name = &target.database.name;
    let step = format!("cannot make database {name:?} of profile {}", target.name);
    // The cluster's own databases are there already, and may be the one that is restored into.
    let exists = session.query("SELECT FROM pg_database WHERE datname = $1", &[name], "cannot list databases").await?;
    if exists.is_empty() {
        session.batch(&create(target), &step).await?;
    } else if target.entrypoint == Entrypoint::Direct || target.database.owner.is_some() {
        let sql = format!("ALTER DATABASE {} OWNER TO {}", identifier(name), identifier(owner(target)));
        session.batch(&sql, &step).await?;
    }
    for (setting, sql) in settings(target) {
        session.batch(&sql, &format!("cannot set {setting} of database {name:?} of profile {}", target.name)).await?;
    }
    Ok(())
}

/// The statements that make the database and give it its settings, one by one: `CREATE DATABASE` takes no transaction.
pub fn statements(target: &Target) -> Vec<String> {
    std::iter::once(create(target)).chain(settings(target).map(|(_, sql)| sql)).collect()
}

/// Each setting of the database by name, and the statement that gives it.
fn settings(target: &Target) -> impl Iterator<Item = (&str, String)> {
    let name = identifier(&target.database.name);
    target.database.settings.iter().map(move |(setting, value)| {
        (setting.as_str(), format!("ALTER DATABASE {name} SET {}", assignment(setting, value)))
    })
}

fn owner(target: &Target) -> &str {
    target.database.owner.as_deref().unwrap_or(&target.cluster.superuser)
}

fn create(target: &Target) -> String {
    let mut sql = format!("CREATE DATABASE {} OWNER {}", identifier(&target.database.name), identifier(owner(target)));
    let differs = target.database_differs();
    match target.database.template {
        Some(template) => sql.push_str(&format!(" TEMPLATE {}", template.name())),
        None if differs => sql.push_str(" TEMPLATE template0"),
        None => {}
    }
    if !differs {
        return sql;
    }
    sql.push_str(&format!(" ENCODING {}", literal(target.database_encoding())));
    let (provider, locale) = (target.database_locale_provider(), target.database_locale());
    // Versions before 15 do not know the word, and have no other provider.
    if [provider, target.cluster.locale_provider] != [LocaleProvider::Libc; 2] {
        sql.push_str(&format!(" LOCALE_PROVIDER {}", provider.name()));
    }
    match provider {
        LocaleProvider::Libc => sql.push_str(&format!(" LOCALE {}", literal(locale))),
        LocaleProvider::Icu => {
            let icu = target.database_icu_locale().unwrap_or_default();
            sql.push_str(&format!(" LOCALE {} ICU_LOCALE {}", literal(locale), literal(icu)));
        }
        // The operating system does not know the provider's locales.
        LocaleProvider::Builtin => sql.push_str(&format!(" LOCALE 'C' BUILTIN_LOCALE {}", literal(locale))),
    }
    sql
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::parse;

    fn created(rest: &str) -> String {
        create(&parse(&format!("name: x\npostgres: 17\n{rest}"), "x.yaml").unwrap())
    }

    #[test]
    fn a_database_like_its_cluster_says_nothing_of_it() {
        let plain = r#"CREATE DATABASE "app" OWNER "postgres""#;
        assert_eq!(created(""), plain);
        assert_eq!(created("database: {encoding: utf8, locale: C.UTF-8}"), plain);
        assert_eq!(created("database: {template: template0}"), format!("{plain} TEMPLATE template0"));
    }

    #[test]
    fn a_database_unlike_its_cluster_says_all_of_it() {
        assert_eq!(
            created("database: {encoding: LATIN1, locale: C}"),
            r#"CREATE DATABASE "app" OWNER "postgres" TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'"#
        );
        assert!(
            created("database: {locale_provider: icu, icu_locale: de-DE}")
                .ends_with("ENCODING 'UTF8' LOCALE_PROVIDER icu LOCALE 'C.UTF-8' ICU_LOCALE 'de-DE'")
        );
        assert!(
            created("database: {locale_provider: builtin}")
                .ends_with("LOCALE_PROVIDER builtin LOCALE 'C' BUILTIN_LOCALE 'C.UTF-8'")
        );
        assert!(
            created("cluster: {locale_provider: icu, icu_locale: de-DE}\ndatabase: {locale_provider: libc}")
                .ends_with("LOCALE_PROVIDER libc LOCALE 'C.UTF-8'")
        );
    }
}
