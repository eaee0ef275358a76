//! The lines of an audit report, and its CSV.

use super::Audit;
use crate::{
    model::{Approval, Decision, Release, ReleaseId, Status, Vote},
    report::{
        csv,
        values::{Hash, Moment},
        verdict,
    },
};
use serde::Serialize;
use std::collections::BTreeMap;

/// One decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditRow {
    /// When it was made.
    pub at: Moment,
    /// Its id.
    pub decision: String,
    /// The release's id.
    pub release: String,
    /// The model.
    pub model: String,
    /// The version, or nothing.
    pub version: String,
    /// The artifact.
    pub artifact: Option<Hash>,
    /// Where it was to go.
    pub environment: String,
    /// The verdict as JSON has it.
    pub outcome: &'static str,
    /// What it is drawn as.
    pub tone: &'static str,
    /// The verdict as people read it.
    pub word: &'static str,
    /// What it comes from.
    pub because: String,
    /// `policy/rule`, and its answer, of every finding in the way.
    pub blocking: Vec<String>,
    /// The policies, with their digests.
    pub policies: Vec<PolicyLine>,
    /// Who approved these inputs.
    pub approvers: Vec<String>,
    /// Who rejected them.
    pub rejecters: Vec<String>,
    /// Who asked.
    pub submitter: String,
    /// The log index of the record.
    pub record_index: u64,
    /// The digest of everything that went in.
    pub inputs_digest: Hash,
}

/// A policy that took part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyLine {
    /// Its name.
    pub name: String,
    /// The digest of its bytes.
    pub digest: Hash,
}

/// One approval or rejection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VoteLine {
    /// When.
    pub at: Moment,
    /// The release, as a line names it.
    pub release: String,
    /// Who.
    pub by: String,
    /// Their roles.
    pub roles: String,
    /// `Approved` or `Rejected`.
    pub word: &'static str,
    /// The vote as JSON has it.
    pub vote: &'static str,
    /// What they wrote.
    pub comment: String,
    /// The inputs that they saw.
    pub inputs_digest: Hash,
}

/// One finding that a waiver stood in for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OverrideRow {
    /// When it was decided so.
    pub at: Moment,
    /// The decision.
    pub decision: String,
    /// `policy/rule`.
    pub rule: String,
    /// What the finding says.
    pub message: String,
}

/// Releases by id, so that a report of many stays linear.
pub(super) type Releases<'a> = BTreeMap<&'a ReleaseId, &'a Release>;

pub(super) fn row(decision: &Decision, releases: &Releases<'_>) -> AuditRow {
    let record = &decision.record;
    let release = releases.get(&decision.release);
    let names = |vote: Vote| {
        let counts = |a: &&Approval| a.vote == vote && a.inputs_digest == record.inputs_digest;
        record.approvals.iter().filter(counts).map(|a| a.by.name.clone()).collect::<Vec<_>>()
    };
    let headline = verdict::Headline::of(&record.verdict, &record.approvals);
    let mut blocking: Vec<String> =
        record.verdict.blocking().map(|f| format!("{}/{} ({})", f.policy, f.rule, f.status)).collect();
    blocking.dedup();
    AuditRow {
        at: Moment::from(record.decided_at),
        decision: decision.id.to_string(),
        release: decision.release.to_string(),
        model: release
            .map(|r| r.model.to_string())
            .or_else(|| record.inputs.model.as_ref().map(ToString::to_string))
            .unwrap_or_default(),
        version: release.and_then(|r| r.version.clone()).unwrap_or_default(),
        artifact: release.map(|r| &r.artifact).or(record.inputs.artifact.as_ref()).map(Hash::from),
        environment: release
            .map(|r| r.environment.to_string())
            .or_else(|| record.inputs.environment.as_ref().map(ToString::to_string))
            .unwrap_or_default(),
        outcome: headline.outcome,
        tone: headline.tone,
        word: headline.word,
        because: headline.because,
        blocking,
        policies: record
            .verdict
            .policies
            .iter()
            .map(|p| PolicyLine { name: p.name.clone(), digest: Hash::from(&p.digest) })
            .collect(),
        approvers: names(Vote::Approve),
        rejecters: names(Vote::Reject),
        submitter: release
            .map(|r| r.submitter.name.clone())
            .or_else(|| record.inputs.submitter.clone())
            .unwrap_or_default(),
        record_index: decision.record_index,
        inputs_digest: Hash::from(&record.inputs_digest),
    }
}

