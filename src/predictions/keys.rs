//! Keys of rows: the hash of an id or a cluster, the same for `7` in a CSV file and 7 in a Parquet
//! file.

use super::{
    block::Values,
    class::{float_text, id_text},
    hash::{key, wide_key},
};

/// Replaces the content of `out` by the hash of each value's canonical text.
fn texts<T: Copy>(values: &Values, hash: impl Fn(&[u8]) -> T, out: &mut Vec<T>) {
    out.clear();
    match values {
        Values::Int(list) => out.extend(list.iter().map(|x| hash(x.to_string().as_bytes()))),
        Values::Bool(list) => {
            out.extend(list.iter().map(|x| hash(if *x { b"true" } else { b"false" })));
        }
        Values::F32(list) => {
            out.extend(list.iter().map(|x| hash(float_text(f64::from(*x)).as_bytes())));
        }
        Values::F64(list) => out.extend(list.iter().map(|x| hash(float_text(*x).as_bytes()))),
        Values::Text { dictionary, codes } => {
            let hashed: Vec<T> =
                dictionary.iter().map(|text| hash(id_text(text).as_bytes())).collect();
            out.extend(codes.iter().map(|code| hashed[*code as usize]));
        }
    }
}

/// A key for each value, to draw weights by.
pub(super) fn keys(values: &Values, out: &mut Vec<u64>) {
    texts(values, key, out);
}

/// A key for each value, to join by.
pub(super) fn wide_keys(values: &Values, out: &mut Vec<u128>) {
    texts(values, wide_key, out);
}

/// The text of one value, for messages.
pub(super) fn shown(values: &Values, row: usize) -> String {
    match values {
        Values::Int(list) => list[row].to_string(),
        Values::Bool(list) => list[row].to_string(),
        Values::F32(list) => float_text(f64::from(list[row])),
        Values::F64(list) => float_text(list[row]),
        Values::Text { dictionary, codes } => dictionary[codes[row] as usize].to_string(),
    }
}

/// The numbers of a column that was requested as numbers.
pub(super) fn floats(values: &Values, out: &mut Vec<f64>) {
    out.clear();
    match values {
        Values::F32(list) => out.extend(list.iter().map(|x| f64::from(*x))),
        Values::F64(list) => out.extend_from_slice(list),
        Values::Int(list) => out.extend(list.iter().map(|x| *x as f64)),
        Values::Bool(list) => out.extend(list.iter().map(|x| f64::from(u8::from(*x)))),
        // Readers return numbers for columns that are requested as numbers.
        Values::Text { .. } => {}
    }
}
