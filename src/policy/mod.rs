//! Policies: reading them ([`parse`], [`explain`], [`lint`]), their scope ([`applies`]) and the
//! verdict ([`Dossier`]). Pure and synchronous: no clock, no files, no randomness.
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

mod applies;
mod budget;
mod condition;
mod diagnostic;
mod dossier;
mod evaluate;
mod explain;
mod glob;
mod index;
mod judged;
mod lint;
pub mod needs;
mod parse;
mod phrase;
pub mod power;
mod rules;
mod schema;

pub use applies::applies;
pub use budget::{
    LONGEST_PATTERN, MOST_APPROVALS, MOST_BYTES, MOST_FINDINGS, MOST_GROUPS, MOST_PATTERNS,
    MOST_RULES,
};
pub use condition::{Condition, VARIABLES};
pub use diagnostic::{Mistake, Mistakes};
pub use dossier::{Dossier, FreezeError, Frozen, Request, Side};
pub use evaluate::{Judgement, Prepared, evaluate};
pub use explain::{Explanation, explain};
pub use glob::{Glob, GlobError};
pub use lint::{Holders, Place, lint};
pub use parse::{admit, parse};
pub use schema::{
    AppliesTo, ApprovalRule, Case, IntervalMethod, Limit, Policy, Recompute, Requirements, Rule,
    Selector, Statistics, Target,
};
