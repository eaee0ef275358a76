//! The whole service, listening, on a database of either engine.

use super::{clock::TestClock, database::TestDatabase};
use modelgate::{
    app::{
        Parts, Service, UploadLimits,
        accounts::people::{NewToken, NewUser},
    },
    config::{Limits, Partial},
    identity::Scope,
    keys::Keyring,
    model::{Age, ObserveOnlyBy},
    render::Renderer,
    store::Store,
    web::{self, Running, Web},
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::task::JoinHandle;

const PUBLIC_URL: &str = "https://gate.example.com";
pub const NOW: &str = "2026-11-20T12:00:00Z";
pub const PASSWORD: &str = "correct horse battery staple";

/// A policy that requires an accuracy and two people.
pub const POLICY: &str = r#"
name = "two-eyes"
[[rule]]
id = "accuracy-floor"
metric = "accuracy"
min = 0.9
[[approval]]
id = "risk"
role = "model-risk"
count = 2
expires = "7d"
"#;

pub struct TestApp {
    pub base: String,
    pub service: Arc<Service>,
    pub clock: TestClock,
    pub http: reqwest::Client,
    store: Store,
    running: Running,
    ended: JoinHandle<()>,
}

/// An answer: its status and its JSON, null if it has none.
pub type Answer = (u16, Value);

impl TestApp {
    pub async fn start(database: &TestDatabase) -> Self {
        Self::try_start(database).await.unwrap_or_else(|e| panic!("{e}"))
    }

    pub async fn try_start(
        database: &TestDatabase,
    ) -> Result<Self, modelgate::app::core::error::AppError> {
        let folder = database.folder.path().join("blobs");
        let uploads = UploadLimits { folder, max_size: 4 << 20, deadline: Duration::from_secs(30) };
        Self::start_with(database, uploads).await
    }

    /// With this public address, which can have a path.
    pub async fn start_at(database: &TestDatabase, public_url: &str) -> Self {
        let folder = database.folder.path().join("blobs");
        let uploads = UploadLimits { folder, max_size: 4 << 20, deadline: Duration::from_secs(30) };
        let started =
            Self::start_as(database, uploads, public_url, ObserveOnlyBy::new(), Limits::default())
                .await;
        started.unwrap_or_else(|e| panic!("{e}"))
    }

    /// With these limits for uploads.
    pub async fn start_with(
        database: &TestDatabase,
        uploads: UploadLimits,
    ) -> Result<Self, modelgate::app::core::error::AppError> {
        Self::start_as(database, uploads, PUBLIC_URL, ObserveOnlyBy::new(), Limits::default()).await
    }

    /// With these environments that no policy has to enforce.
    pub async fn start_observing(database: &TestDatabase, observe_only: ObserveOnlyBy) -> Self {
        let folder = database.folder.path().join("blobs");
        let uploads = UploadLimits { folder, max_size: 4 << 20, deadline: Duration::from_secs(30) };
        let started =
            Self::start_as(database, uploads, PUBLIC_URL, observe_only, Limits::default()).await;
        started.unwrap_or_else(|e| panic!("{e}"))
    }

    /// With these limits for unauthenticated callers.
    pub async fn start_limited(database: &TestDatabase, limits: Limits) -> Self {
        let folder = database.folder.path().join("blobs");
        let uploads = UploadLimits { folder, max_size: 4 << 20, deadline: Duration::from_secs(30) };
        let started =
            Self::start_as(database, uploads, PUBLIC_URL, ObserveOnlyBy::new(), limits).await;
        started.unwrap_or_else(|e| panic!("{e}"))
    }

    async fn start_as(
        database: &TestDatabase,
        uploads: UploadLimits,
        public_url: &str,
        observe_only: ObserveOnlyBy,
        limits: Limits,
    ) -> Result<Self, modelgate::app::core::error::AppError> {
        let clock = TestClock::at(database.now);
        let store = Store::open_with(&database.address, database.patience).await.unwrap();
        let parts = Parts {
            env: clock.env(),
            store: store.clone(),
            keys: Keyring::open_or_create(&database.folder.path().join("keys")).unwrap(),
            public_url: public_url.to_owned(),
            heads: vec![database.folder.path().join("heads")],
            uploads,
            observe_only,
            limits: limits.clone(),
        };
        let (service, ended) = Service::start(parts).await?;
        let settings = Partial { public_url: Some(public_url.to_owned()), ..Partial::default() }
            .resolve()
            .unwrap();
        let renderer = Arc::new(Renderer::below(settings.base_path()).unwrap());
        let web = Web {
            service: service.clone(),
            renderer,
            max_body: 2 << 20,
            limits,
            trusted_proxies: web::networks(&[]).unwrap(),
            requests: Arc::default(),
            metrics_apart: false,
        };
        let running = web::start(&web, web::bind("127.0.0.1:0").await.unwrap());
        let base = format!("http://{}", running.address);
        let http =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Ok(Self { base, service, clock, http, store, running, ended })
    }

    pub async fn stop(self) {
        drop(self.http);
        self.running.stop().await.unwrap();
        drop(self.service);
        self.ended.await.unwrap();
        self.store.close().await;
    }

    /// A token of a machine.
    pub async fn machine(&self, namespace: &str, scopes: &[Scope]) -> String {
        self.token(namespace, scopes, None).await
    }

    /// A token of a person, for reading and approving.
    pub async fn person(&self, namespace: &str, name: &str, role: &str) -> String {
        let user = NewUser {
            namespace: namespace.parse().unwrap(),
            name: name.into(),
            display_name: format!("{name} of {namespace}"),
            password: PASSWORD.into(),
            roles: vec![role.into()],
        };
        self.service.create_user(user).await.unwrap();
        self.token(namespace, &[Scope::Read, Scope::Approve, Scope::Submit], Some(name)).await
    }

    async fn token(&self, namespace: &str, scopes: &[Scope], user: Option<&str>) -> String {
        let new = NewToken {
            namespace: namespace.parse().unwrap(),
            name: "test".into(),
            scopes: scopes.to_vec(),
            user: user.map(Into::into),
            lives: "30d".parse::<Age>().unwrap(),
        };
        self.service.create_token(new).await.unwrap().1.reveal().to_owned()
    }

    pub async fn get(&self, token: &str, path: &str) -> Answer {
        answer(self.http.get(format!("{}{path}", self.base)).bearer_auth(token)).await
    }

    pub async fn post(&self, token: &str, path: &str, body: &Value) -> Answer {
        answer(self.http.post(format!("{}{path}", self.base)).bearer_auth(token).json(body)).await
    }

    pub async fn publish(&self, namespace: &str, policy: &str) -> Answer {
        let token = self.machine(namespace, &[Scope::Policy]).await;
        let request = self.http.post(format!("{}/api/v1/policies", self.base)).bearer_auth(token);
        answer(request.body(policy.to_owned())).await
    }

    pub async fn submit(&self, token: &str, submission: &Value) -> Answer {
        self.post(token, "/api/v1/releases", submission).await
    }

    /// Uploads a file of rows; returns its digest.
    pub async fn upload(&self, token: &str, rows: impl Into<reqwest::Body>) -> Answer {
        answer(
            self.http
                .put(format!("{}/api/v1/predictions", self.base))
                .bearer_auth(token)
                .body(rows),
        )
        .await
    }

    /// The inputs of the release that an answer is about.
    pub async fn inputs(&self, token: &str, decided: &Value) -> Value {
        let release = decided["release"].as_str().unwrap_or_else(|| panic!("{decided}"));
        self.get(token, &format!("/api/v1/releases/{release}")).await.1["inputs"].clone()
    }

    /// The files of an exported decision.
    pub async fn export(
        &self,
        token: &str,
        decided: &Value,
    ) -> modelgate::app::offline::replay::Files {
        use base64::Engine as _;
        let decision = decided["decision"].as_str().unwrap_or_else(|| panic!("{decided}"));
        let (_, export) = self.get(token, &format!("/api/v1/decisions/{decision}/export")).await;
        let decode = |v: &Value| {
            base64::engine::general_purpose::STANDARD.decode(v.as_str().unwrap()).unwrap()
        };
        let files = export["files"].as_array().unwrap_or_else(|| panic!("{export}"));
        files
            .iter()
            .map(|f| (f["path"].as_str().unwrap().to_owned(), decode(&f["content_base64"])))
            .collect()
    }

    /// The number of entries of a kind in the log, among the first entries.
    pub async fn entries_of(&self, token: &str, kind: &str) -> usize {
        let (_, entries) = self.get(token, "/api/v1/log/entries").await;
        entries["data"].as_array().unwrap().iter().filter(|entry| entry["kind"] == kind).count()
    }

    /// The number of entries in the log of a namespace; 0 without a log.
    pub async fn log_size(&self, namespace: &str) -> u64 {
        let head = self.store.log_head(&namespace.parse().unwrap()).await.unwrap();
        head.map_or(0, |head| head.size)
    }
}

pub async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.bytes().await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

pub fn artifact(name: &str) -> String {
    modelgate::model::Digest::of(name.as_bytes()).to_string()
}

/// Native evidence of `right` correct answers out of `n`.
pub fn accuracy(right: u64, n: u64) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let value = right as f64 / n as f64;
    json!({
        "schema": "modelgate.evidence/v1",
        "dataset": {"name": "holdout"},
        "produced_at": "2026-11-20T11:00:00Z",
        "measurements": [{"metric": "accuracy", "value": value, "n": n, "successes": right, "slice": {}}]
    })
}

/// A request to release `name`'s artifact with this evidence.
pub fn submission(model: &str, name: &str, evidence: &Value) -> Value {
    json!({
        "model": model, "version": name, "artifact": artifact(name), "environment": "production",
        "evidence": [{"document": evidence}]
    })
}
