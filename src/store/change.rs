//! What one use case changes, all or nothing: what it expects to find, what it writes, and why it
//! was refused.

use super::{HookSecret, PackedDetails, PackedDocument, Token, User};
use crate::model::{
    Against, Approval, Attempt, DecisionId, Digest, Environment, ModelId, Namespace, Outcome,
    Person, Release, ReleaseId, Timestamp,
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
    pub document: PackedDocument,
    /// Its entry, added if the document is new to the namespace.
    pub entry: NewEntry,
}

/// A release to store.
#[derive(Debug, Clone)]
pub struct NewRelease {
    /// The release; the batch sets its `log_index`.
    pub release: Release,
    /// The digest of the inputs that it was first evaluated with.
    pub inputs_digest: Digest,
    /// Its entry in the log.
    pub entry: NewEntry,
}

/// A version of a policy or of a mapping to store: the newest of its name from now on.
#[derive(Debug, Clone)]
pub struct NewPublished {
    /// Its name.
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

/// A file of rows to store; its bytes are in the folder of blobs.
#[derive(Debug, Clone)]
pub struct NewUpload {
    /// The digest of its bytes.
    pub digest: Digest,
    /// The number of bytes.
    pub size: u64,
    /// The stable id of the actor that sent it.
    pub by: String,
    /// Its entry in the log.
    pub entry: NewEntry,
}

/// A data set to store.
#[derive(Debug, Clone)]
pub struct NewDataset {
    /// Its name.
    pub name: String,
    /// The upload with its rows.
    pub digest: Digest,
    /// The column that rows are joined on.
    pub id: String,
    /// The column of labels.
    pub label: Option<String>,
    /// The columns of groups.
    pub groups: Vec<String>,
    /// The stable id of the actor that registered it.
    pub by: String,
    /// Its entry in the log.
    pub entry: NewEntry,
}

/// A proposal of a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedReference {
    /// Its id.
    pub id: String,
    /// The model.
    pub model: ModelId,
    /// The environment in which it is the reference.
    pub environment: Environment,
    /// The artifact.
    pub artifact: Digest,
    /// The release that allowed it in that environment, whose evidence is the baseline.
    pub release: ReleaseId,
    /// The proposer's comment.
    pub comment: String,
    /// The proposer.
    pub by: Person,
}

/// A proposal to store.
#[derive(Debug, Clone)]
pub struct NewProposal {
    /// The proposal.
    pub proposal: ProposedReference,
    /// Its entry in the log.
    pub entry: NewEntry,
}

/// An approval of a proposal, to store.
#[derive(Debug, Clone)]
pub struct NewPin {
    /// The proposal.
    pub proposal: ProposedReference,
    /// The approver's comment.
    pub comment: String,
    /// The approver.
    pub by: Person,
    /// Its entry in the log.
    pub entry: NewEntry,
}

/// The new state of a user, a token or a secret.
#[derive(Debug, Clone)]
pub struct NewState<T> {
    /// The row.
    pub row: T,
    /// The state that it replaces.
    pub before: Before,
    /// Its entry in the log.
    pub entry: NewEntry,
}

/// The state that a new state replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// The row does not exist yet.
    Absent,
    /// The row has this log index; `None` for a row from before its changes were logged.
    At(Option<u64>),
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

/// Frozen inputs to store.
#[derive(Debug, Clone)]
pub struct NewInputs {
    /// Their digest.
    pub digest: Digest,
    /// Their canonical JSON.
    pub document: String,
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
    /// The number of earlier decisions on the release; the batch refuses the change if it is
    /// no longer that.
    pub seq: u64,
    /// The digest of its inputs.
    pub inputs_digest: Digest,
    /// The inputs themselves, if they are not those of the decision before it.
    pub inputs: Option<NewInputs>,
    /// The verdict.
    pub verdict: Outcome,
    /// The id of the key that signed it.
    pub kid: String,
    /// The record.
    pub record: Signed,
    /// The documents that the record gives the digests of, except for the inputs.
    pub details: PackedDetails,
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

/// One thing that a change writes.
#[derive(Debug, Clone)]
pub enum Write {
    /// A document, stored if it is new to the namespace.
    Evidence(NewEvidence),
    /// A release.
    Release(NewRelease),
    /// A decision.
    Decision(NewDecision),
    /// A vote.
    Approval(NewApproval),
    /// A version of a policy.
    Policy(NewPublished),
    /// A version of a mapping.
    Mapping(NewPublished),
    /// A file of rows.
    Upload(NewUpload),
    /// A data set.
    Dataset(NewDataset),
    /// A proposal of a reference.
    Proposal(NewProposal),
    /// An approval of a proposal.
    Pin(NewPin),
    /// The state of a user.
    User(NewState<User>),
    /// The state of a token.
    Token(NewState<Token>),
    /// The state of a secret of a sender of webhooks.
    HookSecret(NewState<HookSecret>),
    /// The end of every session of the user of that id. It has no entry in the log.
    EndSessions(String),
}

impl Write {
    /// Its entries in the log, in order.
    pub fn entries(&self) -> impl Iterator<Item = &NewEntry> {
        let (first, second) = match self {
            Self::Evidence(new) => (Some(&new.entry), None),
            Self::Release(new) => (Some(&new.entry), None),
            Self::Decision(new) => (Some(&new.record.entry), new.vsa.as_ref().map(|v| &v.entry)),
            Self::Approval(new) => (Some(&new.entry), None),
            Self::Policy(new) | Self::Mapping(new) => (Some(&new.entry), None),
            Self::Upload(new) => (Some(&new.entry), None),
            Self::Dataset(new) => (Some(&new.entry), None),
            Self::Proposal(new) => (Some(&new.entry), None),
            Self::Pin(new) => (Some(&new.entry), None),
            Self::User(new) => (Some(&new.entry), None),
            Self::Token(new) => (Some(&new.entry), None),
            Self::HookSecret(new) => (Some(&new.entry), None),
            Self::EndSessions(_) => (None, None),
        };
        first.into_iter().chain(second)
    }

