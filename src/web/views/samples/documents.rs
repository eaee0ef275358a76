//! Documents of evidence, read by the same readers as real ones.

use super::{HOSTILE, at};
use crate::{
    app::offline::inspect::inspect,
    evidence,
    model::{Claimed, ReleaseId},
    wire::inspect::InspectV1,
};
use serde_json::{Value, json};

/// The release that the documents belong to.
pub fn release_id() -> ReleaseId {
    "01K0GATE000000000000000000".parse().expect("an id")
}

fn read(document: &Value) -> InspectV1 {
    inspect(&evidence::read(document.to_string().as_bytes(), None).expect("a document"))
}

/// What an evaluation job wrote: rates with their counts, groups, a quantile, an undefined number, checks, a link.
pub fn document() -> (InspectV1, Claimed) {
    let region = |region: &str, value: f64, n: u64, successes: u64| json!({"metric": "recall", "value": value, "n": n, "trials": n, "successes": successes, "slice": {"region": region}});
    let document = json!({
        "schema": "modelgate.evidence/v1",
        "producer": {"tool": "nightly-evaluation", "version": "3.2.0", "run": "8841"},
        "dataset": {"name": "holdout-2026q3"},
        "produced_at": "2026-11-20T11:58:03Z",
        "measurements": [
            {"metric": "accuracy", "value": 0.9325, "n": 12_000, "successes": 11_190},
            region("north", 0.905, 1_600, 1_448), region("south", 0.852, 1_500, 1_278),
            {"metric": "roc_auc", "value": null, "n": 12_000},
            {"metric": "latency", "value": 84.1, "unit": "ms", "quantile": 0.99, "n": 50_000},
        ],
        "checks": [
            {"name": "schema matches training data", "passed": true},
            {"name": "no-missing-labels", "passed": false, "detail": "12 of 12000 rows have no label"},
        ],
        "links": [{"rel": "run", "href": "https://ci.example.org/runs/8841"}],
    });
    let claimed = Claimed {
        subject: None,
        dataset: Some("holdout-2026q3".into()),
        produced_at: Some(at("2026-11-20T12:00:00Z")),
    };
    let mut read = read(&document);
    read.warnings.push("not read: `plots`".into());
    (read, claimed)
}

/// A document from which nothing was read.
pub fn empty_document() -> (InspectV1, Claimed) {
    let document = json!({"schema": "modelgate.evidence/v1", "checks": []});
    (read(&document), Claimed::default())
}

/// A document in which every text is hostile.
pub fn hostile_document() -> (InspectV1, Claimed) {
    let document = json!({
        "schema": "modelgate.evidence/v1",
        "producer": {"tool": HOSTILE, "version": HOSTILE, "run": HOSTILE},
        "dataset": {"name": HOSTILE},
        "measurements": [{"metric": HOSTILE, "value": 1e300, "slice": {HOSTILE: HOSTILE}, "scope": HOSTILE}],
        "checks": [{"name": HOSTILE, "passed": false, "detail": HOSTILE}],
        "links": [{"rel": "javascript", "href": "javascript:alert(1)"}],
    });
    let mut read = read(&document);
    read.warnings.push(HOSTILE.into());
    let claimed = Claimed { subject: None, dataset: Some(HOSTILE.into()), produced_at: None };
    (read, claimed)
}
