use super::*;
use crate::model::Digest;

fn open(bytes: &[u8]) -> Result<Evidence, EvidenceError> {
    read(&Document::new(Digest::of(bytes), bytes))
}
