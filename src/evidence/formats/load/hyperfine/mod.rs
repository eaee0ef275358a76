//! hyperfine: `--export-json` and `--export-csv`, in seconds.
//!
//! The JSON has the time of each run (`times`), its exit code (since 1.12; null for a signal) and
//! since 1.19 its memory. `stddev` is null after a single run. `user` and `system` are means. The
//! CSV has neither times nor exit codes, so n is unknown, and it has 0 for a deviation that does
//! not exist.

#[cfg(test)]
mod tests;

use super::sample::{self as load, Ended, Sample};
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    json::{Json, Number, Object},
    precision::Precision,
};
use crate::model::{Evidence, Producer, Slice, Unit};
use crate::stats::proportion::counted;

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "hyperfine",
    title: "hyperfine: `--export-json` or `--export-csv`",
    family: Family::Load,
    written_by: "hyperfine --runs 300 --export-json hyperfine.json './predict sample.json'",
    reads: "mean, deviation, median, least and greatest time of each command, with the whole sample, so that quantiles have \
            exact bounds; whether its runs ended well.",
    carries: &[
        Carries::Metrics,
        Carries::Slices,
        Carries::SampleSize,
        Carries::Counts,
        Carries::Checks,
    ],
    recognised_by: "`results` with `command`, `mean` and `median`, or the columns of the CSV",
    rule: "id = \"p99\"\nmetric = \"latency\"\nquantile = 0.99\nslice = { command = \"./predict sample.json\" }\nmax = \"150 ms\"",
    detect,
    read,
};

/// The columns of the CSV.
const COLUMNS: [&str; 8] = ["command", "mean", "stddev", "median", "user", "system", "min", "max"];

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    if document.looks_like_json() {
        let object = document.object()?;
        let Some(results) = object.get("results").and_then(Json::as_array) else {
            return Err(Declined::because("no list `results`"));
        };
        let ours = |result: &Json<'_>| {
            ["command", "mean", "median", "user", "system"]
                .iter()
                .all(|key| result.get(key).is_some())
        };
        let all = !results.is_empty() && results.iter().all(ours);
        return all.then_some(()).ok_or_else(|| {
            Declined::because("`results` are not of commands with `mean` and `median`")
        });
    }
    let header = document.header(b',')?;
    let ours = header.len() >= COLUMNS.len()
        && header.iter().zip(COLUMNS).all(|(have, want)| have == want);
    ours.then_some(())
        .ok_or_else(|| Declined::because("not the columns `command,mean,stddev,median,…`"))
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    if document.looks_like_json() {
        document.json().map_err(Clone::clone)?;
    }
    let mut collector = Collector::new(document, ADAPTER.id).precision(Precision::Full);
    collector.evidence.producer =
        Some(Producer { tool: Some("hyperfine".to_owned()), ..Producer::default() });
    let invalid = |why: String| document.invalid(ADAPTER.id, 0, why);
    if document.looks_like_json() {
        let results = document
            .object()
            .ok()
            .and_then(|object| object.get("results"))
            .and_then(Json::as_array);
        let results = results.ok_or_else(|| invalid("no list `results`".to_owned()))?;
        if results.is_empty() {
            collector.check("commands succeeded", false, Some("no command was run".to_owned()));
        }
        for result in results {
            let Some((object, command)) =
                result.as_object().zip(result.get("command").and_then(Json::as_str))
            else {
                return Err(document.invalid(
                    ADAPTER.id,
                    result.at,
                    "a result without a `command`",
                ));
            };
            self::result(&mut collector, object, command);
        }
    } else {
        document.require(ADAPTER.id, detect(document))?;
        table(document, &mut collector)?;
    }
    collector.finish()
}

/// Our name and the quantile of a statistic of the runs.
fn named(key: &str) -> (&str, Option<f64>) {
    if key == "median" { ("latency", Some(0.5)) } else { (key, None) }
}

