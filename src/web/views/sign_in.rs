//! The sign-in form.

use super::{Frame, Section, paths};
use crate::render::Page;
use serde::Serialize;

/// The form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignInPage {
    frame: Frame,
    action: &'static str,
    csrf: String,
    user: String,
    next: String,
    error: Option<String>,
}

impl Page for SignInPage {
    const TEMPLATE: &'static str = "pages/sign-in";
}

impl SignInPage {
    /// The form: `csrf` of the session before sign-in, `user` as typed before, `next` the page
    /// after sign-in (a path of this service, checked by the caller), `error` what went wrong.
    pub fn new(csrf: String, user: String, next: String, error: Option<String>) -> Self {
        Self {
            frame: Frame::new("Sign in", Section::None, None, None),
            action: paths::SIGN_IN,
            csrf,
            user,
            next,
            error,
        }
    }

    /// The form before it is sent.
    pub fn sample() -> Self {
        Self::new("token".into(), String::new(), paths::QUEUE.into(), None)
    }

    /// The form with an error.
    pub fn refused() -> Self {
        let error = Some("wrong user name or password".into());
        Self::new("token".into(), "\"><script>alert(1)</script>".into(), paths::QUEUE.into(), error)
    }
}
