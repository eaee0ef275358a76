//! `modelgate check` and `modelgate policy`, as scripts use them: exit codes, JSON, and the text
//! for people.

use serde_json::{Value, json};
use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};
use tempfile::TempDir;

const NOW: &str = "2026-11-20T12:00:00Z";

/// A directory of files in which the binary runs.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn put(&self, name: &str, text: impl AsRef<[u8]>) -> &Self {
        fs::write(self.0.path().join(name), text).unwrap();
        self
    }

    fn run(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_modelgate"))
            .args(args)
            .current_dir(self.0.path())
            .output()
            .unwrap()
    }

    /// Runs `check --policy p.toml --evidence e.json` and more, with JSON output.
    fn check(&self, more: &[&str]) -> (i32, Value) {
        let fixed = [
            "check",
            "--policy",
            "p.toml",
            "--evidence",
            "e.json",
            "--now",
            NOW,
            "--format",
            "json",
        ];
        let output = self.run(&[&fixed[..], more].concat());
        let stdout = String::from_utf8(output.stdout).unwrap();
        let document = serde_json::from_str(&stdout).unwrap_or_else(|e| panic!("{e}: {stdout}"));
        (output.status.code().unwrap(), document)
    }
}

#[test]
fn warnings_of_the_evidence_are_told_beside_the_verdict() {
    let desk = Desk::new();
    desk.put("p.toml", ACCURACY)
        .put("e.json", r#"{"accuracy": 0.95, "auc": NaN, "_evaluate_version": "0.4.6"}"#);
    let output = desk.run(&[
        "check",
        "--policy",
        "p.toml",
        "--evidence",
        "e.json",
        "--now",
        NOW,
        "--format",
        "json",
    ]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("warning: e.json: undefined, and never a pass: `auc` is NaN"),
        "{stderr}"
    );
    assert!(serde_json::from_slice::<Value>(&output.stdout).is_ok());
}

fn native(measurements: Value) -> String {
    json!({"schema": "modelgate.evidence/v1", "measurements": measurements}).to_string()
}

const ACCURACY: &str = "name = \"credit-risk\"\n[[rule]]\nid = \"accuracy-floor\"\nmetric = \"accuracy\"\nmin = 0.90\n";

/// The shipped policies.
const SHIPPED: [&str; 8] = [
    "binary-classifier",
    "credit-risk",
    "forecasting",
    "hiring-ll144",
    "llm-application",
    "ranking",
    "regression",
    "vision-on-device",
];

fn shipped(path: &str) -> String {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path).display().to_string()
}

#[test]
fn the_verdict_is_exactly_the_contract() {
    let desk = Desk::new();
    desk.put("p.toml", ACCURACY).put(
        "e.json",
        native(json!([{"metric": "accuracy", "value": 0.91, "n": 1400, "successes": 1274}])),
    );
    let (code, verdict) =
        desk.check(&["--model", "acme/credit-risk", "--environment", "production"]);
    assert_eq!(code, 4);
    let keys: Vec<&String> = verdict.as_object().unwrap().keys().collect();
    let all = [
        "approvals",
        "artifact",
        "engine",
        "environment",
        "findings",
        "inputs_digest",
        "model",
        "policies",
        "verdict",
    ];
    let mut sorted = keys.clone();
    sorted.sort();
    assert_eq!(sorted, all);
    assert_eq!(verdict["verdict"], "deny");
    assert_eq!(verdict["model"], "acme/credit-risk");
    assert_eq!(verdict["artifact"], Value::Null);
    assert_eq!(verdict["policies"][0]["mode"], "enforce");
    assert_eq!(verdict["engine"], json!({"semantics": 3}));
    let finding = &verdict["findings"][0];
    for (key, want) in [
        ("policy", json!("credit-risk")),
        ("rule", json!("accuracy-floor")),
        ("status", json!("inconclusive")),
        ("severity", json!("block")),
        ("slice", json!({})),
        ("observed", json!(0.91)),
        ("lower", json!(0.896413771213)),
        ("upper", json!(0.922290975329)),
        ("required", json!({"op": ">=", "value": 0.9})),
        ("n", json!(1400)),
        ("trials", json!(1400)),
        ("successes", json!(1274)),
        ("method", json!("clopper-pearson")),
        ("confidence", json!(0.95)),
    ] {
        assert_eq!(finding[key], want, "{key}");
    }
    assert!(
        finding["samples_needed"].as_u64().is_some()
            && finding["allowed_failures"].as_u64().is_some()
    );
    let message = finding["message"].as_str().unwrap();
    assert!(
        message.starts_with(
            "accuracy is 0.910 on 1,400 samples; at 95% confidence it may be as low as 0.896, below 0.900"
        )
    );
}

