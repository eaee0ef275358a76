//! How large a document may be.

/// The largest document that is read: 64 MiB, unpacked. Raw predictions have their own reader.
pub const MAX_DOCUMENT_BYTES: usize = 64 << 20;

/// The largest ratio of a document to its compressed bytes, checked once the document is larger
/// than a megabyte. The limit of gzip itself is near 1,000, and only repeated bytes come close to
/// it.
pub const MAX_RATIO: usize = 500;
