//! Every later version recomputes decisions of the first semantics to the same bytes, and what has
//! changed since is really evaluated again. `tests/fixtures/first-semantics` was exported by the
//! version before the second.

use crate::support::files::all_below;
use modelgate::{
    app::offline::replay::{Files, replay},
    evidence,
    model::{Inputs, Outcome, Submitted},
    policy::{self, Case},
};
use std::{path::Path, sync::Arc};

fn export(name: &str) -> Files {
    all_below(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/first-semantics").join(name),
    )
}

#[test]
fn what_was_decided_by_the_first_semantics_is_recomputed_to_the_same_bytes() {
    for (name, verdict) in
        [("observed", Outcome::Allow), ("small", Outcome::Allow), ("claims", Outcome::Deny)]
    {
        let again = replay(&export(name)).unwrap();
        assert!(again.same, "{name}: {again:#?}");
        assert_eq!(again.verdict, verdict, "{name}");
    }
}

#[test]
fn the_same_inputs_are_judged_anew_by_the_second() {
    for (name, now) in [("observed", Outcome::Deny), ("claims", Outcome::Allow)] {
        let files = export(name);
        let old: Inputs = serde_json::from_slice(&files["inputs.json"]).unwrap();
        assert_eq!(old.engine, 1);
        let text = |folder: &'static str| {
            files.iter().filter(move |(path, _)| path.starts_with(folder)).map(|(_, bytes)| bytes)
        };
        let policies: Vec<_> = text("policies/")
            .map(|bytes| Arc::new(policy::parse(std::str::from_utf8(bytes).unwrap()).unwrap()))
            .collect();
        let bytes: Vec<&Vec<u8>> = text("evidence/").collect();
        let document = |reference: &modelgate::model::EvidenceRef| {
            let bytes =
                bytes.iter().find(|b| modelgate::model::Digest::of(b) == reference.digest).unwrap();
            Submitted {
                evidence: evidence::reread(bytes, &reference.format, None).unwrap(),
                claimed: reference.claimed.clone().unwrap_or_default(),
                mapping: None,
            }
        };
        let documents: Vec<Submitted> = old.evidence.iter().map(document).collect();
        let inputs = Inputs { engine: 2, ..old };
        let verdict = policy::evaluate(&Case {
            inputs: &inputs,
            inputs_digest: inputs.digest().unwrap(),
            policies: &policies,
            evidence: &documents,
            champion: &[],
            reference: &[],
            approvals: &[],
            now: "2026-11-28T12:00:00Z".parse().unwrap(),
        });
        assert_eq!(verdict.verdict, now, "{name}: {:#?}", verdict.findings);
        assert_eq!(verdict.engine.semantics, 2);
    }
}
