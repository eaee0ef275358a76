//! `modelgate evidence inspect` and `formats`, on files from the real tools.

use crate::support::facts::{self, Found};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
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
    // A document that is refused early is not read completely.
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
    let found: Vec<_> =
        all.iter().filter(|m| m["source_name"] == source_name && m["slice"] == *slice).collect();
    assert_eq!(found.len(), 1, "{source_name} {slice}");
    found[0]
}

fn near(got: &Value, want: f64) {
    let got = got.as_f64().unwrap_or_else(|| panic!("no number but {got}, expected {want}"));
    assert!((got - want).abs() <= 1e-9 * want.abs(), "{got} against {want}");
}

/// The folders of fixtures, by the format in their name.
fn folders() -> Vec<(String, PathBuf)> {
    let all = fs::read_dir(fixtures())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir());
    all.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), path)).collect()
}

fn expected(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("expected.json")).unwrap()).unwrap()
}

/// Every file that should be read, with its format and its facts.
fn files() -> Vec<(String, PathBuf, Vec<Value>)> {
    let mut files = Vec::new();
    for (format, folder) in folders() {
        for (name, entry) in expected(&folder)["files"].as_object().unwrap() {
            files.push((
                format.clone(),
                folder.join(name),
                entry["facts"].as_array().unwrap().clone(),
            ));
        }
    }
    files
}

fn said(bytes: &[u8]) -> Value {
    let evidence = modelgate::evidence::read(bytes, None).unwrap();
    serde_json::to_value(modelgate::app::offline::inspect::inspect(&evidence)).unwrap()
}

#[test]
fn every_fact_of_every_fixture_is_read() {
    let formats = json(&modelgate(&["evidence", "formats", "--format", "json"]));
    let ids: BTreeSet<_> = formats["formats"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["format"].as_str().unwrap().to_owned())
        .collect();
    let folders: BTreeSet<_> = folders().into_iter().map(|(format, _)| format).collect();
    assert_eq!(folders, ids, "every format has a folder of fixtures, and every folder a format");
    let (mut missed, mut stated, mut with_n) = (Vec::new(), 0, 0);
    for (format, path, facts) in files() {
        let name = path.strip_prefix(fixtures()).unwrap().display().to_string();
        let document = match modelgate::evidence::read(&fs::read(&path).unwrap(), None) {
            Ok(evidence) => {
                serde_json::to_value(modelgate::app::offline::inspect::inspect(&evidence)).unwrap()
            }
            Err(error) => {
                missed.push(format!("{name}: {error}"));
                continue;
            }
        };
        if document["format"] != format.as_str() {
            missed.push(format!("{name} is read as {}", document["format"]));
        }
        for fact in facts {
            match facts::find(&document, &fact) {
                Found::No => missed.push(format!("{name}: {fact}")),
                Found::Yes { n: Some(n) } => {
                    with_n += 1;
                    stated += u32::from(n);
                }
                Found::Yes { n: None } | Found::PassedOver => {}
            }
        }
    }
    assert!(missed.is_empty(), "{} facts are not read:\n{}", missed.len(), missed.join("\n"));
    assert!(f64::from(stated) >= 0.97 * f64::from(with_n), "n is stated for {stated} of {with_n}");
}

#[test]
fn a_file_without_facts_is_refused() {
    for (_, folder) in folders() {
        let expected = expected(&folder);
        for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() || name == "expected.json" || expected["files"].get(name).is_some() {
                continue;
            }
            let output =
                modelgate(&["evidence", "inspect", path.to_str().unwrap(), "--format", "json"]);
            assert_eq!(output.status.code(), Some(2), "{}", path.display());
            assert_eq!(
                json(&output)["error"]["code"],
                "evidence-not-understood",
                "{}",
                path.display()
            );
        }
    }
}

#[test]
fn the_page_of_formats_is_what_the_table_says() {
    let output = modelgate(&["evidence", "formats", "--format", "markdown"]);
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/evidence-formats.md");
    let written = fs::read_to_string(page).unwrap();
    assert!(
        String::from_utf8(output.stdout).unwrap() == written,
        "`make formats` writes docs/evidence-formats.md anew"
    );
}

#[test]
fn a_format_that_is_not_there_is_named_with_its_nearest() {
    let output = modelgate(&["evidence", "formats", "junitt"]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{output:?}");
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("did you mean `junit`?"),
        "{output:?}"
    );
}

