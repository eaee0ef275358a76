//! Arrays of the Arrow crates as columns of the engine, whether they come from Parquet or from
//! Arrow IPC.

mod decimal;
mod entries;
mod kind;
mod texts;

use super::{
    Limits, PredictionsError,
    block::{Kind, Values},
    num, refusal,
    text::{self, Interner},
};
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, DictionaryArray, RecordBatch,
    cast::AsArray,
    downcast_dictionary_array, downcast_integer_array,
    types::{self, DecimalType},
};
use arrow_buffer::ArrowNativeType;
use arrow_schema::DataType;
use entries::Known;
use std::{fmt::Display, sync::Arc};
use texts::Texts;
pub(super) use {entries::Entries, kind::fits};

/// Where the rows of a block are, for messages.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) file: &'a str,
    pub(super) column: &'a str,
    /// What the column is wanted as.
    pub(super) kind: Kind,
    pub(super) limits: &'a Limits,
    /// The row of the file, from zero, of the first value.
    pub(super) row: u64,
}

impl Place<'_> {
    fn corrupt(&self, what: &str) -> PredictionsError {
        refusal::corrupt(self.file, format!("column {}: {what}", refusal::quoted(self.column)))
    }

    fn row(&self, at: usize) -> String {
        format!("row {}", self.row.saturating_add(num::wide(at)).saturating_add(1))
    }
}

const NO_ENTRY: &str = "a code has no entry in its dictionary";

/// Converts one column, block by block.
#[derive(Default)]
pub(super) struct Column {
    texts: Texts,
    /// A dictionary of values other than texts that was converted before.
    entries: Option<(ArrayRef, Values)>,
    /// What was converted of a dictionary that the file sends apart.
    known: Option<Known>,
}

impl Column {
    /// Replaces `values` by the column at this path of fields. With `entries`, it has codes of that
    /// dictionary.
    pub(super) fn read(
        &mut self,
        place: &Place<'_>,
        batch: &RecordBatch,
        path: &[String],
        entries: Option<&Entries>,
        values: &mut Values,
    ) -> Result<(), PredictionsError> {
        let missing = || place.corrupt("it is in the schema, but not in the rows");
        let (first, inner) = path.split_first().ok_or_else(missing)?;
        let mut array = batch.column_by_name(first).ok_or_else(missing)?;
        present(place, array)?;
        for name in inner {
            let fields = array.as_struct_opt().ok_or_else(missing)?;
            array = fields.column_by_name(name).ok_or_else(missing)?;
            present(place, array)?;
        }
        match entries {
            Some(entries) => self.coded(place, array, entries, values)?,
            None => self.convert(place, array, values)?,
        }
        finite(place, values)
    }

    fn convert(
        &mut self,
        place: &Place<'_>,
        array: &ArrayRef,
        values: &mut Values,
    ) -> Result<(), PredictionsError> {
        *values = match array.data_type() {
            DataType::Int8 => integers::<types::Int8Type>(array, values),
            DataType::Int16 => integers::<types::Int16Type>(array, values),
            DataType::Int32 => integers::<types::Int32Type>(array, values),
            DataType::Int64 => integers::<types::Int64Type>(array, values),
            DataType::UInt8 => integers::<types::UInt8Type>(array, values),
            DataType::UInt16 => integers::<types::UInt16Type>(array, values),
            DataType::UInt32 => integers::<types::UInt32Type>(array, values),
            DataType::UInt64 => {
                let list = array.as_primitive::<types::UInt64Type>().values();
                let signed: Option<Vec<i64>> =
                    list.iter().map(|x| i64::try_from(*x).ok()).collect();
                match signed {
                    Some(signed) => Values::Int(signed),
                    None if place.kind == Kind::Number => {
                        Values::F64(list.iter().map(|x| float(*x)).collect())
                    }
                    None => written(place, list.iter().map(ToString::to_string))?,
                }
            }
            DataType::Float16 => {
                let list = array.as_primitive::<types::Float16Type>().values();
                Values::F32(list.iter().map(|x| x.to_f32()).collect())
            }
            DataType::Float32 => {
                let mut list = match values {
                    Values::F32(list) => std::mem::take(list),
                    _ => Vec::new(),
                };
                array.as_primitive::<types::Float32Type>().values().as_ref().clone_into(&mut list);
                Values::F32(list)
            }
            DataType::Float64 => {
                let mut list = match values {
                    Values::F64(list) => std::mem::take(list),
                    _ => Vec::new(),
                };
                array.as_primitive::<types::Float64Type>().values().as_ref().clone_into(&mut list);
                Values::F64(list)
            }
            DataType::Boolean => Values::Bool(array.as_boolean().values().iter().collect()),
            DataType::Decimal32(precision, scale) => {
                decimals::<types::Decimal32Type>(place, array, *precision, *scale)?
            }
            DataType::Decimal64(precision, scale) => {
                decimals::<types::Decimal64Type>(place, array, *precision, *scale)?
            }
            DataType::Decimal128(precision, scale) => {
                decimals::<types::Decimal128Type>(place, array, *precision, *scale)?
            }
            DataType::Decimal256(precision, scale) => {
                decimals::<types::Decimal256Type>(place, array, *precision, *scale)?
            }
            DataType::Dictionary(..) => return self.dictionary(place, array, values),
            is if texts::is_text(is) => {
                let mut codes = text::codes(values);
                let dictionary = self.texts.codes(place, array, &mut codes)?;
                Values::Text { dictionary, codes }
            }
            _ => return Err(place.corrupt("its rows have another type than its schema")),
        };
        Ok(())
    }

