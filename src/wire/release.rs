//! Releases, decisions and approvals on the wire.

use crate::model::{
    Approval, ApprovalCount, DecisionId, Digest, Environment, Inputs, ModelId, Person, ReleaseId, Timestamp, Verdict,
    Vote,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A request to put one artifact into one environment, with its evidence: the body of `POST /api/v1/releases`, and
/// the part `request` of its multipart form.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitV1 {
    /// The model, `namespace/name`.
    #[schema(value_type = String, example = "acme/credit-risk")]
    pub model: ModelId,
    /// The version, a label only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub version: Option<String>,
    /// The artifact, `sha256:<hex>`.
    #[schema(value_type = String)]
    pub artifact: Digest,
    /// Where it is to go.
    #[schema(value_type = String, example = "production")]
    pub environment: Environment,
    /// For the reviewer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(max_length = 4000)]
    pub comment: String,
    /// Circumstances that policies may ask about.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub context: BTreeMap<String, String>,
    /// The documents.
    #[serde(default)]
    pub evidence: Vec<DocumentV1>,
    /// Uploads of raw predictions, by their digests, from which policies have evidence computed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub predictions: Vec<Digest>,
    /// The data set that the predictions are of, where no policy names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// Judge and ask anew, also where the inputs are those of the newest release of the artifact there. Otherwise the
    /// decision on that one is the answer, and nothing is stored.
    #[serde(default, skip_serializing_if = "is_false")]
    pub again: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// One document of evidence, and what the sender says of it where the document itself does not.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentV1 {
    /// What the sender calls it; in a multipart form, the file name of its part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The format to read it as; recognised from its content otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// The mapping to read it with: the name of one that is published, or its digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<String>,
    /// The data set it was measured on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub produced_at: Option<Timestamp>,
    /// The document as JSON. Its digest is that of these bytes exactly as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub document: Option<Box<RawValue>>,
    /// The document as any bytes, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_base64: Option<String>,
}

/// A verdict with where to find it: what `gate` prints.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DecidedV1 {
    /// The release.
    #[schema(value_type = String)]
    pub release: ReleaseId,
    /// The decision.
    #[schema(value_type = String)]
    pub decision: DecisionId,
    /// The page of the release.
    pub url: String,
    /// The verdict.
    #[schema(value_type = Object)]
    pub verdict: Verdict,
    /// Where it is logged.
    pub log: LoggedV1,
    /// Whether this was decided before, for this very request or one with the same inputs; nothing was stored.
    #[serde(default, skip_serializing_if = "is_false")]
    pub repeated: bool,
    /// Since when the approvals that an allow rests on are too few: from then on it is no permission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended: Option<Timestamp>,
    /// Files of archives that no format recognises, and so no part of the evidence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// What was read, but not as a number or not at all: `name of the document: warning`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// Where a decision is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoggedV1 {
    /// The index of its record.
    pub record: u64,
    /// The index of its verification summary; null where none is issued.
    pub summary: Option<u64>,
}

/// One release in a list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReleaseSummaryV1 {
    /// The release.
    #[schema(value_type = String)]
    pub release: ReleaseId,
    /// The model.
    #[schema(value_type = String)]
    pub model: ModelId,
    /// The version.
    pub version: Option<String>,
    /// The artifact.
    #[schema(value_type = String)]
    pub artifact: Digest,
    /// Where it is to go.
    #[schema(value_type = String)]
    pub environment: Environment,
    /// The latest verdict's word.
    pub verdict: String,
    /// Who asked.
    #[schema(value_type = Object)]
    pub submitter: Person,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub requested_at: Timestamp,
    /// The log index of the request.
    pub log_index: u64,
}

/// A release with its whole history.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReleaseV1 {
    /// The release.
    #[serde(flatten)]
    pub summary: ReleaseSummaryV1,
    /// What the requester wrote.
    pub comment: String,
    /// The digest of the inputs: what an approval must name.
    #[schema(value_type = String)]
    pub inputs_digest: Digest,
    /// The frozen inputs.
    #[schema(value_type = Object)]
    pub inputs: Inputs,
    /// Its decisions, oldest first; the last one is its state.
    pub decisions: Vec<DecisionV1>,
    /// Its approvals, oldest first.
    #[schema(value_type = Vec<Object>)]
    pub approvals: Vec<Approval>,
    /// What is so of it now, beside what was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<StandingV1>,
}

/// What is so of a release now: approvals expire, policies are replaced, and newer releases take the place of older ones.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StandingV1 {
    /// Whether it takes votes: it waits for approvals, or was allowed on approvals that have ended.
    pub open: bool,
    /// The newer release of the same artifact to the same environment: that one decides.
    #[schema(value_type = Option<String>)]
    pub superseded_by: Option<ReleaseId>,
    /// Since when the approvals of an allow are too few: from then on it is no permission.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended: Option<Timestamp>,
    /// Why it cannot be approved although it waits.
    pub obstacle: Option<ObstacleV1>,
    /// How far each requirement is met now; approvals that have expired do not count.
    #[schema(value_type = Vec<Object>)]
    pub approvals: Vec<ApprovalCount>,
}

/// Why a release cannot be approved.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ObstacleV1 {
    /// `superseded`, `policies-changed`, `champion-moved`, `reference-moved` or `engine-changed`.
    pub code: String,
    /// What has changed, and what to do.
    pub message: String,
}

/// A decision.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DecisionV1 {
    /// The decision.
    #[schema(value_type = String)]
    pub decision: DecisionId,
    /// The release that it decides.
    #[schema(value_type = String)]
    pub release: ReleaseId,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub decided_at: Timestamp,
    /// The verdict.
    #[schema(value_type = Object)]
    pub verdict: Verdict,
    /// Where it is logged.
    pub log: LoggedV1,
}

/// A yes or no: the body of `POST /api/v1/releases/{release}/approvals`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoteV1 {
    /// Yes or no.
    #[schema(value_type = String)]
    pub vote: Vote,
    /// What the approver writes with it.
    #[serde(default)]
    #[schema(max_length = 4000)]
    pub comment: String,
    /// The inputs that the approver saw.
    #[schema(value_type = String)]
    pub inputs_digest: Digest,
}

/// The parts of a submission as a form: only described here, and read where forms are.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FormV1 {
    /// The request.
    pub request: SubmitV1,
    /// The documents, each a file of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>, format = Binary)]
    pub evidence: Vec<Vec<u8>>,
}

/// The answer to deploy tools: `GET /api/v1/gate`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct GateV1 {
    /// The answer.
    pub data: GateDataV1,
}

/// Whether an artifact is allowed somewhere now, and why not.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct GateDataV1 {
    /// Whether it is.
    pub ok: bool,
    /// The verdict's word; `pending` also where an allow needs to be approved again.
    pub verdict: String,
    /// The release; null when nobody ever asked.
    #[schema(value_type = Option<String>)]
    pub release: Option<ReleaseId>,
    /// The decision; null when nobody ever asked.
    #[schema(value_type = Option<String>)]
    pub decision: Option<DecisionId>,
    /// Why not, in sentences.
    pub reasons: Vec<String>,
    /// The moment from which an allow is none any more, as approvals that it rests on expire; null where none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}
