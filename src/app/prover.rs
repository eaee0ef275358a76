//! Rows are proved before they are served: from their entries in the log, and the entries from a
//! head that this service signed.
//!
//! A person who can write to the database can change any row, but cannot sign. A row that does not match
//! its entry is an error, never an answer: a changed record must not open a gate, and an approval
//! that no person gave must not lead to a signed one.

use super::{
    error::{AppError, Kind},
    identity::identity,
    notary::Notary,
    proofs::fact_holds,
};
use crate::{
    ledger::{
        Checkpoint, Entry, Fact, Tiles,
        entry::leaf_hash,
        merkle::{self, Hash},
        tile,
    },
    model::{Approval, DecisionId, Digest, Inputs, Namespace, Release, jcs},
    store::{LogHead, Published, Store, StoredDecision, StoredEntry},
};
use serde::Deserialize;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The most entries that are remembered as proved: some 30 MB. Beyond them all are read again.
const REMEMBERED: usize = 50_000;
/// The most tiles whose leaves are remembered: 16 MB.
const TILES: usize = 2_000;

/// The code for a row that its log entry does not prove.
const UNPROVED: &str = "row-unproved";
const NEXT: &str = "The database was changed outside modelgate: run `modelgate db check`, and restore \
                    a good copy";

/// Proves rows, and remembers the entries that are under a signed head: a log only grows, so they
/// stay there, and a row that is read again costs no query.
#[derive(Clone)]
pub(super) struct Prover {
    store: Store,
    notary: Arc<Notary>,
    known: Arc<Mutex<Known>>,
    leaves: Arc<Mutex<Leaves>>,
}

/// Proved entries by log and index.
type Known = HashMap<(Namespace, u64), Arc<Proved>>;

/// The leaf hashes of tiles that lead to a signed root, by log and index of the tile: the proof of
/// one leaf proves all of its tile.
type Leaves = HashMap<(Namespace, u64), Vec<Hash>>;

/// An entry that is under a signed head.
struct Proved {
    kind: String,
    subject: String,
    entry: Entry,
    /// The document of the fact, if the entry stores it; its digest is that of the entry.
    document: Option<Vec<u8>>,
}

/// The document of a `release-requested` entry, as far as rows repeat it.
#[derive(Deserialize)]
struct RequestFact {
    release: String,
    inputs_digest: Digest,
    submitter: crate::model::Person,
    version: Option<String>,
    comment: String,
    requested_at: crate::model::Timestamp,
}

/// The document of a `mapping-published` entry, as far as rows repeat it.
#[derive(Deserialize)]
struct MappingFact {
    name: String,
    digest: Digest,
}

impl Prover {
    pub(super) fn new(store: Store, notary: Arc<Notary>) -> Self {
        Self { store, notary, known: Arc::default(), leaves: Arc::default() }
    }

    /// Refuses a decision whose signed bytes are not those of its entries.
    ///
    /// # Errors
    /// `row-unproved` when they are not; when the database fails.
    pub(super) async fn decision(
        &self,
        namespace: &Namespace,
        stored: &StoredDecision,
    ) -> Result<(), AppError> {
        self.statement(namespace, "decision-record", stored, &stored.record, stored.record_index)
            .await?;
        match (&stored.vsa, stored.vsa_index) {
            (Some(summary), Some(index)) => {
                self.statement(namespace, "decision-summary", stored, summary, index).await
            }
            (None, None) => Ok(()),
            _ => Err(unproved("the summary of a decision", stored.record_index)),
        }
    }

    async fn statement(
        &self,
        namespace: &Namespace,
        kind: &str,
        stored: &StoredDecision,
        (payload, signature): &(Vec<u8>, Vec<u8>),
        index: u64,
    ) -> Result<(), AppError> {
        let proved = self.entry(namespace, index).await?;
        let signed = matches!(
            &proved.entry,
            Entry::Signed(signed) if signed.payload == Digest::of(payload) && signed.signature == *signature
        );
        if signed && proved.kind == kind && proved.subject == stored.id.as_str() {
            return Ok(());
        }
        Err(unproved(&format!("decision {}", stored.id), index))
    }

    /// Refuses the record of a decision, without its signature, that is not that of its entry.
    ///
    /// # Errors
    /// `row-unproved` when it is not; when the database fails.
    pub(super) async fn record(
        &self,
        namespace: &Namespace,
        id: &DecisionId,
        (record, index): (Digest, u64),
    ) -> Result<(), AppError> {
        let proved = self.entry(namespace, index).await?;
        let same = matches!(&proved.entry, Entry::Signed(signed) if signed.payload == record);
        if same && proved.kind == "decision-record" && proved.subject == id.as_str() {
            return Ok(());
        }
        Err(unproved(&format!("decision {id}"), index))
    }

