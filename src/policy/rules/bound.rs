//! What the bounds of a number say about a limit.

use super::weigh::Weighed;
use crate::{
    model::{Op, Status},
    policy::schema::Limit,
};

/// The status that the bounds give.
pub(super) fn bound(weighed: &Weighed, limit: Limit) -> Status {
    let (clears, breaks) = match limit.op {
        Op::AtLeast => (weighed.lower, weighed.upper.map(|u| u < limit.value)),
        Op::AtMost => (weighed.upper, weighed.lower.map(|l| l > limit.value)),
    };
    if clears.is_some_and(|x| meets(x, limit)) {
        Status::Pass
    } else if breaks == Some(true) {
        Status::Fail
    } else {
        Status::Inconclusive
    }
}

/// Whether a value is on the right side of a limit.
pub(super) fn meets(x: f64, limit: Limit) -> bool {
    match limit.op {
        Op::AtLeast => x >= limit.value,
        Op::AtMost => x <= limit.value,
    }
}
