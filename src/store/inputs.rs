//! The frozen inputs of decisions, each stored once.

use super::{StoreError, change::NewDecision, insert::Insert, placed::Row};
use sqlx::AnyConnection;
use std::collections::HashMap;

const INPUTS: Insert = Insert {
    table: "inputs",
    columns: &["namespace", "digest", "document"],
    tail: "ON CONFLICT DO NOTHING",
};

/// Inserts the inputs of decisions. A decision that follows a vote has those of the one before it,
/// so only a release's first decision and one that was evaluated again bring new ones.
pub(super) async fn insert(
    connection: &mut AnyConnection,
    ns: &str,
    rows: &[Row<'_, NewDecision>],
) -> Result<(), StoreError> {
    let new = rows.iter().filter_map(|row| row.new.inputs.as_ref());
    let distinct: HashMap<_, _> = new.map(|inputs| (inputs.digest, &inputs.document)).collect();
    let distinct: Vec<_> = distinct.into_iter().collect();
    INPUTS
        .run(connection, &distinct, |query, (digest, document)| {
            query.bind(ns.to_owned()).bind(digest.to_string()).bind((*document).clone())
        })
        .await?;
    Ok(())
}
