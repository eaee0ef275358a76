//! Amazon `SageMaker` Model Monitor: `statistics.json` of model quality, and the `constraints.json`
//! it suggests.
//!
//! Every metric is an object of `value` and `standard_deviation`: the deviation over five samples
//! of 80 %, or the text `NaN` below 200 rows. Scripts of Amazon's pipelines write their
//! `evaluation.json` in the same shape, sometimes with bare numbers. The confusion matrix (actual →
//! predicted) gives n. It also gives successes and trials of the rates, if they agree with it for
//! one of its labels as the positive one. Metrics called `weighted_…` are averages over classes. A
//! threshold of `constraints.json` is a measurement of its own name (`recall.threshold`), and never
//! of the metric.

use crate::evidence::formats::sagemaker::{self, Matrix, agree, state};
use crate::evidence::{
    Adapter, Carries, Declined, Document, EvidenceError, Family,
    collector::Collector,
    confusion::Confusion,
    json::{Json, Number, Object},
    precision::Precision,
    undefined::reading,
};
use crate::model::{Evidence, Measurement, Slice};
use crate::stats::proportion::float;
use std::collections::BTreeSet;

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "sagemaker-model-quality",
    title: "SageMaker Model Monitor statistics.json and constraints.json of model quality",
    family: Family::Operations,
    written_by: "ModelQualityMonitor.suggest_baseline(…), or a monitoring schedule",
    reads: "every metric with the rows of the confusion matrix as n; recall, precision, accuracy and the other rates with \
            exact counts; standard deviations as measurements of their own (`recall.standard_deviation`).",
    carries: &[Carries::Metrics, Carries::SampleSize, Carries::Counts],
    recognised_by: "`binary_classification_metrics`, `multiclass_classification_metrics` or `regression_metrics` (or `…_constraints`)",
    rule: "id = \"recall-floor\"\nmetric = \"recall\"\nmin = 0.8",
    detect,
    read,
};

const PROBLEMS: [&str; 4] =
    ["binary_classification", "multiclass_classification", "regression", "classification"];

const NAMES: [(&str, &str); 4] = [
    ("auc", "roc_auc"),
    ("mae", "mean_absolute_error"),
    ("mse", "mean_squared_error"),
    ("rmse", "root_mean_squared_error"),
];

fn part(key: &str, end: &str) -> bool {
    key.strip_suffix(end).is_some_and(|problem| PROBLEMS.contains(&problem))
}

/// The objects of metrics and of constraints.
fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let object = document.object()?;
    let ours = |m: &crate::evidence::json::Member<'_>| {
        m.value.as_object().is_some() && (part(&m.key, "_metrics") || part(&m.key, "_constraints"))
    };
    if object.iter().any(ours) {
        return Ok(());
    }
    Err(Declined::because(
        "no `binary_classification_metrics`, `multiclass_classification_metrics` or `regression_metrics`",
    ))
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let json = document.json().map_err(Clone::clone)?;
    let object = document.require(ADAPTER.id, detect(document).and_then(|()| document.object()))?;
    let mut collector = Collector::new(document, ADAPTER.id).precision(Precision::Full);
    collector.evidence.producer.get_or_insert_default().tool =
        Some("SageMaker Model Monitor".to_owned());
    sagemaker::dataset(&mut collector, object);
    let rows =
        json.at_path(&["dataset", "item_count"]).and_then(Json::as_number).and_then(Number::count);
    for member in object {
        match member.value.as_object() {
            Some(metrics) if part(&member.key, "_metrics") => {
                quality(&mut collector, metrics, rows);
            }
            Some(constraints) if part(&member.key, "_constraints") => {
                thresholds(&mut collector, constraints);
            }
            _ if matches!(&*member.key, "version" | "dataset") => {}
            _ => collector.left_out(&member.key),
        }
    }
    if !collector.evidence.measurements.iter().any(|m| m.source_name != "item_count") {
        collector.check("metrics", false, Some("there is no metric".to_owned()));
    }
    collector.finish()
}

fn quality(collector: &mut Collector<'_>, metrics: &Object<'_>, rows: Option<u64>) {
    let from = collector.evidence.measurements.len();
    let matrix = metrics.get("confusion_matrix").and_then(Matrix::of);
    for member in metrics {
        if member.key == "confusion_matrix" && matrix.is_some() {
            continue;
        }
        metric(collector, &member.key, &member.value);
    }
    let measured = collector.evidence.measurements.get_mut(from..).unwrap_or_default();
    let Some((matrix, n)) = matrix.and_then(|matrix| matrix.total().map(|n| (matrix, n))) else {
        for m in measured {
            m.n = rows;
        }
        return;
    };
    let counts = positive(&matrix, measured);
    state(counts, n, measured);
    let right = matrix.right().unwrap_or(0);
    for m in measured.iter_mut().filter(|m| m.metric == "accuracy") {
        let agrees = m.value.is_none_or(|value| (float(right) / float(n) - value).abs() <= 1e-9);
        (m.trials, m.successes) =
            if agrees { (Some(n), m.value.map(|_| right)) } else { (None, None) };
    }
    if counts.is_none() && measured.iter().any(|m| m.metric == "recall") {
        collector.warn("recall and precision do not follow from the confusion matrix: their trials are unknown");
    }
}

fn metric(collector: &mut Collector<'_>, name: &str, json: &Json<'_>) {
    let ours = NAMES.iter().find(|(theirs, _)| *theirs == name).map_or(name, |(_, ours)| ours);
    let value = json.get("value").unwrap_or(json);
    if reading(value).is_none() {
        collector.left_out(name);
        return;
    }
    let aggregate =
        name.starts_with("weighted_") || name.starts_with("macro_") || name.starts_with("micro_");
    if let Some(m) = collector.measure(ours, name, Slice::overall(), value) {
        m.aggregate = aggregate;
    }
    if let Some(deviation) = json.get("standard_deviation") {
        let name = format!("{name}.standard_deviation");
        collector.measure(&name, &name, Slice::overall(), deviation);
    }
}

