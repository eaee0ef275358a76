//! How the requests of a run ended, and which of its times remain valid.
//!
//! A load tool computes its times from the requests that were answered, sometimes including
//! refusals, which are quick. If a run lost requests, its quantiles are therefore those of the
//! survivors, and look better the more requests it lost.
//!
//! Here a failed request counts as slower than any limit. A quantile that then falls among the
//! failed requests is not a quantile of the run (p99 if more than 1 of 100 failed, the median if
//! more than half did). If most requests failed, none of the run's times and rates is valid. Such a
//! value stays as the tool wrote it, and a rule on it is an error.

use crate::evidence::Collector;
use crate::model::{Measurement, Slice, unit::Dimension};
use crate::stats::proportion::float;

/// How requests ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Ended {
    /// Requests that ended, successfully or not.
    pub(super) requests: u64,
    /// How many of them failed.
    pub(super) failed: u64,
    /// Requests that were sent, or asked for, and had not ended when the run was over. A few are
    /// usual: a tool that runs for a fixed time stops in the middle of some. They count as failed
    /// if they outnumber those that ended.
    pub(super) unfinished: u64,
}

impl Ended {
    pub(super) fn of(requests: u64, failed: u64) -> Self {
        Self { requests, failed, unfinished: 0 }
    }

    fn mostly_unfinished(self) -> bool {
        self.unfinished > self.requests
    }

    fn all(self) -> u64 {
        self.requests.saturating_add(if self.mostly_unfinished() { self.unfinished } else { 0 })
    }

    fn good(self) -> u64 {
        self.requests.saturating_sub(self.failed)
    }

    /// Adds the check whether requests succeeded, and marks the times of `slice`, from the
    /// measurement `from` on, that no rule can use.
    pub(super) fn tell(self, collector: &mut Collector<'_>, from: usize, slice: &Slice, of: &str) {
        let name = if of.is_empty() {
            "requests succeeded".to_owned()
        } else {
            format!("requests succeeded [{of}]")
        };
        let detail = match (self.requests, self.failed) {
            (0, 0) if self.unfinished == 0 => "no request was answered".to_owned(),
            _ if self.mostly_unfinished() => {
                format!("{} of {} requests were never finished", self.unfinished, self.all())
            }
            (requests, failed) => format!("{failed} of {requests} failed"),
        };
        let passed = self.requests > 0 && self.failed == 0 && !self.mostly_unfinished();
        collector.check(name, passed, Some(detail));
        self.mark(collector, from, |m| m.slice == *slice);
    }

    /// Marks the measurements that `wanted` accepts, from `from` on, if no rule can use them.
    pub(super) fn mark(
        self,
        collector: &mut Collector<'_>,
        from: usize,
        wanted: impl Fn(&Measurement) -> bool,
    ) {
        let (good, all) = (self.good(), self.all());
        if all == 0 || good == all {
            return;
        }
        let share = float(good) / float(all);
        let why =
            format!("{good} of {all} requests succeeded, and the value leaves the others out");
        let mut marked = false;
        for m in collector
            .evidence
            .measurements
            .iter_mut()
            .skip(from)
            .filter(|m| wanted(m) && m.value.is_some())
        {
            let time = m.unit.is_some_and(|unit| unit.dimension() == Dimension::Time);
            let lost = match m.quantile.filter(|_| time) {
                Some(q) => share + 1e-12 < q,
                None => (time || is_rate(m)) && share < 0.5,
            };
            if lost {
                m.unfit = Some(why.clone());
                marked = true;
            }
        }
        if marked {
            collector.warn(format!("a rule on a time of this run may be an error: {why}"));
        }
    }
}

/// Whether the value is work per time: a service that refuses requests does so quickly.
fn is_rate(m: &Measurement) -> bool {
    const WORDS: [&str; 8] =
        ["throughput", "persec", "per sec", "per_sec", "/sec", "req/s", "rps", "qps"];
    let name = m.source_name.to_lowercase();
    let proportion = matches!(m.metric.as_str(), "error_rate" | "pass_rate");
    !proportion
        && (WORDS.iter().any(|word| name.contains(word))
            || name.ends_with("requests/s")
            || name == "http_reqs.rate")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Document;
    use crate::model::{Digest, Evidence, Unit};

    fn told(ended: Ended) -> Evidence {
        let document = Document::new(Digest::of(b""), b"");
        let mut collector = Collector::new(&document, "x");
        for (name, q, unit) in [
            ("p50", Some(0.5), Some(Unit::Milliseconds)),
            ("p99", Some(0.99), Some(Unit::Milliseconds)),
            ("mean", None, Some(Unit::Milliseconds)),
            ("Requests/sec", None, None),
            ("status_500", None, None),
        ] {
            if let Some(m) = collector.number(name, name, Slice::overall(), 7.0) {
                (m.quantile, m.unit) = (q, unit);
            }
        }
        ended.tell(&mut collector, 0, &Slice::overall(), "");
        collector.finish().unwrap()
    }

    fn unfit(ended: Ended) -> Vec<String> {
        let marked = told(ended).measurements.into_iter().filter(|m| m.unfit.is_some());
        marked.map(|m| m.source_name).collect()
    }

    #[test]
    fn a_quantile_that_lies_among_the_failed_is_none_of_the_run() {
        assert_eq!(unfit(Ended::of(1000, 0)), Vec::<String>::new());
        assert_eq!(
            unfit(Ended::of(1000, 10)),
            Vec::<String>::new(),
            "the 990th of 1000 was answered"
        );
        assert_eq!(unfit(Ended::of(1000, 11)), ["p99"]);
        assert_eq!(unfit(Ended::of(1000, 500)), ["p99"]);
        assert_eq!(unfit(Ended::of(1000, 501)), ["p50", "p99", "mean", "Requests/sec"]);
    }

    #[test]
    fn requests_that_the_end_cut_short_count_where_they_are_most() {
        let usual = Ended { requests: 1000, failed: 0, unfinished: 64 };
        assert_eq!((unfit(usual).len(), told(usual).checks[0].passed), (0, true));
        let most = Ended { requests: 1, failed: 0, unfinished: 499 };
        assert_eq!((unfit(most).len(), told(most).checks[0].passed), (4, false));
        assert!(!told(Ended { unfinished: 3, ..Ended::default() }).checks[0].passed);
        assert!(!told(Ended::default()).checks[0].passed);
    }
}
