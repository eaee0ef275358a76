//! `when`: one CEL expression over what the submission states about itself.
//!
//! An expression is bounded: it is short, has no loops (no `all`, `exists`, `map`, `filter`) and
//! calls no functions of modelgate, so its evaluation always ends quickly.

mod cost;

use super::diagnostic;
use crate::model::Inputs;
use cel::{Context, Env, Program, Value, common::ast::Expr};
use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

/// The names that an expression can use.
pub const VARIABLES: [&str; 5] = ["context", "model", "artifact", "environment", "submitter"];

/// The functions of CEL's standard library that an expression can call.
const FUNCTIONS: [&str; 16] = [
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "has",
    "int",
    "uint",
    "double",
    "string",
    "bool",
    "bytes",
    "type",
    "dyn",
    "min",
    "max",
];

const LONGEST: usize = 1_000;

static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// A compiled `when`.
pub struct Condition {
    text: String,
    program: Program,
    too_costly: Option<String>,
    costly: bool,
}

impl std::fmt::Debug for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Condition").field(&self.text).finish()
    }
}

/// A mistake in an expression, with advice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) message: String,
    pub(super) help: String,
}

fn wrong(message: impl Into<String>, help: impl Into<String>) -> Wrong {
    Wrong { message: message.into(), help: help.into() }
}

impl Condition {
    /// Compiles `text`.
    pub(super) fn compile(text: &str) -> Result<Self, Wrong> {
        let help = "write a CEL expression that is true or false, such as `context.tier == 'high'`";
        if text.trim().is_empty() {
            return Err(wrong("the condition is empty", help));
        }
        if text.len() > LONGEST {
            return Err(wrong(
                format!("the condition is longer than {LONGEST} bytes"),
                "split the rule in two",
            ));
        }
        let program = ENVIRONMENT.compile(text).map_err(|errors| {
            let said: Vec<String> = errors.errors.iter().map(|e| first_line(&e.msg)).collect();
            wrong(format!("not a CEL expression: {}", said.join("; ")), help)
        })?;
        let nodes = cost::nodes(program.expression());
        if nodes.iter().any(|node| matches!(node.expr, Expr::Comprehension(_))) {
            return Err(wrong(
                "the condition loops (`all`, `exists`, `exists_one`, `map` and `filter` are not available)",
                "compare single values",
            ));
        }
        known_names(&program)?;
        let costly = nodes
            .iter()
            .any(|node| matches!(&node.expr, Expr::Call(call) if cost::is_costly(call)));
        let too_costly = cost::too_costly(&nodes);
        Ok(Self { text: text.to_owned(), program, too_costly, costly })
    }

    /// The reason why the condition is not evaluated, if it would cost too much.
    pub(super) fn too_costly(&self) -> Option<&str> {
        self.too_costly.as_deref()
    }

    /// Whether the condition joins texts or matches patterns.
    pub(super) fn is_costly(&self) -> bool {
        self.costly
    }

    /// The result that does not depend on the submission; `None` if the condition reads anything.
    pub(super) fn constant(&self) -> Option<Result<bool, String>> {
        let reads = !self.program.references().variables().is_empty();
        (!reads && self.too_costly.is_none())
            .then(|| self.holds(&Variables::of(&Inputs::default())))
    }

    /// The expression as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the condition is true for these inputs.
    ///
    /// # Errors
    /// A sentence, if it reads a value that does not exist, or its result is not a boolean.
    pub(super) fn holds(&self, variables: &Variables) -> Result<bool, String> {
        match self.program.execute(&variables.context) {
            Ok(Value::Bool(answer)) => Ok(answer),
            Ok(_) => Err("it is neither true nor false".to_owned()),
            Err(cel::ExecutionError::NoSuchKey(key)) => Err(format!("the context has no `{key}`")),
            Err(error) => Err(first_line(&error.to_string())),
        }
    }
}

/// The maximum size of a context that conditions read, in bytes of its keys and values.
pub(super) const LARGEST_CONTEXT: usize = 64 << 10;

