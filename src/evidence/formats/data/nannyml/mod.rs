//! Results of `NannyML`: `Result.to_df()` as CSV or JSON.
//!
//! A row is a chunk of the data. The header of the CSV has two rows (metric, field), or three for
//! univariate drift (column, method, field). With `multilevel=False` it has one row, of names
//! joined by `_`. In JSON the levels are joined by `|` or `_`, or written as Python tuples.
//!
//! Every metric is named by its levels joined by `/`, with the slice `chunk`: `roc_auc`,
//! `age/kolmogorov_smirnov`. Its `value` is the measurement; thresholds, sampling errors and the
//! like follow as `roc_auc/upper_threshold`. Every alert becomes a check that passes if there is no
//! alert. A metric without a value could not be calculated, and its check fails, although the tool
//! raises no alert for it.
//!
//! * If the metric has a field `realized`, its value is an estimate (CBPE, DLE) made without
//!   labels, so it has no n and no trials. Its confidence boundaries are three sampling errors
//!   wide, as `NannyML` defines them, which is 99.73% of a normal distribution.
//! * If the chunk has `targets_missing_rate`, the metric was calculated on the chunk's rows: n is
//!   `end_index` − `start_index` + 1 if no target is missing. The four counts of a confusion matrix
//!   give the exact trials of recall and similar rates.
//! * Rows of the period `reference` have the same names and often the same chunk. Their scope is
//!   `reference`, and a warning says how to leave them out.

mod frame;
#[cfg(test)]
mod tests;

use super::common::producer;
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    confusion::Confusion,
    counts::only_count,
    json::Number,
    precision::Precision,
    undefined::{Reading, reading_text},
};
use crate::model::{Evidence, Interval, Measurement, Metric, Slice, metric::Kind};
use crate::stats::proportion::float;
use frame::Frame;

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: frame::ID,
    title: "NannyML results (performance, CBPE, DLE, drift, data quality) as CSV or JSON",
    family: Family::Data,
    written_by: "results.filter(period=\"analysis\").to_df().to_csv(file, index=False)",
    reads: "every metric of every chunk with its thresholds, sampling error and confidence boundaries; every alert as a \
            check that there is none; n where realized performance states its rows.",
    carries: &[
        Carries::Metrics,
        Carries::Slices,
        Carries::SampleSize,
        Carries::Counts,
        Carries::Intervals,
        Carries::Checks,
    ],
    recognised_by: "columns below `chunk`: `key`, `chunk_index`, `start_index`, `end_index`",
    rule: "id = \"no-alerts\"\ncheck = \"nannyml/*\"",
    detect,
    read,
};

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    frame::detect(document)
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let frame = frame::read(document)?;
    let numbers =
        frame.rows.iter().flat_map(|row| row.iter().filter_map(|cell| Number::parse(cell)));
    let mut collector = Collector::new(document, ADAPTER.id).precision(Precision::of(numbers));
    producer(&mut collector, "nannyml", None);
    let mut reference = false;
    for row in &frame.rows {
        let chunk = Chunk::of(&frame, row);
        reference |= chunk.reference;
        chunk.read(&mut collector);
    }
    if reference {
        collector.warn("chunks of the reference stand beside the others: filter(period=\"analysis\") leaves them out");
    }
    if frame.rows.is_empty() {
        super::common::nothing_ran(&mut collector, "chunks", "the result has no chunk");
    } else if frame.rows.iter().all(|row| Chunk::of(&frame, row).reference) {
        let why = "every chunk is one of the reference: nothing that came later was looked at";
        super::common::nothing_ran(&mut collector, "chunks", why);
    }
    if frame.columns.iter().any(|column| column.field == "realized") {
        collector
            .warn("the values are estimates: no labels were seen, and the errors in them are not those of sampling");
    }
    collector.finish()
}

/// One row.
struct Chunk<'f> {
    frame: &'f Frame,
    row: &'f [String],
    key: &'f str,
    reference: bool,
    /// Its rows, if all of them have a target.
    n: Option<u64>,
    /// Its four counts, if they add up to its rows.
    confusion: Option<Confusion>,
}

impl<'f> Chunk<'f> {
    fn of(frame: &'f Frame, row: &'f [String]) -> Self {
        let said = |field: &str| {
            let at =
                frame.columns.iter().position(|column| column.is_chunk && column.field == field)?;
            row.get(at).map(String::as_str)
        };
        let number = |field: &str| said(field).and_then(Number::parse);
        let rows = || {
            number("end_index")?
                .count()?
                .checked_sub(number("start_index")?.count()?)?
                .checked_add(1)
        };
        let complete = number("targets_missing_rate").is_some_and(|rate| rate.value() == 0.0);
        let mut chunk = Self {
            frame,
            row,
            key: said("key").unwrap_or(""),
            reference: said("period") == Some("reference"),
            n: if complete { rows() } else { None },
            confusion: None,
        };
        chunk.confusion = chunk.counts();
        chunk
    }

