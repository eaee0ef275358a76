//! Policy tests: cases in a TOML file, each with its inputs and its expected result.

use crate::{
    evidence,
    model::{
        Approval, Attempt, Claimed, Digest, Environment, Finding, ModelId, ObserveOnly, Outcome,
        Person, Severity, Slice, Status, Submitted, Timestamp, Verdict, Vote,
    },
    policy::{self, Dossier, Policy, Request, Side},
    wire::verdict::VerdictV1,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// A file of cases.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    defaults: Given,
    #[serde(rename = "case", default)]
    cases: Vec<Case>,
}

/// The inputs of a case; a value in the case replaces the one in `[defaults]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    model: Option<ModelId>,
    artifact: Option<Digest>,
    environment: Option<Environment>,
    submitter: Option<String>,
    #[serde(default)]
    context: BTreeMap<String, String>,
    now: Option<Moment>,
    #[serde(default)]
    evidence: Vec<Source>,
    /// The champion's evidence; without it there is no champion.
    champion: Option<Vec<Source>>,
    /// The reference's evidence; without it there is no reference.
    reference: Option<Vec<Source>>,
    /// How many artifacts were evaluated on every data set, including this one.
    tries: Option<u64>,
    /// The result of an environment in which policies only observe; `deny` if absent.
    observe_only: Option<ObserveOnly>,
    #[serde(default)]
    approvals: Vec<Vouch>,
}

/// A case: the fields of [`Given`], which serde cannot both flatten and refuse unknown keys beside.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    model: Option<ModelId>,
    artifact: Option<Digest>,
    environment: Option<Environment>,
    submitter: Option<String>,
    #[serde(default)]
    context: BTreeMap<String, String>,
    now: Option<Moment>,
    #[serde(default)]
    evidence: Vec<Source>,
    champion: Option<Vec<Source>>,
    reference: Option<Vec<Source>>,
    tries: Option<u64>,
    observe_only: Option<ObserveOnly>,
    #[serde(default)]
    approvals: Vec<Vouch>,
    expect: Expect,
}

/// Evidence: a path relative to the file, or a native document written inline.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Source {
    Path(String),
    Inline(toml::Table),
}

/// A time, as text or as a TOML date.
#[derive(Debug, Clone, Copy)]
struct Moment(Timestamp);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = toml::Value::deserialize(deserializer)?;
        let text = match value {
            toml::Value::Datetime(moment) => moment.to_string(),
            toml::Value::String(text) => text,
            other => other.to_string(),
        };
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

/// An approval or a rejection.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vouch {
    by: String,
    roles: Vec<String>,
    #[serde(default = "approve")]
    vote: Vote,
    at: Option<Moment>,
    /// The digest of the inputs that they saw; that of the case if absent.
    inputs_digest: Option<Digest>,
}

const fn approve() -> Vote {
    Vote::Approve
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    verdict: Outcome,
    exit: Option<u8>,
    #[serde(default)]
    findings: Vec<Wanted>,
}

/// An expected finding. Without a slice, it means every finding of the rule.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    rule: String,
    status: Status,
    slice: Option<Slice>,
    severity: Option<Severity>,
}

/// The result of one case.
#[derive(Debug, Clone, Serialize)]
pub struct CaseReport {
    /// Its name.
    pub name: String,
    /// Whether everything was as expected.
    pub passed: bool,
    /// What was not as expected, one sentence each.
    pub differences: Vec<String>,
    /// The verdict; `None` if its evidence could not be read.
    pub verdict: Option<VerdictV1>,
}

/// Why a file of cases cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CasesError {
    /// It is not a valid file of cases.
    #[error("{0}")]
    Syntax(String),
    /// It has no case.
    #[error("the file has no `[[case]]`")]
    Empty,
}

/// Runs every case in `text` against `policy`. `load` reads a path that a case names, or returns
/// why it cannot.
///
/// A case without `now` is evaluated at the latest date in its evidence, so that its result is the
/// same on every day.
///
/// # Errors
/// When `text` is not a file of cases.
pub fn run(
    policy: &Arc<Policy>,
    text: &str,
    load: &dyn Fn(&str) -> Result<Vec<Submitted>, String>,
) -> Result<Vec<CaseReport>, CasesError> {
    let file: File = toml::from_str(text).map_err(|e| CasesError::Syntax(e.to_string()))?;
    if file.cases.is_empty() {
        return Err(CasesError::Empty);
    }
    Ok(file.cases.iter().map(|case| one(policy, &file.defaults, case, load)).collect())
}

fn one(
    policy: &Arc<Policy>,
    defaults: &Given,
    case: &Case,
    load: &dyn Fn(&str) -> Result<Vec<Submitted>, String>,
) -> CaseReport {
    let (verdict, differences) = match judge(policy, defaults, case, load) {
        Ok(verdict) => {
            let differences = compare(&case.expect, &verdict);
            (Some(verdict.into()), differences)
        }
        Err(why) => (None, vec![why]),
    };
    CaseReport { name: case.name.clone(), passed: differences.is_empty(), differences, verdict }
}

