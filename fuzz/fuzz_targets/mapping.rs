//! A mapping and a document, separated by a NUL byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use modelgate::evidence::Mapping;

fuzz_target!(|data: &[u8]| {
    let Some(at) = data.iter().position(|byte| *byte == 0) else { return };
    let Ok(mapping) = Mapping::parse(&data[..at]) else { return };
    if let Ok(evidence) = mapping.read(&data[at + 1..]) {
        modelgate_fuzz::possible(&evidence);
    }
});
