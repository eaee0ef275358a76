//! The client of the service, for the commands that need one.

mod problem;
mod retry;
mod stream;
mod upload;

pub use retry::{Refusal, jittered};

use super::{
    exit::Failure,
    output::{self, plain},
};
use crate::{app::core::env::Env, wire::common::ListV1};
use bytes::Bytes;
use reqwest::{Method, Response, header, redirect};
use retry::Tries;
use serde::{Serialize, de::DeserializeOwned};
use std::{path::PathBuf, time::Duration};
use tokio::time::Instant;

/// How long one request may take; a submission may carry many megabytes.
const TIMEOUT: Duration = Duration::from_mins(1);
/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(5);
/// The maximum size of an answer, and of an answer that is not a success.
const MAX_ANSWER: usize = 512 << 20;
const MAX_PROBLEM: usize = 1 << 20;
/// The variable that contains the token.
pub const TOKEN: &str = "MODELGATE_TOKEN";

/// The service, and the token to use.
#[derive(Debug, Clone, clap::Args)]
pub struct ServerArgs {
    /// Address of the service
    #[arg(
        long,
        value_name = "URL",
        env = "MODELGATE_SERVER",
        default_value = "http://127.0.0.1:8080"
    )]
    pub server: String,
    /// File that contains the API token [default: the variable `MODELGATE_TOKEN`]
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

/// A body, and how it is written.
#[derive(Debug, Clone)]
pub struct Body {
    content_type: String,
    bytes: Bytes,
    key: Option<String>,
    within: Duration,
}

impl Body {
    /// A body of that type. It is sent only once, because a repetition might have its effect twice.
    pub fn new(content_type: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self { content_type: content_type.into(), bytes: bytes.into(), key: None, within: TIMEOUT }
    }

    /// JSON.
    ///
    /// # Errors
    /// When `value` has no JSON form.
    pub fn json<T: Serialize>(value: &T) -> Result<Self, Failure> {
        let bytes = serde_json::to_vec(value).map_err(|e| Failure::service("output", e))?;
        Ok(Self::new("application/json", bytes))
    }

    /// Allows the service more time to answer.
    #[must_use]
    pub fn within(mut self, within: Duration) -> Self {
        self.within = within;
        self
    }

    /// Adds an `Idempotency-Key`, so that it can be sent again if its result is unknown.
    #[must_use]
    pub fn once(mut self, key: Option<String>) -> Self {
        self.key = Some(key.unwrap_or_else(|| Env::default().new_id()));
        self
    }
}

/// A connection to the service.
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl ServerArgs {
    /// The client that follows from the command line and the environment.
    ///
    /// # Errors
    /// When the address is not valid, or there is no token.
    pub fn client(&self) -> Result<Client, Failure> {
        let base = self.server.trim_end_matches('/').to_owned();
        let wrong = |why: &str| {
            let message =
                format!("`{}` is not the address of a service: {why}", plain(&self.server));
            Failure::input("invalid-server", message)
        };
        let url = reqwest::Url::parse(&base).map_err(|e| wrong(&e.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(wrong("it must begin with https:// or http://"));
        }
        if !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(wrong(
                "expected a host and perhaps a path, without a name, password or query",
            ));
        }
        let token = self.token()?;
        let builder = reqwest::Client::builder()
            .user_agent(concat!("modelgate/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .timeout(TIMEOUT)
            // A token must be sent only to the address that it was given for.
            .redirect(redirect::Policy::none());
        let loopback = is_loopback(&url);
        if url.scheme() == "http" && !loopback {
            output::note("warning: the token travels unencrypted over http://; use https://");
        }
        let builder = if loopback { builder.no_proxy() } else { builder };
        let http = builder.build().map_err(|e| Failure::service("client", e))?;
        Ok(Client { http, base, token })
    }

    fn token(&self) -> Result<String, Failure> {
        let text = match &self.token_file {
            Some(path) => std::fs::read_to_string(path).map_err(|e| {
                let path = plain(&path.display().to_string());
                Failure::input(
                    "token-unreadable",
                    format!("cannot read the token in `{path}`: {e}"),
                )
            })?,
            None => variable(TOKEN).unwrap_or_default(),
        };
        let token = text.trim();
        if token.is_empty() {
            let message = format!(
                "no token: put one in the variable `{TOKEN}`, or name a file with `--token-file`; make one with `modelgate token create`"
            );
            return Err(Failure::input("token-missing", message));
        }
        if !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Failure::input(
                "token-invalid",
                "the token contains characters that no token has",
            ));
        }
        Ok(token.to_owned())
    }
}

