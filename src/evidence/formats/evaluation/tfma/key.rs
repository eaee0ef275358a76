//! Which slice and which metric a value belongs to.

use super::proto::Node;
use super::record::Mistake;
use super::wire::Field;
use crate::model::Slice;
use base64::{Engine as _, engine::general_purpose::STANDARD};

type Read<T> = Result<T, Mistake>;

/// A slice. If two slices are compared, this is the second, and `baseline` names the first.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Group {
    pub(in super::super) slice: Slice,
    pub(in super::super) baseline: Option<String>,
}

/// The group of a record: its `slice_key`, or its `cross_slice_key` with field number `cross` on
/// the wire.
pub(in super::super) fn group(record: Node<'_>, slice_key: u32, cross: u32) -> Read<Group> {
    if let Some(cross) = record.message(&Field("cross_slice_key", cross))? {
        let side = |field| cross.message(&field)?.map_or_else(|| Ok(Slice::overall()), slice);
        let baseline = Some(side(Field("baseline_slice_key", 1))?.to_string());
        return Ok(Group { slice: side(Field("comparison_slice_key", 2))?, baseline });
    }
    let key = record.message(&Field("slice_key", slice_key))?;
    Ok(Group { slice: key.map_or_else(|| Ok(Slice::overall()), slice)?, baseline: None })
}

fn slice(key: Node<'_>) -> Read<Slice> {
    let mut out = Slice::overall();
    for single in key.messages(&Field("single_slice_keys", 1))? {
        let column = single.text(&Field("column", 1))?.unwrap_or_default();
        let value = if let Some(bytes) = single.bytes(&Field("bytes_value", 2))? {
            String::from_utf8(bytes).unwrap_or_else(|error| STANDARD.encode(error.as_bytes()))
        } else if let Some(integer) = single.integer(&Field("int64_value", 4))? {
            integer.to_string()
        } else {
            single.double(&Field("float_value", 3))?.unwrap_or_default()
        };
        out.0.insert(column, value);
    }
    Ok(out)
}

/// Which metric a value belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(in super::super) struct Key {
    pub(in super::super) name: String,
    /// The model and the output, if the file has several.
    pub(super) scope: Option<String>,
    pub(super) class: Option<i64>,
    pub(super) top: Option<String>,
    pub(super) average: Option<&'static str>,
    pub(super) weighted: bool,
    pub(super) difference: bool,
}

impl Key {
    /// A metric that is known only by its name.
    pub(in super::super) fn named(name: String) -> Self {
        Self { name, ..Self::default() }
    }

    /// A metric of an `EvalResult`, where average and difference are part of the name.
    pub(in super::super) fn of_result(name: &str, output: &str, sub: &str) -> Self {
        let averages = [
            ("weighted_macro_", "weighted_macro_average"),
            ("macro_", "macro_average"),
            ("micro_", "micro_average"),
        ];
        let average = averages
            .iter()
            .find_map(|(prefix, kind)| name.strip_prefix(prefix).map(|rest| (rest, *kind)));
        let plain = average.map_or(name, |(rest, _)| rest);
        let difference = plain.strip_suffix("_diff");
        let mut out = Self {
            name: difference.unwrap_or(plain).to_owned(),
            scope: (!output.is_empty()).then(|| output.to_owned()),
            average: average.map(|(_, kind)| kind),
            difference: difference.is_some(),
            ..Self::default()
        };
        out.class = sub.strip_prefix("classId:").and_then(|class| class.parse().ok());
        out.top = (out.class.is_none() && !sub.is_empty()).then(|| sub.to_owned());
        out
    }

    pub(in super::super) fn of(key: Node<'_>) -> Read<Self> {
        let text = |field| key.text(&field).map(Option::unwrap_or_default);
        let scope = [text(Field("model_name", 4))?, text(Field("output_name", 2))?];
        let scope: Vec<String> = scope.into_iter().filter(|part| !part.is_empty()).collect();
        let mut out = Self {
            name: text(Field("name", 1))?,
            scope: (!scope.is_empty()).then(|| scope.join("/")),
            weighted: key.wrapped_flag(&Field("example_weighted", 7))?,
            difference: key.flag(&Field("is_diff", 5))?,
            ..Self::default()
        };
        if let Some(sub) = key.message(&Field("sub_key", 3))? {
            out.class = sub.wrapped_integer(&Field("class_id", 1))?;
            let k = sub.wrapped_integer(&Field("k", 2))?.map(|k| format!("k:{k}"));
            out.top = sub.wrapped_integer(&Field("top_k", 3))?.map(|k| format!("topK:{k}")).or(k);
        }
        if let Some(average) = key.message(&Field("aggregation_type", 6))? {
            let kinds = [("micro_average", 1), ("macro_average", 2), ("weighted_macro_average", 3)];
            for (kind, number) in kinds {
                if average.flag(&Field(kind, number))? {
                    out.average = Some(kind);
                }
            }
        }
        Ok(out)
    }

    /// Everything but the name: metrics that share it have the same rows and decisions.
    pub(super) fn context(&self) -> Self {
        Self { name: String::new(), ..self.clone() }
    }
}