    /// Refuses a release whose row is not what was requested.
    ///
    /// # Errors
    /// `row-unproved` when it is not; when the database fails.
    pub(super) async fn release(
        &self,
        release: &Release,
        inputs: &Inputs,
        inputs_digest: &Digest,
    ) -> Result<(), AppError> {
        let unproved = || unproved(&format!("release {}", release.id), release.log_index);
        let namespace = release.model.namespace();
        let document = self.document(namespace, Fact::ReleaseRequested, release.log_index).await?;
        let requested: RequestFact = serde_json::from_slice(&document).map_err(|_| unproved())?;
        let same = requested.release == release.id.as_str()
            && requested.inputs_digest == *inputs_digest
            && requested.submitter == release.submitter
            && requested.version == release.version
            && requested.comment == release.comment
            && requested.requested_at == release.requested_at
            && inputs.digest().is_ok_and(|digest| digest == *inputs_digest)
            && inputs.model.as_ref() == Some(&release.model)
            && inputs.artifact.as_ref() == Some(&release.artifact)
            && inputs.environment.as_ref() == Some(&release.environment);
        if same { Ok(()) } else { Err(unproved()) }
    }

    /// Refuses an approval that was not logged as it is.
    ///
    /// # Errors
    /// `row-unproved` when it was not; when the database fails.
    pub(super) async fn approval(
        &self,
        namespace: &Namespace,
        approval: &Approval,
        index: u64,
    ) -> Result<(), AppError> {
        let proved = self.entry(namespace, index).await?;
        let digest = jcs::digest(approval).map_err(AppError::failed)?;
        let id = approval.id.as_ref().map(ToString::to_string).unwrap_or_default();
        if proved.entry == (Entry::Fact { fact: Fact::ApprovalGiven, hash: digest })
            && proved.subject == id
        {
            return Ok(());
        }
        Err(unproved(&format!("approval {id}"), index))
    }

    /// Refuses a policy whose source was not published under its name.
    ///
    /// # Errors
    /// `row-unproved` when it was not; when the database fails.
    pub(super) async fn policy(
        &self,
        namespace: &Namespace,
        stored: &Published,
    ) -> Result<(), AppError> {
        let proved = self.entry(namespace, stored.log_index).await?;
        let published = Entry::Fact { fact: Fact::PolicyPublished, hash: stored.digest };
        whole(stored)?;
        if proved.entry == published && proved.subject == stored.name {
            return Ok(());
        }
        Err(unproved(&format!("policy `{}`", stored.name), stored.log_index))
    }

    /// Refuses a mapping whose source was not published under its name.
    ///
    /// # Errors
    /// `row-unproved` when it was not; when the database fails.
    pub(super) async fn mapping(
        &self,
        namespace: &Namespace,
        stored: &Published,
    ) -> Result<(), AppError> {
        let unproved = || unproved(&format!("mapping `{}`", stored.name), stored.log_index);
        let document = self.document(namespace, Fact::MappingPublished, stored.log_index).await?;
        let published: MappingFact = serde_json::from_slice(&document).map_err(|_| unproved())?;
        whole(stored)?;
        let same = published.name == stored.name && published.digest == stored.digest;
        if same { Ok(()) } else { Err(unproved()) }
    }

    /// The document of a fact, proved.
    async fn document(
        &self,
        namespace: &Namespace,
        fact: Fact,
        index: u64,
    ) -> Result<Vec<u8>, AppError> {
        let proved = self.entry(namespace, index).await?;
        match (&proved.entry, &proved.document) {
            (Entry::Fact { fact: found, .. }, Some(document)) if *found == fact => {
                Ok(document.clone())
            }
            _ => Err(unproved(fact.as_str(), index)),
        }
    }

