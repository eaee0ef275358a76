//! Soda's scan results: `soda scan -srf FILE`, or `Scan.get_scan_results()` as JSON (soda-core 3).
//! Soda 4 sends the same shape to its cloud, with null if there are no checks.
//!
//! A check passes only with the outcome `pass`. `warn` and `fail` do not pass, and neither does a
//! check that was not evaluated, whose outcome is null, nor a check of a table whose `row_count` is
//! zero. One query that fails (because a column does not exist) loses all metrics of its table and
//! all checks: the file then has null metrics, no checks, and `hasErrors`. So the two flags are
//! checks of their own, `hasErrors is false` and `hasFailures is false`, and a scan without any
//! check did not pass.
//!
//! Metrics are named by `metricName`, which repeats for every column; a rule on one of them uses
//! its `identity`. `invalid_percent` and the like are percentages.

use super::common::{flag, list, nothing_ran, object, produced_at, producer};
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    json::{Json, Object, Value},
};
use crate::model::{Evidence, Slice, Unit};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "soda-scan",
    title: "Soda scan results (soda-core 3) as JSON",
    family: Family::Data,
    written_by: "soda scan -d SOURCE -c configuration.yml -srf scan.json checks.yml",
    reads: "every check by its name; every metric by its name and its identity; whether the scan had errors or failures. \
            Only the outcome `pass` passes, and a scan without checks fails.",
    carries: &[Carries::Metrics, Carries::Checks],
    recognised_by: "`hasErrors`, `hasFailures`, `checks` and `metrics` beside `definitionName` or `scanStartTimestamp`",
    rule: "id = \"data-tests\"\ncheck = \"soda-scan/*\"",
    detect,
    read,
};

/// Parts of a scan that are neither checks nor metrics.
const ASIDE: [&str; 4] = ["queries", "profiling", "metadata", "logs"];

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let object = document.object()?;
    for key in ["hasErrors", "hasFailures", "checks"] {
        if !object.has(key) {
            return Err(Declined::because(format!("no key `{key}`")));
        }
    }
    if !object.has("definitionName") && !object.has("scanStartTimestamp") {
        return Err(Declined::because("no key `definitionName` or `scanStartTimestamp`"));
    }
    Ok(())
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let scan = object(&ADAPTER, document)?;
    // Soda 4 writes null for no checks.
    let empty = scan.get("checks").is_some_and(|checks| checks.value == Value::Null);
    let checks = if empty { &[] } else { list(&ADAPTER, document, scan, "checks")? };
    let mut collector = Collector::new(document, ADAPTER.id);
    producer(&mut collector, "soda-core", None);
    produced_at(&mut collector, "scanEndTimestamp", scan.text("scanEndTimestamp"));
    for key in ["hasErrors", "hasFailures"] {
        let said = flag(scan, key);
        let detail =
            said.is_none().then(|| format!("`{key}` is missing or neither true nor false"));
        collector.check(format!("{key} is false"), said == Some(false), detail);
    }
    let watched = collector.list(scan.get("automatedMonitoringChecks"));
    let metrics = collector.list(scan.get("metrics"));
    let empty = tables_without_rows(metrics);
    for one in checks.iter().chain(watched) {
        check(&mut collector, one, &empty);
    }
    if checks.is_empty() && watched.is_empty() {
        nothing_ran(&mut collector, "checks", "no check was evaluated");
    }
    for metric in metrics {
        measure(&mut collector, metric);
    }
    for key in ASIDE {
        if scan.get(key).and_then(Json::as_array).is_some_and(|list| !list.is_empty()) {
            collector.left_out(key);
        }
    }
    collector.finish()
}

/// For each table whose row count is 0, the prefix of its metrics' identities:
/// `metric-SCAN-SOURCE-TABLE-`, from `metric-SCAN-SOURCE-TABLE-row_count`.
fn tables_without_rows<'j>(metrics: &'j [Json<'_>]) -> Vec<&'j str> {
    let none = |metric: &&Json<'_>| {
        metric.get("value").and_then(Json::as_number).is_some_and(|n| n.value() == 0.0)
    };
    let identity =
        |metric: &'j Json<'_>| metric.get("identity")?.as_str()?.strip_suffix("row_count");
    metrics.iter().filter(none).filter_map(identity).collect()
}

fn check(collector: &mut Collector<'_>, json: &Json<'_>, empty: &[&str]) {
    let Some(check) = json.as_object() else {
        collector.check("checks", false, Some(format!("a check is no object but {}", json.kind())));
        return;
    };
    let name =
        check.text("name").or_else(|| check.text("definition")).unwrap_or("a check without a name");
    let outcome = check.text("outcome");
    let mut detail = vec![outcome.unwrap_or("not evaluated").to_owned()];
    for (what, key) in [("table", "table"), ("column", "column"), ("filter", "filter")] {
        detail.extend(check.text(key).map(|said| format!("{what} {said}")));
    }
    detail.extend(value(check).map(|value| format!("value {value}")));
    detail.extend(reasons(collector, check));
    let rests_on = collector.list(check.get("metrics"));
    let rests_on = rests_on.iter().filter_map(Json::as_str);
    let nothing =
        rests_on.clone().any(|metric| empty.iter().any(|table| metric.starts_with(table)));
    // A check of the row count itself is valid on a table without rows.
    let counts = rests_on.clone().count() > 0
        && rests_on.clone().all(|metric| metric.ends_with("-row_count"));
    if nothing && !counts {
        detail.insert(0, "the table has no row".to_owned());
    }
    collector.check(name, outcome == Some("pass") && (!nothing || counts), Some(detail.join(", ")));
}

