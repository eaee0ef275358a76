//! The compact protocol of Thrift, as far as headers and schemas are checked before the crate
//! decodes them. Whatever the crate might read in another way is refused here: a field with its
//! number in the long form, which writers need only where numbers do not ascend, or with another
//! type than it has to have.

use super::delta;

pub(super) const BYTE: u8 = 3;
pub(super) const INT: u8 = 5;
pub(super) const BINARY: u8 = 8;
pub(super) const LIST: u8 = 9;
pub(super) const STRUCT: u8 = 12;

/// A field of a struct: its number and its type.
pub(super) type Field = (u16, u8);

/// The end of a struct, which has no type.
const END: Field = (0, 0);

/// A position in bytes. Every method returns `None` if the bytes end too early, or are refused.
pub(super) struct Cursor<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Cursor<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at)?;
        self.at += 1;
        Some(*byte)
    }

    fn bytes(&mut self, len: u64) -> Option<()> {
        let end = self.at.checked_add(usize::try_from(len).ok()?)?;
        self.at = Some(end).filter(|end| *end <= self.bytes.len())?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let (value, next) = delta::varint(self.bytes, self.at)?;
        self.at = next;
        Some(value)
    }

    /// The field after the one with the number `last`, or [`END`].
    pub(super) fn field(&mut self, last: u16) -> Option<Field> {
        let byte = self.byte()?;
        match (byte >> 4, byte & 0xf) {
            (_, 0) => Some(END),
            (0, _) => None,
            (step, is) => Some((last.checked_add(step.into())?, is)),
        }
    }

    /// An integer that is not negative and has at most 32 bits: the crate would cut off the others.
    pub(super) fn natural(&mut self) -> Option<u64> {
        let value = self.varint()?;
        (value % 2 == 0).then_some(value / 2).filter(|value| i32::try_from(*value).is_ok())
    }

    /// The length of a list, and the type of its elements.
    pub(super) fn list(&mut self) -> Option<(u64, u8)> {
        let byte = self.byte()?;
        match byte >> 4 {
            15 => Some((self.varint().filter(|len| i32::try_from(*len).is_ok())?, byte & 0xf)),
            len => Some((len.into(), byte & 0xf)),
        }
    }

    /// Passes over a value that nests at most this deep.
    pub(super) fn skip(&mut self, is: u8, depth: u8) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match is {
            // The type of a boolean field is its value.
            1 | 2 => Some(()),
            BYTE => self.bytes(1),
            4..=6 => self.varint().map(drop),
            7 => self.bytes(8),
            BINARY => {
                let len = self.varint()?;
                self.bytes(len)
            }
            LIST => match self.list()? {
                (0, _) => Some(()),
                // The crate counts no bytes for the booleans of a list, though they have some.
                (_, 1 | 2) => None,
                (len, is) => (0..len).try_for_each(|_| self.skip(is, depth)),
            },
            STRUCT => {
                let mut last = 0;
                while let (number, is @ 1..) = self.field(last)? {
                    self.skip(is, depth)?;
                    last = number;
                }
                Some(())
            }
            _ => None,
        }
    }
}

/// How deep a value that is passed over may nest.
pub(super) const DEEPEST: u8 = 16;

const BROKEN: &str = "its schema cannot be read";

/// Checks that the schema in a footer nests at most `depth` deep and that no element claims more
/// children than follow: the crate calls itself for every level, and allocates for all children.
pub(super) fn schema(footer: &[u8], depth: usize) -> Result<(), &'static str> {
    let mut cursor = Cursor::new(footer);
    let mut left = elements(&mut cursor).ok_or(BROKEN)?;
    // The children that are to come, from the outermost element on.
    let mut open: Vec<u64> = Vec::new();
    while left > 0 {
        left -= 1;
        let children = element(&mut cursor).ok_or(BROKEN)?;
        if children > left {
            return Err("its schema has fewer columns than it claims");
        }
        if let Some(parent) = open.last_mut() {
            *parent -= 1;
        }
        if children > 0 {
            open.push(children);
        }
        // With the root, there are as many around a column as its path has names.
        if open.len() > depth {
            return Err("its columns nest too deep");
        }
        while open.last() == Some(&0) {
            open.pop();
        }
    }
    Ok(())
}

/// How many elements the schema has, which is the second field of a footer, after the version.
fn elements(cursor: &mut Cursor<'_>) -> Option<u64> {
    let version = cursor.field(0)?;
    cursor.varint()?;
    let schema = cursor.field(1)?;
    let (len, is) = cursor.list()?;
    (version == (1, INT) && schema == (2, LIST) && is == STRUCT).then_some(len)
}

