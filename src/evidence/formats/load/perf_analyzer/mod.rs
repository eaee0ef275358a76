//! Triton's `perf_analyzer -f FILE` (formerly `perf_client`): a CSV with one row for each
//! concurrency or request rate.
//!
//! All versions start with `Concurrency` or `Request Rate`, then `Inferences/Second`. The other
//! columns differ: version 1 has one `Server Compute`, the oldest has no percentiles, services
//! without statistics have no server columns, `--verbose-csv` adds `Avg latency`,
//! `request/response`, `response wait` and GPU columns. Times are microseconds, truncated and not
//! rounded. Rows are sorted by throughput, not by load: the load is read from its column. The table
//! does not say how many requests were sent, so its n stays unknown.
//!
//! `--profile-export-file` writes JSON with the moments of every request instead: the whole sample
//! of each load level, over all its windows, in nanoseconds.

mod export;

use super::sample::percentile;
use crate::evidence::{
    Adapter, Carries, Declined, Document, EvidenceError, Family,
    collector::Collector,
    table::Row,
    undefined::{Reading, reading_text},
};
use crate::model::{Evidence, Slice, Unit};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "perf-analyzer",
    title: "Triton perf_analyzer's CSV, or its export of every request",
    family: Family::Load,
    written_by: "perf_analyzer -m MODEL --concurrency-range 1:4 -f perf.csv",
    reads: "throughput, percentiles of latency and every part of the way, in microseconds, for each concurrency or request \
            rate. The CSV states no n; the export of every request gives the whole sample.",
    carries: &[Carries::Metrics, Carries::Slices, Carries::SampleSize, Carries::Checks],
    recognised_by: "a header with `Inferences/Second` and `Client Send`; `experiments` with `experiment.mode` and `requests`",
    rule: "id = \"p99\"\nmetric = \"latency\"\nquantile = 0.99\nslice = { concurrency = \"4\" }\nmax = \"100 ms\"\npoint_estimate = \"allow\"",
    detect,
    read,
};

const THROUGHPUT: &str = "Inferences/Second";

/// Columns with an average time.
const TIMES: [&str; 13] = [
    "Client Send",
    "Network+Server Send/Recv",
    "Server Queue",
    "Server Compute",
    "Server Compute Input",
    "Server Compute Infer",
    "Server Compute Output",
    "Server Cache Hit",
    "Server Cache Miss",
    "Client Recv",
    "Avg latency",
    "request/response",
    "response wait",
];

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    if document.looks_like_json() {
        return export::detect(document);
    }
    let header = document.header(b',')?;
    let has = |name: &str| header.iter().any(|cell| cell == name);
    if has(THROUGHPUT) && (has("Client Send") || has("Client Recv")) {
        Ok(())
    } else {
        Err(Declined::because("no columns `Inferences/Second` and `Client Send`"))
    }
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    if document.looks_like_json() {
        let mut collector = Collector::new(document, ADAPTER.id);
        export::read(&mut collector, document)?;
        return collector.finish();
    }
    document.require(ADAPTER.id, detect(document))?;
    let table = document.csv().map_err(Clone::clone)?;
    let header: Vec<&str> = table.header().collect();
    let mut collector = Collector::new(document, ADAPTER.id);
    if table.rows().is_empty() {
        collector.check(
            THROUGHPUT,
            false,
            Some("the table has no row: nothing was measured".to_owned()),
        );
    }
    for row in table.rows() {
        if row.len() != header.len() {
            let message = format!(
                "the row has {} cells, the header {}: was the file cut off?",
                row.len(),
                header.len()
            );
            return Err(document.invalid(ADAPTER.id, row.at, message));
        }
        let slice = slice(&header, row);
        let idle = column(&header, row, THROUGHPUT).is_none_or(|text| !above_zero(text));
        if idle {
            collector.check(
                THROUGHPUT,
                false,
                Some(format!("no inference was completed at {slice}: its times mean nothing")),
            );
        }
        for (name, text) in header.iter().zip(row.cells()) {
            // Without any request the tool writes times of 0.
            cell(&mut collector, name, if idle && *name != THROUGHPUT { "" } else { text }, &slice);
        }
    }
    collector.evidence.producer = Some(crate::model::Producer {
        tool: Some("perf_analyzer".to_owned()),
        ..Default::default()
    });
    collector.finish()
}

fn above_zero(text: &str) -> bool {
    matches!(reading_text(text), Some(Reading::Number(number)) if number.value() > 0.0)
}

fn column<'r>(header: &[&str], row: &'r Row, name: &str) -> Option<&'r str> {
    header.iter().position(|column| *column == name).and_then(|i| row.get(i))
}

fn slice(header: &[&str], row: &Row) -> Slice {
    let axes = export::LOADS.iter().filter_map(|(name, axis)| {
        Some(((*axis).to_owned(), column(header, row, name)?.to_owned()))
    });
    Slice(axes.collect())
}

