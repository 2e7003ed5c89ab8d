//! Clusters of a PostgreSQL that is installed on this machine.
