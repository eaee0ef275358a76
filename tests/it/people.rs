//! Users and secrets that are added, changed and removed while the service runs, on both engines.

use crate::{
    on_both_engines,
    support::{
        app::{NOW, PASSWORD, POLICY, TestApp, accuracy, answer, submission},
        database::TestDatabase,
    },
};
use modelgate::{
    app::accounts::people::NewUser,
    config::Limits,
    identity::{Scope, hook},
};
use reqwest::Response;
use std::collections::HashSet;

async fn sign_in(app: &TestApp, user: &str, password: &str, cookie: Option<&str>) -> Response {
    let encode = |text: &str| text.bytes().map(|b| format!("%{b:02X}")).collect::<String>();
    let form = format!("user={}&password={}", encode(user), encode(password));
    let request = app.http.post(format!("{}/sign-in", app.base)).body(form);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let request =
        cookie.map_or(request.try_clone().unwrap(), |cookie| request.header("cookie", cookie));
    request.send().await.unwrap()
}

fn cookie(response: &Response) -> String {
    let set = response.headers()["set-cookie"].to_str().unwrap();
    set.split(';').next().unwrap().to_owned()
}

/// Whether a cookie gives pages instead of the sign-in form.
async fn signed_in(app: &TestApp, cookie: &str) -> bool {
    let request = app.http.get(format!("{}/releases", app.base)).header("cookie", cookie);
    request.send().await.unwrap().status() == 200
}

/// The answer to a webhook that is signed with this key.
async fn deliver(app: &TestApp, id: &str, key: &[u8]) -> u16 {
    let sent = app.service.now().micros() / 1_000_000;
    // As tools that sort their keys write it: the evidence comes before the model.
    let body = submission("acme/credit", id, &accuracy(960, 1000)).to_string();
    let request = app.http.post(format!("{}/hooks/ci", app.base)).header("webhook-id", id);
    let request = request.header("webhook-timestamp", sent.to_string());
    let request = request.header("webhook-signature", hook::sign(id, sent, body.as_bytes(), key));
    answer(request.body(body)).await.0
}

