#![no_main]

use libfuzzer_sys::fuzz_target;
use modelgate::evidence::Family;

fuzz_target!(|data: &[u8]| modelgate_fuzz::family(Family::Evaluation, data));
