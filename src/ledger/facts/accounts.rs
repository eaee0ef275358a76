//! People, tokens and secrets of webhooks: each change states all of the new state, so that the
//! newest fact proves the row. Secrets appear only as digests.

use super::{Document, Fact};
use crate::model::{Digest, Timestamp};
use serde::{Deserialize, Serialize};

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It was created.
    Created,
    /// It existed before changes were logged, and was taken over as it was.
    TakenOver,
    /// The roles of a user.
    Roles,
    /// The password of a user.
    Password,
    /// The user can no longer sign in.
    Disabled,
    /// The user can sign in again.
    Enabled,
    /// A token or secret ends sooner than it was issued for.
    Expiry,
    /// A token or secret was revoked.
    Revoked,
}

impl Change {
    /// The word in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::TakenOver => "taken-over",
            Self::Roles => "roles",
            Self::Password => "password",
            Self::Disabled => "disabled",
            Self::Enabled => "enabled",
            Self::Expiry => "expiry",
            Self::Revoked => "revoked",
        }
    }
}

/// A user and what they may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserChanged {
    /// The user's stable id.
    pub user: String,
    /// What changed.
    pub change: Change,
    /// The name that they sign in with.
    pub name: String,
    /// The name that pages show.
    pub display_name: String,
    /// Their roles.
    pub roles: Vec<String>,
    /// The digest of the hash of their password.
    pub password: Digest,
    /// Since when they are disabled.
    pub disabled_at: Option<Timestamp>,
    /// When it changed.
    pub at: Timestamp,
}

/// A bearer token and what it permits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenChanged {
    /// The token's stable id.
    pub token: String,
    /// What changed.
    pub change: Change,
    /// The digest of its text.
    pub digest: Digest,
    /// Its display name.
    pub name: String,
    /// The names of its scopes.
    pub scopes: Vec<String>,
    /// The id of the person who is responsible for it.
    pub user: Option<String>,
    /// When it expires.
    pub expires_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it changed.
    pub at: Timestamp,
}

/// A secret that a sender of webhooks signs with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HookSecretChanged {
    /// The secret's stable id.
    pub secret: String,
    /// What changed.
    pub change: Change,
    /// The sender, such as `ci`.
    pub source: String,
    /// The digest of its bytes.
    pub digest: Digest,
    /// When it expires; `None` if never.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it changed.
    pub at: Timestamp,
}

impl Document for UserChanged {
    const FACT: Fact = Fact::UserChanged;

    fn subject(&self) -> &str {
        &self.user
    }
}

impl Document for TokenChanged {
    const FACT: Fact = Fact::TokenChanged;

    fn subject(&self) -> &str {
        &self.token
    }
}

impl Document for HookSecretChanged {
    const FACT: Fact = Fact::HookSecretChanged;

    fn subject(&self) -> &str {
        &self.secret
    }
}