#[test]
fn exit_codes_are_kept() {
    let desk = Desk::new();
    let judge = |policy: &str, value: f64, n: u64, more: &[&str]| {
        let successes = (value * n as f64).round() as u64;
        desk.put("p.toml", policy);
        desk.put(
            "e.json",
            native(json!([{"metric": "accuracy", "value": value, "n": n, "successes": successes}])),
        );
        desk.check(more).0
    };
    let asks = format!("{ACCURACY}[[approval]]\nid = \"a\"\nrole = \"risk\"\n");
    assert_eq!(judge(ACCURACY, 0.95, 1000, &[]), 0);
    assert_eq!(judge(ACCURACY, 0.80, 1000, &[]), 1);
    assert_eq!(judge(ACCURACY, 0.91, 1000, &[]), 4);
    assert_eq!(judge(&ACCURACY.replace("\"accuracy\"", "\"recall\""), 0.95, 1000, &[]), 4);
    assert_eq!(judge(&asks, 0.95, 1000, &[]), 3);
    assert_eq!(judge(&asks, 0.80, 1000, &[]), 1);
    assert_eq!(judge(ACCURACY, 0.95, 1000, &["--predictions", "p.csv"]), 2);
    assert_eq!(judge(ACCURACY, 0.95, 1000, &["--champion", "absent.json"]), 2);
    assert_eq!(judge("name = 1", 0.95, 1000, &[]), 2);
    assert_eq!(judge(ACCURACY, 0.95, 1000, &["--now", "yesterday"]), 2);
    assert_eq!(judge(ACCURACY, 0.95, 1000, &["--context", "nothing"]), 2);
    assert_eq!(judge(ACCURACY, 0.95, 1000, &["--policy", "absent.toml"]), 2);
    desk.put("e.json", "{\"schema\": \"modelgate.evidence/v1\", \"measurements\": [");
    assert_eq!(desk.check(&[]).0, 2);
}

#[test]
fn approvals_of_exactly_these_inputs_allow() {
    let desk = Desk::new();
    desk.put("p.toml", format!("{ACCURACY}[[approval]]\nid = \"a\"\nrole = \"risk\"\ncount = 2\n"))
        .put(
            "e.json",
            native(json!([{"metric": "accuracy", "value": 0.95, "n": 1000, "successes": 950}])),
        );
    let (code, pending) = desk.check(&["--submitter", "sam"]);
    assert_eq!((code, &pending["approvals"][0]["given"]), (3, &json!(0)));
    let seen = &pending["inputs_digest"];
    let yes = |who: &str, seen: &Value| {
        json!({"by": {"id": who, "name": who}, "roles": ["risk"], "vote": "approve", "inputs_digest": seen,
               "at": "2026-11-20T10:00:00Z"})
    };
    let with = |list: Value| {
        desk.put("a.json", list.to_string());
        desk.check(&["--submitter", "sam", "--approvals", "a.json"]).0
    };
    assert_eq!(with(json!([yes("ana", seen), yes("ben", seen)])), 0);
    assert_eq!(with(json!([yes("ana", seen), yes("sam", seen)])), 3);
    let other = json!(format!("sha256:{}", "0".repeat(64)));
    assert_eq!(with(json!([yes("ana", seen), yes("ben", &other)])), 3);
    let mut no = yes("cy", seen);
    no["vote"] = json!("reject");
    assert_eq!(with(json!([yes("ana", seen), yes("ben", seen), no])), 1);
    assert_eq!(with(json!({"not": "a list"})), 2);
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let desk = Desk::new();
    desk.put("p.toml", ACCURACY)
        .put(
            "a.json",
            native(json!([{"metric": "accuracy", "value": 0.95, "n": 1000, "successes": 950}])),
        )
        .put(
            "b.json",
            native(json!([{"metric": "recall", "value": 0.95, "n": 1000, "trials": 100}])),
        );
    let run = |first: &str, second: &str| {
        let args = [
            "check",
            "--policy",
            "p.toml",
            "--evidence",
            first,
            second,
            "--now",
            NOW,
            "--format",
            "json",
        ];
        desk.run(&args).stdout
    };
    assert_eq!(run("a.json", "b.json"), run("b.json", "a.json"));
}

