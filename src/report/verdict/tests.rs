use super::*;
use crate::model::{ApprovalCount, Digest, Engine, Finding, PolicySummary};

fn finding(rule: &str, status: Status, severity: Severity) -> Finding {
    Finding { severity, ..Finding::new("p", rule, status) }
}

fn verdict(outcome: Outcome, findings: Vec<Finding>, approvals: Vec<(u64, u64, u64)>) -> Verdict {
    Verdict {
        verdict: outcome,
        model: None,
        artifact: None,
        environment: None,
        inputs_digest: Digest::of(b"inputs"),
        policies: vec![PolicySummary {
            name: "p".into(),
            digest: Digest::of(b"p"),
            mode: Mode::Enforce,
        }],
        findings,
        approvals: approvals
            .into_iter()
            .map(|(needed, given, rejected)| ApprovalCount {
                policy: "p".into(),
                id: "a".into(),
                role: "model-risk".into(),
                needed,
                given,
                rejected,
                ..ApprovalCount::default()
            })
            .collect(),
        engine: Engine { semantics: 1 },
    }
}

fn because(verdict: &Verdict) -> String {
    Headline::of(verdict, &[]).because
}

#[test]
fn a_rule_counts_once_with_its_worst_answer() {
    use Severity::{Block, Warn};
    let findings = vec![
        finding("a", Status::Pass, Block),
        finding("a", Status::Fail, Block),
        finding("a", Status::Inconclusive, Block),
        finding("b", Status::Inconclusive, Block),
        finding("c", Status::Pass, Block),
        finding("d", Status::Fail, Warn),
        finding("e", Status::Skipped, Block),
    ];
    assert_eq!(
        because(&verdict(Outcome::Deny, findings, vec![])),
        "1 of 5 rules fails and 1 does not have enough data"
    );
}

#[test]
fn each_outcome_says_what_it_comes_from() {
    let holds = || {
        vec![
            finding("a", Status::Pass, Severity::Block),
            finding("b", Status::Pass, Severity::Block),
        ]
    };
    assert_eq!(
        because(&verdict(Outcome::Allow, holds(), vec![(2, 3, 0)])),
        "all 2 rules pass, 2 people approved"
    );
    assert_eq!(
        because(&verdict(Outcome::Pending, holds(), vec![(2, 1, 0)])),
        "all 2 rules pass; 1 approval of model-risk is missing"
    );
    assert_eq!(because(&verdict(Outcome::Deny, holds(), vec![(2, 1, 1)])), "rejected");
    let skipped = vec![finding("a", Status::Skipped, Severity::Block)];
    assert_eq!(
        because(&verdict(Outcome::Deny, skipped, vec![])),
        "every rule was skipped, so nothing vouches for it"
    );
    let mut none = verdict(Outcome::Deny, vec![], vec![]);
    none.policies.clear();
    assert_eq!(because(&none), "no policy applies to this model and environment");
}
