//! One row: a test, run with one prompt and one provider.

use crate::evidence::{
    Collector, Document,
    formats::language_models::common::{Share, Tests, brief, joined},
    json::{Json, Number, Object, Value},
};
use std::{collections::BTreeMap, fmt::Write as _};

/// How a row ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Passed,
    Failed,
    /// No answer came.
    Errored,
}

/// How many rows had each outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
    pub errored: u64,
}

impl Tally {
    pub fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::Failed => self.failed += 1,
            Outcome::Errored => self.errored += 1,
        }
    }

    pub fn total(self) -> u64 {
        self.passed.saturating_add(self.failed).saturating_add(self.errored)
    }
}

/// Totals of rows.
#[derive(Debug, Default)]
pub struct Rows {
    pub tally: Tally,
    /// The tests that have assertions.
    tests: Tests,
    /// The tests of each prompt that have assertions, and how many of its rows have none.
    prompts: BTreeMap<u64, (Tests, u64)>,
    /// Rows without assertions, which pass with any answer.
    pub unasked: u64,
    /// Rows whose answer came from a cache.
    pub cached: u64,
}

impl Rows {
    /// Adds a row of the test with this key.
    pub fn add(&mut self, row: &Json<'_>, key: String, outcome: Outcome, prompt: Option<u64>) {
        self.tally.add(outcome);
        let cached = row.get("response").and_then(|response| response.get("cached"));
        self.cached +=
            u64::from(cached.is_some_and(|cached| matches!(cached.value, Value::Bool(true))));
        self.count(key, outcome, prompt, asks_nothing(row));
    }

    /// Counts a row by its outcome alone.
    pub fn count(&mut self, key: String, outcome: Outcome, prompt: Option<u64>, unasked: bool) {
        let of_prompt = prompt.map(|prompt| self.prompts.entry(prompt).or_default());
        if unasked {
            self.unasked += 1;
            if let Some((_, unasked)) = of_prompt {
                *unasked += 1;
            }
            return;
        }
        let passed = outcome == Outcome::Passed;
        if let Some((tests, _)) = of_prompt {
            tests.add(key.clone(), passed);
        }
        self.tests.add(key, passed);
    }

    pub fn share(&self) -> Share {
        self.tests.share()
    }

    /// How many rows this prompt has.
    pub fn of_that_prompt(&self, prompt: u64) -> u64 {
        let rows = self.prompts.get(&prompt);
        rows.map_or(0, |(tests, unasked)| tests.share().runs.saturating_add(*unasked))
    }

    /// The share of one prompt, if all its runs are among the rows.
    pub fn of_prompt(&self, prompt: u64, runs: u64) -> Option<Share> {
        let (tests, unasked) = self.prompts.get(&prompt)?;
        Some(tests.share()).filter(|share| share.runs.saturating_add(*unasked) == runs)
    }
}

/// The key that identifies a test: its variables and assertions, with one prompt and one provider.
/// Repeats are separate rows with the same key. A row that does not describe its test has a key of
/// its own.
pub fn key(row: &Json<'_>, vars: Option<&Object<'_>>, provider: &str, place: u64) -> String {
    let case = row.get("testCase");
    if case.is_none() && vars.is_none_or(Object::is_empty) {
        return format!("#{place}");
    }
    let vars = vars.into_iter().flatten().map(|member| (&*member.key, &member.value));
    let mut out = name(vars, provider);
    for part in [row.get("promptIdx"), row.get("prompt").and_then(|prompt| prompt.get("raw"))]
        .into_iter()
        .flatten()
    {
        show(&mut out, part);
    }
    for part in ["assert", "description", "threshold"] {
        out.push('\n');
        if let Some(part) = case.and_then(|case| case.get(part)) {
            show(&mut out, part);
        }
    }
    out
}

/// As [`key`], for an output in a table, which has the variables of its row and the place of its
/// prompt.
pub fn key_of_table(
    name: &str,
    prompt: u64,
    place: Option<u64>,
    asked: Option<&Json<'_>>,
) -> String {
    let mut out = place.map_or_else(|| format!("{name}\n{prompt}\n"), |place| format!("#{place}"));
    if let Some(asked) = asked {
        show(&mut out, asked);
    }
    out
}

/// The rows of a document of JSON Lines.
pub fn lines<'d, 'a>(document: &'d Document<'a>) -> Option<&'d [Json<'a>]> {
    let line = document.text().ok()?.lines().find(|line| !line.trim().is_empty())?;
    if !line.contains("\"promptIdx\"") || !line.contains("\"testCase\"") {
        return None;
    }
    let rows = document.json_lines().ok()?;
    let is_row = |json: &Json<'_>| {
        ["promptIdx", "testIdx", "success", "provider"].iter().all(|key| json.get(key).is_some())
    };
    rows.first().is_some_and(is_row).then_some(rows)
}

