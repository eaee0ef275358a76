//! The pages as a browser without scripts uses them: signing in, voting, downloading.

use crate::{
    on_both_engines,
    support::{
        app::{PASSWORD, POLICY, TestApp, accuracy, submission},
        database::{Engine, TestDatabase},
    },
};
use modelgate::identity::Scope;
use reqwest::{RequestBuilder, header::HeaderMap};

/// A page from the service.
struct Page {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Page {
    async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, text: response.text().await.unwrap() }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The value of a hidden field in a form.
    fn field(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let rest = self
            .text
            .split(&start)
            .nth(1)
            .unwrap_or_else(|| panic!("no field `{name}` in {}", self.text));
        rest.split('"').next().unwrap().to_owned()
    }
}

/// A form as browsers send it.
fn sent(request: RequestBuilder, form: &[(&str, &str)]) -> RequestBuilder {
    let encode = |text: &str| -> String {
        let byte = |b: u8| {
            if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }
        };
        text.bytes().map(byte).collect()
    };
    let pairs: Vec<String> =
        form.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    request.header("content-type", "application/x-www-form-urlencoded").body(pairs.join("&"))
}

/// A user with a browser.
struct Browser<'a> {
    app: &'a TestApp,
    cookie: String,
}

impl<'a> Browser<'a> {
    async fn sign_in(app: &'a TestApp, user: &str) -> Self {
        let form = [("user", user), ("password", PASSWORD), ("next", "/releases"), ("csrf", "")];
        let page = Page::of(sent(app.http.post(format!("{}/sign-in", app.base)), &form)).await;
        assert_eq!((page.status, page.header("location")), (303, "/releases"), "{}", page.text);
        let cookie = page.header("set-cookie").to_owned();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
        Self { app, cookie: cookie.split(';').next().unwrap().to_owned() }
    }

    async fn get(&self, path: &str) -> Page {
        Page::of(
            self.app.http.get(format!("{}{path}", self.app.base)).header("cookie", &self.cookie),
        )
        .await
    }

    fn post(&self, path: &str, form: &[(&str, &str)]) -> RequestBuilder {
        sent(
            self.app.http.post(format!("{}{path}", self.app.base)).header("cookie", &self.cookie),
            form,
        )
    }
}

/// A service with one pending release, and two people who can vote on it.
async fn waiting(database: &TestDatabase) -> (TestApp, String) {
    let app = TestApp::start(database).await;
    app.publish("acme", POLICY).await;
    let ci = app.machine("acme", &[Scope::Submit]).await;
    let (_, decided) =
        app.submit(&ci, &submission("acme/credit", "good", &accuracy(960, 1000))).await;
    for name in ["ada", "bob"] {
        app.person("acme", name, "model-risk").await;
    }
    let release = decided["release"].as_str().unwrap().to_owned();
    (app, release)
}

