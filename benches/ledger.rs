//! Measures the cost of signing and logging one decision: `cargo bench --bench ledger`.
//!
//! It uses a record with 20 findings and its verification summary: statements, canonical JSON, two
//! signatures, two log entries, two appended leaves. Then one head and one proof, on a log of a
//! million entries.
#![expect(
    clippy::pedantic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement for people to read"
)]

use modelgate::{
    keys::Keyring,
    ledger::{
        Checkpoint, NoteSigner, Sealer,
        merkle::{Node, Tree, node_hash, prove_inclusion},
        record::{Context, ReleaseDecision},
        statement::{VsaContext, vsa_statement},
    },
    model::{
        Digest, Engine, EvidenceRef, Finding, Inputs, Outcome, PolicyRef, PolicySummary, Record,
        Severity, Slice, Status, Trigger, Verdict, verdict::Mode,
    },
};
use std::time::{Duration, Instant};

fn record() -> Record {
    let evidence = |text: &str| EvidenceRef {
        digest: Digest::of(text.as_bytes()),
        format: "sklearn-classification-report".into(),
        claimed: None,
        mapping: None,
    };
    let policy = PolicyRef { name: "credit-risk".into(), digest: Digest::of(b"policy") };
    let inputs = Inputs {
        model: Some("acme/credit-risk".parse().unwrap()),
        artifact: Some(Digest::of(b"model")),
        environment: Some("production".parse().unwrap()),
        submitter: Some("ci".into()),
        policies: vec![policy.clone()],
        evidence: vec![evidence("a"), evidence("b"), evidence("c")],
        ..Inputs::default()
    }
    .sorted();
    let finding = |i: usize| {
        Finding {
        policy: policy.name.clone(),
        rule: format!("rule-{i}"),
        status: Status::Pass,
        severity: Severity::Block,
        metric: Some("accuracy".into()),
        quantile: None,
        unit: None,
        slice: Slice::one("sex", "female"),
        observed: Some(0.931),
        lower: Some(0.921_234_567_891),
        upper: Some(0.941_234_567_891),
        required: None,
        n: Some(12_000),
        trials: Some(12_000),
        successes: Some(11_172),
        method: Some("clopper-pearson".into()),
        approximate: false,
        events: None,
        confidence: Some(0.95),
        samples_needed: None,
        allowed_failures: None,
        by: None,
        groups: Vec::new(),
        against: None,
        value: None,
        baseline: None,
        tries: None,
        evidence: vec![Digest::of(b"a")],
        message: "accuracy is 0.931 on 12,000 samples; at 95% confidence it is at least 0.921, above 0.900".into(),
    }
    };
    let inputs_digest = inputs.digest().unwrap();
    let engine = Engine { semantics: inputs.engine };
    let verdict = Verdict {
        verdict: Outcome::Allow,
        model: inputs.model.clone(),
        artifact: inputs.artifact,
        environment: inputs.environment.clone(),
        inputs_digest,
        policies: vec![PolicySummary {
            name: policy.name.clone(),
            digest: policy.digest,
            mode: Mode::Enforce,
        }],
        findings: (0..20).map(finding).collect(),
        approvals: Vec::new(),
        engine,
    };
    let decided_at = "2026-11-20T13:00:00Z".parse().unwrap();
    Record { inputs_digest, inputs, approvals: Vec::new(), decided_at, verdict, engine }
}

/// Measures the best of many short rounds, so that other work on the machine matters little.
fn measure(what: &str, mut run: impl FnMut()) {
    const ROUND: u32 = 20;
    let (start, mut best) = (Instant::now(), Duration::MAX);
    while start.elapsed() < Duration::from_millis(700) {
        let round = Instant::now();
        (0..ROUND).for_each(|_| run());
        best = best.min(round.elapsed() / ROUND);
    }
    println!("{what:<44} {:>10.2} us", best.as_secs_f64() * 1e6);
}

fn main() {
    let (record, keys) = (record(), Keyring::ephemeral().unwrap());
    let sealer = Sealer::new(keys.decision).unwrap();
    let log = NoteSigner::new("gate.example.com/log/acme", keys.log).unwrap();
    let decision = "01JD".parse().unwrap();
    let context = |record_envelope| VsaContext {
        public_url: "https://gate.example.com",
        decision: &decision,
        record_envelope,
    };
    let context_of = || Context {
        decision: "01JD".parse().unwrap(),
        release: "01JR".parse().unwrap(),
        seq: 0,
        trigger: Trigger::Submission,
    };
    let statement = || ReleaseDecision::of(context_of(), &record).unwrap().statement().unwrap();
    let payload = statement();
    let mut tree = Tree::new();
    println!("record of {} bytes", payload.len());
    measure("one decision, signed and appended", || {
        let sealed = sealer.seal(&statement()).unwrap();
        let summary = sealer
            .seal(&vsa_statement(&context(sealed.envelope_digest), &record).unwrap())
            .unwrap();
        tree.append(sealed.leaf_hash);
        tree.append(summary.leaf_hash);
    });
    measure("  record statement", || drop(statement()));
    measure("  summary statement", || {
        drop(vsa_statement(&context(Digest::of(b"")), &record).unwrap())
    });
    measure("  seal the record", || drop(sealer.seal(&payload).unwrap()));
    measure("  append a leaf", || {
        tree.append([7; 32]);
    });
    measure("one head, signed", || drop(Checkpoint::sign(tree.size(), tree.root(), &log).unwrap()));
    let levels: Vec<_> = (0..20)
        .scan([7; 32], |hash, _| Some(std::mem::replace(hash, node_hash(hash, hash))))
        .collect();
    let read = |node: Node| levels.get(usize::from(node.level)).copied();
    measure("one proof among a million entries", || {
        drop(prove_inclusion(123_456, 999_999, &read).unwrap())
    });
}
