//! Scopes, and the one place that decides what an actor can do.

use crate::model::{Namespace, Person};
use std::{fmt, str::FromStr};

/// What a token permits.
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

/// A word that is not a scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a scope: expected one of read, submit, approve, policy, admin")]
pub struct ScopeError(String);

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(word: &str) -> Result<Self, ScopeError> {
        let found = SCOPES.iter().find(|(_, w)| *w == word).map(|(scope, _)| *scope);
        found.ok_or_else(|| ScopeError(word.chars().take(40).collect()))
    }
}

/// The caller: a person, or a machine that has a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The namespace they belong to; they never see another.
    pub namespace: Namespace,
    /// The submitter of the releases that they request. For a token that belongs to a person it is
    /// that person, so that a person cannot approve what their own machine requested.
    pub who: Person,
    /// Whether that is a person, who can therefore approve.
    pub is_person: bool,
    /// The roles they have.
    pub roles: Vec<String>,
    /// What they can do.
    pub scopes: Vec<Scope>,
}

/// Why an action is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The token lacks a scope.
    #[error("this token cannot do that: it lacks the scope `{0}`")]
    Scope(Scope),
    /// The resource belongs to another namespace.
    #[error("this token belongs to the namespace `{0}` and sees no other")]
    Namespace(Namespace),
    /// Only a person can do this.
    #[error("only a person can approve or reject: this token does not belong to a person")]
    NotAPerson,
}

impl Actor {
    /// Checks that they can do what `scope` covers.
    ///
    /// # Errors
    /// When they cannot.
    pub fn require(&self, scope: Scope) -> Result<(), Denied> {
        if self.scopes.contains(&scope) { Ok(()) } else { Err(Denied::Scope(scope)) }
    }

    /// Checks that the namespace is theirs.
    ///
    /// # Errors
    /// When it is another one.
    pub fn require_namespace(&self, namespace: &Namespace) -> Result<(), Denied> {
        if *namespace == self.namespace {
            Ok(())
        } else {
            Err(Denied::Namespace(self.namespace.clone()))
        }
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
