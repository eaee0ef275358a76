//! The files of `locust --csv`.

use super::rows::{around, is_total, slices};
use super::{Collector, Document, EvidenceError, Slice, load};
use crate::evidence::{
    json::Number,
    table::{Row, Table},
};
use crate::model::{Measurement, Timestamp, Unit};
use crate::stats::proportion::{counted, float};
use std::collections::BTreeMap;

fn table<'d>(document: &'d Document<'_>, format: &'static str) -> Result<&'d Table, EvidenceError> {
    let table = document.csv().map_err(Clone::clone)?;
    let columns = table.header().count();
    let whole = document.text()?.ends_with('\n');
    for row in table.rows() {
        // In a row that was cut off, the last cell may be another number.
        let last = table.rows().last().is_some_and(|last| last.at == row.at);
        if row.len() != columns || (last && !whole) {
            return Err(document.invalid(format, row.at, "the row was cut off"));
        }
    }
    Ok(table)
}

fn cell<'r>(table: &Table, row: &'r Row, names: &[&str]) -> &'r str {
    names
        .iter()
        .find_map(|name| table.column(name))
        .and_then(|column| row.get(column))
        .unwrap_or("")
}

fn count(table: &Table, row: &Row, names: &[&str]) -> Option<u64> {
    Number::parse(cell(table, row, names)).and_then(Number::count)
}

fn endpoint(table: &Table, row: &Row) -> (String, String) {
    (cell(table, row, &["Type", "Method"]).to_owned(), cell(table, row, &["Name"]).to_owned())
}

pub(super) fn stats(
    document: &Document<'_>,
    collector: &mut Collector<'_>,
) -> Result<(), EvidenceError> {
    let table = table(document, collector.format())?;
    let endpoints: Vec<(String, String)> =
        table.rows().iter().map(|row| endpoint(table, row)).collect();
    let (old, whole) = (table.column("Request Count").is_none(), Slice::overall());
    for ((row, slice), (method, name)) in
        table.rows().iter().zip(slices(&endpoints)).zip(&endpoints)
    {
        let total = is_total(method, name);
        let n = count(table, row, &["Request Count", "# requests"]);
        let failed = count(table, row, &["Failure Count", "# failures"]);
        let (Some(n), Some(failed)) = (n, failed) else {
            return Err(document.invalid(
                collector.format(),
                row.at,
                "no counts of requests and failures",
            ));
        };
        let (first, own) = (collector.evidence.measurements.len(), slice.clone());
        for (slice, aggregate) in
            [(slice, total), (Slice::overall(), false)].into_iter().take(if total { 2 } else { 1 })
        {
            let from = collector.evidence.measurements.len();
            cells(collector, table, row, &slice, (!old).then_some(n), n == 0);
            if !old {
                load::error_rate(collector, slice, n, failed);
            }
            for m in collector.evidence.measurements.iter_mut().skip(from) {
                m.aggregate = aggregate;
            }
        }
        let of = if total { String::new() } else { format!("{method} {name}").trim().to_owned() };
        let ended = load::Ended::of(n.max(failed), failed);
        if total {
            ended.mark(collector, first, |m| m.slice == own);
        }
        ended.tell(collector, first, if total { &whole } else { &own }, &of);
    }
    if table.rows().is_empty() {
        load::succeeded(collector, "", 0, 0);
    }
    if old {
        collector.warn("Locust before 1.0 may not count failures among requests: n and error rates are unknown");
    }
    Ok(())
}

/// Reads every number of a row. `none` says that there was no request: times and rates are then not
/// valid.
fn cells(
    collector: &mut Collector<'_>,
    table: &Table,
    row: &Row,
    slice: &Slice,
    n: Option<u64>,
    none: bool,
) {
    for (name, text) in table.header().zip(row.cells()) {
        if matches!(name, "Type" | "Method" | "Name") {
            continue;
        }
        let percent = name.strip_suffix('%').or_else(|| name.starts_with("99.").then_some(name));
        let ours = if percent.is_some() { "latency" } else { name };
        let Some(m) = collector.measure_text(ours, name, slice.clone(), text) else { continue };
        let counts = matches!(name, "Request Count" | "# requests");
        m.n = n.filter(|_| !counts);
        if let Some(percent) = percent {
            m.quantile = load::quantile(percent);
            rounded(m);
        } else if name.contains("Response Time") || name.contains("response time") {
            m.unit = Some(Unit::Milliseconds);
            if name.starts_with("Median") {
                rounded(m);
            }
        } else if name.contains("Content Size") {
            m.unit = Some(Unit::Bytes);
        }
        if none && !counts && !matches!(name, "Failure Count" | "# failures") {
            m.value = None;
        }
    }
}