/// A variable of the environment, if it is set to text.
#[expect(clippy::disallowed_methods, reason = "the command line is where the environment is read")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn is_loopback(url: &reqwest::Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl Client {
    /// The address of the service, without a slash at its end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The token, only for hiding it in logs.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Asks for `path`, such as `/api/v1/releases`.
    ///
    /// # Errors
    /// Exit code 2 when the service refuses the request, 5 when it fails or cannot be reached.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.ask(Method::GET, path, None, None, parsed).await
    }

    /// The whole list at `path`, which has no query, page by page.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn all<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, Failure> {
        let mut page: ListV1<T> = self.get(path).await?;
        let mut all = std::mem::take(&mut page.data);
        while let Some(cursor) = &page.next {
            // The cursor is parsed as a number, so that it cannot change the address.
            let cursor: u64 = cursor.parse().map_err(|_| {
                Failure::service("bad-answer", "the service gave a cursor that is not a number")
            })?;
            page = self.get(&format!("{path}?cursor={cursor}")).await?;
            all.append(&mut page.data);
        }
        Ok(all)
    }

    /// Asks for `path` once, and gives up after `within`.
    ///
    /// # Errors
    /// Why there is no good answer, and whether the reason is temporary.
    pub async fn look<T: DeserializeOwned>(
        &self,
        path: &str,
        within: Duration,
    ) -> Result<T, Refusal> {
        self.once(&Method::GET, path, None, within, &parsed).await
    }

    /// Posts `body` to `path`.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: Body) -> Result<T, Failure> {
        self.ask(Method::POST, path, Some(body), None, parsed).await
    }

    /// Posts `body` for a caller who waits: while the service cannot be reached, the request is
    /// sent again until `end`.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn post_until<T: DeserializeOwned>(
        &self,
        path: &str,
        body: Body,
        end: Option<Instant>,
    ) -> Result<T, Failure> {
        self.ask(Method::POST, path, Some(body), end, parsed).await
    }

    async fn ask<T>(
        &self,
        method: Method,
        path: &str,
        body: Option<Body>,
        end: Option<Instant>,
        read: impl Fn(Vec<u8>) -> Result<T, Refusal>,
    ) -> Result<T, Failure> {
        let repeatable = body.as_ref().is_none_or(|b| b.key.is_some());
        let within = body.as_ref().map_or(TIMEOUT, |b| b.within);
        let mut tries = Tries::until(end);
        let mut told = None;
        loop {
            let refusal = match self.once(&method, path, body.as_ref(), within, &read).await {
                Ok(answer) => return Ok(answer),
                Err(refusal) => refusal,
            };
            let Some(pause) = tries.next(&refusal).filter(|_| repeatable) else {
                return Err(if end.is_some() && refusal.is_passing() {
                    refusal.at_the_end()
                } else {
                    refusal.failure
                });
            };
            if end.is_some() && told.as_ref() != Some(&refusal.failure.message) {
                output::note(&format!("trying again: {}", refusal.failure.message));
                told = Some(refusal.failure.message);
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Sends the request once.
    async fn once<T>(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Body>,
        within: Duration,
        read: &impl Fn(Vec<u8>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let sent = self.send(method, path, body, within).await;
        let response = sent.map_err(|e| Refusal::unreachable(self.unreachable(&e)))?;
        read(answer(response).await?)
    }

    async fn send(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Body>,
        within: Duration,
    ) -> Result<Response, reqwest::Error> {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        request = request.bearer_auth(&self.token).header(header::ACCEPT, "application/json, */*");
        request = request.timeout(within);
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, &body.content_type);
            request = request.body(body.bytes.clone());
            if let Some(key) = &body.key {
                request = request.header("idempotency-key", key);
            }
        }
        request.send().await
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let why =
            if error.is_timeout() { "it did not answer in time".to_owned() } else { root(error) };
        let base = plain(&self.base);
        let message =
            format!("cannot reach the service at {base}: {}; is it running?", plain(&why));
        Failure::service("service-unreachable", message)
    }
}

/// The innermost cause: the outer ones say only that a request was sent.
fn root(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(cause) = error.source() {
        error = cause;
    }
    error.to_string()
}

/// The body of a good answer.
async fn answer(mut response: Response) -> Result<Vec<u8>, Refusal> {
    let status = response.status();
    let after = response
        .headers()
        .get(header::RETRY_AFTER)
        .and_then(|v| v.to_str().ok())
        .and_then(retry::retry_after);
    let most = if status.is_success() { MAX_ANSWER } else { MAX_PROBLEM };
    let broken = |why: String| {
        Failure::service("answer-broken", format!("the service's answer broke off: {why}"))
    };
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(None) => break,
            Ok(Some(piece)) => bytes.extend_from_slice(&piece),
            // For a refusal the status says enough.
            Err(_) if !status.is_success() => break,
            Err(e) => return Err(Refusal::unreachable(broken(root(&e)))),
        }
        if bytes.len() > most {
            if !status.is_success() {
                break;
            }
            let why = format!("it is larger than {} MiB", MAX_ANSWER >> 20);
            return Err(Refusal::strange(broken(why)));
        }
    }
    if status.is_success() { Ok(bytes) } else { Err(Refusal::answered(status, &bytes, after)) }
}

fn parsed<T: DeserializeOwned>(bytes: Vec<u8>) -> Result<T, Refusal> {
    serde_json::from_slice(&bytes).map_err(|e| {
        let message = format!("the answer is not one of modelgate ({e}); is the address right?");
        Refusal::strange(Failure::service("answer-not-understood", message))
    })
}
