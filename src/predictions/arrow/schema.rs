//! Which fields of a schema are wanted, and which buffers of a batch belong to them.

use crate::predictions::{
    Limits, PredictionsError, arrays,
    block::{Kind, Wanted},
    refusal,
};
use arrow_ipc::MetadataVersion;
use arrow_schema::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use std::{collections::HashMap, sync::Arc};

/// One wanted column.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    pub(super) name: String,
    /// What it is wanted as.
    pub(super) kind: Kind,
    /// The names of its field and of the structs around it, from the outermost on.
    pub(super) path: Vec<String>,
    is: DataType,
    /// The id of its dictionary, if it has one.
    pub(super) dictionary: Option<i64>,
    /// The index of the outermost field.
    root: usize,
}

/// What was found in a schema.
#[derive(Debug)]
pub(super) struct Bound {
    /// The schema of the batches, with the codes of dictionaries as plain integers: they are stored
    /// alike, and dictionaries are looked up here.
    schema: SchemaRef,
    /// The same for batches before version 5.
    old_schema: SchemaRef,
    /// The schema of each wanted dictionary, by its id.
    pub(super) dictionaries: HashMap<i64, SchemaRef>,
    pub(super) leaves: Vec<Leaf>,
    /// The indices of the fields that contain a wanted column, ascending.
    pub(super) roots: Vec<usize>,
}

/// Finds the wanted columns.
pub(super) fn bind(
    file: &str,
    schema: Schema,
    wanted: &[Wanted],
    limits: &Limits,
) -> Result<Bound, PredictionsError> {
    let mut walk = Walk { file, limits, columns: 0, found: Vec::new() };
    for (root, field) in schema.fields().iter().enumerate() {
        walk.field(field, root, &[])?;
    }
    let names: Vec<&str> = walk.found.iter().map(|leaf| leaf.name.as_str()).collect();
    let leaf = |wanted: &Wanted| {
        let mut found = walk.found.iter().filter(|leaf| leaf.name == wanted.name);
        let Some(leaf) = found.next() else {
            return Err(refusal::missing_column(file, wanted, &names));
        };
        if found.next().is_some() {
            return Err(refusal::duplicate_column(file, &wanted.name));
        }
        arrays::fits(&leaf.is, wanted.kind)
            .map_err(|is| refusal::wrong_type(file, &wanted.name, is, wanted.kind))?;
        Ok(Leaf { kind: wanted.kind, ..leaf.clone() })
    };
    let leaves: Vec<Leaf> = wanted.iter().map(leaf).collect::<Result<_, _>>()?;
    let mut roots: Vec<usize> = leaves.iter().map(|leaf| leaf.root).collect();
    roots.sort_unstable();
    roots.dedup();
    let mut dictionaries: HashMap<i64, SchemaRef> = HashMap::new();
    for leaf in &leaves {
        let (Some(id), DataType::Dictionary(_, values)) = (leaf.dictionary, &leaf.is) else {
            continue;
        };
        let alone = Schema::new(vec![Field::new("", DataType::clone(values), true)]);
        if dictionaries.get(&id).is_some_and(|known| **known != alone) {
            let what = "columns of different types have one dictionary";
            return Err(refusal::corrupt(file, what));
        }
        dictionaries.insert(id, Arc::new(alone));
    }
    let all = |version| schema.fields().iter().map(|f| plain(f, version)).collect::<Fields>();
    let [schema, old_schema] = [MetadataVersion::V5, MetadataVersion::V4]
        .map(|version| Arc::new(Schema::new(all(version))));
    Ok(Bound { schema, old_schema, dictionaries, leaves, roots })
}

impl Bound {
    /// The schema of batches of this version.
    pub(super) fn schema(&self, version: MetadataVersion) -> &SchemaRef {
        if version < MetadataVersion::V5 { &self.old_schema } else { &self.schema }
    }
}