/// The inputs that conditions can read; built once for each case.
pub(super) struct Variables {
    context: Context<'static, 'static>,
    /// The size of the submission's context, in bytes.
    pub(super) size: usize,
}

impl std::fmt::Debug for Variables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Variables").field("size", &self.size).finish_non_exhaustive()
    }
}

impl Variables {
    pub(super) fn of(inputs: &Inputs) -> Self {
        let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
        let told: HashMap<String, String> = inputs.context.clone().into_iter().collect();
        context.add_variable_from_value("context", told);
        let text = |value: Option<String>| value.map_or(Value::Null, Value::from);
        context
            .add_variable_from_value("model", text(inputs.model.as_ref().map(ToString::to_string)));
        context.add_variable_from_value("artifact", text(inputs.artifact.map(|a| a.to_string())));
        context.add_variable_from_value(
            "environment",
            text(inputs.environment.as_ref().map(ToString::to_string)),
        );
        context.add_variable_from_value("submitter", text(inputs.submitter.clone()));
        let size = inputs.context.iter().map(|(key, value)| key.len() + value.len()).sum();
        Self { context, size }
    }
}

fn first_line(text: &str) -> String {
    diagnostic::quote(text.lines().next().unwrap_or_default()).trim_matches('`').to_owned()
}

fn known_names(program: &Program) -> Result<(), Wrong> {
    let references = program.references();
    let mut variables = references.variables();
    variables.sort_unstable();
    if let Some(name) = variables.into_iter().find(|v| !VARIABLES.contains(v)) {
        let message = format!("the condition knows no {}", diagnostic::quote(name));
        return Err(wrong(message, diagnostic::suggest(name, &VARIABLES)));
    }
    let mut functions = references.functions();
    functions.sort_unstable();
    let is_word = |f: &&str| f.starts_with(|c: char| c.is_ascii_alphabetic());
    match functions.into_iter().filter(is_word).find(|f| !FUNCTIONS.contains(f)) {
        Some(name) => {
            let message = format!("the condition knows no function {}", diagnostic::quote(name));
            Err(wrong(message, diagnostic::suggest(name, &FUNCTIONS)))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(text: &str) -> Result<bool, String> {
        let mut inputs =
            Inputs { environment: Some("production".parse().unwrap()), ..Inputs::default() };
        inputs.context.insert("tier".into(), "high".into());
        Condition::compile(text).map_err(|w| w.message)?.holds(&Variables::of(&inputs))
    }

    #[test]
    fn reads_the_context_and_the_release() {
        assert_eq!(holds("context.tier == 'high'"), Ok(true));
        assert_eq!(holds("environment == 'production' && model == null"), Ok(true));
        assert_eq!(holds("has(context.region) && context.region == 'eu'"), Ok(false));
        assert_eq!(holds("context.tier in ['low', 'medium']"), Ok(false));
        assert_eq!(holds("context['tier'].startsWith('hi')"), Ok(true));
    }

    #[test]
    fn an_error_is_told_and_never_an_answer() {
        assert!(holds("context.region == 'eu'").unwrap_err().contains("no `region`"));
        assert!(holds("context.tier").unwrap_err().contains("neither true nor false"));
        assert!(holds("1 / 0 == 1").is_err());
    }

    #[test]
    fn what_is_unknown_loops_or_does_not_parse_is_refused() {
        assert!(holds("contxt.tier == 'high'").unwrap_err().contains("knows no `contxt`"));
        assert!(holds("context.tier = 'high'").unwrap_err().contains("not a CEL expression"));
        assert!(holds("lowercase(context.tier) == 'a'").unwrap_err().contains("knows no function"));
        assert!(holds("[1, 2].all(x, x > 0)").unwrap_err().contains("loops"));
        assert!(holds("").is_err());
        assert!(holds(&"(".repeat(900)).is_err());
        assert!(holds(&format!("{}true", "!".repeat(900))).is_ok());
    }
}
