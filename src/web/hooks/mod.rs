//! `/hooks/<source>`: deliveries that a signature authenticates.

mod addressee;
pub(super) mod ci;
