//! `evaluate.save(path, **results)` of Hugging Face `evaluate`: results and parameters of a run in
//! one flat object, with keys for bookkeeping that start with `_` (the same in versions 0.1 to
//! 0.4).
//!
//! A result may be a number, a list (`precisions` of BLEU, one f1 for each class) or an object (an
//! evaluator with `strategy="bootstrap"`, seqeval's rows for each entity). The path is then the
//! name, such as `accuracy.score`. The confidence level of a bootstrapped interval is not in the
//! file, so its ends stay separate numbers. Parameters (`lr`, `seed`) cannot be distinguished from
//! results and are measurements, too. `_timestamp` has no time zone, so the moment stays unknown.
//! Metrics such as `squad` are percentages, and the file does not say so: a value that its metric
//! cannot have is undefined.

use super::super::rows::divided_below;
use super::leaves::{Counted, Matrix, agrees, counted, elements, is_rows, leaves, part};
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    json::{Json, Object, Value},
    names,
    precision::Precision,
    undefined::reading_text,
};
use crate::model::{Evidence, Producer, Slice, Unit};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "hf-evaluate",
    title: "Hugging Face evaluate: evaluate.save()",
    family: Family::Evaluation,
    written_by: "evaluate.save(\"results/\", **evaluate.combine([\"accuracy\", \"f1\"]).compute())",
    reads: "every number by its path, short lists element by element. n only where the results state it or hold a \
            confusion matrix of counts.",
    carries: &[Carries::Metrics, Carries::SampleSize, Carries::Counts],
    recognised_by: "`_evaluate_version`",
    rule: "id = \"f1-floor\"\nmetric = \"f1\"\nsource = \"hf-evaluate\"\nmin = 0.6\npoint_estimate = \"allow\"",
    detect,
    read,
};

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    if document.object()?.has("_evaluate_version") {
        Ok(())
    } else {
        Err(Declined::because("no key `_evaluate_version`"))
    }
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    document.json().map_err(Clone::clone)?;
    let object = document.require(ADAPTER.id, document.object())?;
    let results = || object.iter().filter(|member| !member.key.starts_with('_'));
    let precision = Precision::below(results().map(|member| &member.value));
    let mut collector = Collector::new(document, ADAPTER.id).precision(precision);
    let Counted { rows, matrix } = counted(object, divided_below(object, &|_| false));
    let n = rows.n;
    if let Some(warning) = rows.warning {
        collector.warn(warning);
    }
    let mut reader = Reader { collector, matrix, n };
    reader.about(object);
    for member in results() {
        match &member.value.value {
            Value::Array(_) if member.key == "confusion_matrix" && reader.matrix.is_some() => {}
            Value::Object(inner) => {
                leaves(inner, &member.key, &mut |path, json| reader.leaf(path, json));
            }
            _ => reader.leaf(&member.key, &member.value),
        }
    }
    if reader.collector.evidence.measurements.is_empty() {
        reader.collector.warn("there is no result beside the bookkeeping");
    }
    reader.collector.finish()
}

struct Reader<'d> {
    collector: Collector<'d>,
    matrix: Option<Matrix>,
    n: Option<u64>,
}

