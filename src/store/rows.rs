//! What one use case wants stored, all or nothing.

use super::facts::NewFact;
use crate::model::{
    Against, Approval, Attempt, DecisionId, Digest, Environment, ModelId, Namespace, Outcome, Release, ReleaseId,
    Timestamp,
};

/// One leaf of the log, before it has its index.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// What happened: `evidence-accepted`, `release-requested`, …
    pub kind: &'static str,
    /// The id or digest of what it happened to.
    pub subject: String,
    /// The bytes that the leaf hash covers.
    pub body: Vec<u8>,
    /// The document whose hash `body` carries, where no other row keeps it.
    pub fact: Option<Vec<u8>>,
}

/// A document to keep.
#[derive(Debug, Clone)]
pub struct NewEvidence {
    /// The digest of its bytes.
    pub digest: Digest,
    /// The format it was read as.
    pub format: String,
    /// Its bytes.
    pub bytes: bytes::Bytes,
    /// Logged when the document is new to the namespace.
    pub entry: NewEntry,
}

/// A release to keep.
#[derive(Debug, Clone)]
pub struct NewRelease {
    /// The release; its `log_index` is given by the batch.
    pub release: Release,
    /// Its frozen inputs as canonical JSON.
    pub inputs: String,
    /// The digest of them.
    pub inputs_digest: Digest,
    /// Its leaf.
    pub entry: NewEntry,
}

/// A policy to keep and to apply from now on.
#[derive(Debug, Clone)]
pub struct NewPolicy {
    /// Its name; the newest version of a name applies.
    pub name: String,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its TOML.
    pub source: String,
    /// The stable id of whoever published it.
    pub published_by: String,
    /// Its leaf.
    pub entry: NewEntry,
}

/// An approval to keep.
#[derive(Debug, Clone)]
pub struct NewApproval {
    /// The approval; its id and release are set.
    pub approval: Approval,
    /// Its leaf.
    pub entry: NewEntry,
}

/// A signed statement.
#[derive(Debug, Clone)]
pub struct Signed {
    /// The statement's bytes.
    pub payload: Vec<u8>,
    /// The signature over its envelope.
    pub signature: Vec<u8>,
    /// Its leaf.
    pub entry: NewEntry,
}

/// A decision to keep.
#[derive(Debug, Clone)]
pub struct NewDecision {
    /// Its id.
    pub id: DecisionId,
    /// The release it decides.
    pub release: ReleaseId,
    /// The model that is released: an allow makes its artifact the champion.
    pub model: ModelId,
    /// Where it goes.
    pub environment: Environment,
    /// How many decisions the release has had before; the batch refuses when that is no longer so.
    pub seq: u64,
    /// What was decided.
    pub verdict: Outcome,
    /// The id of the key that signed.
    pub kid: String,
    /// The record.
    pub record: Signed,
    /// The verification summary, where one is issued.
    pub vsa: Option<Signed>,
}

/// Something that must have its effect once, however often it is asked for.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Who numbers the deliveries: `api`, `hook:ci`, …
    pub source: String,
    /// The sender's own key.
    pub key: String,
    /// The digest of the request, so that a key used twice for two things is told.
    pub request: Digest,
    /// What the first processing made.
    pub subject: String,
}

/// What an artifact was compared with, as it stood then.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ExpectedBaseline {
    /// The champion or the reference.
    pub against: Against,
    /// Of this model.
    pub model: ModelId,
    /// In this environment.
    pub environment: Environment,
    /// One more than the leaf that made it so; 0 when there was none.
    pub at: u64,
}

/// The newest release of an artifact to an environment, as it was seen.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Newest {
    /// Of this model.
    pub model: ModelId,
    /// In this environment.
    pub environment: Environment,
    /// The artifact.
    pub artifact: Digest,
    /// The leaf of its request.
    pub at: u64,
}

/// The numbers of an artifact among those tried.
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
    /// Whose log.
    pub namespace: Namespace,
    /// When it happens.
    pub at: Timestamp,
    /// Its delivery, if it has one.
    pub delivery: Option<Delivery>,
    /// The `policies_at` it was judged by; the batch refuses when policies have changed since.
    pub policies_at: Option<u64>,
    /// The release that it is about, which the batch refuses once there is a newer one of the same artifact there.
    pub newest: Option<Newest>,
    /// What it was judged against; the batch refuses when any of it has moved since.
    pub baselines: Vec<ExpectedBaseline>,
    /// The tries that it is; the batch refuses when another artifact has one of the numbers, or this one has another.
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
    /// Something that is in the log and has a row of its own.
    pub fact: Option<NewFact>,
}

impl Work {
    /// Nothing to store yet.
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

    /// About how many bytes it stores.
    pub fn weight(&self) -> usize {
        let signed = |s: &Signed| s.payload.len();
        let decision = self.decision.as_ref();
        self.evidence.iter().map(|e| e.bytes.len()).sum::<usize>()
            + self.release.as_ref().map_or(0, |r| r.inputs.len())
            + self.policy.as_ref().map_or(0, |p| p.source.len())
            + decision.map_or(0, |d| signed(&d.record) + d.vsa.as_ref().map_or(0, signed))
    }
}

/// Where everything went. Indexes are those of the namespace's log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The release's leaf.
    pub release: Option<u64>,
    /// The policy's leaf.
    pub policy: Option<u64>,
    /// The approval's leaf.
    pub approval: Option<u64>,
    /// The record's leaf.
    pub record: Option<u64>,
    /// The verification summary's leaf.
    pub vsa: Option<u64>,
    /// The fact's leaf.
    pub fact: Option<u64>,
    /// The size of the log whose signed head covers all of it.
    pub size: u64,
}

/// What became of one work in a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// It is durable, and under a signed head.
    Stored(Receipt),
    /// Its delivery was processed before; nothing was stored.
    Duplicate {
        /// The digest of the request that came first.
        request: Digest,
        /// What that one made.
        subject: String,
    },
    /// Policies have changed since it was judged; nothing was stored.
    PoliciesChanged,
    /// The release has had another decision since it was judged, or there is a newer one; nothing was stored.
    ReleaseChanged,
    /// There is another champion or reference since it was judged; nothing was stored.
    BaselineMoved,
    /// A number of a try is another artifact's, or the artifact has another: nothing was stored but tries.
    AttemptsTaken,
    /// The fact is known already; nothing was stored.
    Known,
}