on_both_engines! {
    async fn who_leaves_holds_nothing_any_more(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.publish("acme", POLICY).await;
        let token = app.person("acme", "ada", "model-risk").await;
        let session = cookie(&sign_in(&app, "ada", PASSWORD, None).await);
        assert!(signed_in(&app, &session).await);
        assert_eq!(app.get(&token, "/api/v1/releases").await.0, 200);
        let user = app.service.disable_user("ada").await.unwrap();
        assert!(user.disabled_at.is_some());
        assert!(!signed_in(&app, &session).await, "the session has ended");
        // A service trusts a token that it has just checked for two seconds.
        app.clock.forward("3s");
        assert_eq!(app.get(&token, "/api/v1/releases").await.0, 401, "and so has the token");
        assert_eq!(sign_in(&app, "ada", PASSWORD, None).await.status(), 401);
        assert!(app.service.held_by(&user).await.unwrap().1.is_empty());
        app.service.enable_user("ada").await.unwrap();
        assert_eq!(app.get(&token, "/api/v1/releases").await.0, 401, "an end is an end");
        assert!(!signed_in(&app, &session).await);
        assert_eq!(sign_in(&app, "ada", PASSWORD, None).await.status(), 303);
        app.stop().await;
    }

    async fn another_password_ends_what_the_first_began(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let token = app.person("acme", "ada", "model-risk").await;
        let session = cookie(&sign_in(&app, "ada", PASSWORD, None).await);
        assert_eq!(app.get(&token, "/api/v1/releases").await.0, 200);
        app.service.change_password("ada", "another battery staple".into()).await.unwrap();
        assert!(!signed_in(&app, &session).await);
        app.clock.forward("3s");
        assert_eq!(app.get(&token, "/api/v1/releases").await.0, 401, "whoever knew the password may have made it");
        assert_eq!(sign_in(&app, "ada", PASSWORD, None).await.status(), 401);
        assert_eq!(sign_in(&app, "ada", "another battery staple", None).await.status(), 303);
        app.stop().await;
    }

    async fn other_roles_count_at_once(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.publish("acme", POLICY).await;
        let ci = app.machine("acme", &[Scope::Read, Scope::Submit]).await;
        let (_, decided) = app.submit(&ci, &submission("acme/credit", "good", &accuracy(960, 1000))).await;
        let eve = app.person("acme", "eve", "marketing").await;
        let path = format!("/api/v1/releases/{}/approvals", decided["release"].as_str().unwrap());
        let vote = serde_json::json!({"vote": "approve", "inputs_digest": decided["verdict"]["inputs_digest"]});
        assert_eq!(app.post(&eve, &path, &vote).await.0, 403);
        let changed = app.service.change_roles("eve", &["model-risk".into()], &["marketing".into()]).await.unwrap();
        assert_eq!(changed.roles, ["model-risk"]);
        app.clock.forward("3s");
        assert_eq!(app.post(&eve, &path, &vote).await.0, 200);
        app.stop().await;
    }

    async fn a_webhook_secret_ends_expires_and_rotates(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.publish("acme", POLICY).await;
        let first = app.service.create_hook("acme".parse().unwrap(), "ci", None).await.unwrap();
        assert_eq!(deliver(&app, "d1", &first.secret).await, 201);
        let second = app.service.rotate_hook(&first.id).await.unwrap().unwrap();
        app.service.retire(&first.id, "1h".parse().unwrap()).await.unwrap();
        for (id, secret) in [("d2", &first.secret), ("d3", &second.secret)] {
            assert_eq!(deliver(&app, id, secret).await, 201, "during a rotation both count");
        }
        app.clock.forward("61m");
        assert_eq!(deliver(&app, "d4", &first.secret).await, 401);
        assert_eq!(deliver(&app, "d5", &second.secret).await, 201);
        assert!(app.service.revoke_token(&second.id).await.unwrap());
        assert_eq!(deliver(&app, "d6", &second.secret).await, 401);
        assert!(!app.service.revoke_token(&second.id).await.unwrap());
        let short = app.service.create_hook("acme".parse().unwrap(), "ci", Some("1h".parse().unwrap())).await.unwrap();
        assert_eq!(deliver(&app, "d7", &short.secret).await, 201);
        app.clock.forward("61m");
        assert_eq!(deliver(&app, "d8", &short.secret).await, 401);
        let listed: HashSet<String> = app.service.list_hooks().await.unwrap().into_iter().map(|h| h.id).collect();
        assert_eq!(listed, HashSet::from([short.id, second.id, first.id]));
        app.stop().await;
    }

    async fn a_webhook_is_for_the_namespace_of_its_secret(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let other = app.service.create_hook("zeta".parse().unwrap(), "ci", None).await.unwrap();
        assert_eq!(deliver(&app, "d1", &other.secret).await, 401, "acme has none");
        app.service.create_hook("acme".parse().unwrap(), "ci", None).await.unwrap();
        assert_eq!(deliver(&app, "d2", &other.secret).await, 401, "acme has another");
        app.stop().await;
    }

    async fn wrong_passwords_run_out_by_name(database: TestDatabase) {
        let app = TestApp::start_limited(&database, Limits { sign_in_tries: 3, ..Limits::default() }).await;
        for name in ["ada", "bob"] {
            app.person("acme", name, "model-risk").await;
        }
        // The answer does not depend on whether the user exists.
        for name in ["ada", "nobody-of-that-name"] {
            let mut statuses = Vec::new();
            for _ in 0..5 {
                statuses.push(sign_in(&app, name, "a wrong password", None).await.status().as_u16());
            }
            assert_eq!(statuses, [401, 401, 401, 429, 429], "{name}");
        }
        let refused = sign_in(&app, "ada", PASSWORD, None).await;
        assert_eq!(refused.status(), 429, "the right one is not told from a wrong one");
        assert_eq!(refused.headers()["retry-after"], "300");
        assert!(refused.text().await.unwrap().contains("try again in 5 minutes"));
        assert_eq!(sign_in(&app, "bob", PASSWORD, None).await.status(), 303);
        app.clock.forward("5m");
        assert_eq!(sign_in(&app, "ada", PASSWORD, None).await.status(), 303);
        app.stop().await;
    }

    async fn wrong_passwords_run_out_by_address(database: TestDatabase) {
        let app = TestApp::start_limited(&database, Limits { sign_in_tries_per_address: 3, ..Limits::default() }).await;
        app.person("acme", "ada", "model-risk").await;
        for name in ["a", "b", "c"] {
            assert_eq!(sign_in(&app, name, "a wrong password", None).await.status(), 401);
        }
        assert_eq!(sign_in(&app, "ada", PASSWORD, None).await.status(), 429);
        app.clock.forward("15m");
        for _ in 0..5 {
            assert_eq!(sign_in(&app, "ada", PASSWORD, None).await.status(), 303, "signing in is no try");
        }
        app.stop().await;
    }

    async fn names_and_passwords_are_bounded_and_never_cut(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let longest = "x".repeat(1_024);
        let new = |name: &str, password: &str| NewUser {
            namespace: "acme".parse().unwrap(),
            name: name.into(),
            display_name: "Ada".into(),
            password: password.into(),
            roles: vec![],
        };
        app.service.create_user(new("ada", &longest)).await.unwrap();
        for (bad, code) in [
            (new("bob", &format!("{longest}x")), "password-too-long"),
            (new("bob", "short"), "password-too-short"),
            (new(&"b".repeat(101), &longest), "name-too-long"),
            (new("b\0b", &longest), "invalid-name"),
            (NewUser { display_name: "B\0".into(), ..new("bob", &longest) }, "text-invalid"),
            (NewUser { display_name: "B".repeat(201), ..new("bob", &longest) }, "text-too-long"),
        ] {
            assert_eq!(app.service.create_user(bad).await.unwrap_err().code, code);
        }
        assert_eq!(sign_in(&app, "ada", &longest, None).await.status(), 303);
        assert_eq!(sign_in(&app, "ada", &longest[1..], None).await.status(), 401);
        let long = sign_in(&app, "ada", &format!("{longest}x"), None).await;
        assert_eq!(long.status(), 422);
        assert!(long.text().await.unwrap().contains("at most 1024 bytes"));
        assert_eq!(sign_in(&app, &"a".repeat(5_000), &longest, None).await.status(), 422);
        assert_eq!(sign_in(&app, "a\0", &longest, None).await.status(), 422);
        app.stop().await;
    }

    async fn sessions_are_made_anew_and_taken_away(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let token = app.person("acme", "ada", "model-risk").await;
        let first = cookie(&sign_in(&app, "ada", PASSWORD, None).await);
        let second = cookie(&sign_in(&app, "ada", PASSWORD, Some(&first)).await);
        assert_ne!(first, second);
        assert!(!signed_in(&app, &first).await, "what was known before sign-in does not count after it");
        assert!(signed_in(&app, &second).await);
        assert_eq!(app.service.sweep_sessions().await.unwrap(), 0);
        app.clock.forward("13h");
        assert_eq!(app.service.sweep_sessions().await.unwrap(), 1);
        assert_eq!(app.service.sweep_sessions().await.unwrap(), 0);
        assert_eq!(app.get(&token, "/api/v1/releases").await.0, 200, "a token is no session");
        app.stop().await;
    }

    async fn a_token_rotates(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.machine("acme", &[Scope::Read]).await;
        let old = app.service.list_tokens().await.unwrap().remove(0);
        let age = |text: &str| text.parse().unwrap();
        let (new, secret) = app.service.rotate_token(&old.id, age("30d")).await.unwrap().unwrap();
        app.service.retire(&old.id, age("1h")).await.unwrap();
        assert_eq!((&new.scopes, &new.name), (&old.scopes, &old.name));
        assert_eq!(app.get(secret.reveal(), "/api/v1/releases").await.0, 200);
        let left: Vec<_> = app.service.list_tokens().await.unwrap().into_iter().filter(|t| t.id == old.id).collect();
        let now: modelgate::model::Timestamp = NOW.parse().unwrap();
        assert_eq!(left[0].expires_at, now.plus(age("1h")));
        assert!(app.service.rotate_token("unknown", age("1h")).await.unwrap().is_none());
        app.stop().await;
    }
}