    fn counts(&self) -> Option<Confusion> {
        let count = |name: &str| Number::parse(self.cell(name, "value")?)?.count();
        let counts = Confusion {
            true_positives: count("true_positive")?,
            false_positives: count("false_positive")?,
            true_negatives: count("true_negative")?,
            false_negatives: count("false_negative")?,
        };
        (self.cell("true_positive", "realized").is_none() && Some(counts.total()) == self.n)
            .then_some(counts)
    }

    fn cell(&self, name: &str, field: &str) -> Option<&'f str> {
        self.row.get(self.frame.place(name, field)?).map(String::as_str)
    }

    fn number(&self, name: &str, field: &str) -> Option<f64> {
        match reading_text(self.cell(name, field)?)? {
            Reading::Number(number) => Some(number.value()),
            _ => None,
        }
    }

    fn read(&self, collector: &mut Collector<'_>) {
        for (column, cell) in self.frame.columns.iter().zip(self.row) {
            let (name, field) = (column.name.as_str(), column.field.as_str());
            match field {
                "targets_missing_rate" if column.is_chunk => self.put(collector, field, cell),
                _ if column.is_chunk => {}
                "value" => self.value(collector, name, cell),
                "alert" => self.alert(collector, name, cell),
                // An empty cell means that the threshold is not set.
                _ if cell.is_empty() && field != "realized" => {}
                _ => self.put(collector, &format!("{name}/{field}"), cell),
            }
        }
    }

    fn put(&self, collector: &mut Collector<'_>, name: &str, cell: &str) {
        let slice = Slice::one("chunk", self.key);
        if let Some(m) = collector.measure_text(name, name, slice, cell) {
            self.scope(m);
        }
    }

    fn scope(&self, m: &mut Measurement) {
        m.scope = self.reference.then(|| "reference".to_owned());
    }

    fn value(&self, collector: &mut Collector<'_>, name: &str, cell: &str) {
        let slice = Slice::one("chunk", self.key);
        let Some(m) = collector.measure_text(ours(name), name, slice, cell) else { return };
        self.scope(m);
        m.n = self.n.filter(|_| self.cell(name, "realized").is_none());
        let whole =
            Metric::find(&m.metric).is_some_and(|metric| metric.kind == Kind::ProportionOfRows);
        // Rows without a prediction are dropped silently: a proportion that cannot be a count of
        // these rows was computed on others.
        if let (true, Some(n), Some(value)) = (whole, m.n, m.value)
            && only_count(value, n, m.rounding).is_none()
        {
            m.n = None;
        }
        if let (Some((successes, trials)), Some(value)) =
            (self.confusion.and_then(|counts| counts.of(&m.metric)), m.value)
            && trials > 0
            && (float(successes) / float(trials) - value).abs() <= m.rounding.max(1e-9)
        {
            m.trials = Some(trials);
            m.successes = Some(successes);
        }
        let (lower, upper) = (
            self.number(name, "lower_confidence_boundary"),
            self.number(name, "upper_confidence_boundary"),
        );
        if m.value.is_some() && lower.is_some() && upper.is_some() {
            m.intervals.push(Interval {
                method: "sampling-error".to_owned(),
                confidence: 0.9973,
                sides: 2,
                lower,
                upper,
            });
        }
    }

    fn alert(&self, collector: &mut Collector<'_>, name: &str, cell: &str) {
        let undefined = self.number(name, "value").is_none();
        let alert = match cell {
            "False" | "false" | "0" | "0.0" => Some(false),
            "True" | "true" | "1" | "1.0" => Some(true),
            _ => None,
        };
        // Without a limit on either side no alert is possible. Chi-squared is an exception: its
        // limit is on the p-value and is not written.
        let places =
            ["lower_threshold", "upper_threshold"].map(|field| self.frame.place(name, field));
        let unlimited = places.iter().any(Option::is_some)
            && !name.ends_with("chi2")
            && ["lower_threshold", "upper_threshold"]
                .iter()
                .all(|field| self.number(name, field).is_none());
        let mut detail = vec![if self.reference { "reference period" } else { "" }.to_owned()];
        detail.push(match (alert, undefined) {
            (_, true) => "the value could not be calculated".to_owned(),
            (None, _) => "no alert is stated".to_owned(),
            (Some(false), _) if unlimited => "no threshold is set: nothing could alert".to_owned(),
            _ => format!("value {}", self.cell(name, "value").unwrap_or("")),
        });
        for (said, field) in [("at least", "lower_threshold"), ("at most", "upper_threshold")] {
            detail.extend(
                self.cell(name, field)
                    .filter(|cell| !cell.is_empty())
                    .map(|cell| format!("{said} {cell}")),
            );
        }
        detail.retain(|part| !part.is_empty());
        let passed = alert == Some(false) && !undefined && !unlimited;
        collector.check(format!("{name} no alert [{}]", self.key), passed, Some(detail.join(", ")));
    }
}

/// Our name for a metric of performance.
fn ours(name: &str) -> &str {
    match name {
        "mae" => "mean_absolute_error",
        "mape" => "mean_absolute_percentage_error",
        "mse" => "mean_squared_error",
        "rmse" => "root_mean_squared_error",
        other => other,
    }
}