    /// The approximate number of bytes that it stores.
    fn weight(&self) -> usize {
        match self {
            Self::Evidence(new) => new.document.len(),
            Self::Decision(new) => {
                new.record.payload.len()
                    + new.details.as_bytes().len()
                    + new.vsa.as_ref().map_or(0, |vsa| vsa.payload.len())
                    + new.inputs.as_ref().map_or(0, |inputs| inputs.document.len())
            }
            Self::Policy(new) | Self::Mapping(new) => new.source.len(),
            _ => 0,
        }
    }
}

/// What must still be so when a change is stored, because it was worked out from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expectation {
    /// The `policies_at` of the namespace.
    PoliciesAt(u64),
    /// No newer release of the artifact supersedes this one.
    Newest(Newest),
    /// The champion or the reference.
    Baseline(ExpectedBaseline),
    /// The state of the user of this id, by the index of its entry.
    User(String, Option<u64>),
}

/// Everything that one use case stores, in one transaction with its leaves and the new signed head.
#[derive(Debug, Clone)]
pub struct Change {
    /// The namespace of the log.
    pub namespace: Namespace,
    /// The time of the request.
    pub at: Timestamp,
    /// Its delivery, if it has one.
    pub delivery: Option<Delivery>,
    /// What it was worked out from; it is refused if any of it has changed since.
    pub expects: Vec<Expectation>,
    /// Its attempts, stored even if the rest is refused: the artifact was evaluated. Refused if
    /// another artifact has one of the numbers, or this artifact has another number.
    pub attempts: Option<NewAttempts>,
    /// What it writes, in the order of its entries in the log.
    pub writes: Vec<Write>,
}

impl Change {
    /// A change with nothing to store yet.
    pub fn new(namespace: Namespace, at: Timestamp) -> Self {
        let (expects, writes) = (Vec::new(), Vec::new());
        Self { namespace, at, delivery: None, expects, attempts: None, writes }
    }

    /// The same, with one more write.
    #[must_use]
    pub fn with(mut self, write: Write) -> Self {
        self.writes.push(write);
        self
    }

    /// The approximate number of bytes that it stores.
    pub fn weight(&self) -> usize {
        self.writes.iter().map(Write::weight).sum()
    }

    /// The release that it makes.
    pub(super) fn release(&self) -> Option<&NewRelease> {
        self.writes.iter().find_map(|write| match write {
            Write::Release(new) => Some(new),
            _ => None,
        })
    }

    /// The decision that it makes.
    pub(super) fn decision(&self) -> Option<&NewDecision> {
        self.writes.iter().find_map(|write| match write {
            Write::Decision(new) => Some(new),
            _ => None,
        })
    }
}

/// Where a change was stored, as indexes of the namespace's log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The index of its first entry.
    pub first: Option<u64>,
    /// The index of the record of its decision.
    pub record: Option<u64>,
    /// The index of the verification summary of its decision.
    pub vsa: Option<u64>,
    /// The size of the log whose signed head covers all of it.
    pub size: u64,
}

/// Why a change was not stored. Nothing of it was, except for attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conflict {
    /// Its delivery was processed before.
    Duplicate {
        /// The digest of the request that came first.
        request: Digest,
        /// The id or digest of what that request made.
        subject: String,
    },
    /// Policies have changed since.
    PoliciesChanged,
    /// The release has had another decision since, or was superseded.
    ReleaseChanged,
    /// The champion or the reference has changed since.
    BaselineMoved,
    /// One of the attempt numbers belongs to another artifact, or the artifact has another number.
    AttemptsTaken,
    /// The user, token or secret has changed since, or the name is taken.
    AccountChanged,
    /// It is stored already.
    Known,
}

/// The outcome of one change in a batch. A stored one is durable, and covered by a signed head.
pub type Committed = Result<Receipt, Conflict>;
