//! `modelgate evidence inspect` and `formats`, on files that the real tools wrote.

use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/evidence")
}

fn modelgate(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_modelgate"));
    command.args(args).env("NO_COLOR", "1").stdin(Stdio::null()).output().unwrap()
}

fn with_stdin(args: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_modelgate"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A document that is refused early is not read to its end.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

/// Standard output as exactly one JSON document.
fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn inspect(path: &str) -> Value {
    let output = modelgate(&["evidence", "inspect", path, "--format", "json"]);
    assert!(output.status.success(), "{path}: {output:?}");
    json(&output)
}

fn fixture(name: &str) -> String {
    fixtures().join(name).to_str().unwrap().to_owned()
}

/// Exit code 2 with a stable code: from standard input, in both formats of output.
fn refused(input: &[u8]) -> (String, String) {
    let output = with_stdin(&["evidence", "inspect", "-", "--format", "json"], input);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let document = json(&output);
    let text = with_stdin(&["evidence", "inspect", "-"], input);
    assert_eq!((text.status.code(), text.stdout.len()), (Some(2), 0), "{text:?}");
    let said = |key: &str| document["error"][key].as_str().unwrap().to_owned();
    assert!(String::from_utf8_lossy(&text.stderr).contains(&said("message")), "{text:?}");
    (said("code"), said("message"))
}

fn measurement<'d>(document: &'d Value, source_name: &str, slice: &Value) -> &'d Value {
    let all = document["measurements"].as_array().unwrap();
    let slice = if slice.is_null() { &Value::Object(serde_json::Map::new()) } else { slice };
    let found: Vec<_> = all.iter().filter(|m| m["source_name"] == source_name && m["slice"] == *slice).collect();
    assert_eq!(found.len(), 1, "{source_name} {slice}");
    found[0]
}

fn near(got: &Value, want: f64) {
    let got = got.as_f64().unwrap_or_else(|| panic!("no number but {got}, expected {want}"));
    assert!((got - want).abs() <= 1e-9 * want.abs(), "{got} against {want}");
}

fn check_fact(document: &Value, fact: &Value) {
    if let Some(name) = fact["check"].as_str() {
        let checks = document["checks"].as_array().unwrap();
        assert!(checks.iter().any(|c| c["name"] == name && c["passed"] == fact["passed"]), "{fact}");
        return;
    }
    let m = measurement(document, fact["metric"].as_str().unwrap(), &fact["slice"]);
    match fact["value"].as_f64() {
        Some(want) if want.abs() < f64::MAX => near(&m["value"], want),
        _ => assert!(m["value"].is_null(), "{m}"),
    }
    if !fact["n"].is_null() {
        assert_eq!(m["n"], fact["n"], "{fact}");
    }
}

#[test]
fn every_fact_of_every_fixture_is_read() {
    let formats = json(&modelgate(&["evidence", "formats", "--format", "json"]));
    let ids: BTreeSet<_> =
        formats["formats"].as_array().unwrap().iter().map(|f| f["format"].as_str().unwrap().to_owned()).collect();
    let folders = fs::read_dir(fixtures()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let mut seen = BTreeSet::new();
    for folder in folders {
        let id = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let expected: Value = serde_json::from_slice(&fs::read(folder.join("expected.json")).unwrap()).unwrap();
        for file in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = file.file_name().unwrap().to_str().unwrap();
            let path = file.to_str().unwrap();
            match expected["files"].get(name) {
                _ if name == "expected.json" => {}
                None => {
                    let output = modelgate(&["evidence", "inspect", path, "--format", "json"]);
                    assert_eq!(output.status.code(), Some(2), "{path}");
                    assert_eq!(json(&output)["error"]["code"], "evidence-not-understood", "{path}");
                }
                Some(entry) => {
                    let document = inspect(path);
                    assert_eq!(document["format"], id.as_str(), "{path}");
                    for fact in entry["facts"].as_array().unwrap() {
                        check_fact(&document, fact);
                    }
                }
            }
        }
        seen.insert(id);
    }
    assert_eq!(seen, ids, "every format has a folder of fixtures, and every folder a format");
}