impl Reader<'_> {
    fn about(&mut self, object: &Object<'_>) {
        let text = |key: &str| object.get(key).and_then(Json::as_str).map(str::to_owned);
        self.collector.evidence.producer = Some(Producer {
            tool: Some("evaluate".to_owned()),
            version: text("_evaluate_version"),
            run: None,
        });
    }

    fn leaf(&mut self, path: &str, json: &Json<'_>) {
        match &json.value {
            // Parameters and names of runs. Text that is a spelling of "undefined" is a result.
            Value::String(text) if reading_text(text).is_none() => self.collector.left_out(path),
            Value::Bool(_) => self.collector.left_out(path),
            Value::Array(_) => match elements(json) {
                Some(elements) => {
                    for (i, element) in elements.iter().enumerate() {
                        let name = format!("{path}[{i}]");
                        self.collector.measure(&name, &name, Slice::overall(), element);
                    }
                }
                None => self.collector.left_out(path),
            },
            _ => self.number(path, json),
        }
    }

    fn number(&mut self, path: &str, json: &Json<'_>) {
        // The score of an evaluator that resamples is the value of the metric itself.
        let ours = names::of_sklearn(path.strip_suffix(".score").unwrap_or(path));
        let (n, matrix) = (self.n, &self.matrix);
        let Some(m) = self.collector.measure(ours, path, Slice::overall(), json) else { return };
        if matches!(path, "total_time_in_seconds" | "latency_in_seconds") {
            m.unit = Some(Unit::Seconds);
        }
        // A number at a deeper level, or one whose name includes a part of the data, may have been
        // computed on other rows.
        if is_rows(path) || part(path).is_some() || path.contains('.') {
            return;
        }
        m.n = n;
        if let Some(counts) = matrix
            .as_ref()
            .and_then(|matrix| matrix.proportion(&m.metric))
            .filter(|c| agrees(m, *c))
        {
            m.trials = Some(counts.1);
            m.successes = m.value.map(|_| counts.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::evidence::read;
    use crate::model::{Evidence, Measurement};

    fn saved(results: &str) -> Evidence {
        read(
            format!("{{{results}, \"_evaluate_version\": \"0.4.6\", \"_timestamp\": \"2026-11-20T14:20:34.1\"}}")
                .as_bytes(),
            None,
        )
        .unwrap()
    }

    fn named<'e>(evidence: &'e Evidence, name: &str) -> &'e Measurement {
        evidence.measurements.iter().find(|m| m.source_name == name).unwrap()
    }

    #[test]
    fn results_are_read_and_bookkeeping_is_not() {
        let evidence = saved(r#""experiment": "x", "accuracy": 0.7876666666666666, "loss": NaN"#);
        assert_eq!(evidence.measurements.len(), 2);
        assert_eq!(
            (named(&evidence, "accuracy").value, named(&evidence, "accuracy").n),
            (Some(0.787_666_666_666_666_6), None)
        );
        assert_eq!(named(&evidence, "loss").value, None);
        assert_eq!(evidence.producer.unwrap().version.as_deref(), Some("0.4.6"));
    }

    #[test]
    fn lists_and_objects_become_paths() {
        let evidence = saved(
            r#""precisions": [0.5, 0.25], "PER": {"f1": 0.8, "number": 12},
               "accuracy": {"score": 0.9, "confidence_interval": [0.8, 0.95], "standard_error": 0.03}, "rows": [["a"]]"#,
        );
        assert_eq!(named(&evidence, "precisions[1]").value, Some(0.25));
        assert_eq!(named(&evidence, "PER.f1").metric, "PER.f1");
        assert_eq!(
            (
                &*named(&evidence, "accuracy.score").metric,
                named(&evidence, "accuracy.score").intervals.len()
            ),
            ("accuracy", 0)
        );
        assert_eq!(named(&evidence, "accuracy.confidence_interval[0]").value, Some(0.8));
        assert!(evidence.warnings.iter().any(|w| w.contains("`rows`")), "{:?}", evidence.warnings);
    }

    #[test]
    fn a_confusion_matrix_gives_n_and_counts() {
        let evidence = saved(
            r#""confusion_matrix": [[61, 3], [4, 103]], "accuracy": 0.9590643274853801, "recall": 0.9626168224299065, "f1": 0.5"#,
        );
        let accuracy = named(&evidence, "accuracy");
        assert_eq!(
            (accuracy.n, accuracy.trials, accuracy.successes),
            (Some(171), Some(171), Some(164))
        );
        assert_eq!(
            (named(&evidence, "recall").trials, named(&evidence, "f1").trials),
            (Some(107), None)
        );
        let apart = saved(r#""confusion_matrix": [[61, 3], [4, 103]], "accuracy": 0.5, "n": 170"#);
        assert_eq!((named(&apart, "accuracy").n, named(&apart, "accuracy").trials), (None, None));
    }

    #[test]
    fn a_percentage_stays_as_it_is_and_is_warned_of() {
        let evidence = saved(r#""exact_match": 81.2, "f1": 88.4"#);
        assert_eq!(
            (named(&evidence, "exact_match").value, named(&evidence, "f1").value),
            (Some(81.2), Some(88.4))
        );
        assert!(evidence.warnings.iter().any(|w| w.contains("88.4")), "{:?}", evidence.warnings);
    }
}
