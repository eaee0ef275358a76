//! Findings as rows, grouped by policy: what blocks comes first, what passes last.

use super::{
    chart::Chart,
    numbers::exact,
    values::{Hash, Pair, counted},
};
use crate::model::{Finding, Op, Severity, Status, Verdict, number::grouped, verdict::Mode};
use serde::Serialize;
use std::{collections::BTreeMap, ops::Range};

/// How many documents of one finding are listed.
const MOST_DOCUMENTS: usize = 10;
/// The longest message that is shown completely, in characters.
const LONGEST_MESSAGE: usize = 2_000;
/// More passes than this are folded away; fewer are easier to read than to unfold.
const SHOWN_PASSES: usize = 4;

/// The answer of one rule about one group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FindingRow {
    /// Unique on the page.
    pub id: String,
    /// The rule.
    pub rule: String,
    /// The answer as JSON has it.
    pub status: &'static str,
    /// The answer as a page says it: `Fail`.
    pub word: &'static str,
    /// Whether it stops the release.
    pub blocking: bool,
    /// Why it does not stop the release although it does not pass: `warning only`.
    pub note: Option<&'static str>,
    /// The group; `None` for the whole data set.
    pub slice: Option<String>,
    /// The message.
    pub message: String,
    /// Its drawing, if there is something to draw.
    pub chart: Option<Chart>,
    /// The numbers in full.
    pub numbers: Vec<Pair>,
    /// What it was read from.
    pub evidence: Vec<Hash>,
    /// `12 more documents in the record`, if there are very many.
    pub more_evidence: Option<String>,
}

/// The findings of one policy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PolicyFindings {
    /// Its name.
    pub name: String,
    /// The digest of its bytes, if the verdict lists it.
    pub digest: Option<Hash>,
    /// Whether it only observes.
    pub observes: bool,
    /// `2 fail, 4 pass`.
    pub summary: String,
    /// The findings that are shown.
    pub rows: Vec<FindingRow>,
    /// The passes that are folded away.
    pub folded: Vec<FindingRow>,
    /// `6 more findings pass or do not apply`.
    pub folded_label: String,
}

/// The word that pages use for an answer.
pub fn word(status: Status) -> &'static str {
    match status {
        Status::Pass => "Pass",
        Status::Fail => "Fail",
        Status::Inconclusive => "Not enough data",
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

/// The findings of one policy, in the order in which they are read.
struct Ordered<'v> {
    name: &'v str,
    place: usize,
    found: Vec<&'v Finding>,
}

/// The findings by policy in the verdict's order; policies with a blocking finding come first, and
/// so do blocking findings.
fn ordered(verdict: &Verdict) -> Vec<Ordered<'_>> {
    let mut by_name: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    let mut names: Vec<&str> = verdict.policies.iter().map(|p| p.name.as_str()).collect();
    for finding in &verdict.findings {
        let found = by_name.entry(&finding.policy).or_default();
        if found.is_empty() && !names.contains(&finding.policy.as_str()) {
            names.push(&finding.policy);
        }
        found.push(finding);
    }
    let mut all = Vec::with_capacity(names.len());
    for (place, name) in names.into_iter().enumerate() {
        let mut found = by_name.remove(name).unwrap_or_default();
        found.sort_by_cached_key(|f| (!verdict.is_blocking(f), rank(f.status)));
        all.push(Ordered { name, place, found });
    }
    all.sort_by_cached_key(|one| !one.found.first().is_some_and(|f| verdict.is_blocking(f)));
    all
}

/// Every finding of `verdict`, grouped by policy; what blocks comes first.
pub fn groups(verdict: &Verdict) -> Vec<PolicyFindings> {
    ordered(verdict).iter().map(|one| group(verdict, one, 0..one.found.len(), true)).collect()
}

/// The number of findings on one page.
pub const ON_A_PAGE: usize = 40;

