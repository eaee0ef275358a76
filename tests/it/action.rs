//! The GitHub Action: its steps run as a runner runs them, with the variables and files that GitHub
//! provides, against a real service.

mod runner;

use crate::support::served::{Served, evidence};
use runner::{Finished, Runner};
use std::{fs, net::TcpListener, path::Path};
use yaml_rust2::YamlLoader;

/// The inputs of a step that requests the release of one of the demo's models.
fn inputs(served: &Served, which: &str) -> Vec<(&'static str, String)> {
    let artifact = crate::support::served::demo_files().join(which).join("model.txt");
    vec![
        ("model", "acme/credit-risk".into()),
        ("artifact", artifact.to_str().unwrap().into()),
        ("environment", "production".into()),
        ("evidence", format!("\n  {}\n\n", evidence(which))),
        ("server", served.url.clone()),
        ("token", served.ci.clone()),
        ("binary-path", env!("CARGO_BIN_EXE_modelgate").into()),
    ]
}

fn with(
    mut inputs: Vec<(&'static str, String)>,
    name: &'static str,
    value: &str,
) -> Vec<(&'static str, String)> {
    inputs.retain(|(n, _)| *n != name);
    inputs.push((name, value.to_owned()));
    inputs
}

fn commands<'f>(finished: &'f Finished, kind: &str) -> Vec<&'f str> {
    finished
        .commands
        .iter()
        .map(String::as_str)
        .filter(|c| c.starts_with(&format!("::{kind}")))
        .collect()
}

#[test]
fn a_bad_model_fails_the_step_with_annotations_a_summary_and_outputs() {
    let served = Served::start();
    let finished = Runner::new().run(&inputs(&served, "bad"));
    assert_eq!(finished.code, 1, "{finished:?}");
    let errors = commands(&finished, "error");
    assert!((1..=10).contains(&errors.len()), "{errors:?}");
    assert!(
        errors[0].starts_with(
            "::error title=accuracy-floor%3A fail::accuracy is 0.838 on 20,000 samples;"
        ),
        "{errors:?}"
    );
    assert_eq!(
        finished.commands[0],
        format!("::add-mask::{}", served.ci),
        "the token is masked first"
    );
    assert_eq!(finished.log.matches(&served.ci).count(), 1, "and shown nowhere else");
    assert_eq!(finished.outputs["verdict"], "deny");
    assert_eq!(finished.outputs["pass"], "false");
    assert!(finished.outputs["decision-url"].starts_with("http://gate.test/releases/"));
    for id in ["release-id", "decision-id"] {
        assert_eq!(finished.outputs[id].len(), 26, "{:?}", finished.outputs);
    }
    let summary = &finished.summary;
    assert!(summary.starts_with("## ❌ Denied: <code>acme&#47;credit-risk</code>"), "{summary}");
    assert!(summary.contains("| ❌ fail | <code>defaults-found</code> |"), "{summary}");
    assert!(finished.log.contains("DENY"), "people read the log: {}", finished.log);
}

#[test]
fn a_good_model_waits_and_then_passes() {
    let served = Served::start();
    let pending = Runner::new().run(&inputs(&served, "good"));
    assert_eq!(pending.code, 3, "{pending:?}");
    assert_eq!(
        (pending.outputs["verdict"].as_str(), pending.outputs["pass"].as_str()),
        ("pending", "false")
    );
    assert!(commands(&pending, "error").is_empty() && commands(&pending, "notice").len() == 1);

    // A user who starts the step with a key and repeats it gets the answer for the same release.
    let key = with(inputs(&served, "good"), "idempotency-key", "run-1");
    let release = Runner::new().run(&key).outputs["release-id"].clone();
    served.run_as(&served.ada, &["approve", &release]).expect(0);
    served.run_as(&served.ben, &["approve", &release]).expect(0);
    let passed = Runner::new().run(&with(key, "wait", "10s"));
    assert_eq!(passed.code, 0, "{passed:?}");
    assert_eq!(
        (passed.outputs["verdict"].as_str(), passed.outputs["pass"].as_str()),
        ("allow", "true")
    );
    assert_eq!(passed.outputs["release-id"], release);
    // The token can be a variable of the step instead.
    let unnamed = with(inputs(&served, "good"), "token", "");
    assert_eq!(Runner::new().env("MODELGATE_TOKEN", &served.ci).run(&unnamed).code, 3);
    assert!(passed.summary.contains("✅ Allowed"), "{}", passed.summary);
}

#[test]
fn a_service_that_is_not_there_fails_the_step_with_5() {
    let served = Served::start();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let finished =
        Runner::new().run(&with(inputs(&served, "good"), "server", &format!("http://{closed}")));
    assert_eq!(finished.code, 5, "{finished:?}");
    assert_eq!(finished.outputs["pass"], "false");
    assert_eq!(finished.outputs["verdict"], "");
    assert!(
        commands(&finished, "error")[0]
            .starts_with("::error title=modelgate%3A service-unreachable::")
    );
}

