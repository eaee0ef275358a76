//! What was read from a document: the JSON of `evidence inspect`.

use crate::model::{
    Check, Comparison, DatasetRef, Digest, Link, Producer, Subject, Timestamp,
    number::{round12, short},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was read from one document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InspectV1 {
    /// The id of the format it was read as.
    pub format: String,
    /// The digest of the document's bytes.
    pub digest: Digest,
    /// The artifact that it is about, if it says so.
    pub subject: Option<Subject>,
    /// The data set, if it says so.
    pub dataset: Option<DatasetRef>,
    /// The tool that wrote it, if it says so.
    pub producer: Option<Producer>,
    /// When it was made, if it says so.
    pub produced_at: Option<Timestamp>,
    /// Numbers, in the order of the document.
    pub measurements: Vec<MeasurementV1>,
    /// Comparisons with another artifact on the same rows, in documents that modelgate computed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub comparisons: Vec<Comparison>,
    /// Yes-or-no results.
    pub checks: Vec<Check>,
    /// Other documents it names.
    pub links: Vec<Link>,
    /// Warnings of the reader.
    pub warnings: Vec<String>,
    /// The documents, if this is an archive of several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<MemberV1>,
}

/// One document of an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberV1 {
    /// Its name in the archive.
    pub name: String,
    /// The id of the format it was read as.
    pub format: String,
    /// The digest of its bytes.
    pub digest: Digest,
}

/// One number about one slice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeasurementV1 {
    /// modelgate's name of the metric.
    pub metric: String,
    /// The source's own name.
    pub source_name: String,
    /// The value; `null` if the source gives NaN, an infinity or null.
    pub value: Option<f64>,
    /// The source's own text, if the value is not the number that it shows: `97.5%`, read as 0.975.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<String>,
    /// Why no rule can use the value, if the document gives a reason: a rule on it is an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfit: Option<String>,
    /// The number of rows, if the source states it.
    pub n: Option<u64>,
    /// The proportion's own denominator, if known.
    pub trials: Option<u64>,
    /// The proportion's numerator, if stated or determined.
    pub successes: Option<u64>,
    /// The group; `{}` is overall.
    pub slice: BTreeMap<String, String>,
    /// Whether it is an average over groups, and therefore never a group.
    pub aggregate: bool,
    /// The unit as written.
    pub unit: Option<String>,
    /// Which quantile, for latencies.
    pub quantile: Option<f64>,
    /// The data set of this number.
    pub dataset: Option<String>,
    /// The training step.
    pub step: Option<i64>,
    /// The part of a system it was measured at.
    pub scope: Option<String>,
    /// The document of an archive that contains it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// The exact interval if the counts are known, else the source's own.
    pub interval: Option<IntervalV1>,
}

impl MeasurementV1 {
    /// The metric, with its quantile: `latency p99`.
    pub fn name(&self) -> String {
        match self.quantile {
            Some(q) => format!("{} p{}", self.metric, round12(q * 100.0)),
            None => self.metric.clone(),
        }
    }

    /// The value with its unit.
    pub fn shown(&self) -> String {
        match (self.value, &self.unit) {
            (None, _) => "undefined".to_owned(),
            (Some(value), Some(unit)) => format!("{} {unit}", short(value)),
            (Some(value), None) => short(value),
        }
    }

    /// Further facts about it, in a few words.
    pub fn note(&self) -> String {
        let mut notes = Vec::new();
        if self.aggregate {
            notes.push("average over groups".to_owned());
        }
        if self.source_name != self.metric {
            notes.push(format!("written as {}", self.source_name));
        }
        if let Some(written) = &self.written {
            notes.push(format!("written {written}"));
        }
        if let Some(unfit) = &self.unfit {
            notes.push(format!("a rule on it is an error: {unfit}"));
        }
        if let Some(step) = self.step.filter(|step| *step != 0) {
            notes.push(format!("step {step}"));
        }
        if let Some(dataset) = &self.dataset {
            notes.push(format!("on {dataset}"));
        }
        if let Some(scope) = &self.scope {
            notes.push(format!("at {scope}"));
        }
        if let Some(claimed) =
            self.interval.as_ref().filter(|interval| interval.method != "clopper-pearson")
        {
            notes.push(format!(
                "{} at {}, {}-sided, claimed",
                claimed.method, claimed.confidence, claimed.sides
            ));
        }
        notes.join("; ")
    }
}

/// An interval around a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IntervalV1 {
    /// How it was computed.
    pub method: String,
    /// Its confidence.
    pub confidence: f64,
    /// 1 when each end is a one-sided bound, 2 for a two-sided interval.
    pub sides: u8,
    /// The lower end.
    pub lower: Option<f64>,
    /// The upper end.
    pub upper: Option<f64>,
}
