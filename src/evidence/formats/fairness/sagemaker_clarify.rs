//! Amazon `SageMaker` Clarify, `analysis.json`: bias before and after training, the model's
//! performance, explanations.
//!
//! A bias metric compares one value of a facet with all others; this value is its slice
//! (`sex = Female`), and the stage is its scope. Clarify writes an undefined metric as null with an
//! `error`, and infinities as text. It does not state the number of rows, but `confusion_matrix`
//! contains counts of them: they give n, successes and trials of the model's performance if the
//! rates agree. `explanations` has a global SHAP value for each feature (`column`) and label
//! (`class`). Bias monitors and explainability monitors write the same document.

use crate::evidence::{
    Adapter, Carries, Declined, Document, EvidenceError, Family,
    collector::Collector,
    formats::{
        frame::Cell,
        sagemaker::{Matrix, agree, state},
    },
    json::{Json, Object},
    precision::Precision,
};
use crate::model::{Evidence, Slice};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "sagemaker-clarify",
    title: "SageMaker Clarify analysis.json",
    family: Family::Fairness,
    written_by: "SageMakerClarifyProcessor.run_bias(…), run_explainability(…)",
    reads: "every bias metric of every facet value, the model's performance with the counts of its confusion matrix, \
            global SHAP values. A metric with an `error` is undefined. The bias metrics have no n.",
    carries: &[Carries::Metrics, Carries::Slices, Carries::SampleSize, Carries::Counts],
    recognised_by: "`pre_training_bias_metrics` or `post_training_bias_metrics` with `facets`; `explanations` with `kernel_shap` or `pdp`",
    rule: "id = \"impact\"\nmetric = \"DI\"\nslice = { sex = \"Female\" }\nmin = 0.8\npoint_estimate = \"allow\"",
    detect,
    read,
};

const STAGES: [(&str, &str); 2] = [
    ("pre_training_bias_metrics", "pre_training"),
    ("post_training_bias_metrics", "post_training"),
];

/// Clarify's names for metrics of the model's performance, and ours.
const PERFORMANCE: [(&str, &str); 7] = [
    ("Accuracy", "accuracy"),
    ("Proportion of Positive Predictions in Labels", "selection_rate"),
    ("True Positive Rate / Recall", "recall"),
    ("True Negative Rate / Specificity", "specificity"),
    ("Acceptance Rate / Precision", "precision"),
    ("Rejection Rate", "negative_predictive_value"),
    ("F1 Score", "f1"),
];

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let object = document.object()?;
    let stage = |(key, _): &(&str, &str)| {
        object
            .get(key)
            .is_some_and(|v| v.get("facets").is_some() || v.get("model_performance").is_some())
    };
    let explained = object.get("explanations").and_then(Json::as_object);
    if STAGES.iter().any(stage) || explained.is_some_and(|e| e.has("kernel_shap") || e.has("pdp")) {
        return Ok(());
    }
    Err(Declined::because(
        "no `pre_training_bias_metrics`, `post_training_bias_metrics` or `explanations`",
    ))
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    document.json().map_err(Clone::clone)?;
    let object = document.require(ADAPTER.id, detect(document).and_then(|()| document.object()))?;
    let mut collector = Collector::new(document, ADAPTER.id).precision(Precision::Full);
    collector.evidence.producer.get_or_insert_default().tool = Some("SageMaker Clarify".to_owned());
    for member in object {
        if let Some((_, stage)) = STAGES.iter().find(|(key, _)| *key == member.key) {
            bias(&mut collector, &member.value, stage);
        } else if member.key == "explanations" {
            explanations(&mut collector, &member.value);
        } else if member.key != "version" {
            collector.left_out(&member.key);
        }
    }
    if collector.evidence.measurements.is_empty() {
        collector.check("analysis", false, Some("there is no metric".to_owned()));
    }
    collector.finish()
}