on_both_engines! {
    async fn two_people_vote_on_the_page(database: TestDatabase) {
        let (app, release) = waiting(&database).await;
        let path = format!("/releases/{release}");
        for (name, expected) in [("ada", "Waiting"), ("bob", "Allowed")] {
            let browser = Browser::sign_in(&app, name).await;
            assert!(browser.get("/").await.text.contains(&path), "it waits in {name}'s queue");
            let page = browser.get(&path).await;
            let digest = page.field("inputs_digest");
            let form = [("csrf", page.field("csrf")), ("vote", "approve".into()), ("comment", "fine".into()), ("inputs_digest", digest)];
            let form: Vec<(&str, &str)> = form.iter().map(|(k, v)| (*k, v.as_str())).collect();
            let done = Page::of(browser.post(&format!("{path}/vote"), &form)).await;
            assert_eq!((done.status, done.header("location")), (303, &*format!("{path}?done=approve")), "{}", done.text);
            let page = browser.get(&format!("{path}?done=approve")).await;
            assert!(page.text.contains(expected), "{}", page.text);
            assert!(!browser.get("/").await.text.contains("Waiting for you <"), "nothing waits for {name} now");
        }
        app.stop().await;
    }

    async fn the_queue_begins_with_the_oldest_and_leads_to_all(database: TestDatabase) {
        let (app, _) = waiting(&database).await;
        let ci = app.machine("acme", &[Scope::Submit]).await;
        for i in 1..=60 {
            let (status, _) = app.submit(&ci, &submission(&format!("acme/q{i}"), &format!("a{i}"), &accuracy(960, 1000))).await;
            assert_eq!(status, 201);
        }
        // Releases that wait for other people are not counted as waiting for this one.
        app.person("acme", "cyd", "legal").await;
        let browser = Browser::sign_in(&app, "ada").await;
        let names = |text: &str| -> Vec<String> {
            let queue = text.split("Recent releases").next().unwrap();
            queue.split("<a class=\"row-title\"").skip(1).map(|row| row.split("<bdi>").nth(1).unwrap().split('<').next().unwrap().to_owned()).collect()
        };
        let first = browser.get("/").await.text;
        assert!(first.contains("Waiting for you <span class=\"count-badge\">61</span>"), "{first}");
        assert!(first.contains("1 to 50 of 61, oldest first"));
        let expected: Vec<String> = std::iter::once("acme/credit".to_owned()).chain((1..=60).map(|i| format!("acme/q{i}"))).collect();
        assert_eq!(names(&first), expected[..50]);
        let next = first.split("href=\"/?after&#x3D;").nth(1).unwrap_or_else(|| panic!("{first}")).split('"').next().unwrap();
        let second = browser.get(&format!("/?after={next}")).await.text;
        assert_eq!(names(&second), expected[50..]);
        assert!(second.contains("51 to 61 of 61, oldest first") && !second.contains("Next page"));
        assert_eq!(browser.get("/?after=x").await.status, 400);
        // A user who is not needed sees how many releases wait for others, and where.
        let other = Browser::sign_in(&app, "cyd").await.get("/").await.text;
        assert!(other.contains("Nothing waits for you") && other.contains("61 more</a> wait for other people"), "{other}");
        app.stop().await;
    }

    async fn an_expired_approval_can_be_given_again_on_the_page(database: TestDatabase) {
        let (app, release) = waiting(&database).await;
        let path = format!("/releases/{release}");
        let browser = Browser::sign_in(&app, "ada").await;
        let approve = async |browser: &Browser<'_>| {
            let page = browser.get(&path).await;
            let form = [("csrf", page.field("csrf")), ("vote", "approve".into()), ("inputs_digest", page.field("inputs_digest"))];
            let form: Vec<(&str, &str)> = form.iter().map(|(k, v)| (*k, v.as_str())).collect();
            let done = Page::of(browser.post(&format!("{path}/vote"), &form)).await;
            assert_eq!(done.status, 303, "{}", done.text);
        };
        approve(&browser).await;
        let page = browser.get(&path).await;
        assert!(page.text.contains("1 of 2") && !page.text.contains("/vote\""), "{}", page.text);
        app.clock.forward("8d");
        // The session has expired meanwhile, too.
        let browser = Browser::sign_in(&app, "ada").await;
        assert!(browser.get("/").await.text.contains(&path), "it waits for her again");
        let page = browser.get(&path).await;
        assert!(page.text.contains("0 of 2") && page.text.contains("/vote\""), "{}", page.text);
        assert!(page.text.contains("expired, so it is no longer valid"), "{}", page.text);
        approve(&browser).await;
        approve(&Browser::sign_in(&app, "bob").await).await;
        assert!(browser.get(&path).await.text.contains("2 people approved"));
        app.clock.forward("8d");
        let browser = Browser::sign_in(&app, "ada").await;
        let page = browser.get(&path).await;
        assert!(page.text.contains("To be approved again") && page.text.contains("/vote\""), "{}", page.text);
        app.stop().await;
    }

    async fn the_page_tells_of_a_newer_release_and_of_a_replaced_policy(database: TestDatabase) {
        let (app, release) = waiting(&database).await;
        let path = format!("/releases/{release}");
        let browser = Browser::sign_in(&app, "ada").await;
        app.publish("acme", &POLICY.replace("min = 0.9", "min = 0.95")).await;
        let page = browser.get(&path).await;
        assert!(page.text.contains("was replaced by a newer version") && !page.text.contains("/vote\""), "{}", page.text);
        let ci = app.machine("acme", &[Scope::Submit]).await;
        let (_, newer) = app.submit(&ci, &submission("acme/credit", "good", &accuracy(500, 1000))).await;
        let page = browser.get(&path).await;
        let link = format!("/releases/{}\"", newer["release"].as_str().unwrap());
        assert!(page.text.contains(&link) && page.text.contains("A newer release"), "{}", page.text);
        app.stop().await;
    }

    async fn a_document_is_shown_as_it_was_read(database: TestDatabase) {
        let (app, release) = waiting(&database).await;
        let browser = Browser::sign_in(&app, "ada").await;
        let start = format!("/releases/{release}/evidence/");
        let page = browser.get(&format!("/releases/{release}")).await;
        let digest = page.text.split(&start).nth(1).unwrap_or_else(|| panic!("no link in {}", page.text));
        let digest = digest.split('"').next().unwrap().to_owned();
        let page = browser.get(&format!("{start}{digest}")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        // The bounds of 960 of 1000: beta.ppf from SciPy.
        for said in ["<bdi>accuracy</bdi>", ">0.96<", "0.948247 to 0.96967<", "1,000</td>", digest.as_str()] {
            assert!(page.text.contains(said), "{said} in {}", page.text);
        }
        let document = browser.get(&format!("/evidence/{digest}")).await;
        assert!(document.header("content-disposition").starts_with("attachment"), "{}", document.text);
        assert_eq!(modelgate::model::Digest::of(document.text.as_bytes()).to_string(), digest);
        let other = modelgate::model::Digest::of(b"not of this release");
        assert_eq!(browser.get(&format!("{start}{other}")).await.status, 404);
        app.stop().await;
    }

    async fn the_audit_report_is_complete_and_downloads(database: TestDatabase) {
        let (app, release) = waiting(&database).await;
        let ci = app.machine("acme", &[Scope::Submit]).await;
        app.submit(&ci, &submission("acme/credit", "bad", &accuracy(100, 1000))).await;
        let browser = Browser::sign_in(&app, "ada").await;
        let csv = browser.get("/reports/audit?from=2026-11-20&to=2026-11-20&format=csv").await;
        assert_eq!((csv.status, csv.header("content-type")), (200, "text/csv; charset=utf-8"));
        assert!(csv.header("content-disposition").starts_with("attachment"));
        for line in ["decisions.deny,1\r\n", "decisions.pending,1\r\n", "decisions.allow,0\r\n", "population.complete,true\r\n",
                     "log.first_index,0\r\n", "log.last_index,16\r\n"] {
            assert!(csv.text.contains(line), "{line} in {}", csv.text);
        }
        let html = browser.get("/reports/audit?from=2026-11-20&to=2026-11-20&format=html").await;
        assert!(html.text.contains(&release) || html.text.contains("acme/credit"), "{}", html.text);
        let empty = browser.get("/reports/audit?from=2026-11-01&to=2026-11-02&format=csv").await;
        assert!(empty.text.contains("decisions,0\r\n") && empty.text.contains("population.complete,true\r\n"));
        assert_eq!(browser.get("/reports/audit?from=2026-11-20&to=2026-11-01").await.status, 422);
        let report = browser.get(&format!("/releases/{release}/report.html")).await;
        assert_eq!(report.status, 200);
        assert!(!report.text.contains("href=\"http") || report.text.contains("gate.example.com"), "nothing is loaded");
        app.stop().await;
    }
}

