//! Releases with all that happened to them.

use super::{HOSTILE, at, findings, person};
use crate::{
    model::{
        Approval, ApprovalCount, Attempt, Baseline, Claimed, Decision, Digest, Engine, EvidenceRef,
        Finding, Inputs, Op, Outcome, Person, PolicyRef, PolicySummary, Record, Release, SEMANTICS,
        Slice, Status, Timestamp, Verdict, Vote, verdict::Mode,
    },
    report::{LogIndexes, ReleaseReport},
    web::views::Item,
};

/// A release with all that happened to it.
#[derive(Debug, Clone)]
pub struct Story {
    /// The release.
    pub release: Release,
    /// Its decisions, oldest first.
    pub decisions: Vec<Decision>,
    /// Its approvals.
    pub approvals: Vec<Approval>,
}

impl Story {
    /// All of them, newest first.
    pub fn all() -> Vec<Self> {
        vec![pending(), denied(), undecided(), hostile(), revoked(), allowed()]
    }

    /// The release as a line of a list.
    pub fn item(&self) -> Item<'_> {
        Item {
            release: &self.release,
            latest: self.decisions.last(),
            approvals: &self.approvals,
            standing: None,
        }
    }

    /// Log indexes of its approvals and evidence.
    pub fn indexes(&self) -> LogIndexes {
        let start = self.release.log_index + 5;
        let approvals = self.approvals.iter().filter_map(|a| a.id.clone()).zip(start..).collect();
        let evidence =
            self.decisions.iter().take(1).flat_map(|d| &d.record.inputs.evidence).map(|e| e.digest);
        LogIndexes { approvals, evidence: evidence.zip(self.release.log_index + 1..).collect() }
    }

    fn new(id: &str, version: &str, minute: u32, log_index: u64) -> Self {
        let release = Release {
            id: id.parse().expect("an id"),
            model: "acme/credit-risk".parse().expect("a model"),
            version: Some(version.into()),
            artifact: Digest::of(version.as_bytes()),
            environment: "production".parse().expect("an environment"),
            submitter: person("user:ann", "Ann Okafor"),
            comment: "Retrained on October applications; threshold unchanged.".into(),
            requested_at: moment(minute),
            log_index,
        };
        Self { release, decisions: Vec::new(), approvals: Vec::new() }
    }

    fn inputs(&self) -> Inputs {
        let claimed = Claimed {
            dataset: Some("holdout-2026q3".into()),
            produced_at: Some(moment(0)),
            ..Claimed::default()
        };
        let document = |text: &str, format: &str, claimed: Option<Claimed>| EvidenceRef {
            digest: Digest::of(text.as_bytes()),
            format: format.into(),
            claimed,
            mapping: None,
        };
        Inputs {
            model: Some(self.release.model.clone()),
            artifact: Some(self.release.artifact),
            environment: Some(self.release.environment.clone()),
            submitter: Some(self.release.submitter.id.clone()),
            policies: policies()
                .into_iter()
                .map(|p| PolicyRef { name: p.name, digest: p.digest })
                .collect(),
            evidence: vec![
                document("classification report", "sklearn-classification-report", Some(claimed)),
                document("latency and fairness", "native", None),
            ],
            champion: Some(Baseline {
                artifact: Some(Digest::of(b"the champion")),
                evidence: Vec::new(),
            }),
            attempts: vec![
                Attempt {
                    policy: "credit-risk".into(),
                    dataset: "holdout-2026q3".into(),
                    tries: 3,
                },
                Attempt { policy: "green-ai".into(), dataset: String::new(), tries: 11 },
            ],
            context: [("tier".to_owned(), "standard".to_owned())].into(),
            ..Inputs::default()
        }
        .sorted()
    }

    fn vote(&mut self, by: Person, vote: Vote, comment: &str, minute: u32) {
        let digest = self.inputs().digest().expect("a digest");
        self.approvals.push(Approval {
            id: Some(
                format!("{}-{}", self.release.id, self.approvals.len()).parse().expect("an id"),
            ),
            release: Some(self.release.id.clone()),
            by,
            roles: vec!["model-risk".into()],
            vote,
            comment: comment.into(),
            inputs_digest: digest,
            at: moment(minute),
        });
    }

    pub(super) fn decide(&mut self, outcome: Outcome, findings: Vec<Finding>, minute: u32) {
        let inputs = self.inputs();
        let inputs_digest = inputs.digest().expect("a digest");
        let votes =
            |vote| self.approvals.iter().filter(|a| a.vote == vote).count().try_into().unwrap_or(0);
        let count = ApprovalCount {
            policy: "credit-risk".into(),
            id: "model-risk".into(),
            role: "model-risk".into(),
            needed: 2,
            given: votes(Vote::Approve),
            rejected: votes(Vote::Reject),
            people: self
                .approvals
                .iter()
                .filter(|a| a.vote == Vote::Approve)
                .map(|a| a.by.id.clone())
                .collect(),
            until: None,
        };
        let verdict = Verdict {
            verdict: outcome,
            model: inputs.model.clone(),
            artifact: inputs.artifact,
            environment: inputs.environment.clone(),
            inputs_digest,
            policies: policies(),
            findings,
            approvals: vec![count],
            engine: Engine { semantics: SEMANTICS },
        };
        let index =
            self.release.log_index + 3 + u64::try_from(self.decisions.len()).unwrap_or(0) * 3;
        let record = Record {
            inputs_digest,
            inputs,
            approvals: self.approvals.clone(),
            decided_at: moment(minute),
            verdict,
            engine: Engine { semantics: SEMANTICS },
        };
        self.decisions.push(Decision {
            id: format!("d-{}-{}", self.release.id, self.decisions.len()).parse().expect("an id"),
            release: self.release.id.clone(),
            trigger: None,
            record,
            record_index: index,
            vsa_index: matches!(outcome, Outcome::Allow | Outcome::Deny).then_some(index + 1),
        });
    }
}

