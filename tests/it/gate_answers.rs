//! The answers that a deployment tool gets if the result is no.

use crate::{
    on_both_engines,
    support::{
        app::{TestApp, accuracy, artifact, submission},
        database::TestDatabase,
    },
};
use modelgate::identity::Scope;
use serde_json::Value;
use std::fmt::Write as _;

async fn gate(app: &TestApp, token: &str, name: &str) -> Value {
    let query =
        format!("/api/v1/gate?model=acme/credit&digest={}&environment=production", artifact(name));
    app.get(token, &query).await.1["data"].clone()
}

on_both_engines! {
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
