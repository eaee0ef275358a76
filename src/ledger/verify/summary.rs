//! Checks the verification summary: it must say what the record says, and nothing else.

use super::{
    VSA_TYPE,
    report::{Proved, Steps},
    signed::Verified,
};
use crate::ledger::{
    Checkpoint, LedgerError, bundle, identity,
    record::Stated,
    statement::{Statement, Vsa},
};
use crate::model::{Digest, ModelId, Outcome, Record};

const NAME: &str = "decision-statement";

/// Checks the summary against the record, which was verified first.
pub(super) fn check(
    steps: &mut Steps,
    (stated, record): (&Stated, &Record),
    verified: &Verified,
    decided: Option<&Verified>,
    bundle: Option<&[u8]>,
) {
    let Some(decided) = decided else { return };
    match Statement::<Vsa>::parse(&decided.envelope.payload, VSA_TYPE) {
        Err(error) => steps.failed(NAME, error.to_string()),
        Ok(statement) => match contradiction((stated, record), verified, &statement) {
            None => steps.ok(NAME, "the verification summary says what the record says"),
            Some(part) => steps
                .failed(NAME, format!("the verification summary and the record differ in {part}")),
        },
    }
    let order = decided.proof.as_ref().zip(verified.proof.as_ref()).map(|(d, r)| {
        d.index > r.index
            && d.checkpoint == r.checkpoint
            && decided.key == verified.key
            && decided.log == verified.log
    });
    let said =
        "record and summary have one key, one log and one checkpoint, the summary after the record";
    steps.check("decision-same-log", order == Some(true), said);
    let rebuilt =
        decided.proof.as_ref().zip(decided.log.as_ref()).and_then(|(proof, log)| {
            bundle::bundle(&decided.envelope, &decided.leaf, proof, log).ok()
        });
    let same = rebuilt.is_some() && rebuilt.as_deref() == bundle;
    steps.check(
        "decision-bundle",
        same,
        "decision.sigstore.json contains this envelope, entry, proof and checkpoint",
    );
}

/// The part of the summary that does not follow from the record; `None` when all of it does.
fn contradiction(
    (stated, record): (&Stated, &Record),
    verified: &Verified,
    statement: &Statement<Vsa>,
) -> Option<&'static str> {
    let said = &statement.predicate;
    let first = said.input_attestations.first().map(|a| a.uri.clone()).unwrap_or_default();
    let envelope = Digest::of(&verified.envelope.to_bytes());
    let Ok(wanted) = Vsa::of(record, said.verifier.clone(), first.clone(), &envelope) else {
        return Some("whether a summary is due");
    };
    let subject = statement.subject.iter().all(|s| {
        Some(&s.digest.sha256) == record.inputs.artifact.map(|d| d.hex()).as_ref()
            && Some(&s.name) == record.inputs.model.as_ref().map(ToString::to_string).as_ref()
    });
    let id = &said.verifier.id;
    [
        (subject, "the artifact"),
        (
            record
                .inputs
                .model
                .as_ref()
                .is_some_and(|m| is_verifier(id, m, verified.head.as_ref())),
            "who decided",
        ),
        (
            first.strip_prefix(&format!("{id}/decisions/")).is_some_and(|said| match stated {
                // Version 1 does not name its decision.
                Stated::V1(_) => !said.is_empty(),
                Stated::V2(decision) => said == decision.decision.as_str(),
            }),
            "the decision's address",
        ),
        (wanted.verification_result == said.verification_result, "the result"),
        (wanted.resource_uri == said.resource_uri, "model and environment"),
        (wanted.policy == said.policy, "the policy"),
        (wanted.input_attestations == said.input_attestations, "what went in"),
        (wanted.time_verified == said.time_verified, "the time"),
        (wanted == *said, "its levels or versions"),
    ]
    .into_iter()
    .find(|(holds, _)| !holds)
    .map(|(_, part)| part)
}

/// Whether `id` is an address of the model's namespace, at the service whose log this is.
fn is_verifier(id: &str, model: &ModelId, head: Option<&Checkpoint>) -> bool {
    let namespace = model.namespace();
    let Some(public_url) = id.strip_suffix(&format!("/{namespace}")) else { return false };
    let web = public_url.starts_with("https://") || public_url.starts_with("http://");
    web && head.is_none_or(|head| identity::belongs(&head.origin, public_url, namespace))
}

/// The claim that a summary proves without its record.
pub(super) fn alone(steps: &mut Steps, verified: &Verified) -> Option<Proved> {
    let statement = Statement::<Vsa>::parse(&verified.envelope.payload, VSA_TYPE);
    let read = statement.and_then(|statement| proved(&statement, verified));
    steps.result(NAME, read, "it is a verification summary of one artifact, model and environment")
}

fn proved(statement: &Statement<Vsa>, verified: &Verified) -> Result<Proved, LedgerError> {
    let error = |why: &str| LedgerError::malformed("a verification summary", why);
    let said = &statement.predicate;
    let levels: Vec<&str> = said.verified_levels.iter().map(String::as_str).collect();
    let (verdict, exit_code) = match (said.verification_result.as_str(), levels.as_slice()) {
        ("PASSED", ["GATE_RELEASE_ALLOWED"]) => (Outcome::Allow, 0),
        ("FAILED", ["FAILED"]) => (Outcome::Deny, 1),
        _ => return Err(error("its result and levels are not ones that modelgate issues")),
    };
    let subject = statement.subject.first().ok_or_else(|| error("it has no subject"))?;
    let model: ModelId = subject.name.parse().map_err(|_| error("it is not about a model"))?;
    let artifact = format!("sha256:{}", subject.digest.sha256)
        .parse()
        .map_err(|_| error("it names no artifact"))?;
    let prefix = format!("{}/models/{}/environments/", said.verifier.id, model.name());
    let environment = said.resource_uri.strip_prefix(&prefix).and_then(|text| text.parse().ok());
    if environment.is_none() || !is_verifier(&said.verifier.id, &model, verified.head.as_ref()) {
        return Err(error("its addresses are not those of its model and log"));
    }
    let decided_at = said.time_verified.clone();
    let (model, artifact) = (Some(model), Some(artifact));
    Ok(Proved {
        verdict,
        model,
        artifact,
        environment,
        decided_at,
        until: None,
        tells_expiry: false,
        exit_code,
    })
}
