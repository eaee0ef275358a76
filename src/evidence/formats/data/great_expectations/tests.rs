use crate::evidence::read;
use crate::model::{Evidence, Slice, Unit};

fn found(text: &str) -> Evidence {
    let evidence = read(text.as_bytes(), None).unwrap();
    assert_eq!(evidence.format, "great-expectations");
    evidence
}

fn checks(evidence: &Evidence) -> Vec<(&str, bool)> {
    evidence.checks.iter().map(|check| (check.name.as_str(), check.passed)).collect()
}

fn suite(results: &str) -> String {
    format!(
        r#"{{"success": true, "results": [{results}], "statistics": {{"evaluated_expectations": 1, "success_percent": 100.0}},
            "meta": {{"great_expectations_version": "1.24.1", "run_id": {{"run_time": "2026-11-20T14:10:03.310285+00:00"}},
            "active_batch_definition": {{"data_asset_name": "adult"}}}}}}"#
    )
}

const AGE: &str = r#"{"success": true, "expectation_config": {"type": "expect_column_values_to_be_between",
    "kwargs": {"column": "age", "mostly": 0.95}}, "result": {"element_count": 3000, "unexpected_count": 60,
    "unexpected_percent": 2.0, "partial_unexpected_list": [130]}, "exception_info": {"raised_exception": false}}"#;

#[test]
fn percentages_stay_percentages_and_keep_their_rows() {
    let evidence = found(&suite(AGE));
    assert_eq!(
        checks(&evidence),
        [("success", true), ("expect_column_values_to_be_between [age]", true)]
    );
    assert_eq!(evidence.checks[1].detail.as_deref(), Some("60 of 3000 values are unexpected"));
    let percent =
        evidence.measurements.iter().find(|m| m.source_name == "unexpected_percent").unwrap();
    assert_eq!(
        (percent.value, percent.unit, percent.n),
        (Some(2.0), Some(Unit::Percent), Some(3000))
    );
    assert_eq!(percent.metric, "expect_column_values_to_be_between.unexpected_percent");
    assert_eq!(percent.slice, Slice::one("column", "age"));
    assert_eq!(evidence.produced_at.unwrap().to_string(), "2026-11-20T14:10:03.310285Z");
    assert_eq!(evidence.dataset.unwrap().name.as_deref(), Some("adult"));
    assert_eq!(evidence.producer.unwrap().version.as_deref(), Some("1.24.1"));
}

#[test]
fn an_exception_is_no_success() {
    let itself = AGE.replace(
        "\"raised_exception\": false",
        "\"raised_exception\": true, \"exception_message\": \"boom\"",
    );
    let by_metric = AGE.replace(
        "{\"raised_exception\": false}",
        "{\"MetricConfigurationID(a)\": {\"raised_exception\": true, \"exception_message\": \"boom\"}}",
    );
    for text in [itself, by_metric] {
        let evidence = found(&suite(&text));
        assert!(!evidence.checks[1].passed);
        assert!(evidence.checks[1].detail.as_deref().unwrap().starts_with("raised: boom"));
    }
    let unknown = found(&suite(&AGE.replacen("true", "null", 1)));
    assert!(!unknown.checks[1].passed);
}

#[test]
fn a_suite_without_expectations_is_not_good_news() {
    assert_eq!(checks(&found(&suite(""))), [("success", false), ("expectations", false)]);
    let evidence = found(&suite(&AGE.replace("3000", "0")));
    assert_eq!(
        checks(&evidence),
        [("success", false), ("expect_column_values_to_be_between [age]", false)]
    );
    assert_eq!(evidence.warnings, ["`expect_column_values_to_be_between` looked at no rows"]);
}

