//! The verdict as one sentence.

use super::values::{Moment, counted, listed};
use crate::model::{Approval, Outcome, Severity, Status, Timestamp, Verdict, Vote, verdict::Mode};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The verdict on top of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Headline {
    /// The word in JSON: `allow`, `deny`, `pending`, `revoked`; `undecided` before the first decision.
    pub outcome: &'static str,
    /// The word on pages: `Denied`.
    pub word: &'static str,
    /// The tone that it is drawn in: `outcome`, but never a good one if no policy vouches for the
    /// release, or if an observing policy found what would have stopped it.
    pub tone: &'static str,
    /// The reason for it, without a full stop: `2 of 7 rules fail`.
    pub because: String,
}

/// The word that pages use for a verdict.
pub fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Allow => "Allowed",
        Outcome::Deny => "Denied",
        Outcome::Pending => "Waiting",
        Outcome::Revoked => "Revoked",
    }
}

/// How many rules of the enforcing policies gave each answer; a rule is counted once, with its
/// worst answer that blocks.
struct Rules {
    total: usize,
    skipped: usize,
    warnings: usize,
    broken: BTreeMap<Status, usize>,
}

/// How bad an answer is; a rule is as bad as the worst of its findings.
fn weight(status: Status) -> u8 {
    match status {
        Status::Error => 5,
        Status::Fail => 4,
        Status::Missing => 3,
        Status::Inconclusive => 2,
        Status::Pass | Status::Waived => 1,
        Status::Skipped => 0,
    }
}

impl Rules {
    fn of(verdict: &Verdict) -> Self {
        let enforces = |name: &str| {
            !verdict.policies.iter().any(|p| p.name == name && p.mode == Mode::Observe)
        };
        let mut worst: BTreeMap<(&str, &str), Status> = BTreeMap::new();
        let mut warned: BTreeSet<(&str, &str)> = BTreeSet::new();
        for finding in verdict.findings.iter().filter(|f| enforces(&f.policy)) {
            let key = (finding.policy.as_str(), finding.rule.as_str());
            let mut status = finding.status;
            if finding.severity == Severity::Warn && !status.holds() {
                warned.insert(key);
                status = Status::Pass;
            }
            let entry = worst.entry(key).or_insert(status);
            if weight(status) > weight(*entry) {
                *entry = status;
            }
        }
        let mut broken = BTreeMap::new();
        for status in worst.values().filter(|s| !s.holds()) {
            *broken.entry(*status).or_insert(0) += 1;
        }
        let skipped = worst.values().filter(|s| **s == Status::Skipped).count();
        Self { total: worst.len(), skipped, warnings: warned.len(), broken }
    }

    /// `all 7 rules pass`, and how many of them warn.
    fn hold(&self) -> String {
        let judged = self.total - self.skipped.min(self.total);
        let mut text = match judged {
            0 => "no rule applied".to_owned(),
            1 => "the only rule passes".to_owned(),
            n => format!("all {} pass", counted(n, "rule", "rules")),
        };
        if self.warnings > 0 {
            text = format!("{text}, with {}", counted(self.warnings, "warning", "warnings"));
        }
        text
    }

    /// `2 of 7 rules fail and 1 does not have enough data`; `None` if nothing blocks.
    fn trouble(&self) -> Option<String> {
        let phrases = [
            (Status::Fail, "fails", "fail"),
            (Status::Error, "is in error", "are in error"),
            (Status::Missing, "lacks evidence", "lack evidence"),
            (Status::Inconclusive, "does not have enough data", "do not have enough data"),
        ];
        if self.total == 1 {
            let only = phrases.into_iter().find(|(status, ..)| self.broken.contains_key(status));
            return only.map(|(_, one, _)| format!("the only rule {one}"));
        }
        let mut parts = Vec::new();
        for (status, one, many) in phrases {
            let Some(count) = self.broken.get(&status).copied() else { continue };
            let verb = if count == 1 { one } else { many };
            let of = if parts.is_empty() {
                format!(" of {}", counted(self.total, "rule", "rules"))
            } else {
                String::new()
            };
            parts.push(format!("{count}{of} {verb}"));
        }
        (!parts.is_empty()).then(|| listed(&parts))
    }
}

impl Headline {
    /// The headline before the first decision.
    pub fn undecided() -> Self {
        Self {
            outcome: "undecided",
            tone: "undecided",
            word: "Undecided",
            because: "the request is recorded, the decision is not made yet".into(),
        }
    }

    /// The headline of an allow whose approvals expired at `at`: it is not a permission any more.
    pub fn ended(at: Timestamp) -> Self {
        let because = format!("its approvals expired on {}", Moment::from(at).text);
        Self { outcome: "pending", tone: "pending", word: "To be approved again", because }
    }

