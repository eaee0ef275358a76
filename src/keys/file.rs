//! Ed25519 keys in files: PKCS#8 PEM, as openssl reads and writes it, readable by the service only.

use super::KeyError;
use crate::ledger::{PublicKey, SignError, Signer};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::{
    fmt, fs,
    io::{ErrorKind, Write as _},
    path::Path,
};

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

/// A key held in this process.
pub struct FileSigner {
    pair: Ed25519KeyPair,
    kid: String,
    der: Vec<u8>,
}

impl FileSigner {
    /// A new key from the system's randomness.
    ///
    /// # Errors
    /// When the system provides none.
    pub fn generate() -> Result<Self, KeyError> {
        Self::new(Ed25519KeyPair::generate().map_err(|_| KeyError::Generate)?)
            .ok_or(KeyError::Generate)
    }

    fn new(pair: Ed25519KeyPair) -> Option<Self> {
        let key = PublicKey::from_raw(pair.public_key().as_ref()).ok()?;
        Some(Self { kid: key.kid(), der: key.to_der(), pair })
    }

    /// Reads a key from PKCS#8 PEM.
    ///
    /// # Errors
    /// When the text is not that of one Ed25519 private key.
    pub fn from_pem(pem: &str) -> Result<Self, &'static str> {
        let body = pem.trim().strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END));
        let text: String =
            body.ok_or("it is not one PEM block `PRIVATE KEY`")?.lines().map(str::trim).collect();
        let der = STANDARD.decode(text).map_err(|_| "its PEM is not base64")?;
        let pair =
            Ed25519KeyPair::from_pkcs8(&der).map_err(|_| "it is not an Ed25519 key in PKCS#8")?;
        Self::new(pair).ok_or("its public key is weak")
    }

    /// The private key in PKCS#8 PEM. Keep it secret.
    ///
    /// # Errors
    /// When the key cannot be encoded.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        let document = self.pair.to_pkcs8v1().map_err(|_| KeyError::Generate)?;
        Ok(format!("{BEGIN}\n{}\n{END}\n", STANDARD.encode(document.as_ref())))
    }

    /// Reads the key in a file.
    ///
    /// # Errors
    /// When the file cannot be read, is open to others, or contains no such key.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let io = |source| KeyError::Io { action: "read", path: path.to_owned(), source };
        let file = fs::File::open(path).map_err(io)?;
        refuse_exposed(path, &file.metadata().map_err(io)?)?;
        let pem = std::io::read_to_string(file).map_err(io)?;
        Self::from_pem(&pem).map_err(|why| KeyError::Unusable { path: path.to_owned(), why })
    }

    /// Saves the key to a new file with mode 600. An existing file is not changed.
    ///
    /// # Errors
    /// When the file exists already (`AlreadyExists`), or cannot be written durably.
    pub fn save(&self, path: &Path) -> Result<(), KeyError> {
        let io = |source| KeyError::Io { action: "write", path: path.to_owned(), source };
        let pem = self.to_pem()?;
        let draft = path.with_extension(format!("{}.draft", self.kid));
        let write = || -> std::io::Result<()> {
            let mut file = private_file(&draft)?;
            file.write_all(pem.as_bytes())?;
            file.sync_all()?;
            // A link fails if the file exists, where a rename would replace it: two services that
            // start at once end up with one key.
            fs::hard_link(&draft, path)?;
            if let Some(directory) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
                fs::File::open(directory)?.sync_all()?;
            }
            Ok(())
        };
        let outcome = write();
        let _ = fs::remove_file(&draft);
        outcome.map_err(io)
    }
}

