use super::*;
use crate::model::{Metric, Unit};
use proptest::prelude::*;
use std::collections::BTreeSet;

#[test]
fn ids_are_kebab_case_and_unique() {
    let ids: BTreeSet<_> = ADAPTERS.iter().map(|a| a.id).collect();
    assert_eq!(ids.len(), ADAPTERS.len());
    assert!(
        ids.iter().all(|id| id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'))
    );
    assert!(
        ADAPTERS
            .iter()
            .all(|a| !a.title.is_empty() && !a.carries.is_empty() && !a.recognised_by.is_empty())
    );
}

#[test]
fn a_format_that_is_named_is_the_only_one_tried() {
    let error = read(br#"{"example_count": 1}"#, Some("native")).unwrap_err();
    assert_eq!(error.code(), "evidence-invalid");
    let error = read(b"{}", Some("mlflow")).unwrap_err();
    assert_eq!(error.code(), "evidence-unknown-format");
    assert!(error.to_string().contains("did you mean `mlflow-metrics`?"), "{error}");
}

#[test]
fn what_no_format_knows_lists_every_format_and_why() {
    let error = read(b"accuracy,0.9\n", None).unwrap_err();
    assert_eq!(error.code(), "evidence-not-understood");
    let shown = error.to_string();
    assert!(ADAPTERS.iter().all(|a| shown.contains(a.id)), "{shown}");
    let EvidenceError::NotUnderstood { tried } = error else { panic!() };
    assert_eq!(tried.len(), ADAPTERS.len());
}

#[test]
fn broken_json_is_told_from_unknown_content() {
    for (text, code) in [
        ("{\"a\": 1", "evidence-syntax"),
        (" \n[1,]", "evidence-syntax"),
        ("\u{feff}{\"a\": 1,}", "evidence-syntax"),
        ("{\"a\": 1, \"a\": 1}", "evidence-duplicate-key"),
        ("", "evidence-not-understood"),
        ("7", "evidence-not-understood"),
        ("PAR1", "evidence-not-understood"),
    ] {
        assert_eq!(read(text.as_bytes(), None).unwrap_err().code(), code, "{text:?}");
    }
}

#[test]
fn a_document_that_is_too_large_is_refused_unread() {
    let bytes = vec![b' '; MAX_DOCUMENT_BYTES + 1];
    assert_eq!(read(&bytes, None).unwrap_err().code(), "evidence-too-large");
}

/// Documents that look like native evidence, with values that do not belong there.
fn near_document() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        Just("NaN".to_owned()),
        Just("-Infinity".to_owned()),
        Just("1e999".to_owned()),
        Just("\"NaN\"".to_owned()),
        Just("true".to_owned()),
        Just("[]".to_owned()),
        Just("{}".to_owned()),
        any::<f64>().prop_filter("finite", |x| x.is_finite()).prop_map(|x| format!("{x:?}")),
        any::<i64>().prop_map(|x| x.to_string()),
        (0.0..=1.0_f64).prop_map(|x| format!("{x:?}")),
        (0_u32..20).prop_map(|x| x.to_string()),
    ];
    let key = prop::sample::select(vec![
        "metric",
        "value",
        "n",
        "trials",
        "successes",
        "slice",
        "interval",
        "unit",
        "quantile",
        "precision",
        "recall",
        "f1-score",
        "support",
        "accuracy",
        "accuracy_score",
        "example_count",
        "true_positives",
        "false_positives",
        "true_negatives",
        "false_negatives",
        "key",
        "timestamp",
        "step",
        "macro avg",
        "run",
        "runs",
        "info",
        "data",
        "metrics",
        "run_id",
        "model_version",
        "version",
        "measurements",
        "checks",
        "links",
        "subject",
    ]);
    let tree = scalar.prop_recursive(4, 40, 6, move |inner| {
        let object =
            prop::collection::btree_map(key.clone(), inner.clone(), 0..7).prop_map(|members| {
                let members: Vec<String> =
                    members.iter().map(|(k, v)| format!("\"{k}\": {v}")).collect();
                format!("{{{}}}", members.join(", "))
            });
        let row = (inner.clone(), inner.clone(), inner.clone(), inner.clone()).prop_map(
            |(p, r, f, s)| {
                format!(
                    "{{\"precision\": {p}, \"recall\": {r}, \"f1-score\": {f}, \"support\": {s}}}"
                )
            },
        );
        let list =
            prop::collection::vec(inner, 0..4).prop_map(|list| format!("[{}]", list.join(", ")));
        prop_oneof![3 => object, 1 => row, 1 => list]
    });
    (tree, any::<bool>()).prop_map(|(tree, ours)| {
        if ours { tree.replacen('{', "{\"schema\": \"modelgate.evidence/v1\", ", 1) } else { tree }
    })
}

proptest! {
    #[test]
    fn no_bytes_make_a_format_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for format in std::iter::once(None).chain(ADAPTERS.iter().map(|a| Some(a.id))) {
            let _ = read(&bytes, format);
        }
    }

    /// Whatever a document says, every value that is given is finite and possible, and counts are
    /// consistent.
    #[test]
    fn what_is_read_is_possible(text in near_document()) {
        for format in std::iter::once(None).chain(ADAPTERS.iter().map(|a| Some(a.id))) {
            let Ok(evidence) = read(text.as_bytes(), format) else { continue };
            for m in &evidence.measurements {
                prop_assert!(m.value.is_none_or(f64::is_finite));
                prop_assert!(m.rounding >= crate::model::evidence::MIN_ROUNDING);
                if let (Some(value), Some(metric)) = (m.value, Metric::find(&m.metric)) {
                    let warned = evidence.warnings.iter().any(|w| w.contains("cannot be"));
                    prop_assert!(m.unit == Some(Unit::Percent) || metric.allows(value) || warned, "{} {}", m.metric, value);
                }
                if let (Some(successes), Some(trials)) = (m.successes, m.known_trials()) {
                    prop_assert!(successes <= trials);
                }
            }
        }
    }
}
