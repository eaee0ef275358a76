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
    /// The form: `csrf` of the session before sign-in, `user` as typed before, `next` where to go after (a path of
    /// ours, checked by the caller), `error` what went wrong.
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

    /// The form as one finds it.
    pub fn sample() -> Self {
        Self::new("token".into(), String::new(), paths::QUEUE.into(), None)
    }

    /// The form after a mistake.
    pub fn refused() -> Self {
        let error = Some("This user name and password do not match.".into());
        Self::new("token".into(), "\"><script>alert(1)</script>".into(), paths::QUEUE.into(), error)
    }
}
