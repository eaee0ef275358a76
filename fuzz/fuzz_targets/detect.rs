//! Any bytes, as they would be submitted: unpacked, recognised, read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use modelgate::evidence::{How, open, reread};

fuzz_target!(|data: &[u8]| {
    let Ok(opened) = open(data, How::default()) else { return };
    for part in opened.parts {
        modelgate_fuzz::possible(&part.evidence);
        // Accepted evidence is read again later in the format it was accepted as, and must give the
        // same result.
        let bytes = part.bytes.as_deref().unwrap_or(data);
        assert_eq!(reread(bytes, &part.evidence.format, None).as_ref(), Ok(&part.evidence));
    }
});
