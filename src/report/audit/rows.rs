//! The lines of an audit report.

use crate::{
    model::{
        Approval, Decision, Digest, Environment, Finding, ModelId, Release, Status, Timestamp, Vote,
    },
    report::{
        values::{Hash, Moment},
        verdict,
    },
};
use serde::Serialize;

/// One decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditRow {
    /// When it went into the log.
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
    /// The environment that it was for.
    pub environment: String,
    /// The verdict as JSON has it.
    pub outcome: &'static str,
    /// The tone that it is drawn in.
    pub tone: &'static str,
    /// The verdict as people read it.
    pub word: &'static str,
    /// The reason for it.
    pub because: String,
    /// `policy/rule`, its group and its answer, of the findings that block: the first ones.
    pub blocking: Vec<String>,
    /// The same of the findings that would block if their policy enforced and did not only observe.
    pub observed: Vec<String>,
    /// The policies, with their digests.
    pub policies: Vec<PolicyLine>,
    /// Who approved these inputs.
    pub approvers: Vec<String>,
    /// Who rejected them.
    pub rejecters: Vec<String>,
    /// Who requested it.
    pub submitter: String,
    /// The log index of the record.
    pub record_index: u64,
    /// The digest of everything that went in.
    pub inputs_digest: Hash,
}

/// A policy that was applied.
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
    /// When it went into the log.
    pub at: Moment,
    /// The release, as a line names it.
    pub release: String,
    /// Who voted.
    pub by: String,
    /// Their roles.
    pub roles: String,
    /// `Approved` or `Rejected`.
    pub word: &'static str,
    /// The vote as JSON has it.
    pub vote: &'static str,
    /// Their comment.
    pub comment: String,
    /// The inputs that they saw.
    pub inputs_digest: Hash,
}

/// A policy that was published, or a user who was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangeLine {
    /// When it went into the log.
    pub at: Moment,
    /// `policy` or `user`.
    pub kind: &'static str,
    /// The name of the policy or user.
    pub subject: String,
    /// What changed, as a sentence.
    pub what: String,
    /// Who changed it; empty for a command of the operator.
    pub by: String,
    /// The log index of its entry.
    pub log_index: u64,
}

/// The most findings that one line names.
const NAMED: usize = 20;

/// `policy/rule group (status)` of findings, each once.
fn named<'a>(findings: impl Iterator<Item = &'a Finding>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut more = 0_usize;
    for f in findings {
        let group = if f.slice.is_overall() { String::new() } else { format!(" {}", f.slice) };
        let name = format!("{}/{}{group} ({})", f.policy, f.rule, f.status);
        if names.last() == Some(&name) {
            continue;
        }
        if names.len() < NAMED {
            names.push(name);
        } else {
            more += 1;
        }
    }
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    names
}

/// One finding that was waived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OverrideRow {
    /// When that went into the log.
    pub at: Moment,
    /// The decision.
    pub decision: String,
    /// `policy/rule`.
    pub rule: String,
    /// What the finding says.
    pub message: String,
}

/// The requested release, as the lines name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedFor {
    /// The model; absent in requests of earlier versions, whose decisions state it.
    pub model: Option<ModelId>,
    /// The version, if it has one.
    pub version: Option<String>,
    /// The artifact; absent as the model is.
    pub artifact: Option<Digest>,
    /// The environment that it was for; absent as the model is.
    pub environment: Option<Environment>,
    /// Who requested it.
    pub submitter: String,
}

impl From<&Release> for AskedFor {
    fn from(release: &Release) -> Self {
        Self {
            model: Some(release.model.clone()),
            version: release.version.clone(),
            artifact: Some(release.artifact),
            environment: Some(release.environment.clone()),
            submitter: release.submitter.name.clone(),
        }
    }
}

impl AuditRow {
    /// The line of a decision whose record went into the log `at` that moment.
    pub fn new(at: Timestamp, decision: &Decision, asked: Option<&AskedFor>) -> Self {
        let record = &decision.record;
        let inputs = &record.inputs;
        let names = |vote: Vote| {
            let counts = |a: &&Approval| a.vote == vote && a.inputs_digest == record.inputs_digest;
            record.approvals.iter().filter(counts).map(|a| a.by.name.clone()).collect::<Vec<_>>()
        };
        let headline = verdict::Headline::of(&record.verdict, &record.approvals);
        let policy = |p: &crate::model::PolicySummary| PolicyLine {
            name: p.name.clone(),
            digest: Hash::from(&p.digest),
        };
        let or = |asked: Option<String>, said: Option<String>| asked.or(said).unwrap_or_default();
        Self {
            at: Moment::from(at),
            decision: decision.id.to_string(),
            release: decision.release.to_string(),
            model: or(
                asked.and_then(|a| a.model.as_ref()).map(ToString::to_string),
                inputs.model.as_ref().map(ToString::to_string),
            ),
            version: asked.and_then(|a| a.version.clone()).unwrap_or_default(),
            artifact: asked
                .and_then(|a| a.artifact.as_ref())
                .or(inputs.artifact.as_ref())
                .map(Hash::from),
            environment: or(
                asked.and_then(|a| a.environment.as_ref()).map(ToString::to_string),
                inputs.environment.as_ref().map(ToString::to_string),
            ),
            outcome: headline.outcome,
            tone: headline.tone,
            word: headline.word,
            because: headline.because,
            blocking: named(record.verdict.blocking()),
            observed: named(record.verdict.observed_failures()),
            policies: record.verdict.policies.iter().map(policy).collect(),
            approvers: names(Vote::Approve),
            rejecters: names(Vote::Reject),
            submitter: or(asked.map(|a| a.submitter.clone()), inputs.submitter.clone()),
            record_index: decision.record_index,
            inputs_digest: Hash::from(&record.inputs_digest),
        }
    }
}

impl VoteLine {
    /// The line of an approval or rejection that went into the log `at` that moment.
    pub fn new(at: Timestamp, approval: &Approval, asked: Option<&AskedFor>) -> Self {
        let id = || approval.release.as_ref().map(ToString::to_string).unwrap_or_default();
        let version = |a: &AskedFor| a.version.clone().unwrap_or_else(|| "(no version)".to_owned());
        Self {
            at: Moment::from(at),
            release: asked
                .and_then(|a| Some((a.model.as_ref()?, version(a), a.environment.as_ref()?)))
                .map_or_else(id, |(model, version, to)| format!("{model} {version} to {to}")),
            by: approval.by.name.clone(),
            roles: approval.roles.join(", "),
            word: if approval.vote == Vote::Approve { "Approved" } else { "Rejected" },
            vote: approval.vote.as_str(),
            comment: approval.comment.clone(),
            inputs_digest: Hash::from(&approval.inputs_digest),
        }
    }
}

impl OverrideRow {
    /// The findings of a decision that were waived.
    pub fn all(at: Timestamp, decision: &Decision) -> Vec<Self> {
        let waived = decision.record.verdict.findings.iter().filter(|f| f.status == Status::Waived);
        waived
            .map(|f| Self {
                at: Moment::from(at),
                decision: decision.id.to_string(),
                rule: format!("{}/{}", f.policy, f.rule),
                message: f.message.clone(),
            })
            .collect()
    }
}
