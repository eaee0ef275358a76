//! `TFRecord`: a length, its checksum, the bytes, their checksum, repeated to the end of the file.
//!
//! Lengths are eight bytes, checksums are the masked CRC-32C of TensorFlow, everything is
//! little-endian. Both checksums of every record must match: a file that was cut off or changed is
//! refused, never read in part.

/// What is wrong, and at which byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Mistake {
    pub(in super::super) at: usize,
    pub(in super::super) what: String,
}

impl Mistake {
    pub(in super::super) fn new(at: usize, what: impl Into<String>) -> Self {
        Self { at, what: what.into() }
    }
}

/// The most measurements of one document: real evaluations have thousands.
pub(in super::super) const MOST: usize = 1_000_000;

const LENGTH: usize = 8;
const CHECKSUM: usize = 4;

/// Whether the bytes begin with a length whose checksum matches: no other document does.
pub(in super::super) fn begins(bytes: &[u8]) -> bool {
    let checksums = Checksums::new();
    head(bytes).is_some_and(|(length, checksum)| checksums.masked(&length) == checksum)
}

fn head(bytes: &[u8]) -> Option<([u8; LENGTH], u32)> {
    let (length, rest) = bytes.split_first_chunk::<LENGTH>()?;
    let (checksum, _) = rest.split_first_chunk::<CHECKSUM>()?;
    Some((*length, u32::from_le_bytes(*checksum)))
}

/// The records and where each starts.
///
/// # Errors
/// If a record is cut off or a checksum does not match.
pub(in super::super) fn records(bytes: &[u8]) -> Result<Vec<(usize, &[u8])>, Mistake> {
    let checksums = Checksums::new();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let cut_off = || Mistake::new(at, format!("the record at byte {at} is cut off"));
        let (length, checksum) = head(rest).ok_or_else(cut_off)?;
        if checksums.masked(&length) != checksum {
            return Err(Mistake::new(
                at,
                format!(
                    "the length of the record at byte {at} has another checksum than it states"
                ),
            ));
        }
        let length = usize::try_from(u64::from_le_bytes(length)).map_err(|_| cut_off())?;
        let body = rest.get(LENGTH + CHECKSUM..).ok_or_else(cut_off)?;
        let data = body.get(..length).ok_or_else(cut_off)?;
        let stated = body
            .get(length..)
            .and_then(|b| b.split_first_chunk::<CHECKSUM>())
            .ok_or_else(cut_off)?;
        if checksums.masked(data) != u32::from_le_bytes(*stated.0) {
            return Err(Mistake::new(
                at,
                format!("the record at byte {at} has another checksum than it states"),
            ));
        }
        out.push((at + LENGTH + CHECKSUM, data));
        at += LENGTH + CHECKSUM + length + CHECKSUM;
    }
    Ok(out)
}

/// The table of CRC-32C: Castagnoli's polynomial with its bits reversed.
struct Checksums([u32; 256]);

impl Checksums {
    fn new() -> Self {
        Self(std::array::from_fn(|byte| {
            let byte = u32::try_from(byte).unwrap_or(0);
            (0..8)
                .fold(byte, |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 })
        }))
    }

    fn plain(&self, bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |crc, byte| {
            let [low, ..] = (crc ^ u32::from(*byte)).to_le_bytes();
            (crc >> 8) ^ self.0.get(usize::from(low)).copied().unwrap_or(0)
        })
    }

    /// The checksum with TensorFlow's mask, which avoids trivial checksums of data that itself
    /// contains checksums.
    fn masked(&self, bytes: &[u8]) -> u32 {
        self.plain(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
    }
}

/// A record of `data` as TensorFlow writes it.
#[cfg(test)]
pub(in super::super) fn written(data: &[u8]) -> Vec<u8> {
    let checksums = Checksums::new();
    let length = u64::try_from(data.len()).unwrap().to_le_bytes();
    let parts = [
        &length[..],
        &checksums.masked(&length).to_le_bytes(),
        data,
        &checksums.masked(data).to_le_bytes(),
    ];
    parts.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3720, B.4: the test vectors of iSCSI's CRC-32C.
    #[test]
    fn checksums_are_those_of_the_standard() {
        let checksums = Checksums::new();
        assert_eq!(checksums.plain(&[0; 32]), 0x8a91_36aa);
        assert_eq!(checksums.plain(&[0xff; 32]), 0x62a8_ab43);
        assert_eq!(checksums.plain(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn a_file_that_was_cut_off_or_changed_is_refused() {
        let whole = [written(b"first"), written(b""), written(b"third")].concat();
        let read: Vec<_> = records(&whole).unwrap().into_iter().map(|(_, data)| data).collect();
        assert_eq!(read, [&b"first"[..], b"", b"third"]);
        assert!(begins(&whole));
        let ends = [written(b"first").len(), written(b"first").len() + written(b"").len()];
        for cut in 1..whole.len() {
            assert_eq!(records(&whole[..cut]).is_ok(), ends.contains(&cut), "{cut}");
        }
        for place in 0..whole.len() {
            let mut changed = whole.clone();
            changed[place] ^= 1;
            assert!(records(&changed).is_err(), "{place}");
        }
    }
}
