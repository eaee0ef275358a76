//! The rows that one use case stores, all or nothing.

use super::facts::NewFact;
use crate::model::{
    Against, Approval, Attempt, DecisionId, Digest, Environment, ModelId, Namespace, Outcome,
    Release, ReleaseId, Timestamp,
};

/// One entry of the log, before it has its index.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// Its kind: `evidence-accepted`, `release-requested`, …
    pub kind: &'static str,
    /// The id or digest of the thing that it is about.
    pub subject: String,
    /// The bytes that the leaf hash covers.
    pub body: Vec<u8>,
    /// The document whose hash is in `body`, if no other row stores it.
    pub fact: Option<Vec<u8>>,
}

/// A document to store.
#[derive(Debug, Clone)]
pub struct NewEvidence {
    /// The digest of its bytes.
    pub digest: Digest,
    /// The format that it was read as.
    pub format: String,
    /// Its bytes.
    pub bytes: bytes::Bytes,
    /// Its entry, added if the document is new to the namespace.
    pub entry: NewEntry,
}

/// A release to store.
#[derive(Debug, Clone)]
pub struct NewRelease {
    /// The release; the batch sets its `log_index`.
    pub release: Release,
    /// Its frozen inputs as canonical JSON.
    pub inputs: String,
    /// Their digest.
    pub inputs_digest: Digest,
    /// Its entry in the log.
    pub entry: NewEntry,
}

/// A policy to store, which applies from now on.
#[derive(Debug, Clone)]
pub struct NewPolicy {
    /// Its name; the newest version of a name applies.
    pub name: String,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its TOML.
    pub source: String,
    /// The stable id of the actor that publishes it.
    pub published_by: String,
    /// Its entry in the log.
    pub entry: NewEntry,
}

/// A vote to store.
#[derive(Debug, Clone)]
pub struct NewApproval {
    /// The vote; its id and its release are set.
    pub approval: Approval,
    /// Its entry in the log.
    pub entry: NewEntry,
}

/// A signed statement.
#[derive(Debug, Clone)]
pub struct Signed {
    /// The statement's bytes.
    pub payload: Vec<u8>,
    /// The signature over its envelope.
    pub signature: Vec<u8>,
    /// Its entry in the log.
    pub entry: NewEntry,
}

/// A decision to store.
#[derive(Debug, Clone)]
pub struct NewDecision {
    /// Its id.
    pub id: DecisionId,
    /// The release that it decides.
    pub release: ReleaseId,
    /// The model that is released: an allow makes its artifact the champion.
    pub model: ModelId,
    /// The environment that it is released to.
    pub environment: Environment,
    /// The number of earlier decisions on the release; the batch refuses the work if it has
    /// changed.
    pub seq: u64,
    /// The verdict.
    pub verdict: Outcome,
    /// The id of the key that signed it.
    pub kid: String,
    /// The record.
    pub record: Signed,
    /// The verification summary, if one is issued.
    pub vsa: Option<Signed>,
}

/// An idempotent request: it must have its effect once, however often it is sent.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Whose keys they are: `api:<actor>`, `hook:ci`, …
    pub source: String,
    /// The sender's own key.
    pub key: String,
    /// The digest of the request, so that a key used for two different requests is refused.
    pub request: Digest,
    /// The id or digest of what the first processing made.
    pub subject: String,
}

/// A baseline that an artifact was compared with, as it was then.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ExpectedBaseline {
    /// The champion or the reference.
    pub against: Against,
    /// The model.
    pub model: ModelId,
    /// The environment.
    pub environment: Environment,
    /// One more than the log index of the entry that made it the baseline; 0 if there was none.
    pub at: u64,
}

/// The newest release of an artifact to an environment, as it was seen.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Newest {
    /// The model.
    pub model: ModelId,
    /// The environment.
    pub environment: Environment,
    /// The artifact.
    pub artifact: Digest,
    /// The log index of its request.
    pub at: u64,
}

