//! What the readers of evaluators of language models share.

use crate::evidence::{
    Collector, Document, EvidenceError,
    adapter::Declined,
    json::{Json, Number},
};
use crate::model::{Slice, Timestamp};
use crate::stats::proportion::float;

/// A refusal of the whole document for the reason why its format would decline it.
pub fn refused(format: &'static str, document: &Document<'_>, declined: Declined) -> EvidenceError {
    EvidenceError::invalid(format, document, 0, declined.why)
}

/// The count at `key`: a whole number that is not negative.
pub fn count(json: &Json<'_>, key: &str) -> Option<u64> {
    json.get(key)?.as_number()?.count()
}

/// The moment at `key`, in RFC 3339.
pub fn moment(json: &Json<'_>, key: &str) -> Option<Timestamp> {
    json.text(key)?.parse().ok()
}

/// The first words of what a tool says, for a check's detail.
pub fn brief(text: &str) -> String {
    const LONGEST: usize = 400;
    let mut out: String = text.trim().chars().take(LONGEST).collect();
    if out.len() < text.trim().len() {
        out.push('…');
    }
    out
}

/// Parts of a detail, one behind the other; `None` when there are none.
pub fn joined(parts: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// Whether `error` is the standard error that the mean of `n` rows has when each of them is 0 or 1 and a `share` of
/// them is 1, as exactly as it is written. Rows with values in between have a smaller one.
pub fn is_error_of_a_share(share: Number<'_>, error: Number<'_>, n: u64) -> bool {
    let expected = (share.value() * (1.0 - share.value()) / (float(n) - 1.0)).sqrt();
    n > 1 && (error.value() - expected).abs() <= 1e-9 + error.rounding()
}

/// Adds the share of tests that passed, called `theirs`. No tests are no share: it is then undefined, and a check
/// fails.
pub fn pass_rate(collector: &mut Collector<'_>, theirs: &str, slice: Slice, passed: u64, total: u64) {
    let overall = slice.is_overall();
    if let Some(m) = collector.number("pass_rate", theirs, slice, float(passed) / float(total)) {
        m.value = m.value.filter(|_| passed <= total);
        (m.n, m.trials) = (Some(total), Some(total));
        m.successes = m.value.map(|_| passed);
    }
    if total == 0 && overall {
        collector.check("tests", false, Some("no test was run".to_owned()));
    }
}
