//! Downloading a document that may be larger than memory.

use super::{Client, Refusal, TIMEOUT, answer, retry::Tries, root};
use crate::cli::{exit::Failure, output::plain};
use reqwest::{Response, header};
use std::time::Duration;
use tokio::time::timeout;

/// How long one document may take.
const LONGEST: Duration = Duration::from_hours(6);

impl Client {
    /// Requests the document at `path`, passes its pieces to `take` as they arrive, and returns the
    /// number of bytes. The request is repeated only while nothing has arrived.
    ///
    /// # Errors
    /// As [`Self::get`]; `answer-broken` when it broke off, and the failures of `take`.
    pub async fn stream(
        &self,
        path: &str,
        mut take: impl FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<u64, Failure> {
        let mut tries = Tries::until(None);
        let mut response = loop {
            match self.begin(path).await {
                Ok(response) => break response,
                Err(refusal) => match tries.next(&refusal) {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => return Err(refusal.failure),
                },
            }
        };
        let broken = |why: &str| {
            let message = format!("the service's answer broke off: {why}; it is not complete");
            Failure::service("answer-broken", message)
        };
        let mut bytes = 0;
        loop {
            let piece = timeout(TIMEOUT, response.chunk())
                .await
                .map_err(|_| broken("no more of it came"))?;
            let Some(piece) = piece.map_err(|e| broken(&plain(&root(&e))))? else {
                return Ok(bytes);
            };
            bytes += piece.len() as u64;
            take(&piece)?;
        }
    }

    /// A good answer, of which only the head has arrived.
    async fn begin(&self, path: &str) -> Result<Response, Refusal> {
        let request =
            self.http.get(format!("{}{path}", self.base)).bearer_auth(&self.token).timeout(LONGEST);
        let request = request.header(header::ACCEPT, "application/json, */*");
        let Ok(sent) = timeout(TIMEOUT, request.send()).await else {
            let message = format!("the service at {} did not answer in time", plain(&self.base));
            return Err(Refusal::unreachable(Failure::service("service-unreachable", message)));
        };
        let response = sent.map_err(|e| Refusal::unreachable(self.unreachable(&e)))?;
        if response.status().is_success() {
            return Ok(response);
        }
        // The body of a failure is short, and read completely.
        let unclear =
            || Failure::service("answer-not-understood", "the service answered neither yes nor no");
        Err(answer(response).await.err().unwrap_or_else(|| Refusal::strange(unclear())))
    }
}
