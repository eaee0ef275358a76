//! What each page shows: one file per page, built from model values, rendered by `render`. No
//! request, no database.
//!
//! A handler reads rows, builds the view with `new`, and answers `renderer.render(&view)`. The
//! `new` of each view documents what it needs; addresses and form fields are in [`paths`]. `sample`
//! and its siblings build every state of a page from made-up rows, for tests and for viewing.
//!
//! Texts are ready to read and never markup; the templates escape them.

mod frame;
pub mod paths;
mod rows;
mod voting;

mod document;
mod log;
pub mod problem;
mod queue;
pub mod release;
pub mod releases;
mod reports;
pub mod samples;
mod sign_in;

pub use document::{DocumentPage, Parts};
pub use frame::{Frame, Notice, Section, Viewer};
pub use log::LogPage;
pub use problem::ProblemPage;
pub use queue::{QueuePage, Waiting};
pub use release::ReleasePage;
pub use releases::{Filter, ReleasesPage};
pub use reports::ReportsPage;
pub use rows::{Item, ReleaseRow};
pub use sign_in::SignInPage;
pub use voting::{VotePanel, waits_for};
