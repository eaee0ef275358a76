//! Tokens and users: who is asking.

use super::{
    Service,
    error::{AppError, Kind},
    passwords::check_password,
    text,
};
use crate::{
    identity::{Actor, Scope, Secret},
    model::{Age, Namespace, Person, Timestamp},
    store::{Token, User},
};
use std::{collections::HashMap, sync::Mutex};

/// The longest name that people sign in with, and the longest role.
const MAX_WORD: usize = 100;
/// How long a token that was looked up is believed before it is looked up again: so long a revocation may take.
const BELIEVED_MICROS: i64 = 2_000_000;
/// Tokens remembered at once.
const REMEMBERED: usize = 10_000;

/// A token to be made.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// The namespace it is for.
    pub namespace: Namespace,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The sign-in name of the person who answers for it.
    pub user: Option<String>,
    /// How long it counts.
    pub lives: Age,
}

/// A user to be made.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The namespace they belong to.
    pub namespace: Namespace,
    /// The name they sign in with.
    pub name: String,
    /// The name shown.
    pub display_name: String,
    /// Their password.
    pub password: String,
    /// Their roles.
    pub roles: Vec<String>,
}

/// Tokens that were looked up a moment ago.
#[derive(Default)]
pub struct TokenCache(Mutex<HashMap<crate::model::Digest, (Actor, Timestamp, Timestamp)>>);

impl TokenCache {
    fn get(&self, digest: &crate::model::Digest, now: Timestamp) -> Option<Actor> {
        let map = self.0.lock().ok()?;
        let (actor, read_at, expires_at) = map.get(digest)?;
        (now.micros_since(*read_at) < BELIEVED_MICROS && now < *expires_at).then(|| actor.clone())
    }

    fn put(&self, digest: crate::model::Digest, actor: Actor, now: Timestamp, expires_at: Timestamp) {
        if let Ok(mut map) = self.0.lock() {
            if map.len() >= REMEMBERED {
                map.clear();
            }
            map.insert(digest, (actor, now, expires_at));
        }
    }
}

impl Service {
    /// Makes a token and gives its text, which is shown once and stored nowhere.
    ///
    /// # Errors
    /// When the person is unknown or of another namespace, or the database fails.
    pub async fn create_token(&self, new: NewToken) -> Result<(Token, Secret), AppError> {
        let user = match &new.user {
            None => None,
            Some(name) => {
                Some(self.store.user_by_name(name).await?.filter(|u| u.namespace == new.namespace).ok_or_else(
                    || AppError::invalid("unknown-user", format!("there is no user `{name}` in `{}`", new.namespace)),
                )?)
            }
        };
        text::line("the name of a token", &new.name, text::MAX_NAME)?;
        if let Some(user) = user.as_ref().filter(|user| user.disabled_at.is_some()) {
            return Err(AppError::invalid("user-disabled", format!("the user `{}` is disabled", user.name)));
        }
        if new.scopes.contains(&Scope::Approve) && user.is_none() {
            return Err(AppError::invalid("no-person", "a token that approves must belong to a user: name one"));
        }
        let (now, secret) = (self.env.now(), Secret::new("mgt_", &self.env.random()));
        let token = Token {
            id: self.env.new_id(),
            namespace: new.namespace,
            digest: secret.digest(),
            name: new.name,
            scopes: new.scopes.iter().map(|s| s.as_str().to_owned()).collect(),
            user_id: user.map(|u| u.id),
            expires_at: now.plus(new.lives),
            revoked_at: None,
        };
        self.store.add_token(&token, now).await?;
        Ok((token, secret))
    }

    /// Who a bearer token stands for.
    ///
    /// # Errors
    /// When it is unknown, expired or revoked, or the database fails.
    pub async fn actor(&self, presented: &Secret) -> Result<Actor, AppError> {
        let (digest, now) = (presented.digest(), self.env.now());
        if let Some(actor) = self.tokens.get(&digest, now) {
            return Ok(actor);
        }
        let refused =
            || AppError::new(Kind::Unauthenticated, "token-refused", "this token is unknown, expired or revoked");
        let token = self.store.token(&digest).await?.ok_or_else(refused)?;
        if token.revoked_at.is_some() || token.expires_at <= now {
            return Err(refused());
        }
        let scopes = token.scopes.iter().filter_map(|word| word.parse().ok()).collect();
        let actor = match &token.user_id {
            None => Actor {
                namespace: token.namespace,
                who: Person { id: format!("token:{}", token.id), name: token.name },
                is_person: false,
                roles: Vec::new(),
                scopes,
            },
            Some(id) => {
                let user = self.store.user(id).await?.filter(|user| user.disabled_at.is_none());
                as_person(user.ok_or_else(refused)?, scopes)
            }
        };
        self.tokens.put(digest, actor.clone(), now, token.expires_at);
        Ok(actor)
    }