/// The key in a file, which is created if it does not exist.
///
/// # Errors
/// As [`FileSigner::load`] and [`FileSigner::save`].
pub fn open_or_create(path: &Path) -> Result<FileSigner, KeyError> {
    match FileSigner::load(path) {
        Err(KeyError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {}
        done => return done,
    }
    if let Some(directory) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        let io = |source| KeyError::Io { action: "create", path: directory.to_owned(), source };
        private_directory(directory).map_err(io)?;
        // The folder's own name must survive a power cut, as what the key signs does.
        let parent =
            directory.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::File::open(parent).and_then(|parent| parent.sync_all()).map_err(io)?;
    }
    match FileSigner::generate()?.save(path) {
        Err(KeyError::Io { source, .. }) if source.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
        Ok(()) => {}
    }
    // The file decides which key it is: another process may have written it first.
    FileSigner::load(path)
}

#[cfg(unix)]
fn private_file(path: &Path) -> std::io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private_file(path: &Path) -> std::io::Result<fs::File> {
    fs::OpenOptions::new().write(true).create_new(true).open(path)
}

#[cfg(unix)]
fn private_directory(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn private_directory(path: &Path) -> std::io::Result<()> {
    fs::create_dir_all(path)
}

/// Refuses a key that everyone can read or that a group can replace. A group may read it, as
/// container platforms mount secrets that way.
#[cfg(unix)]
fn refuse_exposed(path: &Path, metadata: &fs::Metadata) -> Result<(), KeyError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o027 == 0 { Ok(()) } else { Err(KeyError::Exposed { path: path.to_owned(), mode }) }
}

#[cfg(not(unix))]
fn refuse_exposed(_path: &Path, _metadata: &fs::Metadata) -> Result<(), KeyError> {
    Ok(())
}

impl Signer for FileSigner {
    fn kid(&self) -> &str {
        &self.kid
    }

    fn public_key_der(&self) -> &[u8] {
        &self.der
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let signature = self.pair.try_sign(message);
        let signature = signature
            .map_err(|_| SignError { kid: self.kid.clone(), why: "signing failed".into() })?;
        Ok(signature.as_ref().to_vec())
    }
}

impl fmt::Debug for FileSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileSigner({})", self.kid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_kept_for_the_service_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new").join("decision.key");
        let kid = open_or_create(&path).unwrap().kid().to_owned();
        assert_eq!(open_or_create(&path).unwrap().kid(), kid);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no draft is left");
        let error = FileSigner::generate().unwrap().save(&path).unwrap_err();
        assert_eq!(error.code(), "key-io");
        assert_eq!(open_or_create(&path).unwrap().kid(), kid);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            for mode in [0o644, 0o620, 0o601] {
                fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
                assert_eq!(open_or_create(&path).unwrap_err().code(), "key-exposed");
            }
            fs::set_permissions(&path, fs::Permissions::from_mode(0o440)).unwrap();
            assert_eq!(open_or_create(&path).unwrap().kid(), kid);
        }
    }

    #[test]
    fn many_starts_at_once_end_up_with_one_key() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log.key");
        let open = || {
            std::thread::scope(|s| {
                let starts: Vec<_> = (0..8)
                    .map(|_| s.spawn(|| open_or_create(&path).unwrap().kid().to_owned()))
                    .collect();
                starts.into_iter().map(|t| t.join().unwrap()).collect::<Vec<_>>()
            })
        };
        let kids = open();
        assert!(kids.iter().all(|kid| *kid == kids[0]), "{kids:?}");
    }

    /// RFC 8410, section 10.3: the private key, and the public key of section 10.1.
    #[test]
    fn reads_the_key_of_the_standard() {
        let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
        let signer = FileSigner::from_pem(pem).unwrap();
        assert_eq!(
            STANDARD.encode(signer.public_key_der()),
            "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
        );
        assert_eq!(signer.to_pem().unwrap(), pem);
        for bad in [
            "",
            "x",
            &pem.replace("PRIVATE", "PUBLIC"),
            &pem.replace("MC4C", "MC5C"),
            &pem.repeat(2),
        ] {
            assert!(FileSigner::from_pem(bad).is_err(), "{bad}");
        }
    }
}
