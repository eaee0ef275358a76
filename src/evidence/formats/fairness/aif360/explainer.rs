//! `MetricJSONExplainer`: one object for each metric, `metric`, `message`, its counts, `description` and `ideal`.

use crate::evidence::{
    collector::Collector,
    json::{Json, Object},
};
use crate::model::{Measurement, Slice};
use crate::stats::proportion::float;
use std::collections::BTreeSet;

fn is_one(json: &Json<'_>) -> bool {
    let text = |key: &str| json.get(key).and_then(Json::as_str).is_some();
    text("metric") && text("message") && (text("ideal") || text("description"))
}

/// Whether the value is one explanation, a list of them, or an object of them.
pub(super) fn is(json: &Json<'_>) -> bool {
    match (json.as_array(), json.as_object()) {
        (Some(list), _) => !list.is_empty() && list.iter().all(is_one),
        (_, Some(object)) => {
            is_one(json) || (!object.is_empty() && object.iter().all(|m| is_one(&m.value)))
        }
        _ => false,
    }
}

/// Reads every explanation.
pub(super) fn read(collector: &mut Collector<'_>, json: &Json<'_>) {
    let all: Vec<&Json<'_>> = match (json.as_array(), json.as_object()) {
        (Some(list), _) => list.iter().collect(),
        (_, Some(object)) if !is_one(json) => object.iter().map(|m| &m.value).collect(),
        _ => vec![json],
    };
    let mut seen = Seen::new();
    for one in all {
        if let Some(one) = collector.object(Some(one)) {
            explanation(collector, one, &mut seen);
        }
    }
}

/// The rates of groups that were added already: several metrics are based on the same counts.
type Seen = BTreeSet<(&'static str, &'static str)>;

fn explanation(collector: &mut Collector<'_>, one: &Object<'_>, seen: &mut Seen) {
    let text = |key: &str| one.get(key).and_then(Json::as_str).unwrap_or("");
    let (title, message) = (text("metric"), text("message"));
    let Some((sentence, value)) = message.rsplit_once(':') else {
        collector.left_out(title);
        return;
    };
    // `consistency` is an array of one number: `[0.8]`.
    let value = value.trim().trim_start_matches('[').trim_end_matches(']').trim();
    let name = title.to_lowercase().replace(' ', "_");
    let ours = super::names::ours(&name);
    let rate = rate(ours, &|field| count(one, field));
    if let Some(m) = collector.measure_text(ours, title, slice(sentence), value) {
        if let Some((successes, trials)) = rate {
            state(m, successes, trials);
        }
        if matches!(ours, "accuracy" | "error_rate") {
            m.n = m.trials;
        }
    }
    for group in ["Unprivileged", "Privileged"] {
        of_group(collector, one, group, seen);
    }
}

fn count(one: &Object<'_>, field: &str) -> Option<u64> {
    one.get(field)?.as_number()?.count()
}

/// Successes and trials from the counts next to a rate; `of` returns a count by its name.
fn rate(ours: &str, of: &dyn Fn(&str) -> Option<u64>) -> Option<(u64, u64)> {
    let share = |part: &str, rest: &str| {
        let part = of(part)?;
        Some((part, part.checked_add(of(rest)?)?))
    };
    match ours {
        "accuracy" | "error_rate" => {
            let all = of("numPositives")?.checked_add(of("numNegatives")?)?;
            let right = of("numTruePositives")?.checked_add(of("numTrueNegatives")?)?;
            Some((if ours == "accuracy" { right } else { all.checked_sub(right)? }, all))
        }
        "true_positive_rate" => Some((of("numTruePositives")?, of("numPositives")?)),
        "false_negative_rate" => Some((of("numFalseNegatives")?, of("numPositives")?)),
        "false_positive_rate" => Some((of("numFalsePositives")?, of("numNegatives")?)),
        "true_negative_rate" => Some((of("numTrueNegatives")?, of("numNegatives")?)),
        "precision" => share("numTruePositives", "numFalsePositives"),
        "false_discovery_rate" => share("numFalsePositives", "numTruePositives"),
        "negative_predictive_value" => share("numTrueNegatives", "numFalseNegatives"),
        "false_omission_rate" => share("numFalseNegatives", "numTrueNegatives"),
        _ => None,
    }
}

/// States counts if the value agrees with them.
fn state(m: &mut Measurement, successes: u64, trials: u64) {
    let agrees =
        |value: f64| trials > 0 && (float(successes) / float(trials) - value).abs() <= 1e-9;
    match m.value {
        None => m.trials = Some(trials),
        Some(value) if agrees(value) => (m.trials, m.successes) = (Some(trials), Some(successes)),
        Some(_) => {}
    }
}

/// The group that a sentence is about: `True positive rate on unprivileged instances`, `Number of privileged …`.
fn slice(sentence: &str) -> Slice {
    for group in ["unprivileged", "privileged"] {
        if sentence.ends_with(&format!(" on {group} instances"))
            || sentence.starts_with(&format!("Number of {group} "))
        {
            return Slice::one("group", group);
        }
    }
    Slice::overall()
}

/// Adds the rates of a group, computed from the counts of a difference or a ratio. The counts of
/// positives in a data set without predictions have the same names, but such a ratio is described
/// with "rates" instead of "likelihoods".
fn of_group(collector: &mut Collector<'_>, one: &Object<'_>, group: &'static str, seen: &mut Seen) {
    let predicted = one
        .get("description")
        .and_then(Json::as_str)
        .is_some_and(|text| text.contains("likelihood"));
    let rates = [
        ("selection_rate", format!("numPositivePredictions{group}"), format!("num{group}")),
        ("true_positive_rate", format!("numTruePositives{group}"), format!("numPositives{group}")),
        (
            "false_positive_rate",
            format!("numFalsePositives{group}"),
            format!("numNegatives{group}"),
        ),
    ];
    for (ours, part, whole) in rates {
        let (Some(successes), Some(trials)) = (count(one, &part), count(one, &whole)) else {
            continue;
        };
        let slice = Slice::one("group", group.to_lowercase());
        let known = trials > 0 && successes <= trials && (ours != "selection_rate" || predicted);
        if !known || !seen.insert((ours, group)) {
            continue;
        }
        if let Some(m) = collector.number(
            ours,
            &format!("{part} / {whole}"),
            slice,
            float(successes) / float(trials),
        ) {
            (m.trials, m.successes) = (Some(trials), Some(successes));
            m.n = (ours == "selection_rate").then_some(trials);
        }
    }
}
