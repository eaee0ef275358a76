//! A bill in XML, converted to the JSON with the same content.

use crate::evidence::{
    Declined, Document,
    json::{Json, Member, Object, Value},
    quoted, xml,
};
use roxmltree::Node;
use std::{borrow::Cow, collections::HashSet};

/// Whether the root is a bill in the namespace of `CycloneDX`.
pub(super) fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let text = document.text().map_err(|_| Declined::because("not text"))?;
    match xml::root(text) {
        Some("bom") => {}
        Some(other) => {
            return Err(Declined::because(format!("the root element is {}", quoted(other))));
        }
        None => return Err(Declined::because("no root element")),
    }
    let start = text.get(..text.floor_char_boundary(4096)).unwrap_or(text);
    let named = start.contains("cyclonedx.org/schema/bom");
    if named {
        Ok(())
    } else {
        Err(Declined::because("`bom` is not in the namespace of CycloneDX"))
    }
}

/// Elements that JSON has as lists.
const LISTS: [&str; 11] = [
    "components",
    "properties",
    "hashes",
    "externalReferences",
    "performanceMetrics",
    "energyConsumptions",
    "datasets",
    "vulnerabilities",
    "ratings",
    "tools",
    "services",
];

/// Elements that are repeated in XML, where JSON has one list of that name.
const REPEATED: &str = "energyProviders";

/// The element as JSON: attributes and children are members, and an element with text only is text.
/// Text of an element with attributes becomes `content` for a hash and `value` elsewhere, as in the
/// JSON form. An empty element is null.
pub(super) fn as_json<'x>(node: Node<'x, '_>) -> Json<'x> {
    let at = node.range().start;
    let children = || node.children().filter(Node::is_element);
    let name = node.tag_name().name();
    let is_list =
        LISTS.contains(&name) && children().all(|child| !LISTS.contains(&child.tag_name().name()));
    if is_list {
        return Json { at, value: Value::Array(children().map(as_json).collect()) };
    }
    let text = node.text().map_or("", str::trim);
    if node.attributes().len() == 0 && children().next().is_none() {
        let said = Value::String(Cow::Borrowed(text));
        return Json { at, value: if text.is_empty() { Value::Null } else { said } };
    }
    let attributes = node.attributes().map(|attribute| {
        let value = Value::String(Cow::Borrowed(attribute.value()));
        (attribute.name(), Json { at, value })
    });
    let content = if name == "hash" { "content" } else { "value" };
    let content = Some((content, Json { at, value: Value::String(Cow::Borrowed(text)) }))
        .filter(|_| !text.is_empty());
    let repeated = || children().filter(|child| child.tag_name().name() == REPEATED);
    let inner = children().filter(|child| child.tag_name().name() != REPEATED);
    let inner = inner.map(|child| (child.tag_name().name(), as_json(child)));
    let list = repeated().next().map(|first| {
        let value = Value::Array(repeated().map(as_json).collect());
        (REPEATED, Json { at: first.range().start, value })
    });
    let mut seen = HashSet::new();
    let members =
        attributes.chain(inner).chain(list).chain(content).filter(|(key, _)| seen.insert(*key));
    let members =
        members.map(|(key, value)| Member { key: Cow::Borrowed(key), key_at: at, value }).collect();
    Json { at, value: Value::Object(Object::new(members)) }
}
