//! How many rows numbers were computed on, if keys next to them say so.
//!
//! A bound must be based on the number of rows that were tested. `n_test`, `test_set_size` and
//! `eval_samples` state it. A bare `n_samples` does too, unless something shows that the rows were
//! split (`test_size`, `cv_folds`, `n_train`, a `dataset_size`): then it may count all of them, and
//! a bound based on it would be far too narrow. Unknown is better than wrong, and a warning says
//! what to state instead.

use crate::evidence::{
    json::{Json, Number, Object, Value},
    quoted,
};
use crate::model::range::words;

/// The value of a key, as far as it matters for counting rows.
#[derive(Debug, Clone, Copy)]
pub(super) enum Said<'v> {
    /// A number.
    Number(Number<'v>),
    /// Text.
    Text(&'v str),
    /// An object or a list.
    Several,
    /// None of these.
    Nothing,
}

impl<'v> Said<'v> {
    /// Classifies `json`.
    pub(super) fn of(json: &'v Json<'_>) -> Self {
        match &json.value {
            Value::Number(number) => Self::Number(*number),
            Value::String(text) => Self::Text(text),
            Value::Array(_) | Value::Object(_) => Self::Several,
            _ => Self::Nothing,
        }
    }

    fn count(self) -> Option<u64> {
        if let Self::Number(number) = self { number.count() } else { None }
    }
}

/// The members of an object as keys and classified values.
pub(super) fn members<'j>(object: &'j Object<'_>) -> impl Iterator<Item = (&'j str, Said<'j>)> {
    object.iter().map(|member| (&*member.key, Said::of(&member.value)))
}

/// Bare keys under which scripts write how many rows they evaluated, or how many there are.
pub(super) const BARE: [&str; 11] = [
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
];

/// Which rows a key counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// The rows that were tested, with the name of that part of the data.
    Test(&'static str),
    /// The rows of a validation part, which might not be a test.
    Validation,
    /// The rows of the training part.
    Training,
    /// All rows of the data set.
    Whole,
    /// The key does not say which.
    Unsaid,
}

/// Names of parts of the data, and what they are.
const PARTS: [(&str, Of); 20] = [
    ("test", Of::Test("test")),
    ("testing", Of::Test("test")),
    ("tested", Of::Test("test")),
    ("eval", Of::Test("eval")),
    ("evaluation", Of::Test("eval")),
    ("evaluated", Of::Test("eval")),
    ("holdout", Of::Test("holdout")),
    ("heldout", Of::Test("holdout")),
    ("oot", Of::Test("oot")),
    ("val", Of::Validation),
    ("valid", Of::Validation),
    ("validation", Of::Validation),
    ("dev", Of::Validation),
    ("train", Of::Training),
    ("training", Of::Training),
    ("trained", Of::Training),
    ("trainset", Of::Training),
    ("fit", Of::Training),
    ("fitted", Of::Training),
    ("learn", Of::Training),
];

const ALL: [&str; 9] =
    ["dataset", "data", "total", "all", "full", "whole", "population", "overall", "original"];

/// Words that name rows, and words that count them.
const ROWS: [&str; 18] = [
    "rows",
    "row",
    "samples",
    "sample",
    "examples",
    "example",
    "instances",
    "instance",
    "records",
    "record",
    "observations",
    "observation",
    "obs",
    "datapoints",
    "points",
    "items",
    "cases",
    "entries",
];
const COUNTS: [&str; 9] = ["n", "num", "nb", "number", "count", "counts", "size", "len", "length"];
const FILL: [&str; 5] = ["of", "set", "sets", "the", "in"];

fn part_of(word: &str) -> Option<Of> {
    PARTS.iter().find(|(name, _)| *name == word).map(|(_, of)| *of)
}

/// Which rows `key` counts; `None` if it is not a count of rows.
pub(super) fn counts(key: &str) -> Option<Of> {
    let words = words(key);
    let known = |word: &String| {
        let word = word.as_str();
        [&ROWS[..], &COUNTS, &FILL, &ALL].iter().any(|list| list.contains(&word))
            || part_of(word).is_some()
    };
    let counted =
        words.iter().any(|word| COUNTS.contains(&word.as_str()) || ROWS.contains(&word.as_str()));
    let parts: Vec<Of> = words.iter().filter_map(|word| part_of(word)).collect();
    // `test_total` is a count of rows, too; `total` alone may be anything.
    let total = words.iter().any(|word| word == "total") && !parts.is_empty();
    if words.is_empty() || !words.iter().all(known) || !(counted || total) {
        return None;
    }
    match parts.as_slice() {
        [] if words.iter().any(|word| ALL.contains(&word.as_str())) => Some(Of::Whole),
        [] => Some(Of::Unsaid),
        [first, rest @ ..] if rest.iter().all(|of| of == first) => Some(*first),
        _ => Some(Of::Whole),
    }
}

