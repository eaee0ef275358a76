//! A release that was evaluated on very many groups.

use super::{findings, reviewer, stories};
use crate::{
    model::{Finding, Op, Outcome, Slice, Status},
    web::views::{ReleasePage, release::Source},
};

/// The page of a release with `n` findings of which the last few fail, and the `part` of them that it shows.
pub fn many(n: usize, part: usize) -> ReleasePage {
    let mut story = stories::undecided();
    let one = |i: usize| {
        let status = if i + 100 > n { Status::Fail } else { Status::Pass };
        let bare = findings::bare(
            "credit-risk",
            "worst-group-recall",
            status,
            "its bound is on this side of the limit",
        );
        let numbers = (Some(0.866_02), Some(0.879), Some(0.891_2));
        let drawn = findings::with(bare, "recall", numbers, Op::AtLeast, 0.8);
        Finding { slice: Slice::one("city", format!("{i:05}")), n: Some(2_000), ..drawn }
    };
    story.decide(Outcome::Deny, (0..n).map(one).collect(), 150);
    let indexes = story.indexes();
    let item = story.item();
    let source = Source {
        release: item.release,
        decisions: &story.decisions,
        approvals: item.approvals,
        standing: None,
        indexes: &indexes,
        log_size: 48,
        part,
    };
    ReleasePage::new(&source, &reviewer(), None)
}
