//! Whether the server is what the profile says, where no option can make it so: its version is the image's, and an image's
//! own entrypoint makes the cluster.

use crate::cluster::{ClusterError, Session};
use crate::profile::{ByteSize, Cluster, Target};

/// Compares the major version: a target that is called 17 must not be judged by a server of 15.
pub async fn version(session: &Session, target: &Target) -> Result<(), ClusterError> {
    let Some(wanted) = target.postgres else { return Ok(()) };
    let major = session.server_major().await?;
    if major == wanted {
        return Ok(());
    }
    Err(ClusterError::Refused {
        step: format!("the server is not the one of profile {}", target.name),
        reason: format!("the profile says PostgreSQL {wanted}, and the image holds {major}; say the same in both"),
    })
}

/// Compares what initdb decides, as far as the profile says it.
pub async fn check(session: &Session, target: &Target) -> Result<(), ClusterError> {
    let cluster = &target.cluster;
    let sql = "SELECT current_setting('data_checksums') = 'on', pg_size_bytes(current_setting('wal_segment_size')),
                      pg_encoding_to_char(encoding)::text, datcollate::text
               FROM pg_database WHERE datname = 'template1'";
    let rows = session.query(sql, &[], "cannot ask how the cluster was created").await?;
    let Some(row) = rows.first() else { return Ok(()) };
    let (checksums, segment, encoding, locale): (bool, i64, String, String) =
        (row.get(0), row.get(1), row.get(2), row.get(3));
    let mut others = Vec::new();
    if cluster.checksums.is_some_and(|wanted| wanted != checksums) {
        others.push(format!("checksums are {}", if checksums { "on" } else { "off" }));
    }
    if let Some(ByteSize(wanted)) = cluster.wal_segment_size
        && i64::try_from(wanted) != Ok(segment)
    {
        others.push(format!("the WAL segment size is {}", ByteSize(segment.unsigned_abs())));
    }
    let any = Cluster::default();
    if cluster.encoding != any.encoding && cluster.encoding != encoding {
        others.push(format!("the encoding is {encoding}"));
    }
    let plain = |locale: &str| locale.to_ascii_lowercase().replace('-', "");
    if cluster.locale != any.locale && plain(&cluster.locale) != plain(&locale) {
        others.push(format!("the locale is {locale}"));
    }
    if others.is_empty() {
        return Ok(());
    }
    Err(ClusterError::Refused {
        step: format!("the image's entrypoint has not set up the cluster as profile {} says", target.name),
        reason: others.join(", "),
    })
}
