//! scikit-learn's `cross_validate(…)`, dumped as JSON: for each scorer a list with a value for each
//! fold.
//!
//! `test_accuracy` and `train_accuracy` become the mean of their folds, marked as an average, and
//! `split0_test_accuracy`, … for each fold, as scikit-learn names them in `cv_results_`. A mean is
//! not a metric of one model on one data set, so it keeps its own name. A fold whose fit failed is
//! NaN, and then the mean is NaN, too. Columns of a frame (`DataFrame(…).to_json()`) are read, too,
//! and so is the `cv_results_` of a search: only the candidate that ranks first. The file does not
//! say on how many rows a fold was evaluated.
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    collector::finite,
    json::{Json, Number, Object, Value},
    precision::Precision,
    quoted,
    undefined::reading,
};
use crate::model::{Evidence, Slice, Unit};
use crate::stats::proportion::float;

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "sklearn-cross-validate",
    title: "scikit-learn cross_validate() and cv_results_ as JSON",
    family: Family::Evaluation,
    written_by: "json.dump({k: v.tolist() for k, v in cross_validate(model, X, y, scoring=[…]).items()}, file)",
    reads: "the mean over folds of every scorer, marked as an average, and every fold as `split0_test_…`. n is not in \
            the file.",
    carries: &[Carries::Metrics],
    recognised_by: "lists whose keys begin with `test_`, beside `fit_time` and `score_time` if any",
    rule: "id = \"cross-validated\"\nmetric = \"test_accuracy\"\nsource = \"sklearn-cross-validate\"\nmin = 0.9\npoint_estimate = \"allow\"",
    detect,
    read,
};

fn is_scores(key: &str) -> bool {
    key.starts_with("test_") || key.starts_with("train_")
}

fn is_time(key: &str) -> bool {
    matches!(key, "fit_time" | "score_time")
}

/// Whether the object has the keys of a search over parameters.
fn is_search(object: &Object<'_>) -> bool {
    object.iter().any(|member| member.key.starts_with("rank_test_"))
        && object.iter().any(|member| member.key.starts_with("mean_test_"))
}

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let object = document.object()?;
    if is_search(object) {
        return Ok(());
    }
    let mut scores = false;
    for member in object {
        let folds = folds(&member.value);
        match &member.value.value {
            _ if is_scores(&member.key) || is_time(&member.key) => {
                scores |= member.key.starts_with("test_") && folds.is_some();
                if folds.is_none() {
                    return Err(Declined::because(format!(
                        "{} is no list of one number for each fold",
                        quoted(&member.key)
                    )));
                }
            }
            Value::Array(_) | Value::Object(_)
                if !matches!(&*member.key, "estimator" | "indices" | "params") =>
            {
                return Err(Declined::because(format!(
                    "{} is no key of cross_validate",
                    quoted(&member.key)
                )));
            }
            _ => {}
        }
    }
    if scores { Ok(()) } else { Err(Declined::because("no list whose key begins with `test_`")) }
}

/// One value for each fold: a list, or a column of a frame whose keys count from 0.
fn folds<'j, 'a>(json: &'j Json<'a>) -> Option<Vec<&'j Json<'a>>> {
    let values: Vec<_> = match &json.value {
        Value::Array(list) => list.iter().collect(),
        Value::Object(column)
            if column.iter().enumerate().all(|(i, member)| member.key == i.to_string()) =>
        {
            column.iter().map(|member| &member.value).collect()
        }
        _ => return None,
    };
    (!values.is_empty() && values.iter().all(|value| reading(value).is_some())).then_some(values)
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    document.json().map_err(Clone::clone)?;
    let refuse = |at: usize, why: String| document.invalid(ADAPTER.id, at, why);
    let object = document.require(ADAPTER.id, document.object())?;
    let precision = Precision::below(object.iter().map(|member| &member.value));
    let mut collector = Collector::new(document, ADAPTER.id).precision(precision);
    if is_search(object) {
        search(object, &mut collector).map_err(|(at, why)| refuse(at, why))?;
        return collector.finish();
    }
    document.require(ADAPTER.id, detect(document))?;
    let mut count = None;
    for member in object {
        let key = &*member.key;
        match folds(&member.value).filter(|_| is_scores(key) || is_time(key)) {
            Some(folds) => {
                let first = *count.get_or_insert(folds.len());
                if folds.len() != first {
                    let why =
                        format!("{} has {} folds, others have {first}", quoted(key), folds.len());
                    return Err(refuse(member.value.at, why));
                }
                scorer(key, &folds, precision, &mut collector);
            }
            None => match &member.value.value {
                Value::Number(_) | Value::NonFinite(_) | Value::Null => {
                    collector.measure(key, key, Slice::overall(), &member.value);
                }
                _ => collector.left_out(key),
            },
        }
    }
    collector.finish()
}

