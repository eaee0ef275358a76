//! Which nodes and buffers of a batch belong to a wanted column.

use crate::predictions::{
    Limits, PredictionsError,
    block::{Kind, Wanted},
    refusal,
};
use arrow_ipc::{Field, Type};

/// The layout of values in their buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Integers of this many bytes.
    Int {
        bytes: usize,
        signed: bool,
    },
    Half,
    Float,
    Double,
    Bool,
    /// Text with offsets of 32 bits or, if `large`, 64 bits.
    Text {
        large: bool,
    },
    /// Text in views of sixteen bytes; the number counts the columns of views before it.
    View(usize),
}

/// A dictionary: its id, and the layout of its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Coded {
    pub(super) id: i64,
    pub(super) values: Shape,
}

/// One wanted column.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    pub(super) name: String,
    pub(super) shape: Shape,
    /// The dictionary, if its values are codes.
    pub(super) coded: Option<Coded>,
    pub(super) node: usize,
    /// Its first buffer, the validity bits. The data buffers of earlier columns of views are not
    /// counted.
    pub(super) buffer: usize,
    /// How many columns of views come before it.
    pub(super) views: usize,
    /// The same for the structs that contain it: nodes, buffers, views before.
    pub(super) parents: Vec<(usize, usize, usize)>,
}

/// A walk over all fields, in the order of their nodes.
struct Walk {
    node: usize,
    buffer: usize,
    views: usize,
    columns: usize,
    found: Vec<(String, Result<Leaf, &'static str>)>,
    dictionaries: Vec<(i64, Shape)>,
}

/// What was found in a schema.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) leaves: Vec<Leaf>,
    /// The layouts of the dictionaries that the wanted columns use.
    pub(super) dictionaries: Vec<(i64, Shape)>,
}

/// Finds the wanted columns.
pub(super) fn bind(
    file: &str,
    schema: arrow_ipc::Schema<'_>,
    wanted: &[Wanted],
    limits: &Limits,
) -> Result<Bound, PredictionsError> {
    if schema.endianness() != arrow_ipc::Endianness::Little {
        return Err(refusal::unsupported(
            file,
            "its numbers are big-endian; write it on a common machine",
        ));
    }
    let mut walk = Walk {
        node: 0,
        buffer: 0,
        views: 0,
        columns: 0,
        found: Vec::new(),
        dictionaries: Vec::new(),
    };
    for field in schema.fields().into_iter().flatten() {
        walk.field(file, field, "", &[], true, limits, 0)?;
    }
    let names: Vec<&str> = walk.found.iter().map(|(name, _)| name.as_str()).collect();
    let leaf = |wanted: &Wanted| {
        let mut found = walk.found.iter().filter(|(name, _)| *name == wanted.name);
        let Some((_, leaf)) = found.next() else {
            return Err(refusal::missing_column(file, wanted, &names));
        };
        if found.next().is_some() {
            return Err(refusal::duplicate_column(file, &wanted.name));
        }
        let leaf = leaf.clone().and_then(|leaf| {
            let shape = leaf.coded.map_or(leaf.shape, |coded| coded.values);
            match (shape, wanted.kind) {
                (Shape::Bool, Kind::Number) => Err("booleans"),
                (Shape::Text { .. } | Shape::View(_), Kind::Number) => Err("text"),
                (Shape::Half | Shape::Float | Shape::Double, Kind::Category) => {
                    Err("floating-point numbers")
                }
                _ => Ok(leaf),
            }
        });
        leaf.map_err(|is| refusal::wrong_type(file, &wanted.name, is, wanted.kind))
    };
    let leaves: Vec<Leaf> = wanted.iter().map(leaf).collect::<Result<_, _>>()?;
    let used = |id: i64| leaves.iter().any(|leaf| leaf.coded.is_some_and(|coded| coded.id == id));
    let dictionaries = walk.dictionaries.into_iter().filter(|(id, _)| used(*id)).collect();
    Ok(Bound { leaves, dictionaries })
}

