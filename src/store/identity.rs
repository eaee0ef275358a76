//! The identity of a log: read from its row, written there with its first entry, or derived once
//! for a log that is older than these columns.

use super::{
    Change, Store, StoreError,
    batch::Batch,
    head::{Head, identity_in},
    seal::Seal,
};
use crate::{
    ledger::{
        Checkpoint, Identity,
        statement::{Statement, VSA_TYPE, Vsa},
    },
    model::Namespace,
};
use sqlx::{AnyConnection, Row as _};

/// How many verification summaries are read to learn their verifier. More than one, because the
/// address may have been changed before the log had its first decision.
const ASKED: i64 = 1_000;

impl Store {
    /// The identity of a namespace's log; `None` if it has no entry yet. If the row of the log does
    /// not have an identity yet, it is derived and stored now.
    ///
    /// # Errors
    /// When the database fails, or the log's record of its identity is invalid.
    pub async fn identity(
        &self,
        namespace: &Namespace,
        seal: &dyn Seal,
    ) -> Result<Option<Identity>, StoreError> {
        let sql = "SELECT origin, public_url FROM logs WHERE namespace = $1 AND size > 0";
        let query = sqlx::query(sql).bind(namespace.as_str());
        let Some(row) = query.fetch_optional(&self.reader).await? else { return Ok(None) };
        if let Some(identity) = identity_in(row.try_get(0)?, row.try_get(1)?) {
            return Ok(Some(identity));
        }
        self.in_time(async {
            let mut transaction = self.begin().await?;
            let head = Head::lock(&mut transaction, namespace).await?;
            let identity = settle(&mut transaction, &head, seal).await?;
            transaction.commit().await?;
            Ok(Some(identity))
        })
        .await
    }
}

/// The identity of the log whose head is locked. If it has none yet, it is set here permanently, so
/// every service that shares the log uses the same one.
pub(super) async fn settle(
    connection: &mut AnyConnection,
    head: &Head,
    seal: &dyn Seal,
) -> Result<Identity, StoreError> {
    let namespace = head.namespace();
    let identity = if let Some(identity) = head.identity() {
        identity.clone()
    } else {
        let today = seal.identity(namespace);
        let identity = if head.size() == 0 {
            today
        } else {
            derived(connection, namespace, head.checkpoint(), &today).await?
        };
        sqlx::query("UPDATE logs SET origin = $1, public_url = $2 WHERE namespace = $3")
            .bind(identity.origin.clone())
            .bind(identity.public_url.clone())
            .bind(namespace.as_str())
            .execute(connection)
            .await?;
        identity
    };
    seal.adopt(namespace, &identity).map_err(StoreError::Seal)?;
    Ok(identity)
}

async fn derived(
    connection: &mut AnyConnection,
    namespace: &Namespace,
    checkpoint: &str,
    today: &Identity,
) -> Result<Identity, StoreError> {
    let origin =
        Checkpoint::unverified(checkpoint).map_err(|e| StoreError::log(namespace, e))?.origin;
    let sql = "SELECT vsa FROM decisions WHERE namespace = $1 AND vsa IS NOT NULL ORDER BY record_idx LIMIT $2";
    let rows = sqlx::query(sql).bind(namespace.as_str()).bind(ASKED).fetch_all(connection).await?;
    let mut said: Vec<String> = Vec::new();
    for row in &rows {
        let statement = Statement::<Vsa>::parse(&row.try_get::<Vec<u8>, _>(0)?, VSA_TYPE);
        let id = statement.map_err(|e| StoreError::log(namespace, e))?.predicate.verifier.id;
        let url = id.strip_suffix(&format!("/{namespace}")).map(ToOwned::to_owned);
        said.extend(url.filter(|url| said.last() != Some(url)));
    }
    Ok(Identity::derived(&origin, namespace, &said, Some(&today.public_url)))
}

/// The changes whose summary names another verifier than the log has, because another service began
/// the log during their evaluation. They are evaluated again, and then name the right one.
pub(super) fn mistaken(identity: &Identity, batch: &Batch<'_>) -> Vec<usize> {
    let wrong = |change: &Change| {
        let vsa = change.decision().and_then(|decision| decision.vsa.as_ref());
        vsa.is_some_and(|vsa| !identity.signed(&vsa.payload, batch.namespace))
    };
    batch.each().filter(|(_, change)| wrong(change)).map(|(member, _)| member).collect()
}
