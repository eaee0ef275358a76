//! Which leaf of a file a wanted column is, whether its type is supported, and as what the crate
//! should read it.

use crate::predictions::{
    PredictionsError, arrays,
    block::{Kind, Wanted},
    fence::fenced,
    refusal,
};
use arrow_schema::{DataType, Field, Fields};
use parquet::{
    arrow::{
        FieldLevels, ProjectionMask, parquet_to_arrow_field_levels, parquet_to_arrow_schema,
        parquet_to_arrow_schema_by_columns,
    },
    basic::{ConvertedType, LogicalType, Type as Physical},
    schema::types::{ColumnDescPtr, SchemaDescriptor},
};
use std::sync::Arc;

/// One wanted column in one file.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) name: String,
    /// What it is wanted as.
    pub(super) kind: Kind,
    /// Its index among the leaves.
    pub(super) place: usize,
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
    fits(schema, place, wanted.kind)
        .map_err(|is| refusal::wrong_type(file, &wanted.name, is, wanted.kind))?;
    let (name, kind) = (wanted.name.clone(), wanted.kind);
    Ok(Leaf { name, kind, place, descriptor: column.clone() })
}

fn fits(schema: &SchemaDescriptor, place: usize, wanted: Kind) -> Result<(), &'static str> {
    let column = schema.column(place);
    if column.max_rep_level() > 0 {
        return Err("lists or maps");
    }
    if column.physical_type() == Physical::INT96 {
        return Err("96-bit times");
    }
    let mask = ProjectionMask::leaves(schema, [place]);
    let alone = fenced(|| parquet_to_arrow_schema_by_columns(schema, mask, None))
        .map_err(|_| "values of no known type")?;
    let mut fields = alone.fields();
    let is = loop {
        match fields.first().map(|field| field.data_type()) {
            Some(DataType::Struct(inner)) => fields = inner,
            Some(is) => break is,
            None => return Err("no values"),
        }
    };
    // Some writers do not say that bytes are text.
    let text = matches!(column.logical_type_ref(), None | Some(LogicalType::Enum));
    match is {
        DataType::Binary if text => arrays::fits(&DataType::Utf8, wanted),
        _ => arrays::fits(is, wanted),
    }
}

/// How the crate reads the wanted columns: texts as codes of a dictionary where `coded` says that
/// the file has them so, and otherwise as views of its pages, so that no text is copied.
pub(super) fn levels(
    schema: &SchemaDescriptor,
    leaves: &[Leaf],
    coded: &[bool],
) -> Result<FieldLevels, String> {
    let mask = || ProjectionMask::leaves(schema, leaves.iter().map(|leaf| leaf.place));
    let natural = fenced(|| parquet_to_arrow_schema(schema, None)).ok();
    let hint = natural.map(|natural| {
        let leaves: Vec<(&Leaf, bool)> = leaves.iter().zip(coded.iter().copied()).collect();
        hinted(natural.fields(), &leaves, 0)
    });
    // Without the hint, if a column that is not wanted has no type in Arrow.
    fenced(|| parquet_to_arrow_field_levels(schema, mask(), hint.as_ref()))
}

fn hinted(fields: &Fields, leaves: &[(&Leaf, bool)], depth: usize) -> Fields {
    let one = |field: &Arc<Field>| {
        let mut inside = leaves.to_vec();
        inside.retain(|(leaf, _)| {
            leaf.descriptor.path().parts().get(depth).is_some_and(|part| part == field.name())
        });
        let is = match (inside.first(), field.data_type()) {
            (None, _) => return Arc::clone(field),
            (_, DataType::Struct(fields)) => DataType::Struct(hinted(fields, &inside, depth + 1)),
            (Some((leaf, coded)), is) => hint(is, &leaf.descriptor, *coded),
        };
        Arc::new(Field::clone(field).with_data_type(is))
    };
    fields.iter().map(one).collect()
}

fn hint(is: &DataType, column: &ColumnDescPtr, coded: bool) -> DataType {
    let dictionary =
        |values: &DataType| DataType::Dictionary(DataType::Int32.into(), values.clone().into());
    // The crate makes dictionaries of JSON with another type than their own.
    let plain = *is == DataType::Binary || column.converted_type() == ConvertedType::UTF8;
    match is {
        DataType::Utf8 | DataType::Binary if coded && plain => dictionary(is),
        DataType::Utf8 => DataType::Utf8View,
        DataType::Binary => DataType::BinaryView,
        _ => is.clone(),
    }
}