/// The four counts with the positive label: the one label with which all the rates agree.
fn positive(matrix: &Matrix<'_>, measured: &[Measurement]) -> Option<Confusion> {
    let labels = matrix.labels();
    if labels.len() > 2 {
        return None;
    }
    let counts = labels
        .iter()
        .filter_map(|label| matrix.binary(&BTreeSet::from([*label])))
        .filter(|counts| agree(*counts, measured));
    let agreed: Vec<Confusion> = counts.collect();
    match agreed.as_slice() {
        [one] => Some(*one),
        [one, other] if one == other => Some(*one),
        _ => None,
    }
}

fn thresholds(collector: &mut Collector<'_>, constraints: &Object<'_>) {
    for member in constraints {
        let name = format!("{}.threshold", member.key);
        match member.value.get("threshold") {
            Some(threshold) => _ = collector.measure(&name, &name, Slice::overall(), threshold),
            None => collector.left_out(&member.key),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::evidence::read;
    use crate::model::{Evidence, Measurement};

    /// The example in Amazon's documentation.
    const BINARY: &str = r#"{"version": 0, "dataset": {"item_count": 4}, "binary_classification_metrics": {
      "confusion_matrix": {"0": {"0": 1, "1": 2}, "1": {"0": 0, "1": 1}},
      "recall": {"value": 1.0, "standard_deviation": "NaN"}, "precision": {"value": 0.3333333333333333, "standard_deviation": 0.01},
      "accuracy": {"value": 0.5, "standard_deviation": "NaN"}, "false_positive_rate": {"value": 0.6666666666666666, "standard_deviation": "NaN"},
      "recall_best_constant_classifier": {"value": 1.0}, "auc": {"value": 1.0, "standard_deviation": "NaN"},
      "receiver_operating_characteristic_curve": {"false_positive_rates": [0.0], "true_positive_rates": [1.0]}}}"#;

    fn quality(text: &str) -> Evidence {
        let evidence = read(text.as_bytes(), None).unwrap();
        assert_eq!(evidence.format, "sagemaker-model-quality");
        evidence
    }

    fn counts(evidence: &Evidence, name: &str) -> (Option<u64>, Option<u64>, Option<u64>) {
        let m: &Measurement = evidence.measurements.iter().find(|m| m.source_name == name).unwrap();
        (m.n, m.successes, m.trials)
    }

    #[test]
    fn the_confusion_matrix_gives_the_counts() {
        let evidence = quality(BINARY);
        assert_eq!(counts(&evidence, "recall"), (Some(4), Some(1), Some(1)));
        assert_eq!(counts(&evidence, "precision"), (Some(4), Some(1), Some(3)));
        assert_eq!(counts(&evidence, "accuracy"), (Some(4), Some(2), Some(4)));
        assert_eq!(counts(&evidence, "false_positive_rate"), (Some(4), Some(2), Some(3)));
        assert_eq!(counts(&evidence, "recall_best_constant_classifier"), (Some(4), None, None));
        let names: Vec<_> = evidence.measurements.iter().map(|m| m.source_name.as_str()).collect();
        assert!(
            names.contains(&"precision.standard_deviation")
                && evidence.measurements.iter().any(|m| m.metric == "roc_auc")
        );
        assert!(
            evidence.warnings.iter().any(|w| w.contains("receiver_operating_characteristic_curve"))
        );
    }

    #[test]
    fn a_matrix_that_denies_the_rates_gives_no_trials() {
        let evidence = quality(&BINARY.replace("\"1\": 2", "\"1\": 20"));
        assert_eq!(counts(&evidence, "recall"), (Some(22), None, None));
        assert_eq!(counts(&evidence, "accuracy"), (Some(22), None, None));
    }

    #[test]
    fn several_classes_regression_and_bare_numbers() {
        let text = r#"{"multiclass_classification_metrics": {"confusion_matrix": {"a": {"a": 1, "b": 2, "c": 0}, "b": {"a": 0, "b": 3, "c": 0}, "c": {"a": 0, "b": 0, "c": 2}},
            "accuracy": {"value": 0.75}, "weighted_recall": {"value": 0.75}}}"#;
        let evidence = quality(text);
        assert_eq!(counts(&evidence, "accuracy"), (Some(8), Some(6), Some(8)));
        assert!(
            evidence.measurements.iter().any(|m| m.source_name == "weighted_recall" && m.aggregate)
        );
        let regression = quality(
            r#"{"dataset": {"item_count": 9}, "regression_metrics": {"mse": {"value": 0.4, "standard_deviation": 0.01}, "r2": -1.5}}"#,
        );
        assert_eq!(counts(&regression, "mse").0, Some(9));
        assert_eq!(
            regression.measurements.iter().find(|m| m.source_name == "r2").unwrap().value,
            Some(-1.5)
        );
    }

    #[test]
    fn thresholds_are_no_metrics() {
        let evidence = quality(
            r#"{"version": 0.0, "binary_classification_constraints": {"recall": {"threshold": 1.0, "comparison_operator": "LessThanThreshold"}}}"#,
        );
        assert_eq!(evidence.measurements[0].metric, "recall.threshold");
        assert!(!quality(r#"{"regression_metrics": {}}"#).checks[0].passed);
        assert!(read(b"{}", Some("sagemaker-model-quality")).is_err());
    }
}
