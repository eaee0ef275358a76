//! Checks must have passed: every check whose name matches, and at least one.

use super::{Findings, View, blank, digests};
use crate::{
    model::Status,
    policy::{
        judged::Judged,
        phrase::Reason,
        schema::{CheckRule, Rule},
    },
};

/// Evaluates the rule: one finding for all matching checks.
pub(super) fn judge<'a>(
    view: &View<'a>,
    rule: &'a Rule,
    check: &'a CheckRule,
    out: &mut Findings<'a>,
) {
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
    documents.iter().for_each(|at| out.note_document(*at));
    let finding = Judged { evidence: digests(view, documents), ..blank(view, rule, status) };
    let known = if status == Status::Missing { names(view) } else { Vec::new() };
    out.say(finding, Reason::Checks { passed, failed, known });
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
