//! Patterns for names: `*` matches any text, `?` one character, everything else itself.

use std::fmt;

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob(String);

/// The reason why a text is not a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GlobError {
    /// The text is empty.
    #[error("an empty pattern matches nothing")]
    Empty,
    /// The text contains a character with a special meaning in other pattern languages.
    #[error("{0} has no meaning in a pattern here: `*` stands for any text, `?` for one character")]
    Reserved(String),
}

impl Glob {
    /// The pattern `text`. Characters with a special meaning in other pattern languages are
    /// rejected, so that no author expects that meaning here.
    ///
    /// # Errors
    /// If it is empty or contains one of `[]{}!\`.
    pub fn new(text: &str) -> Result<Self, GlobError> {
        if text.is_empty() {
            return Err(GlobError::Empty);
        }
        match text.chars().find(|c| matches!(c, '[' | ']' | '{' | '}' | '!' | '\\')) {
            Some(c) => Err(GlobError::Reserved(format!("`{c}`"))),
            None => Ok(Self(text.to_owned())),
        }
    }

    /// A pattern with exactly this text. Never rejects it.
    pub fn permissive(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the whole of `name` matches. Linear in practice: it backtracks only to the last `*`.
    pub fn matches(&self, name: &str) -> bool {
        let (mut pattern, mut rest) = (self.0.chars(), name.chars());
        let mut retry = None;
        loop {
            let here = (pattern.clone(), rest.clone());
            match (pattern.next(), rest.next()) {
                (None, None) => return true,
                (Some('*'), _) => {
                    rest = here.1;
                    retry = Some((pattern.clone(), rest.clone()));
                }
                (Some(p), Some(c)) if p == '?' || p == c => {}
                _ => {
                    let Some((after_star, mut from)) = retry.take() else { return false };
                    if from.next().is_none() {
                        return false;
                    }
                    pattern = after_star.clone();
                    rest = from.clone();
                    retry = Some((after_star, from));
                }
            }
        }
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks() {
        let matches = |p: &str, n: &str| Glob::new(p).unwrap().matches(n);
        assert!(matches("acme/credit-*", "acme/credit-risk"));
        assert!(matches("*", ""));
        assert!(matches("a*b*c", "a--b--b--c"));
        assert!(matches("?b", "éb"));
        assert!(!matches("acme/*", "acm/x"));
        assert!(!matches("a?", "a"));
        assert!(!matches("a*b", "a-c"));
        assert!(matches(&"*a".repeat(30), &"a".repeat(60)));
        assert!(!matches(&format!("{}b", "*a".repeat(30)), &"a".repeat(200)));
    }

    #[test]
    fn other_languages_are_refused() {
        assert!(Glob::new("").is_err());
        assert!(Glob::new("acme/[ab]").is_err());
    }
}
