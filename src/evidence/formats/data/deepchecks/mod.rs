//! Deepchecks: `SuiteResult.to_json()`, `save_as_json()`, and the JSON of one check.
//!
//! * Every condition is a check, `header: condition`; only PASS passes, WARN and ERROR do not. The
//!   number that decided is part of a sentence (`More Info`), which is kept as the detail.
//! * A `CheckFailure` did not run (no label, no model, an exception): it is a failed check, named
//!   by its header.
//! * A suite that has neither is a failed check. A check without a condition yields no check here.
//! * `value` is a number, a NumPy number with its `dtype`, a table as JSON within text, or a tree
//!   of those. Its numbers are named by the header and the path, `ROC Report - Test Dataset.1.0`.
//!   Pickled tables and pictures are not read.
//! * `Train Test Performance` gives the scores of every class with its number of samples: this is
//!   n, and for recall it determines the exact counts. The data set is `Train` or `Test`.

#[cfg(test)]
mod tests;
mod value;

use super::common::{first_line, list, nothing_ran, object, producer};
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    json::{self, Json, Object},
};
use crate::model::Evidence;

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "deepchecks",
    title: "Deepchecks suite results and check results as JSON",
    family: Family::Data,
    written_by: "suite.run(train, test, model).save_as_json(\"suite.json\")",
    reads: "every condition as a check with what it found as detail; checks that could not run, as failed; the numbers in \
            the values of checks by header and path; the scores of classes with their samples and counts.",
    carries: &[
        Carries::Metrics,
        Carries::Slices,
        Carries::SampleSize,
        Carries::Counts,
        Carries::Checks,
    ],
    recognised_by: "`type` SuiteResult with `results`, CheckResult or CheckFailure with `check`",
    rule: "id = \"data-integrity\"\ncheck = \"deepchecks/*\"",
    detect,
    read,
};

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let object = document.object()?;
    let why = match object.text("type") {
        Some("SuiteResult")
            if object.get("results").is_some_and(|results| results.as_array().is_some()) =>
        {
            return Ok(());
        }
        Some("CheckResult" | "CheckFailure") if object.has("check") && object.has("header") => {
            return Ok(());
        }
        Some("SuiteResult") => "no list `results`",
        Some("CheckResult" | "CheckFailure") => "no keys `check` and `header`",
        _ => "`type` is none of SuiteResult, CheckResult and CheckFailure",
    };
    Err(Declined::because(why))
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let top = object(&ADAPTER, document)?;
    let mut collector = Collector::new(document, ADAPTER.id);
    producer(&mut collector, "deepchecks", None);
    if top.has("results") {
        for result in list(&ADAPTER, document, top, "results")? {
            entry(&mut collector, result);
        }
        if collector.evidence.checks.is_empty() {
            nothing_ran(&mut collector, "conditions", "the suite has no condition");
        }
    } else if matches!(top.text("type"), Some("CheckResult" | "CheckFailure")) {
        one(&mut collector, top);
    } else {
        let json = document.json().map_err(Clone::clone)?;
        let why = "no list `results`, and no result of a check";
        return Err(document.invalid(ADAPTER.id, json.at, why));
    }
    collector.finish()
}

/// One result of a suite; old versions wrote each as JSON within text.
fn entry(collector: &mut Collector<'_>, json: &Json<'_>) {
    if let Some(result) = json.as_object() {
        return one(collector, result);
    }
    let inner = json.as_str().and_then(|text| json::parse(text.as_bytes()).ok());
    match inner.as_ref().and_then(Json::as_object) {
        Some(result) => one(collector, result),
        None => collector.check(
            "results",
            false,
            Some(format!("a result is no object but {}", json.kind())),
        ),
    }
}

fn one(collector: &mut Collector<'_>, result: &Object<'_>) {
    let check = result.get("check");
    let named = || check.and_then(|check| check.get("name")).and_then(Json::as_str);
    let header = result.text("header").or_else(named).unwrap_or("a check without a header");
    if result.text("type") == Some("CheckFailure")
        || (result.has("exception") && !result.has("value"))
    {
        let why = result.text("exception").unwrap_or("no reason is given");
        return collector.check(
            header,
            false,
            Some(format!("did not run: {}", first_line(why, 300))),
        );
    }
    let conditions =
        ["conditions_results", "conditions_table"].iter().find_map(|key| result.get(key));
    for condition in collector.list(conditions) {
        let said =
            |key: &str| condition.get(key).and_then(Json::as_str).filter(|text| !text.is_empty());
        let name =
            format!("{header}: {}", said("Condition").unwrap_or("a condition without a name"));
        let status = said("Status");
        let mut detail = status.unwrap_or("no status").to_owned();
        if let Some(info) = said("More Info") {
            detail.push_str(": ");
            detail.push_str(&first_line(info, 300));
        }
        collector.check(name, status == Some("PASS"), Some(detail));
    }
    if let Some(value) = result.get("value") {
        value::read(collector, header, named() == Some("Model Inference Time"), value);
    }
}