fn result(collector: &mut Collector<'_>, result: &Object<'_>, command: &str) {
    let (slice, from) = (Slice::one("command", command), collector.evidence.measurements.len());
    let times = result.get("times").and_then(Json::as_array);
    let values = times.and_then(|times| {
        times.iter().map(|t| t.as_number().map(Number::value)).collect::<Option<Vec<_>>>()
    });
    if values.is_none() && times.is_some() {
        collector.warn("`times` are not all numbers: n and the sample are unknown");
    }
    let n = values.as_ref().map(|values| counted(values.len()));
    let sample = values.and_then(|values| Sample::of(values, 0.0, Unit::Seconds));
    let mut bad = Ended::default();
    for member in result {
        match &*member.key {
            "mean" | "stddev" | "median" | "user" | "system" | "min" | "max" => {
                let (ours, quantile) = named(&member.key);
                let Some(m) = collector.measure(ours, &member.key, slice.clone(), &member.value)
                else {
                    continue;
                };
                (m.unit, m.n, m.quantile) = (Some(Unit::Seconds), n, quantile);
                if let Some(sample) =
                    sample.as_ref().filter(|_| quantile.is_some() && m.value.is_some())
                {
                    sample.fill(m);
                }
            }
            "memory_usage_byte" => memory(collector, &slice, &member.value),
            "exit_codes" => bad = exits(collector, &slice, command, &member.value),
            "command" | "times" | "parameters" | "parameter" => {}
            _ => collector.left_out(&member.key),
        }
    }
    if let Some(sample) = &sample {
        sample.quantiles(collector, &slice, &[0.5]);
    }
    bad.mark(collector, from, |m| m.slice == slice);
    if n == Some(0) {
        load::succeeded(collector, command, 0, 0);
    }
}

fn memory(collector: &mut Collector<'_>, slice: &Slice, json: &Json<'_>) {
    let values = json.as_array().and_then(|list| {
        list.iter().map(|v| v.as_number().map(Number::value)).collect::<Option<Vec<_>>>()
    });
    let Some(values) = values.filter(|values| !values.is_empty()) else {
        return collector.left_out("memory_usage_byte");
    };
    load::mean(collector, "mean memory_usage_byte", slice.clone(), &values, 0.0, Some(Unit::Bytes));
    let most = values.iter().copied().fold(0.0, f64::max);
    if let Some(m) =
        collector.number("max memory_usage_byte", "max memory_usage_byte", slice.clone(), most)
    {
        (m.unit, m.n) = (Some(Unit::Bytes), Some(counted(values.len())));
    }
}

/// Reads exit codes. A code is 0 for success, and null if a signal ended the command.
fn exits(collector: &mut Collector<'_>, slice: &Slice, command: &str, json: &Json<'_>) -> Ended {
    let codes = collector.list(Some(json));
    let bad =
        codes.iter().filter(|code| code.as_number().and_then(Number::count) != Some(0)).count();
    let (runs, bad) = (counted(codes.len()), counted(bad));
    load::error_rate(collector, slice.clone(), runs, bad);
    collector.check(
        format!("command succeeded [{command}]"),
        runs > 0 && bad == 0,
        Some(format!("{bad} of {runs} runs failed")),
    );
    Ended::of(runs, bad)
}

fn table(document: &Document<'_>, collector: &mut Collector<'_>) -> Result<(), EvidenceError> {
    let table = document.csv().map_err(Clone::clone)?;
    let columns = table.header().count();
    let text = document.text()?;
    for row in table.rows() {
        let last = table.rows().last().is_some_and(|last| last.at == row.at);
        if row.len() != columns || (last && !text.ends_with('\n')) {
            return Err(document.invalid(ADAPTER.id, row.at, "the row was cut off"));
        }
        let command = row.get(0).unwrap_or("");
        for (key, cell) in COLUMNS.iter().zip(row.cells()).skip(1) {
            let (ours, quantile) = named(key);
            let Some(m) = collector.measure_text(ours, key, Slice::one("command", command), cell)
            else {
                continue;
            };
            (m.unit, m.quantile) = (Some(Unit::Seconds), quantile);
            // hyperfine also writes 0 if there is no deviation.
            m.value = m.value.filter(|v| *key != "stddev" || *v > 0.0);
        }
    }
    if table.rows().is_empty() {
        collector.check("commands succeeded", false, Some("no command was run".to_owned()));
    }
    collector
        .warn("the CSV of hyperfine holds neither runs nor exit codes: n and failures are unknown");
    Ok(())
}
