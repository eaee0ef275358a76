//! Ed25519 public keys, and strict verification with them.

use super::LedgerError;
use crate::model::Digest;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::fmt;

/// The `SubjectPublicKeyInfo` of an Ed25519 key, up to the key bytes (RFC 8410).
const SPKI_PREFIX: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";
const WHAT: &str = "a public key";

/// The y coordinates of the points of small order. A key or a nonce among them would verify
/// signatures that were made without the private key.
pub(super) const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    {
        let mut one = [0; 32];
        one[0] = 1;
        one
    },
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
    {
        let mut minus_one = [0xff; 32];
        minus_one[0] = 0xec;
        minus_one[31] = 0x7f;
        minus_one
    },
];

/// Whether these 32 bytes encode a point of small order or a coordinate that is not reduced.
fn is_weak(point: &[u8; 32]) -> bool {
    let [first, middle @ .., last] = point;
    let y = last & 0x7f;
    let unreduced = y == 0x7f && middle.iter().all(|b| *b == 0xff) && *first >= 0xed;
    let same = |small: &[u8; 32]| {
        let [f, m @ .., l] = small;
        f == first && m == middle && *l == y
    };
    unreduced || SMALL_ORDER.iter().any(same)
}

/// An Ed25519 public key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Reads the 32 bytes of RFC 8032.
    ///
    /// # Errors
    /// If there are not exactly 32 bytes, or they are a point that makes forgery easy.
    pub fn from_raw(bytes: &[u8]) -> Result<Self, LedgerError> {
        let error = |why: &str| LedgerError::malformed(WHAT, why);
        let point: [u8; 32] = bytes.try_into().map_err(|_| error("an Ed25519 key has 32 bytes"))?;
        if is_weak(&point) { Err(error("it is a point of small order")) } else { Ok(Self(point)) }
    }

    /// Reads `SubjectPublicKeyInfo` DER.
    ///
    /// # Errors
    /// If it is not the DER of an Ed25519 key.
    pub fn from_der(der: &[u8]) -> Result<Self, LedgerError> {
        let raw = der.strip_prefix(&SPKI_PREFIX);
        Self::from_raw(
            raw.ok_or_else(|| LedgerError::malformed(WHAT, "it is not the DER of an Ed25519 key"))?,
        )
    }

    /// Reads PEM: `BEGIN PUBLIC KEY`, as openssl writes it.
    ///
    /// # Errors
    /// If it is not exactly one such block.
    pub fn from_pem(pem: &str) -> Result<Self, LedgerError> {
        let error = || LedgerError::malformed(WHAT, "it is not one PEM block `PUBLIC KEY`");
        let body = pem
            .trim()
            .strip_prefix(BEGIN)
            .and_then(|rest| rest.strip_suffix(END))
            .ok_or_else(error)?;
        let text: String = body.lines().map(str::trim).collect();
        Self::from_der(&STANDARD.decode(text).map_err(|_| error())?)
    }

    /// The 32 bytes of RFC 8032.
    pub const fn raw(&self) -> &[u8; 32] {
        &self.0
    }

    /// `SubjectPublicKeyInfo` DER.
    pub fn to_der(&self) -> Vec<u8> {
        [SPKI_PREFIX.as_slice(), &self.0].concat()
    }

    /// PEM with a final newline.
    pub fn to_pem(&self) -> String {
        format!("{BEGIN}\n{}\n{END}\n", STANDARD.encode(self.to_der()))
    }

    /// SHA-256 of the DER.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.to_der())
    }

    /// The key's id in DSSE, JWKS and our own files: the digest in hex.
    pub fn kid(&self) -> String {
        self.digest().hex()
    }

    /// Whether this key made `signature` over `message`. The check is strict: the scalar must be
    /// reduced, and neither the key nor the nonce can be of small order.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let Some((nonce, scalar)) = signature.split_first_chunk::<32>() else { return false };
        let checked =
            || UnparsedPublicKey::new(&ED25519, self.0).verify(message, signature).is_ok();
        scalar.len() == 32 && !is_weak(nonce) && checked()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.kid())
    }
}