    /// The entry at `index`, which is under a head that this service signed.
    async fn entry(&self, namespace: &Namespace, index: u64) -> Result<Arc<Proved>, AppError> {
        let key = (namespace.clone(), index);
        if let Some(known) = self.known().get(&key) {
            return Ok(known.clone());
        }
        let gone = || unproved("a row", index);
        let found = self.store.entries(namespace, index, 1).await?.pop().ok_or_else(gone)?;
        let leaf = leaf_hash(&found.body);
        if !self.is_proved(namespace, index, &leaf) {
            self.prove(namespace, index, &leaf).await?;
        }
        if !fact_holds(&found) {
            return Err(gone());
        }
        let StoredEntry { kind, subject, body, fact, .. } = found;
        let entry = Entry::parse(&body).map_err(|_| gone())?;
        let proved = Arc::new(Proved { kind, subject, entry, document: fact });
        let mut known = self.known();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(key, proved.clone());
        Ok(proved)
    }

    fn is_proved(&self, namespace: &Namespace, index: u64, leaf: &Hash) -> bool {
        let (tile, at) = in_tile(index);
        let leaves = self.leaves.lock().unwrap_or_else(PoisonError::into_inner);
        leaves.get(&(namespace.clone(), tile)).and_then(|tile| tile.get(at)) == Some(leaf)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Proves a leaf under the signed head that is stored now.
    async fn prove(&self, namespace: &Namespace, index: u64, leaf: &Hash) -> Result<(), AppError> {
        identity(&self.store, &self.notary, namespace).await?;
        let head = self.store.log_head(namespace).await?.ok_or_else(|| unproved("a row", index))?;
        let keys = [self.notary.log_key(namespace)?];
        let signed = Checkpoint::verify(&head.checkpoint, &keys)
            .map_err(|_| unproved("the head", head.size))?;
        let tiles = self.tiles(namespace, &head, index).await?;
        let path = merkle::prove_inclusion(index, head.size, &tiles)
            .map_err(|_| unproved("the log", index))?;
        merkle::check_inclusion(leaf, index, signed.size, &path, &signed.root)
            .map_err(|_| unproved("an entry", index))?;
        self.remember(namespace, index, leaf, &tiles);
        Ok(())
    }

    /// Remembers the tile of a leaf that was proved. Its other leaves are part of the path that led
    /// to the signed root; its own place must have the hash that was proved.
    fn remember(&self, namespace: &Namespace, index: u64, leaf: &Hash, tiles: &Tiles) {
        let (tile, at) = in_tile(index);
        let Some(hashes) = tiles.leaves(tile).filter(|hashes| hashes.get(at) == Some(leaf)) else {
            return;
        };
        let mut leaves = self.leaves.lock().unwrap_or_else(PoisonError::into_inner);
        if leaves.len() >= TILES {
            leaves.clear();
        }
        leaves.insert((namespace.clone(), tile), hashes.to_vec());
    }

    /// The tiles that the proof of leaf `index` is made from, as the database has them.
    async fn tiles(
        &self,
        namespace: &Namespace,
        head: &LogHead,
        index: u64,
    ) -> Result<Tiles, AppError> {
        let nodes =
            merkle::inclusion_nodes(index, head.size).map_err(|_| unproved("a row", index))?;
        let mut tiles = Tiles::default();
        for id in tile::holding(&nodes, head.size) {
            let (first, count) = (id.index * u64::from(tile::WIDTH), u64::from(id.width));
            let hashes = self.store.tile_hashes(namespace, id.level, first, count).await?;
            tiles.insert(id.level, id.index, hashes);
        }
        Ok(tiles)
    }
}

/// The tile of a leaf, and the leaf's place in it.
fn in_tile(index: u64) -> (u64, usize) {
    let width = u64::from(tile::WIDTH);
    // The rest is below 256.
    (index / width, usize::try_from(index % width).unwrap_or_default())
}

/// Refuses a source that does not have its digest.
pub(super) fn whole(stored: &Published) -> Result<(), AppError> {
    if stored.digest == Digest::of(stored.source.as_bytes()) {
        return Ok(());
    }
    Err(unproved(&format!("the source of `{}`", stored.name), stored.log_index))
}

/// The failure for a document that no longer has its digest.
pub(super) fn unproved_document(digest: &Digest) -> AppError {
    tracing::error!(%digest, "a document in the database no longer has its digest");
    let message =
        format!("the document {digest} no longer has its digest, so it is not served. {NEXT}");
    AppError::new(Kind::Failed, UNPROVED, message)
}

/// The failure for a row that its entry does not prove.
pub(super) fn unproved(what: &str, index: u64) -> AppError {
    tracing::error!(what, index, "a row of the database does not match its log entry");
    let message =
        format!("{what} does not match entry {index} of the log, so it is not served. {NEXT}");
    AppError::new(Kind::Failed, UNPROVED, message)
}
