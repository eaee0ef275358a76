//! The audit report of a namespace for a period.

use super::{Service, error::AppError};
use crate::{
    identity::{Actor, Scope},
    ledger::Checkpoint,
    model::Timestamp,
    report::{
        Audit,
        audit::{AuditSource, EntryKind, LogEntry, LogHead},
    },
    store::StoredDecision,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

impl Service {
    /// Everything that happened in `[from, to)`, with control totals and whether it is complete.
    ///
    /// # Errors
    /// When the actor may not, the namespace has no log yet, or the database fails.
    pub async fn audit(&self, actor: &Actor, from: Timestamp, to: Timestamp) -> Result<Audit, AppError> {
        actor.require(Scope::Read)?;
        if to <= from {
            return Err(AppError::invalid("invalid-period", "the period must begin before it ends"));
        }
        let namespace = &actor.namespace;
        let log = self.report_head(actor).await?;
        let first = self.store.first_at(namespace, log.size, from).await?;
        let end = self.store.first_at(namespace, log.size, to).await?;
        let decisions = self.store.decisions_in(namespace, first, end).await?;
        let decisions = decisions.iter().map(StoredDecision::decision).collect::<Result<Vec<_>, _>>()?;
        let releases = self.store.releases_in(namespace, first, end).await?;
        let approvals = self.store.approvals_in(namespace, first, end).await?;
        let kinds = self.store.entry_kinds(namespace, first, end).await?;
        let entries: Vec<LogEntry> =
            kinds.into_iter().map(|(index, word)| LogEntry { index, kind: kind(&word) }).collect();
        Ok(Audit::new(&AuditSource {
            namespace,
            from,
            to,
            generated: None,
            releases: &releases,
            decisions: &decisions,
            approvals: &approvals,
            entries: &entries,
            before: first.checked_sub(1),
            after: (end < log.size).then_some(end),
            log: &log,
        }))
    }

    /// The signed head of the actor's log, as reports show it.
    ///
    /// # Errors
    /// When the actor may not, there is no log yet, or the database fails.
    pub async fn report_head(&self, actor: &Actor) -> Result<LogHead, AppError> {
        actor.require(Scope::Read)?;
        let head = self.checkpoint(&actor.namespace).await?;
        let signed = Checkpoint::unverified(&head.checkpoint).map_err(AppError::failed)?;
        let vkey = Some(self.log_key(&actor.namespace)?.to_string());
        Ok(LogHead { size: head.size, root: STANDARD.encode(signed.root), checkpoint: head.checkpoint, vkey })
    }
}

fn kind(word: &str) -> EntryKind {
    match word {
        "decision-record" => EntryKind::Decision,
        "decision-summary" => EntryKind::Summary,
        "release-requested" => EntryKind::Release,
        "approval-given" => EntryKind::Approval,
        "evidence-accepted" => EntryKind::Evidence,
        "policy-published" => EntryKind::Policy,
        _ => EntryKind::Other,
    }
}