    /// Replaces `values` by the values that the codes of `array` have in a dictionary.
    fn coded(
        &mut self,
        place: &Place<'_>,
        array: &ArrayRef,
        entries: &Entries,
        values: &mut Values,
    ) -> Result<(), PredictionsError> {
        let mut codes = text::codes(values);
        let array: &dyn Array = array;
        downcast_integer_array!(
            array => codes.extend(array.values().iter().map(|code| num::small(code.as_usize()))),
            _ => return Err(place.corrupt("its codes are not integers"))
        );
        let mut known = Known::of(self.known.take(), entries);
        known.grow(place, entries, |part| {
            let mut list = Values::Int(Vec::new());
            Self::default().convert(place, part, &mut list)?;
            Ok(list)
        })?;
        *values = known.values(place, entries, codes)?;
        self.known = Some(known);
        Ok(())
    }

    fn dictionary(
        &mut self,
        place: &Place<'_>,
        array: &ArrayRef,
        values: &mut Values,
    ) -> Result<(), PredictionsError> {
        let mut codes = text::codes(values);
        let array: &dyn Array = array;
        downcast_dictionary_array!(
            array => keys(array, &mut codes),
            _ => return Err(place.corrupt("its codes are not integers"))
        );
        let entries = array.as_any_dictionary().values();
        if entries.len() > place.limits.distinct {
            return Err(refusal::too_many_entries(place.file, place.limits));
        }
        let most = codes.iter().fold(0, |most, code| most.max(*code));
        if !codes.is_empty() && num::index(most) >= entries.len() {
            return Err(place.corrupt(NO_ENTRY));
        }
        if let Some(absent) = entries.logical_nulls().filter(|nulls| nulls.null_count() > 0)
            && let Some(at) = codes.iter().position(|code| absent.is_null(num::index(*code)))
        {
            return Err(refusal::null(place.file, place.column, place.row(at)));
        }
        *values = match entries.data_type() {
            is if texts::is_text(is) => {
                let dictionary = self.texts.translate(place, entries, &mut codes)?;
                Values::Text { dictionary, codes }
            }
            DataType::Dictionary(..) => {
                return Err(place.corrupt("its dictionary has a dictionary"));
            }
            _ => {
                let list = match self.entries.take() {
                    Some((known, list)) if known.to_data().ptr_eq(&entries.to_data()) => list,
                    _ => {
                        let mut list = Values::Int(Vec::new());
                        self.convert(place, entries, &mut list)?;
                        list
                    }
                };
                let picked = match &list {
                    Values::Int(list) => pick(list, &codes).map(Values::Int),
                    Values::F32(list) => pick(list, &codes).map(Values::F32),
                    Values::F64(list) => pick(list, &codes).map(Values::F64),
                    Values::Bool(list) => pick(list, &codes).map(Values::Bool),
                    Values::Text { .. } => return Err(place.corrupt("its dictionary changes")),
                };
                self.entries = Some((Arc::clone(entries), list));
                picked.ok_or_else(|| place.corrupt(NO_ENTRY))?
            }
        };
        Ok(())
    }
}

/// Refuses a column with a row that is absent.
fn present(place: &Place<'_>, array: &dyn Array) -> Result<(), PredictionsError> {
    let Some(nulls) = array.nulls().filter(|nulls| nulls.null_count() > 0) else { return Ok(()) };
    let at = nulls.iter().position(|present| !present).unwrap_or(0);
    Err(refusal::null(place.file, place.column, place.row(at)))
}

