//! Tokens and users: the identity of the caller.

use crate::app::{
    Service,
    accounts::passwords::check_password,
    core::account_facts::{set_token, set_user},
    core::error::{AppError, Kind},
    core::text,
};
use crate::{
    identity::{Actor, Scope, Secret},
    ledger::facts::Change as What,
    model::{Age, Namespace, Person, Timestamp},
    store::{Before, Change, Conflict, Expectation, HookSecret, Token, User, Write},
};
use std::{collections::HashMap, sync::Mutex};

/// The longest sign-in name, and the longest role.
const MAX_WORD: usize = 100;
/// How long a looked-up token is used before it is looked up again: a revocation may take this
/// long.
const BELIEVED_MICROS: i64 = 2_000_000;
/// How often a change is tried again because another one came first.
pub(in crate::app) const TRIES: u32 = 10;
/// The most tokens in the cache.
const REMEMBERED: usize = 10_000;

/// A token to create.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// The namespace it is for.
    pub namespace: Namespace,
    /// Its display name.
    pub name: String,
    /// What it permits.
    pub scopes: Vec<Scope>,
    /// The sign-in name of the person who is responsible for it.
    pub user: Option<String>,
    /// How long it is valid.
    pub lives: Age,
}

/// A user to create.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The namespace they belong to.
    pub namespace: Namespace,
    /// The name they sign in with.
    pub name: String,
    /// The display name.
    pub display_name: String,
    /// Their password.
    pub password: String,
    /// Their roles.
    pub roles: Vec<String>,
}

/// The tokens that were looked up recently.
#[derive(Default)]
pub struct TokenCache(Mutex<HashMap<crate::model::Digest, (Actor, Timestamp, Timestamp)>>);

impl TokenCache {
    fn get(&self, digest: &crate::model::Digest, now: Timestamp) -> Option<Actor> {
        let map = self.0.lock().ok()?;
        let (actor, read_at, expires_at) = map.get(digest)?;
        (now.micros_since(*read_at) < BELIEVED_MICROS && now < *expires_at).then(|| actor.clone())
    }

    fn put(
        &self,
        digest: crate::model::Digest,
        actor: Actor,
        now: Timestamp,
        expires_at: Timestamp,
    ) {
        if let Ok(mut map) = self.0.lock() {
            if map.len() >= REMEMBERED {
                map.clear();
            }
            map.insert(digest, (actor, now, expires_at));
        }
    }
}

impl Service {
    /// Creates a token and returns its text, which is shown once and stored nowhere.
    ///
    /// # Errors
    /// When the person is unknown or of another namespace, or the database fails.
    pub async fn create_token(&self, new: NewToken) -> Result<(Token, Secret), AppError> {
        let user = match &new.user {
            None => None,
            Some(name) => Some(
                self.store
                    .user_by_name(name)
                    .await?
                    .filter(|u| u.namespace == new.namespace)
                    .ok_or_else(|| {
                        AppError::invalid(
                            "unknown-user",
                            format!("there is no user `{name}` in `{}`", new.namespace),
                        )
                    })?,
            ),
        };
        text::line("the name of a token", &new.name, text::MAX_NAME)?;
        if let Some(user) = user.as_ref().filter(|user| user.disabled_at.is_some()) {
            return Err(AppError::invalid(
                "user-disabled",
                format!("the user `{}` is disabled", user.name),
            ));
        }
        if new.scopes.contains(&Scope::Approve) && user.is_none() {
            return Err(AppError::invalid(
                "no-person",
                "a token that approves must belong to a user: name one",
            ));
        }
        let (now, secret) = (self.env.now(), Secret::new("mgt_", &self.env.random()));
        let token = Token {
            id: self.env.new_id(),
            namespace: new.namespace,
            digest: secret.digest(),
            name: new.name,
            scopes: new.scopes.iter().map(|s| s.as_str().to_owned()).collect(),
            user_id: user.as_ref().map(|u| u.id.clone()),
            expires_at: now.plus(new.lives),
            revoked_at: None,
            log_index: None,
            newest_entry: None,
        };
        self.issue(token, user, now).await.map(|token| (token, secret))
    }

