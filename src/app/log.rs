//! The public side of a namespace's log, proofs from it, and the check of it at start-up.

use super::{
    Service,
    error::{AppError, Kind},
};
use crate::{
    ledger::{
        Checkpoint, Fact, Proof, TilePath, Tiles, VerifierKey,
        merkle::{self, Node},
        tile,
    },
    model::Namespace,
    store::{LogHead, StoredEntry},
};

impl Service {
    /// The signed head of a namespace's log.
    ///
    /// # Errors
    /// When it has none, or the database fails.
    pub async fn checkpoint(&self, namespace: &Namespace) -> Result<LogHead, AppError> {
        self.store.log_head(namespace).await?.ok_or_else(|| AppError::not_found("log"))
    }

    /// The key that verifies the heads of a namespace's log.
    ///
    /// # Errors
    /// When the database fails, or the log's name cannot be one.
    pub async fn log_key(&self, namespace: &Namespace) -> Result<VerifierKey, AppError> {
        self.identity(namespace).await?;
        self.notary.log_key(namespace)
    }

    /// The bytes of a tile or of an entry bundle.
    ///
    /// # Errors
    /// When the log has no such tile yet, or the database fails.
    pub async fn tile(&self, namespace: &Namespace, path: TilePath) -> Result<Vec<u8>, AppError> {
        let size = self.checkpoint(namespace).await?.size;
        let (level, index, width) = match path {
            TilePath::Hashes(tile) => (tile.level, tile.index, tile.width),
            TilePath::Entries { index, width } => (0, index, width),
        };
        if width > tile::width_at(level, index, size) {
            return Err(AppError::not_found("tile"));
        }
        let first = index.saturating_mul(u64::from(tile::WIDTH));
        if let TilePath::Entries { .. } = path {
            let entries = self.store.entries(namespace, first, u64::from(width)).await?;
            let bodies: Vec<Vec<u8>> = entries.into_iter().map(|e| e.body).collect();
            return tile::entries_to_bytes(&bodies).map_err(AppError::failed);
        }
        Ok(tile::to_bytes(&self.store.tile_hashes(namespace, level, first, u64::from(width)).await?))
    }

