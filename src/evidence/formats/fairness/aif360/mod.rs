//! AIF360's metrics as scripts dump them, and the output of its `MetricJSONExplainer`.
//!
//! A dump contains the metrics by the names of their methods, and those of the privileged and the
//! unprivileged group under `privileged_metrics` and `unprivileged_metrics`. The groups are
//! `sex = Male` and `sex = not Male` if the document names the attribute and the privileged value,
//! else `group = privileged` and `group = unprivileged`. `num_instances` is n; the rates determine
//! the trials (`super::group_counts`). An empty group results in NaN, infinities, and zeros with
//! an n of 0. Quirks:
//!
//! * differences are signed: unprivileged minus privileged. `equal_opportunity_difference` is the
//!   method's other name for `true_positive_rate_difference`, and not fairlearn's distance: it has
//!   that name here;
//! * an explainer's value is at the end of a sentence, `Classification accuracy (ACC): 0.77`, and
//!   its counts are keys of the same object.

mod explainer;
mod names;
#[cfg(test)]
mod tests;

use super::group_counts::state;
use crate::evidence::{
    Adapter, Carries, Declined, Document, EvidenceError, Family,
    collector::Collector,
    json::{Json, Number, Object},
    precision::Precision,
    undefined::reading,
};
use crate::model::{Evidence, Slice};
use names::ours;

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "aif360",
    title: "AIF360 metrics as JSON, or its MetricJSONExplainer",
    family: Family::Fairness,
    written_by: "json.dump({\"metrics\": {\"disparate_impact\": metric.disparate_impact(), …}, \"privileged_metrics\": {…}}, file)",
    reads: "the metrics overall, of the privileged and of the unprivileged group, with `num_instances` as n and the \
            trials that the rates determine; an explainer's value from its sentence, with the counts beside it.",
    carries: &[Carries::Metrics, Carries::Slices, Carries::SampleSize, Carries::Counts],
    recognised_by: "names such as `disparate_impact` and `statistical_parity_difference`; or `metric`, `message` and `ideal`",
    rule: "id = \"four-fifths\"\nmetric = \"demographic_parity_ratio\"\nby = [\"sex\"]\nmin = 0.8",
    detect,
    read,
};

/// Names of metrics that only AIF360 uses.
const OWN: [&str; 14] = [
    "disparate_impact",
    "statistical_parity_difference",
    "average_odds_difference",
    "average_abs_odds_difference",
    "average_predictive_value_difference",
    "error_rate_ratio",
    "error_rate_difference",
    "false_discovery_rate_ratio",
    "false_omission_rate_ratio",
    "between_group_generalized_entropy_index",
    "between_group_theil_index",
    "generalized_entropy_index",
    "theil_index",
    "differential_fairness_bias_amplification",
];

/// Keys that contain the metrics of one part of the rows.
const PARTS: [(&str, Part); 6] = [
    ("metrics", Part::Overall),
    ("overall", Part::Overall),
    ("privileged_metrics", Part::Privileged),
    ("unprivileged_metrics", Part::Unprivileged),
    ("privileged", Part::Privileged),
    ("unprivileged", Part::Unprivileged),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Overall,
    Privileged,
    Unprivileged,
}

fn part(member: &crate::evidence::json::Member<'_>) -> Option<Part> {
    member.value.as_object()?;
    PARTS.iter().find(|(key, _)| *key == member.key).map(|(_, part)| *part)
}

/// Whether these are AIF360's metrics: two of its own names, or the one name that is enough by
/// itself.
fn are_metrics(object: &Object<'_>) -> bool {
    let own = |m: &&crate::evidence::json::Member<'_>| {
        OWN.contains(&&*m.key) && reading(&m.value).is_some()
    };
    object.iter().filter(own).count() >= 2
        || object.get("statistical_parity_difference").is_some_and(|v| reading(v).is_some())
}

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let json = document.json().map_err(|error| Declined::because(format!("not JSON: {error}")))?;
    if explainer::is(json) {
        return Ok(());
    }
    let object = document.object()?;
    let groups = object.has("privileged_metrics") && object.has("unprivileged_metrics");
    let within =
        object.iter().any(|m| part(m).is_some() && m.value.as_object().is_some_and(are_metrics));
    if groups || within || are_metrics(object) {
        return Ok(());
    }
    Err(Declined::because("no metrics by AIF360's names, no `metric` with `message` and `ideal`"))
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let json = document.json().map_err(Clone::clone)?;
    document.require(ADAPTER.id, detect(document))?;
    let mut collector = Collector::new(document, ADAPTER.id).precision(Precision::Full);
    collector.evidence.producer.get_or_insert_default().tool = Some("aif360".to_owned());
    match json.as_object() {
        Some(object) if !explainer::is(json) => dump(&mut collector, object),
        _ => explainer::read(&mut collector, json),
    }
    if collector.evidence.measurements.is_empty() {
        collector.check("metrics", false, Some("there is no number".to_owned()));
    }
    collector.finish()
}

