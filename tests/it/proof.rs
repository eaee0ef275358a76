//! `gate` with pinned keys, and a proxy in between that changes the service's answers.

use crate::support::served::{Served, demo_files, evidence};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    response::Response,
};
use serde_json::Value;
use std::sync::{Arc, Mutex};

type Change = Arc<dyn Fn(&str, String) -> String + Send + Sync>;

/// The service behind the proxy, and how the proxy changes its answers.
#[derive(Clone)]
struct Between {
    url: String,
    http: reqwest::Client,
    change: Arc<Mutex<Change>>,
}

async fn pass(State(between): State<Between>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let path = head.uri.path_and_query().unwrap().to_string();
    let body = to_bytes(body, 64 << 20).await.unwrap();
    let mut sent = between.http.request(head.method, format!("{}{path}", between.url)).body(body);
    for name in ["authorization", "content-type", "idempotency-key"] {
        if let Some(value) = head.headers.get(name) {
            sent = sent.header(name, value);
        }
    }
    let answer = sent.send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    let change = between.change.lock().unwrap().clone();
    let response = Response::builder().status(status).header("content-type", "application/json");
    response.body(Body::from(change(&path, text))).unwrap()
}

/// The arguments to submit the good model's artifact with the evidence of one of the models.
fn submit(proxy: &str, which: &str, trust: &str) -> Vec<String> {
    let artifact = demo_files().join("good/model.txt");
    let evidence = evidence(which);
    let mut args =
        vec!["gate", "--model", "acme/credit-risk", "--artifact", artifact.to_str().unwrap()];
    args.extend(["--environment", "production", "--evidence", &evidence, "--server", proxy]);
    if !trust.is_empty() {
        args.extend(["--trust", trust]);
    }
    args.into_iter().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn an_answer_that_was_changed_on_its_way_lets_nothing_through() {
    let served = Arc::new(Served::start());
    let change: Arc<Mutex<Change>> = Arc::new(Mutex::new(Arc::new(|_: &str, text| text)));
    let between =
        Between { url: served.url.clone(), http: reqwest::Client::new(), change: change.clone() };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let serving = axum::serve(listener, Router::new().fallback(pass).with_state(between));
    let serving = tokio::spawn(serving.into_future());
    let run = async |args: Vec<String>| {
        let served = served.clone();
        let work = move || served.run(&args.iter().map(String::as_str).collect::<Vec<_>>());
        tokio::task::spawn_blocking(work).await.unwrap()
    };

    // The keys, as a user fetched them once.
    let asked =
        run(submit(&proxy, "good", "").into_iter().chain(["--format=json".into()]).collect()).await;
    let asked: Value = asked.expect(3).json();
    let release = asked["release"].as_str().unwrap().to_owned();
    for token in [served.ada.clone(), served.ben.clone()] {
        let (served, release) = (served.clone(), release.clone());
        tokio::task::spawn_blocking(move || {
            served.run_as(&token, &["approve", &release]).expect(0)
        })
        .await
        .unwrap();
    }
    let status: Value =
        run(vec!["status".into(), release, "--format=json".into()]).await.expect(0).json();
    let allowed = status["decision"].as_str().unwrap();
    run(vec!["export".into(), "decision".into(), allowed.into(), "--out".into(), "d".into()])
        .await
        .expect(0);
    let trust = served.folder.path().join("d/trust").to_str().unwrap().to_owned();

    // Unchanged, each verdict is accepted.
    run(submit(&proxy, "bad", &trust)).await.expect(1);
    run(submit(&proxy, "good", &trust)).await.expect(3);

    // A deny that claims to be an allow.
    *change.lock().unwrap() = Arc::new(|path, text| {
        if path.ends_with("/releases") {
            text.replace("\"verdict\":\"deny\"", "\"verdict\":\"allow\"")
        } else {
            text
        }
    });
    run(submit(&proxy, "bad", "")).await.expect(0);
    let refused = run(submit(&proxy, "bad", &trust)).await.expect(5);
    assert!(refused.stderr.contains("cannot be trusted"), "{}", refused.stderr);

    // An earlier allow, which really was signed, as the answer to new evidence.
    let before = status.to_string();
    *change.lock().unwrap() =
        Arc::new(move |path, text| if path.ends_with("/releases") { before.clone() } else { text });
    let refused = run(submit(&proxy, "bad", &trust)).await.expect(5);
    assert!(refused.stderr.contains("the signed record does not contain"), "{}", refused.stderr);

    // An answer without a proof.
    *change.lock().unwrap() = Arc::new(|path, text| {
        if path.ends_with("/export") { text.replace("record.tlog-proof", "gone.txt") } else { text }
    });
    run(submit(&proxy, "bad", &trust)).await.expect(5);
    serving.abort();

    // The maximum age of a decision, and the message for an older one.
    run(vec![
        "verify".into(),
        "d".into(),
        "--trust".into(),
        trust.clone(),
        "--max-age".into(),
        "1h".into(),
    ])
    .await
    .expect(0);
    let old = run(vec![
        "verify".into(),
        "d".into(),
        "--trust".into(),
        trust.clone(),
        "--max-age".into(),
        "0s".into(),
    ])
    .await;
    assert!(old.expect(1).stdout.contains("it was decided at"));
    // A summary alone says that the release was allowed, but not when its approvals expire.
    let bundle = "d/decision.sigstore.json".to_owned();
    let alone = |extra: &[&str]| {
        let args = ["verify", &bundle, "--trust", &trust].into_iter().chain(extra.iter().copied());
        run(args.map(str::to_owned).collect())
    };
    alone(&[]).await.expect(0);
    let unsaid = alone(&["--max-age", "1h"]).await.expect(4);
    assert!(unsaid.stdout.contains("when its approvals expire"), "{unsaid:?}");
}
