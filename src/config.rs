//! Settings of the service, from TOML text, a map of variables and the command line; later sources
//! override earlier ones.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unreachable,
        clippy::as_conversions
    )
)]

mod limits;

pub use limits::{LIMITS, Limits, PartialLimits, limits_help};

use crate::model::ObserveOnlyBy;
use serde::Deserialize;
use std::{collections::BTreeMap, path::PathBuf};

/// The settings that the service needs before it starts. All of them have a default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where the database is: `sqlite:PATH`, a path, or `postgres://…`.
    pub database: String,
    /// The folder of keys and heads.
    pub data: PathBuf,
    /// Another folder that heads are kept in, best outside every backup of the data folder.
    pub heads: Option<PathBuf>,
    /// The address to listen at.
    pub listen: String,
    /// The address to listen at for `/metrics` alone; `None` serves it with everything else.
    pub metrics_listen: Option<String>,
    /// The public address of the service; it names the verifier in every signed summary.
    pub public_url: String,
    /// Whether that address was set, and does not only follow from where the service listens.
    pub public_url_is_set: bool,
    /// The largest request body, in bytes.
    pub max_body: usize,
    /// The folder of uploaded files; services that share a database must share it.
    pub blobs: PathBuf,
    /// The largest uploaded file, in bytes.
    pub max_upload: u64,
    /// How long one upload may take, in seconds.
    pub upload_seconds: u64,
    /// What happens in environments that policies only observe; without a setting nothing is
    /// released.
    pub observe_only: ObserveOnlyBy,
    /// Addresses, or networks such as `10.0.0.0/8`, of proxies whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: Vec<String>,
    /// The limits on what clients can use.
    pub limits: Limits,
}

/// The settings of one source, each of which may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partial {
    /// As [`Settings::database`].
    pub database: Option<String>,
    /// As [`Settings::data`].
    pub data: Option<PathBuf>,
    /// As [`Settings::heads`].
    pub heads: Option<PathBuf>,
    /// As [`Settings::listen`].
    pub listen: Option<String>,
    /// As [`Settings::metrics_listen`].
    pub metrics_listen: Option<String>,
    /// As [`Settings::public_url`].
    pub public_url: Option<String>,
    /// As [`Settings::max_body`].
    pub max_body: Option<usize>,
    /// As [`Settings::blobs`].
    pub blobs: Option<PathBuf>,
    /// As [`Settings::max_upload`].
    pub max_upload: Option<u64>,
    /// As [`Settings::upload_seconds`].
    pub upload_seconds: Option<u64>,
    /// As [`Settings::observe_only`]; only in the configuration file: `[observe_only.acme]` and below it
    /// `staging = "allow"`.
    pub observe_only: Option<ObserveOnlyBy>,
    /// As [`Settings::trusted_proxies`].
    pub trusted_proxies: Option<Vec<String>>,
    /// As [`Settings::limits`].
    #[serde(default)]
    pub limits: PartialLimits,
}

/// Settings that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file is not the TOML we expect.
    #[error("the configuration is wrong: {0}")]
    Toml(String),
    /// A value cannot be used.
    #[error("`{value}` cannot be {what}: {why}")]
    Value {
        /// The setting.
        what: &'static str,
        /// What it was set to.
        value: String,
        /// Why not.
        why: &'static str,
    },
}

/// The folder in which the service keeps its files by default.
pub const DEFAULT_DATA: &str = "modelgate-data";
const DEFAULT_LISTEN: &str = "127.0.0.1:8080";
const DEFAULT_MAX_BODY: usize = 96 << 20;
const DEFAULT_MAX_UPLOAD: u64 = 8 << 30;
const DEFAULT_UPLOAD_SECONDS: u64 = 3_600;

/// The prefixes of the service's own addresses. A public address whose path begins with one of them
/// would be ambiguous.
const OWN_PATHS: [&str; 14] = [
    ".well-known",
    "api",
    "assets",
    "decisions",
    "evidence",
    "healthz",
    "hooks",
    "log",
    "metrics",
    "readyz",
    "releases",
    "reports",
    "sign-in",
    "sign-out",
];

impl Settings {
    /// The path of the public address, such as `/gate` of `https://example.com/gate`; empty if it
    /// has none.
    #[must_use]
    pub fn base_path(&self) -> &str {
        let rest = self.public_url.split_once("://").map_or("", |(_, rest)| rest);
        rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default()
    }