/// Passes over one element of a schema; returns how many children it has.
fn element(cursor: &mut Cursor<'_>) -> Option<u64> {
    let (mut children, mut last) = (0, 0);
    while let (number, is @ 1..) = cursor.field(last)? {
        match (number, is) {
            (5, INT) => children = cursor.natural()?,
            (10, STRUCT) => logical(cursor)?,
            (1..=3 | 6..=9, INT) | (4, BINARY) | (11.., _) => cursor.skip(is, DEEPEST)?,
            _ => return None,
        }
        last = number;
    }
    Some(children)
}

/// Passes over a logical type: a union, of which some variants have fields.
fn logical(cursor: &mut Cursor<'_>) -> Option<()> {
    let (variant, STRUCT) = cursor.field(0)? else { return None };
    let mut last = 0;
    while let (number, is @ 1..) = cursor.field(last)? {
        match (variant, number, is) {
            // Decimals; times; integers; variants, geometries and geographies.
            (5, 1 | 2, INT)
            | (7 | 8, 1, 1 | 2)
            | (7 | 8, 2, STRUCT)
            | (10 | 16, 1, BYTE)
            | (10, 2, 1 | 2)
            | (17 | 18, 1, BINARY)
            | (18, 2, INT) => {}
            (5 | 7 | 8 | 10 | 18, 1 | 2, _) | (16 | 17, 1, _) => return None,
            _ => {}
        }
        cursor.skip(is, DEEPEST)?;
        last = number;
    }
    (cursor.field(variant)? == END).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A footer with a schema of groups, each in the one before, of `levels` levels, the innermost
    /// of which has this many children in its own words.
    fn nested(levels: u8, last: u8) -> Vec<u8> {
        let mut footer = vec![0x15, 2, 0x19, 0xfc, levels + 1];
        for level in 0..levels {
            let children = if level + 1 == levels { last } else { 1 };
            footer.extend([0x35, 0, 0x18, 1, b'g', 0x15, 2 * children, 0]);
        }
        footer.extend([0x15, 2, 0x25, 0, 0x18, 1, b'x', 0]);
        footer
    }

    #[test]
    fn a_schema_nests_no_deeper_than_the_limit() {
        assert_eq!(schema(&nested(64, 1), 64), Ok(()));
        assert_eq!(schema(&nested(65, 1), 64), Err("its columns nest too deep"));
        let what = "its schema has fewer columns than it claims";
        assert_eq!(schema(&nested(3, 2), 64), Err(what));
        assert_eq!(schema(&nested(3, 1)[..20], 64), Err(BROKEN));
        // Many beside each other are not deep.
        let group = [0x35, 0, 0x18, 1, b'g', 0x15, 2, 0, 0x15, 2, 0x25, 0, 0x18, 1, b'x', 0];
        let mut wide = vec![0x15, 2, 0x19, 0xfc, 101, 0x48, 1, b'r', 0x15, 100, 0];
        (0..50).for_each(|_| wide.extend(group));
        assert_eq!(schema(&wide, 1), Err("its columns nest too deep"));
        assert_eq!(schema(&wide, 2), Ok(()));
    }

    #[test]
    fn a_field_that_the_crate_might_read_in_another_way_is_refused() {
        // The number of children in the long form; as text; a logical type with text for a scale.
        let element = |fields: &[u8]| schema(&[&[0x15, 2, 0x19, 0x1c], fields].concat(), 64);
        assert_eq!(element(&[0x48, 1, b'r', 0]), Ok(()));
        assert_eq!(element(&[0x48, 1, b'r', 0x05, 10, 0, 0]), Err(BROKEN));
        assert_eq!(element(&[0x48, 1, b'r', 0x18, 1, b'r', 0]), Err(BROKEN));
        let decimal = |scale: &[u8]| {
            element(&[&[0x48, 1, b'r', 0x6c, 0x5c], scale, &[0x15, 4, 0, 0, 0]].concat())
        };
        assert_eq!(decimal(&[0x15, 2]), Ok(()));
        assert_eq!(decimal(&[0x18, 1, b'x']), Err(BROKEN));
    }

    #[test]
    fn an_integer_has_32_bits() {
        let natural = |bytes: &[u8]| Cursor::new(bytes).natural();
        assert_eq!(natural(&[0xfe, 0xff, 0xff, 0xff, 0x0f]), Some(0x7fff_ffff));
        assert_eq!(natural(&[0x80, 0x80, 0x80, 0x80, 0x10]), None);
        assert_eq!(natural(&[1]), None);
    }
}
