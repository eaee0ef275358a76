//! Phrases findings as sentences that people understand. The results are decided elsewhere; this
//! code only words them.

mod digits;

pub(super) use digits::Digits;

use crate::model::{
    Digest, Finding, Op, Slice, Status,
    number::{grouped, push_grouped, push_shortest, round12},
};
use std::{fmt, sync::Arc};

/// The reason for a finding's status, in addition to its numbers.
#[derive(Debug, Clone)]
pub(super) enum Reason {
    /// The bounds decided.
    Bound,
    /// The bare number decided.
    PointEstimate,
    /// There are fewer samples than the rule requires.
    TooFew {
        least: u64,
        clears: bool,
    },
    /// A quantile of too few samples; the number is the least that has a bound.
    QuantileNeeds(u64),
    /// There are no predictions to recompute from.
    NoPredictions,
    /// The result of recomputing.
    Recomputed {
        rows: u64,
        compared: u64,
        differing: Vec<Claim>,
    },
    NoValue,
    NoSamples,
    NoTrials,
    NoCount,
    NoBound,
    /// Modelgate computed no bound, for this reason.
    Unbounded(String),
    /// There are fewer events than the rule, or the method (then named), needs.
    FewEvents {
        events: Option<u64>,
        least: u64,
        method: Option<String>,
    },
    /// The claimed interval has only this one-sided confidence, which is too low.
    WeakInterval(f64),
    /// A contradiction, as text.
    Wrong(String),
    /// Several places state different values.
    Conflict(Vec<Place>),
    /// No evidence answers the rule; the value is the nearest alternative.
    NoMeasurement(Near),
    /// The attribute has no groups.
    NoGroups(String),
    /// The groups do not cover all rows.
    HiddenRows {
        key: String,
        covered: u64,
        overall: u64,
    },
    /// A group does not state its number of rows.
    UncountedRows(String),
    /// The condition does not hold.
    Condition(String),
    /// The condition cannot be evaluated, and the reason.
    BadCondition(String, String),
    AllSkipped,
    /// A sentence.
    Said(String),
    /// Several sentences, of which the first ones are shown.
    Several(Vec<String>),
    /// A reason that only one kind of rule has; the kind words it.
    Own(Arc<dyn Wording>),
}

impl Reason {
    /// A reason that only one kind of rule has.
    pub(super) fn own(wording: impl Wording + 'static) -> Self {
        Self::Own(Arc::new(wording))
    }
}

/// A reason of one kind of rule.
pub(super) trait Wording: fmt::Debug + Send + Sync {
    /// The sentence for the finding; `first` selects the wording of the first semantics.
    fn sentence(&self, finding: &Finding, first: bool) -> String;
}

/// A claim that differs from the computed number.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Claim {
    pub(super) what: String,
    pub(super) claimed: String,
    pub(super) computed: String,
}

/// The place of one of several differing values.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    pub(super) digest: Option<Digest>,
    pub(super) source_name: String,
    pub(super) value: Option<f64>,
    pub(super) trials: Option<u64>,
}

/// The nearest alternative to what was searched.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Near {
    Nothing,
    /// A metric with a similar name.
    Name(String),
    /// The same metric for other slices.
    Slices(Vec<Slice>),
    /// The same metric and slice, but with the differences listed here.
    Other(Vec<String>),
}

/// The sentence for a decision with more findings (rules × groups) than the maximum.
pub(super) fn too_many_findings(most: usize) -> String {
    format!(
        "its rules and the groups of the evidence make more than {} findings, which is more than one decision judges; \
         compare bands instead of single values, or ask for fewer groups",
        grouped(u64::try_from(most).unwrap_or(u64::MAX))
    )
}

/// The sentence for a case in which no policy enforces; `observing` are the policies that only
/// observe.
pub(super) fn no_policy(observing: &[String]) -> String {
    match observing {
        [] => "no policy applies to this model and environment, and without one nothing is released; publish a policy \
               whose `applies_to` names them"
            .to_owned(),
        names => format!(
            "only observing policies apply ({}), so that nothing is enforced here; set `mode = \"enforce\"` in one of \
             them, or let releases to this environment through by name with `observe_only = \"allow\"`",
            several(names)
        ),
    }
}

/// The first digits of a digest, as people compare them.
pub(super) fn short(digest: &Digest) -> String {
    digest.to_string().chars().take(7 + 12).collect()
}