/// Reads the bias metrics of one stage.
fn bias(collector: &mut Collector<'_>, stage: &Json<'_>, scope: &str) {
    let positive = stage.get("label_value_or_threshold");
    for member in collector.members(Some(stage)) {
        match &*member.key {
            "facets" => facets(collector, &member.value, scope),
            "model_performance" => performance(collector, &member.value, positive, scope),
            "label" | "label_value_or_threshold" => {}
            other => collector.left_out(other),
        }
    }
    if stage.get("model_performance_metrics").is_some() {
        performance(collector, stage, positive, scope);
    }
}

fn facets(collector: &mut Collector<'_>, facets: &Json<'_>, scope: &str) {
    for facet in collector.members(Some(facets)) {
        for entry in collector.list(Some(&facet.value)) {
            let value = entry.get("value_or_threshold").map(named).unwrap_or_default();
            let slice = Slice::one(&*facet.key, value);
            for metric in collector.list(entry.get("metrics")) {
                measure(collector, metric, &slice, scope, |name| name);
            }
        }
    }
}

/// A name, or several joined in the way Clarify joins them.
fn named(json: &Json<'_>) -> String {
    let names = |list: &[Json<'_>]| {
        list.iter().filter_map(|v| Some(Cell::Json(v).name()?.to_owned())).collect::<Vec<_>>()
    };
    json.as_array().map_or_else(|| names(std::slice::from_ref(json)), names).join(", ")
}

/// Adds an entry with `name` and `value`.
fn measure<'n>(
    collector: &mut Collector<'_>,
    entry: &'n Json<'_>,
    slice: &Slice,
    scope: &str,
    ours: impl Fn(&'n str) -> &'n str,
) {
    let Some(name) = entry.get("name").and_then(Json::as_str) else {
        collector.left_out("a metric without a name");
        return;
    };
    let Some(value) = entry.get("value") else {
        collector.left_out(name);
        return;
    };
    if let Some(m) = collector.measure(ours(name), name, slice.clone(), value) {
        m.scope = Some(scope.to_owned());
        if entry.get("error").and_then(Json::as_str).is_some_and(|error| !error.is_empty()) {
            m.value = None;
        }
    }
}

fn performance(
    collector: &mut Collector<'_>,
    json: &Json<'_>,
    positive: Option<&Json<'_>>,
    scope: &str,
) {
    let ours = |name| {
        PERFORMANCE.iter().find(|(theirs, _)| *theirs == name).map_or(name, |(_, ours)| *ours)
    };
    let from = collector.evidence.measurements.len();
    for entry in collector.list(json.get("model_performance_metrics")) {
        measure(collector, entry, &Slice::overall(), scope, ours);
    }
    let Some(matrix) = json.get("confusion_matrix").and_then(Matrix::of) else { return };
    let Some(n) = matrix.total() else { return };
    let positive = positive.map(named).unwrap_or_default();
    let counts = matrix.binary(&positive.split(", ").collect());
    let measured = collector.evidence.measurements.get_mut(from..).unwrap_or_default();
    let agreed = counts.filter(|counts| agree(*counts, measured));
    state(agreed, n, measured);
    if agreed.is_none() {
        collector.warn("the model's performance does not follow from its confusion matrix: its trials are unknown");
    }
}

fn explanations(collector: &mut Collector<'_>, json: &Json<'_>) {
    for method in collector.members(Some(json)) {
        if method.key != "kernel_shap" {
            collector.left_out(&format!("explanations.{}", method.key));
            continue;
        }
        for label in collector.members(Some(&method.value)) {
            let Some(values) = label.value.as_object() else {
                collector.left_out(&label.key);
                continue;
            };
            shap(collector, &label.key, values);
        }
    }
}

