//! Locust: `--json`, and the files of `--csv`: `_stats.csv`, `_stats_history.csv`, `_failures.csv`, `_exceptions.csv`.
//!
//! Times are in milliseconds. Locust stores them rounded: to whole ones below 100, to tens below
//! 1000, to hundreds below 10 000, else to thousands; its percentiles are values of this kind. The
//! JSON counts each of them: this is the whole sample, with that rounding, unless the user replaced
//! `bucket_response_time`. The sum of all times shows this in most cases.
//!
//! A row has a method and a name; rows with the same name and different methods are distinguished
//! by both. The row `Aggregated` is reported twice, as it is written and as the whole. `N/A` and
//! zeros are times of no request. Before 1.0 the columns were `# requests` and `# failures`, and
//! requests did not always include the failed ones: then there is no error rate.

mod csv;
mod json;
mod rows;
#[cfg(test)]
mod tests;

use super::sample as load;
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family, precision::Precision,
};
use crate::model::{Evidence, Producer, Slice};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "locust",
    title: "Locust: `--json`, or a file of `--csv`",
    family: Family::Load,
    written_by: "locust --headless -t 60s --json > locust.json; locust --headless -t 60s --csv locust",
    reads: "requests, failures and response times of each endpoint and of all, the error rate with its counts. Quantiles have \
            exact bounds from the JSON, which holds the whole sample to two digits.",
    carries: &[
        Carries::Metrics,
        Carries::Slices,
        Carries::SampleSize,
        Carries::Counts,
        Carries::Checks,
    ],
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
        let ours = !entries.is_empty()
            && entries.iter().all(|entry| keys.iter().all(|key| entry.get(key).is_some()));
        return ours.then_some(Form::Json).ok_or_else(|| {
            Declined::because("not entries with `num_requests` and `response_times`")
        });
    }
    let header = document.header(b',')?;
    let has =
        |columns: &[&str]| columns.iter().all(|column| header.iter().any(|have| have == column));
    if has(&["Timestamp", "User Count", "Name", "Total Request Count"]) {
        Ok(Form::History)
    } else if has(&["Name", "Request Count", "Failure Count", "Median Response Time"])
        || has(&["Name", "# requests", "# failures", "Median response time"])
            && !has(&["Timestamp"])
    {
        Ok(Form::Stats)
    } else if has(&["Name", "Error", "Occurrences"])
        && header.first().is_some_and(|first| first == "Method")
    {
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
    let mut collector = Collector::new(document, ADAPTER.id).precision(Precision::Full);
    collector.evidence.producer =
        Some(Producer { tool: Some("Locust".to_owned()), ..Producer::default() });
    // An empty list has no endpoint and cannot be recognised, so the submission must have named the
    // format.
    if document.array().is_ok_and(<[_]>::is_empty) {
        load::succeeded(&mut collector, "", 0, 0);
        return collector.finish();
    }
    match document.require(ADAPTER.id, form(document))? {
        Form::Json => json::read(document, &mut collector)?,
        Form::Stats => csv::stats(document, &mut collector)?,
        Form::History => csv::history(document, &mut collector)?,
        Form::Failures => csv::failures(document, &mut collector)?,
        Form::Exceptions => csv::exceptions(document, &mut collector)?,
    }
    collector.finish()
}
