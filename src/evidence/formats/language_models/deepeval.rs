//! `DeepEval`'s test runs: `results_folder`, `.deepeval/.latest_test_run.json`, or
//! `EvaluationResult.model_dump_json()`.
//!
//! A test case has a result for each metric (`metricsData`; `metricsMetadata` before 0.21.40) with
//! `score`, `threshold` and `success`. A metric that could not be measured has an `error` and no
//! score, and its `success` is false or absent: a failed check. Metrics of a trace's spans are
//! below `trace`. A flaky metric does not decide whether its case passes, but is a check like any
//! other.
//!
//! A case without metrics measured nothing, even if its `success` is true: it is a failed check,
//! and is not part of the share of cases that passed. A case in which no metric has a score is not
//! part of it either. A case passed only if every metric has a score, or was skipped and says why.
//! If more cases are counted than listed, no rule can use the share.
//!
//! `metricsScores` has all scores of a metric, without those that could not be measured: their mean
//! is the value, and their number is n. `traceMetricsScores` has them again by type and name of the
//! span, which is the scope.
//!
//! The values are means that we compute, so they are exact doubles.

use super::common::{Share, Tests, brief, count, joined, pass_rate};
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    collector::finite,
    json::{Json, Number, Value},
    precision::Precision,
};
use crate::model::{DatasetRef, Evidence, Producer, Slice, Unit};
use crate::stats::proportion::{counted, float};
use std::collections::HashMap;

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "deepeval",
    title: "DeepEval test run",
    family: Family::LanguageModels,
    written_by: "evaluate(cases, metrics, display_config=DisplayConfig(results_folder=\"results\"))",
    reads: "every metric of every test case as a check called `case: metric`; the mean score of each metric, the \
            cases it scored as n; the share of cases that passed as pass_rate.",
    carries: &[Carries::Metrics, Carries::SampleSize, Carries::Counts, Carries::Checks],
    recognised_by: "`testCases` beside `metricsScores`, `conversationalTestCases` or `testPassed`; `test_results` \
                    with `metrics_data`",
    rule: "id = \"faithful\"\nmetric = \"Faithfulness\"\nmin = 0.8",
    detect,
    read,
};

/// The types of spans of a trace.
const SPANS: [&str; 5] = ["agentSpans", "toolSpans", "retrieverSpans", "llmSpans", "baseSpans"];

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let object = document.object()?;
    let json = document.json().map_err(|error| Declined::because(error.to_string()))?;
    if let Some(results) = object.get("test_results").and_then(Json::as_array) {
        let is_case =
            |case: &Json<'_>| case.get("success").is_some() && case.get("metrics_data").is_some();
        return match results.first() {
            Some(case) if is_case(case) => Ok(()),
            None if object.has("confident_link") => Ok(()),
            _ => Err(Declined::because("`test_results` without `success` and `metrics_data`")),
        };
    }
    let run = run(json);
    if run.get("testCases").is_none_or(|cases| cases.as_array().is_none()) {
        return Err(Declined::because("no list `testCases`"));
    }
    let known = ["metricsScores", "conversationalTestCases", "testPassed"]
        .iter()
        .any(|key| run.get(key).is_some());
    if known {
        Ok(())
    } else {
        Err(Declined::because(
            "none of `metricsScores`, `conversationalTestCases` and `testPassed`",
        ))
    }
}

/// The run itself. The newest versions write it in a wrapper.
fn run<'j, 'a>(json: &'j Json<'a>) -> &'j Json<'a> {
    json.get("testRunData").unwrap_or(json)
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let json = document.json().map_err(Clone::clone)?;
    document.require(ADAPTER.id, detect(document))?;
    let run = run(json);
    let mut collector = Collector::new(document, ADAPTER.id).precision(Precision::Full);
    let link = json.text("testRunLink").or_else(|| json.text("confident_link"));
    collector.evidence.producer = Some(Producer {
        tool: Some("deepeval".to_owned()),
        version: None,
        run: link.map(str::to_owned),
    });
    let dataset = run.text("datasetAlias").map(str::to_owned);
    collector.evidence.dataset = dataset.map(|name| DatasetRef { name: Some(name), digest: None });
    let mut tally = Tally::default();
    for key in ["testCases", "conversationalTestCases", "test_results"] {
        for (i, case) in collector.list(run.get(key)).iter().enumerate() {
            read_case(&mut collector, &mut tally, case, i);
        }
    }
    for scores in collector.list(run.get("metricsScores")) {
        read_scores(&mut collector, &tally, scores, None);
    }
    read_spans(&mut collector, &tally, run.get("traceMetricsScores"));
    if run.get("metricsScores").is_none() {
        tally.means(&mut collector);
    }
    totals(&mut collector, run, &tally);
    collector.finish()
}

