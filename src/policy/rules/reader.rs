//! How a kind of rule is recognised and read. Each kind is one file of this folder, and one line in
//! [`super::KINDS`].

use crate::policy::{
    diagnostic::Collector,
    parse::section::Section,
    schema::{Kind, Statistics},
};

/// How a kind of rule is recognised and read.
pub(in crate::policy) struct Reader {
    /// The key that names what such a rule is about: `metric`.
    pub(in crate::policy) subject: &'static str,
    /// How to write the subject, for a rule without any.
    pub(in crate::policy) example: &'static str,
    /// The kind in messages: "a rule with a limit".
    pub(in crate::policy) name: &'static str,
    /// The keys that such a rule can have, in addition to those of every rule.
    pub(in crate::policy) keys: &'static [&'static [&'static str]],
    /// Whether a rule with this subject is of this kind. Of several kinds, the last in the table
    /// wins.
    pub(in crate::policy) is: fn(&Section<'_>) -> bool,
    /// Reads the rule. `None` if it contains a mistake.
    pub(in crate::policy) read: Read,
}

/// Reads a rule from its table, under the policy's statistics.
pub(in crate::policy) type Read =
    fn(&mut Collector<'_>, &Section<'_>, &Statistics) -> Option<Box<dyn Kind>>;
