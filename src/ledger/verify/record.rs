//! What a record says, and that it does not contradict itself.

use super::{report::Steps, signed::Verified};
use crate::ledger::{
    identity,
    statement::{RECORD_TYPE, Statement},
};
use crate::model::{PolicyRef, Record};

/// The record in a verified envelope.
pub(super) fn read(steps: &mut Steps, verified: &Verified) -> Option<Record> {
    const NAME: &str = "record-statement";
    let statement = match Statement::<Record>::parse(&verified.envelope.payload, RECORD_TYPE) {
        Ok(statement) => statement,
        Err(error) => {
            steps.failed(NAME, error.to_string());
            return None;
        }
    };
    let record = &statement.predicate;
    let (model, artifact) = (record.inputs.model.as_ref(), record.inputs.artifact.as_ref());
    let about = statement.subject.iter().any(|subject| {
        Some(&subject.name) == model.map(ToString::to_string).as_ref()
            && Some(&subject.digest.sha256) == artifact.map(crate::model::Digest::hex).as_ref()
    });
    steps.check(NAME, about, "the statement is about the model and the artifact of its record");
    if let (Some(head), Some(model)) = (&verified.head, model) {
        let own = identity::is_of(&head.origin, model.namespace());
        steps.check("record-namespace", own, "the log is that of the model's namespace");
    }
    Some(statement.predicate)
}

/// Checks that the parts of a record agree with each other.
pub(super) fn consistent(steps: &mut Steps, record: &Record) {
    let (inputs, verdict) = (&record.inputs, &record.verdict);
    let digest = inputs.clone().sorted().digest().ok() == Some(record.inputs_digest)
        && inputs.digest().ok() == Some(record.inputs_digest);
    steps.check("inputs-digest", digest, "the record's inputs have the digest that it gives");
    let mut policies: Vec<PolicyRef> = verdict
        .policies
        .iter()
        .map(|p| PolicyRef { name: p.name.clone(), digest: p.digest })
        .collect();
    policies.sort();
    let same = verdict.inputs_digest == record.inputs_digest
        && (&verdict.model, verdict.artifact, &verdict.environment)
            == (&inputs.model, inputs.artifact, &inputs.environment)
        && policies == inputs.policies
        && verdict.engine == record.engine
        && record.engine.semantics == inputs.engine;
    steps.check("verdict-inputs", same, "the verdict is on these inputs, policies and engine");
}