#[test]
fn a_claim_stands_beside_the_evidence_and_may_not_contradict_it() {
    let desk = Desk::new();
    let policy = format!("{ACCURACY}[evidence]\nmax_age = \"14d\"\ndatasets = [\"holdout\"]\n");
    let evidence = json!({"schema": "modelgate.evidence/v1", "measurements":
        [{"metric": "accuracy", "value": 0.95, "n": 1000, "successes": 950}]});
    desk.put("p.toml", policy).put("e.json", evidence.to_string());
    let judge = |evidence: &str| {
        let args = [
            "check",
            "--policy",
            "p.toml",
            "--evidence",
            evidence,
            "--now",
            NOW,
            "--format",
            "json",
        ];
        desk.run(&args).status.code().unwrap()
    };
    assert_eq!(judge("e.json"), 4);
    assert_eq!(judge("dataset=holdout,produced-at=2026-11-19T00:00:00Z:e.json"), 0);
    assert_eq!(judge("dataset=train,produced-at=2026-11-19T00:00:00Z:e.json"), 1);
    assert_eq!(judge("dataset=holdout,produced-at=2026-10-19T00:00:00Z:e.json"), 1);
    let mut dated = evidence;
    dated["produced_at"] = json!("2026-11-18T00:00:00Z");
    desk.put("e.json", dated.to_string());
    assert_eq!(judge("dataset=holdout,produced-at=2026-11-19T00:00:00Z:e.json"), 1);
}

