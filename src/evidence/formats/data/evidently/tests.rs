use crate::evidence::read;
use crate::model::{Evidence, Slice, Unit};

fn found(text: &str) -> Evidence {
    let evidence = read(text.as_bytes(), None).unwrap();
    assert_eq!(evidence.format, "evidently");
    evidence
}

fn metric(name: &str, value: &str) -> String {
    let kind = name.split('(').next().unwrap();
    format!(
        r#"{{"id": "e4f2", "metric_name": "{name}", "config": {{"type": "evidently:metric_v2:{kind}"}}, "value": {value}}}"#
    )
}

fn report(metrics: &[String], tests: &str) -> String {
    format!(r#"{{"metrics": [{}], "tests": [{tests}]}}"#, metrics.join(", "))
}

fn values(evidence: &Evidence) -> Vec<(&str, &str, Option<f64>, Option<u64>)> {
    evidence
        .measurements
        .iter()
        .map(|m| (m.metric.as_str(), m.source_name.as_str(), m.value, m.n))
        .collect()
}

#[test]
fn parts_of_a_value_stand_behind_the_name() {
    let metrics = [
        metric("RowCount()", "900.0"),
        metric("MissingValueCount(column=race)", r#"{"count": 17.0, "share": 0.0189}"#),
        metric("MinValue(column=allnull)", "NaN"),
        metric("UniqueValueCount(column=sex)", r#"{"counts": {"f": 3.0}, "shares": {"f": 1.0}}"#),
    ];
    let rows = Some(900);
    assert_eq!(
        values(&found(&report(&metrics, ""))),
        [
            ("RowCount()", "RowCount()", Some(900.0), rows),
            (
                "MissingValueCount(column=race)#count",
                "MissingValueCount(column=race)#count",
                Some(17.0),
                rows
            ),
            (
                "MissingValueCount(column=race)#share",
                "MissingValueCount(column=race)#share",
                Some(0.0189),
                rows
            ),
            ("MinValue(column=allnull)", "MinValue(column=allnull)", None, rows),
            (
                "UniqueValueCount(column=sex)#counts.f",
                "UniqueValueCount(column=sex)#counts.f",
                Some(3.0),
                rows
            ),
            (
                "UniqueValueCount(column=sex)#shares.f",
                "UniqueValueCount(column=sex)#shares.f",
                Some(1.0),
                rows
            ),
        ]
    );
}

#[test]
fn averages_over_classes_do_not_get_the_names_of_the_positive_class() {
    let recall = metric("Recall(classification_name=default)", "0.5");
    assert_eq!(
        values(&found(&report(std::slice::from_ref(&recall), "")))[0].0,
        "Recall(classification_name=default)"
    );
    let three =
        metric("RecallByLabel(classification_name=default)", r#"{"a": 0.5, "b": 0.5, "c": 0.5}"#);
    assert_eq!(
        values(&found(&report(&[recall.clone(), three], "")))[0].0,
        "Recall(classification_name=default)"
    );
    let two = metric("RecallByLabel(classification_name=default)", r#"{"0": 0.5, "1": 0.5}"#);
    assert_eq!(values(&found(&report(&[recall.clone(), two], "")))[0].0, "recall");
    let rates = metric("TPR(classification_name=default)", "0.5");
    let evidence = found(&report(&[recall, rates], ""));
    assert_eq!((values(&evidence)[0].0, values(&evidence)[1].0), ("recall", "true_positive_rate"));
}

#[test]
fn accuracy_rests_on_the_rows_only_where_it_counts_them() {
    let of = |accuracy: &str| {
        let evidence =
            found(&report(&[metric("Accuracy()", accuracy), metric("RowCount()", "4.0")], ""));
        (evidence.measurements[0].metric.clone(), evidence.measurements[0].n)
    };
    assert_eq!(of("0.75"), ("accuracy".to_owned(), Some(4)));
    // Three rows: the fourth has no label.
    assert_eq!(of("0.6666666666666666"), ("accuracy".to_owned(), None));
}

#[test]
fn mape_is_a_percentage() {
    let evidence = found(&report(
        &[metric("MAPE(regression_name=default)", r#"{"mean": 21.5, "std": 2.0}"#)],
        "",
    ));
    let [mean, std] = evidence.measurements.as_slice() else { panic!() };
    assert_eq!(
        (mean.metric.as_str(), mean.unit),
        ("mean_absolute_percentage_error", Some(Unit::Percent))
    );
    assert_eq!(
        (std.metric.as_str(), std.unit),
        ("MAPE(regression_name=default)#std", Some(Unit::Percent))
    );
}

#[test]
fn only_success_passes() {
    let test = |status: &str| {
        format!(
            r#"{{"id": "gte", "name": "Row count", "description": "few", "metric_config": {{}}, "status": {status}}}"#
        )
    };
    let tests = [
        "\"SUCCESS\"",
        "\"FAIL\"",
        "\"WARNING\"",
        "\"ERROR\"",
        "\"SKIPPED\"",
        "\"success\"",
        "null",
    ]
    .map(test)
    .join(", ");
    let evidence = found(&report(&[], &tests));
    let passed: Vec<_> = evidence.checks.iter().map(|check| check.passed).collect();
    assert_eq!(passed, [true, false, false, false, false, false, false]);
    assert_eq!(evidence.checks[1].detail.as_deref(), Some("FAIL: few"));
}

#[test]
fn a_metric_without_a_result_and_an_empty_report_are_not_good_news() {
    let evidence = found(&report(&[metric("RowCount()", "4.0"), "{}".to_owned()], ""));
    assert_eq!((evidence.checks[0].name.as_str(), evidence.checks[0].passed), ("metrics", false));
    let evidence = read(br#"{"metrics": [], "tests": []}"#, Some("evidently")).unwrap();
    assert!(!evidence.checks[0].passed);
    assert_eq!(
        read(br#"{"metrics": [], "tests": []}"#, None).unwrap_err().code(),
        "evidence-not-understood"
    );
}

#[test]
fn a_group_is_a_slice() {
    let text = r#"{"id": "a", "metric_name": "GroupByMetric(column_name=sex,label=f)", "config": {"type": "evidently:metric_v2:GroupByMetric",
        "metric": {"type": "evidently:metric_v2:Accuracy"}, "column_name": "sex", "label": "f"}, "value": 0.5}"#;
    let evidence = found(&report(&[text.to_owned(), metric("RowCount()", "4.0")], ""));
    let accuracy = &evidence.measurements[0];
    assert_eq!((accuracy.metric.as_str(), accuracy.n), ("accuracy", None));
    assert_eq!(accuracy.slice, Slice::one("sex", "f"));
}

#[test]
fn a_whole_snapshot_says_the_same_as_its_report() {
    let text = r#"{"report": {}, "name": null, "timestamp": "2026-11-21T19:24:31", "metadata": {}, "tags": [], "top_level_metrics": ["a", "b", "c"],
        "metric_results": {
          "a": {"type": "evidently:metric_result_v2:SingleValue", "metric_value_location": {"metric": {"metric_id": "a", "params":
               {"type": "evidently:metric_v2:RowCount", "tests": []}}, "param": {}}, "widget": [{"params": {"value": 7}}], "tests": [
               {"id": "gte", "name": "Row count", "description": "", "metric_config": {}, "status": "FAIL"}], "value": 900.0},
          "b": {"type": "evidently:metric_result_v2:CountValue", "metric_value_location": {"metric": {"metric_id": "b", "params":
               {"type": "evidently:metric_v2:MissingValueCount", "column": "age", "count_tests": null}}, "param": {}}, "widget": [], "tests": [],
               "count": {"metric_value_location": {}, "widget": null, "value": 17.0}, "share": {"widget": null, "value": 0.5}},
          "c": {"type": "evidently:metric_result_v2:ByLabelValue", "metric_value_location": {"metric": {"metric_id": "c", "params":
               {"type": "evidently:metric_v2:F1ByLabel", "classification_name": "default", "probas_threshold": null}}, "param": {}},
               "values": {"0": {"value": 0.25}, "1": {"value": 0.75}}}}}"#;
    let evidence = found(text);
    let names: Vec<_> =
        values(&evidence).into_iter().map(|(_, name, value, _)| (name, value)).collect();
    assert_eq!(
        names,
        [
            ("RowCount()", Some(900.0)),
            ("MissingValueCount(column=age)#count", Some(17.0)),
            ("MissingValueCount(column=age)#share", Some(0.5)),
            ("F1ByLabel(classification_name=default)#0", Some(0.25)),
            ("F1ByLabel(classification_name=default)#1", Some(0.75)),
        ]
    );
    assert_eq!((evidence.checks.len(), evidence.checks[0].passed), (1, false));
}

/// Names of 0.7.23: its report writes the enumeration's member, its snapshot the member's value.
#[test]
fn a_snapshot_names_column_types_as_the_report_does() {
    for (value, member) in
        [("num", "Numerical"), ("text", "Text"), ("data", "Date"), ("datetime", "Datetime")]
    {
        let text = format!(
            r#"{{"report": {{}}, "top_level_metrics": ["a"], "metric_results": {{"a": {{
                "type": "evidently.core.metric_types.SingleValue", "value": 3, "tests": [], "metric_value_location": {{"metric": {{
                "params": {{"type": "evidently:metric_v2:ColumnCount", "column_type": "{value}"}}}}}}}}}}}}"#
        );
        let evidence = found(&text);
        let name = format!("ColumnCount(column_type=ColumnType.{member})");
        assert_eq!(values(&evidence), [(name.as_str(), name.as_str(), Some(3.0), None)]);
    }
}

#[test]
fn tests_that_cannot_be_read_refuse_the_report() {
    let whole = report(&[metric("RowCount()", "900.0")], "");
    for other in ["{}", "7", "\"none\""] {
        let error =
            read(whole.replace("\"tests\": []", &format!("\"tests\": {other}")).as_bytes(), None)
                .unwrap_err();
        assert!(error.to_string().contains("a list was expected"), "{error}");
    }
    assert!(found(&whole.replace("\"tests\": []", "\"tests\": null")).checks.is_empty());
}
