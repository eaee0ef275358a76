//! `sklearn.metrics.classification_report(…, output_dict=True)`, dumped as JSON; also the same
//! report as text, or as the CSV or JSON of a frame.
//!
//! The report has a row for each class (`precision`, `recall`, `f1-score`, `support`), rows of
//! averages, and a bare `accuracy` unless it was made for a subset of the labels; a frame repeats
//! the accuracy in every column. For a class this determines:
//!
//! * `support` is the class's rows: `n` of all its numbers, and the trials of its recall;
//! * recall × support are its true positives;
//! * true positives ÷ precision are its predictions: the trials of its precision, if that is one
//!   whole number.
//!
//! Counts are derived only if they are the only ones that fit ([`crate::evidence::precision`] says
//! how exact the numbers are). With sample weights `support` is not a count of rows. A support that
//! is not whole, or that the recall cannot be a share of, leaves n unknown, for the averages and
//! the accuracy, too. scikit-learn itself overwrites a class whose name is that of a row of
//! averages; the supports then do not add up, and a warning says so.

mod table;
#[cfg(test)]
mod tests;

use crate::evidence::{
    Adapter, Carries, Declined, Document, EvidenceError, Family,
    counts::{only_count, only_denominator},
    json::{Json, Number, Object},
    names,
    precision::Precision,
    quoted,
    undefined::{Reading, reading},
};
use crate::model::{Evidence, Measurement, Slice};
use crate::stats::proportion::counts_of;

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "sklearn-classification-report",
    title: "scikit-learn classification_report: JSON, text or CSV",
    family: Family::Evaluation,
    written_by: "json.dump(classification_report(y, predicted, output_dict=True), file)",
    reads: "precision, recall and f1 of every class with its support as n; accuracy; averages, marked as such. Recall, \
            precision and accuracy get their exact counts wherever the numbers determine them.",
    carries: &[Carries::Metrics, Carries::Slices, Carries::SampleSize, Carries::Counts],
    recognised_by: "rows with `precision`, `recall`, `f1-score` and `support`",
    rule: "id = \"recall-of-fraud\"\nmetric = \"recall\"\nslice = { class = \"fraud\" }\nmin = 0.8",
    detect,
    read,
};

/// Rows that are averages over classes.
const AVERAGES: [&str; 4] = ["macro avg", "weighted avg", "micro avg", "samples avg"];

fn is_row(json: &Json<'_>) -> bool {
    json.as_object().is_some_and(|row| {
        row.len() == table::ROW.len() && table::ROW.iter().all(|key| row.has(key))
    })
}

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    if !document.looks_like_json() {
        return table::is_table(document).map_err(Declined::because);
    }
    if document.json().is_ok_and(table::is_frame) {
        return Ok(());
    }
    let object = document.object()?;
    let mut rows = 0;
    for member in object {
        if is_row(&member.value) {
            rows += 1;
        } else if member.value.as_object().is_some()
            || member.value.as_array().is_some() && member.key != "confusion_matrix"
        {
            let name = quoted(&member.key);
            return Err(Declined::because(format!(
                "{name} is no row with `precision`, `recall`, `f1-score` and `support`"
            )));
        }
    }
    if rows == 0 {
        return Err(Declined::because(
            "no row with `precision`, `recall`, `f1-score` and `support`",
        ));
    }
    Ok(())
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    if !document.looks_like_json() || document.json().is_ok_and(table::is_frame) {
        let report =
            table::report(document).map_err(|(at, why)| document.invalid(ADAPTER.id, at, why))?;
        let mut evidence = document.evidence(ADAPTER.id);
        write(&report, &mut evidence);
        return Ok(evidence);
    }
    document.json().map_err(Clone::clone)?;
    let report = document.require(ADAPTER.id, detect(document).and_then(|()| document.object()))?;
    let mut evidence = document.evidence(ADAPTER.id);
    write(report, &mut evidence);
    Ok(evidence)
}

