//! Webhook signatures after Standard Webhooks 1.0: HMAC-SHA256 over `id.timestamp.body`.

use crate::model::Timestamp;
use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// How far a delivery's timestamp may be from now, in seconds.
pub const TOLERANCE_SECS: u64 = 300;

/// The three headers of a delivery.
#[derive(Debug, Clone, Copy)]
pub struct Headers<'a> {
    /// `webhook-id`: unique for each delivery, the same when it is repeated.
    pub id: &'a str,
    /// `webhook-timestamp`: seconds since the epoch.
    pub timestamp: &'a str,
    /// `webhook-signature`: `v1,<base64>`, several apart by spaces.
    pub signature: &'a str,
}

/// Why a delivery is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    /// The timestamp is no number, or too far from now.
    #[error("the webhook's timestamp is not within five minutes of now")]
    Timestamp,
    /// The id is empty or too long.
    #[error("the webhook's id is empty or longer than 256 characters")]
    Id,
    /// No signature matches.
    #[error("no signature of the webhook matches")]
    Signature,
}

/// Checks a delivery against every secret that still counts.
///
/// # Errors
/// When its timestamp is off, its id cannot be one, or no signature matches any secret.
pub fn verify(headers: &Headers<'_>, body: &[u8], secrets: &[Vec<u8>], now: Timestamp) -> Result<(), HookError> {
    if headers.id.is_empty() || headers.id.len() > 256 {
        return Err(HookError::Id);
    }
    let sent: i64 = headers.timestamp.parse().map_err(|_| HookError::Timestamp)?;
    if (now.micros() / 1_000_000).abs_diff(sent) > TOLERANCE_SECS {
        return Err(HookError::Timestamp);
    }
    let message = message(headers, body);
    let offered = headers.signature.split(' ').filter_map(|s| s.strip_prefix("v1,"));
    for signature in offered.filter_map(|text| STANDARD.decode(text).ok()) {
        let matches = |secret: &Vec<u8>| {
            hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, secret), &message, &signature).is_ok()
        };
        if secrets.iter().any(matches) {
            return Ok(());
        }
    }
    Err(HookError::Signature)
}

/// The `webhook-signature` of a delivery.
pub fn sign(id: &str, timestamp: i64, body: &[u8], secret: &[u8]) -> String {
    let timestamp = timestamp.to_string();
    let message = message(&Headers { id, timestamp: &timestamp, signature: "" }, body);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), &message);
    format!("v1,{}", STANDARD.encode(tag))
}

/// The secret as people handle it: `whsec_<base64>`.
pub fn secret_text(secret: &[u8]) -> String {
    format!("whsec_{}", STANDARD.encode(secret))
}

fn message(headers: &Headers<'_>, body: &[u8]) -> Vec<u8> {
    let mut message = format!("{}.{}.", headers.id, headers.timestamp).into_bytes();
    message.extend_from_slice(body);
    message
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
        verify(&headers, body, &[vec![1; 24], secret()], Timestamp::from_micros((SENT + late) * 1_000_000))
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
