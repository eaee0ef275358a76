//! From frozen inputs to a signed decision. The same for a release that was just asked for and for one that somebody
//! just approved.

use super::{Service, error::AppError, notary::Notary};
use crate::{
    ledger::statement::{self, VsaContext},
    model::{
        Approval, Decision, DecisionId, Digest, Engine, Environment, Inputs, ModelId, Outcome, Record, ReleaseId,
        SEMANTICS, Submitted, Timestamp, Verdict, verdict::Mode,
    },
    policy::{self, Case, Policy},
    store::{NewDecision, NewEntry, Signed},
};
use std::sync::Arc;

/// Everything that a decision is made from.
pub(super) struct Question<'a> {
    pub(super) release: &'a ReleaseId,
    pub(super) model: &'a ModelId,
    pub(super) environment: &'a Environment,
    pub(super) seq: u64,
    pub(super) inputs: &'a Inputs,
    pub(super) inputs_digest: Digest,
    pub(super) policies: &'a [Arc<Policy>],
    pub(super) evidence: &'a [Submitted],
    pub(super) champion: &'a [Submitted],
    pub(super) reference: &'a [Submitted],
    pub(super) approvals: &'a [Approval],
    pub(super) now: Timestamp,
}

/// A decision that is signed and not yet stored.
pub(super) struct Decided {
    pub(super) record: Record,
    pub(super) new: NewDecision,
}

/// A decision that only lacks its place in the log.
pub(super) struct Answerable {
    id: DecisionId,
    pub(super) record: Record,
}

impl Answerable {
    /// The decision as it was stored under these log indexes.
    pub(super) fn stored(self, release: ReleaseId, record_index: u64, vsa_index: Option<u64>) -> Decision {
        Decision { id: self.id, release, record: self.record, record_index, vsa_index }
    }
}

impl Decided {
    /// What goes to the store, and what stays to be answered with.
    pub(super) fn split(self) -> (NewDecision, Answerable) {
        let answer = Answerable { id: self.new.id.clone(), record: self.record };
        (self.new, answer)
    }
}

impl Service {
    /// Judges and signs.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub(super) fn decide(&self, question: &Question<'_>) -> Result<Decided, AppError> {
        let verdict = policy::evaluate(&Case {
            inputs: question.inputs,
            inputs_digest: question.inputs_digest,
            policies: question.policies,
            evidence: question.evidence,
            champion: question.champion,
            reference: question.reference,
            approvals: question.approvals,
            now: question.now,
        });
        let record = Record {
            inputs_digest: question.inputs_digest,
            inputs: question.inputs.clone(),
            approvals: question.approvals.to_vec(),
            decided_at: question.now,
            verdict,
            engine: Engine { semantics: SEMANTICS },
        };
        let id = self.env.new_id().parse().map_err(AppError::failed)?;
        let new = sign(&self.notary, id, question, &record)?;
        Ok(Decided { record, new })
    }
}

fn sign(notary: &Notary, id: DecisionId, question: &Question<'_>, record: &Record) -> Result<NewDecision, AppError> {
    let payload = statement::record_statement(record).map_err(AppError::failed)?;
    let sealed = notary.sign(&payload)?;
    let vsa = if issues_summary(&record.verdict) {
        let context =
            VsaContext { public_url: notary.public_url(), decision: &id, record_envelope: sealed.envelope_digest };
        let payload = statement::vsa_statement(&context, record).map_err(AppError::failed)?;
        let sealed = notary.sign(&payload)?;
        Some(signed("decision-summary", &id, payload, sealed.signature, sealed.leaf))
    } else {
        None
    };
    Ok(NewDecision {
        release: question.release.clone(),
        seq: question.seq,
        model: question.model.clone(),
        environment: question.environment.clone(),
        verdict: record.verdict.verdict,
        kid: notary.decision_key().kid(),
        record: signed("decision-record", &id, payload, sealed.signature, sealed.leaf),
        vsa,
        id,
    })
}

fn signed(kind: &'static str, id: &DecisionId, payload: Vec<u8>, signature: Vec<u8>, leaf: Vec<u8>) -> Signed {
    let entry = NewEntry { kind, subject: id.to_string(), body: leaf, fact: None };
    Signed { payload, signature, entry }
}

/// A summary says passed or failed, so only an allow or a deny has one; and where policies only observed, nothing was
/// verified that a summary could vouch for.
fn issues_summary(verdict: &Verdict) -> bool {
    let observed = !verdict.policies.is_empty() && verdict.policies.iter().all(|p| p.mode == Mode::Observe);
    matches!(verdict.verdict, Outcome::Allow | Outcome::Deny) && !observed
}
