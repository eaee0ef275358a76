//! Made-up rows for tests and for viewing pages: an ordinary day at a bank, and one hostile user.
#![expect(
    clippy::missing_panics_doc,
    reason = "the texts are constants, and a test reads them all"
)]

mod audit;
mod documents;
mod findings;
mod gallery;
mod many;
mod standing;
mod stories;

pub use audit::{audit, empty_audit, gapped_audit};
pub use documents::{document, empty_document, hostile_document, release_id};
pub use gallery::gallery;
pub use many::many;
pub use standing::{ended, overtaken, superseded};
pub use stories::{Story, allowed, denied, hostile, pending, release_report, revoked, undecided};

use super::Viewer;
use crate::{
    model::{Person, Timestamp},
    report::audit::LogHead,
};

fn person(id: &str, name: &str) -> Person {
    Person { id: id.into(), name: name.into() }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn viewer(person: Person, roles: &[&str]) -> Viewer {
    Viewer {
        person,
        roles: roles.iter().map(ToString::to_string).collect(),
        csrf: "sample-token".into(),
        namespace: "acme".parse().expect("a namespace"),
    }
}

/// A reviewer whose role is asked for.
pub fn reviewer() -> Viewer {
    viewer(person("user:bo", "Bo Lindqvist"), &["model-risk"])
}

/// The submitter of a release.
pub fn submitter() -> Viewer {
    viewer(person("user:ann", "Ann Okafor"), &["model-risk"])
}

/// Text that has broken pages before: markup, templates, right-to-left overrides, no place to break
/// a line.
pub const HOSTILE: &str = "<script>alert(1)</script>{{frame.title}} \"' onload=x \u{202e}txt.exe\u{202c} مرحبا \
                           Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaftspräsident";

/// A user with a hostile name.
pub fn hostile_viewer() -> Viewer {
    let mut viewer = viewer(person("user:x", HOSTILE), &["model-risk"]);
    viewer.csrf = "\"><script>".into();
    viewer
}

/// The head of a log of `size` entries.
pub fn head(size: u64) -> LogHead {
    let root = "kRLXTa7fVWEW7oG3hOQ5sWj5wHfv3Y2b9m9Wd4y9pLQ=";
    LogHead {
        size,
        root: root.into(),
        checkpoint: format!(
            "gate.example.org/acme\n{size}\n{root}\n\n— gate.example.org/acme \
             8f3aQk1mZ0Xn5v0b2c9kYtq7c1mV2dJmC8s4Wc3e6u0dT5rB1o9aPzKx7gLh2NfUuS4iRjEwQy0vMt8=\n"
        ),
        vkey: Some(
            "gate.example.org/acme+f1fdda90+AYd7kB3mS0x8sVn2uTzqLw4JcE9rHf6yPgK5iXoQ1aZ0".into(),
        ),
    }
}