pub(super) fn votes(approvals: &[Approval], releases: &Releases<'_>) -> Vec<VoteLine> {
    let mut sorted: Vec<&Approval> = approvals.iter().collect();
    sorted.sort_by_key(|a| a.at);
    let line = |a: &Approval| {
        let release = a.release.as_ref().and_then(|id| releases.get(id));
        VoteLine {
            at: Moment::from(a.at),
            release: release.map_or_else(
                || a.release.as_ref().map(ToString::to_string).unwrap_or_default(),
                |r| format!("{} {} to {}", r.model, r.version.as_deref().unwrap_or("(no version)"), r.environment),
            ),
            by: a.by.name.clone(),
            roles: a.roles.join(", "),
            word: if a.vote == Vote::Approve { "Approved" } else { "Rejected" },
            vote: a.vote.as_str(),
            comment: a.comment.clone(),
            inputs_digest: Hash::from(&a.inputs_digest),
        }
    };
    sorted.into_iter().map(line).collect()
}

pub(super) fn overrides(decision: &Decision) -> Vec<OverrideRow> {
    let record = &decision.record;
    let waived = record.verdict.findings.iter().filter(|f| f.status == Status::Waived);
    waived
        .map(|f| OverrideRow {
            at: Moment::from(record.decided_at),
            decision: decision.id.to_string(),
            rule: format!("{}/{}", f.policy, f.rule),
            message: f.message.clone(),
        })
        .collect()
}

const COLUMNS: [&str; 19] = [
    "record",
    "decided_at",
    "decision",
    "release",
    "model",
    "version",
    "artifact",
    "environment",
    "verdict",
    "reason",
    "blocking",
    "policies",
    "approvers",
    "rejecters",
    "submitter",
    "record_index",
    "inputs_digest",
    "total",
    "count",
];

pub(super) fn csv(audit: &Audit) -> String {
    let mut out = String::new();
    csv::record(&mut out, COLUMNS);
    for row in &audit.rows {
        let policies: Vec<String> = row.policies.iter().map(|p| format!("{}@{}", p.name, p.digest.full)).collect();
        let cells = [
            "decision",
            &row.at.iso,
            &row.decision,
            &row.release,
            &row.model,
            &row.version,
            row.artifact.as_ref().map_or("", |a| a.full.as_str()),
            &row.environment,
            row.outcome,
            &row.because,
            &row.blocking.join("; "),
            &policies.join("; "),
            &row.approvers.join("; "),
            &row.rejecters.join("; "),
            &row.submitter,
            &row.record_index.to_string(),
            &row.inputs_digest.full,
            "",
            "",
        ];
        csv::record(&mut out, cells);
    }
    for total in &audit.totals {
        total_record(&mut out, total.name, &total.count.to_string());
    }
    let index = |i: Option<u64>| i.map(|i| i.to_string()).unwrap_or_default();
    let population = &audit.population;
    let facts = [
        ("namespace", audit.namespace.clone()),
        ("from", audit.from.iso.clone()),
        ("to", audit.to.iso.clone()),
        ("log.first_index", index(population.first)),
        ("log.last_index", index(population.last)),
        ("log.tree_size", audit.log.size.to_string()),
        ("log.root", audit.log.root.clone()),
        ("population.complete", population.complete.to_string()),
        ("population.statement", population.statement.clone()),
    ];
    for (name, value) in facts {
        total_record(&mut out, name, &value);
    }
    for problem in &population.problems {
        total_record(&mut out, "population.problem", problem);
    }
    out
}

/// A record of which only the last two columns say something, so that every record has as many.
fn total_record(out: &mut String, name: &str, value: &str) {
    let blank = std::iter::repeat_n("", COLUMNS.len().saturating_sub(3));
    csv::record(out, std::iter::once("total").chain(blank).chain([name, value]));
}