/// Whether `key` with this value says that the rows were split.
fn divides(key: &str, said: Said<'_>) -> bool {
    if matches!(said, Said::Nothing) {
        return false;
    }
    let words = words(key);
    let any = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    // The word `dev` in `std_dev` is not a part of the data.
    let part = words.iter().find_map(|word| part_of(word)).filter(|_| !any(&["std", "standard"]));
    if any(&["cv", "kfold", "folds", "fold", "loo", "crossval"])
        || (any(&["cross"]) && any(&["validation", "val"]))
    {
        return true;
    }
    let of_split = |word: &String| {
        part_of(word).is_some()
            || matches!(
                word.as_str(),
                "split"
                    | "splits"
                    | "data"
                    | "dataset"
                    | "ratio"
                    | "n"
                    | "num"
                    | "size"
                    | "random"
                    | "fraction"
                    | "strategy"
                    | "percent"
                    | "pct"
                    | "date"
                    | "method"
                    | "type"
                    | "stratified"
                    | "name"
            )
    };
    if any(&["split", "splits"]) && words.iter().all(of_split) {
        // `"split": "test"` names the part that was tested.
        let named = matches!(said, Said::Text(text) if part_of(&text.to_lowercase()).is_some_and(|of| matches!(of, Of::Test(_))));
        return !named;
    }
    let share = any(&[
        "size",
        "fraction",
        "frac",
        "ratio",
        "share",
        "proportion",
        "pct",
        "percent",
        "percentage",
    ]);
    match part {
        // `"holdout": 0.2` says that a fifth of the rows was kept for the test.
        _ if names_a_part(&words) && is_share(said) => true,
        Some(_)
            if share && said.count().is_none_or(|count| count <= 1 || counts(key).is_none()) =>
        {
            true
        }
        // Any count for training or validation shows that there are more rows than those that were
        // tested.
        Some(Of::Training) => matches!(said, Said::Number(_) | Said::Several),
        Some(Of::Validation) => matches!(said, Said::Number(_)),
        _ => false,
    }
}

/// Whether the words name the part of the rows that was tested, without a word that could name a
/// metric of it.
fn names_a_part(words: &[String]) -> bool {
    const BESIDES: [&str; 5] = ["part", "portion", "subset", "fraction", "share"];
    let is_part = |word: &str| {
        matches!(part_of(word), Some(Of::Test(_))) || matches!(word, "testset" | "evalset")
    };
    let known = |word: &str| {
        [&ROWS[..], &COUNTS, &FILL, &ALL, &BESIDES].iter().any(|list| list.contains(&word))
    };
    // Names of parts that are written as several words.
    let joined = words.join(" ").replace("hold out", "holdout").replace("held out", "heldout");
    let joined = joined.replace("out of time", "oot");
    joined.split(' ').any(is_part) && joined.split(' ').all(|word| is_part(word) || known(word))
}

/// Whether the value is a share of a whole: a number strictly between 0 and 1, or the same as a
/// percentage in text.
fn is_share(said: Said<'_>) -> bool {
    let within = |value: f64| value > 0.0 && value < 1.0;
    match said {
        Said::Number(number) => within(number.value()),
        Said::Text(text) => {
            let text = text.trim();
            let percent = text.strip_suffix('%').and_then(|number| Number::parse(number.trim()));
            percent.map_or_else(
                || Number::parse(text).is_some_and(|number| within(number.value())),
                |number| within(number.value() / 100.0),
            )
        }
        _ => false,
    }
}

/// The reason not to use a bare count: the first key that says that the rows were split.
pub(super) fn divided<'k>(facts: impl IntoIterator<Item = (&'k str, Said<'k>)>) -> Option<&'k str> {
    facts.into_iter().find(|(key, said)| divides(key, *said)).map(|(key, _)| key)
}

/// As [`divided`], anywhere below `object`, except in objects that `skip` accepts: reports, whose
/// keys are classes.
pub(super) fn divided_below<'j>(
    object: &'j Object<'_>,
    skip: &dyn Fn(&Object<'_>) -> bool,
) -> Option<&'j str> {
    if skip(object) {
        return None;
    }
    let below = || object.iter().find_map(|member| divided_below(member.value.as_object()?, skip));
    divided(members(object)).or_else(below)
}

/// The number of rows of some numbers, as the keys next to them state it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rows {
    /// How many, if the keys agree on one number.
    pub(super) n: Option<u64>,
    /// Whether the keys say that these rows were tested.
    pub(super) tested: bool,
    /// Whether any key states a count that could be the number of these rows.
    pub(super) stated: bool,
    /// Why the number is unknown although a count is stated.
    pub(super) warning: Option<String>,
}

