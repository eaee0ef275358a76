//! The champion and the reference: the baselines of a release, frozen with its inputs.

use crate::{
    on_both_engines,
    support::{
        app::{TestApp, accuracy, answer, artifact, submission},
        database::TestDatabase,
        served::{modelgate, run},
    },
};
use modelgate::{app::offline::replay, identity::Scope};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const MACHINE: [Scope; 2] = [Scope::Read, Scope::Submit];

fn policy(against: &str, approvals: &str) -> String {
    format!(
        "name = \"no-worse\"\n[[rule]]\nid = \"floor\"\nmetric = \"accuracy\"\nmin = 0.5\n[[rule]]\nid = \"no-loss\"\nmetric = \"accuracy\"\nagainst = \"{against}\"\nmax_loss = \
         0.05\nfirst_release = \"allow\"\n{approvals}"
    )
}

const ONE_PERSON: &str = "[[approval]]\nid = \"risk\"\nrole = \"model-risk\"\ncount = 1\n";

async fn allowed(app: &TestApp, ci: &str, name: &str, right: u64) -> Value {
    decided(app, ci, name, right, "allow").await
}

async fn decided(app: &TestApp, ci: &str, name: &str, right: u64, verdict: &str) -> Value {
    let (status, decided) =
        app.submit(ci, &submission("acme/credit", name, &accuracy(right, 1000))).await;
    assert_eq!((status, &decided["verdict"]["verdict"]), (201, &json!(verdict)), "{decided}");
    decided
}

async fn compared(app: &TestApp, ci: &str, decided: &Value, against: &str) -> Value {
    app.inputs(ci, decided).await[against].clone()
}

async fn approve(app: &TestApp, person: &str, decided: &Value) -> Value {
    let path = format!("/api/v1/releases/{}/approvals", decided["release"].as_str().unwrap());
    let vote = json!({"vote": "approve", "inputs_digest": decided["verdict"]["inputs_digest"]});
    let (status, after) = app.post(person, &path, &vote).await;
    assert_eq!((status, &after["verdict"]["verdict"]), (200, &json!("allow")), "{after}");
    after
}

fn replays(files: &replay::Files) {
    let replay = replay::replay(files).unwrap();
    assert!(replay.same, "{:?}", replay.differences);
}

/// Checks offline that every document verifies.
fn verifies(files: &replay::Files) {
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let mut command = modelgate(folder.path());
    command.args(["verify", ".", "--trust", "trust"]);
    run(command).expect(0);
}

fn below<'f>(files: &'f replay::Files, folder: &str) -> Vec<&'f str> {
    files.keys().filter_map(|path| path.strip_prefix(folder)).collect()
}

