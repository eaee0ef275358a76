//! Unauthenticated callers who only occupy resources: connections, heads, bodies, memory. On both
//! engines, over raw sockets.

use crate::{
    on_both_engines,
    support::{
        app::{POLICY, TestApp, accuracy, submission},
        database::TestDatabase,
    },
};
use modelgate::{
    config::Limits,
    identity::{Scope, hook},
};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// How long a test waits for something that must happen before it reports a failure.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection that has sent `text` and stays open.
async fn saying(app: &TestApp, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(app.base.trim_start_matches("http://")).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// Everything that is received until the service ends the connection.
async fn answered(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut text)).await;
    // A connection that is reset has ended as well.
    let _ = read.expect("the service keeps the connection open");
    String::from_utf8_lossy(&text).into_owned()
}

fn post(path: &str, headers: &str, length: usize, begun: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{begun}"
    )
}

/// The answer while `piece` is sent repeatedly, once per `every`; `None` if the service accepted
/// all of it.
async fn answered_while_sending(
    stream: TcpStream,
    piece: &[u8],
    every: Duration,
    times: u32,
) -> Option<String> {
    let (mut read, mut write) = stream.into_split();
    let sending = async {
        for _ in 0..times {
            tokio::time::sleep(every).await;
            if write.write_all(piece).await.is_err() {
                // It was answered and closed.
                std::future::pending::<()>().await;
            }
        }
    };
    let mut text = Vec::new();
    tokio::select! {
        _ = read.read_to_end(&mut text) => Some(String::from_utf8_lossy(&text).into_owned()),
        () = sending => None,
    }
}

/// The headers of a webhook that was signed now with an unknown key.
fn forged() -> String {
    let now: modelgate::model::Timestamp = crate::support::app::NOW.parse().unwrap();
    let sent = now.micros() / 1_000_000;
    let signature = hook::sign("d1", sent, b"other", &[7; 32]);
    format!("webhook-id: d1\r\nwebhook-timestamp: {sent}\r\nwebhook-signature: {signature}\r\n")
}

