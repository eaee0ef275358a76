//! Reports from scikit-learn, fairlearn and MLflow on exactly the rows that a policy recomputes
//! from are not false claims, and any changed number in them is. The libraries wrote these files
//! with `tests/fixtures/recompute/make.py`.

use serde_json::Value;
use std::{fs, path::PathBuf, process::Command};
use tempfile::TempDir;

const BINARY: &str = "name = \"p\"\n[recompute]\nlabel = \"label\"\nprediction = \"pred\"\nscore = \"score\"\n\
    positive = \"1\"\ngroups = [\"sex\"]\n[[rule]]\nid = \"r\"\nmetric = \"accuracy\"\nmin = 0.1\n";
const BREAST: &str = "name = \"p\"\n[recompute]\nlabel = \"label\"\nprediction = \"pred\"\nscore = \"score\"\n\
    positive = \"1\"\n[[rule]]\nid = \"r\"\nmetric = \"accuracy\"\nmin = 0.1\n";
const CLASSES: &str = "name = \"p\"\n[recompute]\nlabel = \"label\"\nprediction = \"pred\"\n\
    [[rule]]\nid = \"r\"\nmetric = \"accuracy\"\nmin = 0.1\n";

fn fixture(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path)
}

/// The finding of `[recompute]` on a report.
fn said(policy: &str, predictions: &str, report: &str, name: &str) -> (String, String) {
    let folder = TempDir::new().unwrap();
    let put = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_modelgate"));
    command.args(["check", "--format", "json", "--policy"]).arg(put("p.toml", policy));
    command.arg("--predictions").arg(fixture(predictions)).arg("--evidence").arg(put(name, report));
    let output = command.output().unwrap();
    let verdict: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
    let findings = verdict["findings"].as_array().unwrap();
    let found = findings.iter().find(|f| f["rule"] == "evidence.recompute").unwrap();
    (found["status"].as_str().unwrap().to_owned(), found["message"].as_str().unwrap().to_owned())
}

const REPORTS: [(&str, &str, &str); 12] = [
    (BINARY, "predictions/adult_good.csv", "recompute/classification_report.json"),
    (BINARY, "predictions/adult_good.csv", "recompute/classification_report.txt"),
    (BINARY, "predictions/adult_good.csv", "recompute/classification_report_4.txt"),
    (BINARY, "predictions/adult_good.csv", "recompute/scores.json"),
    (BINARY, "predictions/adult_good.csv", "recompute/rounded.json"),
    (BINARY, "predictions/adult_good.csv", "recompute/single.json"),
    (BINARY, "predictions/adult_good.csv", "recompute/metric_frame.json"),
    (BINARY, "predictions/adult_good.csv", "evidence/fairlearn-metric-frame/frame_sex_good.json"),
    (BREAST, "predictions/bc_good.csv", "evidence/mlflow-metrics/evaluate_metrics_bc_good.json"),
    (CLASSES, "recompute/three_classes.csv", "recompute/three_classes.json"),
    (CLASSES, "recompute/three_classes.csv", "recompute/three_classes.txt"),
    (CLASSES, "recompute/never_predicted.csv", "recompute/never_predicted.json"),
];

#[test]
fn an_honest_report_is_no_false_claim() {
    for (policy, predictions, path) in REPORTS {
        let report = fs::read_to_string(fixture(path)).unwrap();
        let name = path.rsplit('/').next().unwrap();
        let (status, message) = said(policy, predictions, &report, name);
        assert_eq!(status, "pass", "{path}: {message}");
        assert!(message.contains("agree"), "{path}: nothing was compared: {message}");
    }
}

#[test]
fn a_changed_number_of_a_report_is_a_false_claim() {
    let changes = [
        (
            "recompute/classification_report.json",
            "0.7019089574155654",
            "0.7119089574155654",
            "precision",
        ),
        ("recompute/classification_report.txt", "912", "913", "class = 1"),
        ("recompute/classification_report.txt", "0.70", "0.72", "precision"),
        ("recompute/scores.json", "\"n_samples\": 3000", "\"n_samples\": 30000", "accuracy"),
        ("recompute/rounded.json", "52.4%", "53.4%", "recall"),
        ("recompute/single.json", "0.7876666784286499", "0.7976666784286499", "accuracy"),
    ];
    for (path, from, to, metric) in changes {
        let report = fs::read_to_string(fixture(path)).unwrap();
        assert!(report.contains(from), "{path} has no {from}");
        let name = path.rsplit('/').next().unwrap();
        let (status, message) =
            said(BINARY, "predictions/adult_good.csv", &report.replace(from, to), name);
        assert_eq!(status, "fail", "{path} with {to}: {message}");
        assert!(message.contains(metric), "{path} with {to}: {message}");
    }
}
