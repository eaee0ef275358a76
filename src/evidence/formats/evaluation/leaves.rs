//! What the formats of trackers and of flat metrics share: nested objects walked to their leaves, rows and confusion
//! matrices that stand beside the numbers.

use crate::evidence::{
    confusion::Confusion,
    json::{Json, Number, Object, Value},
};
use crate::model::Measurement;
use crate::stats::proportion::float;

/// Hands every value below `object` that is no object itself to `take`, with its path, parted by dots.
pub(super) fn leaves<'j, 'a>(object: &'j Object<'a>, above: &str, take: &mut dyn FnMut(&str, &'j Json<'a>)) {
    for member in object {
        let path = if above.is_empty() { member.key.to_string() } else { format!("{above}.{}", member.key) };
        match &member.value.value {
            Value::Object(inner) => leaves(inner, &path, take),
            _ => take(&path, &member.value),
        }
    }
}

/// Every value below `object` that is no object itself, with its path, parted by dots.
pub(super) fn flat<'j, 'a>(object: &'j Object<'a>) -> Vec<(String, &'j Json<'a>)> {
    let mut all = Vec::new();
    leaves(object, "", &mut |path, json| all.push((path.to_owned(), json)));
    all
}

/// The elements of a short list of numbers, such as one for each class; longer ones have one value for each row.
pub(super) fn elements<'j, 'a>(json: &'j Json<'a>) -> Option<&'j [Json<'a>]> {
    const LONGEST: usize = 32;
    let scalar = |json: &Json<'_>| matches!(json.value, Value::Number(_) | Value::NonFinite(_) | Value::Null);
    json.as_array().filter(|list| list.len() <= LONGEST && list.iter().all(scalar))
}

/// Keys under which scripts write how many rows they evaluated, the nearest to the metrics first.
const ROWS: [&[&str]; 2] = [
    &["n_test", "n_test_samples", "n_eval", "num_test", "test_samples", "n_samples_test", "eval_samples"],
    &[
        "n",
        "n_samples",
        "n_examples",
        "n_rows",
        "num_samples",
        "num_examples",
        "num_rows",
        "example_count",
        "sample_count",
        "sample_size",
        "samples",
    ],
];

/// Keys that say the rows were divided: a bare `n_samples` beside them may be all of them.
const TRAINED: [&str; 6] =
    ["n_train", "n_train_samples", "num_train", "train_samples", "n_samples_train", "train_size"];

/// Whether `key` states how many rows were evaluated.
pub(super) fn is_rows(key: &str) -> bool {
    ROWS.iter().any(|keys| keys.contains(&key))
}

/// The rows that flat metrics rest on, where one number says so. Two that differ say nothing.
pub(super) fn rows(object: &Object<'_>) -> Option<u64> {
    let stated = |keys: &[&str]| {
        let mut counts =
            object.iter().filter(|m| keys.contains(&&*m.key)).map(|m| m.value.as_number().and_then(Number::count));
        counts.next().map(|first| first.filter(|first| counts.all(|other| other == Some(*first))))
    };
    let [evaluated, all] = ROWS;
    stated(evaluated).or_else(|| {
        let divided = object.iter().any(|m| TRAINED.contains(&&*m.key));
        if divided { None } else { stated(all) }
    })?
}

/// Names of parts of the data.
const PARTS: [&str; 11] =
    ["train", "training", "test", "testing", "val", "valid", "validation", "holdout", "eval", "dev", "oot"];

/// Whether it is the name of a part of the data.
pub(super) fn is_part(key: &str) -> bool {
    PARTS.contains(&key)
}

/// The part of the data in front of a name or behind it, and the name: `test` and `f1` in `test_f1`.
pub(super) fn part(key: &str) -> Option<(&str, &str)> {
    let front = key.split_once('_').filter(|(part, _)| is_part(part));
    front.or_else(|| key.rsplit_once('_').map(|(name, part)| (part, name)).filter(|(part, _)| is_part(part)))
}

/// The rows of one part of the data, where a key of its own states them.
pub(super) fn rows_of(object: &Object<'_>, part: &str) -> Option<u64> {
    let keys = [
        format!("n_{part}"),
        format!("{part}_n"),
        format!("n_{part}_samples"),
        format!("{part}_samples"),
        format!("n_samples_{part}"),
        format!("num_{part}"),
    ];
    let mut stated = object.iter().filter(|member| keys.iter().any(|key| *key == member.key));
    let first = stated.next()?.value.as_number()?.count()?;
    stated.all(|other| other.value.as_number().and_then(Number::count) == Some(first)).then_some(first)
}

/// The confusion matrix that stands beside flat metrics, and the rows it and they agree on; a warning where they do not.
pub(super) fn counted(object: &Object<'_>) -> (Option<u64>, Option<Matrix>, Option<String>) {
    let stated = rows(object);
    match (stated, object.get("confusion_matrix").and_then(Matrix::of).or_else(|| Matrix::of_four(object))) {
        (Some(n), Some(matrix)) if n != matrix.total => {
            let warning =
                format!("{n} rows are stated, the confusion matrix has {}; n is taken as unknown", matrix.total);
            (None, None, Some(warning))
        }
        (_, Some(matrix)) => (Some(matrix.total), Some(matrix), None),
        (stated, None) => (stated, None, None),
    }
}

