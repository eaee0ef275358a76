//! The public part of a namespace's log, and proofs from it.

use crate::app::{
    Service,
    core::error::{AppError, Kind},
};
use crate::{
    ledger::{
        Proof, TilePath, Tiles, VerifierKey,
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
    /// When the namespace has no log, or the database fails.
    pub async fn checkpoint(&self, namespace: &Namespace) -> Result<LogHead, AppError> {
        self.store.log_head(namespace).await?.ok_or_else(|| AppError::not_found("log"))
    }

    /// The key that verifies the heads of a namespace's log.
    ///
    /// # Errors
    /// When the database fails, or the log's name is not a valid origin.
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
        Ok(tile::to_bytes(
            &self.store.tile_hashes(namespace, level, first, u64::from(width)).await?,
        ))
    }

    /// `count` entries from index `first` on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn entries(
        &self,
        namespace: &Namespace,
        first: u64,
        count: u64,
    ) -> Result<Vec<StoredEntry>, AppError> {
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

    pub(in crate::app) async fn proof_under(
        &self,
        namespace: &Namespace,
        head: &LogHead,
        index: u64,
    ) -> Result<Proof, AppError> {
        let proof = self.proofs_under(namespace, head, &[index]).await?.pop();
        proof.ok_or_else(|| AppError::broken("an entry without its proof"))
    }

    /// The proofs of several entries under one head, in their order. Each tile is read once.
    pub(in crate::app) async fn proofs_under(
        &self,
        namespace: &Namespace,
        head: &LogHead,
        indexes: &[u64],
    ) -> Result<Vec<Proof>, AppError> {
        let mut nodes = Vec::new();
        for index in indexes {
            nodes.extend(merkle::inclusion_nodes(*index, head.size).map_err(|_| {
                AppError::new(Kind::NotFound, "not-found", "the log has no such entry yet")
            })?);
        }
        let tiles = self.tiles(namespace, &nodes, head.size).await?;
        let proof = |index: &u64| {
            let path = merkle::prove_inclusion(*index, head.size, &tiles)?;
            Ok(Proof { extra: None, index: *index, path, checkpoint: head.checkpoint.clone() })
        };
        let proofs: Result<_, crate::ledger::LedgerError> = indexes.iter().map(proof).collect();
        proofs.map_err(AppError::failed)
    }

    /// The proof that the log of `old` leaves is the beginning of the one of `new` leaves.
    ///
    /// # Errors
    /// When the log is smaller than either, or the database fails.
    pub async fn consistency(
        &self,
        namespace: &Namespace,
        old: u64,
        new: u64,
    ) -> Result<Vec<[u8; 32]>, AppError> {
        let size = self.checkpoint(namespace).await?.size;
        if new > size {
            return Err(AppError::not_found("log of that size"));
        }
        let bad =
            |_| AppError::invalid("invalid-range", "the older size must not exceed the newer one");
        let nodes = merkle::consistency_nodes(old, new).map_err(bad)?;
        let tiles = self.tiles(namespace, &nodes, size).await?;
        merkle::prove_consistency(old, new, &tiles).map_err(AppError::failed)
    }

    async fn tiles(
        &self,
        namespace: &Namespace,
        nodes: &[Node],
        size: u64,
    ) -> Result<Tiles, AppError> {
        let mut tiles = Tiles::default();
        for id in tile::holding(nodes, size) {
            let first = id.index * u64::from(tile::WIDTH);
            let hashes =
                self.store.tile_hashes(namespace, id.level, first, u64::from(id.width)).await?;
            tiles.insert(id.level, id.index, hashes);
        }
        Ok(tiles)
    }
}