fn moment(minute: u32) -> Timestamp {
    at(&format!("2026-11-20T{:02}:{:02}:07Z", 9 + minute / 60, minute % 60))
}

fn policies() -> Vec<PolicySummary> {
    let policy = |name: &str, mode| PolicySummary {
        name: name.into(),
        digest: Digest::of(name.as_bytes()),
        mode,
    };
    vec![policy("credit-risk", Mode::Enforce), policy("green-ai", Mode::Observe)]
}

/// Refused, with every kind of finding.
pub fn denied() -> Story {
    let mut story = Story::new("r-2043", "2026.11.3-rc1", 150, 24);
    story.decide(Outcome::Deny, findings::bad(), 150);
    story
}

/// Every rule passes; one of two approvals is given.
pub fn pending() -> Story {
    let mut story = Story::new("r-2044", "2026.11.3", 170, 34);
    story.decide(Outcome::Pending, findings::good(), 170);
    story.vote(
        person("user:mia", "Mia Chen"),
        Vote::Approve,
        "Bounds are well clear of every limit. Fine by me.",
        181,
    );
    story.decide(Outcome::Pending, findings::good(), 181);
    story
}

/// Approved by two and allowed.
pub fn allowed() -> Story {
    let mut story = Story::new("r-2039", "2026.10.1", 10, 0);
    story.decide(Outcome::Pending, findings::good(), 10);
    story.vote(person("user:mia", "Mia Chen"), Vote::Approve, "", 20);
    story.vote(
        person("user:bo", "Bo Lindqvist"),
        Vote::Approve,
        "Compared with September by hand.",
        31,
    );
    story.decide(Outcome::Allow, findings::good(), 31);
    story
}

/// Allowed at first, then revoked.
pub fn revoked() -> Story {
    let mut story = allowed();
    story.release.id = "r-2040".parse().expect("an id");
    story.release.version = Some("2026.10.0".into());
    story.release.requested_at = moment(12);
    story.release.log_index = 8;
    let release = story.release.id.clone();
    story.approvals.iter_mut().for_each(|a| a.release = Some(release.clone()));
    story.decisions.iter_mut().for_each(|d| d.release = release.clone());
    story.decide(Outcome::Revoked, findings::good(), 95);
    story
}

/// Requested and not decided yet.
pub fn undecided() -> Story {
    let mut story = Story::new("r-2042", "2026.11.2", 140, 22);
    story.release.version = None;
    story.release.comment.clear();
    story
}

/// A release in which every text is hostile.
pub fn hostile() -> Story {
    let mut story = Story::new("r-666", HOSTILE, 120, 14);
    story.release.comment = HOSTILE.into();
    story.release.submitter = person("user:m", HOSTILE);
    story.vote(person("user:n", HOSTILE), Vote::Reject, HOSTILE, 121);
    let bare = findings::bare("credit-risk", HOSTILE, Status::Fail, HOSTILE);
    let drawn =
        findings::with(bare, HOSTILE, (Some(-1e300), Some(0.0), Some(1e-300)), Op::AtLeast, 1e300);
    let sliced = Finding { slice: Slice::one(HOSTILE, HOSTILE), ..drawn };
    story.decide(Outcome::Deny, vec![sliced], 121);
    if let Some(decision) = story.decisions.last_mut() {
        decision.record.inputs.context.insert(HOSTILE.into(), HOSTILE.into());
        for evidence in &mut decision.record.inputs.evidence {
            evidence.format = HOSTILE.into();
        }
    }
    story
}

/// The report of `story` as a document.
pub fn release_report(story: &Story) -> ReleaseReport {
    ReleaseReport::new(&story.release, &story.decisions, &story.approvals, &story.indexes())
}
