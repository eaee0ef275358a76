//! Small inputs that once let a bad model pass, each with the facts that follow from the file
//! alone: a percentage read as a fraction, or the whole data set mistaken for the tested rows. Also
//! similar correct inputs, which must pass.
//!
//! A case is a folder with `input.*`, `expected.json` and, if a verdict matters, `policy.toml`;
//! plus `champion.json` and `mapping.toml` if it needs them.

use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/evidence-faults");
    let mut all: Vec<PathBuf> =
        fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

fn run(case: &Path, args: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_modelgate"));
    let out = command.current_dir(case).args(args).args(["--format", "json"]).output().unwrap();
    serde_json::from_slice(&out.stdout).unwrap_or_else(|_| {
        panic!("{}: {args:?} says {}", case.display(), String::from_utf8_lossy(&out.stderr));
    })
}

fn same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-12 * a.abs().max(1.0),
        _ => a == b,
    }
}

fn list<'v>(json: &'v Value, key: &str) -> &'v [Value] {
    json.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The differences from the facts.
fn faults(case: &Path) -> Vec<String> {
    let want: Value =
        serde_json::from_slice(&fs::read(case.join("expected.json")).unwrap()).unwrap();
    let input = fs::read_dir(case).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let input = input.into_iter().find(|name| name.starts_with("input.")).unwrap();
    let mapped = case.join("mapping.toml").exists();
    let mut args = vec!["evidence", "inspect", &input];
    args.extend(if mapped { &["--mapping", "mapping.toml"][..] } else { &[] });
    let got = run(case, &args);
    let mut out = Vec::new();
    for fact in list(&want, "measurements") {
        let slice = fact.get("slice").cloned().unwrap_or_else(|| serde_json::json!({}));
        let found: Vec<&Value> = list(&got, "measurements")
            .iter()
            .filter(|m| {
                (m["metric"] == fact["metric"] || m["source_name"] == fact["metric"])
                    && m["slice"] == slice
            })
            .collect();
        for key in ["value", "n", "trials", "successes"] {
            let told = fact.get(key).is_none_or(|fact| found.iter().any(|m| same(&m[key], fact)));
            if !told {
                let seen = found.iter().map(|m| m[key].to_string()).collect::<Vec<_>>().join(", ");
                out.push(format!("{key} of {} is {seen}, not {}", fact["metric"], fact[key]));
            }
        }
    }
    let warnings = got["warnings"].to_string();
    let names = list(&want, "warnings_must_name").iter().filter_map(Value::as_str);
    out.extend(
        names
            .filter(|name| !warnings.contains(name))
            .map(|name| format!("no warning names {name}: {warnings}")),
    );
    if case.join("policy.toml").exists() {
        let evidence = if mapped { format!("mapping=mapping.toml:{input}") } else { input };
        let mut args = vec!["check", "--policy", "policy.toml", "--evidence", &evidence];
        args.extend(if case.join("champion.json").exists() {
            &["--champion", "champion.json"][..]
        } else {
            &[]
        });
        let verdict = run(case, &args);
        let findings = list(&verdict, "findings");
        let right =
            !findings.is_empty() && findings.iter().all(|f| f["status"] == want["policy_verdict"]);
        let said = findings
            .iter()
            .map(|f| format!("{}: {}", f["status"], f["message"]))
            .collect::<Vec<_>>()
            .join("; ");
        if !right {
            out.push(format!("check says {said}, not {}", want["policy_verdict"]));
        }
        if let Some(text) = want
            .get("message_must_hold")
            .and_then(Value::as_str)
            .filter(|text| !said.contains(text))
        {
            out.push(format!("no finding says {text}: {said}"));
        }
    }
    out
}

#[test]
fn no_percentage_and_no_count_of_all_rows_lets_a_bad_model_pass() {
    let cases = cases();
    assert!(cases.len() >= 70, "{}", cases.len());
    let wrong: Vec<String> = cases
        .iter()
        .flat_map(|case| {
            faults(case)
                .into_iter()
                .map(|fault| format!("{}: {fault}", case.file_name().unwrap().display()))
        })
        .collect();
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
}
