//! The one writer: a batch of works with their rows, their leaves and the new signed heads, in one
//! transaction.
//!
//! Guarantees: when [`Store::append`] returns `Done::Stored`, the rows are durable, their leaves
//! are in the log, and the stored checkpoint covers them, as read back on another connection. When
//! it returns an error, nothing of the batch was stored, except for [`StoreError::Unknown`], which
//! means that this could not be determined.

use super::{
    Store, StoreError,
    durable::SignedHead,
    head::Head,
    identity,
    insert::Insert,
    rows::{Done, NewEntry, NewEvidence, Receipt, Work},
    screen,
    write::Writing,
};
use crate::{
    ledger::{
        Identity, merkle,
        tile::{self, TileId},
    },
    model::Namespace,
};
use sqlx::{AnyConnection, Row as _};
use std::collections::BTreeMap;

/// The current head of a log in the database.
#[derive(Debug, Clone, Copy)]
pub struct FoundHead<'a> {
    /// The namespace of the log.
    pub namespace: &'a Namespace,
    /// How many leaves it has; 0 for a log that does not exist yet.
    pub size: u64,
    /// The root that they lead to.
    pub root: [u8; 32],
    /// The checkpoint that was signed over them; empty if there are no leaves.
    pub checkpoint: &'a str,
}

/// A head that was signed before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownHead {
    /// How many leaves it covers.
    pub size: u64,
    /// The root that they lead to.
    pub root: [u8; 32],
}

/// Signs heads. Implemented by the module that has the keys.
pub trait Seal: Send + Sync {
    /// Checks that the log, as it was found, may be signed over. Returns the earlier heads that
    /// must be prefixes of it.
    ///
    /// # Errors
    /// When it is not the log that was signed before; the error says what happened and what to do.
    fn admit(&self, _found: &FoundHead<'_>) -> Result<Vec<KnownHead>, StoreError> {
        Ok(Vec::new())
    }

    /// The first leaves of the log of a new namespace: its keys.
    fn opening(&self, namespace: &Namespace) -> Vec<NewEntry>;

    /// The identity of a namespace's log, as far as this service knows; for a log that does not
    /// exist yet, the identity that it would get.
    fn identity(&self, namespace: &Namespace) -> Identity;

    /// Accepts the identity of a log that the database has.
    ///
    /// # Errors
    /// When this service cannot sign under that name.
    fn adopt(&self, namespace: &Namespace, identity: &Identity) -> Result<(), String>;

    /// The time of leaves that are added now to a log whose newest leaf is of `newest_us`.
    ///
    /// # Errors
    /// The number of microseconds that the clock is behind the newest leaf, if it is more than the
    /// tolerance.
    fn tick(&self, newest_us: i64) -> Result<i64, i64>;

    /// The signed checkpoint of a log with `size` leaves and the root `root`.
    ///
    /// # Errors
    /// When the key cannot sign.
    fn seal(&self, namespace: &Namespace, size: u64, root: &[u8; 32]) -> Result<String, String>;
}

const ENTRIES: Insert = Insert {
    table: "entries",
    columns: &["namespace", "idx", "kind", "subject", "at_us", "body", "leaf_hash", "fact"],
    tail: "",
};

impl Store {
    /// Stores `works` in order, and returns the outcome of each.
    ///
    /// # Errors
    /// When the database fails, another writer moved a head first, or a stored leaf does not read back as written;
    /// then nothing was stored.
    pub async fn append(&self, works: &[Work], seal: &dyn Seal) -> Result<Vec<Done>, StoreError> {
        let filled = self.in_time(self.fill(works, seal)).await?;
        let committed = self.in_time(filled.writing.commit()).await;
        self.make_sure(&filled.signed, committed).await?;
        let outcome = |d: Option<Done>| {
            d.ok_or_else(|| StoreError::inconsistent("a work without an outcome"))
        };
        filled.done.into_iter().map(outcome).collect()
    }

    async fn fill(&self, works: &[Work], seal: &dyn Seal) -> Result<Filled, StoreError> {
        let (writing, signed, done) = (self.begin().await?, Vec::new(), vec![None; works.len()]);
        let mut filled = Filled { writing, signed, done };
        // All replicas lock namespaces in the same order, so that two of them cannot deadlock.
        for (namespace, members) in by_namespace(works) {
            let head = append_to_log(
                &mut filled.writing,
                namespace,
                &members,
                works,
                &mut filled.done,
                seal,
            )
            .await?;
            filled.signed.extend(head);
        }
        Ok(filled)
    }
}

