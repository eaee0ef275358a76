//! One release as a report: what its page and its document both show.

use super::{
    approvals::{self, Requirement, VoteRow},
    findings::{self, Part, PolicyFindings},
    history::{self, Event},
    log_indexes::LogIndexes,
    standing::{self, AttemptRow, BaselineRow},
    values::{Hash, Moment, Pair},
    verdict::Headline,
};
use crate::model::{
    Approval, ApprovalCount, Claimed, Decision, EvidenceRef, Release, Timestamp, Verdict, Vote,
};
use serde::Serialize;

/// One document of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EvidenceRow {
    /// The format that it was read as.
    pub format: String,
    /// The digest of its bytes.
    pub digest: Hash,
    /// What the submission said about it.
    pub claimed: Vec<Pair>,
    /// Its log index, if known.
    pub index: Option<u64>,
}

/// The latest decision, as the log has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecisionRef {
    /// Its id.
    pub id: String,
    /// When it was made.
    pub at: Moment,
    /// The log index of its signed record.
    pub record_index: u64,
    /// The log index of its verification summary.
    pub vsa_index: Option<u64>,
    /// The number of the engine's semantics.
    pub engine: u32,
    /// The digest of the inputs.
    pub inputs_digest: Hash,
}

/// One release, with everything that is known about it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReleaseReport {
    /// The release's id.
    pub id: String,
    /// The model, `namespace/name`.
    pub model: String,
    /// The version, if it has one.
    pub version: Option<String>,
    /// The artifact.
    pub artifact: Hash,
    /// The environment that it is for.
    pub environment: String,
    /// Who requested it.
    pub submitter: String,
    /// Their comment.
    pub comment: Option<String>,
    /// When they requested it.
    pub requested: Moment,
    /// The log index of the request.
    pub request_index: u64,
    /// The verdict as a sentence.
    pub headline: Headline,
    /// The latest decision; `None` before the first.
    pub decision: Option<DecisionRef>,
    /// The findings: all of them, or the part that `part` names.
    pub policies: Vec<PolicyFindings>,
    /// Which part of the findings this is, if it is not all of them.
    pub part: Option<Part>,
    /// The approvals that are required.
    pub requirements: Vec<Requirement>,
    /// The votes.
    pub votes: Vec<VoteRow>,
    /// The evidence of the decision.
    pub evidence: Vec<EvidenceRow>,
    /// What it was compared with.
    pub baselines: Vec<BaselineRow>,
    /// How often its test sets were used.
    pub attempts: Vec<AttemptRow>,
    /// The context that the submission gave.
    pub context: Vec<Pair>,
    /// What happened, oldest first.
    pub history: Vec<Event>,
}

impl ReleaseReport {
    /// The report of `release` from its rows: `decisions` oldest first, `approvals` in any order.
    pub fn new(
        release: &Release,
        decisions: &[Decision],
        approvals: &[Approval],
        indexes: &LogIndexes,
    ) -> Self {
        let verdict = decisions.last().map(|d| &d.record.verdict);
        let shown = (verdict.map(findings::groups).unwrap_or_default(), None);
        Self::showing(shown, release, decisions, approvals, indexes)
    }

    /// The report with one part of the findings, counted from 1, if they are too many for a page.
    pub fn part(
        part: usize,
        release: &Release,
        decisions: &[Decision],
        approvals: &[Approval],
        indexes: &LogIndexes,
    ) -> Self {
        let verdict = decisions.last().map(|d| &d.record.verdict);
        let shown = verdict.map(|verdict| findings::part(verdict, part)).unwrap_or_default();
        Self::showing(shown, release, decisions, approvals, indexes)
    }

    fn showing(
        (policies, part): (Vec<PolicyFindings>, Option<Part>),
        release: &Release,
        decisions: &[Decision],
        approvals: &[Approval],
        indexes: &LogIndexes,
    ) -> Self {
        let latest = decisions.last();
        let record = latest.map(|d| &d.record);
        let inputs = record.map(|r| &r.inputs);
        let headline =
            record.map_or_else(Headline::undecided, |r| Headline::of(&r.verdict, &r.approvals));
        Self {
            id: release.id.to_string(),
            model: release.model.to_string(),
            version: release.version.clone(),
            artifact: Hash::from(&release.artifact),
            environment: release.environment.to_string(),
            submitter: release.submitter.name.clone(),
            comment: (!release.comment.is_empty()).then(|| release.comment.clone()),
            requested: Moment::from(release.requested_at),
            request_index: release.log_index,
            headline,
            decision: latest.map(decision),
            policies,
            part,
            requirements: record
                .map(|r| approvals::requirements(&r.verdict, &r.verdict.approvals, approvals))
                .unwrap_or_default(),
            votes: approvals::votes(
                approvals,
                record.map(|r| &r.inputs_digest),
                &indexes.approvals,
            ),
            evidence: inputs
                .map(|i| i.evidence.iter().map(|e| evidence(e, indexes)).collect())
                .unwrap_or_default(),
            baselines: inputs.map(standing::baselines).unwrap_or_default(),
            attempts: inputs.map(standing::attempts).unwrap_or_default(),
            context: inputs
                .map(|i| i.context.iter().map(|(k, v)| Pair::new(k, v)).collect())
                .unwrap_or_default(),
            history: history::events(release, decisions, approvals, indexes),
        }
    }

    /// The report at a later moment: `counts` are the approvals that are valid then, `ended` is
    /// since when the approvals of an allow are too few.
    #[must_use]
    pub fn as_of_now(
        mut self,
        verdict: &Verdict,
        approvals: &[Approval],
        counts: &[ApprovalCount],
        ended: Option<Timestamp>,
    ) -> Self {
        self.requirements = approvals::requirements(verdict, counts, approvals);
        let expired = approvals::expired(verdict, counts, approvals);
        for row in self
            .votes
            .iter_mut()
            .filter(|row| row.void.is_none() && row.vote == Vote::Approve.as_str())
        {
            row.void = expired
                .contains(&row.person.as_str())
                .then_some("expired, so it is no longer valid");
        }
        if let Some(at) = ended {
            self.headline = Headline::ended(at);
        }
        self
    }
}

fn decision(decision: &Decision) -> DecisionRef {
    DecisionRef {
        id: decision.id.to_string(),
        at: Moment::from(decision.record.decided_at),
        record_index: decision.record_index,
        vsa_index: decision.vsa_index,
        engine: decision.record.engine.semantics,
        inputs_digest: Hash::from(&decision.record.inputs_digest),
    }
}

/// What a submission said about a document.
pub fn claims(claimed: &Claimed) -> Vec<Pair> {
    let subject = claimed.subject.as_ref();
    let pairs = [
        subject.and_then(|s| s.model.as_ref()).map(|m| Pair::new("model", m.to_string())),
        subject.and_then(|s| s.version.as_ref()).map(|v| Pair::new("version", v)),
        subject.and_then(|s| s.digest.as_ref()).map(|d| Pair::new("artifact", d.to_string())),
        claimed.dataset.as_ref().map(|d| Pair::new("dataset", d)),
        claimed.produced_at.map(|t| Pair::new("produced at", Moment::from(t).text)),
    ];
    pairs.into_iter().flatten().collect()
}

fn evidence(row: &EvidenceRef, indexes: &LogIndexes) -> EvidenceRow {
    EvidenceRow {
        format: row.format.clone(),
        digest: Hash::from(&row.digest),
        claimed: row.claimed.as_ref().map(claims).unwrap_or_default(),
        index: indexes.evidence.get(&row.digest).copied(),
    }
}
