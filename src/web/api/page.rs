//! The query parameters that lists share.

use crate::{model::Outcome, web::problem::Problem};
use serde::{Deserialize, Deserializer, de::Error as _};

/// The most that one page has.
const MAX_PAGE: u32 = 200;

/// How many a page has at most: 1 to 200.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit(pub(super) u32);

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let whole = text.bytes().all(|b| b.is_ascii_digit());
        let number = text.parse().ok().filter(|n| whole && (1..=MAX_PAGE).contains(n));
        number.map(Self).ok_or_else(|| D::Error::custom(format!("a limit is a whole number from 1 to {MAX_PAGE}")))
    }
}

/// The most digits of a cursor: every log index has fewer.
const CURSOR_DIGITS: usize = 18;

/// Where a page begins: a log index.
pub(super) fn cursor(text: &str) -> Result<u64, Problem> {
    let whole = text.len() <= CURSOR_DIGITS && text.bytes().all(|b| b.is_ascii_digit());
    let index = text.parse().ok().filter(|_| whole);
    index.ok_or_else(|| Problem::bad("invalid-cursor", "a cursor is the `next` of the page before, a log index"))
}

/// The verdict of a release.
#[derive(Debug, Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum VerdictWord {
    /// It may go.
    Allow,
    /// It may not.
    Deny,
    /// Approvals are missing.
    Pending,
    /// It was allowed, and is no longer.
    Revoked,
}

impl VerdictWord {
    pub(super) fn outcome(self) -> Outcome {
        match self {
            Self::Allow => Outcome::Allow,
            Self::Deny => Outcome::Deny,
            Self::Pending => Outcome::Pending,
            Self::Revoked => Outcome::Revoked,
        }
    }
}
