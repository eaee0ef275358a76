//! Phrases disparities between groups.

use crate::{
    model::{Finding, Op, Slice, Status, number::grouped},
    policy::phrase::{Digits, Wording, remedy, subject, sure},
};

/// The reasons that only disparities have.
#[derive(Debug, Clone)]
pub(super) enum Why {
    /// The two groups with the largest disparity decided.
    Pair(Pair),
    /// There is only one group, so it cannot be compared.
    SingleGroup(String),
    TooManyGroups {
        by: String,
        most: usize,
    },
    /// No document has this declared group.
    GroupMissing {
        metric: String,
        group: Slice,
    },
    /// The rate of a group cannot be compared.
    GroupUnusable {
        metric: String,
        group: Slice,
        why: String,
    },
    /// A group is smaller than the rule requires.
    SmallGroup {
        group: Slice,
        trials: u64,
        least: u64,
    },
}

impl Wording for Why {
    fn sentence(&self, finding: &Finding, first: bool) -> String {
        match self {
            Self::Pair(pair) => sentence(finding, pair, first),
            Self::SingleGroup(by) => {
                format!("there is only one group of {by}, with nobody to be compared with")
            }
            Self::TooManyGroups { by, most } => format!(
                "there are more than {most} groups of {by}; compare bands instead of single values"
            ),
            Self::GroupMissing { metric, group } => format!("no document has {metric} for {group}"),
            Self::GroupUnusable { metric, group, why } => {
                format!("{metric} for {group} cannot be compared: {why}")
            }
            Self::SmallGroup { group, trials, least } => format!(
                "{} by {}: {group} has {} samples, fewer than the {} that the rule asks for",
                subject(finding),
                finding.by.as_deref().unwrap_or_default(),
                grouped(*trials),
                grouped(*least)
            ),
        }
    }
}

/// A group with its rate and its trials.
pub(super) type Side = (Slice, Option<f64>, Option<u64>);

/// The two groups with the largest disparity.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    /// The compared rate.
    pub(super) metric: String,
    /// The disadvantaged group.
    pub(super) low: Side,
    /// The other group; `None` if a single group is the worst.
    pub(super) high: Option<Side>,
    /// The number of people whose group is unknown.
    pub(super) left_out: u64,
}

fn sentence(finding: &Finding, pair: &Pair, first: bool) -> String {
    let Some(required) = finding.required else { return String::new() };
    let metric = finding.metric.as_deref().unwrap_or_default();
    let by = finding.by.as_deref().unwrap_or_default();
    let (toward, away) = match required.op {
        Op::AtLeast => (finding.lower, finding.upper),
        Op::AtMost => (finding.upper, finding.lower),
    };
    let end = if finding.status == Status::Fail { away } else { toward };
    let digits = Digits::telling_apart(finding, end, first);
    let text = |x: Option<f64>| x.map_or_else(|| "without a bound".to_owned(), |x| digits.of(x));
    let head =
        format!("{metric} by {by} is {}: {}", text(finding.observed), sides(finding, pair, first));
    let limit = digits.stated(required.value);
    let Some(confidence) = finding.confidence.map(|c| sure(finding, c)) else {
        return exact(finding, &head, &limit, pair.left_out);
    };
    let end = text(end);
    match (finding.status, required.op) {
        (Status::Pass, Op::AtLeast) => {
            format!(
                "{head}; at {confidence} it is at least {end} for every pair, and {limit} is required"
            )
        }
        (Status::Pass, Op::AtMost) => {
            format!(
                "{head}; at {confidence} it is at most {end} for every pair, and at most {limit} is allowed"
            )
        }
        (Status::Fail, Op::AtLeast) => {
            format!("{head}; at {confidence} it is at most {end}, below {limit}")
        }
        (Status::Fail, Op::AtMost) => {
            format!("{head}; at {confidence} it is at least {end}, above {limit}")
        }
        (_, Op::AtLeast) => {
            format!(
                "{head}; at {confidence} it may be as low as {end}, below {limit}{}",
                remedy(finding)
            )
        }
        (_, Op::AtMost) => {
            format!(
                "{head}; at {confidence} it may be as high as {end}, above {limit}{}",
                remedy(finding)
            )
        }
    }
}

fn exact(finding: &Finding, head: &str, limit: &str, left_out: u64) -> String {
    let counted = match left_out {
        0 => String::new(),
        n => format!("; {} whose group is not known are left out", grouped(n)),
    };
    let relation = if finding.status == Status::Pass { "and at least" } else { "below the" };
    let end = if finding.status == Status::Pass { " is required" } else { " that is required" };
    format!("{head}, {relation} {limit}{end}{counted} (a ratio of whole numbers, without a bound)")
}

fn sides(finding: &Finding, pair: &Pair, first: bool) -> String {
    let rates: Vec<f64> =
        [pair.low.1, pair.high.as_ref().and_then(|h| h.1)].into_iter().flatten().collect();
    let digits = Digits::of_values(finding, &rates);
    let text = |v: f64| if first { format!("{v:.3}") } else { digits.of(v) };
    let rate = |(slice, value, trials): &Side| {
        let value = value.map_or_else(|| "undefined".to_owned(), text);
        let trials = trials.map_or_else(String::new, |n| format!(" (of {})", grouped(n)));
        format!("{value}{trials} for {slice}")
    };
    match &pair.high {
        Some(high) => format!("{} is {} and {}", pair.metric, rate(&pair.low), rate(high)),
        None => format!("{} is lowest for {}", pair.metric, rate(&pair.low)),
    }
}
