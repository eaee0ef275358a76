//! The API, on both engines, called over HTTP.

use crate::{
    on_both_engines,
    support::{
        app::{POLICY, TestApp, accuracy, answer, artifact, submission},
        database::TestDatabase,
    },
};
use modelgate::{
    identity::{Scope, hook},
    ledger::{Checkpoint, TilePath, VerifierKey, merkle, tile},
};
use serde_json::{Value, json};

const MACHINE: [Scope; 2] = [Scope::Read, Scope::Submit];

fn vote(verdict: &str, digest: &Value) -> Value {
    json!({"vote": verdict, "comment": "looked at it", "inputs_digest": digest})
}

async fn pending(app: &TestApp, ci: &str) -> (String, Value) {
    let (status, decided) =
        app.submit(ci, &submission("acme/credit", "good", &accuracy(960, 1000))).await;
    assert_eq!((status, &decided["verdict"]["verdict"]), (201, &json!("pending")), "{decided}");
    (decided["release"].as_str().unwrap().to_owned(), decided["verdict"]["inputs_digest"].clone())
}

on_both_engines! {
    async fn two_people_let_a_good_model_through(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        assert_eq!(app.publish("acme", POLICY).await.0, 201);
        let ci = app.machine("acme", &MACHINE).await;
        let (release, digest) = pending(&app, &ci).await;
        let path = format!("/api/v1/releases/{release}/approvals");
        for (name, expected) in [("ada", "pending"), ("bob", "allow")] {
            let person = app.person("acme", name, "model-risk").await;
            let (status, decided) = app.post(&person, &path, &vote("approve", &digest)).await;
            assert_eq!((status, &decided["verdict"]["verdict"]), (200, &json!(expected)), "{decided}");
        }
        let (_, whole) = app.get(&ci, &format!("/api/v1/releases/{release}")).await;
        assert_eq!(whole["verdict"], "allow");
        assert_eq!(whole["decisions"].as_array().unwrap().len(), 3);
        assert_eq!(whole["approvals"].as_array().unwrap().len(), 2);
        let query = format!("/api/v1/gate?model=acme/credit&digest={}&environment=production", artifact("good"));
        assert_eq!(app.get(&ci, &query).await.1["data"]["ok"], true);
        let staging = query.replace("production", "staging");
        assert_eq!(app.get(&ci, &staging).await.1["data"]["ok"], false, "a pass for production is none for staging");
        app.stop().await;
    }

    async fn a_bad_model_is_denied_with_sentences(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.publish("acme", POLICY).await;
        let ci = app.machine("acme", &MACHINE).await;
        let (status, decided) = app.submit(&ci, &submission("acme/credit", "bad", &accuracy(800, 1000))).await;
        assert_eq!((status, &decided["verdict"]["verdict"]), (201, &json!("deny")));
        let finding = &decided["verdict"]["findings"][0];
        assert_eq!((&finding["status"], &finding["rule"]), (&json!("fail"), &json!("accuracy-floor")));
        let query = format!("/api/v1/gate?model=acme/credit&digest={}&environment=production", artifact("bad"));
        let (_, gate) = app.get(&ci, &query).await;
        assert_eq!(gate["data"]["ok"], false);
        assert_eq!(gate["data"]["reasons"][0], finding["message"]);
        app.stop().await;
    }

    async fn no_policy_is_no_permission(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let ci = app.machine("acme", &MACHINE).await;
        let (_, decided) = app.submit(&ci, &submission("acme/credit", "good", &accuracy(1000, 1000))).await;
        assert_eq!(decided["verdict"]["verdict"], "deny");
        app.stop().await;
    }

    async fn nobody_approves_their_own_release(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.publish("acme", POLICY).await;
        let ada = app.person("acme", "ada", "model-risk").await;
        let (release, digest) = pending(&app, &ada).await;
        let size = app.log_size("acme").await;
        let (status, problem) =
            app.post(&ada, &format!("/api/v1/releases/{release}/approvals"), &vote("approve", &digest)).await;
        assert_eq!((status, &problem["code"]), (403, &json!("own-release")));
        assert_eq!(app.log_size("acme").await, size, "nothing was stored");
        app.stop().await;
    }

    async fn an_approval_counts_only_for_the_inputs_that_were_seen(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.publish("acme", POLICY).await;
        let ci = app.machine("acme", &MACHINE).await;
        let (release, _) = pending(&app, &ci).await;
        let ada = app.person("acme", "ada", "model-risk").await;
        let path = format!("/api/v1/releases/{release}/approvals");
        let (status, problem) = app.post(&ada, &path, &vote("approve", &json!(artifact("other inputs")))).await;
        assert_eq!((status, &problem["code"]), (409, &json!("inputs-changed")));
        let outsider = app.person("acme", "eve", "marketing").await;
        let (_, whole) = app.get(&ci, &format!("/api/v1/releases/{release}")).await;
        let (status, problem) = app.post(&outsider, &path, &vote("approve", &whole["inputs_digest"])).await;
        assert_eq!((status, &problem["code"]), (403, &json!("role-not-asked")));
        let (status, problem) = app.post(&ci, &path, &vote("approve", &whole["inputs_digest"])).await;
        assert_eq!((status, &problem["code"]), (403, &json!("forbidden")));
        app.stop().await;
    }

    async fn one_rejection_denies(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.publish("acme", POLICY).await;
        let ci = app.machine("acme", &MACHINE).await;
        let (release, digest) = pending(&app, &ci).await;
        let ada = app.person("acme", "ada", "model-risk").await;
        let path = format!("/api/v1/releases/{release}/approvals");
        let (_, decided) = app.post(&ada, &path, &vote("reject", &digest)).await;
        assert_eq!(decided["verdict"]["verdict"], "deny");
        let (status, problem) = app.post(&ada, &path, &vote("approve", &digest)).await;
        assert_eq!((status, &problem["code"]), (409, &json!("not-pending")));
        app.stop().await;
    }

    async fn a_request_sent_twice_has_the_effect_of_one(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.publish("acme", POLICY).await;
        let ci = app.machine("acme", &MACHINE).await;
        let body = submission("acme/credit", "good", &accuracy(960, 1000)).to_string();
        let send = async |body: String| {
            let request = app.http.post(format!("{}/api/v1/releases", app.base)).bearer_auth(&ci);
            answer(request.header("idempotency-key", "run-7").header("content-type", "application/json").body(body)).await
        };
        let (first, again) = tokio::join!(send(body.clone()), send(body.clone()));
        let mut statuses = [first.0, again.0];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 201]);
        assert_eq!(first.1["release"], again.1["release"]);
        let size = app.log_size("acme").await;
        assert_eq!(send(body).await.0, 200);
        assert_eq!(app.log_size("acme").await, size);
        let other = submission("acme/credit", "other", &accuracy(1, 1000)).to_string();
        let (status, problem) = send(other).await;
        assert_eq!((status, &problem["code"]), (409, &json!("idempotency-key-reused")));
        app.stop().await;
    }

    async fn bad_evidence_is_refused_whole(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.publish("acme", POLICY).await;
        let ci = app.machine("acme", &MACHINE).await;
        let size = app.log_size("acme").await;
        let good = accuracy(960, 1000).to_string();
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let cases = [
            ("not json at all", "evidence-not-understood"),
            (&good.replace("960", "960,"), "evidence-syntax"),
            (&good.replacen('{', "{\"schema\":\"x\",", 1), "evidence-duplicate-key"),
            (&deep, "evidence-too-deep"),
            (&good.replace("0.96", "NaN"), "evidence-invalid"),
        ];
        for (bytes, code) in cases {
            let mut body = submission("acme/credit", "good", &accuracy(960, 1000));
            use base64::Engine as _;
            let text = base64::engine::general_purpose::STANDARD.encode(bytes);
            body["evidence"].as_array_mut().unwrap().push(json!({"name": "second.json", "content_base64": text}));
            let (status, problem) = app.submit(&ci, &body).await;
            assert_eq!((status, &problem["code"]), (422, &json!(code)), "{problem}");
            assert!(problem["detail"].as_str().unwrap().contains("second.json"), "{problem}");
        }
        assert_eq!(app.log_size("acme").await, size, "nothing was stored, not even the first document");
        app.stop().await;
    }

    async fn a_namespace_never_sees_what_is_anothers(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.publish("acme", POLICY).await;
        let ci = app.machine("acme", &MACHINE).await;
        let (release, digest) = pending(&app, &ci).await;
        let (_, whole) = app.get(&ci, &format!("/api/v1/releases/{release}")).await;
        let decision = whole["decisions"][0]["decision"].as_str().unwrap();
        let evidence = whole["inputs"]["evidence"][0]["digest"].as_str().unwrap();
        let policy = whole["inputs"]["policies"][0]["digest"].as_str().unwrap();
        let other = app.person("zeta", "zoe", "model-risk").await;
        for path in [
            format!("/api/v1/releases/{release}"), format!("/api/v1/decisions/{decision}"),
            format!("/api/v1/decisions/{decision}/export"), format!("/api/v1/evidence/{evidence}"),
            format!("/api/v1/policies/{policy}"),
            format!("/api/v1/gate?model=acme/credit&digest={}&environment=production", artifact("good")),
        ] {
            let (status, problem) = app.get(&other, &path).await;
            assert_eq!((status, &problem["code"]), (404, &json!("not-found")), "{path}");
            assert_eq!(app.get(&ci, &path).await.0, 200, "{path}");
        }
        for path in ["/api/v1/releases", "/api/v1/models", "/api/v1/policies"] {
            assert_eq!(app.get(&other, path).await.1["data"], json!([]), "{path}");
        }
        // Each log states its own people and tokens: of zeta, Zoe and her token.
        let entries = app.get(&other, "/api/v1/log/entries").await.1;
        let kinds: Vec<&str> = entries["data"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["key-added", "key-added", "user-changed", "token-changed"]);
        assert_ne!(app.get(&other, "/api/v1/log").await.1, app.get(&ci, "/api/v1/log").await.1);
        let vote_path = format!("/api/v1/releases/{release}/approvals");
        assert_eq!(app.post(&other, &vote_path, &vote("approve", &digest)).await.0, 404);
        assert_eq!(app.submit(&other, &submission("acme/credit", "x", &accuracy(1, 1))).await.0, 404);
        app.stop().await;
    }

    async fn tokens_end_and_lack_what_they_were_not_given(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let reader = app.machine("acme", &[Scope::Read]).await;
        let (status, problem) = app.submit(&reader, &submission("acme/credit", "x", &accuracy(1, 1))).await;
        assert_eq!((status, &problem["code"]), (403, &json!("forbidden")));
        assert_eq!(app.get("mgt_nonsense", "/api/v1/releases").await.1["code"], "token-refused");
        assert_eq!(answer(app.http.get(format!("{}/api/v1/releases", app.base))).await.1["code"], "token-missing");
        assert_eq!(app.get(&reader, "/api/v1/releases").await.0, 200);
        let id = app.service.list_tokens().await.unwrap()[0].id.clone();
        assert!(app.service.revoke_token(&id).await.unwrap());
        app.clock.forward("3s");
        assert_eq!(app.get(&reader, "/api/v1/releases").await.0, 401, "revoked");
        let other = app.machine("acme", &[Scope::Read]).await;
        app.clock.forward("30d");
        assert_eq!(app.get(&other, "/api/v1/releases").await.0, 401, "expired");
        app.stop().await;
    }

    async fn files_arrive_as_a_form(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.publish("acme", POLICY).await;
        let ci = app.machine("acme", &MACHINE).await;
        let request = json!({
            "model": "acme/credit", "artifact": artifact("good"), "environment": "production",
            "evidence": [{"name": "report.json", "dataset": "holdout", "produced_at": "2026-11-20T10:00:00Z"}]
        });
        let report = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/evidence/sklearn-classification-report/report_binary_good.json")).unwrap();
        let file = reqwest::multipart::Part::bytes(report.clone()).file_name("report.json");
        let form = reqwest::multipart::Form::new().text("request", request.to_string()).part("evidence", file);
        let url = format!("{}/api/v1/releases", app.base);
        let (status, decided) = answer(app.http.post(url).bearer_auth(&ci).multipart(form)).await;
        assert_eq!(status, 201, "{decided}");
        let (_, whole) = app.get(&ci, &format!("/api/v1/releases/{}", decided["release"].as_str().unwrap())).await;
        let evidence = &whole["inputs"]["evidence"][0];
        assert_eq!(evidence["digest"], modelgate::model::Digest::of(&report).to_string());
        assert_eq!(evidence["claimed"]["dataset"], "holdout");
        app.stop().await;
    }

    async fn a_signed_delivery_is_a_submission(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.publish("acme", POLICY).await;
        let secret = app.service.create_hook("acme".parse().unwrap(), "ci", None).await.unwrap().secret;
        let body = submission("acme/credit", "good", &accuracy(960, 1000)).to_string();
        let sent = app.service.now().micros() / 1_000_000;
        let send = async |id: &str, sent: i64, signature: String, body: &str| {
            let request = app.http.post(format!("{}/hooks/ci", app.base)).header("webhook-id", id);
            answer(request.header("webhook-timestamp", sent.to_string()).header("webhook-signature", signature)
                .body(body.to_owned())).await
        };
        let signature = |id: &str, sent: i64| hook::sign(id, sent, body.as_bytes(), &secret);
        let (status, first) = send("msg_1", sent, signature("msg_1", sent), &body).await;
        assert_eq!(status, 201, "{first}");
        let size = app.log_size("acme").await;
        let (status, again) = send("msg_1", sent, signature("msg_1", sent), &body).await;
        assert_eq!((status, &again["release"]), (200, &first["release"]));
        let forged = body.replace("good", "evil");
        for (id, sent, signature, body) in [
            ("msg_2", sent, signature("msg_2", sent), forged.as_str()),
            ("msg_2", sent, signature("msg_1", sent), &body),
            ("msg_2", sent, "v1,AAAA".into(), &body),
            ("msg_2", sent - 301, signature("msg_2", sent - 301), &body),
        ] {
            let (status, problem) = send(id, sent, signature, body).await;
            assert_eq!((status, &problem["code"]), (401, &json!("hook-refused")), "{problem}");
        }
        assert_eq!(app.log_size("acme").await, size);
        app.stop().await;
    }

    async fn the_log_is_rebuilt_from_its_public_side(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.publish("acme", POLICY).await;
        let ci = app.machine("acme", &MACHINE).await;
        for i in 0..90 {
            app.submit(&ci, &submission("acme/credit", &format!("v{i}"), &accuracy(800 - i, 1000))).await;
        }
        let text = async |path: String| {
            let response = app.http.get(format!("{}{path}", app.base)).send().await.unwrap();
            assert_eq!(response.status().as_u16(), 200, "{path}");
            response.bytes().await.unwrap()
        };
        let vkey: VerifierKey = std::str::from_utf8(&text("/log/acme/vkey".into()).await).unwrap().trim().parse().unwrap();
        let checkpoint = text("/log/acme/checkpoint".into()).await;
        let head = Checkpoint::verify(std::str::from_utf8(&checkpoint).unwrap(), &[vkey]).unwrap();
        // Two keys, two tokens, the policy; a document, a request, a record and a summary for each.
        assert_eq!(head.size, 2 + 2 + 1 + 90 * 4);
        let mut tree = merkle::Tree::new();
        for index in 0..head.size.div_ceil(256) {
            let width = tile::width_at(0, index, head.size);
            let path = TilePath::Entries { index, width };
            for entry in tile::parse_entries(&text(format!("/log/acme/{path}")).await).unwrap() {
                tree.append(merkle::leaf_hash(entry));
            }
        }
        assert_eq!(tree.root(), head.root);
        let missing = app.http.get(format!("{}/log/acme/tile/0/007", app.base)).send().await.unwrap();
        assert_eq!(missing.status().as_u16(), 404);
        app.stop().await;
    }

    async fn a_decision_key_that_the_log_does_not_know_is_refused(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.publish("acme", POLICY).await;
        app.stop().await;
        let key = database.folder.path().join("keys/decision.key");
        let known = std::fs::read(&key).unwrap();
        std::fs::remove_file(&key).unwrap();
        let error = TestApp::try_start(&database).await.err().expect("another key must be refused");
        assert_eq!(error.code, "log-broken");
        std::fs::write(&key, known).unwrap();
        TestApp::start(&database).await.stop().await;
    }

    async fn a_database_that_was_touched_is_refused(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.publish("acme", POLICY).await;
        let ci = app.machine("acme", &MACHINE).await;
        app.submit(&ci, &submission("acme/credit", "v1", &accuracy(900, 1000))).await;
        app.stop().await;
        let refused = async |why: &str| {
            let error = TestApp::try_start(&database).await.err().expect("a broken log must be refused");
            assert_eq!(error.code, "log-broken", "{why}");
        };
        database.execute("UPDATE entries SET body = leaf_hash WHERE idx = 3").await;
        refused("an entry was edited").await;
        database.execute("DELETE FROM entries WHERE idx = 3").await;
        refused("an entry was removed").await;
        database.execute("DELETE FROM entries WHERE idx >= 2").await;
        database.execute("UPDATE logs SET size = 2").await;
        refused("the log was cut").await;
    }
}