fn totals(collector: &mut Collector<'_>, run: &Json<'_>, tally: &Tally) {
    let (passed, failed) = (count(run, "testPassed"), count(run, "testFailed"));
    let cases = passed.zip(failed).map(|(passed, failed)| passed.saturating_add(failed));
    for key in ["testPassed", "testFailed"] {
        if let Some(m) =
            run.get(key).and_then(|json| collector.measure(key, key, Slice::overall(), json))
        {
            m.n = cases.map(|n| tally.tests.share().different(n));
        }
    }
    let seconds = run
        .get("runDuration")
        .and_then(|json| collector.measure("runDuration", "runDuration", Slice::overall(), json));
    if let Some(m) = seconds {
        m.unit = Some(Unit::Seconds);
    }
    // The run's counts include cases that measured nothing. Only the list of cases shows which ones
    // these are.
    let whole = cases.is_none_or(|cases| cases == tally.cases);
    let from = collector.evidence.measurements.len();
    match passed.zip(cases) {
        Some((passed, cases)) if !whole => {
            pass_rate(collector, "pass rate", Slice::overall(), Share::once(passed, cases));
            let why = format!(
                "{cases} test cases are counted, and the value rests on some that are not in the file"
            );
            collector
                .evidence
                .measurements
                .iter_mut()
                .skip(from)
                .for_each(|m| m.unfit = Some(why.clone()));
        }
        _ => pass_rate(collector, "pass rate", Slice::overall(), tally.tests.share()),
    }
    if let Some((passed, _)) =
        passed.zip(cases).filter(|(n, cases)| tally.cases == *cases && tally.passed != *n)
    {
        let why = format!("`testPassed` is {passed}, and {} of the cases passed", tally.passed);
        collector.check("testPassed", false, Some(why));
    }
    if let Some(counted) = cases.filter(|_| !whole) {
        let why = format!("{counted} test cases are counted, {} are listed", tally.cases);
        collector.check("tests", false, Some(why));
    }
}

/// Totals of the cases, for documents that do not state them.
#[derive(Default)]
struct Tally {
    cases: u64,
    passed: u64,
    /// The cases that measured anything.
    tests: Tests,
    scores: Vec<(String, Vec<Option<f64>>)>,
    /// The cases that a metric scored, by the metric's name.
    scored: HashMap<String, Tests>,
}

impl Tally {
    /// Records that a metric scored the case with this key.
    fn scored(&mut self, name: &str, key: &str) {
        self.scored.entry(name.to_owned()).or_default().add(key.to_owned(), true);
    }

    /// How many different cases `n` scores of a metric are from: a repeated case is not another
    /// case.
    fn different(&self, name: &str, n: u64) -> u64 {
        self.scored.get(name).map_or(n, |cases| cases.share().different(n))
    }

    fn score(&mut self, name: &str, score: Option<f64>) {
        match self.scores.iter_mut().find(|(known, _)| known == name) {
            Some((_, scores)) => scores.push(score),
            None => self.scores.push((name.to_owned(), vec![score])),
        }
    }

    fn means(&self, collector: &mut Collector<'_>) {
        for (name, scores) in &self.scores {
            let scores: Vec<f64> = scores.iter().copied().flatten().collect();
            let n = self.different(name, counted(scores.len()));
            mean(collector, name, &scores, n);
        }
    }
}

fn truth(json: &Json<'_>, key: &str) -> Option<bool> {
    if let Some(Value::Bool(truth)) = json.get(key).map(|json| &json.value) {
        Some(*truth)
    } else {
        None
    }
}

fn read_case(collector: &mut Collector<'_>, tally: &mut Tally, case: &Json<'_>, i: usize) {
    let name = case.text("name").map_or_else(|| format!("case {i}"), str::to_owned);
    tally.cases += 1;
    tally.passed += u64::from(truth(case, "success") == Some(true));
    let metrics =
        ["metricsData", "metricsMetadata", "metrics_data"].map(|key| collector.list(case.get(key)));
    // A repeated case has the same name and the same input.
    let key =
        case.text("name").zip(case.text("input")).map(|(name, input)| format!("{name}\0{input}"));
    let key = key.unwrap_or_else(|| format!("{i}\0{}", tally.cases));
    let (mut listed, mut scored, mut unscored) = (false, false, false);
    let mut look = |tally: &mut Tally, of: &str, metric: &Json<'_>| {
        listed = true;
        if metric.get("score").and_then(finite).is_some() {
            scored = true;
            tally.scored(of, &key);
        } else {
            unscored |= !skipped(metric);
        }
    };
    for metric in metrics.into_iter().flatten() {
        let of = metric.text("name").or_else(|| metric.text("metric")).unwrap_or("metric");
        look(tally, of, metric);
        tally.score(of, metric.get("score").and_then(finite).map(Number::value));
        check(collector, format!("{name}: {of}"), metric);
    }
    for kind in SPANS {
        for span in collector.list(case.get("trace").and_then(|trace| trace.get(kind))) {
            let at = span.text("name").unwrap_or("span");
            for metric in collector.list(span.get("metricsData")) {
                let of = metric.text("name").unwrap_or("metric");
                look(tally, of, metric);
                check(collector, format!("{name}: {at}: {of}"), metric);
            }
        }
    }
    if !listed {
        collector.check(name, false, Some("no metric was measured".to_owned()));
    } else if scored {
        tally.tests.add(key, truth(case, "success") == Some(true) && !unscored);
    }
}

