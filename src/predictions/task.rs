//! What the labels are: two classes, many classes, or values. This is stated, or decided from all
//! labels together, never from the first ones.

use super::{
    PredictionsError,
    class::{Spelling, class_text, number_text},
    num,
};
use crate::model::{Columns, Task};
use std::{borrow::Cow, collections::HashMap};

/// The classes in one order, whatever order they were found in.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Classes {
    /// Their names: for two classes the negative one first, else numbers before text, ascending.
    pub(super) names: Vec<String>,
    /// For each number assigned while reading, the class that it is.
    pub(super) of: Vec<u32>,
    /// Whether there are a negative and a positive class.
    pub(super) binary: bool,
    /// A warning about the choice, if it is not certain.
    pub(super) warning: Option<String>,
}

impl Classes {
    /// Decides the classes from the names found as labels or predictions.
    pub(super) fn tell(met: &[Box<str>], columns: &Columns) -> Result<Self, PredictionsError> {
        let numbers = met.iter().any(|n| &**n == "0" || &**n == "1");
        let only = met.iter().all(|n| ["0", "1", "true", "false"].contains(&&**n));
        // Where all classes are numbers, `1e5` is no code but 100000 as well.
        let loose = |name: &str| number_text(name, Spelling::Loose).map(Cow::into_owned);
        let numeric = met.iter().all(|name| loose(name).is_some());
        let merged = |name: &str| -> String {
            match name {
                "true" if numbers && only => "1".to_owned(),
                "false" if numbers && only => "0".to_owned(),
                other if numeric => loose(other).unwrap_or_else(|| other.to_owned()),
                other => other.to_owned(),
            }
        };
        let canonical: Vec<String> = met.iter().map(|n| merged(n)).collect();
        let mut names = canonical.clone();
        sort(&mut names);
        names.dedup();
        let stated = columns.positive.as_deref().map(|p| merged(&class_text(p)));
        let usual = [["0", "1"], ["false", "true"]]
            .into_iter()
            .find(|two| names.iter().all(|n| two.contains(&n.as_str())));
        let binary = match columns.task {
            Some(Task::Binary) => true,
            Some(Task::Multiclass | Task::Regression) => false,
            None => stated.is_some() || usual.is_some(),
        };
        let mut warning = None;
        if binary {
            names = two(names, stated, usual)?;
        } else if names.len() == 2 && columns.task.is_none() {
            warning = Some(format!(
                "the labels are `{}` and `{}`, and neither is known to be the positive one: measured class by class; \
                 name it with `--positive` for precision, recall, ROC and fairness",
                names[0], names[1]
            ));
        }
        let places: HashMap<&str, u32> =
            names.iter().enumerate().map(|(at, name)| (name.as_str(), num::small(at))).collect();
        let place = |name: &String| places.get(name.as_str()).copied().unwrap_or(0);
        let of = canonical.iter().map(place).collect();
        Ok(Self { names, of, binary, warning })
    }
}

/// The negative and the positive class.
fn two(
    names: Vec<String>,
    stated: Option<String>,
    usual: Option<[&str; 2]>,
) -> Result<Vec<String>, PredictionsError> {
    let shown = || names.iter().take(5).map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    if names.len() > 2 {
        return Err(PredictionsError::new(
            "predictions-not-binary",
            format!(
                "a binary task has two classes, but labels and predictions hold {}: {}; say `--task multiclass`, or look \
                 for scores in the column of predictions",
                names.len(),
                shown()
            ),
        ));
    }
    let positive = match (stated, usual) {
        (Some(positive), _) => positive,
        (None, Some(usual)) => usual[1].to_owned(),
        (None, None) => {
            return Err(PredictionsError::new(
                "predictions-no-positive",
                format!("which of {} is the positive class? name it with `--positive`", shown()),
            ));
        }
    };
    if names.len() == 2 && !names.contains(&positive) {
        return Err(PredictionsError::new(
            "predictions-unknown-positive",
            format!("the positive class `{positive}` is nowhere: the classes are {}", shown()),
        ));
    }
    let negative = names.into_iter().find(|n| *n != positive).unwrap_or_else(|| {
        match (positive.as_str(), usual) {
            (p, Some(two)) if p == two[1] => two[0].to_owned(),
            (p, _) => format!("not {p}"),
        }
    });
    Ok(vec![negative, positive])
}

/// Integers in their order, then text.
fn sort(names: &mut [String]) {
    names.sort_by_cached_key(|name| {
        let integer = name.parse::<i64>().ok();
        (integer.is_none(), integer, name.clone())
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tell(
        met: &[&str],
        positive: Option<&str>,
        task: Option<Task>,
    ) -> Result<Classes, &'static str> {
        let met: Vec<Box<str>> = met.iter().map(|n| Box::from(*n)).collect();
        let columns = Columns { positive: positive.map(Into::into), task, ..Columns::default() };
        Classes::tell(&met, &columns).map_err(|e| e.code)
    }

    #[test]
    fn two_usual_classes_are_binary() {
        for (met, of) in [(["0", "1"], [0, 1]), (["1", "0"], [1, 0]), (["true", "false"], [1, 0])] {
            let classes = tell(&met, None, None).unwrap();
            assert!(classes.binary && classes.warning.is_none());
            assert_eq!(classes.of, of);
        }
        assert_eq!(tell(&["1", "false", "0", "true"], None, None).unwrap().of, [1, 0, 0, 1]);
        assert_eq!(tell(&["1"], None, None).unwrap().names, ["0", "1"]);
    }

    #[test]
    fn where_all_classes_are_numbers_equal_numbers_are_one_class() {
        let classes = tell(&["1e5", "100000", "+2", "2", "3."], None, None).unwrap();
        assert_eq!(classes.names, ["2", "3", "100000"]);
        assert_eq!(classes.of, [2, 2, 0, 0, 1]);
        // Beside a class that is not a number, `1e5` may be a code.
        let classes = tell(&["1e5", "100000", "1e5f"], None, None).unwrap();
        assert_eq!(classes.names, ["100000", "1e5", "1e5f"]);
    }

    #[test]
    fn classes_have_one_order_however_they_were_found() {
        for met in [["007", "7", "cat"], ["7", "cat", "007"], ["cat", "007", "7"]] {
            assert_eq!(tell(&met, None, None).unwrap().names, ["007", "7", "cat"]);
        }
    }

    #[test]
    fn other_classes_are_binary_only_when_told() {
        let many = tell(&["yes", "no"], None, None).unwrap();
        assert!(!many.binary && many.warning.unwrap().contains("--positive"));
        assert_eq!(tell(&["yes", "no"], Some("no"), None).unwrap().of, [0, 1]);
        assert_eq!(tell(&["10", "9", "cat"], None, None).unwrap().names, ["9", "10", "cat"]);
        assert_eq!(tell(&["yes", "no"], Some("maybe"), None), Err("predictions-unknown-positive"));
        assert_eq!(tell(&["yes", "no"], None, Some(Task::Binary)), Err("predictions-no-positive"));
        assert_eq!(tell(&["0", "1", "2"], Some("1"), None), Err("predictions-not-binary"));
    }
}