impl Rows {
    fn unknown(why: String) -> Self {
        Self {
            n: None,
            tested: false,
            stated: true,
            warning: Some(format!("{why}; n is taken as unknown")),
        }
    }

    /// The rows that `facts` state. `bare` are the keys that count rows without saying which;
    /// `around` is a key elsewhere in the document that says that the rows were split.
    pub(super) fn of(facts: &[(&str, Said<'_>)], bare: &[&str], around: Option<&str>) -> Self {
        let counted = |wanted: fn(Of) -> bool| {
            let of = facts.iter().filter(|(key, _)| counts(key).is_some_and(wanted));
            of.filter_map(|(key, said)| Some((*key, said.count()?)))
                .filter(is_count)
                .collect::<Vec<_>>()
        };
        let tested = counted(|of| matches!(of, Of::Test(_)));
        let whole = counted(|of| of == Of::Whole);
        let unsaid = counted(|of| of == Of::Unsaid);
        if let Some((first, rest)) = tested.split_first() {
            let all = || whole.iter().chain(&unsaid);
            let trained: Vec<_> = counted(|of| of == Of::Training);
            return if let Some(other) = rest.iter().find(|other| other.1 != first.1) {
                Self::unknown(differ(first, other))
            } else if let Some(fewer) = all().find(|other| other.1 < first.1) {
                Self::unknown(format!(
                    "{}, more than {} in {}",
                    stated(first),
                    fewer.1,
                    quoted(fewer.0)
                ))
            } else if let Some((all, part)) = beyond(&whole, &trained, first) {
                Self::unknown(format!(
                    "{} and {} are more than the {}",
                    stated(first),
                    stated(part),
                    stated(all)
                ))
            } else {
                Self { n: Some(first.1), tested: true, stated: true, warning: None }
            };
        }
        let listed: Vec<_> = facts.iter().filter(|(key, _)| bare.contains(key)).collect();
        let Some((key, said)) = listed.first() else { return Self::default() };
        let Some(count) =
            said.count().filter(|_| listed.iter().all(|(_, said)| said.count().is_some()))
        else {
            return Self { stated: true, ..Self::default() };
        };
        let first = (*key, count);
        if let Some(other) = unsaid.iter().find(|other| other.1 != count) {
            return Self::unknown(differ(&first, other));
        }
        let own = divided(facts.iter().copied()).or(whole.first().map(|(key, _)| *key)).or(around);
        match own {
            Some(why) => Self::unknown(format!(
                "{} may be all rows, not those that were tested, because of {}: state `n_test`",
                stated(&first),
                quoted(why)
            )),
            None => Self { n: Some(count), tested: false, stated: true, warning: None },
        }
    }

    /// The rows of one part of the data, if its own keys state them: for `test_accuracy` the value
    /// of `n_test`.
    pub(super) fn of_part<'k>(
        facts: impl IntoIterator<Item = (&'k str, Said<'k>)>,
        part: &str,
    ) -> Self {
        let keys = [
            format!("n_{part}"),
            format!("{part}_n"),
            format!("n_{part}_samples"),
            format!("{part}_samples"),
            format!("n_samples_{part}"),
            format!("num_{part}"),
        ];
        let own = facts.into_iter().filter(|(key, _)| keys.iter().any(|own| own == key));
        let all: Vec<(&str, u64)> =
            own.filter_map(|(key, said)| Some((key, said.count()?))).collect();
        match all.split_first() {
            None => Self::default(),
            Some((first, rest)) => match rest.iter().find(|other| other.1 != first.1) {
                Some(other) => Self::unknown(differ(first, other)),
                None => Self { n: Some(first.1), tested: true, stated: true, warning: None },
            },
        }
    }
}

/// Whether this can be a count of rows: a `test_size` of 1 cannot.
fn is_count((key, count): &(&str, u64)) -> bool {
    *count != 1 || !key.to_lowercase().contains("size")
}

fn stated((key, count): &(&str, u64)) -> String {
    format!("{} is {count}", quoted(key))
}

fn differ(a: &(&str, u64), b: &(&str, u64)) -> String {
    format!("{} and {}", stated(a), stated(b))
}

/// A key and its count.
type Count<'k> = (&'k str, u64);

/// A whole that is smaller than the tested and the training part together, and that training part.
fn beyond<'a, 'k>(
    whole: &'a [Count<'k>],
    trained: &'a [Count<'k>],
    tested: &Count<'_>,
) -> Option<(&'a Count<'k>, &'a Count<'k>)> {
    whole.iter().find_map(|all| {
        let part = trained.iter().find(|part| part.1.saturating_add(tested.1) > all.1)?;
        Some((all, part))
    })
}

#[cfg(test)]
mod tests;
