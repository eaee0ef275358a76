//! The identity of a log: the name in its signed heads, and the address in its statements' verifier
//! id.
//!
//! A log keeps one identity from its first entry on. The current address of the service can change,
//! for example when it moves from a test address to its final one. Everything that was pinned
//! before must still verify what is signed afterwards.

use super::checkpoint;
use crate::model::{Namespace, jcs};
use serde::{Deserialize, Serialize};

/// The identity of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The name in the head of the log: `<host>/log/<namespace>`, plus `/<n>` if it continues
    /// another log after a restore.
    pub origin: String,
    /// The address of the service when the log began, without a trailing slash.
    pub public_url: String,
}

impl Identity {
    /// The identity of a log that begins now, at a service with this address.
    pub fn new(public_url: &str, namespace: &Namespace) -> Self {
        let public_url = public_url.trim_end_matches('/').to_owned();
        Self { origin: checkpoint::origin(&public_url, namespace), public_url }
    }

    /// The identity of a log that is older than stored identities. `said` are the addresses in its
    /// first statements, `today` is the current address of the service; each is used only if it
    /// belongs to the origin. If none does, only the scheme is unknown: then it is `https`, or
    /// `http` for a loopback address.
    pub fn derived(
        origin: &str,
        namespace: &Namespace,
        said: &[String],
        today: Option<&str>,
    ) -> Self {
        let fits = |url: &&str| belongs(origin, url, namespace);
        let found = said.iter().map(String::as_str).chain(today).find(fits).map(ToOwned::to_owned);
        let public_url = found.unwrap_or_else(|| {
            let place = base(origin, namespace).unwrap_or(origin);
            let scheme = if is_loopback(place) { "http" } else { "https" };
            format!("{scheme}://{place}")
        });
        Self { origin: origin.to_owned(), public_url }
    }

    /// The verifier id in statements: `<public_url>/<namespace>`.
    pub fn verifier_id(&self, namespace: &Namespace) -> String {
        verifier_id(&self.public_url, namespace)
    }

    /// Whether the payload of a verification summary names this verifier. Only for payloads that
    /// this service has made and not yet stored: it searches for exactly the bytes that it would
    /// write.
    pub fn signed(&self, summary: &[u8], namespace: &Namespace) -> bool {
        let wanted = jcs::to_vec(&self.verifier_id(namespace))
            .map(|id| [b"\"verifier\":{\"id\":", id.as_slice()].concat());
        wanted.is_ok_and(|wanted| memchr::memmem::find(summary, &wanted).is_some())
    }
}

/// `<public_url>/<namespace>`.
pub fn verifier_id(public_url: &str, namespace: &Namespace) -> String {
    format!("{}/{namespace}", public_url.trim_end_matches('/'))
}

/// Whether `origin` names a log of the namespace at `public_url`: its first log, or one that
/// continues it.
pub fn belongs(origin: &str, public_url: &str, namespace: &Namespace) -> bool {
    let began = checkpoint::origin(public_url, namespace);
    origin.strip_prefix(&began).is_some_and(is_continuation)
}

/// Whether `origin` names a log of this namespace, at any host.
pub fn is_of(origin: &str, namespace: &Namespace) -> bool {
    base(origin, namespace).is_some()
}

/// The host, and the path if any, before `/log/<namespace>`.
fn base<'o>(origin: &'o str, namespace: &Namespace) -> Option<&'o str> {
    let (base, rest) = origin.rsplit_once(&format!("/log/{namespace}"))?;
    is_continuation(rest).then_some(base)
}

/// Whether `rest` is empty or `/2`, `/3`, …
fn is_continuation(rest: &str) -> bool {
    let number = |text: &str| {
        !text.starts_with('0')
            && text.bytes().all(|b| b.is_ascii_digit())
            && text.parse::<u32>().is_ok_and(|n| n >= 2)
    };
    rest.is_empty() || rest.strip_prefix('/').is_some_and(number)
}

fn is_loopback(place: &str) -> bool {
    let host = place.split('/').next().unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name == "localhost" || name == "[::1]" || name.starts_with("127.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acme() -> Namespace {
        "acme".parse().unwrap()
    }

    #[test]
    fn an_identity_is_that_of_the_beginning() {
        let identity = Identity::new("https://gate.example.com/ml/", &acme());
        assert_eq!(identity.origin, "gate.example.com/ml/log/acme");
        assert_eq!(identity.verifier_id(&acme()), "https://gate.example.com/ml/acme");
        assert!(identity.signed(
            br#"{"predicate":{"verifier":{"id":"https://gate.example.com/ml/acme","version":{}}}}"#,
            &acme()
        ));
        assert!(!identity.signed(
            br#"{"predicate":{"verifier":{"id":"https://gate.example.com/acme","version":{}}}}"#,
            &acme()
        ));
    }

    #[test]
    fn a_log_belongs_to_its_address_and_namespace_alone() {
        let of = |origin: &str| belongs(origin, "https://gate.example.com", &acme());
        assert!(
            of("gate.example.com/log/acme")
                && of("gate.example.com/log/acme/2")
                && of("gate.example.com/log/acme/13")
        );
        for other in ["/1", "/02", "/x", "/", "/2/3", "2", "/+2"] {
            assert!(!of(&format!("gate.example.com/log/acme{other}")), "{other}");
        }
        assert!(
            !of("gate.example.com/log/acme2")
                && !of("other.example.com/log/acme")
                && !of("gate.example.com/log/x")
        );
        assert!(is_of("anywhere:1/log/acme/2", &acme()) && !is_of("anywhere/log/acme-eu", &acme()));
    }

    #[test]
    fn an_older_log_is_known_by_its_head_and_its_first_statements() {
        let derived = |origin: &str, said: &[&str], today: &str| {
            let said: Vec<String> = said.iter().map(|s| (*s).to_owned()).collect();
            Identity::derived(origin, &acme(), &said, Some(today)).public_url
        };
        let gate = "gate.example.com/log/acme";
        assert_eq!(
            derived(gate, &["http://gate.example.com"], "https://gate.example.com"),
            "http://gate.example.com"
        );
        assert_eq!(
            derived(gate, &["http://moved", "http://gate.example.com"], "http://x"),
            "http://gate.example.com"
        );
        assert_eq!(derived(gate, &[], "http://gate.example.com"), "http://gate.example.com");
        assert_eq!(derived(gate, &["https://moved"], "http://moved"), "https://gate.example.com");
        assert_eq!(
            derived("127.0.0.1:8080/log/acme", &[], "https://moved"),
            "http://127.0.0.1:8080"
        );
        assert_eq!(derived("[::1]:8080/log/acme", &[], "https://moved"), "http://[::1]:8080");
    }
}
