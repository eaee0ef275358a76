//! Scopes, and the one place that says whether an actor may.

use crate::model::{Namespace, Person};
use std::{fmt, str::FromStr};

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Read everything of its namespace.
    Read,
    /// Submit evidence and ask for releases.
    Submit,
    /// Approve and reject, as the person it belongs to.
    Approve,
    /// Publish policies.
    Policy,
    /// Register data sets.
    Admin,
}

/// Every scope with its word.
pub const SCOPES: [(Scope, &str); 5] = [
    (Scope::Read, "read"),
    (Scope::Submit, "submit"),
    (Scope::Approve, "approve"),
    (Scope::Policy, "policy"),
    (Scope::Admin, "admin"),
];

impl Scope {
    /// The word in tokens and documents.
    pub fn as_str(self) -> &'static str {
        SCOPES.iter().find(|(scope, _)| *scope == self).map_or("", |(_, word)| word)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no scope: expected one of read, submit, approve, policy, admin")]
pub struct ScopeError(String);

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(word: &str) -> Result<Self, ScopeError> {
        let found = SCOPES.iter().find(|(_, w)| *w == word).map(|(scope, _)| *scope);
        found.ok_or_else(|| ScopeError(word.chars().take(40).collect()))
    }
}

/// Somebody who asks for something: a person, or a machine that holds a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The namespace they belong to; they never see another.
    pub namespace: Namespace,
    /// Who releases they ask for are by. For a token that belongs to a person, that person, so that nobody approves
    /// what their own machine asked for.
    pub who: Person,
    /// Whether that is a person, and so may approve.
    pub is_person: bool,
    /// The roles they hold.
    pub roles: Vec<String>,
    /// What they may do.
    pub scopes: Vec<Scope>,
}

/// Why somebody may not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The token lacks a scope.
    #[error("this token may not do that: it lacks the scope `{0}`")]
    Scope(Scope),
    /// The thing belongs to another namespace.
    #[error("this token belongs to the namespace `{0}` and sees no other")]
    Namespace(Namespace),
    /// Only a person may.
    #[error("only a person may approve or reject: this token belongs to nobody")]
    NotAPerson,
}

impl Actor {
    /// Whether they may do what `scope` covers.
    ///
    /// # Errors
    /// When they may not.
    pub fn require(&self, scope: Scope) -> Result<(), Denied> {
        if self.scopes.contains(&scope) { Ok(()) } else { Err(Denied::Scope(scope)) }
    }

    /// Whether that namespace is theirs.
    ///
    /// # Errors
    /// When it is another's.
    pub fn require_namespace(&self, namespace: &Namespace) -> Result<(), Denied> {
        if *namespace == self.namespace { Ok(()) } else { Err(Denied::Namespace(self.namespace.clone())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_may_only_what_its_scopes_say_in_its_namespace() {
        let actor = Actor {
            namespace: "acme".parse().unwrap(),
            who: Person { id: "t1".into(), name: "ci".into() },
            is_person: false,
            roles: vec![],
            scopes: vec![Scope::Read],
        };
        assert_eq!(actor.require(Scope::Read), Ok(()));
        assert_eq!(actor.require(Scope::Submit), Err(Denied::Scope(Scope::Submit)));
        assert!(actor.require_namespace(&"other".parse().unwrap()).is_err());
    }
}