#[tokio::test]
async fn forms_of_others_are_refused() {
    let database = TestDatabase::new(Engine::Sqlite).await;
    let (app, release) = waiting(&database).await;
    let browser = Browser::sign_in(&app, "ada").await;
    let path = format!("/releases/{release}");
    let page = browser.get(&path).await;
    let (csrf, digest) = (page.field("csrf"), page.field("inputs_digest"));
    let form = [("csrf", csrf.as_str()), ("vote", "approve"), ("inputs_digest", digest.as_str())];
    let stale = [("csrf", "0000"), ("vote", "approve"), ("inputs_digest", digest.as_str())];
    let vote = format!("{path}/vote");
    let size = app.log_size("acme").await;
    let refused = [
        browser.post(&vote, &stale),
        browser.post(&vote, &form).header("sec-fetch-site", "cross-site"),
        browser.post(&vote, &form).header("origin", "https://evil.example"),
    ];
    for request in refused {
        let page = Page::of(request).await;
        assert_eq!(page.status, 403, "{}", page.text);
        assert!(page.header("content-type").starts_with("text/html"), "a failure is a page too");
    }
    let unsigned = sent(app.http.post(format!("{}{vote}", app.base)), &form);
    assert_eq!(Page::of(unsigned).await.header("location"), "/sign-in?next=/");
    assert_eq!(app.log_size("acme").await, size, "nothing was stored");
    app.stop().await;
}

#[tokio::test]
async fn nobody_looks_in_unsigned_or_from_another_namespace() {
    let database = TestDatabase::new(Engine::Sqlite).await;
    let (app, release) = waiting(&database).await;
    let path = format!("/releases/{release}");
    for address in ["/", "/releases", &path, "/reports", "/log", "/reports/audit"] {
        let page = Page::of(app.http.get(format!("{}{address}", app.base))).await;
        assert_eq!(page.status, 303, "{address}");
        assert!(page.header("location").starts_with("/sign-in?next=/"), "{address}");
    }
    let form = [("user", "ada"), ("password", "wrong password here"), ("next", "/"), ("csrf", "")];
    let page = Page::of(sent(app.http.post(format!("{}/sign-in", app.base)), &form)).await;
    assert_eq!((page.status, page.header("set-cookie")), (401, ""));
    app.person("zeta", "zoe", "model-risk").await;
    let outsider = Browser::sign_in(&app, "zoe").await;
    let none = format!("{path}/evidence/{}", modelgate::model::Digest::of(b""));
    for address in [path.clone(), format!("{path}/report.html"), none] {
        let page = outsider.get(&address).await;
        assert_eq!(page.status, 404, "{address}");
        assert!(!page.text.contains("acme/credit"), "{address}");
    }
    let leave = outsider.get("/").await.field("csrf");
    Page::of(outsider.post("/sign-out", &[("csrf", &leave)])).await;
    assert_eq!(outsider.get("/").await.status, 303, "a session ends when somebody signs out");
    app.stop().await;
}

#[tokio::test]
async fn every_page_keeps_scripts_out() {
    let database = TestDatabase::new(Engine::Sqlite).await;
    let (app, release) = waiting(&database).await;
    let browser = Browser::sign_in(&app, "ada").await;
    for address in [
        "/".to_owned(),
        "/releases".into(),
        format!("/releases/{release}"),
        "/reports".into(),
        "/log".into(),
        "/releases/none".into(),
    ] {
        let page = browser.get(&address).await;
        let policy = page.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{address}"
        );
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{address}");
        assert!(!page.text.contains("<script"), "{address}");
    }
    app.stop().await;
}
