//! Everything that a decision is made from, in one value. A submission, a vote, `check`, a replay and
//! a policy test all build one and ask it, so that the same documents give the same inputs, digest and
//! verdict everywhere.

use super::{
    applies::only_observe,
    evaluate, needs,
    schema::{Case, Policy},
};
use crate::model::{
    Against, Approval, ApprovalCount, Attempt, Baseline, Claimed, Digest, Environment, EvidenceRef,
    Inputs, ModelId, ObserveOnly, PolicyRef, Submitted, Timestamp, Verdict, jcs,
};
use std::{collections::BTreeMap, sync::Arc};

/// What a submission states about itself. A field that it does not state is null in the inputs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The model.
    pub model: Option<ModelId>,
    /// The artifact.
    pub artifact: Option<Digest>,
    /// The environment to release it to.
    pub environment: Option<Environment>,
    /// The stable id of the submitter.
    pub submitter: Option<String>,
    /// The context of the submission; `when` reads it.
    pub context: BTreeMap<String, String>,
    /// What the configuration states for an environment in which policies only observe.
    pub observe_only: Option<ObserveOnly>,
}

/// An artifact that the candidate is compared with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Side {
    /// The artifact, if known.
    pub artifact: Option<Digest>,
    /// Its evidence.
    pub evidence: Arc<Vec<Submitted>>,
}

/// What a decision is made from, before it is frozen.
#[derive(Debug, Clone, Default)]
pub struct Dossier {
    /// What the submission states about itself.
    pub request: Request,
    /// The policies that apply; their order does not matter.
    pub policies: Vec<Arc<Policy>>,
    /// The candidate's evidence; its order does not matter.
    pub evidence: Arc<Vec<Submitted>>,
    /// The champion; `None` while there is none.
    pub champion: Option<Side>,
    /// The reference; `None` while there is none.
    pub reference: Option<Side>,
    /// The attempts on each data set; empty if they are not counted.
    pub attempts: Vec<Attempt>,
}

/// Why a dossier cannot be frozen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FreezeError {
    /// Two policies have the same name, so a finding could not identify its policy.
    #[error("two different policies are both named `{0}`; rename one")]
    OneName(String),
    /// The inputs have no canonical form.
    #[error(transparent)]
    Inputs(#[from] jcs::JcsError),
}

impl FreezeError {
    /// The stable code for scripts.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OneName(_) => "duplicate-policy",
            Self::Inputs(_) => "inputs",
        }
    }
}

impl Dossier {
    /// Freezes the inputs: every list sorted, every key present. Returns their canonical JSON, too,
    /// whose digest is the `inputs_digest`. Champion and reference become part of the inputs only if
    /// a rule reads them.
    ///
    /// # Errors
    /// When two different policies have one name, or the inputs have no canonical form.
    pub fn freeze(self) -> Result<(Frozen, String), FreezeError> {
        self.refuse_one_name()?;
        let inputs = self.inputs();
        let canonical = jcs::to_vec(&inputs)?;
        let evidence = |side: Option<Side>| side.map(|side| side.evidence).unwrap_or_default();
        let frozen = Frozen {
            inputs_digest: Digest::of(&canonical),
            inputs,
            policies: self.policies,
            evidence: self.evidence,
            champion: evidence(self.champion),
            reference: evidence(self.reference),
        };
        Ok((frozen, String::from_utf8_lossy(&canonical).into_owned()))
    }

    fn refuse_one_name(&self) -> Result<(), FreezeError> {
        let mut digests: BTreeMap<&str, Digest> = BTreeMap::new();
        for policy in &self.policies {
            if *digests.entry(&policy.name).or_insert(policy.digest) != policy.digest {
                return Err(FreezeError::OneName(policy.name.clone()));
            }
        }
        Ok(())
    }

    fn inputs(&self) -> Inputs {
        let request = self.request.clone();
        Inputs {
            observe_only: self.observe_only(),
            model: request.model,
            artifact: request.artifact,
            environment: request.environment,
            submitter: request.submitter,
            policies: self.policies.iter().map(|policy| named(policy)).collect(),
            evidence: self.evidence.iter().map(document).collect(),
            champion: self.baseline(Against::Champion, self.champion.as_ref()),
            reference: self.baseline(Against::Reference, self.reference.as_ref()),
            context: request.context,
            attempts: self.attempts.clone(),
            ..Inputs::default()
        }
        .with_mappings()
        .sorted()
    }

    /// Only a value that makes a difference is recorded, so that the inputs of every other release
    /// stay the same as before there was this setting.
    fn observe_only(&self) -> Option<ObserveOnly> {
        let observes = || only_observe(self.policies.iter().map(AsRef::as_ref));
        self.request.observe_only.filter(|said| *said == ObserveOnly::Allow && observes())
    }

    fn baseline(&self, against: Against, side: Option<&Side>) -> Option<Baseline> {
        let read = needs::baselines(self.policies.iter().map(AsRef::as_ref));
        let side = side.filter(|_| read.contains(&against))?;
        let evidence = side.evidence.iter().map(document).collect();
        Some(Baseline { artifact: side.artifact, evidence })
    }
}

fn named(policy: &Policy) -> PolicyRef {
    PolicyRef { name: policy.name.clone(), digest: policy.digest }
}

/// How the inputs name a document.
fn document(submitted: &Submitted) -> EvidenceRef {
    EvidenceRef {
        digest: submitted.evidence.digest,
        format: submitted.evidence.format.clone(),
        claimed: Some(submitted.claimed.clone()).filter(|claimed| *claimed != Claimed::default()),
        mapping: submitted.mapping,
    }
}

