//! TensorFlow Model Analysis: the result of validating an evaluation against its thresholds.
//!
//! `ValidationResult` in protobuf's JSON, in the spelling of the proto or in camel case, or the
//! record itself (`validations-*.tfrecord`). Fields that are false are absent in both, so a result
//! without `validation_ok` is a failed one. The document lists only what failed, so a slice that it
//! does not name gets no check. A slicing that matched no slice was not validated at all, and a
//! rubber stamp was compared with no baseline: both are failed checks.

use super::tfma::{
    key::{Key, group},
    proto::Node,
    record::{self, Mistake},
    values::{Context, Writer},
    wire::Field,
};
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    json::{Json, Value},
};
use crate::model::{Check, Evidence, Slice, evidence::Producer};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "tfma-validation",
    title: "TensorFlow Model Analysis: result of the validation, as JSON or TFRecord",
    family: Family::Evaluation,
    written_by: "tfma.run_model_analysis(…) with thresholds; json_format.MessageToJson(tfma.load_validation_result(…))",
    reads: "`validation_ok`; every metric that failed, by slice, with its value; thresholds and slices that were \
            missing.",
    carries: &[Carries::Checks, Carries::Metrics, Carries::Slices],
    recognised_by: "`validation_ok`, `metric_validations_per_slice` or `validation_details`, in either spelling",
    rule: "id = \"validated\"\ncheck = \"validation_ok\"",
    detect,
    read,
};

const KEYS: [&str; 6] = [
    "validation_ok",
    "validationOk",
    "metric_validations_per_slice",
    "metricValidationsPerSlice",
    "validation_details",
    "validationDetails",
];

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    if record::begins(document.bytes()) {
        return if is_record(document.bytes()) {
            Ok(())
        } else {
            Err(Declined::because("a TFRecord, but not of a validation"))
        };
    }
    let object = document.object()?;
    if KEYS.iter().any(|key| object.has(key)) {
        return Ok(());
    }
    Err(Declined::because("no `validation_ok` and no `metric_validations_per_slice`"))
}

fn is_record(bytes: &[u8]) -> bool {
    let Ok(records) = record::records(bytes) else { return false };
    let [(at, only)] = records.as_slice() else { return false };
    let shape = Node::Wire(only, *at).shape().unwrap_or_default();
    !shape.is_empty() && shape.iter().all(|field| matches!(field, (1 | 6 | 7, 0) | (2..=5, 2)))
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let mut collector = Collector::new(document, ADAPTER.id);
    let refused = |Mistake { at, what }| document.invalid(ADAPTER.id, at, what);
    if record::begins(document.bytes()) {
        let records = record::records(document.bytes()).map_err(refused)?;
        let [(at, only)] = records.as_slice() else {
            return Err(refused(Mistake::new(
                0,
                "a validation is one record, and this file holds several",
            )));
        };
        result(&mut collector, Node::Wire(only, *at)).map_err(refused)?;
        return collector.finish();
    }
    let json = document.json().map_err(Clone::clone)?;
    let Json { value: Value::Object(object), .. } = json else {
        return Err(refused(Mistake::new(
            json.at,
            format!("a validation is an object, not {}", json.kind()),
        )));
    };
    if !KEYS.iter().any(|key| object.has(key)) {
        return Err(refused(Mistake::new(
            json.at,
            "no `validation_ok` and no `metric_validations_per_slice`",
        )));
    }
    result(&mut collector, Node::Json(json)).map_err(refused)?;
    collector.finish()
}

