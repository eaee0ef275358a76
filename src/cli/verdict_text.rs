//! The verdict for a person at a terminal: what was decided, what blocks the release, what to do
//! next.

use crate::{
    cli::output::{line, plain},
    model::{ApprovalCount, Finding, Outcome, Severity, Status, Verdict, verdict::Mode},
};
use anstyle::{AnsiColor, Style};
use std::fmt::Write as _;

const RED: Style = color(AnsiColor::Red);
const GREEN: Style = color(AnsiColor::Green);
const YELLOW: Style = color(AnsiColor::Yellow);
const DIM: Style = Style::new().dimmed();

const fn color(color: AnsiColor) -> Style {
    Style::new().bold().fg_color(Some(anstyle::Color::Ansi(color)))
}

/// Prints `verdict`.
pub fn print(verdict: &Verdict) {
    head(verdict);
    if !verdict.findings.is_empty() {
        line("");
    }
    let several = verdict.policies.len() > 1;
    let mut findings: Vec<&Finding> = verdict.findings.iter().collect();
    findings.sort_by_key(|f| rank(verdict, f));
    for finding in findings {
        line(&one(verdict, finding, several));
    }
    foot(verdict);
}

/// Prints `verdict` without its findings, for a user who has just seen them.
pub fn print_brief(verdict: &Verdict) {
    head(verdict);
    foot(verdict);
}

fn head(verdict: &Verdict) {
    let style = match verdict.verdict {
        Outcome::Allow if is_good(verdict) => GREEN,
        Outcome::Allow | Outcome::Pending => YELLOW,
        Outcome::Deny | Outcome::Revoked => RED,
    };
    let word = verdict.verdict.as_str().to_uppercase();
    line(&format!("{style}{word}{style:#}{}", about(verdict)));
    line(&format!("{DIM}inputs {}{DIM:#}", verdict.inputs_digest));
    for policy in verdict.policies.iter().filter(|p| p.mode == Mode::Observe) {
        line(&format!("{DIM}the policy {} only observes{DIM:#}", plain(&policy.name)));
    }
}

/// Whether policies vouch for an allow, and no observing policy would have blocked it.
pub fn is_good(verdict: &Verdict) -> bool {
    verdict.is_enforced() && verdict.observed_to_fail() == 0
}

fn foot(verdict: &Verdict) {
    let several = verdict.policies.len() > 1;
    for approval in &verdict.approvals {
        line(&asked(approval, several));
    }
    line("");
    line(&next(verdict));
}

/// The sort key of a finding: what blocks first, then warnings, then what passes.
pub fn rank(verdict: &Verdict, finding: &Finding) -> u8 {
    match finding.status {
        _ if verdict.is_blocking(finding) => 0,
        Status::Skipped => 3,
        status if status.holds() => 2,
        _ => 1,
    }
}

fn about(verdict: &Verdict) -> String {
    let mut text = String::new();
    if let Some(model) = &verdict.model {
        let _ = write!(text, "  {model}");
    }
    if let Some(artifact) = &verdict.artifact {
        let _ = write!(text, "  sha256:{}…", artifact.hex().chars().take(12).collect::<String>());
    }
    if let Some(environment) = &verdict.environment {
        let _ = write!(text, "  to {environment}");
    }
    text
}

fn one(verdict: &Verdict, finding: &Finding, several: bool) -> String {
    let (symbol, style) = match finding.status {
        Status::Pass => ("✓", GREEN),
        Status::Waived => ("✓", YELLOW),
        Status::Skipped => ("–", DIM),
        _ if !verdict.is_blocking(finding) => ("!", YELLOW),
        Status::Fail | Status::Error => ("✗", RED),
        Status::Missing | Status::Inconclusive => ("?", RED),
    };
    let policy = if several { format!("{}: ", plain(&finding.policy)) } else { String::new() };
    let warns = finding.severity == Severity::Warn && !finding.status.holds();
    let warns = if warns { " (warns only)" } else { "" };
    format!(
        "  {style}{symbol} {:<12}{style:#} {policy}{}{warns}\n                 {}",
        finding.status.as_str(),
        plain(&finding.rule),
        plain(&finding.message)
    )
}

fn asked(approval: &ApprovalCount, several: bool) -> String {
    let (symbol, style, word) = if approval.rejected > 0 {
        ("✗", RED, "rejected")
    } else if approval.given >= approval.needed {
        ("✓", GREEN, "approved")
    } else {
        ("…", YELLOW, "waits")
    };
    let policy = if several { format!("{}: ", plain(&approval.policy)) } else { String::new() };
    format!(
        "  {style}{symbol} {word:<12}{style:#} {policy}{}\n                 {}{}",
        plain(&approval.id),
        plain(&approval.sentence()),
        if approval.rejected > 0 {
            format!("; {} rejected", approval.rejected)
        } else {
            String::new()
        }
    )
}

fn observed(verdict: &Verdict) -> String {
    match verdict.observed_to_fail() {
        0 => String::new(),
        1 => "; 1 observed rule does not pass".to_owned(),
        n => format!("; {n} observed rules do not pass"),
    }
}

/// What to do next, in one sentence.
pub fn next(verdict: &Verdict) -> String {
    let blocking = verdict.blocking().count();
    match verdict.verdict {
        Outcome::Allow if !verdict.is_enforced() => {
            format!(
                "no policy enforces here, so nothing vouches for this: the configuration lets this environment through{}",
                observed(verdict)
            )
        }
        Outcome::Allow => format!("every blocking rule passes: this may be released{}", observed(verdict)),
        Outcome::Pending => {
            "every rule passes; the approvals above are missing. They are valid for these inputs only".to_owned()
        }
        Outcome::Revoked => "this release was revoked".to_owned(),
        Outcome::Deny if verdict.policies.is_empty() => {
            "no policy applies, and without one nothing is released".to_owned()
        }
        Outcome::Deny if !verdict.is_enforced() => {
            "only observing policies apply, and nothing is released if none enforces".to_owned()
        }
        Outcome::Deny if blocking == 0 => "a reviewer rejected these inputs".to_owned(),
        Outcome::Deny => {
            let finding = if blocking == 1 { "1 finding blocks" } else { &format!("{blocking} findings block") };
            format!("{finding} the release; the lines marked ✗ and ? say what would change the answer")
        }
    }
}