fn cell(collector: &mut Collector<'_>, name: &str, text: &str, slice: &Slice) {
    if name.is_empty() || export::LOADS.iter().any(|(load, _)| *load == name) {
        return;
    }
    if name.contains("GPU") {
        return gpus(collector, name, text, slice);
    }
    let q = name.strip_suffix(" latency").and_then(percentile);
    let metric = if q.is_some() { "latency" } else { name };
    let Some(m) = collector.measure_text(metric, name, slice.clone(), text) else { return };
    if q.is_some() || TIMES.contains(&name) {
        (m.unit, m.quantile) = (Some(Unit::Microseconds), q);
        m.rounding = m.rounding.max(1.0);
    }
}

/// Reads `GPU-uuid:0.5;GPU-uuid:0.25;`: a number for each GPU.
fn gpus(collector: &mut Collector<'_>, name: &str, text: &str, slice: &Slice) {
    for part in text.split(';').filter(|part| !part.is_empty()) {
        let Some((gpu, value)) = part.rsplit_once(':') else {
            collector.left_out(name);
            continue;
        };
        let path = format!("{name}.{gpu}");
        if let Some(m) = collector.measure_text(&path, &path, slice.clone(), value) {
            m.unit = name.contains("Memory").then_some(Unit::Bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Digest, Measurement};

    fn of(text: &str) -> Result<Evidence, EvidenceError> {
        read(&Document::new(Digest::of(text.as_bytes()), text.as_bytes()))
    }

    fn get<'e>(evidence: &'e Evidence, name: &str) -> &'e Measurement {
        evidence.measurements.iter().find(|m| m.source_name == name).unwrap()
    }

    #[test]
    fn a_rate_is_an_axis_and_verbose_columns_are_times() {
        let evidence =
            of("Request Rate,Inferences/Second,Client Send,Client Recv,p50 latency,p99 latency,Avg latency,\
             request/response,response wait,Avg GPU Utilization,Max GPU Memory Usage,\n\
             20,19.5,5,1,900,2100,950,6,930,GPU-1:0.5;GPU-2:0.25;,GPU-1:1024;,\n")
            .unwrap();
        let p99 = get(&evidence, "p99 latency");
        assert_eq!(
            (p99.metric.as_str(), p99.value, p99.quantile),
            ("latency", Some(2100.0), Some(0.99))
        );
        assert_eq!((p99.unit, p99.rounding, p99.n), (Some(Unit::Microseconds), 1.0, None));
        assert_eq!(p99.slice, Slice::one("request_rate", "20"));
        assert_eq!(get(&evidence, "Avg latency").unit, Some(Unit::Microseconds));
        assert_eq!(get(&evidence, "Avg GPU Utilization.GPU-2").value, Some(0.25));
        assert_eq!(get(&evidence, "Max GPU Memory Usage.GPU-1").unit, Some(Unit::Bytes));
        assert_eq!(get(&evidence, "Inferences/Second").unit, None);
        assert!(evidence.checks.is_empty());
    }

    #[test]
    fn nothing_measured_is_a_failed_check_and_no_latency_of_zero() {
        let header = "Concurrency,Inferences/Second,Client Send,Client Recv,p99 latency\n";
        assert!(!of(header).unwrap().checks[0].passed);
        let evidence = of(&format!("{header}1,0,0,0,0\n")).unwrap();
        assert!(!evidence.checks[0].passed);
        assert_eq!(get(&evidence, "p99 latency").value, None);
    }

    #[test]
    fn an_export_of_requests_is_a_whole_sample() {
        let request = |sent: u64, took: u64| {
            format!(
                r#"{{"timestamp":{sent},"response_timestamps":[{},{}]}}"#,
                sent + 1,
                sent + took
            )
        };
        let evidence = of(&format!(r#"{{"experiments":[{{"experiment":{{"mode":"concurrency","value":3}},"requests":[{},{},{}],"window_boundaries":[1]}}],"version":"1.2.3"}}"#,
            request(1_795_185_657_262_733_569, 11), request(1_795_185_657_262_733_570, 31), request(5, 21))).unwrap();
        let p50 = get(&evidence, "p50 latency");
        assert_eq!(
            (p50.value, p50.n, p50.unit, p50.quantile),
            (Some(21.0), Some(3), Some(Unit::Nanoseconds), Some(0.5))
        );
        assert_eq!(p50.slice, Slice::one("concurrency", "3"));
        assert_eq!(get(&evidence, "max latency").value, Some(31.0));
        let evidence = of(r#"{"experiments":[{"experiment":{"mode":"concurrency","value":3},"requests":[{"timestamp":5,"response_timestamps":[]}]}]}"#).unwrap();
        assert!(!evidence.checks[0].passed);
    }

    #[test]
    fn a_row_cut_off_is_refused_with_its_place() {
        let error = of("Concurrency,Inferences/Second,Client Send,p99 latency\n1,5,6,7\n2,10,1\n")
            .unwrap_err();
        assert!(error.to_string().contains("line 3"), "{error}");
        assert!(of("a,b\n1,2\n").is_err());
    }
}