    /// These settings with the address at which the service really listens; a public address that
    /// was not set follows it.
    #[must_use]
    pub fn at(mut self, address: &str) -> Self {
        if self.public_url == format!("http://{}", self.listen) {
            self.public_url = format!("http://{address}");
        }
        self
    }
}

impl Partial {
    /// From the text of a configuration file.
    ///
    /// # Errors
    /// When it is not TOML, or has a key we do not know.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|e| ConfigError::Toml(e.to_string()))
    }

    /// From environment variables: `MODELGATE_DATABASE`, `MODELGATE_DATA`, `MODELGATE_HEADS`,
    /// `MODELGATE_LISTEN`, `MODELGATE_METRICS_LISTEN`, `MODELGATE_PUBLIC_URL`,
    /// `MODELGATE_MAX_BODY`, `MODELGATE_BLOBS`, `MODELGATE_MAX_UPLOAD`, `MODELGATE_UPLOAD_SECONDS`,
    /// `MODELGATE_TRUSTED_PROXIES` (separated by commas), and `MODELGATE_LIMIT_…`.
    ///
    /// # Errors
    /// When a number cannot be read.
    pub fn from_variables(variables: &BTreeMap<String, String>) -> Result<Self, ConfigError> {
        let get = |name: &str| {
            variables.get(&format!("MODELGATE_{name}")).filter(|v| !v.is_empty()).cloned()
        };
        Ok(Self {
            database: get("DATABASE"),
            data: get("DATA").map(PathBuf::from),
            heads: get("HEADS").map(PathBuf::from),
            listen: get("LISTEN"),
            metrics_listen: get("METRICS_LISTEN"),
            public_url: get("PUBLIC_URL"),
            max_body: get("MAX_BODY").map(|v| number("MODELGATE_MAX_BODY", &v)).transpose()?,
            blobs: get("BLOBS").map(PathBuf::from),
            max_upload: get("MAX_UPLOAD")
                .map(|v| number("MODELGATE_MAX_UPLOAD", &v))
                .transpose()?,
            upload_seconds: get("UPLOAD_SECONDS")
                .map(|v| number("MODELGATE_UPLOAD_SECONDS", &v))
                .transpose()?,
            observe_only: None,
            trusted_proxies: get("TRUSTED_PROXIES")
                .map(|v| v.split(',').map(|p| p.trim().to_owned()).collect()),
            limits: PartialLimits::from_variables(variables)?,
        })
    }

    /// These settings, with those of `weaker` where they are left out.
    #[must_use]
    pub fn over(self, weaker: Self) -> Self {
        Self {
            database: self.database.or(weaker.database),
            data: self.data.or(weaker.data),
            heads: self.heads.or(weaker.heads),
            listen: self.listen.or(weaker.listen),
            metrics_listen: self.metrics_listen.or(weaker.metrics_listen),
            public_url: self.public_url.or(weaker.public_url),
            max_body: self.max_body.or(weaker.max_body),
            blobs: self.blobs.or(weaker.blobs),
            max_upload: self.max_upload.or(weaker.max_upload),
            upload_seconds: self.upload_seconds.or(weaker.upload_seconds),
            observe_only: self.observe_only.or(weaker.observe_only),
            trusted_proxies: self.trusted_proxies.or(weaker.trusted_proxies),
            limits: self.limits.over(weaker.limits),
        }
    }

    /// Fills in every default.
    ///
    /// # Errors
    /// When the public address is not valid, or a limit would stop the service.
    pub fn resolve(self) -> Result<Settings, ConfigError> {
        let listen = self.listen.unwrap_or_else(|| DEFAULT_LISTEN.to_owned());
        let public_url_is_set = self.public_url.is_some();
        let public_url = self.public_url.unwrap_or_else(|| format!("http://{listen}"));
        let data = self.data.unwrap_or_else(|| beside(self.database.as_deref()));
        let database = self
            .database
            .unwrap_or_else(|| data.join("modelgate.db").to_string_lossy().into_owned());
        let max_body = self.max_body.unwrap_or(DEFAULT_MAX_BODY);
        Ok(Settings {
            database,
            heads: self.heads,
            listen,
            metrics_listen: self.metrics_listen,
            public_url: checked(&public_url)?,
            public_url_is_set,
            max_body,
            blobs: self.blobs.unwrap_or_else(|| data.join("blobs")),
            max_upload: self.max_upload.unwrap_or(DEFAULT_MAX_UPLOAD),
            upload_seconds: self.upload_seconds.unwrap_or(DEFAULT_UPLOAD_SECONDS),
            observe_only: self.observe_only.unwrap_or_default(),
            trusted_proxies: self.trusted_proxies.unwrap_or_default(),
            limits: self.limits.resolve().checked(max_body)?,
            data,
        })
    }
}

