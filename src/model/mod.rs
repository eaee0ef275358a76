//! The types that every other module uses, and nothing else: no I/O, no clock, no judgement.
//!
//! JCS, digests, unit parsing and the verdict's serialisation are here because every floor above
//! needs exactly the same bytes from them.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unreachable,
        clippy::as_conversions
    )
)]

mod approval;
mod comparison;
mod computed;
mod digest;
mod distribution;
pub mod evidence;
mod finding;
mod id;
mod inputs;
mod interval;
pub mod jcs;
pub mod metric;
mod mirror;
mod missing;
pub mod number;
mod plan;
pub mod range;
mod record;
mod release;
mod slice;
mod time;
mod trigger;
pub mod unit;
pub mod verdict;

pub use approval::{Approval, Person, Vote};
pub use comparison::{Comparison, Pairs};
pub use computed::{COMPUTED, Computed, Role, Source};
pub use digest::Digest;
pub use distribution::{Bucket, Distribution};
pub use evidence::{
    Check, Claimed, DatasetRef, Evidence, Link, Measurement, Producer, Subject, Submitted,
};
pub use finding::{Finding, GroupRate, Op, Required, Severity, Status};
pub use id::{ApprovalId, DecisionId, Environment, ModelId, Namespace, ReleaseId};
pub use inputs::{Attempt, Baseline, EvidenceRef, Inputs, PolicyRef};
pub use interval::Interval;
pub use metric::Metric;
pub(crate) use mirror::mirror;
pub use missing::{MISSING_WORDS, is_missing_word};
pub use plan::{Against, Columns, Contrast, Plan, Task, Timed};
pub use range::{Impossible, Range};
pub use record::Record;
pub use release::{Decision, Release};
pub use slice::Slice;
pub use time::{Age, Timestamp};
pub use trigger::Trigger;
pub use unit::{Quantity, Unit};
pub use verdict::{
    ApprovalCount, Engine, ObserveOnly, ObserveOnlyBy, Outcome, PolicySummary, Verdict,
};

/// The version number of the rules by which verdicts are computed. It changes whenever the same
/// inputs could give another verdict, byte for byte. Old versions can still be run.
pub const SEMANTICS: u32 = 3;
/// The oldest version that can still be run.
pub const OLDEST_SEMANTICS: u32 = 1;
