use super::*;
use crate::{evidence::EvidenceError, model::Digest};

fn open(bytes: &[u8]) -> Result<Evidence, EvidenceError> {
    read(&Document::new(Digest::of(b""), bytes))
}

fn seen(bytes: &[u8]) -> bool {
    detect(&Document::new(Digest::of(b""), bytes)).is_ok()
}

/// One slice with these metrics, each `key, value`.
fn slice(metrics: &str) -> Evidence {
    let text = format!(r#"[{{"sliceKey": {{}}, "metricKeysAndValues": [{metrics}]}}]"#);
    assert!(seen(text.as_bytes()), "{text}");
    open(text.as_bytes()).unwrap()
}

fn metric(name: &str, value: &str) -> String {
    format!(r#"{{"key": {{"name": "{name}"}}, "value": {{"doubleValue": {value}}}}}"#)
}

/// Name, value, n, successes, trials.
type Counted<'e> = (&'e str, Option<f64>, Option<u64>, Option<u64>, Option<u64>);

fn read_out(evidence: &Evidence) -> Vec<Counted<'_>> {
    let all = evidence.measurements.iter();
    all.map(|m| (m.source_name.as_str(), m.value, m.n, m.successes, m.trials)).collect()
}

const JSON: &[u8] =
    include_bytes!("../../../../../tests/fixtures/evidence/tfma-metrics/metrics_good.json");
const RECORDS: &[u8] =
    include_bytes!("../../../../../tests/fixtures/evidence/tfma-metrics/metrics_good.tfrecord");
const BOUNDED: &[u8] = include_bytes!(
    "../../../../../tests/fixtures/evidence/tfma-metrics/metrics_edge_unicode_ci.json"
);

#[test]
fn the_record_gives_the_same_as_its_json() {
    let (json, records) = (open(JSON).unwrap(), open(RECORDS).unwrap());
    assert!(seen(JSON) && seen(RECORDS));
    assert_eq!(json.measurements, records.measurements);
    assert_eq!(json.warnings, records.warnings);
}

#[test]
fn camel_case_and_lines_give_the_same() {
    let text = std::str::from_utf8(JSON).unwrap();
    let camel = [
        "slice_key",
        "single_slice_keys",
        "bytes_value",
        "metric_keys_and_values",
        "double_value",
        "example_weighted",
    ]
    .iter()
    .fold(text.to_owned(), |text, name| {
        let mut words = name.split('_');
        let first = words.next().unwrap().to_owned();
        let camel = words.fold(first, |out, word| out + &word[..1].to_uppercase() + &word[1..]);
        text.replace(&format!("\"{name}\""), &format!("\"{camel}\""))
    });
    assert_ne!(camel, text);
    assert_eq!(open(camel.as_bytes()).unwrap().measurements, open(JSON).unwrap().measurements);
    let list: Vec<serde_json::Value> = serde_json::from_slice(JSON).unwrap();
    let lines: String = list.iter().map(|record| format!("{record}\n")).collect();
    assert!(seen(lines.as_bytes()));
    assert_eq!(
        open(lines.as_bytes()).unwrap().measurements.len(),
        open(JSON).unwrap().measurements.len()
    );
}

/// The first interval of the file: lower 0.8119…, upper 0.8625…, 19 degrees of freedom.
#[test]
fn an_interval_with_a_standard_error_is_students() {
    let evidence = open(BOUNDED).unwrap();
    let auc = evidence.measurements.iter().find(|m| m.source_name == "auc").unwrap();
    let interval = &auc.intervals[0];
    assert_eq!(
        (interval.method.as_str(), interval.confidence, interval.sides),
        ("t-distribution", 0.95, 2)
    );
    assert_eq!(
        (interval.lower, interval.upper),
        (Some(0.811_978_986_982_952_6), Some(0.862_562_614_288_190_6))
    );
    assert_eq!(auc.metric, "auc");
}

#[test]
fn bounds_without_a_standard_error_are_no_interval() {
    let evidence = slice(
        r#"{"key": {"name": "auc"}, "value": {"doubleValue": 0.8},
            "confidenceInterval": {"lowerBound": {"doubleValue": 0.7}, "upperBound": {"doubleValue": 0.9}}},
           {"key": {"name": "loss"}, "value": {"boundedValue": {"value": 0.5, "lowerBound": 0.4, "upperBound": 0.6,
            "methodology": "POISSON_BOOTSTRAP"}}}"#,
    );
    let names: Vec<_> =
        evidence.measurements.iter().map(|m| (m.source_name.as_str(), m.intervals.len())).collect();
    assert_eq!(names, [("auc", 0), ("auc.lower_bound", 0), ("auc.upper_bound", 0), ("loss", 1)]);
}