    /// Stores a new token. The person who is responsible for it must still be as they were read.
    async fn issue(
        &self,
        token: Token,
        user: Option<User>,
        now: Timestamp,
    ) -> Result<Token, AppError> {
        let write = set_token(token.clone(), Before::Absent, What::Created, now)?;
        let mut change = Change::new(token.namespace.clone(), now).with(write);
        change.expects.extend(user.map(|user| Expectation::User(user.id, user.log_index)));
        self.may_sign(&token.namespace).await?;
        match self.writer.write(change).await? {
            Ok(receipt) => Ok(Token { log_index: receipt.first, ..token }),
            Err(Conflict::AccountChanged) => Err(changing()),
            Err(other) => Err(AppError::broken(format!("a token was refused: {other:?}"))),
        }
    }

    /// The actor that a bearer token belongs to.
    ///
    /// # Errors
    /// When it is unknown, expired or revoked, or the database fails.
    pub async fn actor(&self, presented: &Secret) -> Result<Actor, AppError> {
        let (digest, now) = (presented.digest(), self.env.now());
        if let Some(actor) = self.tokens.get(&digest, now) {
            return Ok(actor);
        }
        let refused = || {
            AppError::new(
                Kind::Unauthenticated,
                "token-refused",
                "this token is unknown, expired or revoked",
            )
        };
        let token = self.store.token(&digest).await?.ok_or_else(refused)?;
        self.prover.token(&token).await?;
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
                let user = self.store.user(id).await?.ok_or_else(refused)?;
                self.prover.user(&user).await?;
                if user.disabled_at.is_some() {
                    return Err(refused());
                }
                as_person(user, scopes)
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
        let tokens = self.store.tokens().await?;
        for token in &tokens {
            self.prover.token(token).await?;
        }
        Ok(tokens)
    }

