//! Which of W&B's documents it is.

use crate::evidence::{
    Document,
    json::{Json, Object},
};

/// One of W&B's documents.
pub(super) enum Shape<'j> {
    Summary(&'j Object<'j>),
    Run(Run<'j>),
    History(Vec<&'j Object<'j>>),
}

/// A run as the API returns it.
pub(super) struct Run<'j> {
    pub(super) summary: &'j Json<'j>,
    pub(super) name: Option<&'j str>,
    pub(super) state: Option<&'j str>,
    /// How many more runs the answer has.
    pub(super) others: usize,
}

const NONE: &str = "no `_step`, `_runtime` or `_wandb` beside metrics, and no `summaryMetrics`";

impl<'j> Shape<'j> {
    /// Which document it is, or why it is none of W&B's.
    pub(super) fn of(document: &'j Document<'_>) -> Result<Self, String> {
        let Ok(json) = document.json() else { return lines(document).map(Self::History) };
        if let Some(list) = json.as_array() {
            return rows(list)
                .map(Self::History)
                .ok_or_else(|| "not a list of rows with `_step`".to_owned());
        }
        let object =
            json.as_object().ok_or_else(|| format!("not a JSON object but {}", json.kind()))?;
        if object.has("_evaluate_version") {
            return Err("`_evaluate_version` is a key of another tool".to_owned());
        }
        if let Some(run) = run(json) {
            return Ok(Self::Run(run));
        }
        let number = |key: &str| object.get(key).is_some_and(|value| value.as_number().is_some());
        if number("_step")
            || number("_runtime")
            || object.get("_wandb").is_some_and(|own| own.as_object().is_some())
        {
            return Ok(Self::Summary(object));
        }
        Err(NONE.to_owned())
    }
}

/// The rows of a history that is written as JSON Lines.
fn lines<'j>(document: &'j Document<'_>) -> Result<Vec<&'j Object<'j>>, String> {
    let first = document.text().unwrap_or("").trim_start().lines().next().unwrap_or("");
    if !(first.starts_with('{') && first.contains("\"_step\"")) {
        return Err("not JSON, and no JSON Lines with `_step`".to_owned());
    }
    let lines = document.json_lines().map_err(|error| format!("not JSON Lines: {error}"))?;
    rows(lines).ok_or_else(|| "not every line has a `_step`".to_owned())
}

fn rows<'j>(list: &'j [Json<'j>]) -> Option<Vec<&'j Object<'j>>> {
    let row = |json: &'j Json<'j>| {
        json.as_object()
            .filter(|row| row.get("_step").is_some_and(|step| step.as_number().is_some()))
    };
    let rows: Option<Vec<_>> = list.iter().map(row).collect();
    rows.filter(|rows| !rows.is_empty())
}

/// The run in an answer of the API: the answer itself, below `data`, `project`, `run`, or the first
/// of `runs`.
fn run<'j>(json: &'j Json<'j>) -> Option<Run<'j>> {
    if let Some(summary) = json.get("summaryMetrics") {
        let text = |key: &str| json.get(key).and_then(Json::as_str).filter(|text| !text.is_empty());
        return Some(Run {
            summary,
            name: text("name").or_else(|| text("id")),
            state: text("state"),
            others: 0,
        });
    }
    if let Some(edges) = json.at_path(&["runs", "edges"]).and_then(Json::as_array) {
        let first = edges.first()?.get("node").and_then(run)?;
        return Some(Run { others: edges.len().saturating_sub(1), ..first });
    }
    ["data", "project", "run", "model"].iter().filter_map(|key| json.get(key)).find_map(run)
}
