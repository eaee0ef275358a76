//! Evidence: one immutable document about one artifact, in our words.

use super::{
    Comparison, Computed, Digest, Distribution, Impossible, Metric, ModelId, Range, Slice, Timestamp, Unit,
    metric::Kind,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What one document says, whatever tool wrote it.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// The digest of the document's bytes.
    pub digest: Digest,
    /// The id of the format it was read as, such as `sklearn-classification-report`.
    pub format: String,
    /// Which artifact it is about, where the document says so.
    pub subject: Option<Subject>,
    /// The data set it was measured on, where the document says so.
    pub dataset: Option<DatasetRef>,
    /// The tool that wrote it, where the document says so.
    pub producer: Option<Producer>,
    /// When it was made, where the document says so.
    pub produced_at: Option<Timestamp>,
    /// Numbers.
    pub measurements: Vec<Measurement>,
    /// Comparisons on the same rows, in what we computed ourselves.
    pub comparisons: Vec<Comparison>,
    /// Yes-or-no results.
    pub checks: Vec<Check>,
    /// Other documents it names.
    pub links: Vec<Link>,
    /// What the reader should know: values that were undefined, parts that were not understood.
    pub warnings: Vec<String>,
    /// From what it was computed; only where we computed it.
    pub computed: Option<Computed>,
}

/// Which artifact a document is about.
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
    /// Where the run can be seen.
    pub run: Option<String>,
}

/// One number about one slice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measurement {
    /// Our name of the metric; the source's own where we have none.
    pub metric: String,
    /// The source's own name.
    pub source_name: String,
    /// The value; `None` where the source wrote NaN, an infinity or null: undefined, and never a pass. When present
    /// it is finite.
    pub value: Option<f64>,
    /// Half a unit of the last digit that the source wrote (a whole unit where the tool truncates), at least 1e-12:
    /// the true value lies within this of `value`.
    pub rounding: f64,
    /// The source's own text, where the value is not the number it shows: `97.5%`, read as 0.975.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<String>,
    /// Why no rule may rest on the value, where the document itself gives the reason: it is the latency of one request,
    /// and 499 others were never answered. The value stays as the source wrote it, and a rule on it is an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfit: Option<String>,
    /// Which quantile, for latencies: 0.99.
    pub quantile: Option<f64>,
    /// The unit as written, where there is one.
    pub unit: Option<Unit>,
    /// Rows, where the source states them.
    pub n: Option<u64>,
    /// The proportion's own denominator, where known. See [`Measurement::known_trials`].
    pub trials: Option<u64>,
    /// The proportion's numerator, where stated.
    pub successes: Option<u64>,
    /// The group it holds for.
    pub slice: Slice,
    /// Whether it is an average over groups (`macro avg`), and so never a group itself.
    pub aggregate: bool,
    /// The data set of this very number, where it differs within one document.
    pub dataset: Option<String>,
    /// The training step, where the source counts them.
    pub step: Option<i64>,
    /// The part of a pipeline or system it was measured at, where the source says so.
    pub scope: Option<String>,
    /// Intervals that the source claims, or that we computed from raw predictions.
    pub intervals: Vec<Interval>,
    /// The whole sample, where the source gives it: any quantile has exact bounds.
    pub distribution: Option<Arc<Distribution>>,
}

/// An interval around a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// How it was computed: `clopper-pearson`, `delong`, …
    pub method: String,
    /// Its confidence, in (0, 1).
    pub confidence: f64,
    /// 2 for a two-sided interval; 1 when each end is a one-sided bound.
    pub sides: u8,
    /// The lower end; `None` for none.
    pub lower: Option<f64>,
    /// The upper end; `None` for none.
    pub upper: Option<f64>,
}

/// One yes-or-no result of a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Its name, as rules select it.
    pub name: String,
    /// Whether it passed.
    pub passed: bool,
    /// What the tool said of it.
    #[serde(default)]
    pub detail: Option<String>,
}

/// Another document that this one names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// What it is to the artifact: `model-card`, `sbom`, …
    pub rel: String,
    /// Where it is.
    pub href: String,
    /// The digest of its bytes.
    #[serde(default)]
    pub digest: Option<Digest>,
}

/// What the submission said of a document because the document itself does not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claimed {
    /// The subject.
    pub subject: Option<Subject>,
    /// The data set's name.
    pub dataset: Option<String>,
    /// When it was made.
    pub produced_at: Option<Timestamp>,
}

/// A document and what its submission said of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Submitted {
    /// What the document says.
    pub evidence: Evidence,
    /// What the submission says.
    pub claimed: Claimed,
    /// The digest of the mapping it was read with, if any.
    pub mapping: Option<Digest>,
}

/// The least rounding ever assumed, so that a value written in full still admits its own count.
pub const MIN_ROUNDING: f64 = 1e-12;

impl Measurement {
    /// A measurement of `metric` with nothing else known.
    pub fn new(metric: impl Into<String>, source_name: impl Into<String>, value: Option<f64>) -> Self {
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
            distribution: None,
        }
    }

    /// The denominator for an exact bound: `trials` where known, else `n` for the metrics that count every row.
    /// `None` for what is no proportion and for averages.
    pub fn known_trials(&self) -> Option<u64> {
        let metric = Metric::find(&self.metric).filter(|m| m.is_proportion() && !self.aggregate)?;
        self.trials.or(if metric.kind == Kind::ProportionOfRows { self.n } else { None })
    }

    /// The values that it can have, by our name of it: AIF360's `equal_opportunity_difference` has a sign, ours has none.
    pub fn range(&self) -> Option<Range> {
        Range::of(&self.metric)
    }

    /// The value as a plain number: of a percentage the fraction. `None` where the source wrote none.
    pub fn plain(&self) -> Option<f64> {
        let scale = if self.unit == Some(Unit::Percent) && self.range() != Some(Range::Percent) { 0.01 } else { 1.0 };
        self.value.map(|value| value * scale)
    }

    /// The value, where it is none that the metric can have.
    pub fn impossible(&self) -> Option<Impossible> {
        let range = self.range()?;
        let value = self.plain().filter(|value| !range.allows(*value))?;
        Some(Impossible { value, range })
    }
}

impl Evidence {
    /// An empty document of that format and digest, for adapters to fill.
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
