//! `modelgate check` with raw predictions: recomputed, compared on the same rows, compared with
//! claims.

use serde_json::{Value, json};
use std::{fs, path::Path, process::Command};
use tempfile::TempDir;

const POLICY: &str = r#"
name = "rows"

[recompute]
label = "label"
prediction = "pred"
score = "score"
latency = "latency_ms"
groups = ["sex"]

[groups]
sex = ["Female", "Male", "Nonbinary"]

[[rule]]
id = "floor"
metric = "accuracy"
min = 0.75

[[rule]]
id = "accuracy-kept"
metric = "accuracy"
against = "champion"
max_loss = 0.01
first_release = "deny"

[[rule]]
id = "ranking-kept"
metric = "roc_auc"
against = "champion"
max_loss = 0.005
first_release = "deny"

[[rule]]
id = "tail"
metric = "latency"
quantile = 0.99
max = "80 ms"

[[rule]]
id = "parity"
metric = "demographic_parity_difference"
by = ["sex"]
max = 0.3
"#;

struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new(policy: &str) -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("policy.toml"), policy).unwrap();
        Self { folder }
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The exit code, and the verdict or the error's text.
    fn check(&self, args: &[&str]) -> (i32, Value, String) {
        let policy = self.folder.path().join("policy.toml");
        let mut command = Command::new(env!("CARGO_BIN_EXE_modelgate"));
        command
            .args(["check", "--policy"])
            .arg(policy)
            .args(args)
            .args(["--format", "json"])
            .env("NO_COLOR", "1");
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        (
            output.status.code().unwrap(),
            serde_json::from_slice(&output.stdout).unwrap_or_default(),
            text,
        )
    }
}

fn rows(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/predictions")
        .join(name)
        .to_str()
        .unwrap()
        .to_owned()
}

fn finding<'v>(verdict: &'v Value, rule: &str) -> &'v Value {
    let list = verdict["findings"].as_array().unwrap();
    list.iter().find(|f| f["rule"] == rule).unwrap_or_else(|| panic!("{rule} in {verdict}"))
}

fn near(got: &Value, want: f64) {
    let got = got.as_f64().unwrap_or_else(|| panic!("{got}"));
    assert!((got - want).abs() <= 1e-6 * want.abs().max(1e-3), "{got} against {want}");
}

/// Reference values: Gaffke's bound of (2185, 178, 113, 524) by scipy; for the area, nearly R's
/// pROC::roc.test(method='delong', paired=TRUE); numpy.percentile; fairlearn.
#[test]
fn the_candidate_is_compared_with_the_champion_on_the_same_rows() {
    let bench = Bench::new(POLICY);
    let (good, base) = (rows("adult_good.parquet"), rows("adult_base.csv"));
    let (code, verdict, text) =
        bench.check(&["--predictions", &good, "--champion-predictions", &base]);
    assert_eq!(code, 0, "{verdict:#} {text}");
    let kept = finding(&verdict, "accuracy-kept");
    assert_eq!((&kept["method"], &kept["approximate"]), (&json!("gaffke-paired"), &json!(true)));
    near(&kept["observed"], 0.021_666_666_667);
    let close = |got: &Value, want: f64, room: f64| {
        assert!((got.as_f64().unwrap() - want).abs() < room, "{got} against {want}");
    };
    close(&kept["lower"], 0.012_015_399_046, 2e-6);
    close(&kept["upper"], 0.031_362_636_815, 2e-6);
    let ranking = finding(&verdict, "ranking-kept");
    assert_eq!(ranking["method"], "unseen-row", "{ranking}");
    close(&ranking["lower"], 0.022_746_253_869, 0.003);
    near(&finding(&verdict, "tail")["observed"], 22.682_75);
    near(&finding(&verdict, "parity")["observed"], 0.015_698_165_349);
    assert_eq!(finding(&verdict, "evidence.recompute")["status"], "pass");
    assert_eq!(verdict["findings"].as_array().unwrap().len(), 6);
}

#[test]
fn the_reverse_is_a_deny() {
    let bench = Bench::new(POLICY);
    let (code, verdict, _) = bench.check(&[
        "--predictions",
        &rows("adult_base.csv"),
        "--champion-predictions",
        &rows("adult_good.csv"),
    ]);
    assert_eq!(code, 1, "{verdict:#}");
    assert_eq!(finding(&verdict, "accuracy-kept")["status"], "fail");
    assert_eq!(finding(&verdict, "ranking-kept")["status"], "fail");
}