/// Whether the object is a report within a larger document.
pub(super) fn is_report(object: &Object<'_>) -> bool {
    let plain = |json: &Json<'_>| json.as_object().is_none() && json.as_array().is_none();
    object.iter().any(|member| is_row(&member.value))
        && object.iter().all(|m| is_row(&m.value) || plain(&m.value))
}

/// Adds the measurements of a report to `evidence`.
pub(super) fn write(report: &Object<'_>, evidence: &mut Evidence) {
    let mut writer = Writer { evidence, precision: precision(report), undefined: Vec::new() };
    let weighted = writer.weighted(report);
    let total = if weighted { None } else { writer.total(report) };
    for member in report {
        let row = member.value.as_object();
        match (row, row.and_then(|row| table::repeated(&member.key, row))) {
            (_, Some(accuracy)) => writer.overall(&member.key, accuracy, total),
            (Some(row), None) => writer.row(&member.key, row, weighted),
            (None, None) => writer.overall(&member.key, &member.value, total),
        }
    }
    if report.is_empty() {
        writer.warn("the report has no row".to_owned());
    }
    writer.finish();
}

fn precision(report: &Object<'_>) -> Precision {
    let rows = report.iter().filter_map(|member| member.value.as_object()).flatten();
    Precision::of_pandas(rows.filter_map(|cell| cell.value.as_number()))
}

struct Writer<'e> {
    evidence: &'e mut Evidence,
    precision: Precision,
    undefined: Vec<String>,
}

/// The number in a cell of a row; `None` if the cell is missing or not a number.
fn cell<'a>(row: &Object<'a>, key: &str) -> Option<Number<'a>> {
    row.get(key).and_then(Json::as_number)
}