/// A confusion matrix as scikit-learn writes it: a row for each true class, a column for each predicted one.
pub(super) struct Matrix {
    pub(super) total: u64,
    diagonal: u64,
    binary: Option<Confusion>,
}

impl Matrix {
    /// The matrix, where it is a square of counts; a matrix of fractions is none.
    pub(super) fn of(json: &Json<'_>) -> Option<Self> {
        let rows = json.as_array()?;
        let mut counts: Vec<Vec<u64>> = Vec::with_capacity(rows.len());
        for row in rows {
            let row: Option<Vec<u64>> =
                row.as_array()?.iter().map(|cell| cell.as_number().and_then(Number::count)).collect();
            counts.push(row.filter(|row| row.len() == rows.len())?);
        }
        let total = counts.iter().flatten().try_fold(0_u64, |sum, count| sum.checked_add(*count))?;
        // All ones and zeros may be a matrix that was divided by its rows.
        if counts.len() < 2 || total <= u64::try_from(counts.len()).ok()? {
            return None;
        }
        let diagonal =
            counts.iter().enumerate().filter_map(|(i, row)| row.get(i)).fold(0, |sum: u64, n| sum.saturating_add(*n));
        let binary = match counts.iter().map(Vec::as_slice).collect::<Vec<_>>().as_slice() {
            &[&[true_negatives, false_positives], &[false_negatives, true_positives]] => {
                Some(Confusion { true_positives, false_positives, true_negatives, false_negatives })
            }
            _ => None,
        };
        Some(Self { total, diagonal, binary })
    }

    /// The matrix of four counts that are keys of their own.
    fn of_four(object: &Object<'_>) -> Option<Self> {
        let count = |short: &str, long: &str| object.get(short).or_else(|| object.get(long))?.as_number()?.count();
        let counts = Confusion {
            true_positives: count("tp", "true_positives")?,
            false_positives: count("fp", "false_positives")?,
            true_negatives: count("tn", "true_negatives")?,
            false_negatives: count("fn", "false_negatives")?,
        };
        let diagonal = counts.true_positives.saturating_add(counts.true_negatives);
        Some(Self { total: counts.total(), diagonal, binary: Some(counts) })
    }

    /// Successes and trials of the proportion `metric`.
    pub(super) fn proportion(&self, metric: &str) -> Option<(u64, u64)> {
        match metric {
            "accuracy" => Some((self.diagonal, self.total)),
            "error_rate" => Some((self.total.saturating_sub(self.diagonal), self.total)),
            _ => self.binary.and_then(|counts| counts.of(metric)),
        }
    }
}

/// Whether `successes` of `trials` give the value of `m`. Of no trials anything is.
pub(super) fn agrees(m: &Measurement, (successes, trials): (u64, u64)) -> bool {
    m.value.is_none_or(|value| trials == 0 || (float(successes) / float(trials) - value).abs() <= m.rounding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::json::parse;

    #[test]
    fn rows_are_those_that_were_evaluated() {
        let of = |text: &str| rows(parse(text.as_bytes()).unwrap().as_object().unwrap());
        assert_eq!(of(r#"{"n": 177, "r2": 0.5}"#), Some(177));
        assert_eq!(of(r#"{"n_samples": 569, "n_train": 398, "n_test": 171}"#), Some(171));
        assert_eq!(of(r#"{"n_samples": 569, "n_train": 398}"#), None);
        assert_eq!(of(r#"{"n": 5, "n_samples": 6}"#), None);
        assert_eq!([of(r#"{"n": 0.2}"#), of(r#"{"n": "x"}"#), of("{}")], [None; 3]);
    }

    #[test]
    fn parts_of_the_data_have_rows_of_their_own() {
        let of = |text: &str, part: &str| rows_of(parse(text.as_bytes()).unwrap().as_object().unwrap(), part);
        assert_eq!(
            [part("test_f1"), part("f1_val"), part("max_error"), part("test")],
            [Some(("test", "f1")), Some(("val", "f1")), None, None]
        );
        let counts = r#"{"n": 9, "n_train": 4, "n_test": 5, "test_samples": 6}"#;
        assert_eq!([of(counts, "train"), of(counts, "test"), of(counts, "val")], [Some(4), None, None]);
    }

    #[test]
    fn only_squares_of_counts_are_matrices() {
        let of = |text: &str| {
            Matrix::of(&parse(text.as_bytes()).unwrap())
                .map(|m| (m.total, m.proportion("accuracy"), m.proportion("recall")))
        };
        assert_eq!(of("[[61, 3], [4, 103]]"), Some((171, Some((164, 171)), Some((103, 107)))));
        assert_eq!(of("[[1, 2, 0], [0, 3, 0], [0, 0, 4.0]]"), Some((10, Some((8, 10)), None)));
        for bad in
            ["[[0.9, 0.1], [0.2, 0.8]]", "[[1, 0], [0, 1]]", "[[1, 2]]", "[[5]]", "[]", "[1, 2]", "[[1, 2], [3]]"]
        {
            assert_eq!(of(bad), None, "{bad}");
        }
    }
}
