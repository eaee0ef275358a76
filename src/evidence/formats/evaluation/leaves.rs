//! What the formats of trackers and of flat metrics share: nested objects walked to their leaves,
//! and the rows and confusion matrices that are stored next to the numbers.

use super::super::rows::{BARE, Rows, members};
use crate::evidence::{
    confusion::Confusion,
    json::{Json, Number, Object, Value},
};
use crate::model::Measurement;
use crate::stats::proportion::float;

/// Passes every value below `object` that is not an object to `take`, with its path, separated by
/// dots.
pub(super) fn leaves<'j, 'a>(
    object: &'j Object<'a>,
    above: &str,
    take: &mut dyn FnMut(&str, &'j Json<'a>),
) {
    for member in object {
        let path = if above.is_empty() {
            member.key.to_string()
        } else {
            format!("{above}.{}", member.key)
        };
        match &member.value.value {
            Value::Object(inner) => leaves(inner, &path, take),
            _ => take(&path, &member.value),
        }
    }
}

/// Every value below `object` that is not an object, with its path, separated by dots.
pub(super) fn flat<'j, 'a>(object: &'j Object<'a>) -> Vec<(String, &'j Json<'a>)> {
    let mut all = Vec::new();
    leaves(object, "", &mut |path, json| all.push((path.to_owned(), json)));
    all
}

/// The elements of a short list of numbers, such as one per class. `None` for a longer list, which
/// has one value per row.
pub(super) fn elements<'j, 'a>(json: &'j Json<'a>) -> Option<&'j [Json<'a>]> {
    const LONGEST: usize = 32;
    let scalar = |json: &Json<'_>| {
        matches!(json.value, Value::Number(_) | Value::NonFinite(_) | Value::Null)
    };
    json.as_array().filter(|list| list.len() <= LONGEST && list.iter().all(scalar))
}

/// Keys that state how many rows were evaluated, and are not metrics.
const EVALUATED: [&str; 7] = [
    "n_test",
    "n_test_samples",
    "n_eval",
    "num_test",
    "test_samples",
    "n_samples_test",
    "eval_samples",
];

/// Whether `key` states how many rows were evaluated.
pub(super) fn is_rows(key: &str) -> bool {
    BARE.contains(&key) || EVALUATED.contains(&key)
}

/// Names of parts of the data.
const PARTS: [&str; 11] = [
    "train",
    "training",
    "test",
    "testing",
    "val",
    "valid",
    "validation",
    "holdout",
    "eval",
    "dev",
    "oot",
];

/// Whether this is the name of a part of the data.
pub(super) fn is_part(key: &str) -> bool {
    PARTS.contains(&key)
}

/// The part of the data before or after a name, and the name: `test` and `f1` in `test_f1`.
pub(super) fn part(key: &str) -> Option<(&str, &str)> {
    let front = key.split_once('_').filter(|(part, _)| is_part(part));
    front.or_else(|| {
        key.rsplit_once('_').map(|(name, part)| (part, name)).filter(|(part, _)| is_part(part))
    })
}

/// The counts next to the numbers of an object: the rows they were computed on, and its confusion
/// matrix.
pub(super) struct Counted {
    pub(super) rows: Rows,
    pub(super) matrix: Option<Matrix>,
}

/// The confusion matrix next to flat metrics, and the number of rows if the matrix and the stated
/// count agree. `around` is a key elsewhere in the document that says that the rows were split.
pub(super) fn counted(object: &Object<'_>, around: Option<&str>) -> Counted {
    let facts: Vec<_> = members(object).collect();
    let rows = Rows::of(&facts, &BARE, around);
    let matrix =
        object.get("confusion_matrix").and_then(Matrix::of).or_else(|| Matrix::of_four(object));
    match (rows.n, matrix) {
        (Some(n), Some(matrix)) if n != matrix.total => {
            let warning = format!(
                "{n} rows are stated, the confusion matrix has {}; n is taken as unknown",
                matrix.total
            );
            let rows = Rows { n: None, tested: false, stated: true, warning: Some(warning) };
            Counted { rows, matrix: None }
        }
        // A matrix counts the evaluated rows, whatever other counts say.
        (_, Some(matrix)) => {
            let rows = Rows { n: Some(matrix.total), tested: true, stated: true, warning: None };
            Counted { rows, matrix: Some(matrix) }
        }
        (_, None) => Counted { rows, matrix: None },
    }
}

/// A confusion matrix as scikit-learn writes it: a row for each true class, a column for each predicted one.
pub(super) struct Matrix {
    pub(super) total: u64,
    diagonal: u64,
    binary: Option<Confusion>,
}

impl Matrix {
    /// The matrix, if it is a square of counts; a matrix of fractions is `None`.
    pub(super) fn of(json: &Json<'_>) -> Option<Self> {
        let rows = json.as_array()?;
        let mut counts: Vec<Vec<u64>> = Vec::with_capacity(rows.len());
        for row in rows {
            let row: Option<Vec<u64>> = row
                .as_array()?
                .iter()
                .map(|cell| cell.as_number().and_then(Number::count))
                .collect();
            counts.push(row.filter(|row| row.len() == rows.len())?);
        }
        let total =
            counts.iter().flatten().try_fold(0_u64, |sum, count| sum.checked_add(*count))?;
        // A matrix of only ones and zeros may have been normalised by its rows.
        if counts.len() < 2 || total <= u64::try_from(counts.len()).ok()? {
            return None;
        }
        let diagonal = counts
            .iter()
            .enumerate()
            .filter_map(|(i, row)| row.get(i))
            .fold(0, |sum: u64, n| sum.saturating_add(*n));
        let binary = match counts.iter().map(Vec::as_slice).collect::<Vec<_>>().as_slice() {
            &[&[true_negatives, false_positives], &[false_negatives, true_positives]] => {
                Some(Confusion { true_positives, false_positives, true_negatives, false_negatives })
            }
            _ => None,
        };
        Some(Self { total, diagonal, binary })
    }

    /// The matrix whose four counts are separate keys.
    fn of_four(object: &Object<'_>) -> Option<Self> {
        let count = |short: &str, long: &str| {
            object.get(short).or_else(|| object.get(long))?.as_number()?.count()
        };
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

/// Whether `successes` of `trials` give the value of `m`. With 0 trials, every value agrees.
pub(super) fn agrees(m: &Measurement, (successes, trials): (u64, u64)) -> bool {
    m.value.is_none_or(|value| {
        trials == 0 || (float(successes) / float(trials) - value).abs() <= m.rounding
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::json::parse;

    #[test]
    fn parts_of_the_data_are_parted_from_names() {
        assert_eq!(
            [part("test_f1"), part("f1_val"), part("max_error"), part("test")],
            [Some(("test", "f1")), Some(("val", "f1")), None, None]
        );
    }

    #[test]
    fn only_squares_of_counts_are_matrices() {
        let of = |text: &str| {
            Matrix::of(&parse(text.as_bytes()).unwrap())
                .map(|m| (m.total, m.proportion("accuracy"), m.proportion("recall")))
        };
        assert_eq!(of("[[61, 3], [4, 103]]"), Some((171, Some((164, 171)), Some((103, 107)))));
        assert_eq!(of("[[1, 2, 0], [0, 3, 0], [0, 0, 4.0]]"), Some((10, Some((8, 10)), None)));
        for bad in [
            "[[0.9, 0.1], [0.2, 0.8]]",
            "[[1, 0], [0, 1]]",
            "[[1, 2]]",
            "[[5]]",
            "[]",
            "[1, 2]",
            "[[1, 2], [3]]",
        ] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }
}