#[test]
fn the_rule_of_every_format_can_stand_in_a_policy() {
    for adapter in modelgate::evidence::ADAPTERS {
        let policy = format!("name = \"x\"\n[[rule]]\n{}\n", adapter.rule);
        if let Err(mistakes) = modelgate::policy::parse(&policy) {
            panic!("{}: {mistakes}\n{policy}", adapter.id);
        }
        assert!(
            !adapter.carries.is_empty()
                && !adapter.written_by.is_empty()
                && !adapter.reads.is_empty()
        );
    }
}

/// Detection does not depend on the order of the table.
#[test]
fn exactly_one_format_recognises_each_fixture() {
    let mut wrong = Vec::new();
    for (format, path, _) in files() {
        let found = modelgate::evidence::recognised(&fs::read(&path).unwrap()).unwrap();
        if found != [format.as_str()] {
            wrong.push(format!("{} is recognised as {found:?}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A compressed document gives the same result as the plain one.
#[test]
fn every_fixture_is_read_compressed_too() {
    let first: BTreeMap<String, PathBuf> =
        files().into_iter().rev().map(|(format, path, _)| (format, path)).collect();
    for (format, path) in first {
        let bytes = fs::read(&path).unwrap();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&bytes).unwrap();
        let plain = said(&bytes);
        for packed in [gzip.finish().unwrap(), zstd::encode_all(&bytes[..], 1).unwrap()] {
            let mut read = said(&packed);
            assert_eq!(
                read["digest"],
                serde_json::json!(modelgate::model::Digest::of(&packed)),
                "{format}"
            );
            read["digest"] = plain["digest"].clone();
            assert_eq!(read, plain, "{format}");
        }
    }
}

/// Truncated, with changed bytes, or with huge numbers: the result is an answer or a refusal with a
/// stable code, never a panic.
#[test]
fn damaged_fixtures_are_read_or_refused() {
    for (_, path, _) in files() {
        let bytes = fs::read(&path).unwrap();
        if bytes.len() > 200_000 {
            continue;
        }
        for step in 1..12 {
            let cut = bytes.len() * step / 12;
            let _ = modelgate::evidence::read(&bytes[..cut], None);
            let mut changed = bytes.clone();
            let seed = step * 2_654_435_761;
            for i in 0..3 {
                let at = seed.wrapping_mul(i + 7) % bytes.len().max(1);
                if let Some(byte) = changed.get_mut(at) {
                    *byte = b"0{}[]\",:-eN<>\x00\xff"[(seed + i) % 16];
                }
            }
            if let Ok(evidence) = modelgate::evidence::read(&changed, None) {
                assert!(evidence.measurements.iter().all(|m| m.value.is_none_or(f64::is_finite)));
            }
        }
    }
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

/// Reference values: binomial tails summed with 80 decimal digits and inverted by bisection,
/// one-sided at 0.95.
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
        assert_eq!(
            (&m["aggregate"], &m["trials"], &m["interval"]),
            (&true.into(), &Value::Null, &Value::Null)
        );
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
    let (code, message) =
        refused(b"{\"schema\": \"modelgate.evidence/v1\",\n  \"measurements\": [}\n");
    assert_eq!(code, "evidence-syntax");
    assert!(message.contains("line 2, column 20"), "{message}");
    let (code, message) = refused(b"{\"accuracy_score\": 0.5,\n \"accuracy_score\": 0.9}");
    assert_eq!(code, "evidence-duplicate-key");
    assert!(
        message.contains("line 2, column 2") && message.contains("line 1, column 2"),
        "{message}"
    );
    let deep = format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    assert_eq!(refused(deep.as_bytes()).0, "evidence-too-deep");
    assert_eq!(refused("[".repeat(10_000).as_bytes()).0, "evidence-too-deep");
    assert_eq!(refused(b"{\"a\": \"\xff\"}").0, "evidence-syntax");
}

#[test]
fn a_file_of_100_mb_is_refused_before_it_is_read() {
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(100_000_000).unwrap();
    let output =
        modelgate(&["evidence", "inspect", file.path().to_str().unwrap(), "--format", "json"]);
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
    assert!(
        measurement(&report, "recall", &serde_json::json!({"class": "nine"}))["value"].is_null()
    );
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
