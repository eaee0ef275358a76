//! Answers of the HTTP API of Prometheus (and Thanos, Mimir, VictoriaMetrics): queries, rules and alerts.
//!
//! Sample values are text, including `NaN` and `+Inf`. A vector gives a number for each series,
//! with its labels as slice; a series without a name, such as a quantile, is called `result`. Of a
//! range only the latest sample of each series is read. An answer without a row is a failed check,
//! and so is one whose `status` is `error`.
//!
//! An alert that is firing is a failed check, and so is a rule that could not be evaluated. A list
//! of no alerts is not a check, because a quiet server and one without rules give the same answer.
//! Units in the names of metrics are only a convention, so no unit is taken from there.

use crate::evidence::{
    Adapter, Carries, Declined, Document, EvidenceError, Family,
    collector::Collector,
    formats::{common::text, labels},
    json::{Json, Object},
    undefined::{Reading, reading_text},
};
use crate::model::{Evidence, Producer, Slice, Timestamp};
use crate::stats::proportion::{counted, float};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "prometheus-query",
    title: "Answers of the Prometheus HTTP API: query, query_range, rules, alerts",
    family: Family::Operations,
    written_by: "curl 'http://prometheus:9090/api/v1/query?query=…'",
    reads: "every series with its labels as slice (of a range the latest sample), sums and counts of native histograms; \
            firing alerts and rules that cannot be evaluated as failed checks. n only from native histograms.",
    carries: &[Carries::Metrics, Carries::Slices, Carries::SampleSize, Carries::Checks],
    recognised_by: "`status`, and `data` with `resultType`, `alerts` or `groups`, or `errorType`",
    rule: "id = \"error-budget\"\nmetric = \"result\"\nsource = \"prometheus-query\"\nmax = 0.01\npoint_estimate = \"allow\"",
    detect,
    read,
};

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let object = document.object()?;
    let data = |key: &str| object.get("data").is_some_and(|data| data.get(key).is_some());
    let list = |key: &str| {
        object
            .get("data")
            .and_then(|data| data.get(key))
            .is_some_and(|json| json.as_array().is_some())
    };
    match text(object.get("status")) {
        Some("success")
            if (data("resultType") && data("result")) || list("alerts") || list("groups") =>
        {
            Ok(())
        }
        Some("error") if object.has("errorType") => Ok(()),
        Some("success" | "error") => {
            Err(Declined::because("no `data` with `resultType`, `alerts` or `groups`"))
        }
        _ => Err(Declined::because("no `status` that is `success` or `error`")),
    }
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    document.require(ADAPTER.id, detect(document))?;
    let object = document.require(ADAPTER.id, document.object())?;
    let mut collector = Collector::new(document, ADAPTER.id);
    collector.evidence.producer =
        Some(Producer { tool: Some("prometheus".to_owned()), ..Producer::default() });
    for (key, kind) in [("warnings", "warning"), ("infos", "info")] {
        for message in collector.list(object.get(key)) {
            collector
                .warn(format!("{kind} of Prometheus: {}", message.as_str().unwrap_or_default()));
        }
    }
    if text(object.get("status")) == Some("error") {
        let why = [text(object.get("errorType")), text(object.get("error"))]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>();
        collector.check("status", false, Some(why.join(": ")));
    }
    if let Some(data) = object.get("data") {
        if let Some(result) = data.get("result") {
            query(
                &mut collector,
                document,
                text(data.get("resultType")).unwrap_or_default(),
                result,
            )?;
        }
        if let Some(groups) = data.get("groups") {
            let groups = collector.objects(Some(groups));
            rules(&mut collector, &groups);
        }
        if let Some(alerts) = data.get("alerts").and_then(Json::as_array) {
            let firing = alerts.iter().filter(|alert| alert_of(&mut collector, alert)).count();
            let said = format!("{firing} of {} active alerts fire", alerts.len());
            if alerts.is_empty() {
                // A server that has no rules gives the same answer.
                collector.warn("no alert is active, and nothing says that a rule is loaded: send `/api/v1/rules` instead");
            } else {
                collector.check("alerts", firing == 0, Some(said));
            }
        }
    }
    collector.finish()
}

fn invalid(document: &Document<'_>, at: usize, message: impl Into<String>) -> EvidenceError {
    document.invalid(ADAPTER.id, at, message)
}

