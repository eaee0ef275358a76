//! A log keeps one identity from its first entry on, even if its service gets another address
//! later: keys that were pinned at the beginning verify everything.

use crate::{
    on_both_engines,
    support::{
        app::{TestApp, accuracy, submission},
        database::TestDatabase,
        process::Process,
        served::{modelgate, run},
    },
};
use modelgate::{
    identity::Scope,
    ledger::verify::{self, Expected, Files, Pinned},
};
use serde_json::Value;
use std::{fs, io::Read as _, path::Path, task::Poll};

const FIRST: &str = "http://127.0.0.1:8080";
const LATER: &str = "https://gate.example.com";
const POLICY: &str =
    "name = \"floor\"\n[[rule]]\nid = \"accuracy-floor\"\nmetric = \"accuracy\"\nmin = 0.9\n";

async fn pinned(app: &TestApp, namespace: &str) -> Pinned {
    let files = app.service.trust(&namespace.parse().unwrap()).await.unwrap();
    let text = |name: &str| {
        let (_, bytes) = files.iter().find(|(path, _)| path == name).unwrap();
        String::from_utf8(bytes.clone()).unwrap()
    };
    let decision = modelgate::ledger::PublicKey::from_pem(&text("decision.pem")).unwrap();
    Pinned { decision: vec![decision], logs: vec![text("log.vkey").trim().parse().unwrap()] }
}

/// Requests a release and exports the decision; returns the answer, the export and the verifier in
/// its summary.
async fn decided(
    app: &TestApp,
    token: &str,
    namespace: &str,
    name: &str,
) -> (Value, Files, String) {
    let (status, answer) =
        app.submit(token, &submission(&format!("{namespace}/m"), name, &accuracy(960, 1000))).await;
    assert_eq!(status, 201, "{answer}");
    let files = app.export(token, &answer).await;
    let envelope: Value = serde_json::from_slice(&files["decision.dsse.json"]).unwrap();
    use base64::Engine as _;
    let payload = base64::engine::general_purpose::STANDARD
        .decode(envelope["payload"].as_str().unwrap())
        .unwrap();
    let statement: Value = serde_json::from_slice(&payload).unwrap();
    let id = statement["predicate"]["verifier"]["id"].as_str().unwrap().to_owned();
    (answer, files, id)
}

