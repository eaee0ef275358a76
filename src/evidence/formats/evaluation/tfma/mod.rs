//! What the formats of `TensorFlow` Model Analysis share.

pub(super) mod key;
pub(super) mod proto;
pub(super) mod record;
pub(super) mod values;
pub(super) mod wire;
