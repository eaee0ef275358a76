//! Rare encodings: the crate decodes them behind a fence, one page at a time.

use super::schema::{Leaf, Target};
use bytes::Bytes;
use parquet::{
    basic::Encoding,
    column::{
        page::{Page, PageMetadata, PageReader},
        reader::ColumnReaderImpl,
    },
    data_type::{
        BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type,
    },
    errors::Result as ParquetResult,
    schema::types::ColumnDescriptor,
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

/// A column with a single page.
struct OnePage {
    page: Option<Page>,
    values: usize,
}

impl Iterator for OnePage {
    type Item = ParquetResult<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.page.take().map(Ok)
    }
}

impl PageReader for OnePage {
    fn get_next_page(&mut self) -> ParquetResult<Option<Page>> {
        Ok(self.page.take())
    }

    fn peek_next_page(&mut self) -> ParquetResult<Option<PageMetadata>> {
        let values = self.values;
        let there = |_: &Page| PageMetadata {
            num_rows: Some(values),
            num_levels: Some(values),
            is_dict: false,
        };
        Ok(self.page.as_ref().map(there))
    }

    fn skip_next_page(&mut self) -> ParquetResult<()> {
        self.page = None;
        Ok(())
    }
}

/// The values of one page, in the order of the page.
pub(super) enum Odd {
    Int32(Decoder<Int32Type>),
    Int64(Decoder<Int64Type>),
    Float(Decoder<FloatType>),
    Double(Decoder<DoubleType>),
    Bool(Decoder<BoolType>),
    Text(Decoder<ByteArrayType>),
}

/// The crate's decoder, and a buffer for its values.
pub(super) struct Decoder<T: DataType> {
    reader: ColumnReaderImpl<T>,
    buffer: Vec<T::T>,
}

impl<T: DataType> Decoder<T> {
    fn new(leaf: &Leaf, page: Page, values: usize) -> Self {
        // The levels were read already: what is left is a column without absent values.
        let descriptor = ColumnDescriptor::new(
            leaf.descriptor.self_type_ptr(),
            0,
            0,
            leaf.descriptor.path().clone(),
        );
        let page = Box::new(OnePage { page: Some(page), values });
        Self { reader: ColumnReaderImpl::new(Arc::new(descriptor), page), buffer: Vec::new() }
    }

    /// Reads the next `n` values.
    pub(super) fn take(&mut self, n: usize) -> Result<&[T::T], String> {
        self.buffer.clear();
        fenced(|| {
            while self.buffer.len() < n {
                let (_, got, _) = self.reader.read_records(
                    n - self.buffer.len(),
                    None,
                    None,
                    &mut self.buffer,
                )?;
                if got == 0 {
                    break;
                }
            }
            Ok(())
        })?;
        if self.buffer.len() == n {
            Ok(&self.buffer)
        } else {
            Err("a page ends too early".to_owned())
        }
    }
}

/// A decoder for the values of a page with this encoding.
pub(super) fn decoder(
    leaf: &Leaf,
    encoding: i64,
    bytes: &[u8],
    values: usize,
) -> Result<Odd, String> {
    let encoding = match (encoding, leaf.target) {
        (5, Target::Int32 | Target::Unsigned32 | Target::Int64 | Target::Unsigned64) => {
            Encoding::DELTA_BINARY_PACKED
        }
        (6, Target::Text) => Encoding::DELTA_LENGTH_BYTE_ARRAY,
        (7, Target::Text) => Encoding::DELTA_BYTE_ARRAY,
        (9, target) if !matches!(target, Target::Text | Target::Bool) => {
            Encoding::BYTE_STREAM_SPLIT
        }
        _ => return Err(format!("encoding {encoding} of a page is not known")),
    };
    let page = Page::DataPage {
        buf: Bytes::copy_from_slice(bytes),
        num_values: u32::try_from(values).unwrap_or(u32::MAX),
        encoding,
        def_level_encoding: Encoding::RLE,
        rep_level_encoding: Encoding::RLE,
        statistics: None,
    };
    fenced(|| {
        Ok(match leaf.target {
            Target::Int32 | Target::Unsigned32 => Odd::Int32(Decoder::new(leaf, page, values)),
            Target::Int64 | Target::Unsigned64 => Odd::Int64(Decoder::new(leaf, page, values)),
            Target::Float => Odd::Float(Decoder::new(leaf, page, values)),
            Target::Double => Odd::Double(Decoder::new(leaf, page, values)),
            Target::Bool => Odd::Bool(Decoder::new(leaf, page, values)),
            Target::Text => Odd::Text(Decoder::new(leaf, page, values)),
        })
    })
}

/// The bytes of a text.
pub(super) fn bytes(text: &ByteArray) -> &[u8] {
    text.data()
}

/// Runs the crate's code; a panic on damaged bytes becomes an error.
pub(super) fn fenced<T>(run: impl FnOnce() -> ParquetResult<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("a page cannot be decoded".to_owned()),
    }
}
