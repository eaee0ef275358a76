//! `--output results.csv`: the variables, then for each prompt its output and the judgement of it.

use super::rows::{self, Outcome, Rows};
use crate::evidence::{
    Collector, Declined, Document,
    formats::language_models::common::{brief, joined, pass_rate},
    json::{Json, Value},
    table::{Row, Table},
};
use crate::model::Slice;
use std::borrow::Cow;

/// The meaning of each column.
#[derive(Debug, PartialEq, Eq)]
pub struct Layout {
    /// The names of the variables, whose columns start at `first`.
    vars: Vec<String>,
    first: usize,
    prompts: Vec<Prompt>,
    /// The columns with a score by name.
    metrics: Vec<String>,
}

/// The columns of one prompt.
#[derive(Debug, PartialEq, Eq)]
struct Prompt {
    label: String,
    provider: Option<String>,
    output: usize,
    /// Whether `Status` and `Score` follow the output; in older versions the output began with the
    /// status.
    status: bool,
    reason: Option<usize>,
}

/// The columns of a header, if they are promptfoo's.
pub fn layout(document: &Document<'_>) -> Result<Layout, Declined> {
    let header = match starts_with_an_output(document) {
        // A test without variables: the first cell is `[provider] prompt`, which looks like JSON
        // and is not.
        Some(table) => table.header().map(str::to_owned).collect(),
        None => document.header(b',')?,
    };
    let cell = |i: usize| header.get(i).map(String::as_str);
    let outputs: Vec<usize> = (0..header.len())
        .filter(|i| {
            cell(i + 1) == Some("Status")
                && cell(i + 2) == Some("Score")
                && cell(i + 3) == Some("Named Scores")
        })
        .collect();
    let status = !outputs.is_empty();
    let outputs = if status { outputs } else { older(document, &header) };
    let Some(end) = outputs.first().copied() else {
        return Err(Declined::because(
            "no columns `Status`, `Score` and `Named Scores` behind one another",
        ));
    };
    let first = usize::from(cell(0) == Some("Description") && end > 0);
    let prompt = |(i, output): (usize, &usize)| {
        let next = outputs.get(i + 1).copied().unwrap_or(header.len());
        let reason = (*output..next).find(|i| cell(*i) == Some("Grader Reason"));
        let title = cell(*output).unwrap_or_default();
        let named = title.strip_prefix('[').and_then(|rest| rest.split_once("] "));
        let (provider, label) =
            named.map_or((None, title), |(provider, label)| (Some(provider.to_owned()), label));
        Prompt { label: label.to_owned(), provider, output: *output, status, reason }
    };
    Ok(Layout {
        vars: header.get(first..end).unwrap_or_default().to_vec(),
        first,
        prompts: outputs.iter().enumerate().map(prompt).collect(),
        metrics: header.iter().filter(|cell| cell.starts_with("Metric: ")).cloned().collect(),
    })
}

fn starts_with_an_output<'d>(document: &'d Document<'_>) -> Option<&'d Table> {
    let text = document.text().ok()?;
    let (_, behind) = text.split_once(",Status,Score,Named Scores,")?;
    let early = text.len() - behind.len() < 10_000;
    (early && text.starts_with('[')).then(|| document.csv().ok()).flatten()
}

/// Columns whose cells begin with `[PASS]`, `[FAIL]` or `[ERROR]`, or that are followed by a
/// reason.
fn older(document: &Document<'_>, header: &[String]) -> Vec<usize> {
    let titled: Vec<usize> = (0..header.len())
        .filter(|i| header.get(*i).is_some_and(|cell| cell.starts_with('[') && cell.contains("] ")))
        .collect();
    if titled.is_empty() {
        return titled;
    }
    let Some(row) = document.csv().ok().and_then(|table| table.rows().first()) else {
        return Vec::new();
    };
    let named = |i: usize| header.get(i + 1).is_some_and(|cell| cell == "Grader Reason");
    titled
        .into_iter()
        .filter(|i| named(*i) || row.get(*i).is_some_and(|cell| prefix(cell).is_some()))
        .collect()
}

fn prefix(cell: &str) -> Option<Outcome> {
    let prefixes =
        [("[PASS]", Outcome::Passed), ("[FAIL]", Outcome::Failed), ("[ERROR]", Outcome::Errored)];
    prefixes.into_iter().find(|(prefix, _)| cell.starts_with(prefix)).map(|(_, outcome)| outcome)
}

/// Reads the rows.
pub fn read(collector: &mut Collector<'_>, table: &Table, layout: &Layout) {
    let mut all = Rows::default();
    for (prompt, place) in layout.prompts.iter().zip(0..) {
        let mut rows = Rows::default();
        for row in table.rows() {
            match check(collector, layout, prompt, row) {
                Some((outcome, key)) => {
                    let key = key.map_or_else(
                        || format!("#{place} {}", row.at),
                        |key| format!("{place} {key}"),
                    );
                    let unasked =
                        prompt.reason.and_then(|column| row.get(column)) == Some("No assertions");
                    for rows in [&mut rows, &mut all] {
                        rows.tally.add(outcome);
                        rows.count(key.clone(), outcome, None, unasked);
                    }
                }
                None => collector.left_out("an output without a status"),
            }
        }
        let mut slice = Slice::one("prompt", prompt.label.as_str());
        if let Some(provider) = &prompt.provider {
            slice.0.insert("provider".to_owned(), provider.clone());
        }
        pass_rate(collector, "pass rate", slice, rows.share());
    }
    let whole = all.tally;
    for (name, value) in
        [("successes", whole.passed), ("failures", whole.failed), ("errors", whole.errored)]
    {
        if let Some(m) =
            collector.number(name, name, Slice::overall(), crate::stats::proportion::float(value))
        {
            m.n = Some(all.share().different(whole.total()));
        }
    }
    pass_rate(collector, "pass rate", Slice::overall(), all.share());
    super::summary::told(collector, &all);
    for metric in &layout.metrics {
        collector.left_out(metric);
    }
}

/// Adds the check of an output. Returns the outcome, and the key of its test if the variables or
/// the description show which it is.
fn check(
    collector: &mut Collector<'_>,
    layout: &Layout,
    prompt: &Prompt,
    row: &Row,
) -> Option<(Outcome, Option<String>)> {
    let cell = |column: usize| row.get(column).filter(|cell| !cell.is_empty());
    let outcome = if prompt.status {
        match cell(prompt.output + 1)? {
            "PASS" => Outcome::Passed,
            "FAIL" => Outcome::Failed,
            _ => Outcome::Errored,
        }
    } else {
        prefix(cell(prompt.output)?)?
    };
    let values: Vec<Json<'_>> = (layout.first..prompt.output)
        .map(|i| Json {
            at: row.at,
            value: Value::String(Cow::Borrowed(row.get(i).unwrap_or_default())),
        })
        .collect();
    let vars = layout.vars.iter().map(String::as_str).zip(&values);
    let name = rows::name(vars, prompt.provider.as_deref().unwrap_or(&prompt.label));
    let score =
        cell(prompt.output + 2).filter(|_| prompt.status).map(|score| format!("score {score}"));
    let detail = joined([
        (outcome == Outcome::Errored).then(|| "error".to_owned()),
        score,
        prompt.reason.and_then(cell).map(brief),
    ]);
    let described =
        (layout.first > 0).then(|| row.get(0)).flatten().filter(|text| !text.is_empty());
    let told = !layout.vars.is_empty() || described.is_some();
    let key = told.then(|| format!("{name} {}", described.unwrap_or_default()));
    collector.check(name, outcome == Outcome::Passed, detail);
    Some((outcome, key))
}
