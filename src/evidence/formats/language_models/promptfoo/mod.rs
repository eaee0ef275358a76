//! promptfoo: `promptfoo eval --output`, as JSON, JSON Lines, CSV, XML or `JUnit` XML.
//!
//! * JSON: `results` has `stats`, a row for each test, prompt and provider in `results`, and sums
//!   for each prompt in `prompts` (version 3) or `table.head.prompts` (versions 1 and 2). The
//!   summary alone (`evaluate()` in JavaScript) and the table alone (the download of the web page)
//!   are read, too.
//! * XML: the same, with an element for each key and for each element of a list, and empty text for
//!   null.
//! * JSON Lines: the rows. CSV: a row for each test, and for each prompt the columns output,
//!   `Status`, `Score`, `Named Scores`, …; before the `Status` was added, the output began with
//!   `[PASS]` or `[FAIL]`.
//! * `JUnit` XML: test suites named `promptfoo`.
//!
//! Each row is a check, named by its variables as Python prints them and its provider in brackets.
//! A test without an assertion passes with any answer, and is not part of `pass_rate`. With
//! `--repeat` each test has several rows: they are one test of `pass_rate`, because a repeated test
//! says nothing about others. In `JUnit` XML only the description shows that it is the same test.
//! If tests are counted whose rows are missing, no rule can use their share.
//!
//! An error (no answer came) is not a failure (an assertion did not hold), and neither passes. A
//! test passes by its threshold, so assertions are not separate checks. `namedScores` of a prompt
//! are sums over its tests.

mod csv;
mod junit;
mod rows;
mod summary;
#[cfg(test)]
mod tests;
mod xml;

use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family, json::Json,
    precision::Precision, xml::root_tag,
};
use crate::model::{Evidence, Producer};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "promptfoo",
    title: "promptfoo eval --output (JSON, JSON Lines, CSV, XML, JUnit XML)",
    family: Family::LanguageModels,
    written_by: "promptfoo eval --output results.json",
    reads: "every test as a check, named by its variables and its provider; the share that passed as pass_rate with \
            its counts, overall and by prompt and provider; passes, failures and errors apart; named scores, latency \
            and cost of each prompt.",
    carries: &[
        Carries::Metrics,
        Carries::Slices,
        Carries::SampleSize,
        Carries::Counts,
        Carries::Checks,
    ],
    recognised_by: "`results.stats` with `successes` and `failures`; rows with `promptIdx`, `success` and \
                    `gradingResult`; a CSV header with `Status`, `Score`, `Named Scores`, `Grader Reason`; \
                    `<promptfoo>`; `<testsuites name=\"promptfoo\">`",
    rule: "id = \"prompts-pass\"\nmetric = \"pass_rate\"\nmin = 0.95",
    detect,
    read,
};

/// The shape of a document of promptfoo.
enum Shape<'d, 'a> {
    /// A summary: `stats` and `results`.
    Summary(&'d Json<'a>),
    /// `head` and `body`.
    Table(&'d Json<'a>),
    /// One row per line.
    Rows(&'d [Json<'a>]),
    Csv(csv::Layout),
    Xml,
    JUnit,
}

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    shape(document).map(drop)
}

fn shape<'d, 'a>(document: &'d Document<'a>) -> Result<Shape<'d, 'a>, Declined> {
    if document.looks_like_xml() {
        return xml_shape(document);
    }
    match csv::layout(document) {
        Ok(layout) => return Ok(Shape::Csv(layout)),
        Err(declined) if !document.looks_like_json() => return Err(declined),
        Err(_) => {}
    }
    if let Some(rows) = rows::lines(document) {
        return Ok(Shape::Rows(rows));
    }
    let object = document.object()?;
    let json = document.json().map_err(|error| Declined::because(error.to_string()))?;
    let summary = json
        .get("results")
        .filter(|results| summary::is_one(results))
        .or(Some(json).filter(|json| summary::is_one(json)));
    if let Some(summary) = summary {
        return Ok(Shape::Summary(summary));
    }
    let head = object
        .get("head")
        .filter(|head| head.get("prompts").is_some() && head.get("vars").is_some());
    if head.is_some() && object.get("body").is_some_and(|body| body.as_array().is_some()) {
        return Ok(Shape::Table(json));
    }
    Err(Declined::because("no `stats` with `successes` and `failures` beside a list `results`"))
}

fn xml_shape<'d, 'a>(document: &Document<'_>) -> Result<Shape<'d, 'a>, Declined> {
    let text = document.text().map_err(|_| Declined::because("not text"))?;
    match root_tag(text) {
        Some("promptfoo") => return Ok(Shape::Xml),
        Some(root) if root.starts_with("testsuites") && root.contains("name=\"promptfoo\"") => {
            return Ok(Shape::JUnit);
        }
        _ => {}
    }
    Err(Declined::because("XML, but neither `<promptfoo>` nor `<testsuites name=\"promptfoo\">`"))
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let shape = shape(document).map_err(|declined| match document.json() {
        Err(error) if document.looks_like_json() && rows::lines(document).is_none() => {
            EvidenceError::Json(error.clone())
        }
        _ => document.refuse(ADAPTER.id, declined),
    })?;
    let mut collector = Collector::new(document, ADAPTER.id).precision(Precision::Full);
    collector.evidence.producer =
        Some(Producer { tool: Some("promptfoo".to_owned()), version: None, run: None });
    match shape {
        Shape::Summary(json) => {
            let output = document.json().map_err(Clone::clone)?;
            summary::about(&mut collector, output, json);
            summary::read(&mut collector, document, json, summary::repeat(output))?;
        }
        Shape::Table(json) => summary::table(&mut collector, json),
        Shape::Rows(list) => summary::rows_alone(&mut collector, document, list)?,
        Shape::Csv(layout) => {
            csv::read(&mut collector, document.csv().map_err(Clone::clone)?, &layout);
        }
        Shape::Xml => {
            let root = xml::to_json(document.xml().map_err(Clone::clone)?.root_element(), 0);
            let Some(json) = root.get("results").filter(|results| summary::is_one(results)) else {
                let declined =
                    Declined::because("`<promptfoo>` without `<results>` that has `<stats>`");
                return Err(document.refuse(ADAPTER.id, declined));
            };
            summary::about(&mut collector, &root, json);
            summary::read(&mut collector, document, json, summary::repeat(&root))?;
        }
        Shape::JUnit => junit::read(&mut collector, document.xml().map_err(Clone::clone)?),
    }
    collector.finish()
}
