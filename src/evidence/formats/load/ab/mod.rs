//! ab, the `ApacheBench` of Apache HTTP Server 2: its printed output, `-e` and `-g`.
//!
//! Times are in milliseconds, rounded to whole ones in the text. `Failed requests` also counts
//! answers whose length differs from the first one's, and overlaps with `Non-2xx responses`, so
//! only one of the two can give an error rate. If nothing answers, ab prints its banner and no
//! result. `-e` gives 101 percentiles without saying of how many requests. `-g` gives every
//! request, but not its status.

#[cfg(test)]
mod tests;

use super::sample::{self as load, Ended, Sample};
use crate::evidence::{Adapter, Carries, Collector, Declined, Document, EvidenceError, Family};
use crate::model::{Evidence, Producer, Slice, Unit};
use crate::stats::proportion::counted;

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "ab",
    title: "ab (ApacheBench): its text, `-e` percentiles or `-g` requests",
    family: Family::Load,
    written_by: "ab -n 10000 -c 8 -e percentiles.csv -g requests.tsv https://service/predict > ab.txt",
    reads: "percentiles and connection times, requests a second, failed requests. Every request in the file of `-g`, so that \
            quantiles have exact bounds.",
    carries: &[Carries::Metrics, Carries::SampleSize, Carries::Counts, Carries::Checks],
    recognised_by: "the first words `This is ApacheBench`, or the headers of `-e` and `-g`",
    rule: "id = \"p99\"\nmetric = \"latency\"\nquantile = 0.99\nmax = \"150 ms\"",
    detect,
    read,
};

enum Form {
    Text,
    Percentiles,
    Requests,
}

fn form(document: &Document<'_>) -> Result<Form, Declined> {
    let text = document.text().map_err(|_| Declined::because("not text"))?;
    if text.trim_start().starts_with("This is ApacheBench") {
        return Ok(Form::Text);
    }
    let first = text.lines().next().unwrap_or("").trim_end();
    match first {
        "Percentage served,Time in ms" => Ok(Form::Percentiles),
        "starttime\tseconds\tctime\tdtime\tttime\twait" => Ok(Form::Requests),
        _ => Err(Declined::because(
            "no `This is ApacheBench`, and not the header of `ab -e` or `ab -g`",
        )),
    }
}

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    form(document).map(|_| ())
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let form = document.require(ADAPTER.id, form(document))?;
    let mut collector = Collector::new(document, ADAPTER.id);
    let mut producer = Producer { tool: Some("ab".to_owned()), ..Producer::default() };
    match form {
        Form::Text => {
            let version = document
                .text()?
                .split_once("Version ")
                .and_then(|(_, rest)| rest.split_whitespace().next());
            producer.version = version.map(str::to_owned);
            text(&mut collector, document.text()?);
        }
        Form::Percentiles => percentiles(&mut collector, document)?,
        Form::Requests => requests(&mut collector, document)?,
    }
    collector.evidence.producer = Some(producer);
    collector.finish()
}

fn percentiles(
    collector: &mut Collector<'_>,
    document: &Document<'_>,
) -> Result<(), EvidenceError> {
    let table = document.csv().map_err(Clone::clone)?;
    let whole = load::whole_lines(document.text()?).len();
    for row in table.rows() {
        let (percent, time) = (row.get(0).unwrap_or(""), row.get(1).unwrap_or(""));
        let decimals = time.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let Some(quantile) =
            load::quantile(percent).filter(|_| row.len() == 2 && (row.at < whole || decimals == 3))
        else {
            return Err(document.invalid(
                ADAPTER.id,
                row.at,
                "no percentage with its time: was the file cut off?",
            ));
        };
        let name = load::percentile_name(percent);
        if let Some(m) = collector.measure_text("latency", &name, Slice::overall(), time) {
            (m.quantile, m.unit) = (Some(quantile), Some(Unit::Milliseconds));
        }
    }
    if table.rows().is_empty() {
        load::succeeded(collector, "", 0, 0);
    }
    collector.warn("`ab -e` does not say how many requests its percentiles rest on: n is unknown");
    Ok(())
}