fn query(
    collector: &mut Collector<'_>,
    document: &Document<'_>,
    kind: &str,
    result: &Json<'_>,
) -> Result<(), EvidenceError> {
    let list =
        result.as_array().ok_or_else(|| invalid(document, result.at, "`result` is no list"))?;
    match kind {
        "scalar" => return sample(collector, document, "result", &Slice::overall(), result),
        "string" => {
            collector.left_out("a result that is text");
            collector.check(
                "result",
                false,
                Some("the answer is text: nothing was measured".to_owned()),
            );
            return Ok(());
        }
        "vector" | "matrix" => {}
        _ => {
            return Err(invalid(
                document,
                result.at,
                "`resultType` is none of vector, matrix, scalar and string",
            ));
        }
    }
    collector.number("result rows", "result rows", Slice::overall(), float(counted(list.len())));
    if list.is_empty() {
        collector.check(
            "result",
            false,
            Some("the query found no series: nothing was measured".to_owned()),
        );
    }
    if kind == "matrix" {
        collector.warn("of a range the latest sample of each series is read");
    }
    for series in list {
        let labels = series.get("metric").and_then(Json::as_object);
        let labels =
            labels.ok_or_else(|| invalid(document, series.at, "a series without `metric`"))?;
        let name = text(labels.get("__name__")).unwrap_or("result");
        let slice = labels::slice(labels);
        let latest = |one: &str, many: &str| {
            series.get(one).or_else(|| series.get(many)?.as_array()?.last())
        };
        let (value, histogram) = (latest("value", "values"), latest("histogram", "histograms"));
        if let Some(value) = value {
            sample(collector, document, name, &slice, value)?;
        }
        if let Some(histogram) = histogram {
            native_histogram(collector, document, name, &slice, histogram)?;
        }
        if value.is_none() && histogram.is_none() {
            collector.check(name, false, Some(format!("no sample of {slice}")));
        }
    }
    Ok(())
}

/// Splits a sample into seconds since 1970 and a value as text.
fn pair<'j>(
    document: &Document<'_>,
    json: &'j Json<'j>,
) -> Result<(&'j Json<'j>, &'j Json<'j>), EvidenceError> {
    match json.as_array() {
        Some([moment, value]) if moment.as_number().is_some() => Ok((moment, value)),
        _ => Err(invalid(document, json.at, "a sample is not a pair of time and value")),
    }
}

fn sample(
    collector: &mut Collector<'_>,
    document: &Document<'_>,
    name: &str,
    slice: &Slice,
    json: &Json<'_>,
) -> Result<(), EvidenceError> {
    let (moment, value) = pair(document, json)?;
    let value_text = value
        .as_str()
        .filter(|text| !text.is_empty())
        .ok_or_else(|| invalid(document, value.at, "a value is no text"))?;
    if !matches!(reading_text(value_text), Some(Reading::Number(_) | Reading::Undefined(_))) {
        return Err(invalid(document, value.at, "a value is no number"));
    }
    if let Some(m) = collector.measure_text(name, name, slice.clone(), value_text) {
        // Prometheus writes the shortest text of a double.
        m.rounding = crate::model::evidence::MIN_ROUNDING;
        m.quantile = slice
            .0
            .get("quantile")
            .and_then(|q| q.parse().ok())
            .filter(|q| (0.0..=1.0).contains(q));
    }
    seen(collector, moment);
    Ok(())
}

/// The moment of the document is that of its latest sample.
fn seen(collector: &mut Collector<'_>, moment: &Json<'_>) {
    let Some(seconds) = moment.as_number().map(crate::evidence::json::Number::value) else {
        return;
    };
    let micros = crate::evidence::counts::whole((seconds * 1e6).round())
        .and_then(|micros| i64::try_from(micros).ok());
    collector.evidence.produced_at =
        collector.evidence.produced_at.max(micros.map(Timestamp::from_micros));
}

fn native_histogram(
    collector: &mut Collector<'_>,
    document: &Document<'_>,
    name: &str,
    slice: &Slice,
    json: &Json<'_>,
) -> Result<(), EvidenceError> {
    let (moment, histogram) = pair(document, json)?;
    seen(collector, moment);
    let read = |key: &str| text(histogram.get(key)).map(|text| (text, reading_text(text)));
    let n = match read("count") {
        Some((_, Some(Reading::Number(number)))) => number.count(),
        _ => None,
    };
    for key in ["count", "sum"] {
        let Some((value, _)) = read(key) else { continue };
        let path = format!("{name}.{key}");
        if let Some(m) = collector.measure_text(&path, &path, slice.clone(), value) {
            m.n = n;
        }
    }
    collector.left_out("buckets of native histograms");
    Ok(())
}

/// The condition holds, but not yet as long as the rule requires.
const PENDING: &str = "pending";

fn rules(collector: &mut Collector<'_>, groups: &[&Object<'_>]) {
    let rules: Vec<_> =
        groups.iter().flat_map(|group| collector.list(group.get("rules"))).collect();
    if rules.is_empty() {
        collector.check("rules", false, Some("no rule is loaded: nothing is watched".to_owned()));
    }
    for rule in rules {
        let name = text(rule.get("name")).unwrap_or("rule");
        let health = text(rule.get("health")).unwrap_or("unknown");
        if health != "ok" {
            let why = text(rule.get("lastError")).unwrap_or_default();
            collector.check(name, false, Some(format!("health {health}: {why}")));
        } else if rule.get("state").is_some() || text(rule.get("type")) == Some("alerting") {
            let state = text(rule.get("state")).unwrap_or("unknown");
            let passed = matches!(state, "inactive" | PENDING);
            collector.check(name, passed, Some(state.to_owned()));
        }
        for alert in collector.list(rule.get("alerts")) {
            alert_of(collector, alert);
        }
    }
}

