//! How rows are built, on verdicts small enough to work out by hand.

use super::{LogIndexes, ReleaseReport, findings};
use crate::model::{
    Approval, ApprovalCount, Decision, Digest, Engine, Environment, EvidenceRef, Finding, Inputs,
    Outcome, Person, PolicySummary, Record, Release, Severity, Status, Timestamp, Verdict, Vote,
    verdict::Mode,
};

fn at(minute: u32) -> Timestamp {
    format!("2026-11-20T12:{minute:02}:00Z").parse().unwrap()
}

fn finding(policy: &str, rule: &str, status: Status, severity: Severity) -> Finding {
    Finding { severity, ..Finding::new(policy, rule, status) }
}

fn verdict(findings: Vec<Finding>, inputs_digest: Digest) -> Verdict {
    let policy = |name: &str, mode| PolicySummary {
        name: name.into(),
        digest: Digest::of(name.as_bytes()),
        mode,
    };
    Verdict {
        verdict: Outcome::Pending,
        model: None,
        artifact: None,
        environment: None,
        inputs_digest,
        policies: vec![
            policy("watch", Mode::Observe),
            policy("hold", Mode::Enforce),
            policy("stop", Mode::Enforce),
        ],
        findings,
        approvals: vec![ApprovalCount {
            policy: "hold".into(),
            id: "a".into(),
            role: "risk".into(),
            needed: 3,
            given: 1,
            rejected: 0,
            ..ApprovalCount::default()
        }],
        engine: Engine { semantics: 1 },
    }
}

fn vote(name: &str, minute: u32, inputs_digest: Digest) -> Approval {
    Approval {
        id: Some(format!("v{minute}").parse().unwrap()),
        release: None,
        by: Person { id: name.into(), name: name.into() },
        roles: vec!["risk".into()],
        vote: Vote::Approve,
        comment: String::new(),
        inputs_digest,
        at: at(minute),
    }
}

#[test]
fn what_blocks_comes_first_and_many_passes_fold() {
    use Severity::{Block, Warn};
    let mut all = vec![
        finding("watch", "seen", Status::Fail, Block),
        finding("hold", "only", Status::Pass, Block),
        finding("stop", "p1", Status::Pass, Block),
        finding("stop", "warned", Status::Error, Warn),
        finding("stop", "unsure", Status::Inconclusive, Block),
        finding("stop", "broken", Status::Fail, Block),
    ];
    all.extend((2..6).map(|i| finding("stop", &format!("p{i}"), Status::Pass, Block)));
    let groups = findings::groups(&verdict(all, Digest::of(b"i")));
    let names: Vec<_> = groups.iter().map(|g| g.name.as_str()).collect();
    assert_eq!(names, ["stop", "watch", "hold"], "then in the verdict's order");
    let rules: Vec<_> = groups[0].rows.iter().map(|r| r.rule.as_str()).collect();
    assert_eq!(rules, ["broken", "unsure", "warned"]);
    assert_eq!(groups[0].folded.len(), 5);
    assert_eq!(groups[0].summary, "1 in error, 1 fail, 1 not enough data, 5 pass");
    assert_eq!((groups[0].rows[2].blocking, groups[0].rows[2].note), (false, Some("warning only")));
    assert_eq!(
        (groups[1].rows[0].blocking, groups[1].rows[0].note),
        (false, Some("observed only"))
    );
    assert!(groups[2].folded.is_empty(), "a single pass is shown");
}

#[test]
fn a_policy_that_the_verdict_does_not_list_is_still_shown() {
    let groups = findings::groups(&verdict(
        vec![finding("new", "r", Status::Fail, Severity::Block)],
        Digest::of(b"i"),
    ));
    assert_eq!((groups[0].name.as_str(), groups[0].digest.is_none()), ("new", true));
}

