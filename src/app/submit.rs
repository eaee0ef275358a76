//! Asking for a release: evidence and request in one call.

use super::{
    Service,
    decide::{Answerable, Question},
    error::{AppError, Kind},
    notary::{fact_entry, row_entry},
};
use crate::{
    evidence,
    identity::{Actor, Scope},
    ledger::Fact,
    model::{
        Claimed, Decision, Digest, Environment, EvidenceRef, Inputs, ModelId, PolicyRef, Release, ReleaseId, Submitted,
        Timestamp, Verdict, jcs,
    },
    policy::{self, Policy},
    store::{Delivery, Done, NewEvidence, NewRelease, Work},
};
use std::{collections::BTreeMap, sync::Arc};

/// How often a request is judged again because policies changed while it was.
const TRIES: u32 = 5;

/// A request to put one artifact into one environment, with its evidence.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The model.
    pub model: ModelId,
    /// Its version, a label only.
    pub version: Option<String>,
    /// The artifact.
    pub artifact: Digest,
    /// Where it is to go.
    pub environment: Environment,
    /// What the requester wrote with it.
    pub comment: String,
    /// Circumstances that policies may ask about.
    pub context: BTreeMap<String, String>,
    /// The documents.
    pub evidence: Vec<Document>,
    /// What makes a repetition of this very request one.
    pub delivery: Option<DeliveryKey>,
}

/// One document of a submission.
#[derive(Debug, Clone)]
pub struct Document {
    /// What the sender calls it, for messages.
    pub name: String,
    /// Its bytes.
    pub bytes: bytes::Bytes,
    /// The format to read it as; recognised from its content otherwise.
    pub format: Option<String>,
    /// The data set, where the document does not say.
    pub dataset: Option<String>,
    /// When it was made, where the document does not say.
    pub produced_at: Option<Timestamp>,
}

/// The sender's own number of a request.
#[derive(Debug, Clone)]
pub struct DeliveryKey {
    /// Who numbers: `api:<actor>`, `hook:ci`.
    pub source: String,
    /// The number.
    pub key: String,
    /// The digest of the request as it was sent.
    pub request: Digest,
}

/// What became of a submission.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The release.
    pub release: ReleaseId,
    /// Its decision.
    pub decision: Decision,
    /// Whether this very request had been processed before.
    pub repeated: bool,
}

/// Documents that were read, and their bytes in the same order.
#[derive(Default)]
struct Documents {
    submitted: Vec<Submitted>,
    bytes: Vec<bytes::Bytes>,
}

impl Service {
    /// Reads the evidence, judges it, and stores and signs the decision.
    ///
    /// # Errors
    /// When the actor may not, a document cannot be read, a delivery number is used for two requests, or the
    /// database fails; then nothing was stored.
    pub async fn submit(&self, actor: &Actor, submission: Submission) -> Result<Answer, AppError> {
        actor.require(Scope::Submit)?;
        actor.require_namespace(submission.model.namespace())?;
        let documents = read_all(&submission)?;
        let release: ReleaseId = self.env.new_id().parse().map_err(AppError::failed)?;
        let mut active = self.shelf.active(&self.store, &actor.namespace).await?;
        for _ in 0..TRIES {
            let applying: Vec<Arc<Policy>> = active
                .policies
                .iter()
                .filter(|p| policy::applies(p, &submission.model, &submission.environment))
                .cloned()
                .collect();
            let (work, answer) = self.judge(actor, &submission, &release, &documents, &applying, active.at)?;
            match self.writer.write(work).await? {
                Done::Stored(receipt) => {
                    let record = receipt.record.ok_or_else(|| AppError::broken("a decision without its leaf"))?;
                    self.tally.count(answer.record.verdict.verdict);
                    log_decision(actor, &submission, &answer.record.verdict, &release);
                    let decision = answer.stored(release.clone(), record, receipt.vsa);
                    return Ok(Answer { release, decision, repeated: false });
                }
                Done::Duplicate { request, subject } => {
                    let key = submission.delivery.as_ref();
                    let key = key.ok_or_else(|| AppError::broken("a repetition without a key"))?;
                    return self.repeated(actor, key, request, &subject).await;
                }
                Done::PoliciesChanged => active = self.shelf.refresh(&self.store, &actor.namespace).await?,
                Done::ReleaseChanged => return Err(AppError::broken("a new release had a decision before")),
            }
        }
        Err(AppError::new(Kind::Conflict, "policies-changing", "policies changed while this was judged; try again"))
    }

    fn judge(
        &self,
        actor: &Actor,
        submission: &Submission,
        id: &ReleaseId,
        documents: &Documents,
        policies: &[Arc<Policy>],
        policies_at: u64,
    ) -> Result<(Work, Answerable), AppError> {
        let now = self.env.now();
        let inputs = freeze(actor, submission, &documents.submitted, policies);
        let canonical = jcs::to_vec(&inputs).map_err(AppError::failed)?;
        let inputs_digest = Digest::of(&canonical);
        let decided = self.decide(&Question {
            release: id,
            seq: 0,
            inputs: &inputs,
            inputs_digest,
            policies,
            evidence: &documents.submitted,
            approvals: &[],
            now,
        })?;
        let mut work = Work::new(actor.namespace.clone(), now);
        work.policies_at = Some(policies_at);
        work.delivery = submission.delivery.as_ref().map(|key| key.delivery(id.as_str()));
        work.evidence = new_evidence(documents);
        work.release = Some(new_release(actor, submission, id, canonical, inputs_digest, now)?);
        let (decision, answer) = decided.split();
        work.decision = Some(decision);
        Ok((work, answer))
    }

