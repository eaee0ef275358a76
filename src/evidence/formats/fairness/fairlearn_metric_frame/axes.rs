//! The axes of a frame's groups: control features first, then sensitive features, as in fairlearn's
//! index.

use crate::evidence::json::{Json, Object};
use crate::model::Slice;
use std::collections::{HashMap, HashSet};

/// Keys under which a script may name the sensitive features.
const SENSITIVE: [&str; 4] =
    ["sensitive_features", "sensitive_feature", "sensitive_feature_names", "sensitive"];

/// Keys under which a script may name the control features.
const CONTROL: [&str; 4] =
    ["control_features", "control_feature", "control_feature_names", "control"];

/// Whether a key of a document may name features.
pub(super) fn is_hint(key: &str) -> bool {
    SENSITIVE.contains(&key) || CONTROL.contains(&key)
}

/// The names of the features, and the levels of the control features.
#[derive(Debug, Default)]
pub(super) struct Axes<'d> {
    sensitive: Vec<&'d str>,
    control: Vec<&'d str>,
    levels: HashMap<&'d str, Vec<String>>,
    controls: usize,
}

impl<'d> Axes<'d> {
    /// The axes of the parts of a frame. `overall` has one entry per level if there are control
    /// features.
    pub(super) fn of(frame: &'d Object<'_>, feature: Option<&'d str>) -> Self {
        let overall = frame.get("overall").and_then(Json::as_object);
        let nested =
            overall.filter(|o| !o.is_empty() && o.iter().all(|m| m.value.as_object().is_some()));
        let keys: Vec<&str> = nested.into_iter().flatten().map(|m| &*m.key).collect();
        let control = named(frame, &CONTROL);
        let parts = split(&keys, control.len());
        let controls = parts.first().map_or(control.len(), Vec::len);
        let levels = keys.into_iter().zip(parts).collect();
        let sensitive = feature.map_or_else(|| named(frame, &SENSITIVE), |feature| vec![feature]);
        Self { sensitive, control, levels, controls }
    }

    /// Whether there are control features.
    pub(super) fn is_controlled(&self) -> bool {
        !self.levels.is_empty()
    }

    /// The slice of a level of the control features.
    pub(super) fn level(&self, key: &str) -> Slice {
        let parts = self.levels.get(key).cloned().unwrap_or_else(|| vec![key.to_owned()]);
        Slice(parts.into_iter().enumerate().map(|(i, part)| (self.control_name(i), part)).collect())
    }

    /// The slices of groups with these labels, in their order.
    pub(super) fn slices(&self, labels: &[Vec<&str>]) -> Vec<Slice> {
        let whole: Option<Vec<&str>> = labels
            .iter()
            .map(|label| if let [one] = label.as_slice() { Some(*one) } else { None })
            .collect();
        let Some(whole) = whole else {
            let owned =
                labels.iter().map(|label| label.iter().map(|part| (*part).to_owned()).collect());
            return owned.map(|parts| self.slice(parts)).collect();
        };
        let cut: Option<Vec<(Vec<String>, &str)>> =
            whole.iter().map(|key| self.behind_level(key)).collect();
        if let Some(cut) = cut.filter(|_| self.is_controlled()) {
            let rests =
                split(&cut.iter().map(|(_, rest)| *rest).collect::<Vec<_>>(), self.sensitive.len());
            let joined =
                cut.into_iter().zip(rests).map(|((level, _), rest)| [level, rest].concat());
            return joined.map(|parts| self.slice(parts)).collect();
        }
        let parts = self.sensitive.len() + self.control.len();
        split(&whole, parts).into_iter().map(|parts| self.slice(parts)).collect()
    }

    /// The level that a joined key starts with, and the rest of the key.
    fn behind_level<'k>(&self, key: &'k str) -> Option<(Vec<String>, &'k str)> {
        let bars =
            key.match_indices('|').filter_map(|(at, _)| Some((key.get(..at)?, key.get(at + 1..)?)));
        bars.filter_map(|(level, rest)| Some((self.levels.get(level)?.clone(), rest))).next_back()
    }

    fn slice(&self, parts: Vec<String>) -> Slice {
        let name = |i: usize| match i.checked_sub(self.controls) {
            None => self.control_name(i),
            Some(i) => self
                .sensitive
                .get(i)
                .map_or_else(|| format!("sensitive_feature_{i}"), |name| (*name).to_owned()),
        };
        Slice(parts.into_iter().enumerate().map(|(i, part)| (name(i), part)).collect())
    }

    fn control_name(&self, i: usize) -> String {
        self.control
            .get(i)
            .map_or_else(|| format!("control_feature_{i}"), |name| (*name).to_owned())
    }
}

/// The names under the first of these keys that exists: text, or a list of texts.
fn named<'d>(frame: &'d Object<'_>, keys: &[&str]) -> Vec<&'d str> {
    let Some(json) = keys.iter().find_map(|key| frame.get(key)) else { return Vec::new() };
    match json.as_array() {
        Some(list) => list.iter().filter_map(Json::as_str).collect(),
        None => json.as_str().into_iter().collect(),
    }
}

