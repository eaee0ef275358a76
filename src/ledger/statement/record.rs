//! The statement of a decision in full: its record.

use crate::ledger::{LedgerError, statement};
use crate::model::Record;

/// The predicate type of a record. A name, not an address.
pub const RECORD_TYPE: &str = "https://modelgate.dev/release-decision/v1";

/// The statement that `record` was decided, in canonical JSON: the payload to sign.
///
/// # Errors
/// When the record names no model, artifact or environment, or holds a number that JSON cannot say.
pub fn record_statement(record: &Record) -> Result<Vec<u8>, LedgerError> {
    statement::bytes(&statement::target(record)?, RECORD_TYPE, record)
}
