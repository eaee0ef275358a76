//! Signed times never go backwards. A service whose clock is behind the log signs nothing, and says
//! so.

use crate::{
    on_both_engines,
    support::{
        app::{TestApp, accuracy, answer, submission},
        database::TestDatabase,
    },
};
use modelgate::identity::Scope;

on_both_engines! {
    async fn nothing_is_signed_while_the_clock_is_behind_the_log(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let token = app.machine("acme", &[Scope::Read, Scope::Submit]).await;
        let owner = app.machine("acme", &[Scope::Policy]).await;
        app.clock.forward("2m");
        let ask = async |name: &str| app.submit(&token, &submission("acme/m", name, &accuracy(960, 1000))).await;
        assert_eq!(ask("v1").await.0, 201);
        let size = app.log_size("acme").await;
        app.clock.back("1m");
        let (status, refused) = ask("v2").await;
        assert_eq!((status, refused["code"].as_str()), (503, Some("clock-behind")), "{refused}");
        assert!(refused["detail"].as_str().unwrap().contains("60 s behind"), "{refused}");
        // A policy is not checked against the clock first, so the batch refuses it.
        let request = app.http.post(format!("{}/api/v1/policies", app.base)).bearer_auth(&owner);
        let (status, refused) = answer(request.body(crate::support::app::POLICY)).await;
        assert_eq!((status, refused["code"].as_str()), (503, Some("clock-behind")), "{refused}");
        let (status, ready) = app.get(&token, "/readyz").await;
        assert_eq!((status, ready["code"].as_str()), (503, Some("clock-behind")), "{ready}");
        // Nor is a token issued.
        let issued = app.service.create_token(modelgate::app::accounts::people::NewToken {
            namespace: "acme".parse().unwrap(), name: "new".into(), scopes: vec![Scope::Read], user: None,
            lives: "1d".parse().unwrap(),
        });
        assert_eq!(issued.await.unwrap_err().code, "clock-behind");
        assert_eq!(app.log_size("acme").await, size);
        assert_eq!(app.get(&token, "/api/v1/releases").await.0, 200, "reading goes on");
        // Like a process that was started while the clock was behind: it knows only what the log
        // says.
        app.stop().await;
        let app = TestApp::start(&database).await;
        let ask = async |name: &str| app.submit(&token, &submission("acme/m", name, &accuracy(960, 1000))).await;
        assert_eq!(ask("v3").await.1["code"], "clock-behind");
        app.clock.forward("2m");
        assert_eq!(ask("v4").await.0, 201, "it has caught up");
        assert_eq!(app.get(&token, "/readyz").await.0, 200);
        app.stop().await;
    }

    async fn a_clock_that_is_a_second_behind_takes_the_time_of_the_log(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let token = app.machine("acme", &[Scope::Read, Scope::Submit]).await;
        app.clock.forward("1m");
        let mut times = Vec::new();
        for (i, back) in [None, Some("1s"), Some("1s"), None].into_iter().enumerate() {
            if let Some(back) = back {
                app.clock.back(back);
            }
            let (status, answer) = app.submit(&token, &submission("acme/m", &format!("v{i}"), &accuracy(960, 1000))).await;
            assert_eq!(status, 201, "{answer}");
            let release = answer["release"].as_str().unwrap();
            let (_, release) = app.get(&token, &format!("/api/v1/releases/{release}")).await;
            times.push(release["decisions"][0]["decided_at"].as_str().unwrap().to_owned());
        }
        assert_eq!(times, ["2026-11-20T12:01:00Z"; 4]);
        app.stop().await;
    }
}