/// Whether a metric was skipped on purpose, and says why.
fn skipped(metric: &Json<'_>) -> bool {
    let said = |key: &str| metric.text(key).is_some_and(|text| !text.trim().is_empty());
    truth(metric, "skipped") == Some(true) && (said("reason") || said("error"))
}

fn check(collector: &mut Collector<'_>, name: String, metric: &Json<'_>) {
    let number = |key: &str| {
        metric.get(key).and_then(finite).map(|number| format!("{key} {}", number.text()))
    };
    let flaky = truth(metric, "flaky") == Some(true);
    let scored = metric.get("score").and_then(finite).is_some();
    let detail = joined([
        (!scored).then(|| "no score".to_owned()),
        number("score"),
        number("threshold"),
        flaky.then(|| "flaky".to_owned()),
        metric.text("error").or_else(|| metric.text("reason")).map(brief),
    ]);
    collector.check(name, scored && truth(metric, "success") == Some(true), detail);
}

/// Adds the mean of the scores of `n` different cases.
fn mean(collector: &mut Collector<'_>, name: &str, scores: &[f64], n: u64) {
    // The mean of no scores is undefined: 0 / 0.
    let mean = scores.iter().sum::<f64>() / float(counted(scores.len()));
    if let Some(m) = collector.number(name, name, Slice::overall(), mean) {
        m.n = Some(n);
    }
    if scores.is_empty() {
        collector.warn(format!("{} has no score", crate::evidence::quoted(name)));
    }
}

fn read_scores(
    collector: &mut Collector<'_>,
    tally: &Tally,
    entry: &Json<'_>,
    scope: Option<&str>,
) {
    let Some(name) = entry.text("metric") else {
        collector.left_out("scores without a metric");
        return;
    };
    let Some(written) = entry.get("scores").and_then(Json::as_array) else {
        collector.left_out(&format!("{name}: no list of scores"));
        return;
    };
    let scores: Vec<f64> = written.iter().filter_map(finite).map(Number::value).collect();
    let first = collector.evidence.measurements.len();
    mean(collector, name, &scores, tally.different(name, counted(scores.len())));
    if scores.len() != written.len() {
        collector.warn(format!(
            "a score of {} is not a number: its mean is undefined",
            crate::evidence::quoted(name)
        ));
        if let Some(m) = collector.evidence.measurements.last_mut() {
            (m.value, m.n) = (None, Some(tally.different(name, counted(written.len()))));
        }
    }
    let counts = ["passes", "fails", "errors"].map(|key| count(entry, key));
    let cases = counts.iter().copied().try_fold(0_u64, |sum, n| sum.checked_add(n?));
    for key in ["passes", "fails", "errors"] {
        let Some(json) = entry.get(key) else { continue };
        let theirs = format!("{name}.{key}");
        if let Some(m) = collector.measure(&theirs, &theirs, Slice::overall(), json) {
            m.n = cases.map(|n| tally.different(name, n));
        }
    }
    let added = collector.evidence.measurements.get_mut(first..).unwrap_or_default();
    for m in added {
        m.scope = scope.map(str::to_owned);
    }
}

