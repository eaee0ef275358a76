//! The report of a verification: the checked steps, and what they prove.

use crate::{
    ledger::record::Stated,
    model::{Age, Digest, Environment, ModelId, Outcome, Record, Timestamp},
};
use serde::Serialize;

/// The result of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It holds.
    Ok,
    /// It does not hold.
    Failed,
    /// It could not be checked with the given keys.
    Unchecked,
}

/// One checked step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// A stable name, such as `record-signature`.
    pub name: String,
    /// The result.
    pub status: Status,
    /// What holds, or the reason why it does not, as text. Parts of it come from the export.
    pub detail: String,
}

/// The content of the verified statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proved {
    /// The outcome of the decision.
    pub verdict: Outcome,
    /// The model.
    pub model: Option<ModelId>,
    /// The artifact.
    pub artifact: Option<Digest>,
    /// The environment.
    pub environment: Option<Environment>,
    /// The time of the decision, in RFC 3339.
    pub decided_at: String,
    /// For an allow, the moment from which too few of its approvals are valid, if the record says
    /// that they expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Whether it says when approvals expire, or that none do. A summary alone says nothing about
    /// approvals.
    #[serde(skip)]
    pub tells_expiry: bool,
    /// The exit code of the decision itself.
    pub exit_code: u8,
}

impl Proved {
    /// The claim of a record.
    pub(super) fn of(stated: &Stated) -> Self {
        match stated {
            Stated::V1(record) => Self::of_v1(record),
            Stated::V2(decision) => Self {
                verdict: decision.verdict,
                model: Some(decision.model.clone()),
                artifact: Some(decision.artifact),
                environment: Some(decision.environment.clone()),
                decided_at: decision.decided_at.to_string(),
                until: decision.until,
                tells_expiry: true,
                exit_code: decision.exit_code,
            },
        }
    }

    fn of_v1(record: &Record) -> Self {
        Self {
            verdict: record.verdict.verdict,
            model: record.inputs.model.clone(),
            artifact: record.inputs.artifact,
            environment: record.inputs.environment.clone(),
            decided_at: record.decided_at.to_string(),
            until: record.verdict.until().filter(|_| record.verdict.verdict == Outcome::Allow),
            // An earlier engine recorded neither whose approvals were counted nor when they expire.
            tells_expiry: record.verdict.approvals.is_empty()
                || !record.verdict.people().is_empty(),
            exit_code: record.verdict.exit_code(),
        }
    }
}

/// The result of a verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The steps, in the order in which they were checked.
    pub steps: Vec<Step>,
    /// The content of the statement; proved only if every step is `ok`.
    pub decision: Option<Proved>,
}

impl Report {
    /// Whether every step holds.
    pub fn is_proved(&self) -> bool {
        self.decision.is_some()
            && !self.steps.is_empty()
            && self.steps.iter().all(|s| s.status == Status::Ok)
    }

    /// Whether a step failed.
    pub fn is_refuted(&self) -> bool {
        self.decision.is_none() || self.steps.iter().any(|s| s.status == Status::Failed)
    }

    /// 1 if a step failed, 4 if a step could not be checked, otherwise the exit code of the
    /// decision.
    pub fn exit_code(&self) -> u8 {
        match &self.decision {
            Some(decision) if self.is_proved() => decision.exit_code,
            Some(_) if !self.is_refuted() => 4,
            _ => 1,
        }
    }
}

/// The accepted lead of the service's clock over ours, in microseconds.
const AHEAD_US: i64 = 5 * 60 * 1_000_000;

