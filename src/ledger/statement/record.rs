//! The statement with a decision's full record.

use crate::ledger::{LedgerError, statement};
use crate::model::Record;

/// The predicate type of a record. It is a name, not a web address.
pub const RECORD_TYPE: &str = "https://modelgate.dev/release-decision/v1";

/// The statement that `record` was decided, in canonical JSON: the payload to sign.
///
/// # Errors
/// If the record names no model, artifact or environment, or contains a number that JSON cannot
/// express.
pub fn record_statement(record: &Record) -> Result<Vec<u8>, LedgerError> {
    statement::bytes(&statement::target(record)?, RECORD_TYPE, record)
}
