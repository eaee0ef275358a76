//! Raw predictions: uploads, data sets of labels, and evidence that the service computes itself.

use crate::{
    on_both_engines,
    support::{
        app::{Answer, TestApp, accuracy, answer, artifact, submission},
        database::TestDatabase,
    },
};
use modelgate::{
    app::{UploadLimits, offline::replay},
    identity::Scope,
    model::Digest,
};
use serde_json::{Value, json};
use std::{fs, io::Write as _, path::Path, time::Duration};

const MACHINE: [Scope; 2] = [Scope::Read, Scope::Submit];

const POLICY: &str = r#"
name = "recomputed"
[[rule]]
id = "accuracy-floor"
metric = "accuracy"
min = 0.9
[recompute]
label = "y_true"
prediction = "y_pred"
groups = ["sex"]
"#;

const LABELS_APART: &str = r#"
name = "blind"
[[rule]]
id = "accuracy-floor"
metric = "accuracy"
min = 0.9
[recompute]
label = "y_true"
prediction = "y_pred"
groups = ["sex"]
id = "row"
labels = "holdout-2026q3"
"#;

fn folder(database: &TestDatabase) -> std::path::PathBuf {
    database.folder.path().join("blobs")
}

/// The number of files in a folder, at any depth.
fn files(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    entries.map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
}

/// A thousand rows, of which `wrong` are predicted wrongly; every second row is in one group.
fn rows(wrong: usize) -> String {
    let mut text = "row,y_true,y_pred,sex\n".to_owned();
    for i in 0..1000 {
        let truth = i / 2 % 2;
        let said = if i < wrong { 1 - truth } else { truth };
        text.push_str(&format!(
            "r{i},{truth},{said},{}\n",
            if i % 2 == 0 { "female" } else { "male" }
        ));
    }
    text
}

/// The same rows with only these columns.
fn only(text: &str, columns: &[usize]) -> String {
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        columns.iter().map(|c| cells[*c]).collect::<Vec<_>>().join(",") + "\n"
    };
    text.lines().map(row).collect()
}

async fn uploaded(app: &TestApp, token: &str, rows: String) -> Value {
    let (status, body) = app.upload(token, rows).await;
    assert!(matches!(status, 200 | 201), "{body}");
    body["data"]["digest"].clone()
}

fn with(mut submission: Value, predictions: &[&Value]) -> Value {
    submission["predictions"] = json!(predictions);
    submission
}

fn without_evidence(name: &str, predictions: &[&Value]) -> Value {
    let mut body = submission("acme/credit", name, &json!({}));
    body["evidence"] = json!([]);
    with(body, predictions)
}

fn finding<'v>(decided: &'v Value, rule: &str) -> &'v Value {
    let list = decided["verdict"]["findings"].as_array().unwrap_or_else(|| panic!("{decided}"));
    list.iter().find(|f| f["rule"] == rule).unwrap_or_else(|| panic!("{rule} in {decided}"))
}

fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.0, &answer.1["code"]), (status, &json!(code)), "{}", answer.1);
}

