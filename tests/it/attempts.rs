//! Attempts on a data set: each artifact has one number under a policy, regardless of who asks and
//! how often.

use crate::{
    on_both_engines,
    support::{
        app::{POLICY, TestApp, accuracy, submission},
        database::TestDatabase,
    },
};
use modelgate::identity::Scope;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const MACHINE: [Scope; 2] = [Scope::Read, Scope::Submit];

fn on(dataset: &str) -> Value {
    let mut evidence = accuracy(960, 1000);
    evidence["dataset"]["name"] = json!(dataset);
    evidence
}

async fn attempts(app: &TestApp, ci: &str, model: &str, name: &str, evidence: &Value) -> Value {
    let (status, decided) = app.submit(ci, &submission(model, name, evidence)).await;
    assert!(status == 201 || (status == 200 && decided["repeated"] == true), "{decided}");
    app.inputs(ci, &decided).await["looks"].clone()
}

fn tries(attempts: &Value) -> Vec<(String, u64)> {
    let list = attempts.as_array().unwrap();
    assert!(list.iter().all(|attempt| attempt["policy"] == "two-eyes"), "{attempts}");
    list.iter()
        .map(|attempt| {
            (attempt["dataset"].as_str().unwrap().to_owned(), attempt["tries"].as_u64().unwrap())
        })
        .collect()
}

on_both_engines! {
    async fn an_artifact_keeps_its_number(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.publish("acme", POLICY).await;
        let ci = app.machine("acme", &MACHINE).await;
        let one = |dataset: &str, tries: u64| vec![(dataset.to_owned(), tries)];
        for (model, name, dataset, expected) in [
            ("acme/credit", "a", "q3", 1), ("acme/credit", "b", "q3", 2), ("acme/credit", "a", "q3", 1),
            ("acme/other", "b", "q3", 1), ("acme/other", "c", "q3", 2), ("acme/credit", "c", "q4", 1), ("acme/credit", "c", "q3", 3),
        ] {
            assert_eq!(tries(&attempts(&app, &ci, model, name, &on(dataset)).await), one(dataset, expected), "{name} {dataset}");
        }
        let mut nameless = accuracy(960, 1000);
        nameless.as_object_mut().unwrap().remove("dataset");
        // Artifacts of another model do not affect this one's data set, least of all if no data set
        // is named.
        for (model, name, expected) in [("acme/credit", "a", 1), ("acme/other", "b", 1), ("acme/credit", "c", 2)] {
            assert_eq!(tries(&attempts(&app, &ci, model, name, &nameless).await), one("", expected), "{model} {name}");
        }
        // Another namespace is counted separately.
        app.publish("zeta", POLICY).await;
        let other = app.machine("zeta", &MACHINE).await;
        assert_eq!(tries(&attempts(&app, &other, "zeta/credit", "z", &on("q3")).await), one("q3", 1));
        app.stop().await;
        let app = TestApp::start(&database).await;
        assert_eq!(tries(&attempts(&app, &ci, "acme/credit", "b", &on("q3")).await), one("q3", 2), "a restart forgets nothing");
        assert!(tries(&attempts(&app, &ci, "acme/credit", "d", &on("q3")).await)[0].1 > 3);
        app.stop().await;
    }

    async fn two_services_never_give_one_number_twice(database: TestDatabase) {
        let apps = [TestApp::start(&database).await, TestApp::start(&database).await];
        apps[0].publish("acme", POLICY).await;
        let ci = apps[0].machine("acme", &MACHINE).await;
        let run = async |which: usize| {
            let (app, ci) = (&apps[which], &ci);
            // `shared` is requested on both, at the same moments.
            let one = async |name: String| tries(&attempts(app, ci, "acme/credit", &name, &on("q3")).await)[0].1;
            let mut own = Vec::new();
            let mut shared = BTreeSet::new();
            for i in 0..8 {
                let (a, b, s) = tokio::join!(one(format!("{which}-{i}-a")), one(format!("{which}-{i}-b")), one("shared".into()));
                own.extend([a, b]);
                shared.insert(s);
            }
            (own, shared)
        };
        let ((mut left, shared), (right, too)) = tokio::join!(run(0), run(1));
        left.extend(right);
        assert_eq!((shared.len(), &shared), (1, &too), "one artifact, one number");
        left.extend(shared);
        assert_eq!(left.iter().collect::<BTreeSet<_>>().len(), 33, "{left:?}");
        for app in apps {
            app.stop().await;
        }
    }
}
