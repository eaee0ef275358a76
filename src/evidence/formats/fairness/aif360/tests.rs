use crate::evidence::read;
use crate::model::{Evidence, Measurement, Slice};

fn aif(text: &str) -> Evidence {
    let evidence = read(text.as_bytes(), None).unwrap();
    assert_eq!(evidence.format, "aif360");
    evidence
}

fn of<'e>(evidence: &'e Evidence, slice: &Slice, metric: &str) -> &'e Measurement {
    evidence.measurements.iter().find(|m| m.slice == *slice && m.metric == metric).unwrap()
}

fn counts(m: &Measurement) -> (Option<u64>, Option<u64>, Option<u64>) {
    (m.n, m.successes, m.trials)
}

/// 588 of 1861 men earn more; 395 are predicted to, 284 of them correctly.
const DUMP: &str = r#"{"protected_attribute": "sex", "privileged": "Male",
  "metrics": {"num_instances": 3000.0, "statistical_parity_difference": -0.156, "equal_opportunity_difference": -0.31, "disparate_impact": Infinity, "consistency": [0.75]},
  "privileged_metrics": {"num_instances": 1861.0, "base_rate": 0.3159591617409995, "selection_rate": 0.2122514777001612, "accuracy": 0.7770016120365395, "true_positive_rate": 0.48299319727891155, "false_positive_rate": 0.08719560094265515, "precision": 0.7189873417721518},
  "unprivileged_metrics": {"num_instances": 0.0, "base_rate": NaN, "accuracy": 0.0}}"#;

#[test]
fn groups_have_the_trials_that_their_rates_determine() {
    let evidence = aif(DUMP);
    let male = Slice::one("sex", "Male");
    assert_eq!(
        counts(of(&evidence, &male, "true_positive_rate")),
        (Some(1861), Some(284), Some(588))
    );
    assert_eq!(
        counts(of(&evidence, &male, "false_positive_rate")),
        (Some(1861), Some(111), Some(1273))
    );
    assert_eq!(counts(of(&evidence, &male, "precision")), (Some(1861), Some(284), Some(395)));
    assert_eq!(counts(of(&evidence, &male, "accuracy")), (Some(1861), Some(1446), Some(1861)));
    assert_eq!(
        counts(of(&evidence, &Slice::one("sex", "not Male"), "accuracy")),
        (Some(0), None, Some(0))
    );
}

#[test]
fn signed_differences_are_kept() {
    let evidence = aif(DUMP);
    let difference = of(&evidence, &Slice::overall(), "true_positive_rate_difference");
    assert_eq!(
        (difference.source_name.as_str(), difference.value),
        ("equal_opportunity_difference", Some(-0.31))
    );
    assert_eq!(of(&evidence, &Slice::overall(), "disparate_impact").value, None);
    assert_eq!(of(&evidence, &Slice::overall(), "consistency").value, Some(0.75));
}

#[test]
fn a_flat_dump_is_read_without_n() {
    let evidence =
        aif(r#"{"disparate_impact": 0.9, "theil_index": 0.1, "model": "x", "accuracy": 0.8}"#);
    assert_eq!(evidence.measurements.len(), 3);
    assert_eq!(evidence.measurements[2].trials, None);
}

const EXPLAINED: &str = r#"[
  {"metric": "Accuracy", "message": "Classification accuracy (ACC): 0.7696666666666667", "numTruePositives": 340.0, "numTrueNegatives": 1969.0, "numPositives": 912.0, "numNegatives": 2088.0, "description": "…", "ideal": "…"},
  {"metric": "True Positive Rate", "message": "True positive rate on unprivileged instances: 0.1728395061728395", "numTruePositives": 56.0, "numPositives": 324.0, "description": "…", "ideal": "…"},
  {"metric": "Consistency", "message": "Consistency (Zemel, et al. 2013): [0.83]", "description": "…", "ideal": "…"},
  {"metric": "Disparate Impact", "message": "Disparate impact (…): 0.26473144330469767", "numPositivePredictionsUnprivileged": 64.0, "numUnprivileged": 1139.0, "numPositivePredictionsPrivileged": 395.0, "numPrivileged": 1861.0, "description": "Computed as the ratio of likelihood of …", "ideal": "…"}]"#;

#[test]
fn the_value_in_prose_and_the_counts_beside_it() {
    let evidence = aif(EXPLAINED);
    let overall = Slice::overall();
    assert_eq!(counts(of(&evidence, &overall, "accuracy")), (Some(3000), Some(2309), Some(3000)));
    assert_eq!(of(&evidence, &overall, "consistency").value, Some(0.83));
    assert_eq!(of(&evidence, &overall, "disparate_impact").source_name, "Disparate Impact");
    let group = Slice::one("group", "unprivileged");
    assert_eq!(counts(of(&evidence, &group, "true_positive_rate")), (None, Some(56), Some(324)));
    assert_eq!(counts(of(&evidence, &group, "selection_rate")), (Some(1139), Some(64), Some(1139)));
}

#[test]
fn counts_that_deny_the_value_are_not_stated() {
    let evidence = aif(&EXPLAINED.replace("340.0", "341.0"));
    assert_eq!(of(&evidence, &Slice::overall(), "accuracy").trials, None);
    assert_eq!(
        aif(&EXPLAINED.replace("(ACC): 0.7696666666666667", "(ACC): nan")).measurements[0].value,
        None
    );
    assert_eq!(
        aif(&EXPLAINED.replace("(ACC): 0.7696666666666667", "is unknown")).measurements[0]
            .source_name,
        "True Positive Rate"
    );
}

#[test]
fn nonsense_is_refused() {
    for text in
        ["", "[]", "{}", "3", r#"{"metrics": {"accuracy": 1}}"#, r#"[{"metric": "Accuracy"}]"#]
    {
        assert!(read(text.as_bytes(), Some("aif360")).is_err(), "{text}");
    }
}
