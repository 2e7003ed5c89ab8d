//! Clusters in containers.