impl Walk {
    #[expect(
        clippy::too_many_arguments,
        reason = "one recursive walk; the arguments are what differs between levels"
    )]
    fn field(
        &mut self,
        file: &str,
        field: Field<'_>,
        prefix: &str,
        parents: &[(usize, usize, usize)],
        reachable: bool,
        limits: &Limits,
        depth: usize,
    ) -> Result<(), PredictionsError> {
        self.columns += 1;
        if self.columns > limits.columns {
            return Err(refusal::too_many_columns(file, self.columns, limits));
        }
        let name = format!("{prefix}{}", field.name().unwrap_or_default());
        if depth > limits.depth || name.len() > limits.cell {
            return Err(refusal::too_large(
                file,
                "its columns nest too deep, or have too long names",
            ));
        }
        let (node, buffer, views) = (self.node, self.buffer, self.views);
        self.node += 1;
        let shape = shape(&field, views);
        let coded = field.dictionary();
        let structure = field.type_type() == Type::Struct_ && coded.is_none();
        if coded.is_some() {
            self.buffer += 2;
        } else {
            self.buffer += buffers(&field).ok_or_else(|| {
                refusal::unsupported(
                    file,
                    format!("column {} has a type that is not known", refusal::quoted(&name)),
                )
            })?;
            self.views +=
                usize::from(matches!(field.type_type(), Type::Utf8View | Type::BinaryView));
        }
        if reachable && !structure {
            let coded = coded.map(|coded| (coded.id(), coded.indexType()));
            let leaf = shape.and_then(|values| {
                let parents = parents.to_vec();
                let leaf = Leaf {
                    name: name.clone(),
                    shape: values,
                    coded: None,
                    node,
                    buffer,
                    views,
                    parents,
                };
                let Some((id, index)) = coded else { return Ok(leaf) };
                if !matches!(values, Shape::Text { .. } | Shape::View(_) | Shape::Int { .. }) {
                    return Err("a dictionary of something else than text or integers");
                }
                // Within its dictionary it is the only column.
                let values = if matches!(values, Shape::View(_)) { Shape::View(0) } else { values };
                self.dictionaries.push((id, values));
                let shape = match index {
                    Some(int) => int_shape(int.bitWidth(), int.is_signed())?,
                    None => Shape::Int { bytes: 4, signed: true },
                };
                Ok(Leaf { shape, coded: Some(Coded { id, values }), ..leaf })
            });
            self.found.push((name.clone(), leaf));
        }
        // The children of a dictionary's values are stored in the dictionary.
        if field.dictionary().is_none() {
            let mut inner = parents.to_vec();
            inner.push((node, buffer, views));
            for child in field.children().into_iter().flatten() {
                let prefix = format!("{name}.");
                self.field(
                    file,
                    child,
                    &prefix,
                    &inner,
                    reachable && structure,
                    limits,
                    depth + 1,
                )?;
            }
        }
        Ok(())
    }
}

fn int_shape(bits: i32, signed: bool) -> Result<Shape, &'static str> {
    match bits {
        8 | 16 | 32 | 64 => {
            Ok(Shape::Int { bytes: usize::try_from(bits / 8).unwrap_or(8), signed })
        }
        _ => Err("integers of an odd width"),
    }
}

/// The layout of the values, or the name of a type that is not supported.
fn shape(field: &Field<'_>, views: usize) -> Result<Shape, &'static str> {
    use arrow_ipc::Precision;
    match field.type_type() {
        Type::Int => {
            let int = field.type_as_int().ok_or("integers of no width")?;
            int_shape(int.bitWidth(), int.is_signed())
        }
        Type::FloatingPoint => {
            match field.type_as_floating_point().map(|float| float.precision()) {
                Some(Precision::HALF) => Ok(Shape::Half),
                Some(Precision::SINGLE) => Ok(Shape::Float),
                Some(Precision::DOUBLE) => Ok(Shape::Double),
                _ => Err("numbers of no known precision"),
            }
        }
        Type::Bool => Ok(Shape::Bool),
        Type::Utf8 => Ok(Shape::Text { large: false }),
        Type::LargeUtf8 => Ok(Shape::Text { large: true }),
        Type::Utf8View => Ok(Shape::View(views)),
        Type::Null => Err("nothing but nulls"),
        Type::Decimal => Err("decimals, which are not read: write them as float64"),
        Type::Date | Type::Time | Type::Timestamp | Type::Interval | Type::Duration => {
            Err("dates or times")
        }
        Type::Binary | Type::LargeBinary | Type::FixedSizeBinary | Type::BinaryView => {
            Err("bytes that are not text")
        }
        _ => Err("lists, maps or unions"),
    }
}

/// How many buffers a column of this type has, without those of its children and without the data
/// of views.
fn buffers(field: &Field<'_>) -> Option<usize> {
    Some(match field.type_type() {
        Type::Null | Type::RunEndEncoded => 0,
        Type::Struct_ | Type::FixedSizeList => 1,
        Type::Union => {
            usize::from(
                field.type_as_union().is_some_and(|u| u.mode() == arrow_ipc::UnionMode::Dense),
            ) + 1
        }
        Type::Utf8
        | Type::LargeUtf8
        | Type::Binary
        | Type::LargeBinary
        | Type::ListView
        | Type::LargeListView => 3,
        Type::Int
        | Type::FloatingPoint
        | Type::Bool
        | Type::Decimal
        | Type::Date
        | Type::Time
        | Type::Timestamp
        | Type::Interval
        | Type::Duration
        | Type::FixedSizeBinary
        | Type::List
        | Type::LargeList
        | Type::Map
        | Type::Utf8View
        | Type::BinaryView => 2,
        _ => return None,
    })
}
