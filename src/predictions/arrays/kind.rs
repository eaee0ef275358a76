//! Which types of columns are read, and as what.

use crate::predictions::block::Kind;
use arrow_schema::DataType;

/// Whether a column of this type can be read as what is wanted.
///
/// # Errors
/// What the column holds instead.
pub(in crate::predictions) fn fits(is: &DataType, wanted: Kind) -> Result<(), &'static str> {
    use DataType::{
        Binary, BinaryView, Boolean, Date32, Date64, Decimal32, Decimal64, Decimal128, Decimal256,
        Dictionary, Duration, FixedSizeBinary, Float16, Float32, Float64, Int8, Int16, Int32,
        Int64, Interval, LargeBinary, LargeUtf8, Null, Time32, Time64, Timestamp, UInt8, UInt16,
        UInt32, UInt64, Utf8, Utf8View,
    };
    match is {
        Float16 | Float32 | Float64 if wanted == Kind::Category => Err("floating-point numbers"),
        Decimal32(..) | Decimal64(..) | Decimal128(..) | Decimal256(..)
            if wanted == Kind::Category =>
        {
            Err("decimals")
        }
        Boolean if wanted == Kind::Number => Err("booleans"),
        Utf8 | LargeUtf8 | Utf8View if wanted == Kind::Number => Err("text"),
        Int8 | Int16 | Int32 | Int64 | UInt8 | UInt16 | UInt32 | UInt64 | Float16 | Float32
        | Float64 | Decimal32(..) | Decimal64(..) | Decimal128(..) | Decimal256(..) | Boolean
        | Utf8 | LargeUtf8 | Utf8View => Ok(()),
        Dictionary(_, values) if !matches!(**values, Dictionary(..)) => fits(values, wanted),
        Null => Err("nothing but nulls"),
        Date32 | Date64 | Time32(_) | Time64(_) | Timestamp(..) | Interval(_) | Duration(_) => {
            Err("dates or times")
        }
        Binary | LargeBinary | BinaryView => Err("bytes that are not text"),
        FixedSizeBinary(_) => Err("bytes of fixed length"),
        DataType::RunEndEncoded(..) => Err("values with the ends of their runs"),
        _ => Err("lists, maps or unions"),
    }
}
