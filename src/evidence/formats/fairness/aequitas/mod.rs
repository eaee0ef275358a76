//! Aequitas' tables: `Group.get_crosstabs()`, the disparities of `Bias`, the verdicts of
//! `Fairness`, and what `Audit` stores of them, as pandas' CSV or JSON. The dictionary of
//! `Fairness.get_overall_fairness()` is read, too.
//!
//! The table has a row for each group of each attribute. Versions before 0.43 lack `accuracy` and
//! may add `*_significance`. Quirks:
//!
//! * `ppr` is the group's share of all rows that are predicted positive (of `k`); `pprev` is the
//!   group's own selection rate;
//! * `tp`, `fp`, `tn` and `fn` are exact: every rate of them gets its successes and trials if it
//!   agrees with them;
//! * pandas' JSON rounds to ten places and writes NaN as null. If these places agree with the
//!   counts, the exact value is used, for a rate and for a disparity against a group of the same
//!   document;
//! * a disparity against a reference of zero is written as 10, which Aequitas uses instead of
//!   infinity: a warning says so;
//! * `*_significance` is a p-value, or with a mask a boolean. True is a check that did not pass:
//!   the difference from the reference is significant;
//! * a verdict that is null has no number to judge, so it did not pass. A verdict on the only group
//!   of its attribute did not pass either: the group is the reference itself, and equals it.

mod columns;
mod group;
#[cfg(test)]
mod tests;

use crate::evidence::formats::frame::{Cell, Line, lines};
use crate::evidence::{
    Adapter, Carries, Declined, Document, EvidenceError, Family, collector::Collector, json::Json,
    precision::Precision,
};
use crate::model::Evidence;
use columns::{Model, model, ours, parity, text, verdict_of};
use group::Group;
use std::collections::{BTreeSet, HashMap};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "aequitas",
    title: "Aequitas crosstabs, disparities and fairness verdicts, as CSV or JSON",
    family: Family::Fairness,
    written_by: "Group().get_crosstabs(table)[0].to_csv(\"crosstab.csv\"); Fairness().get_group_value_fairness(bias).to_json(orient=\"records\")",
    reads: "every rate of every group with its exact successes and trials from `tp`, `fp`, `tn` and `fn`, and \
            `group_size` as n; disparities and p-values; parities as checks, such as `FPR Parity [sex=Female]`. A parity \
            that is null is a check that did not pass.",
    carries: &[
        Carries::Metrics,
        Carries::Slices,
        Carries::SampleSize,
        Carries::Counts,
        Carries::Checks,
    ],
    recognised_by: "columns `attribute_name` and `attribute_value` beside Aequitas' rates; or the key `Overall Fairness`",
    rule: "id = \"four-fifths\"\nmetric = \"demographic_parity_ratio\"\nby = [\"sex\"]\nmin = 0.8",
    detect,
    read,
};

fn is_theirs(column: &str) -> bool {
    ours(column).is_some()
        || parity(column).is_some()
        || column.ends_with("_disparity")
        || column == "group_size"
}

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    if document.looks_like_json() && overall(document).is_some() {
        return Ok(());
    }
    let columns = columns(document)?;
    for key in ["attribute_name", "attribute_value"] {
        let by_attribute = key == "attribute_value" && columns.iter().any(|c| parity(c).is_some());
        if !by_attribute && !columns.iter().any(|c| c == key) {
            return Err(Declined::because(format!("no column `{key}`")));
        }
    }
    if columns.iter().any(|c| is_theirs(c)) {
        return Ok(());
    }
    Err(Declined::because("no column of Aequitas' rates or parities"))
}

/// The names of the columns, from the first row alone.
fn columns(document: &Document<'_>) -> Result<Vec<String>, Declined> {
    if !document.looks_like_json() {
        return document.header(b',');
    }
    let owned = |json: &Json<'_>| -> Vec<String> {
        json.as_object().into_iter().flatten().map(|m| m.key.clone().into_owned()).collect()
    };
    let Ok(json) = document.json() else {
        // One record per line.
        return match document.json_lines() {
            Ok([first, _, ..]) => Ok(owned(first)),
            _ => Err(Declined::because("not JSON")),
        };
    };
    if let Some(records) = json.as_array() {
        return Ok(records.first().map(owned).unwrap_or_default());
    }
    if let Some(columns) = json.get("columns").and_then(Json::as_array) {
        return Ok(columns.iter().filter_map(|c| c.as_str().map(str::to_owned)).collect());
    }
    if let Some(first) = json.get("data").and_then(Json::as_array).and_then(|data| data.first()) {
        return Ok(owned(first));
    }
    let first = json.as_object().and_then(|object| object.iter().next());
    Ok(match first {
        Some(first) if first.value.get("attribute_name").is_some() => owned(&first.value),
        _ => owned(json),
    })
}

/// The dictionary of `get_overall_fairness`.
fn overall<'d>(document: &'d Document<'_>) -> Option<&'d Json<'d>> {
    document
        .json()
        .ok()
        .filter(|json| json.get("Overall Fairness").is_some_and(|v| v.as_object().is_none()))
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    document.require(ADAPTER.id, detect(document))?;
    let mut collector = Collector::new(document, ADAPTER.id);
    if let Some(verdicts) = document.looks_like_json().then(|| overall(document)).flatten() {
        for verdict in collector.members(Some(verdicts)) {
            verdict_of(
                &mut collector,
                &verdict.key,
                &verdict.key,
                Cell::Json(&verdict.value),
                None,
            );
        }
        return finished(collector);
    }
    let lines = lines(ADAPTER.id, document, "attribute_name")?;
    let numbers = lines.iter().flat_map(Line::cells).filter_map(|(_, cell)| cell.number());
    collector = collector.precision(Precision::of_pandas(numbers));
    let groups = lines.iter().map(|line| (key(line), line)).collect();
    let models: BTreeSet<_> = lines.iter().map(model).collect();
    let mut sizes: HashMap<_, usize> = HashMap::new();
    for line in lines.iter().filter(|line| line.get("attribute_value").is_some()) {
        *sizes.entry((model(line), text(line, "attribute_name"))).or_default() += 1;
    }
    for line in &lines {
        let Some(attribute) = line.get("attribute_name").and_then(Cell::name) else {
            return Err(document.invalid(ADAPTER.id, line.at, "a row without `attribute_name`"));
        };
        let scope = (models.len() > 1).then(|| shown(model(line)));
        let alone = sizes.get(&(model(line), attribute)) == Some(&1);
        Group { line, attribute, groups: &groups, scope, alone }.read(&mut collector);
    }
    if lines.is_empty() {
        collector.check("rows", false, Some("the table has no rows".to_owned()));
    }
    finished(collector)
}

fn finished(mut collector: Collector<'_>) -> Result<Evidence, EvidenceError> {
    collector.evidence.producer.get_or_insert_default().tool = Some("aequitas".to_owned());
    collector.finish()
}

fn key<'c>(line: &Line<'c>) -> (Model<'c>, &'c str, &'c str) {
    (model(line), text(line, "attribute_name"), text(line, "attribute_value"))
}

fn shown((model, threshold): Model<'_>) -> String {
    format!("model {model}, {threshold}")
}
