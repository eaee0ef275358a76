//! Refusals of the service, as failures of the command.

use crate::{
    cli::{exit::Failure, output::plain},
    wire::common::ProblemV1,
};
use reqwest::StatusCode;

/// The prefix of the type of every problem document of the service.
const OURS: &str = "tag:modelgate.dev,";

/// A failure from an answer that is not a success, and whether the service itself sent it: a proxy
/// in front of it has its own answers.
pub(super) fn failure(status: StatusCode, body: &[u8]) -> (Failure, bool) {
    // Too many requests and a request that took too long are not mistakes of the call.
    let callers = status.is_client_error() && !matches!(status.as_u16(), 408 | 429);
    let make = |code: String, message: String| {
        if callers { Failure::input(code, message) } else { Failure::service(code, message) }
    };
    let said = serde_json::from_slice::<ProblemV1>(body)
        .ok()
        .filter(|problem| problem.r#type.starts_with(OURS));
    if let Some(problem) = said {
        return (make(word(&problem.code), told(&problem, callers)), true);
    }
    let what = if status.is_redirection() {
        "points elsewhere; give its own address"
    } else {
        "does not say why as modelgate does; is the address right, and does the proxy in front of it reach the service?"
    };
    (
        make(
            format!("http-{}", status.as_u16()),
            format!("the address answers {status} and {what}"),
        ),
        false,
    )
}

/// A code for scripts: text that does not look like a code is not passed on.
fn word(code: &str) -> String {
    let fine = !code.is_empty()
        && code.len() <= 60
        && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if fine { code.to_owned() } else { "problem".to_owned() }
}

fn told(problem: &ProblemV1, callers: bool) -> String {
    let mut text = plain(&problem.detail);
    for mistake in &problem.mistakes {
        let place = format!("{}:{}", mistake.line, mistake.column);
        text.push_str(&format!("\n  {place}: {}", plain(&mistake.message)));
        if let Some(help) = &mistake.help {
            text.push_str(&format!("; {}", plain(help)));
        }
    }
    if let Some(id) = problem.request_id.as_deref().filter(|_| !callers) {
        text.push_str(&format!(" (request {})", plain(id)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit::{SERVICE, USAGE};

    fn failed(status: u16, body: &str) -> Failure {
        failure(StatusCode::from_u16(status).unwrap(), body.as_bytes()).0
    }

    #[test]
    fn the_caller_s_mistakes_are_2_and_the_service_s_are_5() {
        let body = r#"{"type":"tag:modelgate.dev,2026:problem/policy-invalid","title":"x","status":422,"code":"policy-invalid","detail":"the policy has 1 mistake",
            "mistakes":[{"code":"unknown-key","message":"unknown \u001b[31mkey","line":3,"column":1,"length":2,"help":"drop it"}]}"#;
        let failure = failed(422, body);
        assert_eq!((failure.exit, failure.code.as_str()), (USAGE, "policy-invalid"));
        assert_eq!(
            failure.message,
            "the policy has 1 mistake\n  3:1: unknown \\u{1b}[31mkey; drop it"
        );
        for (status, exit) in [
            (400, USAGE),
            (401, USAGE),
            (404, USAGE),
            (408, SERVICE),
            (429, SERVICE),
            (500, SERVICE),
        ] {
            let failure = failed(status, "<html>");
            assert_eq!((failure.exit, failure.code), (exit, format!("http-{status}")));
        }
    }
}