    /// The sentence of `verdict`, decided with `approvals` at hand.
    pub fn of(verdict: &Verdict, approvals: &[Approval]) -> Self {
        let rules = Rules::of(verdict);
        let because = match verdict.verdict {
            Outcome::Deny => denied(verdict, approvals, &rules),
            Outcome::Pending => format!("{}; {}", rules.hold(), waiting(verdict)),
            Outcome::Revoked => "it was allowed, and is no longer".to_owned(),
            Outcome::Allow => allowed(verdict, approvals, &rules),
        };
        let (outcome, word) = (verdict.verdict.as_str(), word(verdict.verdict));
        match verdict.verdict {
            Outcome::Allow if !verdict.is_enforced() => {
                Self { outcome, tone: "pending", word: "Let through", because }
            }
            Outcome::Allow if verdict.observed_to_fail() > 0 => {
                Self { outcome, tone: "pending", word, because }
            }
            _ => Self { outcome, tone: outcome, word, because },
        }
    }
}

fn allowed(verdict: &Verdict, approvals: &[Approval], rules: &Rules) -> String {
    let observed = match verdict.observed_to_fail() {
        0 => String::new(),
        n => format!("; {} not pass", counted(n, "observed rule does", "observed rules do")),
    };
    if !verdict.is_enforced() {
        return format!("no policy enforces here, some observe{observed}");
    }
    let held = match people(verdict, approvals) {
        0 => rules.hold(),
        count => format!("{}, {} approved", rules.hold(), counted(count, "person", "people")),
    };
    format!("{held}{observed}")
}

/// How many people's approvals are counted, each person once, however many requirements they serve.
/// For a verdict of an earlier engine, the people who approved these inputs with a requested role.
fn people(verdict: &Verdict, approvals: &[Approval]) -> usize {
    let known = verdict.people();
    if !known.is_empty() {
        return known.len();
    }
    let asked = |a: &&Approval| {
        let role = |role: &String| verdict.approvals.iter().any(|c| c.role == *role);
        a.vote == Vote::Approve
            && a.inputs_digest == verdict.inputs_digest
            && a.roles.iter().any(role)
    };
    let named =
        approvals.iter().filter(asked).map(|a| a.by.id.as_str()).collect::<BTreeSet<_>>().len();
    // Without their names it is certain only that as many people approved as one requirement counts.
    let least = verdict.approvals.iter().map(|c| c.given.min(c.needed)).max().unwrap_or(0);
    named.max(usize::try_from(least).unwrap_or(usize::MAX))
}

fn denied(verdict: &Verdict, approvals: &[Approval], rules: &Rules) -> String {
    if verdict.policies.is_empty() {
        return "no policy applies to this model and environment".to_owned();
    }
    if !verdict.is_enforced() {
        return "only observing policies apply, and none enforces".to_owned();
    }
    let mut parts = Vec::new();
    if verdict.is_rejected() {
        let asked =
            |a: &&Approval| a.vote == Vote::Reject && a.inputs_digest == verdict.inputs_digest;
        let mut seen = BTreeSet::new();
        let asked = approvals.iter().filter(asked);
        let names: Vec<String> =
            asked.filter(|a| seen.insert(a.by.id.as_str())).map(|a| a.by.name.clone()).collect();
        parts.push(if names.is_empty() {
            "rejected".to_owned()
        } else {
            format!("rejected by {}", listed(&names))
        });
    }
    parts.extend(rules.trouble());
    if !parts.is_empty() {
        return parts.join("; ");
    }
    if rules.total == rules.skipped {
        "every rule was skipped, so nothing vouches for it".into()
    } else {
        rules.hold()
    }
}

/// `2 approvals of model-risk are missing`.
fn waiting(verdict: &Verdict) -> String {
    // Requirements of one policy need different people; across policies one approval serves all
    // requirements of one role.
    let mut of_policy: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for asked in verdict.approvals.iter().filter(|a| a.given < a.needed) {
        *of_policy.entry((&asked.role, &asked.policy)).or_insert(0) += asked.needed - asked.given;
    }
    let mut missing: BTreeMap<&str, u64> = BTreeMap::new();
    for ((role, _), count) in of_policy {
        let most = missing.entry(role).or_insert(0);
        *most = (*most).max(count);
    }
    let total: usize = missing.values().map(|n| usize::try_from(*n).unwrap_or(usize::MAX)).sum();
    let parts: Vec<String> = missing
        .iter()
        .map(|(role, n)| {
            format!(
                "{} of {role}",
                counted(usize::try_from(*n).unwrap_or(usize::MAX), "approval", "approvals")
            )
        })
        .collect();
    match total {
        0 => "approvals are missing".to_owned(),
        1 => format!("{} is missing", listed(&parts)),
        _ => format!("{} are missing", listed(&parts)),
    }
}

#[cfg(test)]
mod tests;
