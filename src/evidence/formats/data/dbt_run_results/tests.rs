use crate::evidence::read;
use crate::model::Evidence;

fn results(schema: &str, nodes: &str) -> Evidence {
    let text = format!(
        r#"{{"metadata": {{"dbt_schema_version": "https://schemas.getdbt.com/dbt/{schema}.json", "dbt_version": "1.10.23",
            "generated_at": "2026-11-20T14:39:25.249840Z"}}, "results": [{nodes}], "elapsed_time": 1.5, "args": {{}}}}"#
    );
    let evidence = read(text.as_bytes(), None).unwrap();
    assert_eq!(evidence.format, "dbt-run-results");
    evidence
}

fn checks(evidence: &Evidence) -> Vec<(&str, bool)> {
    evidence.checks.iter().map(|check| (check.name.as_str(), check.passed)).collect()
}

#[test]
fn only_pass_and_success_pass() {
    let nodes = [
        "pass",
        "success",
        "warn",
        "fail",
        "error",
        "skipped",
        "partial success",
        "runtime error",
        "PASS",
        "",
    ];
    for (i, status) in nodes.into_iter().enumerate() {
        let node = format!(r#"{{"unique_id": "model.shop.a", "status": "{status}"}}"#);
        assert_eq!(
            checks(&results("run-results/v6", &node)),
            [("model.shop.a", i < 2)],
            "{status}"
        );
    }
}

#[test]
fn a_test_that_was_only_compiled_did_not_pass() {
    for id in ["test.shop.unique_id", "unit_test.shop.a.b"] {
        let node = format!(r#"{{"unique_id": "{id}", "status": "success", "failures": null}}"#);
        let evidence = results("run-results/v5", &node);
        assert_eq!(checks(&evidence), [(id, false)]);
        assert_eq!(evidence.checks[0].detail.as_deref(), Some("success: only compiled, not run"));
    }
}

#[test]
fn a_run_of_nothing_is_not_good_news() {
    assert_eq!(checks(&results("run-results/v4", "")), [("results", false)]);
    let noop = r#"{"unique_id": "exposure.shop.board", "status": "no-op"}"#;
    let evidence = results("run-results/v6", noop);
    assert_eq!(checks(&evidence), [("results", false)]);
    assert_eq!(evidence.warnings, ["not read: `exposure.shop.board`"]);
}

#[test]
fn tests_of_models_without_rows_are_not_good_news() {
    let run = |args: &str| {
        let text = format!(
            r#"{{"metadata": {{"dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json"}},
                "results": [{{"unique_id": "test.shop.a", "status": "pass"}}], "args": {args}}}"#
        );
        read(text.as_bytes(), None)
    };
    assert_eq!(checks(&run(r#"{"empty": false}"#).unwrap()), [("test.shop.a", true)]);
    for args in [r#"{"empty": true}"#, r#"{"empty": "true"}"#] {
        assert_eq!(
            checks(&run(args).unwrap()),
            [("test.shop.a", false), ("results", false)],
            "{args}"
        );
    }
    assert_eq!(run("7").unwrap_err().code(), "evidence-invalid");
}

#[test]
fn failures_and_seconds_go_by_their_node() {
    let node = r#"{"unique_id": "test.shop.not_null", "status": "fail", "message": "Got 3 results", "failures": 3,
                   "execution_time": 0.25, "adapter_response": {"rows_affected": 1}}"#;
    let evidence = results("run-results/v6", node);
    assert_eq!(evidence.checks[0].detail.as_deref(), Some("fail: Got 3 results"));
    let found: Vec<_> =
        evidence.measurements.iter().map(|m| (m.source_name.as_str(), m.value)).collect();
    assert_eq!(
        found,
        [
            ("test.shop.not_null.failures", Some(3.0)),
            ("test.shop.not_null.execution_time", Some(0.25)),
            ("elapsed_time", Some(1.5)),
        ]
    );
    assert_eq!(evidence.produced_at.unwrap().to_string(), "2026-11-20T14:39:25.24984Z");
    assert_eq!(evidence.producer.unwrap().version.as_deref(), Some("1.10.23"));
}

#[test]
fn sources_pass_when_they_are_fresh() {
    let node = |status: &str| {
        format!(
            r#"{{"unique_id": "source.shop.raw.orders", "status": "{status}", "max_loaded_at": "2026-11-20T14:00:00Z",
                     "max_loaded_at_time_ago_in_s": 42.5, "criteria": {{"warn_after": {{"count": 1, "period": "day"}}}}}}"#
        )
    };
    let fresh = results("sources/v3", &node("pass"));
    assert_eq!(checks(&fresh), [("source.shop.raw.orders", true)]);
    assert_eq!(
        fresh.measurements[0].source_name,
        "source.shop.raw.orders.max_loaded_at_time_ago_in_s"
    );
    assert_eq!(fresh.measurements[0].unit, Some(crate::model::Unit::Seconds));
    let broken = results(
        "sources/v1",
        r#"{"unique_id": "source.shop.raw.b", "status": "runtime error", "error": "no table"}"#,
    );
    assert_eq!(checks(&broken), [("source.shop.raw.b", false)]);
    assert_eq!(broken.checks[0].detail.as_deref(), Some("runtime error: no table"));
    assert_eq!(
        checks(&results("sources/v2", &node("success"))),
        [("source.shop.raw.orders", false)]
    );
}

#[test]
fn other_artifacts_of_dbt_are_not_results() {
    let error = read(
        br#"{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json"}, "nodes": {}}"#,
        None,
    )
    .unwrap_err();
    assert_eq!(error.code(), "evidence-not-understood");
    let error = read(br#"{"metadata": {}}"#, Some("dbt-run-results")).unwrap_err();
    assert!(error.to_string().contains("no key `results`"), "{error}");
}
