//! Numbers as ECMAScript writes them, as RFC 8785 requires (section 3.2.2.3).

use super::JcsError;
use std::io::Write as _;

/// Integers up to this are exact in a double, so they are written digit by digit.
const EXACT: u128 = 1 << 53;

/// Writes a finite number. Rust's shortest digits break ties differently from ECMAScript, so this
/// uses `ryu_js`.
pub(super) fn double(out: &mut Vec<u8>, value: f64) -> Result<(), JcsError> {
    if !value.is_finite() {
        return Err(JcsError("NaN and infinities are no JSON numbers".into()));
    }
    out.extend_from_slice(ryu_js::Buffer::new().format_finite(value).as_bytes());
    Ok(())
}

/// Writes a whole number; beyond `EXACT`, as the nearest double.
pub(super) fn whole(out: &mut Vec<u8>, negative: bool, magnitude: u128) -> Result<(), JcsError> {
    let error = || JcsError("a whole number has no decimal form".into());
    let sign = if negative { "-" } else { "" };
    if magnitude > EXACT {
        return double(out, format!("{sign}{magnitude}").parse().map_err(|_| error())?);
    }
    write!(out, "{sign}{magnitude}").map_err(|_| error())
}