/// The part of the findings that a page shows, if it does not show all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// `41 to 80 of 4,000 findings`.
    pub label: String,
    /// The number of the part before, counted from 1.
    pub previous: Option<usize>,
    /// The number of the part after.
    pub next: Option<usize>,
}

/// The part of the findings with the number `part`, counted from 1, grouped by policy; what blocks
/// is in the first parts. If all fit on one page there is only one part.
pub fn part(verdict: &Verdict, part: usize) -> (Vec<PolicyFindings>, Option<Part>) {
    let total = verdict.findings.len();
    if total <= ON_A_PAGE {
        return (groups(verdict), None);
    }
    let parts = total.div_ceil(ON_A_PAGE);
    let part = part.clamp(1, parts);
    let window = (part - 1) * ON_A_PAGE..(part * ON_A_PAGE).min(total);
    let mut shown = Vec::new();
    let mut start = 0;
    for one in ordered(verdict) {
        let end = start + one.found.len();
        let inside = window.start.max(start)..window.end.min(end);
        if inside.start < inside.end {
            shown.push(group(verdict, &one, inside.start - start..inside.end - start, false));
        }
        start = end;
    }
    let count = |n: usize| grouped(u64::try_from(n).unwrap_or(u64::MAX));
    let label = format!(
        "{} to {} of {} findings",
        count(window.start + 1),
        count(window.end),
        count(total)
    );
    let told = Part {
        label,
        previous: (part > 1).then(|| part - 1),
        next: (part < parts).then(|| part + 1),
    };
    (shown, Some(told))
}

fn group(verdict: &Verdict, one: &Ordered<'_>, window: Range<usize>, fold: bool) -> PolicyFindings {
    let Ordered { name, place, found } = one;
    let policy = verdict.policies.iter().find(|p| p.name == *name);
    let observes = policy.is_some_and(|p| p.mode == Mode::Observe);
    let rows: Vec<FindingRow> = found
        .iter()
        .enumerate()
        .skip(window.start)
        .take(window.len())
        .map(|(i, finding)| {
            row(finding, verdict.is_blocking(finding), observes, format!("finding-{place}-{i}"))
        })
        .collect();
    let holding = found.iter().filter(|f| f.status.holds()).count();
    let (rows, folded) = if fold && holding > SHOWN_PASSES {
        let folds = |row: &FindingRow| matches!(row.status, "pass" | "skipped");
        let (folded, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(folds);
        // Otherwise a policy with passes only would show nothing.
        if rows.is_empty() { split(folded) } else { (rows, folded) }
    } else {
        (rows, Vec::new())
    };
    PolicyFindings {
        // A finding without a policy is about the absence of one.
        name: if name.is_empty() { "No policy enforces".to_owned() } else { (*name).to_owned() },
        digest: policy.map(|p| Hash::from(&p.digest)),
        observes,
        summary: summary(found),
        folded_label: counted(
            folded.len(),
            "more finding passes or does not apply",
            "more findings pass or do not apply",
        ),
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
        (Status::Inconclusive, "not enough data"),
        (Status::Waived, "waived"),
        (Status::Pass, "pass"),
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
        message: shortened(&finding.message),
        chart: Chart::of(finding),
        numbers: numbers(finding),
        evidence: finding.evidence.iter().take(MOST_DOCUMENTS).map(Hash::from).collect(),
        more_evidence: match finding.evidence.len().saturating_sub(MOST_DOCUMENTS) {
            0 => None,
            more => {
                Some(format!("{} in the record", counted(more, "more document", "more documents")))
            }
        },
    }
}

/// A message, or its beginning if a tool's own text makes it very long.
fn shortened(message: &str) -> String {
    match message.char_indices().nth(LONGEST_MESSAGE) {
        Some((at, _)) => {
            format!("{}… (the record has all of it)", message.get(..at).unwrap_or_default())
        }
        None => message.to_owned(),
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
