//! `server_metrics_export.json`: what the server under test exposed to Prometheus while it was measured.

use super::unit::unit;
use crate::evidence::formats::{common::text, labels};
use crate::evidence::{
    collector::Collector,
    json::{Json, Number, Object},
};
use crate::model::Slice;

/// Whether this is a metric with its series.
pub(super) fn is_metric(json: &Json<'_>) -> bool {
    json.get("series").is_some_and(|series| series.as_array().is_some())
        && json.get("type").is_some()
}

/// Reads the statistics of every series, with its labels and endpoint as slice. Quantiles of
/// histograms are the tool's estimates from buckets and keep their name, `p99_estimate`.
pub(super) fn read(collector: &mut Collector<'_>, metrics: &Object<'_>) {
    for member in metrics {
        let written = text(member.value.get("unit")).unwrap_or_default();
        for series in collector.list(member.value.get("series")) {
            let mut slice = series
                .get("labels")
                .and_then(Json::as_object)
                .map_or_else(Slice::overall, labels::slice);
            if let Some(endpoint) = text(series.get("endpoint_url")) {
                slice.0.insert("endpoint_url".to_owned(), endpoint.to_owned());
            }
            if series.get("buckets").is_some() || series.get("timeslices").is_some() {
                collector.left_out("buckets and time slices of server metrics");
            }
            let Some(stats) = collector.object(series.get("stats")) else { continue };
            let n = stats.get("count").and_then(Json::as_number).and_then(Number::count);
            for stat in stats {
                let path = format!("{}.{}", member.key, stat.key);
                if let Some(m) = collector.measure(&path, &path, slice.clone(), &stat.value) {
                    let own = !stat.key.contains("count") && !stat.key.contains("rate");
                    (m.unit, m.n) = (
                        unit(written, &stat.key).filter(|_| own),
                        n.filter(|_| stat.key != "count"),
                    );
                }
            }
        }
    }
}
