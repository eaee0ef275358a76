//! Locust: `--json`, and the files of `--csv`: `_stats.csv`, `_stats_history.csv`, `_failures.csv`, `_exceptions.csv`.
//!
//! Times are in milliseconds. Locust keeps them rounded: to whole ones below 100, to tens below 1000, to hundreds below
//! 10 000, else to thousands; its percentiles are such values. The JSON holds how many there are of each: the whole sample,
//! to that rounding, unless somebody replaced `bucket_response_time`, which the sum of all times mostly gives away.
//!
//! A row is a method and a name; rows of one name and several methods are told apart by both. The row `Aggregated` is told
//! twice, as it is written and as the whole. `N/A` and zeros stand for times of no request. Before 1.0 the columns were
//! `# requests` and `# failures`, and requests did not always count the failed ones: there is no error rate then.

mod csv;
mod json;
#[cfg(test)]
mod tests;

use super::sample as load;
use crate::evidence::{Adapter, Carries, Collector, Declined, Document, EvidenceError, Family, precision::Precision};
use crate::model::{Evidence, Producer, Slice};
use std::collections::BTreeMap;

/// The row of the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "locust",
    title: "Locust: `--json`, or a file of `--csv`",
    family: Family::Load,
    written_by: "locust --headless -t 60s --json > locust.json; locust --headless -t 60s --csv locust",
    reads: "requests, failures and response times of each endpoint and of all, the error rate with its counts. Quantiles have \
            exact bounds from the JSON, which holds the whole sample to two digits.",
    carries: &[Carries::Metrics, Carries::Slices, Carries::SampleSize, Carries::Counts, Carries::Checks],
    recognised_by: "entries with `num_requests` and `response_times`, or the columns of the four files",
    rule: "id = \"p99\"\nmetric = \"latency\"\nquantile = 0.99\nmax = \"150 ms\"",
    detect,
    read,
};

enum Form {
    Json,
    Stats,
    History,
    Failures,
    Exceptions,
}

fn form(document: &Document<'_>) -> Result<Form, Declined> {
    if document.looks_like_json() {
        let entries = document.array()?;
        let keys = ["name", "method", "num_requests", "num_failures", "response_times"];
        let ours = !entries.is_empty() && entries.iter().all(|entry| keys.iter().all(|key| entry.get(key).is_some()));
        return ours
            .then_some(Form::Json)
            .ok_or_else(|| Declined::because("not entries with `num_requests` and `response_times`"));
    }
    let header = document.header(b',')?;
    let has = |columns: &[&str]| columns.iter().all(|column| header.iter().any(|have| have == column));
    if has(&["Timestamp", "User Count", "Name", "Total Request Count"]) {
        Ok(Form::History)
    } else if has(&["Name", "Request Count", "Failure Count", "Median Response Time"])
        || has(&["Name", "# requests", "# failures", "Median response time"]) && !has(&["Timestamp"])
    {
        Ok(Form::Stats)
    } else if has(&["Name", "Error", "Occurrences"]) && header.first().is_some_and(|first| first == "Method") {
        Ok(Form::Failures)
    } else if has(&["Count", "Message", "Traceback", "Nodes"]) {
        Ok(Form::Exceptions)
    } else {
        Err(Declined::because("not the columns of a file of Locust"))
    }
}

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    form(document).map(|_| ())
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    if document.looks_like_json() {
        document.json().map_err(Clone::clone)?;
    }
    let mut out = Collector::new(document, ADAPTER.id).precision(Precision::Full);
    out.evidence.producer = Some(Producer { tool: Some("Locust".to_owned()), ..Producer::default() });
    // No endpoint was called: nothing in it says whose list it is, so somebody named the format.
    if document.array().is_ok_and(<[_]>::is_empty) {
        load::succeeded(&mut out, "", 0, 0);
        return out.finish();
    }
    match form(document).map_err(|Declined { why }| EvidenceError::invalid(ADAPTER.id, document, 0, why))? {
        Form::Json => json::read(document, &mut out)?,
        Form::Stats => csv::stats(document, &mut out)?,
        Form::History => csv::history(document, &mut out)?,
        Form::Failures => csv::failures(document, &mut out)?,
        Form::Exceptions => csv::exceptions(document, &mut out)?,
    }
    out.finish()
}

/// How far the time behind a rounded one may lie from it, in milliseconds: below and above.
fn around(rounded: f64) -> (f64, f64) {
    let step = |v: f64| {
        if v < 100.0 {
            0.5
        } else if v < 1_000.0 {
            5.0
        } else if v < 10_000.0 {
            50.0
        } else {
            500.0
        }
    };
    // What is rounded up to a power of ten comes from the finer step below it.
    (step(rounded - rounded * 1e-6), step(rounded))
}

/// The slices of rows by method and name: the name alone where no other row has it.
fn slices(rows: &[(String, String)]) -> Vec<Slice> {
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, name) in rows {
        *times.entry(name).or_default() += 1;
    }
    let slice = |(method, name): &(String, String)| {
        let mut slice = Slice::one("name", name);
        if times.get(name.as_str()) != Some(&1) {
            slice.0.insert("method".to_owned(), method.clone());
        }
        slice
    };
    rows.iter().map(slice).collect()
}

/// The row of all endpoints.
fn is_total(method: &str, name: &str) -> bool {
    matches!(name, "Aggregated" | "Total") && matches!(method, "" | "None")
}
