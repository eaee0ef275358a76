//! `JMeter`: the CSV that `-l` writes (`.jtl`), and `statistics.json` of its dashboard. Times are in milliseconds.
//!
//! The CSV has a row for each sample. Both ends of a time are whole milliseconds, so the time may
//! be off by one. Cells are separated by `jmeter.save.saveservice.default_delimiter`, a comma
//! unless configured. Rows of transaction controllers sum up other rows: they have their own label
//! and are not part of the whole, unless the controllers generate a parent sample, whose parts the
//! CSV omits.
//!
//! In `statistics.json` errors are a percentage, and `pct1ResTime` to `pct3ResTime` are the
//! percentiles that were configured (90, 95 and 99 by default). The file does not say which, so
//! they have no quantile.

mod statistics;
#[cfg(test)]
mod tests;

use super::sample::{self as load, Sample};
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    json::{Json, Number},
    table::{self, Row, Table},
};
use crate::model::{Evidence, Producer, Slice, Unit};
use crate::stats::proportion::counted;
use std::collections::BTreeMap;

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "jmeter",
    title: "JMeter: its CSV of samples (.jtl), or statistics.json",
    family: Family::Load,
    written_by: "jmeter -n -t plan.jmx -l samples.jtl -e -o dashboard",
    reads: "response times and failures of each label and of all, status codes, the error rate with its counts. Every sample \
            of the CSV, so that quantiles have exact bounds.",
    carries: &[
        Carries::Metrics,
        Carries::Slices,
        Carries::SampleSize,
        Carries::Counts,
        Carries::Checks,
    ],
    recognised_by: "the columns `timeStamp`, `elapsed`, `label` and `success`, or `sampleCount` and `meanResTime`",
    rule: "id = \"p99\"\nmetric = \"latency\"\nquantile = 0.99\nmax = \"150 ms\"",
    detect,
    read,
};

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    if document.looks_like_json() {
        let object = document.object()?;
        let ours = |json: &Json<'_>| {
            ["transaction", "sampleCount", "errorCount", "meanResTime"]
                .iter()
                .all(|key| json.get(key).is_some())
        };
        let all = !object.is_empty() && object.iter().all(|member| ours(&member.value));
        return all.then_some(()).ok_or_else(|| {
            Declined::because("not rows with `transaction`, `sampleCount` and `meanResTime`")
        });
    }
    separator(document).map(drop)
}

/// The separator of the cells of the CSV.
fn separator(document: &Document<'_>) -> Result<u8, Declined> {
    let missing = |separator: u8| {
        let header = document.header(separator)?;
        let have = |column: &&str| header.iter().any(|have| have == column);
        Ok(["timeStamp", "elapsed", "label", "success"].into_iter().find(|column| !have(column)))
    };
    for separator in [b',', b';', b'\t', b'|'] {
        if missing(separator).is_ok_and(|missing| missing.is_none()) {
            return Ok(separator);
        }
    }
    let column = missing(b',')?.unwrap_or("timeStamp");
    Err(Declined::because(format!("no column `{column}`")))
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    if document.looks_like_json() {
        document.json().map_err(Clone::clone)?;
    }
    document.require(ADAPTER.id, detect(document))?;
    let mut collector = Collector::new(document, ADAPTER.id);
    collector.evidence.producer =
        Some(Producer { tool: Some("JMeter".to_owned()), ..Producer::default() });
    if document.looks_like_json() {
        statistics::read(document, &mut collector)?;
    } else {
        samples(document, &mut collector)?;
    }
    collector.finish()
}

/// The samples of one label, or of all labels.
#[derive(Default)]
struct Samples {
    times: Vec<f64>,
    failed: u64,
}

/// The column of each cell of a row.
struct Columns {
    elapsed: usize,
    success: usize,
    label: usize,
    code: Option<usize>,
    message: Option<usize>,
}

impl Columns {
    fn of(table: &Table) -> Option<Self> {
        Some(Self {
            elapsed: table.column("elapsed")?,
            success: table.column("success")?,
            label: table.column("label")?,
            code: table.column("responseCode"),
            message: table.column("responseMessage"),
        })
    }

    /// Whether the row is a transaction controller's: it says in its message how many samples it
    /// sums up.
    fn is_sum(&self, row: &Row) -> bool {
        self.message
            .and_then(|column| row.get(column))
            .is_some_and(|text| text.starts_with("Number of samples in transaction"))
    }
}

fn samples(document: &Document<'_>, collector: &mut Collector<'_>) -> Result<(), EvidenceError> {
    let separator = separator(document).unwrap_or(b',');
    let other;
    let table = if separator == b',' {
        document.csv().map_err(Clone::clone)?
    } else {
        other = table::read(document.text()?, separator)?;
        &other
    };
    let Some(columns) = Columns::of(table) else { return Ok(()) };
    let parents = table.rows().iter().all(|row| columns.is_sum(row));
    let width = table.header().count();
    let mut labels: BTreeMap<&str, Samples> = BTreeMap::new();
    let mut codes: BTreeMap<&str, u64> = BTreeMap::new();
    let (mut all, mut sums) = (Samples::default(), 0_u64);
    for row in table.rows() {
        let elapsed =
            row.get(columns.elapsed).and_then(Number::parse).filter(|_| row.len() == width);
        let success = match row.get(columns.success) {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => None,
        };
        let Some((elapsed, success)) = elapsed.zip(success) else {
            return Err(document.invalid(
                ADAPTER.id,
                row.at,
                "no time and success: was the row cut off?",
            ));
        };
        let put = |samples: &mut Samples| {
            samples.times.push(elapsed.value());
            samples.failed += u64::from(!success);
        };
        put(labels.entry(row.get(columns.label).unwrap_or("")).or_default());
        if columns.is_sum(row) {
            sums += 1;
            if !parents {
                continue;
            }
        }
        put(&mut all);
        let code = columns.code.and_then(|column| row.get(column)).unwrap_or("");
        if code.len() == 3 && code.bytes().all(|b| b.is_ascii_digit()) {
            *codes.entry(code).or_default() += 1;
        }
    }
    if sums > 0 && parents {
        collector
            .warn("every row is that of a transaction controller: its parts are not in the file");
    } else if sums > 0 {
        collector.warn(format!("{sums} rows of transaction controllers add up other rows: they are no part of the whole"));
    }
    load::statuses(collector, codes);
    write(collector, &Slice::overall(), "", all);
    for (label, samples) in labels {
        write(collector, &Slice::one("label", label), label, samples);
    }
    Ok(())
}

fn write(collector: &mut Collector<'_>, slice: &Slice, label: &str, samples: Samples) {
    /// Both ends of a time are truncated to whole milliseconds.
    const SLACK: f64 = 1.0;
    let n = counted(samples.times.len());
    load::count(collector, "samples", slice.clone(), n, None);
    load::count(collector, "errors", slice.clone(), samples.failed, Some(n));
    load::error_rate(collector, slice.clone(), n, samples.failed);
    let (from, ended) = (collector.evidence.measurements.len(), load::Ended::of(n, samples.failed));
    if n == 0 {
        return ended.tell(collector, from, slice, label);
    }
    load::mean(
        collector,
        "mean elapsed",
        slice.clone(),
        &samples.times,
        SLACK,
        Some(Unit::Milliseconds),
    );
    match Sample::of(samples.times, SLACK, Unit::Milliseconds) {
        Some(sample) => sample.quantiles(collector, slice, &[]),
        None => collector.warn("a time is negative: the percentiles are left out"),
    }
    ended.tell(collector, from, slice, label);
}