#[test]
fn every_key_of_the_contract_is_present() {
    let document = inspect(&fixture("mlflow-metrics/evaluate_metrics_bc_good.json"));
    for key in ["format", "subject", "dataset", "measurements", "checks", "links", "warnings"] {
        assert!(document.get(key).is_some(), "{key}");
    }
    let first = &document["measurements"][0];
    for key in [
        "metric",
        "source_name",
        "value",
        "n",
        "trials",
        "slice",
        "aggregate",
        "unit",
        "quantile",
        "dataset",
        "step",
        "scope",
        "interval",
    ] {
        assert!(first.get(key).is_some(), "{key}");
    }
}

/// References: binomial tails summed in 80 decimal digits and bisected, one-sided at 0.95.
#[test]
fn exact_bounds_follow_from_the_counts() {
    let native = inspect(&fixture("native/counts_and_rounding.json"));
    let at = |counts: &str| {
        measurement(
            &native,
            if counts == "no trials" { "recall" } else { "accuracy" },
            &serde_json::json!({ "counts": counts }),
        )
    };
    near(&at("stated")["interval"]["lower"], 0.896_413_771_213);
    near(&at("stated")["interval"]["upper"], 0.922_290_975_329);
    near(&at("bare")["interval"]["lower"], 0.891_113_671_924);
    near(&at("bare")["interval"]["upper"], 0.926_962_282_923);
    assert_eq!(at("bare")["interval"]["sides"], 1);
    assert_eq!(at("bare")["interval"]["method"], "clopper-pearson");
    for counts in ["undefined", "no trials"] {
        assert!(at(counts)["interval"].is_null(), "{counts}");
    }
    let report = inspect(&fixture("sklearn-classification-report/report_binary_good.json"));
    let recall = measurement(&report, "recall", &serde_json::json!({"class": "1"}));
    assert_eq!((&recall["trials"], &recall["successes"]), (&107.into(), &103.into()));
    near(&recall["interval"]["lower"], 0.916_497_124_789);
    near(&recall["interval"]["upper"], 0.987_131_702_403);
    let precision = measurement(&report, "precision", &serde_json::json!({"class": "1"}));
    assert_eq!((&precision["trials"], &precision["n"]), (&106.into(), &107.into()));
    near(&precision["interval"]["lower"], 0.928_478_082_016);
    let contract = inspect(&fixture("native/contract.json"));
    assert_eq!(measurement(&contract, "roc_auc", &Value::Null)["interval"]["method"], "delong");
}

#[test]
fn averages_are_no_groups_and_have_no_bounds() {
    let report = inspect(&fixture("sklearn-classification-report/report_multiclass_good.json"));
    for average in ["macro avg", "weighted avg"] {
        let m = measurement(&report, "recall", &serde_json::json!({ "class": average }));
        assert_eq!((&m["aggregate"], &m["trials"], &m["interval"]), (&true.into(), &Value::Null, &Value::Null));
    }
}

#[test]
fn paths_of_mlflow_stay_names() {
    let run = inspect(&fixture("mlflow-metrics/rest_runs_get_edge.json"));
    let m = measurement(&run, "accuracy.slice:sex:Female", &Value::Null);
    assert_eq!(m["metric"], "accuracy.slice:sex:Female");
    assert_eq!(measurement(&run, "val/loss", &Value::Null)["step"], 2);
    assert!(run["dataset"].is_null(), "two data sets are named, and none is known to be the one");
    let other = inspect(&fixture("mlflow-metrics/rest_runs_get_bc_good.json"));
    assert_eq!(other["dataset"]["name"], "bc_good");
    assert_eq!(measurement(&other, "recall_score", &Value::Null)["trials"], 107);
    assert_eq!(measurement(&other, "recall_score", &Value::Null)["metric"], "recall");
}

#[test]
fn several_runs_are_said_to_be_left_out() {
    let search = inspect(&fixture("mlflow-metrics/rest_runs_search.json"));
    let warnings = search["warnings"].to_string();
    assert!(warnings.contains("5 are left out"), "{warnings}");
}

