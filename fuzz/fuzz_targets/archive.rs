//! Zip and tar archives, and compressed documents.
#![no_main]

use libfuzzer_sys::fuzz_target;
use modelgate::evidence::{How, archive, open};

fuzz_target!(|data: &[u8]| {
    if let Ok(members) = archive::members(data) {
        assert!(
            members.iter().map(|m| m.bytes.len()).sum::<usize>()
                <= modelgate::evidence::MAX_DOCUMENT_BYTES
        );
        assert!(members.iter().all(|m| !m.name.split('/').any(|part| part == "..")));
    }
    let _ = open(data, How::default());
});
