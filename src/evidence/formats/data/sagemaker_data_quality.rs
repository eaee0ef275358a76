//! Amazon `SageMaker` Model Monitor: `statistics.json` of data quality, and the `constraints.json` it
//! suggests.
//!
//! The file has numbers for each feature (`column`): how many items are present and missing, mean,
//! sum, deviation, extremes and how many distinct values. Sketches and buckets of distributions are
//! not read. `constraints.json` contains the completeness of each feature; what it requires of a
//! feature is not a measurement.

use crate::evidence::{
    Adapter, Carries, Declined, Document, EvidenceError, Family,
    collector::Collector,
    formats::sagemaker,
    json::{Json, Object},
    precision::Precision,
    undefined::reading,
};
use crate::model::{Evidence, Slice};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "sagemaker-data-quality",
    title: "SageMaker Model Monitor statistics.json and constraints.json of data quality",
    family: Family::Data,
    written_by: "DefaultModelMonitor.suggest_baseline(…), or a monitoring schedule",
    reads: "statistics of every feature under `column`, with its items, present and missing, as n; `item_count` overall.",
    carries: &[Carries::Metrics, Carries::Slices, Carries::SampleSize],
    recognised_by: "`features` with `name` and `inferred_type`",
    rule: "id = \"age-is-there\"\nmetric = \"num_missing\"\nslice = { column = \"age\" }\nmax = 0",
    detect,
    read,
};

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let features = document.object()?.get("features").and_then(Json::as_array);
    let feature = |json: &Json<'_>| {
        json.get("name").is_some() && json.get("inferred_type").and_then(Json::as_str).is_some()
    };
    match features {
        Some([]) if document.object()?.has("dataset") => Ok(()),
        Some(features @ [_, ..]) if features.iter().all(feature) => Ok(()),
        Some(_) => Err(Declined::because("`features` without `name` and `inferred_type`")),
        None => Err(Declined::because("no list `features`")),
    }
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    document.json().map_err(Clone::clone)?;
    let object = document.require(ADAPTER.id, detect(document).and_then(|()| document.object()))?;
    let mut collector = Collector::new(document, ADAPTER.id).precision(Precision::Full);
    collector.evidence.producer.get_or_insert_default().tool =
        Some("SageMaker Model Monitor".to_owned());
    sagemaker::dataset(&mut collector, object);
    let features = collector.objects(object.get("features"));
    for feature in &features {
        self::feature(&mut collector, feature);
    }
    if features.is_empty() {
        collector.check("features", false, Some("there is no feature".to_owned()));
    }
    for member in object {
        if !matches!(&*member.key, "version" | "dataset" | "features") {
            collector.left_out(&member.key);
        }
    }
    collector.finish()
}

fn feature(collector: &mut Collector<'_>, feature: &Object<'_>) {
    let name = feature.get("name").and_then(Json::as_str).unwrap_or("");
    let slice = Slice::one("column", name);
    for member in feature {
        match (&*member.key, member.value.as_object()) {
            ("numerical_statistics" | "string_statistics", Some(statistics)) => {
                self::statistics(collector, statistics, &slice);
            }
            ("completeness", None) => {
                _ = collector.measure("completeness", "completeness", slice.clone(), &member.value);
            }
            ("name" | "inferred_type", _) => {}
            (other, _) => collector.left_out(other),
        }
    }
}

fn statistics(collector: &mut Collector<'_>, statistics: &Object<'_>, slice: &Slice) {
    let common = |key: &str| statistics.get("common")?.get(key)?.as_number()?.count();
    let present = common("num_present");
    let items = present
        .zip(common("num_missing"))
        .and_then(|(present, missing)| present.checked_add(missing));
    for member in statistics {
        match member.value.as_object() {
            Some(inner) if member.key == "common" => {
                for cell in inner {
                    _ = collector
                        .measure(&cell.key, &cell.key, slice.clone(), &cell.value)
                        .map(|m| m.n = items);
                }
            }
            None if reading(&member.value).is_some() => {
                _ = collector
                    .measure(&member.key, &member.key, slice.clone(), &member.value)
                    .map(|m| m.n = present);
            }
            _ => collector.left_out(&member.key),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::evidence::read;
    use crate::model::Evidence;

    /// The layout of Amazon's documentation.
    const STATISTICS: &str = r#"{"version": 0.0, "dataset": {"item_count": 334, "end_time": "2026-11-20T12:00:00Z"}, "features": [
      {"name": "age", "inferred_type": "Integral", "numerical_statistics": {"common": {"num_present": 330, "num_missing": 4},
        "mean": 40.5, "sum": 13365.0, "std_dev": 12.25, "min": 17.0, "max": 90.0, "distribution": {"kll": {"buckets": []}}}},
      {"name": "job", "inferred_type": "String", "string_statistics": {"common": {"num_present": 334, "num_missing": 0},
        "distinct_count": 51.0, "distribution": {"categorical": {"buckets": [{"value": "x", "count": 3}]}}}}]}"#;

    fn data(text: &str) -> Evidence {
        let evidence = read(text.as_bytes(), None).unwrap();
        assert_eq!(evidence.format, "sagemaker-data-quality");
        evidence
    }

    #[test]
    fn every_statistic_of_every_feature() {
        let evidence = data(STATISTICS);
        let of = |column: &str, name: &str| {
            let found = evidence
                .measurements
                .iter()
                .find(|m| m.source_name == name && m.slice.to_string().ends_with(column));
            found.map(|m| (m.value, m.n)).unwrap()
        };
        assert_eq!(of("= age", "num_missing"), (Some(4.0), Some(334)));
        assert_eq!(of("= age", "mean"), (Some(40.5), Some(330)));
        assert_eq!(of("= job", "distinct_count"), (Some(51.0), Some(334)));
        assert_eq!(of("overall", "item_count"), (Some(334.0), Some(334)));
        assert!(evidence.produced_at.is_some());
        assert!(
            evidence.warnings.iter().any(|w| w.contains("distribution")),
            "{:?}",
            evidence.warnings
        );
    }

    #[test]
    fn constraints_and_oddities() {
        let text = r#"{"version": 0.0, "features": [{"name": "age", "inferred_type": "Integral", "completeness": 0.99, "num_constraints": {"is_non_negative": true}}], "monitoring_config": {}}"#;
        assert_eq!(data(text).measurements[0].value, Some(0.99));
        assert!(!data(r#"{"dataset": {"item_count": 0}, "features": []}"#).checks[0].passed);
        assert!(read(b"{\"features\": [1]}", Some("sagemaker-data-quality")).is_err());
    }
}
