//! Which leaf of a file a wanted column is, and whether its type is supported.

use crate::predictions::{
    PredictionsError,
    block::{Kind, Wanted},
    refusal,
};
use parquet::{
    basic::{ConvertedType, LogicalType, Type as Physical},
    schema::types::{ColumnDescPtr, SchemaDescriptor},
};

/// The type that a leaf is decoded to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Int32,
    Unsigned32,
    Int64,
    Unsigned64,
    Float,
    Double,
    Bool,
    Text,
}

/// One wanted column in one file.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) name: String,
    /// Its index among the leaves.
    pub(super) place: usize,
    pub(super) target: Target,
    /// The definition level of a value that is present; zero if none can be absent.
    pub(super) present: u32,
    pub(super) descriptor: ColumnDescPtr,
}

/// Finds the wanted columns.
pub(super) fn bind(
    file: &str,
    schema: &SchemaDescriptor,
    wanted: &[Wanted],
) -> Result<Vec<Leaf>, PredictionsError> {
    let paths: Vec<String> = schema.columns().iter().map(|c| c.path().string()).collect();
    let names: Vec<&str> = paths.iter().map(String::as_str).collect();
    wanted.iter().map(|wanted| leaf(file, schema, &names, wanted)).collect()
}

fn leaf(
    file: &str,
    schema: &SchemaDescriptor,
    names: &[&str],
    wanted: &Wanted,
) -> Result<Leaf, PredictionsError> {
    let mut found = schema
        .columns()
        .iter()
        .enumerate()
        .filter(|(place, _)| names.get(*place) == Some(&&*wanted.name));
    let Some((place, column)) = found.next() else {
        return Err(refusal::missing_column(file, wanted, names));
    };
    if found.next().is_some() {
        return Err(refusal::duplicate_column(file, &wanted.name));
    }
    let target = target(column).and_then(|target| match (target, wanted.kind) {
        (Target::Bool, Kind::Number) => Err("booleans"),
        (Target::Text, Kind::Number) => Err("text"),
        (Target::Float | Target::Double, Kind::Category) => Err("floating-point numbers"),
        _ => Ok(target),
    });
    let target = target.map_err(|is| refusal::wrong_type(file, &wanted.name, is, wanted.kind))?;
    Ok(Leaf {
        name: wanted.name.clone(),
        place,
        target,
        present: u32::try_from(column.max_def_level()).unwrap_or(0),
        descriptor: column.clone(),
    })
}

/// The type it is decoded to, or the name of a type that is not supported.
fn target(column: &ColumnDescPtr) -> Result<Target, &'static str> {
    if column.max_rep_level() > 0 {
        return Err("lists or maps");
    }
    let logical = column.logical_type_ref();
    let converted = column.converted_type();
    if matches!(logical, Some(LogicalType::Decimal(_))) || converted == ConvertedType::DECIMAL {
        return Err("decimals, which are not read: write them as float64");
    }
    if matches!(logical, Some(LogicalType::Unknown)) {
        return Err("nothing but nulls");
    }
    let unsigned = matches!(logical, Some(LogicalType::Integer(int)) if !int.is_signed)
        || matches!(
            converted,
            ConvertedType::UINT_8
                | ConvertedType::UINT_16
                | ConvertedType::UINT_32
                | ConvertedType::UINT_64
        );
    let integer = matches!(logical, None | Some(LogicalType::Integer(_)))
        && !matches!(
            converted,
            ConvertedType::DATE
                | ConvertedType::TIME_MILLIS
                | ConvertedType::TIME_MICROS
                | ConvertedType::TIMESTAMP_MILLIS
                | ConvertedType::TIMESTAMP_MICROS
        );
    let text =
        matches!(logical, None | Some(LogicalType::String | LogicalType::Enum | LogicalType::Json));
    match column.physical_type() {
        Physical::BOOLEAN => Ok(Target::Bool),
        Physical::INT32 | Physical::INT64 if !integer => Err("dates or times"),
        Physical::INT32 if unsigned => Ok(Target::Unsigned32),
        Physical::INT32 => Ok(Target::Int32),
        Physical::INT64 if unsigned => Ok(Target::Unsigned64),
        Physical::INT64 => Ok(Target::Int64),
        Physical::INT96 => Err("96-bit times"),
        Physical::FLOAT => Ok(Target::Float),
        Physical::DOUBLE => Ok(Target::Double),
        Physical::BYTE_ARRAY if text => Ok(Target::Text),
        Physical::BYTE_ARRAY => Err("bytes that are not text"),
        Physical::FIXED_LEN_BYTE_ARRAY => Err("bytes of fixed length"),
    }
}