/// Runs all of them at the same time.
async fn all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut done = Vec::new();
    std::future::poll_fn(|context| {
        waiting.retain_mut(|future| match future.as_mut().poll(context) {
            Poll::Ready(answer) => {
                done.push(answer);
                false
            }
            Poll::Pending => true,
        });
        if waiting.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    done
}

#[track_caller]
fn proved(files: &Files, pinned: &Pinned) {
    let report = verify::directory(files, pinned, &Expected::default()).unwrap();
    assert_eq!(report.exit_code(), 0, "{report:#?}");
}

on_both_engines! {
    async fn a_log_keeps_its_identity_when_the_address_changes(database: TestDatabase) {
        let app = TestApp::start_at(&database, FIRST).await;
        let token = app.machine("acme", &[Scope::Read, Scope::Submit]).await;
        app.publish("acme", POLICY).await;
        let (_, before, id) = decided(&app, &token, "acme", "v1").await;
        assert_eq!(id, format!("{FIRST}/acme"));
        let keys = pinned(&app, "acme").await;
        proved(&before, &keys);
        app.stop().await;

        let app = TestApp::start_at(&database, LATER).await;
        let (answer, after, id) = decided(&app, &token, "acme", "v2").await;
        assert_eq!(id, format!("{FIRST}/acme"), "the log is who it was");
        proved(&after, &keys);
        assert_eq!(pinned(&app, "acme").await, keys);
        assert!(answer["url"].as_str().unwrap().starts_with(LATER), "links lead to where the service is today: {answer}");
        // A log that begins now has the current address.
        let other = app.machine("other", &[Scope::Read, Scope::Submit]).await;
        app.publish("other", POLICY).await;
        let (_, files, id) = decided(&app, &other, "other", "v1").await;
        assert_eq!(id, format!("{LATER}/other"));
        proved(&files, &pinned(&app, "other").await);
        app.stop().await;
    }

    async fn replicas_with_other_addresses_agree_on_one_identity(database: TestDatabase) {
        // Both exist before the log does.
        let (one, two) = (TestApp::start_at(&database, FIRST).await, TestApp::start_at(&database, LATER).await);
        let token = one.machine("acme", &[Scope::Read, Scope::Submit]).await;
        // The first entries are decisions, without any policy yet, and arrive at both at the same
        // time.
        let names: Vec<String> = (0..16).map(|i| format!("v{i}")).collect();
        let asked = names.iter().enumerate().map(|(i, name)| {
            let (app, token) = (if i % 2 == 0 { &one } else { &two }, &token);
            let request = submission("acme/m", name, &accuracy(960, 1000));
            async move { app.submit(token, &request).await }
        });
        let answers = all(asked.collect()).await;
        one.publish("acme", POLICY).await;
        let keys = pinned(&one, "acme").await;
        assert_eq!(pinned(&two, "acme").await, keys);
        let expected = Expected::default();
        for (status, answer) in &answers {
            assert_eq!(*status, 201, "{answer}");
            let files = two.export(&token, answer).await;
            let report = verify::directory(&files, &keys, &expected).unwrap();
            assert!(report.is_proved(), "{report:#?}");
        }
        let (_, by_one, first) = decided(&one, &token, "acme", "w1").await;
        let (_, by_two, second) = decided(&two, &token, "acme", "w2").await;
        assert_eq!(first, second);
        proved(&by_one, &keys);
        proved(&by_two, &keys);
        one.stop().await;
        two.stop().await;
    }

    async fn a_log_from_before_identities_is_known_by_what_it_signed(database: TestDatabase) {
        let app = TestApp::start_at(&database, "http://gate.internal:9000").await;
        let token = app.machine("acme", &[Scope::Read, Scope::Submit]).await;
        app.publish("acme", POLICY).await;
        app.publish("early", POLICY).await;
        decided(&app, &token, "acme", "v1").await;
        let keys = pinned(&app, "acme").await;
        app.stop().await;
        // The columns as they are after the migration.
        database.execute("UPDATE logs SET origin = '', public_url = ''").await;
        let app = TestApp::start_at(&database, LATER).await;
        let (_, files, id) = decided(&app, &token, "acme", "v2").await;
        assert_eq!(id, "http://gate.internal:9000/acme");
        proved(&files, &keys);
        // Only the head identifies this one; its scheme is determined once.
        let early = app.machine("early", &[Scope::Read, Scope::Submit]).await;
        let (_, files, id) = decided(&app, &early, "early", "v1").await;
        assert_eq!(id, "https://gate.internal:9000/early");
        proved(&files, &pinned(&app, "early").await);
        app.stop().await;
        let app = TestApp::start_at(&database, "http://gate.internal:9000").await;
        assert_eq!(decided(&app, &early, "early", "v2").await.2, "https://gate.internal:9000/early");
        app.stop().await;
    }
}

const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/identity");

/// Restores the state that version 0.1.0 left: a database whose service began without a public
/// address and then got one, its keys and heads.
fn lay_out(data: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mut database = Vec::new();
    let packed = fs::read(format!("{KEPT}/modelgate.db.gz")).unwrap();
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut database).unwrap();
    fs::create_dir_all(data).unwrap();
    fs::write(data.join("modelgate.db"), database).unwrap();
    for folder in ["keys", "heads"] {
        fs::create_dir_all(data.join(folder)).unwrap();
        for entry in fs::read_dir(format!("{KEPT}/{folder}")).unwrap().map(Result::unwrap) {
            let to = data.join(folder).join(entry.file_name());
            fs::copy(entry.path(), &to).unwrap();
            fs::set_permissions(&to, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

#[test]
fn a_database_and_an_export_of_the_first_version_still_verify() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    lay_out(&data);
    let with_data = |args: &[&str]| {
        let mut command = modelgate(folder.path());
        command
            .args(args)
            .env("MODELGATE_DATA", &data)
            .env("MODELGATE_PUBLIC_URL", "https://elsewhere.example.com");
        command
    };
    let pinned = format!("{KEPT}/pinned");
    let verify = |export: &str| run(with_data(&["verify", export, "--trust", &pinned]));
    verify(&format!("{KEPT}/export")).expect(0);
    // The keys are those that were pinned then.
    run(with_data(&["key", "show", "--namespace", "acme", "--out", "shown"])).expect(0);
    let read = |path: String| fs::read_to_string(path).unwrap();
    let shown = folder.path().join("shown/log.vkey").display().to_string();
    assert_eq!(read(shown), read(format!("{pinned}/log.vkey")));
    let create = ["token", "create", "--namespace", "acme", "--scope", "submit", "--scope", "read"];
    let token = run(with_data(&create)).expect(0).stdout.trim().to_owned();
    let process = Process::serve(with_data(&[]));
    let client = |args: &[&str]| {
        let mut command = with_data(args);
        command.env("MODELGATE_SERVER", &process.url).env("MODELGATE_TOKEN", &token);
        run(command)
    };
    fs::write(folder.path().join("model"), "model 3").unwrap();
    let evidence = accuracy(960, 1000).to_string();
    fs::write(folder.path().join("evidence.json"), evidence).unwrap();
    let gate = [
        "gate",
        "--model",
        "acme/v",
        "--artifact",
        "model",
        "--environment",
        "production",
        "--format",
        "json",
    ];
    let answer = client(&[&gate[..], &["--evidence", "evidence.json"]].concat()).expect(0).json();
    client(&["export", "decision", answer["decision"].as_str().unwrap(), "--out", "export"])
        .expect(0);
    verify("export").expect(0);
}

/// Operators create users beside a service and forget its address: the log must not get another
/// name by that.
#[test]
fn a_command_that_begins_a_log_uses_the_address_of_the_service() {
    let root = tempfile::TempDir::new().unwrap();
    let command = |args: &[&str]| {
        let mut command = modelgate(root.path());
        command.env("MODELGATE_DATA", root.path().join("data")).args(args);
        command
    };
    let create = |namespace: &str| {
        let args = ["token", "create", "--namespace", namespace, "--scope", "read"];
        run(command(&args)).expect(0).stderr
    };
    let named = |namespace: &str| {
        let shown = run(command(&["key", "show", "--namespace", namespace])).expect(0).stdout;
        shown.contains(&format!("gate.example.com/log/{namespace}"))
    };
    // Before the first start no address is known, and the command says what it does.
    let said = create("early");
    assert!(said.contains("permanent name `127.0.0.1:8080/log/early`"), "{said}");
    assert!(!create("early").contains("permanent name"), "the log has begun");
    let mut serve = command(&[]);
    serve.env("MODELGATE_PUBLIC_URL", "https://gate.example.com");
    let served = Process::serve(serve);
    let said = create("acme");
    assert!(!said.contains("permanent name") && named("acme"), "{said}");
    served.kill();
    assert!(!create("later").contains("permanent name") && named("later"));
    assert!(!named("early"));
}