/// The field with integers in place of every dictionary, however deep.
fn plain(field: &FieldRef, version: MetadataVersion) -> FieldRef {
    let plain = |field: &FieldRef| plain(field, version);
    let all = |fields: &Fields| fields.iter().map(plain).collect::<Fields>();
    let is = match field.data_type() {
        DataType::Dictionary(codes, _) => DataType::clone(codes),
        DataType::Struct(fields) => DataType::Struct(all(fields)),
        DataType::List(field) => DataType::List(plain(field)),
        DataType::LargeList(field) => DataType::LargeList(plain(field)),
        DataType::ListView(field) => DataType::ListView(plain(field)),
        DataType::LargeListView(field) => DataType::LargeListView(plain(field)),
        DataType::FixedSizeList(field, n) => DataType::FixedSizeList(plain(field), *n),
        DataType::Map(field, sorted) => DataType::Map(plain(field), *sorted),
        // Until version 4 they had a null mask, as structs have; the crate knows it only of unions.
        DataType::RunEndEncoded(ends, values) if version < MetadataVersion::V5 => {
            DataType::Struct([plain(ends), plain(values)].into_iter().collect())
        }
        DataType::RunEndEncoded(ends, values) => {
            DataType::RunEndEncoded(plain(ends), plain(values))
        }
        DataType::Union(fields, mode) => {
            DataType::Union(fields.iter().map(|(id, field)| (id, plain(field))).collect(), *mode)
        }
        _ => return Arc::clone(field),
    };
    // A field without the dictionary that a field of another type would only pretend to have.
    Arc::new(Field::new(field.name(), is, field.is_nullable()))
}

/// A walk over all columns, into structs.
struct Walk<'a> {
    file: &'a str,
    limits: &'a Limits,
    columns: usize,
    found: Vec<Leaf>,
}

impl Walk<'_> {
    fn field(
        &mut self,
        field: &Field,
        root: usize,
        parents: &[String],
    ) -> Result<(), PredictionsError> {
        self.columns += 1;
        if self.columns > self.limits.columns {
            return Err(refusal::too_many_columns(self.file, self.columns, self.limits));
        }
        let path = [parents, &[field.name().clone()]].concat();
        let name = path.join(".");
        if path.len() > self.limits.depth || name.len() > self.limits.cell {
            let what = "its columns nest too deep, or have too long names";
            return Err(refusal::too_large(self.file, what));
        }
        if let DataType::Struct(fields) = field.data_type() {
            return fields.iter().try_for_each(|field| self.field(field, root, &path));
        }
        #[expect(
            deprecated,
            reason = "the ids are kept in the schema only as long as files have them"
        )]
        let dictionary = field.dict_id();
        let is = field.data_type().clone();
        self.found.push(Leaf { name, kind: Kind::Any, path, is, dictionary, root });
        Ok(())
    }
}

/// For each buffer of a batch in turn, whether it belongs to one of these fields. `data` has the
/// number of data buffers of each column of views.
pub(super) fn buffers(
    fields: &Fields,
    roots: &[usize],
    data: impl Iterator<Item = i64>,
    version: MetadataVersion,
    most: usize,
) -> Vec<bool> {
    let mut all = Buffers { data, version, most, count: 0 };
    let mut wanted = Vec::new();
    for (root, field) in fields.iter().enumerate() {
        all.field(field.data_type());
        wanted.resize(all.count.min(most), roots.binary_search(&root).is_ok());
    }
    wanted
}

/// Counts the buffers of fields, up to the number that a batch has.
struct Buffers<D> {
    data: D,
    version: MetadataVersion,
    most: usize,
    count: usize,
}

impl<D: Iterator<Item = i64>> Buffers<D> {
    fn field(&mut self, is: &DataType) {
        let layout = arrow_data::layout(is);
        let own = layout.buffers.len() + usize::from(layout.can_contain_null_mask);
        // The crate refuses a batch that lacks a number of data buffers, or has an impossible one.
        let data = if layout.variadic { self.data.next().unwrap_or(0) } else { 0 };
        let data = usize::try_from(data).unwrap_or(0).min(self.most);
        // Unions had a null mask until version 4.
        let masked = matches!(is, DataType::Union(..)) && self.version < MetadataVersion::V5;
        self.count = self.count.saturating_add(own + data + usize::from(masked));
        match is {
            DataType::List(field)
            | DataType::LargeList(field)
            | DataType::ListView(field)
            | DataType::LargeListView(field)
            | DataType::FixedSizeList(field, _)
            | DataType::Map(field, _) => self.field(field.data_type()),
            DataType::Struct(fields) => {
                fields.iter().for_each(|field| self.field(field.data_type()));
            }
            DataType::Union(fields, _) => {
                fields.iter().for_each(|(_, field)| self.field(field.data_type()));
            }
            DataType::RunEndEncoded(ends, values) => {
                self.field(ends.data_type());
                self.field(values.data_type());
            }
            _ => {}
        }
    }
}
