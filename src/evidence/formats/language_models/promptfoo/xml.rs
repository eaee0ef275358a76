//! The XML that promptfoo writes from its JSON, converted back to that JSON.

use crate::evidence::json::{Json, MAX_DEPTH, Member, Number, Object, Value};
use std::{borrow::Cow, collections::HashMap};

/// The value that an element was written from. Elements with the same name are a list. XML no
/// longer shows which text was a number or a boolean, and which list had only one element.
pub fn to_json<'x>(node: roxmltree::Node<'x, '_>, depth: usize) -> Json<'x> {
    let at = node.range().start;
    let mut members: Vec<Member<'x>> = Vec::new();
    // The index of the member of each name, and whether it is a list already.
    let mut places: HashMap<&'x str, (usize, bool)> = HashMap::new();
    for child in node.children().filter(|child| child.is_element() && depth < MAX_DEPTH) {
        let value = to_json(child, depth + 1);
        let key = child.tag_name().name();
        let (place, list) = places.entry(key).or_insert((members.len(), false));
        let Some(member) = members.get_mut(*place) else {
            members.push(Member { key: Cow::Borrowed(key), key_at: value.at, value });
            continue;
        };
        match &mut member.value.value {
            Value::Array(values) if *list => values.push(value),
            first => {
                *list = true;
                let first =
                    Json { at: member.value.at, value: std::mem::replace(first, Value::Null) };
                member.value.value = Value::Array(vec![first, value]);
            }
        }
    }
    if members.is_empty() {
        Json { at, value: leaf(node) }
    } else {
        Json { at, value: Value::Object(Object::new(members)) }
    }
}

fn leaf<'x>(node: roxmltree::Node<'x, '_>) -> Value<'x> {
    let text = node.text().unwrap_or_default();
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => Number::parse(text)
            .map_or_else(|| Value::String(Cow::Owned(text.to_owned())), Value::Number),
    }
}
