//! The one writer: a batch of changes with their rows, their leaves and the new signed heads, in one
//! transaction.
//!
//! Guarantees: when [`Store::append`] returns a receipt, the rows are durable, their leaves are in
//! the log, and the stored checkpoint covers them, as read back on another connection. When it
//! returns an error, nothing of the batch was stored, except for [`StoreError::Unknown`], which
//! means that this could not be determined.

use super::{
    Store, StoreError,
    batch::{Batch, by_namespace},
    change::{Change, Committed, NewEntry, Receipt, Write},
    head::{Head, SignedHead},
    identity,
    insert::Insert,
    placed::Placed,
    screen,
    seal::Seal,
    write::Writing,
};
use crate::{
    ledger::{
        merkle,
        tile::{self, TileId},
    },
    model::{Digest, Namespace},
};
use sqlx::{AnyConnection, Row as _};
use std::collections::HashMap;

const ENTRIES: Insert = Insert {
    table: "entries",
    columns: &["namespace", "idx", "kind", "subject", "at_us", "body", "leaf_hash", "fact"],
    tail: "",
};

impl Store {
    /// Stores `changes` in order, and returns the outcome of each.
    ///
    /// # Errors
    /// When the database fails, another writer moved a head first, or a stored leaf does not read back as written;
    /// then nothing was stored.
    pub async fn append(
        &self,
        changes: &[Change],
        seal: &dyn Seal,
    ) -> Result<Vec<Committed>, StoreError> {
        let filled = self.in_time(self.fill(changes, seal)).await?;
        let committed = self.in_time(filled.writing.commit()).await;
        self.make_sure(&filled.signed, committed).await?;
        let outcome = |d: Option<Committed>| {
            d.ok_or_else(|| StoreError::inconsistent("a change without an outcome"))
        };
        filled.outcomes.into_iter().map(outcome).collect()
    }

    async fn fill(&self, changes: &[Change], seal: &dyn Seal) -> Result<Filled, StoreError> {
        let (writing, signed) = (self.begin().await?, Vec::new());
        let mut filled = Filled { writing, signed, outcomes: vec![None; changes.len()] };
        // All replicas lock namespaces in the same order, so that two of them cannot deadlock.
        for (namespace, members) in by_namespace(changes) {
            let batch = Batch { namespace, members, changes };
            let head =
                append_to_log(&mut filled.writing, &batch, &mut filled.outcomes, seal).await?;
            filled.signed.extend(head);
        }
        Ok(filled)
    }
}

/// A batch that is written and not yet committed.
struct Filled {
    writing: Writing,
    signed: Vec<SignedHead>,
    outcomes: Vec<Option<Committed>>,
}

async fn append_to_log(
    connection: &mut AnyConnection,
    batch: &Batch<'_>,
    outcomes: &mut [Option<Committed>],
    seal: &dyn Seal,
) -> Result<Option<SignedHead>, StoreError> {
    let namespace = batch.namespace;
    let mut head = Head::lock(connection, namespace).await?;
    head.set_clock(seal)?;
    let identity = identity::settle(connection, &head, seal).await?;
    head.admit(connection, seal).await?;
    // Done before the screen, because the screen advances the releases of the changes that it
    // accepts.
    for member in identity::mistaken(&identity, batch) {
        outcomes[member] = Some(Err(super::Conflict::PoliciesChanged));
    }
    for (member, conflict) in screen::screen(connection, &head, &batch.without(outcomes)).await? {
        outcomes[member] = Some(Err(conflict));
    }
    let accepted = batch.without(outcomes);
    if accepted.members.is_empty() {
        return Ok(None);
    }
    let opening = if head.size() == 0 { seal.opening(namespace) } else { Vec::new() };
    let new_evidence = screen::new_evidence(connection, &accepted).await?;
    let mut leaves = Leaves { first: head.size(), list: Vec::new() };
    let opened_at = head.tick(accepted.changes[accepted.members[0]].at.micros());
    for entry in &opening {
        leaves.push(entry, opened_at);
    }
    let mut placed = Vec::new();
    let mut receipts = Vec::with_capacity(accepted.members.len());
    for (member, change) in accepted.each() {
        let at_us = head.tick(change.at.micros());
        let receipt = leaves.place(member, change, at_us, &new_evidence, &mut placed);
        receipts.push((member, receipt));
    }
    let delivered: Vec<_> =
        accepted.each().filter_map(|(_, c)| Some((c.delivery.as_ref()?, c.at))).collect();
    super::rows_in::insert(connection, namespace, &placed, &delivered).await?;
    write_leaves(connection, &mut head, &leaves).await?;
    let policies = placed.iter().filter(|p| matches!(p.write, Write::Policy(_)));
    head.publish(policies.filter_map(|p| p.index).max());
    let signed = head.store(connection, seal).await?;
    for (member, receipt) in receipts {
        outcomes[member] = Some(Ok(Receipt { size: head.size(), ..receipt }));
    }
    Ok(Some(signed))
}

