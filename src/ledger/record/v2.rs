//! Version 2: what a reader needs at once, and the digests of the documents with the rest: the
//! inputs, the verdict, and the approvals.

use super::{
    V2, about,
    documents::{self, PolicyDocument, VerdictDocument},
    malformed,
};
use crate::{
    ledger::{
        LedgerError,
        statement::{self, Statement},
    },
    model::{
        DecisionId, Digest, Engine, Environment, Inputs, ModelId, Outcome, Record, ReleaseId,
        Status, Timestamp, Trigger,
    },
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;

/// A record of version 2.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseDecision {
    /// The id of the decision.
    pub decision: DecisionId,
    /// The release that it decides.
    pub release: ReleaseId,
    /// The number of earlier decisions on the release.
    pub seq: u64,
    /// What it was made for.
    pub trigger: Trigger,
    /// When, which is the `now` that it was made with.
    pub decided_at: Timestamp,
    /// The model.
    pub model: ModelId,
    /// The artifact.
    pub artifact: Digest,
    /// The environment.
    pub environment: Environment,
    /// What was decided.
    pub verdict: Outcome,
    /// The exit code of commands for this verdict.
    pub exit_code: u8,
    /// The moment from which an allow has too few approvals, if they expire.
    pub until: Option<Timestamp>,
    /// The policies that were applied.
    pub policies: Vec<PolicyDocument>,
    /// How many findings have each status.
    pub findings: BTreeMap<Status, u64>,
    /// The digest of the inputs' canonical JSON.
    pub inputs_digest: Digest,
    /// The digest of the verdict's canonical JSON.
    pub verdict_digest: Digest,
    /// The digest of the canonical JSON of each approval that was considered, in the order in which
    /// they were given.
    pub approvals: Vec<Digest>,
    /// The engine that computed the verdict.
    pub engine: Engine,
}

/// What a record names besides what the decision was made from and with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The id of the decision.
    pub decision: DecisionId,
    /// The release that it decides.
    pub release: ReleaseId,
    /// The number of earlier decisions on the release.
    pub seq: u64,
    /// What it was made for.
    pub trigger: Trigger,
}

/// The documents of a decision, as canonical JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents<'d> {
    /// The inputs.
    pub inputs: &'d [u8],
    /// The verdict.
    pub verdict: &'d [u8],
    /// The approvals that were considered, in the order in which they were given.
    pub approvals: Vec<&'d [u8]>,
}

pub(super) fn parse(payload: &[u8]) -> Result<ReleaseDecision, LedgerError> {
    let statement = Statement::<ReleaseDecision>::parse(payload, V2)?;
    let said = &statement.predicate;
    about(&statement, &said.model.to_string(), &said.artifact.hex())?;
    Ok(statement.predicate)
}

impl ReleaseDecision {
    /// What a record of version 2 says about this decision.
    ///
    /// # Errors
    /// If the decision names no model, artifact or environment, or contains a number that JSON cannot
    /// express.
    pub fn of(context: Context, record: &Record) -> Result<Self, LedgerError> {
        let approvals = record.approvals.iter().map(documents::approval_digest);
        let verdict = Digest::of(&documents::verdict_bytes(&record.verdict)?);
        Self::with(context, record, verdict, approvals.collect::<Result<_, _>>()?)
    }

    /// The same, of a decision whose documents have these digests.
    ///
    /// # Errors
    /// If the decision names no model, artifact or environment.
    pub fn with(
        context: Context,
        record: &Record,
        verdict_digest: Digest,
        approvals: Vec<Digest>,
    ) -> Result<Self, LedgerError> {
        let Context { decision, release, seq, trigger } = context;
        let target = statement::target(record)?;
        let verdict = &record.verdict;
        let mut findings = BTreeMap::new();
        for finding in &verdict.findings {
            *findings.entry(finding.status).or_default() += 1;
        }
        Ok(Self {
            decision,
            release,
            seq,
            trigger,
            decided_at: record.decided_at,
            model: target.model.clone(),
            artifact: *target.artifact,
            environment: target.environment.clone(),
            verdict: verdict.verdict,
            exit_code: verdict.exit_code(),
            until: verdict.until().filter(|_| verdict.verdict == Outcome::Allow),
            policies: verdict.policies.iter().cloned().map(Into::into).collect(),
            findings,
            inputs_digest: record.inputs_digest,
            verdict_digest,
            approvals,
            engine: record.engine,
        })
    }

    /// The statement of this record, in canonical JSON: the payload to sign.
    ///
    /// # Errors
    /// Never in practice: a record contains no number that JSON cannot express.
    pub fn statement(&self) -> Result<Vec<u8>, LedgerError> {
        statement::bytes(&self.model, &self.artifact, V2, self)
    }

    /// Everything that the decision was made from and with.
    ///
    /// # Errors
    /// If a document is absent, does not have its digest, or cannot be read.
    pub fn record(&self, documents: &Contents<'_>) -> Result<Record, LedgerError> {
        let given: Vec<Digest> =
            documents.approvals.iter().map(|bytes| Digest::of(bytes)).collect();
        if given != self.approvals {
            return Err(malformed("its approvals are not those that it was made with"));
        }
        let approvals = documents.approvals.iter().map(|bytes| documents::approval(bytes));
        let (inputs, verdict) = (documents.inputs, documents.verdict);
        Ok(Record {
            inputs_digest: self.inputs_digest,
            inputs: document::<Inputs>("inputs.json", inputs, &self.inputs_digest)?,
            approvals: approvals.collect::<Result<_, _>>()?,
            decided_at: self.decided_at,
            verdict: document::<VerdictDocument>("verdict.json", verdict, &self.verdict_digest)?
                .into(),
            engine: self.engine,
        })
    }

    /// Whether this is what a record of the decision says, so that no part of it contradicts the
    /// documents. Its own id, its number and its trigger are in none of them.
    pub(in crate::ledger) fn agrees(&self, record: &Record) -> bool {
        let context = Context {
            decision: self.decision.clone(),
            release: self.release.clone(),
            seq: self.seq,
            trigger: self.trigger,
        };
        Self::of(context, record).is_ok_and(|said| said == *self)
    }
}

fn document<D: DeserializeOwned>(
    what: &str,
    bytes: &[u8],
    digest: &Digest,
) -> Result<D, LedgerError> {
    if bytes.is_empty() {
        return Err(malformed(format!("{what} is missing")));
    }
    if Digest::of(bytes) != *digest {
        return Err(malformed(format!("{what} was changed: it does not have the digest {digest}")));
    }
    serde_json::from_slice(bytes).map_err(|error| malformed(format!("{what}: {error}")))
}
