//! `statistics.json` of the dashboard: an object for each label, and `Total`.

use super::{Collector, Document, EvidenceError, Json, Number, Slice, Unit, load};
use crate::evidence::json::Object;

pub(super) fn read(
    document: &Document<'_>,
    collector: &mut Collector<'_>,
) -> Result<(), EvidenceError> {
    let json = document.json().map_err(Clone::clone)?;
    for member in collector.members(Some(json)) {
        let row = member.value.as_object();
        let count = |key: &str| {
            row.and_then(|row| row.get(key)).and_then(Json::as_number).and_then(Number::count)
        };
        let Some((row, (n, failed))) = row.zip(count("sampleCount").zip(count("errorCount")))
        else {
            return Err(document.invalid(
                collector.format(),
                member.value.at,
                "no counts of samples and errors",
            ));
        };
        let total = member.key == "Total";
        let slice = Slice::one("transaction", &*member.key);
        let (first, ended) =
            (collector.evidence.measurements.len(), load::Ended::of(n.max(failed), failed));
        for (slice, aggregate) in
            [(slice, total), (Slice::overall(), false)].into_iter().take(if total { 2 } else { 1 })
        {
            let from = collector.evidence.measurements.len();
            values(collector, row, &slice, n);
            load::error_rate(collector, slice, n, failed);
            for m in collector.evidence.measurements.iter_mut().skip(from) {
                m.aggregate = aggregate;
            }
        }
        let own = Slice::one("transaction", &*member.key);
        if total {
            ended.mark(collector, first, |m| m.slice == own);
        }
        let (slice, of) = if total { (Slice::overall(), "") } else { (own, &*member.key) };
        ended.tell(collector, first, &slice, of);
    }
    collector.warn(
        "`statistics.json` does not say which percentiles `pct1ResTime` to `pct3ResTime` are: they have no quantile",
    );
    Ok(())
}

fn values(collector: &mut Collector<'_>, row: &Object<'_>, slice: &Slice, n: u64) {
    for member in row.iter().filter(|member| member.key != "transaction") {
        let key = &*member.key;
        let ours = if key == "medianResTime" { "latency" } else { key };
        let Some(m) = collector.measure(ours, key, slice.clone(), &member.value) else { continue };
        m.n = Some(n).filter(|_| key != "sampleCount");
        m.quantile = (key == "medianResTime").then_some(0.5);
        if key.ends_with("ResTime") {
            m.unit = Some(Unit::Milliseconds);
        } else if key == "errorPct" {
            m.unit = Some(Unit::Percent);
        }
        // These are zeros and infinities if there was no sample.
        m.value = m.value.filter(|_| n > 0 || key.ends_with("Count"));
    }
}
