//! What is there before anything is restored: roles, tablespaces, the database and what is in it, what `init` runs.

mod as_said;
mod contents;
mod database;
mod roles;
mod settings;
mod tablespaces;

pub use database::statements as database_statements;
pub use settings::{is_list_of_names, names_of_list};

use super::{ClusterError, MAINTENANCE_DATABASE, Refusal, Session};
use crate::engine::Sandbox;
use crate::profile::{Entrypoint, Target};

/// Makes what the target has in advance, as the superuser; without the database and what is in it where the dump creates that
/// itself.
///
/// # Errors
/// When the server refuses what the profile asks for.
pub async fn prepare(
    session: &Session,
    sandbox: &dyn Sandbox,
    target: &Target,
    with_database: bool,
) -> Result<(), ClusterError> {
    as_said::version(session, target).await?;
    if target.entrypoint == Entrypoint::Image {
        as_said::check(session, target).await?;
    }
    roles::make(session, target).await?;
    tablespaces::make(session, sandbox, target).await?;
    if with_database {
        database::make(session, target).await?;
        contents::make(sandbox, target).await?;
    }
    init(session, sandbox, target, with_database).await
}

/// The keys of the profile that do not apply where the dump creates the database itself.
pub fn not_applied(target: &Target) -> Vec<&'static str> {
    let database = &target.database;
    let own = [
        ("database.template", database.template.is_some()),
        ("database.encoding", database.encoding.is_some()),
        ("database.locale", database.locale.is_some()),
        ("database.locale_provider", database.locale_provider.is_some()),
        ("database.icu_locale", database.icu_locale.is_some()),
        ("database.settings", !database.settings.is_empty()),
        ("database.schemas", !database.schemas.is_empty()),
        ("database.public", database.public.owner.is_some() || database.public.create.is_some()),
        ("extensions.installed", !target.extensions.installed.is_empty()),
    ];
    own.into_iter().filter(|(_, given)| *given).map(|(key, _)| key).collect()
}

async fn init(
    superuser: &Session,
    sandbox: &dyn Sandbox,
    target: &Target,
    with_database: bool,
) -> Result<(), ClusterError> {
    for (index, one) in target.init.iter().enumerate() {
        let own = if with_database { target.database.name.as_str() } else { MAINTENANCE_DATABASE };
        let database = one.database.as_deref().unwrap_or(own);
        let superuser_name = target.cluster.superuser.as_str();
        let role = one.as_role.as_deref().unwrap_or(superuser_name);
        let step =
            format!("init[{index}] of profile {} cannot be run in database {database:?} as {role:?}", target.name);
        let session = match Session::open_as_role(sandbox, superuser, superuser_name, role, database).await? {
            Ok(session) => session,
            Err(Refusal::NoRole(role)) => {
                return Err(ClusterError::Refused { step, reason: format!("role {role:?} does not exist") });
            }
            Err(Refusal::Said(said)) => return Err(ClusterError::Server { step, said }),
        };
        session.batch(one.text(), &step).await?;
    }
    Ok(())
}
