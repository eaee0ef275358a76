//! `/hooks/<source>`: deliveries that carry their own proof of who sent them.

mod addressee;
pub(super) mod ci;
