//! The check of every row of the database against the entries that state it.

use crate::app::{Service, accounts::sign_in, core::error::AppError};
use crate::{
    model::{Approval, Decision, Namespace, Outcome, ReleaseId},
    store::{Page, Publication, StoreError, StoredDecision, StoredRelease},
};
use std::collections::HashMap;

/// The most rows that are named; more of them are only counted.
const NAMED: usize = 20;

/// What a check of rows found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowCheck {
    /// The rows that were proved.
    pub proved: u64,
    /// What is wrong with the first rows that are not what was logged.
    pub wrong: Vec<String>,
    /// How many rows are not what was logged.
    pub wrong_count: u64,
}

impl RowCheck {
    /// Notes the result for one row. Only a failure of the database itself ends the check.
    fn note(&mut self, table: &str, result: Result<(), AppError>) -> Result<(), AppError> {
        let Err(error) = result else {
            self.proved += 1;
            return Ok(());
        };
        let Some(what) = error.unproved_row() else { return Err(error) };
        self.wrong(format!("`{table}`: {what}"));
        Ok(())
    }

    /// A page of rows; empty, which ends the table, if one of them has an impossible value.
    fn page<T>(
        &mut self,
        table: &str,
        page: Result<Vec<T>, StoreError>,
    ) -> Result<Vec<T>, AppError> {
        match page {
            Err(StoreError::Inconsistent(what)) => {
                self.wrong(format!("`{table}`: {what}; the rows after it were not checked"));
                Ok(Vec::new())
            }
            page => Ok(page?),
        }
    }

    fn wrong(&mut self, what: String) {
        self.wrong_count += 1;
        if self.wrong.len() < NAMED {
            self.wrong.push(what);
        }
    }
}

/// The decisions and the votes of one release.
type Rows = (Vec<StoredDecision>, Vec<(Approval, u64)>);

/// The decisions and votes of several releases.
struct Kept {
    decisions: HashMap<ReleaseId, Vec<StoredDecision>>,
    votes: HashMap<ReleaseId, Vec<(Approval, u64)>>,
}

impl Kept {
    fn take(&mut self, id: &ReleaseId) -> Rows {
        let votes = self.votes.remove(id).unwrap_or_default();
        (self.decisions.remove(id).unwrap_or_default(), votes)
    }
}

