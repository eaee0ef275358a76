//! The check of every log. It reads one snapshot, so that entries added at the same time cannot
//! disturb it.

use crate::app::{
    Service,
    core::entries::fact_holds,
    core::error::{AppError, Kind},
    core::heads::behind,
    transparency::continued::{continued, covers},
};
use crate::{
    ledger::{Checkpoint, Fact, VerifierKey, merkle, tile},
    model::Namespace,
    store::{LogHead, Snapshot},
};

/// How many entries at the beginning of a log may state which keys and names belong to it.
const OPENING: u64 = 64;
/// How many entries are read at once.
const PAGE: u64 = 4_096;

/// How much was checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// The entries that were hashed again.
    pub entries: u64,
    /// The rows that were proved from their entries.
    pub rows: u64,
    /// What is wrong with rows that are not what was logged: the first ones of each namespace.
    pub wrong: Vec<String>,
    /// How many rows are not what was logged.
    pub wrong_count: u64,
}

impl Service {
    /// Refuses a database whose log is not the one that this service signed: its head must carry
    /// this service's signature, its leaves must be complete and lead to its root, and every head
    /// kept outside the database must be a prefix of it.
    ///
    /// # Errors
    /// When one of these does not hold; the message says which.
    pub async fn check_logs(&self) -> Result<(), AppError> {
        let (snapshot, heads) = self.checked_snapshot().await?;
        self.heads.keep(heads.into_iter().map(|head| (head.namespace, head.checkpoint)).collect());
        Ok(snapshot.end().await?)
    }

    /// A snapshot whose logs were checked, and their heads.
    pub(in crate::app) async fn checked_snapshot(
        &self,
    ) -> Result<(Snapshot, Vec<LogHead>), AppError> {
        // A head is kept after it is stored, so every head that is read here is in the snapshot.
        let kept = self.heads.all()?;
        let mut snapshot = self.store.snapshot().await?;
        let heads = snapshot.log_heads().await?;
        for head in &heads {
            self.check_head(&mut snapshot, head).await?;
            for note in kept.get(&head.namespace).into_iter().flatten() {
                self.check_kept(&mut snapshot, head, note).await?;
            }
        }
        let gone =
            kept.keys().find(|namespace| !heads.iter().any(|head| head.namespace == **namespace));
        match gone {
            None => Ok((snapshot, heads)),
            Some(namespace) => Err(broken(
                namespace,
                "this service signed a head of it, but the database has none",
            )),
        }
    }

    async fn check_head(&self, snapshot: &mut Snapshot, head: &LogHead) -> Result<(), AppError> {
        let namespace = &head.namespace;
        let claimed = Checkpoint::unverified(&head.checkpoint)
            .map_err(|e| broken(namespace, &e.to_string()))?;
        let identity = self.identity(namespace).await?;
        if identity.origin != claimed.origin {
            let why = format!(
                "its head has the name `{}`, but the log began as `{}`",
                claimed.origin, identity.origin
            );
            return Err(broken(namespace, &why));
        }
        let keys = [self.notary.log_key(namespace)?];
        let signed = Checkpoint::verify(&head.checkpoint, &keys).map_err(|e| {
            broken(namespace, &format!("its head is not signed by this service's log key: {e}"))
        })?;
        let (count, greatest) = snapshot.entry_count(namespace).await?;
        if signed.size != head.size
            || count != head.size
            || greatest.map_or(0, |g| g + 1) != head.size
        {
            let why = format!("its head covers {} entries, but {count} are stored", signed.size);
            return Err(broken(namespace, &why));
        }
        self.check_decision_key(snapshot, namespace).await?;
        check_edge(snapshot, namespace, head.size).await?;
        if snapshot.root_at(namespace, head.size, head.size).await? != signed.root {
            return Err(broken(namespace, "its entries do not lead to the root that was signed"));
        }
        Ok(())
    }

    /// Checks that this service's decision key is among the keys that the log begins with. A
    /// decision key that the log does not name must not sign.
    async fn check_decision_key(
        &self,
        snapshot: &mut Snapshot,
        namespace: &Namespace,
    ) -> Result<(), AppError> {
        let (opening, kid) =
            (snapshot.entries(namespace, 0, OPENING).await?, self.notary.decision_key().kid());
        if opening.iter().any(|e| e.kind == Fact::KeyAdded.as_str() && e.subject == kid) {
            return Ok(());
        }
        Err(broken(
            namespace,
            "it does not name the decision key that this service would sign with",
        ))
    }

