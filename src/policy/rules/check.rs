//! Checks must have passed: every check whose name matches, and at least one.

use super::{Findings, Kind, Reader, View, blank, digests, kind};
use crate::{
    model::{Finding, Status, number::grouped},
    policy::{
        glob::Glob,
        judged::Judged,
        phrase::{Reason, Wording, several},
        schema::{Policy, Rule},
    },
};

/// Checks that must have passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRule {
    /// A pattern of their names.
    pub pattern: Glob,
}

/// How such a rule is written.
pub(super) const READER: Reader = Reader {
    subject: "check",
    example: "`check = \"…\"`",
    name: "a check, which only passes or fails",
    keys: &[&["check"]],
    is: |_| true,
    read: |found, rule, _| {
        let pattern = Glob::permissive(rule.text(found, "check")?.value);
        Some(Box::new(CheckRule { pattern }))
    },
};

impl Kind for CheckRule {
    fn about(&self) -> &str {
        self.pattern.as_str()
    }

    fn judge<'a>(&'a self, view: &View<'a>, rule: &'a Rule, out: &mut Findings<'a>) {
        judge(view, rule, self, out);
    }

    fn explain(&self, _policy: &Policy) -> String {
        format!(
            "every check named {} must have passed, and there must be at least one",
            self.pattern
        )
    }

    fn same(&self, other: &dyn Kind) -> bool {
        kind::same(self, other)
    }

    fn pattern(&self) -> Option<&Glob> {
        Some(&self.pattern)
    }
}

/// Evaluates the rule: one finding for all matching checks.
fn judge<'a>(view: &View<'a>, rule: &'a Rule, check: &'a CheckRule, out: &mut Findings<'a>) {
    let mut documents = Vec::new();
    let (mut passed, mut failed) = (0_u64, Vec::new());
    for (at, document) in view.index.documents.iter().enumerate() {
        let format = &document.evidence().format;
        let spelt = format.replace('-', "_");
        // `great_expectations/*` names all checks of a format; a name alone is searched in every
        // document. Names can contain brackets, which a pattern would read as a set of characters.
        let is = |name: &str| check.pattern.matches(name) || check.pattern.as_str() == name;
        let matches = |name: &str| {
            is(name)
                || is(&format!("{format}/{name}"))
                || (spelt != *format && is(&format!("{spelt}/{name}")))
        };
        for found in document.evidence().checks.iter().filter(|c| matches(&c.name)) {
            documents.push(at);
            if found.passed {
                passed += 1;
            } else {
                failed.push((found.name.clone(), found.detail.clone()));
            }
        }
    }
    let status = match (passed, failed.is_empty()) {
        (0, true) => Status::Missing,
        (_, true) => Status::Pass,
        (_, false) => Status::Fail,
    };
    for at in &documents {
        out.note_document(*at);
    }
    let finding = Judged { evidence: digests(view, documents), ..blank(view, rule, status) };
    let known = if status == Status::Missing { names(view) } else { Vec::new() };
    out.say(finding, Reason::own(Checks { passed, failed, known }));
}

/// Some names of existing checks.
fn names(view: &View<'_>) -> Vec<String> {
    let all = view.index.documents.iter().flat_map(|d| &d.evidence().checks);
    let mut names: Vec<String> = all.map(|c| c.name.clone()).collect();
    names.sort_unstable();
    names.dedup();
    names.truncate(4);
    names
}

/// The results of the checks.
#[derive(Debug)]
struct Checks {
    passed: u64,
    failed: Vec<(String, Option<String>)>,
    /// Other checks, if none matches.
    known: Vec<String>,
}

impl Wording for Checks {
    fn sentence(&self, finding: &Finding, _first: bool) -> String {
        let pattern = finding.metric.as_deref().unwrap_or_default();
        let total =
            self.passed.saturating_add(u64::try_from(self.failed.len()).unwrap_or(u64::MAX));
        match (self.passed, self.failed.is_empty()) {
            (0, true) if self.known.is_empty() => format!("no document has a check `{pattern}`"),
            (0, true) => {
                format!("no document has a check `{pattern}`; there is {}", self.known.join(", "))
            }
            (1, true) => format!("the check `{pattern}` has passed"),
            (_, true) => format!("all {} checks `{pattern}` have passed", grouped(self.passed)),
            _ => {
                let tell = |(name, detail): &(String, Option<String>)| match detail {
                    Some(detail) => format!("{name}: {detail}"),
                    None => name.clone(),
                };
                let list: Vec<String> = self.failed.iter().map(tell).collect();
                let (failed, all) = (self.failed.len(), grouped(total));
                format!("{failed} of {all} checks `{pattern}` did not pass: {}", several(&list))
            }
        }
    }
}