    /// `count` entries from index `first` on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn entries(&self, namespace: &Namespace, first: u64, count: u64) -> Result<Vec<StoredEntry>, AppError> {
        Ok(self.store.entries(namespace, first, count).await?)
    }

    /// The proof that leaf `index` is under the latest signed head.
    ///
    /// # Errors
    /// When the log has no such leaf, or the database fails.
    pub async fn proof(&self, namespace: &Namespace, index: u64) -> Result<Proof, AppError> {
        let head = self.checkpoint(namespace).await?;
        self.proof_under(namespace, &head, index).await
    }

    pub(super) async fn proof_under(
        &self,
        namespace: &Namespace,
        head: &LogHead,
        index: u64,
    ) -> Result<Proof, AppError> {
        let nodes = merkle::inclusion_nodes(index, head.size)
            .map_err(|_| AppError::new(Kind::NotFound, "not-found", "the log has no such entry yet"))?;
        let tiles = self.tiles(namespace, &nodes, head.size).await?;
        let path = merkle::prove_inclusion(index, head.size, &tiles).map_err(AppError::failed)?;
        Ok(Proof { extra: None, index, path, checkpoint: head.checkpoint.clone() })
    }

    /// The proof that the log of `old` leaves is the beginning of the one of `new` leaves.
    ///
    /// # Errors
    /// When the log is smaller than either, or the database fails.
    pub async fn consistency(&self, namespace: &Namespace, old: u64, new: u64) -> Result<Vec<[u8; 32]>, AppError> {
        let size = self.checkpoint(namespace).await?.size;
        if new > size {
            return Err(AppError::not_found("log of that size"));
        }
        let bad = |_| AppError::invalid("invalid-range", "the older size must not exceed the newer one");
        let nodes = merkle::consistency_nodes(old, new).map_err(bad)?;
        let tiles = self.tiles(namespace, &nodes, size).await?;
        merkle::prove_consistency(old, new, &tiles).map_err(AppError::failed)
    }

    async fn tiles(&self, namespace: &Namespace, nodes: &[Node], size: u64) -> Result<Tiles, AppError> {
        let mut tiles = Tiles::default();
        for id in tile::holding(nodes, size) {
            let first = id.index * u64::from(tile::WIDTH);
            let hashes = self.store.tile_hashes(namespace, id.level, first, u64::from(id.width)).await?;
            tiles.insert(id.level, id.index, hashes);
        }
        Ok(tiles)
    }

    /// Refuses to go on with a database whose log is not the one we signed: its head must be ours, its leaves must
    /// be all there and lead to its root, and every head kept outside must be a prefix of it.
    ///
    /// # Errors
    /// When any of it does not hold; the message says which.
    pub(super) async fn check_logs(&self) -> Result<(), AppError> {
        let heads = self.store.log_heads().await?;
        for head in &heads {
            self.check_head(head).await?;
        }
        let kept = self.heads.namespaces().map_err(AppError::failed)?;
        let gone = kept.iter().find(|namespace| !heads.iter().any(|head| head.namespace == **namespace));
        gone.map_or(Ok(()), |namespace| Err(broken(namespace, "we signed a head of it, and the database has none")))
    }

    async fn check_head(&self, head: &LogHead) -> Result<(), AppError> {
        let namespace = &head.namespace;
        let claimed = Checkpoint::unverified(&head.checkpoint).map_err(|e| broken(namespace, &e.to_string()))?;
        let identity = self.identity(namespace).await?;
        if identity.origin != claimed.origin {
            let why = format!("its head is that of `{}`, and it began as `{}`", claimed.origin, identity.origin);
            return Err(broken(namespace, &why));
        }
        let keys = [self.notary.log_key(namespace)?];
        let signed = Checkpoint::verify(&head.checkpoint, &keys)
            .map_err(|e| broken(namespace, &format!("its head is not signed by this service's log key: {e}")))?;
        let (count, greatest) = self.store.entry_count(namespace).await?;
        if signed.size != head.size || count != head.size || greatest.map_or(0, |g| g + 1) != head.size {
            let why = format!("its head covers {} entries and {count} are stored", signed.size);
            return Err(broken(namespace, &why));
        }
        self.check_decision_key(namespace).await?;
        self.check_edge(namespace, head.size).await?;
        if self.root_at(namespace, head.size, head.size).await? != signed.root {
            return Err(broken(namespace, "its entries do not lead to the root that was signed"));
        }
        self.check_kept(namespace, head.size, &keys).await
    }

    /// A log opens with the keys that sign for it. Another decision key, of which the log says nothing, must not sign.
    async fn check_decision_key(&self, namespace: &Namespace) -> Result<(), AppError> {
        let (opening, kid) = (self.store.entries(namespace, 0, 2).await?, self.notary.decision_key().kid());
        if opening.iter().any(|e| e.kind == Fact::KeyAdded.as_str() && e.subject == kid) {
            return Ok(());
        }
        Err(broken(namespace, "it does not know the decision key that this service would sign with"))
    }

    /// The newest entries, hashed anew from their bytes: those a failing disk or hand would most likely touch. The
    /// older ones are under tiles; `db check` reads every byte.
    async fn check_edge(&self, namespace: &Namespace, size: u64) -> Result<(), AppError> {
        let width = u64::from(tile::WIDTH);
        let first = size.saturating_sub(1) / width * width;
        let entries = self.store.entries(namespace, first, width).await?;
        let stored = self.store.tile_hashes(namespace, 0, first, size - first).await?;
        if entries.iter().map(|e| merkle::leaf_hash(&e.body)).eq(stored) {
            Ok(())
        } else {
            Err(broken(namespace, "an entry no longer hashes to its leaf"))
        }
    }

    async fn root_at(&self, namespace: &Namespace, prefix: u64, size: u64) -> Result<[u8; 32], AppError> {
        let tiles = self.tiles(namespace, &merkle::root_nodes(prefix), size).await?;
        merkle::root_of(prefix, &tiles).map_err(AppError::failed)
    }

    async fn check_kept(&self, namespace: &Namespace, size: u64, keys: &[VerifierKey]) -> Result<(), AppError> {
        let Some(note) = self.heads.kept(namespace).map_err(AppError::failed)? else { return Ok(()) };
        let kept = Checkpoint::verify(&note, keys)
            .map_err(|e| broken(namespace, &format!("the head kept beside the keys cannot be read: {e}")))?;
        if kept.size > size {
            let why =
                format!("we signed {} entries and the database has {size}: was it restored from a backup?", kept.size);
            return Err(broken(namespace, &why));
        }
        if self.root_at(namespace, kept.size, size).await? != kept.root {
            return Err(broken(namespace, "a head we signed is no longer its prefix"));
        }
        Ok(())
    }

    /// Hashes every entry of every log anew and rebuilds every root; gives how many entries were read.
    ///
    /// # Errors
    /// When any of it does not hold; the message says which.
    pub async fn check_all(&self) -> Result<u64, AppError> {
        self.check_logs().await?;
        let mut read = 0;
        for head in self.store.log_heads().await? {
            let mut tree = merkle::Tree::new();
            while tree.size() < head.size {
                let entries =
                    self.store.entries(&head.namespace, tree.size(), 4_096.min(head.size - tree.size())).await?;
                if entries.is_empty() || entries.iter().zip(tree.size()..).any(|(e, i)| e.index != i) {
                    return Err(broken(&head.namespace, "entries are missing"));
                }
                for entry in &entries {
                    tree.append(merkle::leaf_hash(&entry.body));
                }
            }
            let signed = Checkpoint::unverified(&head.checkpoint).map_err(AppError::failed)?;
            if tree.root() != signed.root {
                return Err(broken(&head.namespace, "its entries do not lead to the root that was signed"));
            }
            read += head.size;
        }
        Ok(read)
    }
}

fn broken(namespace: &Namespace, why: &str) -> AppError {
    let message = format!(
        "the log of `{namespace}` is broken: {why}. Nothing will be signed over it; restore the database that belongs \
         to these keys"
    );
    AppError::new(Kind::Failed, "log-broken", message)
}
