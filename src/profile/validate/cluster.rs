//! Whether initdb could make this cluster, and the server start with its settings.

use super::locale::{Locality, server_encoding};
use super::{Places, settings, steps};
use crate::profile::{ByteSize, Cluster, ProfileError, Target, names};

/// `quoting_relevant_chars` in src/backend/commands/extension.c: the superuser owns plpgsql, which initdb creates.
const NOT_IN_OWNERS: [char; 4] = ['"', '$', '\'', '\\'];

pub fn check(target: &mut Target, at: &Places<'_>) -> Result<(), ProfileError> {
    let cluster = &mut target.cluster;
    names::role(&cluster.superuser).map_err(|why| at.bad(steps!["cluster", "superuser"], why))?;
    if cluster.superuser.contains(NOT_IN_OWNERS) {
        let why = "initdb can make no superuser whose name holds one of `\"`, `$`, `'` and `\\`";
        return Err(at.bad(steps!["cluster", "superuser"], why));
    }
    for (index, locale) in cluster.locales.iter().enumerate() {
        at.each(|| names::locale(locale).map_err(|why| at.bad(steps!["cluster", "locales", index], why)));
    }
    at.each(|| wal_segment_size(cluster, at));
    at.each(|| libraries(cluster, at));
    at.each(|| time_zone(cluster, at));
    settings::check(&cluster.settings, steps!["cluster", "settings"], at);
    at.each(|| said_twice(cluster, at));
    cluster.encoding = server_encoding(&cluster.encoding, "cluster", at)?.to_owned();
    Locality::of_cluster(target).check(at)
}

/// `IsValidWalSegSize` in src/include/access/xlog_internal.h.
fn wal_segment_size(cluster: &Cluster, at: &Places<'_>) -> Result<(), ProfileError> {
    let Some(ByteSize(bytes)) = cluster.wal_segment_size else { return Ok(()) };
    if bytes.is_power_of_two() && (1 << 20..=1 << 30).contains(&bytes) {
        return Ok(());
    }
    let why = "the size of a WAL file is a power of two from 1MiB to 1GiB, such as 16MiB or 64MiB";
    Err(at.bad(steps!["cluster", "wal_segment_size"], why))
}

fn libraries(cluster: &Cluster, at: &Places<'_>) -> Result<(), ProfileError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.-$/".contains(c);
    for (index, library) in cluster.shared_preload_libraries.iter().enumerate() {
        if library.is_empty() || !library.chars().all(plain) {
            let why = "a library's name is of letters, digits, `_`, `.`, `-`, `$` and `/`, such as pg_stat_statements";
            return Err(at.bad(steps!["cluster", "shared_preload_libraries", index], why));
        }
    }
    Ok(())
}

fn time_zone(cluster: &Cluster, at: &Places<'_>) -> Result<(), ProfileError> {
    let Some(zone) = &cluster.time_zone else { return Ok(()) };
    let plain = |c: char| c.is_ascii_alphanumeric() || "_+-/:<>,.".contains(c);
    if zone.is_empty() || !zone.chars().all(plain) {
        let why = "a time zone is a name such as Europe/Berlin or UTC";
        return Err(at.bad(steps!["cluster", "time_zone"], why));
    }
    Ok(())
}

/// Settings that have a key of their own.
fn said_twice(cluster: &Cluster, at: &Places<'_>) -> Result<(), ProfileError> {
    let own = [
        ("shared_preload_libraries", "shared_preload_libraries", !cluster.shared_preload_libraries.is_empty()),
        ("timezone", "time_zone", cluster.time_zone.is_some()),
    ];
    for name in cluster.settings.keys() {
        let twice = own.iter().find(|(setting, _, given)| *given && name.eq_ignore_ascii_case(setting));
        if let Some((_, key, _)) = twice {
            let why = format!("`cluster.{key}` says it already");
            return Err(at.bad_key(steps!["cluster", "settings"], name, why));
        }
    }
    Ok(())
}
