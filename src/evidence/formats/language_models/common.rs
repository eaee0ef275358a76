//! What the readers of evaluators of language models share.

use crate::evidence::{
    Collector, clip,
    counts::only_count,
    json::{Json, Number},
};
use crate::model::{Measurement, Slice, Timestamp, evidence::MIN_ROUNDING};
use crate::stats::proportion::{counted, float};
use std::collections::HashSet;

/// The count at `key`: a whole number that is not negative.
pub fn count(json: &Json<'_>, key: &str) -> Option<u64> {
    json.get(key)?.as_number()?.count()
}

/// The moment at `key`, in RFC 3339.
pub fn moment(json: &Json<'_>, key: &str) -> Option<Timestamp> {
    json.text(key)?.parse().ok()
}

/// The start of a tool's message, for a check's detail.
pub fn brief(text: &str) -> String {
    clip(text.trim(), 400).into_owned()
}

/// Parts of a detail, joined in order; `None` if there are none.
pub fn joined(parts: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// Whether `error` is, within its rounding, the standard error of the mean of `n` rows if each row
/// is 0 or 1 and a `share` of them is 1. Rows with values in between have a smaller one.
pub fn is_error_of_a_share(share: Number<'_>, error: Number<'_>, n: u64) -> bool {
    let expected = (share.value() * (1.0 - share.value()) / (float(n) - 1.0)).sqrt();
    n > 1 && (error.value() - expected).abs() <= 1e-9 + error.rounding()
}

/// How often tests were run, and how many tests that are. A test that is run ten times is one test:
/// the repeats give no information about other tests.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Runs that passed.
    pub passed: u64,
    /// Runs.
    pub runs: u64,
    /// Different tests.
    pub tests: u64,
}

impl Share {
    /// The share of tests that were each run once.
    pub fn once(passed: u64, tests: u64) -> Self {
        Self { passed, runs: tests, tests }
    }

    /// How many different tests `n` runs are, judged by these counts: a repeated test is not
    /// another test.
    pub fn different(self, n: u64) -> u64 {
        if self.tests < self.runs { n.min(self.tests) } else { n }
    }
}

/// Tests, identified by what was asked in them.
#[derive(Debug, Default)]
pub struct Tests {
    known: HashSet<String>,
    share: Share,
}

impl Tests {
    /// Adds a run of the test with this key.
    pub fn add(&mut self, key: String, passed: bool) {
        self.known.insert(key);
        self.share.runs += 1;
        self.share.passed += u64::from(passed);
        self.share.tests = counted(self.known.len());
    }

    pub fn share(&self) -> Share {
        self.share
    }
}

/// States the trials of a share of `tests` that were each run several times. A test may have passed
/// in some of its runs. Then the rounding is widened, so that the bounds are those of the nearest
/// whole numbers of tests.
pub fn over_tests(m: &mut Measurement, tests: u64) {
    m.trials = Some(tests);
    m.successes = None;
    if let Some(value) = m.value.filter(|_| tests > 0)
        && only_count(value, tests, MIN_ROUNDING).is_none()
    {
        m.rounding = m.rounding.max(0.5 / float(tests) + MIN_ROUNDING);
    }
}

/// Adds the share of tests that passed, under the source's name `theirs`. Without tests the share
/// is undefined, and a check fails.
pub fn pass_rate(collector: &mut Collector<'_>, theirs: &str, slice: Slice, share: Share) {
    let Share { passed, runs, tests } = share;
    let overall = slice.is_overall();
    if let Some(m) = collector.number("pass_rate", theirs, slice, float(passed) / float(runs)) {
        m.value = m.value.filter(|_| passed <= runs);
        m.n = Some(tests);
        if tests == runs {
            (m.trials, m.successes) = (Some(tests), m.value.map(|_| passed));
        } else {
            over_tests(m, tests);
            m.successes = m.value.and_then(|value| only_count(value, tests, MIN_ROUNDING));
        }
    }
    if tests < runs && overall {
        collector.warn(format!(
            "{runs} runs are of {tests} tests: a test that is run again is no further test"
        ));
    }
    if tests == 0 && overall {
        collector.check("tests", false, Some("no test was run".to_owned()));
    }
}
