use crate::evidence::{EvidenceError, read};
use crate::model::{Evidence, Slice, Unit};

mod histogram;

/// The example of the contract, completed where it has an ellipsis.
const EXAMPLE: &str = r#"{
  "schema": "modelgate.evidence/v1",
  "subject": {"model": "acme/credit-risk", "version": "2026.11.3",
              "digest": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
  "dataset": {"name": "holdout-2026q3", "digest": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
  "producer": {"tool": "trainer", "version": "3.1", "run": "https://ci.example/runs/7"},
  "produced_at": "2026-11-20T12:00:00Z",
  "measurements": [
    {"metric": "accuracy", "value": 0.931, "n": 12000, "successes": 11172, "slice": {}},
    {"metric": "recall", "value": 0.88, "n": 12000, "trials": 3100, "slice": {"sex": "female"}},
    {"metric": "roc_auc", "value": 0.91, "n": 12000,
     "interval": {"method": "delong", "confidence": 0.95, "sides": 2, "lower": 0.902, "upper": 0.918}},
    {"metric": "latency", "quantile": 0.99, "value": 84.1, "unit": "ms", "n": 4, "histogram": {"samples": [80, 84.1, 79, 82]}}
  ],
  "checks": [{"name": "no_missing_labels", "passed": true, "detail": "0 of 12000"}],
  "links": [{"rel": "model-card", "href": "card.md",
             "digest": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}]
}"#;

fn document(measurement: &str) -> String {
    format!(r#"{{"schema": "modelgate.evidence/v1", "measurements": [{measurement}]}}"#)
}

fn one(measurement: &str) -> Result<Evidence, EvidenceError> {
    read(document(measurement).as_bytes(), None)
}

/// The messages of all mistakes, each with its path.
fn mistakes(text: &str) -> Vec<String> {
    match read(text.as_bytes(), Some("native")) {
        Err(EvidenceError::Invalid { mistakes, .. }) => {
            mistakes.iter().map(|m| format!("{}: {}", m.path, m.message)).collect()
        }
        other => panic!("expected mistakes, got {other:?}"),
    }
}

#[test]
fn the_example_of_the_contract_is_read_whole() {
    let evidence = read(EXAMPLE.as_bytes(), None).unwrap();
    assert_eq!(evidence.format, "native");
    assert_eq!(evidence.subject.unwrap().model.unwrap().to_string(), "acme/credit-risk");
    assert_eq!(evidence.dataset.unwrap().name.as_deref(), Some("holdout-2026q3"));
    assert_eq!(evidence.producer.unwrap().tool.as_deref(), Some("trainer"));
    assert_eq!(evidence.produced_at.unwrap().to_string(), "2026-11-20T12:00:00Z");
    assert_eq!((evidence.checks.len(), evidence.links.len()), (1, 1));
    assert!(evidence.warnings.is_empty());
    let [accuracy, recall, auc, latency] = evidence.measurements.as_slice() else { panic!() };
    assert_eq!(
        (accuracy.value, accuracy.n, accuracy.successes),
        (Some(0.931), Some(12_000), Some(11_172))
    );
    assert_eq!(accuracy.known_trials(), Some(12_000));
    assert_eq!((recall.trials, recall.rounding), (Some(3_100), 0.005));
    assert_eq!(recall.slice, Slice::one("sex", "female"));
    assert_eq!(auc.intervals[0].lower, Some(0.902));
    assert_eq!((latency.quantile, latency.unit), (Some(0.99), Some(Unit::Milliseconds)));
}

#[test]
fn null_is_undefined_where_a_value_stands_and_absent_elsewhere() {
    let evidence =
        one(r#"{"metric": "accuracy", "value": null, "n": null, "slice": null, "interval": null}"#)
            .unwrap();
    assert_eq!((evidence.measurements[0].value, evidence.measurements[0].n), (None, None));
    assert_eq!(evidence.warnings.len(), 1);
}

#[test]
fn what_is_no_measurement_is_refused() {
    let cases = [
        (r#"{"metric": "accuracy", "value": NaN}"#, "value: expected a finite number, found `NaN`"),
        (
            r#"{"metric": "accuracy", "value": -Infinity}"#,
            "value: expected a finite number, found `-Infinity`",
        ),
        (
            r#"{"metric": "my_cost", "value": 1e999}"#,
            "value: expected a finite number, found `1e999`",
        ),
        (
            r#"{"metric": "accuracy", "value": "0.9"}"#,
            "value: expected a finite number, found the text `0.9`",
        ),
        (r#"{"metric": "accuracy", "value": true}"#, "value: expected a finite number, found true"),
        (
            r#"{"metric": "accuracy", "value": 1.01}"#,
            "value: accuracy cannot be `1.01`: expected a number from 0 to 1",
        ),
        (
            r#"{"metric": "f1", "value": -0.1}"#,
            "value: f1 cannot be `-0.1`: expected a number from 0 to 1",
        ),
        (
            r#"{"metric": "log_loss", "value": -0.1}"#,
            "value: log_loss cannot be `-0.1`: expected a number of at least 0",
        ),
        (
            r#"{"metric": "accuracy", "value": 0.9, "n": -1}"#,
            "n: expected a whole number of at least 0, found the number `-1`",
        ),
        (
            r#"{"metric": "accuracy", "value": 0.9, "n": 10.5}"#,
            "n: expected a whole number of at least 0, found the number `10.5`",
        ),
        (
            r#"{"metric": "accuracy", "value": 0.9, "n": "10"}"#,
            "n: expected a whole number of at least 0, found the text `10`",
        ),
        (
            r#"{"metric": "recall", "value": 1, "trials": 5, "successes": 6}"#,
            "successes: 6 successes in only 5 trials",
        ),
        (
            r#"{"metric": "accuracy", "value": 1, "n": 5, "successes": 6}"#,
            "successes: 6 successes in only 5 trials",
        ),
        (
            r#"{"metric": "recall", "value": 0.5, "n": 4, "trials": 5}"#,
            "trials: 5 trials among only 4 rows",
        ),
        (
            r#"{"metric": "accuracy", "value": 0.91, "n": 1400, "successes": 1282}"#,
            "successes: 1282 of 1400 is 0.9157142857142857, which contradicts the value 0.91",
        ),
        (
            r#"{"metric": "latency", "value": 3, "quantile": 1.0, "unit": "ms"}"#,
            "quantile: expected a number between 0 and 1, found the number `1.0`",
        ),
        (r#"{"metric": "latency", "value": 3}"#, ": latency needs a `unit`: ns, us, ms or s"),
        (
            r#"{"metric": "latency", "value": 3, "unit": "kWh"}"#,
            "unit: latency is a time: expected ns, us, ms or s",
        ),
        (
            r#"{"metric": "accuracy", "value": 0.93, "unit": "%"}"#,
            "unit: accuracy has no unit: write it as a number from 0 to 1",
        ),
        (
            r#"{"metric": "", "value": 1}"#,
            "metric: expected text that is not empty, found the text ``",
        ),
        (r#"{"value": 1}"#, ": the key `metric` is missing"),
        (r#"{"metric": "accuracy"}"#, ": the key `value` is missing"),
        (
            r#"{"metric": "accuracy", "value": 1, "slice": {"age": 7}}"#,
            "slice.age: expected text: a group is known by its name, such as \"18-25\"",
        ),
        (
            r#"{"metric": "accuracy", "valeu": 1, "value": 1}"#,
            "valeu: unknown key; did you mean `value`?",
        ),
        (
            r#"{"metric": "roc_auc", "value": 1, "interval": {"method": "x", "confidence": 95, "sides": 2, "lower": 0}}"#,
            "interval.confidence: expected a number between 0 and 1, found the number `95`",
        ),
        (
            r#"{"metric": "roc_auc", "value": 1, "interval": {"method": "x", "confidence": 0.95, "sides": 3, "lower": 0}}"#,
            "interval.sides: expected 1 (each end is a one-sided bound) or 2",
        ),
        (
            r#"{"metric": "roc_auc", "value": 1, "interval": {"method": "x", "confidence": 0.95, "sides": 2, "lower": 1, "upper": 0.5}}"#,
            "interval: `lower` 1 is above `upper` 0.5",
        ),
    ];
    for (measurement, want) in cases {
        let want = format!("measurements[0].{want}").replace("].:", "]:");
        assert_eq!(mistakes(&document(measurement)), [want], "{measurement}");
    }
}

#[test]
fn all_mistakes_are_reported_at_once_with_their_places() {
    let text = "{\"schema\": \"modelgate.evidence/v1\",\n \"produced_at\": \"today\",\n \"checks\": [{\"name\": \"a\"}, {\"passed\": 1}]}";
    let error = read(text.as_bytes(), None).unwrap_err();
    assert_eq!(error.code(), "evidence-invalid");
    let shown = error.to_string();
    for want in [
        "line 2, column 17: `produced_at`: `today` is not a moment",
        "line 3, column 13: `checks[0]`: the key `passed` is missing",
        "line 3, column 28: `checks[1]`: the key `name` is missing",
        "line 3, column 39: `checks[1].passed`: expected true or false, found a number",
    ] {
        let want = want.replace("found a number", "found the number `1`");
        assert!(shown.contains(&want), "{want} in\n{shown}");
    }
}

#[test]
fn another_version_of_the_schema_is_ours_and_refused() {
    let error = read(br#"{"schema": "modelgate.evidence/v2"}"#, None).unwrap_err();
    assert!(error.to_string().contains("expected `modelgate.evidence/v1`"), "{error}");
}

#[test]
fn a_flood_of_mistakes_is_cut_short() {
    let text = document(&vec!["7"; 5_000].join(","));
    assert_eq!(mistakes(&text).len(), 100);
}

#[test]
fn values_that_repeat_are_not_refused() {
    let twice = r#"{"metric": "accuracy", "value": 0.9}, {"metric": "accuracy", "value": 0.8}"#;
    assert_eq!(one(twice).unwrap().measurements.len(), 2);
}
