//! `Idempotency-Key`: a repeated request has the effect of one, on every route that writes, and a
//! key identifies one request.

use crate::{
    on_both_engines,
    support::{
        app::{Answer, POLICY, TestApp, accuracy, answer, artifact, submission},
        database::TestDatabase,
    },
};
use modelgate::identity::Scope;
use serde_json::{Value, json};

const FLOOR: &str = "name = \"floor\"\n[[rule]]\nid = \"a\"\nmetric = \"accuracy\"\nmin = 0.9\n";

async fn send(
    app: &TestApp,
    token: &str,
    path: &str,
    key: &str,
    body: impl Into<reqwest::Body>,
) -> Answer {
    let request = app
        .http
        .post(format!("{}{path}", app.base))
        .bearer_auth(token)
        .header("idempotency-key", key);
    answer(request.body(body)).await
}

async fn versions(app: &TestApp, token: &str, path: &str) -> Vec<Value> {
    let (_, list) = app.get(token, path).await;
    list["data"].as_array().unwrap().iter().map(|one| one["version"].clone()).collect()
}

fn reused(answer: &Answer) -> bool {
    answer.0 == 409 && answer.1["code"] == "idempotency-key-reused"
}

/// A late retry must not restore what was replaced meanwhile.
async fn published_once(app: &TestApp, path: &str, [old, new]: [&str; 2]) {
    let author = app.machine("acme", &[Scope::Policy, Scope::Read]).await;
    let (status, first) = send(app, &author, path, "k1", old.to_owned()).await;
    assert_eq!((status, &first["version"]), (201, &json!(1)), "{first}");
    let (_, second) = send(app, &author, path, "k2", new.to_owned()).await;
    assert_eq!(second["version"], 2, "{second}");
    let (status, again) = send(app, &author, path, "k1", old.to_owned()).await;
    assert_eq!((status, &again["digest"]), (201, &first["digest"]), "{again}");
    assert_eq!(
        versions(app, &author, path).await,
        [json!(2), json!(1)],
        "nothing was published again"
    );
    assert!(
        reused(&send(app, &author, path, "k1", new.to_owned()).await),
        "a key stands for one request"
    );
    // A request that changed nothing has used its key, too.
    assert_eq!(send(app, &author, path, "k3", new.to_owned()).await.0, 201);
    assert!(reused(&send(app, &author, path, "k3", old.to_owned()).await));
    assert_eq!(versions(app, &author, path).await, [json!(2), json!(1)]);
    // Without a key it is a separate request.
    let bare =
        app.http.post(format!("{}{path}", app.base)).bearer_auth(&author).body(old.to_owned());
    assert_eq!(answer(bare).await.1["version"], 3);
}

on_both_engines! {
    async fn a_policy_and_a_mapping_are_published_once(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let other = POLICY.replace("0.9", "0.91");
        assert_ne!(other, POLICY);
        published_once(&app, "/api/v1/policies", [POLICY, &other]).await;
        let mapping = crate::mappings::MAPPING;
        published_once(&app, "/api/v1/mappings", [mapping, &format!("{mapping}# changed\n")]).await;
        app.stop().await;
    }

    async fn a_data_set_and_a_reference_are_made_once(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let admin = app.machine("acme", &[Scope::Admin, Scope::Submit, Scope::Read]).await;
        let (_, rows) = app.upload(&admin, "id,label\n1,0\n2,1\n").await;
        let set = |name: &str| json!({"name": name, "digest": rows["data"]["digest"], "id": "id", "label": "label"}).to_string();
        let path = "/api/v1/datasets";
        let (status, first) = send(&app, &admin, path, "k1", set("holdout")).await;
        assert_eq!(status, 201, "{first}");
        assert_eq!(send(&app, &admin, path, "k1", set("holdout")).await, (201, first.clone()));
        assert!(reused(&send(&app, &admin, path, "k1", set("other")).await));
        assert_eq!(send(&app, &admin, path, "k2", set("holdout")).await, (201, first));
        assert!(reused(&send(&app, &admin, path, "k2", set("other")).await), "what changed nothing used its key up");

        assert_eq!(app.publish("acme", FLOOR).await.0, 201);
        let (ada, ben) = (app.person("acme", "ada", "risk").await, app.person("acme", "ben", "risk").await);
        let mut proposed = Vec::new();
        for name in ["a", "b"] {
            let decided = app.submit(&admin, &submission("acme/credit", name, &accuracy(950, 1000))).await;
            assert_eq!(decided.1["verdict"]["verdict"], "allow", "{decided:?}");
            let body = json!({"model": "acme/credit", "environment": "production", "artifact": artifact(name), "comment": ""});
            let (status, said) = app.post(&ada, "/api/v1/references", &body).await;
            assert_eq!(status, 201, "{said}");
            proposed.push(format!("/api/v1/references/{}/approvals", said["reference"].as_str().unwrap()));
        }
        let yes = json!({"comment": "yes"}).to_string();
        let (status, pinned) = send(&app, &ben, &proposed[0], "r1", yes.clone()).await;
        assert_eq!(status, 200, "{pinned}");
        assert_eq!(send(&app, &ben, &proposed[0], "r1", yes.clone()).await, (200, pinned));
        assert!(reused(&send(&app, &ben, &proposed[1], "r1", yes.clone()).await), "the same body to another proposal");
        assert_eq!(send(&app, &ben, &proposed[1], "r2", yes).await.0, 200);
        app.stop().await;
    }
    async fn a_key_of_version_0_1_still_stands_for_its_request(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        assert_eq!(app.publish("acme", POLICY).await.0, 201);
        let ci = app.machine("acme", &[Scope::Submit, Scope::Read]).await;
        let ada = app.person("acme", "ada", "model-risk").await;
        let mut paths = Vec::new();
        let mut body = String::new();
        for name in ["a", "b"] {
            let (_, decided) = app.submit(&ci, &submission("acme/credit", name, &accuracy(960, 1000))).await;
            paths.push(format!("/api/v1/releases/{}/approvals", decided["release"].as_str().unwrap()));
            if body.is_empty() {
                body = json!({"vote": "approve", "inputs_digest": decided["verdict"]["inputs_digest"]}).to_string();
            }
        }
        let vote = async |path: &str, key: &str| {
            let request = app.http.post(format!("{}{path}", app.base)).bearer_auth(&ada).header("idempotency-key", key);
            answer(request.header("content-type", "application/json").body(body.clone())).await
        };
        let (status, first) = vote(&paths[0], "k").await;
        assert_eq!(status, 200, "{first}");
        // That version kept only the digest of the body.
        let kept = modelgate::model::Digest::of(body.as_bytes());
        database.execute_owned(format!("UPDATE deliveries SET request_digest = '{kept}' WHERE delivery_key = 'k'")).await;
        let size = app.log_size("acme").await;
        let (status, again) = vote(&paths[0], "k").await;
        assert_eq!((status, &again["decision"]), (200, &first["decision"]), "{again}");
        assert!(reused(&vote(&paths[1], "k").await), "the same body, sent to another release");
        assert_eq!(app.log_size("acme").await, size, "nothing was stored");
        app.stop().await;
    }
}