impl Report {
    /// This report as of `now`: adds the step `approvals` if the approvals of an allow expire, and
    /// the step `age` if the decision must be at most `max_age` old. An expired approval does not
    /// weaken the proof that the decision was made, so it fails only if a maximum age is given.
    #[must_use]
    pub fn as_of(mut self, now: Timestamp, max_age: Option<Age>) -> Self {
        let Some(decision) = &self.decision else { return self };
        let mut steps = Steps(std::mem::take(&mut self.steps));
        if let Some(until) = decision.until {
            match (until <= now, max_age) {
                (false, _) => {
                    steps.ok("approvals", format!("its approvals are valid until {until}"));
                }
                (true, None) => {
                    steps.ok(
                        "approvals",
                        format!(
                            "its approvals expired at {until}: it no longer permits the release"
                        ),
                    );
                }
                (true, Some(_)) => {
                    steps.failed("approvals", format!("its approvals expired at {until}"));
                }
            }
        }
        if max_age.is_some() && decision.verdict == Outcome::Allow && !decision.tells_expiry {
            let detail = "it does not say when its approvals expire; verify the whole export of a newer decision, or ask \
                          the service";
            steps.unchecked("approvals", detail);
        }
        if let Some(most) = max_age {
            match decision.decided_at.parse::<Timestamp>() {
                Ok(at) if at.micros_since(now) > AHEAD_US => {
                    steps.failed(
                        "age",
                        format!(
                            "it was decided at {at}, which is in the future by this machine's clock"
                        ),
                    );
                }
                Ok(at) if now.micros_since(at) <= most.micros() => {
                    steps.ok("age", format!("it was decided at {at}, at most {most} ago"));
                }
                Ok(at) => {
                    steps.failed(
                        "age",
                        format!(
                            "it was decided at {at}, more than {most} ago; ask the service again"
                        ),
                    );
                }
                Err(_) => steps.failed("age", "the time of the decision cannot be read"),
            }
        }
        self.steps = steps.0;
        self
    }
}

/// Collects the steps of a verification.
#[derive(Debug, Default)]
pub(super) struct Steps(Vec<Step>);

impl Steps {
    fn push(&mut self, name: &str, status: Status, detail: impl Into<String>) {
        self.0.push(Step { name: name.into(), status, detail: detail.into() });
    }

    pub(super) fn ok(&mut self, name: &str, detail: impl Into<String>) {
        self.push(name, Status::Ok, detail);
    }

    pub(super) fn failed(&mut self, name: &str, detail: impl Into<String>) {
        self.push(name, Status::Failed, detail);
    }

    pub(super) fn unchecked(&mut self, name: &str, detail: impl Into<String>) {
        self.push(name, Status::Unchecked, detail);
    }

    /// A step with the same text whether it holds or not.
    pub(super) fn check(&mut self, name: &str, holds: bool, claim: &str) {
        if holds {
            self.ok(name, claim);
        } else {
            self.failed(name, format!("this does not hold: {claim}"));
        }
    }

    /// A step that holds, or that failed for the given reason.
    pub(super) fn result<T, E: ToString>(
        &mut self,
        name: &str,
        result: Result<T, E>,
        claim: &str,
    ) -> Option<T> {
        match result {
            Ok(value) => {
                self.ok(name, claim);
                Some(value)
            }
            Err(error) => {
                self.failed(name, error.to_string());
                None
            }
        }
    }

    pub(super) fn finish(self, decision: Option<Proved>) -> Report {
        Report { steps: self.0, decision }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(at: &str, tells_expiry: bool) -> Report {
        let decision = Proved {
            verdict: Outcome::Allow,
            model: None,
            artifact: None,
            environment: None,
            decided_at: at.into(),
            until: None,
            tells_expiry,
            exit_code: 0,
        };
        let mut steps = Steps::default();
        steps.ok("record-signature", "it holds");
        steps.finish(Some(decision))
    }

    #[test]
    fn an_age_is_between_now_and_the_most_that_is_asked_for() {
        let now: Timestamp = "2026-11-28T12:00:00Z".parse().unwrap();
        let hour: Age = "1h".parse().unwrap();
        for (at, code) in [
            ("2026-11-28T11:30:00Z", 0),
            ("2026-11-28T10:59:59Z", 1),
            ("2026-11-28T12:04:00Z", 0),
            ("2026-11-28T12:06:00Z", 1),
            ("2030-01-01T00:00:00Z", 1),
            ("soon", 1),
        ] {
            assert_eq!(decided(at, true).as_of(now, Some(hour)).exit_code(), code, "{at}");
            assert_eq!(
                decided(at, true).as_of(now, None).exit_code(),
                0,
                "{at}: no age was asked for"
            );
        }
        let unsaid = decided("2026-11-28T11:30:00Z", false);
        assert_eq!(unsaid.clone().as_of(now, Some(hour)).exit_code(), 4);
        assert_eq!(unsaid.as_of(now, None).exit_code(), 0);
    }
}
