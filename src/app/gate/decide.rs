//! From frozen inputs to a signed decision, both for a new release and after a vote.

use crate::app::{Service, core::error::AppError, core::notary::Notary};
use crate::{
    ledger::{
        record::{
            Context, ReleaseDecision,
            documents::{approval_bytes, verdict_bytes},
        },
        statement::{self, VsaContext},
    },
    model::{
        Approval, Decision, DecisionId, Digest, Engine, Environment, ModelId, Outcome, Record,
        ReleaseId, Timestamp, Trigger, Verdict,
    },
    policy::Frozen,
    store::{NewDecision, NewEntry, NewInputs, PackedDetails, Signed},
};

/// Everything that a decision is computed from. It owns its values, so that a blocking thread can take
/// it.
pub(in crate::app) struct Question {
    pub(in crate::app) release: ReleaseId,
    pub(in crate::app) model: ModelId,
    pub(in crate::app) environment: Environment,
    /// The number of earlier decisions on the release.
    pub(in crate::app) seq: u64,
    pub(in crate::app) trigger: Trigger,
    pub(in crate::app) frozen: Frozen,
    /// The canonical JSON of the inputs, if no earlier decision has stored them.
    pub(in crate::app) document: Option<String>,
    pub(in crate::app) approvals: Vec<Approval>,
    pub(in crate::app) now: Timestamp,
}

/// A decision that is signed and not yet stored.
pub(in crate::app) struct Decided {
    trigger: Trigger,
    pub(in crate::app) record: Record,
    pub(in crate::app) new: NewDecision,
}

/// A signed decision without its index in the log.
pub(in crate::app) struct UnplacedDecision {
    id: DecisionId,
    trigger: Trigger,
    pub(in crate::app) record: Record,
}

impl UnplacedDecision {
    /// The decision as it was stored under these log indexes.
    pub(in crate::app) fn stored(
        self,
        release: ReleaseId,
        record_index: u64,
        vsa_index: Option<u64>,
    ) -> Decision {
        let (id, trigger, record) = (self.id, Some(self.trigger), self.record);
        Decision { id, release, trigger, record, record_index, vsa_index }
    }
}

impl Decided {
    /// Splits it into the part to store and the part to answer with.
    pub(in crate::app) fn split(self) -> (NewDecision, UnplacedDecision) {
        let Self { trigger, record, .. } = self;
        let answer = UnplacedDecision { id: self.new.id.clone(), trigger, record };
        (self.new, answer)
    }
}

impl Service {
    /// Evaluates and signs on a blocking thread.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub(in crate::app) async fn decide(&self, question: Question) -> Result<Decided, AppError> {
        let id = self.env.new_id().parse().map_err(AppError::failed)?;
        let notary = self.notary.clone();
        self.judges.run(move || question.decide(&notary, id)).await?
    }
}

impl Question {
    fn decide(self, notary: &Notary, id: DecisionId) -> Result<Decided, AppError> {
        let frozen = &self.frozen;
        let verdict = frozen.judge(&self.approvals, self.now);
        let record = Record {
            inputs_digest: frozen.inputs_digest,
            engine: Engine { semantics: frozen.inputs.engine },
            inputs: frozen.inputs.clone(),
            approvals: self.approvals.clone(),
            decided_at: self.now,
            verdict,
        };
        let new = sign(notary, id, &self, &record)?;
        Ok(Decided { trigger: self.trigger, record, new })
    }
}

fn sign(
    notary: &Notary,
    id: DecisionId,
    question: &Question,
    record: &Record,
) -> Result<NewDecision, AppError> {
    let (payload, details) = stated(&id, question, record)?;
    let sealed = notary.sign(&payload)?;
    let vsa = if issues_summary(&record.verdict) {
        let identity = notary.identity_of(question.model.namespace());
        let context = VsaContext {
            public_url: &identity.public_url,
            decision: &id,
            record_envelope: sealed.envelope_digest,
        };
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
        inputs_digest: record.inputs_digest,
        inputs: question
            .document
            .clone()
            .map(|document| NewInputs { digest: record.inputs_digest, document }),
        verdict: record.verdict.verdict,
        kid: notary.decision_key().kid(),
        record: signed("decision-record", &id, payload, sealed.signature, sealed.leaf),
        details,
        vsa,
        id,
    })
}

/// The statement of the record, and the documents that it gives the digests of.
fn stated(
    id: &DecisionId,
    question: &Question,
    record: &Record,
) -> Result<(Vec<u8>, PackedDetails), AppError> {
    let verdict = verdict_bytes(&record.verdict).map_err(AppError::failed)?;
    let approvals = record.approvals.iter().map(approval_bytes).collect::<Result<Vec<_>, _>>();
    let approvals = approvals.map_err(AppError::failed)?;
    let digests = approvals.iter().map(|bytes| Digest::of(bytes)).collect();
    let context = Context {
        decision: id.clone(),
        release: question.release.clone(),
        seq: question.seq,
        trigger: question.trigger,
    };
    let said = ReleaseDecision::with(context, record, Digest::of(&verdict), digests);
    let payload = said.and_then(|said| said.statement()).map_err(AppError::failed)?;
    let details = PackedDetails::pack(&verdict, &approvals).map_err(AppError::failed)?;
    Ok((payload, details))
}

fn signed(
    kind: &'static str,
    id: &DecisionId,
    payload: Vec<u8>,
    signature: Vec<u8>,
    leaf: Vec<u8>,
) -> Signed {
    let entry = NewEntry { kind, subject: id.to_string(), body: leaf, fact: None };
    Signed { payload, signature, entry }
}

/// Whether the verdict gets a verification summary. A summary says passed or failed, so only an
/// allow or a deny has one. An allow under policies that only observe has none, because nothing was
/// verified.
fn issues_summary(verdict: &Verdict) -> bool {
    match verdict.verdict {
        Outcome::Deny => true,
        Outcome::Allow => verdict.is_enforced(),
        Outcome::Pending | Outcome::Revoked => false,
    }
}