/// Adds an alert; returns whether it is firing.
fn alert_of(collector: &mut Collector<'_>, alert: &Json<'_>) -> bool {
    let empty = Object::default();
    let labels = alert.get("labels").and_then(Json::as_object).unwrap_or(&empty);
    let state = text(alert.get("state")).unwrap_or("unknown");
    let firing = !matches!(state, PENDING | "inactive");
    collector.check(labels::alert(labels), !firing, Some(state.to_owned()));
    if let Some(value) = text(alert.get("value")).filter(|value| !value.is_empty()) {
        collector.measure_text("value", "value", labels::slice(labels), value);
    }
    firing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Digest;

    fn of(text: &str) -> Result<Evidence, EvidenceError> {
        read(&Document::new(Digest::of(text.as_bytes()), text.as_bytes()))
    }

    fn result(kind: &str, result: &str) -> Result<Evidence, EvidenceError> {
        of(&format!(r#"{{"status":"success","data":{{"resultType":"{kind}","result":{result}}}}}"#))
    }

    #[test]
    fn scalars_are_a_result() {
        let evidence = result("scalar", r#"[1795185364.258,"0.25"]"#).unwrap();
        let m = &evidence.measurements[0];
        assert_eq!((m.source_name.as_str(), m.value), ("result", Some(0.25)));
        assert_eq!(evidence.produced_at.unwrap().to_string(), "2026-11-20T14:36:04.258Z");
    }

    #[test]
    fn infinities_are_undefined_and_an_empty_answer_is_a_failed_check() {
        let evidence = result(
            "vector",
            r#"[{"metric":{"__name__":"m","quantile":"0.99"},"value":[1,"-Inf"]}]"#,
        )
        .unwrap();
        let m = &evidence.measurements[1];
        assert_eq!(
            (m.value, m.quantile, m.slice.to_string().as_str()),
            (None, Some(0.99), "quantile = 0.99")
        );
        assert!(!result("vector", "[]").unwrap().checks[0].passed);
        assert!(!result("string", r#"[1,"text"]"#).unwrap().checks[0].passed);
        assert!(
            !of(r#"{"status":"error","errorType":"timeout","error":"query timed out"}"#)
                .unwrap()
                .checks[0]
                .passed
        );
    }

    #[test]
    fn of_a_range_the_latest_sample_counts() {
        let evidence =
            result("matrix", r#"[{"metric":{"__name__":"m"},"values":[[1,"5"],[2,"7"]]}]"#)
                .unwrap();
        assert_eq!(
            evidence.measurements.iter().map(|m| m.value.unwrap()).collect::<Vec<_>>(),
            [1.0, 7.0]
        );
    }

    #[test]
    fn native_histograms_give_sum_and_count() {
        let evidence = result(
            "vector",
            r#"[{"metric":{"__name__":"h"},"histogram":[1,{"count":"60","sum":"33","buckets":[[0,"0.5","1","60"]]}]}]"#,
        )
        .unwrap();
        let found: Vec<_> = evidence
            .measurements
            .iter()
            .skip(1)
            .map(|m| (m.source_name.as_str(), m.value, m.n))
            .collect();
        assert_eq!(found, [("h.count", Some(60.0), Some(60)), ("h.sum", Some(33.0), Some(60))]);
    }

    #[test]
    fn rules_and_alerts_are_checks() {
        let rule = |state: &str, health: &str| {
            format!(
                r#"{{"name":"R","state":"{state}","health":"{health}","type":"alerting","alerts":[]}}"#
            )
        };
        let passed = |rules: &str| {
            let evidence = of(&format!(
                r#"{{"status":"success","data":{{"groups":[{{"name":"g","rules":[{rules}]}}]}}}}"#
            ))
            .unwrap();
            evidence.checks.iter().map(|c| c.passed).collect::<Vec<_>>()
        };
        assert_eq!(passed(&rule("inactive", "ok")), [true]);
        assert_eq!(passed(&rule("firing", "ok")), [false]);
        assert_eq!(passed(&rule("inactive", "err")), [false]);
        assert_eq!(passed(""), [false]);
        let evidence = of(r#"{"status":"success","data":{"alerts":[{"labels":{"alertname":"A"},"state":"pending","value":"1e+00"}]}}"#).unwrap();
        assert!(evidence.checks.iter().all(|c| c.passed));
    }

    #[test]
    fn what_is_no_sample_is_refused_with_its_place() {
        for broken in [
            r#"[{"metric":{},"value":[1,0.5]}]"#,
            r#"[{"metric":{},"value":["1"]}]"#,
            r#"[{"value":[1,"1"]}]"#,
            "[1]",
            r#"[{"metric":{},"value":[1,"x"]}]"#,
        ] {
            assert_eq!(
                result("vector", broken).unwrap_err().code(),
                "evidence-invalid",
                "{broken}"
            );
        }
    }
}