/// Frozen inputs, with the policies and documents that they name.
#[derive(Debug, Clone)]
pub struct Frozen {
    /// The inputs.
    pub inputs: Inputs,
    /// The digest of their canonical JSON, to which approvals refer.
    pub inputs_digest: Digest,
    /// The policies.
    pub policies: Vec<Arc<Policy>>,
    /// The candidate's evidence.
    pub evidence: Arc<Vec<Submitted>>,
    /// The champion's evidence; used only if the inputs name a champion.
    pub champion: Arc<Vec<Submitted>>,
    /// The reference's evidence; used only if the inputs name a reference.
    pub reference: Arc<Vec<Submitted>>,
}

impl Frozen {
    /// Inputs that were frozen before, for a question that needs no documents: how far the approvals
    /// are.
    pub fn without_documents(
        inputs: Inputs,
        inputs_digest: Digest,
        policies: Vec<Arc<Policy>>,
    ) -> Self {
        let [evidence, champion, reference] = Default::default();
        Self { inputs, inputs_digest, policies, evidence, champion, reference }
    }

    /// The verdict with these approvals, at this moment.
    pub fn judge(&self, approvals: &[Approval], now: Timestamp) -> Verdict {
        evaluate::evaluate(&self.case(approvals, now))
    }

    /// How far each requirement of approvals is met, at this moment.
    pub fn count(&self, approvals: &[Approval], now: Timestamp) -> Vec<ApprovalCount> {
        evaluate::approvals(&self.case(approvals, now))
    }

    /// The first moment after `now` from which approvals that suffice then are too few.
    pub fn approvals_end(&self, approvals: &[Approval], now: Timestamp) -> Option<Timestamp> {
        evaluate::approvals_end(&self.case(approvals, now))
    }

    fn case<'a>(&'a self, approvals: &'a [Approval], now: Timestamp) -> Case<'a> {
        Case {
            inputs: &self.inputs,
            inputs_digest: self.inputs_digest,
            policies: &self.policies,
            evidence: &self.evidence,
            champion: &self.champion,
            reference: &self.reference,
            approvals,
            now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{Evidence, Outcome},
        policy::parse,
    };

    fn policy(name: &str, rule: &str) -> Arc<Policy> {
        let text =
            format!("name = \"{name}\"\n[[rule]]\nid = \"r\"\nmetric = \"accuracy\"\n{rule}");
        Arc::new(parse(&text).unwrap())
    }

    fn submitted(bytes: &str) -> Submitted {
        let evidence = Evidence::new(Digest::of(bytes.as_bytes()), "native");
        Submitted { evidence, claimed: Claimed::default(), mapping: None }
    }

    fn dossier(policies: Vec<Arc<Policy>>, evidence: &[&str]) -> Dossier {
        let evidence = Arc::new(evidence.iter().map(|bytes| submitted(bytes)).collect());
        let side =
            Side { artifact: Some(Digest::of(b"champion")), evidence: Arc::clone(&evidence) };
        Dossier { policies, evidence, champion: Some(side), ..Dossier::default() }
    }

    #[test]
    fn the_order_of_what_is_given_changes_nothing() {
        let (one, two) = (policy("one", "min = 0.9"), policy("two", "min = 0.8"));
        let there = dossier(vec![one.clone(), two.clone()], &["a", "b"]).freeze().unwrap();
        let back = dossier(vec![two, one], &["b", "a"]).freeze().unwrap();
        assert_eq!(there.1, back.1);
        assert_eq!(there.0.inputs_digest, Digest::of(there.1.as_bytes()));
        let now = Timestamp::from_micros(0);
        assert_eq!(there.0.judge(&[], now), back.0.judge(&[], now));
        assert_eq!(there.0.judge(&[], now).verdict, Outcome::Deny);
    }

    #[test]
    fn a_baseline_is_recorded_only_if_a_rule_reads_it() {
        let absolute = dossier(vec![policy("p", "min = 0.9")], &["a"]).freeze().unwrap().0;
        assert_eq!(absolute.inputs.champion, None);
        let rule = "against = \"champion\"\nmax_loss = 0.01\nfirst_release = \"deny\"";
        let compared = dossier(vec![policy("p", rule)], &["a"]).freeze().unwrap().0;
        let champion = compared.inputs.champion.unwrap();
        assert_eq!(champion.artifact, Some(Digest::of(b"champion")));
        assert_eq!(champion.evidence[0].digest, Digest::of(b"a"));
        assert_eq!(compared.inputs.reference, None);
    }

    #[test]
    fn two_policies_of_one_name_are_refused() {
        let policies = vec![policy("p", "min = 0.9"), policy("p", "min = 0.8")];
        let error = dossier(policies, &[]).freeze().unwrap_err();
        assert_eq!((&error, error.code()), (&FreezeError::OneName("p".into()), "duplicate-policy"));
    }

    #[test]
    fn the_setting_for_observing_is_recorded_only_where_it_matters() {
        let setting = |policies, said| {
            let request = Request { observe_only: Some(said), ..Request::default() };
            let dossier = Dossier { request, policies, ..Dossier::default() };
            dossier.freeze().unwrap().0.inputs.observe_only
        };
        let text = "name = \"o\"\nmode = \"observe\"\n[[rule]]\nid = \"r\"\nmetric = \"accuracy\"\nmin = 0.9";
        let observing = Arc::new(parse(text).unwrap());
        let enforcing = policy("p", "min = 0.9");
        assert_eq!(setting(vec![observing.clone()], ObserveOnly::Allow), Some(ObserveOnly::Allow));
        assert_eq!(setting(vec![observing.clone()], ObserveOnly::Deny), None);
        assert_eq!(setting(vec![observing, enforcing], ObserveOnly::Allow), None);
    }
}