/// The sentence for a finding; `first` selects the wording of the first semantics.
pub(super) fn sentence(finding: &Finding, reason: &Reason, first: bool) -> String {
    match reason {
        Reason::Bound => bound(finding, first),
        Reason::PointEstimate => point(finding, first),
        Reason::TooFew { least, clears } => too_few(finding, *least, *clears, first),
        Reason::QuantileNeeds(least) => quantile_needs(finding, *least, first),
        Reason::NoPredictions => {
            "this policy recomputes its numbers from raw predictions, and there are none; hand them \
             in with `--predictions`"
                .to_owned()
        }
        Reason::Recomputed { rows, compared, differing } => recomputed(*rows, *compared, differing),
        Reason::NoValue => format!("{} has no value: the tool wrote no number", subject(finding)),
        Reason::NoSamples => format!("{} stands on no samples at all", observed(finding, first)),
        Reason::NoTrials => format!(
            "{}, but of how many trials is not known, so that it has no bound; state `trials` and `successes`{}",
            observed(finding, first),
            interval_hint(finding)
        ),
        Reason::NoCount => format!(
            "{}, but no whole number of successes in {} trials gives this value; state `successes`",
            observed(finding, first),
            finding.trials.map_or_else(String::new, grouped)
        ),
        Reason::NoBound => format!(
            "{}, a single number without a bound; raw predictions, a histogram{}",
            observed(finding, first),
            interval_hint(finding)
        ),
        Reason::Unbounded(why) => format!("{}, without a bound: {why}", observed(finding, first)),
        Reason::FewEvents { events, least, method } => {
            few_events(finding, *events, *least, method.as_deref())
        }
        Reason::WeakInterval(confidence) => format!(
            "{}, and its interval holds each end at {} confidence only, less than this policy asks",
            observed(finding, first),
            percent(*confidence)
        ),
        Reason::Wrong(why) => format!("{} cannot be judged: {why}", subject(finding)),
        Reason::Conflict(places) => conflict(finding, places),
        Reason::NoMeasurement(near) => missing(finding, near),
        Reason::NoGroups(key) => format!("no document has {} for any group of {key}", subject(finding)),
        Reason::HiddenRows { key, covered, overall } => hidden(finding, key, *covered, *overall),
        Reason::UncountedRows(key) => format!(
            "not every group of {key} says how many rows it has, so that rows may be left out; state `n` for each group"
        ),
        Reason::Condition(text) => format!("not asked: `{text}` does not hold"),
        Reason::BadCondition(text, why) => format!("its condition `{text}` cannot be read: {why}"),
        Reason::AllSkipped => "every rule was skipped, so that nothing speaks for this release".to_owned(),
        Reason::Said(text) => text.clone(),
        Reason::Several(list) => several(list),
        Reason::Own(wording) => wording.sentence(finding, first),
    }
}

fn recomputed(rows: u64, compared: u64, differing: &[Claim]) -> String {
    let rows = grouped(rows);
    match (compared, differing) {
        (0, _) => {
            format!("computed from {rows} raw predictions; no document claims any of these numbers")
        }
        (1, []) => {
            format!("the one claimed number agrees with what comes out of {rows} raw predictions")
        }
        (n, []) => format!(
            "all {} claimed numbers agree with what comes out of {rows} raw predictions",
            grouped(n)
        ),
        (_, list) => {
            let one = |c: &Claim| {
                format!("{} is claimed as {}, and is {}", c.what, c.claimed, c.computed)
            };
            let told: Vec<String> = list.iter().map(one).collect();
            format!(
                "what is claimed does not come out of {rows} raw predictions: {}",
                several(&told)
            )
        }
    }
}

/// The subject for any metric: `recall for sex = female`.
pub(super) fn subject_of(metric: &str, quantile: Option<f64>, slice: &Slice) -> String {
    let mut text = String::new();
    push_subject_of(&mut text, metric, quantile, slice);
    text
}

fn push_subject_of(out: &mut String, metric: &str, quantile: Option<f64>, slice: &Slice) {
    out.push_str(metric);
    if let Some(quantile) = quantile {
        out.push_str(" p");
        push_shortest(out, round12(quantile * 100.0));
    }
    if !slice.is_overall() {
        out.push_str(" for ");
        slice.push(out);
    }
}

fn quantile_needs(finding: &Finding, least: u64, first: bool) -> String {
    let confidence =
        finding.confidence.map_or_else(String::new, |c| format!(" at {} confidence", percent(c)));
    let head = observed(finding, first);
    let least = grouped(least);
    format!("{head}, too few for a bound of this quantile{confidence}: at least {least} are needed")
}

pub(super) fn several(list: &[String]) -> String {
    let shown = list.get(..3).unwrap_or(list).join("; ");
    match list.len().saturating_sub(3) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}

