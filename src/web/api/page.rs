//! The query parameters that lists share.

use crate::{app::Page, web::problem::Problem, wire::common::ListV1};
use serde::{Deserialize, Deserializer, de::Error as _};
use utoipa::IntoParams;

/// The maximum number of items on one page.
const MAX_PAGE: u32 = 200;

/// The maximum number of items on a page: 1 to 200.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit(pub(super) u32);

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let whole = text.bytes().all(|b| b.is_ascii_digit());
        let number = text.parse().ok().filter(|n| whole && (1..=MAX_PAGE).contains(n));
        number.map(Self).ok_or_else(|| {
            D::Error::custom(format!("a limit is a whole number from 1 to {MAX_PAGE}"))
        })
    }
}

/// The maximum number of digits of a cursor: every log index has fewer.
const CURSOR_DIGITS: usize = 18;

/// The log index at which a page begins.
pub(super) fn cursor(text: &str) -> Result<u64, Problem> {
    let whole = text.len() <= CURSOR_DIGITS && text.bytes().all(|b| b.is_ascii_digit());
    let index = text.parse().ok().filter(|_| whole);
    index.ok_or_else(|| {
        Problem::bad("invalid-cursor", "a cursor is the `next` of the previous page, a log index")
    })
}

/// The part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// The `next` of the previous page.
    cursor: Option<String>,
    /// The maximum number of items on the page.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 200)]
    limit: Option<Limit>,
}

impl PageQuery {
    pub(super) fn page(&self) -> Result<Page, Problem> {
        asked(self.cursor.as_deref(), self.limit)
    }
}

/// The page that a query asks for.
pub(super) fn asked(from: Option<&str>, limit: Option<Limit>) -> Result<Page, Problem> {
    Ok(Page {
        before: from.map(cursor).transpose()?,
        limit: limit.map_or(MAX_PAGE, |limit| limit.0),
    })
}

/// A page as it is answered, with the cursor of the next one: after the last row of a full page.
pub(super) fn answer<T, W>(
    page: Page,
    rows: Vec<T>,
    index: fn(&T) -> u64,
    wire: fn(T) -> W,
) -> ListV1<W> {
    let next = next(page, &rows, index);
    ListV1 { data: rows.into_iter().map(wire).collect(), next }
}

/// The cursor of the page after `rows`.
pub(super) fn next<T>(page: Page, rows: &[T], index: fn(&T) -> u64) -> Option<String> {
    let full = rows.len() == usize::try_from(page.limit).unwrap_or(usize::MAX);
    rows.last().filter(|_| full).map(|last| index(last).to_string())
}