impl Writer<'_> {
    fn warn(&mut self, message: String) {
        self.evidence.warnings.push(message);
    }

    /// Whether the supports are sums of weights instead of counts of rows.
    fn weighted(&self, report: &Object<'_>) -> bool {
        report.iter().filter(|member| !AVERAGES.contains(&&*member.key)).any(|member| {
            let row =
                member.value.as_object().filter(|row| table::repeated(&member.key, row).is_none());
            let support = row.map(|row| (row, cell(row, "support").and_then(Number::count)));
            support.is_some_and(|(row, support)| {
                support.is_none_or(|support| !self.fits(row, support))
            })
        })
    }

    /// Whether the recall can be a share of this many rows.
    fn fits(&self, row: &Object<'_>, support: u64) -> bool {
        let recall = cell(row, "recall").filter(|_| support > 0);
        recall.is_none_or(|r| counts_of(r.value(), support, self.precision.rounding(r)).is_some())
    }

    /// The number of rows of `accuracy`: the support of the averages, which is that of all classes
    /// together.
    fn total(&mut self, report: &Object<'_>) -> Option<u64> {
        let mut classes = Some(0_u64);
        let mut averages: Vec<Option<u64>> = Vec::new();
        for member in report {
            let Some(row) = member.value.as_object() else { continue };
            if table::repeated(&member.key, row).is_some() {
                continue;
            }
            let support = cell(row, "support").and_then(Number::count);
            if AVERAGES.contains(&&*member.key) {
                averages.push(support);
            } else {
                classes = classes.zip(support).and_then(|(sum, support)| sum.checked_add(support));
            }
        }
        let stated = averages.first().copied().flatten();
        if averages.iter().any(|support| *support != stated) {
            self.warn(
                "the rows of averages differ in their support; n of `accuracy` is unknown"
                    .to_owned(),
            );
            return None;
        }
        if averages.is_empty() {
            return classes;
        }
        if stated != classes {
            self.warn(format!(
                "the supports of the classes add up to {}, those of the averages say {}: a class may be hidden behind a \
                 row of averages with its name",
                shown(classes),
                shown(stated)
            ));
        }
        stated
    }

    fn row(&mut self, name: &str, row: &Object<'_>, weighted: bool) {
        let aggregate = AVERAGES.contains(&name);
        let support = cell(row, "support").and_then(Number::count);
        let n = support
            .filter(|_| !(aggregate && weighted))
            .filter(|n| aggregate || self.fits(row, *n));
        if support.is_some() && n.is_none() && !aggregate {
            self.warn(format!(
                "the recall of {} is no share of its support (sample weights?): its n and trials are unknown",
                quoted(name)
            ));
        } else if support.is_none() {
            self.warn(format!(
                "the support of {} is not a whole number (sample weights?): its n and trials are unknown",
                quoted(name)
            ));
        }
        let counts = if aggregate { Counts::default() } else { self.counts(row, n) };
        for member in row {
            let (trials, successes) = match &*member.key {
                "support" => continue,
                "recall" => (counts.support, counts.true_positives),
                "precision" => (counts.predicted, counts.predicted.and(counts.true_positives)),
                _ => (None, None),
            };
            let mut m =
                self.measurement(&member.key, &member.value, &format_args!("{}", quoted(name)));
            m.n = n;
            m.trials = trials;
            m.successes = successes.filter(|_| m.value.is_some());
            m.slice = Slice::one("class", name);
            m.aggregate = aggregate;
            self.evidence.measurements.push(m);
        }
    }

    fn overall(&mut self, name: &str, value: &Json<'_>, total: Option<u64>) {
        if reading(value).is_none() {
            self.warn(format!(
                "{} is {}, not part of a report; it is left out",
                quoted(name),
                value.kind()
            ));
            return;
        }
        let mut m = self.measurement(name, value, &"the whole");
        if name == "accuracy" {
            m.n = total;
            m.trials = total;
            m.successes = m.value.zip(total).and_then(|(v, n)| only_count(v, n, m.rounding));
        }
        self.evidence.measurements.push(m);
    }

    fn measurement(
        &mut self,
        name: &str,
        json: &Json<'_>,
        of: &dyn std::fmt::Display,
    ) -> Measurement {
        let mut m = Measurement::new(names::of_sklearn(name), name, None);
        match reading(json) {
            Some(Reading::Number(number)) => {
                m.value = Some(number.value());
                m.rounding = self.precision.rounding(number);
            }
            Some(Reading::Percent(_, text) | Reading::Undefined(text)) => {
                self.undefined.push(format!("{name} of {of} is {text}"));
            }
            None => self.undefined.push(format!("{name} of {of} is {}", json.kind())),
        }
        m
    }

    fn counts(&self, row: &Object<'_>, support: Option<u64>) -> Counts {
        let (recall, precision) = (cell(row, "recall"), cell(row, "precision"));
        let true_positives = recall
            .zip(support)
            .and_then(|(r, n)| only_count(r.value(), n, self.precision.rounding(r)));
        let predicted = precision
            .zip(true_positives)
            .and_then(|(p, tp)| only_denominator(tp, p.value(), self.precision.rounding(p)));
        Counts { support, true_positives, predicted }
    }

    /// Adds one warning for all undefined values, however many there are.
    fn finish(self) {
        const NAMED: usize = 5;
        let Some(more) = self.undefined.len().checked_sub(1) else { return };
        let named: Vec<String> = self.undefined.into_iter().take(NAMED).collect();
        let rest =
            if more >= NAMED { format!(" and {} more", more + 1 - NAMED) } else { String::new() };
        self.evidence
            .warnings
            .push(format!("undefined, and never a pass: {}{rest}", named.join("; ")));
    }
}

fn shown(count: Option<u64>) -> String {
    count.map_or_else(|| "something else".to_owned(), |count| count.to_string())
}

/// The counts of the confusion matrix that a row determines.
#[derive(Default)]
struct Counts {
    support: Option<u64>,
    true_positives: Option<u64>,
    predicted: Option<u64>,
}
