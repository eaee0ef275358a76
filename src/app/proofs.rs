//! The proof of rows from the leaves under which they were logged.

use super::{error::AppError, integrity::broken};
use crate::{
    ledger::{Entry, Fact},
    model::{Digest, Namespace},
    store::{Leaf, LoggedRow, Snapshot, StoredEntry, TABLES, Table},
};

/// Proves every row of a namespace that its log can prove. Returns their number.
pub(super) async fn check_rows(
    snapshot: &mut Snapshot,
    namespace: &Namespace,
) -> Result<u64, AppError> {
    let mut proved = 0;
    for table in &TABLES {
        let mut after = -1;
        loop {
            let rows = snapshot.logged_rows(table, namespace, after).await?;
            let Some(last) = rows.last() else { break };
            after = last.index.cast_signed();
            for row in &rows {
                if !holds(table, row) {
                    let why = format!(
                        "a row of `{}` does not match its log entry {}",
                        table.name, row.index
                    );
                    return Err(broken(namespace, &why));
                }
            }
            proved += rows.len() as u64;
        }
    }
    Ok(proved)
}

fn holds(table: &Table, row: &LoggedRow) -> bool {
    let Some(entry) = row.leaf.as_deref().and_then(|leaf| Entry::parse(leaf).ok()) else {
        return false;
    };
    let digest = Digest::of(&row.bytes);
    let claimed = row.claim == digest.to_string().as_bytes();
    match (table.leaf, entry) {
        (Leaf::Digest, Entry::Fact { fact, hash }) => {
            // The claim of an approval is its id, not its digest.
            hash == digest && (claimed || fact == Fact::ApprovalGiven)
        }
        (Leaf::Named, Entry::Fact { hash, .. }) => {
            let document = row.fact.as_deref().unwrap_or_default();
            let named = String::from_utf8_lossy(document).contains(&digest.to_string());
            claimed && named && hash == Digest::of(document)
        }
        (Leaf::Signature, Entry::Signed(entry)) => {
            entry.payload == digest && entry.signature == row.claim
        }
        _ => false,
    }
}

/// Whether a leaf and the document stored with it have the same kind and digest.
pub(super) fn fact_holds(entry: &StoredEntry) -> bool {
    match Entry::parse(&entry.body) {
        Ok(Entry::Fact { fact, hash }) => {
            fact.as_str() == entry.kind
                && entry.fact.as_ref().is_none_or(|document| Digest::of(document) == hash)
        }
        Ok(Entry::Signed(_)) => entry.fact.is_none(),
        Err(_) => false,
    }
}
