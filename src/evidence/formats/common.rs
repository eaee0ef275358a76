//! What formats of several families have in common.

use crate::evidence::json::Json;

/// The value as text, if it is present and is text.
pub(super) fn text<'j>(json: Option<&'j Json<'_>>) -> Option<&'j str> {
    json.and_then(Json::as_str)
}
