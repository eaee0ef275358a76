//! The validity of approvals over time: they expire, the inputs that they were given for are
//! replaced, and a rerun does not lose any.

use crate::{
    on_both_engines,
    support::{
        app::{Answer, POLICY, TestApp, accuracy, answer, artifact, submission},
        database::TestDatabase,
    },
};
use modelgate::identity::Scope;
use serde_json::{Value, json};

const MACHINE: [Scope; 2] = [Scope::Read, Scope::Submit];

async fn vote(app: &TestApp, person: &str, decided: &Value, word: &str) -> Answer {
    let path = format!("/api/v1/releases/{}/approvals", decided["release"].as_str().unwrap());
    app.post(
        person,
        &path,
        &json!({"vote": word, "inputs_digest": decided["verdict"]["inputs_digest"]}),
    )
    .await
}

async fn gate(app: &TestApp, token: &str, name: &str) -> Value {
    let query =
        format!("/api/v1/gate?model=acme/credit&digest={}&environment=production", artifact(name));
    app.get(token, &query).await.1["data"].clone()
}

async fn standing(app: &TestApp, token: &str, decided: &Value) -> Value {
    let path = format!("/api/v1/releases/{}", decided["release"].as_str().unwrap());
    app.get(token, &path).await.1["standing"].clone()
}

/// A service with the policy of two people, a CI token, and both people.
async fn started(database: &TestDatabase) -> (TestApp, String, [String; 2]) {
    let app = TestApp::start(database).await;
    assert_eq!(app.publish("acme", POLICY).await.0, 201);
    let ci = app.machine("acme", &MACHINE).await;
    let people = [
        app.person("acme", "ada", "model-risk").await,
        app.person("acme", "bob", "model-risk").await,
    ];
    (app, ci, people)
}

fn good() -> Value {
    submission("acme/credit", "good", &accuracy(960, 1000))
}

async fn allowed(app: &TestApp, ci: &str, people: &[String; 2]) -> Value {
    let (status, decided) = app.submit(ci, &good()).await;
    assert_eq!(status, 201, "{decided}");
    for person in people {
        let (status, after) = vote(app, person, &decided, "approve").await;
        assert_eq!(status, 200, "{after}");
    }
    decided
}