#[tokio::test]
async fn what_is_too_large_is_told() {
    let database = TestDatabase::new(crate::support::database::Engine::Sqlite).await;
    let app = TestApp::start(&database).await;
    let ci = app.machine("acme", &MACHINE).await;
    let request = app
        .http
        .post(format!("{}/api/v1/releases", app.base))
        .bearer_auth(&ci)
        .body(vec![b' '; 3 << 20]);
    let (status, problem) = answer(request).await;
    assert_eq!((status, &problem["code"]), (413, &json!("body-too-large")));
    app.stop().await;
}

#[tokio::test]
async fn every_failure_is_a_problem_document() {
    let database = TestDatabase::new(crate::support::database::Engine::Sqlite).await;
    let app = TestApp::start(&database).await;
    let ci = app.machine("acme", &MACHINE).await;
    let cases = [
        ("/api/v1/nothing", 404, "not-found"),
        ("/api/v1/releases?limit=x", 400, "invalid-query"),
        ("/api/v1/releases?nonsense=1", 400, "invalid-query"),
        ("/api/v1/releases?cursor=x", 400, "invalid-cursor"),
        ("/api/v1/releases/..%2f..", 404, "not-found"),
        ("/api/v1/evidence/sha256:zz", 404, "not-found"),
        ("/api/v1/decisions/x/nothing", 404, "not-found"),
    ];
    for (path, status, code) in cases {
        let response =
            app.http.get(format!("{}{path}", app.base)).bearer_auth(&ci).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{path}");
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        let problem: Value = response.json().await.unwrap();
        assert_eq!(
            (&problem["status"], &problem["code"]),
            (&json!(status), &json!(code)),
            "{path}"
        );
        assert_eq!(problem["request_id"], id, "{path}");
    }
    let put = answer(app.http.put(format!("{}/api/v1/releases", app.base))).await;
    assert_eq!((put.0, &put.1["code"]), (405, &json!("method-not-allowed")));
    app.stop().await;
}