/// The parts of joined keys. Keys are split only if all of them have the same number of parts, and
/// the number is `wanted` if that is known: the name of a group may itself contain a bar.
fn split(keys: &[&str], wanted: usize) -> Vec<Vec<String>> {
    let whole = || keys.iter().map(|key| vec![(*key).to_owned()]).collect();
    if wanted == 1 {
        return whole();
    }
    let tuples: Option<Vec<Vec<String>>> = keys.iter().map(|key| tuple(key)).collect();
    let bars = || keys.iter().map(|key| key.split('|').map(str::to_owned).collect()).collect();
    let parts: Vec<Vec<String>> = tuples.unwrap_or_else(bars);
    let count = parts.iter().map(Vec::len).min().unwrap_or(0);
    if count < 2 || (wanted != 0 && wanted != count) {
        return whole();
    }
    rejoined(&parts, count).unwrap_or_else(whole)
}

/// Repairs keys that have more than `count` parts because a name contains a bar. Such a key is cut
/// so that all its parts but one are known from keys without that ambiguity. `None` if there is not
/// exactly one way to do so.
fn rejoined(parts: &[Vec<String>], count: usize) -> Option<Vec<Vec<String>>> {
    const MOST: usize = 8;
    let plain = || parts.iter().filter(|part| part.len() == count);
    let known: Vec<HashSet<&str>> = (0..count)
        .map(|i| plain().filter_map(|part| part.get(i).map(String::as_str)).collect())
        .collect();
    let cut = |part: &Vec<String>| {
        if part.len() == count {
            return Some(part.clone());
        }
        let score = |way: &Vec<String>| {
            way.iter().zip(&known).filter(|(name, known)| known.contains(name.as_str())).count()
        };
        let ways = if part.len() <= MOST { joins(part, count) } else { Vec::new() };
        let best = ways.iter().map(score).max().filter(|best| best + 1 >= count)?;
        let mut best = ways.into_iter().filter(|way| score(way) == best);
        best.next().filter(|_| best.next().is_none())
    };
    parts.iter().map(cut).collect()
}

/// Every way to join neighbours until `count` parts are left.
fn joins(part: &[String], count: usize) -> Vec<Vec<String>> {
    if count <= 1 {
        return vec![vec![part.join("|")]];
    }
    let cuts =
        (1..=part.len().saturating_sub(count - 1)).filter_map(|at| part.split_at_checked(at));
    cuts.flat_map(|(first, rest)| {
        let first = first.join("|");
        joins(rest, count - 1).into_iter().map(move |rest| [vec![first.clone()], rest].concat())
    })
    .collect()
}

/// The parts of a tuple as Python prints it, `('Black', 'Female')` or `("O'Brien", 3)`.
fn tuple(key: &str) -> Option<Vec<String>> {
    let mut rest = key.strip_prefix('(')?.strip_suffix(')')?.trim_start();
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let (part, behind) = if let Some(quoted) = rest.strip_prefix(['\'', '"']) {
            quote(quoted, rest.chars().next()?)?
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            (rest.get(..end)?.trim_end().to_owned(), rest.get(end..)?)
        };
        parts.push(part);
        rest = match behind.trim_start() {
            "" => "",
            behind => behind.strip_prefix(',')?.trim_start(),
        };
    }
    Some(parts)
}

/// The text up to the closing quote, and the rest.
fn quote(text: &str, mark: char) -> Option<(String, &str)> {
    let mut part = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => part.push(match chars.next()?.1 {
                't' => '\t',
                'n' => '\n',
                'r' => '\r',
                other => other,
            }),
            c if c == mark => return Some((part, text.get(at + c.len_utf8()..)?)),
            c => part.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_split_only_where_all_have_as_many_parts() {
        assert_eq!(split(&["a|b", "c|d"], 0), [["a", "b"], ["c", "d"]]);
        assert_eq!(split(&["a|b", "c"], 0), [["a|b"], ["c"]]);
        assert_eq!(split(&["a|b", "c|d"], 1), [["a|b"], ["c|d"]]);
        assert_eq!(split(&["a|F", "a|M", "x|y|F"], 0), [["a", "F"], ["a", "M"], ["x|y", "F"]]);
        assert_eq!(split(&["a|F", "x|y|z"], 0), [["a|F"], ["x|y|z"]]);
        assert_eq!(split(&["a|F", "a|x|F"], 0), [["a|F"], ["a|x|F"]], "two ways");
        assert_eq!(split(&["a|b|F", "x|y|b|F"], 0), [["a", "b", "F"], ["x|y", "b", "F"]]);
        assert_eq!(
            split(&[r"('B', 'F')", r#"("O'Brien \"x\"", 3)"#], 0),
            [["B", "F"], [r#"O'Brien "x""#, "3"]]
        );
        assert_eq!(tuple("(unknown"), None);
        assert_eq!(tuple("('open, 'b')"), None);
    }
}