fn requests(collector: &mut Collector<'_>, document: &Document<'_>) -> Result<(), EvidenceError> {
    /// ab rounds to whole milliseconds.
    const SLACK: f64 = 0.5;
    let table = document.tsv().map_err(Clone::clone)?;
    let text = document.text()?;
    if !table.rows().is_empty() && !text.ends_with('\n') {
        let at = table.rows().last().map_or(0, |row| row.at);
        collector.warn(format!(
            "the last line, at {}, has no end: its `wait` may have been cut off",
            document.place(at)
        ));
    }
    load::count(collector, "rows", Slice::overall(), counted(table.rows().len()), None);
    for name in ["ctime", "dtime", "ttime", "wait"] {
        let Some(values) = load::column(ADAPTER.id, document, table, name)? else { continue };
        load::mean(
            collector,
            &format!("mean {name}"),
            Slice::overall(),
            &values,
            SLACK,
            Some(Unit::Milliseconds),
        );
        if name == "ttime" && !values.is_empty() {
            match Sample::of(values, SLACK, Unit::Milliseconds) {
                Some(sample) => sample.quantiles(collector, &Slice::overall(), &[]),
                None => collector.warn("a total time is negative: the percentiles are left out"),
            }
        }
    }
    if table.rows().is_empty() {
        load::succeeded(collector, "", 0, 0);
    }
    collector.warn("`ab -g` does not say how requests were answered: failures are unknown");
    Ok(())
}

/// The complete lines. The last one is kept without its line break if it is complete otherwise.
fn lines(text: &str) -> Vec<&str> {
    let whole = load::whole_lines(text);
    let rest = text.get(whole.len()..).unwrap_or("");
    whole.lines().chain(Some(rest).filter(|rest| rest.ends_with("(longest request)"))).collect()
}

/// The counts of requests that the lines state.
#[derive(Default)]
struct Counts {
    complete: Option<u64>,
    failed: Option<u64>,
    status: u64,
    write: u64,
}

fn text(collector: &mut Collector<'_>, text: &str) {
    let lines = lines(text);
    let after = |key: &str| {
        lines
            .iter()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix(':')?.trim().parse::<u64>().ok())
    };
    let counts = Counts {
        complete: after("Complete requests"),
        failed: after("Failed requests"),
        status: after("Non-2xx responses").unwrap_or(0),
        write: after("Write errors").unwrap_or(0),
    };
    let (mut columns, mut percents) = (Vec::new(), false);
    for line in &lines {
        let trimmed = line.trim();
        if trimmed.starts_with("Percentage of the requests served") {
            percents = trimmed.ends_with("(ms)");
        } else if line.starts_with(' ') && trimmed.starts_with("min ") {
            columns = header(trimmed);
        } else if let Some((percent, time)) = trimmed.split_once('%').filter(|_| percents) {
            percentile(collector, percent, time, counts.complete);
        } else if let Some((name, rest)) = line.split_once(':') {
            match name {
                "Connect" | "Processing" | "Waiting" | "Total" if !columns.is_empty() => {
                    connection(collector, name, rest, &columns, counts.complete);
                }
                _ => field(collector, name, rest.trim(), &counts),
            }
        }
    }
    verdict(collector, &counts, &lines);
}

/// The columns of `min  mean[+/-sd] median   max`, or `min   avg   max` of `-S`.
fn header(line: &str) -> Vec<&'static str> {
    let known = |word: &str| match word {
        "min" => Some(&["min"][..]),
        "mean[+/-sd]" => Some(&["mean", "sd"][..]),
        "median" => Some(&["median"][..]),
        "avg" => Some(&["avg"][..]),
        "max" => Some(&["max"][..]),
        _ => None,
    };
    line.split_whitespace().map(known).collect::<Option<Vec<_>>>().unwrap_or_default().concat()
}