    /// What the first processing of a request made.
    async fn repeated(
        &self,
        actor: &Actor,
        key: &DeliveryKey,
        request: Digest,
        subject: &str,
    ) -> Result<Answer, AppError> {
        let release: ReleaseId = subject.parse().map_err(AppError::failed)?;
        let decision = self.standing(actor, key, request, &release).await?;
        Ok(Answer { release, decision, repeated: true })
    }

    /// The latest decision on a release, for a request that was processed before.
    pub(super) async fn standing(
        &self,
        actor: &Actor,
        key: &DeliveryKey,
        request: Digest,
        release: &ReleaseId,
    ) -> Result<Decision, AppError> {
        if key.request != request {
            let message = "this idempotency key was used for another request; give every request its own";
            return Err(AppError::new(Kind::Conflict, "idempotency-key-reused", message));
        }
        let mut decisions = self.store.decisions(&actor.namespace, release).await?;
        let latest = decisions.pop().ok_or_else(|| AppError::broken("a release without a decision"))?;
        Ok(latest.decision()?)
    }
}

impl DeliveryKey {
    /// The delivery that made `subject`.
    pub(super) fn delivery(&self, subject: &str) -> Delivery {
        Delivery {
            source: self.source.clone(),
            key: self.key.clone(),
            request: self.request,
            subject: subject.to_owned(),
        }
    }
}

fn read_all(submission: &Submission) -> Result<Documents, AppError> {
    let mut read = Documents::default();
    for document in &submission.evidence {
        let one = read_one(document)?;
        let same = |other: &Submitted| other.evidence.digest == one.evidence.digest && other.claimed == one.claimed;
        if !read.submitted.iter().any(same) {
            read.submitted.push(one);
            read.bytes.push(document.bytes.clone());
        }
    }
    Ok(read)
}

fn read_one(document: &Document) -> Result<Submitted, AppError> {
    let evidence = evidence::read(&document.bytes, document.format.as_deref()).map_err(|e| {
        let kind = if e.code() == "evidence-too-large" { Kind::TooLarge } else { Kind::Invalid };
        AppError::new(kind, e.code(), format!("{}: {e}", document.name))
    })?;
    let claimed = Claimed { subject: None, dataset: document.dataset.clone(), produced_at: document.produced_at };
    Ok(Submitted { evidence, claimed, mapping: None })
}

fn freeze(actor: &Actor, submission: &Submission, evidence: &[Submitted], policies: &[Arc<Policy>]) -> Inputs {
    Inputs {
        model: Some(submission.model.clone()),
        artifact: Some(submission.artifact),
        environment: Some(submission.environment.clone()),
        submitter: Some(actor.who.id.clone()),
        policies: policies.iter().map(|p| PolicyRef { name: p.name.clone(), digest: p.digest }).collect(),
        evidence: evidence.iter().map(evidence_ref).collect(),
        context: submission.context.clone(),
        ..Inputs::default()
    }
    .sorted()
}

fn evidence_ref(submitted: &Submitted) -> EvidenceRef {
    let claimed = &submitted.claimed;
    EvidenceRef {
        digest: submitted.evidence.digest,
        format: submitted.evidence.format.clone(),
        claimed: (*claimed != Claimed::default()).then(|| claimed.clone()),
        mapping: submitted.mapping,
    }
}

fn new_evidence(documents: &Documents) -> Vec<NewEvidence> {
    let mut new: Vec<NewEvidence> = Vec::with_capacity(documents.bytes.len());
    for (submitted, bytes) in documents.submitted.iter().zip(&documents.bytes) {
        let evidence = &submitted.evidence;
        if !new.iter().any(|n| n.digest == evidence.digest) {
            new.push(NewEvidence {
                digest: evidence.digest,
                format: evidence.format.clone(),
                bytes: bytes.clone(),
                entry: row_entry(Fact::EvidenceAccepted, &evidence.digest.to_string(), &evidence.digest),
            });
        }
    }
    new
}

fn new_release(
    actor: &Actor,
    submission: &Submission,
    id: &ReleaseId,
    canonical: Vec<u8>,
    inputs_digest: Digest,
    now: Timestamp,
) -> Result<NewRelease, AppError> {
    let release = Release {
        id: id.clone(),
        model: submission.model.clone(),
        version: submission.version.clone(),
        artifact: submission.artifact,
        environment: submission.environment.clone(),
        submitter: actor.who.clone(),
        comment: submission.comment.clone(),
        requested_at: now,
        log_index: 0,
    };
    let fact = serde_json::json!({
        "release": id,
        "inputs_digest": inputs_digest,
        "submitter": actor.who,
        "version": submission.version,
        "comment": submission.comment,
        "requested_at": now,
    });
    let fact = jcs::to_vec(&fact).map_err(AppError::failed)?;
    let inputs = String::from_utf8(canonical).map_err(AppError::failed)?;
    let entry = fact_entry(Fact::ReleaseRequested, id.as_str(), fact);
    Ok(NewRelease { release, inputs, inputs_digest, entry })
}

fn log_decision(actor: &Actor, submission: &Submission, verdict: &Verdict, release: &ReleaseId) {
    tracing::info!(
        namespace = %actor.namespace, model = %submission.model, environment = %submission.environment,
        artifact = %submission.artifact, %release, verdict = %verdict.verdict, "release decided"
    );
}