#[test]
fn the_api_is_what_its_document_says() {
    insta::assert_json_snapshot!("openapi", modelgate::web::openapi());
}

#[tokio::test]
async fn metrics_count_and_name_nobody() {
    let database = TestDatabase::new(crate::support::database::Engine::Sqlite).await;
    let app = TestApp::start(&database).await;
    app.publish("acme", POLICY).await;
    let ci = app.machine("acme", &MACHINE).await;
    app.submit(&ci, &submission("acme/credit", "bad", &accuracy(1, 1000))).await;
    pending(&app, &ci).await;
    app.get(&ci, "/api/v1/nothing").await;
    let text =
        app.http.get(format!("{}/metrics", app.base)).send().await.unwrap().text().await.unwrap();
    for line in [
        "# TYPE modelgate_decisions_total counter",
        "modelgate_decisions_total{verdict=\"deny\"} 1",
        "modelgate_decisions_total{verdict=\"pending\"} 1",
        "modelgate_decisions_total{verdict=\"allow\"} 0",
        "modelgate_http_requests_total{class=\"2xx\"} 3",
        "modelgate_http_requests_total{class=\"4xx\"} 1",
    ] {
        assert!(text.lines().any(|l| l == line), "{line} in {text}");
    }
    assert!(!text.contains("acme"), "{text}");
    for path in ["/healthz", "/readyz"] {
        assert_eq!(
            app.http.get(format!("{}{path}", app.base)).send().await.unwrap().status().as_u16(),
            200
        );
    }
    app.stop().await;
}
