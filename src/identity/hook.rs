//! Webhook signatures after Standard Webhooks 1.0: HMAC-SHA256 over `id.timestamp.body`.

use crate::model::Timestamp;
use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use subtle::ConstantTimeEq as _;

/// How far a delivery's timestamp may be from now, in seconds.
pub const TOLERANCE_SECS: u64 = 300;

/// The longest id.
const MAX_ID: usize = 255;

/// The three headers of a delivery.
#[derive(Debug, Clone, Copy)]
pub struct Headers<'a> {
    /// `webhook-id`: unique for each delivery, the same when it is repeated.
    pub id: &'a str,
    /// `webhook-timestamp`: seconds since the epoch.
    pub timestamp: &'a str,
    /// `webhook-signature`: `v1,<base64>`, several separated by spaces.
    pub signature: &'a str,
}

/// Why a delivery is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    /// The timestamp is not a number, or too far from now.
    #[error("the webhook's timestamp is not within five minutes of now")]
    Timestamp,
    /// The id is empty or too long.
    #[error("the webhook's id is not 1 to 255 ASCII characters without spaces")]
    Id,
    /// No signature matches.
    #[error("no signature of the webhook matches")]
    Signature,
}

/// The maximum number of signatures that are checked.
const MAX_SIGNATURES: usize = 10;

impl Headers<'_> {
    /// Refuses a delivery that cannot be valid, whatever its body.
    ///
    /// # Errors
    /// When its timestamp is too far off, its id is not valid, or it has no signature of version 1.
    pub fn check(&self, now: Timestamp) -> Result<(), HookError> {
        if self.id.is_empty()
            || self.id.len() > MAX_ID
            || !self.id.bytes().all(|b| b.is_ascii_graphic())
        {
            return Err(HookError::Id);
        }
        let sent: i64 = self.timestamp.parse().map_err(|_| HookError::Timestamp)?;
        if (now.micros() / 1_000_000).abs_diff(sent) > TOLERANCE_SECS {
            return Err(HookError::Timestamp);
        }
        if self.offered().next().is_none() { Err(HookError::Signature) } else { Ok(()) }
    }

    /// The signatures of version 1.
    fn offered(&self) -> impl Iterator<Item = Vec<u8>> + '_ {
        let texts =
            self.signature.split(' ').filter_map(|s| s.strip_prefix("v1,")).take(MAX_SIGNATURES);
        texts.filter_map(|text| STANDARD.decode(text).ok())
    }
}

/// The check of a delivery while its body arrives.
pub struct Check {
    offered: Vec<Vec<u8>>,
    contexts: Vec<hmac::Context>,
}

impl Check {
    /// Begins the check against every valid secret.
    pub fn new(headers: &Headers<'_>, secrets: &[Vec<u8>]) -> Self {
        let context = |secret: &Vec<u8>| {
            let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret));
            context.update(format!("{}.{}.", headers.id, headers.timestamp).as_bytes());
            context
        };
        Self {
            offered: headers.offered().collect(),
            contexts: secrets.iter().map(context).collect(),
        }
    }

    /// Adds the next bytes of the body.
    pub fn update(&mut self, bytes: &[u8]) {
        self.contexts.iter_mut().for_each(|context| context.update(bytes));
    }

    /// Ends the check.
    ///
    /// # Errors
    /// When no signature matches any secret.
    pub fn finish(self) -> Result<(), HookError> {
        let tags: Vec<hmac::Tag> = self.contexts.into_iter().map(hmac::Context::sign).collect();
        let matches =
            |offered: &Vec<u8>| tags.iter().any(|tag| bool::from(tag.as_ref().ct_eq(offered)));
        if self.offered.iter().any(matches) { Ok(()) } else { Err(HookError::Signature) }
    }
}

/// The `webhook-signature` of a delivery.
pub fn sign(id: &str, timestamp: i64, body: &[u8], secret: &[u8]) -> String {
    let mut message = format!("{id}.{timestamp}.").into_bytes();
    message.extend_from_slice(body);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), &message);
    format!("v1,{}", STANDARD.encode(tag))
}

/// The secret as people handle it: `whsec_<base64>`.
pub fn secret_text(secret: &[u8]) -> String {
    format!("whsec_{}", STANDARD.encode(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification and its libraries.
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    const SENT: i64 = 1_614_265_330;

    fn secret() -> Vec<u8> {
        STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap()
    }

    fn check(signature: &str, body: &[u8], late: i64) -> Result<(), HookError> {
        let headers = Headers { id: ID, timestamp: "1614265330", signature };
        headers.check(Timestamp::from_micros((SENT + late) * 1_000_000))?;
        let mut check = Check::new(&headers, &[vec![1; 24], secret()]);
        body.chunks(7).for_each(|piece| check.update(piece));
        check.finish()
    }

    #[test]
    fn agrees_with_the_specification() {
        assert_eq!(sign(ID, SENT, BODY, &secret()), SIGNATURE);
        assert_eq!(check(SIGNATURE, BODY, 0), Ok(()));
        assert_eq!(check(&format!("v1,AAAA v2,x {SIGNATURE}"), BODY, 299), Ok(()));
    }

    #[test]
    fn refuses_forgeries_and_old_deliveries() {
        assert_eq!(check(SIGNATURE, b"{}", 0), Err(HookError::Signature));
        assert_eq!(check("", BODY, 0), Err(HookError::Signature));
        assert_eq!(check(&SIGNATURE.replace("v1,", "v0,"), BODY, 0), Err(HookError::Signature));
        assert_eq!(check(SIGNATURE, BODY, 301), Err(HookError::Timestamp));
        assert_eq!(check(SIGNATURE, BODY, -301), Err(HookError::Timestamp));
    }
}