on_both_engines! {
    async fn an_allow_ends_with_the_approvals_that_it_rests_on(database: TestDatabase) {
        let (app, ci, people) = started(&database).await;
        let (_, decided) = app.submit(&ci, &good()).await;
        vote(&app, &people[0], &decided, "approve").await;
        app.clock.forward("1d");
        let (_, after) = vote(&app, &people[1], &decided, "approve").await;
        assert_eq!(after["verdict"]["verdict"], "allow");
        // Ada's approval is valid for seven days from NOW, and the record says so.
        assert_eq!(after["verdict"]["approvals"][0]["until"], "2026-11-27T12:00:00Z");
        app.clock.forward("6d");
        let last = gate(&app, &ci, "good").await;
        assert_eq!((&last["ok"], &last["verdict"]), (&json!(false), &json!("pending")), "{last}");
        assert!(last["reasons"][0].as_str().unwrap().contains("expired at 2026-11-27T12:00:00Z"), "{last}");
        assert_eq!(last["reasons"][1], "1 of 2 people with the role model-risk approved");
        let now = standing(&app, &ci, &decided).await;
        assert_eq!((&now["ended"], &now["open"]), (&json!("2026-11-27T12:00:00Z"), &json!(true)));

        // A decision does not change later, so an export still contains the original verdict.
        let files = app.export(&ci, &after).await;
        assert!(modelgate::app::offline::replay::replay(&files).unwrap().same);
        // Ada approves again; Bob's approval is still valid.
        let (status, renewed) = vote(&app, &people[0], &decided, "approve").await;
        assert_eq!((status, &renewed["verdict"]["verdict"]), (200, &json!("allow")), "{renewed}");
        assert_eq!(gate(&app, &ci, "good").await["ok"], true);
        app.stop().await;
    }

    async fn the_second_before_it_ends_an_allow_still_is_one(database: TestDatabase) {
        let (app, ci, people) = started(&database).await;
        allowed(&app, &ci, &people).await;
        app.clock.forward("6d");
        app.clock.forward("86399s");
        let last = gate(&app, &ci, "good").await;
        assert_eq!((&last["ok"], &last["until"]), (&json!(true), &json!("2026-11-27T12:00:00Z")), "{last}");
        app.clock.forward("1s");
        assert_eq!(gate(&app, &ci, "good").await["ok"], false);
        app.stop().await;
    }

    async fn what_was_let_through_stays_the_champion_when_its_approvals_end(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let policy = "name = \"p\"\n[[rule]]\nid = \"r\"\nmetric = \"accuracy\"\nagainst = \"champion\"\nmax_loss = 0.05\n\
                      first_release = \"allow\"\n[[approval]]\nid = \"a\"\nrole = \"model-risk\"\ncount = 1\nexpires = \"1h\"";
        app.publish("acme", policy).await;
        let ci = app.machine("acme", &MACHINE).await;
        let ada = app.person("acme", "ada", "model-risk").await;
        let (_, decided) = app.submit(&ci, &good()).await;
        vote(&app, &ada, &decided, "approve").await;
        app.clock.forward("2h");
        assert_eq!(gate(&app, &ci, "good").await["ok"], false);
        // A worse artifact is still not a first release.
        let (_, worse) = app.submit(&ci, &submission("acme/credit", "worse", &accuracy(700, 1000))).await;
        assert_eq!(worse["verdict"]["verdict"], "deny", "{worse}");
        assert_eq!(app.inputs(&ci, &worse).await["champion"]["artifact"], artifact("good"));
        app.stop().await;
    }

    async fn a_yes_that_was_given_is_not_given_twice(database: TestDatabase) {
        let (app, ci, people) = started(&database).await;
        let first = allowed(&app, &ci, &people).await;
        let size = app.log_size("acme").await;
        let (status, again) = vote(&app, &people[0], &first, "approve").await;
        assert_eq!((status, &again["verdict"]["verdict"]), (200, &json!("allow")), "{again}");
        assert_eq!(app.log_size("acme").await, size, "nothing was added");
        // A rejection, and an approval by a person whom the allow does not depend on, still find
        // nothing pending.
        let other = app.person("acme", "dan", "model-risk").await;
        for (who, word) in [(&people[0], "reject"), (&other, "approve")] {
            let (status, problem) = vote(&app, who, &first, word).await;
            assert_eq!((status, &problem["code"]), (409, &json!("not-pending")), "{problem}");
        }
        app.stop().await;
    }

    // Each vote makes a decision that contains all votes before it. So a loop, or a retry without a
    // key, must not fill the log.
    async fn a_yes_said_again_while_others_are_missing_changes_nothing(database: TestDatabase) {
        let (app, ci, people) = started(&database).await;
        let (_, decided) = app.submit(&ci, &good()).await;
        let (_, first) = vote(&app, &people[0], &decided, "approve").await;
        assert_eq!(first["verdict"]["verdict"], "pending");
        let size = app.log_size("acme").await;
        for _ in 0..3 {
            let (status, again) = vote(&app, &people[0], &decided, "approve").await;
            assert_eq!((status, &again["decision"]), (200, &first["decision"]), "{again}");
        }
        assert_eq!(app.log_size("acme").await, size, "nothing was added");
        // A different comment is a different vote, up to a limit.
        let path = format!("/api/v1/releases/{}/approvals", decided["release"].as_str().unwrap());
        let with = |n: usize| json!({"vote": "approve", "comment": format!("{n}"), "inputs_digest": decided["verdict"]["inputs_digest"]});
        for n in 1..20 {
            assert_eq!(app.post(&people[0], &path, &with(n)).await.0, 200, "{n}");
        }
        let (status, problem) = app.post(&people[0], &path, &with(20)).await;
        assert_eq!((status, &problem["code"]), (409, &json!("votes-too-many")), "{problem}");
        // Other people vote as before.
        assert_eq!(vote(&app, &people[1], &decided, "approve").await.1["verdict"]["verdict"], "allow");
        app.stop().await;
    }

    async fn an_expired_yes_is_given_anew_while_others_are_missing(database: TestDatabase) {
        let (app, ci, people) = started(&database).await;
        let (_, decided) = app.submit(&ci, &good()).await;
        let (_, first) = vote(&app, &people[0], &decided, "approve").await;
        app.clock.forward("8d");
        let (status, again) = vote(&app, &people[0], &decided, "approve").await;
        assert_eq!(status, 200, "{again}");
        assert_ne!(again["decision"], first["decision"], "the one before had expired");
        assert_eq!(again["verdict"]["approvals"][0]["given"], 1);
        app.stop().await;
    }

    async fn a_rerun_with_the_same_inputs_keeps_its_decision(database: TestDatabase) {
        let (app, ci, people) = started(&database).await;
        let first = allowed(&app, &ci, &people).await;
        let size = app.log_size("acme").await;
        let (status, again) = app.submit(&ci, &good()).await;
        assert_eq!((status, &again["release"], &again["repeated"]), (200, &first["release"], &json!(true)), "{again}");
        assert_eq!(again["verdict"]["verdict"], "allow");
        assert_eq!((app.log_size("acme").await, &gate(&app, &ci, "good").await["ok"]), (size, &json!(true)));
        // A submitter who wants a new decision gets one.
        let mut anew = good();
        anew["again"] = json!(true);
        let (status, asked) = app.submit(&ci, &anew).await;
        assert_eq!((status, &asked["verdict"]["verdict"]), (201, &json!("pending")));
        assert_ne!(asked["release"], first["release"]);
        // Different inputs and different policies are evaluated again.
        app.publish("acme", &POLICY.replace("min = 0.9", "min = 0.91")).await;
        let (status, asked) = app.submit(&ci, &good()).await;
        assert_eq!((status, &asked["verdict"]["verdict"]), (201, &json!("pending")), "{asked}");
        app.stop().await;
    }

    async fn a_rejection_is_kept_and_ended_approvals_are_asked_for_anew(database: TestDatabase) {
        let (app, ci, people) = started(&database).await;
        let first = allowed(&app, &ci, &people).await;
        app.clock.forward("8d");
        let (status, second) = app.submit(&ci, &good()).await;
        assert_eq!((status, &second["verdict"]["verdict"]), (201, &json!("pending")), "{second}");
        assert_ne!(second["release"], first["release"]);
        assert_eq!(vote(&app, &people[0], &second, "reject").await.1["verdict"]["verdict"], "deny");
        let (status, third) = app.submit(&ci, &good()).await;
        assert_eq!((status, &third["release"], &third["verdict"]["verdict"]), (200, &second["release"], &json!("deny")));
        app.stop().await;
    }

    async fn an_older_release_cannot_be_approved_once_there_is_a_newer_one(database: TestDatabase) {
        let (app, ci, people) = started(&database).await;
        let (_, older) = app.submit(&ci, &good()).await;
        vote(&app, &people[0], &older, "approve").await;
        let (_, newer) = app.submit(&ci, &submission("acme/credit", "good", &accuracy(500, 1000))).await;
        assert_eq!(newer["verdict"]["verdict"], "deny");
        for word in ["approve", "reject"] {
            let (status, problem) = vote(&app, &people[1], &older, word).await;
            assert_eq!((status, &problem["code"]), (409, &json!("superseded")), "{problem}");
            assert!(problem["detail"].as_str().unwrap().contains(newer["release"].as_str().unwrap()), "{problem}");
        }
        let now = gate(&app, &ci, "good").await;
        assert_eq!((&now["ok"], &now["release"]), (&json!(false), &newer["release"]));
        assert_eq!(standing(&app, &ci, &older).await["superseded_by"], newer["release"]);
        // The same artifact in another environment is independent.
        let mut staging = good();
        staging["environment"] = json!("staging");
        app.submit(&ci, &staging).await;
        assert_eq!(standing(&app, &ci, &newer).await["superseded_by"], Value::Null);
        app.stop().await;
    }

    async fn an_approval_under_a_replaced_policy_has_the_release_evaluated_again(database: TestDatabase) {
        let (app, ci, people) = started(&database).await;
        let (_, decided) = app.submit(&ci, &good()).await;
        assert_eq!(vote(&app, &people[0], &decided, "approve").await.0, 200);
        app.publish("acme", &POLICY.replace("min = 0.9", "min = 0.93")).await;
        assert_eq!(standing(&app, &ci, &decided).await["obstacle"]["code"], "policies-changed");
        let (status, problem) = vote(&app, &people[1], &decided, "approve").await;
        assert_eq!((status, &problem["code"]), (409, &json!("policies-changed")), "{problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("the policy `two-eyes` was replaced") && detail.contains("read it, and vote"), "{detail}");
        // It has other inputs now, without votes; a reviewer who saw the old ones is told so.
        let path = format!("/api/v1/releases/{}", decided["release"].as_str().unwrap());
        let (_, whole) = app.get(&ci, &path).await;
        assert_eq!(whole["decisions"].as_array().unwrap().len(), 3, "submitted, approved by one, evaluated again");
        assert_ne!(whole["inputs_digest"], decided["verdict"]["inputs_digest"]);
        assert_eq!((&whole["standing"]["obstacle"], &whole["standing"]["approvals"][0]["given"]), (&Value::Null, &json!(0)));
        assert_eq!(whole["inputs"]["submitter"], whole["submitter"]["id"]);
        let (status, problem) = vote(&app, &people[1], &decided, "approve").await;
        assert_eq!((status, &problem["code"]), (409, &json!("inputs-changed")), "{problem}");
        // The same people approve what they see now.
        let anew = json!({"release": decided["release"], "verdict": {"inputs_digest": whole["inputs_digest"]}});
        for person in &people[..2] {
            assert_eq!(vote(&app, person, &anew, "approve").await.0, 200);
        }
        assert_eq!(gate(&app, &ci, "good").await["ok"], true);
        let (_, whole) = app.get(&ci, &path).await;
        for decision in whole["decisions"].as_array().unwrap() {
            let files = app.export(&ci, decision).await;
            assert!(modelgate::app::offline::replay::replay(&files).unwrap().same, "{decision}");
        }
        assert_eq!(app.service.check_all().await.unwrap().wrong, Vec::<String>::new());
        app.stop().await;
    }

    async fn a_waiting_release_can_be_evaluated_again(database: TestDatabase) {
        let (app, ci, people) = started(&database).await;
        let (_, decided) = app.submit(&ci, &good()).await;
        let path = format!("/api/v1/releases/{}/evaluations", decided["release"].as_str().unwrap());
        let (status, same) = app.post(&ci, &path, &json!({})).await;
        assert_eq!((status, &same["decision"]), (200, &decided["decision"]), "nothing has moved: {same}");
        // A policy that is new there also matters.
        app.publish("acme", &POLICY.replace("two-eyes", "another")).await;
        let standing = standing(&app, &ci, &decided).await;
        assert!(standing["obstacle"]["message"].as_str().unwrap().contains("the policy `another` applies now too"), "{standing}");
        let (status, again) = app.post(&ci, &path, &json!({})).await;
        assert_eq!((status, &again["verdict"]["verdict"]), (200, &json!("pending")), "{again}");
        assert_eq!(again["verdict"]["policies"].as_array().unwrap().len(), 2);
        // A rejection does not need the newest policy.
        app.publish("acme", &POLICY.replace("min = 0.9", "min = 0.99")).await;
        let stranger = app.person("zeta", "zoe", "model-risk").await;
        assert_eq!(app.post(&stranger, &path, &json!({})).await.0, 404);
        let reader = app.machine("acme", &[Scope::Read]).await;
        assert_eq!(app.post(&reader, &path, &json!({})).await.0, 403);
        let rejected = vote(&app, &people[0], &again, "reject").await.1;
        assert_eq!(rejected["verdict"]["verdict"], "deny");
        let (status, problem) = app.post(&ci, &path, &json!({})).await;
        assert_eq!((status, &problem["code"]), (409, &json!("not-pending")), "{problem}");
        // Under a stricter policy it is denied.
        let mut other = good();
        other["environment"] = json!("staging");
        app.publish("acme", POLICY).await;
        let (_, waiting) = app.submit(&ci, &other).await;
        app.publish("acme", &POLICY.replace("min = 0.9", "min = 0.99")).await;
        let (status, problem) = vote(&app, &people[0], &waiting, "approve").await;
        assert_eq!(status, 409, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("is denied now"), "{problem}");
        app.stop().await;
    }

    async fn a_key_stands_for_one_release_and_one_address(database: TestDatabase) {
        let (app, ci, people) = started(&database).await;
        let (_, first) = app.submit(&ci, &good()).await;
        // The same inputs digest, so the body of the vote is the same.
        let mut anew = good();
        anew["again"] = json!(true);
        let (_, second) = app.submit(&ci, &anew).await;
        assert_eq!(first["verdict"]["inputs_digest"], second["verdict"]["inputs_digest"]);
        let send = async |decided: &Value, key: &str| {
            let path = format!("{}/api/v1/releases/{}/approvals", app.base, decided["release"].as_str().unwrap());
            let body = json!({"vote": "reject", "inputs_digest": decided["verdict"]["inputs_digest"]});
            answer(app.http.post(path).bearer_auth(&people[0]).header("idempotency-key", key).json(&body)).await
        };
        // A refused vote was not stored, and its key can be used again.
        assert_eq!(send(&first, "k").await.1["code"], "superseded");
        assert_eq!(send(&second, "k").await.0, 200);
        assert_eq!(send(&second, "k").await.0, 200, "the same request");
        let size = app.log_size("acme").await;
        let (_, other) = app.submit(&ci, &submission("acme/credit", "other", &accuracy(970, 1000))).await;
        let path = format!("{}/api/v1/releases/{}/approvals", app.base, other["release"].as_str().unwrap());
        let body = json!({"vote": "reject", "inputs_digest": second["verdict"]["inputs_digest"]});
        let (status, problem) = answer(app.http.post(path).bearer_auth(&people[0]).header("idempotency-key", "k").json(&body)).await;
        assert_eq!((status, &problem["code"]), (409, &json!("idempotency-key-reused")), "the same body to another release");
        assert!(app.log_size("acme").await > size);
        let (_, whole) = app.get(&ci, &format!("/api/v1/releases/{}", other["release"].as_str().unwrap())).await;
        assert_eq!(whole["verdict"], "pending");
        app.stop().await;
    }

    async fn a_rerun_under_its_own_key_keeps_the_decision_and_the_key(database: TestDatabase) {
        let (app, ci, people) = started(&database).await;
        let first = allowed(&app, &ci, &people).await;
        let send = async |body: &Value| {
            let request = app.http.post(format!("{}/api/v1/releases", app.base)).bearer_auth(&ci);
            answer(request.header("idempotency-key", "run-2").json(body)).await
        };
        let (status, again) = send(&good()).await;
        assert_eq!((status, &again["release"]), (200, &first["release"]), "{again}");
        let (status, problem) = send(&submission("acme/credit", "other", &accuracy(970, 1000))).await;
        assert_eq!((status, &problem["code"]), (409, &json!("idempotency-key-reused")), "{problem}");
        app.stop().await;
    }
}
