//! Documents in which a tool reports passed, perfect or fast, but measured nothing or little.

use modelgate::{
    evidence,
    model::{Evidence, Measurement},
};
use serde_json::Value;
use std::{fs, path::PathBuf, process::Command};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/nothing-measured")
}

fn cases() -> Vec<Value> {
    serde_json::from_slice(&fs::read(folder().join("cases.json")).unwrap()).unwrap()
}

fn list<'c>(case: &'c Value, key: &str) -> &'c [Value] {
    case[key].as_array().map_or(&[], Vec::as_slice)
}

fn is(m: &Measurement, want: &Value) -> bool {
    let slice = serde_json::to_value(&m.slice.0).unwrap();
    let wanted = want.get("slice").cloned().unwrap_or_else(|| serde_json::json!({}));
    m.metric == want["metric"] && slice == wanted && m.quantile == want["quantile"].as_f64()
}

/// The differences between a case and its expected result.
fn wrong(case: &Value, evidence: &Evidence) -> Vec<String> {
    let mut wrong = Vec::new();
    if case["format"] != evidence.format.as_str() {
        wrong.push(format!("read as {}", evidence.format));
    }
    for (key, passed) in [("failed", false), ("passed", true)] {
        for name in list(case, key) {
            let found: Vec<_> = evidence.checks.iter().filter(|c| c.name == *name).collect();
            let name_within =
                evidence.checks.iter().filter(|c| c.name.contains(name.as_str().unwrap()));
            let found = if found.is_empty() { name_within.collect() } else { found };
            if !found.iter().any(|c| c.passed == passed && (passed || c.detail.is_some())) {
                wrong.push(format!("{name} is {found:?}, it must have {key}"));
            }
        }
    }
    for want in list(case, "measurements") {
        let Some(m) = evidence.measurements.iter().find(|m| is(m, want)) else {
            wrong.push(format!("no measurement {want}"));
            continue;
        };
        let got = serde_json::json!({"value": m.value, "n": m.n, "trials": m.trials, "successes": m.successes, "unfit": m.unfit.is_some()});
        for key in ["value", "n", "trials", "successes", "unfit"] {
            let same = |a: &Value, b: &Value| match (a.as_f64(), b.as_f64()) {
                (Some(a), Some(b)) => (a - b).abs() < 1e-12,
                _ => a == b,
            };
            if want.get(key).is_some_and(|want| !same(want, &got[key])) {
                wrong.push(format!("{key} of {want} is {}", got[key]));
            }
        }
    }
    if let Some(words) = case["warns"].as_str()
        && !evidence.warnings.iter().any(|warning| warning.contains(words))
    {
        wrong.push(format!("no warning says {words:?}: {:?}", evidence.warnings));
    }
    wrong
}

#[test]
fn nothing_is_read_as_good_news_that_rests_on_nothing() {
    let cases = cases();
    assert!(cases.len() >= 80, "{}", cases.len());
    let mut all = Vec::new();
    for case in &cases {
        let file = case["file"].as_str().unwrap();
        let bytes = fs::read(folder().join(file)).unwrap();
        match evidence::read(&bytes, None) {
            Ok(evidence) => all
                .extend(wrong(case, &evidence).into_iter().map(|wrong| format!("{file}: {wrong}"))),
            Err(error) => all.push(format!("{file}: {error}")),
        }
    }
    assert!(all.is_empty(), "{} are wrong:\n{}", all.len(), all.join("\n"));
}

/// A rule on only the latency, or on only one check, does not pass either.
#[test]
fn no_rule_passes_on_nothing() {
    let desk = tempfile::tempdir().unwrap();
    let mut all = Vec::new();
    for case in cases().iter().filter(|case| case["rule"].is_string()) {
        let (file, rule) = (case["file"].as_str().unwrap(), case["rule"].as_str().unwrap());
        let policy = desk.path().join("p.toml");
        fs::write(&policy, format!("name = \"p\"\n[[rule]]\nid = \"r\"\n{rule}\n")).unwrap();
        let (policy, path) = (policy.to_str().unwrap().to_owned(), folder().join(file));
        let args = [
            "check",
            "--policy",
            &policy,
            "--evidence",
            path.to_str().unwrap(),
            "--format",
            "json",
        ];
        let output = Command::new(env!("CARGO_BIN_EXE_modelgate")).args(args).output().unwrap();
        let verdict: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|e| panic!("{file}: {e}: {output:?}"));
        let found: Vec<_> =
            list(&verdict, "findings").iter().filter(|f| f["rule"] == "r").collect();
        if found.len() != 1 || found[0]["status"] != case["status"] {
            let said: Vec<_> = found.iter().map(|f| (&f["status"], &f["message"])).collect();
            all.push(format!("{file}: {said:?}, expected {}", case["status"]));
        }
    }
    assert!(all.is_empty(), "{} are wrong:\n{}", all.len(), all.join("\n"));
}

#[test]
fn every_document_of_the_folder_is_a_case() {
    let cases = cases();
    let known = |name: &str| {
        matches!(name, "README.md" | "cases.json") || cases.iter().any(|case| case["file"] == name)
    };
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(known(&name), "{name}");
    }
}
