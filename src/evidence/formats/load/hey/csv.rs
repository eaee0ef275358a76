//! `hey -o csv`: a row for each answer, in seconds.

use super::{Collector, Document, Ended, EvidenceError, Sample, Slice, load};
use crate::model::Unit;
use crate::stats::proportion::counted;
use std::collections::BTreeMap;

/// Half a unit of the fourth decimal.
const SLACK: f64 = 0.000_05;

pub(super) fn read(
    document: &Document<'_>,
    collector: &mut Collector<'_>,
) -> Result<(), EvidenceError> {
    let table = document.csv().map_err(Clone::clone)?;
    let n = counted(table.rows().len());
    load::count(collector, "rows", Slice::overall(), n, None);
    for name in
        ["response-time", "DNS+dialup", "DNS", "Request-write", "Response-delay", "Response-read"]
    {
        let Some(values) = load::column(collector.format(), document, table, name)? else {
            continue;
        };
        load::mean(
            collector,
            &format!("mean {name}"),
            Slice::overall(),
            &values,
            SLACK,
            Some(Unit::Seconds),
        );
        if name == "response-time" && n > 0 {
            match Sample::of(values, SLACK, Unit::Seconds) {
                Some(sample) => sample.quantiles(collector, &Slice::overall(), &[]),
                None => collector.warn("a response time is negative: the percentiles are left out"),
            }
        }
    }
    let mut codes: BTreeMap<&str, u64> = BTreeMap::new();
    if let Some(column) = table.column("status-code") {
        for row in table.rows() {
            let code = row.get(column).unwrap_or("");
            if code.len() != 3 || !code.bytes().all(|b| b.is_ascii_digit()) {
                return Err(document.invalid(
                    collector.format(),
                    row.at,
                    "no status code: was the file cut off?",
                ));
            }
            let times = codes.entry(code).or_default();
            *times = times.saturating_add(1);
        }
        let good = codes.get("200").copied().unwrap_or(0);
        load::count(collector, "non-200", Slice::overall(), n.saturating_sub(good), Some(n));
    }
    let (_, failed) = load::statuses(collector, codes);
    // Requests without an answer have no row, so a file with only good rows does not show that all
    // requests succeeded.
    if n == 0 || failed > 0 {
        Ended::of(n, failed).tell(collector, 0, &Slice::overall(), "");
    }
    collector.warn(
        "the CSV of hey leaves out requests that had no answer: it does not say how many failed",
    );
    Ok(())
}