/// A batch that is written and not yet committed.
struct Filled {
    writing: Writing,
    signed: Vec<SignedHead>,
    done: Vec<Option<Done>>,
}

fn by_namespace(works: &[Work]) -> BTreeMap<&Namespace, Vec<usize>> {
    let mut groups: BTreeMap<&Namespace, Vec<usize>> = BTreeMap::new();
    for (i, work) in works.iter().enumerate() {
        groups.entry(&work.namespace).or_default().push(i);
    }
    groups
}

async fn append_to_log(
    connection: &mut AnyConnection,
    namespace: &Namespace,
    members: &[usize],
    works: &[Work],
    done: &mut [Option<Done>],
    seal: &dyn Seal,
) -> Result<Option<SignedHead>, StoreError> {
    let mut head = Head::lock(connection, namespace).await?;
    head.set_clock(seal)?;
    let identity = identity::settle(connection, namespace, head.size(), seal).await?;
    head.admit(connection, seal).await?;
    // Done before the screen, because the screen advances the releases of the works that it
    // accepts.
    let mut refused = identity::mistaken(&identity, namespace, members, works);
    let members: Vec<usize> =
        members.iter().copied().filter(|m| refused.iter().all(|(r, _)| r != m)).collect();
    refused.extend(screen::screen(connection, &head, &members, works).await?);
    for (member, outcome) in refused {
        done[member] = Some(outcome);
    }
    let accepted: Vec<usize> = members.iter().copied().filter(|m| done[*m].is_none()).collect();
    if accepted.is_empty() {
        return Ok(None);
    }
    let opening = if head.size() == 0 { seal.opening(namespace) } else { Vec::new() };
    let new_evidence = screen::new_evidence(connection, namespace, &accepted, works).await?;
    let mut leaves = Leaves { first: head.size(), list: Vec::new() };
    let opened_at = head.tick(works[accepted[0]].at.micros());
    for entry in &opening {
        leaves.push(entry, opened_at);
    }
    let mut placed = Vec::with_capacity(accepted.len());
    for member in accepted {
        let work = &works[member];
        let evidence: Vec<&NewEvidence> =
            work.evidence.iter().filter(|e| new_evidence.get(&e.digest) == Some(&member)).collect();
        let at_us = head.tick(work.at.micros());
        let (receipt, evidence) = leaves.take(work, evidence, at_us);
        placed.push(Placed { member, work, receipt, evidence });
    }
    super::rows_in::insert(connection, namespace, &placed).await?;
    write_leaves(connection, &mut head, &leaves).await?;
    head.publish(placed.iter().filter_map(|p| p.receipt.policy).max());
    let signed = head.store(connection, seal).await?;
    for one in placed {
        done[one.member] = Some(Done::Stored(Receipt { size: head.size(), ..one.receipt }));
    }
    Ok(Some(signed))
}

/// An accepted work with the log indexes of its leaves.
pub(super) struct Placed<'a> {
    member: usize,
    pub(super) work: &'a Work,
    pub(super) receipt: Receipt,
    /// The documents that are new with it, and their log indexes.
    pub(super) evidence: Vec<(&'a NewEvidence, u64)>,
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

    fn take(
        &mut self,
        work: &'a Work,
        evidence: Vec<&'a NewEvidence>,
        at_us: i64,
    ) -> (Receipt, Vec<(&'a NewEvidence, u64)>) {
        let evidence = evidence.into_iter().map(|e| (e, self.push(&e.entry, at_us))).collect();
        let decision = work.decision.as_ref();
        let receipt = Receipt {
            release: work.release.as_ref().map(|r| self.push(&r.entry, at_us)),
            policy: work.policy.as_ref().map(|p| self.push(&p.entry, at_us)),
            approval: work.approval.as_ref().map(|a| self.push(&a.entry, at_us)),
            record: decision.map(|d| self.push(&d.record.entry, at_us)),
            vsa: decision.and_then(|d| d.vsa.as_ref()).map(|v| self.push(&v.entry, at_us)),
            fact: work.fact.as_ref().map(|f| self.push(&f.entry, at_us)),
            size: 0,
        };
        (receipt, evidence)
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
