//! The report as one JSON document, written in parts. Its last key, `end`, says whether the report is complete.

use super::{AuditRow, ChangeLine, Listed, OverrideRow, Summary, VoteLine};
use serde_json::{Value, json};

/// Writes the parts of a report: the head, the decisions, the votes, the overrides, the changes and the end, in this order.
#[derive(Debug, Clone, Copy)]
pub struct Json;

impl Json {
    /// The facts about the whole report, up to the first decision.
    pub fn head(summary: &Summary) -> String {
        let totals: serde_json::Map<String, Value> =
            summary.totals.iter().map(|t| (t.name.to_owned(), t.count.into())).collect();
        let head = json!({
            "namespace": summary.namespace,
            "from": summary.from.iso,
            "to": summary.to.iso,
            "so_far": summary.so_far,
            "made_at": summary.generated.as_ref().map(|m| &m.iso),
            "log": summary.log,
            "population": summary.population,
            "totals": totals,
        });
        let mut out = head.to_string();
        out.pop();
        out.push_str(",\"decisions\":[");
        out
    }

    /// A decision; `first` says whether it is the first one.
    pub fn decision(out: &mut String, first: bool, row: &AuditRow) {
        let policies: Vec<Value> =
            row.policies.iter().map(|p| json!({"name": p.name, "digest": p.digest.full})).collect();
        item(
            out,
            first,
            &json!({
                "decided_at": row.at.iso, "decision": row.decision, "release": row.release, "model": row.model,
                "version": row.version, "artifact": row.artifact.as_ref().map(|a| &a.full),
                "environment": row.environment, "verdict": row.outcome, "reason": row.because, "blocking": row.blocking,
                "observed": row.observed,
                "policies": policies, "approvers": row.approvers, "rejecters": row.rejecters, "submitter": row.submitter,
                "record_index": row.record_index, "inputs_digest": row.inputs_digest.full,
            }),
        );
    }

    /// The text between the decisions and the votes.
    pub fn votes() -> &'static str {
        "],\"votes\":["
    }

    /// An approval or rejection.
    pub fn vote(out: &mut String, first: bool, vote: &VoteLine) {
        item(
            out,
            first,
            &json!({
                "at": vote.at.iso, "vote": vote.vote, "by": vote.by, "roles": vote.roles, "release": vote.release,
                "comment": vote.comment, "inputs_digest": vote.inputs_digest.full,
            }),
        );
    }

    /// The text between the votes and the overrides.
    pub fn overrides() -> &'static str {
        "],\"overrides\":["
    }

    /// A finding that was waived.
    pub fn overridden(out: &mut String, first: bool, row: &OverrideRow) {
        let OverrideRow { at, decision, rule, message } = row;
        item(
            out,
            first,
            &json!({"at": at.iso, "decision": decision, "rule": rule, "message": message}),
        );
    }

    /// The text between the overrides and the changes.
    pub fn changes() -> &'static str {
        "],\"changes\":["
    }

    /// A publication of a policy, or a change of a user.
    pub fn change(out: &mut String, first: bool, change: &ChangeLine) {
        let ChangeLine { at, kind, subject, what, by, log_index } = change;
        item(
            out,
            first,
            &json!({
                "at": at.iso, "kind": kind, "subject": subject, "what": what, "by": by, "log_index": log_index,
            }),
        );
    }

    /// The end.
    pub fn tail(summary: &Summary, listed: &Listed) -> String {
        let end = summary.end(listed);
        let end = json!({
            "complete": end.complete, "statement": end.statement, "decisions": end.decisions, "votes": end.votes,
            "overrides": end.overrides, "changes": end.changes, "problems": end.problems,
        });
        format!("],\"end\":{end}}}\n")
    }
}

fn item(out: &mut String, first: bool, value: &Value) {
    if !first {
        out.push(',');
    }
    out.push('\n');
    out.push_str(&value.to_string());
}