impl Service {
    /// Compares every row of a namespace with the entries that state it, and counts both, so that
    /// none is missing.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::app) async fn check_rows(
        &self,
        namespace: &Namespace,
    ) -> Result<RowCheck, AppError> {
        let mut check = RowCheck::default();
        // Counted first: what is added meanwhile has a row and an entry.
        for counted in self.store.counts(namespace).await? {
            if counted.rows != counted.entries {
                let (table, rows, entries) = (counted.table, counted.rows, counted.entries);
                check.wrong(format!("`{table}`: {rows} rows, but the log states {entries}"));
            }
        }
        self.check_releases(namespace, &mut check).await?;
        self.check_published(namespace, &mut check).await?;
        self.check_registered(namespace, &mut check).await?;
        self.check_accounts(namespace, &mut check).await?;
        self.check_derived(namespace, &mut check).await?;
        Ok(check)
    }

    async fn check_releases(&self, ns: &Namespace, check: &mut RowCheck) -> Result<(), AppError> {
        let mut after = -1;
        loop {
            let page = check.page("releases", self.store.releases_after(ns, after).await)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.release.log_index.cast_signed();
            let of_releases = page.iter().map(|stored| stored.release.log_index);
            self.prover.learn(ns, of_releases).await?;
            let mut kept = self.kept_of(ns, &page).await?;
            for stored in &page {
                let release = self.release_holds(stored).await;
                check.note("releases", release)?;
                let rows = kept.as_mut().map(|kept| kept.take(&stored.release.id));
                self.check_decided(stored, rows, check).await?;
            }
        }
    }

    /// The decisions and votes of several releases; `None` if a row among them has an impossible
    /// value, which is found again when each release is read alone.
    async fn kept_of(
        &self,
        ns: &Namespace,
        page: &[StoredRelease],
    ) -> Result<Option<Kept>, AppError> {
        let ids: Vec<_> = page.iter().map(|stored| stored.release.id.clone()).collect();
        let read = async {
            let decisions = self.store.decisions_of_each(ns, &ids).await?;
            let votes = self.store.approvals_of_each(ns, &ids).await?;
            Ok(Kept { decisions, votes })
        };
        let kept = match read.await {
            Ok(kept) => kept,
            Err(StoreError::Inconsistent(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let rows = kept.decisions.values().flatten();
        let of_decisions =
            rows.flat_map(|row| std::iter::once(row.record_index).chain(row.vsa_index));
        let of_votes = kept.votes.values().flatten().map(|(_, index)| *index);
        self.prover.learn(ns, of_decisions.chain(of_votes)).await?;
        Ok(Some(kept))
    }

    async fn check_decided(
        &self,
        stored: &StoredRelease,
        rows: Option<Rows>,
        check: &mut RowCheck,
    ) -> Result<(), AppError> {
        let (decisions, votes) = match rows {
            Some((rows, votes)) => (self.prove_decisions(stored, rows).await, Some(votes)),
            None => (self.decisions_of(stored).await, None),
        };
        let decisions = match decisions {
            Ok(decisions) => decisions,
            Err(error) => return check.note("decisions", Err(error)),
        };
        check.proved += decisions.len() as u64;
        check.note("releases", summary_holds(stored, &decisions))?;
        let latest = decisions.last();
        let held = match votes {
            Some(votes) => self.prove_votes(stored, &votes, latest).await,
            None => self.votes_of(stored, latest).await.map(|_| ()),
        };
        check.note("approvals", held)
    }

    async fn release_holds(&self, stored: &StoredRelease) -> Result<(), AppError> {
        let inputs = (&stored.inputs, &stored.inputs_digest);
        self.prover.release(&stored.release, &stored.requested_digest, inputs).await?;
        for attempt in &stored.inputs.attempts {
            let series = crate::app::gate::attempts::series(
                &stored.release.model,
                &attempt.policy,
                &attempt.dataset,
            );
            let (_, known) = self.store.tries(&series, &stored.release.artifact).await?;
            if known != Some(attempt.tries) {
                let what = format!("the attempt of release {} in `tries`", stored.release.id);
                return Err(crate::app::core::prover::unproved(&what, stored.release.log_index));
            }
        }
        Ok(())
    }

    async fn check_published(&self, ns: &Namespace, check: &mut RowCheck) -> Result<(), AppError> {
        for (of, table) in [(Publication::Policy, "policies"), (Publication::Mapping, "mappings")] {
            let mut after = -1;
            loop {
                let page = check.page(table, self.store.published_after(of, ns, after).await)?;
                let Some(last) = page.last() else { break };
                after = last.log_index.cast_signed();
                for published in &page {
                    let held = match of {
                        Publication::Policy => self.prover.policy(ns, published).await,
                        Publication::Mapping => self.prover.mapping(ns, published).await,
                    };
                    check.note(table, held)?;
                }
            }
        }
        let active = self.policy_cache.refresh(ns).await;
        check.note("policies", active.map(|_| ()))
    }

    async fn check_registered(&self, ns: &Namespace, check: &mut RowCheck) -> Result<(), AppError> {
        let mut after = -1;
        loop {
            let page = check.page("evidence", self.store.evidence_after(ns, after).await)?;
            let Some((_, last)) = page.last() else { break };
            after = last.cast_signed();
            self.prover.learn(ns, page.iter().map(|(_, index)| *index)).await?;
            for (digest, _) in &page {
                check.note("evidence", self.evidence_row(ns, digest).await.map(|_| ()))?;
            }
        }
        let mut after = -1;
        loop {
            let page = check.page("uploads", self.store.uploads_after(ns, after).await)?;
            let Some(last) = page.last() else { break };
            after = last.log_index.cast_signed();
            for upload in &page {
                check.note("uploads", self.prover.upload(ns, upload).await)?;
            }
        }
        let mut page = Page { before: None, limit: 64 };
        loop {
            let datasets = check.page("datasets", self.store.datasets(ns, page).await)?;
            let Some(last) = datasets.last() else { break };
            page.before = Some(last.log_index);
            for dataset in &datasets {
                check.note("datasets", self.dataset_row(ns, &dataset.name).await.map(|_| ()))?;
            }
        }
        let mut page = Page { before: None, limit: 64 };
        loop {
            let proposals =
                check.page("reference_proposals", self.store.all_proposals(ns, page).await)?;
            let Some(last) = proposals.last() else { return Ok(()) };
            page.before = Some(last.log_index);
            for proposal in &proposals {
                let held = self.proposal_row(ns, &proposal.proposal.id).await;
                check.note("reference_proposals", held.map(|_| ()))?;
            }
        }
    }

    async fn check_accounts(&self, ns: &Namespace, check: &mut RowCheck) -> Result<(), AppError> {
        for user in check.page("users", self.store.users_of(ns).await)? {
            check.note("users", self.prover.user(&user).await)?;
        }
        let tokens = check.page("tokens", self.store.tokens().await)?;
        for token in tokens.iter().filter(|token| token.namespace == *ns) {
            check.note("tokens", self.prover.token(token).await)?;
        }
        let secrets = check.page("hook_secrets", self.store.all_hook_secrets().await)?;
        for secret in secrets.iter().filter(|secret| secret.namespace == *ns) {
            check.note("hook_secrets", self.prover.hook_secret(secret).await)?;
        }
        Ok(())
    }

    /// What is worked out from other rows must be what those rows say.
    async fn check_derived(&self, ns: &Namespace, check: &mut RowCheck) -> Result<(), AppError> {
        for id in self.store.wrongly_superseded(ns).await? {
            check.wrong(format!(
                "`releases`: release {id} does not name the one that superseded it"
            ));
        }
        for place in self.store.wrong_champions(ns).await? {
            check.wrong(format!("`champions`: {place} has another champion than the releases say"));
        }
        Ok(())
    }

    /// Checks the signature of every session.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::app) async fn check_sessions(&self) -> Result<RowCheck, AppError> {
        let mut check = RowCheck::default();
        for session in check.page("sessions", self.store.sessions().await)? {
            check.note("sessions", sign_in::begun_here(&self.notary, &session))?;
        }
        Ok(check)
    }
}

/// The columns of a release that repeat its decisions.
fn summary_holds(stored: &StoredRelease, decisions: &[Decision]) -> Result<(), AppError> {
    let allow = |decision: &&Decision| decision.record.verdict.verdict == Outcome::Allow;
    let allowed = decisions.iter().filter(allow).map(|decision| decision.record_index).max();
    let latest = decisions.last().map(|decision| decision.record.verdict.verdict);
    let same = decisions.len() as u64 == stored.decisions
        && latest == Some(stored.verdict)
        && allowed == stored.allowed_at;
    if same {
        return Ok(());
    }
    let what = format!("the verdict of release {}", stored.release.id);
    Err(crate::app::core::prover::unproved(&what, stored.release.log_index))
}
