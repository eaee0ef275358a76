//! The commands that call a service, against a real one.

use crate::support::served::{Served, demo_files, evidence, modelgate, run};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    path::Path,
    process::Stdio,
    time::Duration,
};

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} in {value}"))
}

#[test]
fn a_release_from_request_to_replay() {
    let served = Served::start();
    // A bad model: code 1, with sentences for people and one JSON document for scripts.
    let bad = served.gate("bad", &[]).expect(1);
    assert!(bad.stdout.starts_with("DENY"), "{}", bad.stdout);
    assert!(bad.stdout.contains("defaults-found"), "{}", bad.stdout);
    let denied = served.gate("bad", &["--format", "json"]).expect(1).json();
    assert_eq!(denied["verdict"]["verdict"], "deny");
    assert!(text(&denied, "url").starts_with("http://gate.test/releases/"), "{denied}");

    // A good model: code 3, until two reviewers have approved the inputs that they saw.
    let asked = served
        .gate("good", &["--format=json", "--version-label", "7", "--context", "tier=high"])
        .expect(3)
        .json();
    let release = text(&asked, "release");
    assert_eq!(asked["verdict"]["verdict"], "pending");
    let inputs = text(&asked["verdict"], "inputs_digest");
    served
        .run_as(
            &served.ada,
            &["approve", release, "--inputs-digest", inputs, "--comment", "even groups"],
        )
        .expect(0);
    served.run(&["status", release]).expect(3);
    let allowed =
        served.run_as(&served.ben, &["approve", release, "--format", "json"]).expect(0).json();
    assert_eq!(allowed["verdict"]["verdict"], "allow");
    let decision = text(&allowed, "decision");
    let shown = served.run(&["status", release]).expect(0);
    for part in ["ALLOW", "version 7", "even groups", "approved by ben"] {
        assert!(shown.stdout.contains(part), "{part}: {}", shown.stdout);
    }
    let artifact = text(&allowed["verdict"], "artifact");
    let by_subject = [
        "status",
        "--model",
        "acme/credit-risk",
        "--digest",
        artifact,
        "--environment",
        "production",
    ];
    let state = served.run(&[&by_subject[..], &["--format", "json"]].concat()).expect(0).json();
    assert_eq!(state["decision"], allowed["decision"]);

    // A decision can be exported and recomputed.
    served.run(&["export", "decision", decision, "--out", "out/d"]).expect(0);
    let out = served.folder.path().join("out/d");
    assert!(out.join("record.dsse.json").exists() && out.join("decision.sigstore.json").exists());
    served.run(&["export", "decision", decision, "--out", "out/d"]).expect(2);
    served.run(&["export", "decision", decision, "--out", "out/d", "--force"]).expect(0);
    let replayed = served.run(&["replay", "out/d", "--format", "json"]).expect(0).json();
    assert_eq!(replayed["results"][0]["result"], "same");
    // A deny can be recomputed too, and both with one call.
    served.run(&["export", "decision", text(&denied, "decision"), "--out", "out/e"]).expect(0);
    assert_eq!(served.run(&["replay", "out"]).expect(0).stdout.lines().count(), 2);
    served.run(&["verify", "out/d", "--trust", "out/d/trust"]).expect(0);

    let evidence = fs::read_dir(out.join("evidence")).unwrap().next().unwrap().unwrap().path();
    fs::write(&evidence, fs::read_to_string(&evidence).unwrap() + " ").unwrap();
    let changed = served.run(&["replay", "out/d"]).expect(1);
    assert!(changed.stdout.contains("its bytes were changed"), "{}", changed.stdout);
    served.run(&["replay", "nowhere"]).expect(2);
}

