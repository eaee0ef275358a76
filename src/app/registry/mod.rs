//! What a namespace publishes and registers: policies, mappings, data sets, references, uploads.

pub(in crate::app) mod blobs;
pub mod datasets;
pub(in crate::app) mod mappings;
pub(in crate::app) mod policy_cache;
pub(in crate::app) mod proved;
pub mod publish;
pub mod references;
pub mod uploads;
