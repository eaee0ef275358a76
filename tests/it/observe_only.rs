//! If policies only observe, nothing is released, unless the configuration allows the environment
//! by name.

use crate::on_both_engines;
use crate::support::{
    app::{TestApp, accuracy, artifact, submission},
    database::TestDatabase,
};
use modelgate::{
    app::offline::replay,
    identity::Scope,
    model::{ObserveOnly, ObserveOnlyBy},
};
use serde_json::{Value, json};

const OBSERVER: &str = "name = \"watch\"\nmode = \"observe\"\n[[rule]]\nid = \"floor\"\nmetric = \"accuracy\"\nmin = 0.9\n";
const MACHINE: [Scope; 2] = [Scope::Submit, Scope::Read];

fn in_environment(name: &str, environment: &str, right: u64) -> Value {
    let mut one = submission("acme/credit", name, &accuracy(right, 1000));
    one["environment"] = json!(environment);
    one
}

async fn gate(app: &TestApp, token: &str, name: &str, environment: &str) -> Value {
    let query = format!(
        "/api/v1/gate?model=acme/credit&digest={}&environment={environment}",
        artifact(name)
    );
    app.get(token, &query).await.1["data"].clone()
}

on_both_engines! {
    async fn publishing_tells_what_only_the_service_knows(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.person("acme", "ada", "model-risk").await;
        app.person("beta", "bob", "legal").await;
        let codes = |answer: &Value| -> Vec<String> {
            let list = answer["warnings"].as_array().cloned().unwrap_or_default();
            list.iter().map(|w| w["code"].as_str().unwrap().to_owned()).collect()
        };
        let rule = "[[rule]]\nid = \"r\"\nmetric = \"accuracy\"\nmin = 0.9\n";
        let ask = |id: &str, role: &str, count: u8| format!("[[approval]]\nid = \"{id}\"\nrole = \"{role}\"\ncount = {count}\n");
        for (text, wanted) in [
            (format!("name = \"a\"\n{rule}{}", ask("x", "model-risk", 1)), vec![]),
            (format!("name = \"b\"\n{rule}{}", ask("x", "legal", 1)), vec!["role-without-holder"]),
            (format!("name = \"c\"\n{rule}{}", ask("x", "model-risk", 2)), vec!["too-few-holders"]),
            (
                format!("name = \"d\"\n{rule}{}{}", ask("x", "model-risk", 1), ask("y", "model-risk", 1)),
                vec!["too-few-holders"],
            ),
            (format!("name = \"e\"\napplies_to = {{ models = [\"beta/*\"] }}\n{rule}"), vec!["pattern-matches-nothing"]),
            (
                format!("name = \"f\"\napplies_to = {{ models = [\"credit-*\"] }}\n{rule}"),
                vec!["pattern-matches-nothing", "pattern-without-namespace"],
            ),
            ("name = \"g\"\n[[rule]]\nid = \"r\"\nmetric = \"accuracy\"\nmax = 0.9\n".to_owned(), vec!["wrong-direction"]),
        ] {
            let (status, told) = app.publish("acme", &text).await;
            let mut found = codes(&told);
            found.sort();
            assert_eq!((status, found), (201, wanted.iter().map(|w| (*w).to_owned()).collect()), "{told}");
            let (_, again) = app.publish("acme", &text).await;
            assert_eq!(codes(&again).len(), wanted.len(), "the same bytes are told the same");
        }
        let (status, refused) = app.publish("acme", &format!("name = \"z\"\n#{}\n{rule}", "x".repeat(600_000))).await;
        assert_eq!((status, &refused["mistakes"][0]["code"]), (422, &json!("policy-too-large")), "{refused}");
        // A disabled user holds no role.
        let asks = format!("name = \"a\"\n{rule}{}", ask("x", "model-risk", 1));
        app.service.disable_user("ada").await.unwrap();
        assert_eq!(codes(&app.publish("acme", &asks).await.1), ["role-without-holder"]);
        app.stop().await;
    }

    async fn a_verdict_that_takes_long_holds_up_nobody_else(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.publish("acme", OBSERVER).await;
        let ci = app.machine("acme", &MACHINE).await;
        let held = app.service.judges().hold().await.unwrap();
        let one = in_environment("late", "production", 1000);
        let mut submitted = Box::pin(app.submit(&ci, &one));
        // This runtime has one thread: if the verdict were computed on it, or not waited for, the
        // submission would be first.
        for _ in 0..20 {
            let healthy = async { app.http.get(format!("{}/healthz", app.base)).send().await.unwrap().status() };
            tokio::select! {
                biased;
                answer = &mut submitted => panic!("judged without a place: {answer:?}"),
                status = healthy => assert_eq!(status, 200),
            }
        }
        drop(held);
        assert_eq!(submitted.as_mut().await.0, 201);
        drop(submitted);
        app.stop().await;
    }

    async fn what_only_observes_releases_nothing(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.publish("acme", OBSERVER).await;
        let ci = app.machine("acme", &MACHINE).await;
        for (name, right) in [("bad", 500), ("good", 1000)] {
            let (_, decided) = app.submit(&ci, &in_environment(name, "production", right)).await;
            assert_eq!(decided["verdict"]["verdict"], "deny", "{decided}");
            let last = decided["verdict"]["findings"].as_array().unwrap().last().unwrap().clone();
            assert_eq!((&last["rule"], &last["status"]), (&json!("no-policy"), &json!("missing")));
            let answer = gate(&app, &ci, name, "production").await;
            assert_eq!(answer["ok"], false);
            assert_eq!(answer["reasons"], json!([last["message"]]));
            assert!(app.inputs(&ci, &decided).await.get("observe_only").is_none(), "nothing of it is in the inputs");
            let again = replay::replay(&app.export(&ci, &decided).await).unwrap();
            assert!(again.same, "{again:#?}");
        }
        app.stop().await;
    }

    async fn an_environment_that_is_named_lets_through_what_is_observed(database: TestDatabase) {
        let staging = [("staging".parse().unwrap(), ObserveOnly::Allow)].into();
        let told: ObserveOnlyBy = [("acme".parse().unwrap(), staging)].into();
        let app = TestApp::start_observing(&database, told).await;
        app.publish("acme", OBSERVER).await;
        app.publish("beta", OBSERVER).await;
        let ci = app.machine("acme", &MACHINE).await;
        let (_, decided) = app.submit(&ci, &in_environment("bad", "staging", 500)).await;
        assert_eq!(decided["verdict"]["verdict"], "allow", "{decided}");
        assert_eq!(gate(&app, &ci, "bad", "staging").await["ok"], true);
        assert_eq!(app.inputs(&ci, &decided).await["observe_only"], "allow");
        let files = app.export(&ci, &decided).await;
        assert!(!files.contains_key("decision.dsse.json"), "nothing was verified that a summary could vouch for");
        let again = replay::replay(&files).unwrap();
        assert!(again.same, "{again:#?}");

        let (_, elsewhere) = app.submit(&ci, &in_environment("bad", "production", 1000)).await;
        assert_eq!(elsewhere["verdict"]["verdict"], "deny");
        let other = app.machine("beta", &MACHINE).await;
        let mut theirs = in_environment("bad", "staging", 1000);
        theirs["model"] = json!("beta/credit");
        assert_eq!(app.submit(&other, &theirs).await.1["verdict"]["verdict"], "deny", "of acme it was said, not of beta");

        app.publish("acme", "name = \"enforced\"\n[[rule]]\nid = \"floor\"\nmetric = \"accuracy\"\nmin = 0.9\n").await;
        let (_, enforced) = app.submit(&ci, &in_environment("again", "staging", 990)).await;
        assert_eq!(enforced["verdict"]["verdict"], "allow");
        assert!(app.inputs(&ci, &enforced).await.get("observe_only").is_none(), "it made no difference");
        app.stop().await;
    }
}