#[test]
fn a_claim_that_does_not_come_out_of_the_rows_is_a_deny() {
    let bench = Bench::new(POLICY);
    let claim = |value: f64, successes: u64| {
        format!(
            r#"{{"schema": "modelgate.evidence/v1", "measurements": [{{"metric": "accuracy", "value": {value}, "n": 3000, "successes": {successes}}}]}}"#
        )
    };
    let honest = bench.file("honest.json", &claim(2363.0 / 3000.0, 2363));
    let wishful = bench.file("wishful.json", &claim(0.81, 2430));
    let (good, base) = (rows("adult_good.csv"), rows("adult_base.csv"));
    let with = |evidence: &str| {
        bench.check(&[
            "--predictions",
            &good,
            "--champion-predictions",
            &base,
            "--evidence",
            evidence,
        ])
    };
    assert_eq!(with(&honest).0, 0);
    let (code, verdict, _) = with(&wishful);
    assert_eq!(code, 1);
    let message = finding(&verdict, "evidence.recompute")["message"].as_str().unwrap();
    assert!(message.contains("accuracy is claimed as 0.81, and is 0.787666666667"), "{message}");
    near(&finding(&verdict, "floor")["observed"], 2363.0 / 3000.0);
}

#[test]
fn what_is_absent_or_broken_is_said() {
    let bench = Bench::new(POLICY);
    let (code, verdict, _) = bench.check(&[]);
    assert_eq!(code, 4);
    assert_eq!(finding(&verdict, "evidence.recompute")["status"], "missing");
    let (code, _, text) = bench.check(&["--predictions", &rows("edge_nan_inf.jsonl")]);
    assert_eq!(code, 2);
    assert!(text.contains("NaN in column `score` at line 4"), "{text}");
    let (code, _, text) = bench.check(&["--predictions", "/no/such/file.csv"]);
    assert_eq!(code, 2);
    assert!(text.contains("cannot read `/no/such/file.csv`"), "{text}");
    let plain =
        Bench::new("name = \"p\"\n[[rule]]\nid = \"r\"\nmetric = \"accuracy\"\nmin = 0.5\n");
    let (code, _, text) = plain.check(&["--predictions", &rows("adult_good.csv")]);
    assert_eq!(code, 2);
    assert!(text.contains("add `[recompute]`"), "{text}");
}

/// Labels that CI never sees: the verdict is the same with separate labels, joined on the id.
#[test]
fn labels_may_be_kept_apart() {
    let whole = fs::read_to_string(rows("adult_good.csv")).unwrap();
    let mut lines = whole.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let at = |name: &str| header.iter().position(|h| *h == name).unwrap();
    let (mut labels, mut answers) =
        ("id,label,sex\n".to_owned(), "id,pred,score,latency_ms\n".to_owned());
    let rows_: Vec<Vec<&str>> = lines.collect();
    for row in &rows_ {
        labels.push_str(&format!("{},{},{}\n", row[at("id")], row[at("label")], row[at("sex")]));
    }
    for row in rows_.iter().rev() {
        let cells = [at("id"), at("pred"), at("score"), at("latency_ms")].map(|i| row[i]);
        answers.push_str(&format!("{}\n", cells.join(",")));
    }
    let policy = POLICY.replace(
        "groups = [\"sex\"]\n\n[groups]",
        "groups = [\"sex\"]\nid = \"id\"\nlabels = \"holdout\"\n\n[groups]",
    );
    let bench = Bench::new(&policy);
    let (labels, answers) =
        (bench.file("labels.csv", &labels), bench.file("answers.csv", &answers));
    let (code, _, text) = bench.check(&["--predictions", &answers]);
    assert_eq!(code, 2);
    assert!(text.contains("holdout") && text.contains("--labels"), "{text}");
    let (_, verdict, text) = bench.check(&["--predictions", &answers, "--labels", &labels]);
    assert_eq!(finding(&verdict, "floor")["successes"], 2363, "{verdict:#} {text}");
    near(&finding(&verdict, "parity")["observed"], 0.015_698_165_349);
}
