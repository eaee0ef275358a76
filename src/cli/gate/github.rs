//! A step of GitHub Actions: annotations, step summary and outputs.

use super::{evidence::Document, markdown, verdict_text};
use crate::{
    app::core::env::Env,
    cli::{
        client::variable,
        exit::{Failure, Outcome as Ended},
        output::{line, plain},
    },
    model::{Digest, Finding, Outcome, Verdict},
    wire::release::{DecidedV1, SubmitV1},
};
use std::{fs::OpenOptions, io::Write as _};

/// The maximum number of annotations of a kind that GitHub shows for a step.
const MAX: usize = 10;

/// Hides the token in the log of a runner. Elsewhere no program would interpret the line as a
/// command.
pub(super) fn mask(token: &str) {
    if variable("GITHUB_ACTIONS").as_deref() == Some("true") {
        line(&format!("::add-mask::{}", data(token)));
    }
}

/// The idempotency key of a request in a step of GitHub Actions: the same for one attempt of one
/// step with one request, so that it can be sent again, and another one for every rerun. `None`
/// elsewhere.
pub(super) fn key(step: bool, request: &SubmitV1, documents: &[Document]) -> Option<String> {
    let run = variable("GITHUB_RUN_ID").filter(|_| step)?;
    let attempt = variable("GITHUB_RUN_ATTEMPT").unwrap_or_default();
    let names = [
        "GITHUB_SERVER_URL",
        "GITHUB_REPOSITORY_ID",
        "GITHUB_REPOSITORY",
        "GITHUB_JOB",
        "GITHUB_ACTION",
    ];
    let mut parts: Vec<String> =
        names.iter().map(|name| variable(name).unwrap_or_default()).collect();
    // The jobs of a matrix have the same name, and differ in what they send.
    parts.push(serde_json::to_string(request).ok()?);
    for document in documents {
        parts.push(serde_json::to_string(&document.said).ok()?);
        parts.push(Digest::of(&document.bytes).to_string());
    }
    let rest = Digest::of(parts.join("\n").as_bytes());
    let digits = |text: String| {
        text.chars().filter(char::is_ascii_alphanumeric).take(40).collect::<String>()
    };
    Some(format!("github-{}-{}-{}", digits(run), digits(attempt), rest.hex()))
}

/// Reports a decision.
///
/// # Errors
/// When the files of the runner cannot be written.
pub(super) fn report(decided: &DecidedV1) -> Result<(), Failure> {
    // Between these two lines the runner interprets nothing as a command, whatever user text begins
    // with.
    let stop = random();
    line(&format!("::stop-commands::{stop}"));
    for remark in markdown::remarks(decided) {
        line(&format!("warning: {}", plain(&remark)));
    }
    super::text(decided);
    line(&format!("::{stop}::"));
    if let Some(at) = decided.ended {
        let text = format!("the approvals expired at {at}; the release must be approved again");
        line(&command("error", "modelgate: waiting for approval", &text));
    } else {
        for annotation in annotations(&decided.verdict.to_verdict()) {
            line(&annotation);
        }
    }
    append("GITHUB_STEP_SUMMARY", &markdown::summary(decided))?;
    let pass = super::exit_code(decided) == 0;
    let word = if decided.ended.is_some() { Outcome::Pending } else { decided.verdict.verdict };
    append(
        "GITHUB_OUTPUT",
        &outputs(&[
            ("verdict", word.as_str()),
            ("release-id", decided.release.as_str()),
            ("decision-id", decided.decision.as_str()),
            ("decision-url", &decided.url),
            ("pass", if pass { "true" } else { "false" }),
        ]),
    )
}

/// Reports a failure, which never passes.
pub(in crate::cli) fn failed(failure: &Failure) -> Ended {
    let message = anstream::adapter::strip_str(&failure.message).to_string();
    let message = message.strip_prefix("error: ").unwrap_or(&message);
    line(&command("error", &format!("modelgate: {}", failure.code), message));
    append("GITHUB_OUTPUT", &outputs(&[("pass", "false")]))?;
    Ok(failure.exit)
}

fn annotations(verdict: &Verdict) -> Vec<String> {
    let mut findings: Vec<&Finding> =
        verdict.findings.iter().filter(|f| !f.status.holds()).collect();
    findings.sort_by_key(|f| verdict_text::rank(verdict, f));
    let (blocking, warning): (Vec<&Finding>, Vec<&Finding>) =
        findings.into_iter().partition(|f| verdict.is_blocking(f));
    let mut out = some("error", &blocking);
    out.extend(some("warning", &warning));
    let next = verdict_text::next(verdict);
    match verdict.verdict {
        Outcome::Allow if !verdict.is_enforced() => {
            out.push(command("warning", "modelgate: let through", &next));
        }
        Outcome::Allow => out.push(command("notice", "modelgate: allowed", &next)),
        Outcome::Pending => out.push(command("notice", "modelgate: waiting for approval", &next)),
        Outcome::Deny | Outcome::Revoked if blocking.is_empty() => {
            out.push(command("error", &format!("modelgate: {}", verdict.verdict), &next));
        }
        Outcome::Deny | Outcome::Revoked => {}
    }
    out
}

