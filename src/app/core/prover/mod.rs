//! Rows are proved before they are served: from their entries in the log, and the entries from a
//! head that this service signed.
//!
//! A person who can write to the database can change any row, but cannot sign. A row that does not match
//! its entry is an error, never an answer: a changed record must not open a gate, and an approval
//! that no person gave must not lead to a signed one.

mod accounts;
mod registry;
mod releases;

pub(in crate::app) use releases::read_decision;

use crate::app::{
    core::entries::fact_holds, core::error::AppError, core::identity::identity,
    core::notary::Notary,
};
use crate::{
    ledger::{
        Checkpoint, Entry, Fact, Tiles,
        entry::leaf_hash,
        facts::{Document, PolicyPublished, UserChanged},
        merkle::{self, Hash},
        tile,
    },
    model::{
        Digest, Environment, ModelId, Namespace, Outcome, Person, Release, ReleaseId, Timestamp,
    },
    store::{LogHead, Publication, Published, Store, StoredEntry},
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The most entries that are remembered as proved: some 30 MB. Beyond them all are read again.
const REMEMBERED: usize = 50_000;
/// The most tiles whose leaves are remembered: 16 MB.
const TILES: usize = 2_000;

/// Proves rows, and remembers the entries that are under a signed head: a log only grows, so they
/// stay there, and a row that is read again costs no query.
#[derive(Clone)]
pub(in crate::app) struct Prover {
    store: Store,
    notary: Arc<Notary>,
    known: Arc<Mutex<Known>>,
    leaves: Arc<Mutex<Leaves>>,
    decided: Arc<Mutex<Records>>,
}

/// What proved records say, by log and index.
type Records = HashMap<(Namespace, u64), Arc<Decided>>;

/// What a record says, as far as lists and comparisons need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) struct Decided {
    /// The release, as its row names it.
    pub(in crate::app) release: ReleaseId,
    pub(in crate::app) verdict: Outcome,
    pub(in crate::app) inputs_digest: Digest,
    pub(in crate::app) model: Option<ModelId>,
    pub(in crate::app) artifact: Option<Digest>,
    pub(in crate::app) environment: Option<Environment>,
}

impl Decided {
    /// Whether it decides this release, as far as its record says.
    pub(in crate::app) fn is_of(&self, release: &Release) -> bool {
        self.release == release.id
            && self.model.as_ref() == Some(&release.model)
            && self.artifact == Some(release.artifact)
            && self.environment.as_ref() == Some(&release.environment)
    }
}

/// What an entry states that audit reports list.
pub(in crate::app) enum LoggedFact {
    /// A policy was published; by whom is not stated in version 1.
    Policy { at: Timestamp, name: String, digest: Digest, by: Option<Person> },
    /// A user was changed.
    User(Timestamp, UserChanged),
}

/// Proved entries by log and index.
type Known = HashMap<(Namespace, u64), Arc<Proved>>;

/// The leaf hashes of tiles that lead to a signed root, by log and index of the tile: the proof of
/// one leaf proves all of its tile.
type Leaves = HashMap<(Namespace, u64), Vec<Hash>>;

/// An entry that is under a signed head.
struct Proved {
    at: Timestamp,
    kind: String,
    subject: String,
    entry: Entry,
    /// The document of the fact, if the entry stores it; its digest is that of the entry.
    document: Option<Vec<u8>>,
}

impl Prover {
    pub(in crate::app) fn new(store: Store, notary: Arc<Notary>) -> Self {
        Self {
            store,
            notary,
            known: Arc::default(),
            leaves: Arc::default(),
            decided: Arc::default(),
        }
    }

    /// The document of a fact, proved.
    async fn fact<D: Document>(&self, namespace: &Namespace, index: u64) -> Result<D, AppError> {
        let proved = self.entry(namespace, index).await?;
        let document = match (&proved.entry, &proved.document) {
            (Entry::Fact { fact, .. }, Some(document)) if *fact == D::FACT => document,
            _ => return Err(unproved(D::FACT.as_str(), index)),
        };
        D::parse(document).map_err(|_| unproved(D::FACT.as_str(), index))
    }

    /// What the entry at `index` states, of those that audit reports list.
    ///
    /// # Errors
    /// `row-unproved` when it is not in the log, or states something else; when the database fails.
    pub(in crate::app) async fn logged(
        &self,
        namespace: &Namespace,
        index: u64,
    ) -> Result<LoggedFact, AppError> {
        let proved = self.entry(namespace, index).await?;
        match (&proved.entry, &proved.document) {
            (Entry::Fact { fact: Fact::UserChanged, .. }, _) => {
                Ok(LoggedFact::User(proved.at, self.fact(namespace, index).await?))
            }
            (Entry::Fact { fact: Fact::PolicyPublished, .. }, Some(_)) => {
                let fact: PolicyPublished = self.fact(namespace, index).await?;
                let (name, digest, by) = (fact.name, fact.digest, Some(fact.published_by));
                Ok(LoggedFact::Policy { at: proved.at, name, digest, by })
            }
            // Version 1: the entry has the digest of the policy itself, which must be there.
            (Entry::Fact { fact: Fact::PolicyPublished, hash }, None) => {
                let policy = self.store.published(Publication::Policy, namespace, hash).await?;
                let policy = policy.ok_or_else(|| unproved("a policy", index))?;
                Ok(LoggedFact::Policy { at: proved.at, name: policy.name, digest: *hash, by: None })
            }
            _ => Err(unproved("an entry", index)),
        }
    }

