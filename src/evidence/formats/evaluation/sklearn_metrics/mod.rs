//! Flat metrics, as scripts dump what the functions of `sklearn.metrics` return.
//!
//! No library writes this file. Its keys are the names of functions (`r2_score`), of scorers
//! (`f1_macro`, `neg_log_loss`) or short names (`rmse`), together with `n`, `dataset` and whatever
//! else the script recorded:
//!
//! * `n`, `n_test`, `num_samples`, … is n of the numbers next to it. If two of them differ, n is
//!   unknown, and a bare one next to `test_size`, `cv_folds` or `n_train` may count all rows. A
//!   name with a part of the data in it (`train_accuracy`) stays as it is, and its n is `n_train`
//!   or unknown;
//! * `confusion_matrix`, or `tn`, `fp`, `fn` and `tp`, gives n and exact counts if they agree with
//!   the value;
//! * objects named after parts of the data (`train`, `test`) are slices by `dataset`; a
//!   classification report is read as one; for every other object the path is the name
//!   (`by_sex.female.accuracy`), with its own n.
//!
//! Such a file looks like many others: any key of another tool (`step`, `_timestamp`, `val/loss`,
//! names of fairness metrics) makes it that tool's.

mod known;
#[cfg(test)]
mod tests;

use super::{
    super::rows::{Rows, divided_below, members},
    leaves::{Counted, Matrix, agrees, counted, elements, is_part, is_rows, part},
    sklearn_classification_report as report,
};
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    counts::only_count,
    json::{Json, Object, Value},
    precision::Precision,
    quoted,
    undefined::{Reading, reading},
};
use crate::model::{DatasetRef, Evidence, Slice};
use known::{canonical, count_of_metrics, is_parameters, is_wrapper, other_tool};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "sklearn-metrics",
    title: "scikit-learn metrics in a flat JSON object",
    family: Family::Evaluation,
    written_by: "json.dump({\"n\": len(y), \"r2_score\": r2_score(y, predicted), …}, file)",
    reads: "every number, with `n_test` or `n` of the same object; exact counts where a confusion matrix stands beside \
            them; parts of the data as slices. A bare `n` beside `test_size`, `cv_folds` or `n_train` may be all rows: unknown.",
    carries: &[Carries::Metrics, Carries::Slices, Carries::SampleSize, Carries::Counts],
    recognised_by: "names of functions or scorers of `sklearn.metrics`, and no key of another tool",
    rule: "id = \"mae-ceiling\"\nmetric = \"mean_absolute_error\"\nsource = \"sklearn-metrics\"\nmax = 50\npoint_estimate = \"allow\"",
    detect,
    read,
};

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let object = document.object()?;
    if let Some(why) = other_tool(object) {
        return Err(Declined::because(why));
    }
    let flat = count_of_metrics(object);
    if flat.functions > 0 || flat.all > 1 {
        return Ok(());
    }
    let nested =
        || object.iter().filter_map(|member| Some((&*member.key, member.value.as_object()?)));
    let reports = nested().filter(|(_, inner)| report::is_report(inner)).count();
    // Any tool may write a single plain name.
    let company = reports > 0 || flat.all > 0 && counted(object, None).rows.stated;
    if company
        && nested().all(|(key, inner)| {
            report::is_report(inner) && key.contains("report") || is_parameters(key)
        })
    {
        return Ok(());
    }
    let parts = nested().all(|(key, inner)| {
        let inside = count_of_metrics(inner);
        (is_wrapper(key) || is_part(key))
            && (inside.functions > 0 || inside.all > 1)
            && other_tool(inner).is_none()
    });
    if parts && nested().next().is_some() {
        return Ok(());
    }
    Err(Declined::because("no number named after a function or scorer of `sklearn.metrics`"))
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let json = document.json().map_err(Clone::clone)?;
    let object = document.require(ADAPTER.id, document.object())?;
    let collector = Collector::new(document, ADAPTER.id).precision(Precision::below([json]));
    let divided = divided_below(object, &report::is_report).map(str::to_owned);
    let mut reader = Reader { collector, divided };
    let name =
        ["dataset", "dataset_name"].iter().find_map(|key| object.get(key).and_then(Json::as_str));
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        reader.collector.evidence.dataset =
            Some(DatasetRef { name: Some(name.to_owned()), digest: None });
    }
    reader.object(
        object,
        &Place { path: String::new(), slice: Slice::overall() },
        &Rows::default(),
    );
    if reader.collector.evidence.measurements.is_empty() {
        reader.collector.warn("there is no number in it");
    }
    reader.collector.finish()
}

/// The rows of the classification report among the members: its support, if each row has one class.
fn reported(object: &Object<'_>) -> Option<u64> {
    let report =
        object.iter().filter_map(|m| m.value.as_object()).find(|inner| report::is_report(inner))?;
    let average = report.get("accuracy").and_then(|_| report.get("macro avg"))?;
    average.get("support")?.as_number()?.count()
}

/// Where an object is in the document.
struct Place {
    /// The path before its names; empty if the keys are metrics by themselves.
    path: String,
    slice: Slice,
}