    /// Every token, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_tokens(&self) -> Result<Vec<Token>, AppError> {
        Ok(self.store.tokens().await?)
    }

    /// Ends a token or a webhook secret; false when none of that id still counts. A service that has believed a token
    /// before believes it for up to two seconds more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_token(&self, id: &str) -> Result<bool, AppError> {
        let now = self.env.now();
        Ok(self.store.revoke_token(id, now).await? || self.store.revoke_hook_secret(id, now).await?)
    }

    /// Makes another token like the one of that id, beside which the old one counts as before: [`Service::retire`] ends
    /// it, once the new one has reached its holder. `None` when no such id still counts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rotate_token(&self, id: &str, lives: Age) -> Result<Option<(Token, Secret)>, AppError> {
        let now = self.env.now();
        let counts = |token: &Token| token.revoked_at.is_none() && token.expires_at > now;
        let Some(old) = self.list_tokens().await?.into_iter().find(|token| token.id == id && counts(token)) else {
            return Ok(None);
        };
        let secret = Secret::new("mgt_", &self.env.random());
        let new = Token { id: self.env.new_id(), digest: secret.digest(), expires_at: now.plus(lives), ..old };
        self.store.add_token(&new, now).await?;
        Ok(Some((new, secret)))
    }

    /// Ends the token or webhook secret of that id after `overlap`, unless it ends sooner.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn retire(&self, id: &str, overlap: Age) -> Result<(), AppError> {
        let end = self.env.now().plus(overlap);
        self.store.expire_token(id, end).await?;
        Ok(self.store.expire_hook_secret(id, end).await?)
    }

    /// Every user, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_users(&self) -> Result<Vec<User>, AppError> {
        Ok(self.store.users().await?)
    }

    /// A user by the name that they sign in with.
    ///
    /// # Errors
    /// When there is no such user, or the database fails.
    pub async fn user_named(&self, name: &str) -> Result<User, AppError> {
        let unknown = || AppError::invalid("unknown-user", format!("there is no user `{}`", name.escape_debug()));
        check_word("a user name", name).map_err(|_| unknown())?;
        self.store.user_by_name(name).await?.ok_or_else(unknown)
    }

    /// Ends what a user holds, sessions and tokens, and lets them do nothing from now on: at once on the pages, within
    /// two seconds in a service that has just believed a token of theirs. Their past approvals keep their meaning.
    ///
    /// # Errors
    /// When there is no such user, or the database fails.
    pub async fn disable_user(&self, name: &str) -> Result<User, AppError> {
        let user = self.user_named(name).await?;
        self.store.disable_user(&user.id, self.env.now()).await?;
        self.user_named(name).await
    }

    /// Lets a user sign in again. Their tokens have ended; they need new ones.
    ///
    /// # Errors
    /// When there is no such user, or the database fails.
    pub async fn enable_user(&self, name: &str) -> Result<User, AppError> {
        let user = self.user_named(name).await?;
        self.store.enable_user(&user.id).await?;
        self.user_named(name).await
    }

    /// Gives a user another password and ends their sessions and tokens: who knew the old one may have made some.
    ///
    /// # Errors
    /// When there is no such user, the password cannot be one, or the database fails.
    pub async fn change_password(&self, name: &str, password: String) -> Result<User, AppError> {
        check_password(&password)?;
        let user = self.user_named(name).await?;
        let hash = self.passwords.hash(password).await?;
        self.store.set_password(&user.id, &hash, self.env.now()).await?;
        Ok(user)
    }

    /// Adds roles to a user and takes roles away.
    ///
    /// # Errors
    /// When there is no such user, a role cannot be one, or the database fails.
    pub async fn change_roles(&self, name: &str, add: &[String], remove: &[String]) -> Result<User, AppError> {
        add.iter().try_for_each(|role| check_word("a role", role))?;
        let user = self.user_named(name).await?;
        let roles = user.roles.iter().filter(|role| !remove.contains(role)).chain(add);
        let roles = distinct(roles.cloned().collect());
        self.store.set_roles(&user.id, &roles).await?;
        Ok(User { roles, ..user })
    }

    /// How many sessions of a user have not ended, and their tokens that still count.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn held_by(&self, user: &User) -> Result<(u64, Vec<Token>), AppError> {
        let now = self.env.now();
        let mut tokens = self.list_tokens().await?;
        tokens.retain(|t| t.user_id.as_ref() == Some(&user.id) && t.revoked_at.is_none() && t.expires_at > now);
        Ok((self.store.sessions_of(&user.id, now).await?, tokens))
    }

    /// Makes a user.
    ///
    /// # Errors
    /// When a name is taken or cannot be one, or the database fails.
    pub async fn create_user(&self, new: NewUser) -> Result<User, AppError> {
        check_word("a user name", &new.name)?;
        new.roles.iter().try_for_each(|role| check_word("a role", role))?;
        text::line("the display name", &new.display_name, text::MAX_NAME)?;
        check_password(&new.password)?;
        if self.store.user_by_name(&new.name).await?.is_some() {
            return Err(AppError::new(Kind::Conflict, "name-taken", format!("there is a user `{}` already", new.name)));
        }
        let password_hash = self.passwords.hash(new.password).await?;
        let user = User {
            id: format!("user:{}", self.env.new_id()),
            namespace: new.namespace,
            name: new.name,
            display_name: new.display_name,
            password_hash,
            roles: distinct(new.roles),
            disabled_at: None,
        };
        self.store.add_user(&user, self.env.now()).await?;
        Ok(user)
    }
}

/// Each once, in the order of their first.
fn distinct(list: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    list.into_iter().filter(|word| seen.insert(word.clone())).collect()
}

pub(super) fn as_person(user: User, scopes: Vec<Scope>) -> Actor {
    Actor {
        namespace: user.namespace,
        who: Person { id: user.id, name: user.display_name },
        is_person: true,
        roles: user.roles,
        scopes,
    }
}

/// Refuses what cannot be a name that people sign in with, a role or a sender.
pub(super) fn check_word(what: &str, word: &str) -> Result<(), AppError> {
    if word.len() > MAX_WORD {
        return Err(AppError::invalid("name-too-long", format!("{what} has at most {MAX_WORD} characters")));
    }
    if !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"._@-".contains(&b)) {
        return Ok(());
    }
    let message = format!("{what} is 1 to {MAX_WORD} of A-Z, a-z, 0-9, `.`, `_`, `@` and `-`");
    Err(AppError::invalid("invalid-name", message))
}
