//! The cost limits of a condition: how often it joins texts, and which patterns it matches. A text
//! that is joined to itself grows with every `+`, and a pattern is compiled again for each
//! evaluation.

use super::diagnostic::quote;
use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators::ADD};
use regex::RegexBuilder;

/// The maximum number of joins in one condition.
const MOST_JOINS: usize = 16;
/// The maximum number of patterns in one condition.
const MOST_PATTERNS: usize = 4;
/// The maximum size of a compiled pattern, in bytes.
const LARGEST_PATTERN: usize = 256 << 10;

/// The reason why a condition is too costly to evaluate, if it is.
pub(super) fn too_costly(nodes: &[&IdedExpr]) -> Option<String> {
    let (mut joins, mut patterns) = (0, 0);
    for node in nodes {
        let Expr::Call(call) = &node.expr else { continue };
        match call.func_name.as_str() {
            ADD => joins += 1,
            "matches" => {
                patterns += 1;
                if let Some(why) = pattern(call) {
                    return Some(why);
                }
            }
            _ => {}
        }
    }
    if joins > MOST_JOINS {
        return Some(format!("it joins or adds {joins} times, and {MOST_JOINS} is the most"));
    }
    (patterns > MOST_PATTERNS)
        .then(|| format!("it matches {patterns} patterns, and {MOST_PATTERNS} is the most"))
}

/// Whether a call joins texts or matches a pattern.
pub(super) fn is_costly(call: &CallExpr) -> bool {
    matches!(call.func_name.as_str(), ADD | "matches")
}

/// The mistake in the pattern of a call of `matches`, if any.
fn pattern(call: &CallExpr) -> Option<String> {
    let Some(Expr::Literal(LiteralValue::String(text))) = call.args.last().map(|a| &a.expr) else {
        return Some(
            "the pattern of `matches` is not written out, so that whoever submits could choose it"
                .to_owned(),
        );
    };
    let text = text.inner();
    match RegexBuilder::new(text).size_limit(LARGEST_PATTERN).build() {
        Ok(_) => None,
        Err(regex::Error::CompiledTooBig(_)) => {
            Some(format!("the pattern {} is too large once compiled", quote(text)))
        }
        Err(_) => Some(format!("{} is no regular expression", quote(text))),
    }
}

/// Every part of an expression. Uses an explicit stack, because the depth is limited only by the
/// length of the text.
pub(super) fn nodes(root: &IdedExpr) -> Vec<&IdedExpr> {
    let (mut todo, mut all) = (vec![root], Vec::new());
    while let Some(node) = todo.pop() {
        all.push(node);
        match &node.expr {
            Expr::Call(call) => {
                todo.extend(call.target.as_deref());
                todo.extend(&call.args);
            }
            Expr::List(list) => todo.extend(&list.elements),
            Expr::Select(select) => todo.push(&select.operand),
            Expr::Map(map) => entries(&map.entries, &mut todo),
            Expr::Struct(record) => entries(&record.entries, &mut todo),
            Expr::Comprehension(_) | Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {}
        }
    }
    all
}

fn entries<'e>(list: &'e [cel::common::ast::IdedEntryExpr], todo: &mut Vec<&'e IdedExpr>) {
    for entry in list {
        match &entry.expr {
            EntryExpr::StructField(field) => todo.push(&field.value),
            EntryExpr::MapEntry(pair) => todo.extend([&pair.key, &pair.value]),
        }
    }
}