/// The subject of a finding: `recall for sex = female`, `latency p99`.
pub(super) fn subject(finding: &Finding) -> String {
    let mut text = String::new();
    push_subject(&mut text, finding);
    text
}

fn push_subject(out: &mut String, finding: &Finding) {
    let metric = finding.metric.as_deref().unwrap_or("it");
    push_subject_of(out, metric, finding.quantile, &finding.slice);
}

/// The observed value: `recall for sex = female is 0.880 on 3,100 samples`.
fn observed(finding: &Finding, first: bool) -> String {
    let mut out = String::with_capacity(USUAL);
    push_subject(&mut out, finding);
    if let Some(value) = finding.observed {
        out.push_str(" is ");
        Digits::telling_apart(finding, None, first).push(&mut out, value);
        push_samples(&mut out, finding);
    }
    out
}

/// The size of most sentences, in bytes.
const USUAL: usize = 160;

fn push_samples(out: &mut String, finding: &Finding) {
    match finding.trials.or(finding.n) {
        Some(1) => out.push_str(" on 1 sample"),
        Some(n) => {
            out.push_str(" on ");
            push_grouped(out, n);
            out.push_str(" samples");
        }
        None => {}
    }
}

fn interval_hint(finding: &Finding) -> &'static str {
    match finding.unit {
        _ if finding.confidence.is_some() => "",
        _ => ", or an interval that the policy lets in would settle it",
    }
}

fn bound(finding: &Finding, first: bool) -> String {
    let Some(required) = finding.required else { return observed(finding, first) };
    let toward = match required.op {
        Op::AtLeast => finding.lower,
        Op::AtMost => finding.upper,
    };
    let away = match required.op {
        Op::AtLeast => finding.upper,
        Op::AtMost => finding.lower,
    };
    let deciding = if finding.status == Status::Fail { away } else { toward };
    let digits = Digits::telling_apart(finding, deciding, first);
    let mut out = String::with_capacity(USUAL);
    push_subject(&mut out, finding);
    out.push_str(" is ");
    if let Some(value) = finding.observed {
        digits.push(&mut out, value);
    }
    push_samples(&mut out, finding);
    let Some(end) = deciding else {
        let side = if required.op == Op::AtLeast { "lower" } else { "upper" };
        out.push_str(", and its interval has no ");
        out.push_str(side);
        out.push_str(" end");
        return out;
    };
    out.push_str("; at ");
    if let Some(confidence) = finding.confidence {
        push_percent(&mut out, confidence);
    }
    out.push_str(" confidence");
    let approximate =
        finding.approximate || matches!(finding.method.as_deref(), Some("wilson" | "jeffreys"));
    if let Some(method) = finding.method.as_deref().filter(|_| approximate) {
        out.push_str(" (approximate, by ");
        out.push_str(method);
        out.push(')');
    }
    let (before, between, after) = match (finding.status, required.op) {
        (Status::Pass, Op::AtLeast) => (" it is at least ", ", and ", " is required"),
        (Status::Pass, Op::AtMost) => (" it is at most ", ", and at most ", " is allowed"),
        (Status::Fail, Op::AtLeast) => (" it is at most ", ", below ", ""),
        (Status::Fail, Op::AtMost) => (" it is at least ", ", above ", ""),
        (_, Op::AtLeast) => (" it may be as low as ", ", below ", ""),
        (_, Op::AtMost) => (" it may be as high as ", ", above ", ""),
    };
    out.push_str(before);
    digits.push(&mut out, end);
    out.push_str(between);
    digits.push_stated(&mut out, required.value);
    out.push_str(after);
    if !matches!(finding.status, Status::Pass | Status::Fail) {
        out.push_str(&remedy(finding));
    }
    out
}

/// What would change the result.
pub(super) fn remedy(finding: &Finding) -> String {
    let (Some(more), Some(trials)) = (finding.samples_needed, finding.trials.or(finding.n)) else {
        // If every attempt spends alpha, the sentence does not say how far off this attempt was.
        let settled = finding.observed.zip(finding.required).is_some_and(|(value, r)| match r.op {
            Op::AtLeast => value > r.value,
            Op::AtMost => value < r.value,
        });
        return if settled {
            String::new()
        } else {
            "; more samples at this rate would not settle it".to_owned()
        };
    };
    let total = grouped(trials.saturating_add(more));
    let allowed = match finding.allowed_failures {
        Some(failures) => {
            format!(" if at most {} of all {total} {}", grouped(failures), against(finding))
        }
        None => String::new(),
    };
    format!("; {} more samples would settle it{allowed}", grouped(more))
}

