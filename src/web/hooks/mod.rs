//! `/hooks/<source>`: deliveries that carry their own proof of who sent them.

pub(super) mod ci;
