//! A decision about a credit model and the keys to sign it, for the tests of this module.

use super::{PublicKey, SignError, Signer};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use std::sync::Arc;

use crate::model::{
    Approval, Baseline, Digest, Engine, EvidenceRef, Finding, Inputs, Op, Outcome, Person,
    PolicyRef, PolicySummary, Record, Required, Severity, Slice, Status, Vote,
    verdict::ApprovalCount, verdict::Mode, verdict::Verdict,
};

/// A key in memory.
pub(crate) struct TestSigner {
    pair: Ed25519KeyPair,
    kid: String,
    der: Vec<u8>,
}

impl TestSigner {
    pub(crate) fn generate() -> Arc<Self> {
        Self::new(Ed25519KeyPair::generate().unwrap())
    }

    pub(crate) fn from_seed(seed: &[u8]) -> Arc<Self> {
        Self::new(Ed25519KeyPair::from_seed_unchecked(seed).unwrap())
    }

    fn new(pair: Ed25519KeyPair) -> Arc<Self> {
        let key = PublicKey::from_raw(pair.public_key().as_ref()).unwrap();
        Arc::new(Self { pair, kid: key.kid(), der: key.to_der() })
    }

    pub(crate) fn key(&self) -> PublicKey {
        PublicKey::from_der(&self.der).unwrap()
    }
}

impl Signer for TestSigner {
    fn kid(&self) -> &str {
        &self.kid
    }

    fn public_key_der(&self) -> &[u8] {
        &self.der
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        Ok(self.pair.sign(message).as_ref().to_vec())
    }
}

pub(crate) fn evidence(text: &str) -> EvidenceRef {
    EvidenceRef {
        digest: Digest::of(text.as_bytes()),
        format: "native".into(),
        claimed: None,
        mapping: None,
    }
}

pub(crate) fn inputs() -> Inputs {
    Inputs {
        model: Some("acme/credit-risk".parse().unwrap()),
        artifact: Some(Digest::of(b"model")),
        environment: Some("production".parse().unwrap()),
        submitter: Some("ci".into()),
        policies: vec![PolicyRef { name: "credit".into(), digest: Digest::of(b"policy 1") }],
        evidence: vec![evidence("evidence 1"), evidence("evidence 2")],
        champion: Some(Baseline {
            artifact: Some(Digest::of(b"old model")),
            evidence: vec![evidence("champion evidence"), evidence("evidence 1")],
        }),
        reference: None,
        mappings: vec![Digest::of(b"mapping")],
        waivers: vec![Digest::of(b"waiver")],
        context: [("tier".to_owned(), "high".to_owned())].into(),
        engine: 1,
        ..Inputs::default()
    }
    .sorted()
}

fn finding(status: Status) -> Finding {
    Finding {
        policy: "credit".into(),
        rule: "accuracy-floor".into(),
        status,
        severity: Severity::Block,
        metric: Some("accuracy".into()),
        quantile: None,
        unit: None,
        slice: Slice::one("sex", "female"),
        observed: Some(0.931),
        lower: Some(0.921_234_567_891),
        upper: Some(1e-7),
        required: Some(Required { op: Op::AtLeast, value: 0.9 }),
        n: Some(12_000),
        trials: Some(12_000),
        successes: Some(11_172),
        method: Some("clopper-pearson".into()),
        approximate: false,
        events: None,
        confidence: Some(0.95),
        samples_needed: None,
        allowed_failures: Some(3),
        by: None,
        groups: Vec::new(),
        against: None,
        value: None,
        baseline: None,
        tries: None,
        evidence: vec![Digest::of(b"evidence 1")],
        message: "accuracy is 0.931 \u{2265} 0.9 \u{1f600} \"quoted\"".into(),
    }
}

pub(crate) fn record(outcome: Outcome) -> Record {
    let inputs = inputs();
    let inputs_digest = inputs.digest().unwrap();
    let approval = |id: &str, name: &str| Approval {
        id: Some(id.parse().unwrap()),
        release: Some("rel-1".parse().unwrap()),
        by: Person { id: name.into(), name: name.into() },
        roles: vec!["model-risk".into()],
        vote: Vote::Approve,
        comment: "looked at it".into(),
        inputs_digest,
        at: "2026-11-20T12:30:00Z".parse().unwrap(),
    };
    let status = if outcome == Outcome::Deny { Status::Inconclusive } else { Status::Pass };
    let verdict = Verdict {
        verdict: outcome,
        model: inputs.model.clone(),
        artifact: inputs.artifact,
        environment: inputs.environment.clone(),
        inputs_digest,
        policies: vec![PolicySummary {
            name: "credit".into(),
            digest: Digest::of(b"policy 1"),
            mode: Mode::Enforce,
        }],
        findings: vec![finding(status)],
        approvals: vec![ApprovalCount {
            policy: "credit".into(),
            id: "model-risk".into(),
            role: "model-risk".into(),
            needed: 2,
            given: 2,
            rejected: 0,
            ..ApprovalCount::default()
        }],
        engine: Engine { semantics: 1 },
    };
    Record {
        inputs_digest,
        inputs,
        approvals: vec![approval("apr-1", "ada"), approval("apr-2", "bob")],
        decided_at: "2026-11-20T13:00:00Z".parse().unwrap(),
        verdict,
        engine: Engine { semantics: 1 },
    }
}
