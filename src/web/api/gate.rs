//! `/api/v1/gate`: the query of deploy tools.

use crate::web::extract::Query;
use crate::{
    app::gate::standing::Standing,
    model::{ApprovalCount, Decision, Digest, Environment, ModelId, ObserveOnly, Outcome, Verdict},
    web::{Web, extract::Bearer, problem::Answer},
    wire::{
        common::ProblemV1,
        release::{GateDataV1, GateV1},
    },
};
use axum::{Json, extract::State};
use serde::Deserialize;
use std::collections::BTreeSet;
use utoipa::IntoParams;

/// The artifact and the environment in question.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GateQuery {
    /// The model, `namespace/name`.
    #[param(value_type = String)]
    model: ModelId,
    /// The artifact, `sha256:<hex>`.
    #[param(value_type = String)]
    digest: Digest,
    /// The environment that it is for.
    #[param(value_type = String)]
    environment: Environment,
}

/// Ask whether an artifact is allowed in an environment now. The status is 200 for every verdict.
#[utoipa::path(
    get, path = "/api/v1/gate", tag = "gate", params(GateQuery),
    responses((status = 200, body = GateV1), (status = 400, body = ProblemV1), (status = 401, body = ProblemV1)),
    security(("token" = []))
)]
pub async fn get(
    State(web): State<Web>,
    Bearer(actor): Bearer,
    Query(query): Query<GateQuery>,
) -> Answer<Json<GateV1>> {
    let found = web.service.gate(&actor, &query.model, &query.digest, &query.environment).await?;
    Ok(Json(GateV1 {
        data: found.map_or_else(unasked, |(decision, standing)| answer(decision, &standing)),
    }))
}

/// The answer if no release was ever requested: without one there is no permission.
fn unasked() -> GateDataV1 {
    let reason = "no release of this artifact to this environment was ever requested".to_owned();
    GateDataV1 {
        ok: false,
        verdict: Outcome::Deny,
        release: None,
        decision: None,
        reasons: vec![reason],
        until: None,
    }
}

/// The maximum number of reasons in an answer; the release has them all.
const MOST_REASONS: usize = 50;

fn some(mut reasons: impl Iterator<Item = String>) -> Vec<String> {
    let mut told: Vec<String> = reasons.by_ref().take(MOST_REASONS).collect();
    match reasons.count() {
        0 => {}
        more => told.push(format!("and {more} more; see the release")),
    }
    told
}

const UNVOUCHED: &str =
    "only observing policies evaluated this release, and none enforces; submit it again";

fn answer(decision: Decision, standing: &Standing) -> GateDataV1 {
    let verdict = &decision.record.verdict;
    // Earlier versions allowed every release that policies only observed. Such an allow is not a
    // permission.
    let vouched =
        verdict.is_enforced() || decision.record.inputs.observe_only == Some(ObserveOnly::Allow);
    let unvouched = verdict.verdict == Outcome::Allow && !vouched;
    let ok = verdict.verdict == Outcome::Allow && vouched && standing.ended.is_none();
    // The word must not be `allow` when the answer is no: some callers read only the word.
    let said = match (unvouched, standing.ended) {
        (true, _) => Outcome::Deny,
        (false, Some(_)) => Outcome::Pending,
        (false, None) => verdict.verdict,
    };
    let mut reasons = Vec::new();
    if !ok {
        reasons.extend(unvouched.then(|| UNVOUCHED.to_owned()));
        reasons.extend(self::reasons(verdict, standing));
    }
    let until = verdict.until().filter(|_| ok);
    GateDataV1 {
        ok,
        verdict: said,
        release: Some(decision.release),
        decision: Some(decision.id),
        reasons,
        until,
    }
}

/// Why the artifact is not allowed.
fn reasons(verdict: &Verdict, standing: &Standing) -> Vec<String> {
    let findings = some(verdict.blocking().map(|finding| finding.message.clone())).into_iter();
    let ended = standing
        .ended
        .map(|at| format!("its approvals expired at {at}; it must be approved again"));
    let rejected = verdict
        .approvals
        .iter()
        .filter(|a| a.rejected > 0)
        .map(|a| format!("{} rejected it", a.role));
    let missing =
        standing.approvals.iter().filter(|a| a.given < a.needed).map(ApprovalCount::sentence);
    let mut all: Vec<String> = findings.chain(ended).chain(rejected).chain(missing).collect();
    all.extend(standing.obstacle.as_ref().map(|obstacle| obstacle.message.clone()));
    let mut seen = BTreeSet::new();
    all.retain(|reason| seen.insert(reason.clone()));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ledger::record::RecordDocument, model::Record};
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    #[derive(Deserialize)]
    struct Envelope {
        payload: String,
    }

    #[derive(Deserialize)]
    struct Statement {
        predicate: RecordDocument,
    }

    #[test]
    fn an_earlier_allow_that_was_only_observed_is_no_permission() {
        // From the version before the second semantics.
        let text =
            include_str!("../../../tests/fixtures/first-semantics/observed/record.dsse.json");
        let envelope: Envelope = serde_json::from_str(text).unwrap();
        let payload = STANDARD.decode(envelope.payload).unwrap();
        let record: Record =
            serde_json::from_slice::<Statement>(&payload).unwrap().predicate.into();
        assert_eq!(record.verdict.verdict, Outcome::Allow);
        let decision = Decision {
            id: "d-1".parse().unwrap(),
            release: "r-1".parse().unwrap(),
            trigger: None,
            record,
            record_index: 4,
            vsa_index: None,
        };
        let answer = answer(decision, &Standing::default());
        assert_eq!((answer.ok, answer.verdict), (false, Outcome::Deny));
        let first = &answer.reasons[0];
        assert!(first.contains("only observing policies") && first.contains("submit it again"));
    }
}
