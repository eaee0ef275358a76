//! Phrases comparisons with a champion or a reference.

use super::{FirstRelease, Margin};
use crate::{
    model::{
        Finding, Op, Status,
        number::{grouped, round12},
    },
    policy::phrase::{Digits, Wording, percent, remedy, subject, sure},
};

/// The reasons that only comparisons have.
#[derive(Debug)]
pub(super) enum Why {
    /// The bound of the difference decided.
    Compared(Compared),
    /// There is no baseline; the value is what the rule does then.
    FirstRelease(FirstRelease),
    /// The baseline has no measurement of this kind.
    NoBaseline,
    /// One side cannot be evaluated.
    Unweighed { baseline: bool, why: String },
}

impl Wording for Why {
    fn sentence(&self, finding: &Finding, first: bool) -> String {
        match self {
            Self::Compared(compared) => sentence(finding, compared, first),
            Self::FirstRelease(then) => first_release(finding, *then),
            Self::NoBaseline => no_baseline(finding),
            Self::Unweighed { baseline, why } => unweighed(finding, *baseline, why),
        }
    }
}

/// The facts about a comparison.
#[derive(Debug)]
pub(super) struct Compared {
    /// The margin: what may be lost or must be gained.
    pub(super) margin: Margin,
    /// Whether both artifacts predicted the same rows.
    pub(super) paired: bool,
}

fn whose(finding: &Finding) -> String {
    finding.against.map_or_else(|| "baseline".to_owned(), |a| a.to_string())
}

fn sentence(finding: &Finding, compared: &Compared, first: bool) -> String {
    let values: Vec<f64> = [finding.value, finding.baseline].into_iter().flatten().collect();
    let digits = if first {
        Digits::telling_apart(finding, finding.value, first)
    } else {
        Digits::of_values(finding, &values)
    };
    let text = |x: Option<f64>| x.map_or_else(|| "undefined".to_owned(), |x| digits.of(x));
    let rows = match (finding.n, compared.paired) {
        (Some(n), true) => format!(", on the same {} rows", grouped(n)),
        (Some(n), false) => format!(", on at least {} rows each", grouped(n)),
        (None, _) => String::new(),
    };
    let head = format!(
        "{} is {}, the {}'s {}{rows}",
        subject(finding),
        text(finding.value),
        whose(finding),
        text(finding.baseline)
    );
    format!("{head}; {}", ruling(finding, compared, first))
}

/// The sentence about the bound of the difference and the margin.
fn ruling(finding: &Finding, compared: &Compared, first: bool) -> String {
    let Some(required) = finding.required else { return String::new() };
    let (toward, away) = match required.op {
        Op::AtLeast => (finding.lower, finding.upper),
        Op::AtMost => (finding.upper, finding.lower),
    };
    let end = if finding.status == Status::Fail { away } else { toward };
    let digits = Digits::telling_apart(finding, end, first);
    let asked = asked(compared.margin, &digits);
    let Some(confidence) = finding.confidence else {
        return format!("{asked} (bare numbers, judged without a bound)");
    };
    let confidence = sure(finding, confidence);
    let Some(end) = end else {
        return format!("the difference has no bound on that side, and {asked}");
    };
    let against = match compared.margin {
        Margin::LossRatio(share) => {
            format!(
                " than {} of the {}'s",
                percent(1.0 - share * sign(required.op)),
                whose(finding)
            )
        }
        _ => String::new(),
    };
    // A gain is a difference in the better direction, whichever direction that is.
    let gained = round12(end * sign(required.op));
    let size = digits.of(gained.abs());
    let way = if gained < 0.0 { "worse" } else { "better" };
    match finding.status {
        Status::Pass if gained < 0.0 => {
            format!("at {confidence} it is at most {size} worse{against}, and {asked}")
        }
        Status::Pass => {
            format!("at {confidence} it is at least {size} {way}{against}, and {asked}")
        }
        Status::Fail if gained < 0.0 => {
            format!("at {confidence} it is at least {size} worse{against}, and {asked}")
        }
        Status::Fail => {
            format!("at {confidence} it is at most {size} {way}{against}, and {asked}")
        }
        _ => format!(
            "at {confidence} it may be {size} {way}{against}, and {asked}{}",
            remedy(finding)
        ),
    }
}

fn sign(op: Op) -> f64 {
    match op {
        Op::AtLeast => 1.0,
        Op::AtMost => -1.0,
    }
}

fn asked(margin: Margin, digits: &Digits) -> String {
    match margin {
        Margin::Loss(most) if most > 0.0 => {
            format!("it may be at most {} worse", digits.stated(most))
        }
        Margin::LossRatio(share) => format!("it may be at most {} of that worse", percent(share)),
        Margin::Gain(least) if least > 0.0 => {
            format!("it must be at least {} better", digits.stated(least))
        }
        Margin::Loss(_) | Margin::Gain(_) => "it must not be worse".to_owned(),
    }
}

fn first_release(finding: &Finding, then: FirstRelease) -> String {
    let head = format!(
        "there is no {} yet that {} could be compared with",
        whose(finding),
        subject(finding)
    );
    match then {
        FirstRelease::Review => format!("{head}; the approvals decide"),
        FirstRelease::Allow => format!("{head}; the policy lets a first release through"),
        FirstRelease::Deny => format!("{head}; the policy denies a first release"),
    }
}

fn no_baseline(finding: &Finding) -> String {
    format!("the {}'s evidence has no {} to compare with", whose(finding), subject(finding))
}

fn unweighed(finding: &Finding, baseline: bool, why: &str) -> String {
    let side = if baseline {
        format!("the {}'s {}", whose(finding), subject(finding))
    } else {
        subject(finding)
    };
    format!("{side} cannot be compared: {why}")
}