/// Adds the mean of a scorer, and its folds.
fn scorer(key: &str, folds: &[&Json<'_>], precision: Precision, collector: &mut Collector<'_>) {
    let numbers: Option<Vec<Number<'_>>> = folds.iter().map(|fold| finite(fold)).collect();
    let count = float(u64::try_from(folds.len()).unwrap_or(u64::MAX));
    let mean = match &numbers {
        Some(numbers) => {
            let sum: f64 = numbers.iter().map(|number| number.value()).sum();
            collector.number(key, key, Slice::overall(), sum / count)
        }
        None => folds.iter().find(|fold| finite(fold).is_none()).and_then(|fold| {
            collector.measure(key, key, Slice::overall(), &Json { at: fold.at, value: Value::Null })
        }),
    };
    if let Some(m) = mean {
        let roundings = numbers.iter().flatten().map(|number| precision.rounding(*number));
        m.rounding = roundings.fold(m.rounding, f64::max);
        m.aggregate = true;
        m.unit = is_time(key).then_some(Unit::Seconds);
    }
    for (i, fold) in folds.iter().enumerate().filter(|_| is_scores(key)) {
        let name = format!("split{i}_{key}");
        collector.measure(&name, &name, Slice::overall(), fold);
    }
}

/// Reads a search: the candidate that ranks first by the first of its scorers.
fn search(object: &Object<'_>, collector: &mut Collector<'_>) -> Result<(), (usize, String)> {
    let ranks: Vec<_> =
        object.iter().filter(|member| member.key.starts_with("rank_test_")).collect();
    let Some(first) = ranks.first() else { return Ok(()) };
    let ranked = folds(&first.value)
        .ok_or((first.value.at, format!("{} is no list of ranks", quoted(&first.key))))?;
    let best = ranked.iter().position(|rank| rank.as_number().and_then(Number::count) == Some(1));
    let best = best.ok_or((first.value.at, "no candidate ranks first".to_owned()))?;
    for member in object {
        let key = &*member.key;
        let split = key.strip_prefix("split").and_then(|rest| rest.split_once('_'));
        let kept = ["mean_test_", "std_test_", "mean_train_", "std_train_"]
            .iter()
            .any(|prefix| key.starts_with(prefix));
        let time =
            matches!(key, "mean_fit_time" | "std_fit_time" | "mean_score_time" | "std_score_time");
        if !kept && !time && !split.is_some_and(|(_, key)| is_scores(key)) {
            continue;
        }
        let values = folds(&member.value).filter(|values| values.len() == ranked.len());
        let values = values.ok_or((
            member.value.at,
            format!("{} is no list of one number for each candidate", quoted(key)),
        ))?;
        if let Some(m) =
            values.get(best).and_then(|value| collector.measure(key, key, Slice::overall(), value))
        {
            m.aggregate = split.is_none();
            m.unit = time.then_some(Unit::Seconds);
        }
    }
    if ranked.len() > 1 || ranks.len() > 1 {
        let name = quoted(&first.key);
        collector.warn(format!(
            "of {} candidates only number {best}, the first by {name}, is read",
            ranked.len()
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::evidence::read;
    use crate::model::{Evidence, Measurement};

    fn of(text: &str) -> Evidence {
        read(text.as_bytes(), None).unwrap()
    }

    fn named<'e>(evidence: &'e Evidence, name: &str) -> &'e Measurement {
        evidence.measurements.iter().find(|m| m.source_name == name).unwrap()
    }

    #[test]
    fn the_mean_of_folds_is_no_metric_of_one_model() {
        for text in [
            r#"{"fit_time": [0.5, 1.5], "score_time": [0.1, 0.1], "test_accuracy": [0.75, 0.25]}"#,
            r#"{"fit_time": {"0": 0.5, "1": 1.5}, "test_accuracy": {"0": 0.75, "1": 0.25}}"#,
        ] {
            let evidence = of(text);
            let mean = named(&evidence, "test_accuracy");
            assert_eq!(
                (mean.value, mean.aggregate, &*mean.metric, mean.rounding),
                (Some(0.5), true, "test_accuracy", 0.005)
            );
            assert_eq!(named(&evidence, "split1_test_accuracy").value, Some(0.25));
            assert_eq!(named(&evidence, "fit_time").value, Some(1.0));
        }
    }

    #[test]
    fn a_failed_fold_leaves_no_mean() {
        let evidence = of(r#"{"test_score": [0.75, NaN]}"#);
        assert_eq!(
            (named(&evidence, "test_score").value, named(&evidence, "split0_test_score").value),
            (None, Some(0.75))
        );
    }

    #[test]
    fn folds_that_are_missing_are_refused() {
        let error = read(br#"{"test_f1": [0.5, 0.6], "test_accuracy": [0.5]}"#, None).unwrap_err();
        assert!(
            error.code() == "evidence-invalid" && error.to_string().contains("line 1"),
            "{error}"
        );
    }

    #[test]
    fn a_search_gives_its_best_candidate() {
        let evidence = of(
            r#"{"mean_fit_time": [1, 2], "params": [{"C": 1}, {"C": 2}], "split0_test_score": [0.5, 0.9], "mean_test_score": [0.5, 0.8],
                "std_test_score": [0.1, 0.2], "rank_test_score": [2, 1]}"#,
        );
        assert_eq!(
            (
                named(&evidence, "mean_test_score").value,
                named(&evidence, "split0_test_score").value
            ),
            (Some(0.8), Some(0.9))
        );
        assert_eq!(evidence.warnings.len(), 1);
    }

    #[test]
    fn other_lists_are_not_folds() {
        for other in [
            r#"{"loss": [1, 2]}"#,
            r#"{"test_x": "a"}"#,
            r#"{"test_x": []}"#,
            r#"{"test_x": [1], "y": [2]}"#,
            r#"{"train_x": [1]}"#,
        ] {
            assert_eq!(
                read(other.as_bytes(), None).unwrap_err().code(),
                "evidence-not-understood",
                "{other}"
            );
        }
    }
}
