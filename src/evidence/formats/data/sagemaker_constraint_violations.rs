//! Amazon `SageMaker` Model Monitor: `constraint_violations.json`, from any of its monitors.
//!
//! The file has an entry for each constraint that was violated. Data quality names a
//! `feature_name`, model quality a `metric_name`, bias a `facet` and its `facet_value`,
//! explainability a `label`; custom monitors add keys. Each entry is a check that did not pass:
//! `age:baseline_drift_check`, `CI:bias_drift_check [sex=Female]`. A list without entries is the
//! monitor's statement that all constraints hold: the check `violations` says so, and fails if
//! there are any.

use crate::evidence::formats::frame::Cell;
use crate::evidence::{
    Adapter, Carries, Declined, Document, EvidenceError, Family,
    collector::Collector,
    json::{Json, Object},
};
use crate::model::Evidence;

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "sagemaker-constraint-violations",
    title: "SageMaker Model Monitor constraint_violations.json",
    family: Family::Operations,
    written_by: "a monitoring schedule of data quality, model quality, bias or explainability",
    reads: "every violation as a check that did not pass, such as `age:baseline_drift_check`, and `violations`, which \
            passes when there are none.",
    carries: &[Carries::Checks],
    recognised_by: "a list `violations` whose entries have `constraint_check_type`",
    rule: "id = \"no-drift\"\ncheck = \"violations\"",
    detect,
    read,
};

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let object = document.object()?;
    let Some(violations) = object.get("violations").and_then(Json::as_array) else {
        return Err(Declined::because("no list `violations`"));
    };
    let only = object.iter().all(|m| matches!(&*m.key, "version" | "violations"));
    if violations.is_empty() && !only {
        return Err(Declined::because(
            "`violations` is empty, and there is more than `version` beside it",
        ));
    }
    if violations.iter().all(|v| v.get("constraint_check_type").and_then(Json::as_str).is_some()) {
        return Ok(());
    }
    Err(Declined::because("an entry of `violations` without `constraint_check_type`"))
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    document.json().map_err(Clone::clone)?;
    let object = document.require(ADAPTER.id, detect(document).and_then(|()| document.object()))?;
    let mut collector = Collector::new(document, ADAPTER.id);
    let violations = collector.objects(object.get("violations"));
    collector.evidence.producer.get_or_insert_default().tool =
        Some("SageMaker Model Monitor".to_owned());
    collector.check(
        "violations",
        violations.is_empty(),
        Some(format!("{} constraints do not hold", violations.len())),
    );
    if violations.is_empty() {
        collector.warn("no violation is listed, and the file does not say how many constraints or rows were looked at");
    }
    for violation in violations {
        collector.check(name(violation), false, detail(violation));
    }
    collector.finish()
}

fn text<'o>(violation: &'o Object<'_>, key: &str) -> Option<&'o str> {
    Cell::Json(violation.get(key)?).name()
}

fn name(violation: &Object<'_>) -> String {
    let check = text(violation, "constraint_check_type").unwrap_or("");
    let subject = text(violation, "feature_name").or_else(|| text(violation, "metric_name"));
    let named = subject.map_or_else(|| check.to_owned(), |subject| format!("{subject}:{check}"));
    match (text(violation, "facet"), text(violation, "label")) {
        (Some(facet), _) => {
            format!("{named} [{facet}={}]", text(violation, "facet_value").unwrap_or(""))
        }
        (None, Some(label)) => format!("{named} [{label}]"),
        (None, None) => named,
    }
}

/// Keys that are in the name of a check.
const IN_NAME: [&str; 6] =
    ["feature_name", "metric_name", "constraint_check_type", "facet", "facet_value", "label"];

/// The description; for custom monitors, the other keys and their values.
fn detail(violation: &Object<'_>) -> Option<String> {
    if let Some(description) = text(violation, "description") {
        return Some(description.to_owned());
    }
    let rest = violation.iter().filter(|m| !IN_NAME.contains(&&*m.key));
    let said: Vec<String> =
        rest.filter_map(|m| Some(format!("{}: {}", m.key, Cell::Json(&m.value).name()?))).collect();
    (!said.is_empty()).then(|| said.join("; "))
}

#[cfg(test)]
mod tests {
    use crate::evidence::read;

    fn checks(text: &str) -> Vec<(String, bool, Option<String>)> {
        let evidence = read(text.as_bytes(), None).unwrap();
        assert_eq!(evidence.format, "sagemaker-constraint-violations");
        evidence.checks.into_iter().map(|c| (c.name, c.passed, c.detail)).collect()
    }

    #[test]
    fn violations_of_every_monitor() {
        // The layouts of SageMaker's documentation.
        let text = r#"{"version": "1.0", "violations": [
          {"feature_name": "age", "constraint_check_type": "baseline_drift_check", "description": "Baseline drift distance: 0.4"},
          {"metric_name": "f2", "constraint_check_type": "LessThanThreshold", "description": "Metric f2 with 0.5 +/- 0.1 was LessThanThreshold '1.0'"},
          {"facet": "sex", "facet_value": "Female", "metric_name": "CI", "constraint_check_type": "bias_drift_check", "description": "…"},
          {"label": "label0", "metric_name": "shap", "constraint_check_type": "feature_attribution_drift_check", "description": "…"},
          {"sentence": "He threw the letter.", "feature_name": "mmd", "constraint_check_type": "baseline_drift_check"}]}"#;
        let checks = checks(text);
        let names: Vec<_> =
            checks.iter().map(|(name, passed, _)| (name.as_str(), *passed)).collect();
        assert_eq!(
            names,
            [
                ("violations", false),
                ("age:baseline_drift_check", false),
                ("f2:LessThanThreshold", false),
                ("CI:bias_drift_check [sex=Female]", false),
                ("shap:feature_attribution_drift_check [label0]", false),
                ("mmd:baseline_drift_check", false),
            ]
        );
        assert_eq!(checks[5].2.as_deref(), Some("sentence: He threw the letter."));
    }

    #[test]
    fn no_violation_is_a_check_that_passed() {
        let checks = checks(r#"{"violations": []}"#);
        assert_eq!((checks.len(), checks[0].1), (1, true));
    }

    #[test]
    fn other_violations_are_not_of_this_tool() {
        for text in [
            r#"{"violations": [{"rule": "x"}]}"#,
            r#"{"violations": [], "passes": []}"#,
            r#"{"violations": {}}"#,
            "[]",
            "",
        ] {
            assert!(
                read(text.as_bytes(), Some("sagemaker-constraint-violations")).is_err(),
                "{text}"
            );
        }
    }
}
