//! Version 1: one document with everything. It is read, and never written.

use super::{
    V1, about,
    documents::{ApprovalDocument, VerdictDocument},
    malformed,
};
use crate::{
    ledger::{LedgerError, statement::Statement},
    model::{Digest, Engine, Inputs, Record, Timestamp, mirror},
};
use serde::{Deserialize, Serialize};

/// The predicate: what the decision was made from, and the verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordDocument {
    inputs_digest: Digest,
    inputs: Inputs,
    approvals: Vec<ApprovalDocument>,
    decided_at: Timestamp,
    verdict: VerdictDocument,
    engine: Engine,
}

mirror!(
    RecordDocument =
        Record { inputs_digest, inputs, approvals: each, decided_at, verdict: one, engine }
);

pub(super) fn parse(payload: &[u8]) -> Result<Record, LedgerError> {
    let statement = Statement::<RecordDocument>::parse(payload, V1)?;
    let inputs = &statement.predicate.inputs;
    let (Some(model), Some(artifact)) = (&inputs.model, &inputs.artifact) else {
        return Err(malformed("it names no model, or no artifact"));
    };
    about(&statement, &model.to_string(), &artifact.hex())?;
    Ok(statement.predicate.into())
}