#[test]
fn waiting_ends_with_the_last_approval_or_with_the_time() {
    let served = Served::start();
    let late = served.gate("good", &["--wait", "1s", "--format", "json"]).expect(3);
    assert_eq!(late.json()["verdict"]["verdict"], "pending");
    assert!(late.stderr.contains("waiting for approvals: 0 of 2"), "{}", late.stderr);

    let artifact = demo_files().join("good/model.txt");
    let evidence = evidence("good");
    let mut command = served.command(&[
        "gate",
        "--model",
        "acme/credit-risk",
        "--artifact",
        artifact.to_str().unwrap(),
        "--environment",
        "production",
        "--evidence",
        &evidence,
        "--wait",
        "2m",
        "--format",
        "json",
        "--idempotency-key",
        "w",
    ]);
    let waiting =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    // The same request again is not a second one: the answer names the pending release.
    let again = loop {
        let ended = served.gate_with(&evidence, &["--idempotency-key", "w", "--format", "json"]);
        if ended.code == 3 {
            break ended.json();
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    let release = text(&again, "release");
    served.run_as(&served.ada, &["approve", release]).expect(0);
    served.run_as(&served.ben, &["approve", release]).expect(0);
    let done = waiting.wait_with_output().unwrap();
    assert_eq!(done.status.code(), Some(0));
    let decided: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(decided["verdict"]["verdict"], "allow");
    assert_eq!(decided["release"], again["release"]);
}

impl Served {
    fn gate_with(&self, evidence: &str, extra: &[&str]) -> crate::support::served::Ended {
        let artifact = demo_files().join("good/model.txt");
        let args = [
            "gate",
            "--model",
            "acme/credit-risk",
            "--artifact",
            artifact.to_str().unwrap(),
            "--environment",
            "production",
            "--evidence",
            evidence,
        ];
        self.run(&[&args[..], extra].concat())
    }
}

#[test]
fn a_rejection_denies_and_mistakes_are_2() {
    let served = Served::start();
    let asked = served.gate("good", &["--format", "json"]).expect(3).json();
    let release = text(&asked, "release");
    let other = format!("sha256:{}", "0".repeat(64));
    let refused = |args: &[&str], code: &str| {
        let mut args = args.to_vec();
        args.extend(["--format", "json"]);
        let ended = served.run_as(&served.ada, &args).expect(2);
        assert_eq!(ended.json()["error"]["code"], code, "{args:?}");
    };
    refused(&["approve", release, "--inputs-digest", &other], "inputs-changed");
    refused(&["approve", "01NOSUCHRELEASE"], "not-found");
    served.run_as(&served.ada, &["reject", release, "--comment", "why men?"]).expect(0);
    served.run(&["status", release]).expect(1);
    refused(&["approve", release], "not-pending");
    // CI is not a person.
    assert_eq!(
        served.run(&["approve", release, "--format", "json"]).expect(2).json()["error"]["code"],
        "forbidden"
    );

    let gate = |extra: &[&str], evidence: &str| {
        let args = [
            "gate",
            "--model",
            "acme/credit-risk",
            "--environment",
            "production",
            "--evidence",
            evidence,
            "--format",
            "json",
        ];
        served.run(&[&args[..], extra].concat()).expect(2).json()["error"]["code"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let digest = ["--digest", other.as_str()];
    let good = evidence("good");
    assert_eq!(gate(&digest, "none/*.json"), "evidence-unreadable");
    assert_eq!(
        gate(&[&digest[..], &["--predictions", "none.csv"]].concat(), &good),
        "predictions-unreadable"
    );
    assert_eq!(gate(&["--artifact", "none"], &good), "artifact-unreadable");
    assert_eq!(gate(&[], &good), "usage");
    assert_eq!(gate(&[&digest[..], &["--artifact", "x"]].concat(), &good), "usage");
    fs::write(served.folder.path().join("broken.json"), "{\"a\": 1,}").unwrap();
    assert_eq!(gate(&digest, "broken.json"), "evidence-syntax");
    assert_eq!(
        served
            .run(&[
                "status",
                "--model",
                "acme/credit-risk",
                "--digest",
                &other,
                "--environment",
                "production",
                "--format",
                "json"
            ])
            .expect(4)
            .json()["error"]["code"],
        "not-requested"
    );

    // The same key for another request is an error; the stored answer is not returned for it.
    let key = ["--idempotency-key", "k", "--format", "json"];
    let first = served.gate_with(&good, &key).expect(3).json();
    assert_eq!(served.gate_with(&good, &key).expect(3).json()["release"], first["release"]);
    let reused = served.gate_with(&evidence("bad"), &key).expect(2).json();
    assert_eq!(reused["error"]["code"], "idempotency-key-reused");

    // If one policy has a mistake, none of them is published.
    let write = |name: &str, text: &str| fs::write(served.folder.path().join(name), text).unwrap();
    write("a.toml", "name = \"a\"\n[[rule]]\nid = \"r\"\nmetric = \"accuracy\"\nmin = 0.5\n");
    write("b.toml", "name = \"b\"\n[[rule]]\nid = \"r\"\nmetric = \"accuracy\"\nminn = 0.5\n");
    let mistaken = served.run(&["policy", "publish", "a.toml", "b.toml"]).expect(2);
    assert!(
        mistaken.stderr.contains("minn") && mistaken.stderr.contains("did you mean"),
        "{}",
        mistaken.stderr
    );
    let published =
        served.run(&["policy", "publish", "a.toml", "--format", "json"]).expect(0).json();
    assert_eq!(
        (&published[0]["name"], &published[0]["version"]),
        (&Value::from("a"), &Value::from(1))
    );
}

#[test]
fn a_service_that_is_not_there_is_5_and_a_token_that_does_not_count_is_2() {
    let served = Served::start();
    let token =
        |value: &str| served.run_as(value, &["status", "01K", "--format", "json"]).expect(2).json();
    assert_eq!(token("")["error"]["code"], "token-missing");
    assert_eq!(token("mgt_nonsense")["error"]["code"], "token-refused");
    fs::write(served.folder.path().join("token"), format!("{}\n", served.ci)).unwrap();
    let found = served
        .run_as("", &["status", "01K", "--token-file", "token", "--format", "json"])
        .expect(2)
        .json();
    assert_eq!(found["error"]["code"], "not-found");

    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let down = served
        .run(&["status", "01K", "--server", &format!("http://{closed}"), "--format", "json"])
        .expect(5);
    assert_eq!(down.json()["error"]["code"], "service-unreachable");
    for wrong in ["gate.example.com", "ftp://x", "http://user:secret@x/"] {
        served.run(&["status", "01K", "--server", wrong]).expect(2);
    }
}

/// A service that gives the scripted answers in order, and returns the requests that it got.
fn scripted(answers: &[&'static str]) -> (String, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let answers = answers.to_vec();
    let told = std::thread::spawn(move || {
        let mut heads = Vec::new();
        for answer in answers {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
                head.push_str(&line);
            }
            reader.read_exact(&mut vec![0; length]).unwrap();
            heads.push(head);
            let head = "content-type: application/problem+json\r\nconnection: close\r\n";
            write!(reader.get_mut(), "HTTP/1.1 {answer}\r\n{head}content-length: 0\r\n\r\n")
                .unwrap();
        }
        heads
    });
    (address, told)
}

fn asked_of(answers: &[&'static str]) -> (i32, Vec<String>) {
    asked_with(answers, &[], &[])
}

fn asked_with(
    answers: &[&'static str],
    variables: &[(&str, &str)],
    more: &[&str],
) -> (i32, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("r.json"), "{}").unwrap();
    let (address, told) = scripted(answers);
    let digest = format!("sha256:{}", "0".repeat(64));
    let mut command = modelgate(folder.path());
    command.env("MODELGATE_TOKEN", "t").args([
        "gate",
        "--model",
        "acme/x",
        "--digest",
        &digest,
        "--environment",
        "p",
    ]);
    command
        .args(["--evidence", "r.json", "--server", &address])
        .args(more)
        .envs(variables.iter().copied());
    let code = run(command).code;
    (code, told.join().unwrap())
}

fn key(head: &str) -> String {
    head.lines()
        .find(|line| line.to_lowercase().starts_with("idempotency-key:"))
        .unwrap()
        .to_owned()
}

#[test]
fn a_step_of_a_workflow_has_a_key_of_its_own_for_each_attempt() {
    let step = |changed: (&'static str, &'static str), format: &str, more: &[&str]| {
        let mut variables = vec![
            ("GITHUB_RUN_ID", "7013"),
            ("GITHUB_RUN_ATTEMPT", "1"),
            ("GITHUB_JOB", "release"),
            ("GITHUB_ACTION", "__acme_gate"),
            ("GITHUB_REPOSITORY", "acme/credit"),
        ];
        variables.retain(|(name, _)| *name != changed.0);
        variables.push(changed);
        let more = [&["--format", format], more].concat();
        key(&asked_with(&["422 Unprocessable Content"], &variables, &more).1[0])
    };
    let same = ("GITHUB_JOB", "release");
    let first = step(same, "github", &[]);
    assert!(first.contains("github-7013-1-"), "{first}");
    assert_eq!(step(same, "github", &[]), first, "the same attempt, sent again");
    let others = [
        step(("GITHUB_RUN_ATTEMPT", "2"), "github", &[]),
        step(("GITHUB_RUN_ID", "7014"), "github", &[]),
        step(("GITHUB_JOB", "nightly"), "github", &[]),
        step(("GITHUB_ACTION", "__acme_gate_2"), "github", &[]),
        step(("GITHUB_REPOSITORY", "acme/fraud"), "github", &[]),
        // The jobs of a matrix have the same name, but send different values.
        step(same, "github", &["--context", "region=eu"]),
        step(same, "github", &["--version-label", "2"]),
    ];
    for (i, other) in others.iter().enumerate() {
        assert!(*other != first && !others[..i].contains(other), "{i}: {others:?}");
    }
    assert_ne!(
        step(same, "json", &[]),
        step(same, "json", &[]),
        "elsewhere every call is a request of its own"
    );
}

#[test]
fn a_request_is_repeated_under_one_key_while_that_may_help() {
    let (code, heads) = asked_of(&[
        "503 Service Unavailable",
        "429 Too Many Requests",
        "422 Unprocessable Content",
    ]);
    assert_eq!((code, heads.len()), (2, 3));
    assert!(
        key(&heads[0]).len() > 20 && heads.iter().all(|h| key(h) == key(&heads[0])),
        "{heads:?}"
    );
    assert!(heads[0].to_lowercase().contains("authorization: bearer t\r\n"), "{}", heads[0]);
}

#[test]
fn an_error_or_another_address_is_not_repeated_or_followed() {
    assert_eq!(asked_of(&["500 Internal Server Error"]).0, 5);
    let (code, heads) = asked_of(&["307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/"]);
    assert_eq!((code, heads.len()), (5, 1));
}

#[test]
fn an_artifact_may_be_a_folder() {
    let served = Served::start();
    let model = served.folder.path().join("my model");
    fs::create_dir(&model).unwrap();
    fs::write(model.join("weights.bin"), "abc").unwrap();
    let good = evidence("good");
    let args = [
        "gate",
        "--model",
        "acme/credit-risk",
        "--environment",
        "production",
        "--evidence",
        &good,
        "--format",
        "json",
        "--artifact",
        "my model",
    ];
    let asked = served.run(&args).expect(3).json();
    let manifest = r#"{"files":[{"path":"weights.bin","sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","size":3}],"schema":"modelgate.directory/v1"}"#;
    let digest = modelgate::model::Digest::of(manifest.as_bytes()).to_string();
    assert_eq!(text(&asked["verdict"], "artifact"), digest);
    // Files that tools leave in the folder are reported and change nothing.
    fs::create_dir_all(model.join(".cache/huggingface")).unwrap();
    fs::write(model.join(".cache/huggingface/x.metadata"), "1").unwrap();
    let again = served.run(&args).expect(3);
    assert!(
        again.stderr.contains("not part of the artifact: .cache/ (left out by default)"),
        "{}",
        again.stderr
    );
    let again = again.json();
    assert_eq!(text(&again["verdict"], "artifact"), digest);
    assert_eq!(again["artifact_left_out"], serde_json::json!([".cache/"]));
    std::os::unix::fs::symlink(Path::new("/etc/hostname"), model.join("link")).unwrap();
    let refused = served.run(&args).expect(2).json();
    assert!(text(&refused["error"], "message").contains("outside the artifact"), "{refused}");
}

#[test]
fn a_decision_about_a_whole_folder_still_verifies() {
    let served = Served::start();
    let model = served.folder.path().join("model");
    fs::create_dir_all(model.join(".git")).unwrap();
    fs::write(model.join("weights.bin"), "abc").unwrap();
    fs::write(model.join(".git/HEAD"), "").unwrap();
    // The manifest of all files, as modelgate 0.1 wrote it; and without `.git`.
    let manifest = |git: &str| {
        let files = format!(
            r#"{git}{{"path":"weights.bin","sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","size":3}}"#
        );
        modelgate::model::Digest::of(
            format!(r#"{{"files":[{files}],"schema":"modelgate.directory/v1"}}"#).as_bytes(),
        )
    };
    let whole = manifest(
        r#"{"path":".git/HEAD","sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0},"#,
    );
    for (digest, code) in
        [(whole, 0), (manifest(""), 0), (modelgate::model::Digest::of(b"another"), 1)]
    {
        let good = evidence("good");
        let args = [
            "gate",
            "--model=acme/credit-risk",
            "--environment=production",
            "--format=json",
            "--evidence",
            &good,
        ];
        let asked =
            served.run(&[&args[..], &["--digest", &digest.to_string()]].concat()).expect(3).json();
        served.run_as(&served.ada, &["approve", text(&asked, "release")]).expect(0);
        let allowed = served
            .run_as(&served.ben, &["approve", text(&asked, "release"), "--format=json"])
            .expect(0)
            .json();
        let out = digest.hex();
        served.run(&["export", "decision", text(&allowed, "decision"), "--out", &out]).expect(0);
        let trust = format!("{out}/trust");
        let verified = served
            .run(&["verify", &out, "--trust", &trust, "--artifact", "model", "--format=json"])
            .expect(code);
        assert_eq!(
            verified.stderr.contains("about the whole folder"),
            digest == whole,
            "{}",
            verified.stderr
        );
        assert_eq!(verified.json()["artifact"]["left_out"], serde_json::json!([".git/"]));
    }
}

#[test]
fn shells_complete_our_commands() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let mut command = modelgate(folder.path());
        command.args(["completions", shell]);
        let script = run(command).expect(0).stdout;
        assert!(script.contains("gate") && script.contains("approve"), "{shell}");
    }
    let mut command = modelgate(folder.path());
    command.args(["completions", "tcsh"]);
    run(command).expect(2);
}

#[test]
fn predictions_are_uploaded_and_labels_are_hidden() {
    let served = Served::start();
    let folder = served.folder.path();
    fs::write(folder.join("blind.toml"), BLIND).unwrap();
    served.run(&["policy", "publish", "blind.toml"]).expect(0);
    let mut all = (String::from("row,y_pred\n"), String::from("row,y_true\n"));
    for i in 0..400 {
        all.0.push_str(&format!("r{i},{}\n", i32::from(i % 2 == 0 && i > 9)));
        all.1.push_str(&format!("r{i},{}\n", i32::from(i % 2 == 0)));
    }
    fs::write(folder.join("p.csv"), all.0).unwrap();
    fs::write(folder.join("labels.csv"), all.1).unwrap();
    let gate = [
        "gate",
        "--model",
        "acme/blind",
        "--digest",
        "sha256:0202020202020202020202020202020202020202020202020202020202020202",
        "--environment",
        "staging",
        "--predictions",
        "*.csv",
        "--format",
        "json",
    ];
    let refused = served.run(&gate).expect(2).json();
    assert_eq!(refused["error"]["code"], "unknown-dataset");
    let register =
        ["dataset", "register", "q3", "--file", "labels.csv", "--id", "row", "--label", "y_true"];
    assert_eq!(
        served.run(&[&register[..], &["--format=json"]].concat()).expect(2).json()["error"]["code"],
        "forbidden"
    );
    let shown = served.run_as(&served.admin, &register).expect(0);
    assert!(
        shown.stdout.starts_with("q3  sha256:") && shown.stdout.contains("label y_true"),
        "{}",
        shown.stdout
    );
    assert_eq!(served.run(&["dataset", "list"]).expect(0).stdout, shown.stdout);
    fs::remove_file(folder.join("labels.csv")).unwrap();
    // Five of the 400 are wrong.
    let decided = served.run(&gate).expect(0).json();
    let finding = &decided["verdict"]["findings"][0];
    assert_eq!(
        (finding["successes"].as_u64(), finding["trials"].as_u64()),
        (Some(395), Some(400)),
        "{decided}"
    );
    let missing = served.run(&[
        "gate",
        "--model=acme/blind",
        gate[3],
        gate[4],
        "--environment=staging",
        "--predictions=none.csv",
    ]);
    assert!(missing.expect(2).stderr.contains("cannot read"));

    // Two people can pin an allowed artifact.
    let place = ["--model", "acme/blind", "--environment", "staging"];
    let propose =
        [&["reference", "propose", "--digest", gate[4], "--comment", "to start from"], &place[..]]
            .concat();
    let proposed = served.run(&[&propose[..], &["--format=json"]].concat()).expect(0).json();
    let reference = text(&proposed, "reference");
    assert!(
        served
            .run(&[&["reference", "show"], &place[..]].concat())
            .expect(0)
            .stdout
            .starts_with("no reference was pinned yet")
    );
    served.run(&["reference", "approve", reference]).expect(2);
    served.run_as(&served.ada, &["reference", "approve", reference, "--comment", "fine"]).expect(0);
    let shown = served.run(&[&["reference", "show"], &place[..]].concat()).expect(0).stdout;
    assert!(
        shown.starts_with(&format!("in force: {reference}")) && shown.contains("approved by ada"),
        "{shown}"
    );
}

const BLIND: &str = r#"
name = "blind"
applies_to = { models = ["acme/blind"] }
[[rule]]
id = "accuracy-floor"
metric = "accuracy"
min = 0.9
[recompute]
label = "y_true"
prediction = "y_pred"
id = "row"
labels = "q3"
"#;
