//! Findings as rows: what stands in the way first, what holds last, grouped by policy.

use super::{
    chart::Chart,
    numbers::exact,
    values::{Hash, Pair, counted},
};
use crate::model::{Finding, Op, Severity, Status, Verdict, number::grouped, verdict::Mode};
use serde::Serialize;

/// Passes beyond this many fold away; fewer are cheaper to read than to unfold.
const SHOWN_PASSES: usize = 4;

/// What one rule said of one group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FindingRow {
    /// Unique on the page.
    pub id: String,
    /// The rule.
    pub rule: String,
    /// The answer as JSON has it.
    pub status: &'static str,
    /// The answer as a page says it: `Fails`.
    pub word: &'static str,
    /// Whether it stops the release.
    pub blocking: bool,
    /// Why it does not stop the release although it does not hold: `warning only`.
    pub note: Option<&'static str>,
    /// The group; `None` for the whole data set.
    pub slice: Option<String>,
    /// The sentence.
    pub message: String,
    /// Its drawing, where there is something to draw.
    pub chart: Option<Chart>,
    /// The numbers in full.
    pub numbers: Vec<Pair>,
    /// What it was read from.
    pub evidence: Vec<Hash>,
}

/// The findings of one policy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PolicyFindings {
    /// Its name.
    pub name: String,
    /// The digest of its bytes, where the verdict lists it.
    pub digest: Option<Hash>,
    /// Whether it only watches.
    pub observes: bool,
    /// `2 fail, 4 hold`.
    pub summary: String,
    /// What to read.
    pub rows: Vec<FindingRow>,
    /// What holds and is folded away.
    pub folded: Vec<FindingRow>,
    /// `6 more hold`.
    pub folded_label: String,
}

/// The word that pages use for an answer.
pub fn word(status: Status) -> &'static str {
    match status {
        Status::Pass => "Holds",
        Status::Fail => "Fails",
        Status::Inconclusive => "Unsettled",
        Status::Missing => "Missing",
        Status::Error => "Error",
        Status::Waived => "Waived",
        Status::Skipped => "Skipped",
    }
}

fn rank(status: Status) -> u8 {
    match status {
        Status::Error => 0,
        Status::Fail => 1,
        Status::Missing => 2,
        Status::Inconclusive => 3,
        Status::Waived => 4,
        Status::Pass => 5,
        Status::Skipped => 6,
    }
}

/// The findings of `verdict`, grouped by policy in the verdict's order; policies with something in the way come first.
pub fn groups(verdict: &Verdict) -> Vec<PolicyFindings> {
    let mut names: Vec<&str> = verdict.policies.iter().map(|p| p.name.as_str()).collect();
    for finding in &verdict.findings {
        if !names.contains(&finding.policy.as_str()) {
            names.push(&finding.policy);
        }
    }
    let mut groups: Vec<PolicyFindings> =
        names.iter().enumerate().map(|(place, name)| group(verdict, name, place)).collect();
    groups.sort_by_key(|g| !g.rows.iter().any(|r| r.blocking));
    groups
}

fn group(verdict: &Verdict, name: &str, place: usize) -> PolicyFindings {
    let policy = verdict.policies.iter().find(|p| p.name == name);
    let observes = policy.is_some_and(|p| p.mode == Mode::Observe);
    let mut found: Vec<&Finding> = verdict.findings.iter().filter(|f| f.policy == name).collect();
    found.sort_by_key(|f| (!verdict.is_blocking(f), rank(f.status)));
    let rows: Vec<FindingRow> = found
        .iter()
        .enumerate()
        .map(|(i, finding)| row(finding, verdict.is_blocking(finding), observes, format!("finding-{place}-{i}")))
        .collect();
    let holding = found.iter().filter(|f| f.status.holds()).count();
    let (rows, folded) = if holding > SHOWN_PASSES {
        let folds = |row: &FindingRow| matches!(row.status, "pass" | "skipped");
        let (folded, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(folds);
        // A policy of passes alone would else show nothing at all.
        if rows.is_empty() { split(folded) } else { (rows, folded) }
    } else {
        (rows, Vec::new())
    };
    PolicyFindings {
        name: name.to_owned(),
        digest: policy.map(|p| Hash::from(&p.digest)),
        observes,
        summary: summary(&found),
        folded_label: format!("{} hold or do not apply", counted(folded.len(), "more finding", "more findings")),
        rows,
        folded,
    }
}

fn split(mut rows: Vec<FindingRow>) -> (Vec<FindingRow>, Vec<FindingRow>) {
    let rest = rows.split_off(rows.len().min(SHOWN_PASSES));
    (rows, rest)
}

fn summary(found: &[&Finding]) -> String {
    let words = [
        (Status::Error, "in error"),
        (Status::Fail, "fail"),
        (Status::Missing, "missing"),
        (Status::Inconclusive, "unsettled"),
        (Status::Waived, "waived"),
        (Status::Pass, "hold"),
        (Status::Skipped, "skipped"),
    ];
    let count = |status| found.iter().filter(|f| f.status == status).count();
    let parts: Vec<String> = words
        .into_iter()
        .map(|(status, word)| (count(status), word))
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{n} {word}"))
        .collect();
    parts.join(", ")
}

fn row(finding: &Finding, blocking: bool, observes: bool, id: String) -> FindingRow {
    let holds = finding.status.holds();
    let note = match () {
        () if holds || blocking => None,
        () if observes => Some("observed only"),
        () if finding.severity == Severity::Warn => Some("warning only"),
        () => None,
    };
    FindingRow {
        id,
        rule: finding.rule.clone(),
        status: finding.status.as_str(),
        word: word(finding.status),
        blocking,
        note,
        slice: (!finding.slice.is_overall()).then(|| finding.slice.to_string()),
        message: finding.message.clone(),
        chart: Chart::of(finding),
        numbers: numbers(finding),
        evidence: finding.evidence.iter().map(Hash::from).collect(),
    }
}

fn numbers(finding: &Finding) -> Vec<Pair> {
    let value = |key: &str, v: Option<f64>| v.map(|v| Pair::new(key, exact(v, finding.unit)));
    let count = |key: &str, v: Option<u64>| v.map(|v| Pair::new(key, grouped(v)));
    let metric = finding.metric.as_ref().map(|m| match finding.quantile {
        Some(q) => Pair::new("Metric", format!("{m} at quantile {q}")),
        None => Pair::new("Metric", m.as_str()),
    });
    let required = finding.required.map(|r| {
        let sign = if r.op == Op::AtLeast { "≥" } else { "≤" };
        Pair::new("Required", format!("{sign} {}", exact(r.value, finding.unit)))
    });
    let method = finding.method.as_ref().map(|m| match finding.confidence {
        Some(c) => Pair::new("Method", format!("{m}, one-sided, confidence {c}")),
        None => Pair::new("Method", m.as_str()),
    });
    let all = [
        metric,
        required,
        value("Observed", finding.observed),
        value("Lower bound", finding.lower),
        value("Upper bound", finding.upper),
        count("Rows", finding.n),
        count("Trials", finding.trials),
        count("Successes", finding.successes),
        method,
        count("More samples needed", finding.samples_needed),
        count("Failures allowed then", finding.allowed_failures),
    ];
    all.into_iter().flatten().collect()
}
