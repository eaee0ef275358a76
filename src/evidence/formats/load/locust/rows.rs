//! What the rows of all files of Locust have in common.

use crate::model::Slice;
use std::collections::BTreeMap;

/// How far the original time may be from a rounded one, in milliseconds: below and above.
pub(super) fn around(rounded: f64) -> (f64, f64) {
    let step = |v: f64| {
        if v < 100.0 {
            0.5
        } else if v < 1_000.0 {
            5.0
        } else if v < 10_000.0 {
            50.0
        } else {
            500.0
        }
    };
    // A time that was rounded up to a power of ten had the finer step of the range below.
    (step(rounded - rounded * 1e-6), step(rounded))
}

/// The slices of rows by method and name: the name alone if no other row has it.
pub(super) fn slices(rows: &[(String, String)]) -> Vec<Slice> {
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, name) in rows {
        *times.entry(name).or_default() += 1;
    }
    let slice = |(method, name): &(String, String)| {
        let mut slice = Slice::one("name", name);
        if times.get(name.as_str()) != Some(&1) {
            slice.0.insert("method".to_owned(), method.clone());
        }
        slice
    };
    rows.iter().map(slice).collect()
}

/// The row of all endpoints.
pub(super) fn is_total(method: &str, name: &str) -> bool {
    matches!(name, "Aggregated" | "Total") && matches!(method, "" | "None")
}