fn connection(
    collector: &mut Collector<'_>,
    name: &str,
    rest: &str,
    columns: &[&str],
    n: Option<u64>,
) {
    let cells: Vec<&str> = rest.split_whitespace().collect();
    if cells.len() != columns.len() {
        collector.left_out(name);
        return;
    }
    for (column, cell) in columns.iter().zip(cells) {
        let name = format!("{name}.{column}");
        if let Some(m) = collector.measure_text(&name, &name, Slice::overall(), cell) {
            (m.unit, m.n) = (Some(Unit::Milliseconds), n);
        }
    }
}

fn percentile(collector: &mut Collector<'_>, percent: &str, time: &str, n: Option<u64>) {
    let time = time.trim().trim_end_matches("(longest request)").trim_end();
    let name = load::percentile_name(percent);
    if let Some(m) = collector.measure_text("latency", &name, Slice::overall(), time) {
        (m.quantile, m.unit, m.n) = (load::quantile(percent), Some(Unit::Milliseconds), n);
    }
}

fn field(collector: &mut Collector<'_>, name: &str, rest: &str, counts: &Counts) {
    let mut words = rest.split_whitespace();
    let (number, unit, more) = (
        words.next().unwrap_or(""),
        words.next().unwrap_or(""),
        words.collect::<Vec<_>>().join(" "),
    );
    let named = match name {
        "Time per request" if more.contains("across") => {
            "Time per request (mean, across all concurrent requests)"
        }
        other => other,
    };
    let m = match named {
        "Concurrency Level"
        | "Keep-Alive requests"
        | "Write errors"
        | "Complete requests"
        | "Failed requests"
        | "Non-2xx responses"
        | "Requests per second" => collector.measure_text(named, named, Slice::overall(), number),
        "Time taken for tests"
        | "Time per request"
        | "Time per request (mean, across all concurrent requests)" => {
            load::time(collector, named, named, &format!("{number} {unit}"))
        }
        "Document Length" | "Total transferred" | "HTML transferred" | "Total body sent"
        | "Total PUT" | "Total POSTed"
            if unit == "bytes" =>
        {
            load::size(collector, named, &format!("{number} {unit}"))
        }
        "Transfer rate" if unit == "[Kbytes/sec]" => {
            load::size(collector, named, &format!("{number} KiB"))
        }
        _ => None,
    };
    if let Some(m) = m
        .filter(|_| !matches!(named, "Complete requests" | "Concurrency Level" | "Document Length"))
    {
        m.n = counts.complete;
        if counts.complete == Some(0) && !matches!(named, "Failed requests" | "Non-2xx responses") {
            m.value = None;
        }
    }
}

fn verdict(collector: &mut Collector<'_>, counts: &Counts, lines: &[&str]) {
    let Some((complete, failed)) = counts.complete.zip(counts.failed) else {
        collector.warn("ab printed no result: nothing answered, or the output was cut off");
        collector.check("requests succeeded", false, Some("ab printed no result".to_owned()));
        return;
    };
    // The counts of failures come before the bytes and the rate. If the rate is missing, they may
    // have been cut off.
    if !lines.iter().any(|line| line.starts_with("Requests per second:")) {
        collector.warn("the output was cut off: whether all requests succeeded is unknown");
        collector.check("requests succeeded", false, Some("the output was cut off".to_owned()));
        return;
    }
    if failed == 0 || counts.status == 0 {
        load::error_rate(collector, Slice::overall(), complete, failed.max(counts.status));
    } else {
        collector
            .warn("`Failed requests` and `Non-2xx responses` overlap: the error rate is unknown");
    }
    let failed = failed.max(counts.status).max(counts.write);
    Ended::of(complete, failed).tell(collector, 0, &Slice::overall(), "");
}