fn judge(
    policy: &Arc<Policy>,
    defaults: &Given,
    case: &Case,
    load: &dyn Fn(&str) -> Result<Vec<Submitted>, String>,
) -> Result<Verdict, String> {
    let sources = if case.evidence.is_empty() { &defaults.evidence } else { &case.evidence };
    let all = |sources: &Vec<Source>| {
        let read: Result<Vec<_>, _> = sources.iter().map(|s| read(s, load)).collect();
        read.map(|documents| documents.concat())
    };
    let evidence = all(sources)?;
    let champion = case.champion.as_ref().or(defaults.champion.as_ref()).map(all).transpose()?;
    let reference = case.reference.as_ref().or(defaults.reference.as_ref()).map(all).transpose()?;
    let attempts = case
        .tries
        .or(defaults.tries)
        .map(|tries| attempts(policy, &evidence, tries))
        .unwrap_or_default();
    let mut context = defaults.context.clone();
    context.extend(case.context.clone());
    let request = Request {
        model: case.model.clone().or_else(|| defaults.model.clone()),
        artifact: case.artifact.or(defaults.artifact),
        environment: case.environment.clone().or_else(|| defaults.environment.clone()),
        submitter: case.submitter.clone().or_else(|| defaults.submitter.clone()),
        context,
        observe_only: case.observe_only.or(defaults.observe_only),
    };
    let latest =
        evidence.iter().filter_map(|s| s.evidence.produced_at.or(s.claimed.produced_at)).max();
    let told = case.now.or(defaults.now).map(|m| m.0);
    let now = told.or(latest).unwrap_or_else(|| Timestamp::from_micros(0));

    let side = |evidence| Side { artifact: None, evidence: Arc::new(evidence) };
    let dossier = Dossier {
        request,
        policies: vec![Arc::clone(policy)],
        evidence: Arc::new(evidence),
        champion: champion.map(side),
        reference: reference.map(side),
        attempts,
    };
    let (frozen, _) = dossier.freeze().map_err(|e| e.to_string())?;
    let seen = frozen.inputs_digest;
    let vouches = if case.approvals.is_empty() { &defaults.approvals } else { &case.approvals };
    let approvals: Vec<Approval> = vouches.iter().map(|v| approval(v, seen, now)).collect();
    Ok(frozen.judge(&approvals, now))
}

/// The attempts for every data set of the evidence, all with the number `tries`.
fn attempts(policy: &Policy, evidence: &[Submitted], tries: u64) -> Vec<Attempt> {
    let attempt = |dataset| Attempt { policy: policy.name.clone(), dataset, tries };
    policy::needs::datasets(evidence).into_iter().map(attempt).collect()
}

fn read(
    source: &Source,
    load: &dyn Fn(&str) -> Result<Vec<Submitted>, String>,
) -> Result<Vec<Submitted>, String> {
    let table = match source {
        Source::Path(path) => return load(path),
        Source::Inline(table) => table,
    };
    let mut document = json(&toml::Value::Table(table.clone()));
    if let Some(object) = document.as_object_mut() {
        object.entry("schema").or_insert_with(|| "modelgate.evidence/v1".into());
    }
    let bytes = serde_json::to_vec(&document).map_err(|e| e.to_string())?;
    let evidence =
        evidence::read(&bytes, Some("native")).map_err(|e| format!("the inline evidence: {e}"))?;
    Ok(vec![Submitted { evidence, claimed: Claimed::default(), mapping: None }])
}

/// TOML as JSON; dates become text.
fn json(value: &toml::Value) -> serde_json::Value {
    match value {
        toml::Value::String(text) => text.clone().into(),
        toml::Value::Integer(number) => (*number).into(),
        toml::Value::Float(number) => (*number).into(),
        toml::Value::Boolean(answer) => (*answer).into(),
        toml::Value::Datetime(moment) => moment.to_string().into(),
        toml::Value::Array(list) => list.iter().map(json).collect(),
        toml::Value::Table(table) => table.iter().map(|(k, v)| (k.clone(), json(v))).collect(),
    }
}

fn approval(vouch: &Vouch, seen: Digest, now: Timestamp) -> Approval {
    Approval {
        id: None,
        release: None,
        by: Person { id: vouch.by.clone(), name: vouch.by.clone() },
        roles: vouch.roles.clone(),
        vote: vouch.vote,
        comment: String::new(),
        inputs_digest: vouch.inputs_digest.unwrap_or(seen),
        at: vouch.at.map_or(now, |m| m.0),
    }
}

/// Every difference between `verdict` and the expectation.
fn compare(expect: &Expect, verdict: &Verdict) -> Vec<String> {
    let mut out = Vec::new();
    if verdict.verdict != expect.verdict {
        out.push(format!("the verdict is {}, expected {}", verdict.verdict, expect.verdict));
    }
    if let Some(exit) = expect.exit.filter(|e| *e != verdict.exit_code()) {
        out.push(format!("the exit code is {}, expected {exit}", verdict.exit_code()));
    }
    for wanted in &expect.findings {
        let place = match &wanted.slice {
            Some(slice) => format!("{} for {slice}", wanted.rule),
            None => wanted.rule.clone(),
        };
        let of_rule = |f: &&Finding| {
            f.rule == wanted.rule && wanted.slice.as_ref().is_none_or(|s| *s == f.slice)
        };
        let found: Vec<&Finding> = verdict.findings.iter().filter(of_rule).collect();
        if found.is_empty() {
            out.push(format!("{place} has no finding, expected {}", wanted.status));
        }
        for finding in found {
            if finding.status != wanted.status {
                let said = format!("{} ({})", finding.status, finding.message);
                out.push(format!("{place} is {said}, expected {}", wanted.status));
            } else if wanted.severity.is_some_and(|s| s != finding.severity) {
                out.push(format!("{place} has a severity other than expected"));
            }
        }
    }
    out
}