fn some(kind: &str, findings: &[&Finding]) -> Vec<String> {
    let shown = if findings.len() > MAX { MAX - 1 } else { findings.len() };
    let mut out: Vec<String> = findings.iter().take(shown).map(|f| annotation(kind, f)).collect();
    if findings.len() > shown {
        let more =
            format!("{} more of this kind are in the summary of this step", findings.len() - shown);
        out.push(command(kind, "modelgate: and more", &more));
    }
    out
}

fn annotation(kind: &str, finding: &Finding) -> String {
    let slice =
        if finding.slice.is_overall() { String::new() } else { format!(" ({})", finding.slice) };
    command(kind, &format!("{}: {}{slice}", finding.rule, finding.status), &finding.message)
}

/// A workflow command whose parts are data.
fn command(kind: &str, title: &str, message: &str) -> String {
    let lines: Vec<String> = message.lines().map(plain).collect();
    let title = data(&plain(title)).replace(':', "%3A").replace(',', "%2C");
    format!("::{kind} title={title}::{}", data(&lines.join("\n")))
}

/// As the runner decodes it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Outputs in the form that accepts any text, with a random delimiter that no text can predict.
fn outputs(pairs: &[(&str, &str)]) -> String {
    let end = format!("modelgate_{}", random());
    let mut out = String::new();
    for (name, value) in pairs {
        out.push_str(&format!("{name}<<{end}\n{}\n{end}\n", value.replace(['\r', '\n'], " ")));
    }
    out
}

fn random() -> String {
    hex::encode(Env::default().random())
}

/// Appends to the file that a variable of the runner names; does nothing if the variable is not
/// set.
fn append(name: &str, text: &str) -> Result<(), Failure> {
    let Some(path) = variable(name) else { return Ok(()) };
    let written = OpenOptions::new()
        .append(true)
        .create(true)
        .open(&path)
        .and_then(|mut f| f.write_all(text.as_bytes()));
    written.map_err(|e| {
        Failure::service("runner-file", format!("cannot write `{}` ({name}): {e}", plain(&path)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Digest, Engine, PolicySummary, Status, verdict::Mode};

    fn finding(rule: &str, status: Status, message: &str) -> Finding {
        Finding { message: message.into(), ..Finding::new("p", rule, status) }
    }

    fn verdict(outcome: Outcome, findings: Vec<Finding>) -> Verdict {
        Verdict {
            verdict: outcome,
            model: None,
            artifact: None,
            environment: None,
            inputs_digest: Digest::of(b""),
            policies: vec![PolicySummary {
                name: "p".into(),
                digest: Digest::of(b"p"),
                mode: Mode::Enforce,
            }],
            findings,
            approvals: vec![],
            engine: Engine { semantics: 1 },
        }
    }

    #[test]
    fn commands_are_escaped_as_the_runner_decodes_them() {
        // The escapes are those of actions/toolkit, packages/core/src/command.ts.
        let list = vec![finding("a:b,c", Status::Fail, "50% of\r\n::add-mask::x")];
        let said = annotations(&verdict(Outcome::Deny, list));
        assert_eq!(said, ["::error title=a%3Ab%2Cc%3A fail::50%25 of%0A::add-mask::x"]);
    }

    #[test]
    fn no_more_annotations_than_are_shown() {
        let list: Vec<_> = (0..25).map(|i| finding(&format!("r{i}"), Status::Fail, "no")).collect();
        let said = annotations(&verdict(Outcome::Deny, list));
        assert_eq!(said.len(), MAX);
        assert!(said[9].contains("16 more"), "{}", said[9]);
    }

    #[test]
    fn a_deny_without_a_finding_and_an_allow_are_told_too() {
        assert!(annotations(&verdict(Outcome::Deny, vec![]))[0].starts_with("::error "));
        assert!(annotations(&verdict(Outcome::Allow, vec![]))[0].starts_with("::notice "));
        assert!(annotations(&verdict(Outcome::Pending, vec![]))[0].starts_with("::notice "));
    }

    #[test]
    fn an_output_cannot_end_itself() {
        let text = outputs(&[("verdict", "allow"), ("url", "x\nmodelgate_\npass=true")]);
        assert_eq!(text.lines().count(), 6, "{text}");
    }
}