fn shap(collector: &mut Collector<'_>, label: &str, values: &Object<'_>) {
    let class = Slice::one("class", label);
    for member in values {
        match (&*member.key, member.value.as_object()) {
            ("global_shap_values", Some(features)) => {
                for feature in features {
                    let mut slice = class.clone();
                    slice.0.insert("column".to_owned(), feature.key.to_string());
                    collector.measure(
                        "global_shap_values",
                        "global_shap_values",
                        slice,
                        &feature.value,
                    );
                }
            }
            ("expected_value", None) => {
                _ = collector.measure(
                    "expected_value",
                    "expected_value",
                    class.clone(),
                    &member.value,
                );
            }
            (other, _) => collector.left_out(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::evidence::read;
    use crate::model::{Evidence, Measurement, Slice};

    const ANALYSIS: &str = r#"{"version": "1.0",
      "pre_training_bias_metrics": {"label": "y", "label_value_or_threshold": "1", "facets": {"sex": [{"value_or_threshold": "Female", "metrics": [
        {"name": "CDDL", "description": "…", "value": null, "error": "Group variable is empty or not provided"},
        {"name": "KL", "description": "…", "value": "Infinity"}, {"name": "CI", "description": "…", "value": 0.25}]}]}},
      "post_training_bias_metrics": {"label": "y", "label_value_or_threshold": "1",
        "facets": {"age": [{"value_or_threshold": [40, 60], "metrics": [{"name": "DI", "value": 0.9}]}]},
        "model_performance": {"label": "y", "model_performance_metrics": [{"name": "Accuracy", "value": 0.7696666666666667},
          {"name": "True Positive Rate / Recall", "value": 0.37280701754385964}, {"name": "Conditional Acceptance", "value": 1.9869281045751634}],
          "binary_confusion_matrix": [0.11, 0.04, 0.19, 0.66], "confusion_matrix": {"0": {"0": 1969.0, "1": 119.0}, "1": {"0": 572.0, "1": 340.0}}}},
      "explanations": {"kernel_shap": {"label0": {"global_shap_values": {"Age": 0.02}, "expected_value": 0.5}}, "pdp": []}}"#;

    fn analysis(text: &str) -> Evidence {
        let evidence = read(text.as_bytes(), None).unwrap();
        assert_eq!(evidence.format, "sagemaker-clarify");
        evidence
    }

    fn of<'e>(evidence: &'e Evidence, name: &str) -> &'e Measurement {
        evidence.measurements.iter().find(|m| m.source_name == name).unwrap()
    }

    #[test]
    fn bias_of_every_facet_value() {
        let evidence = analysis(ANALYSIS);
        assert_eq!((of(&evidence, "CDDL").value, of(&evidence, "KL").value), (None, None));
        let balance = of(&evidence, "CI");
        assert_eq!(
            (balance.value, balance.n, balance.scope.as_deref()),
            (Some(0.25), None, Some("pre_training"))
        );
        assert_eq!(balance.slice, Slice::one("sex", "Female"));
        assert_eq!(of(&evidence, "DI").slice, Slice::one("age", "40, 60"));
    }

    #[test]
    fn performance_has_the_counts_of_the_confusion_matrix() {
        let evidence = analysis(ANALYSIS);
        let counts = |m: &Measurement| (m.n, m.successes, m.trials);
        assert_eq!(counts(of(&evidence, "Accuracy")), (Some(3000), Some(2309), Some(3000)));
        let recall = of(&evidence, "True Positive Rate / Recall");
        assert_eq!(
            (recall.metric.as_str(), counts(recall)),
            ("recall", (Some(3000), Some(340), Some(912)))
        );
        assert_eq!(counts(of(&evidence, "Conditional Acceptance")), (Some(3000), None, None));
        let other = analysis(&ANALYSIS.replace("340.0", "341.0"));
        assert_eq!(of(&other, "True Positive Rate / Recall").trials, None);
        assert!(
            other.warnings.iter().any(|w| w.contains("does not follow")),
            "{:?}",
            other.warnings
        );
    }

    #[test]
    fn shap_values_of_every_feature() {
        let evidence = analysis(ANALYSIS);
        assert_eq!(
            of(&evidence, "global_shap_values").slice.to_string(),
            "class = label0, column = Age"
        );
        assert!(
            evidence.warnings.iter().any(|w| w.contains("explanations.pdp")),
            "{:?}",
            evidence.warnings
        );
    }

    #[test]
    fn an_empty_analysis_is_a_failed_check_and_nonsense_is_refused() {
        assert!(!analysis(r#"{"pre_training_bias_metrics": {"facets": {}}}"#).checks[0].passed);
        for text in ["", "[]", "{}", r#"{"explanations": 3}"#] {
            assert!(read(text.as_bytes(), Some("sagemaker-clarify")).is_err(), "{text}");
        }
    }
}
