//! The renewal of a log under another name: new leaves first, then everything that it contained.

use super::{
    Store, StoreError, append::store_tile_hash, change::NewEntry, head::Head, log, seal::Seal,
};
use crate::{
    ledger::{
        Identity,
        merkle::{self, Tree},
        tile,
    },
    model::Namespace,
};
use sqlx::{AnyConnection, AssertSqlSafe};

/// Every column that contains the index of a leaf, except for the leaves' own.
const INDEXES: [(&str, &str); 17] = [
    ("evidence", "entry_idx"),
    ("policies", "entry_idx"),
    ("releases", "entry_idx"),
    ("releases", "allowed_idx"),
    ("decisions", "record_idx"),
    ("decisions", "vsa_idx"),
    ("approvals", "entry_idx"),
    ("uploads", "entry_idx"),
    ("datasets", "entry_idx"),
    ("reference_proposals", "entry_idx"),
    ("reference_pins", "entry_idx"),
    ("mappings", "entry_idx"),
    ("users", "entry_idx"),
    ("tokens", "entry_idx"),
    ("hook_secrets", "entry_idx"),
    ("releases", "superseded_idx"),
    ("champions", "allowed_idx"),
];
/// How many leaves are read and hashed at once.
const PAGE: u64 = 4_096;

impl Store {
    /// Inserts `first` before every leaf of a log and signs all of it again: it becomes a new log
    /// with the given identity, and is not compared with any head of the old one. Returns its
    /// signed head.
    ///
    /// # Errors
    /// When the database or the key fails; then nothing was changed.
    pub async fn renew(
        &self,
        namespace: &Namespace,
        identity: &Identity,
        first: &[NewEntry],
        at_us: i64,
        seal: &dyn Seal,
    ) -> Result<String, StoreError> {
        let mut writing = self.begin().await?;
        let mut head = Head::lock(&mut writing, namespace).await?;
        let (size, moved) = (head.size(), first.len() as u64);
        shift(&mut writing, namespace, moved).await?;
        // Times never decrease along a log, so the new first leaves get the time of the old first
        // leaf.
        let opened = log::entries(&mut writing, namespace, moved, 1).await?;
        let at_us = opened.first().map_or(at_us, |entry| entry.at.micros());
        for (idx, entry) in first.iter().enumerate() {
            insert(&mut writing, namespace, idx as u64, entry, at_us).await?;
        }
        let tree = rebuild(&mut writing, namespace, size + moved).await?;
        sqlx::query("UPDATE logs SET origin = $1, public_url = $2 WHERE namespace = $3")
            .bind(identity.origin.clone())
            .bind(identity.public_url.clone())
            .bind(namespace.as_str())
            .execute(&mut *writing)
            .await?;
        head.begin_anew(tree, moved, at_us);
        let signed = head.store(&mut writing, seal).await?;
        let committed = writing.commit().await;
        let checkpoint = signed.checkpoint.clone();
        self.make_sure(&[signed], committed).await?;
        Ok(checkpoint)
    }
}

async fn shift(
    connection: &mut AnyConnection,
    namespace: &Namespace,
    by: u64,
) -> Result<(), StoreError> {
    let by = by.cast_signed();
    // In two steps, because no two leaves may have the same index at any moment: first to negative
    // indexes, and then back.
    sqlx::query("UPDATE entries SET idx = -1 - (idx + $1) WHERE namespace = $2")
        .bind(by)
        .bind(namespace.as_str())
        .execute(&mut *connection)
        .await?;
    sqlx::query("UPDATE entries SET idx = -1 - idx WHERE namespace = $1 AND idx < 0")
        .bind(namespace.as_str())
        .execute(&mut *connection)
        .await?;
    for (table, column) in INDEXES {
        let sql = format!("UPDATE {table} SET {column} = {column} + $1 WHERE namespace = $2");
        sqlx::query(AssertSqlSafe(sql))
            .bind(by)
            .bind(namespace.as_str())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn insert(
    connection: &mut AnyConnection,
    namespace: &Namespace,
    idx: u64,
    entry: &NewEntry,
    at_us: i64,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO entries (namespace, idx, kind, subject, at_us, body, leaf_hash, fact) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    sqlx::query(sql)
        .bind(namespace.as_str())
        .bind(idx.cast_signed())
        .bind(entry.kind)
        .bind(entry.subject.clone())
        .bind(at_us)
        .bind(entry.body.clone())
        .bind(merkle::leaf_hash(&entry.body).to_vec())
        .bind(entry.fact.clone())
        .execute(connection)
        .await?;
    Ok(())
}

/// Rebuilds the tree over all leaves, hashed from their bytes, and its tiles.
async fn rebuild(
    connection: &mut AnyConnection,
    namespace: &Namespace,
    size: u64,
) -> Result<Tree, StoreError> {
    let mut tree = Tree::new();
    while tree.size() < size {
        let page = log::entries(connection, namespace, tree.size(), PAGE).await?;
        if page.is_empty()
            || page.iter().zip(tree.size()..).any(|(entry, index)| entry.index != index)
        {
            return Err(StoreError::log(namespace, "entries are missing"));
        }
        for entry in &page {
            tree.append(merkle::leaf_hash(&entry.body));
        }
    }
    sqlx::query("DELETE FROM tile_hashes WHERE namespace = $1")
        .bind(namespace.as_str())
        .execute(&mut *connection)
        .await?;
    for tile in tile::completed(0, size) {
        store_tile_hash(connection, namespace, tile).await?;
    }
    let stored = log::root_at(connection, namespace, size, size).await?;
    if stored == tree.root() {
        Ok(tree)
    } else {
        Err(StoreError::log(namespace, "an entry does not hash to its leaf"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// A table that is added later must be in the list, or its rows would name other leaves after a
    /// renewal.
    #[test]
    fn every_column_of_leaves_is_moved() {
        let mut found = BTreeSet::new();
        for (_, _, sql) in super::super::db::MIGRATIONS {
            let mut table = "";
            for line in sql.lines() {
                let words: Vec<&str> = line.split_whitespace().collect();
                match words.as_slice() {
                    ["CREATE", "TABLE", name, ..] => table = name,
                    ["ALTER", "TABLE", name, "ADD", "COLUMN", column, ..]
                        if column.ends_with("_idx") =>
                    {
                        found.insert(((*name).to_owned(), (*column).to_owned()));
                    }
                    [column, "BIGINT" | "BIGINT,", ..] if column.ends_with("_idx") => {
                        found.insert((table.to_owned(), (*column).to_owned()));
                    }
                    _ => {}
                }
            }
        }
        let moved = INDEXES.map(|(table, column)| (table.to_owned(), column.to_owned()));
        assert_eq!(found, BTreeSet::from(moved));
    }
}