    /// The log index of the newest fact of this kind about a subject. Read it before the row: a row
    /// that is read later can only be newer.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::app) async fn newest(
        &self,
        namespace: &Namespace,
        fact: Fact,
        subject: &str,
    ) -> Result<Option<u64>, AppError> {
        Ok(self.store.in_force(namespace, fact.as_str(), subject).await?)
    }

    /// The log indexes of the newest facts of this kind, by subject. Read them before the rows.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::app) async fn in_force(
        &self,
        namespace: &Namespace,
        fact: Fact,
    ) -> Result<BTreeMap<String, u64>, AppError> {
        Ok(self.store.all_in_force(namespace, fact.as_str()).await?)
    }

    /// The bytes of the entry at `index`, and the document that is stored with it.
    ///
    /// # Errors
    /// `row-unproved` when it is not in the log; when the database fails.
    pub(in crate::app) async fn leaf(
        &self,
        namespace: &Namespace,
        index: u64,
    ) -> Result<(Vec<u8>, Option<Vec<u8>>), AppError> {
        let proved = self.entry(namespace, index).await?;
        Ok((proved.entry.to_bytes(), proved.document.clone()))
    }

    /// Reads entries that are needed soon, many in one statement. One that is not in the log is not
    /// remembered.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::app) async fn learn(
        &self,
        namespace: &Namespace,
        indexes: impl IntoIterator<Item = u64>,
    ) -> Result<(), AppError> {
        let unknown = |index: &u64| !lock(&self.known).contains_key(&(namespace.clone(), *index));
        let indexes: Vec<u64> = indexes.into_iter().filter(unknown).collect();
        if indexes.is_empty() {
            return Ok(());
        }
        for found in self.store.entries_at(namespace, &indexes).await? {
            match self.admit(namespace, found).await {
                // Told when its row is proved.
                Err(error) if error.unproved_row().is_some() => {}
                admitted => drop(admitted?),
            }
        }
        Ok(())
    }

    /// The entry at `index`, which is under a head that this service signed.
    async fn entry(&self, namespace: &Namespace, index: u64) -> Result<Arc<Proved>, AppError> {
        let key = (namespace.clone(), index);
        if let Some(known) = lock(&self.known).get(&key) {
            return Ok(known.clone());
        }
        let gone = || unproved("a row", index);
        let found = self.store.entries(namespace, index, 1).await?.pop().ok_or_else(gone)?;
        self.admit(namespace, found).await
    }

    /// Proves an entry, and remembers it.
    async fn admit(
        &self,
        namespace: &Namespace,
        found: StoredEntry,
    ) -> Result<Arc<Proved>, AppError> {
        let index = found.index;
        let gone = || unproved("a row", index);
        let leaf = leaf_hash(&found.body);
        if !self.is_proved(namespace, index, &leaf) {
            self.prove(namespace, index, &leaf).await?;
        }
        if !fact_holds(&found) {
            return Err(gone());
        }
        let StoredEntry { kind, subject, body, fact, at, .. } = found;
        let entry = Entry::parse(&body).map_err(|_| gone())?;
        let proved = Arc::new(Proved { at, kind, subject, entry, document: fact });
        let mut known = lock(&self.known);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert((namespace.clone(), index), proved.clone());
        Ok(proved)
    }

    fn is_proved(&self, namespace: &Namespace, index: u64, leaf: &Hash) -> bool {
        let (tile, at) = in_tile(index);
        let leaves = lock(&self.leaves);
        leaves.get(&(namespace.clone(), tile)).and_then(|tile| tile.get(at)) == Some(leaf)
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
        let mut leaves = lock(&self.leaves);
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The tile of a leaf, and the leaf's place in it.
fn in_tile(index: u64) -> (u64, usize) {
    let width = u64::from(tile::WIDTH);
    // The rest is below 256.
    (index / width, usize::try_from(index % width).unwrap_or_default())
}

/// Refuses a source that does not have its digest.
pub(in crate::app) fn whole(stored: &Published) -> Result<(), AppError> {
    if stored.digest == Digest::of(stored.source.as_bytes()) {
        return Ok(());
    }
    Err(unproved(&format!("the source of `{}`", stored.name), stored.log_index))
}

/// Refuses a row that is older than the newest entry of its subject.
fn current(what: &str, newest: Option<u64>, row: Option<u64>) -> Result<(), AppError> {
    match newest {
        Some(newest) if row < Some(newest) => Err(unproved(what, newest)),
        _ => Ok(()),
    }
}

/// The failure for a session that this service did not sign.
pub(in crate::app) fn unproved_session() -> AppError {
    AppError::unproved("this session was not begun by this service")
}

/// The failure for a document that no longer has its digest.
pub(in crate::app) fn unproved_document(digest: &Digest) -> AppError {
    AppError::unproved(format!("the document {digest} no longer has its digest"))
}

/// The failure for a row that its entry does not prove.
pub(in crate::app) fn unproved(what: &str, index: u64) -> AppError {
    AppError::unproved(format!("{what} does not match entry {index} of the log"))
}