/// Fills unit and rounding of a time that Locust stored rounded.
fn rounded(m: &mut Measurement) {
    let (below, above) = m.value.map_or((0.5, 0.5), around);
    (m.unit, m.rounding) = (Some(Unit::Milliseconds), below.max(above));
}

/// Reads the totals of the whole run in the last row of each endpoint.
pub(super) fn history(
    document: &Document<'_>,
    collector: &mut Collector<'_>,
) -> Result<(), EvidenceError> {
    let table = table(document, collector.format())?;
    let mut last: BTreeMap<(String, String), &Row> = BTreeMap::new();
    for row in table.rows() {
        last.insert(endpoint(table, row), row);
    }
    let endpoints: Vec<(String, String)> = last.keys().cloned().collect();
    for (((method, name), row), slice) in last.iter().zip(slices(&endpoints)) {
        let total = is_total(method, name);
        let (Some(n), Some(failed)) = (
            count(table, row, &["Total Request Count"]),
            count(table, row, &["Total Failure Count"]),
        ) else {
            return Err(document.invalid(
                collector.format(),
                row.at,
                "no counts of requests and failures",
            ));
        };
        let (first, own) = (collector.evidence.measurements.len(), slice.clone());
        for (column, text) in
            table.header().zip(row.cells()).filter(|(column, _)| column.starts_with("Total "))
        {
            let Some(m) = collector.measure_text(column, column, slice.clone(), text) else {
                continue;
            };
            m.aggregate = total;
            m.n = Some(n).filter(|_| column != "Total Request Count");
            if column.ends_with("Response Time") {
                m.unit = Some(Unit::Milliseconds);
            }
            if n == 0 && !column.ends_with("Count") {
                m.value = None;
            }
        }
        load::error_rate(collector, if total { Slice::overall() } else { slice }, n, failed);
        let of = if total { String::new() } else { format!("{method} {name}").trim().to_owned() };
        load::Ended::of(n.max(failed), failed).tell(collector, first, &own, &of);
        let seconds = Number::parse(cell(table, row, &["Timestamp"]))
            .and_then(Number::count)
            .and_then(|s| i64::try_from(s).ok());
        collector.evidence.produced_at =
            seconds.and_then(|s| s.checked_mul(1_000_000)).map(Timestamp::from_micros);
    }
    if table.rows().is_empty() {
        load::succeeded(collector, "", 0, 0);
    }
    collector.warn("of the history only the last totals are read: rates and percentiles of single moments are left out");
    Ok(())
}

pub(super) fn failures(
    document: &Document<'_>,
    collector: &mut Collector<'_>,
) -> Result<(), EvidenceError> {
    let table = table(document, collector.format())?;
    let mut sum = 0_u64;
    for row in table.rows() {
        let Some(times) = count(table, row, &["Occurrences"]) else {
            return Err(document.invalid(collector.format(), row.at, "no count of occurrences"));
        };
        sum = sum.saturating_add(times);
        let (method, name) = endpoint(table, row);
        let mut slice = Slice::one("name", name);
        slice.0.insert("method".to_owned(), method);
        slice.0.insert("error".to_owned(), cell(table, row, &["Error"]).to_owned());
        load::count(collector, "Occurrences", slice, times, None);
    }
    load::count(collector, "Occurrences", Slice::overall(), sum, None);
    if sum > 0 {
        collector.check("requests succeeded", false, Some(format!("{sum} requests failed")));
    } else {
        collector
            .warn("no failure is listed, and the file does not say whether anything was requested");
    }
    Ok(())
}

pub(super) fn exceptions(
    document: &Document<'_>,
    collector: &mut Collector<'_>,
) -> Result<(), EvidenceError> {
    let table = table(document, collector.format())?;
    let mut sum = 0.0;
    for row in table.rows() {
        let Some(times) = count(table, row, &["Count"]) else {
            return Err(document.invalid(collector.format(), row.at, "no count of exceptions"));
        };
        sum += float(times);
    }
    if let Some(m) = collector.number("exceptions", "Count", Slice::overall(), sum) {
        m.n = None;
    }
    let kinds = counted(table.rows().len());
    if kinds > 0 {
        collector.check("no exceptions", false, Some(format!("{kinds} kinds of exception")));
    } else {
        collector.warn(
            "no exception is listed, and the file does not say whether anything was requested",
        );
    }
    Ok(())
}