/// The value that the check compared, as written.
fn value(check: &Object<'_>) -> Option<String> {
    let value = check.get("diagnostics")?.get("value")?;
    value
        .as_number()
        .map(|number| number.text().to_owned())
        .or_else(|| value.as_str().map(str::to_owned))
}

/// Why a check was not evaluated.
fn reasons(collector: &mut Collector<'_>, check: &Object<'_>) -> Vec<String> {
    let reasons = collector.list(check.get("outcomeReasons"));
    reasons
        .iter()
        .filter_map(|reason| reason.get("message").and_then(Json::as_str).map(str::to_owned))
        .collect()
}

fn measure(collector: &mut Collector<'_>, json: &Json<'_>) {
    let Some(metric) = json.as_object() else { return collector.left_out("metrics") };
    let (Some(name), Some(value)) = (metric.text("metricName"), metric.get("value")) else {
        return collector.left_out("a metric without `metricName` or `value`");
    };
    if matches!(value.value, Value::Array(_) | Value::Object(_)) {
        return collector.left_out(name);
    }
    let identity = metric.text("identity").unwrap_or(name);
    if let Some(m) = collector.measure(identity, name, Slice::overall(), value) {
        m.unit = name.ends_with("_percent").then_some(Unit::Percent);
    }
}

#[cfg(test)]
mod tests {
    use crate::evidence::read;

    fn scan(checks: &str, metrics: &str) -> String {
        format!(
            r#"{{"definitionName": "gate", "scanEndTimestamp": "2026-11-20T14:38:05+00:00", "hasErrors": false,
                "hasFailures": false, "metrics": [{metrics}], "checks": [{checks}], "queries": []}}"#
        )
    }

    #[test]
    fn only_pass_passes() {
        let checks = ["\"pass\"", "\"warn\"", "\"fail\"", "null", "7"]
            .map(|outcome| format!(r#"{{"name": "row_count > 0", "outcome": {outcome}}}"#))
            .join(", ");
        let evidence = read(scan(&checks, "").as_bytes(), None).unwrap();
        assert_eq!(evidence.format, "soda-scan");
        let passed: Vec<_> = evidence.checks.iter().map(|check| check.passed).collect();
        assert_eq!(passed, [true, true, true, false, false, false, false]);
        assert_eq!(evidence.produced_at.unwrap().to_string(), "2026-11-20T14:38:05Z");
    }

    #[test]
    fn a_scan_without_checks_is_not_good_news() {
        for text in [scan("", ""), scan("", "").replace("\"checks\": []", "\"checks\": null")] {
            let evidence = read(text.as_bytes(), None).unwrap();
            assert!(evidence.checks.iter().any(|check| check.name == "checks" && !check.passed));
        }
        let broken = scan("", "").replace("\"hasErrors\": false", "\"hasErrors\": null");
        let evidence = read(broken.as_bytes(), None).unwrap();
        assert!(
            evidence.checks.iter().any(|check| check.name == "hasErrors is false" && !check.passed)
        );
    }

    #[test]
    fn a_metric_keeps_its_name_and_its_identity() {
        let metrics = r#"{"identity": "metric-gate-duckdb-preds-sex-invalid_percent", "metricName": "invalid_percent", "value": 1.33},
                         {"identity": "metric-gate-duckdb-preds-score-max", "metricName": "max", "value": null},
                         {"identity": "metric-gate-duckdb-preds-schema", "metricName": "schema", "value": [{"columnName": "id"}]}"#;
        let evidence =
            read(scan(r#"{"name": "a", "outcome": "pass"}"#, metrics).as_bytes(), None).unwrap();
        let [percent, max] = evidence.measurements.as_slice() else {
            panic!("{:?}", evidence.measurements)
        };
        assert_eq!((percent.source_name.as_str(), percent.value), ("invalid_percent", Some(1.33)));
        assert_eq!(percent.metric, "metric-gate-duckdb-preds-sex-invalid_percent");
        assert_eq!(percent.unit, Some(crate::model::Unit::Percent));
        assert_eq!((max.source_name.as_str(), max.value), ("max", None));
        assert_eq!(evidence.warnings.last().unwrap(), "not read: `schema`");
    }

    #[test]
    fn what_is_no_scan_is_refused_with_its_place() {
        for (text, at) in [("[1]", "line 1, column 1"), ("{\"checks\": 7}", "line 1, column 12")] {
            let error = read(text.as_bytes(), Some("soda-scan")).unwrap_err();
            assert!(error.to_string().contains(at), "{error}");
        }
    }
}
