//! Where the log has what a report shows.

use crate::model::{ApprovalId, Digest};
use std::collections::BTreeMap;

/// Log indexes that the rows themselves do not have; an unknown index is not shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogIndexes {
    /// The indexes of approvals.
    pub approvals: BTreeMap<ApprovalId, u64>,
    /// The indexes of evidence, by digest.
    pub evidence: BTreeMap<Digest, u64>,
}
