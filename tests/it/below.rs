//! A service below a path of its host, behind a proxy that removes the path or forwards it.

use crate::{
    on_both_engines,
    support::{
        app::{PASSWORD, POLICY, TestApp, accuracy, submission},
        database::TestDatabase,
        served::Served,
        source,
    },
};
use modelgate::{config::Partial, identity::Scope};
use reqwest::Response;
use std::{collections::BTreeSet, fs, path::Path};

const BASE: &str = "/gate";
const PUBLIC: &str = "https://example.com/gate";

/// The addresses that a page links to.
fn links(markup: &str) -> BTreeSet<String> {
    let of = |attribute: &str| -> Vec<String> {
        let parts = markup.split(attribute).skip(1);
        parts
            .map(|rest| {
                rest.split('"').next().unwrap().replace("&#x3D;", "=").replace("&amp;", "&")
            })
            .collect()
    };
    [of(" href=\""), of(" src=\""), of(" action=\"")].concat().into_iter().collect()
}

fn header<'r>(response: &'r Response, name: &str) -> &'r str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// A browser that requests addresses below `/gate`, and a proxy that removes `/gate` or forwards
/// it.
struct Proxied<'a> {
    app: &'a TestApp,
    strips: bool,
    cookie: String,
}

impl Proxied<'_> {
    /// The path that the proxy requests from the service.
    fn asked(&self, address: &str) -> String {
        let below =
            address.strip_prefix(BASE).unwrap_or_else(|| panic!("`{address}` is not below {BASE}"));
        let path = if self.strips { below } else { address };
        format!("{}{}", self.app.base, if path.is_empty() { "/" } else { path })
    }

    async fn get(&self, address: &str) -> Response {
        let request = self.app.http.get(self.asked(address)).header("cookie", &self.cookie);
        request.header("accept", "text/html").send().await.unwrap()
    }

    async fn post(&self, address: &str, form: &str) -> Response {
        let request = self.app.http.post(self.asked(address)).header("cookie", &self.cookie);
        // Without TLS, browsers send only this about a form's origin.
        let request =
            request.header("origin", "https://example.com").header("host", "127.0.0.1:8080");
        request
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.to_owned())
            .send()
            .await
            .unwrap()
    }

    async fn sign_in(&mut self, user: &str) {
        let sent = self.get("/gate/releases?verdict=pending").await;
        assert_eq!(sent.status(), 303);
        let form = header(&sent, "location").to_owned();
        assert!(form.starts_with("/gate/sign-in?next="), "{form}");
        let page = self.get(&form).await.text().await.unwrap();
        assert!(links(&page).contains("/gate/sign-in"), "{page}");
        let next = page
            .split("name=\"next\" value=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .replace("&#x3D;", "=");
        let entry = format!(
            "user={user}&password={}&next={}&csrf=",
            PASSWORD.replace(' ', "+"),
            next.replace('?', "%3F")
        );
        let done = self.post("/gate/sign-in", &entry).await;
        assert_eq!(
            (done.status().as_u16(), header(&done, "location")),
            (303, "/gate/releases?verdict=pending")
        );
        let cookie = header(&done, "set-cookie").to_owned();
        assert!(cookie.contains("; Path=/gate;") && cookie.contains("; Secure"), "{cookie}");
        self.cookie = cookie.split(';').next().unwrap().to_owned();
    }

    /// Follows every link, starting with the queue; returns the number of pages.
    async fn crawl(&self) -> usize {
        let mut open = vec!["/gate".to_owned(), "/gate/".to_owned()];
        let mut seen: BTreeSet<String> = open.iter().cloned().collect();
        let mut pages = 0;
        while let Some(address) = open.pop() {
            let response = self.get(&address).await;
            // The target of a form cannot be requested with GET.
            let form = address.ends_with("/vote") || address.ends_with("/sign-out");
            assert_eq!(response.status().as_u16(), if form { 405 } else { 200 }, "{address}");
            if !header(&response, "content-type").starts_with("text/html")
                || response.headers().contains_key("content-disposition")
            {
                continue;
            }
            pages += 1;
            for link in links(&response.text().await.unwrap()) {
                if link.starts_with('#') || link.starts_with("data:") {
                    continue;
                }
                assert!(link.starts_with("/gate/"), "{address} leads to {link}");
                if link != "/gate/reports/audit" && seen.insert(link.clone()) {
                    open.push(link);
                }
            }
        }
        pages
    }
}