#[test]
fn broken_documents_name_the_place() {
    let (code, message) = refused(b"{\"schema\": \"modelgate.evidence/v1\",\n  \"measurements\": [}\n");
    assert_eq!(code, "evidence-syntax");
    assert!(message.contains("line 2, column 20"), "{message}");
    let (code, message) = refused(b"{\"accuracy_score\": 0.5,\n \"accuracy_score\": 0.9}");
    assert_eq!(code, "evidence-duplicate-key");
    assert!(message.contains("line 2, column 2") && message.contains("line 1, column 2"), "{message}");
    let deep = format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    assert_eq!(refused(deep.as_bytes()).0, "evidence-too-deep");
    assert_eq!(refused("[".repeat(10_000).as_bytes()).0, "evidence-too-deep");
    assert_eq!(refused(b"{\"a\": \"\xff\"}").0, "evidence-syntax");
}

#[test]
fn a_file_of_100_mb_is_refused_before_it_is_read() {
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(100_000_000).unwrap();
    let output = modelgate(&["evidence", "inspect", file.path().to_str().unwrap(), "--format", "json"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(json(&output)["error"]["code"], "evidence-too-large");
}

#[test]
fn what_is_not_understood_names_every_format_and_its_reason() {
    let (code, message) = refused(br#"{"accuracy": 0.9}"#);
    assert_eq!(code, "evidence-not-understood");
    for format in ["native: ", "sklearn-classification-report: ", "mlflow-metrics: "] {
        assert!(message.contains(format), "{message}");
    }
    let webhook = fs::read(fixture("mlflow-metrics/webhook_model_version_created.body")).unwrap();
    assert!(refused(&webhook).1.contains("carries no metrics: send its run"));
    assert_eq!(refused(b"").0, "evidence-not-understood");
    assert_eq!(refused(b"PAR1\0\xff").0, "evidence-not-understood");
}

#[test]
fn nan_is_an_error_in_native_evidence_only() {
    for value in ["NaN", "Infinity", "-Infinity", "1e999", "\"0.9\"", "-0.1", "1.5"] {
        let text = format!(
            r#"{{"schema": "modelgate.evidence/v1", "measurements": [{{"metric": "accuracy", "value": {value}}}]}}"#
        );
        assert_eq!(refused(text.as_bytes()).0, "evidence-invalid", "{value}");
    }
    let report = inspect(&fixture("sklearn-classification-report/report_zero_support_nan.json"));
    assert!(measurement(&report, "recall", &serde_json::json!({"class": "nine"}))["value"].is_null());
    assert_eq!(report["warnings"].as_array().unwrap().len(), 1);
}

#[test]
fn the_format_can_be_named() {
    let path = fixture("mlflow-metrics/evaluate_metrics_bc_good.json");
    for (args, code) in [
        (vec!["--as", "mlflow-metrics", path.as_str()], 0),
        (vec!["--as", "native", path.as_str()], 2),
        (vec!["--as", "no-such-format", path.as_str()], 2),
        (vec!["--mapping", "m.toml", path.as_str()], 2),
    ] {
        let output = modelgate(&[["evidence", "inspect"].as_slice(), &args].concat());
        assert_eq!(output.status.code(), Some(code), "{args:?}: {output:?}");
    }
    let prefixed = inspect(&format!("format=mlflow-metrics,dataset=holdout:{path}"));
    assert_eq!(prefixed["format"], "mlflow-metrics");
}

#[test]
fn text_is_for_people_and_shows_data_as_data() {
    let input = b"{\"schema\": \"modelgate.evidence/v1\", \"measurements\": [\n  {\"metric\": \"\\u001b[31mred\", \"value\": 1}, {\"metric\": \"latency\", \"value\": 84.1, \"unit\": \"ms\", \"quantile\": 0.99}]}";
    let output = with_stdin(&["evidence", "inspect", "-"], input);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains('\u{1b}') && text.contains("\\u{1b}[31mred"), "{text}");
    assert!(text.contains("latency p99") && text.contains("84.1 ms"), "{text}");
    assert!(text.contains("native (recognised by"), "{text}");
}

#[test]
fn a_file_that_is_not_there_is_a_wrong_call() {
    let output = modelgate(&["evidence", "inspect", "no/such/file.json", "--format", "json"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(json(&output)["error"]["code"], "evidence-unreadable");
}