#[test]
fn people_read_a_verdict_without_escape_sequences_in_a_pipe() {
    let desk = Desk::new();
    desk.put("p.toml", ACCURACY).put(
        "e.json",
        native(json!([{"metric": "accuracy", "value": 0.8, "n": 1000, "successes": 800}])),
    );
    let output = desk.run(&["check", "--policy", "p.toml", "--evidence", "e.json", "--now", NOW]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("DENY"), "{text}");
    assert!(
        text.contains("✗ fail") && text.contains("accuracy is 0.800 on 1,000 samples"),
        "{text}"
    );
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn user_text_cannot_move_the_cursor() {
    let desk = Desk::new();
    desk.put(
        "p.toml",
        "name = \"p\"\n[[rule]]\nid = \"r\"\nmetric = \"recall\"\nslices = [\"sex\"]\nmin = 0.5\n",
    );
    desk.put(
        "e.json",
        native(
            json!([{"metric": "recall", "value": 0.8, "n": 9, "trials": 9, "slice": {"sex": "\u{1b}[2J\u{202e}x"}}]),
        ),
    );
    let output = desk.run(&["check", "--policy", "p.toml", "--evidence", "e.json", "--now", NOW]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
}

const WRONG: &str = "name = \"p\"\nmode = \"enfroce\"\n[[rule]]\nid = \"a\"\nmetric = \"accuracy\"\nmin = 1.2\nmin_sample = 3\n";

#[test]
fn lint_tells_every_mistake_with_its_place() {
    let desk = Desk::new();
    desk.put("wrong.toml", WRONG).put("right.toml", ACCURACY);
    let output = desk.run(&["policy", "lint", "wrong.toml", "right.toml", "--format", "json"]);
    assert_eq!(output.status.code(), Some(2));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["ok"], false);
    let told: Vec<Value> = document["mistakes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| json!([m["code"], m["file"], m["line"], m["column"], m["length"]]))
        .collect();
    assert_eq!(
        told,
        [
            json!(["unknown-word", "wrong.toml", 2, 8, 9]),
            json!(["impossible-bound", "wrong.toml", 6, 7, 3]),
            json!(["unknown-key", "wrong.toml", 7, 1, 10]),
        ]
    );
    assert_eq!(document["mistakes"][2]["help"], "did you mean `min_samples`?");
    assert_eq!(desk.run(&["policy", "lint", "right.toml"]).status.code(), Some(0));
}

#[test]
fn lint_underlines_the_source() {
    let desk = Desk::new();
    desk.put("wrong.toml", WRONG);
    let output = desk.run(&["policy", "lint", "wrong.toml"]);
    let text = String::from_utf8(output.stderr).unwrap();
    for part in [
        "3 mistakes",
        "[wrong.toml:6:7]",
        "min = 1.2",
        "───",
        "did you mean `enforce`?",
        "impossible-bound",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn the_shipped_policies_have_no_warning_and_pass_their_cases() {
    let desk = Desk::new();
    for name in SHIPPED {
        let output = desk.run(&[
            "policy",
            "lint",
            &shipped(&format!("policies/{name}.toml")),
            "--format",
            "json",
        ]);
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&document["ok"], &document["warnings"]), (&json!(true), &json!([])), "{name}");
        let output = desk.run(&["policy", "explain", &shipped(&format!("policies/{name}.toml"))]);
        assert_eq!(output.status.code(), Some(0));
        assert!(
            fs::exists(shipped(&format!("docs/policies/{name}.md"))).unwrap(),
            "{name} has no page"
        );
    }
    let output = desk.run(&["policy", "test", &shipped("policies"), "--format", "json"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &document["failed"]), (Some(0), &json!(0)), "{document:#}");
    assert!(document["passed"].as_u64() >= Some(80));
}

#[test]
fn a_failed_case_says_what_was_expected() {
    let desk = Desk::new();
    desk.put("p.toml", ACCURACY).put(
        "p.cases.toml",
        "[[case]]\nname = \"hopeful\"\nevidence = [{ measurements = [{ metric = \"accuracy\", value = 0.5, n = 100, successes = 50 }] }]\n\
         expect = { verdict = \"allow\", findings = [{ rule = \"accuracy-floor\", status = \"pass\" }] }\n",
    );
    let output = desk.run(&["policy", "test", "p.toml"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    for part in [
        "✗ hopeful",
        "the verdict is deny, expected allow",
        "accuracy-floor is fail",
        "0 passed, 1 failed",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    desk.put("p.cases.toml", "[[case]]\nname = 3\n");
    assert_eq!(desk.run(&["policy", "test", "p.toml"]).status.code(), Some(2));
    assert_eq!(desk.run(&["policy", "test", "absent.toml"]).status.code(), Some(2));
}

#[expect(clippy::disallowed_methods, reason = "how long it took is the question")]
#[test]
fn a_hostile_count_keeps_nobody_waiting() {
    let desk = Desk::new();
    let most = 9_007_199_254_740_992_u64;
    desk.put("p.toml", ACCURACY).put(
        "e.json",
        native(json!([{"metric": "accuracy", "value": 0.9, "n": most, "trials": most}])),
    );
    let started = std::time::Instant::now();
    let output = desk.run(&["check", "--policy", "p.toml", "--evidence", "e.json", "--now", NOW]);
    assert!(output.status.code().is_some_and(|c| c != 0));
    assert!(started.elapsed().as_secs() < 5);
}

#[test]
fn what_only_observes_is_no_pass_and_never_green() {
    let desk = Desk::new();
    desk.put("p.toml", format!("mode = \"observe\"\n{ACCURACY}")).put(
        "e.json",
        native(json!([{"metric": "accuracy", "value": 0.5, "n": 1400, "successes": 700}])),
    );
    let (code, verdict) = desk.check(&[]);
    assert_eq!((code, &verdict["verdict"]), (4, &json!("deny")));
    assert_eq!(verdict["findings"][1]["rule"], "no-policy");
    let (code, verdict) = desk.check(&["--observe-only", "allow"]);
    assert_eq!((code, &verdict["verdict"]), (0, &json!("allow")));
    let shown = Command::new(env!("CARGO_BIN_EXE_modelgate"))
        .args([
            "check",
            "--policy",
            "p.toml",
            "--evidence",
            "e.json",
            "--now",
            NOW,
            "--observe-only",
            "allow",
        ])
        .env("CLICOLOR_FORCE", "1")
        .current_dir(desk.0.path())
        .output()
        .unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(
        shown.contains("ALLOW") && !shown.contains("\u{1b}[32m") && !shown.contains("[1;32m"),
        "{shown:?}"
    );
    assert!(shown.contains("no policy enforces here"), "{shown}");
}

/// The codes of the warnings and mistakes that `lint` reports.
fn linted(text: &str) -> (i32, Vec<String>) {
    let desk = Desk::new();
    desk.put("p.toml", text);
    let output = desk.run(&["policy", "lint", "p.toml", "--format", "json"]);
    let out: Value = serde_json::from_slice(&output.stdout).unwrap();
    let codes = |key: &str| -> Vec<String> {
        out[key]
            .as_array()
            .unwrap()
            .iter()
            .map(|w| w["code"].as_str().unwrap().to_owned())
            .collect()
    };
    (output.status.code().unwrap(), [codes("warnings"), codes("mistakes")].concat())
}

#[test]
fn lint_tells_what_cannot_be_meant() {
    let rule = |rest: &str| format!("name = \"p\"\n[[rule]]\nid = \"r\"\n{rest}\n");
    let applies = |to: &str| {
        format!(
            "name = \"p\"\napplies_to = {{ {to} }}\n[[rule]]\nid = \"r\"\nmetric = \"accuracy\"\nmin = 0.9\n"
        )
    };
    let lenient = "point_estimate = \"allow\"";
    let warned = [
        (rule("metric = \"accuracy\"\nmax = 0.9"), "wrong-direction"),
        (rule("metric = \"roc_auc\"\nmax = 0.9\npoint_estimate = \"allow\""), "wrong-direction"),
        (rule("metric = \"psi\"\nmin = 0.1\npoint_estimate = \"allow\""), "wrong-direction"),
        (rule("metric = \"error_rate\"\nmin = 0.1"), "wrong-direction"),
        (rule("metric = \"latency\"\nquantile = 0.99\nmin = \"150 ms\""), "wrong-direction"),
        (rule(&format!("metric = \"val_loss\"\nmin = 0.1\n{lenient}")), "wrong-direction"),
        (rule(&format!("metric = \"test_accuracy\"\nmax = 0.9\n{lenient}")), "wrong-direction"),
        (rule(&format!("metric = \"test_accuracy\"\nmin = 95\n{lenient}")), "bound-out-of-range"),
        (rule(&format!("metric = \"accuracy_top1\"\nmax = 0.9\n{lenient}")), "wrong-direction"),
        (rule(&format!("metric = \"val_acc@1\"\nmin = 95\n{lenient}")), "bound-out-of-range"),
        (rule(&format!("metric = \"accuracy_pct\"\nmin = 0.95\n{lenient}")), "bound-out-of-range"),
        (rule("metric = \"accuracy\"\nmin = 0.9\nwhen = \"1 == 2\""), "never-asked"),
        (rule("metric = \"accuracy\"\nmin = 0.9\nwhen = \"true\""), "always-asked"),
        (applies("models = [\"credit-*\"]"), "pattern-without-namespace"),
        (applies("models = [\"credit-risk\"]"), "pattern-matches-nothing"),
        (applies("models = [\"Acme/credit\"]"), "pattern-matches-nothing"),
        (applies("environments = [\"prod/eu\"]"), "pattern-matches-nothing"),
        (
            rule(
                "metric = \"accuracy\"\nmin = 0.9\n[[rule]]\nid = \"looser\"\nmetric = \"accuracy\"\nmin = 0.8",
            ),
            "shadowed-rule",
        ),
        (
            rule(
                "metric = \"recall\"\nslice = { sex = \"femal\" }\nmin = 0.9\n[[rule]]\nid = \"all\"\nmetric = \"recall\"\nslices = [\"sex\"]\nmin = 0.8\n[groups]\nsex = [\"female\"]",
            ),
            "undeclared-group",
        ),
        (rule("metric = \"recall\"\nslices = [\"sex\"]\nmin = 0.9"), "undeclared-groups"),
        (
            rule("metric = \"recall\"\ndataset = \"a\"\nmin = 0.9\n[evidence]\ndatasets = [\"b\"]"),
            "dataset-not-allowed",
        ),
    ];
    for (text, code) in &warned {
        let (exit, codes) = linted(text);
        assert_eq!(
            (exit, codes.contains(&(*code).to_owned())),
            (0, true),
            "{code}: {codes:?} of\n{text}"
        );
    }
    let refused = [
        (rule("metric = \"accuracy\"\nmax = \"150 ms\""), "wrong-unit"),
        (rule("metric = \"latency\"\nquantile = 0.99\nmax = 0.9"), "missing-unit"),
        (rule("metric = \"accuracy\"\nmin = \"90 percents\""), "unknown-unit"),
        (rule("metric = \"accuracy\"\nmin = 0.9\nmax = 0.8"), "impossible-bound"),
        (rule("metric = \"accuracy\"\nmin = 95"), "impossible-bound"),
        (applies("models = []"), "empty"),
        (applies("environments = []"), "empty"),
        (
            rule(
                "metric = \"accuracy\"\nmin = 0.9\n[[approval]]\nid = \"a\"\nrole = \"r\"\nexpires = \"0d\"",
            ),
            "bad-duration",
        ),
        (rule("metric = \"accuracy\"\nmin = 0.9\n[evidence]\nmax_age = \"0s\""), "bad-duration"),
    ];
    for (text, code) in &refused {
        let (exit, codes) = linted(text);
        assert_eq!(
            (exit, codes.contains(&(*code).to_owned())),
            (2, true),
            "{code}: {codes:?} of\n{text}"
        );
    }
    for fine in [
        rule("metric = \"accuracy\"\nmin = 0.9"),
        rule("metric = \"selection_rate\"\nmax = 0.9"),
        rule("metric = \"accuracy\"\nmin = 0.9\nmax = 0.99"),
        applies("models = [\"*/credit-*\", \"acme/*\", \"*\"], environments = [\"prod*\"]"),
    ] {
        assert_eq!(linted(&fine), (0, Vec::new()), "{fine}");
    }
}

#[test]
fn what_asks_for_too_much_is_refused() {
    let many = |n: usize| {
        let rules: Vec<String> = (0..n)
            .map(|i| format!("[[rule]]\nid = \"r{i}\"\nmetric = \"m{i}\"\nmin = 0.5\npoint_estimate = \"allow\"\n"))
            .collect();
        format!("name = \"p\"\n{}", rules.concat())
    };
    let when = |text: &str| {
        format!(
            "name = \"p\"\n[[rule]]\nid = \"r\"\nmetric = \"accuracy\"\nmin = 0.9\nwhen = \"{text}\"\n"
        )
    };
    let groups: Vec<String> = (0..20_001).map(|i| format!("\"g{i}\"")).collect();
    let rule = "[[rule]]\nid = \"r\"\nmetric = \"accuracy\"\nmin = 0.9\n";
    let approvals: Vec<String> =
        (0..101).map(|i| format!("[[approval]]\nid = \"a{i}\"\nrole = \"r\"\n")).collect();
    for (text, code) in [
        (many(1_001), "too-many-rules"),
        (format!("name = \"p\"\n#{}\n{rule}", "x".repeat(600_000)), "policy-too-large"),
        (
            format!("name = \"p\"\n[groups]\nsex = [{}]\n{rule}", groups.join(",")),
            "too-many-groups",
        ),
        (format!("name = \"p\"\n{rule}{}", approvals.concat()), "too-many-approvals"),
        (
            format!("name = \"p\"\napplies_to = {{ models = [\"{}\"] }}\n{rule}", "*a".repeat(200)),
            "pattern-too-long",
        ),
        (when("'x'.matches(context.pattern)"), "condition-too-costly"),
        (when("context.a.matches('((a{30}){30}){30}')"), "condition-too-costly"),
        (when(&format!("context.a{} == 'b'", " + context.a".repeat(40))), "condition-too-costly"),
        (when("context.a.matches('(')"), "condition-too-costly"),
    ] {
        let (exit, codes) = linted(&text);
        assert_eq!((exit, codes.contains(&code.to_owned())), (2, true), "{code}: {codes:?}");
    }
    assert_eq!(linted(&many(1_000)).0, 0);
    assert_eq!(
        linted(&when("context.a.matches('^[a-z]+$') && context.b + 'x' == 'yx'")),
        (0, Vec::new())
    );
}

/// Finding the positions of very many mistakes must not take long, and each position must be right.
#[test]
fn a_text_of_nothing_but_mistakes_is_told_line_by_line() {
    let wrong: String = (0..20_000).map(|i| format!("k{i} = 1\n")).collect();
    let mistakes = modelgate::policy::parse(&format!("name = \"p\"\n{wrong}")).unwrap_err().list;
    let unknown: Vec<_> = mistakes.iter().filter(|m| m.code == "unknown-key").collect();
    assert_eq!(
        (unknown.len(), unknown[0].line, unknown[19_999].line, unknown[7].column),
        (20_000, 2, 20_001, 1)
    );
}