    /// Revokes a token or a webhook secret; false if none with that id is left to revoke. A service
    /// that has used a token before may accept it for up to two more seconds.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_token(&self, id: &str) -> Result<bool, AppError> {
        let now = self.env.now();
        let revoked = self.change_token(id, What::Revoked, |token| token.revoke(now)).await?;
        if revoked.is_some() {
            return Ok(true);
        }
        Ok(self.change_secret(id, What::Revoked, |secret| secret.revoke(now)).await?.is_some())
    }

    /// Changes a token; `None` if no token has that id, or `edit` changes nothing.
    async fn change_token(
        &self,
        id: &str,
        what: What,
        edit: impl Fn(Token) -> Option<Token>,
    ) -> Result<Option<Token>, AppError> {
        for _ in 0..TRIES {
            let Some(token) = self.store.token_by_id(id).await? else { return Ok(None) };
            self.prover.token(&token).await?;
            let before = Before::At(token.log_index);
            let Some(token) = edit(token) else { return Ok(None) };
            let now = self.env.now();
            let write = set_token(token.clone(), before, what, now)?;
            let change = Change::new(token.namespace.clone(), now).with(write);
            if self.settle(change).await? {
                return Ok(Some(token));
            }
        }
        Err(changing())
    }

    /// Stores a change of accounts; false if one of them was changed at the same time.
    pub(in crate::app) async fn settle(&self, change: Change) -> Result<bool, AppError> {
        self.may_sign(&change.namespace).await?;
        match self.writer.write(change).await? {
            Ok(_) => Ok(true),
            Err(Conflict::AccountChanged) => Ok(false),
            Err(other) => Err(AppError::broken(format!("an account was refused: {other:?}"))),
        }
    }

    /// Creates another token like the token `id`, which stays valid: [`Service::retire`] ends it,
    /// once its holder has the new one. `None` if no valid token has that id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rotate_token(
        &self,
        id: &str,
        lives: Age,
    ) -> Result<Option<(Token, Secret)>, AppError> {
        let now = self.env.now();
        let counts = |token: &Token| token.revoked_at.is_none() && token.expires_at > now;
        let Some(old) = self.store.token_by_id(id).await?.filter(counts) else {
            return Ok(None);
        };
        self.prover.token(&old).await?;
        let user = match &old.user_id {
            Some(id) => self.store.user(id).await?,
            None => None,
        };
        let secret = Secret::new("mgt_", &self.env.random());
        let new = Token {
            id: self.env.new_id(),
            digest: secret.digest(),
            expires_at: now.plus(lives),
            log_index: None,
            newest_entry: None,
            ..old
        };
        Ok(Some((self.issue(new, user, now).await?, secret)))
    }

    /// Ends the token or webhook secret of that id after `overlap`, unless it ends sooner.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn retire(&self, id: &str, overlap: Age) -> Result<(), AppError> {
        let end = self.env.now().plus(overlap);
        let sooner =
            |token: Token| (token.expires_at > end).then_some(Token { expires_at: end, ..token });
        self.change_token(id, What::Expiry, sooner).await?;
        let sooner = |hook: HookSecret| {
            let later = hook.expires_at.is_none_or(|at| at > end);
            later.then_some(HookSecret { expires_at: Some(end), ..hook })
        };
        self.change_secret(id, What::Expiry, sooner).await?;
        Ok(())
    }

    /// Every user, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_users(&self) -> Result<Vec<User>, AppError> {
        let users = self.store.users().await?;
        for user in &users {
            self.prover.user(user).await?;
        }
        Ok(users)
    }

    /// A user by the name that they sign in with.
    ///
    /// # Errors
    /// When there is no such user, or the database fails.
    pub async fn user_named(&self, name: &str) -> Result<User, AppError> {
        let unknown = || {
            AppError::invalid("unknown-user", format!("there is no user `{}`", name.escape_debug()))
        };
        check_word("a user name", name).map_err(|_| unknown())?;
        let user = self.store.user_by_name(name).await?.ok_or_else(unknown)?;
        self.prover.user(&user).await?;
        Ok(user)
    }

    /// Ends the sessions and tokens of a user and refuses them from now on: at once on the pages,
    /// and within two seconds in a service that has just used one of their tokens. Their past
    /// approvals stay valid.
    ///
    /// # Errors
    /// When there is no such user, or the database fails.
    pub async fn disable_user(&self, name: &str) -> Result<User, AppError> {
        let now = self.env.now();
        let disable = |user: User| {
            let disabled_at = user.disabled_at.or(Some(now));
            User { disabled_at, ..user }
        };
        self.change_user(name, What::Disabled, disable).await
    }

    /// Lets a user sign in again. Their tokens stay revoked; they need new ones.
    ///
    /// # Errors
    /// When there is no such user, or the database fails.
    pub async fn enable_user(&self, name: &str) -> Result<User, AppError> {
        self.change_user(name, What::Enabled, |user| User { disabled_at: None, ..user }).await
    }

    /// Changes the password of a user and ends their sessions and tokens, because a person who knew
    /// the old one may have created some.
    ///
    /// # Errors
    /// When there is no such user, the password is invalid, or the database fails.
    pub async fn change_password(&self, name: &str, password: String) -> Result<User, AppError> {
        check_password(&password)?;
        self.user_named(name).await?;
        let hash = self.passwords.hash(password).await?;
        let set = |user: User| User { password_hash: hash.clone(), ..user };
        self.change_user(name, What::Password, set).await
    }

    /// Adds roles to a user and removes roles.
    ///
    /// # Errors
    /// When there is no such user, a role is invalid, or the database fails.
    pub async fn change_roles(
        &self,
        name: &str,
        add: &[String],
        remove: &[String],
    ) -> Result<User, AppError> {
        add.iter().try_for_each(|role| check_word("a role", role))?;
        let change = |user: User| {
            let roles = user.roles.iter().filter(|role| !remove.contains(role)).chain(add);
            let roles = distinct(roles.cloned().collect());
            User { roles, ..user }
        };
        self.change_user(name, What::Roles, change).await
    }

    /// Changes a user, and ends what must not outlive the change. A change that changes nothing is
    /// not logged.
    async fn change_user(
        &self,
        name: &str,
        what: What,
        edit: impl Fn(User) -> User,
    ) -> Result<User, AppError> {
        for _ in 0..TRIES {
            let old = self.user_named(name).await?;
            let new = edit(old.clone());
            if new == old {
                return Ok(old);
            }
            let now = self.env.now();
            let mut change = Change::new(new.namespace.clone(), now);
            change.writes.push(set_user(new, Before::At(old.log_index), what, now)?);
            if matches!(what, What::Disabled | What::Password) {
                change.writes.extend(self.ends_of(&old, now).await?);
            }
            if self.settle(change).await? {
                return self.user_named(name).await;
            }
        }
        Err(changing())
    }

    /// The end of a user's tokens and sessions. A token whose row is not what was logged is left
    /// out: it is refused wherever it is used, and its row must not become a fact.
    async fn ends_of(&self, user: &User, now: Timestamp) -> Result<Vec<Write>, AppError> {
        let mut writes = vec![Write::EndSessions(user.id.clone())];
        for token in self.store.tokens_of(&user.id).await? {
            match self.prover.token(&token).await {
                Err(error) if error.unproved_row().is_some() => continue,
                proved => proved?,
            }
            let before = Before::At(token.log_index);
            if let Some(token) = token.revoke(now) {
                writes.push(set_token(token, before, What::Revoked, now)?);
            }
        }
        Ok(writes)
    }

    /// The number of a user's open sessions, and their valid tokens.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn held_by(&self, user: &User) -> Result<(u64, Vec<Token>), AppError> {
        let now = self.env.now();
        let mut tokens = self.store.tokens_of(&user.id).await?;
        tokens.retain(|token| token.revoked_at.is_none() && token.expires_at > now);
        for token in &tokens {
            self.prover.token(token).await?;
        }
        Ok((self.store.sessions_of(&user.id, now).await?, tokens))
    }

    /// Creates a user.
    ///
    /// # Errors
    /// When a name is taken or invalid, or the database fails.
    pub async fn create_user(&self, new: NewUser) -> Result<User, AppError> {
        check_word("a user name", &new.name)?;
        new.roles.iter().try_for_each(|role| check_word("a role", role))?;
        text::line("the display name", &new.display_name, text::MAX_NAME)?;
        check_password(&new.password)?;
        if self.store.user_by_name(&new.name).await?.is_some() {
            return Err(name_taken(&new.name));
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
            log_index: None,
            newest_entry: None,
        };
        let now = self.env.now();
        let write = set_user(user.clone(), Before::Absent, What::Created, now)?;
        if self.settle(Change::new(user.namespace.clone(), now).with(write)).await? {
            return Ok(user);
        }
        Err(name_taken(&user.name))
    }
}

