//! The wire format of protocol buffers: fields of a number and a value, one after the other.

use super::record::Mistake;

/// The value of a field on the wire.
#[derive(Clone, Copy)]
pub(super) enum Wire<'d> {
    /// A number, or a boolean.
    Varint(u64),
    /// A double.
    Fixed64([u8; 8]),
    /// A float.
    Fixed32([u8; 4]),
    /// Bytes, text, a message or packed numbers, and where they start.
    Bytes(&'d [u8], usize),
}

/// A field: its name in the proto and its number on the wire.
pub(in super::super) struct Field(pub(in super::super) &'static str, pub(in super::super) u32);

pub(super) fn other(field: &Field, at: usize) -> Mistake {
    Mistake::new(at, format!("`{}` of the message at byte {at} has another type", field.0))
}

type Read<T> = Result<T, Mistake>;

impl<'d> Wire<'d> {
    pub(super) const fn kind(self) -> u8 {
        match self {
            Self::Varint(_) => 0,
            Self::Fixed64(_) => 1,
            Self::Bytes(..) => 2,
            Self::Fixed32(_) => 5,
        }
    }

    pub(super) fn bytes(self, field: &Field, at: usize) -> Read<(&'d [u8], usize)> {
        if let Self::Bytes(bytes, at) = self { Ok((bytes, at)) } else { Err(other(field, at)) }
    }
}

/// Iterates over the fields of a message on the wire, and stops after a mistake.
pub(super) struct Fields<'d> {
    pub(super) bytes: &'d [u8],
    pub(super) pos: usize,
    pub(super) at: usize,
}

impl<'d> Fields<'d> {
    fn mistake(&self, what: &str) -> Mistake {
        let at = self.at.saturating_add(self.pos);
        Mistake::new(at, format!("no protocol buffer of TFMA: {what} at byte {at}"))
    }

    pub(super) fn varint(&mut self) -> Read<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte =
                *self.bytes.get(self.pos).ok_or_else(|| self.mistake("a number is cut off"))?;
            self.pos += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.mistake("a number of more than ten bytes"))
    }

    fn take(&mut self, length: usize) -> Read<&'d [u8]> {
        let end = self.pos.checked_add(length);
        let taken = end
            .and_then(|end| self.bytes.get(self.pos..end))
            .ok_or_else(|| self.mistake("a field is cut off"))?;
        self.pos += length;
        Ok(taken)
    }

    fn fixed<const N: usize>(&mut self) -> Read<[u8; N]> {
        let mistake = self.mistake("a field is cut off");
        self.take(N)?.first_chunk::<N>().copied().ok_or(mistake)
    }

    fn field(&mut self) -> Read<(u32, Wire<'d>)> {
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).ok().filter(|number| *number > 0);
        let number = number.ok_or_else(|| self.mistake("a field without a number"))?;
        let value = match tag & 7 {
            0 => Wire::Varint(self.varint()?),
            1 => Wire::Fixed64(self.fixed()?),
            2 => {
                let length = usize::try_from(self.varint()?)
                    .map_err(|_| self.mistake("a field is cut off"))?;
                let start = self.at.saturating_add(self.pos);
                Wire::Bytes(self.take(length)?, start)
            }
            5 => Wire::Fixed32(self.fixed()?),
            _ => return Err(self.mistake("a field of unknown type")),
        };
        Ok((number, value))
    }
}

impl<'d> Iterator for Fields<'d> {
    type Item = Read<(u32, Wire<'d>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.pos >= self.bytes.len() {
            return None;
        }
        let read = self.field();
        if read.is_err() {
            self.pos = self.bytes.len();
        }
        Some(read)
    }
}
