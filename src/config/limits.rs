//! Limits on what clients can use: time, connections, memory, attempts. The table below is the
//! whole list; the keys of `[limits]` in the configuration file, the environment variables and
//! `serve --help` follow from it.

use super::{ConfigError, number};
use serde::Deserialize;
use std::collections::BTreeMap;

macro_rules! limits {
    ($($(#[doc = $doc:literal])+ $name:ident = $default:expr;)*) => {
        /// Every limit, resolved.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Limits {
            $($(#[doc = $doc])+ pub $name: u64,)*
        }

        /// Every limit, each of which may be left out: the table `[limits]`.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct PartialLimits {
            $($(#[doc = $doc])+ pub $name: Option<u64>,)*
        }

        /// Every limit: its key, its default, what it is.
        pub const LIMITS: &[(&str, u64, &[&str])] = &[$((stringify!($name), $default, &[$($doc),+])),*];

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: $default),* }
            }
        }

        impl PartialLimits {
            /// From variables such as `MODELGATE_LIMIT_CONNECTIONS`.
            pub(super) fn from_variables(variables: &BTreeMap<String, String>) -> Result<Self, ConfigError> {
                let mut limits = Self::default();
                $(
                    let name = variable(stringify!($name));
                    if let Some(value) = variables.get(&name).filter(|v| !v.is_empty()) {
                        limits.$name = Some(number(concat!("the limit `", stringify!($name), "`"), value)?);
                    }
                )*
                Ok(limits)
            }

            /// These limits, with those of `weaker` where they are left out.
            pub(super) fn over(self, weaker: Self) -> Self {
                Self { $($name: self.$name.or(weaker.$name)),* }
            }

            /// Fills in every default.
            pub(super) fn resolve(self) -> Limits {
                Limits { $($name: self.$name.unwrap_or($default)),* }
            }
        }
    };
}

limits! {
    /// Open connections at the same time; if all are used, the one that has been idle longest is
    /// closed
    connections = 768;
    /// Open connections from one address, or from one IPv6 network (`/64`), at the same time; 0
    /// means no limit; `trusted_proxies` are exempt
    connections_per_address = 256;
    /// Seconds for receiving the head of a request, from its first byte
    head_seconds = 10;
    /// Seconds that a connection can stay open without a request; a proxy in front must close idle
    /// connections sooner
    idle_seconds = 75;
    /// Seconds without a byte after which a body, or a response that the client does not read, is
    /// aborted
    stall_seconds = 30;
    /// The minimum speed of a body, in bytes per second; a body that is slower for longer than
    /// `stall_seconds` is aborted
    body_rate = 16_384;
    /// Seconds for the whole body of a webhook, because its signature can be checked only at its
    /// end
    hook_seconds = 60;
    /// Bytes of all bodies in memory at the same time; a body that does not fit waits, and is then
    /// refused with `Retry-After`
    body_memory = 256 << 20;
    /// Seconds that a body waits for memory before it is refused with `Retry-After`
    body_wait_seconds = 10;
    /// The largest body on routes without evidence: forms, approvals, proposals
    small_body = 64 << 10;
    /// The largest policy or mapping, in bytes
    source_body = 1 << 20;
    /// Passwords that one process checks at the same time; each uses 19 MiB
    password_checks = 2;
    /// Wrong passwords for one name within `sign_in_minutes`; further attempts must wait
    sign_in_tries = 10;
    /// Wrong passwords from one address within `sign_in_minutes`, for any names
    sign_in_tries_per_address = 50;
    /// The period over which attempts are counted, in minutes
    sign_in_minutes = 15;
}

impl Limits {
    /// Refuses limits that would stop the service.
    pub(super) fn checked(self, max_body: usize) -> Result<Self, ConfigError> {
        let error =
            |what, value: u64, why| Err(ConfigError::Value { what, value: value.to_string(), why });
        for (what, value) in [
            ("the limit `connections`", self.connections),
            ("the limit `head_seconds`", self.head_seconds),
            ("the limit `idle_seconds`", self.idle_seconds),
            ("the limit `stall_seconds`", self.stall_seconds),
            ("the limit `body_rate`", self.body_rate),
            ("the limit `hook_seconds`", self.hook_seconds),
            ("the limit `small_body`", self.small_body),
            ("the limit `source_body`", self.source_body),
            ("the limit `password_checks`", self.password_checks),
            ("the limit `sign_in_tries`", self.sign_in_tries),
            ("the limit `sign_in_tries_per_address`", self.sign_in_tries_per_address),
            ("the limit `sign_in_minutes`", self.sign_in_minutes),
        ] {
            if value == 0 {
                return error(what, value, "with 0 the service could not be used");
            }
        }
        // The largest body must fit into the part that a webhook may have before its signature is
        // checked, or its sender could try again without end.
        Ok(Self {
            body_memory: self.body_memory.max(3 * u64::try_from(max_body).unwrap_or(u64::MAX / 3)),
            ..self
        })
    }
}

fn variable(name: &str) -> String {
    format!("MODELGATE_LIMIT_{}", name.to_ascii_uppercase())
}

/// The table of limits for people.
pub fn limits_help() -> String {
    let line = |(name, default, what): &(&str, u64, &[&str])| {
        let what: Vec<&str> = what.iter().map(|line| line.trim()).collect();
        format!("  {name} = {default}\n      {}", what.join(" "))
    };
    let lines: Vec<String> = LIMITS.iter().map(line).collect();
    format!(
        "Limits are keys of [limits] in the configuration file, or variables such as {}:\n{}",
        variable("connections"),
        lines.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stronger_source_wins_and_the_rest_has_defaults() {
        let file: PartialLimits = toml::from_str("connections = 5\nhead_seconds = 3").unwrap();
        let variables = [("MODELGATE_LIMIT_CONNECTIONS".to_owned(), "7".to_owned())].into();
        let limits = PartialLimits::from_variables(&variables).unwrap().over(file).resolve();
        assert_eq!((limits.connections, limits.head_seconds, limits.idle_seconds), (7, 3, 75));
    }

    #[test]
    fn mistakes_are_told() {
        assert!(toml::from_str::<PartialLimits>("conections = 5").is_err());
        let variables = [("MODELGATE_LIMIT_CONNECTIONS".to_owned(), "many".to_owned())].into();
        assert!(PartialLimits::from_variables(&variables).is_err());
        assert!(Limits { connections: 0, ..Limits::default() }.checked(1).is_err());
        assert_eq!(
            Limits { body_memory: 5, ..Limits::default() }.checked(6).unwrap().body_memory,
            18
        );
    }

    #[test]
    fn help_names_every_limit() {
        assert!(LIMITS.iter().all(|(name, ..)| limits_help().contains(name)));
    }
}
