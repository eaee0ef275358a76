//! Evidence: one immutable document about one artifact, in modelgate's own terms.

use super::{
    Comparison, Computed, Digest, Distribution, Impossible, Interval, Metric, ModelId, Range,
    Slice, Timestamp, Unit, metric::Kind,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The content of one document, independent of the tool that wrote it.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// The digest of the document's bytes.
    pub digest: Digest,
    /// The id of the format that it was read as, such as `sklearn-classification-report`.
    pub format: String,
    /// The artifact it is about, if the document says so.
    pub subject: Option<Subject>,
    /// The data set it was measured on, if the document says so.
    pub dataset: Option<DatasetRef>,
    /// The tool that wrote it, if the document says so.
    pub producer: Option<Producer>,
    /// The time when it was made, if the document says so.
    pub produced_at: Option<Timestamp>,
    /// The numbers.
    pub measurements: Vec<Measurement>,
    /// Comparisons on the same rows; only in evidence that modelgate computed.
    pub comparisons: Vec<Comparison>,
    /// The yes-or-no results.
    pub checks: Vec<Check>,
    /// Other documents that it names.
    pub links: Vec<Link>,
    /// Notes for the reader: undefined values, parts that were not understood.
    pub warnings: Vec<String>,
    /// The sources of the computation; only if modelgate computed it.
    pub computed: Option<Computed>,
}

/// The artifact that a document is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// The model.
    pub model: Option<ModelId>,
    /// Its version, a label only.
    pub version: Option<String>,
    /// The artifact's digest.
    pub digest: Option<Digest>,
}

/// A data set by name, by digest, or both.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetRef {
    /// Its name, as policies list it.
    pub name: Option<String>,
    /// The digest of its bytes.
    pub digest: Option<Digest>,
}

/// The tool that wrote a document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Producer {
    /// Its name.
    pub tool: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// The address of the run.
    pub run: Option<String>,
}

/// One number for one slice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measurement {
    /// The metric, by our name; by the source's name if we have none.
    pub metric: String,
    /// The source's own name of the metric.
    pub source_name: String,
    /// The value; finite when present. `None` if the source wrote NaN, an infinity or null: the
    /// value is undefined and never passes.
    pub value: Option<f64>,
    /// Half a unit of the last digit that the source wrote (a whole unit if the tool truncates), at
    /// least 1e-12: the true value lies within this distance of `value`.
    pub rounding: f64,
    /// The source's own text, if it shows another number than the value: `97.5%` for 0.975.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<String>,
    /// The reason why no rule can use the value, if the document itself gives one: for example, it
    /// is the latency of one request, and 499 others got no answer. The value stays as the source
    /// wrote it, and a rule on it is an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfit: Option<String>,
    /// The quantile, for latencies: 0.99.
    pub quantile: Option<f64>,
    /// The unit as written, if the source wrote one.
    pub unit: Option<Unit>,
    /// The number of rows, if the source states it.
    pub n: Option<u64>,
    /// The denominator of the proportion, if known. See [`Measurement::known_trials`].
    pub trials: Option<u64>,
    /// The numerator of the proportion, if stated.
    pub successes: Option<u64>,
    /// The group that the value holds for.
    pub slice: Slice,
    /// Whether this is an average over groups (`macro avg`) and so not a group itself.
    pub aggregate: bool,
    /// The data set of this number, if it differs within one document.
    pub dataset: Option<String>,
    /// The training step, if the source counts steps.
    pub step: Option<i64>,
    /// The part of a pipeline or system where it was measured, if the source says so.
    pub scope: Option<String>,
    /// Intervals that the source states, or that modelgate computed from raw predictions.
    pub intervals: Vec<Interval>,
    /// How many events the intervals rest on, if modelgate computed them: the rows of the rarest
    /// class that the value depends on, as many as independent rows would be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
    /// The reason why modelgate computed no bound, if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_bound: Option<String>,
    /// The whole sample, if the source gives it: every quantile then has exact bounds.
    pub distribution: Option<Arc<Distribution>>,
}

/// A yes-or-no result of a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The name by which rules select it.
    pub name: String,
    /// Whether it passed.
    pub passed: bool,
    /// The tool's message about it.
    #[serde(default)]
    pub detail: Option<String>,
}

/// Another document that this document names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// The relation to the artifact: `model-card`, `sbom`, …
    pub rel: String,
    /// The address of the document.
    pub href: String,
    /// The digest of its bytes.
    #[serde(default)]
    pub digest: Option<Digest>,
}

/// What the submission states about a document because the document itself does not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claimed {
    /// The artifact that it is about.
    pub subject: Option<Subject>,
    /// The data set's name.
    pub dataset: Option<String>,
    /// The time when it was made.
    pub produced_at: Option<Timestamp>,
}

/// A document, together with what its submission states about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Submitted {
    /// The content of the document.
    pub evidence: Evidence,
    /// The statements of the submission.
    pub claimed: Claimed,
    /// The digest of the mapping that the document was read with, if any.
    pub mapping: Option<Digest>,
}

/// The least rounding that is assumed, so that a value written in full is still consistent with its
/// own counts.
pub const MIN_ROUNDING: f64 = 1e-12;

impl Measurement {
    /// A measurement of `metric` with every other field empty.
    pub fn new(
        metric: impl Into<String>,
        source_name: impl Into<String>,
        value: Option<f64>,
    ) -> Self {
        Self {
            metric: metric.into(),
            source_name: source_name.into(),
            value: value.filter(|v| v.is_finite()),
            rounding: MIN_ROUNDING,
            written: None,
            unfit: None,
            quantile: None,
            unit: None,
            n: None,
            trials: None,
            successes: None,
            slice: Slice::overall(),
            aggregate: false,
            dataset: None,
            step: None,
            scope: None,
            intervals: Vec::new(),
            events: None,
            no_bound: None,
            distribution: None,
        }
    }

    /// The denominator for an exact bound: `trials` if known, else `n` for the metrics whose trials
    /// are all rows. `None` for averages and for metrics that are not proportions.
    pub fn known_trials(&self) -> Option<u64> {
        let metric = Metric::find(&self.metric).filter(|m| m.is_proportion() && !self.aggregate)?;
        self.trials.or(if metric.kind == Kind::ProportionOfRows { self.n } else { None })
    }

    /// The values that the metric can have, by our name of it: AIF360's
    /// `equal_opportunity_difference` is signed, ours is not.
    pub fn range(&self) -> Option<Range> {
        Range::of(&self.metric)
    }

    /// The value as a plain number; a percentage becomes its fraction. `None` if the source wrote
    /// no value.
    pub fn plain(&self) -> Option<f64> {
        let scale = if self.unit == Some(Unit::Percent) && self.range() != Some(Range::Percent) {
            0.01
        } else {
            1.0
        };
        self.value.map(|value| value * scale)
    }

    /// The value, if the metric cannot have it.
    pub fn impossible(&self) -> Option<Impossible> {
        let range = self.range()?;
        let value = self.plain().filter(|value| !range.allows(*value))?;
        Some(Impossible { value, range })
    }
}

impl Evidence {
    /// An empty document of this format and digest, for readers to fill.
    pub fn new(digest: Digest, format: impl Into<String>) -> Self {
        Self {
            digest,
            format: format.into(),
            subject: None,
            dataset: None,
            producer: None,
            produced_at: None,
            measurements: Vec::new(),
            comparisons: Vec::new(),
            checks: Vec::new(),
            links: Vec::new(),
            warnings: Vec::new(),
            computed: None,
        }
    }
}
