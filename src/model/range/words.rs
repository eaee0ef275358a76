//! Determines a metric's range from the words of its name.
//!
//! The last part of a path decides (`val.acc@1`): the quantity that it ends in, after words that
//! name a part of the data, an average, a class or a rank are removed. Words that turn a proportion
//! into another quantity (`accuracy_loss`, `recall_count`, `std_test_accuracy`, `neg_…`) are
//! respected: with a wrong range, modelgate would reject a correct report.

use super::{
    Range,
    lists::{CHANGES, PATH_CHANGES, PER_OTHER, PER_TIME, STOPS, UNITS, is_label, named},
};

/// The meaning of one part of a path.
enum Told {
    /// A quantity with this range, and whether the name is unambiguous in every position.
    Is(Range, bool),
    /// A quantity of another kind.
    Other,
    /// Only a part of the data, an average or a number: the part before it decides.
    Label,
    /// Words we do not know.
    Unknown,
}

/// The range of the quantity that `name` ends in.
pub(super) fn range(name: &str) -> Option<Range> {
    let read = |(from, text)| Part { from, words: words(text) };
    let parts: Vec<Part> =
        parts(name).into_iter().map(read).filter(|part| !part.words.is_empty()).collect();
    // `accuracy.slice:sex:Female`: everything after `slice` is the group.
    let group =
        |part: &Part| part.words.first().is_some_and(|first| GROUPS.contains(&first.as_str()));
    let of_all = parts.iter().skip(1).position(group).and_then(|at| path(parts.get(..=at)?));
    of_all.or_else(|| path(&parts))
}

/// A part of a path: the separator before it, and its words.
struct Part {
    from: Option<char>,
    words: Vec<String>,
}

/// The range that the parts of a path determine.
fn path(parts: &[Part]) -> Option<Range> {
    let correlated =
        |words: &[String]| words.iter().any(|word| matches!(word.as_str(), "correlation" | "corr"));
    let changed = |part: &Part| {
        let first = part.words.first();
        correlated(&part.words) || first.is_some_and(|first| PATH_CHANGES.contains(&first.as_str()))
    };
    let (mut unknown, mut in_percent) = (false, false);
    for (at, here) in parts.iter().enumerate().rev() {
        match part(&here.words) {
            // One group name can follow the metric: `recall.fraud`.
            Told::Is(range, sure) if !unknown || (sure && range == Range::Fraction) => {
                let range = if in_percent { range.in_percent() } else { range };
                return (!parts.iter().take(at).any(changed)).then_some(range);
            }
            // `Test Acc. (%)`
            Told::Label => in_percent |= says_percent(&here.words),
            // After a comma comes a filter or a split: `pass@1,create_test`.
            Told::Unknown if here.from == Some(',') && at > 0 => {
                in_percent |= says_percent(&here.words);
            }
            Told::Unknown if !unknown => unknown = true,
            Told::Is(..) | Told::Other | Told::Unknown => return None,
        }
    }
    // `Score (%)`: a percentage of something.
    (in_percent && !unknown).then_some(Range::Unscaled)
}

/// Parts of a path that announce a group.
const GROUPS: [&str; 5] = ["slice", "class", "group", "subset", "segment"];

/// Splits a path into its parts. A dot between digits is a decimal point.
fn parts(name: &str) -> Vec<(Option<char>, &str)> {
    let bytes = name.as_bytes();
    let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
    let mut out = Vec::new();
    let (mut from, mut behind) = (0, None);
    for (i, c) in name.char_indices() {
        let decimal = c == '.' && i > 0 && digit(i - 1) && digit(i + 1);
        if matches!(c, '/' | ':' | ',' | ';' | '#' | '.') && !decimal {
            out.extend(name.get(from..i).map(|part| (behind, part)));
            (from, behind) = (i + 1, Some(c));
        }
    }
    out.extend(name.get(from..).map(|part| (behind, part)));
    out
}

/// Marks the start of a bracket or a value: a label follows.
const LABEL: &str = "|";

