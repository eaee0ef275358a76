//! Releases, decisions and approvals on the wire.

use super::{
    approval::ApprovalV1,
    inputs::InputsV1,
    verdict::{ApprovalCountV1, OutcomeV1, VerdictV1},
};
use crate::model::{
    DecisionId, Digest, Environment, ModelId, Outcome, Person, ReleaseId, Timestamp, Trigger, Vote,
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
    /// The environment that it is for.
    #[schema(value_type = String, example = "production")]
    pub environment: Environment,
    /// A comment for the reviewers.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(max_length = 4000)]
    pub comment: String,
    /// The context that policies can read.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub context: BTreeMap<String, String>,
    /// The documents.
    #[serde(default)]
    pub evidence: Vec<DocumentV1>,
    /// Uploads of raw predictions, by their digests, from which evidence is computed as the
    /// policies say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub predictions: Vec<Digest>,
    /// The data set of the predictions, if no policy names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// Evaluate and request approvals again, even if the inputs are those of the newest release of
    /// the artifact in this environment. Otherwise the decision on that release is the answer, and
    /// nothing is stored.
    #[serde(default, skip_serializing_if = "is_false")]
    pub again: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// One document of evidence, and what the sender says about it if the document itself does not.
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
    /// The bytes of the document, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_base64: Option<String>,
}

/// A verdict with its page and its log indexes: what `gate` prints.
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
    pub verdict: VerdictV1,
    /// Where it is logged.
    pub log: LoggedV1,
    /// Whether this was decided before, for this request or one with the same inputs; if so,
    /// nothing was stored.
    #[serde(default, skip_serializing_if = "is_false")]
    pub repeated: bool,
    /// Since when the approvals of an allow are too few: from then on it is not a permission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended: Option<Timestamp>,
    /// Files of archives that no format recognises; they are not part of the evidence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// What was not read, or not read as a number: `name of the document: warning`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// Where a decision is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoggedV1 {
    /// The index of its record.
    pub record: u64,
    /// The index of its verification summary; null if none is issued.
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
    /// The environment that it is for.
    #[schema(value_type = String)]
    pub environment: Environment,
    /// The latest verdict: `allow`, `deny`, `pending` or `revoked`.
    #[schema(value_type = OutcomeV1)]
    pub verdict: Outcome,
    /// Who requested it.
    #[schema(value_type = Object)]
    pub submitter: Person,
    /// When it was requested.
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
    /// The comment of the submitter.
    pub comment: String,
    /// The digest of the inputs: what an approval must name.
    #[schema(value_type = String)]
    pub inputs_digest: Digest,
    /// The frozen inputs.
    pub inputs: InputsV1,
    /// Its decisions, oldest first; the last one is its state.
    pub decisions: Vec<DecisionV1>,
    /// Its approvals, oldest first.
    pub approvals: Vec<ApprovalV1>,
    /// Its present state, in addition to what was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<StandingV1>,
}

/// The present state of a release: approvals expire, policies are replaced, and newer releases
/// replace older ones.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StandingV1 {
    /// Whether it takes votes: it waits for approvals, or the approvals of its allow have expired.
    pub open: bool,
    /// The newer release of the same artifact to the same environment, which replaced this one.
    #[schema(value_type = Option<String>)]
    pub superseded_by: Option<ReleaseId>,
    /// Since when the approvals of an allow are too few: from then on it is not a permission.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended: Option<Timestamp>,
    /// Why it cannot be approved as it is, although it is pending.
    pub obstacle: Option<ObstacleV1>,
    /// How far each requirement is met now; expired approvals are not counted.
    pub approvals: Vec<ApprovalCountV1>,
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
    /// What it was made for: `submission`, `approval`, `waiver`, `schedule`, `monitor`, `policy` or
    /// `person`; absent for a decision of an earlier version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub trigger: Option<Trigger>,
    /// When it was decided.
    #[schema(value_type = String, format = DateTime)]
    pub decided_at: Timestamp,
    /// The verdict.
    pub verdict: VerdictV1,
    /// Where it is logged.
    pub log: LoggedV1,
}

/// An approval or a rejection: the body of `POST /api/v1/releases/{release}/approvals`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoteV1 {
    /// `approve` or `reject`.
    #[schema(value_type = String)]
    pub vote: Vote,
    /// The comment of the approver.
    #[serde(default)]
    #[schema(max_length = 4000)]
    pub comment: String,
    /// The inputs that the approver saw.
    #[schema(value_type = String)]
    pub inputs_digest: Digest,
}

/// The parts of a submission as a multipart form. This type only documents them.
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

/// Whether an artifact is allowed in an environment now, and if not, why.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct GateDataV1 {
    /// Whether it is allowed.
    pub ok: bool,
    /// `allow`, `deny`, `pending` or `revoked`; `pending` also if an allow must be approved again.
    #[schema(value_type = OutcomeV1)]
    pub verdict: Outcome,
    /// The release; null if none was ever requested.
    #[schema(value_type = Option<String>)]
    pub release: Option<ReleaseId>,
    /// The decision; null if no release was ever requested.
    #[schema(value_type = Option<String>)]
    pub decision: Option<DecisionId>,
    /// Why it is not allowed, in sentences.
    pub reasons: Vec<String>,
    /// When an allow ends because its approvals expire; null if they do not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}
