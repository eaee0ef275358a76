//! Arrays of the Arrow crates as columns of the engine, whether they come from Parquet or from
//! Arrow IPC.

mod decimal;
mod kind;
mod texts;

use super::{Limits, PredictionsError, block::Values, num, refusal, text};
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, DictionaryArray, RecordBatch, cast::AsArray,
    downcast_dictionary_array, types,
};
use arrow_buffer::ArrowNativeType;
use arrow_schema::DataType;
pub(super) use kind::fits;
use texts::Texts;

/// Where the rows of a block are, for messages.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) file: &'a str,
    pub(super) column: &'a str,
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

/// Converts one column, block by block.
#[derive(Default)]
pub(super) struct Column {
    texts: Texts,
}

impl Column {
    /// Replaces `values` by the column at this path of fields.
    pub(super) fn read(
        &mut self,
        place: &Place<'_>,
        batch: &RecordBatch,
        path: &[String],
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
        self.convert(place, array, values)?;
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
                let what = "an integer is larger than 9223372036854775807";
                Values::Int(signed.ok_or_else(|| place.corrupt(what))?)
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
            DataType::Decimal32(_, scale) => {
                Values::F64(decimal::floats(array.as_primitive::<types::Decimal32Type>(), *scale))
            }
            DataType::Decimal64(_, scale) => {
                Values::F64(decimal::floats(array.as_primitive::<types::Decimal64Type>(), *scale))
            }
            DataType::Decimal128(_, scale) => {
                Values::F64(decimal::floats(array.as_primitive::<types::Decimal128Type>(), *scale))
            }
            DataType::Decimal256(_, scale) => {
                Values::F64(decimal::floats(array.as_primitive::<types::Decimal256Type>(), *scale))
            }
            DataType::Dictionary(..) => return self.dictionary(place, array, values),
            DataType::Utf8
            | DataType::LargeUtf8
            | DataType::Utf8View
            | DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView => {
                let mut codes = text::codes(values);
                let dictionary = self.texts.codes(place, array, &mut codes)?;
                Values::Text { dictionary, codes }
            }
            _ => return Err(place.corrupt("its rows have another type than its schema")),
        };
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
        let most = codes.iter().fold(0, |most, code| most.max(*code));
        if !codes.is_empty() && num::index(most) >= entries.len() {
            return Err(place.corrupt("a code has no entry in its dictionary"));
        }
        if let Some(absent) = entries.logical_nulls().filter(|nulls| nulls.null_count() > 0)
            && let Some(at) = codes.iter().position(|code| absent.is_null(num::index(*code)))
        {
            return Err(refusal::null(place.file, place.column, place.row(at)));
        }
        let mut list = Values::Int(Vec::new());
        *values = match entries.data_type() {
            DataType::Utf8
            | DataType::LargeUtf8
            | DataType::Utf8View
            | DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView => {
                let dictionary = self.texts.translate(place, entries, &mut codes)?;
                Values::Text { dictionary, codes }
            }
            DataType::Dictionary(..) => {
                return Err(place.corrupt("its dictionary has a dictionary"));
            }
            _ => {
                self.convert(place, entries, &mut list)?;
                match list {
                    Values::Int(list) => Values::Int(pick(&list, &codes)),
                    Values::F32(list) => Values::F32(pick(&list, &codes)),
                    Values::F64(list) => Values::F64(pick(&list, &codes)),
                    Values::Bool(list) => Values::Bool(pick(&list, &codes)),
                    Values::Text { .. } => return Err(place.corrupt("its dictionary changes")),
                }
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

/// The value of each code, all of which are known to have one.
fn pick<T: Copy + Default>(values: &[T], codes: &[u32]) -> Vec<T> {
    codes.iter().map(|code| values.get(num::index(*code)).copied().unwrap_or_default()).collect()
}
