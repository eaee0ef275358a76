//! The head of a log: its size, its right edge, and the checkpoint that was signed over them.

use super::{
    StoreError, log,
    seal::{FoundHead, Seal},
};
use crate::{
    ledger::{
        Identity,
        merkle::Tree,
        tile::{self, TileId},
    },
    model::Namespace,
};
use sqlx::{AnyConnection, Row as _};

/// A head as a batch signed it.
pub(super) struct SignedHead {
    pub(super) namespace: Namespace,
    pub(super) size: u64,
    pub(super) root: [u8; 32],
    pub(super) checkpoint: String,
    /// How often the row of the log was written, including by this batch: the only change if no
    /// leaf was added.
    pub(super) writes: i64,
}

/// The head of a namespace's log, locked for the transaction that read it.
pub(super) struct Head {
    namespace: Namespace,
    tree: Tree,
    locked_size: u64,
    policies_at: u64,
    /// The time of the newest leaf, and then that of the batch: the log's only clock.
    at_us: i64,
    checkpoint: String,
    /// The identity of the log, if it has one yet.
    identity: Option<Identity>,
    /// How often the row was written, including by this transaction.
    writes: i64,
}

impl Head {
    /// Reads the head, and locks out all other writers of this log until the transaction ends.
    pub(super) async fn lock(
        connection: &mut AnyConnection,
        namespace: &Namespace,
    ) -> Result<Self, StoreError> {
        if let Some(head) = Self::touch(connection, namespace).await? {
            return Ok(head);
        }
        // Another service may create the same log at this moment. The second one waits here, and
        // then finds it.
        let open = "INSERT INTO logs (namespace, size, edge, checkpoint, policies_at, at_us, writes) \
                    VALUES ($1, 0, $2, '', 0, 0, 0) ON CONFLICT (namespace) DO NOTHING";
        sqlx::query(open)
            .bind(namespace.as_str())
            .bind(Tree::default().to_bytes())
            .execute(&mut *connection)
            .await?;
        let opened = Self::touch(connection, namespace).await?;
        opened.ok_or_else(|| StoreError::log(namespace, "it cannot be opened"))
    }

    /// Reads the head with an update, which takes the write lock on both engines; a read would have
    /// to upgrade its lock.
    async fn touch(
        connection: &mut AnyConnection,
        namespace: &Namespace,
    ) -> Result<Option<Self>, StoreError> {
        let touch = "UPDATE logs SET writes = writes + 1 WHERE namespace = $1 \
                     RETURNING size, edge, policies_at, at_us, checkpoint, writes, origin, public_url";
        let Some(row) =
            sqlx::query(touch).bind(namespace.as_str()).fetch_optional(connection).await?
        else {
            return Ok(None);
        };
        let (size, edge): (i64, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
        let tree = Tree::parse(&edge).map_err(|e| StoreError::log(namespace, e))?;
        if tree.size() != size.cast_unsigned() {
            return Err(StoreError::log(namespace, "its size and its edge disagree"));
        }
        let policies_at: i64 = row.try_get(2)?;
        Ok(Some(Self {
            namespace: namespace.clone(),
            locked_size: tree.size(),
            tree,
            policies_at: policies_at.cast_unsigned(),
            at_us: row.try_get(3)?,
            checkpoint: row.try_get(4)?,
            writes: row.try_get(5)?,
            identity: identity_in(row.try_get(6)?, row.try_get(7)?),
        }))
    }

    /// Refuses a log that is neither the one that was signed before nor a continuation of it.
    pub(super) async fn admit(
        &self,
        connection: &mut AnyConnection,
        seal: &dyn Seal,
    ) -> Result<(), StoreError> {
        let (size, root) = (self.tree.size(), self.tree.root());
        let found =
            FoundHead { namespace: &self.namespace, size, root, checkpoint: &self.checkpoint };
        for known in seal.admit(&found)? {
            if known.size > size
                || log::root_at(connection, &self.namespace, known.size, size).await? != known.root
            {
                return Err(StoreError::no_prefix(&self.namespace, known.size));
            }
        }
        Ok(())
    }

    pub(super) fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// The identity of the log, if it had one when it was locked.
    pub(super) fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// The checkpoint that was signed over the log, as it was locked.
    pub(super) fn checkpoint(&self) -> &str {
        &self.checkpoint
    }

    pub(super) fn size(&self) -> u64 {
        self.tree.size()
    }

    /// One more than the index of the latest policy's leaf; 0 if no policy was published.
    pub(super) fn policies_at(&self) -> u64 {
        self.policies_at
    }

    /// Appends leaves. Returns the tiles that they completed, lower levels first.
    pub(super) fn extend(&mut self, leaf_hashes: &[[u8; 32]]) -> Vec<TileId> {
        let before = self.tree.size();
        for hash in leaf_hashes {
            self.tree.append(*hash);
        }
        tile::completed(before, self.tree.size())
    }

    /// Sets the time of the leaves that are added now, while no other writer can add one. A leaf
    /// has the time at which it is added to the log, not the time of the request, so that the
    /// content of a period is final once the period is over.
    pub(super) fn set_clock(&mut self, seal: &dyn Seal) -> Result<(), StoreError> {
        let behind =
            |by_us| StoreError::ClockBehind { namespace: self.namespace.to_string(), by_us };
        let now = seal.tick(self.at_us).map_err(behind)?;
        self.at_us = self.at_us.max(now);
        Ok(())
    }

    /// The time of a new leaf: that of the batch, and never before `at_us`, the time of the
    /// request, or the leaf before it.
    pub(super) fn tick(&mut self, at_us: i64) -> i64 {
        self.at_us = self.at_us.max(at_us);
        self.at_us
    }

    /// Replaces the locked tree by `tree`, which has `moved` new leaves before the old ones.
    pub(super) fn begin_anew(&mut self, tree: Tree, moved: u64, at_us: i64) {
        self.tree = tree;
        self.at_us = self.at_us.max(at_us);
        if self.policies_at > 0 {
            self.policies_at += moved;
        }
    }

    pub(super) fn publish(&mut self, policy_leaf: Option<u64>) {
        self.policies_at = policy_leaf.map_or(self.policies_at, |leaf| leaf + 1);
    }

    /// Signs the head and stores it, if the stored head is still the one that was locked.
    pub(super) async fn store(
        &self,
        connection: &mut AnyConnection,
        seal: &dyn Seal,
    ) -> Result<SignedHead, StoreError> {
        let (size, root) = (self.tree.size(), self.tree.root());
        let checkpoint = seal.seal(&self.namespace, size, &root).map_err(StoreError::Seal)?;
        let swap = "UPDATE logs SET size = $1, edge = $2, checkpoint = $3, policies_at = $4, at_us = $5 \
                    WHERE namespace = $6 AND size = $7";
        let swapped = sqlx::query(swap)
            .bind(size.cast_signed())
            .bind(self.tree.to_bytes())
            .bind(checkpoint.clone())
            .bind(self.policies_at.cast_signed())
            .bind(self.at_us)
            .bind(self.namespace.as_str())
            .bind(self.locked_size.cast_signed())
            .execute(connection)
            .await?;
        if swapped.rows_affected() != 1 {
            return Err(StoreError::HeadMoved(self.namespace.to_string()));
        }
        Ok(SignedHead {
            namespace: self.namespace.clone(),
            size,
            root,
            checkpoint,
            writes: self.writes,
        })
    }
}

/// The identity in the columns of a log's row, if it has one yet.
pub(super) fn identity_in(origin: String, public_url: String) -> Option<Identity> {
    (!origin.is_empty()).then_some(Identity { origin, public_url })
}
