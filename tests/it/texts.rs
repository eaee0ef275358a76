//! Text that cannot be stored, and parameters that cannot be meant: refused in the same way
//! everywhere, on both engines.

use crate::{
    on_both_engines,
    support::{
        app::{POLICY, TestApp, accuracy, answer, artifact, submission},
        database::TestDatabase,
    },
};
use modelgate::identity::Scope;
use serde_json::{Value, json};

/// A submission that differs from a valid one in one place.
fn but(pointer: &str, value: Value) -> Value {
    let mut whole = submission("acme/credit", "good", &accuracy(960, 1000));
    whole["comment"] = json!("fine");
    whole["context"] = json!({});
    match whole.pointer_mut(pointer) {
        Some(place) => *place = value,
        None => {
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            whole.pointer_mut(parent).unwrap()[key] = value;
        }
    }
    whole
}

on_both_engines! {
    async fn a_submission_holds_only_text_that_can_be_kept(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.publish("acme", POLICY).await;
        let ci = app.machine("acme", &[Scope::Read, Scope::Submit]).await;
        let size = app.log_size("acme").await;
        for pointer in [
            "/version", "/comment", "/context/tier", "/evidence/0/name", "/evidence/0/format", "/evidence/0/mapping",
            "/evidence/0/dataset", "/dataset", "/evidence/0/document/dataset/name",
        ] {
            let (status, problem) = app.submit(&ci, &but(pointer, json!("a\u{0}b"))).await;
            assert_eq!((status, &problem["code"]), (422, &json!("text-invalid")), "{pointer}: {problem}");
            let (status, problem) = app.submit(&ci, &but(pointer, json!("x".repeat(5_000)))).await;
            assert_eq!((status, &problem["code"]), (422, &json!("text-too-long")), "{pointer}: {problem}");
        }
        for key in ["a\u{0}", "a\nb"] {
            let (status, problem) = app.submit(&ci, &but("/context", json!({key: "x"}))).await;
            assert_eq!((status, &problem["code"]), (422, &json!("text-invalid")), "{problem}");
        }
        let many: serde_json::Map<String, Value> = (0..101).map(|n| (n.to_string(), json!(""))).collect();
        let (status, problem) = app.submit(&ci, &but("/context", many.into())).await;
        assert_eq!((status, &problem["code"]), (422, &json!("too-many")));
        assert_eq!(app.log_size("acme").await, size, "nothing was stored");
        let (status, decided) = app.submit(&ci, &but("/comment", json!("two\nlines\tand \u{e9}"))).await;
        assert_eq!(status, 201, "{decided}");
        app.stop().await;
    }

    async fn votes_proposals_and_data_sets_too(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.publish("acme", POLICY).await;
        let ci = app.machine("acme", &[Scope::Read, Scope::Submit, Scope::Admin]).await;
        let ada = app.person("acme", "ada", "model-risk").await;
        let (_, decided) = app.submit(&ci, &submission("acme/credit", "good", &accuracy(960, 1000))).await;
        let votes = format!("/api/v1/releases/{}/approvals", decided["release"].as_str().unwrap());
        let digest = &decided["verdict"]["inputs_digest"];
        for (bad, code) in [("a\u{0}b".to_owned(), "text-invalid"), ("x".repeat(4_001), "text-too-long")] {
            let vote = json!({"vote": "approve", "comment": bad, "inputs_digest": digest});
            let (status, problem) = app.post(&ada, &votes, &vote).await;
            assert_eq!((status, &problem["code"]), (422, &json!(code)));
            let proposal = json!({"model": "acme/credit", "environment": "production", "artifact": artifact("good"), "comment": bad});
            let (status, problem) = app.post(&ci, "/api/v1/references", &proposal).await;
            assert_eq!((status, &problem["code"]), (422, &json!(code)));
            let (status, problem) = app.post(&ada, "/api/v1/references/r1/approvals", &json!({"comment": bad})).await;
            assert_eq!((status, &problem["code"]), (422, &json!(code)));
            for place in ["id", "label"] {
                let mut set = json!({"name": "holdout", "digest": artifact("rows"), "id": "i", "label": "l"});
                set[place] = json!(bad);
                assert_eq!(app.post(&ci, "/api/v1/datasets", &set).await.0, 422, "{place}");
            }
        }
        app.stop().await;
    }

    async fn a_nul_in_an_address_is_refused(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let ci = app.machine("acme", &[Scope::Read]).await;
        for path in [
            "/api/v1/releases?model=acme/%00", "/api/v1/releases?environment=%00", "/api/v1/releases?verdict=%00",
            "/api/v1/datasets/a%00b", "/api/v1/releases/%00", "/api/v1/log/entries?cursor=%00", "/releases?model=%00",
            "/releases/%00", "/sign-in?next=%00", "/log/a%00/checkpoint",
        ] {
            let (status, problem) = app.get(&ci, path).await;
            assert_eq!((status, &problem["code"]), (400, &json!("text-invalid")), "{path}: {problem}");
        }
        let (status, problem) = app.get(&ci, &format!("/api/v1/datasets/{}", "x".repeat(10_000))).await;
        assert_eq!((status, &problem["code"]), (414, &json!("address-too-long")));
        app.stop().await;
    }

    async fn sources_with_a_nul_are_refused(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let token = app.machine("acme", &[Scope::Read, Scope::Policy]).await;
        for path in ["/api/v1/policies", "/api/v1/mappings"] {
            for source in ["# a\0b", "name = \"a\\u0000b\"\n[[rule]]\nid = \"x\"\nmetric = \"accuracy\"\nmin = 0.9\n", "\u{fffe}"] {
                let request = app.http.post(format!("{}{path}", app.base)).bearer_auth(&token);
                let (status, problem) = answer(request.body(source)).await;
                assert_eq!(status, 422, "{path} {source:?}: {problem}");
            }
            let request = app.http.post(format!("{}{path}", app.base)).bearer_auth(&token);
            assert_eq!(answer(request.body(vec![0xff, 0xfe])).await.0, 400, "{path}");
        }
        app.stop().await;
    }

    async fn what_is_misspelt_is_told(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let ci = app.machine("acme", &[Scope::Read]).await;
        for (path, code, said) in [
            ("/api/v1/releases?enviroment=production", "invalid-query", "did you mean `environment`?"),
            ("/api/v1/releases?verdict=alow", "invalid-query", "did you mean `allow`?"),
            ("/api/v1/releases?limit=0", "invalid-query", "1 to 200"),
            ("/api/v1/releases?limit=201", "invalid-query", "1 to 200"),
            ("/api/v1/releases?limit=ten", "invalid-query", "1 to 200"),
            ("/api/v1/releases?model=credit", "invalid-query", "namespace/name"),
            ("/api/v1/releases?environment=a%20b", "invalid-query", "an environment"),
            ("/api/v1/releases?cursor=x", "invalid-cursor", "a cursor"),
            ("/api/v1/releases?cursor=9999999999999999999", "invalid-cursor", "a cursor"),
            ("/api/v1/releases?limit=1&limit=2", "invalid-query", "twice"),
            ("/api/v1/log/entries?cursor=-1", "invalid-cursor", "a cursor"),
            ("/api/v1/log?limit=1", "invalid-query", "takes no query parameter"),
            ("/api/v1/gate?model=acme/x&enviroment=a&digest=b", "invalid-query", "did you mean `environment`?"),
        ] {
            let (status, problem) = app.get(&ci, path).await;
            assert_eq!((status, problem["code"].as_str()), (400, Some(code)), "{path}: {problem}");
            assert!(problem["detail"].as_str().unwrap().contains(said), "{path}: {problem}");
        }
        assert_eq!(app.get(&ci, "/api/v1/releases?verdict=allow&limit=200&cursor=5").await.0, 200);
        app.stop().await;
    }

    async fn every_refusal_is_a_problem_document(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let ci = app.machine("acme", &[Scope::Read]).await;
        for (method, path, token, expected) in [
            ("GET", "/api/v1/releases", "", 401),
            ("GET", "/api/v1/releases/none", &*ci, 404),
            ("GET", "/api/v1/nothing", &*ci, 404),
            ("DELETE", "/api/v1/releases", &*ci, 405),
            ("POST", "/api/v1/releases", &*ci, 403),
            ("POST", "/hooks/ci", "", 401),
        ] {
            let request = app.http.request(method.parse().unwrap(), format!("{}{path}", app.base)).bearer_auth(token);
            let body = submission("acme/credit", "good", &accuracy(960, 1000));
            let response = if method == "POST" { request.json(&body) } else { request }.send().await.unwrap();
            assert_eq!(response.status(), expected, "{method} {path}");
            assert_eq!(response.headers()["content-type"], "application/problem+json", "{method} {path}");
            assert_eq!(response.headers().contains_key("allow"), expected == 405, "{method} {path}");
        }
        app.stop().await;
    }
}

#[test]
fn the_api_document_describes_its_refusals() {
    let document = modelgate::web::openapi();
    let mut names = std::collections::HashSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(
                names.insert(operation["operationId"].as_str().unwrap()),
                "{method} {path} has another's name"
            );
            let responses = operation["responses"].as_object().unwrap();
            for status in ["400", "401", "503"] {
                assert!(responses.contains_key(status), "{method} {path}: {status}");
            }
            for (status, response) in
                responses.iter().filter(|(status, _)| status.as_str() >= "400")
            {
                let kinds: Vec<&String> = response["content"].as_object().unwrap().keys().collect();
                assert_eq!(kinds, ["application/problem+json"], "{method} {path}: {status}");
            }
        }
    }
}
