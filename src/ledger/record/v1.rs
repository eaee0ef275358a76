//! Version 1: one document with everything. It is read, and never written.

use super::{V1, about, malformed};
use crate::{
    ledger::{LedgerError, statement::Statement},
    model::Record,
};

pub(super) fn parse(payload: &[u8]) -> Result<Record, LedgerError> {
    let statement = Statement::<Record>::parse(payload, V1)?;
    let inputs = &statement.predicate.inputs;
    let (Some(model), Some(artifact)) = (&inputs.model, &inputs.artifact) else {
        return Err(malformed("it names no model, or no artifact"));
    };
    about(&statement, &model.to_string(), &artifact.hex())?;
    Ok(statement.predicate)
}
