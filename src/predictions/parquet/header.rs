//! The header of a page: a small struct in Thrift's compact protocol, of which only the counts are
//! used.
//!
//! Read here and not by the crate, so that the sizes it claims are checked before anything is
//! allocated for them.

/// The type of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    DataV1,
    Index,
    Dictionary,
    DataV2,
}

/// The content of a page's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) sort: Sort,
    /// The size in bytes after decompression.
    pub(super) size: usize,
    /// The size in bytes in the file, without this header.
    pub(super) stored: usize,
    pub(super) values: usize,
    /// The number of the encoding.
    pub(super) encoding: i64,
    /// V1: the number of the encoding of definition levels.
    pub(super) level_encoding: i64,
    /// V2: bytes of the levels, which are never compressed.
    pub(super) definition_bytes: usize,
    pub(super) repetition_bytes: usize,
    /// V2: whether the values are compressed.
    pub(super) compressed: bool,
}

/// Why the bytes are not a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Not {
    /// They end within it.
    Whole,
    /// They are invalid.
    Valid,
}

struct Thrift<'b> {
    bytes: &'b [u8],
    at: usize,
}

const NESTED: u8 = 16;

impl Thrift<'_> {
    fn byte(&mut self) -> Result<u8, Not> {
        let byte = *self.bytes.get(self.at).ok_or(Not::Whole)?;
        self.at += 1;
        Ok(byte)
    }

    fn varint(&mut self) -> Result<u64, Not> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Not::Valid)
    }

    fn int(&mut self) -> Result<i64, Not> {
        let raw = self.varint()?;
        Ok((raw >> 1).cast_signed() ^ -(raw & 1).cast_signed())
    }

    fn count(&mut self) -> Result<usize, Not> {
        usize::try_from(self.int()?).ok().filter(|n| *n <= 0x7fff_ffff).ok_or(Not::Valid)
    }

    /// Reads the next field of a struct, as id and type; `None` at its end.
    fn field(&mut self, last: &mut i64) -> Result<Option<(i64, u8)>, Not> {
        let head = self.byte()?;
        if head == 0 {
            return Ok(None);
        }
        let delta = i64::from(head >> 4);
        *last = if delta == 0 { self.int()? } else { last.saturating_add(delta) };
        Ok(Some((*last, head & 0x0f)))
    }

    fn skip(&mut self, kind: u8, depth: u8) -> Result<(), Not> {
        if depth > NESTED {
            return Err(Not::Valid);
        }
        match kind {
            1 | 2 => {}
            3 => self.at += 1,
            4..=6 => drop(self.varint()?),
            7 => self.at += 8,
            8 => {
                let len = usize::try_from(self.varint()?).map_err(|_| Not::Valid)?;
                self.at = self.at.checked_add(len).ok_or(Not::Valid)?;
            }
            9 | 10 => {
                let head = self.byte()?;
                let n = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
                for _ in 0..n {
                    match head & 0x0f {
                        1 | 2 => self.at += 1,
                        kind => self.skip(kind, depth + 1)?,
                    }
                    if self.at > self.bytes.len() {
                        return Err(Not::Whole);
                    }
                }
            }
            12 => {
                let mut last = 0;
                while let Some((_, kind)) = self.field(&mut last)? {
                    self.skip(kind, depth + 1)?;
                }
            }
            _ => return Err(Not::Valid),
        }
        if self.at > self.bytes.len() { Err(Not::Whole) } else { Ok(()) }
    }
}

const I32: u8 = 5;
const STRUCT: u8 = 12;

/// Reads a header; returns its length, too.
pub(super) fn parse(bytes: &[u8]) -> Result<(Header, usize), Not> {
    let mut header = Header {
        sort: Sort::Index,
        size: 0,
        stored: 0,
        values: 0,
        encoding: -1,
        level_encoding: -1,
        definition_bytes: 0,
        repetition_bytes: 0,
        compressed: true,
    };
    let mut thrift = Thrift { bytes, at: 0 };
    let mut last = 0;
    let (mut sort, mut size, mut stored, mut inner) = (None, None, None, None);
    while let Some((id, kind)) = thrift.field(&mut last)? {
        match (id, kind) {
            (1, I32) => sort = Some(thrift.int()?),
            (2, I32) => size = Some(thrift.count()?),
            (3, I32) => stored = Some(thrift.count()?),
            (5 | 7 | 8, STRUCT) => {
                inner = Some(id);
                data(&mut thrift, id, &mut header)?;
            }
            (_, kind) => thrift.skip(kind, 0)?,
        }
    }
    header.sort = match (sort, inner) {
        (Some(0), Some(5)) => Sort::DataV1,
        (Some(1), _) => Sort::Index,
        (Some(2), Some(7)) => Sort::Dictionary,
        (Some(3), Some(8)) => Sort::DataV2,
        _ => return Err(Not::Valid),
    };
    header.size = size.ok_or(Not::Valid)?;
    header.stored = stored.ok_or(Not::Valid)?;
    Ok((header, thrift.at))
}

/// Reads the fields of `DataPageHeader` (5), `DictionaryPageHeader` (7) or `DataPageHeaderV2` (8).
fn data(thrift: &mut Thrift<'_>, which: i64, header: &mut Header) -> Result<(), Not> {
    let mut last = 0;
    while let Some((id, kind)) = thrift.field(&mut last)? {
        match (which, id, kind) {
            (_, 1, I32) => header.values = thrift.count()?,
            (5 | 7, 2, I32) | (8, 4, I32) => header.encoding = thrift.int()?,
            (5, 3, I32) => header.level_encoding = thrift.int()?,
            (8, 5, I32) => header.definition_bytes = thrift.count()?,
            (8, 6, I32) => header.repetition_bytes = thrift.count()?,
            (8, 7, 1 | 2) => header.compressed = kind == 1,
            (_, _, kind) => thrift.skip(kind, 0)?,
        }
    }
    Ok(())
}
