//! Pandera's lazy validation: the table `SchemaErrors.failure_cases` as CSV or JSON, and
//! `SchemaErrors.message` as JSON.
//!
//! The table has a row for each value that failed. pandas writes it in many shapes, all of which
//! are read: CSV with and without the index, and JSON as records, columns, lists, `index`, `split`,
//! `table` and JSON Lines. polars writes its columns in another order. `message` (and
//! `dataframe.pandera.errors` on Spark) has one entry for each check that failed, below `SCHEMA` or
//! `DATA` and a reason.
//!
//! Neither lists the checks that passed. Every check here is therefore a failed one, named by its
//! column and its name, as in `age:in_range(17, 90)`. A check of the whole frame has no column, and
//! is named `nan`, as pandas prints it.
//!
//! A valid frame raises nothing, so its table is empty: zero failure cases. But a step that crashed
//! may write the same, and `[]` does not show which tool wrote it: a warning says so, and asks for
//! another check to be submitted with it. The file never says how many rows were checked.

mod rows;
#[cfg(test)]
mod tests;

use super::common::{first_line, producer};
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family, json::Object,
};
use crate::model::{Evidence, Slice};
use crate::stats::proportion::float;
use rows::{Case, Cases};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: rows::ID,
    title: "Pandera failure_cases as CSV or JSON, and the message of SchemaErrors as JSON",
    family: Family::Data,
    written_by: "except SchemaErrors as error: error.failure_cases.to_csv(file, index=False)",
    reads: "how many values failed, in all and by column and check; every check that failed, as `column:check`. An empty \
            table is zero failures. Checks that held and the number of rows are not in the file.",
    carries: &[Carries::Metrics, Carries::Checks],
    recognised_by: "the columns `schema_context`, `column`, `check` and `failure_case`; `SCHEMA` or `DATA` above lists of \
                    errors; an empty JSON list",
    rule: "id = \"valid-features\"\nmetric = \"failure_cases\"\nsource = \"pandera\"\nmax = 0\npoint_estimate = \"allow\"",
    detect,
    read,
};

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    if rows::looks_like_table(document)? {
        return Ok(());
    }
    let object = document.object()?;
    if sections(object).is_some() || rows::is_table(object) {
        return Ok(());
    }
    Err(Declined::because(
        "no columns `schema_context`, `check` and `failure_case`, and no `SCHEMA` or `DATA`",
    ))
}

/// The errors of a message, each with its reason; `None` if the object is not a message.
fn sections<'j>(object: &'j Object<'j>) -> Option<Vec<(&'j str, &'j Object<'j>)>> {
    let mut errors = Vec::new();
    for section in object {
        if !matches!(&*section.key, "SCHEMA" | "DATA") {
            return None;
        }
        for reason in section.value.as_object()? {
            for error in reason.value.as_array()? {
                let error =
                    error.as_object().filter(|error| error.has("check") && error.has("error"))?;
                errors.push((&*reason.key, error));
            }
        }
    }
    (!object.is_empty()).then_some(errors)
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let mut collector = Collector::new(document, ADAPTER.id);
    producer(&mut collector, "pandera", None);
    match document.object() {
        Ok(object) if object.is_empty() => count(&mut collector, &Cases::default()),
        Ok(object) if sections(object).is_some() => {
            for (reason, error) in sections(object).unwrap_or_default() {
                message(&mut collector, reason, error);
            }
        }
        _ => {
            let cases = rows::read(document)?;
            count(&mut collector, &cases);
        }
    }
    collector.finish()
}

fn message(collector: &mut Collector<'_>, reason: &str, error: &Object<'_>) {
    let name = format!("{}:{}", rows::shown(error.get("column")), rows::shown(error.get("check")));
    let said = error.text("error").map(|said| first_line(said, 300));
    let detail = said.map_or_else(|| reason.to_owned(), |said| format!("{reason}: {said}"));
    collector.check(name, false, Some(detail));
}

fn count(collector: &mut Collector<'_>, cases: &Cases) {
    collector.number("failure_cases", "failure_cases", Slice::overall(), float(cases.rows));
    for Case { column, check, failures, first, .. } in &cases.failed {
        let name = format!("{column}:{check}");
        let source = format!("{name}.failure_cases");
        let plural = if *failures == 1 { "" } else { "s" };
        let slice =
            if column == "nan" { Slice::overall() } else { Slice::one("column", column.clone()) };
        collector.number(&source, &source, slice, float(*failures));
        collector.check(
            name,
            false,
            Some(format!("{failures} failure case{plural}, the first {}", first_line(first, 100))),
        );
    }
    if cases.rows == 0 {
        collector.warn(
            "nothing failed, but the file does not say that anything was looked at: a step that died can leave the same",
        );
    }
}
