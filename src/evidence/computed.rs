//! Evidence that modelgate computed from raw predictions, as the bytes that are stored and logged.
//!
//! It is not a format of [`ADAPTERS`](super::ADAPTERS): it cannot be submitted, because its intervals decide
//! without a policy's permission. [`read`] is for bytes that modelgate itself stored under their
//! digest.

use super::error::EvidenceError;
use crate::model::{
    COMPUTED, Comparison, Computed, DatasetRef, Digest, Evidence, Measurement, Producer, Subject,
    Timestamp, jcs,
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

const SCHEMA: &str = "modelgate.computed/v1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<'a> {
    schema: Cow<'a, str>,
    subject: Option<Cow<'a, Subject>>,
    dataset: Option<Cow<'a, DatasetRef>>,
    producer: Option<Cow<'a, Producer>>,
    produced_at: Option<Timestamp>,
    computed: Cow<'a, Computed>,
    measurements: Cow<'a, [Measurement]>,
    comparisons: Cow<'a, [Comparison]>,
    warnings: Cow<'a, [String]>,
}

/// The canonical bytes of evidence that modelgate computed; their digest is the document's.
///
/// # Errors
/// When the evidence does not say from what it was computed, or a number in it is not finite.
pub fn write(evidence: &Evidence) -> Result<Vec<u8>, String> {
    let computed = evidence.computed.as_ref().ok_or("it does not say from what it was computed")?;
    let document = Document {
        schema: SCHEMA.into(),
        subject: evidence.subject.as_ref().map(Cow::Borrowed),
        dataset: evidence.dataset.as_ref().map(Cow::Borrowed),
        producer: evidence.producer.as_ref().map(Cow::Borrowed),
        produced_at: evidence.produced_at,
        computed: Cow::Borrowed(computed),
        measurements: Cow::Borrowed(&evidence.measurements),
        comparisons: Cow::Borrowed(&evidence.comparisons),
        warnings: Cow::Borrowed(&evidence.warnings),
    };
    jcs::to_vec(&document).map_err(|e| e.to_string())
}

/// Reads what [`write()`] wrote.
///
/// # Errors
/// When the bytes are anything else.
pub fn read(bytes: &[u8]) -> Result<Evidence, EvidenceError> {
    let wrong = |why: String| EvidenceError::Computed { why };
    let document: Document<'_> = serde_json::from_slice(bytes).map_err(|e| wrong(e.to_string()))?;
    if document.schema != SCHEMA {
        return Err(wrong(format!("its schema is not {SCHEMA}")));
    }
    let mut evidence = Evidence::new(Digest::of(bytes), COMPUTED);
    evidence.subject = document.subject.map(Cow::into_owned);
    evidence.dataset = document.dataset.map(Cow::into_owned);
    evidence.producer = document.producer.map(Cow::into_owned);
    evidence.produced_at = document.produced_at;
    evidence.computed = Some(document.computed.into_owned());
    evidence.measurements = document.measurements.into_owned();
    evidence.comparisons = document.comparisons.into_owned();
    evidence.warnings = document.warnings.into_owned();
    Ok(evidence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Bucket, Columns, Distribution, Interval, Plan, Role, Slice, Source, Unit};

    #[test]
    fn what_was_written_reads_back() {
        let mut evidence = Evidence::new(Digest::of(b""), COMPUTED);
        evidence.computed = Some(Computed {
            sources: vec![Source { role: Role::Predictions, digest: Digest::of(b"rows") }],
            columns: Columns { label: Some("y".into()), ..Columns::default() },
            plan: Plan::default(),
            rows: 3,
        });
        let interval = Interval {
            method: "delong".into(),
            confidence: 0.95,
            sides: 1,
            lower: Some(0.1),
            upper: None,
        };
        evidence.measurements.push(Measurement {
            n: Some(3),
            unit: Some(Unit::Milliseconds),
            slice: Slice::one("sex", "f"),
            intervals: vec![interval],
            distribution: Some(std::sync::Arc::new(Distribution {
                method: "samples".into(),
                buckets: vec![Bucket { low: 0.1, high: 0.3, count: 7 }],
            })),
            ..Measurement::new("latency", "p99", Some(1.0 / 3.0))
        });
        let bytes = write(&evidence).unwrap();
        let read = read(&bytes).unwrap();
        assert_eq!(read, Evidence { digest: Digest::of(&bytes), ..evidence });
        assert_eq!(write(&read).unwrap(), bytes);
    }

    #[test]
    fn anything_else_is_refused() {
        for bytes in [&b"{}"[..], b"[", b"{\"schema\":\"modelgate.evidence/v1\"}"] {
            assert_eq!(read(bytes).unwrap_err().code(), "evidence-computed");
        }
    }
}