/// Refuses a number that is not finite.
fn finite(place: &Place<'_>, values: &Values) -> Result<(), PredictionsError> {
    // Without a branch for each value, so that several are compared at once.
    let wrong = match values {
        Values::F32(list) if list.iter().fold(true, |all, x| all & x.is_finite()) => None,
        Values::F64(list) if list.iter().fold(true, |all, x| all & x.is_finite()) => None,
        Values::F32(list) => {
            list.iter().map(|x| f64::from(*x)).enumerate().find(|(_, x)| !x.is_finite())
        }
        Values::F64(list) => list.iter().copied().enumerate().find(|(_, x)| !x.is_finite()),
        Values::Int(_) | Values::Bool(_) | Values::Text { .. } => None,
    };
    let Some((at, value)) = wrong else { return Ok(()) };
    Err(refusal::not_finite(place.file, place.column, place.row(at), value))
}

/// The buffer of the block before is used again.
fn integers<T: ArrowPrimitiveType>(array: &dyn Array, values: &mut Values) -> Values
where
    i64: From<T::Native>,
{
    let mut list = match values {
        Values::Int(list) => std::mem::take(list),
        _ => Vec::new(),
    };
    list.clear();
    list.extend(array.as_primitive::<T>().values().iter().map(|x| i64::from(*x)));
    Values::Int(list)
}

fn keys<K: types::ArrowDictionaryKeyType>(array: &DictionaryArray<K>, codes: &mut Vec<u32>) {
    codes.extend(array.keys().values().iter().map(|key| num::small(key.as_usize())));
}

/// The value of each code; `None` if one has no value.
fn pick<T: Copy>(values: &[T], codes: &[u32]) -> Option<Vec<T>> {
    codes.iter().map(|code| values.get(num::index(*code)).copied()).collect()
}

fn decimals<T: DecimalType>(
    place: &Place<'_>,
    array: &dyn Array,
    precision: u8,
    scale: i8,
) -> Result<Values, PredictionsError>
where
    T::Native: Display,
{
    let array = array.as_primitive::<T>();
    let digits = || place.corrupt("a decimal has more digits than its column");
    array.validate_decimal_precision(precision).map_err(|_| digits())?;
    // As floats, two ids or classes with many digits could become one.
    if place.kind != Kind::Number && !decimal::is_exact(array, scale) {
        return written(place, decimal::texts(array, scale));
    }
    let list = decimal::floats(array, scale);
    list.map(Values::F64).ok_or_else(|| place.corrupt("a decimal is not a number"))
}

/// Numbers as texts, because no type of the engine has all of their digits.
fn written(
    place: &Place<'_>,
    texts: impl Iterator<Item = String>,
) -> Result<Values, PredictionsError> {
    let (mut interner, mut codes) = (Interner::default(), Vec::new());
    for text in texts {
        let code = interner.code(text.as_bytes());
        codes.push(code.ok_or_else(|| place.corrupt("a number is not a text"))?);
        if interner.len() > place.limits.distinct {
            return Err(refusal::too_many_texts(place.file, place.column, place.limits));
        }
    }
    Ok(Values::Text { dictionary: interner.take(), codes })
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "the nearest float is meant"
)]
fn float(n: u64) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{Float64Array, Int32Array, types::Int32Type};

    #[test]
    fn a_dictionary_of_numbers_is_converted_once_and_has_a_limit() {
        let entries: ArrayRef = Arc::new(Float64Array::from(vec![0.5, 1.5, 2.5]));
        let block = |codes: Vec<i32>| -> ArrayRef {
            let codes = Int32Array::from(codes);
            Arc::new(DictionaryArray::<Int32Type>::new(codes, Arc::clone(&entries)))
        };
        let mut limits = Limits::default();
        let (mut column, mut values) = (Column::default(), Values::Int(Vec::new()));
        let place =
            Place { file: "file", column: "score", kind: Kind::Number, limits: &limits, row: 0 };
        column.convert(&place, &block(vec![2, 0]), &mut values).unwrap();
        assert!(matches!(&values, Values::F64(list) if *list == [2.5, 0.5]));
        // Other entries in place of the kept ones show that they are not converted again.
        let Some((_, Values::F64(kept))) = &mut column.entries else { panic!("not kept") };
        kept[1] = 7.0;
        column.convert(&place, &block(vec![1, 1, 2]), &mut values).unwrap();
        assert!(matches!(&values, Values::F64(list) if *list == [7.0, 7.0, 2.5]));
        limits.distinct = 2;
        let place =
            Place { file: "file", column: "score", kind: Kind::Number, limits: &limits, row: 0 };
        let error = column.convert(&place, &block(vec![0]), &mut values).unwrap_err();
        assert_eq!(error.code, "predictions-too-large");
        assert!(error.message.contains("a dictionary has more than 2 entries"));
    }

    #[test]
    fn a_code_without_a_value_has_no_value() {
        assert_eq!(pick(&[1, 2], &[1, 0]), Some(vec![2, 1]));
        assert_eq!(pick(&[1, 2], &[1, 2]), None);
    }
}