    async fn check_kept(
        &self,
        snapshot: &mut Snapshot,
        head: &LogHead,
        note: &str,
    ) -> Result<(), AppError> {
        let (namespace, key) = (&head.namespace, self.notary.log_key(&head.namespace)?);
        let unreadable =
            |e| broken(namespace, &format!("a head kept outside the database cannot be read: {e}"));
        let origin = Checkpoint::unverified(note).map_err(unreadable)?.origin;
        let own = VerifierKey::new(&origin, *key.key()).map_err(unreadable)?;
        let kept = Checkpoint::verify(note, &[own]).map_err(unreadable)?;
        if kept.origin != key.name() {
            if covers(&continued(snapshot, namespace).await?, &kept) {
                return Ok(());
            }
            let why = format!(
                "a head of `{}` was signed, but the database has the log `{}`",
                kept.origin,
                key.name()
            );
            return Err(broken(namespace, &why));
        }
        if kept.size > head.size {
            return Err(AppError::new(
                Kind::Failed,
                "log-rolled-back",
                format!(
                    "the log of `{namespace}` was rolled back: {}",
                    behind(head.size, kept.size)
                ),
            ));
        }
        if snapshot.root_at(namespace, kept.size, head.size).await? != kept.root {
            return Err(broken(
                namespace,
                "a head that this service signed is no longer its prefix",
            ));
        }
        Ok(())
    }

    /// Hashes every entry of every log again, rebuilds every root, and proves the rows of every
    /// table from their entries. Rows that are not what was logged are named in the result.
    ///
    /// # Errors
    /// When a log is not the one that was signed; the message says why.
    pub async fn check_all(&self) -> Result<Checked, AppError> {
        let (mut snapshot, heads) = self.checked_snapshot().await?;
        let mut checked = Checked::default();
        for head in &heads {
            check_entries(&mut snapshot, head).await?;
            checked.entries += head.size;
        }
        snapshot.end().await?;
        let mut checks = vec![self.check_sessions().await?];
        for head in &heads {
            let mut check = self.check_rows(&head.namespace).await?;
            let named = |what: String| format!("{}: {what}", head.namespace);
            check.wrong = check.wrong.into_iter().map(named).collect();
            checks.push(check);
        }
        for check in checks {
            checked.rows += check.proved;
            checked.wrong_count += check.wrong_count;
            checked.wrong.extend(check.wrong);
        }
        Ok(checked)
    }
}

/// Hashes the newest entries again from their bytes: the ones most likely to be changed by a
/// failing disk or by a person. The older entries are covered by tiles; `db check` reads every
/// byte.
async fn check_edge(
    snapshot: &mut Snapshot,
    namespace: &Namespace,
    size: u64,
) -> Result<(), AppError> {
    let width = u64::from(tile::WIDTH);
    let first = size.saturating_sub(1) / width * width;
    let entries = snapshot.entries(namespace, first, width).await?;
    let stored = snapshot.tile_hashes(namespace, 0, first, size - first).await?;
    if entries.iter().map(|e| merkle::leaf_hash(&e.body)).eq(stored) {
        Ok(())
    } else {
        Err(broken(namespace, "an entry no longer hashes to its leaf"))
    }
}

async fn check_entries(snapshot: &mut Snapshot, head: &LogHead) -> Result<(), AppError> {
    let mut tree = merkle::Tree::new();
    while tree.size() < head.size {
        let entries = snapshot
            .entries(&head.namespace, tree.size(), PAGE.min(head.size - tree.size()))
            .await?;
        if entries.is_empty() || entries.iter().zip(tree.size()..).any(|(e, i)| e.index != i) {
            return Err(broken(&head.namespace, "entries are missing"));
        }
        for entry in &entries {
            if !fact_holds(entry) {
                let why = format!(
                    "entry {} does not match the document that is stored with it",
                    entry.index
                );
                return Err(broken(&head.namespace, &why));
            }
            tree.append(merkle::leaf_hash(&entry.body));
        }
    }
    let signed = Checkpoint::unverified(&head.checkpoint).map_err(AppError::failed)?;
    if tree.root() == signed.root {
        return Ok(());
    }
    Err(broken(&head.namespace, "its entries do not lead to the root that was signed"))
}

pub(in crate::app) fn broken(namespace: &Namespace, why: &str) -> AppError {
    let message = format!(
        "the log of `{namespace}` is broken: {why}. Nothing will be signed over it; restore the database that belongs \
         to these keys"
    );
    AppError::new(Kind::Failed, "log-broken", message)
}
