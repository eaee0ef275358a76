//! Texts as codes of a dictionary.

use super::{NO_ENTRY, Place};
use crate::predictions::{PredictionsError, num, refusal, text::Interner};
use arrow_array::{
    Array, ArrayRef, BinaryViewArray, GenericByteArray, OffsetSizeTrait, cast::AsArray,
    types::ByteArrayType,
};
use arrow_buffer::ArrowNativeType;
use arrow_schema::DataType;
use std::sync::Arc;

/// The most bytes of the distinct texts of one block.
const MOST_TEXT: usize = 512 << 20;

/// The dictionary of one column, which its blocks share as long as it stays the same.
#[derive(Default)]
pub(super) struct Texts {
    interner: Interner,
    known: Option<Known>,
}

/// A dictionary that was converted before.
struct Known {
    values: ArrayRef,
    texts: Arc<[Box<str>]>,
    /// For each value of the dictionary its text, if one text occurs more than once.
    codes: Option<Vec<u32>>,
}

impl Texts {
    /// The codes of the texts of these rows.
    pub(super) fn codes(
        &mut self,
        place: &Place<'_>,
        array: &dyn Array,
        codes: &mut Vec<u32>,
    ) -> Result<Arc<[Box<str>]>, PredictionsError> {
        codes.reserve(array.len());
        intern(place, &mut self.interner, array, codes)?;
        Ok(self.interner.dictionary())
    }

    /// Replaces codes of a dictionary of the file by those of distinct texts.
    pub(super) fn translate(
        &mut self,
        place: &Place<'_>,
        values: &ArrayRef,
        codes: &mut [u32],
    ) -> Result<Arc<[Box<str>]>, PredictionsError> {
        let known = match self.known.take() {
            Some(known) if known.values.to_data().ptr_eq(&values.to_data()) => known,
            _ => Known::new(place, values)?,
        };
        if let Some(map) = &known.codes {
            for code in codes {
                let known = map.get(num::index(*code));
                *code = *known.ok_or_else(|| place.corrupt(NO_ENTRY))?;
            }
        }
        let texts = Arc::clone(&known.texts);
        self.known = Some(known);
        Ok(texts)
    }
}

impl Known {
    fn new(place: &Place<'_>, values: &ArrayRef) -> Result<Self, PredictionsError> {
        let (mut interner, mut codes) = (Interner::default(), Vec::with_capacity(values.len()));
        intern(place, &mut interner, values, &mut codes)?;
        let distinct = interner.len() == codes.len();
        let codes = (!distinct).then_some(codes);
        Ok(Self { values: Arc::clone(values), texts: interner.take(), codes })
    }
}

/// Whether a column of this type has texts, or bytes that may be texts.
pub(super) fn is_text(is: &DataType) -> bool {
    matches!(
        is,
        DataType::Utf8
            | DataType::LargeUtf8
            | DataType::Utf8View
            | DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
    )
}

/// Appends the code of each text.
pub(super) fn intern(
    place: &Place<'_>,
    interner: &mut Interner,
    array: &dyn Array,
    codes: &mut Vec<u32>,
) -> Result<(), PredictionsError> {
    let mut new = 0;
    each(place, array, |text| {
        if text.len() > place.limits.cell {
            let what = format!(
                "a text in column {} is longer than {} bytes",
                refusal::quoted(place.column),
                place.limits.cell
            );
            return Err(refusal::too_large(place.file, what));
        }
        let before = interner.len();
        codes.push(interner.code(text).ok_or_else(|| place.corrupt("a text is not UTF-8"))?);
        if interner.len() > before {
            new += text.len();
            if interner.len() > place.limits.distinct {
                return Err(refusal::too_many_texts(place.file, place.column, place.limits));
            }
            if new > MOST_TEXT {
                return Err(refusal::too_large(place.file, "its texts are too long"));
            }
        }
        Ok(())
    })
}

/// Calls `put` with the bytes of each text. They may not be UTF-8, even in a column of text: the
/// crates do not check every kind of column.
fn each(
    place: &Place<'_>,
    array: &dyn Array,
    put: impl FnMut(&[u8]) -> Result<(), PredictionsError>,
) -> Result<(), PredictionsError> {
    match array.data_type() {
        DataType::Utf8 => slices(place, array.as_string::<i32>(), put),
        DataType::LargeUtf8 => slices(place, array.as_string::<i64>(), put),
        DataType::Binary => slices(place, array.as_binary::<i32>(), put),
        DataType::LargeBinary => slices(place, array.as_binary::<i64>(), put),
        DataType::Utf8View => views(&array.as_string_view().clone().to_binary_view(), put),
        DataType::BinaryView => views(array.as_binary_view(), put),
        _ => Err(place.corrupt("its rows are not text")),
    }
}

fn slices<T: ByteArrayType>(
    place: &Place<'_>,
    array: &GenericByteArray<T>,
    mut put: impl FnMut(&[u8]) -> Result<(), PredictionsError>,
) -> Result<(), PredictionsError>
where
    T::Offset: OffsetSizeTrait,
{
    let data = array.value_data();
    array.value_offsets().array_windows().try_for_each(|[from, to]| {
        let text = data.get(from.as_usize()..to.as_usize());
        put(text.ok_or_else(|| place.corrupt("a text lies outside its buffer"))?)
    })
}

fn views(
    array: &BinaryViewArray,
    mut put: impl FnMut(&[u8]) -> Result<(), PredictionsError>,
) -> Result<(), PredictionsError> {
    // Rows that are absent were refused before, so only an entry of a dictionary that no row has
    // can be absent here.
    array.iter().try_for_each(|text| put(text.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::predictions::{Limits, block::Kind};
    use arrow_array::{Int8Array, StringArray};

    #[test]
    fn what_is_no_text_is_refused() {
        let limits = Limits::default();
        let place =
            Place { file: "file", column: "group", kind: Kind::Any, limits: &limits, row: 0 };
        let numbers = Int8Array::from(vec![1, 2]);
        let error = Texts::default().codes(&place, &numbers, &mut Vec::new()).unwrap_err();
        assert!(error.message.contains("its rows are not text"), "{}", error.message);
        // A text that occurs twice makes a map of codes, in which every code has to be.
        let twice: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "a"]));
        let mut codes = [2, 1];
        Texts::default().translate(&place, &twice, &mut codes).unwrap();
        assert_eq!(codes, [0, 1]);
        let error = Texts::default().translate(&place, &twice, &mut [3]).unwrap_err();
        assert_eq!(error.code, "predictions-corrupt");
    }
}
