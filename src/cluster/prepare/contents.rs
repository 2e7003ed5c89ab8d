//! What is in the database before the restore: schemas, who may do what in `public`, extensions.

use crate::cluster::sql::{identifier, literal};
use crate::cluster::{ClusterError, Session};
use crate::engine::Sandbox;
use crate::profile::Target;

/// What runs of its own, and what it is for people.
type Step = (String, String);

/// Makes it; connects only where there is something to make.
pub async fn make(sandbox: &dyn Sandbox, target: &Target) -> Result<(), ClusterError> {
    let steps = steps(target);
    if steps.is_empty() {
        return Ok(());
    }
    let session = Session::open_as_application(sandbox, &target.cluster.superuser, &target.database.name).await?;
    // An extension that names no schema goes where this points, whatever the database's own settings say.
    session.batch("SET search_path = public", "cannot prepare a connection").await?;
    for (sql, step) in steps {
        session.batch(&sql, &step).await?;
    }
    Ok(())
}

fn steps(target: &Target) -> Vec<Step> {
    let of_profile = |what: String| format!("cannot {what} of profile {}", target.name);
    let mut steps: Vec<Step> = Vec::new();
    for schema in &target.database.schemas {
        let owner = schema.owner.as_deref().unwrap_or(&target.cluster.superuser);
        let sql = format!("CREATE SCHEMA {} AUTHORIZATION {}", identifier(&schema.name), identifier(owner));
        steps.push((sql, of_profile(format!("make schema {:?}", schema.name))));
    }
    let public = &target.database.public;
    if let Some(owner) = &public.owner {
        let sql = format!("ALTER SCHEMA public OWNER TO {}", identifier(owner));
        steps.push((sql, of_profile(format!("give schema \"public\" to {owner:?}"))));
    }
    if let Some(creators) = &public.create {
        let mut sql = "REVOKE CREATE ON SCHEMA public FROM PUBLIC".to_owned();
        for role in creators {
            let role = if role == "PUBLIC" { role.clone() } else { identifier(role) };
            sql.push_str(&format!("; GRANT CREATE ON SCHEMA public TO {role}"));
        }
        steps.push((sql, of_profile("say who may create in schema \"public\"".to_owned())));
    }
    for extension in &target.extensions.installed {
        let mut sql = format!("CREATE EXTENSION {}", identifier(&extension.name));
        if let Some(schema) = &extension.schema {
            sql.push_str(&format!(" SCHEMA {}", identifier(schema)));
        }
        if let Some(version) = &extension.version {
            sql.push_str(&format!(" VERSION {}", literal(version)));
        }
        steps.push((sql, of_profile(format!("install extension {:?}", extension.name))));
    }
    steps
}
