//! `oha --output-format csv`: a row for each answer, in seconds, not rounded.

use super::{Collector, Document, EvidenceError, Slice, Unit, load};
use crate::stats::proportion::counted;
use std::collections::BTreeMap;

pub(super) fn read(
    document: &Document<'_>,
    collector: &mut Collector<'_>,
) -> Result<(), EvidenceError> {
    let table = document.csv().map_err(Clone::clone)?;
    let n = counted(table.rows().len());
    load::count(collector, "rows", Slice::overall(), n, None);
    for name in ["DNS", "DNS+dialup", "Response-delay", "request-duration"] {
        let Some(values) = load::column(collector.format(), document, table, name)? else {
            continue;
        };
        load::mean(
            collector,
            &format!("mean {name}"),
            Slice::overall(),
            &values,
            0.0,
            Some(Unit::Seconds),
        );
        if name == "request-duration" && n > 0 {
            match load::Sample::of(values, 0.0, Unit::Seconds) {
                Some(sample) => sample.quantiles(collector, &Slice::overall(), &[]),
                None => collector.warn("a duration is negative: the percentiles are left out"),
            }
        }
    }
    let mut codes: BTreeMap<&str, u64> = BTreeMap::new();
    let column = table.column("status");
    for row in table.rows() {
        let code = column.and_then(|column| row.get(column)).unwrap_or("");
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
    let (_, failed) = load::statuses(collector, codes);
    // Requests without an answer have no row, so a file with only good rows does not show that all
    // requests succeeded.
    if n == 0 || failed > 0 {
        load::Ended::of(n, failed).tell(collector, 0, &Slice::overall(), "");
    }
    collector.warn(
        "the CSV of oha leaves out requests that had no answer: it does not say how many failed",
    );
    Ok(())
}
