//! The inputs of a decision: everything it depends on, except for approvals and the current time.

use super::{Claimed, Digest, Environment, ModelId, ObserveOnly, jcs};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A policy that was applied, by name and the digest of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyRef {
    /// Its name.
    pub name: String,
    /// The digest of its TOML bytes.
    pub digest: Digest,
}

/// A document that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceRef {
    /// The digest of its bytes.
    pub digest: Digest,
    /// The format that it was read as.
    pub format: String,
    /// What the submission states about it; `None` if it states nothing.
    pub claimed: Option<Claimed>,
    /// The digest of the mapping that it was read with.
    pub mapping: Option<Digest>,
}

/// The artifact that a candidate is compared with, and its evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// The artifact, if known.
    pub artifact: Option<Digest>,
    /// Its evidence, sorted by digest.
    pub evidence: Vec<EvidenceRef>,
}

/// The number of attempts on a data set under a policy when this artifact was first evaluated: the
/// first artifact is attempt 1. A data set that many artifacts were evaluated on is no longer
/// fresh, and a policy can require a higher confidence for that.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attempt {
    /// The policy's name.
    pub policy: String,
    /// The data set: its name, else its digest, else empty.
    pub dataset: String,
    /// Distinct artifacts so far, including this one.
    pub tries: u64,
}

/// The frozen inputs of a decision. Lists are sorted and every key is present, so that equal inputs
/// have the same canonical JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// The model.
    pub model: Option<ModelId>,
    /// The artifact.
    pub artifact: Option<Digest>,
    /// The target environment.
    pub environment: Option<Environment>,
    /// The stable id of the submitter.
    pub submitter: Option<String>,
    /// Every policy that applies.
    pub policies: Vec<PolicyRef>,
    /// The evidence.
    pub evidence: Vec<EvidenceRef>,
    /// The champion, only if a rule reads it.
    pub champion: Option<Baseline>,
    /// The reference, only if a rule reads it.
    pub reference: Option<Baseline>,
    /// The mappings, by digest.
    pub mappings: Vec<Digest>,
    /// The waivers, by digest.
    pub waivers: Vec<Digest>,
    /// The context that the submission states; `when` reads it.
    pub context: BTreeMap<String, String>,
    /// The attempts on each data set; fixed at an artifact's first evaluation.
    #[serde(rename = "looks")]
    pub attempts: Vec<Attempt>,
    /// The setting for an environment in which no policy enforces. Present only if it made a
    /// difference: without it, a release that only observing policies evaluate is denied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observe_only: Option<ObserveOnly>,
    /// The version number of the engine's semantics.
    pub engine: u32,
}

impl Default for Inputs {
    fn default() -> Self {
        Self {
            model: None,
            artifact: None,
            environment: None,
            submitter: None,
            policies: Vec::new(),
            evidence: Vec::new(),
            champion: None,
            reference: None,
            mappings: Vec::new(),
            waivers: Vec::new(),
            context: BTreeMap::new(),
            attempts: Vec::new(),
            observe_only: None,
            engine: super::SEMANTICS,
        }
    }
}

impl Inputs {
    /// Lists every mapping that a document was read with.
    #[must_use]
    pub fn with_mappings(mut self) -> Self {
        let baselines =
            [&self.champion, &self.reference].into_iter().flatten().flat_map(|b| &b.evidence);
        let mut mappings: Vec<Digest> =
            self.evidence.iter().chain(baselines).filter_map(|e| e.mapping).collect();
        mappings.sort();
        mappings.dedup();
        self.mappings = mappings;
        self
    }

    /// Sorts every list, so that the order of the arguments does not matter.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.policies.sort();
        self.policies.dedup();
        sort_evidence(&mut self.evidence);
        for baseline in [&mut self.champion, &mut self.reference].into_iter().flatten() {
            sort_evidence(&mut baseline.evidence);
        }
        self.mappings.sort();
        self.waivers.sort();
        self.attempts.sort();
        self.attempts.dedup();
        self
    }

    /// The `inputs_digest`: the SHA-256 of the canonical JSON of these inputs, sorted.
    ///
    /// # Errors
    /// Never in practice: the inputs contain no number that canonical JSON cannot write.
    pub fn digest(&self) -> Result<Digest, jcs::JcsError> {
        jcs::digest(self)
    }
}

fn sort_evidence(list: &mut Vec<EvidenceRef>) {
    // The whole reference breaks ties, so that a document submitted twice with different claims is
    // sorted the same way every time.
    list.sort_by_cached_key(|e| (e.digest, jcs::to_vec(e).unwrap_or_default()));
    list.dedup();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(text: &str) -> EvidenceRef {
        EvidenceRef {
            digest: Digest::of(text.as_bytes()),
            format: "native".into(),
            claimed: None,
            mapping: None,
        }
    }

    #[test]
    fn the_order_of_evidence_does_not_matter() {
        let inputs = |list: &[&str]| Inputs {
            evidence: list.iter().map(|t| evidence(t)).collect(),
            ..Inputs::default()
        };
        let one = inputs(&["a", "b", "c"]).sorted().digest().unwrap();
        assert_eq!(inputs(&["c", "a", "b", "a"]).sorted().digest().unwrap(), one);
        assert_ne!(inputs(&["a", "b"]).sorted().digest().unwrap(), one);
    }

    #[test]
    fn every_key_is_present() {
        let text = String::from_utf8(jcs::to_vec(&Inputs::default()).unwrap()).unwrap();
        assert_eq!(
            text,
            r#"{"artifact":null,"champion":null,"context":{},"engine":3,"environment":null,"evidence":[],"looks":[],"mappings":[],"model":null,"policies":[],"reference":null,"submitter":null,"waivers":[]}"#
        );
    }
}