#[test]
fn what_users_write_stays_data() {
    let served = Served::start();
    let runner = Runner::new();
    // Paths with spaces, quotes and characters that a shell or Markdown would interpret.
    let folder = runner.workspace().join("my reports $(touch pwned) `id` | @octocat");
    fs::create_dir(&folder).unwrap();
    let hostile = "x|`id`<script>@octocat #1\n::error::pwned";
    let policy = format!(
        "name = \"hostile\"\napplies_to = {{ models = [\"*/hostile\"] }}\n[[rule]]\nid = \"floor\"\nmetric = {}\nmin = 0.5\n",
        serde_json::to_string(hostile).unwrap()
    );
    let path = served.folder.path().join("hostile.toml");
    fs::write(&path, policy).unwrap();
    let published = served.run(&["policy", "publish", "hostile.toml"]);
    assert_eq!(published.code, 0, "{published:?}");
    let document = serde_json::json!({"schema": "modelgate.evidence/v1",
        "measurements": [{"metric": hostile, "value": 0.1, "n": 100}, {"metric": "accuracy", "value": 0.1, "n": 1000}]});
    fs::write(folder.join("a 'b' \"c\".json"), document.to_string()).unwrap();
    // A name that the reader warns about.
    let undefined = r##"{"accuracy": 0.1, "x|<script>@octocat ##[error]pwned": NaN, "_evaluate_version": "0.4.6"}"##;
    fs::write(folder.join("warned.json"), undefined).unwrap();
    fs::write(folder.join("model.txt"), "m").unwrap();
    let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
    let mut asked = with(inputs(&served, "good"), "model", "acme/hostile");
    asked = with(asked, "artifact", &format!("{name}/model.txt"));
    asked = with(asked, "evidence", &format!("{name}/*.json"));
    asked = with(asked, "comment", "$(touch pwned) `touch pwned` '\"; touch pwned\n::error::pwned");
    asked = with(asked, "version", "--help");
    asked = with(asked, "context", "tier=high\nnote=a b $(touch pwned)");
    let finished = runner.run(&asked);
    assert_eq!(finished.code, 4, "{finished:?}");
    assert!(!runner.workspace().join("pwned").exists(), "a command in an input was run");
    assert!(
        commands(&finished, "error").iter().all(|c| !c.starts_with("::error::pwned")),
        "{:?}",
        finished.commands
    );
    for mark in ["<script>", "@octocat", "`id`", "x|"] {
        assert!(!finished.summary.contains(mark), "{mark}: {}", finished.summary);
    }
    assert!(finished.commands.iter().all(|c| !c.contains("##[")), "{:?}", finished.commands);
    assert!(finished.summary.contains("Warnings of the evidence: 1"), "{}", finished.summary);
    // Each row of the table has four cells, whatever they contain.
    let rows = finished.summary.lines().filter(|l| l.starts_with("| ❌"));
    assert!(
        rows.clone().count() >= 1 && rows.clone().all(|r| r.matches('|').count() == 5),
        "{}",
        finished.summary
    );

    // A file that the service refuses is an input error, and its name is data too.
    fs::write(folder.join("z % ::error::.json"), "{").unwrap();
    let refused = runner.run(&asked);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert_eq!(commands(&refused, "error").len(), 1, "{:?}", refused.commands);
}

#[test]
fn mistakes_in_the_inputs_are_told_and_are_2() {
    let served = Served::start();
    let good = inputs(&served, "good");
    let refused = |inputs: &[(&'static str, String)], why: &str| {
        let finished = Runner::new().run(inputs);
        assert_eq!(finished.code, 2, "{finished:?}");
        let errors = commands(&finished, "error");
        assert!(errors.len() == 1 && errors[0].contains(why), "{why}: {errors:?}");
        assert_eq!(finished.outputs["pass"], "false");
    };
    refused(&with(good.clone(), "evidence", "none/*.json"), "matches no file");
    refused(&with(good.clone(), "predictions", "none/*.parquet"), "none/*.parquet");
    refused(&with(good.clone(), "digest", &format!("sha256:{}", "0".repeat(64))), "not both");
    refused(&with(good.clone(), "binary-path", "/nowhere/modelgate"), "names no program");
    refused(&with(good.clone(), "binary-path", ""), "there is no modelgate on the PATH");
    refused(&with(good.clone(), "working-directory", "nowhere"), "cannot be entered");
    refused(&with(good.clone(), "token", ""), "no token");
    refused(&with(good.clone(), "model", "credit-risk"), "namespace/name");
    refused(&with(good, "evidence", ""), "evidence");
}

#[test]
fn the_example_workflow_gives_the_action_what_it_takes() {
    let load = |name: &str| {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
        YamlLoader::load_from_str(&text).unwrap().remove(0)
    };
    let (action, workflow) = (load("action.yml"), load("examples/workflow.yml"));
    let steps = workflow["jobs"]["gate"]["steps"].as_vec().unwrap();
    let step = steps.iter().find(|s| s["id"].as_str() == Some("gate")).unwrap();
    let given: Vec<_> =
        step["with"].as_hash().unwrap().keys().map(|k| k.as_str().unwrap()).collect();
    for name in &given {
        assert!(!action["inputs"][*name].is_badvalue(), "the action has no input `{name}`");
    }
    for (name, input) in action["inputs"].as_hash().unwrap() {
        let name = name.as_str().unwrap();
        assert!(
            input["required"].as_bool() == Some(false) || given.contains(&name),
            "`{name}` is required"
        );
    }
    // Third-party actions are pinned to a commit.
    let uses = steps.iter().filter_map(|s| s["uses"].as_str()).filter(|u| !u.starts_with("./"));
    for name in uses {
        let commit = name.split_once('@').unwrap().1;
        assert!(commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit()), "{name}");
    }
}
