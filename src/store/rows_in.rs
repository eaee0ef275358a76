//! Inserts the rows of a batch, with one statement for each table that has any.

use super::{
    StoreError, accounts, approvals, baselines,
    change::{Delivery, Write},
    datasets, decisions, deliveries, evidence, inputs,
    placed::{Placed, Row},
    published::{self, Publication},
    references, releases, sessions, uploads,
};
use crate::model::{Namespace, Timestamp};
use sqlx::AnyConnection;

/// The rows of one kind.
fn rows<'a, T>(
    placed: &[Placed<'a>],
    pick: impl Fn(&'a Write) -> Option<&'a T>,
) -> Vec<Row<'a, T>> {
    let row = |one: &Placed<'a>| {
        let (new, index) = (pick(one.write)?, one.index?);
        Some(Row { new, change: one.change, index, record: one.record })
    };
    placed.iter().filter_map(row).collect()
}

macro_rules! rows {
    ($placed:ident, $kind:ident) => {
        rows($placed, |write| match write {
            Write::$kind(new) => Some(new),
            _ => None,
        })
    };
}

/// Inserts the rows of the accepted changes.
pub(super) async fn insert(
    connection: &mut AnyConnection,
    namespace: &Namespace,
    placed: &[Placed<'_>],
    delivered: &[(&Delivery, Timestamp)],
) -> Result<(), StoreError> {
    let ns = namespace.as_str();
    evidence::insert(connection, ns, &rows!(placed, Evidence)).await?;
    releases::insert(connection, namespace, &rows!(placed, Release)).await?;
    approvals::insert(connection, ns, &rows!(placed, Approval)).await?;
    published::insert(connection, Publication::Policy, namespace, &rows!(placed, Policy)).await?;
    published::insert(connection, Publication::Mapping, namespace, &rows!(placed, Mapping)).await?;
    let decided = rows!(placed, Decision);
    inputs::insert(connection, ns, &decided).await?;
    decisions::insert(connection, ns, &decided).await?;
    baselines::note_decisions(connection, namespace, &decided).await?;
    uploads::insert(connection, ns, &rows!(placed, Upload)).await?;
    datasets::insert(connection, ns, &rows!(placed, Dataset)).await?;
    references::propose(connection, ns, &rows!(placed, Proposal)).await?;
    references::pin(connection, ns, &rows!(placed, Pin)).await?;
    accounts::set_users(connection, &rows!(placed, User)).await?;
    accounts::set_tokens(connection, &rows!(placed, Token)).await?;
    accounts::set_hook_secrets(connection, &rows!(placed, HookSecret)).await?;
    for one in placed {
        if let Write::EndSessions(user) = one.write {
            sessions::end_all(connection, user).await?;
        }
    }
    deliveries::insert(connection, ns, delivered).await
}
