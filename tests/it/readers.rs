//! What files of predictions mean: missing values, classes that are numbers, damage.

use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

fn run(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_modelgate"));
    command
        .args(["evidence", "compute"])
        .args(args)
        .env("NO_COLOR", "1")
        .env("RUST_BACKTRACE", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn compute(args: &[&str]) -> Value {
    let output = run(&[args, &["--format", "json"]].concat());
    assert!(output.status.success(), "{args:?}: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refused(args: &[&str]) -> String {
    let output = run(args);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{args:?}: {error}");
    error
}

/// Successes and trials of the accuracy, or of recall in a class.
fn counts(document: &Value, metric: &str, slice: &Value) -> [u64; 2] {
    let all = document["measurements"].as_array().unwrap();
    let found = all.iter().find(|m| m["metric"] == metric && m["slice"] == *slice).unwrap();
    ["successes", "trials"].map(|key| found[key].as_u64().unwrap())
}

fn written(folder: &tempfile::TempDir, name: &str, text: impl AsRef<[u8]>) -> String {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/predictions/small").join(name)
}

const ROLES: [&str; 4] = ["--label", "y", "--prediction", "p"];

/// `NA` in both columns was once a right answer.
#[test]
fn a_word_for_a_missing_value_is_no_class() {
    let folder = tempfile::tempdir().unwrap();
    for word in ["NA", "N/A", "None", "<NA>", "NaT", "nil", r"\N", "NULL", "nan"] {
        let csv = written(&folder, "r.csv", format!("y,p\na,a\n{word},{word}\nb,a\n"));
        let quoted = serde_json::to_string(word).unwrap();
        let rows = format!("{{\"y\":\"a\",\"p\":\"a\"}}\n{{\"y\":{quoted},\"p\":{quoted}}}\n");
        let json = written(&folder, "r.jsonl", rows);
        for file in [&csv, &json] {
            let error = refused(&[&[file.as_str()], &ROLES[..]].concat());
            assert!(error.contains(&format!("`{word}`")), "{error}");
            assert!(error.contains(&format!("--na-keep {word}")), "{error}");
        }
        let kept = compute(&[&[csv.as_str()], &ROLES[..], &["--na-keep", word]].concat());
        assert_eq!(counts(&kept, "accuracy", &json!({})), [2, 3]);
        assert_eq!(counts(&kept, "recall", &json!({ "class": word })), [1, 1]);
        // Another word is not kept.
        let other = if word == "nil" { "NA" } else { "nil" };
        refused(&[&[csv.as_str()], &ROLES[..], &["--na-keep", other]].concat());
    }
    // A class, though it looks like one: sodium, and the absence of a defect.
    let csv = written(&folder, "r.csv", "y,p\nNa,Na\nnone,none\nb,Na\n");
    let read = compute(&[&[csv.as_str()], &ROLES[..]].concat());
    assert_eq!(counts(&read, "accuracy", &json!({})), [2, 3]);
    let error = refused(&[&[csv.as_str()], &ROLES[..], &["--na-keep", "none"]].concat());
    assert!(error.contains("not a word for a missing value"), "{error}");
}

#[test]
fn a_group_with_a_word_for_a_missing_value_is_named_in_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let csv = written(&folder, "g.csv", "y,p,g\n1,1,NA\n0,0,\n1,0,x\n");
    let args = [&[csv.as_str()], &ROLES[..], &["--group", "g"]].concat();
    let warned = |document: &Value| document["warnings"].to_string().contains("`NA`");
    let read = compute(&args);
    assert_eq!(counts(&read, "accuracy", &json!({ "g": "NA" })), [1, 1]);
    assert!(warned(&read), "{}", read["warnings"]);
    assert!(!warned(&compute(&[&args[..], &["--na-keep", "NA"]].concat())));
}

/// A column of numbers with a gap was once a column of names.
#[test]
fn a_column_of_numbers_has_no_word_for_a_missing_value() {
    let folder = tempfile::tempdir().unwrap();
    let csv = written(&folder, "n.csv", "y,p,s,age\n1,1,.5,30\n0,0,NA,\n1,0,.25,NA\n0,1,.5,41\n");
    let error = refused(&[&[csv.as_str()], &ROLES[..], &["--score", "s"]].concat());
    assert!(error.contains("`NA` in column `s` at row 2 (line 3)"), "{error}");
    let drift = ["--drift-reference", csv.as_str(), "--feature", "age"];
    let error = refused(&[&[csv.as_str()], &ROLES[..], &drift].concat());
    assert!(error.contains("column `age` has numbers and ``, `NA`"), "{error}");
    // Among names it is one of them, with a warning.
    let csv = written(&folder, "n.csv", "y,p,kind\n1,1,a\n0,0,NA\n1,0,b\n0,1,a\n");
    let drift = ["--drift-reference", csv.as_str(), "--feature", "kind"];
    let read = compute(&[&[csv.as_str()], &ROLES[..], &drift].concat());
    assert!(read["warnings"].to_string().contains("`kind` has `NA`"), "{}", read["warnings"]);
}

/// R writes the number 100000 as `1e+05`.
#[test]
fn a_number_is_one_class_with_an_exponent_and_without() {
    let folder = tempfile::tempdir().unwrap();
    let csv = written(&folder, "r.csv", "y,p\n100000,1e+05\n200000,2e+05\n123456,123456\n");
    let read = compute(&[&[csv.as_str()], &ROLES[..]].concat());
    assert_eq!(counts(&read, "accuracy", &json!({})), [3, 3]);
    assert_eq!(counts(&read, "recall", &json!({ "class": "100000" })), [1, 1]);
    // Ids are joined in the same way.
    let csv = written(&folder, "r.csv", "i,p\n1e+05,a\n7,b\n");
    let labels = written(&folder, "l.jsonl", "{\"i\":100000,\"y\":\"a\"}\n{\"i\":7,\"y\":\"a\"}\n");
    let apart = ["--id", "i", "--labels", labels.as_str()];
    let read = compute(&[&[csv.as_str()], &ROLES[..], &apart].concat());
    assert_eq!(counts(&read, "accuracy", &json!({})), [1, 2]);
}

/// Written by pyarrow with checksums; then one bit of a score is changed.
#[test]
fn the_checksum_of_a_page_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = fs::read(fixture("checksum.parquet")).unwrap();
    let whole = written(&folder, "c.parquet", &bytes);
    let read = compute(&[&whole, "--label", "y", "--score", "s"]);
    assert_eq!(read["measurements"][0]["n"], 300);
    let score = 0.617_f64.to_le_bytes();
    let at = bytes.windows(8).position(|window| window == score).unwrap();
    bytes[at] ^= 1;
    let damaged = written(&folder, "d.parquet", &bytes);
    let error = refused(&[&damaged, "--label", "y", "--score", "s"]);
    assert!(error.contains("is damaged") && error.contains("checksum"), "{error}");
}

/// The length of a text in a page, changed so that the crate panics.
#[test]
fn a_damaged_file_is_refused_in_one_line_and_without_a_trace() {
    let error = refused(&[
        fixture("panics.parquet").to_str().unwrap(),
        "--label",
        "y",
        "--prediction",
        "p",
        "--latency",
        "l",
        "--latency-unit",
        "ms",
    ]);
    assert!(error.contains("its bytes contradict each other"), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(!error.contains("panicked") && !error.contains("backtrace"), "{error}");
}