on_both_engines! {
    async fn the_champion_is_the_latest_allow_there(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        assert_eq!(app.publish("acme", &policy("champion", "")).await.0, 201);
        let ci = app.machine("acme", &MACHINE).await;
        let first = allowed(&app, &ci, "a", 950).await;
        assert_eq!(compared(&app, &ci, &first, "champion").await, Value::Null, "there was none yet");
        let second = allowed(&app, &ci, "b", 951).await;
        let champion = compared(&app, &ci, &second, "champion").await;
        assert_eq!(champion["artifact"], artifact("a"));
        assert_eq!(champion["evidence"], app.inputs(&ci, &first).await["evidence"]);
        assert_eq!(compared(&app, &ci, &second, "reference").await, Value::Null, "no rule reads it");
        decided(&app, &ci, "worse", 700, "deny").await;
        let third = allowed(&app, &ci, "c", 952).await;
        assert_eq!(compared(&app, &ci, &third, "champion").await["artifact"], artifact("b"), "a deny changes nothing");
        // A release of the champion itself can be requested again: it is compared with itself.
        let same = submission("acme/credit", "c", &accuracy(952, 1000));
        let (status, kept) = app.submit(&ci, &same).await;
        assert_eq!((status, &kept["release"]), (200, &third["release"]), "its own allow moved the champion, not its inputs");
        let mut asked = same;
        asked["again"] = json!(true);
        let (_, again) = app.submit(&ci, &asked).await;
        assert_eq!(again["verdict"]["verdict"], "allow");
        assert_eq!(compared(&app, &ci, &again, "champion").await["artifact"], artifact("c"));
        let mut elsewhere = submission("acme/credit", "d", &accuracy(950, 1000));
        elsewhere["environment"] = json!("staging");
        let (_, elsewhere) = app.submit(&ci, &elsewhere).await;
        assert_eq!(compared(&app, &ci, &elsewhere, "champion").await, Value::Null);

        let mut files = app.export(&ci, &third).await;
        let evidence = app.inputs(&ci, &second).await["evidence"][0]["digest"].as_str().unwrap().replace("sha256:", "");
        assert_eq!(below(&files, "champion/"), [format!("{evidence}.json")]);
        replays(&files);
        verifies(&files);
        // The champion's evidence is part of the decision.
        files.remove(&format!("champion/{evidence}.json"));
        let without = replay::replay(&files).unwrap();
        assert!(!without.same && without.recomputed.is_none());
        assert!(without.differences[0].at.starts_with("champion/"), "{:?}", without.differences);
        app.stop().await;
    }

    async fn an_approval_is_refused_once_the_champion_has_moved(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        assert_eq!(app.publish("acme", &policy("champion", ONE_PERSON)).await.0, 201);
        let ci = app.machine("acme", &MACHINE).await;
        let ada = app.person("acme", "ada", "model-risk").await;
        let a = decided(&app, &ci, "a", 950, "pending").await;
        assert_eq!(compared(&app, &ci, &decided(&app, &ci, "x", 950, "pending").await, "champion").await, Value::Null);
        approve(&app, &ada, &a).await;
        let b = decided(&app, &ci, "b", 951, "pending").await;
        let c = decided(&app, &ci, "c", 951, "pending").await;
        approve(&app, &ada, &c).await;
        // The champion is `c` by now; `b` was compared with `a`, so its result is out of date.
        let path = format!("/api/v1/releases/{}/approvals", b["release"].as_str().unwrap());
        let vote = |word: &str| json!({"vote": word, "inputs_digest": b["verdict"]["inputs_digest"]});
        let (status, problem) = app.post(&ada, &path, &vote("approve")).await;
        assert_eq!((status, &problem["code"]), (409, &json!("champion-moved")), "{problem}");
        // It was evaluated again by that: another request of the same is answered from it.
        let (_, whole) = app.get(&ci, &format!("/api/v1/releases/{}", b["release"].as_str().unwrap())).await;
        assert_eq!((&whole["standing"]["obstacle"], whole["decisions"].as_array().unwrap().len()), (&Value::Null, 2));
        let release = b["release"].clone();
        let (status, b) = app.submit(&ci, &submission("acme/credit", "b", &accuracy(951, 1000))).await;
        assert_eq!((status, &b["repeated"], &b["release"]), (200, &json!(true), &release), "{b}");
        assert_eq!(compared(&app, &ci, &b, "champion").await["artifact"], artifact("c"));
        let after = approve(&app, &ada, &b).await;
        replays(&app.export(&ci, &after).await);
        let d = decided(&app, &ci, "d", 951, "pending").await;
        assert_eq!(compared(&app, &ci, &d, "champion").await["artifact"], artifact("b"), "the latest by its log index");
        app.stop().await;
    }

    async fn nobody_is_judged_against_a_champion_that_was(database: TestDatabase) {
        // Two services, and every allow changes the champion for the other one.
        let apps = [TestApp::start(&database).await, TestApp::start(&database).await];
        assert_eq!(apps[0].publish("acme", &policy("champion", "")).await.0, 201);
        let ci = apps[0].machine("acme", &MACHINE).await;
        let run = async |which: usize| {
            let (app, ci) = (&apps[which], &ci);
            let one = async |i: usize| allowed(app, ci, &format!("{which}-{i}"), 950).await;
            let pair = async |i: usize| { let (x, y) = tokio::join!(one(i), one(i + 1)); [x, y] };
            let mut all = Vec::new();
            for i in [0, 2, 4, 6] {
                all.extend(pair(i).await);
            }
            all
        };
        let (left, right) = tokio::join!(run(0), run(1));
        let mut by_index = BTreeMap::new();
        for decided in left.iter().chain(&right) {
            let inputs = apps[0].inputs(&ci, decided).await;
            by_index.insert(decided["log"]["record"].as_u64().unwrap(), (inputs["artifact"].clone(), inputs["champion"]["artifact"].clone()));
        }
        assert_eq!(by_index.len(), 16);
        let mut champion = Value::Null;
        for (artifact, against) in by_index.into_values() {
            assert_eq!(against, champion);
            champion = artifact;
        }
        for app in apps {
            app.stop().await;
        }
    }

    async fn the_reference_moves_only_by_two_people(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        assert_eq!(app.publish("acme", &policy("reference", ONE_PERSON)).await.0, 201);
        let ci = app.machine("acme", &MACHINE).await;
        let (ada, ben) = (app.person("acme", "ada", "model-risk").await, app.person("acme", "ben", "model-risk").await);
        let first = decided(&app, &ci, "a", 950, "pending").await;
        assert_eq!(compared(&app, &ci, &first, "reference").await, Value::Null);
        let proposal = |name: &str| json!({"model": "acme/credit", "environment": "production", "artifact": artifact(name), "comment": "a good start"});
        let (status, problem) = app.post(&ci, "/api/v1/references", &proposal("a")).await;
        assert_eq!((status, &problem["code"]), (422, &json!("reference-not-allowed")), "it waits for approval");
        approve(&app, &ada, &first).await;

        let send = async |body: &Value| {
            let request = app.http.post(format!("{}/api/v1/references", app.base)).bearer_auth(&ada);
            answer(request.header("idempotency-key", "k1").json(body)).await
        };
        let (status, proposed) = send(&proposal("a")).await;
        assert_eq!(status, 201, "{proposed}");
        assert_eq!(send(&proposal("a")).await.1["reference"], proposed["reference"], "the same request is one");
        assert_eq!(send(&proposal("b")).await.0, 409);
        let path = format!("/api/v1/references/{}/approvals", proposed["reference"].as_str().unwrap());
        let list = "/api/v1/references?model=acme/credit&environment=production";
        assert_eq!(app.get(&ci, list).await.1["in_force"], Value::Null);
        let vote = json!({"comment": "yes"});
        let outsider = app.person("acme", "eve", "marketing").await;
        let stranger = app.person("zeta", "zoe", "model-risk").await;
        for (token, status, code) in [
            (&ada, 403, "own-reference"), (&ci, 403, "forbidden"), (&outsider, 403, "role-not-asked"),
            (&stranger, 404, "not-found"),
        ] {
            let (got, problem) = app.post(token, &path, &vote).await;
            assert_eq!((got, &problem["code"]), (status, &json!(code)), "{problem}");
        }
        assert_eq!(app.get(&stranger, list).await.0, 404);
        let early = decided(&app, &ci, "b", 951, "pending").await;
        assert_eq!(compared(&app, &ci, &early, "reference").await, Value::Null, "nobody approved it yet");
        let size = app.log_size("acme").await;
        let (left, right) = tokio::join!(app.post(&ben, &path, &vote), app.post(&ben, &path, &vote));
        assert_eq!((left.0, right.0), (200, 200), "{left:?} {right:?}");
        assert_eq!(left.1["approval"]["by"]["name"], "ben of acme");
        assert_eq!(app.log_size("acme").await, size + 1, "pinned once");

        let waiting = format!("/api/v1/releases/{}/approvals", early["release"].as_str().unwrap());
        let yes = json!({"vote": "approve", "inputs_digest": early["verdict"]["inputs_digest"]});
        assert_eq!(app.post(&ada, &waiting, &yes).await.1["code"], "reference-moved", "it was judged without one");

        // The champion changes, the reference does not.
        let (_, second) = app.submit(&ci, &submission("acme/credit", "b", &accuracy(951, 1000))).await;
        assert_eq!((&second["release"], &second["repeated"]), (&early["release"], &json!(true)), "evaluated again by the vote");
        approve(&app, &ada, &second).await;
        let third = decided(&app, &ci, "c", 952, "pending").await;
        let reference = compared(&app, &ci, &third, "reference").await;
        assert_eq!(reference["artifact"], artifact("a"));
        assert_eq!(reference["evidence"], app.inputs(&ci, &first).await["evidence"]);
        assert_eq!(compared(&app, &ci, &third, "champion").await, Value::Null, "no rule reads it");
        let files = app.export(&ci, &third).await;
        assert_eq!(below(&files, "reference/").len(), 1);
        replays(&files);
        let (_, in_force) = app.get(&ci, list).await;
        assert_eq!((&in_force["in_force"]["artifact"], in_force["data"].as_array().unwrap().len()), (&json!(artifact("a")), 1));
        for kind in ["reference-proposed", "reference-approved"] {
            assert_eq!(app.entries_of(&ci, kind).await, 1, "{kind}");
        }
        app.stop().await;
    }
}
