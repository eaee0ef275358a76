//! The members of a zip or tar archive, in memory: nothing is written to disk, and no member name
//! is used as a path.

use super::{error::EvidenceError, limits::MAX_DOCUMENT_BYTES, message::quoted, unpack};
use std::io::{Cursor, Read};

/// How many members an archive may have.
pub const MAX_MEMBERS: usize = 10_000;

/// One file of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name inside the archive, as the archive spells it: `reports/eval.json`.
    pub name: String,
    /// Its unpacked bytes.
    pub bytes: Vec<u8>,
}

/// The kind of archive that the bytes are, or `None`.
pub fn kind(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return Some("zip");
    }
    (bytes.get(257..262) == Some(b"ustar")).then_some("tar")
}

/// The files of an archive, in its order; folders are skipped.
///
/// # Errors
/// When the bytes are not an archive or the archive is broken; when a name points outside the
/// archive or occurs twice, however it is spelled; when a member is a link, a device or encrypted,
/// or shares its bytes with another; when there are more members or bytes than the limits allow.
pub fn members(bytes: &[u8]) -> Result<Vec<Member>, EvidenceError> {
    picked(bytes, |_| true)
}

/// The files of an archive whose names `wanted` accepts. The others are not unpacked, however large
/// they are.
///
/// # Errors
/// As [`members`].
pub fn picked(bytes: &[u8], wanted: impl Fn(&str) -> bool) -> Result<Vec<Member>, EvidenceError> {
    let members = match kind(bytes) {
        Some("zip") => zip_members(bytes, wanted)?,
        Some(_) => tar_members(bytes, wanted)?,
        None => return Err(broken("neither a zip nor a tar archive")),
    };
    let mut names: Vec<String> = members.iter().map(|member| plain(&member.name)).collect();
    names.sort_unstable();
    match names.windows(2).find_map(|pair| pair.first().filter(|name| pair.get(1) == Some(name))) {
        Some(name) => Err(broken(format!("{} is in it twice", quoted(name)))),
        None => Ok(members),
    }
}

/// A name as a file system understands it: `./a//b` is `a/b`, and so is `a\b` on some.
fn plain(name: &str) -> String {
    let parts: Vec<&str> =
        name.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".").collect();
    parts.join("/")
}

fn broken(why: impl Into<String>) -> EvidenceError {
    EvidenceError::Archive { why: why.into() }
}

fn zip_members(bytes: &[u8], wanted: impl Fn(&str) -> bool) -> Result<Vec<Member>, EvidenceError> {
    let mut archive =
        zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(error.to_string()))?;
    let mut out = Vec::new();
    let mut room = MAX_DOCUMENT_BYTES;
    few(archive.len())?;
    // Two readers of the same archive must see the same members: no name twice, no bytes that
    // belong to two members, no member whose own header contradicts the directory.
    archive.validate_header_consistency().map_err(|error| broken(error.to_string()))?;
    for i in 0..archive.len() {
        let file = archive.by_index(i).map_err(|error| broken(error.to_string()))?;
        let name = file.name().map_err(|error| broken(error.to_string()))?.into_owned();
        inside(&name)?;
        if file.is_dir() || !wanted(&name) {
            continue;
        }
        if !file.is_file() {
            return Err(broken(format!("{} is a link; only files are read", quoted(&name))));
        }
        // The size that an archive states may be false. One larger than the whole archive always
        // is.
        let packed = usize::try_from(file.compressed_size()).unwrap_or(usize::MAX).min(bytes.len());
        let declared = file.size();
        let content = unpack::inflate(file, packed, "zip")?;
        if u64::try_from(content.len()).ok() != Some(declared) {
            return Err(broken(format!("{} is not as long as it says", quoted(&name))));
        }
        out.push(Member { name, bytes: fits(content, &mut room)? });
    }
    Ok(out)
}

fn tar_members(bytes: &[u8], wanted: impl Fn(&str) -> bool) -> Result<Vec<Member>, EvidenceError> {
    let mut archive = tar::Archive::new(bytes);
    let entries = archive.entries().map_err(|error| broken(error.to_string()))?;
    let mut out = Vec::new();
    let mut room = MAX_DOCUMENT_BYTES;
    for (i, entry) in entries.enumerate() {
        few(i)?;
        let mut entry = entry.map_err(|error| broken(error.to_string()))?;
        let name = String::from_utf8(entry.path_bytes().into_owned())
            .map_err(|_| broken("a name is not UTF-8"))?;
        inside(&name)?;
        let kind = entry.header().entry_type();
        if kind.is_dir() || kind.is_pax_global_extensions() || !wanted(&name) {
            continue;
        }
        if !kind.is_file() {
            return Err(broken(format!(
                "{} is a link or a device; only files are read",
                quoted(&name)
            )));
        }
        let mut content = Vec::new();
        let limit = u64::try_from(MAX_DOCUMENT_BYTES).unwrap_or(u64::MAX);
        entry
            .by_ref()
            .take(limit)
            .read_to_end(&mut content)
            .map_err(|error| broken(error.to_string()))?;
        if u64::try_from(content.len()).ok() != Some(entry.size()) {
            return Err(broken(format!("it breaks off within {}", quoted(&name))));
        }
        out.push(Member { name, bytes: fits(content, &mut room)? });
    }
    // Without this check, an archive that was cut off between two members looks complete.
    if bytes.rchunks(512).next().is_none_or(|last| last.iter().any(|byte| *byte != 0)) {
        return Err(broken("it breaks off, without an end behind its last member"));
    }
    Ok(out)
}

fn few(members: usize) -> Result<(), EvidenceError> {
    if members > MAX_MEMBERS {
        Err(broken(format!("it has more than {MAX_MEMBERS} members")))
    } else {
        Ok(())
    }
}

/// A name that points outside the archive is an attack on any program that unpacks it to disk.
/// modelgate unpacks in memory only, and still refuses the archive.
fn inside(name: &str) -> Result<(), EvidenceError> {
    let climbs = name.split(['/', '\\']).any(|part| part == "..");
    let rooted = name.starts_with(['/', '\\']) || name.get(1..2) == Some(":");
    if climbs || rooted || name.contains('\0') {
        return Err(broken(format!("the name {} leads out of it", quoted(name))));
    }
    Ok(())
}

fn fits(content: Vec<u8>, room: &mut usize) -> Result<Vec<u8>, EvidenceError> {
    *room = room.checked_sub(content.len()).ok_or(EvidenceError::TooLarge)?;
    Ok(content)
}
