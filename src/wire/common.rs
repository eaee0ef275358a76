//! The shapes that answers share: a list, a file of an export, a problem.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A page of a list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ListV1<T> {
    /// The page.
    pub data: Vec<T>,
    /// The cursor of the next page; null on the last one.
    pub next: Option<String>,
}

/// The files of an export.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ExportV1 {
    /// Every file.
    pub files: Vec<FileV1>,
}

/// A file of an export.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FileV1 {
    /// Its path below the export's folder, separated by slashes.
    pub path: String,
    /// Its bytes.
    pub content_base64: String,
}

/// A problem (RFC 9457), with a stable code.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ProblemV1 {
    /// A name for this kind of problem, not an address.
    pub r#type: String,
    /// The kind in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The stable code that scripts may rely on.
    pub code: String,
    /// What is wrong and what to do next.
    pub detail: String,
    /// The id of the request, for the operator of the service.
    #[serde(default)]
    pub request_id: Option<String>,
    /// Every mistake, if a document has several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mistakes: Vec<MistakeV1>,
}

/// One mistake in a document.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MistakeV1 {
    /// The stable code.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted from 1.
    pub column: usize,
    /// How many characters it covers.
    pub length: usize,
    /// What to do.
    pub help: Option<String>,
}
