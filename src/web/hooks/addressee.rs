//! The namespace that a delivery is for, read from its body while the body arrives: it selects the
//! secret that the signature is checked with.

use crate::model::{ModelId, Namespace};

/// The longest key or model that is read, in bytes.
const MAX_TEXT: usize = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Key,
    Model,
    Other,
}

/// Finds the text under the key `model` of a JSON object without trusting it: the text only selects
/// the secret that the body must be signed with, and the body is parsed again once the signature is
/// verified.
#[derive(Debug, Default)]
pub(super) struct Addressee {
    depth: usize,
    deepest: usize,
    string: Option<Role>,
    escaped: bool,
    text: Vec<u8>,
    key_next: bool,
    model_next: bool,
    found: Option<Vec<u8>>,
}

impl Addressee {
    /// Reads the next bytes of the body.
    pub(super) fn read(&mut self, mut bytes: &[u8]) {
        while self.found.is_none() {
            if self.string == Some(Role::Other) && !self.escaped {
                // Most of the body is evidence, which is skipped.
                let Some(end) = memchr::memchr2(b'"', b'\\', bytes) else { return };
                bytes = &bytes[end..];
            }
            let Some((byte, rest)) = bytes.split_first() else { return };
            bytes = rest;
            match self.string {
                Some(role) => self.inside(role, *byte),
                None => self.between(*byte),
            }
        }
    }

    fn inside(&mut self, role: Role, byte: u8) {
        if !self.escaped && byte == b'"' {
            self.string = None;
            match role {
                Role::Key => self.model_next = self.text == b"model",
                Role::Model => self.found = Some(std::mem::take(&mut self.text)),
                Role::Other => {}
            }
            return;
        }
        self.escaped = !self.escaped && byte == b'\\';
        if role != Role::Other && self.text.len() <= MAX_TEXT {
            self.text.push(byte);
        }
    }

    fn between(&mut self, byte: u8) {
        match byte {
            b'"' => {
                let role = match self.depth {
                    1 if self.key_next => Role::Key,
                    1 if self.model_next => Role::Model,
                    _ => Role::Other,
                };
                self.string = Some(role);
                self.text.clear();
                (self.key_next, self.escaped) = (false, false);
            }
            b'{' | b'[' => {
                self.depth += 1;
                self.deepest = self.deepest.max(self.depth);
                (self.key_next, self.model_next) = (self.depth == 1 && byte == b'{', false);
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            b',' if self.depth == 1 => (self.key_next, self.model_next) = (true, false),
            _ => {}
        }
    }

    /// The namespace of the model, once it is found.
    pub(super) fn namespace(&self) -> Option<Namespace> {
        let model: ModelId = std::str::from_utf8(self.found.as_deref()?).ok()?.parse().ok()?;
        Some(model.namespace().clone())
    }

    /// Whether the bytes so far are a complete object or list.
    pub(super) fn whole(&self) -> bool {
        self.deepest > 0 && self.depth == 0 && self.string.is_none()
    }

    /// Whether the model was found.
    pub(super) fn done(&self) -> bool {
        self.found.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<String> {
        let mut whole = Addressee::default();
        whole.read(text.as_bytes());
        for size in 1..5 {
            let mut pieces = Addressee::default();
            text.as_bytes().chunks(size).for_each(|piece| pieces.read(piece));
            assert_eq!(pieces.namespace(), whole.namespace(), "{text} by {size}");
        }
        whole.namespace().map(|n| n.to_string())
    }

    #[test]
    fn the_model_is_found_wherever_it_is() {
        for text in [
            r#"{"model":"acme/x","evidence":[]}"#,
            r#" { "evidence" : [{"document":{"model":"evil/x"},"a":["model","evil/x"]}], "model" : "acme/x" }"#,
            r#"{"comment":"\"model\": \"evil/x\" {[","n":1,"model":"acme/x"}"#,
            r#"{"comment":"model","version":"evil/x","model":"acme/x","model":"evil/y"}"#,
        ] {
            assert_eq!(found(text).as_deref(), Some("acme"), "{text}");
        }
    }

    #[test]
    fn what_is_no_model_is_not_found() {
        for text in [
            "",
            "model",
            "[\"model\",\"acme/x\"]",
            r#"{"model":7}"#,
            r#"{"model":["acme/x"]}"#,
            r#"{"model":"acme"}"#,
            r#"{"model":{"a":"acme/x"}}"#,
            "{\"model\":\"acme/x",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