on_both_engines! {
    async fn an_upload_is_known_by_its_bytes(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let ci = app.machine("acme", &MACHINE).await;
        let bytes = vec![b'x'; 2_500_000];
        let digest = Digest::of(&bytes);
        let (status, body) = app.upload(&ci, bytes.clone()).await;
        assert_eq!((status, &body), (201, &json!({"data": {"digest": digest, "size": 2_500_000}})));
        let hex = digest.hex();
        assert_eq!(fs::read(folder(&database).join(&hex[..2]).join(&hex)).unwrap(), bytes);
        let size = app.log_size("acme").await;
        assert_eq!(app.upload(&ci, bytes.clone()).await.0, 200);
        let (left, right) = tokio::join!(app.upload(&ci, "same"), app.upload(&ci, "same"));
        let mut statuses = [left.0, right.0];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 201]);
        assert_eq!(app.log_size("acme").await, size + 1);
        assert_eq!(files(&folder(&database)), 2);
        assert_eq!(app.entries_of(&ci, "predictions-accepted").await, 2);

        // For another namespace the file is new, and does not exist before.
        let other = app.machine("zeta", &MACHINE).await;
        let mut body = without_evidence("x", &[&json!(digest)]);
        body["model"] = json!("zeta/credit");
        refused(&app.submit(&other, &body).await, 422, "unknown-upload");
        assert_eq!(app.upload(&other, bytes).await.0, 201);
        assert_eq!(app.submit(&other, &body).await.0, 201);
        let reader = app.machine("acme", &[Scope::Read]).await;
        refused(&app.upload(&reader, "y").await, 403, "forbidden");
        assert_eq!(answer(app.http.put(format!("{}/api/v1/predictions", app.base)).body("y")).await.0, 401);
        assert_eq!(files(&folder(&database)), 2);
        app.stop().await;
    }

    async fn what_is_too_large_too_slow_or_broken_off_leaves_nothing(database: TestDatabase) {
        let limits = UploadLimits { folder: folder(&database), max_size: 1 << 20, deadline: Duration::from_millis(400) };
        let app = TestApp::start_with(&database, limits).await.unwrap();
        let ci = app.machine("acme", &MACHINE).await;
        let large = vec![b'x'; (1 << 20) + 1];
        refused(&app.upload(&ci, large.clone()).await, 413, "upload-too-large");
        let send = |framing: &str, body: &[u8]| {
            let mut stream = std::net::TcpStream::connect(app.base.trim_start_matches("http://")).unwrap();
            let head = format!("PUT /api/v1/predictions HTTP/1.1\r\nhost: gate\r\nauthorization: Bearer {ci}\r\n{framing}\r\n\r\n");
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(body).unwrap();
            stream
        };
        let answered = async |mut stream: std::net::TcpStream| {
            tokio::task::spawn_blocking(move || {
                let mut text = [0; 4096];
                let n = std::io::Read::read(&mut stream, &mut text).unwrap();
                String::from_utf8_lossy(&text[..n]).into_owned()
            }).await.unwrap()
        };
        // Without a stated length.
        let mut chunk = format!("{:x}\r\n", large.len()).into_bytes();
        chunk.extend_from_slice(&large);
        let text = answered(send("transfer-encoding: chunked", &chunk)).await;
        assert!(text.starts_with("HTTP/1.1 413") && text.contains("upload-too-large"), "{text}");
        // The rest never arrives.
        let text = answered(send("content-length: 1000", b"half of it")).await;
        assert!(text.starts_with("HTTP/1.1 408") && text.contains("upload-too-slow"), "{text}");
        // The sender is gone: its incomplete file exists, and then is removed.
        let incoming = folder(&database).join("incoming");
        let stream = send("content-length: 1000", b"half of it");
        let until = async |count: usize| {
            for _ in 0..2_000 {
                if files(&incoming) == count {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            panic!("{} files, not {count}", files(&incoming));
        };
        until(1).await;
        drop(stream);
        until(0).await;
        // The keys of the log and the token.
        assert_eq!((files(&folder(&database)), app.log_size("acme").await), (0, 3));
        app.stop().await;
    }

    async fn claims_are_held_against_what_the_rows_say(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        assert_eq!(app.publish("acme", POLICY).await.0, 201);
        let ci = app.machine("acme", &MACHINE).await;
        let predictions = uploaded(&app, &ci, rows(40)).await;
        let honest = with(submission("acme/credit", "good", &accuracy(960, 1000)), &[&predictions]);
        let (status, decided) = app.submit(&ci, &honest).await;
        assert_eq!((status, &decided["verdict"]["verdict"]), (201, &json!("allow")), "{decided}");
        assert_eq!(finding(&decided, "evidence.recompute")["status"], "pass");
        // Without a claim, the rows alone decide: 960 of 1000 are right.
        let (_, alone) = app.submit(&ci, &without_evidence("good", &[&predictions])).await;
        let floor = finding(&alone, "accuracy-floor");
        assert_eq!((&floor["status"], &floor["successes"], &floor["trials"]), (&json!("pass"), &json!(960), &json!(1000)));
        let lie = with(submission("acme/credit", "good", &accuracy(990, 1000)), &[&predictions]);
        let (_, denied) = app.submit(&ci, &lie).await;
        assert_eq!(denied["verdict"]["verdict"], "deny");
        assert_eq!(finding(&denied, "evidence.recompute")["status"], "fail", "{denied}");
        let (_, silent) = app.submit(&ci, &submission("acme/credit", "good", &accuracy(960, 1000))).await;
        assert_eq!(finding(&silent, "evidence.recompute")["status"], "missing", "{silent}");

        // Computed evidence is like any other: accepted, in the inputs, exported, evaluated again.
        let inputs = app.inputs(&ci, &decided).await;
        let list = inputs["evidence"].as_array().unwrap();
        let computed = list.iter().find(|e| e["format"] == "computed-predictions").unwrap_or_else(|| panic!("{inputs}"));
        assert_eq!(computed["claimed"], Value::Null);
        let digest = computed["digest"].as_str().unwrap();
        let (_, document) = app.get(&ci, &format!("/api/v1/evidence/{digest}")).await;
        assert_eq!(document["computed"]["sources"], json!([{"role": "predictions", "digest": predictions}]));
        assert_eq!(document["subject"]["digest"], artifact("good"));
        let files = app.export(&ci, &decided).await;
        assert!(files.contains_key(&format!("evidence/{}.json", digest.trim_start_matches("sha256:"))), "{:?}", files.keys());
        let replay = replay::replay(&files).unwrap();
        assert!(replay.same, "{:?}", replay.differences);
        let again = app.submit(&ci, &honest).await.1;
        assert_eq!(app.inputs(&ci, &again).await, inputs, "the same rows, the same document");
        app.stop().await;
    }

    async fn what_was_computed_for_one_policy_serves_the_others(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let ci = app.machine("acme", &MACHINE).await;
        app.publish("acme", POLICY).await;
        app.publish("acme", "name = \"plain\"\n[[rule]]\nid = \"r\"\nmetric = \"accuracy\"\nmin = 0.95\n").await;
        for (wrong, outcome, status) in [(20, "allow", "pass"), (80, "deny", "fail")] {
            let predictions = uploaded(&app, &ci, rows(wrong)).await;
            let (_, decided) = app.submit(&ci, &without_evidence(&format!("{wrong}"), &[&predictions])).await;
            assert_eq!(decided["verdict"]["verdict"], outcome, "{decided}");
            assert_eq!(finding(&decided, "r")["status"], status, "{decided}");
        }
        app.stop().await;
    }

    async fn rows_that_cannot_be_read_refuse_the_submission(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.publish("acme", POLICY).await;
        let ci = app.machine("acme", &MACHINE).await;
        let cases = [
            ("\u{0}\u{1} no table".to_owned(), "predictions-"),
            (rows(40).replace("y_pred", "guess"), "predictions-"),
            ("row,y_true,y_pred,sex\n".to_owned(), "predictions-"),
        ];
        for (rows, code) in cases {
            let predictions = uploaded(&app, &ci, rows).await;
            let size = app.log_size("acme").await;
            let body = with(submission("acme/credit", "good", &accuracy(960, 1000)), &[&predictions]);
            let (status, problem) = app.submit(&ci, &body).await;
            assert!(status == 422 && problem["code"].as_str().unwrap().starts_with(code), "{problem}");
            let told = problem["detail"].as_str().unwrap();
            assert!(!told.contains("blobs"), "where the service keeps its files is told: {told}");
            assert_eq!(app.log_size("acme").await, size, "nothing was stored");
        }
        let unknown = json!(Digest::of(b"never sent"));
        refused(&app.submit(&ci, &without_evidence("good", &[&unknown])).await, 422, "unknown-upload");
        app.stop().await;
    }

    async fn labels_come_from_a_registered_data_set(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        assert_eq!(app.publish("acme", LABELS_APART).await.0, 201);
        let ci = app.machine("acme", &MACHINE).await;
        let admin = app.machine("acme", &[Scope::Read, Scope::Submit, Scope::Admin]).await;
        let blind = uploaded(&app, &ci, only(&rows(40), &[0, 2])).await;
        refused(&app.submit(&ci, &without_evidence("good", &[&blind])).await, 422, "unknown-dataset");
        let labels = uploaded(&app, &admin, only(&rows(40), &[0, 1, 3])).await;
        let new = |name: &str, label: &str| json!({"name": name, "digest": labels, "id": "row", "label": label, "groups": ["sex"]});
        let path = "/api/v1/datasets";
        let good = new("holdout-2026q3", "y_true");
        refused(&app.post(&ci, path, &good).await, 403, "forbidden");
        refused(&app.post(&admin, path, &new("no name", "y_true")).await, 422, "invalid-dataset");
        refused(&app.post(&admin, path, &new("twice", "row")).await, 422, "invalid-dataset");
        let other = app.machine("zeta", &[Scope::Read, Scope::Submit, Scope::Admin]).await;
        refused(&app.post(&other, path, &good).await, 422, "unknown-upload");
        let (left, right) = tokio::join!(app.post(&admin, path, &good), app.post(&admin, path, &good));
        assert_eq!((left.0, &left.1), (201, &right.1));
        refused(&app.post(&admin, path, &new("holdout-2026q3", "y")).await, 409, "dataset-taken");
        assert_eq!(app.get(&ci, path).await.1["data"], json!([left.1]));
        assert_eq!(app.get(&ci, &format!("{path}/holdout-2026q3")).await.1, left.1);
        assert_eq!(app.get(&other, path).await.1["data"], json!([]));
        refused(&app.get(&other, &format!("{path}/holdout-2026q3")).await, 404, "not-found");

        let (_, decided) = app.submit(&ci, &without_evidence("good", &[&blind])).await;
        assert_eq!(decided["verdict"]["verdict"], "allow", "{decided}");
        let inputs = app.inputs(&ci, &decided).await;
        assert_eq!(inputs["looks"], json!([{"policy": "blind", "dataset": "holdout-2026q3", "tries": 1}]));
        let digest = inputs["evidence"][0]["digest"].as_str().unwrap();
        let (_, document) = app.get(&ci, &format!("/api/v1/evidence/{digest}")).await;
        assert_eq!(document["dataset"], json!({"name": "holdout-2026q3", "digest": labels}));
        refused(&app.submit(&ci, &without_evidence("good", &[&labels])).await, 422, "predictions-are-labels");
        // Another name would have a separate count of attempts.
        let mut body = without_evidence("good", &[&blind]);
        body["dataset"] = json!("fresh");
        refused(&app.submit(&ci, &body).await, 422, "dataset-differs");
        assert_eq!(app.publish("acme", &LABELS_APART.replace("id = \"row\"", "id = \"key\"")).await.0, 201);
        refused(&app.submit(&ci, &without_evidence("good", &[&blind])).await, 422, "dataset-unfit");
        app.stop().await;
    }

    async fn nobody_can_claim_that_we_computed_it(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.publish("acme", POLICY).await;
        let ci = app.machine("acme", &MACHINE).await;
        let predictions = uploaded(&app, &ci, rows(40)).await;
        let (_, decided) = app.submit(&ci, &without_evidence("good", &[&predictions])).await;
        let inputs = app.inputs(&ci, &decided).await;
        let path = format!("/api/v1/evidence/{}", inputs["evidence"][0]["digest"].as_str().unwrap());
        let (_, document) = app.get(&ci, &path).await;
        let mut body = submission("acme/credit", "evil", &document);
        refused(&app.submit(&ci, &body).await, 422, "evidence-not-understood");
        body["evidence"][0]["format"] = json!("computed-predictions");
        refused(&app.submit(&ci, &body).await, 422, "evidence-unknown-format");
        let secret = app.service.create_hook("acme".parse().unwrap(), "ci", None).await.unwrap().secret;
        let (text, sent) = (body.to_string(), app.service.now().micros() / 1_000_000);
        let signature = modelgate::identity::hook::sign("msg_1", sent, text.as_bytes(), &secret);
        let request = app.http.post(format!("{}/hooks/ci", app.base)).header("webhook-id", "msg_1");
        let request = request.header("webhook-timestamp", sent.to_string()).header("webhook-signature", signature);
        refused(&answer(request.body(text)).await, 422, "evidence-unknown-format");
        app.stop().await;
    }

    async fn the_champions_rows_are_at_hand(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let rule = "[[rule]]\nid = \"no-loss\"\nmetric = \"accuracy\"\nagainst = \"champion\"\nmax_loss = 0.05\nfirst_release = \"allow\"\n";
        let policy = POLICY.replace("[recompute]", &format!("{rule}[recompute]\nid = \"row\""));
        assert_eq!(app.publish("acme", &policy).await.0, 201);
        let ci = app.machine("acme", &MACHINE).await;
        let mut sent = Vec::new();
        let mut last = Value::Null;
        for (name, wrong) in [("a", 40), ("b", 42)] {
            sent.push(uploaded(&app, &ci, rows(wrong)).await);
            last = app.submit(&ci, &without_evidence(name, &[sent.last().unwrap()])).await.1;
            assert_eq!(last["verdict"]["verdict"], "allow", "{last}");
        }
        let inputs = app.inputs(&ci, &last).await;
        let path = format!("/api/v1/evidence/{}", inputs["evidence"][0]["digest"].as_str().unwrap());
        let (_, document) = app.get(&ci, &path).await;
        assert_eq!(
            document["computed"]["sources"],
            json!([{"role": "predictions", "digest": sent[1]}, {"role": "champion", "digest": sent[0]}])
        );
        let comparisons = document["comparisons"].as_array().unwrap();
        assert_eq!((comparisons.len(), &comparisons[0]["against"]), (1, &json!("champion")), "{document}");
        assert_eq!(finding(&last, "no-loss")["evidence"].as_array().unwrap().len(), 2, "{last}");
        let replay = replay::replay(&app.export(&ci, &last).await).unwrap();
        assert!(replay.same, "{:?}", replay.differences);
        // The rows are gone: the comparison uses what was measured.
        let gone = sent[1].as_str().unwrap().trim_start_matches("sha256:");
        fs::remove_file(folder(&database).join(&gone[..2]).join(gone)).unwrap();
        let third = uploaded(&app, &ci, rows(41)).await;
        let (_, decided) = app.submit(&ci, &without_evidence("c", &[&third])).await;
        assert_eq!(decided["verdict"]["verdict"], "allow", "{decided}");
        app.stop().await;
    }
}

#[test]
fn the_command_line_cannot_claim_it_either() {
    use crate::support::served::{modelgate, run};
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("p.toml"), POLICY).unwrap();
    fs::write(dir.path().join("e.json"), r#"{"schema":"modelgate.computed/v1"}"#).unwrap();
    for evidence in ["format=computed-predictions:e.json", "e.json"] {
        let mut command = modelgate(dir.path());
        command.args(["check", "--policy", "p.toml", "--evidence", evidence, "--format", "json"]);
        let code = run(command).expect(2).json()["error"]["code"].clone();
        assert!(
            code == "evidence-unknown-format" || code == "evidence-not-understood",
            "{evidence}: {code}"
        );
    }
}