#[test]
fn counts_are_stated_where_they_give_the_value() {
    let counts: Vec<_> = [
        ("tp", "3.0"),
        ("fp", "1.0"),
        ("tn", "4.0"),
        ("fn", "2.0"),
        ("precision", "0.75"),
        ("recall", "0.9"),
        ("binary_accuracy", "0.7"),
        ("example_count", "10.0"),
    ]
    .iter()
    .map(|(name, value)| metric(name, value))
    .collect();
    let evidence = slice(&counts.join(","));
    let out = read_out(&evidence);
    assert_eq!(out[4], ("precision", Some(0.75), Some(10), Some(3), Some(4)));
    // Another threshold than that of the counts.
    assert_eq!(out[5], ("recall", Some(0.9), Some(10), None, None));
    assert_eq!(out[6], ("binary_accuracy", Some(0.7), Some(10), Some(7), Some(10)));
    assert_eq!(evidence.measurements[6].metric, "accuracy");
}

#[test]
fn weighted_metrics_have_no_n() {
    let weighted = |name: &str, value: &str| {
        format!(
            r#"{{"key": {{"name": "{name}", "exampleWeighted": true}}, "value": {{"doubleValue": {value}}}}}"#
        )
    };
    let evidence =
        slice(&[weighted("example_count", "10.5"), weighted("binary_accuracy", "0.5")].join(","));
    assert!(evidence.measurements.iter().all(|m| m.n.is_none() && m.known_trials().is_none()));
}

#[test]
fn what_is_not_the_metric_itself_has_another_name() {
    let key = |rest: &str| {
        format!(r#"{{"key": {{"name": "recall", {rest}}}, "value": {{"doubleValue": 0.5}}}}"#)
    };
    let keys = [
        r#""isDiff": true"#,
        r#""subKey": {"classId": 3}"#,
        r#""subKey": {"topK": 2}"#,
        r#""aggregationType": {"macroAverage": true}"#,
        r#""modelName": "candidate", "outputName": "head""#,
    ];
    let evidence = slice(&keys.map(key).join(","));
    let out: Vec<_> = evidence
        .measurements
        .iter()
        .map(|m| {
            (
                m.metric.as_str(),
                m.source_name.as_str(),
                m.slice.to_string(),
                m.aggregate,
                m.scope.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        out,
        [
            ("difference:recall", "difference:recall", "overall".to_owned(), false, None),
            ("recall", "recall", "class = 3".to_owned(), false, None),
            ("recall[topK:2]", "recall[topK:2]", "overall".to_owned(), false, None),
            ("recall[macro_average]", "recall", "overall".to_owned(), true, None),
            ("recall", "recall", "overall".to_owned(), false, Some("candidate/head")),
        ]
    );
}

#[test]
fn lists_and_tables_are_read_by_their_place() {
    let evidence = slice(
        r#"{"key": {"name": "precision"}, "value": {"arrayValue": {"dataType": "FLOAT32", "shape": [2], "float32Values": [0.25, "NaN"]}}},
           {"key": {"name": "ndcg"}, "value": {"valueAtCutoffs": {"values": [{"cutoff": 5, "value": 0.5}, {}]}}},
           {"key": {"name": "matrix"}, "value": {"confusionMatrixAtThresholds": {"matrices": [{"threshold": 0.5, "truePositives": 3.0, "recall": 1.0}]}}},
           {"key": {"name": "plot"}, "value": {"unknownType": {"value": "eA=="}}},
           {"key": {"name": "absent"}, "value": {}}"#,
    );
    let out: Vec<_> =
        evidence.measurements.iter().map(|m| (m.source_name.as_str(), m.value)).collect();
    assert_eq!(
        out,
        [
            ("precision[0]", Some(0.25)),
            ("precision[1]", None),
            ("ndcg@5", Some(0.5)),
            ("ndcg@0", Some(0.0)),
            ("matrix[0.5].true_positives", Some(3.0)),
            ("matrix[0.5].false_positives", Some(0.0)),
            ("matrix[0.5].true_negatives", Some(0.0)),
            ("matrix[0.5].false_negatives", Some(0.0)),
            ("matrix[0.5].recall", Some(1.0)),
            ("absent", None),
        ]
    );
    assert!(evidence.warnings.iter().any(|warning| warning.contains("plot")));
}

#[test]
fn the_first_api_keeps_its_metrics_in_a_map() {
    let text = br#"{"slice_key": {"single_slice_keys": [{"column": "age", "int64_value": "30"}]}, "metrics": {
        "post_export_metrics/example_count": {"bounded_value": {"value": 4.0}}, "accuracy": {"double_value": 0.75},
        "__ERROR__": {"debug_message": "too few examples"}}}"#;
    assert!(seen(text));
    let evidence = open(text).unwrap();
    assert_eq!(read_out(&evidence)[1], ("accuracy", Some(0.75), Some(4), Some(3), Some(4)));
    assert_eq!(evidence.measurements[1].slice.to_string(), "age = 30");
    assert_eq!(
        (evidence.checks[0].name.as_str(), evidence.checks[0].passed),
        ("__ERROR__ [age = 30]", false)
    );
}

#[test]
fn the_slicing_metrics_of_a_result_are_read() {
    let text = br#"[[[["sex", "Male"]], {"": {"": {"example_count": {"doubleValue": 4.0}, "binary_accuracy": {"doubleValue": 0.75},
        "macro_precision": {"doubleValue": 0.5}, "auc_diff": {"doubleValue": "NaN"}}, "classId:3": {"recall": {"doubleValue": 1.0}}}}],
        [[], {"": {"": {"loss": {"doubleValue": 2.0}}}}]]"#;
    assert!(seen(text));
    let evidence = open(text).unwrap();
    let out: Vec<_> = evidence
        .measurements
        .iter()
        .map(|m| (m.metric.as_str(), m.value, m.n, m.slice.to_string()))
        .collect();
    let male = || "sex = Male".to_owned();
    assert_eq!(
        out,
        [
            ("example_count", Some(4.0), Some(4), male()),
            ("accuracy", Some(0.75), Some(4), male()),
            ("precision[macro_average]", Some(0.5), Some(4), male()),
            ("difference:auc", None, None, male()),
            ("recall", Some(1.0), Some(4), "class = 3, sex = Male".to_owned()),
            ("loss", Some(2.0), None, "overall".to_owned()),
        ]
    );
    for broken in [
        &br#"[[[["a"]], {"": {"": {"x": {"doubleValue": 1}}}}]]"#[..],
        br#"[[[], {"": {"": {"x": {}}}}], 3]"#,
    ] {
        assert!(open(broken).is_err());
    }
}

