//! What a record says, and that it does not contradict itself.

use super::{report::Steps, signed::Verified};
use crate::ledger::{identity, record::Stated};
use crate::model::{ModelId, PolicyRef, Record};

/// What the record in a verified envelope says.
pub(super) fn read(steps: &mut Steps, verified: &Verified) -> Option<Stated> {
    let stated = Stated::parse(&verified.envelope.payload);
    let said = "the statement is about the model and the artifact of its record";
    let stated = steps.result("record-statement", stated, said)?;
    if let (Some(head), Some(model)) = (&verified.head, model(&stated)) {
        let own = identity::is_of(&head.origin, model.namespace());
        steps.check("record-namespace", own, "the log is that of the model's namespace");
    }
    Some(stated)
}

fn model(stated: &Stated) -> Option<&ModelId> {
    match stated {
        Stated::V1(record) => record.inputs.model.as_ref(),
        Stated::V2(decision) => Some(&decision.model),
    }
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