fn result(collector: &mut Collector<'_>, result: Node<'_>) -> Result<(), Mistake> {
    let tool = Some("tensorflow-model-analysis".to_owned());
    collector.evidence.producer = Some(Producer { tool, ..Producer::default() });
    let (at, ok) = (collector.evidence.checks.len(), result.flag(&Field("validation_ok", 1))?);
    for (name, number, what) in [
        ("missing_thresholds", 6, "no threshold was set: nothing was validated"),
        (
            "rubber_stamp",
            7,
            "there was no baseline to compare with: thresholds of change were passed over",
        ),
    ] {
        let told = result.flag(&Field(name, number))?;
        collector.check(name, !told, told.then(|| what.to_owned()));
    }
    for slice in result.messages(&Field("metric_validations_per_slice", 2))? {
        failures(collector, slice)?;
    }
    for (name, number) in [("missing_slices", 3), ("missing_cross_slices", 5)] {
        for spec in result.messages(&Field(name, number))? {
            collector.check(
                format!("{name} [{}]", described(spec)?),
                false,
                Some("no such slice was evaluated".to_owned()),
            );
        }
    }
    let mut nothing =
        result.flag(&Field("missing_thresholds", 6))?.then(|| "no threshold was set".to_owned());
    nothing = details(collector, result)?.or(nothing);
    let passed = ok && nothing.is_none();
    collector
        .evidence
        .checks
        .insert(at, Check { name: "validation_ok".to_owned(), passed, detail: nothing });
    Ok(())
}

/// Adds how many slices each slicing matched; returns a message about the first that matched none.
fn details(collector: &mut Collector<'_>, result: Node<'_>) -> Result<Option<String>, Mistake> {
    let details = result.message(&Field("validation_details", 4))?;
    let Some(details) = details else { return Ok(None) };
    let mut nothing = None;
    for detail in details.messages(&Field("slicing_details", 1))? {
        let spec = detail.message(&Field("slicing_spec", 1))?;
        let spec = spec.map_or_else(|| Ok("cross slices".to_owned()), described)?;
        let matching = detail.integer(&Field("num_matching_slices", 2))?.unwrap_or(0);
        let theirs = format!("num_matching_slices [{spec}]");
        collector.measure_text(&theirs, &theirs, Slice::overall(), &matching.to_string());
        if matching == 0 {
            nothing.get_or_insert_with(|| format!("no slice was validated of {spec}"));
            collector.check(theirs, false, Some("no slice was validated".to_owned()));
        }
    }
    Ok(nothing)
}

fn failures(collector: &mut Collector<'_>, slice: Node<'_>) -> Result<(), Mistake> {
    let group = group(slice, 2, 4)?;
    for failure in slice.messages(&Field("failures", 3))? {
        let key = failure
            .message(&Field("metric_key", 1))?
            .map_or_else(|| Ok(Key::default()), Key::of)?;
        let threshold = failure.message(&Field("metric_threshold", 2))?;
        let mut why = threshold.map_or_else(|| Ok(String::new()), limits)?;
        if let Some(value) = failure.message(&Field("metric_value", 3))? {
            let context = Context::default();
            Writer { collector, group: &group, context: &context }.metric(&key, value, None)?;
            if let Some(number) = value.wrapped_double(&Field("double_value", 1))? {
                why = format!("{number} {why}");
            }
        }
        if let Some(message) =
            failure.text(&Field("message", 4))?.filter(|message| !message.is_empty())
        {
            why.push_str(&format!(": {message}"));
        }
        let name = if key.name.is_empty() { "a metric" } else { &key.name };
        collector.check(
            format!("{name} [{}]", group.slice),
            false,
            (!why.is_empty()).then_some(why),
        );
    }
    Ok(())
}

/// The limits of a threshold, in words.
fn limits(threshold: Node<'_>) -> Result<String, Mistake> {
    let mut out = Vec::new();
    if let Some(value) = threshold.message(&Field("value_threshold", 1))? {
        for (name, number, words) in [("lower_bound", 1, "at least"), ("upper_bound", 2, "at most")]
        {
            if let Some(bound) = value.wrapped_double(&Field(name, number))? {
                out.push(format!("{words} {bound}"));
            }
        }
    }
    if let Some(change) = threshold.message(&Field("change_threshold", 2))? {
        for (name, number) in [("absolute", 1), ("relative", 2)] {
            if let Some(bound) = change.wrapped_double(&Field(name, number))? {
                out.push(format!("{name} change {bound}"));
            }
        }
    }
    Ok(if out.is_empty() { String::new() } else { format!("must be {}", out.join(" and ")) })
}

