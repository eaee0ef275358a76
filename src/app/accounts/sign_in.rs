//! Sign-in and sign-out with a browser.

use crate::app::{
    Service,
    accounts::passwords,
    accounts::people::{as_person, check_word},
    core::error::{AppError, Kind},
    core::notary::Notary,
    core::prover::unproved_session,
};
use crate::{
    identity::{Actor, Scope, Secret},
    model::Age,
    store::Session,
};
use std::net::IpAddr;

/// How long a browser stays signed in.
const SESSION: Age = Age::from_secs(12 * 3_600);

/// What the signature of a session is for.
const PURPOSE: &str = "session/v1";

/// What the signature of a session covers.
fn message(session: &Session) -> Vec<u8> {
    let Session { digest, user_id, csrf, expires_at, .. } = session;
    format!("{digest}\n{user_id}\n{csrf}\n{expires_at}").into_bytes()
}

/// Refuses a session that this service, or another one with its key, did not begin.
pub(in crate::app) fn begun_here(notary: &Notary, session: &Session) -> Result<(), AppError> {
    if notary.signed_own(PURPOSE, &message(session), &session.signature) {
        return Ok(());
    }
    Err(unproved_session())
}

/// A person who is signed in with a browser.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The person, and their permissions.
    pub actor: Actor,
    /// The token that every form of theirs carries.
    pub csrf: String,
}

impl Service {
    /// Signs a person in and returns the text of their cookie. `before` is the cookie that the
    /// browser had. Its session ends, so that a cookie known before sign-in is not valid after it.
    ///
    /// # Errors
    /// When name and password do not match, are invalid, or were tried too often; when too many
    /// people sign in at once; or when the database fails.
    pub async fn sign_in(
        &self,
        name: &str,
        password: &str,
        address: IpAddr,
        before: Option<&Secret>,
    ) -> Result<Secret, AppError> {
        check_word("a user name", name)?;
        passwords::check_length(password)?;
        let now = self.env.now();
        self.throttle.take(name, address, now).map_err(|seconds| {
            let minutes = seconds.div_ceil(60);
            let unit = if minutes == 1 { "minute" } else { "minutes" };
            let message =
                format!("too many sign-in attempts for this name or from this address; try again in {minutes} {unit}");
            AppError::new(Kind::TooMany, "too-many-tries", message).retry_after(seconds)
        })?;
        let user = self.store.user_by_name(name).await?;
        if let Some(user) = &user {
            self.prover.user(user).await?;
        }
        let user = user.filter(|user| user.disabled_at.is_none());
        // An unknown name takes as long as a wrong password.
        let stored = user.as_ref().map(|user| user.password_hash.clone());
        let matches = self.passwords.verify(password.to_owned(), stored).await?;
        let refused = || {
            let message = "wrong user name or password";
            AppError::new(Kind::Unauthenticated, "sign-in-refused", message)
        };
        let user = user.filter(|_| matches).ok_or_else(refused)?;
        self.throttle.succeeded(name, address);
        let cookie = Secret::new("mgs_", &self.env.random());
        let mut session = Session {
            digest: cookie.digest(),
            user_id: user.id,
            csrf: hex::encode(self.env.random()),
            expires_at: now.plus(SESSION),
            signature: Vec::new(),
        };
        session.signature = self.notary.sign_own(PURPOSE, &message(&session))?;
        if !self.store.add_session(&session, &user.password_hash).await? {
            return Err(refused());
        }
        if let Some(before) = before {
            self.sign_out(before).await?;
        }
        Ok(cookie)
    }

    /// The person whose session a cookie belongs to; `None` if it has no valid session.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn signed_in(&self, cookie: &Secret) -> Result<Option<SignedIn>, AppError> {
        let now = self.env.now();
        let Some(session) =
            self.store.session(&cookie.digest()).await?.filter(|s| s.expires_at > now)
        else {
            return Ok(None);
        };
        // A session in a row that this service did not write is not one.
        begun_here(&self.notary, &session)?;
        let user = self.store.user(&session.user_id).await?;
        if let Some(user) = &user {
            self.prover.user(user).await?;
        }
        let user = user.filter(|user| user.disabled_at.is_none());
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

    /// Removes the sessions that have ended. Returns their number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sweep_sessions(&self) -> Result<u64, AppError> {
        Ok(self.store.sweep_sessions(self.env.now()).await?)
    }
}
