//! The scope of a policy: the models and environments it applies to.

use super::{glob::Glob, schema::Policy};
use crate::model::{Environment, ModelId, verdict::Mode};

/// Whether `policy` applies to this model in this environment. A policy without `applies_to`
/// applies to everything.
pub fn applies(policy: &Policy, model: &ModelId, environment: &Environment) -> bool {
    let any =
        |globs: &[Glob], name: &str| globs.is_empty() || globs.iter().any(|g| g.matches(name));
    any(&policy.applies_to.models, &model.to_string())
        && any(&policy.applies_to.environments, environment.as_str())
}

/// Whether policies apply but none of them enforces. Then the namespace's setting for the
/// environment decides.
pub fn only_observe<'p>(policies: impl IntoIterator<Item = &'p Policy>) -> bool {
    let mut any = false;
    policies.into_iter().all(|p| {
        any = true;
        p.mode == Mode::Observe
    }) && any
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_and_environments_both_have_to_match() {
        let policy = |text: &str| {
            super::super::parse(&format!(
                "name = \"p\"\n{text}\n[[rule]]\nid = \"a\"\ncheck = \"*\"\n"
            ))
            .unwrap()
        };
        let at =
            |p: &Policy, m: &str, e: &str| applies(p, &m.parse().unwrap(), &e.parse().unwrap());
        let narrow = policy(
            "applies_to = { models = [\"acme/credit-*\"], environments = [\"production\"] }",
        );
        assert!(at(&narrow, "acme/credit-risk", "production"));
        assert!(!at(&narrow, "acme/credit-risk", "staging"));
        assert!(!at(&narrow, "acme/fraud", "production"));
        assert!(at(&policy(""), "acme/fraud", "anywhere"));
    }
}
