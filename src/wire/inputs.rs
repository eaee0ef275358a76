//! The frozen inputs of a decision on the wire. What is hashed is the document of the record, which
//! has the same keys today.

use crate::model::{
    Attempt, Baseline, Claimed, Digest, Environment, EvidenceRef, Inputs, ModelId, ObserveOnly,
    PolicyRef, Subject, Timestamp, mirror,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The frozen inputs of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InputsV1 {
    /// The model.
    #[schema(value_type = Option<String>)]
    pub model: Option<ModelId>,
    /// The artifact.
    #[schema(value_type = Option<String>)]
    pub artifact: Option<Digest>,
    /// The target environment.
    #[schema(value_type = Option<String>)]
    pub environment: Option<Environment>,
    /// The stable id of the submitter.
    pub submitter: Option<String>,
    /// Every policy that applies.
    pub policies: Vec<PolicyRefV1>,
    /// The evidence.
    pub evidence: Vec<EvidenceRefV1>,
    /// The champion, only if a rule reads it.
    pub champion: Option<BaselineV1>,
    /// The reference, only if a rule reads it.
    pub reference: Option<BaselineV1>,
    /// The mappings, by digest.
    #[schema(value_type = Vec<String>)]
    pub mappings: Vec<Digest>,
    /// The waivers, by digest.
    #[schema(value_type = Vec<String>)]
    pub waivers: Vec<Digest>,
    /// The context that the submission states.
    pub context: BTreeMap<String, String>,
    /// The attempts on each data set, this artifact included.
    #[serde(rename = "looks")]
    pub attempts: Vec<AttemptV1>,
    /// `allow` if the namespace lets releases through where no policy enforces, and that made a
    /// difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub observe_only: Option<ObserveOnly>,
    /// The version number of the engine's semantics.
    pub engine: u32,
}

/// A policy that was applied, by name and the digest of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyRefV1 {
    /// Its name.
    pub name: String,
    /// The digest of its TOML bytes.
    #[schema(value_type = String)]
    pub digest: Digest,
}

/// A document that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EvidenceRefV1 {
    /// The digest of its bytes.
    #[schema(value_type = String)]
    pub digest: Digest,
    /// The format that it was read as.
    pub format: String,
    /// What the submission states about it; null if it states nothing.
    pub claimed: Option<ClaimedV1>,
    /// The digest of the mapping that it was read with.
    #[schema(value_type = Option<String>)]
    pub mapping: Option<Digest>,
}

/// What a submission states about a document because the document itself does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClaimedV1 {
    /// The artifact that it is about.
    #[schema(value_type = Option<Object>)]
    pub subject: Option<Subject>,
    /// The data set's name.
    pub dataset: Option<String>,
    /// The time when it was made.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub produced_at: Option<Timestamp>,
}

/// The artifact that a candidate is compared with, and its evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BaselineV1 {
    /// The artifact, if known.
    #[schema(value_type = Option<String>)]
    pub artifact: Option<Digest>,
    /// Its evidence.
    pub evidence: Vec<EvidenceRefV1>,
}

/// The number of an artifact's attempt on a data set under a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AttemptV1 {
    /// The policy's name.
    pub policy: String,
    /// The data set: its name, else its digest, else empty.
    pub dataset: String,
    /// Distinct artifacts so far, including this one.
    pub tries: u64,
}

mirror!(PolicyRefV1 = PolicyRef { name, digest });
mirror!(ClaimedV1 = Claimed { subject, dataset, produced_at });
mirror!(EvidenceRefV1 = EvidenceRef { digest, format, claimed: maybe, mapping });
mirror!(BaselineV1 = Baseline { artifact, evidence: each });
mirror!(AttemptV1 = Attempt { policy, dataset, tries });
mirror!(
    InputsV1 = Inputs {
        model,
        artifact,
        environment,
        submitter,
        policies: each,
        evidence: each,
        champion: maybe,
        reference: maybe,
        mappings,
        waivers,
        context,
        attempts: each,
        observe_only,
        engine,
    }
);