#[test]
fn seats_are_taken_by_votes_on_these_inputs_only() {
    let digest = Digest::of(b"inputs");
    let votes = [vote("old", 1, Digest::of(b"other")), vote("ann", 2, digest)];
    let asked = {
        let verdict = verdict(vec![], digest);
        super::approvals::requirements(&verdict, &verdict.approvals, &votes)
    };
    let names: Vec<_> = asked[0].seats.iter().map(|s| s.name.as_deref()).collect();
    assert_eq!(names, [Some("ann"), None, None]);
    assert_eq!(asked[0].missing.as_deref(), Some("2 more people with the role risk"));
    let rows = super::approvals::votes(&votes, Some(&digest), &[("v2".parse().unwrap(), 7)].into());
    assert!(rows[0].void.is_some() && rows[1].void.is_none());
    assert_eq!((rows[0].index, rows[1].index), (None, Some(7)));
}

#[test]
fn history_puts_causes_before_effects() {
    let environment: Environment = "production".parse().unwrap();
    let document = EvidenceRef {
        digest: Digest::of(b"e"),
        format: "native".into(),
        claimed: None,
        mapping: None,
    };
    let inputs = Inputs { evidence: vec![document], ..Inputs::default() };
    let inputs_digest = inputs.digest().unwrap();
    let release = Release {
        id: "r1".parse().unwrap(),
        model: "acme/m".parse().unwrap(),
        version: None,
        artifact: Digest::of(b"a"),
        environment,
        submitter: Person { id: "u".into(), name: "Ann".into() },
        comment: String::new(),
        requested_at: at(0),
        log_index: 4,
    };
    let decision = |index, minute| Decision {
        id: format!("d{index}").parse().unwrap(),
        release: release.id.clone(),
        trigger: None,
        record: Record {
            inputs_digest,
            inputs: inputs.clone(),
            approvals: vec![],
            decided_at: at(minute),
            verdict: verdict(vec![], inputs_digest),
            engine: Engine { semantics: 1 },
        },
        record_index: index,
        vsa_index: None,
    };
    // The vote and the decision that it leads to have the same moment.
    let votes = [vote("bo", 9, inputs_digest)];
    let report = ReleaseReport::new(
        &release,
        &[decision(6, 0), decision(8, 9)],
        &votes,
        &LogIndexes::default(),
    );
    let kinds: Vec<_> = report.history.iter().map(|e| e.kind).collect();
    assert_eq!(kinds, ["requested", "evidence", "pending", "approve", "pending"]);
    assert_eq!(report.decision.unwrap().record_index, 8, "the latest decides");
}

/// Pages of one part each: every finding is on one of them, and those that block are on the first.
#[test]
fn parts_show_every_finding_once_and_what_blocks_first() {
    let status = |i: usize| if i % 40 == 7 { Status::Fail } else { Status::Pass };
    let all: Vec<Finding> =
        (0..1_234).map(|i| finding("p", &format!("r{i}"), status(i), Severity::Block)).collect();
    let blocking = all.iter().filter(|f| f.status == Status::Fail).count();
    let whole = verdict(all, Digest::of(b"i"));
    let mut seen = Vec::new();
    for part in 1..=31 {
        let (groups, told) = findings::part(&whole, part);
        let told = told.unwrap();
        assert_eq!((told.previous.is_some(), told.next.is_some()), (part > 1, part < 31));
        seen.extend(
            groups
                .iter()
                .flat_map(|g| g.rows.iter().chain(&g.folded))
                .map(|row| (row.blocking, row.rule.clone())),
        );
    }
    assert!(
        seen.iter().take(blocking).all(|(blocks, _)| *blocks)
            && seen.iter().skip(blocking).all(|(blocks, _)| !blocks)
    );
    let rules: std::collections::BTreeSet<_> = seen.iter().map(|(_, rule)| rule).collect();
    assert_eq!((rules.len(), seen.len()), (1_234, 1_234));
    assert!(findings::part(&verdict(vec![], Digest::of(b"i")), 3).1.is_none());
}
