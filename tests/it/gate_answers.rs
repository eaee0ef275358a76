//! The answers that a deployment tool gets if the result is no.

use crate::{
    on_both_engines,
    support::{
        app::{TestApp, accuracy, artifact, submission},
        database::TestDatabase,
    },
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use modelgate::identity::Scope;
use serde_json::{Value, json};
use std::{fmt::Write as _, fs, path::Path};

const OBSERVER: &str = "name = \"observer\"\nmode = \"observe\"\n[[rule]]\nid = \"r\"\nmetric = \"accuracy\"\nmin = 0.9\n";

async fn gate(app: &TestApp, token: &str, name: &str) -> Value {
    let query =
        format!("/api/v1/gate?model=acme/credit&digest={}&environment=production", artifact(name));
    app.get(token, &query).await.1["data"].clone()
}

/// The record of an allow from the version before the second semantics, where a policy only
/// observed.
fn first_record() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/first-semantics/observed/record.dsse.json");
    let envelope: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap()
}

on_both_engines! {
    async fn an_earlier_allow_that_was_only_observed_is_no_permission(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.publish("acme", OBSERVER).await;
        let ci = app.machine("acme", &[Scope::Submit, Scope::Read]).await;
        app.submit(&ci, &submission("acme/credit", "old", &accuracy(500, 1000))).await;
        let record = hex::encode(first_record());
        let literal =
            if database.url().starts_with("postgres") { format!("decode('{record}', 'hex')") } else { format!("X'{record}'") };
        database.execute_owned(format!("UPDATE decisions SET verdict = 'allow', record = {literal}")).await;
        database.execute("UPDATE releases SET verdict = 'allow'").await;
        let answer = gate(&app, &ci, "old").await;
        assert_eq!((&answer["ok"], &answer["verdict"]), (&json!(false), &json!("deny")), "{answer}");
        let first = answer["reasons"][0].as_str().unwrap();
        assert!(first.contains("only observing policies") && first.contains("submit it again"), "{answer}");
        app.stop().await;
    }

    async fn many_reasons_are_told_in_part_and_counted(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let mut policy = "name = \"many\"\n".to_owned();
        for i in 0..60 {
            write!(policy, "[[rule]]\nid = \"r{i}\"\nmetric = \"accuracy\"\nmin = 0.9{i:02}\n").unwrap();
        }
        assert_eq!(app.publish("acme", &policy).await.0, 201);
        let ci = app.machine("acme", &[Scope::Submit, Scope::Read]).await;
        app.submit(&ci, &submission("acme/credit", "bad", &accuracy(500, 1000))).await;
        let answer = gate(&app, &ci, "bad").await;
        let reasons = answer["reasons"].as_array().unwrap();
        assert_eq!(reasons.len(), 51, "{answer}");
        assert!(reasons[50].as_str().unwrap().starts_with("and 10 more; "), "{}", reasons[50]);
        assert!(reasons[..50].iter().all(|reason| reason.as_str().unwrap().starts_with("accuracy is 0.500")));
        app.stop().await;
    }
}