/// The counts next to the numbers of an object.
struct Beside {
    n: Option<u64>,
    matrix: Option<Matrix>,
}

struct Reader<'d> {
    collector: Collector<'d>,
    /// A key that says that the rows were split.
    divided: Option<String>,
}

impl Reader<'_> {
    fn object(&mut self, object: &Object<'_>, place: &Place, inherited: &Rows) {
        // An object for a part of the data or for a group counts its own rows.
        let own = place.path.is_empty() && place.slice.is_overall();
        let Counted { mut rows, matrix } = counted(object, self.divided.as_deref().filter(|_| own));
        match reported(object).filter(|_| own) {
            Some(n) if rows.tested && rows.n != Some(n) => {
                let stated = rows.n.unwrap_or_default();
                let warning =
                    format!("{stated} rows are stated, the report has {n}; n is taken as unknown");
                rows = Rows { n: None, tested: true, stated: true, warning: Some(warning) };
            }
            Some(n) => rows = Rows { n: Some(n), tested: true, stated: true, warning: None },
            None => {}
        }
        // If stated counts contradict each other, the count of the enclosing object does not
        // replace them, unless it is the number of tested rows.
        if !rows.stated || (inherited.tested && !rows.tested) {
            rows = inherited.clone();
        }
        if let Some(warning) = rows.warning.take() {
            self.collector.warn(warning);
        }
        let beside = Beside { n: rows.n, matrix };
        for member in object {
            let key = &*member.key;
            let name = if place.path.is_empty() {
                key.to_owned()
            } else {
                format!("{}.{key}", place.path)
            };
            match &member.value.value {
                Value::Number(_) if is_rows(key) => {}
                Value::Object(inner) => self.inner(inner, key, name, place, &rows),
                Value::Array(_) if key == "confusion_matrix" && beside.matrix.is_some() => {}
                Value::Array(_) => match elements(&member.value) {
                    Some(elements) => {
                        for (i, element) in elements.iter().enumerate() {
                            let name = format!("{name}[{i}]");
                            self.collector.measure(&name, &name, place.slice.clone(), element);
                        }
                    }
                    None => self.collector.left_out(&name),
                },
                Value::String(_)
                    if matches!(key, "dataset" | "dataset_name") && place.path.is_empty() => {}
                Value::String(_)
                    if matches!(reading(&member.value), None | Some(Reading::Undefined(""))) =>
                {
                    self.collector.left_out(&name);
                }
                Value::Bool(_) => self.collector.left_out(&name),
                // Text such as `None` is a metric only under the name of a metric.
                Value::Null | Value::String(_) if !known::is_metric(key) => {
                    self.collector.left_out(&name);
                }
                _ => match part(key) {
                    // `n` may count another part, or all parts together.
                    Some((part, _)) => {
                        let Rows { n, warning, .. } = Rows::of_part(members(object), part);
                        if let Some(warning) = warning {
                            self.once(warning);
                        }
                        self.number(&name, &member.value, place, &Beside { n, matrix: None });
                    }
                    None => self.number(&name, &member.value, place, &beside),
                },
            }
        }
    }

    fn once(&mut self, warning: String) {
        if !self.collector.evidence.warnings.contains(&warning) {
            self.collector.warn(warning);
        }
    }

    fn inner(&mut self, inner: &Object<'_>, key: &str, name: String, place: &Place, rows: &Rows) {
        if report::is_report(inner) {
            if place.slice.is_overall() {
                report::write(inner, &mut self.collector.evidence);
            } else {
                self.collector.left_out(&name);
            }
        } else if is_parameters(key) {
            self.collector.left_out(&name);
        } else if place.path.is_empty() && is_wrapper(key) {
            self.object(inner, &Place { path: String::new(), slice: place.slice.clone() }, rows);
        } else if place.path.is_empty() && place.slice.is_overall() && is_part(key) {
            self.object(
                inner,
                &Place { path: String::new(), slice: Slice::one("dataset", key) },
                &Rows::default(),
            );
        } else {
            self.object(inner, &Place { path: name, slice: place.slice.clone() }, &Rows::default());
        }
    }

    fn number(&mut self, name: &str, json: &Json<'_>, place: &Place, beside: &Beside) {
        let ours = if place.path.is_empty() { canonical(name) } else { name };
        let Some(m) = self.collector.measure(ours, name, place.slice.clone(), json) else { return };
        m.n = beside.n;
        if let Some(counts) = beside.matrix.as_ref().and_then(|matrix| matrix.proportion(&m.metric))
        {
            if agrees(m, counts) {
                m.trials = Some(counts.1);
                m.successes = m.value.filter(|_| counts.1 > 0).map(|_| counts.0);
            } else if m.known_trials().is_some() {
                m.n = None;
                let name = quoted(name);
                self.collector.warn(format!(
                    "{name} is not what the confusion matrix says; its n is taken as unknown"
                ));
            }
            return;
        }
        if let (Some(value), Some(trials)) = (m.value, m.known_trials()) {
            m.trials = Some(trials);
            m.successes = only_count(value, trials, m.rounding);
        }
    }
}