/// The word for a trial that speaks against the rule.
fn against(finding: &Finding) -> &'static str {
    match finding.required.map(|r| r.op) {
        Some(Op::AtMost) => "are counted",
        _ => "fail",
    }
}

fn point(finding: &Finding, first: bool) -> String {
    let Some(required) = finding.required else { return observed(finding, first) };
    let digits = Digits::telling_apart(finding, finding.observed, first);
    let limit = digits.stated(required.value);
    let relation = match (finding.status, required.op) {
        (Status::Pass, Op::AtLeast) => format!("and {limit} is required"),
        (Status::Pass, Op::AtMost) => format!("and at most {limit} is allowed"),
        (_, Op::AtLeast) => format!("below {limit}"),
        (_, Op::AtMost) => format!("above {limit}"),
    };
    let mut out = String::with_capacity(USUAL);
    push_subject(&mut out, finding);
    out.push_str(" is ");
    if let Some(value) = finding.observed {
        digits.push(&mut out, value);
    }
    push_samples(&mut out, finding);
    out.push_str(", ");
    out.push_str(&relation);
    out.push_str(" (a bare number, judged without a bound)");
    out
}

fn too_few(finding: &Finding, least: u64, clears: bool, first: bool) -> String {
    let asked = grouped(least);
    let head = match finding.trials.or(finding.n) {
        Some(_) => {
            format!("{}, fewer than the {asked} that the rule asks for", observed(finding, first))
        }
        None => {
            format!(
                "{}, but on how many samples is not stated; the rule asks for {asked}",
                observed(finding, first)
            )
        }
    };
    if clears { format!("{head}, though its bound clears the limit") } else { head }
}

fn few_events(finding: &Finding, events: Option<u64>, least: u64, method: Option<&str>) -> String {
    let head = observed(finding, false);
    let least = grouped(least);
    let asking = match method {
        Some(method) => format!("the {least} that bounds by {method} need"),
        None => format!("the {least} that the rule asks for"),
    };
    match events {
        Some(events) => {
            format!("{head}, which rests on {} events, fewer than {asking}", grouped(events))
        }
        None => format!("{head}, but on how many events is not known; the rule asks for {least}"),
    }
}

fn conflict(finding: &Finding, places: &[Place]) -> String {
    let place = |p: &Place| {
        let value = p.value.map_or_else(|| "no number".to_owned(), |v| v.to_string());
        let trials = p.trials.map_or_else(String::new, |t| format!(" on {}", grouped(t)));
        let digest = p.digest.as_ref().map_or_else(String::new, short);
        format!("{value}{trials} in {digest} ({})", p.source_name)
    };
    let list: Vec<String> = places.iter().map(place).collect();
    let help = "select one by slice, dataset, source or quantile";
    format!("{} is stated with different values: {}; {help}", subject(finding), several(&list))
}

fn missing(finding: &Finding, near: &Near) -> String {
    let head = format!("no document has {}", subject(finding));
    match near {
        Near::Nothing => head,
        Near::Name(name) => format!("{head}; there is `{name}`"),
        Near::Slices(list) => {
            let list: Vec<String> = list.iter().map(ToString::to_string).collect();
            format!("{head}; there is one for {}", list.join("; for "))
        }
        Near::Other(list) => {
            format!("{head} as this rule selects it; there is one with {}", list.join(", with "))
        }
    }
}

fn hidden(finding: &Finding, key: &str, covered: u64, overall: u64) -> String {
    let (covered_text, all) = (grouped(covered), grouped(overall));
    let metric = finding.metric.as_deref().unwrap_or_default();
    if covered < overall {
        let left = grouped(overall - covered);
        format!(
            "the groups of {key} cover {covered_text} of the {all} rows of {metric}: {left} are in no group"
        )
    } else {
        format!(
            "the groups of {key} hold {covered_text} rows, more than the {all} rows of {metric}"
        )
    }
}

/// A confidence in a sentence, with the method of the bound if it is approximate.
pub(super) fn sure(finding: &Finding, confidence: f64) -> String {
    let how = finding.method.as_deref().filter(|_| finding.approximate);
    let how = how.map_or_else(String::new, |method| format!(" (approximate, by {method})"));
    format!("{} confidence{how}", percent(confidence))
}

pub(super) fn percent(confidence: f64) -> String {
    let mut out = String::new();
    push_percent(&mut out, confidence);
    out
}

fn push_percent(out: &mut String, confidence: f64) {
    push_shortest(out, round12(confidence * 100.0));
    out.push('%');
}