fn dump(collector: &mut Collector<'_>, object: &Object<'_>) {
    let word = |keys: &[&str]| {
        let json =
            keys.iter().find_map(|key| object.get(key).filter(|v| v.as_object().is_none()))?;
        json.as_str()
            .map(str::to_owned)
            .or_else(|| json.as_number().map(|number| number.text().to_owned()))
    };
    let attribute = word(&[
        "protected_attribute",
        "protected_attribute_name",
        "attribute",
        "sensitive_attribute",
    ]);
    let privileged = word(&["privileged", "privileged_group", "privileged_value"]);
    let unprivileged = word(&["unprivileged", "unprivileged_group", "unprivileged_value"]);
    let slice = |part: Part| match (part, &attribute, &privileged) {
        (Part::Overall, ..) => Slice::overall(),
        (Part::Privileged, Some(attribute), Some(value)) => Slice::one(attribute, value),
        (Part::Unprivileged, Some(attribute), Some(value)) => {
            Slice::one(attribute, unprivileged.clone().unwrap_or_else(|| format!("not {value}")))
        }
        (Part::Privileged, ..) => Slice::one("group", "privileged"),
        (Part::Unprivileged, ..) => Slice::one("group", "unprivileged"),
    };
    let (mut parts, mut empty) = (false, false);
    for member in object {
        if let (Some(part), Some(metrics)) = (part(member), member.value.as_object()) {
            parts = true;
            empty |= metrics
                .get("num_instances")
                .and_then(Json::as_number)
                .is_some_and(|n| n.value() == 0.0);
            group(collector, metrics, &slice(part));
        }
    }
    if !parts || are_metrics(object) {
        group(collector, object, &Slice::overall());
    }
    // A comparison of two groups is invalid if one of them is empty, whatever number replaces the
    // missing rate.
    let compares =
        |name: &str| ["difference", "impact", "ratio"].iter().any(|word| name.contains(word));
    let values = collector.evidence.measurements.iter_mut();
    for m in values.filter(|m| empty && m.slice.is_overall() && compares(&m.source_name)) {
        m.unfit =
            Some("one of the groups has no instance, and there is nothing to compare".to_owned());
    }
}

/// Adds the metrics of one part of the rows.
fn group(collector: &mut Collector<'_>, metrics: &Object<'_>, slice: &Slice) {
    let from = collector.evidence.measurements.len();
    for member in metrics {
        measure(collector, &member.key, &member.value, slice);
    }
    let Some(n) = metrics.get("num_instances").and_then(Json::as_number).and_then(Number::count)
    else {
        return;
    };
    state(collector.evidence.measurements.get_mut(from..).unwrap_or_default(), n);
}

fn measure(collector: &mut Collector<'_>, name: &str, json: &Json<'_>, slice: &Slice) {
    if let Some(inner) = json.as_object() {
        if PARTS.iter().any(|(key, _)| *key == name) {
            return;
        }
        for cell in inner {
            let theirs = format!("{name}.{}", cell.key);
            if reading(&cell.value).is_some() {
                collector.measure(ours(&cell.key), &theirs, slice.clone(), &cell.value);
            } else {
                collector.left_out(&theirs);
            }
        }
        return;
    }
    // `consistency()` returns an array of one number.
    let json = match json.as_array() {
        Some([one]) => one,
        _ => json,
    };
    if reading(json).is_some()
        && (json.as_str().is_none() || crate::evidence::collector::finite(json).is_none())
    {
        collector.measure(ours(name), name, slice.clone(), json);
    } else if json.as_array().is_some() || OWN.contains(&name) || ours(name) != name {
        collector.left_out(name);
    }
}