#[test]
fn version_0_names_the_type_otherwise_and_wraps_its_validations() {
    let old = suite(&AGE.replace("\"type\"", "\"expectation_type\""));
    assert_eq!(checks(&found(&old))[1].0, "expect_column_values_to_be_between [age]");
    let checkpoint = format!(
        r#"{{"run_id": {{"run_name": "n", "run_time": "2026-11-20T14:10:03+00:00"}}, "success": true, "checkpoint_config": {{}},
            "run_results": {{"ValidationResultIdentifier::a/b": {{"validation_result": {old}, "actions_results": {{}}}}}}}}"#
    );
    let evidence = found(&checkpoint);
    assert_eq!(
        checks(&evidence)[1..],
        [
            ("success [ValidationResultIdentifier::a/b]", true),
            ("expect_column_values_to_be_between [age]", true),
        ]
    );
    assert_eq!(evidence.producer.as_ref().unwrap().version.as_deref(), Some("1.24.1"));
    let new = checkpoint
        .replace("{\"validation_result\": ", "")
        .replace(", \"actions_results\": {}}", "");
    assert_eq!(checks(&found(&new)), checks(&evidence));
}

#[test]
fn the_statistics_of_a_checkpoint_are_told_from_those_of_its_validations() {
    let text = r#"{"success": false, "statistics": {"evaluated_validations": 1, "success_percent": 0.0}, "validation_results": [
        {"success": false, "statistics": {"evaluated_expectations": 9, "success_percent": 55.5}, "expectations": [
            {"expectation_type": "expect_column_to_exist", "success": false, "kwargs": {"column": "label"}, "result": {}}]}]}"#;
    let evidence = found(text);
    assert_eq!(
        checks(&evidence),
        [
            ("success", false),
            ("success [1]", false),
            ("expectations", false),
            ("expect_column_to_exist [label]", false)
        ]
    );
    let named =
        |metric: &str| evidence.measurements.iter().find(|m| m.metric == metric).unwrap().value;
    assert_eq!(
        (named("checkpoint.success_percent"), named("success_percent")),
        (Some(0.0), Some(55.5))
    );
}

#[test]
fn observed_values_are_numbers_quantiles_or_left_out() {
    let of = |value: &str| {
        let text = format!(
            r#"{{"success": true, "expectation_config": {{"type": "expect_x", "kwargs": {{"column_A": "a", "column_B": "b"}}}},
                "result": {{"observed_value": {value}}}}}"#
        );
        let evidence = found(&text);
        assert_eq!(evidence.checks[0].name, "expect_x [a, b]");
        evidence.measurements.iter().map(|m| (m.source_name.clone(), m.value)).collect::<Vec<_>>()
    };
    assert_eq!(of("39.6"), [("observed_value".to_owned(), Some(39.6))]);
    assert_eq!(of("NaN"), [("observed_value".to_owned(), None)]);
    assert_eq!(
        of(r#"{"quantiles": [0.05, 0.5], "values": [1, 2.5]}"#),
        [
            ("observed_value.0.05".to_owned(), Some(1.0)),
            ("observed_value.0.5".to_owned(), Some(2.5)),
        ]
    );
    assert_eq!(
        of(r#"{"self": 3, "other": 4}"#),
        [
            ("observed_value.self".to_owned(), Some(3.0)),
            ("observed_value.other".to_owned(), Some(4.0))
        ]
    );
    assert!(of(r#"["a", "b"]"#).is_empty());
}

#[test]
fn several_data_sets_keep_their_names() {
    let one = suite(AGE);
    let two = one.replace("\"adult\"", "\"bank\"");
    let text = format!(r#"{{"success": true, "run_results": {{"a": {one}, "b": {two}}}}}"#);
    let evidence = found(&text);
    let sets: std::collections::BTreeSet<_> =
        evidence.measurements.iter().map(|m| m.dataset.clone()).collect();
    assert_eq!(sets, [Some("adult".to_owned()), Some("bank".to_owned())].into());
    assert_eq!(evidence.dataset, None);
}

#[test]
fn a_suite_of_expectations_has_no_results() {
    let text = r#"{"name": "s", "expectations": [{"type": "expect_column_to_exist", "kwargs": {"column": "a"}}], "meta": {"great_expectations_version": "1.0"}}"#;
    assert_eq!(read(text.as_bytes(), None).unwrap_err().code(), "evidence-not-understood");
    assert!(
        read(text.as_bytes(), Some("great-expectations"))
            .unwrap_err()
            .to_string()
            .contains("line 1, column 1")
    );
}