#[test]
fn slices_compared_are_differences() {
    let text = br#"[{"cross_slice_key": {"baseline_slice_key": {}, "comparison_slice_key": {"single_slice_keys":
        [{"column": "sex", "bytes_value": "TWFsZQ"}]}}, "metric_keys_and_values": [{"key": {"name": "auc"}, "value": {"double_value": -0.1}}]}]"#;
    let evidence = open(text).unwrap();
    let m = &evidence.measurements[0];
    assert_eq!(
        (m.metric.as_str(), m.slice.to_string().as_str(), m.scope.as_deref()),
        ("difference:auc", "sex = Male", Some("against overall"))
    );
}

#[test]
fn an_empty_evaluation_is_a_failed_check() {
    for text in [&b"[]"[..], br#"[{"slice_key": {}, "metric_keys_and_values": []}]"#] {
        assert!(!open(text).unwrap().checks[0].passed);
    }
}

#[test]
fn broken_documents_are_refused_and_never_read_in_part() {
    for text in [
        &br#"[{"slice_key": {}, "metric_keys_and_values": [{"key": {}, "value": {}}]}]"#[..],
        br#"[{"slice_key": {}, "metric_keys_and_values": [{"key": {"name": 3}, "value": {}}]}]"#,
        br#"[{"slice_key": {"single_slice_keys": [{"column": "a", "bytes_value": "?"}]}, "metric_keys_and_values": []}]"#,
        br#"[{"slice_key": {}, "metric_keys_and_values": [{"key": {"name": "a"}, "value": {"double_value": []}}]}]"#,
        b"[1]",
        b"{}",
        b"",
    ] {
        assert!(open(text).is_err(), "{}", String::from_utf8_lossy(text));
    }
    for cut in 1..RECORDS.len() {
        let _ = open(&RECORDS[..cut]);
    }
}

/// Whatever bytes a record has under valid checksums, reading it ends and does not panic.
#[test]
fn changed_records_are_read_or_refused() {
    let records = record::records(RECORDS).unwrap();
    let first = records[0].1;
    for place in 0..first.len() {
        for change in [1, 0x80, 0xff] {
            let mut changed = first.to_vec();
            changed[place] ^= change;
            let _ = open(&record::written(&changed));
        }
    }
}
