//! What a target is for a backup: to one point, and without what only a cluster of initdb has.

use super::types::{Client, Cluster, Entrypoint, Extensions, Jobs, Point, Public, Target};

impl Target {
    /// The same target to one point. Where the profile has several, its name says which: `NAME@POINT`, with
    /// [`Point::label`].
    pub fn at(&self, point: &Point) -> Self {
        let mut target = self.clone();
        if self.recovery.to.len() > 1 {
            target.name = format!("{}@{}", self.name, point.label());
        }
        target.recovery.to = vec![point.clone()];
        target
    }

    /// The keys that are about a cluster that initdb makes and a dump that is restored into it, as far as this target gives them
    /// other values than their defaults: a backup brings all of that with it, so they do not apply.
    pub fn not_applied_to_a_backup(&self) -> Vec<&'static str> {
        let (cluster, default) = (&self.cluster, Cluster::default());
        let (database, restore) = (&self.database, &self.restore);
        let given = [
            ("entrypoint", self.entrypoint != Entrypoint::default()),
            ("cluster.encoding", cluster.encoding != default.encoding),
            ("cluster.locale", cluster.locale != default.locale),
            ("cluster.locale_provider", cluster.locale_provider != default.locale_provider),
            ("cluster.icu_locale", cluster.icu_locale.is_some()),
            ("cluster.checksums", cluster.checksums.is_some()),
            ("cluster.wal_segment_size", cluster.wal_segment_size.is_some()),
            ("cluster.shared_preload_libraries", !cluster.shared_preload_libraries.is_empty()),
            ("cluster.time_zone", cluster.time_zone.is_some()),
            ("cluster.settings", !cluster.settings.is_empty()),
            ("roles", !self.roles.is_empty()),
            ("tablespaces", !self.tablespaces.is_empty()),
            // Its name says which database of the backup is meant.
            ("database.owner", database.owner.is_some()),
            ("database.template", database.template.is_some()),
            ("database.encoding", database.encoding.is_some()),
            ("database.locale", database.locale.is_some()),
            ("database.locale_provider", database.locale_provider.is_some()),
            ("database.icu_locale", database.icu_locale.is_some()),
            ("database.settings", !database.settings.is_empty()),
            ("database.schemas", !database.schemas.is_empty()),
            ("database.public", database.public != Public::default()),
            ("extensions", self.extensions != Extensions::default()),
            ("init", !self.init.is_empty()),
            ("restore.as", restore.as_role.is_some()),
            ("restore.client", restore.client != Client::default()),
            ("restore.jobs", restore.jobs != Jobs::default()),
            ("restore.options", !restore.options.is_empty()),
            ("restore.list", restore.list.is_some()),
        ];
        given.into_iter().filter(|(_, given)| *given).map(|(key, _)| key).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::profile::{Point, Target, parse};

    fn target(rest: &str) -> Target {
        parse(&format!("name: nightly\npostgres: 17\n{rest}\n"), "x.yaml").unwrap()
    }

    #[test]
    fn a_target_of_several_points_is_called_by_the_one_it_goes_to() {
        let target = target("recovery: {to: [latest, {time: -1h}, {name: the 3rd}]}");
        let names: Vec<String> = target.recovery.to.iter().map(|point| target.at(point).name).collect();
        assert_eq!(names, ["nightly@latest", "nightly@time-1h", "nightly@name-the-3rd"]);
        assert_eq!(target.at(&Point::Immediate).recovery.to, [Point::Immediate]);
    }

    #[test]
    fn a_target_of_one_point_keeps_its_name() {
        let target = target("recovery: {to: {time: -1h}}");
        assert_eq!(target.at(&target.recovery.to[0]), target);
    }

    #[test]
    fn what_only_a_cluster_of_initdb_has_does_not_apply_to_a_backup() {
        let not_applied = target(
            "entrypoint: image\nroles: [app]\ntablespaces: [fast]\ninit: [{sql: SELECT 1}]\nextensions: [citext]\n\
             cluster: {encoding: LATIN1, locale: C, checksums: true, wal_segment_size: 64MiB, time_zone: UTC,\n  \
             settings: {work_mem: 4MB}}\n\
             database: {name: shop, owner: app, encoding: UTF8}\nrestore: {jobs: 2, options: [--no-owner]}",
        )
        .not_applied_to_a_backup();
        let wanted = "entrypoint cluster.encoding cluster.locale cluster.checksums cluster.wal_segment_size \
                      cluster.time_zone cluster.settings roles tablespaces database.owner database.encoding extensions init \
                      restore.jobs restore.options";
        assert_eq!(not_applied.join(" "), wanted);
    }

    #[test]
    fn what_is_as_by_default_or_about_the_sandbox_and_the_checks_applies() {
        let applies = target(
            "cluster: {encoding: UTF8, locales: [de_DE.UTF-8], superuser: admin}\ndatabase: shop\nrestore: {jobs: auto}\n\
             limits: {memory: 4GiB}\nchecks: {tables: {a: 1}}\nrecovery: {settings: {work_mem: 4MB}}",
        );
        assert_eq!(applies.not_applied_to_a_backup(), Vec::<&str>::new());
    }
}