/// The attempts of an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAttempts {
    /// The model whose artifacts are counted.
    pub model: ModelId,
    /// The artifact.
    pub artifact: Digest,
    /// One for each policy and data set.
    pub attempts: Vec<Attempt>,
}

/// Everything that one use case stores, in one transaction with its leaves and the new signed head.
#[derive(Debug, Clone)]
pub struct Work {
    /// The namespace of the log.
    pub namespace: Namespace,
    /// The time of the request.
    pub at: Timestamp,
    /// Its delivery, if it has one.
    pub delivery: Option<Delivery>,
    /// The `policies_at` that it was evaluated with; the batch refuses the work if policies have
    /// changed since.
    pub policies_at: Option<u64>,
    /// The release that it is about; the batch refuses the work if a newer release has superseded
    /// it.
    pub newest: Option<Newest>,
    /// The baselines that it was compared with; the batch refuses the work if one has changed
    /// since.
    pub baselines: Vec<ExpectedBaseline>,
    /// Its attempts; the batch refuses the work if another artifact has one of the numbers, or this
    /// artifact has another number.
    pub attempts: Option<NewAttempts>,
    /// Documents.
    pub evidence: Vec<NewEvidence>,
    /// A release.
    pub release: Option<NewRelease>,
    /// A policy.
    pub policy: Option<NewPolicy>,
    /// An approval.
    pub approval: Option<NewApproval>,
    /// A decision.
    pub decision: Option<NewDecision>,
    /// A fact that has an entry in the log and a row of its own.
    pub fact: Option<NewFact>,
}

impl Work {
    /// A work with nothing to store yet.
    pub fn new(namespace: Namespace, at: Timestamp) -> Self {
        Self {
            namespace,
            at,
            delivery: None,
            policies_at: None,
            newest: None,
            baselines: Vec::new(),
            attempts: None,
            evidence: Vec::new(),
            release: None,
            policy: None,
            approval: None,
            decision: None,
            fact: None,
        }
    }

    /// The approximate number of bytes that it stores.
    pub fn weight(&self) -> usize {
        let signed = |s: &Signed| s.payload.len();
        let decision = self.decision.as_ref();
        self.evidence.iter().map(|e| e.bytes.len()).sum::<usize>()
            + self.release.as_ref().map_or(0, |r| r.inputs.len())
            + self.policy.as_ref().map_or(0, |p| p.source.len())
            + decision.map_or(0, |d| signed(&d.record) + d.vsa.as_ref().map_or(0, signed))
    }
}

/// Where everything was stored, as indexes of the namespace's log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The index of the release's entry.
    pub release: Option<u64>,
    /// The index of the policy's entry.
    pub policy: Option<u64>,
    /// The index of the vote's entry.
    pub approval: Option<u64>,
    /// The index of the record's entry.
    pub record: Option<u64>,
    /// The index of the verification summary's entry.
    pub vsa: Option<u64>,
    /// The index of the fact's entry.
    pub fact: Option<u64>,
    /// The size of the log whose signed head covers all of it.
    pub size: u64,
}

/// The outcome of one work in a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// It is durable, and covered by a signed head.
    Stored(Receipt),
    /// Its delivery was processed before; nothing was stored.
    Duplicate {
        /// The digest of the request that came first.
        request: Digest,
        /// The id or digest of what that request made.
        subject: String,
    },
    /// Policies have changed since it was evaluated; nothing was stored.
    PoliciesChanged,
    /// The release has had another decision since the evaluation, or was superseded; nothing was
    /// stored.
    ReleaseChanged,
    /// The champion or the reference has changed since the evaluation; nothing was stored.
    BaselineMoved,
    /// One of the attempt numbers belongs to another artifact, or the artifact has another number;
    /// nothing was stored except attempts.
    AttemptsTaken,
    /// The fact is stored already; nothing was stored.
    Known,
}