on_both_engines! {
    async fn pages_forms_redirects_and_cookies_stay_below_the_path(database: TestDatabase) {
        let app = TestApp::start_at(&database, PUBLIC).await;
        app.publish("acme", POLICY).await;
        let ci = app.machine("acme", &[Scope::Submit, Scope::Read]).await;
        let (_, decided) = app.submit(&ci, &submission("acme/credit", "good", &accuracy(960, 1000))).await;
        let release = decided["release"].as_str().unwrap();
        assert_eq!(decided["url"], format!("{PUBLIC}/releases/{release}"));
        for (strips, person) in [(true, "ada"), (false, "bob")] {
            app.person("acme", person, "model-risk").await;
            let mut browser = Proxied { app: &app, strips, cookie: String::new() };
            browser.sign_in(person).await;
            // The queue, the lists, the log, a release, its document, and the error pages of form
            // targets.
            assert!(browser.crawl().await >= 8);
            let address = format!("/gate/releases/{release}");
            let page = browser.get(&address).await.text().await.unwrap();
            let field = |name: &str| page.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap().split('"').next().unwrap().to_owned();
            let vote = format!("csrf={}&inputs_digest={}&vote=approve", field("csrf"), field("inputs_digest"));
            let done = browser.post(&format!("{address}/vote"), &vote).await;
            assert_eq!((done.status().as_u16(), header(&done, "location")), (303, &*format!("{address}?done=approve")));
            let csrf = field("csrf");
            let left = browser.post("/gate/sign-out", &format!("csrf={csrf}")).await;
            assert_eq!((left.status().as_u16(), header(&left, "location")), (303, "/gate/sign-in"));
            assert!(header(&left, "set-cookie").contains("; Path=/gate;"), "{}", header(&left, "set-cookie"));
        }
        let (_, state) = app.get(&ci, &format!("/gate/api/v1/releases/{release}")).await;
        assert_eq!(state["decisions"].as_array().map(Vec::len), Some(3), "{state}");
        app.stop().await;
    }

    async fn the_api_and_the_public_log_answer_with_and_without_the_path(database: TestDatabase) {
        let app = TestApp::start_at(&database, PUBLIC).await;
        app.publish("acme", POLICY).await;
        let ci = app.machine("acme", &[Scope::Submit, Scope::Read]).await;
        for base in ["", BASE] {
            let body = submission("acme/credit", &format!("good{base}"), &accuracy(960, 1000));
            let sent = app.http.post(format!("{}{base}/api/v1/releases", app.base)).bearer_auth(&ci).json(&body).send().await.unwrap();
            assert_eq!(sent.status(), 201);
            let location = header(&sent, "location").to_owned();
            assert!(location.starts_with("/gate/api/v1/releases/"), "{location}");
            assert_eq!(app.get(&ci, &location).await.0, 200);
            let (_, document) = app.get(&ci, &format!("{base}/api/v1/openapi.json")).await;
            assert_eq!(document["servers"][0]["url"], PUBLIC);
            for path in ["/log/acme/checkpoint", "/.well-known/jwks.json", "/healthz", "/readyz", "/metrics"] {
                let answer = app.http.get(format!("{}{base}{path}", app.base)).send().await.unwrap();
                assert_eq!(answer.status(), 200, "{base}{path}");
            }
            let (status, problem) = app.get(&ci, &format!("{base}/none")).await;
            assert_eq!((status, problem["code"].as_str()), (404, Some("not-found")));
            assert!(problem["detail"].as_str().unwrap().contains("/gate/api/v1/openapi.json"), "{problem}");
        }
        // A path that only begins in the same way is a different path.
        assert_eq!(app.get(&ci, "/gateway/api/v1/openapi.json").await.0, 404);
        assert_eq!(app.get(&ci, "/gate/gate/healthz").await.0, 404);
        app.stop().await;
    }

    async fn a_browser_is_told_on_a_page_and_a_program_in_a_document(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        let ask = async |method: reqwest::Method, path: &str, accept: &str| {
            let request = app.http.request(method, format!("{}{path}", app.base)).header("accept", accept);
            let response = request.send().await.unwrap();
            let kind = header(&response, "content-type").to_owned();
            (response.status().as_u16(), kind, response.headers().clone(), response.text().await.unwrap())
        };
        for (path, status, said) in [
            ("/no/such/page", 404, "404 not-found"),
            ("/favicon.ico", 404, "404 not-found"),
            ("/api/v1/nothing", 404, "404 not-found"),
            ("/assets/none.css", 404, "404 not-found"),
            ("/sign-out", 405, "405 method-not-allowed"),
            ("/hooks/ci", 405, "405 method-not-allowed"),
        ] {
            let (code, kind, headers, text) = ask(reqwest::Method::GET, path, browser).await;
            assert_eq!((code, kind.as_str()), (status, "text/html; charset=utf-8"), "{path}");
            assert!(text.contains(said) && text.contains("Go to the queue"), "{path}: {text}");
            assert!(headers.contains_key("content-security-policy") && headers["cache-control"] == "no-store", "{path}");
            assert_eq!(status == 405, headers.contains_key("allow"), "{path}");
            let (code, kind, _, text) = ask(reqwest::Method::GET, path, "application/json").await;
            assert_eq!((code, kind.as_str()), (status, "application/problem+json"), "{path}: {text}");
        }
        // A client that did not say what it accepts.
        assert_eq!(ask(reqwest::Method::GET, "/api/v1/nothing", "*/*").await.1, "application/problem+json");
        assert_eq!(ask(reqwest::Method::DELETE, "/api/v1/releases", "*/*").await.1, "application/problem+json");
        assert_eq!(ask(reqwest::Method::GET, "/sign-in?next=%FF%ZZ", browser).await.1, "text/html; charset=utf-8");
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_failure_of_ours_is_a_page_that_names_the_request(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        database.execute_owned("DROP TABLE sessions".into()).await;
        for (accept, kind) in [("text/html,*/*;q=0.8", "text/html; charset=utf-8"), ("application/json", "application/problem+json")] {
            let request = app.http.get(format!("{}/", app.base)).header("cookie", "modelgate_session=x");
            let response = request.header("accept", accept).header("x-request-id", "r-4711").send().await.unwrap();
            assert_eq!((response.status().as_u16(), header(&response, "content-type")), (503, kind));
            let text = response.text().await.unwrap();
            assert!(text.contains("r-4711"), "{text}");
        }
        app.stop().await;
    }
}

#[test]
fn commands_reach_a_service_below_a_path() {
    let served = Served::start_at("http://gate.test/gate", "/gate/");
    let asked = served.gate("good", &["--format=json"]).expect(3).json();
    let release = asked["release"].as_str().unwrap();
    assert_eq!(asked["url"], format!("http://gate.test/gate/releases/{release}"));
    served.run_as(&served.ada, &["approve", release]).expect(0);
    let allowed =
        served.run_as(&served.ben, &["approve", release, "--format=json"]).expect(0).json();
    served
        .run(&["export", "decision", allowed["decision"].as_str().unwrap(), "--out", "out"])
        .expect(0);
    served.run(&["verify", "out", "--trust", "out/trust"]).expect(0);
    served
        .run(&["policy", "publish", "--server", "http://gate.test/gate/x?y", "none.toml"])
        .expect(2);
}

/// A public address below a path that the service itself uses would be ambiguous.
#[test]
fn no_public_address_begins_as_an_address_of_ours() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut own = BTreeSet::new();
    for file in source::files(package, "src/web", "rs") {
        let text = fs::read_to_string(file).unwrap();
        let routes =
            text.split(".route(\"/").skip(1).filter_map(|rest| rest.split(['/', '"']).next());
        own.extend(routes.filter(|first| !first.is_empty()).map(ToOwned::to_owned));
    }
    assert!(own.len() > 10, "{own:?}");
    for first in own {
        let settings = Partial {
            public_url: Some(format!("https://example.com/{first}/x")),
            ..Partial::default()
        };
        assert!(settings.resolve().is_err(), "/{first} is an address of the service itself");
    }
}

/// A link that a template writes without the helper would leave the path; a link that is only a
/// query stays on the page's own address.
#[test]
fn every_link_of_a_template_is_made_by_the_one_function() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in source::files(package, "templates", "hbs") {
        let text = fs::read_to_string(&file).unwrap();
        for attribute in [" href=\"", " src=\"", " action=\""] {
            for link in text.split(attribute).skip(1) {
                let fine = ["{{link ", "{{{asset ", "#", "?", "data:"]
                    .iter()
                    .any(|start| link.starts_with(start));
                assert!(fine, "{}: {attribute}{}", file.display(), &link[..link.len().min(40)]);
            }
        }
    }
}