/// The features of a slicing, as `sex, race`.
fn described(spec: Node<'_>) -> Result<String, Mistake> {
    let mut out = Vec::new();
    if let Node::Json(json) = spec {
        let keys =
            json.get("feature_keys").or_else(|| json.get("featureKeys")).and_then(Json::as_array);
        out.extend(keys.unwrap_or(&[]).iter().filter_map(|key| key.as_str().map(str::to_owned)));
        let values = json
            .get("feature_values")
            .or_else(|| json.get("featureValues"))
            .and_then(Json::as_object);
        for member in values.into_iter().flatten() {
            out.push(format!("{} = {}", member.key, member.value.as_str().unwrap_or_default()));
        }
    } else {
        for key in spec.texts(&Field("feature_keys", 1))? {
            out.push(key);
        }
        for pair in spec.messages(&Field("feature_values", 2))? {
            let text = |field| pair.text(&field).map(Option::unwrap_or_default);
            out.push(format!("{} = {}", text(Field("key", 1))?, text(Field("value", 2))?));
        }
    }
    Ok(if out.is_empty() { "overall".to_owned() } else { out.join(", ") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Digest;

    fn open(bytes: &[u8]) -> Result<Evidence, EvidenceError> {
        read(&Document::new(Digest::of(b""), bytes))
    }

    fn checks(bytes: &[u8]) -> Vec<(String, bool)> {
        assert!(detect(&Document::new(Digest::of(b""), bytes)).is_ok());
        open(bytes).unwrap().checks.into_iter().map(|check| (check.name, check.passed)).collect()
    }

    #[test]
    fn what_is_absent_is_false() {
        let text = br#"{"metricValidationsPerSlice": [{"sliceKey": {"singleSliceKeys": [{"column": "sex", "bytesValue": "TWFsZQ=="}]},
            "failures": [{"metricKey": {"name": "auc"}, "metricThreshold": {"valueThreshold": {"lowerBound": 0.85}},
            "metricValue": {"doubleValue": 0.8}}]}], "missingSlices": [{"featureKeys": ["race"]}],
            "validationDetails": {"slicingDetails": [{"slicingSpec": {}}]}, "rubberStamp": true}"#;
        let expected = [
            ("validation_ok", false),
            ("missing_thresholds", true),
            ("rubber_stamp", false),
            ("auc [sex = Male]", false),
            ("missing_slices [race]", false),
            ("num_matching_slices [overall]", false),
        ];
        assert_eq!(checks(text), expected.map(|(name, passed)| (name.to_owned(), passed)));
        let evidence = open(text).unwrap();
        assert_eq!(evidence.measurements[0].value, Some(0.8));
        assert_eq!(evidence.checks[3].detail.as_deref(), Some("0.8 must be at least 0.85"));
    }

    /// `validation_ok: true`, and one slicing detail with two matching slices, encoded by hand.
    #[test]
    fn the_record_is_read_as_its_json() {
        let record = record::written(b"\x08\x01\x22\x06\x0a\x04\x0a\x00\x10\x02");
        let json = br#"{"validation_ok": true, "validation_details": {"slicing_details": [{"slicing_spec": {}, "num_matching_slices": 2}]}}"#;
        assert_eq!(checks(&record), checks(json));
        assert_eq!(open(&record).unwrap().measurements, open(json).unwrap().measurements);
        assert!(checks(&record).iter().all(|(_, passed)| *passed));
    }

    #[test]
    fn other_documents_are_refused() {
        for text in
            [&b"{}"[..], b"[]", br#"{"validation_ok": 1}"#, br#"{"validation_details": []}"#, b""]
        {
            assert!(open(text).is_err(), "{}", String::from_utf8_lossy(text));
        }
        let metrics = record::written(b"\x0a\x00");
        assert!(detect(&Document::new(Digest::of(b""), &metrics)).is_err());
    }
}