/// The leaves of a batch, in the order of their indexes.
struct Leaves<'a> {
    first: u64,
    list: Vec<(&'a NewEntry, i64)>,
}

impl<'a> Leaves<'a> {
    fn push(&mut self, entry: &'a NewEntry, at_us: i64) -> u64 {
        self.list.push((entry, at_us));
        self.first + self.list.len() as u64 - 1
    }

    /// Gives every write of a change its place. A document that is not new to the namespace, or
    /// that an earlier change of the batch brings, is not written.
    fn place(
        &mut self,
        member: usize,
        change: &'a Change,
        at_us: i64,
        new_evidence: &HashMap<Digest, usize>,
        placed: &mut Vec<Placed<'a>>,
    ) -> Receipt {
        let (mut receipt, begin) = (Receipt::default(), placed.len());
        for write in &change.writes {
            if let Write::Evidence(new) = write
                && new_evidence.get(&new.digest) != Some(&member)
            {
                continue;
            }
            let mut index = None;
            for entry in write.entries() {
                let at = self.push(entry, at_us);
                index = index.or(Some(at));
            }
            receipt.first = receipt.first.or(index);
            if let Write::Decision(new) = write {
                receipt.record = index;
                receipt.vsa = index.filter(|_| new.vsa.is_some()).map(|record| record + 1);
            }
            placed.push(Placed { change, write, index, record: None });
        }
        for one in placed.iter_mut().skip(begin) {
            one.record = receipt.record;
        }
        receipt
    }
}

async fn write_leaves(
    connection: &mut AnyConnection,
    head: &mut Head,
    leaves: &Leaves<'_>,
) -> Result<(), StoreError> {
    let namespace = head.namespace().as_str().to_owned();
    let rows: Vec<_> = leaves
        .list
        .iter()
        .enumerate()
        .map(|(i, (entry, at))| {
            (leaves.first + i as u64, *entry, *at, merkle::leaf_hash(&entry.body))
        })
        .collect();
    ENTRIES
        .run(connection, &rows, |query, (idx, entry, at, hash)| {
            query
                .bind(namespace.clone())
                .bind(idx.cast_signed())
                .bind(entry.kind)
                .bind(entry.subject.clone())
                .bind(*at)
                .bind(entry.body.clone())
                .bind(hash.to_vec())
                .bind(entry.fact.clone())
        })
        .await?;
    let written: Vec<[u8; 32]> = rows.iter().map(|row| row.3).collect();
    let completed = head.extend(&read_back(connection, head, leaves.first, &written).await?);
    for tile in completed {
        store_tile_hash(connection, head.namespace(), tile).await?;
    }
    Ok(())
}

/// Stores the hash of a full tile, as one hash of the tile above it.
pub(super) async fn store_tile_hash(
    connection: &mut AnyConnection,
    namespace: &Namespace,
    tile: TileId,
) -> Result<(), StoreError> {
    let width = u64::from(tile::WIDTH);
    let hashes =
        super::log::tile_hashes(connection, namespace, tile.level, tile.index * width, width)
            .await?;
    let root = tile::tile_root(&hashes)
        .ok_or_else(|| StoreError::log(namespace, "a full tile has no root"))?;
    sqlx::query("INSERT INTO tile_hashes (namespace, level, idx, hash) VALUES ($1, $2, $3, $4)")
        .bind(namespace.as_str().to_owned())
        .bind(i64::from(tile.level) + 1)
        .bind(tile.index.cast_signed())
        .bind(root.to_vec())
        .execute(connection)
        .await?;
    Ok(())
}

/// The leaf hashes of the bytes that the database actually stored. A log has failed because of one
/// bit that flipped between memory and disk; this one signs only leaves that read back as they were
/// written.
async fn read_back(
    connection: &mut AnyConnection,
    head: &Head,
    first: u64,
    written: &[[u8; 32]],
) -> Result<Vec<[u8; 32]>, StoreError> {
    let rows =
        sqlx::query("SELECT body FROM entries WHERE namespace = $1 AND idx >= $2 ORDER BY idx")
            .bind(head.namespace().as_str())
            .bind(first.cast_signed())
            .fetch_all(connection)
            .await?;
    let mut stored = Vec::with_capacity(rows.len());
    for row in &rows {
        stored.push(merkle::leaf_hash(&row.try_get::<Vec<u8>, _>(0)?));
    }
    if stored == written {
        Ok(stored)
    } else {
        Err(StoreError::log(head.namespace(), "a stored leaf does not read back as it was written"))
    }
}
