//! Tokens, users and sessions: who is asking.

use super::{
    Service,
    error::{AppError, Kind},
};
use crate::{
    identity::{Actor, Scope, Secret, hook},
    model::{Age, Namespace, Person, Timestamp},
    store::{HookSecret, Session, Token, User},
};
use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use std::{collections::HashMap, sync::Mutex};

/// How long a browser stays signed in.
const SESSION: Age = Age::from_secs(12 * 3_600);
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

/// Somebody signed in with a browser.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who, and what they may.
    pub actor: Actor,
    /// What every form of theirs carries.
    pub csrf: String,
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
            Some(id) => as_person(self.store.user(id).await?.ok_or_else(refused)?, scopes),
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

    /// Ends a token; false when none of that id still counts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_token(&self, id: &str) -> Result<bool, AppError> {
        Ok(self.store.revoke_token(id, self.env.now()).await?)
    }

    /// Every user, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_users(&self) -> Result<Vec<User>, AppError> {
        Ok(self.store.users().await?)
    }

    /// Makes a user.
    ///
    /// # Errors
    /// When a name is taken or cannot be one, or the database fails.
    pub async fn create_user(&self, new: NewUser) -> Result<User, AppError> {
        let word = |text: &str| {
            !text.is_empty()
                && text.len() <= 100
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._@-".contains(&b))
        };
        if !word(&new.name) || !new.roles.iter().all(|role| word(role)) {
            let message = "names of users and roles are 1 to 100 of A-Z, a-z, 0-9, `.`, `_`, `@` and `-`";
            return Err(AppError::invalid("invalid-name", message));
        }
        if self.store.user_by_name(&new.name).await?.is_some() {
            return Err(AppError::new(Kind::Conflict, "name-taken", format!("there is a user `{}` already", new.name)));
        }
        let password_hash = hash(new.password).await?;
        let user = User {
            id: format!("user:{}", self.env.new_id()),
            namespace: new.namespace,
            name: new.name,
            display_name: new.display_name,
            password_hash,
            roles: new.roles,
        };
        self.store.add_user(&user, self.env.now()).await?;
        Ok(user)
    }

    /// Signs a person in and gives the text of their cookie.
    ///
    /// # Errors
    /// When name and password do not belong together, or the database fails.
    pub async fn sign_in(&self, name: &str, password: &str) -> Result<Secret, AppError> {
        let user = self.store.user_by_name(name).await?;
        // An unknown name takes as long as a wrong password.
        let stored = user.as_ref().map_or_else(|| self.nobody.clone(), |u| u.password_hash.clone());
        let matches = verify(password.to_owned(), stored).await?;
        let Some(user) = user.filter(|_| matches) else {
            let message = "this name and password do not belong together";
            return Err(AppError::new(Kind::Unauthenticated, "sign-in-refused", message));
        };
        let cookie = Secret::new("mgs_", &self.env.random());
        let session = Session {
            digest: cookie.digest(),
            user_id: user.id,
            csrf: hex::encode(self.env.random()),
            expires_at: self.env.now().plus(SESSION),
        };
        self.store.add_session(&session).await?;
        Ok(cookie)
    }

    /// Who a cookie stands for; `None` when it stands for nobody.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn signed_in(&self, cookie: &Secret) -> Result<Option<SignedIn>, AppError> {
        let now = self.env.now();
        let Some(session) = self.store.session(&cookie.digest()).await?.filter(|s| s.expires_at > now) else {
            return Ok(None);
        };
        let user = self.store.user(&session.user_id).await?;
        let scopes = vec![Scope::Read, Scope::Approve];
        Ok(user.map(|user| SignedIn { actor: as_person(user, scopes), csrf: session.csrf }))
    }

    /// Signs a person out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sign_out(&self, cookie: &Secret) -> Result<(), AppError> {
        Ok(self.store.end_session(&cookie.digest()).await?)
    }

    /// Whoever signed a webhook that asks for a release in that namespace.
    ///
    /// # Errors
    /// When no secret of that sender signed it, or the database fails. Whether the namespace exists is not told.
    pub async fn hook_sender(
        &self,
        namespace: &Namespace,
        source: &str,
        headers: &hook::Headers<'_>,
        body: &[u8],
    ) -> Result<Actor, AppError> {
        let now = self.env.now();
        let secrets = self.store.hook_secrets(namespace, source, now).await?;
        let keys: Vec<Vec<u8>> = secrets.into_iter().map(|s| s.secret).collect();
        hook::verify(headers, body, &keys, now)
            .map_err(|e| AppError::new(Kind::Unauthenticated, "hook-refused", e.to_string()))?;
        Ok(Actor {
            namespace: namespace.clone(),
            who: Person { id: format!("hook:{source}"), name: format!("{source} webhook") },
            is_person: false,
            roles: Vec::new(),
            scopes: vec![Scope::Submit],
        })
    }

    /// Makes a webhook secret for a sender.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_hook(&self, namespace: Namespace, source: &str) -> Result<HookSecret, AppError> {
        let secret = self.env.random().to_vec();
        let hook = HookSecret { id: self.env.new_id(), namespace, source: source.to_owned(), secret };
        self.store.add_hook_secret(&hook, self.env.now()).await?;
        Ok(hook)
    }
}

fn as_person(user: User, scopes: Vec<Scope>) -> Actor {
    Actor {
        namespace: user.namespace,
        who: Person { id: user.id, name: user.display_name },
        is_person: true,
        roles: user.roles,
        scopes,
    }
}

/// The hash of a password that nobody has, to compare with when a name is unknown.
pub(super) const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5$Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm8";

async fn hash(password: String) -> Result<String, AppError> {
    let work = move || Argon2::default().hash_password(password.as_bytes()).map(|h| h.to_string());
    let done = tokio::task::spawn_blocking(work).await.map_err(AppError::failed)?;
    done.map_err(|e| AppError::broken(e.to_string()))
}

async fn verify(password: String, stored: String) -> Result<bool, AppError> {
    let work = move || {
        let parsed = PasswordHash::new(&stored).map_err(|e| AppError::broken(e.to_string()))?;
        Ok(Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
    };
    tokio::task::spawn_blocking(work).await.map_err(AppError::failed)?
}