/// The name of a check: the variables as Python prints a dictionary, the provider in brackets.
pub fn name<'j>(vars: impl IntoIterator<Item = (&'j str, &'j Json<'j>)>, provider: &str) -> String {
    let mut out = String::new();
    for (key, value) in vars {
        out.push_str(if out.is_empty() { "{" } else { ", " });
        quote(&mut out, key);
        out.push_str(": ");
        show(&mut out, value);
    }
    if out.is_empty() {
        out.push('{');
    }
    let _ = write!(out, "}} [{provider}]");
    out
}

/// The provider of a row or of a prompt: its id, or the object that contains it.
pub fn provider<'j>(json: &'j Json<'_>) -> Option<&'j str> {
    json.as_str().or_else(|| json.text("id")).or_else(|| json.text("label"))
}

fn show(out: &mut String, json: &Json<'_>) {
    match &json.value {
        Value::Null => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Number(number) => out.push_str(&decimal(*number)),
        Value::NonFinite(text) => out.push_str(text),
        Value::String(text) => quote(out, text),
        Value::Array(list) => {
            out.push('[');
            for (i, value) in list.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                show(out, value);
            }
            out.push(']');
        }
        Value::Object(object) => {
            out.push('{');
            for (i, member) in object.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                quote(out, &member.key);
                out.push_str(": ");
                show(out, &member.value);
            }
            out.push('}');
        }
    }
}

/// A number as Python prints it: JavaScript writes 0.00005 and 1e-7 where Python writes 5e-05 and
/// 1e-07.
fn decimal(number: Number<'_>) -> String {
    let text = number.text();
    let small = number.value() != 0.0 && number.value().abs() < 1e-4;
    if !small {
        return text.to_owned();
    }
    let shortest = format!("{:e}", number.value());
    match shortest.split_once("e-") {
        Some((digits, exponent)) => format!("{digits}e-{exponent:0>2}"),
        None => text.to_owned(),
    }
}

/// Writes text between quotes, on one line, with escapes for characters that a page does not show.
fn quote(out: &mut String, text: &str) {
    let mark = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(mark);
    for c in text.chars() {
        let _ = match c {
            '\n' => write!(out, "\\n"),
            '\r' => write!(out, "\\r"),
            '\t' => write!(out, "\\t"),
            '\\' => write!(out, "\\\\"),
            c if c == mark => write!(out, "\\{c}"),
            c if hidden(c) && u32::from(c) < 0x100 => write!(out, "\\x{:02x}", u32::from(c)),
            c if hidden(c) => write!(out, "\\u{:04x}", u32::from(c)),
            c => write!(out, "{c}"),
        };
    }
    out.push(mark);
}

fn hidden(c: char) -> bool {
    c.is_control()
        || c.is_whitespace() && c != ' '
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// How a row ended: by `success`, or `pass` in a table. `failureReason` 2 is an error; versions
/// without it have an `error` and no grading.
pub fn outcome(row: &Json<'_>) -> Outcome {
    let passed = row.get("success").or_else(|| row.get("pass"));
    if passed.is_some_and(|passed| matches!(passed.value, Value::Bool(true))) {
        return Outcome::Passed;
    }
    let reason = row.get("failureReason").and_then(Json::as_number).and_then(Number::count);
    let graded = || row.get("gradingResult").is_some_and(|grading| grading.as_object().is_some());
    let errored = match reason {
        Some(reason) => reason != 1,
        None => row.text("error").is_some() && !graded(),
    };
    if errored { Outcome::Errored } else { Outcome::Failed }
}

/// Whether a row passed because it has no assertions.
pub fn asks_nothing(row: &Json<'_>) -> bool {
    row.get("gradingResult").and_then(|grading| grading.text("reason")) == Some("No assertions")
}

/// Adds the check of a row.
pub fn check(collector: &mut Collector<'_>, name: String, row: &Json<'_>) -> Outcome {
    let outcome = outcome(row);
    let number = |key: &str| {
        row.get(key).and_then(Json::as_number).map(|number| format!("{key} {}", number.text()))
    };
    let grading = row.get("gradingResult");
    let reason =
        row.text("error").or_else(|| grading.and_then(|grading| grading.text("reason"))).map(brief);
    let failed = grading.map(failed_assertions).filter(|failed| !failed.is_empty());
    let detail = joined([
        (outcome == Outcome::Errored).then(|| "error".to_owned()),
        number("score"),
        number("latencyMs"),
        failed.map(|failed| format!("failed assertions: {}", failed.join(", "))),
        reason,
    ]);
    collector.check(name, outcome == Outcome::Passed, detail);
    outcome
}

/// The types of the assertions that did not hold, each with its metric.
fn failed_assertions(grading: &Json<'_>) -> Vec<String> {
    const NAMED: usize = 5;
    let Some(components) = grading.get("componentResults") else { return Vec::new() };
    let components = components.as_array().unwrap_or(std::slice::from_ref(components));
    let failed = components.iter().filter(|part| {
        matches!(part.get("pass").map(|pass| &pass.value), Some(Value::Bool(false)))
    });
    let named = failed.filter_map(|part| {
        let assertion = part.get("assertion")?;
        let metric =
            assertion.text("metric").map(|metric| format!(" ({metric})")).unwrap_or_default();
        Some(format!("{}{metric}", assertion.text("type")?))
    });
    named.take(NAMED).collect()
}