/// Reads type → name of the span → metric → scores.
fn read_spans(collector: &mut Collector<'_>, tally: &Tally, traces: Option<&Json<'_>>) {
    for kind in collector.members(traces) {
        for span in collector.members(Some(&kind.value)) {
            for metric in collector.members(Some(&span.value)) {
                read_scores(
                    collector,
                    tally,
                    &metric.value,
                    Some(&format!("{}/{}", kind.key, span.key)),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{evidence::read, model::Measurement};

    fn evidence(text: &str) -> Evidence {
        let evidence = read(text.as_bytes(), None).unwrap();
        assert_eq!(evidence.format, "deepeval");
        evidence
    }

    fn checks(evidence: &Evidence) -> Vec<(&str, bool)> {
        evidence.checks.iter().map(|c| (c.name.as_str(), c.passed)).collect()
    }

    fn of<'e>(evidence: &'e Evidence, name: &str) -> &'e Measurement {
        evidence.measurements.iter().find(|m| m.source_name == name).unwrap()
    }

    #[test]
    fn what_could_not_be_measured_fails_and_is_in_no_mean() {
        let evidence = evidence(
            r#"{"testRunData": {"testCases": [{"name": "a", "success": false, "metricsData": [
                {"name": "M", "success": true, "score": 0.5, "threshold": 0.5}, {"name": "N", "error": "boom"}]},
                {"success": true, "metricsData": []}],
              "conversationalTestCases": [{"name": "talk", "success": true, "metricsData": [{"name": "M", "success": true, "score": 1}]}],
              "metricsScores": [{"metric": "M", "scores": [0.5, 1], "passes": 2, "fails": 0, "errors": 0},
                                {"metric": "N", "scores": [], "passes": 0, "fails": 0, "errors": 1}, {"metric": "O", "scores": [1, NaN]}],
              "testPassed": 2, "testFailed": 1}}"#,
        );
        assert_eq!(
            checks(&evidence),
            [("a: M", true), ("a: N", false), ("case 1", false), ("talk: M", true)]
        );
        assert_eq!((of(&evidence, "M").value, of(&evidence, "M").n), (Some(0.75), Some(2)));
        assert_eq!(
            (of(&evidence, "N").value, of(&evidence, "N").n, of(&evidence, "N.errors").n),
            (None, Some(0), Some(1))
        );
        assert_eq!(of(&evidence, "O").value, None);
        let rate = of(&evidence, "pass rate");
        // The case without a metric is not part of it.
        assert_eq!((rate.n, rate.trials, rate.successes), (Some(2), Some(2), Some(1)));
    }

    #[test]
    fn spans_of_a_trace_have_checks_and_a_scope() {
        let evidence = evidence(
            r#"{"testCases": [{"name": "a", "success": true, "trace": {"llmSpans": [{"name": "call", "metricsData": [{"name": "M", "success": true, "score": 1}]}]}}],
                "metricsScores": [], "traceMetricsScores": {"llm": {"call": {"M": {"metric": "M", "scores": [1], "passes": 1, "fails": 0, "errors": 0}}}}}"#,
        );
        assert_eq!(checks(&evidence), [("a: call: M", true)]);
        assert_eq!(of(&evidence, "M").scope.as_deref(), Some("llm/call"));
    }

    #[test]
    fn older_runs_and_results_in_python_are_read() {
        let older = evidence(
            r#"{"testCases": [{"name": "a", "success": true, "metricsMetadata": [{"metric": "M", "score": 0.9, "threshold": 0.5, "success": true}]}],
                "metricsScores": [{"metric": "M", "scores": [0.9]}]}"#,
        );
        assert_eq!(checks(&older), [("a: M", true)]);
        let result = evidence(
            r#"{"test_results": [{"name": "a", "success": false, "metrics_data": [{"name": "M", "score": 0.25, "success": false}]},
                {"name": "b", "success": false, "metrics_data": null}], "confident_link": null}"#,
        );
        assert_eq!(checks(&result), [("a: M", false), ("b", false)]);
        assert_eq!((of(&result, "M").value, of(&result, "M").n), (Some(0.25), Some(1)));
    }

    #[test]
    fn a_run_of_nothing_fails() {
        let empty =
            evidence(r#"{"testCases": [], "conversationalTestCases": [], "metricsScores": []}"#);
        assert_eq!(checks(&empty), [("tests", false)]);
        let lost =
            evidence(r#"{"testCases": [], "metricsScores": [], "testPassed": 5, "testFailed": 0}"#);
        assert_eq!(checks(&lost), [("tests", false)]);
        let other = evidence(
            r#"{"testCases": [{"name": "a", "success": false, "metricsData": []}], "metricsScores": [], "testPassed": 1, "testFailed": 0}"#,
        );
        assert_eq!(checks(&other), [("a", false), ("tests", false), ("testPassed", false)]);
        assert_eq!((of(&other, "pass rate").value, of(&other, "pass rate").n), (None, Some(0)));
        let odd = evidence(
            r#"{"testCases": [7, {}], "metricsScores": [{"metric": "M", "scores": 3}, 4]}"#,
        );
        assert!(
            odd.checks.iter().all(|c| !c.passed)
                && odd.measurements.iter().all(|m| m.source_name != "M")
        );
        for other in ["3", "{}", "\"none\"", "false"] {
            let run = format!(r#"{{"testCases": [{{"metricsData": {other}}}]}}"#);
            assert_eq!(
                read(run.as_bytes(), Some("deepeval")).unwrap_err().code(),
                "evidence-invalid",
                "{other}"
            );
        }
        assert_eq!(
            read(b"{\"testCases\": 3}", Some("deepeval")).unwrap_err().code(),
            "evidence-invalid"
        );
    }
}