fn name_taken(name: &str) -> AppError {
    let message = format!("the user name `{name}` is already taken");
    AppError::new(Kind::Conflict, "name-taken", message)
}

pub(in crate::app) fn changing() -> AppError {
    let message = "this user or token was changed at the same time; try again";
    AppError::new(Kind::Conflict, "account-changing", message)
}

/// Every word once, in the order of first occurrence.
fn distinct(list: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    list.into_iter().filter(|word| seen.insert(word.clone())).collect()
}

pub(in crate::app) fn as_person(user: User, scopes: Vec<Scope>) -> Actor {
    Actor {
        namespace: user.namespace,
        who: Person { id: user.id, name: user.display_name },
        is_person: true,
        roles: user.roles,
        scopes,
    }
}

/// Refuses an invalid sign-in name, role or webhook sender.
pub(in crate::app) fn check_word(what: &str, word: &str) -> Result<(), AppError> {
    if word.len() > MAX_WORD {
        return Err(AppError::invalid(
            "name-too-long",
            format!("{what} can have at most {MAX_WORD} characters"),
        ));
    }
    if !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"._@-".contains(&b)) {
        return Ok(());
    }
    let message = format!(
        "{what} must have 1 to {MAX_WORD} characters out of A-Z, a-z, 0-9, `.`, `_`, `@` and `-`"
    );
    Err(AppError::invalid("invalid-name", message))
}
