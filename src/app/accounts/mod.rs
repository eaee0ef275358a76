//! People, tokens, webhook secrets, and signing in.

pub mod address;
pub mod hooks;
pub mod passwords;
pub mod people;
pub mod sign_in;
pub(in crate::app) mod take_over;
pub(in crate::app) mod throttle;