on_both_engines! {
    async fn a_head_that_does_not_end_is_given_up(database: TestDatabase) {
        let app = TestApp::start_limited(&database, Limits { head_seconds: 1, ..Limits::default() }).await;
        let mut half = saying(&app, "GET /healthz HTTP/1.1\r\nhost: x\r\nx-slow: ").await;
        assert_eq!(answered(&mut half).await, "");
        app.stop().await;
    }

    async fn a_connection_without_a_request_is_given_up(database: TestDatabase) {
        let app = TestApp::start_limited(&database, Limits { idle_seconds: 1, ..Limits::default() }).await;
        let mut silent = saying(&app, "").await;
        let mut kept = saying(&app, "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert_eq!(answered(&mut silent).await, "");
        assert!(answered(&mut kept).await.starts_with("HTTP/1.1 200 "));
        app.stop().await;
    }

    async fn those_who_wait_make_room_for_those_who_ask(database: TestDatabase) {
        let app = TestApp::start_limited(&database, Limits { connections: 20, ..Limits::default() }).await;
        let mut first = saying(&app, "GET / HTTP/1.1\r\nhost: ").await;
        let mut others = Vec::new();
        for _ in 0..60 {
            others.push(saying(&app, "GET / HTTP/1.1\r\nhost: ").await);
        }
        let mut asking = saying(&app, "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
        assert!(answered(&mut asking).await.ends_with("ok\n"));
        assert_eq!(answered(&mut first).await, "");
        app.stop().await;
    }

    async fn one_address_has_its_share_of_connections(database: TestDatabase) {
        let limits = Limits { connections_per_address: 2, ..Limits::default() };
        let app = TestApp::start_limited(&database, limits).await;
        let mut first = saying(&app, "").await;
        let _second = saying(&app, "").await;
        let mut third = saying(&app, "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
        assert!(answered(&mut third).await.ends_with("ok\n"));
        assert_eq!(answered(&mut first).await, "");
        app.stop().await;
    }

    async fn a_body_that_does_not_come_is_given_up(database: TestDatabase) {
        let app = TestApp::start_limited(&database, Limits { stall_seconds: 1, ..Limits::default() }).await;
        let ci = app.machine("acme", &[Scope::Submit]).await;
        let token = format!("authorization: Bearer {ci}\r\n");
        for path in ["/api/v1/releases", "/sign-in"] {
            let kind = if path == "/sign-in" { "content-type: application/x-www-form-urlencoded\r\n" } else { "" };
            let mut slow = saying(&app, &post(path, &format!("{token}{kind}"), 1_000, "user=")).await;
            assert!(answered(&mut slow).await.starts_with("HTTP/1.1 408 "), "{path}");
        }
        let upload = post("/api/v1/predictions", &token, 1_000, "a,b").replacen("POST", "PUT", 1);
        let mut slow = saying(&app, &upload).await;
        let answer = answered(&mut slow).await;
        assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("body-too-slow"), "{answer}");
        app.stop().await;
    }

    async fn a_fast_start_does_not_pay_for_a_trickle(database: TestDatabase) {
        let limits = Limits { stall_seconds: 1, body_rate: 16_384, ..Limits::default() };
        let app = TestApp::start_limited(&database, limits).await;
        let ci = app.machine("acme", &[Scope::Submit]).await;
        let head = format!("POST /api/v1/releases HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {ci}\r\n");
        for (start, length) in [(64 << 10, None), (1 << 20, None), (1 << 20, Some((1 << 20) + 1_000))] {
            let begun = "x".repeat(start);
            let (whole, piece) = match length {
                None => (format!("{head}transfer-encoding: chunked\r\n\r\n{start:x}\r\n{begun}\r\n"), "1\r\nx\r\n"),
                Some(length) => (format!("{head}content-length: {length}\r\n\r\n{begun}"), "x"),
            };
            let slow = saying(&app, &whole).await;
            let answer = answered_while_sending(slow, piece.as_bytes(), Duration::from_millis(500), 60).await;
            let answer = answer.unwrap_or_else(|| panic!("half a minute of single bytes was taken: {start} {length:?}"));
            assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("body-too-slow"), "{answer}");
        }
        app.stop().await;
    }

    async fn an_unproved_webhook_has_its_time_however_steadily_it_comes(database: TestDatabase) {
        let app = TestApp::start_limited(&database, Limits { hook_seconds: 1, ..Limits::default() }).await;
        app.service.create_hook("acme".parse().unwrap(), "ci", None).await.unwrap();
        let steady = saying(&app, &post("/hooks/ci", &forged(), 1_900_000, "{\"model\":\"acme/x\",")).await;
        let answer = answered_while_sending(steady, &[b' '; 20_000], Duration::from_millis(100), 90).await;
        assert!(answer.as_ref().is_some_and(|answer| answer.starts_with("HTTP/1.1 408 ")), "{answer:?}");
        app.stop().await;
    }

    async fn a_webhook_that_ends_too_soon_is_told_so(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.service.create_hook("acme".parse().unwrap(), "ci", None).await.unwrap();
        for (body, said) in [
            ("{\"comment\":\"x\"}", "names no `model`"),
            ("{\"comment\":\"x\"", "ended before it named a `model`"),
            ("{\"comment\":\"}", "ended before it named a `model`"),
            ("", "ended before it named a `model`"),
        ] {
            let mut sent = saying(&app, &post("/hooks/ci", &forged(), body.len(), body)).await;
            let answer = answered(&mut sent).await;
            assert!(answer.starts_with("HTTP/1.1 401 ") && answer.contains(said), "{body}: {answer}");
        }
        app.stop().await;
    }

    async fn who_may_not_sign_in_yet_is_told_what_was_tried(database: TestDatabase) {
        let app = TestApp::start_limited(&database, Limits { sign_in_tries: 1, ..Limits::default() }).await;
        let mut pages = Vec::new();
        for password in ["of somebody else's guessing", crate::support::app::PASSWORD] {
            let request = app.http.post(format!("{}/sign-in", app.base)).body(format!("user=ada&password={password}"));
            let request = request.header("content-type", "application/x-www-form-urlencoded").header("accept", "text/html");
            let answer = request.send().await.unwrap();
            pages.push((answer.status().as_u16(), answer.text().await.unwrap()));
        }
        let (status, page) = &pages[1];
        assert_eq!((pages[0].0, *status), (401, 429));
        // The reader of the page may not have typed a wrong password at all.
        assert!(page.contains("too many sign-in attempts for this name") && !page.contains("wrong"), "{page}");
        app.stop().await;
    }

    async fn a_webhook_that_cannot_be_signed_is_refused_unread(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        // Without any secret, the service refuses before it reads the body; later, as soon as it
        // reads the name of another namespace.
        let mut early = saying(&app, &post("/hooks/ci", &forged(), 1 << 20, "")).await;
        assert!(answered(&mut early).await.starts_with("HTTP/1.1 401 "));
        app.service.create_hook("acme".parse().unwrap(), "ci", None).await.unwrap();
        for headers in ["", "webhook-id: a\r\nwebhook-timestamp: 5\r\nwebhook-signature: v1,AAAA\r\n"] {
            let mut unsigned = saying(&app, &post("/hooks/ci", headers, 1 << 20, "")).await;
            assert!(answered(&mut unsigned).await.starts_with("HTTP/1.1 401 "), "{headers}");
        }
        let mut other = saying(&app, &post("/hooks/ci", &forged(), 1 << 20, "{\"model\":\"ghost/x\",")).await;
        let answer = answered(&mut other).await;
        assert!(answer.starts_with("HTTP/1.1 401 ") && answer.contains("hook-refused"), "{answer}");
        app.stop().await;
    }

    async fn bodies_share_one_budget_of_memory(database: TestDatabase) {
        let limits = Limits { body_memory: 1 << 20, body_wait_seconds: 1, ..Limits::default() };
        let app = TestApp::start_limited(&database, limits).await;
        app.publish("acme", POLICY).await;
        let ci = app.machine("acme", &[Scope::Submit]).await;
        let token = format!("authorization: Bearer {ci}\r\n");
        let expecting = format!("{token}expect: 100-continue\r\n");
        let mut holding = saying(&app, &post("/api/v1/releases", &expecting, 900_000, "")).await;
        // It is asked to continue as soon as there is memory for all of it.
        let mut told = [0; 12];
        holding.read_exact(&mut told).await.unwrap();
        assert_eq!(&told, b"HTTP/1.1 100");
        let mut body = submission("acme/credit", "good", &accuracy(960, 1000));
        body["comment"] = "x".repeat(3_000).into();
        let large = format!("{body}{}", " ".repeat(900_000));
        let send = async || {
            let request = app.http.post(format!("{}/api/v1/releases", app.base)).bearer_auth(&ci);
            request.header("content-type", "application/json").body(large.clone()).send().await.unwrap()
        };
        let refused = send().await;
        assert_eq!(refused.status(), 503);
        assert!(refused.headers().contains_key("retry-after"));
        assert!(refused.text().await.unwrap().contains("\"busy\""));
        let small = submission("acme/credit", "small", &accuracy(960, 1000));
        assert_eq!(app.submit(&ci, &small).await.0, 201, "what is small still fits");
        drop(holding);
        while send().await.status() != 201 {}
        app.stop().await;
    }

    async fn a_budget_for_strangers_is_not_that_of_friends(database: TestDatabase) {
        let limits = Limits { body_memory: 4 << 20, body_wait_seconds: 1, ..Limits::default() };
        let app = TestApp::start_limited(&database, limits).await;
        app.publish("acme", POLICY).await;
        app.service.create_hook("acme".parse().unwrap(), "ci", None).await.unwrap();
        let ci = app.machine("acme", &[Scope::Submit]).await;
        let mut forgeries = Vec::new();
        for _ in 0..8 {
            forgeries.push(saying(&app, &post("/hooks/ci", &forged(), 1_500_000, "{\"model\":\"acme/x\",")).await);
        }
        let mut body = submission("acme/credit", "good", &accuracy(960, 1000)).to_string();
        body.push_str(&" ".repeat(1_500_000));
        let request = app.http.post(format!("{}/api/v1/releases", app.base)).bearer_auth(&ci);
        let answer = request.header("content-type", "application/json").body(body).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        app.stop().await;
    }

    async fn what_carries_no_evidence_is_small(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let token = app.machine("acme", &[Scope::Policy, Scope::Submit, Scope::Admin]).await;
        let ada = app.person("acme", "ada", "model-risk").await;
        let large = " ".repeat(70_000);
        for (path, bytes) in [
            ("/api/v1/references", large.clone()),
            ("/api/v1/releases/r1/approvals", large.clone()),
            ("/api/v1/references/r1/approvals", large.clone()),
            ("/api/v1/datasets", large.clone()),
            ("/api/v1/policies", " ".repeat(1_100_000)),
            ("/api/v1/mappings", " ".repeat(1_100_000)),
        ] {
            let who = if path.ends_with("approvals") { &ada } else { &token };
            let request = app.http.post(format!("{}{path}", app.base)).bearer_auth(who).body(bytes);
            let (status, problem) = crate::support::app::answer(request).await;
            assert_eq!((status, problem["code"].as_str()), (413, Some("body-too-large")), "{path}");
        }
        let form = format!("user=ada&password={large}");
        let request = app.http.post(format!("{}/sign-in", app.base)).body(form);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        assert_eq!(request.send().await.unwrap().status(), 413);
        app.stop().await;
    }

    async fn a_half_open_request_does_not_keep_the_service_from_ending(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let mut half = saying(&app, "GET /healthz HTTP/1.1\r\nhost: ").await;
        app.stop().await;
        assert_eq!(answered(&mut half).await, "");
    }
}