fn number<T: std::str::FromStr>(what: &'static str, value: &str) -> Result<T, ConfigError> {
    value.parse().map_err(|_| ConfigError::Value {
        what,
        value: value.to_owned(),
        why: "it is not a number",
    })
}

/// The folder of a SQLite file, so that a database and its keys stay together.
fn beside(database: Option<&str>) -> PathBuf {
    let path =
        database.filter(|d| !d.contains("://")).map(|d| d.strip_prefix("sqlite:").unwrap_or(d));
    let folder = path.and_then(|p| PathBuf::from(p).parent().map(PathBuf::from));
    match folder {
        Some(folder) if folder.as_os_str().is_empty() => PathBuf::from("."),
        Some(folder) => folder,
        None => PathBuf::from(DEFAULT_DATA),
    }
}

fn checked(url: &str) -> Result<String, ConfigError> {
    let error = |why| ConfigError::Value { what: "the public address", value: url.to_owned(), why };
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let host =
        host.ok_or_else(|| error("it must begin with https:// or http://"))?.trim_end_matches('/');
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._:/[]~".contains(c);
    if host.is_empty() || !host.chars().all(plain) {
        return Err(error("expected a host and perhaps a path, without a query"));
    }
    if let Some((_, path)) = host.split_once('/') {
        if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(error("its path has an empty part, or one of dots"));
        }
        let first = path.split('/').next().unwrap_or_default();
        if OWN_PATHS.contains(&first) {
            return Err(error(
                "its path begins as an address of the service itself does; choose another, such as /gate",
            ));
        }
    }
    Ok(url.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_needed() {
        let settings = Partial::default().resolve().unwrap();
        assert_eq!(settings.database, "modelgate-data/modelgate.db");
        assert_eq!(settings.public_url, "http://127.0.0.1:8080");
    }

    #[test]
    fn the_stronger_source_wins_and_keys_stay_beside_the_database() {
        let file = Partial::from_toml(
            "listen = \"0.0.0.0:1\"\npublic_url = \"https://gate.example.com/\"",
        )
        .unwrap();
        let line = Partial {
            database: Some("sqlite:/srv/m/x.db".into()),
            listen: Some("[::1]:2".into()),
            ..Partial::default()
        };
        let settings = line.over(file).resolve().unwrap();
        assert_eq!(settings.listen, "[::1]:2");
        assert_eq!(settings.public_url, "https://gate.example.com");
        assert_eq!(settings.data, PathBuf::from("/srv/m"));
    }

    #[test]
    fn an_environment_is_let_through_by_name_only() {
        use crate::model::ObserveOnly;
        let file =
            Partial::from_toml("[observe_only.acme]\nstaging = \"allow\"\nlab = \"deny\"").unwrap();
        let said = file.resolve().unwrap().observe_only;
        let acme = &said[&"acme".parse().unwrap()];
        assert_eq!(acme[&"staging".parse().unwrap()], ObserveOnly::Allow);
        assert_eq!(acme.get(&"production".parse().unwrap()), None);
        for wrong in [
            "[observe_only]\nstaging = \"allow\"",
            "[observe_only.acme]\nstaging = true",
            "[observe_only.acme]\n\"a b\" = \"allow\"",
        ] {
            assert!(Partial::from_toml(wrong).is_err(), "{wrong}");
        }
        assert!(Partial::default().resolve().unwrap().observe_only.is_empty());
    }

    #[test]
    fn mistakes_are_told() {
        assert!(Partial::from_toml("listne = \"x\"").is_err());
        let url = |u: &str| Partial { public_url: Some(u.into()), ..Partial::default() }.resolve();
        assert!(url("ftp://x").is_err());
        assert!(url("https://x/?a=b").is_err());
        for confusing in
            ["https://x/log", "https://x/api/gate", "https://x//gate", "https://x/a/../b"]
        {
            assert!(url(confusing).is_err(), "{confusing}");
        }
    }

    #[test]
    fn a_public_address_may_have_a_path() {
        let base = |u: &str| {
            let settings =
                Partial { public_url: Some(u.into()), ..Partial::default() }.resolve().unwrap();
            settings.base_path().to_owned()
        };
        assert_eq!(base("https://gate.example.com/"), "");
        assert_eq!(base("https://example.com/gate/"), "/gate");
        assert_eq!(base("http://[::1]:8080/a/b"), "/a/b");
    }
}