/// The words of a name in lower case, split at separators, capitals and digits.
pub fn words(part: &str) -> Vec<String> {
    let mut out: Vec<String> = vec![String::new()];
    let chars: Vec<char> = part.chars().collect();
    let upper = |i: usize| chars.get(i).is_some_and(|c| c.is_uppercase());
    let lower = |i: usize| chars.get(i).is_some_and(|c| c.is_lowercase());
    for (i, &c) in chars.iter().enumerate() {
        let sign = match c {
            '@' => Some("at"),
            '%' => Some("percent"),
            '(' | '[' | '{' | '=' => Some(LABEL),
            _ => None,
        };
        if sign.is_some() || !c.is_alphanumeric() {
            out.extend(sign.map(str::to_owned));
            out.push(String::new());
            continue;
        }
        let before = i.checked_sub(1).and_then(|i| chars.get(i));
        let digits =
            before.is_some_and(|b| b.is_alphanumeric() && b.is_ascii_digit() != c.is_ascii_digit());
        let capital = i > 0 && upper(i) && (lower(i - 1) || (upper(i - 1) && lower(i + 1)));
        if digits || capital {
            out.push(String::new());
        }
        if let Some(word) = out.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    out.retain(|word| !word.is_empty());
    out
}

/// What follows one of these is a condition; the words before it alone decide.
const AT: [&str; 2] = ["at", LABEL];
/// A group, a data set or a goal follows one of these, unless no known word comes before it.
#[rustfmt::skip]
const OF: [&str; 19] = [
    "on", "for", "by", "of", "in", "over", "under", "given", "when", "until", "to", "vs", "versus", "class", "slice",
    "group", "label", "subset", "category",
];

fn says_percent(words: &[String]) -> bool {
    words.iter().any(|word| matches!(word.as_str(), "percent" | "percentage" | "pct" | "perc"))
}

fn part(words: &[String]) -> Told {
    let words = words.strip_prefix(&[LABEL.to_owned()]).unwrap_or(words);
    let told = match cut(words, &AT) {
        // `hits@10` and `pass@1` are rates, `hits` and `pass` are counts.
        Some((head, "at")) if ranked(head) => Told::Is(Range::Fraction, false),
        Some((head, _)) => quantity(head),
        None => match cut(words, &OF).and_then(|(head, _)| of_group(head)).map(quantity) {
            Some(told @ (Told::Is(..) | Told::Other)) => told,
            _ => quantity(words),
        },
    };
    match told {
        Told::Is(range, sure) if says_percent(words) => Told::Is(range.in_percent(), sure),
        // A percentage of something we do not know: `pct_correct`, `Score (%)`.
        Told::Unknown if says_percent(words) => Told::Is(Range::Unscaled, false),
        told => told,
    }
}

/// The words before the first of these, and which one it is.
fn cut<'w>(words: &'w [String], at: &[&'static str]) -> Option<(&'w [String], &'static str)> {
    let found = words
        .iter()
        .enumerate()
        .skip(1)
        .find_map(|(i, word)| Some((i, at.iter().find(|w| **w == word)?)))?;
    words.get(..found.0).map(|head| (head, *found.1))
}

/// The words before a group, without the `per` of `recall_per_class`; in `per_class_accuracy` no
/// words come before it.
fn of_group(head: &[String]) -> Option<&[String]> {
    match head.split_last() {
        Some((last, rest)) if last == "per" => Some(rest).filter(|rest| !rest.is_empty()),
        _ => Some(head),
    }
}

fn ranked(head: &[String]) -> bool {
    // The share of queries whose first match is at this rank, in re-identification.
    let of_rank = matches!(head, [one] if one == "rank" || one == "cmc");
    of_rank
        || head.last().is_some_and(|last| {
            matches!(last.as_str(), "hits" | "hit" | "pass" | "success" | "p" | "r")
        })
}

/// The meaning of the quantity that the words end in.
fn quantity(words: &[String]) -> Told {
    let mut end = words.len();
    let mut timed = false;
    while let Some(last) = end.checked_sub(1).and_then(|i| words.get(i)) {
        let here = words.get(..end).unwrap_or_default();
        match ends_in(here) {
            // A proportion is not measured in seconds.
            Some((range, ..)) if timed && range != Range::NonNegative => return Told::Other,
            Some((range, sure, from)) => return changed(range, sure, here, from),
            None => {}
        }
        timed |= UNITS.contains(&last.as_str());
        if !timed && !is_label(last) && !over_a_step(last, here) {
            break;
        }
        end -= 1;
    }
    if end == 0 {
        return Told::Label;
    }
    // An unknown name after a quantity is the name of a group: `recall_fraud`.
    let behind_until = |at: usize| {
        words.get(at..).is_some_and(|tail| tail.iter().any(|w| STOPS.contains(&w.as_str())))
    };
    for at in (1..end).rev() {
        let here = words.get(..at).unwrap_or_default();
        if let Some((Range::Fraction, true, from)) = ends_in(here) {
            return if behind_until(at) {
                Told::Other
            } else {
                changed(Range::Fraction, true, here, from)
            };
        }
    }
    let known = words.get(..end).unwrap_or_default();
    if known.iter().any(|word| STOPS.contains(&word.as_str())) {
        return Told::Other;
    }
    if is_rate(known) { Told::Is(Range::Unscaled, false) } else { Told::Unknown }
}

/// `completion_rate`, `resolved_rate`: a share under a name that we do not know, not a rate per
/// unit of time.
fn is_rate(words: &[String]) -> bool {
    matches!(words, [before @ .., last] if last == "rate" && !before.is_empty()
        && !before.iter().any(|word| PER_TIME.contains(&word.as_str()) || CHANGES.contains(&word.as_str())))
}

/// `val_acc_epoch`, `train_f1_step`: the quantity over an epoch or at a step, as deep learning
/// tools log it, not the number of the epoch in which it was best.
fn over_a_step(last: &str, here: &[String]) -> bool {
    const WHICH: [&str; 9] = ["best", "first", "last", "final", "max", "min", "n", "num", "number"];
    let behind = here.split_last().is_some_and(|(_, before)| ends_in(before).is_some());
    let which = here.iter().any(|word| WHICH.contains(&word.as_str()));
    matches!(last, "epoch" | "step") && behind && !which
}

/// The quantity after the words before it are applied: the same one, its negative, or another one.
fn changed(range: Range, sure: bool, words: &[String], from: usize) -> Told {
    let before = words.get(..from).unwrap_or_default();
    let word = |i: usize| before.get(i).map_or("", String::as_str);
    let number = |i: usize| words.get(i).is_some_and(|w| w.bytes().all(|b| b.is_ascii_digit()));
    let precision = words.get(from).is_some_and(|head| head.starts_with("prec"));
    let changes = (0..before.len()).any(|i| match word(i) {
        // Rank-1 accuracy is an accuracy, `rank_test_accuracy` is a rank.
        "rank" => !number(i + 1),
        "score" => i > 0 && word(i - 1) == "bert",
        // Numeric precision, not a model's precision.
        "bit" | "bits" | "float" | "fp" | "bf" | "mixed" | "numeric" => precision,
        word => CHANGES.contains(&word),
    });
    match range {
        _ if changes => Told::Other,
        Range::NonNegative if before.iter().any(|word| word == "neg") => {
            Told::Is(Range::NonPositive, sure)
        }
        _ if before.iter().any(|word| word == "neg") => Told::Other,
        range => Told::Is(range, sure),
    }
}

/// The quantity that the last words name together, whether the name is unambiguous, and the index
/// where it begins.
fn ends_in(words: &[String]) -> Option<(Range, bool, usize)> {
    let mut joined = String::new();
    for (i, word) in words.iter().enumerate().rev().take(6) {
        if word == LABEL {
            return None;
        }
        joined.insert_str(0, word);
        if let Some((range, sure)) = named(&joined) {
            let squad = || words.iter().take(i).any(|word| word == "squad");
            // Error rates per word can exceed 1; error rates per second can be any number.
            let counted = joined == "errorrate"
                && words.iter().take(i).any(|w| PER_OTHER.contains(&w.as_str()));
            return match joined.as_str() {
                "errorrate" if counted => Some((Range::Either, false, i)),
                "f1" if squad() => Some((Range::Either, false, i)),
                _ => Some((range, sure, i)),
            };
        }
    }
    // `top5`, `top_1`: an accuracy that torchvision and similar tools write as a percentage.
    let [.., top, number] = words else { return None };
    let top = top == "top" && number.bytes().all(|b| b.is_ascii_digit());
    let before = words.len().checked_sub(2).filter(|_| top)?;
    words.get(..before).and_then(ends_in).or(Some((Range::Either, false, before)))
}
