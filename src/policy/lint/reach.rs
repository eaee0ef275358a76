//! Patterns that cannot match, because no model or environment can have such a name.

use super::super::{
    diagnostic::{Collector, quote},
    glob::Glob,
    schema::Policy,
};
use crate::model::Namespace;
use std::{collections::BTreeSet, ops::Range};

/// The position of the pattern in the text.
pub(super) fn place(policy: &Policy, pattern: &str) -> Range<usize> {
    let quoted = [format!("\"{pattern}\""), format!("'{pattern}'")];
    let found = quoted
        .iter()
        .find_map(|text| policy.source.find(text.as_str()).map(|at| at..at + text.len()));
    found.unwrap_or(0..0)
}

/// A grammar of names: the characters that can come next, given the progress so far.
#[derive(Debug, Clone, Copy)]
enum Names<'n> {
    /// `namespace/name`; with that namespace, if it is known.
    Models(Option<&'n str>),
    Environments,
}

/// The progress in a name: the number of bytes of a known namespace, or 0, 1 (in a namespace), 2
/// (after the slash), 3 (in a name).
type Far = usize;

const fn in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

impl Names<'_> {
    const fn before_name(self) -> Far {
        match self {
            Self::Models(Some(namespace)) => namespace.len() + 1,
            Self::Models(None) => 2,
            Self::Environments => 0,
        }
    }

    /// The progress after the character `c`; `None` if `c` cannot come next.
    fn after(self, far: Far, c: char) -> Option<Far> {
        let name = self.before_name();
        if far == name {
            return c.is_ascii_alphanumeric().then_some(name + 1);
        }
        if far > name {
            return in_name(c).then_some(far);
        }
        match self {
            Self::Models(Some(namespace)) => {
                let next = namespace.chars().chain(['/']).nth(far);
                (next == Some(c)).then_some(far + 1)
            }
            Self::Models(None) if far == 1 && c == '/' => Some(2),
            Self::Models(None) => {
                (c.is_ascii_lowercase() || c.is_ascii_digit() || (c == '-' && far == 1))
                    .then_some(1)
            }
            Self::Environments => None,
        }
    }

    /// Every possible progress after one more character.
    fn next(self, far: Far) -> BTreeSet<Far> {
        let all = ('a'..='z').chain('A'..='Z').chain('0'..='9').chain(['.', '_', '-', '/']);
        all.filter_map(|c| self.after(far, c)).collect()
    }

    /// Whether any name matches the pattern.
    fn reach(self, pattern: &str) -> bool {
        let mut now: BTreeSet<Far> = BTreeSet::from([0]);
        for c in pattern.chars() {
            now = match c {
                '*' => self.closure(now),
                '?' => now.into_iter().flat_map(|far| self.next(far)).collect(),
                c => now.into_iter().filter_map(|far| self.after(far, c)).collect(),
            };
        }
        now.contains(&(self.before_name() + 1))
    }

    fn closure(self, mut all: BTreeSet<Far>) -> BTreeSet<Far> {
        loop {
            let more: BTreeSet<Far> = all.iter().flat_map(|far| self.next(*far)).collect();
            let before = all.len();
            all.extend(more);
            if all.len() == before {
                return all;
            }
        }
    }
}

/// Warns about patterns that no name can match, and about patterns that are probably not meant.
pub(super) fn patterns(found: &mut Collector<'_>, policy: &Policy) {
    for pattern in &policy.applies_to.models {
        let text = pattern.as_str();
        let head = text.split(['*', '?']).next().unwrap_or_default();
        if !Names::Models(None).reach(text) {
            let message = format!(
                "no model can have the name {}: model names are `namespace/name`",
                quote(text)
            );
            let help = format!("write `\"*/{text}\"`, or put the namespace before it");
            found.help("pattern-matches-nothing", place(policy, text), message, help);
        } else if !text.contains('/') && !head.is_empty() {
            let message = format!(
                "model names are `namespace/name`, so {} only matches models of namespaces that begin with {}",
                quote(text),
                quote(head)
            );
            let help = format!("write `\"*/{text}\"`, or put the namespace before it");
            found.help("pattern-without-namespace", place(policy, text), message, help);
        }
    }
    for pattern in &policy.applies_to.environments {
        if !Names::Environments.reach(pattern.as_str()) {
            let message = format!("no environment can have the name {}", quote(pattern.as_str()));
            let help = "an environment's name has only letters, digits, `.`, `_` and `-`, such as `production`";
            found.help("pattern-matches-nothing", place(policy, pattern.as_str()), message, help);
        }
    }
}

/// Warns about patterns that match no model of the namespace that the policy is published to.
pub(super) fn in_namespace(found: &mut Collector<'_>, policy: &Policy, namespace: &Namespace) {
    let names = Names::Models(Some(namespace.as_str()));
    let misses = |glob: &&Glob| !names.reach(glob.as_str());
    let globs = &policy.applies_to.models;
    let never = !globs.is_empty() && globs.iter().all(|glob| misses(&glob));
    for pattern in globs.iter().filter(misses) {
        let text = pattern.as_str();
        let then = if never { ", so this policy never applies there" } else { "" };
        let message =
            format!("{} matches no model of the namespace `{namespace}`{then}", quote(text));
        let name = text.rsplit('/').next().unwrap_or_default();
        found.help(
            "pattern-matches-nothing",
            place(policy, text),
            message,
            format!("write `\"{namespace}/{name}\"`"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_name_can_match() {
        let models = |text: &str| Names::Models(None).reach(text);
        for fine in [
            "*",
            "acme/*",
            "acme/credit-risk",
            "*/credit-*",
            "*credit*",
            "a?me/x",
            "credit-*",
            "*-risk",
            "?*/?*",
        ] {
            assert!(models(fine), "{fine}");
        }
        for never in ["credit-risk", "acme/", "/x", "Acme/*", "a/b/c", "acme/a b", "*/", "-x/y"] {
            assert!(!models(never), "{never}");
        }
        let acme = |text: &str| Names::Models(Some("acme")).reach(text);
        for fine in ["*", "acme/*", "*/credit-*", "a*", "ac?e/x", "*-risk"] {
            assert!(acme(fine), "{fine}");
        }
        for never in ["credit-*", "other/*", "acm/*", "acmee/*", "acme", "*/"] {
            assert!(!acme(never), "{never}");
        }
        assert!(Names::Environments.reach("prod*") && Names::Environments.reach("Staging.eu_1"));
        assert!(!Names::Environments.reach("prod/eu") && !Names::Environments.reach("a b"));
    }
}
